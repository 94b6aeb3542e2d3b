import { FunctionError } from '../registry.ts'
import { normalizeZone } from '../zone.ts'

// What Trino writes and reads by Joda's formatters: local times as milliseconds, UTC.

const day = 86_400_000
export const monthNames =
  'January February March April May June July August September October November December'.split(' ')
export const dayNames = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')

/** A piece of a format, as MySQL's specifiers and Joda's letters have in common. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'field'
      readonly field: CalendarField
      readonly digits: number
      readonly most: number
      readonly isExact?: true
    }
  | { readonly kind: 'name'; readonly field: 'month' | 'dayOfWeek'; readonly isLong: boolean }
  | { readonly kind: 'halfday' }
  | { readonly kind: 'fraction'; readonly digits: number; readonly most: number }
  /** The pivot: years from 50 before it to 49 behind it. Without one such a year can be written, not read. */
  | {
      readonly kind: 'shortYear'
      readonly pivot?: number
      readonly isLenient: boolean
      readonly field: 'year' | 'weekyear'
    }
  | { readonly kind: 'offset'; readonly hasColon: boolean }
  | { readonly kind: 'zoneId' }
  | { readonly kind: 'zoneName'; readonly isLong: boolean }
  | { readonly kind: 'era' }

export type CalendarField =
  | 'century'
  | 'year'
  | 'weekyear'
  | 'month'
  | 'week'
  | 'dayOfYear'
  | 'day'
  | 'dayOfWeek'
  | 'hour'
  | 'clockHour'
  | 'halfdayHour'
  | 'halfdayClockHour'
  | 'minute'
  | 'second'

// ---- the calendar

export function daysFrom(year: number, month = 1, dayOfMonth = 1): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, dayOfMonth)
  return date.getTime() / day
}

const daysIn = (year: number, month: number) => daysFrom(year, month + 1) - daysFrom(year, month)
const dayOfWeekOf = (days: number) => ((((days + 3) % 7) + 7) % 7) + 1
/** The Monday of the first week of a week year, as days since 1970. */
export const weekYearStart = (year: number) => {
  const fourth = daysFrom(year, 1, 4)
  return fourth - dayOfWeekOf(fourth) + 1
}

function weekOf(days: number): { readonly year: number; readonly week: number } {
  const thursday = days - dayOfWeekOf(days) + 4
  const year = new Date(thursday * day).getUTCFullYear()
  return { year, week: Math.floor((thursday - daysFrom(year)) / 7) + 1 }
}

type Parts = { readonly [F in CalendarField]: number } & { readonly millis: number; readonly isPm: boolean }

function partsOf(millis: number): Parts {
  const days = Math.floor(millis / day)
  const date = new Date(millis)
  const year = date.getUTCFullYear()
  if (Number.isNaN(year)) throw new FunctionError('the time is outside of the years that can be written')
  const hour = date.getUTCHours()
  const { year: weekyear, week } = weekOf(days)
  return {
    century: Math.trunc(year / 100),
    year,
    weekyear,
    month: date.getUTCMonth() + 1,
    week,
    dayOfYear: days - daysFrom(year) + 1,
    day: date.getUTCDate(),
    dayOfWeek: dayOfWeekOf(days),
    hour,
    clockHour: hour === 0 ? 24 : hour,
    halfdayHour: hour % 12,
    halfdayClockHour: hour % 12 === 0 ? 12 : hour % 12,
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millis: date.getUTCMilliseconds(),
    isPm: hour >= 12,
  }
}

// ---- writing

export type WrittenZone = { readonly id: string; readonly minutes: number }

const padded = (value: number, digits: number) =>
  (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(digits, '0')

/** A local time by a format. */
export function writeTime(millis: number, pieces: readonly Piece[], zone?: WrittenZone): string {
  const parts = partsOf(millis)
  return pieces.map((piece) => writePiece(piece, parts, zone)).join('')
}

function writePiece(piece: Piece, parts: Parts, zone: WrittenZone | undefined): string {
  switch (piece.kind) {
    case 'text':
      return piece.text
    case 'field':
      return padded(parts[piece.field], piece.digits)
    case 'name': {
      const name = (piece.field === 'month' ? monthNames : dayNames)[parts[piece.field] - 1] ?? ''
      return piece.isLong ? name : name.slice(0, 3)
    }
    case 'halfday':
      return parts.isPm ? 'PM' : 'AM'
    case 'fraction':
      return padded(parts.millis, 3).padEnd(piece.digits, '0').slice(0, piece.digits)
    case 'shortYear':
      return padded(Math.abs(parts[piece.field]) % 100, 2)
    case 'era':
      return parts.year > 0 ? 'AD' : 'BC'
    case 'offset':
      return offsetText(zone?.minutes ?? 0, piece.hasColon ? ':' : '')
    case 'zoneId':
      return zone?.id ?? 'UTC'
    case 'zoneName':
      return zoneName(zone ?? { id: 'UTC', minutes: 0 }, piece.isLong)
  }
}

/** `+05:30`. */
export function offsetText(minutes: number, mark = ':'): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${padded(Math.floor(size / 60), 2)}${mark}${padded(size % 60, 2)}`
}

const americanZones: readonly (readonly [id: string, letter: string, name: string, minutes: number])[] = [
  ['America/New_York', 'E', 'Eastern', -300],
  ['America/Chicago', 'C', 'Central', -360],
  ['America/Denver', 'M', 'Mountain', -420],
  ['America/Los_Angeles', 'P', 'Pacific', -480],
]

function zoneName({ id, minutes }: WrittenZone, isLong: boolean): string {
  if (id === 'UTC') return isLong ? 'Coordinated Universal Time' : 'UTC'
  if (/^[+-]/.test(id)) return id
  const [, letter, name, standard] = americanZones.find(([known]) => known === id) ?? []
  if (letter === undefined)
    throw new FunctionError(
      'format_datetime: z is done here for UTC, offsets and the zones of the USA; write ZZZ for the name',
    )
  const isSummer = minutes !== standard
  return isLong ? `${name} ${isSummer ? 'Daylight' : 'Standard'} Time` : `${letter}${isSummer ? 'D' : 'S'}T`
}

// ---- reading

/** A local time that was read, and the zone that was written with it. */
export type ReadTime = { readonly millis: number; readonly zone?: string }

/** Fields in the order in which Joda sets them: the largest first. */
const order: readonly (CalendarField | 'halfday' | 'fraction')[] = [
  'century',
  'year',
  'weekyear',
  'month',
  'week',
  'dayOfYear',
  'day',
  'dayOfWeek',
  'halfday',
  'hour',
  'clockHour',
  'halfdayHour',
  'halfdayClockHour',
  'minute',
  'second',
  'fraction',
]
const withoutYear: ReadonlySet<string> = new Set(['month', 'week', 'dayOfYear', 'day', 'dayOfWeek'])

/** Reads a text by a format: what is not in it is of 1970-01-01 00:00, and of 2000 where a month or day has no year. */
export function readTime(text: string, pieces: readonly Piece[]): ReadTime {
  const values: { readonly field: CalendarField | 'halfday' | 'fraction'; readonly value: number }[] = []
  let at = 0
  let zone: string | undefined
  const invalid = () => new FunctionError('the text does not fit the format')
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) throw invalid()
    at += found.length
    return found
  }
  for (const piece of pieces) {
    switch (piece.kind) {
      case 'text':
        if (text.slice(at, at + piece.text.length).toLowerCase() !== piece.text.toLowerCase()) throw invalid()
        at += piece.text.length
        break
      case 'field': {
        const isYear = piece.field === 'year' || piece.field === 'weekyear' || piece.field === 'century'
        values.push({
          field: piece.field,
          value: Number(take(new RegExp(`${isYear ? '[-+]?' : ''}\\d{1,${piece.most}}`, 'y'))),
        })
        break
      }
      case 'name': {
        const names = piece.field === 'month' ? monthNames : dayNames
        const rest = text.slice(at, at + 12).toLowerCase()
        const long = names.findIndex((name) => rest.startsWith(name.toLowerCase()))
        const index =
          long >= 0 ? long : names.findIndex((name) => rest.startsWith(name.slice(0, 3).toLowerCase()))
        if (index < 0) throw invalid()
        at += long >= 0 ? (names[index] ?? '').length : 3
        values.push({ field: piece.field, value: index + 1 })
        break
      }
      case 'halfday':
        values.push({ field: 'halfday', value: /pm/i.test(take(/[ap]m/iy)) ? 12 : 0 })
        break
      case 'fraction':
        values.push({
          field: 'fraction',
          value: Number(
            take(new RegExp(`\\d{1,${piece.most}}`, 'y'))
              .slice(0, 3)
              .padEnd(3, '0'),
          ),
        })
        break
      case 'shortYear': {
        // Athena's pivot moves with the year in which it is asked.
        if (piece.pivot === undefined)
          throw new FunctionError('a year of two digits is not read here; write yyyy')
        const digits = take(piece.isLenient ? /[-+]?\d+/y : /\d\d/y)
        values.push({
          field: piece.field,
          value: /^\d\d$/.test(digits) ? inPivot(Number(digits), piece.pivot) : Number(digits),
        })
        break
      }
      case 'offset':
        zone = offsetZone(take(/z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?/iy))
        break
      case 'zoneId':
      case 'zoneName': {
        const name = take(/[A-Za-z][\w/+-]*|[+-]\d{2}:\d{2}/y)
        zone = piece.kind === 'zoneName' ? zoneOfName(name) : normalizeZone(name)
        if (zone === undefined) throw new FunctionError('the zone is not known')
        break
      }
      case 'era':
        if (/bc/i.test(take(/ad|bc/iy))) throw new FunctionError('years before Christ are not read here')
    }
  }
  if (at < text.length) throw invalid()
  values.sort((a, b) => order.indexOf(a.field) - order.indexOf(b.field))
  const [first] = values
  const start = first && withoutYear.has(first.field) ? daysFrom(2000) * day : 0
  const millis = values.reduce((time, { field, value }) => set(time, field, value), start)
  return zone === undefined ? { millis } : { millis, zone }
}

function inPivot(short: number, pivot: number): number {
  const low = pivot - 50
  return low + ((((short - low) % 100) + 100) % 100)
}

/** An offset as a zone, `UTC` for none. */
export function offsetZone(text: string): string {
  const zone = normalizeZone(text)
  if (zone === undefined) throw new FunctionError('an offset goes from -14:00 to +14:00')
  return zone
}

function zoneOfName(name: string): string | undefined {
  if (/^(?:utc|ut|gmt)$/i.test(name)) return 'UTC'
  return americanZones.find(([, letter]) => name === `${letter}ST` || name === `${letter}DT`)?.[0]
}

/** A time with one of its fields set, and what is smaller at its beginning. */
function set(millis: number, field: CalendarField | 'halfday' | 'fraction', value: number): number {
  const check = (low: number, high: number) => {
    if (value < low || value > high) throw new FunctionError(`${field} is outside of ${low} to ${high}`)
  }
  const days = Math.floor(millis / day)
  const year = new Date(millis).getUTCFullYear()
  const within = (unit: number, size: number) => Math.floor(millis / unit) * unit + value * size
  switch (field) {
    case 'century':
      check(0, 2000)
      return daysFrom(value * 100) * day
    case 'year':
      check(-200_000, 200_000)
      return daysFrom(value) * day
    case 'weekyear':
      check(-200_000, 200_000)
      return weekYearStart(value) * day
    case 'month':
      check(1, 12)
      return daysFrom(year, value) * day
    case 'week': {
      const { year: weekyear } = weekOf(days)
      const start = weekYearStart(weekyear)
      check(1, (weekYearStart(weekyear + 1) - start) / 7)
      return (start + (value - 1) * 7) * day
    }
    case 'dayOfYear':
      check(1, daysFrom(year + 1) - daysFrom(year))
      return (daysFrom(year) + value - 1) * day
    case 'day': {
      const month = new Date(millis).getUTCMonth() + 1
      check(1, daysIn(year, month))
      return (daysFrom(year, month) + value - 1) * day
    }
    case 'dayOfWeek':
      check(1, 7)
      return (days - dayOfWeekOf(days) + value) * day
    case 'halfday':
      return days * day + value * 3_600_000
    case 'hour':
      check(0, 23)
      return days * day + value * 3_600_000
    case 'clockHour':
      check(1, 24)
      return days * day + (value % 24) * 3_600_000
    case 'halfdayHour':
      check(0, 11)
      return within(day / 2, 3_600_000)
    case 'halfdayClockHour':
      check(1, 12)
      return Math.floor(millis / (day / 2)) * (day / 2) + (value % 12) * 3_600_000
    case 'minute':
      check(0, 59)
      return within(3_600_000, 60_000)
    case 'second':
      check(0, 59)
      return within(60_000, 1000)
    case 'fraction':
      return within(1000, 1)
  }
}

// ---- formats

const number = (field: CalendarField, digits: number, most = 2): Piece => ({
  kind: 'field',
  field,
  digits,
  most,
})
const text = (letters: string): Piece => ({ kind: 'text', text: letters })
const colon = text(':')
const clock = (hour: Piece): readonly Piece[] => [
  hour,
  colon,
  number('minute', 2),
  colon,
  number('second', 2),
]

const specifiers: ReadonlyMap<string, readonly Piece[]> = new Map<string, readonly Piece[]>([
  ['a', [{ kind: 'name', field: 'dayOfWeek', isLong: false }]],
  ['b', [{ kind: 'name', field: 'month', isLong: false }]],
  ['c', [number('month', 1)]],
  ['d', [number('day', 2)]],
  ['e', [number('day', 1)]],
  ['f', [{ kind: 'fraction', digits: 6, most: 9 }]],
  ['H', [number('hour', 2)]],
  ['h', [number('halfdayClockHour', 2)]],
  ['I', [number('halfdayClockHour', 2)]],
  ['i', [number('minute', 2)]],
  ['j', [number('dayOfYear', 3, 3)]],
  ['k', [number('hour', 1)]],
  ['l', [number('halfdayClockHour', 1)]],
  ['M', [{ kind: 'name', field: 'month', isLong: true }]],
  ['m', [number('month', 2)]],
  ['p', [{ kind: 'halfday' }]],
  ['r', [...clock(number('halfdayClockHour', 2)), text(' '), { kind: 'halfday' }]],
  ['S', [number('second', 2)]],
  ['s', [number('second', 2)]],
  ['T', clock(number('hour', 2))],
  ['v', [number('week', 2)]],
  ['W', [{ kind: 'name', field: 'dayOfWeek', isLong: true }]],
  ['x', [number('weekyear', 4, 4)]],
  ['Y', [number('year', 4, 4)]],
  ['y', [{ kind: 'shortYear', pivot: 2020, isLenient: false, field: 'year' }]],
])

function kept<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make()
  if (cache.size >= 100) cache.clear()
  cache.set(key, made)
  return made
}

const mysqlFormats = new Map<string, readonly Piece[]>()
const jodaFormats = new Map<string, readonly Piece[]>()

/** The pieces of a format of date_format and date_parse. */
export function mysqlFormat(format: string): readonly Piece[] {
  return kept(mysqlFormats, format, () => {
    if (format === '' || format.length > 1000) throw new FunctionError('a format has 1 to 1,000 characters')
    const pieces: Piece[] = []
    for (const [whole, letter] of format.matchAll(/%([\s\S]?)|[^%]+/g)) {
      if (letter === undefined) pieces.push(text(whole))
      else if (/[DUuVwX]/.test(letter))
        throw new FunctionError('%D, %U, %u, %V, %w and %X are not supported in a date format')
      else pieces.push(...(specifiers.get(letter) ?? [text(letter)]))
    }
    return pieces
  })
}

/** The pieces of a format of format_datetime and parse_datetime, in Joda's letters. */
export function jodaFormat(format: string): readonly Piece[] {
  return kept(jodaFormats, format, () => {
    if (format === '' || format.length > 1000) throw new FunctionError('Invalid pattern specification')
    const tokens = Array.from(
      format.matchAll(/'((?:[^']|'')*)(?:'|$)|([A-Za-z])\2*|[^A-Za-z']+/g),
      ([whole, quoted, letter]) => ({
        whole,
        quoted,
        letter,
      }),
    )
    return tokens.map(({ whole, quoted, letter }, index) => {
      if (quoted !== undefined)
        return text(quoted === '' ? (whole === "''" ? "'" : '') : quoted.replaceAll("''", "'"))
      if (letter === undefined) return text(whole)
      const next = tokens[index + 1]
      const isNumberNext = next?.letter !== undefined && isNumeric(next.letter, next.whole.length)
      return jodaPiece(letter, whole.length, isNumberNext)
    })
  })
}

const isNumeric = (letter: string, count: number) =>
  'CYxywedhHkKmsSD'.includes(letter) || (letter === 'M' && count < 3)

function jodaPiece(letter: string, count: number, isNumberNext: boolean): Piece {
  switch (letter) {
    case 'G':
      return { kind: 'era' }
    case 'C':
      return number('century', count, 9)
    case 'x':
    case 'y':
    case 'Y': {
      const field = letter === 'x' ? 'weekyear' : 'year'
      if (count !== 2) return number(field, count, isNumberNext ? count : 9)
      return { kind: 'shortYear', isLenient: !isNumberNext, field }
    }
    case 'M':
      return count < 3 ? number('month', count) : { kind: 'name', field: 'month', isLong: count > 3 }
    case 'E':
      return { kind: 'name', field: 'dayOfWeek', isLong: count > 3 }
    case 'a':
      return { kind: 'halfday' }
    case 'S':
      return { kind: 'fraction', digits: count, most: count }
    case 'z':
      return { kind: 'zoneName', isLong: count > 3 }
    case 'Z':
      return count < 3 ? { kind: 'offset', hasColon: count === 2 } : { kind: 'zoneId' }
  }
  const field = jodaNumbers[letter]
  if (field === undefined)
    throw new FunctionError('the pattern has a letter that stands for nothing; put letters in quotes')
  return number(field, count, field === 'dayOfYear' ? 3 : field === 'dayOfWeek' ? 1 : 2)
}

const jodaNumbers: { readonly [letter: string]: CalendarField } = {
  w: 'week',
  e: 'dayOfWeek',
  D: 'dayOfYear',
  d: 'day',
  K: 'halfdayHour',
  h: 'halfdayClockHour',
  H: 'hour',
  k: 'clockHour',
  m: 'minute',
  s: 'second',
}

// ---- ISO 8601

const isoPattern =
  /^(?:([-+]?\d{1,9})(?:-W(\d{1,2})(?:-(\d))?|-(\d{3})|-(\d{1,2})(?:-(\d{1,2}))?)?)?(?:(T)(?:(\d{1,2})(?:[.,](\d{1,9})|:(\d{1,2})(?:[.,](\d{1,9})|:(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?(Z|[+-]\d{1,2}(?::?\d{2})?)?)?$/i

/** Reads a date, or a time of day, or both, as from_iso8601_timestamp does. */
export function readIso(written: string, hasTime: boolean): ReadTime {
  const [
    ,
    year,
    week,
    dayOfWeek,
    dayOfYear,
    month,
    dayOfMonth,
    t,
    hour,
    hourPart,
    minute,
    minutePart,
    second,
    secondPart,
    offset,
  ] = isoPattern.exec(written) ?? []
  if (
    (year === undefined && t === undefined) ||
    (t !== undefined && !hasTime) ||
    (year === undefined && hour === undefined)
  )
    throw new FunctionError('the text is no date of ISO 8601')
  let millis = year === undefined ? 0 : set(0, week === undefined ? 'year' : 'weekyear', Number(year))
  for (const [field, value] of [
    ['week', week],
    ['dayOfWeek', dayOfWeek],
    ['dayOfYear', dayOfYear],
    ['month', month],
    ['day', dayOfMonth],
    ['hour', hour],
    ['minute', minute],
    ['second', second],
  ] as const)
    if (value !== undefined) millis = set(millis, field, Number(value))
  for (const [digits, unit] of [
    [hourPart, 3_600_000],
    [minutePart, 60_000],
    [secondPart, 1000],
  ] as const)
    if (digits !== undefined) millis += Math.floor((Number(digits) * unit) / 10 ** digits.length)
  return offset === undefined ? { millis } : { millis, zone: offsetZone(offset) }
}
