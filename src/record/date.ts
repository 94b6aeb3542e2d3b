/** Milliseconds of a day. */
const dayMs = 86_400_000

// ISO-8601, extended or basic: a date, alone or with a time of hours at least; fraction of any length; offset Z, ±hh,
// ±hhmm or ±hh:mm. Both patterns have the same groups.
const extendedPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?(?:[Zz]|([+-])(\d{2})(?::?(\d{2}))?)?)?$/
const basicPattern =
  /^(\d{4})(\d{2})(\d{2})(?:[Tt](\d{2})(?:(\d{2})(?:(\d{2})(?:[.,](\d+))?)?)?(?:[Zz]|([+-])(\d{2})(?::?(\d{2}))?)?)?$/
const epochPattern = /^(\d{10}|\d{13})(?:\.(\d+))?$/

/**
 * Reads an instant from ISO-8601 text, in milliseconds since 1970, or undefined when it is none.
 *
 * Any offset is turned into UTC; without one the text is read as UTC, and a date alone as its midnight: the
 * machine's time zone plays no part. Digits below the millisecond are cut off. Leap seconds, 24:00, week dates
 * and years beyond four digits are no instants here.
 */
export function parseInstant(text: string): number | undefined {
  const match = extendedPattern.exec(text) ?? basicPattern.exec(text)
  if (!match) return undefined
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    sign,
    offsetHour,
    offsetMinute,
  ] = match
  const days = daysFromCivil(Number(year), Number(month), Number(day))
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return undefined
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const offset = (Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0)) * (sign === '-' ? -1 : 1)
  return days * dayMs + ((Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second)) * 1000 + millis
}

/** Reads an instant from an epoch number: 10 digits are seconds, 13 are milliseconds; anything else is none. */
export function parseEpoch(text: string): number | undefined {
  const match = epochPattern.exec(text)
  if (!match?.[1]) return undefined
  const [, whole, fraction = ''] = match
  if (whole.length === 13) return Number(whole)
  return Number(whole) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
}

/** Reads `YYYY-MM-DD` as days since 1970, or undefined when there is no such day. */
export function parseLocalDate(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  return match ? daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3])) : undefined
}

/** `YYYY-MM-DD` of the UTC day that holds an instant. */
export function toUtcDate(instantMs: number): string {
  return toIso(instantMs).slice(0, 10)
}

/** `YYYY-MM-DDThh:mm:ss.sssZ`. */
export function toIso(instantMs: number): string {
  return new Date(instantMs).toISOString()
}

/** Basic ISO-8601 for file names, which must not hold a colon: `20250213T183000123Z`. */
export function toBasicIso(instantMs: number): string {
  return toIso(instantMs).replace(/[-:.]/g, '')
}

/** The same day a number of years later; 29 February becomes 1 March where there is none. */
export function addYears(instantMs: number, years: number): number {
  const date = new Date(instantMs)
  return date.setUTCFullYear(date.getUTCFullYear() + years)
}

/** Days since 1970 of a day of the proleptic Gregorian calendar, or undefined when there is no such day. */
function daysFromCivil(year: number, month: number, day: number): number | undefined {
  if (year < 1 || month < 1 || month > 12 || day < 1) return undefined
  // setUTCFullYear, because Date.UTC reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCDate() === day && date.getUTCMonth() === month - 1 ? date.getTime() / dayMs : undefined
}
