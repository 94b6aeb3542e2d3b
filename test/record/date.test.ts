import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import {
  addYears,
  parseEpoch,
  parseInstant,
  parseLocalDate,
  toBasicIso,
  toUtcDate,
} from '../../src/record/date.ts'

const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

describe('an instant as text', () => {
  it.each([
    ['2025-02-13', '2025-02-13T00:00:00.000Z'],
    ['2025-02-13T18:30Z', '2025-02-13T18:30:00.000Z'],
    ['2025-02-13T18:30:00', '2025-02-13T18:30:00.000Z'],
    ['2025-02-13 18:30:00', '2025-02-13T18:30:00.000Z'],
    ['2025-02-13t18:30:00z', '2025-02-13T18:30:00.000Z'],
    ['2025-02-13T18:30:00+00:00', '2025-02-13T18:30:00.000Z'],
    ['2025-02-13T18:30:00-00:00', '2025-02-13T18:30:00.000Z'],
    ['2025-02-13T18:30:00-05:30', '2025-02-14T00:00:00.000Z'],
    ['2025-01-01T00:30:00+0100', '2024-12-31T23:30:00.000Z'],
    ['2025-01-01T00:30:00+01', '2024-12-31T23:30:00.000Z'],
    ['2025-02-13T18:30:00.1Z', '2025-02-13T18:30:00.100Z'],
    ['2025-02-13T18:30:00,25Z', '2025-02-13T18:30:00.250Z'],
    ['2025-02-13T18:30:00.9999999999Z', '2025-02-13T18:30:00.999Z'],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['0070-06-01T00:00:00Z', '0070-06-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2025-02-13T18', '2025-02-13T18:00:00.000Z'],
    ['20250213', '2025-02-13T00:00:00.000Z'],
    ['20250213T183000.5Z', '2025-02-13T18:30:00.500Z'],
    ['20250213T1830-0530', '2025-02-14T00:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(iso)
  })

  it.each([
    ['', 'empty'],
    ['2025', 'a year'],
    ['2025-02', 'a month'],
    ['2025-2-3', 'single digits'],
    ['2025-02-30', 'a day that the month has not'],
    ['2023-02-29', 'a leap day in a common year'],
    ['1900-02-29', 'a leap day in a common century'],
    ['2025-00-10', 'month zero'],
    ['2025-13-10', 'month thirteen'],
    ['2025-04-31', 'the 31st of April'],
    ['2025-02-00', 'day zero'],
    ['0000-01-01', 'the year zero'],
    ['2025-02-13T24:00:00Z', '24 o’clock'],
    ['2025-02-13T18:60:00Z', 'minute sixty'],
    ['2025-02-13T18:30:60Z', 'a leap second'],
    ['2025-02-13T18:30:00+24:00', 'an offset of a day'],
    ['2025-02-13T18:30:00+01:60', 'an offset of sixty minutes'],
    ['2025-02-13T18:30:00.Z', 'an empty fraction'],
    ['2025-02-13Z', 'a date with a zone'],
    ['2025-02-13T18:30:00 Z', 'a space before the zone'],
    [' 2025-02-13', 'a space before'],
    ['2025-02-13\n', 'a newline after'],
    ['20250213T18:30Z', 'two forms in one'],
    ['2025-0213', 'two forms in one date'],
    ['2025-W07-4', 'a week date'],
    ['12025-02-13', 'five digits of year'],
    ['+002025-02-13', 'a signed year'],
    ['1739471400000', 'an epoch number as text'],
    ['02/13/2025', 'another order'],
    ['Thu Feb 13 2025', 'English'],
    ['２０２５-02-13', 'digits of another script'],
  ])('%j is none: %s', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })

  it('means the same in every time zone of the machine', () => {
    for (const name of ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia']) {
      process.env.TZ = name
      expect(parseInstant('2025-03-09T02:30:00')).toBe(Date.UTC(2025, 2, 9, 2, 30))
      expect(parseInstant('2011-12-30')).toBe(Date.UTC(2011, 11, 30))
      expect(toUtcDate(Date.UTC(2025, 0, 1))).toBe('2025-01-01')
    }
  })

  it('agrees with Date wherever both take it', () => {
    const date = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
    fc.assert(
      fc.property(date, fc.integer({ min: -839, max: 839 }), (at, offset) => {
        const pad = (number: number) => String(number).padStart(2, '0')
        const minutes = Math.abs(offset)
        const suffix = `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
        const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1)
        fc.pre(/^\d/.test(local))
        expect(parseInstant(local + suffix)).toBe(Date.parse(local + suffix))
        expect(parseInstant(at.toISOString())).toBe(at.getTime())
      }),
    )
  })
})

describe('an instant as a number', () => {
  it.each([
    ['1739471400', 1_739_471_400_000],
    ['1739471400000', 1_739_471_400_000],
    ['1739471400.5', 1_739_471_400_500],
    ['1739471400.1239', 1_739_471_400_123],
    ['1739471400000.9', 1_739_471_400_000],
    ['0000000000', 0],
  ])('%s is %d', (text, ms) => {
    expect(parseEpoch(text)).toBe(ms)
  })

  it.each(['', '0', '173947140', '17394714000', '173947140000', '17394714000000', '1739471400000000'])(
    '%j has another count of digits than 10 or 13, and is none',
    (text) => expect(parseEpoch(text)).toBeUndefined(),
  )

  it.each(['-1739471400', '+1739471400', '1.7E+9', '1739471400.', ' 1739471400', '1739471400x'])(
    '%j is none',
    (text) => expect(parseEpoch(text)).toBeUndefined(),
  )
})

describe('a local date', () => {
  it.each([
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2024-02-29', 19_782],
    ['0099-12-31', -683_004],
  ])('%s is day %d', (text, days) => {
    expect(parseLocalDate(text)).toBe(days)
  })

  it.each(['2025-02-29', '2025-2-1', '2025-02-13T00:00:00Z', '2025-02-13 ', '0000-01-01'])(
    '%j is none',
    (text) => expect(parseLocalDate(text)).toBeUndefined(),
  )
})

describe('the forms that dates are written in', () => {
  it('are basic ISO without a colon in file names', () => {
    expect(toBasicIso(Date.UTC(2025, 1, 13, 18, 30, 0, 123))).toBe('20250213T183000123Z')
  })

  it('turn the leap day into the first of March in years without one', () => {
    const leap = Date.UTC(2024, 1, 29, 5)
    expect(new Date(addYears(leap, 3)).toISOString()).toBe('2027-03-01T05:00:00.000Z')
    expect(new Date(addYears(leap, 4)).toISOString()).toBe('2028-02-29T05:00:00.000Z')
  })
})
