/** A function of Athena that DuckDB lacks or answers otherwise, as DuckDB macros. */
export type AthenaFunction = {
  readonly name: string
  /** What it is here, by its parameters. DuckDB's own function of the same name is `system.main.…` in it. */
  readonly macros: readonly (readonly [parameters: string, body: string])[]
  /** What DuckDB's own does otherwise, or what is still not the same. */
  readonly note?: string
  /** Expressions, each with what Athena gives, as JSON. */
  readonly examples: readonly (readonly [expression: string, value: string])[]
}

// A result has the type of a parameter where `cast_to_type` says so: DuckDB makes a timestamp of a date and an interval.

/** Trino's date functions take MySQL's specifiers, DuckDB's those of C; each is read before another is put in its place. */
export const specifiers = [
  ['%M', '%B'],
  ['%i', '%M'],
  ['%s', '%S'],
  ['%h', '%I'],
  ['%W', '%A'],
  ['%e', '%-d'],
  ['%c', '%-m'],
  ['%k', '%-H'],
  ['%l', '%-I'],
  ['%T', '%H:%M:%S'],
  ['%r', '%I:%M:%S %p'],
] as const
const format = specifiers.reduce((text, [from, to]) => `replace(${text}, '${from}', '${to}')`, 'f')

const jsonPath = `system.main.regexp_replace(p, '\\["([^"]*)"\\]', '."\\1"', 'g')`
const json = 'CAST(x AS JSON)'

const strict = (name: string, parameters: readonly string[]) =>
  [
    parameters.join(', '),
    `CASE WHEN ${parameters.map((one) => `${one} IS NULL`).join(' OR ')} THEN NULL ELSE system.main.${name}(${parameters.join(', ')}) END`,
  ] as const

/** Each item where it comes first. */
const distinct = (list: string) => `list_filter(${list}, lambda x, i: list_position(${list}, x) = i)`

const t = "TIMESTAMP '2025-02-13 18:30:00.250'"

/** In the order of the reference: times, aggregates, texts, lists and maps, JSON, numbers, bytes and addresses. */
export const functions: readonly AthenaFunction[] = [
  {
    name: 'unix_timestamp',
    macros: [['t', 'CAST(floor(epoch(CAST(t AS TIMESTAMP))) AS BIGINT)']],
    note: 'Hive’s function, which Athena lacks: there it is sent as `CAST(floor(to_unixtime(x)) AS bigint)`.',
    examples: [[`unix_timestamp(${t})`, '1739471400']],
  },
  {
    name: 'to_unixtime',
    macros: [['t', 'CAST(epoch(CAST(t AS TIMESTAMP)) AS DOUBLE)']],
    examples: [[`to_unixtime(${t})`, '1739471400.25']],
  },
  {
    name: 'from_unixtime',
    macros: [['s', 'make_timestamp(CAST(round(CAST(s AS DOUBLE) * 1000) AS BIGINT) * 1000)']],
    examples: [['from_unixtime(1739471400)', '"2025-02-13T18:30:00.000Z"']],
  },
  {
    name: 'date_add',
    macros: [
      [
        'u, n, x',
        "cast_to_type(CASE lower(u) WHEN 'millisecond' THEN x + to_milliseconds(n) WHEN 'second' THEN x + to_seconds(n) WHEN 'minute' THEN x + to_minutes(n) " +
          "WHEN 'hour' THEN x + to_hours(n) WHEN 'day' THEN x + to_days(CAST(n AS INTEGER)) WHEN 'week' THEN x + to_weeks(CAST(n AS INTEGER)) " +
          "WHEN 'month' THEN x + to_months(CAST(n AS INTEGER)) WHEN 'quarter' THEN x + to_months(3 * CAST(n AS INTEGER)) WHEN 'year' THEN x + to_years(CAST(n AS INTEGER)) " +
          "ELSE error(u || ' is no unit of date_add') END, x)",
      ],
    ],
    examples: [
      ["date_add('day', -7, DATE '2025-02-13')", '"2025-02-06"'],
      ["date_add('month', 1, TIMESTAMP '2025-01-31 10:00:00')", '"2025-02-28T10:00:00.000Z"'],
      [`date_add('minute', 90, ${t})`, '"2025-02-13T20:00:00.250Z"'],
    ],
  },
  {
    name: 'date_diff',
    macros: [['u, a, b', 'date_sub(u, a, b)']],
    note: 'Whole units that have passed; DuckDB’s own counts the boundaries that were crossed.',
    examples: [
      ["date_diff('day', TIMESTAMP '2025-01-01 10:00:00', TIMESTAMP '2025-01-03 09:00:00')", '1'],
      ["date_diff('month', DATE '2025-01-31', DATE '2025-03-01')", '1'],
    ],
  },
  {
    name: 'date_trunc',
    macros: [['u, x', 'cast_to_type(system.main.date_trunc(u, x), x)']],
    note: 'Of a date it is a date.',
    examples: [
      ["date_trunc('month', DATE '2025-02-13')", '"2025-02-01"'],
      [`date_trunc('hour', ${t})`, '"2025-02-13T18:00:00.000Z"'],
    ],
  },
  {
    name: 'date_format',
    macros: [['x, f', `strftime(x, ${format})`]],
    note: 'With the specifiers `%a %b %c %d %e %f %H %h %I %i %j %k %l %M %m %p %r %S %s %T %W %Y %y`.',
    examples: [
      [`date_format(${t}, '%Y-%m-%d %H:%i:%s')`, '"2025-02-13 18:30:00"'],
      [`date_format(${t}, '%W %e %M %y, %l:%i %p, day %j')`, '"Thursday 13 February 25, 6:30 PM, day 044"'],
      ["date_format(DATE '2025-02-03', '%c/%e')", '"2/3"'],
    ],
  },
  {
    name: 'from_iso8601_timestamp',
    macros: [['x', 'CAST(x AS TIMESTAMPTZ)']],
    examples: [["from_iso8601_timestamp('2025-02-13T19:30:00+01:00')", '"2025-02-13T18:30:00.000Z"']],
  },
  {
    name: 'to_iso8601',
    macros: [
      [
        'x',
        "CASE typeof(x) WHEN 'DATE' THEN strftime(x, '%Y-%m-%d') WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(CAST(x AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ') ELSE strftime(x, '%Y-%m-%dT%H:%M:%S.%g') END",
      ],
    ],
    examples: [
      ["to_iso8601(DATE '2025-02-13')", '"2025-02-13"'],
      [`to_iso8601(${t})`, '"2025-02-13T18:30:00.250"'],
    ],
  },
  {
    name: 'from_iso8601_date',
    macros: [['x', 'CAST(x AS DATE)']],
    examples: [["from_iso8601_date('2025-02-13')", '"2025-02-13"']],
  },
  {
    name: 'day_of_week',
    macros: [['x', 'isodow(CAST(x AS TIMESTAMP))']],
    note: 'Monday is 1, Sunday 7.',
    examples: [["day_of_week(DATE '2025-02-16')", '7']],
  },
  {
    name: 'dow',
    macros: [['x', 'isodow(CAST(x AS TIMESTAMP))']],
    examples: [["dow(DATE '2025-02-16')", '7']],
  },
  { name: 'day_of_month', macros: [['x', 'day(x)']], examples: [["day_of_month(DATE '2025-02-13')", '13']] },
  {
    name: 'day_of_year',
    macros: [['x', 'dayofyear(x)']],
    examples: [["day_of_year(DATE '2025-02-13')", '44']],
  },
  { name: 'doy', macros: [['x', 'dayofyear(x)']], examples: [["doy(DATE '2025-02-13')", '44']] },
  { name: 'week_of_year', macros: [['x', 'week(x)']], examples: [["week_of_year(DATE '2025-02-13')", '7']] },
  {
    name: 'year_of_week',
    macros: [['x', 'isoyear(x)']],
    examples: [["year_of_week(DATE '2024-12-31')", '2025']],
  },
  { name: 'yow', macros: [['x', 'isoyear(x)']], examples: [["yow(DATE '2024-12-31')", '2025']] },
  {
    name: 'last_day_of_month',
    macros: [['x', 'last_day(x)']],
    examples: [["last_day_of_month(DATE '2025-02-13')", '"2025-02-28"']],
  },
  {
    name: 'millisecond',
    macros: [['x', 'system.main.millisecond(x) % 1000']],
    note: 'DuckDB’s own has the seconds in it.',
    examples: [["millisecond(TIMESTAMP '2025-02-13 18:30:05.250')", '250']],
  },
  {
    name: 'approx_percentile',
    macros: [['x, p', 'approx_quantile(x, p)']],
    note: 'An estimate on both sides; p may be a list.',
    examples: [['approx_percentile(x, 0.5)', '5']],
  },
  {
    name: 'map_agg',
    macros: [['k, v', 'map(list(k), list(v))']],
    examples: [["map_agg('n' || x, x)", '{"n5":5}']],
  },
  { name: 'every', macros: [['x', 'bool_and(x)']], examples: [['every(x > 1)', 'true']] },
  {
    name: 'regexp_like',
    macros: [['x, pattern', 'regexp_matches(x, pattern)']],
    examples: [["regexp_like('ticket-42', '[0-9]+')", 'true']],
  },
  {
    name: 'regexp_extract',
    macros: [
      ['x, r', 'CASE WHEN regexp_matches(x, r) THEN system.main.regexp_extract(x, r) END'],
      ['x, r, g', 'CASE WHEN regexp_matches(x, r) THEN system.main.regexp_extract(x, r, g) END'],
    ],
    note: 'NULL where nothing matches; DuckDB’s own gives an empty text.',
    examples: [
      ["regexp_extract('sale-42', '[0-9]+')", '"42"'],
      ["regexp_extract('sale-42', '(.+)-(.+)', 2)", '"42"'],
      ["regexp_extract('sale', '[0-9]+')", 'null'],
    ],
  },
  {
    name: 'regexp_replace',
    macros: [
      ['x, r', "system.main.regexp_replace(x, r, '', 'g')"],
      [
        'x, r, y',
        "system.main.regexp_replace(x, r, system.main.regexp_replace(y, '\\$(\\d)', '\\\\\\1', 'g'), 'g')",
      ],
    ],
    note: 'All matches, with `$1` for a group; DuckDB’s own replaces the first, with `\\1`.',
    examples: [
      ["regexp_replace('a1b22', '[0-9]')", '"ab"'],
      ["regexp_replace('a1b22', '([a-z])', '<$1>')", '"<a>1<b>22"'],
    ],
  },
  {
    name: 'regexp_position',
    macros: [
      [
        'x, r',
        'CASE WHEN regexp_matches(x, r) THEN strpos(x, system.main.regexp_extract(x, r)) WHEN x IS NULL OR r IS NULL THEN NULL ELSE -1 END',
      ],
    ],
    examples: [
      ["regexp_position('a1b22', '[0-9]')", '2'],
      ["regexp_position('ab', '[0-9]')", '-1'],
    ],
  },
  {
    name: 'regexp_split',
    macros: [['x, r', 'string_split_regex(x, r)']],
    examples: [["regexp_split('a1b22c', '[0-9]+')", '["a","b","c"]']],
  },
  {
    name: 'regexp_count',
    macros: [['x, r', 'len(regexp_extract_all(x, r))']],
    examples: [["regexp_count('a1b22', '[0-9]')", '3']],
  },
  {
    name: 'split_part',
    macros: [['x, d, n', 'CASE WHEN n <= len(string_split(x, d)) THEN system.main.split_part(x, d, n) END']],
    note: 'NULL behind the last part; DuckDB’s own gives an empty text.',
    examples: [
      ["split_part('a,b', ',', 2)", '"b"'],
      ["split_part('a,b', ',', 3)", 'null'],
    ],
  },
  {
    name: 'codepoint',
    macros: [['x', 'unicode(x)']],
    examples: [["codepoint('A')", '65']],
  },
  {
    name: 'levenshtein_distance',
    macros: [['a, b', 'levenshtein(a, b)']],
    examples: [["levenshtein_distance('kitten', 'sitting')", '3']],
  },
  {
    name: 'hamming_distance',
    macros: [['a, b', 'hamming(a, b)']],
    examples: [["hamming_distance('abc', 'abd')", '1']],
  },
  {
    name: 'greatest',
    macros: [
      strict('greatest', ['a', 'b']),
      strict('greatest', ['a', 'b', 'c']),
      strict('greatest', ['a', 'b', 'c', 'd']),
    ],
    note: 'NULL where any value is; of two, three or four values.',
    examples: [
      ['greatest(1, 3, 2)', '3'],
      ['greatest(1, NULL)', 'null'],
    ],
  },
  {
    name: 'least',
    macros: [
      strict('least', ['a', 'b']),
      strict('least', ['a', 'b', 'c']),
      strict('least', ['a', 'b', 'c', 'd']),
    ],
    note: 'NULL where any value is; of two, three or four values.',
    examples: [
      ['least(1, 3, 2)', '1'],
      ['least(NULL, 1, 2, 3)', 'null'],
    ],
  },
  {
    // DuckDB's own takes maps alone, and a macro cannot tell a list from a map but by its JSON.
    name: 'cardinality',
    macros: [
      [
        'x',
        "CASE json_type(to_json(x)) WHEN 'ARRAY' THEN json_array_length(to_json(x)) WHEN 'OBJECT' THEN len(json_keys(to_json(x))) END",
      ],
    ],
    examples: [
      ['cardinality(ARRAY[1, 2, NULL])', '3'],
      ["cardinality(MAP(ARRAY['a'], ARRAY[1]))", '1'],
    ],
  },
  {
    name: 'sequence',
    macros: [
      ['a, b', 'generate_series(a, b)'],
      ['a, b, s', 'list_transform(generate_series(a, b, s), lambda x: cast_to_type(x, a))'],
    ],
    examples: [
      ['sequence(1, 3)', '[1,2,3]'],
      [
        "sequence(DATE '2025-02-01', DATE '2025-02-03', INTERVAL '1' DAY)",
        '["2025-02-01","2025-02-02","2025-02-03"]',
      ],
    ],
  },
  {
    name: 'slice',
    macros: [['l, s, n', 'list_slice(l, s, CASE WHEN s > 0 THEN s + n - 1 ELSE len(l) + s + n END)']],
    examples: [
      ['slice(ARRAY[1, 2, 3, 4], 2, 2)', '[2,3]'],
      ['slice(ARRAY[1, 2, 3, 4], -2, 1)', '[3]'],
    ],
  },
  {
    name: 'array_join',
    macros: [
      ['l, d', 'array_to_string(list_transform(l, lambda x: CAST(x AS VARCHAR)), d)'],
      ['l, d, z', 'array_to_string(list_transform(l, lambda x: coalesce(CAST(x AS VARCHAR), z)), d)'],
    ],
    examples: [
      ["array_join(ARRAY[1, NULL, 3], '+')", '"1+3"'],
      ["array_join(ARRAY[1, NULL, 3], '+', '?')", '"1+?+3"'],
    ],
  },
  { name: 'array_max', macros: [['l', 'list_max(l)']], examples: [['array_max(ARRAY[1, 3, 2])', '3']] },
  { name: 'array_min', macros: [['l', 'list_min(l)']], examples: [['array_min(ARRAY[2, 1, 3])', '1']] },
  {
    name: 'array_position',
    macros: [['l, x', 'coalesce(list_position(l, x), 0)']],
    examples: [["array_position(ARRAY['a', 'b'], 'c')", '0']],
  },
  {
    name: 'array_remove',
    macros: [['l, x', 'list_filter(l, lambda e: e <> x)']],
    examples: [['array_remove(ARRAY[1, 2, 1], 1)', '[2]']],
  },
  {
    name: 'array_distinct',
    macros: [['l', distinct('l')]],
    note: 'In the order in which they come first, one NULL among them.',
    examples: [['array_distinct(ARRAY[2, 1, 2, NULL, NULL])', '[2,1,null]']],
  },
  {
    name: 'array_union',
    macros: [['a, b', distinct('list_concat(a, b)')]],
    examples: [['array_union(ARRAY[1, 2], ARRAY[2, 3])', '[1,2,3]']],
  },
  {
    name: 'array_except',
    macros: [['a, b', `list_filter(${distinct('a')}, lambda x: list_position(b, x) IS NULL)`]],
    examples: [['array_except(ARRAY[1, 2, 1], ARRAY[2, 3])', '[1]']],
  },
  {
    name: 'contains',
    macros: [
      [
        'l, x',
        'CASE WHEN system.main.contains(l, x) THEN true WHEN list_position(l, NULL) IS NULL THEN false END',
      ],
    ],
    note: 'NULL where it is not found and the list has a NULL.',
    examples: [
      ['contains(ARRAY[1, 2], 2)', 'true'],
      ['contains(ARRAY[1, NULL], 2)', 'null'],
    ],
  },
  {
    name: 'arrays_overlap',
    macros: [['a, b', 'list_has_any(a, b)']],
    examples: [['arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])', 'true']],
  },
  {
    name: 'json_extract_scalar',
    macros: [
      [
        'x, p',
        `CASE WHEN json_valid(CAST(x AS VARCHAR)) AND json_type(${json}, ${jsonPath}) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string(${json}, ${jsonPath}) END`,
      ],
    ],
    note: 'NULL for an object, a list, and text that is no JSON. A number may lose zeros at its end.',
    examples: [
      ['json_extract_scalar(\'{"a b": "x"}\', \'$["a b"]\')', '"x"'],
      ["json_extract_scalar('{\"o\": {}}', '$.o')", 'null'],
      ["json_extract_scalar('no JSON', '$.o')", 'null'],
      ["json_extract_scalar('\"text\"', '$')", '"text"'],
    ],
  },
  {
    name: 'json_array_contains',
    macros: [
      ['x, v', `CASE WHEN json_valid(CAST(x AS VARCHAR)) THEN json_contains(${json}, to_json(v)) END`],
    ],
    examples: [["json_array_contains('[1, 2]', 2)", 'true']],
  },
  {
    name: 'json_parse',
    macros: [['x', 'CAST(x AS JSON)']],
    examples: [["json_array_length(json_parse('[1, 2]'))", '2']],
  },
  {
    name: 'json_format',
    macros: [['x', 'CAST(x AS VARCHAR)']],
    examples: [["json_format(json_parse('[1]'))", '"[1]"']],
  },
  {
    name: 'json_size',
    macros: [
      [
        'x, p',
        `CASE json_type(${json}, ${jsonPath}) WHEN 'ARRAY' THEN json_array_length(${json}, ${jsonPath}) WHEN 'OBJECT' THEN len(json_keys(${json}, ${jsonPath})) WHEN NULL THEN NULL ELSE 0 END`,
      ],
    ],
    examples: [["json_size('{\"a\": [1, 2]}', '$.a')", '2']],
  },
  {
    name: 'truncate',
    macros: [['x', 'trunc(x)']],
    examples: [['truncate(-2.7e0)', '-2']],
  },
  { name: 'rand', macros: [['', 'random()']], examples: [['rand() < 1', 'true']] },
  { name: 'e', macros: [['', 'exp(1)']], examples: [['round(e(), 4)', '2.7183']] },
  { name: 'infinity', macros: [['', "CAST('Infinity' AS DOUBLE)"]], examples: [['infinity() > 1', 'true']] },
  { name: 'nan', macros: [['', "CAST('NaN' AS DOUBLE)"]], examples: [['is_nan(nan())', 'true']] },
  { name: 'is_nan', macros: [['x', 'isnan(x)']], examples: [['is_nan(1e0)', 'false']] },
  { name: 'is_finite', macros: [['x', 'isfinite(x)']], examples: [['is_finite(infinity())', 'false']] },
  { name: 'is_infinite', macros: [['x', 'isinf(x)']], examples: [['is_infinite(infinity())', 'true']] },
  { name: 'bitwise_and', macros: [['a, b', 'a & b']], examples: [['bitwise_and(12, 10)', '8']] },
  { name: 'bitwise_or', macros: [['a, b', 'a | b']], examples: [['bitwise_or(12, 10)', '14']] },
  { name: 'bitwise_xor', macros: [['a, b', 'xor(a, b)']], examples: [['bitwise_xor(12, 10)', '6']] },
  {
    name: 'width_bucket',
    macros: [
      [
        'x, a, b, n',
        'CASE WHEN x < a THEN 0 WHEN x >= b THEN n + 1 ELSE CAST(floor((x - a) / (b - a) * n) AS BIGINT) + 1 END',
      ],
    ],
    examples: [['width_bucket(5.3e0, 0, 10, 5)', '3']],
  },
  { name: 'to_utf8', macros: [['x', 'encode(x)']], examples: [["to_base64(to_utf8('abc'))", '"YWJj"']] },
  {
    name: 'from_utf8',
    macros: [['x', 'decode(x)']],
    examples: [["from_utf8(from_base64('YWJj'))", '"abc"']],
  },
  { name: 'to_hex', macros: [['x', 'hex(x)']], examples: [["to_hex(to_utf8('ab'))", '"6162"']] },
  {
    name: 'md5',
    macros: [['x', 'unhex(system.main.md5(x))']],
    note: 'Bytes, of bytes; DuckDB’s own gives their digits.',
    examples: [["to_hex(md5(to_utf8('abc')))", '"900150983CD24FB0D6963F7D28E17F72"']],
  },
  {
    name: 'sha256',
    macros: [['x', 'unhex(system.main.sha256(x))']],
    note: 'Bytes, of bytes; DuckDB’s own gives their digits.',
    examples: [["substr(to_hex(sha256(to_utf8('abc'))), 1, 8)", '"BA7816BF"']],
  },
  {
    name: 'url_extract_host',
    macros: [
      [
        'x',
        "nullif(system.main.regexp_extract(x, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)', 1), '')",
      ],
    ],
    examples: [["url_extract_host('https://a.b:1/c?d=e')", '"a.b"']],
  },
  {
    name: 'url_extract_parameter',
    macros: [
      [
        'x, p',
        "CASE WHEN regexp_matches(x, '[?&]' || regexp_escape(p) || '(?:=|&|#|$)') THEN url_decode(system.main.regexp_extract(x, '[?&]' || regexp_escape(p) || '=([^&#]*)', 1)) END",
      ],
    ],
    examples: [
      ["url_extract_parameter('https://a.b/c?d=e%20f&g=h', 'd')", '"e f"'],
      ["url_extract_parameter('https://a.b/c?d=e', 'x')", 'null'],
    ],
  },
  {
    name: 'url_extract_path',
    macros: [['x', "system.main.regexp_extract(x, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)', 1)"]],
    examples: [["url_extract_path('https://a.b/c?d=e')", '"/c"']],
  },
]

/** What the rewrites put in place of operators. */
const operators = [
  'CREATE MACRO athena_divide(a, b) AS CASE WHEN b <> 0 OR b IS NULL THEN a // b ' +
    "WHEN typeof(a // b) IN ('DOUBLE', 'FLOAT') THEN cast_to_type(CAST(a AS DOUBLE) / CAST(b AS DOUBLE), a // b) " +
    "ELSE error('Division by zero') END",
  'CREATE MACRO athena_remainder(a, b) AS CASE WHEN b <> 0 OR b IS NULL THEN a % b ' +
    "WHEN typeof(a % b) IN ('DOUBLE', 'FLOAT') THEN cast_to_type(CAST('NaN' AS DOUBLE), a % b) ELSE error('Division by zero') END",
  'CREATE MACRO athena_map_value(m, k) AS system.main.map_extract(m, k)[1]',
]

/** The statements that make the functions, each by its own. */
export const macroStatements: readonly string[] = [
  ...operators,
  ...functions.map(
    ({ name, macros }) =>
      `CREATE MACRO ${name}${macros.map(([parameters, body]) => `(${parameters}) AS ${body}`).join(', ')}`,
  ),
]
