import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkKey, compareKeys, keyProblem } from '../../src/store/key.ts'

test('keys compare as their UTF-8 bytes do', () => {
  const some = fc.string({
    unit: fc.constantFrom('a', '/', '-', '\ud7ff', '\ue000', '\uffff', '𐀀', '🎟', 'é'),
  })
  fc.assert(
    fc.property(some, some, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})

test('a refusal shows the key in a readable form, what is wrong and the fix', () => {
  expect(() => checkKey('a\u0007b')).toThrow(
    'the key "a\\u0007b" cannot be stored: it holds a control character. Remove it.',
  )
  expect(() => checkKey('x'.repeat(2000))).toThrow(/^the key "x{100}…" cannot be stored: .* 1024 bytes/)
  expect(() => checkKey('a/../../b')).toThrow("it has the part '..'. Write the path out.")
})

test("the store's own folder is refused in any case, and only at the top", () => {
  expect(keyProblem('.DMD/x')).toBeDefined()
  expect(keyProblem('a/.dmd/x')).toBeUndefined()
  expect(keyProblem('.dmd2')).toBeUndefined()
})
