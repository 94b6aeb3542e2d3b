import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDecimal, parseInteger, toJsonNumber } from '../../src/codec/number.ts'

describe('the text of a number', () => {
  it.each([
    '0',
    '-0',
    '+1',
    '1.',
    '.5',
    '1.10',
    '1E+5',
    '1e-130',
    '007',
    '1'.repeat(38),
    `0${'1'.repeat(38)}${'0'.repeat(88)}`,
  ])('%s is a decimal', (text) => expect(isDecimal(text)).toBe(true))

  it.each([
    '',
    '.',
    '-',
    '+',
    'e5',
    '1e',
    '1e+',
    '1e99999',
    'NaN',
    'Infinity',
    '0x10',
    '1_000',
    '1,5',
    ' 1',
    '1\n',
    '١',
    '1'.repeat(39),
    `1.${'0'.repeat(37)}1`,
    `1${'0'.repeat(256)}`,
  ])('%j is none', (text) => {
    expect(isDecimal(text)).toBe(false)
    expect(parseInteger(text)).toBeUndefined()
  })

  it.each<[string, bigint]>([
    ['0', 0n],
    ['-0', 0n],
    ['0e9999', 0n],
    ['1.0', 1n],
    ['1e3', 1000n],
    ['1E+3', 1000n],
    ['1500e-2', 15n],
    ['0.05e2', 5n],
    ['-12.50e1', -125n],
    ['+7', 7n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['9.223372036854775807E+18', 9_223_372_036_854_775_807n],
  ])('%s is the integer %s', (text, integer) => {
    expect(parseInteger(text)).toBe(integer)
  })

  it.each(['0.5', '1e-1', '15e-2', '1.00000000000000000001', '1e40', '1e9999'])(
    '%s is no integer',
    (text) => {
      expect(parseInteger(text)).toBeUndefined()
    },
  )

  it.each([
    ['1.10', '1.10'],
    ['1E+5', '1E+5'],
    ['-0', '-0'],
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
    ['+1', '1'],
    ['007', '7'],
    ['-007.50', '-7.50'],
    ['.5', '0.5'],
    ['-.5', '-0.5'],
    ['1.', '1'],
    ['1.e5', '1e5'],
    ['00', '0'],
  ])('%s stands in JSON as %s', (text, json) => {
    expect(toJsonNumber(text)).toBe(json)
  })

  it('keeps its value in JSON, whatever its form', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 12 })
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        digits,
        fc.option(digits),
        fc.option(fc.integer({ min: -99, max: 99 })),
        (sign, whole, fraction, exponent) => {
          const text = `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `E${exponent}`}`
          fc.pre(isDecimal(text))
          expect(JSON.parse(toJsonNumber(text))).toBe(Number(text))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('gives the integer that BigInt gives', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.nat(5), (integer, zeros) => {
        expect(parseInteger(String(integer))).toBe(integer)
        expect(parseInteger(`${integer}.${'0'.repeat(zeros)}`)).toBe(integer)
      }),
    )
  })
})
