import { type Definition, type Expr, FunctionError, scalar, type Tools } from '../registry.ts'
import { quoteText } from '../sql.ts'
import { temporalScalars } from '../temporal.ts'
import { fixedOffset, normalizeZone } from '../zone.ts'
import { jodaFormat, mysqlFormat, offsetText, offsetZone, readIso, readTime, writeTime } from './calendar.ts'

const millisOf = (micros: bigint) => Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n)
const microsOf = (millis: number) => BigInt(millis) * 1000n

// ---- times with a zone

/** SQL over the instant and the zone of a value, which is computed once. */
function apart(
  value: Expr | undefined,
  tools: Tools,
  body: (instant: string, zone: string) => string,
): string {
  if (!value) throw new Error('a function of times without an argument')
  if (value.parts || value.isCheap) return body(tools.instantOf(value), tools.zoneOf(value))
  return tools.bind([value], (name = '') => {
    const bound = tools.expr(name, value.type, true)
    return body(tools.instantOf(bound), tools.zoneOf(bound))
  })
}

/** SQL over what a clock in the value's zone shows. */
const shown = (value: Expr | undefined, tools: Tools, body: (local: string) => string): string =>
  apart(value, tools, (instant, zone) => body(tools.toLocal(instant, zone)))

/** A function of a date, a timestamp and a timestamp with time zone, of the local time. */
function ofLocal(name: string, returns: string, body: (local: string) => string): readonly Definition[] {
  return [
    { signature: `${name}(date) -> ${returns}`, make: body('$1') },
    { signature: `${name}(timestamp(p)) -> ${returns}`, make: body('$1') },
    {
      signature: `${name}(timestamp(p) with time zone) -> ${returns}`,
      make: ([value], _, tools) => shown(value, tools, body),
    },
  ]
}

const ofClock = (name: string, body: (local: string) => string): readonly Definition[] => [
  { signature: `${name}(time(p)) -> bigint`, make: body('$1') },
  ...ofLocal(name, 'bigint', body),
]

const zoneFunction = scalar('athena_zone', ['varchar'], 'varchar', zoneNamed)

function zoneNamed(name: string): string {
  const zone = normalizeZone(name)
  if (zone === undefined) throw new FunctionError('the time zone is not known')
  return zone
}

/** The name of a zone as Athena keeps it: known now where it is a literal. */
function zoneSql(zone: Expr | undefined): string {
  const literal = zone?.literal
  return typeof literal === 'string' ? quoteText(zoneNamed(literal)) : `athena_zone(${zone?.sql ?? 'NULL'})`
}

// ---- units

const dateUnits = ['day', 'week', 'month', 'quarter', 'year'] as const
const clockUnits = ['millisecond', 'second', 'minute', 'hour'] as const
type Unit = (typeof dateUnits)[number] | (typeof clockUnits)[number]
type Kind = 'date' | 'time' | 'timestamp'

const unitsOf: { readonly [K in Kind]: readonly Unit[] } = {
  date: dateUnits,
  time: clockUnits,
  timestamp: [...clockUnits, ...dateUnits],
}
const isClock = (unit: Unit) => clockUnits.some((known) => known === unit)
const millisIn: { readonly [unit: string]: number } = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}
const monthsIn: { readonly [unit: string]: number } = { month: 1, quarter: 3, year: 12 }

/** SQL by the unit that an argument names: chosen now where it is a literal. */
function byUnit(
  given: Expr | undefined,
  kind: Kind,
  type: Expr['type'],
  tools: Tools,
  body: (unit: Unit) => string,
): string {
  const units = unitsOf[kind]
  const message = `the unit is not a valid ${kind.toUpperCase()} field: use one of ${units.join(', ')}`
  const literal = given?.literal
  if (typeof literal === 'string') {
    const unit = units.find((known) => known === literal.toLowerCase())
    if (!unit) throw new FunctionError(message)
    return body(unit)
  }
  const ways = units.map((unit) => `WHEN '${unit}' THEN ${body(unit)}`).join(' ')
  const name = given?.sql ?? 'NULL'
  return tools.bind([tools.expr(`lower(${name})`, { kind: 'varchar' })], (unit) => {
    return `CASE ${unit} ${ways} ELSE CASE WHEN ${unit} IS NOT NULL THEN ${tools.fail(message, type)} END END`
  })
}

/** An interval of so many units. */
function interval(unit: Unit, count: string): string {
  const months = monthsIn[unit]
  if (months !== undefined) return `to_months(CAST(${count} * ${months} AS INTEGER))`
  if (isClock(unit)) return `to_microseconds(${count} * ${millisIn[unit]}000)`
  return `to_days(CAST(${count} * ${unit === 'week' ? 7 : 1} AS INTEGER))`
}

/** The most units that may be added: as many as 100,000 years have. */
function mostOf(unit: Unit): number {
  const months = monthsIn[unit]
  return months === undefined
    ? Math.floor((100_000 * 365 * 86_400_000) / (millisIn[unit] ?? 1))
    : 1_200_000 / months
}

/** Cheap names for arguments that a unit's ways name several times. */
function bound(args: readonly Expr[], tools: Tools, body: (...values: readonly Expr[]) => string): string {
  return tools.bind(args, (...names) =>
    body(
      ...names.map((name, index) => ({
        ...args[index],
        ...tools.expr(name, args[index]?.type ?? { kind: 'unknown' }, true),
      })),
    ),
  )
}

// ---- date_trunc, date_add, date_diff

const truncate =
  (kind: Kind, duck: string) =>
  ([unit, value]: readonly Expr[], result: Expr['type'], tools: Tools): string =>
    bound(value ? [value] : [], tools, (x) =>
      byUnit(unit, kind, result, tools, (name) =>
        kind === 'time'
          ? `CAST(date_trunc('${name}', DATE '1970-01-01' + ${x?.sql}) AS TIME)`
          : `CAST(date_trunc('${name}', ${x?.sql}) AS ${duck})`,
      ),
    )

function truncateZoned([unit, value]: readonly Expr[], result: Expr['type'], tools: Tools): string {
  return bound(value ? [value] : [], tools, (x) =>
    apart(x, tools, (instant, zone) =>
      byUnit(unit, 'timestamp', result, tools, (name) => {
        const local = tools.toLocal(instant, zone)
        // Within a day the offset stays, so that of two hours of one name each is kept.
        const cut = isClock(name)
          ? tools.bind(
              [tools.expr(local, { kind: 'timestamp', precision: 6 })],
              (l) => `${instant} - (${l} - date_trunc('${name}', ${l}))`,
            )
          : tools.toInstant(`CAST(date_trunc('${name}', ${local}) AS TIMESTAMP)`, zone)
        return `CASE WHEN ${instant} IS NOT NULL THEN ${tools.zonedOf(cut, zone)} END`
      }),
    ),
  )
}

/** A time that has fewer digits than milliseconds is rounded to them. */
function rounded(sql: string, unit: Unit, precision: number, tools: Tools): string {
  if (unit !== 'millisecond' || precision >= 3) return sql
  const step = 10 ** (6 - precision)
  return tools.bind(
    [tools.expr(`epoch_us(${sql}) + ${step / 2}`, { kind: 'bigint' })],
    (m) => `make_timestamp(${m} - ((${m} % ${step}) + ${step}) % ${step})`,
  )
}

const precisionOf = (type: Expr['type']) =>
  'precision' in type && type.kind !== 'decimal' ? type.precision : 3

function checked(unit: Unit, count: string, sql: string, type: Expr['type'], tools: Tools): string {
  return `CASE WHEN ${count} NOT BETWEEN -${mostOf(unit)} AND ${mostOf(unit)} THEN ${tools.fail('date_add: the result is too far from today', type)} ELSE ${sql} END`
}

const add =
  (kind: Kind, duck: string) =>
  ([unit, count, value]: readonly Expr[], result: Expr['type'], tools: Tools): string =>
    bound(count && value ? [count, value] : [], tools, (n, x) =>
      byUnit(unit, kind, result, tools, (name) => {
        const sum = `CAST(${x?.sql} + ${interval(name, n?.sql ?? '')} AS ${duck})`
        const made = kind === 'timestamp' ? rounded(sum, name, precisionOf(result), tools) : sum
        return checked(name, n?.sql ?? '', made, result, tools)
      }),
    )

function addZoned([unit, count, value]: readonly Expr[], result: Expr['type'], tools: Tools): string {
  return bound(count && value ? [count, value] : [], tools, (n, x) =>
    apart(x, tools, (instant, zone) =>
      byUnit(unit, 'timestamp', result, tools, (name) => {
        const by = interval(name, n?.sql ?? '')
        const sum = isClock(name)
          ? rounded(`${instant} + ${by}`, name, precisionOf(result), tools)
          : tools.toInstant(`${tools.toLocal(instant, zone)} + ${by}`, zone)
        const isThere = `${instant} IS NOT NULL AND ${n?.sql} IS NOT NULL`
        return `CASE WHEN ${isThere} THEN ${checked(name, n?.sql ?? '', tools.zonedOf(sum, zone), result, tools)} END`
      }),
    ),
  )
}

/** Whole units from one local time to another, toward zero; both are cheap. A month has passed when its day is reached, or its last. */
function difference(unit: Unit, from: string, to: string): string {
  const months = monthsIn[unit]
  if (months === undefined)
    return `CAST((epoch_ms(${to}) - epoch_ms(${from})) // ${millisIn[unit]} AS BIGINT)`
  const passed = (low: string, high: string) => {
    const count = `((year(${high}) - year(${low})) * 12 + month(${high}) - month(${low}))`
    const step = unit === 'year' ? `(year(${high}) - year(${low}))` : count
    const reached = `${low} + to_months(CAST(${unit === 'year' ? `${step} * 12` : step} AS INTEGER))`
    return `(${step} - CASE WHEN ${reached} > ${high} THEN 1 ELSE 0 END)${unit === 'quarter' ? ' // 3' : ''}`
  }
  return `CAST(CASE WHEN ${from} <= ${to} THEN ${passed(from, to)} ELSE -(${passed(to, from)}) END AS BIGINT)`
}

const inMillis = (sql: string, type: Expr['type']) =>
  precisionOf(type) > 3 ? `date_trunc('millisecond', ${sql})` : sql

const diff =
  (kind: Kind) =>
  ([unit, from, to]: readonly Expr[], result: Expr['type'], tools: Tools): string =>
    bound(from && to ? [from, to] : [], tools, (a, b) => {
      const time = (value: Expr | undefined) =>
        kind === 'time'
          ? `(DATE '1970-01-01' + ${value?.sql})`
          : kind === 'timestamp' && value
            ? inMillis(value.sql, value.type)
            : `CAST(${value?.sql} AS TIMESTAMP)`
      return byUnit(unit, kind, result, tools, (name) => difference(name, time(a), time(b)))
    })

function diffZoned([unit, from, to]: readonly Expr[], result: Expr['type'], tools: Tools): string {
  return bound(from && to ? [from, to] : [], tools, (a, b) =>
    apart(a, tools, (first, zone) =>
      apart(b, tools, (second) =>
        byUnit(unit, 'timestamp', result, tools, (name) => {
          if (isClock(name)) return difference(name, first, second)
          const type = { kind: 'timestamp', precision: 6 } as const
          // Days and longer are those of the first one's zone.
          const locals = [
            tools.expr(tools.toLocal(first, zone), type),
            tools.expr(tools.toLocal(second, zone), type),
          ]
          return tools.bind(locals, (l = '', r = '') => difference(name, l, r))
        }),
      ),
    ),
  )
}

// ---- formats and ISO 8601

const dateFormat = scalar('athena_date_format', ['timestamp', 'varchar'], 'varchar', (time, format) =>
  writeTime(millisOf(time), mysqlFormat(format)),
)
const formatDatetime = scalar(
  'athena_format_datetime',
  ['timestamp', 'varchar'],
  'varchar',
  (time, format) => {
    const pieces = jodaFormat(format)
    if (pieces.some(({ kind }) => kind === 'offset' || kind === 'zoneId' || kind === 'zoneName'))
      throw new FunctionError(
        "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not contain TZ information",
      )
    return writeTime(millisOf(time), pieces)
  },
)
/** The local time, the instant and the zone. */
const formatZoned = scalar(
  'athena_format_datetime_zone',
  ['timestamp', 'timestamp', 'varchar', 'varchar'],
  'varchar',
  (local, instant, id, format) =>
    writeTime(millisOf(local), jodaFormat(format), { id, minutes: Number((local - instant) / 60_000_000n) }),
)
const dateParse = scalar('athena_date_parse', ['varchar', 'varchar'], 'timestamp', (written, format) =>
  microsOf(readTime(written, mysqlFormat(format)).millis),
)
const datetimeLocal = scalar(
  'athena_parse_datetime_local',
  ['varchar', 'varchar'],
  'timestamp',
  (written, format) => microsOf(readTime(written, jodaFormat(format)).millis),
)
const datetimeZone = scalar(
  'athena_parse_datetime_zone',
  ['varchar', 'varchar'],
  'varchar',
  (written, format) => readTime(written, jodaFormat(format)).zone ?? 'UTC',
)
const isoInstant = scalar('athena_iso_instant', ['varchar'], 'timestamp', (written) => {
  const { millis, zone } = readIso(written, true)
  return microsOf(millis - (zone === undefined ? 0 : (fixedOffset(zone) ?? 0)) * 60_000)
})
const isoZone = scalar(
  'athena_iso_zone',
  ['varchar'],
  'varchar',
  (written) => readIso(written, true).zone ?? 'UTC',
)
const isoDate = scalar(
  'athena_iso_date',
  ['varchar'],
  'date',
  (written) => readIso(written, false).millis / 86_400_000,
)

const isoDay = [
  { kind: 'field', field: 'year', digits: 4, most: 9 },
  { kind: 'text', text: '-' },
  { kind: 'field', field: 'month', digits: 2, most: 2 },
  { kind: 'text', text: '-' },
  { kind: 'field', field: 'day', digits: 2, most: 2 },
] as const

function isoText(time: bigint, precision: number): string {
  const millis = millisOf(time)
  const clock = new Date(millis).toISOString().slice(-13, -5)
  const micros = ((time % 1_000_000n) + 1_000_000n) % 1_000_000n
  const fraction = precision > 0 ? `.${String(micros).padStart(6, '0').slice(0, precision)}` : ''
  return `${writeTime(millis, isoDay)}T${clock}${fraction}`
}

const isoDateText = scalar('athena_to_iso8601_date', ['date'], 'varchar', (days) =>
  writeTime(days * 86_400_000, isoDay),
)
const isoTimeText = scalar('athena_to_iso8601', ['timestamp', 'integer'], 'varchar', isoText)
const isoZonedText = scalar(
  'athena_to_iso8601_zone',
  ['timestamp', 'timestamp', 'integer'],
  'varchar',
  (local, instant, precision) => {
    const minutes = Number((local - instant) / 60_000_000n)
    return isoText(local, precision) + (minutes === 0 ? 'Z' : offsetText(minutes))
  },
)

// ---- Unix time

const millisMax = 2 ** 51

const fromUnixtime = scalar('athena_from_unixtime', ['double'], 'timestamp', (seconds) => {
  const millis = Number.isNaN(seconds) ? 0 : Math.floor(seconds * 1000 + 0.5)
  if (Math.abs(millis) >= millisMax) throw new FunctionError('Millis overflow')
  return microsOf(millis)
})
const offsetOfParts = scalar('athena_offset_zone', ['bigint', 'bigint'], 'varchar', (hours, minutes) => {
  const total = hours * 60n + minutes
  if (total < -840n || total > 840n) throw new FunctionError('Invalid offset minutes')
  return offsetZone(offsetText(Number(total)))
})
const nanosInstant = scalar('athena_from_unixtime_nanos', ['bigint'], 'timestamp', (nanos) => {
  if (nanos % 1000n !== 0n)
    throw new FunctionError(
      'from_unixtime_nanos: times have microseconds here; round the nanoseconds to them',
    )
  return nanos / 1000n
})
const parseDuration = scalar('athena_parse_duration', ['varchar'], 'bigint', (written) => {
  const [, value = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$/.exec(written.slice(0, 400)) ?? []
  const millis = durationUnits[unit]
  if (value === '' || millis === undefined)
    throw new FunctionError("not a duration: write it as in '3.5m', with ns, us, ms, s, m, h or d")
  const result = Math.floor(Number(value) * millis + 0.5)
  if (!(result < 2 ** 63)) throw new FunctionError('parse_duration: the value is too large')
  return BigInt(result)
})
const durationUnits: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const part = (name: string, unit: number, of: number): Definition => ({
  signature: `${name}(interval day to second) -> bigint`,
  make: of === 0 ? `($1 // ${unit})` : `(($1 // ${unit}) % ${of})`,
})

/** The seconds of the zone's offset. */
const offsetSeconds = (value: Expr | undefined, tools: Tools, body: (seconds: string) => string) =>
  apart(value, tools, (instant, zone) =>
    body(`CAST((epoch_ms(${tools.toLocal(instant, zone)}) - epoch_ms(${instant})) // 1000 AS BIGINT)`),
  )

/** Dates and times. Names of EXTRACT are those of the functions: `EXTRACT(DOW FROM x)` is `dow(x)`. */
export const datetimeFunctions: readonly Definition[] = [
  ...ofLocal('year', 'bigint', (x) => `year(${x})`),
  { signature: 'year(interval year to month) -> bigint', make: 'CAST($1 // 12 AS BIGINT)' },
  ...ofLocal('quarter', 'bigint', (x) => `quarter(${x})`),
  ...ofLocal('month', 'bigint', (x) => `month(${x})`),
  { signature: 'month(interval year to month) -> bigint', make: 'CAST($1 % 12 AS BIGINT)' },
  ...['week', 'week_of_year'].flatMap((name) => ofLocal(name, 'bigint', (x) => `week(${x})`)),
  ...['year_of_week', 'yow'].flatMap((name) => ofLocal(name, 'bigint', (x) => `isoyear(${x})`)),
  ...['day', 'day_of_month'].flatMap((name) => [
    ...ofLocal(name, 'bigint', (x) => `day(${x})`),
    part(name, 86_400_000, 0),
  ]),
  ...['day_of_week', 'dow'].flatMap((name) => ofLocal(name, 'bigint', (x) => `isodow(${x})`)),
  ...['day_of_year', 'doy'].flatMap((name) => ofLocal(name, 'bigint', (x) => `dayofyear(${x})`)),
  ...ofClock('hour', (x) => `hour(${x})`),
  part('hour', 3_600_000, 24),
  ...ofClock('minute', (x) => `minute(${x})`),
  part('minute', 60_000, 60),
  ...ofClock('second', (x) => `second(${x})`),
  part('second', 1000, 60),
  ...ofClock('millisecond', (x) => `(millisecond(${x}) % 1000)`),
  part('millisecond', 1, 1000),
  {
    signature: 'timezone_hour(timestamp(p) with time zone) -> bigint',
    make: ([value], _, tools) => offsetSeconds(value, tools, (seconds) => `(${seconds} // 3600)`),
  },
  {
    signature: 'timezone_minute(timestamp(p) with time zone) -> bigint',
    make: ([value], _, tools) => offsetSeconds(value, tools, (seconds) => `((${seconds} // 60) % 60)`),
  },
  ...ofLocal('last_day_of_month', 'date', (x) => `last_day(${x})`),
  { signature: 'date(date) -> date', make: '$1' },
  { signature: 'date(varchar) -> date', make: temporalScalars.parseDate },
  { signature: 'date(timestamp(p)) -> date', make: 'CAST($1 AS DATE)' },
  {
    signature: 'date(timestamp(p) with time zone) -> date',
    make: ([value], _, tools) => shown(value, tools, (local) => `CAST(${local} AS DATE)`),
  },
  { signature: 'date_trunc(varchar, date) -> date', make: truncate('date', 'DATE') },
  { signature: 'date_trunc(varchar, time(p)) -> time(p)', make: truncate('time', 'TIME') },
  {
    signature: 'date_trunc(varchar, timestamp(p)) -> timestamp(p)',
    make: truncate('timestamp', 'TIMESTAMP'),
  },
  {
    signature: 'date_trunc(varchar, timestamp(p) with time zone) -> timestamp(p) with time zone',
    make: truncateZoned,
  },
  { signature: 'date_add(varchar, bigint, date) -> date', make: add('date', 'DATE') },
  { signature: 'date_add(varchar, bigint, time(p)) -> time(p)', make: add('time', 'TIME') },
  {
    signature: 'date_add(varchar, bigint, timestamp(p)) -> timestamp(p)',
    make: add('timestamp', 'TIMESTAMP'),
  },
  {
    signature: 'date_add(varchar, bigint, timestamp(p) with time zone) -> timestamp(p) with time zone',
    make: addZoned,
  },
  { signature: 'date_diff(varchar, date, date) -> bigint', make: diff('date') },
  { signature: 'date_diff(varchar, time(p), time(p)) -> bigint', make: diff('time') },
  { signature: 'date_diff(varchar, timestamp(p), timestamp(p)) -> bigint', make: diff('timestamp') },
  {
    signature: 'date_diff(varchar, timestamp(p) with time zone, timestamp(p) with time zone) -> bigint',
    make: diffZoned,
  },
  { signature: 'date_format(timestamp(p), varchar) -> varchar', make: dateFormat },
  {
    signature: 'date_format(timestamp(p) with time zone, varchar) -> varchar',
    make: ([value, format], _, tools) =>
      shown(value, tools, (local) => `athena_date_format(${local}, ${format?.sql})`),
    uses: [dateFormat],
  },
  { signature: 'date_parse(varchar, varchar) -> timestamp(3)', make: dateParse },
  { signature: 'format_datetime(timestamp(p), varchar) -> varchar', make: formatDatetime },
  {
    signature: 'format_datetime(timestamp(p) with time zone, varchar) -> varchar',
    make: ([value, format], _, tools) =>
      apart(
        value,
        tools,
        (instant, zone) =>
          `athena_format_datetime_zone(${tools.toLocal(instant, zone)}, ${instant}, ${zone}, ${format?.sql})`,
      ),
    uses: [formatZoned],
    note: 'The letter `z` is done for UTC, offsets and the zones of the USA.',
  },
  {
    signature: 'parse_datetime(varchar, varchar) -> timestamp(3) with time zone',
    make: (args, _, tools) =>
      tools.bind(args, (written = '', format = '') => {
        const zone = `athena_parse_datetime_zone(${written}, ${format})`
        return tools.bind(
          [tools.expr(zone, { kind: 'varchar' })],
          (z = '') =>
            `CASE WHEN ${z} IS NOT NULL THEN ${tools.zonedOf(tools.toInstant(`athena_parse_datetime_local(${written}, ${format})`, z), z)} END`,
        )
      }),
    uses: [datetimeLocal, datetimeZone],
  },
  {
    signature: 'from_iso8601_timestamp(varchar) -> timestamp(3) with time zone',
    make: (args, _, tools) =>
      tools.bind(
        args,
        (x = '') =>
          `CASE WHEN ${x} IS NOT NULL THEN ${tools.zonedOf(`athena_iso_instant(${x})`, `athena_iso_zone(${x})`)} END`,
      ),
    uses: [isoInstant, isoZone],
  },
  { signature: 'from_iso8601_date(varchar) -> date', make: isoDate },
  { signature: 'to_iso8601(date) -> varchar(16)', make: isoDateText },
  {
    signature: 'to_iso8601(timestamp(p)) -> varchar',
    make: ([value]) => `athena_to_iso8601(${value?.sql}, ${value ? precisionOf(value.type) : 3})`,
    uses: [isoTimeText],
  },
  {
    signature: 'to_iso8601(timestamp(p) with time zone) -> varchar',
    make: ([value], _, tools) =>
      apart(
        value,
        tools,
        (instant, zone) =>
          `athena_to_iso8601_zone(${tools.toLocal(instant, zone)}, ${instant}, ${value ? precisionOf(value.type) : 3})`,
      ),
    uses: [isoZonedText],
  },
  {
    signature: 'from_unixtime(double) -> timestamp(3) with time zone',
    make: (args, _, tools) =>
      tools.bind(
        args,
        (x = '') =>
          `CASE WHEN ${x} IS NOT NULL THEN ${tools.zonedOf(`athena_from_unixtime(${x})`, "'UTC'")} END`,
      ),
    uses: [fromUnixtime],
  },
  {
    signature: 'from_unixtime(double, varchar) -> timestamp(3) with time zone',
    make: ([seconds, zone], _, tools) =>
      tools.bind(
        seconds
          ? [seconds, tools.expr(zoneSql(zone), { kind: 'varchar' }, typeof zone?.literal === 'string')]
          : [],
        (x = '', z = '') =>
          `CASE WHEN ${x} IS NOT NULL AND ${z} IS NOT NULL THEN ${tools.zonedOf(`athena_from_unixtime(${x})`, z)} END`,
      ),
    uses: [fromUnixtime, zoneFunction],
  },
  {
    signature: 'from_unixtime(double, bigint, bigint) -> timestamp(3) with time zone',
    make: (args, _, tools) =>
      tools.bind(
        args,
        (x, h, m) =>
          `CASE WHEN ${x} IS NOT NULL AND ${h} IS NOT NULL AND ${m} IS NOT NULL THEN ${tools.zonedOf(`athena_from_unixtime(${x})`, `athena_offset_zone(${h}, ${m})`)} END`,
      ),
    uses: [fromUnixtime, offsetOfParts],
  },
  {
    signature: 'from_unixtime_nanos(bigint) -> timestamp(6) with time zone',
    make: (args, _, tools) =>
      tools.bind(
        args,
        (x = '') =>
          `CASE WHEN ${x} IS NOT NULL THEN ${tools.zonedOf(`athena_from_unixtime_nanos(${x})`, "'UTC'")} END`,
      ),
    uses: [nanosInstant],
    note: 'Of whole microseconds.',
  },
  { signature: 'to_unixtime(timestamp(p)) -> double', make: '(epoch_us($1) / 1e6)' },
  {
    signature: 'to_unixtime(timestamp(p) with time zone) -> double',
    make: ([value], _, tools) => (value ? `(epoch_us(${tools.instantOf(value)}) / 1e6)` : 'NULL'),
  },
  {
    signature: 'unix_timestamp(timestamp(p)) -> bigint',
    make: 'CAST(floor(epoch_us($1) / 1e6) AS BIGINT)',
    note: 'Hive’s function, which Athena lacks: there it is sent as `CAST(floor(to_unixtime(x)) AS bigint)`.',
  },
  {
    signature: 'unix_timestamp(timestamp(p) with time zone) -> bigint',
    make: ([value], _, tools) =>
      value ? `CAST(floor(epoch_us(${tools.instantOf(value)}) / 1e6) AS BIGINT)` : 'NULL',
  },
  {
    signature: 'with_timezone(timestamp(p), varchar) -> timestamp(p) with time zone',
    make: ([time, zone], _, tools) =>
      tools.bind(
        time ? [time, tools.expr(zoneSql(zone), { kind: 'varchar' }, typeof zone?.literal === 'string')] : [],
        (x = '', z = '') =>
          `CASE WHEN ${x} IS NOT NULL AND ${z} IS NOT NULL THEN ${tools.zonedOf(tools.toInstant(x, z), z)} END`,
      ),
    uses: [zoneFunction],
  },
  { signature: 'to_milliseconds(interval day to second) -> bigint', make: '$1' },
  { signature: 'parse_duration(varchar) -> interval day to second', make: parseDuration },
]

/** Functions on times that Athena documents and that are not done here. */
export const refusedDatetimeFunctions: readonly { readonly name: string; readonly instead: string }[] = [
  { name: 'from_iso8601_timestamp_nanos', instead: 'use from_iso8601_timestamp, which gives milliseconds' },
]
