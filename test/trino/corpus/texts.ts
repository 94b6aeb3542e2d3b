import { type Probe, pairs } from './probe.ts'

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
const rows = (values: readonly string[]) => [...values.map((value) => [quote(value)]), ['NULL']]

const patterns = [
  '[0-9]+',
  '([a-z])([0-9]+)',
  '^a',
  'b$',
  '',
  'z',
  '(a)|(c)',
  '(?i)A',
  '^(?!b)',
  '(?<=a)1',
  '(.)\\1',
  'a++',
  '\\d',
  '\\bb',
  '[^\\w\\s]',
  'é',
  '.',
  '(?<n>[0-9])',
  '\\p{L}+',
  '(',
  'a{2,',
  '[[:alpha:]]',
  '\\',
  '(?s).',
  '^',
  '🎟',
]
const subjects = ['a1b22', 'abba', '', 'Aé🎟x', 'a\nb', 'aab', 'it is 1 day']
const replacements = ['<$1>', '$0', '\\$', '', '${n}', '$9', 'x']

const documents = [
  '{"a":{"b":[1,2,{"c":null}]},"a b":1,"x":"t\\u00e9\\n","n":1.50,"big":12345678901234567890,"t":true,"z":null,"e":{},"l":[]}',
  '[1,"two",[3],null,{"a":5}]',
  '"text"',
  'null',
  '[redacted]',
  '',
  '{"a":',
  '1.0',
]
const paths = [
  '$',
  '$.a',
  '$.a.b',
  '$.a.b[0]',
  '$.a.b[1]',
  '$.a.b[2].c',
  '$.a.b[9]',
  '$.a.b[-1]',
  '$[0]',
  '$[2][0]',
  '$[4].a',
  '$["a b"]',
  "$['a b']",
  '$.x',
  '$.n',
  '$.big',
  '$.t',
  '$.z',
  '$.e',
  '$.l',
  '$.none',
  '$.a.*',
  '$.*',
  '$..b',
  '$.a.b[*]',
  'lax $.a',
  'strict $.a',
  '$.a b',
  '$.',
  'a',
  '',
  '$[',
  '$.A',
  '$["a"]["b"][0]',
  '$.a.b.c',
]

/** Patterns, and the functions over JSON by path. */
export function texts(): readonly Probe[] {
  const matches = patterns.flatMap((pattern): readonly Probe[] => {
    const of = quote(pattern)
    const probe = (...expressions: readonly string[]): Probe => ({
      group: 'patterns',
      expressions,
      rows: rows(subjects),
    })
    return [
      probe(`regexp_like(a, ${of})`, `regexp_extract(a, ${of})`, `regexp_extract_all(a, ${of})`),
      probe(`regexp_replace(a, ${of})`, `regexp_replace(a, ${of}, '-')`),
      probe(`regexp_split(a, ${of})`, `regexp_count(a, ${of})`, `regexp_position(a, ${of})`),
    ]
  })
  const grouped = pairs(['([a-z])([0-9]+)', '(a)|(c)', '(?<n>[0-9])'], ['0', '1', '2', '3', '-1']).map(
    ([pattern, place]): Probe => ({
      group: 'pattern groups',
      expressions: [
        `regexp_extract(a, '${pattern}', ${place})`,
        `regexp_extract_all(a, '${pattern}', ${place})`,
      ],
      rows: rows(subjects),
    }),
  )
  const replaced = pairs(['([a-z])([0-9])', '(?<n>[0-9])', 'b'], replacements).map(
    ([pattern, text]): Probe => ({
      group: 'pattern replacements',
      expressions: [`regexp_replace(a, '${pattern}', ${quote(text)})`],
      rows: rows(subjects),
    }),
  )
  const positions = pairs(['2', '1', '0', '9'], ['', ', 1', ', 2', ', 0']).map(
    ([start, occurrence]): Probe => ({
      group: 'pattern positions',
      expressions: [`regexp_position(a, '[a-z]', ${start}${occurrence})`],
      rows: rows(subjects),
    }),
  )
  const byFunction: Probe = {
    group: 'pattern replacements',
    expressions: [
      "regexp_replace(a, '(\\w)(\\w*)', x -> upper(x[1]) || lower(x[2]))",
      "regexp_replace(a, '[0-9]', x -> 'n')",
    ],
    rows: rows(subjects),
  }
  const json = paths.flatMap((path): readonly Probe[] => {
    const of = quote(path)
    return [
      {
        group: 'json paths',
        expressions: [`json_extract_scalar(a, ${of})`, `json_size(a, ${of})`],
        rows: rows(documents),
      },
      { group: 'json paths', expressions: [`json_extract(a, ${of})`], rows: rows(documents) },
    ]
  })
  const parsed = documents
    .filter((document) => !['[redacted]', '', '{"a":'].includes(document))
    .map((document) => [`JSON ${quote(document)}`])
  const ofJson: Probe = {
    group: 'json values',
    expressions: [
      "json_extract_scalar(a, '$.n')",
      "json_extract(a, '$.a.b')",
      'json_format(a)',
      'json_array_length(a)',
      "json_size(a, '$')",
      'CAST(a AS varchar)',
      'a',
      'is_json_scalar(a)',
      'typeof(a)',
      'json_array_get(a, 1)',
      'json_array_contains(a, 1)',
      "json_extract_scalar(json_extract(a, '$.a'), '$.b[1]')",
      "CAST(json_extract(a, '$.a.b') AS array(json))",
    ],
    rows: [...parsed, ['NULL']],
  }
  const made = [
    '1',
    "'t\"é\n'",
    'true',
    '1.5e0',
    "DECIMAL '1.50'",
    "DATE '2025-02-03'",
    "TIMESTAMP '2025-02-03 10:20:30.123'",
    'ARRAY[1, NULL]',
    "MAP(ARRAY['b', 'a'], ARRAY[1, 2])",
    "ROW(1, 'x')",
    "CAST(ROW(1, 'x') AS row(n integer, t varchar))",
    'NULL',
    'nan()',
    "X'00'",
    'ARRAY[ROW(1), ROW(NULL)]',
    "MAP(ARRAY[1, 2], ARRAY['x', NULL])",
    "TIMESTAMP '2025-02-03 10:20:30.123 America/New_York'",
    "REAL '1.1'",
    '1e21',
    '1e-7',
    "JSON '[1]'",
    "CAST('x' AS char(3))",
  ].map(
    (value): Probe => ({
      group: 'json from values',
      expressions: ['json_format(CAST(a AS json))', 'CAST(a AS json)', "json_extract(CAST(a AS json), '$')"],
      rows: [[value]],
    }),
  )
  const standard = [
    "json_exists(a, 'lax $.a')",
    "json_value(a, 'lax $.n')",
    "json_value(a, 'lax $.n' RETURNING double)",
    "json_query(a, 'lax $.a.b')",
    "json_query(a, 'lax $.a.b[*]' WITH ARRAY WRAPPER)",
    "json_value(a, 'strict $.none' ERROR ON ERROR)",
    "json_value(a, 'lax $.none' DEFAULT 'd' ON EMPTY)",
    "json_object('k' : a)",
    'json_array(a, 1)',
    "json_object('k' VALUE 1, 'l' VALUE NULL ABSENT ON NULL)",
  ].map(
    (expression): Probe => ({
      group: 'json of the standard',
      expressions: [expression],
      rows: [[quote(documents[0] ?? '')], ['NULL']],
    }),
  )
  const forms = [
    'trim(a)',
    'trim(BOTH FROM a)',
    "trim(LEADING 'x' FROM a)",
    "trim(TRAILING 'xy' FROM a)",
    "trim(BOTH 'x' FROM a)",
    "trim('x' FROM a)",
    "ltrim(a, 'x')",
    "rtrim(a, 'xy')",
    'substring(a FROM 2)',
    'substring(a FROM 2 FOR 2)',
    "position('x' IN a)",
    'a || a',
    'length(a)',
    'upper(a)',
    'lower(a)',
    'reverse(a)',
    "split(a, 'x')",
    "concat(a, '-', a)",
    "concat_ws(',', a, NULL, a)",
    'concat_ws(NULL, a)',
    "concat_ws(',', ARRAY[a, NULL, 'b'])",
    'normalize(a, NFD)',
    'normalize(a)',
    'to_hex(to_utf8(a))',
    'to_hex(sha256(to_utf8(a)))',
    'to_hex(md5(to_utf8(a)))',
    'crc32(to_utf8(a))',
    'to_hex(xxhash64(to_utf8(a)))',
    'char_length(a)',
    'left(a, 2)',
    'initcap(a)',
    'ascii(a)',
    'md5(a)',
    "overlay(a PLACING 'z' FROM 1)",
    "format('%s|%10s|%-10s|', a, a, a)",
  ].map(
    (expression): Probe => ({
      group: 'text forms',
      expressions: [expression],
      rows: [...rows(['xxaxx', ' a b ', '', 'ÄßÉ', '🎟️xé', 'İıſ', 'yxYX']), ["chr(9) || 'a' || chr(10)"]],
    }),
  )
  const printed = [
    ["'%d'", '42'],
    ["'%5d|%-5d|%05d'", '42, 42, 42'],
    ["'%,d'", '1234567'],
    ["'%.2f'", '3.14159e0'],
    ["'%8.3f'", "DECIMAL '3.14159'"],
    ["'%e'", '12345.678e0'],
    ["'%g'", '0.0001e0'],
    ["'%s'", 'true'],
    ["'%s'", "DATE '2025-02-13'"],
    ["'%s %s'", "'a', NULL"],
    ["'%x'", '255'],
    ["'%%'", '1'],
    ["'%b'", 'true'],
    ["'%2$s %1$s'", "'a', 'b'"],
    ["'%tY-%<tm'", "DATE '2025-02-13'"],
    ["'%s'", 'ARRAY[1]'],
    ["'%s'", '1.5e0'],
    ["'%s'", "TIMESTAMP '2025-02-13 10:20:30.5'"],
    ["'%+d'", '5'],
    ["'%c'", '65'],
    ["'%q'", '1'],
    ["'%d'", '1.5e0'],
    ["'%,.2f'", '1234567.891e0'],
    ["'%s'", "X'00'"],
    ["'%.3s'", "'abcdef'"],
    ["'%S'", "'abc'"],
    ["'%n'", '1'],
    ["'%o'", '8'],
    ["'%X'", '255'],
    ["'%08.2f'", '-3.14159e0'],
    ["'%(d'", '-5'],
  ].map(([text, values]): Probe => ({ group: 'format', sql: `SELECT format(${text}, ${values}) AS r` }))
  return [
    ...matches,
    ...grouped,
    ...replaced,
    ...positions,
    byFunction,
    ...json,
    ofJson,
    ...made,
    ...standard,
    ...forms,
    ...printed,
  ]
}
