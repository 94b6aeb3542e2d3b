/** Literals of each type: the first is ordinary, the others are its edges; NULL is put behind them by `valuesOf`. */
const scalars: { readonly [type: string]: readonly string[] } = {
  boolean: ['true', 'false'],
  tinyint: ["TINYINT '7'", "TINYINT '-128'", "TINYINT '127'", "TINYINT '0'"],
  smallint: ["SMALLINT '7'", "SMALLINT '-32768'", "SMALLINT '32767'", "SMALLINT '0'"],
  integer: ['7', '-3', '0', '2147483647', '-2147483648'],
  bigint: ["BIGINT '7'", "BIGINT '-3'", "BIGINT '0'", '9223372036854775807', "BIGINT '-9223372036854775808'"],
  real: ["REAL '2.5'", "REAL '-0.1'", "REAL '0'", "REAL '3.4028235E38'", 'CAST(nan() AS real)'],
  double: [
    '2.5e0',
    '-3.5e0',
    '0e0',
    '1e-7',
    '123456789.125e0',
    '1e300',
    'nan()',
    'infinity()',
    '-infinity()',
  ],
  decimal: ["DECIMAL '2.50'", "DECIMAL '-0.05'", "DECIMAL '0.00'", "DECIMAL '99999.99'"],
  'decimal(38,3)': ["DECIMAL '12345678901234567890.125'", "DECIMAL '-0.001'", "DECIMAL '0.500'"],
  varchar: ["'Hello World'", "''", "' a b '", "'Ünïcödé ß'", "'🎟️ e\u0301 日本'", "'it''s'", "'42'"],
  char: ["CAST('ab' AS char(4))", "CAST('' AS char(4))", "CAST('é🎟' AS char(4))"],
  varbinary: ["X'616263'", "X''", "X'00FF10'", "to_utf8('é🎟️')"],
  date: [
    "DATE '2025-02-13'",
    "DATE '2024-02-29'",
    "DATE '1969-12-31'",
    "DATE '2024-12-30'",
    "DATE '0001-01-01'",
    "DATE '9999-12-31'",
  ],
  time: ["TIME '10:20:30.123'", "TIME '00:00:00.000'", "TIME '23:59:59.999'"],
  'time with time zone': ["TIME '10:20:30.123 +08:00'", "TIME '23:59:59.999 -05:30'"],
  'timestamp(0)': ["TIMESTAMP '2025-02-13 18:30:05'", "TIMESTAMP '2024-02-29 00:00:00'"],
  'timestamp(3)': [
    "TIMESTAMP '2025-02-13 18:30:05.250'",
    "TIMESTAMP '2024-02-29 00:00:00.000'",
    "TIMESTAMP '1969-12-31 23:59:59.999'",
    "TIMESTAMP '2025-03-09 02:30:00.000'",
    "TIMESTAMP '0001-01-01 00:00:00.000'",
    "TIMESTAMP '9999-12-31 23:59:59.999'",
  ],
  'timestamp(6)': ["TIMESTAMP '2025-02-13 18:30:05.250125'", "TIMESTAMP '1969-12-31 23:59:59.999999'"],
  'timestamp(3) with time zone': [
    "TIMESTAMP '2025-02-13 18:30:05.250 UTC'",
    "TIMESTAMP '2025-03-09 01:30:00.000 America/New_York'",
    "TIMESTAMP '2025-11-02 01:30:00.000 America/New_York'",
    "TIMESTAMP '2025-02-13 23:30:00.000 -05:00'",
    "TIMESTAMP '2025-01-01 01:00:00.000 +05:30'",
    "TIMESTAMP '1969-12-31 23:59:59.999 Asia/Shanghai'",
  ],
  'interval day to second': [
    "INTERVAL '1' DAY",
    "INTERVAL '-90' MINUTE",
    "INTERVAL '1 02:03:04.567' DAY TO SECOND",
    "INTERVAL '0' SECOND",
  ],
  'interval year to month': ["INTERVAL '14' MONTH", "INTERVAL '-1' YEAR", "INTERVAL '2-3' YEAR TO MONTH"],
  json: [
    `JSON '{"a":1,"b":[1,null,"x"]}'`,
    `JSON '[1,"x",null,{"b":true}]'`,
    "JSON 'null'",
    `JSON '"text"'`,
    "JSON '1.50'",
    "JSON 'true'",
    "JSON '{}'",
    "JSON '[]'",
  ],
}

/** The types that a cast or an operator is tried with. */
export const scalarTypes: readonly string[] = Object.keys(scalars).filter(
  (type) => !type.startsWith('time with'),
)

/** What stands in the parentheses of a type, split at the commas that stand in no others. */
export function partsOf(type: string): readonly string[] {
  const inner = /^[a-z_ ]+\((.*)\)$/is.exec(type)?.[1] ?? ''
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (const [at, character] of [...inner].entries()) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === ',' && depth === 0) {
      parts.push([...inner].slice(from, at).join('').trim())
      from = at + 1
    }
  }
  return inner === '' ? [] : [...parts, [...inner].slice(from).join('').trim()]
}

/** A type as CAST takes it. */
export function castName(type: string): string {
  if (type === 'decimal') return 'decimal(7,2)'
  return type === 'char' ? 'char(4)' : type
}

/** Values of a type, `array(…)`, `map(…, …)` and `row(…)` of any among them: an ordinary one, its edges, NULL. */
export function valuesOf(type: string): readonly string[] {
  return [...filled(type), 'NULL']
}

function filled(type: string): readonly string[] {
  const scalar = scalars[type]
  if (scalar) return scalar
  const parts = partsOf(type)
  if (type.startsWith('array(')) {
    const [one = 'NULL', two = one, three = two] = filled(parts[0] ?? '')
    const of = castName(type)
    return [
      `ARRAY[${three}, ${one}, ${two}]`,
      `ARRAY[${one}, NULL, ${two}, ${one}]`,
      `CAST(ARRAY[] AS ${of})`,
      `CAST(ARRAY[NULL, NULL] AS ${of})`,
      `ARRAY[${one}]`,
    ]
  }
  if (type.startsWith('map(')) {
    const [key = '1', other = '2'] = filled(parts[0] ?? '')
    const [one = 'NULL', two = one] = filled(parts[1] ?? '')
    return [
      `MAP(ARRAY[${key}, ${other}], ARRAY[${one}, ${two}])`,
      `MAP(ARRAY[${other}], ARRAY[${one}])`,
      `CAST(MAP(ARRAY[${key}], ARRAY[NULL]) AS ${castName(type)})`,
      `CAST(MAP() AS ${castName(type)})`,
    ]
  }
  if (type.startsWith('row(')) {
    const fields = parts.map((part) => filled(part))
    return [0, 1].map((at) => `ROW(${fields.map((values) => values[at] ?? values[0]).join(', ')})`)
  }
  throw new Error(`no values of the type ${type}`)
}
