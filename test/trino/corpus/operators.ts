import { type Probe, pairs, vary } from './probe.ts'
import { valuesOf } from './values.ts'

const numeric = ['tinyint', 'smallint', 'integer', 'bigint', 'real', 'double', 'decimal', 'decimal(38,3)']
const timely = ['date', 'time', 'timestamp(3)', 'timestamp(6)', 'timestamp(3) with time zone']
const intervals = ['interval day to second', 'interval year to month']
const others = [
  'boolean',
  'varchar',
  'char',
  'varbinary',
  'json',
  'array(integer)',
  'map(varchar,integer)',
  'row(integer,varchar)',
]

const binary = (
  group: string,
  operators: readonly string[],
  left: string,
  right: string,
  max: number,
): Probe => ({
  group: `${group} ${left}, ${right}`,
  expressions: operators.map((operator) => `a ${operator} b`),
  rows: vary([valuesOf(left).slice(0, 5), [...valuesOf(right).slice(0, 4), 'NULL']], max),
})

/** Values of a numeric type whose sums and products are in its range. */
const modest = (type: string) =>
  valuesOf(type)
    .filter((value) => !/\d{8}|\b(?:127|128|32767|32768)\b|E38|1e300/.test(value))
    .slice(0, 4)
    .concat(type === 'integer' ? ['2'] : [], 'NULL')

/** Operators over pairs of types, among them those that Trino does not take. */
export function operators(): readonly Probe[] {
  const arithmetic = pairs(numeric, numeric).map(
    ([left, right]): Probe => ({
      group: `arithmetic ${left}, ${right}`,
      expressions: ['+', '-', '*', '/', '%'].map((operator) => `a ${operator} b`),
      rows: vary([modest(left), modest(right).filter((value) => !/'0|^0/.test(value))], 7),
    }),
  )
  const ofTimes = [
    ...pairs(timely, [...intervals, 'integer', 'date', 'timestamp(3)', 'varchar']),
    ...pairs(intervals, [...intervals, 'integer', 'double', 'date', 'timestamp(3)']),
  ].flatMap(([left, right]) =>
    ['+', '-', ...(left.startsWith('interval') ? ['*', '/'] : [])].map((operator) =>
      binary(`operator ${operator}`, [operator], left, right, 10),
    ),
  )
  const same = [...numeric, ...timely, ...intervals, ...others].map((type) =>
    binary('comparison', ['=', '<>', '<', '>=', 'IS DISTINCT FROM'], type, type, 10),
  )
  const mixed = pairs(
    [
      'integer',
      'double',
      'decimal',
      'varchar',
      'boolean',
      'date',
      'timestamp(3)',
      'timestamp(3) with time zone',
      'json',
      'char',
      'array(integer)',
    ],
    [
      'bigint',
      'double',
      'decimal',
      'varchar',
      'date',
      'timestamp(3)',
      'timestamp(3) with time zone',
      'varbinary',
      'array(double)',
    ],
  )
    .filter(([left, right]) => left !== right)
    .map(([left, right]) => binary('comparison', ['='], left, right, 8))
  const concatenation = pairs(
    ['varchar', 'char', 'integer', 'varbinary', 'array(integer)', 'array(varchar)', 'json', 'date'],
    ['varchar', 'char', 'integer', 'varbinary', 'array(integer)', 'array(double)'],
  )
    // A list of char(65536) is too long to be kept.
    .filter(([left, right]) => left !== 'array(varchar)' || right !== 'char')
    .map(([left, right]) => binary('operator ||', ['||'], left, right, 8))
  return [...arithmetic, ...ofTimes, ...same, ...mixed, ...concatenation, ...logic(), ...subscripts()]
}

const truths = ['true', 'false', 'NULL']

function logic(): readonly Probe[] {
  const group = 'logic'
  const over = (rows: readonly (readonly string[])[], ...expressions: readonly string[]): Probe => ({
    group,
    expressions,
    rows,
  })
  const numbers = vary(
    [
      ['2', '1', '5', 'NULL'],
      ['1', '3', 'NULL'],
      ['3', '1', 'NULL'],
    ],
    16,
  )
  const words = vary([
    ["'hello'", "'h%llo'", "''", "'é_🎟'", "'a\nb'", "'HELLO'", 'NULL'],
    ["'h%'", "'%l_o'", "''", "'_'", "'é\\__'", "'%'", "'a_b'", 'NULL'],
  ])
  return [
    over(
      pairs(truths, truths),
      'a AND b',
      'a OR b',
      'NOT a',
      'a = b',
      'a IS NULL',
      'a IS NOT DISTINCT FROM b',
      'nullif(a, b)',
      'coalesce(a, b)',
    ),
    over(
      pairs(truths, truths),
      'IF(a, 1, 2)',
      'IF(a, 1)',
      'CASE WHEN a THEN 1 WHEN b THEN 2 END',
      'CASE a WHEN b THEN 1 ELSE 2 END',
    ),
    over(
      numbers,
      'a BETWEEN b AND c',
      'a NOT BETWEEN b AND c',
      'a IN (b, c)',
      'a NOT IN (b, c)',
      'a IN (1, NULL)',
      'a NOT IN (1, NULL)',
      'a IN (5)',
    ),
    over(
      numbers,
      'greatest(a, b, c)',
      'least(a, b, c)',
      'greatest(a)',
      'coalesce(a, b, c)',
      'nullif(a, b)',
      'CASE WHEN a > b THEN b WHEN a < c THEN c ELSE 0 END',
    ),
    over(numbers, '-a', '+a', 'a - -b', '- - a', 'a + b * c', '(a + b) * c', 'a - b - c', 'a % b * c'),
    over(words, 'a LIKE b', 'a NOT LIKE b', "a LIKE b ESCAPE '\\'"),
    over(
      words,
      "a LIKE 'h%'",
      "a LIKE '%l%'",
      "a LIKE '_____'",
      "a LIKE 'h#%%' ESCAPE '#'",
      "a LIKE ''",
      "a LIKE '%'",
    ),
    over(
      [["'a'"]],
      "a LIKE 'a#' ESCAPE '#'",
      "a LIKE 'a' ESCAPE ''",
      "a LIKE 'a' ESCAPE 'ab'",
      'a LIKE 1',
      'a LIKE NULL',
    ),
    over(
      numbers,
      'a = ANY (VALUES 1, 2, NULL)',
      'a <> ALL (VALUES 1, 2)',
      'a > ALL (VALUES 1, 1)',
      'a >= SOME (VALUES 4, 5)',
      'a < ALL (SELECT 1 WHERE false)',
      'a = ANY (SELECT 1 WHERE false)',
    ),
    over(
      numbers,
      'ROW(a, b) = ROW(2, 1)',
      'ROW(a, b) < ROW(2, 3)',
      '(a, b) IN ((2, 1), (1, NULL))',
      'ROW(a, b) IS DISTINCT FROM ROW(2, NULL)',
      '(a, b) = (b, a)',
    ),
    over(
      [['1', '2.5e0', "DECIMAL '1.50'", "'x'"]],
      'coalesce(a, b)',
      'coalesce(a, c)',
      'coalesce(b, c)',
      'IF(true, a, b)',
      'CASE WHEN false THEN a ELSE c END',
      'greatest(a, b, c)',
      'coalesce(a, d)',
      'IF(true, a, d)',
      'nullif(a, b)',
      'ARRAY[a, b, c]',
      'ARRAY[a, d]',
      'least(a, d)',
    ),
  ]
}

function subscripts(): readonly Probe[] {
  const group = 'subscript'
  const lists = vary([
    ['ARRAY[5, NULL, 7]', 'CAST(ARRAY[] AS array(integer))', 'NULL'],
    ['1', '2', '3', '4', '0', '-1', 'NULL'],
  ])
  const maps = vary([
    ["MAP(ARRAY['a', 'b'], ARRAY[1, NULL])", 'NULL'],
    ["'a'", "'b'", "'z'", 'NULL'],
  ])
  return [
    { group, expressions: ['a[b]'], rows: lists },
    { group, expressions: ['a[b]'], rows: maps },
    { group, expressions: ['a[1]', 'a[2]', 'a[3]'], rows: [["ROW(1, 'x')"], ['NULL']] },
    {
      group,
      expressions: ['a[1][1]', 'a[1][2].n', "a[2]['k']"],
      rows: [["ROW(ROW(1, CAST(ROW(2) AS row(n integer))), MAP(ARRAY['k'], ARRAY[9]))"]],
    },
    {
      group,
      expressions: ['a.n', 'a."T"', 'a.t', 'a.N', 'a.zz', 'a[1]'],
      rows: [['CAST(ROW(1, \'x\') AS row(n integer, "T" varchar))'], ['NULL']],
    },
  ]
}

const literalTexts: readonly string[] = [
  '1',
  '-1',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '1.0',
  '1.',
  '.5',
  '0.10',
  '00012',
  '1e0',
  '1E5',
  '1.5e-3',
  '-1e400',
  '0xFF',
  '0b101',
  '0o17',
  '1_000',
  '1_000.5',
  '1__0',
  '0x',
  '123456789012345678901234567890.5',
  "DECIMAL '1.50'",
  "DECIMAL '-0'",
  "DECIMAL '.5'",
  "DECIMAL '1e3'",
  "DECIMAL ' 1'",
  "DECIMAL '12345678901234567890123456789012345678'",
  "DECIMAL '123456789012345678901234567890123456789'",
  "DOUBLE '1.5'",
  "DOUBLE PRECISION '1.5'",
  "REAL '1.5'",
  "BIGINT '12'",
  "INTEGER '1'",
  "INTEGER 'x'",
  "BOOLEAN 'true'",
  "CHAR 'abc'",
  "VARCHAR 'abc'",
  'JSON \'{"a" : 1}\'',
  "JSON 'x'",
  "X'65683F'",
  "X'65 68'",
  "x'ab'",
  "X'6'",
  "X'zz'",
  "U&'Hello winter \\2603 !'",
  "U&'snow\\+01F600'",
  "U&'a#2603' UESCAPE '#'",
  "U&'bad \\26'",
  "'it''s'",
  "''",
  "'a\\nb'",
  "'line\nbreak'",
  "E'a\\nb'",
  "N'x'",
  '"x"',
  "'a' 'b'",
  "DATE '2025-02-13'",
  "DATE '2025-2-3'",
  "DATE '2025-02-30'",
  "DATE '12025-02-13'",
  "DATE '-0001-01-01'",
  "DATE ' 2025-02-13'",
  "DATE '2025-02-13 10:00:00'",
  "TIME '10:20:30'",
  "TIME '10:20'",
  "TIME '10:20:30.123456'",
  "TIME '10:20:30 +08:00'",
  "TIME '25:00:00'",
  "TIMESTAMP '2025-02-13'",
  "TIMESTAMP '2025-02-13 10:20'",
  "TIMESTAMP '2025-02-13 10:20:30'",
  "TIMESTAMP '2025-02-13 10:20:30.1'",
  "TIMESTAMP '2025-02-13 10:20:30.123456'",
  "TIMESTAMP '2025-02-13 10:20:30.123456789'",
  "TIMESTAMP '2025-02-13 10:20:30.1234567890123'",
  "TIMESTAMP '2025-02-13T10:20:30'",
  "TIMESTAMP '2025-02-13 10:20:30Z'",
  "TIMESTAMP '2025-02-13 10:20:30 UTC'",
  "TIMESTAMP '2025-02-13 10:20:30+08:00'",
  "TIMESTAMP '2025-02-13 10:20:30 +08:00'",
  "TIMESTAMP '2025-02-13 10:20:30 -05:30'",
  "TIMESTAMP '2025-02-13 10:20:30 +8:00'",
  "TIMESTAMP '2025-02-13 10:20:30 Asia/Shanghai'",
  "TIMESTAMP '2025-03-09 02:30:00 America/New_York'",
  "TIMESTAMP '2025-11-02 01:30:00 America/New_York'",
  "TIMESTAMP '2025-02-13 10:20:30 nowhere'",
  "TIMESTAMP '2025-02-13 10:20:30 EST'",
  "TIMESTAMP '2025-02-13 +08:00'",
  "TIMESTAMP '2025-2-3 1:2:3'",
  "TIMESTAMP '-0001-01-01 00:00:00'",
  "TIMESTAMP '12025-01-01 00:00:00'",
  'TIMESTAMP 5',
  "TIMESTAMP 'epoch'",
  "TIMESTAMP WITH TIME ZONE '2025-02-13 10:20:30 UTC'",
  "INTERVAL '1' DAY",
  "INTERVAL '1' DAYS",
  'INTERVAL 1 DAY',
  "INTERVAL '1 day'",
  "INTERVAL '-1' HOUR",
  "INTERVAL - '1' HOUR",
  "INTERVAL + '1' HOUR",
  "INTERVAL '1.5' SECOND",
  "INTERVAL '1.123' SECOND",
  "INTERVAL '90' MINUTE",
  "INTERVAL '1' WEEK",
  "INTERVAL '1' MONTH",
  "INTERVAL '1' QUARTER",
  "INTERVAL '1' YEAR",
  "INTERVAL '1' MILLISECOND",
  "INTERVAL '2 03' DAY TO HOUR",
  "INTERVAL '2 03:04' DAY TO MINUTE",
  "INTERVAL '2 03:04:05.678' DAY TO SECOND",
  "INTERVAL '03:04' HOUR TO MINUTE",
  "INTERVAL '04:05' MINUTE TO SECOND",
  "INTERVAL '1-2' YEAR TO MONTH",
  "INTERVAL '-1-2' YEAR TO MONTH",
  "INTERVAL '1-14' YEAR TO MONTH",
  "INTERVAL '100' DAY",
  "INTERVAL 'x' DAY",
  "INTERVAL '1' DAY + INTERVAL '1' MONTH",
  'true',
  'TRUE',
  'NULL',
  'ARRAY[]',
  'ARRAY[1, NULL]',
  "ARRAY[1, 'a']",
  'ARRAY[1, 2.5]',
  'MAP()',
  "MAP(ARRAY['a'], ARRAY[1, 2])",
  "MAP(ARRAY['a', 'a'], ARRAY[1, 2])",
  'MAP(ARRAY[NULL], ARRAY[1])',
  'ROW(1)',
  "ROW(1, 'a', NULL)",
  "ROW(1, ROW(2, 'x'))",
  "(1, 'a')",
  '(1)',
  "ARRAY[ROW(1, 'a'), ROW(2, 'b')]",
  'ROW(1 AS n)',
  'ARRAY[ARRAY[1], ARRAY[], NULL]',
  "MAP(ARRAY[ROW(1, 2)], ARRAY['x'])",
  'MAP(ARRAY[1.5e0, nan()], ARRAY[1, 2])',
  "MAP(ARRAY[TIMESTAMP '2025-01-01 00:00:00.000'], ARRAY[1])",
  'ARRAY<INTEGER>[1]',
  'CAST(ARRAY[1] AS ARRAY<BIGINT>)',
  'CAST(MAP(ARRAY[1], ARRAY[2]) AS MAP<INTEGER, BIGINT>)',
]

/** Literals of every kind, each with its type's name. */
export function literals(): readonly Probe[] {
  return literalTexts.map((text): Probe => ({ group: 'literal', sql: `SELECT ${text} AS r` }))
}

const failing: readonly string[] = [
  '1 / 0',
  '1 % 0',
  'mod(1, 0)',
  "DECIMAL '1' / 0",
  '1.0 % 0',
  '1e0 / 0',
  "CAST('x' AS integer)",
  "CAST('x' AS date)",
  'CAST(300 AS tinyint)',
  '2147483647 + 1',
  "BIGINT '9223372036854775807' + 1",
  "BIGINT '-9223372036854775808' - 1",
  '2147483647 * 2',
  "- INTEGER '-2147483648'",
  "abs(INTEGER '-2147483648')",
  "TINYINT '127' + TINYINT '1'",
  'ARRAY[1][5]',
  "MAP(ARRAY['a'], ARRAY[1])['z']",
  'element_at(ARRAY[1], 0)',
  "date_parse('x', '%Y')",
  "from_iso8601_date('x')",
  "json_parse('x')",
  "json_extract('x', '$.a')",
  "date_add('x', 1, DATE '2025-01-01')",
  "from_base('z', 10)",
  'sequence(1, 5, 0)',
  'sequence(1, 5, -1)',
  'chr(-1)',
  "split_part('a', ',', 0)",
  "regexp_extract('a', '(')",
  "regexp_extract('a', 'a', 3)",
  "lpad('a', -1, 'b')",
  "lpad('a', 3, '')",
  'repeat(1, 100000)',
  "from_hex('x')",
  "from_utf8(X'FF')",
  'ln(-1)',
  'sqrt(-1)',
  'log10(0)',
  'CAST(nan() AS integer)',
  'CAST(infinity() AS bigint)',
  'CAST(JSON \'"x"\' AS integer)',
  "DATE '9999-12-31' + INTERVAL '1' DAY",
  "date_add('year', 300000, DATE '2025-01-01')",
  "at_timezone(TIMESTAMP '2025-01-01 00:00:00 UTC', 'nowhere')",
  'CAST(99999 AS decimal(3,1))',
  "DECIMAL '99999999999999999999999999999999999999' + 1",
  'round(nan())',
  'width_bucket(1e0, 0e0, 1e0, 0)',
  'greatest(nan(), 1e0)',
  "url_decode('%')",
  "format('%d', 'x')",
  "format('%s')",
  '(SELECT x FROM (VALUES 1, 2) AS t(x))',
  'reduce(ARRAY[1], 0, (s, x) -> s / 0, s -> s)',
  'transform(ARRAY[1, 0], x -> 1 / x)',
  'any_match(ARRAY[1, 0], x -> 1 / x > 0)',
]

/** TRY around what fails, and around what does not. */
export function tries(): readonly Probe[] {
  return failing.flatMap((text): readonly Probe[] => [
    { group: 'try', sql: `SELECT ${text} AS r` },
    { group: 'try', sql: `SELECT TRY(${text}) AS r, coalesce(CAST(TRY(${text}) AS varchar), 'none') AS s` },
  ])
}
