import { FunctionError, scalar } from './registry.ts'
import { normalizeZone } from './zone.ts'

// Texts of dates and times as Trino's casts and literals read and write them.

const datePattern = /^([+-]?)(\d{4,6})-(\d{1,2})-(\d{1,2})$/
const timePattern = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?$/
const timestampPattern =
  /^([+-]?)(\d{4,6})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?(?:\s*([A-Za-z+-].*))?$/

const dayMicros = 86_400_000_000n

/** A time without a zone, the digits that were written behind its second, and what is written behind it. */
export type Written = {
  readonly micros: bigint
  /** As many as were written, which may be more than microseconds. */
  readonly digits: number
  readonly zone?: string
}

/** Days since 1970 of a calendar date, or undefined for one that there is not. */
function daysOf(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? date.getTime() / 86_400_000
    : undefined
}

/** A date's text as days since 1970. Throws FunctionError. */
export function parseDate(text: string): number {
  const [, sign, year, month, day] = datePattern.exec(text.trim()) ?? []
  const days = year === undefined ? undefined : daysOf(Number(`${sign}${year}`), Number(month), Number(day))
  if (days === undefined) throw new FunctionError('Value cannot be cast to date')
  return days
}

function clockMicros(hour = '0', minute = '0', second = '0', fraction = ''): bigint | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const seconds = BigInt(Number(hour) * 3600 + Number(minute) * 60 + Number(second))
  const six = BigInt(fraction.slice(0, 6).padEnd(6, '0'))
  // Digits beyond what is held are rounded.
  return seconds * 1_000_000n + six + (Number(fraction[6] ?? '0') >= 5 ? 1n : 0n)
}

/** A text of a date and a time, with a zone or without one. Throws FunctionError. */
export function parseTimestamp(text: string): Written {
  const [whole, sign, year, month, day, hour, minute, second, fraction, zone] =
    timestampPattern.exec(text.trim()) ?? []
  const days = whole === undefined ? undefined : daysOf(Number(`${sign}${year}`), Number(month), Number(day))
  const clock = clockMicros(hour, minute, second, fraction)
  if (days === undefined || clock === undefined) throw new FunctionError('Value cannot be cast to timestamp')
  const written = { micros: BigInt(days) * dayMicros + clock, digits: (fraction ?? '').length }
  if (zone === undefined) return written
  const known = normalizeZone(zone.trim())
  if (known === undefined) throw new FunctionError('Value cannot be cast to timestamp: its zone is not known')
  return { ...written, zone: known }
}

/** A time of day as microseconds, and the digits that were written. Throws FunctionError. */
export function parseTime(text: string): { readonly micros: bigint; readonly digits: number } {
  const [whole, hour, minute, second, fraction] = timePattern.exec(text) ?? []
  const micros = whole === undefined ? undefined : clockMicros(hour, minute, second, fraction)
  if (micros === undefined) throw new FunctionError('Value cannot be cast to time')
  return { micros: micros % dayMicros, digits: (fraction ?? '').length }
}

export const temporalScalars = {
  parseDate: scalar('athena_parse_date', ['varchar'], 'date', parseDate),
  /** The zone of a text is left out, as Trino does. */
  parseTimestamp: scalar(
    'athena_parse_timestamp',
    ['varchar'],
    'timestamp',
    (text) => parseTimestamp(text).micros,
  ),
  parseZone: scalar(
    'athena_parse_zone',
    ['varchar'],
    'varchar',
    (text) => parseTimestamp(text).zone ?? 'UTC',
  ),
  parseTime: scalar('athena_parse_time', ['varchar'], 'bigint', (text) => parseTime(text).micros),
  dayIntervalText: scalar('athena_day_interval_text', ['bigint'], 'varchar', dayIntervalText),
  yearIntervalText: scalar('athena_year_interval_text', ['integer'], 'varchar', yearIntervalText),
}

/** `1 02:03:04.005`, with a sign before a negative one. */
export function dayIntervalText(millis: bigint): string {
  const [sign, positive] = millis < 0n ? ['-', -millis] : ['', millis]
  const part = (unit: bigint, of: bigint, width: number) =>
    ((positive / unit) % of).toString().padStart(width, '0')
  return `${sign}${positive / 86_400_000n} ${part(3_600_000n, 24n, 2)}:${part(60_000n, 60n, 2)}:${part(1000n, 60n, 2)}.${part(1n, 1000n, 3)}`
}

/** `1-6`, with a sign before a negative one. */
export function yearIntervalText(months: number): string {
  return `${months < 0 ? '-' : ''}${Math.floor(Math.abs(months) / 12)}-${Math.abs(months) % 12}`
}
