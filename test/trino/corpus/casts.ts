import { type Probe, pairs } from './probe.ts'
import { castName, scalarTypes, valuesOf } from './values.ts'

const texts = (...values: readonly string[]) => values.map((value) => `'${value.replaceAll("'", "''")}'`)

/** Texts that some reader of numbers, dates or truths takes and another does not. */
const readings: { readonly [type: string]: readonly string[] } = {
  boolean: texts('true', 'TRUE', 't', 'yes', 'on', '1', 'y', 'f', 'false', '0', 'no', ' true ', ''),
  integer: texts(
    '12',
    '-12',
    '+12',
    ' 12 ',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '',
    '2147483648',
    '٣',
    '12a',
    '0012',
  ),
  tinyint: texts('12', '128', '1.0', ' 1'),
  smallint: texts('12', '32768', '1.0', ' 1'),
  bigint: texts('12', '9223372036854775807', '9223372036854775808', '1.0', '1e3', ' 12', '0x10', '1_000'),
  real: texts(
    '1.5',
    '1e3',
    'NaN',
    'nan',
    'Infinity',
    'inf',
    '-Infinity',
    ' 1.5 ',
    '1.5f',
    '0x1p3',
    '1_0',
    '',
  ),
  double: texts(
    '1.5',
    '1e3',
    '1E-3',
    'NaN',
    'nan',
    'Infinity',
    'inf',
    '-Infinity',
    ' 1.5 ',
    '1.5d',
    '0x1p3',
    '1_0',
    '',
    '.5',
    '5.',
  ),
  decimal: texts('1.5', '-1.005', '1.235', '1e3', ' 1.5', '', '99999.995', '123456', '.5', '5.', '1_0', '+2'),
  'decimal(38,3)': texts('1.5', '1.0005', '1e30', '12345678901234567890.125', 'x'),
  varchar: texts('x'),
  char: texts('abcdef', 'é', 'a  '),
  varbinary: texts('abc', 'é'),
  date: texts(
    '2025-02-03',
    '2025/02/03',
    '2025-2-3',
    ' 2025-02-03 ',
    '20250203',
    'epoch',
    '2025-02-30',
    '2025-02-03 10:00:00',
    '-0001-01-01',
    '10000-01-01',
    '',
    'infinity',
  ),
  time: texts('10:20:30', '10:20', '10:20:30.123456', '24:00:00', '1:2:3', ' 10:20:30', '10'),
  'timestamp(0)': texts('2025-02-03 10:20:30', '2025-02-03 10:20:30.999', '2025-02-03'),
  'timestamp(3)': texts(
    '2025-02-03 10:20:30.123',
    '2025-02-03 10:20:30',
    '2025-02-03 10:20',
    '2025-02-03',
    '2025-02-03T10:20:30',
    '2025-02-03 10:20:30.1239',
    '2025-02-03 10:20:30 +08:00',
    '2025-02-03 10:20:30 America/New_York',
    '2025-02-03 10:20:30Z',
    '2025-2-3 1:2:3',
    'epoch',
    '2025-02-03 24:00:00',
    ' 2025-02-03 10:20:30 ',
    'now',
    '',
  ),
  'timestamp(6)': texts('2025-02-03 10:20:30.123456', '2025-02-03 10:20:30.1234567', '2025-02-03'),
  'timestamp(3) with time zone': texts(
    '2025-02-03 10:20:30.123 UTC',
    '2025-02-03 10:20:30 +08:00',
    '2025-02-03 10:20:30+08:00',
    '2025-03-09 02:30:00 America/New_York',
    '2025-11-02 01:30:00 America/New_York',
    '2025-02-03 10:20:30',
    '2025-02-03',
    '2025-02-03T10:20:30Z',
    '2025-02-03 10:20:30 nowhere',
  ),
  'interval day to second': texts('1 02:03:04.567', '1', '1 day'),
  'interval year to month': texts('1-2', '1'),
  json: texts('{"a":1}', 'x', '', 'null'),
}

const doubles = [
  '0.5e0',
  '1.5e0',
  '2.5e0',
  '-0.5e0',
  '-2.5e0',
  '0.1e0',
  '1e21',
  '1e-5',
  '123456.789e0',
  '2147483647.5e0',
  '9.3e18',
  '-0e0',
  '1e7',
  '9999999e0',
  '0.001e0',
  '100e0',
]
const decimals = [
  "DECIMAL '0.5'",
  "DECIMAL '1.5'",
  "DECIMAL '2.5'",
  "DECIMAL '-2.5'",
  "DECIMAL '127.49'",
  "DECIMAL '2147483647.5'",
  "DECIMAL '0.005'",
  "DECIMAL '1.115'",
]
const sizes = [
  'varchar(2)',
  'varchar(0)',
  'varchar(10)',
  'char(2)',
  'char(10)',
  'decimal(3,1)',
  'decimal(2,2)',
  'decimal(18,0)',
  'decimal(38,10)',
  'timestamp',
  'timestamp(1)',
  'timestamp(9)',
  'timestamp with time zone',
  'timestamp(6) with time zone',
  'time(0)',
  'time(6)',
]

/** The types below, and texts, dates and lists among them, of which a cast is tried besides those between scalars. */
const nested: readonly (readonly [value: string, types: readonly string[]])[] = [
  [
    'ARRAY[1, NULL, 3]',
    [
      'array(varchar)',
      'array(double)',
      'array(tinyint)',
      'json',
      'varchar',
      'array(boolean)',
      'map(integer,integer)',
      'array(array(integer))',
    ],
  ],
  ["ARRAY['1', NULL, 'x']", ['array(integer)', 'array(double)', 'json', 'array(varchar(1))']],
  ['ARRAY[1.5e0, 2.5e0]', ['array(integer)', 'array(varchar)', 'array(decimal(3,1))', 'json']],
  ["ARRAY[DATE '2025-02-03']", ['array(varchar)', 'array(timestamp)', 'json']],
  [
    "MAP(ARRAY['1', '2'], ARRAY[1, NULL])",
    ['map(integer,varchar)', 'map(varchar,double)', 'json', 'map(double,boolean)'],
  ],
  ["MAP(ARRAY['1', '01'], ARRAY[1, 2])", ['map(integer,integer)']],
  ["MAP(ARRAY[1, 2], ARRAY[DATE '2025-02-03', NULL])", ['map(varchar,timestamp)', 'json']],
  [
    "ROW(1, 'a', NULL)",
    [
      'row(x varchar, y varchar, z integer)',
      'row(varchar,varchar,double)',
      'json',
      'row(x integer)',
      'varchar',
    ],
  ],
  [
    "CAST(ROW(1, 'a') AS row(n integer, t varchar))",
    ['row(t varchar, n varchar)', 'json', 'row("Mixed" double, "with space" varchar)'],
  ],
  [
    "JSON '[1, null, 3]'",
    [
      'array(integer)',
      'array(varchar)',
      'array(json)',
      'array(boolean)',
      'varchar',
      'map(varchar,integer)',
      'row(a integer, b integer, c integer)',
      'row(a integer)',
    ],
  ],
  [
    `JSON '{"a":1,"b":null}'`,
    [
      'map(varchar,integer)',
      'map(varchar,json)',
      'row(a integer, b varchar)',
      'row(b varchar, a integer, c double)',
      'row(a varchar)',
      'array(integer)',
      'varchar',
      'map(integer,integer)',
    ],
  ],
  [`JSON '{"1":"2","3":"4"}'`, ['map(integer,integer)', 'map(bigint,double)', 'map(varchar,varchar)']],
  [
    `JSON '{"a":[{"b":1},{"b":2}]}'`,
    ['row(a array(row(b integer)))', 'map(varchar,array(map(varchar,integer)))', 'map(varchar,json)'],
  ],
  [`JSON '"2025-02-03"'`, ['varchar', 'date', 'timestamp', 'integer', 'double']],
  [`JSON '"12"'`, ['integer', 'bigint', 'double', 'decimal(5,2)', 'boolean', 'varchar(1)']],
  ["JSON '1.5'", ['integer', 'bigint', 'double', 'real', 'decimal(5,2)', 'boolean', 'varchar', 'tinyint']],
  ["JSON '2.5'", ['integer', 'smallint']],
  ["JSON '300'", ['tinyint', 'integer', 'varchar', 'boolean', 'double']],
  ["JSON '1e3'", ['integer', 'double', 'varchar', 'decimal(6,1)']],
  ["JSON '12345678901234567890'", ['bigint', 'double', 'varchar', 'decimal(20,0)']],
  ["JSON 'true'", ['boolean', 'integer', 'double', 'varchar', 'decimal(3,1)']],
  [`JSON '"true"'`, ['boolean', 'varchar']],
  [
    "JSON 'null'",
    [
      'boolean',
      'integer',
      'double',
      'varchar',
      'array(integer)',
      'map(varchar,integer)',
      'row(a integer)',
      'json',
    ],
  ],
  ['NULL', ['integer', 'varchar', 'array(integer)', 'row(a integer)', 'json', 'timestamp', 'decimal(5,2)']],
]

/** A time of day becomes a timestamp of today, which no recording holds. */
const isTimeless = ([from, to]: readonly [string, string]) => from !== 'time' || !to.startsWith('timestamp')

/** CAST and TRY_CAST of every type to every other, over edges. */
export function casts(): readonly Probe[] {
  const numbersOfMore: { readonly [type: string]: readonly string[] } = { double: doubles, decimal: decimals }
  const between = pairs(scalarTypes, scalarTypes)
    .filter(isTimeless)
    .flatMap(([from, to]): readonly Probe[] => {
      const own = from === 'varchar' ? (readings[to] ?? []) : (numbersOfMore[from] ?? [])
      const values = from === 'varchar' ? [...own, 'NULL'] : [...valuesOf(from), ...own]
      const group = `cast ${from} to ${to}`
      const rows = values.map((value) => [value])
      const cast = `CAST(a AS ${castName(to)})`
      if (from !== 'varchar') return [{ group, expressions: [cast], rows }]
      if (own.length === 0) return []
      return [
        { group, expressions: [cast], rows },
        { group, expressions: [`TRY_CAST(a AS ${castName(to)})`], rows },
      ]
    })
  const sized = pairs(
    [
      'varchar',
      'integer',
      'double',
      'decimal',
      'date',
      'timestamp(6)',
      'timestamp(3) with time zone',
      'time',
      'boolean',
      'json',
    ],
    sizes,
  )
    .filter(isTimeless)
    .map(
      ([from, size]): Probe => ({
        group: `cast ${from} to sizes`,
        expressions: [`CAST(a AS ${size})`],
        rows: (from === 'varchar' && /time/.test(size)
          ? texts('2025-02-03 10:20:30.123456', '10:20:30.987654', '2025-02-03 10:20:30.5 +01:00')
          : from === 'varchar' && /decimal/.test(size)
            ? texts('1.25', '12.35', '0.999', '12345678901')
            : valuesOf(from)
        ).map((value) => [value]),
      }),
    )
  const tried = pairs(
    ['double', 'decimal', 'bigint', 'timestamp(3)', 'json'],
    ['tinyint', 'integer', 'bigint', 'date', 'boolean'],
  ).map(
    ([from, to]): Probe => ({
      group: `try_cast ${from} to ${to}`,
      expressions: [`TRY_CAST(a AS ${to})`],
      rows: valuesOf(from).map((value) => [value]),
    }),
  )
  const deep = nested.flatMap(([value, types]) =>
    types.map(
      (type): Probe => ({
        group: `cast nested`,
        expressions: [`CAST(a AS ${type})`],
        rows: [[value], ['NULL']],
      }),
    ),
  )
  return [...between, ...sized, ...tried, ...deep]
}
