import { describe, expect, it } from 'vitest'
import { matchesOf, patternOf } from '../../../src/dialect/functions/pattern.ts'
import { FunctionError } from '../../../src/dialect/registry.ts'

const matches = (source: string, text: string) =>
  Array.from(matchesOf(patternOf(source), text), (match) => text.slice(match[0], match[1]))

describe('patternOf', () => {
  it.each([
    ['(a+)+b', 'a'.repeat(40)],
    ['(a|a)*b', 'a'.repeat(40)],
    ['(.*)(.*)(.*)x', 'a'.repeat(2000)],
    ['(?:a?){30}a{30}b', 'a'.repeat(30)],
    ['.*.*=.*', 'a'.repeat(100_000)],
  ])('ends %s by its steps', (source, text) => {
    expect(() => matches(source, text)).toThrow(FunctionError)
  })

  it('ends a group that is repeated over a long text', () => {
    expect(() => matches('(?:ab|c)*d', 'ab'.repeat(200_000))).toThrow(FunctionError)
  })

  it.each(['a*b', '[^,]+,', '\\d+-\\d+', 'x.*y'])('takes a long text that fits: %s', (source) => {
    expect(matches(source, '12-34,xaab,y')).not.toStrictEqual([])
    expect(matches('[a-z]+', 'a'.repeat(1_000_000))).toHaveLength(1)
  })

  it('keeps what a group took in an earlier turn of a repetition', () => {
    const [match] = matchesOf(patternOf('(?:(a)|b)*'), 'ab')
    expect(Array.from(match ?? [])).toStrictEqual([0, 2, 0, 1])
  })

  it.each(['('.repeat(300), '[a'.repeat(300), `${'('.repeat(300)}${')'.repeat(300)}`, 'a'.repeat(20_000)])(
    'refuses a pattern without an end',
    (source) => {
      expect(() => patternOf(source)).toThrow(FunctionError)
    },
  )
})
