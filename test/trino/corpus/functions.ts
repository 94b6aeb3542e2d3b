import { columnNames, type Probe, vary } from './probe.ts'
import { partsOf, valuesOf } from './values.ts'

/** A line of SHOW FUNCTIONS. */
export type Signature = {
  readonly name: string
  readonly kind: string
  readonly parameters: readonly string[]
  readonly result: string
}

export function toSignature([name, result, parameters, kind]: readonly unknown[]): Signature {
  return {
    name: String(name),
    kind: String(kind),
    parameters: partsOf(`list(${parameters})`),
    result: String(result),
  }
}

/** Of what is no part here: maps and shapes, machine learning, sketches, colours, addresses, and what is chance. */
const otherTypes =
  /geometry|geography|bingtile|kdbtree|hyperloglog|p4hyperloglog|digest|color|classifier|regressor|ipaddress|codepoints|json2016|function\(|jsonpath|joniregexp/i
const otherNames =
  /^(rand|random|uuid|now|shuffle|current_.*|localtime.*|render|bar|rgb|color|learn_.*|classify|regress|features|numeric_histogram|approx_.*|evaluate_.*|\$.*|any_value|arbitrary|array_agg|map_agg|multimap_agg|map_union|listagg|reduce_agg|histogram|min_by|max_by|checksum|parse_presto_data_size|combine_hash|fail|version|noisy_.*|make_set_digest|typeof|spatial_.*|st_.*|from_geojson.*|geometry_.*|tdigest_agg|merge|objectid.*|timestamp_objectid|json_(?:exists|query|value|array|object)|inverse_.*)$/

/** What a type variable stands for: each a function of the whole signature, so that T is the same everywhere. */
const bindings: readonly { readonly [variable: string]: string }[] = [
  { E: 'integer', T: 'integer', K: 'varchar', V: 'integer' },
  { E: 'varchar', T: 'varchar', K: 'integer', V: 'varchar' },
]

/** Of a function of numbers, the overloads that differ. */
const isNarrow = ({ parameters }: Signature) => /^(tinyint|smallint)/.test(parameters[0] ?? '')

/** The types that a parameter's type of Trino stands for. */
function instances(type: string): readonly string[] {
  if (/^timestamp\(p\) with time zone$/.test(type)) return ['timestamp(3) with time zone']
  if (/^timestamp\(p\)$/.test(type)) return ['timestamp(3)']
  if (/^time\(p\) with time zone$/.test(type)) return ['time with time zone']
  if (/^time\(p\)$/.test(type)) return ['time']
  if (/^varchar/.test(type)) return ['varchar']
  if (/^char/.test(type)) return ['char']
  if (/^decimal/.test(type)) return ['decimal', 'decimal(38,3)']
  return [type]
}

const isVariable = (type: string) => /^[A-Z]\w?\d?$/i.test(type)

function bind(type: string, binding: { readonly [variable: string]: string }): string {
  const letter = type[0]?.toUpperCase() ?? ''
  if (isVariable(type)) return binding[letter === 'U' ? 'V' : letter] ?? 'integer'
  const parts = partsOf(type)
  if (!/^(array|map|row)\(/.test(type)) return type
  return `${type.slice(0, type.indexOf('('))}(${parts.map((part) => bind(part, binding)).join(',')})`
}

const texts = valuesOf('varchar')
const quoted = (...values: readonly string[]) => values.map((value) => `'${value.replaceAll("'", "''")}'`)
const numbers = (...values: readonly number[]) => values.map(String)
const units = quoted(
  'day',
  'millisecond',
  'second',
  'minute',
  'hour',
  'week',
  'month',
  'quarter',
  'year',
  'DAY',
  'x',
)
const urls = quoted(
  'https://user@example.com:8080/a%20b/c?k=1&k=2&empty=&x=%C3%A9#frag',
  'http://example.com',
  'mailto:a@example.com',
  'no url',
  'http://exa mple.com/',
  '',
)
const bases = numbers(16, 2, 36, 10, 37, 1)
const specifiers = quoted(
  '%Y-%m-%d %H:%i:%s',
  '%a %b %c',
  '%d %e',
  '%f',
  '%H %k %h %I %l',
  '%i',
  '%j',
  '%M %W',
  '%p %r %T',
  '%S %s',
  '%v',
  '%x',
  '%y',
  '%%',
  '%q text',
  '%D',
  '%U',
  '%w',
)
const joda = quoted(
  'yyyy-MM-dd HH:mm:ss.SSS',
  'G C Y y yy',
  'x w e E EEEE',
  'D M MM MMM MMMM d',
  'a K h H k m s S',
  'z zzzz',
  'Z ZZ ZZZ',
  "'at' HH 'o''clock'",
  'xxxx-ww-e',
  'b',
)

/**
 * What makes sense for a function's parameters, where a type's own values would not: by place. A parameter that is
 * `constant` stands in the expression itself, an expression a value.
 */
const domains: {
  readonly [name: string]: { readonly [place: number]: readonly string[]; readonly constant?: number }
} = {
  at_timezone: { 1: quoted('America/New_York', 'UTC', '+05:30', 'Asia/Tokyo', 'nowhere'), constant: 1 },
  with_timezone: { 1: quoted('America/New_York', 'UTC', '+05:30', 'Asia/Tokyo', 'nowhere'), constant: 1 },
  date_add: { 0: units, 1: numbers(1, -1, 0, 13, 100), constant: 0 },
  date_diff: { 0: units, constant: 0 },
  date_trunc: { 0: units, constant: 0 },
  date_format: { 1: specifiers, constant: 1 },
  format_datetime: { 1: joda, constant: 1 },
  from_base: { 0: quoted('ff', 'FF', '-10', '', 'zz', '9', '7fffffffffffffff'), 1: bases },
  to_base: { 1: bases },
  from_hex: { 0: quoted('616263', '', 'aF', 'xyz', 'abc') },
  from_base64: { 0: quoted('YWJj', '', 'YQ==', 'YQ', '!') },
  from_base64url: { 0: quoted('YWJj', '', '_-8=', '!') },
  from_base32: { 0: quoted('MFRGG===', '', 'a') },
  from_utf8: { 0: ["X'616263'", "X'C3A9'", "X'61FF62'", "X''"], 1: ["'?'", "''", "'ab'", '63'] },
  from_iso8601_date: {
    0: quoted('2025-02-13', '2025-W07-4', '2025-044', '2025-02', '2025', '20250213', '2025-02-30', ''),
  },
  from_iso8601_timestamp: {
    0: quoted(
      '2025-02-13T18:30:00Z',
      '2025-02-13T23:30:00-05:00',
      '2025-02-13T18:30:00.123456',
      '2025-02-13',
      '2025-02-13T18',
      '2025-W07-4T10:00',
      '2025-02-13 18:30:00',
      'x',
    ),
  },
  from_iso8601_timestamp_nanos: { 0: quoted('2025-02-13T18:30:00.123456789Z', '2025-02-13') },
  date: { 0: quoted('2025-02-13', '2025-2-3', ' 2025-02-13 ', '2025-02-30', 'x', '2025-02-13 10:00:00') },
  from_unixtime: {
    0: ['1739471400', '1739471400.25e0', '0', '-0.5e0', '-62135596800', '0.0005e0', 'nan()', '1e18'],
    1: ["'America/New_York'", "'+08:00'", '5', '-5'],
    2: numbers(30, 0, -30),
  },
  from_unixtime_nanos: { 0: ["BIGINT '1739471400123456789'", "BIGINT '-1'", "BIGINT '0'"] },
  date_parse: { 0: quoted('2025-02-03 08:05:09'), 1: quoted('%Y-%m-%d %H:%i:%s'), constant: 1 },
  parse_datetime: { 0: quoted('2025-02-03 08:05:09'), 1: quoted('yyyy-MM-dd HH:mm:ss'), constant: 1 },
  parse_duration: { 0: quoted('3.81 d', '5 ms', '1h', '-1s', 'x', '90 m') },
  parse_data_size: { 0: quoted('1B', '2.3MB', '1kB', '5', 'x') },
  human_readable_seconds: { 0: ['96', '3762', '56363463', '0', '-96.6e0', '0.1e0'] },
  url_extract_fragment: { 0: urls },
  url_extract_host: { 0: urls },
  url_extract_parameter: { 0: urls, 1: quoted('k', 'empty', 'x', 'none') },
  url_extract_path: { 0: urls },
  url_extract_port: { 0: urls },
  url_extract_protocol: { 0: urls },
  url_extract_query: { 0: urls },
  url_encode: { 0: [...quoted('a b&c=d/é?*~-_.', '+%'), ...texts] },
  url_decode: { 0: quoted('a+b%26c', '%C3%A9', '%', '%zz') },
  split: { 0: quoted('a,b,,c', '', ',', 'abc'), 1: quoted(',', 'b', ''), 2: numbers(2, 1, 0, 10) },
  split_part: { 0: quoted('a,b,,c', ''), 1: quoted(',', 'b', ''), 2: numbers(2, 1, 3, 9, 0, -1) },
  split_to_map: { 0: quoted('a=1,b=2', '', 'a=1,a=2', 'a', 'a=1=2'), 1: quoted(','), 2: quoted('=') },
  split_to_multimap: { 0: quoted('a=1,b=2,a=3', '', 'a'), 1: quoted(','), 2: quoted('=') },
  strpos: {
    0: quoted('hello', '', 'ünü', '🎟️a'),
    1: quoted('l', 'z', '', 'ü', 'a'),
    2: numbers(2, 1, -1, 0, 9),
  },
  substr: { 1: numbers(2, 1, 0, -3, -20, 99), 2: numbers(3, 0, -1, 99) },
  substring: { 1: numbers(2, 1, 0, -3, -20, 99), 2: numbers(3, 0, -1, 99) },
  starts_with: { 1: quoted('He', '', 'x', 'hello') },
  lpad: { 1: numbers(14, 3, 0, -1), 2: [...quoted('xy', 'ü')] },
  rpad: { 1: numbers(14, 3, 0, -1), 2: [...quoted('xy', 'ü')] },
  replace: { 1: quoted('l', 'o W', '', 'é'), 2: quoted('L', '', 'ß') },
  translate: { 1: quoted('lo', '', 'ö'), 2: quoted('01', '', 'x') },
  repeat: { 1: numbers(3, 0, 1, -1) },
  chr: { 0: numbers(65, 233, 127903, 0, -1, 1114112) },
  codepoint: { 0: quoted('A', 'é', '🎟') },
  concat_ws: { 0: quoted(',', '', '--') },
  hamming_distance: { 0: quoted('karolin', '', 'é'), 1: quoted('kathrin', '', 'x') },
  levenshtein_distance: { 0: quoted('kitten', '', 'é'), 1: quoted('sitting', '', 'x') },
  luhn_check: { 0: quoted('79927398713', '79927398714', '', 'x') },
  normalize: { 0: quoted('e\u0301', 'é', 'ﬁ', ''), 1: quoted('NFC', 'NFD', 'NFKC', 'NFKD') },
  soundex: { 0: quoted('Robert', 'Rupert', '', 'é') },
  word_stem: { 0: quoted('running', 'great', ''), 1: quoted('en', 'de', 'xx') },
  json_parse: {
    0: quoted(
      '{"b" : 1, "a" : [1, null]}',
      ' 1.50 ',
      '"x"',
      'null',
      '',
      '{"a":1',
      "{'a':1}",
      '[1,]',
      '1e3',
      '{"a":1,"a":2}',
    ),
  },
  is_json_scalar: { 0: quoted('1', '[1]', 'x', '"a"', 'null') },
  json_array_contains: { 0: quoted('[1, 2.0, "a", true, null]', '{}', 'x', '[redacted]', '[]') },
  json_array_get: { 0: quoted('["a", [3, 9], null, "c"]', '{}', '[redacted]'), 1: numbers(0, 1, 2, -1, 9) },
  json_array_length: { 0: quoted('[1, 2, 3]', '[]', '{"a":1}', 'x', '[redacted]', 'null', '') },
  beta_cdf: { 0: ['3e0', '0e0'], 1: ['4e0'], 2: ['0.2e0', '1e0', '2e0'] },
  normal_cdf: { 0: ['0e0'], 1: ['1e0', '0e0'], 2: ['1.96e0', '-1e0'] },
  wilson_interval_lower: { 0: numbers(1250, 0), 1: numbers(1310), 2: ['1.96e0', '-1e0'] },
  wilson_interval_upper: { 0: numbers(1250, 0), 1: numbers(1310), 2: ['1.96e0', '-1e0'] },
  width_bucket: {
    0: ['5.3e0', '0e0', '10e0', '-1e0', 'nan()'],
    1: ['0e0', '10e0'],
    2: ['10e0', '0e0'],
    3: numbers(5, 0),
  },
  round: { 1: numbers(1, 0, -1, 3) },
  truncate: { 1: numbers(1, 0, -1, 3) },
  bit_count: { 0: numbers(9, -7, 0, 127, 200), 1: numbers(64, 8, 1, 65) },
  bitwise_left_shift: { 1: numbers(1, 0, 40, 64, -1) },
  bitwise_right_shift: { 1: numbers(1, 0, 40, 64, -1) },
  bitwise_right_shift_arithmetic: { 1: numbers(1, 0, 40, 64, -1) },
  power: { 0: ['2e0', '-8e0', '0e0'], 1: ['10e0', '0.5e0', '-1e0', '0e0'] },
  pow: { 0: ['2e0'], 1: ['10e0'] },
  log: { 0: ['2e0', '10e0', '1e0', '0e0'], 1: ['8e0', '0e0', '-1e0'] },
  sequence: {},
  slice: { 1: numbers(1, 2, -2, 9, 0), 2: numbers(2, 0, 9, -1) },
  trim_array: { 1: numbers(1, 0, 3, 9, -1) },
  element_at: {},
  combinations: { 1: numbers(2, 1, 0, 3, 6) },
  ngrams: { 1: numbers(2, 1, 3, 9, 0) },
  crc32: {},
}

/** Arguments that are seldom the same type's ordinary values, by name and type. */
const placesOfList = numbers(1, 2, -1, 9, 0)
const sequences: { readonly [type: string]: readonly (readonly string[])[] } = {
  bigint: [numbers(1, 3, 5), numbers(5, 3, 1), numbers(2, -1, 1, 0)],
  date: [
    ["DATE '2025-01-30'", "DATE '2025-02-02'"],
    ["DATE '2025-02-02'", "DATE '2025-01-30'"],
  ],
  'timestamp(3)': [
    ["TIMESTAMP '2025-01-30 10:00:00.000'", "TIMESTAMP '2025-02-02 11:00:00.000'"],
    ["TIMESTAMP '2025-02-02 10:00:00.000'", "TIMESTAMP '2025-01-30 10:00:00.000'"],
  ],
}

function columnsOf(name: string, types: readonly string[]): readonly (readonly string[])[] {
  return types.map((type, place) => {
    const own = domains[name]?.[place]
    if (name === 'sequence') {
      const list = sequences[types[0] ?? '']?.[place]
      if (list) return [...list, 'NULL']
    }
    if (name === 'element_at' && place === 1 && type === 'bigint') return [...placesOfList, 'NULL']
    if (own && (/varchar|bigint|integer|double|varbinary/.test(type) || name === 'from_unixtime_nanos')) {
      const isText = own[0]?.startsWith("'") ?? false
      if (isText === (type === 'varchar') || (type !== 'varchar' && !isText)) return [...own, 'NULL']
    }
    return valuesOf(type)
  })
}

/** Probes of every scalar function that Athena documents, by its signatures. */
export function scalarFunctions(signatures: readonly Signature[]): readonly Probe[] {
  return signatures.filter(isOurs('scalar')).flatMap((signature) => {
    const { name } = signature
    const instances = instancesOf(signature)
    return (aliases.test(name) ? instances.slice(0, 1) : instances).map((types, place): Probe => {
      const alone = place === 0
      const columns = columnsOf(name, types)
      const constant = domains[name]?.constant
      const group = `function ${name}`
      if (types.length === 0) return { group, sql: `SELECT ${name}() AS r` }
      const call = (swap?: string) =>
        `${name}(${types.map((_, at) => (swap !== undefined && at === constant ? swap : columnNames[at])).join(', ')})`
      if (constant === undefined)
        return { group, expressions: [call()], rows: vary(columns, aliases.test(name) ? 3 : 12), alone }
      const rows = vary(columns.with(constant, ['NULL']), 8)
      return { group, expressions: (columns[constant] ?? []).map(call), rows, alone }
    })
  })
}

/** Other names of functions: a few values are enough. */
const aliases = /^(?:ceiling|pow|day_of_month|dow|doy|yow|week_of_year|substring|bool_and|variance|stddev)$/

const isOurs =
  (kind: string) =>
  ({ name, kind: own, parameters, result }: Signature) =>
    own === kind &&
    !isNarrow({ name, kind, parameters, result }) &&
    !otherNames.test(name) &&
    !otherTypes.test([...parameters, result].join(' '))

function instancesOf({ name, parameters }: Signature): readonly (readonly string[])[] {
  const variadic = parameters.length === 1 && /^(concat|greatest|least|map_concat)$/.test(name)
  const whole = variadic ? [...parameters, ...parameters] : parameters
  const hasVariables = whole.some((type) => /(^|[(,])[A-Z]\w?\d?([),]|$)/i.test(type))
  const bound = hasVariables ? bindings.map((binding) => whole.map((type) => bind(type, binding))) : [whole]
  const all = bound.flatMap((types) => {
    const choices = types.map(instances)
    const most = Math.max(1, ...choices.map((list) => list.length))
    return Array.from({ length: most }, (_, at) =>
      choices.map((list) => list[Math.min(at, list.length - 1)] ?? ''),
    )
  })
  return [...new Map(all.map((types) => [types.join(), types])).values()]
}

const groupOf = (place: number) => (place < 3 ? 1 : 2)

/** Aggregate functions that square their values. */
const spread = /^(?:corr|covar|regr|stddev|var|skew|kurt|geometric)/

/** Probes of aggregate functions whose result does not depend on the order of rows. */
export function aggregateFunctions(signatures: readonly Signature[]): readonly Probe[] {
  return signatures.filter(isOurs('aggregate')).flatMap((signature) => {
    const { name } = signature
    return instancesOf(signature).flatMap((types): readonly Probe[] => {
      const group = `aggregate ${name}`
      if (types.length === 0) return []
      const names = types.map((_, at) => columnNames[at + 1] ?? '')
      const columns = types.map((type, at) => {
        const values = at > 0 && /bigint/.test(type) ? ['2'] : valuesOf(type)
        return spread.test(name)
          ? values.filter((value) => !/E38|e300|nan|infinity|\d{9}/.test(value))
          : values
      })
      const rows = Array.from({ length: 6 }, (_, place) =>
        columns.map((values, at) => values[(place + 2 * at) % values.length] ?? 'NULL'),
      )
      const all = [
        ...rows.map((row, place) => [String(groupOf(place)), ...row]),
        ['3', ...types.map(() => 'NULL')],
      ]
      const relation = `(VALUES ${all.map((row) => `(${row.join(', ')})`).join(', ')}) AS t(a, ${names.join(', ')})`
      const call = (before = '') => `${name}(${before}${names.join(', ')})`
      const finite = `FILTER (WHERE a = 1)`
      return [
        {
          group,
          sql: `SELECT a, ${call()} AS r, ${call('DISTINCT ')} AS d FROM ${relation} GROUP BY a ORDER BY a`,
        },
        {
          group,
          sql: `SELECT ${call()} AS r, ${call()} ${finite} AS f, ${call()} FILTER (WHERE a > 3) AS e FROM ${relation}`,
        },
      ]
    })
  })
}
