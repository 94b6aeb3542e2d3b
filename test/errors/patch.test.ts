import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyOperation, type PatchOperation } from '../../src/errors/patch.ts'
import type { Json } from '../../src/record/type.ts'

/** RFC 6902, appendix A, and cases of its sections 4.1 to 4.6. `undefined` stands for an error. */
const cases: readonly (readonly [
  name: string,
  document: Json,
  operation: PatchOperation,
  after: Json | undefined,
])[] = [
  ['A.1 adds a member', { foo: 'bar' }, { op: 'add', path: '/baz', value: 'q' }, { foo: 'bar', baz: 'q' }],
  [
    'A.2 adds an item',
    { foo: ['a', 'b'] },
    { op: 'add', path: '/foo/1', value: 'q' },
    { foo: ['a', 'q', 'b'] },
  ],
  ['A.3 removes a member', { baz: 'q', foo: 'b' }, { op: 'remove', path: '/baz' }, { foo: 'b' }],
  ['A.4 removes an item', { foo: ['a', 'q', 'b'] }, { op: 'remove', path: '/foo/1' }, { foo: ['a', 'b'] }],
  [
    'A.5 replaces a value',
    { baz: 'q', foo: 'b' },
    { op: 'replace', path: '/baz', value: 1 },
    { baz: 1, foo: 'b' },
  ],
  [
    'A.6 moves a value',
    { foo: { bar: 'b', waldo: 'f' }, qux: {} },
    { op: 'move', from: '/foo/waldo', path: '/qux/thud' },
    { foo: { bar: 'b' }, qux: { thud: 'f' } },
  ],
  [
    'A.7 moves an item',
    { foo: ['all', 'grass', 'cows', 'eat'] },
    { op: 'move', from: '/foo/1', path: '/foo/3' },
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  ['A.8 tests a value', { a: ['x', 2] }, { op: 'test', path: '/a/1', value: 2 }, { a: ['x', 2] }],
  ['A.9 finds another value', { baz: 'qux' }, { op: 'test', path: '/baz', value: 'bar' }, undefined],
  ['A.10 adds an object', { foo: 1 }, { op: 'add', path: '/c', value: { g: {} } }, { foo: 1, c: { g: {} } }],
  ['A.12 adds below nothing', { foo: 'bar' }, { op: 'add', path: '/baz/bat', value: 'q' }, undefined],
  [
    'A.14 reads ~1 and ~0',
    { '/': 9, '~1': 10 },
    { op: 'test', path: '/~01', value: 10 },
    { '/': 9, '~1': 10 },
  ],
  ['A.15 tells a number from a text', { '~1': 10 }, { op: 'test', path: '/~01', value: '10' }, undefined],
  [
    'A.16 adds at the end',
    { foo: ['b'] },
    { op: 'add', path: '/foo/-', value: ['c'] },
    { foo: ['b', ['c']] },
  ],
  ['adds over a member in its place', { a: 1, b: 2 }, { op: 'add', path: '/a', value: 3 }, { a: 3, b: 2 }],
  ['adds no item behind the end', { foo: ['b'] }, { op: 'add', path: '/foo/2', value: 1 }, undefined],
  ['reads no index with a leading zero', { foo: ['b'] }, { op: 'remove', path: '/foo/00' }, undefined],
  ['finds nothing at the end of a list', { foo: ['b'] }, { op: 'remove', path: '/foo/-' }, undefined],
  ['adds nothing below a text', { foo: 'b' }, { op: 'add', path: '/foo/x', value: 1 }, undefined],
  ['removes nothing that is not there', { foo: 1 }, { op: 'remove', path: '/bar' }, undefined],
  ['replaces nothing that is not there', { foo: 1 }, { op: 'replace', path: '/bar', value: 2 }, undefined],
  ['moves nothing that is not there', { foo: 1 }, { op: 'move', from: '/bar', path: '/foo' }, undefined],
  ['copies nothing that is not there', { foo: 1 }, { op: 'copy', from: '/bar', path: '/foo' }, undefined],
  ['copies to no place below nothing', { foo: 1 }, { op: 'copy', from: '/foo', path: '/bar/x' }, undefined],
  ['moves nothing into itself', { a: { b: 1 } }, { op: 'move', from: '/a', path: '/a/b/c' }, undefined],
  ['moves a value to where it is', { a: 1, b: 2 }, { op: 'move', from: '/a', path: '/a' }, { a: 1, b: 2 }],
  ['finds no member that objects inherit', {}, { op: 'remove', path: '/constructor' }, undefined],
  [
    'tests members in any order',
    { a: { x: 1, y: [null] } },
    { op: 'test', path: '/a', value: { y: [null], x: 1 } },
    { a: { x: 1, y: [null] } },
  ],
  ['finds a null', { a: null }, { op: 'replace', path: '/a', value: 1 }, { a: 1 }],
]

describe('an operation of a JSON Patch', () => {
  test.each(cases)('%s', (_, document, operation, after) => {
    const before = JSON.stringify(document)
    const patched = applyOperation(document, operation)
    expect(patched.ok ? JSON.stringify(patched.document) : undefined).toBe(
      after === undefined ? undefined : JSON.stringify(after),
    )
    expect(JSON.stringify(document)).toBe(before)
  })

  test('does not depend on how deep its place lies', () => {
    const depth = 50_000
    const document: Json = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
    const path = '/a'.repeat(depth)
    for (const operation of [
      { op: 'replace', path, value: 2 },
      { op: 'test', path: '', value: document },
      { op: 'copy', from: path, path: '/b' },
    ] as const)
      expect(applyOperation(document, operation).ok, operation.op).toBe(true)
    expect(applyOperation(document, { op: 'remove', path: `${path}/a` }).ok).toBe(false)
  })
})

const name = fc.constantFrom('a', 'b', '0', '1', '~', '/', 'constructor')
const document: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Json>(null, true, 0, 1, 'x'),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(name, tie('json'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).json
const pointer = fc
  .array(fc.oneof(name, fc.constantFrom('-', '2', '00', 'typo')), { maxLength: 4 })
  .map((tokens) => tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''))
const operation: fc.Arbitrary<PatchOperation> = fc.oneof(
  fc.record({
    op: fc.constantFrom('add' as const, 'replace' as const, 'test' as const),
    path: pointer,
    value: document,
  }),
  fc.record({ op: fc.constantFrom('move' as const, 'copy' as const), path: pointer, from: pointer }),
  fc.record({ op: fc.constant('remove' as const), path: pointer }),
)

/** Every place of a document by its pointer, the document itself under ''. */
function placesOf(value: Json, at = '', places = new Map<string, Json>()): Map<string, Json> {
  places.set(at, value)
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value))
      placesOf(inner, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, places)
  return places
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** Whether RFC 6902 lets the operation apply, said of the places alone. */
function isApplicable(before: Json, { op, path, from = '', value }: PatchOperation): boolean {
  const places = placesOf(before)
  const mayBeAdded = (to: string, among: ReadonlyMap<string, Json>) => {
    if (to === '') return true
    const parent = among.get(parentOf(to))
    const last = to.slice(to.lastIndexOf('/') + 1)
    if (Array.isArray(parent))
      return last === '-' || Array.from({ length: parent.length + 1 }, (_, n) => String(n)).includes(last)
    return typeof parent === 'object' && parent !== null
  }
  switch (op) {
    case 'add':
      return mayBeAdded(path, places)
    case 'replace':
      return places.has(path)
    case 'remove':
      return places.has(path) && path !== ''
    case 'test':
      return places.has(path) && canonical(places.get(path)!) === canonical(value!)
    case 'copy':
      return places.has(from) && mayBeAdded(path, places)
    case 'move': {
      if (!places.has(from) || path.startsWith(`${from}/`)) return false
      if (path === from) return true
      const without = applyOperation(before, { op: 'remove', path: from })
      return without.ok && mayBeAdded(path, placesOf(without.document))
    }
  }
}

/** JSON with the members of every object in order. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

const runs = { numRuns: 3_000 }

test('an operation applies exactly when RFC 6902 says that its places exist', () => {
  fc.assert(
    fc.property(document, operation, (before, one) => {
      const text = JSON.stringify(before)
      expect(applyOperation(before, one).ok).toBe(isApplicable(before, one))
      expect(JSON.stringify(before)).toBe(text)
    }),
    runs,
  )
})

test('what was added, replaced, moved or copied stands in its place, and a removed member is gone', () => {
  fc.assert(
    fc.property(document, operation, (before, one) => {
      const patched = applyOperation(before, one)
      if (!patched.ok) return
      const [was, is] = [placesOf(before), placesOf(patched.document)]
      const { op, path, from = '' } = one
      const parent = was.get(parentOf(path))
      if (op === 'remove') {
        if (!Array.isArray(parent)) expect(is.has(path)).toBe(false)
        const back = applyOperation(patched.document, { op: 'add', path, value: was.get(path)! })
        expect(back.ok && canonical(back.document)).toBe(canonical(before))
      } else if (op === 'test') expect(patched.document).toBe(before)
      else if (!path.endsWith('/-')) {
        const expected = op === 'add' || op === 'replace' ? one.value! : was.get(from)!
        expect(canonical(is.get(path)!)).toBe(canonical(expected))
      }
      // Members beside the place keep their values.
      if (op !== 'move' && path !== '' && !Array.isArray(parent))
        for (const [place, value] of was)
          if (!`${place}/`.startsWith(`${path}/`) && !path.startsWith(`${place}/`) && place !== '')
            expect(canonical(is.get(place)!)).toBe(canonical(value))
    }),
    runs,
  )
})
