import { type Probe, pairs } from './probe.ts'
import { valuesOf } from './values.ts'

const rowsOf = (type: string) => valuesOf(type).map((value) => [value])
const types = [
  'date',
  'time',
  'timestamp(3)',
  'timestamp(6)',
  'timestamp(3) with time zone',
  'interval day to second',
  'interval year to month',
]
const fields = [
  'YEAR',
  'QUARTER',
  'MONTH',
  'WEEK',
  'DAY',
  'DAY_OF_MONTH',
  'DAY_OF_WEEK',
  'DOW',
  'DAY_OF_YEAR',
  'DOY',
  'YEAR_OF_WEEK',
  'YOW',
  'HOUR',
  'MINUTE',
  'SECOND',
  'TIMEZONE_HOUR',
  'TIMEZONE_MINUTE',
  'MILLISECOND',
  'EPOCH',
  'CENTURY',
]
const units = ['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']
const zones = [
  "'America/New_York'",
  "'UTC'",
  "'Asia/Kolkata'",
  "'+08:00'",
  "'-05:30'",
  "INTERVAL '5' HOUR",
  "'nowhere'",
]

/** Pairs of times between which units are counted: ends of months, leap days, hours that a zone skips or repeats. */
const spans: { readonly [type: string]: readonly (readonly [string, string])[] } = {
  date: [
    ["DATE '2025-01-31'", "DATE '2025-03-01'"],
    ["DATE '2024-02-29'", "DATE '2025-02-28'"],
    ["DATE '2025-03-01'", "DATE '2025-01-31'"],
    ["DATE '1969-12-31'", "DATE '1970-01-01'"],
  ],
  timestamp: [
    ["TIMESTAMP '2025-01-31 12:00:00.000'", "TIMESTAMP '2025-02-28 11:59:59.999'"],
    ["TIMESTAMP '2025-01-01 23:59:59.500'", "TIMESTAMP '2025-01-02 00:00:00.000'"],
    ["TIMESTAMP '2025-03-31 00:00:00.000'", "TIMESTAMP '2025-02-28 00:00:00.001'"],
    ["TIMESTAMP '2023-12-31 00:00:00.000'", "TIMESTAMP '2025-01-01 00:00:00.000'"],
  ],
  zoned: [
    [
      "TIMESTAMP '2025-03-08 12:00:00.000 America/New_York'",
      "TIMESTAMP '2025-03-09 12:00:00.000 America/New_York'",
    ],
    [
      "TIMESTAMP '2025-11-01 12:00:00.000 America/New_York'",
      "TIMESTAMP '2025-11-02 11:30:00.000 America/New_York'",
    ],
    ["TIMESTAMP '2025-01-31 23:00:00.000 -05:00'", "TIMESTAMP '2025-02-28 23:00:00.000 Asia/Tokyo'"],
  ],
}

/** Times before a change of the clock, to which units are added. */
const starts: { readonly [type: string]: readonly string[] } = {
  date: ["DATE '2025-01-31'", "DATE '2024-02-29'", "DATE '1969-12-31'"],
  time: ["TIME '23:30:00.000'"],
  timestamp: ["TIMESTAMP '2025-01-31 10:20:30.123'", "TIMESTAMP '2024-02-29 23:59:59.999'"],
  zoned: [
    "TIMESTAMP '2025-03-08 02:30:00.000 America/New_York'",
    "TIMESTAMP '2025-03-09 01:30:00.000 America/New_York'",
    "TIMESTAMP '2025-11-02 00:30:00.000 America/New_York'",
    "TIMESTAMP '2025-01-31 23:00:00.000 -05:00'",
  ],
}

const formats = [
  '%Y-%m-%d %H:%i:%s',
  '%a %d %b %Y',
  '%Y-%m-%d',
  '%e %c %Y',
  '%H:%i',
  '%h:%i %p',
  '%Y-%m-%d %r',
  '%Y-%m-%d %T',
  '%j %Y',
  '%y-%m-%d',
  '%Y-%m-%d %H:%i:%s.%f',
  '%W %M %d %Y',
  '%s',
  '%x-%v',
  '%k:%i',
  '%l %p',
  '%%%Y',
  '%S',
  '%D',
  '%Y%m%d',
  'day %d of %M %Y',
  '%I:%i %p',
  '%w',
]
const inputs = [
  '2025-02-03 18:05:09',
  'Mon 03 Feb 2025',
  '2025-02-03',
  '3 2 2025',
  '18:05',
  '06:05 PM',
  '2025-02-03 06:05:09 PM',
  '034 2025',
  '25-02-03',
  '2025-02-03 18:05:09.123456',
  'Monday February 03 2025',
  '9',
  '2025-06',
  '6 PM',
  '%2025',
  '20250203',
  'day 03 of February 2025',
  '2025-02-30',
  '',
  ' 2025-02-03',
]
const patterns = [
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-dd',
  'dd MMM yyyy',
  'EEE dd MMM yyyy',
  'HH:mm',
  'hh:mm a',
  "yyyy-MM-dd'T'HH:mm:ss.SSS",
  'yyyy-MM-dd HH:mm:ss Z',
  'yyyy-MM-dd HH:mm:ss ZZZ',
  'xxxx-ww',
  'yyyy-DDD',
  'yy-MM-dd',
  'yyyyMMdd',
  'y-M-d',
]
const jodaInputs = [
  '2025-02-03 18:05:09',
  '2025-02-03',
  '03 Feb 2025',
  'Mon 03 Feb 2025',
  '18:05',
  '06:05 PM',
  '2025-02-03T18:05:09.123',
  '2025-02-03 18:05:09 +0800',
  '2025-02-03 18:05:09 America/New_York',
  '2025-06',
  '2025-034',
  '25-02-03',
  '20250203',
  '2025-2-3',
  '2025-02-30',
  '',
]

/** Fields, units, zones and formats of times. */
export function times(): readonly Probe[] {
  const extracts = types.map(
    (type): Probe => ({
      group: `extract from ${type}`,
      expressions: fields.map((field) => `EXTRACT(${field} FROM a)`),
      rows: rowsOf(type),
    }),
  )
  const kinds = ['date', 'timestamp', 'zoned'] as const
  const differences = pairs(kinds, units).map(
    ([kind, unit]): Probe => ({
      group: `date_diff ${kind}`,
      expressions: [`date_diff('${unit}', a, b)`, `date_diff('${unit}', b, a)`],
      rows: spans[kind] ?? [],
    }),
  )
  const sums = pairs(['date', 'time', 'timestamp', 'zoned'], units).map(
    ([kind, unit]): Probe => ({
      group: `date_add ${kind}`,
      expressions: [`date_add('${unit}', b, a)`],
      rows: pairs(starts[kind] ?? [], ['1', '-1', '25']),
    }),
  )
  const truncated = ['time', 'timestamp(6)'].map(
    (type): Probe => ({
      group: `date_trunc ${type}`,
      expressions: units.map((unit) => `date_trunc('${unit}', a)`),
      rows: rowsOf(type),
    }),
  )
  const moved = pairs(starts.zoned ?? [], [
    "INTERVAL '1' DAY",
    "INTERVAL '24' HOUR",
    "INTERVAL '1' MONTH",
    "INTERVAL '-1' HOUR",
  ]).map(
    ([start, interval]): Probe => ({
      group: 'interval across a clock change',
      expressions: [`a + ${interval}`, `a - ${interval}`],
      rows: [[start]],
    }),
  )
  const zoned = pairs(
    ['timestamp(3)', 'timestamp(6)', 'timestamp(3) with time zone', 'date', 'time', 'varchar'],
    zones,
  ).map(
    ([type, zone]): Probe => ({
      group: `at time zone ${type}`,
      expressions: [`a AT TIME ZONE ${zone}`],
      rows: rowsOf(type).slice(0, 5),
    }),
  )
  const z = (text: string) => [`TIMESTAMP '${text}'`]
  const instants = [
    z('2025-02-13 02:00:00.000'),
    z('2025-03-09 07:30:00.000'),
    z('2025-11-02 05:30:00.000'),
    ['NULL'],
  ]
  const ny = "a AT TIME ZONE 'America/New_York'"
  const uses: Probe = {
    group: 'uses of at time zone',
    expressions: [
      `hour(${ny})`,
      `CAST(${ny} AS date)`,
      `CAST(${ny} AS timestamp)`,
      `CAST(${ny} AS varchar)`,
      `date_trunc('day', ${ny})`,
      `to_unixtime(${ny})`,
      `${ny} >= a`,
      `${ny} = a AT TIME ZONE 'UTC'`,
      `${ny} AT TIME ZONE 'Asia/Tokyo'`,
      `date_format(${ny}, '%Y-%m-%d %H:%i')`,
      `format_datetime(${ny}, 'yyyy-MM-dd HH:mm ZZ')`,
      `to_iso8601(${ny})`,
      `${ny} + INTERVAL '1' DAY`,
      `date_diff('hour', a, ${ny})`,
      `day_of_week(${ny})`,
      `date(${ny})`,
      `last_day_of_month(${ny})`,
      `timezone_hour(${ny})`,
      `with_timezone(a, 'America/New_York')`,
      `at_timezone(with_timezone(a, 'UTC'), 'America/New_York')`,
      `year(${ny})`,
      `minute(${ny})`,
      `CAST(${ny} AS timestamp(3) with time zone)`,
      `coalesce(${ny}, a AT TIME ZONE 'UTC')`,
      `ARRAY[${ny}]`,
      `typeof(${ny})`,
      `unix(${ny})`,
    ],
    rows: instants,
  }
  const text = (values: readonly string[]) => values.map((value) => [`'${value}'`])
  const parsed = formats.map(
    (format): Probe => ({
      group: 'date_parse formats',
      expressions: [`date_parse(a, '${format}')`],
      rows: text(inputs),
    }),
  )
  const joda = patterns.map(
    (pattern): Probe => ({
      group: 'parse_datetime patterns',
      expressions: [`parse_datetime(a, '${pattern.replaceAll("'", "''")}')`],
      rows: text(jodaInputs),
    }),
  )
  const instant = [
    ...rowsOf('timestamp(3)').slice(0, 4),
    z('2025-12-07 00:05:09.007'),
    z('2024-01-01 12:00:00.000'),
  ]
  const specifiers = [...'abcdefhiHIjklmMprsSTvWxyYDUuVwX%q'].map((letter) => `'%${letter}'`)
  const letters = [...'GCYyxweEDMdaKhHkmsSzZ']
    .flatMap((letter) => [letter, letter.repeat(2), letter.repeat(3), letter.repeat(4)])
    .map((word) => `'${word}'`)
  const chunks = (list: readonly string[], size: number) =>
    Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size))
  const formatted = [
    ...chunks(specifiers, 3).map(
      (some): Probe => ({
        group: 'date_format specifiers',
        expressions: some.map((one) => `date_format(a, ${one})`),
        rows: instant,
      }),
    ),
    ...chunks(letters, 4).map(
      (some): Probe => ({
        group: 'format_datetime letters',
        expressions: some.map((one) => `format_datetime(a, ${one})`),
        rows: instant,
      }),
    ),
    ...chunks(letters, 8).map(
      (some): Probe => ({
        group: 'format_datetime letters',
        expressions: some.map((one) => `format_datetime(a, ${one})`),
        rows: rowsOf('timestamp(3) with time zone').slice(0, 4),
      }),
    ),
  ]
  return [
    ...extracts,
    ...differences,
    ...sums,
    ...truncated,
    ...moved,
    ...zoned,
    uses,
    ...parsed,
    ...joda,
    ...formatted,
  ]
}
