import { type Definition, type Expr, FunctionError, scalar } from '../registry.ts'
import { formatByPattern } from './format.ts'

/** The most characters that a function makes which can make more than it was given. */
export const textLimit = 1_000_000
/** The most characters that lpad and rpad fill up to. */
const padLimit = 100_000
const intMax = 2_147_483_647n
const longMax = 2n ** 63n - 1n

/** Fails where a result is longer than the bound. */
export function bounded(text: string, name: string): string {
  if (text.length > textLimit)
    throw new FunctionError(
      `${name}: the result is longer than ${textLimit} characters, the most that is done here`,
    )
  return text
}

const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text)

// ---- upper and lower

// Java 17 maps code point by code point and knows Unicode 13; JavaScript maps by the context and knows what came later.
const newerLetters =
  /[\u019b\u0264\u1c89\u1c8a\u2c2f\u2c5f\ua7c0\ua7c1\ua7cb-\ua7dc\u{10570}-\u{105bc}\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]/u

function mapLetters(text: string, map: (letter: string) => string): string {
  if (isAscii(text)) return map(text)
  let result = ''
  for (const letter of text) {
    const mapped = newerLetters.test(letter) ? letter : map(letter)
    result += isOneLetter(mapped) ? mapped : letter
  }
  return result
}

const isOneLetter = (text: string) =>
  text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff)

/** Greek letters with an iota below have capital letters that JavaScript writes as two. */
function upperLetter(letter: string): string {
  const code = letter.length === 1 ? letter.charCodeAt(0) : 0
  if (code >= 0x1f80 && code <= 0x1faf && (code & 0xf) < 8) return String.fromCharCode(code + 8)
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCharCode(code + 9)
  return letter.toUpperCase()
}

/** `upper` of Athena: each code point by itself, so that 'straße' is 'STRAßE'. */
export const upper = (text: string) => mapLetters(text, upperLetter)
/** `lower` of Athena: each code point by itself. */
export const lower = (text: string) =>
  mapLetters(text, (letter) => (letter === 'İ' ? 'i' : letter.toLowerCase()))

const upperScalar = scalar('athena_upper', ['varchar'], 'varchar', upper)
const lowerScalar = scalar('athena_lower', ['varchar'], 'varchar', lower)
const reverseScalar = scalar('athena_reverse', ['varchar'], 'varchar', (text) => [...text].reverse().join(''))

/** DuckDB's own for ASCII, where every code point is one byte. */
const unlessAscii = (own: string, other: string) =>
  `CASE WHEN strlen($1) = length($1) THEN ${own}($1) ELSE ${other}($1) END`

// ---- white space

/** What Java's `Character.isWhitespace` takes for it: no-break spaces and U+0085 are not of it. */
const whiteSpace = `'${[
  9,
  10,
  11,
  12,
  13,
  28,
  29,
  30,
  31,
  32,
  0x1680,
  ...range(0x2000, 0x2006),
  ...range(0x2008, 0x200a),
  0x2028,
  0x2029,
  0x205f,
  0x3000,
]
  .map((code) => String.fromCharCode(code))
  .join('')}'`

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

// ---- parts

/** A NULL anywhere is NULL; what is behind is not asked for it. */
const strict = (count: number, body: string) =>
  `CASE WHEN ${Array.from({ length: count }, (_, index) => `$${index + 1} IS NULL`).join(' OR ')} THEN NULL ${body} END`

const substr2 = strict(2, "WHEN $2 = 0 OR $2 > length($1) OR $2 < -length($1) THEN '' ELSE substring($1, $2)")
const substr3 = strict(
  3,
  "WHEN $2 = 0 OR $3 <= 0 OR $2 > length($1) OR $2 < -length($1) THEN '' ELSE substring($1, $2, least($3, 4294967295))",
)

function pad(text: string, length: bigint, filling: string, isLeft: boolean): string {
  const name = isLeft ? 'lpad' : 'rpad'
  if (length < 0n || length > intMax)
    throw new FunctionError('Target length must be in the range [0..2147483647]')
  if (filling === '') throw new FunctionError('Padding string must not be empty')
  const letters = [...text]
  const wanted = Number(length)
  if (wanted <= letters.length) return letters.slice(0, wanted).join('')
  if (wanted > padLimit) throw new FunctionError(`${name}: fills up to ${padLimit} characters at most here`)
  const fillers = [...filling]
  const added = Array.from({ length: wanted - letters.length }, (_, index) => fillers[index % fillers.length])
  return isLeft ? added.join('') + text : text + added.join('')
}

function replace(text: string, search: string, by: string): string {
  if (search !== '') {
    const pieces = text.split(search)
    if (text.length + (pieces.length - 1) * (by.length - search.length) > textLimit)
      bounded('x'.repeat(textLimit + 1), 'replace')
    return pieces.join(by)
  }
  const letters = [...text]
  if (text.length + (letters.length + 1) * by.length > textLimit)
    bounded('x'.repeat(textLimit + 1), 'replace')
  return by + letters.map((letter) => letter + by).join('')
}

function split(text: string, delimiter: string, limit = intMax): readonly string[] {
  if (limit <= 0n) throw new FunctionError('Limit must be positive')
  if (limit > intMax) throw new FunctionError('Limit is too large')
  if (delimiter === '') throw new FunctionError('The delimiter may not be the empty string')
  const pieces = text.split(delimiter)
  const most = Number(limit)
  return pieces.length <= most
    ? pieces
    : [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(delimiter)]
}

function splitPart(text: string, delimiter: string, index: bigint): string | null {
  if (index <= 0n) throw new FunctionError('Index must be greater than zero')
  const pieces = delimiter === '' ? [...text] : text.split(delimiter)
  return pieces[Number(index) - 1] ?? null
}

function entriesOf(
  text: string,
  entryDelimiter: string,
  keyDelimiter: string,
): (readonly [string, string])[] {
  if (entryDelimiter === '') throw new FunctionError('entryDelimiter is empty')
  if (keyDelimiter === '') throw new FunctionError('keyValueDelimiter is empty')
  if (entryDelimiter === keyDelimiter)
    throw new FunctionError('entryDelimiter and keyValueDelimiter must not be the same')
  const pieces = text.split(entryDelimiter)
  if (pieces.at(-1) === '') pieces.pop()
  return pieces.map((piece) => {
    const [key, value, more] = piece.split(keyDelimiter)
    if (key === undefined || value === undefined || more !== undefined)
      throw new FunctionError('Key-value delimiter must appear exactly once in each entry')
    return [key, value]
  })
}

function splitToMap(
  text: string,
  entryDelimiter: string,
  keyDelimiter: string,
): (readonly [string, string])[] {
  const entries = entriesOf(text, entryDelimiter, keyDelimiter)
  if (new Set(entries.map(([key]) => key)).size < entries.length)
    throw new FunctionError('split_to_map: a key comes twice; use split_to_multimap')
  return entries
}

function splitToMultimap(text: string, entryDelimiter: string, keyDelimiter: string): string {
  const lists = new Map<string, string[]>()
  for (const [key, value] of entriesOf(text, entryDelimiter, keyDelimiter)) {
    const list = lists.get(key)
    if (list) list.push(value)
    else lists.set(key, [value])
  }
  return `{${[...lists].map(([key, list]) => `${JSON.stringify(key)}:${JSON.stringify(list)}`).join(',')}}`
}

function position(text: string, search: string, instance: bigint): bigint {
  if (instance === 0n) throw new FunctionError("'instance' must be a positive or negative number")
  if (search === '') return 1n
  const isForward = instance > 0n
  let at = isForward ? -1 : text.length + 1
  for (let left = isForward ? instance : -instance; left > 0n; left--) {
    if (!isForward && at === 0) return 0n
    at = isForward ? text.indexOf(search, at + 1) : text.lastIndexOf(search, at - 1)
    if (at < 0) return 0n
  }
  return BigInt([...text.slice(0, at)].length + 1)
}

// ---- letters

function chr(code: bigint): string {
  if (code < 0n || code > 0x10ffffn || (code >= 0xd800n && code <= 0xdfffn))
    throw new FunctionError('Not a valid Unicode code point')
  return String.fromCodePoint(Number(code))
}

function codepoint(text: string): number {
  const code = text.codePointAt(0)
  if (code === undefined || !isOneLetter(text))
    throw new FunctionError('Input string must be a single character string')
  return code
}

function translate(text: string, from: string, to: string): string {
  const replacements = [...to]
  const map = new Map<string, string>()
  for (const [index, letter] of [...from].entries())
    if (!map.has(letter)) map.set(letter, replacements[index] ?? '')
  return Array.from(text, (letter) => map.get(letter) ?? letter).join('')
}

function normalize(text: string, form: string): string {
  const known = ['NFC', 'NFD', 'NFKC', 'NFKD'].find((name) => name === form)
  if (known === undefined) throw new FunctionError('Normalization form must be one of [NFD, NFC, NFKD, NFKC]')
  return text.normalize(known)
}

// ---- distances and checks

function levenshtein(left: string, right: string): bigint {
  const a = [...left]
  const b = [...right]
  if (a.length === 0 || b.length === 0) return BigInt(a.length + b.length)
  if (a.length * (b.length - 1) > 1_000_000)
    throw new FunctionError('The combined inputs for Levenshtein distance are too large')
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [index, letter] of a.entries()) {
    const next = [index + 1]
    for (let column = 1; column <= b.length; column++) {
      const cost = letter === b[column - 1] ? 0 : 1
      next.push(Math.min(next[column - 1]! + 1, row[column]! + 1, row[column - 1]! + cost))
    }
    row = next
  }
  return BigInt(row[b.length]!)
}

function hamming(left: string, right: string): bigint {
  const a = [...left]
  const b = [...right]
  if (a.length !== b.length)
    throw new FunctionError('The input strings to hamming_distance function must have the same length')
  return BigInt(a.filter((letter, index) => letter !== b[index]).length)
}

const soundexCodes = '01230120022455012623010202'

function soundex(text: string): string {
  const letters = text.replace(/\P{L}/gu, '').toUpperCase()
  const codeOf = (letter: string) => {
    const code = soundexCodes[letter.charCodeAt(0) - 65]
    if (code === undefined || letter < 'A') throw new FunctionError('soundex: a letter is not one of A to Z')
    return code
  }
  const [first] = letters
  if (first === undefined) return ''
  let result = first
  let last = codeOf(first)
  for (let index = 1; index < letters.length && result.length < 4; index++) {
    const letter = letters.charAt(index)
    if (letter === 'H' || letter === 'W') continue
    const code = codeOf(letter)
    if (code !== '0' && code !== last) result += code
    last = code
  }
  return result.padEnd(4, '0')
}

function luhn(text: string): boolean {
  if (text === '') return false
  if (!/^\d*$/.test(text)) throw new FunctionError('Input contains non-digit character')
  let sum = 0
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(text.length - 1 - index) - 48
    const value = index % 2 === 1 ? digit * 2 : digit
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

// ---- UTF-8

/** The length of the code point at a place, negative where it is none: so many bytes are passed over. */
function codePointLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  if (first < 0xc0 || first >= 0xfe) return -1
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : first < 0xfc ? 5 : 6
  let code = first & (0x7f >> length)
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index]
    if (byte === undefined || (byte & 0xc0) !== 0x80) return -index
    code = code * 64 + (byte & 0x3f)
  }
  if (length === 2) return code < 0x80 ? -2 : 2
  if (length === 3) return code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? -3 : 3
  return length === 4 && code >= 0x10000 && code <= 0x10ffff ? 4 : -length
}

/** The text of UTF-8, with each sequence that is none replaced, as Airlift's SliceUtf8 tells them apart. */
export function fromUtf8(bytes: Uint8Array, replacement = '�'): string {
  let result = ''
  let start = 0
  for (let at = 0; at < bytes.length; ) {
    const length = codePointLength(bytes, at)
    if (length < 0) {
      result += utf8(bytes, start, at) + replacement
      start = at - length
    }
    at += Math.abs(length)
  }
  return bounded(result + utf8(bytes, start, bytes.length), 'from_utf8')
}

const utf8 = (bytes: Uint8Array, from: number, to: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', from, Math.max(from, to))

function fromUtf8ByText(bytes: Uint8Array, replacement: string): string {
  if (replacement !== '' && !isOneLetter(replacement))
    throw new FunctionError('Replacement character string must empty or a single character')
  return fromUtf8(bytes, replacement)
}

function fromUtf8ByCode(bytes: Uint8Array, code: bigint): string {
  if (code < 0n || code > 0x10ffffn || (code >= 0xd800n && code <= 0xdfffn))
    throw new FunctionError('Invalid replacement character')
  return fromUtf8(bytes, String.fromCodePoint(Number(code)))
}

// ---- numbers for people

function humanReadableSeconds(input: number): string {
  if (!Number.isFinite(input))
    throw new FunctionError('human_readable_seconds: the argument is no number of seconds')
  let rest = toLong(Math.floor(Math.abs(input) + 0.5))
  const parts: string[] = []
  for (const [unit, seconds] of secondsOf) {
    const count = rest / seconds
    rest %= seconds
    if (count > 0n || (unit === 'second' && parts.length === 0))
      parts.push(`${count} ${unit}${count === 1n ? '' : 's'}`)
  }
  return parts.join(', ')
}

const secondsOf = [
  ['week', 604_800n],
  ['day', 86_400n],
  ['hour', 3600n],
  ['minute', 60n],
  ['second', 1n],
] as const

function formatNumber(value: bigint): string {
  let number = Number(value)
  let unit = 0
  while (Math.abs(number) >= 1000 && unit < numberUnits.length - 1) {
    number /= 1000
    unit++
  }
  const digits = number < 10 ? 2 : number < 100 ? 1 : 0
  return `${rounded(number, digits)}${numberUnits[unit]}`
}

const numberUnits = ['', 'K', 'M', 'B', 'T', 'Q']

/** A number with digits behind the point at most, halves away from zero. */
function rounded(number: number, digits: number): string {
  const rounded = Number(number.toFixed(digits))
  return String(rounded === 0 ? 0 : rounded)
}

/** A double cut to a bigint as Java casts it. */
export function toLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n
  if (value >= 2 ** 63) return longMax
  return value <= -(2 ** 63) ? -longMax - 1n : BigInt(Math.trunc(value))
}

const dataUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB']

function parseDataSize(text: string): string {
  const [, whole = '', fraction = '', unit = ''] = /^(\d*)\.?(\d*)([a-zA-Z]*)$/.exec(text.slice(0, 200)) ?? []
  const power = dataUnits.indexOf(unit)
  if (power < 0 || whole + fraction === '')
    throw new FunctionError("Invalid data size: write it as in '2.3MB'")
  const size = (BigInt(whole + fraction) * 1024n ** BigInt(power)) / 10n ** BigInt(fraction.length)
  if (size >= 10n ** 38n) throw new FunctionError('parse_data_size: value out of range')
  return String(size)
}

const parseDataSizeScalar = scalar('athena_parse_data_size', ['varchar'], 'varchar', parseDataSize)
const splitToMultimapScalar = scalar(
  'athena_split_to_multimap',
  ['varchar', 'varchar', 'varchar'],
  'varchar',
  splitToMultimap,
)
const formatScalar = scalar('athena_format', ['varchar', 'varchar[]'], 'varchar', (pattern, values) =>
  bounded(formatByPattern(pattern, values), 'format'),
)

/** A value with its kind in front: format's patterns take it by that. */
function tagged({ sql, type }: Expr): string {
  switch (type.kind) {
    case 'unknown':
      return 'CAST(NULL AS VARCHAR)'
    case 'varchar':
    case 'char':
    case 'json':
      return `('s' || ${sql})`
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return `('i' || CAST(${sql} AS VARCHAR))`
    case 'real':
      return `('r' || CAST(${sql} AS VARCHAR))`
    case 'double':
      return `('d' || CAST(${sql} AS VARCHAR))`
    case 'decimal':
      return `('n' || CAST(${sql} AS VARCHAR))`
    case 'boolean':
      return `('b' || CAST(${sql} AS VARCHAR))`
    case 'date':
      return `('t' || CAST(${sql} AS VARCHAR))`
    default:
      throw new FunctionError(
        `format takes no ${type.kind} here: write CAST(x AS varchar), or date_format for a time`,
      )
  }
}

/** Texts: characters are code points, and the first is 1. */
export const textFunctions: readonly Definition[] = [
  {
    signature: 'lower(varchar(n)) -> varchar(n)',
    make: unlessAscii('lower', 'athena_lower'),
    uses: [lowerScalar],
  },
  {
    signature: 'upper(varchar(n)) -> varchar(n)',
    make: unlessAscii('upper', 'athena_upper'),
    uses: [upperScalar],
  },
  { signature: 'length(varchar) -> bigint', make: 'length($1)' },
  {
    signature: 'reverse(varchar(n)) -> varchar(n)',
    make: unlessAscii('reverse', 'athena_reverse'),
    uses: [reverseScalar],
  },
  ...['substr', 'substring'].flatMap((name) => [
    { signature: `${name}(varchar(n), bigint) -> varchar(n)`, make: substr2 },
    { signature: `${name}(varchar(n), bigint, bigint) -> varchar(n)`, make: substr3 },
  ]),
  // The spaces that fill a char up are no part of its text.
  { signature: 'ltrim(char(n)) -> varchar(n)', make: `rtrim(ltrim($1, ${whiteSpace}), ' ')` },
  ...['trim', 'ltrim', 'rtrim'].flatMap((name) => [
    { signature: `${name}(varchar(n)) -> varchar(n)`, make: `${name}($1, ${whiteSpace})` },
    { signature: `${name}(varchar(n), varchar) -> varchar(n)`, make: `${name}($1, $2)` },
  ]),
  {
    signature: 'lpad(varchar, bigint, varchar) -> varchar',
    make: scalar('athena_lpad', ['varchar', 'bigint', 'varchar'], 'varchar', (text, length, filling) =>
      pad(text, length, filling, true),
    ),
    note: `Up to ${padLimit} characters.`,
  },
  {
    signature: 'rpad(varchar, bigint, varchar) -> varchar',
    make: scalar('athena_rpad', ['varchar', 'bigint', 'varchar'], 'varchar', (text, length, filling) =>
      pad(text, length, filling, false),
    ),
    note: `Up to ${padLimit} characters.`,
  },
  { signature: 'replace(varchar(n), varchar) -> varchar(n)', make: "replace($1, $2, '')" },
  {
    signature: 'replace(varchar, varchar, varchar) -> varchar',
    make: scalar('athena_replace', ['varchar', 'varchar', 'varchar'], 'varchar', replace),
    note: `The result has up to ${textLimit} characters.`,
  },
  {
    signature: 'split(varchar(n), varchar) -> array(varchar(n))',
    make: scalar('athena_split', ['varchar', 'varchar'], 'varchar[]', (text, delimiter) =>
      split(text, delimiter),
    ),
  },
  {
    signature: 'split(varchar(n), varchar, bigint) -> array(varchar(n))',
    make: scalar('athena_split_limit', ['varchar', 'varchar', 'bigint'], 'varchar[]', split),
  },
  {
    signature: 'split_part(varchar(n), varchar, bigint) -> varchar(n)',
    make: scalar('athena_split_part', ['varchar', 'varchar', 'bigint'], 'varchar', splitPart),
  },
  {
    signature: 'split_to_map(varchar, varchar, varchar) -> map(varchar, varchar)',
    make: scalar(
      'athena_split_to_map',
      ['varchar', 'varchar', 'varchar'],
      'map(varchar,varchar)',
      splitToMap,
    ),
  },
  {
    signature: 'split_to_multimap(varchar, varchar, varchar) -> map(varchar, array(varchar))',
    make: 'CAST(CAST(athena_split_to_multimap($1, $2, $3) AS JSON) AS MAP(VARCHAR, VARCHAR[]))',
    uses: [splitToMultimapScalar],
  },
  { signature: 'strpos(varchar, varchar) -> bigint', make: 'strpos($1, $2)' },
  {
    signature: 'strpos(varchar, varchar, bigint) -> bigint',
    make: scalar('athena_strpos', ['varchar', 'varchar', 'bigint'], 'bigint', position),
  },
  { signature: 'starts_with(varchar, varchar) -> boolean', make: 'starts_with($1, $2)' },
  {
    signature: 'concat(varchar, varchar...) -> varchar',
    make: (args) => `(${args.map(({ sql }) => sql).join(' || ')})`,
  },
  {
    signature: 'concat_ws(varchar, array(varchar)) -> varchar',
    make: scalar('athena_concat_ws', ['varchar', 'varchar[]'], 'varchar', (separator, texts) =>
      bounded(texts.filter((text) => text !== null).join(separator), 'concat_ws'),
    ),
  },
  { signature: 'concat_ws(varchar, varchar...) -> varchar', make: 'concat_ws($1, $2*)' },
  { signature: 'chr(bigint) -> varchar(1)', make: scalar('athena_chr', ['bigint'], 'varchar', chr) },
  {
    signature: 'codepoint(varchar) -> integer',
    make: scalar('athena_codepoint', ['varchar'], 'integer', codepoint),
  },
  {
    signature: 'translate(varchar, varchar, varchar) -> varchar',
    make: scalar('athena_translate', ['varchar', 'varchar', 'varchar'], 'varchar', translate),
  },
  {
    signature: 'normalize(varchar) -> varchar',
    make: scalar('athena_normalize', ['varchar'], 'varchar', (text) => text.normalize('NFC')),
  },
  {
    signature: 'normalize(varchar, varchar) -> varchar',
    make: scalar('athena_normalize_form', ['varchar', 'varchar'], 'varchar', normalize),
  },
  {
    signature: 'levenshtein_distance(varchar, varchar) -> bigint',
    make: scalar('athena_levenshtein_distance', ['varchar', 'varchar'], 'bigint', levenshtein),
  },
  {
    signature: 'hamming_distance(varchar, varchar) -> bigint',
    make: scalar('athena_hamming_distance', ['varchar', 'varchar'], 'bigint', hamming),
  },
  {
    signature: 'soundex(varchar) -> varchar(4)',
    make: scalar('athena_soundex', ['varchar'], 'varchar', soundex),
  },
  {
    signature: 'luhn_check(varchar) -> boolean',
    make: scalar('athena_luhn_check', ['varchar'], 'boolean', luhn),
  },
  { signature: 'to_utf8(varchar) -> varbinary', make: 'encode($1)' },
  {
    signature: 'from_utf8(varbinary) -> varchar',
    make: scalar('athena_from_utf8', ['varbinary'], 'varchar', (bytes) => fromUtf8(bytes)),
  },
  {
    signature: 'from_utf8(varbinary, varchar) -> varchar',
    make: scalar('athena_from_utf8_text', ['varbinary', 'varchar'], 'varchar', fromUtf8ByText),
  },
  {
    signature: 'from_utf8(varbinary, bigint) -> varchar',
    make: scalar('athena_from_utf8_code', ['varbinary', 'bigint'], 'varchar', fromUtf8ByCode),
  },
  {
    signature: 'format(varchar, any...) -> varchar',
    make: ([pattern, ...values]) =>
      `athena_format(${pattern?.sql ?? 'NULL'}, [${values.map(tagged).join(', ')}])`,
    uses: [formatScalar],
    note: 'With the conversions `%s %d %x %o %e %f %b %n %%` of Java, their flags, widths and places.',
  },
  {
    signature: 'format_number(bigint) -> varchar',
    make: scalar('athena_format_number', ['bigint'], 'varchar', formatNumber),
  },
  {
    signature: 'format_number(double) -> varchar',
    make: scalar('athena_format_number_double', ['double'], 'varchar', (value) =>
      formatNumber(toLong(value)),
    ),
  },
  {
    signature: 'human_readable_seconds(double) -> varchar',
    make: scalar('athena_human_readable_seconds', ['double'], 'varchar', humanReadableSeconds),
  },
  ...['parse_data_size', 'parse_presto_data_size'].map((name) => ({
    signature: `${name}(varchar) -> decimal(38,0)`,
    make: 'CAST(athena_parse_data_size($1) AS DECIMAL(38, 0))',
    uses: [parseDataSizeScalar],
  })),
]

/** Functions on texts that Athena documents and that are not done here. */
export const refusedTextFunctions: readonly { readonly name: string; readonly instead: string }[] = [
  { name: 'word_stem', instead: 'compare the words as they are, by lower(x)' },
  { name: 'bar', instead: 'repeat a character by rpad' },
  { name: 'color', instead: 'leave colours to what shows the result' },
  { name: 'render', instead: 'leave colours to what shows the result' },
  { name: 'rgb', instead: 'leave colours to what shows the result' },
]
