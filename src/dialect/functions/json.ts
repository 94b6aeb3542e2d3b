import { isJsonNumber, isMembers, type JsonNode, readJson } from '../json-text.ts'
import { type Definition, FunctionError, scalar } from '../registry.ts'
import { javaDouble } from './format.ts'

/** How deep JSON may be nested: as deep as Athena's own reader goes. */
const depthMax = 1000

/** The text stops being JSON. Most functions make NULL of it. */
class NotJson extends Error {}

// ---- numbers and texts as Athena writes them

/** A number of a JSON text as Athena keeps it: an integer by its digits, any other as a double (`1.5`, `1.0E10`). */
export function canonicalNumber(text: string): string {
  if (/^-?\d+$/.test(text)) return /^-0+$/.test(text) ? '0' : text
  const number = Number(text)
  return Number.isFinite(number) ? javaDouble(String(number)) : quote(number > 0 ? 'Infinity' : '-Infinity')
}

const shortEscapes: { readonly [letter: string]: string } = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
}

/** A text as JSON. Athena writes what lies beyond U+FFFF as two escapes. */
export function quote(text: string): string {
  const escaped = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them.
    /[\u0000-\u001f"\\\ud800-\udfff]/g,
    (letter) =>
      shortEscapes[letter] ?? `\\u${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
  return `"${escaped}"`
}

/** A JSON value as Athena writes it; the members in order of their names, or as they came. */
export function canonicalJson(node: JsonNode, isSorted = true): string {
  if (node === null || typeof node === 'boolean') return String(node)
  if (typeof node === 'string') return quote(node)
  if (isJsonNumber(node)) return canonicalNumber(node.number)
  if (isMembers(node)) {
    const members = [...node]
    if (isSorted) members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${members.map(([name, value]) => `${quote(name)}:${canonicalJson(value, isSorted)}`).join(',')}}`
  }
  return `[${(node as readonly JsonNode[]).map((item) => canonicalJson(item, isSorted)).join(',')}]`
}

// ---- reading no more of a text than is asked for

const stringPattern =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON texts have none.
  /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y
const wordPattern = /(?:true|false|null)(?!\w)/y
const spacePattern = /[ \t\n\r]*/y

/** Walks over a JSON text, each character once. Throws NotJson. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next character that is no space, empty at the end. */
  peek(): string {
    this.#take(spacePattern)
    return this.#text[this.#at] ?? ''
  }

  accept(mark: string): boolean {
    if (this.peek() !== mark) return false
    this.#at++
    return true
  }

  expect(mark: string) {
    if (!this.accept(mark)) throw new NotJson()
  }

  string(): string {
    this.peek()
    return JSON.parse(this.#need(stringPattern))
  }

  /** A number, true, false or null as it is written. */
  plain(): string {
    const letter = this.peek()
    return this.#need(letter === '-' || (letter >= '0' && letter <= '9') ? numberPattern : wordPattern)
  }

  end() {
    if (this.peek() !== '') throw new NotJson()
  }

  #need(pattern: RegExp): string {
    const found = this.#take(pattern)
    if (found === undefined) throw new NotJson()
    return found
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }
}

/** Goes through the members or items of a value that has begun. `visit` must take the value; it returns false to stop. */
function eachIn(scanner: Scanner, visit: (key: string | number) => boolean): boolean {
  const isObject = scanner.accept('{')
  if (!isObject) scanner.expect('[')
  const end = isObject ? '}' : ']'
  if (scanner.accept(end)) return true
  for (let index = 0; ; index++) {
    let key: string | number = index
    if (isObject) {
      key = scanner.string()
      scanner.expect(':')
    }
    if (!visit(key)) return false
    if (scanner.accept(end)) return true
    scanner.expect(',')
  }
}

/** Takes a value and gives it back without spaces, its members as they came. */
function copy(scanner: Scanner, depth = 0): string {
  if (depth > depthMax) throw new NotJson()
  const first = scanner.peek()
  if (first === '"') return quote(scanner.string())
  if (first !== '{' && first !== '[') return word(scanner.plain())
  const parts: string[] = []
  eachIn(scanner, (key) => {
    parts.push((typeof key === 'string' ? `${quote(key)}:` : '') + copy(scanner, depth + 1))
    return true
  })
  return first === '{' ? `{${parts.join(',')}}` : `[${parts.join(',')}]`
}

const word = (text: string) => (/^[tfn]/.test(text) ? text : canonicalNumber(text))

function skip(scanner: Scanner, depth = 0): void {
  if (depth > depthMax) throw new NotJson()
  const first = scanner.peek()
  if (first === '"') scanner.string()
  else if (first !== '{' && first !== '[') scanner.plain()
  else
    eachIn(scanner, () => {
      skip(scanner, depth + 1)
      return true
    })
}

/** What `read` makes of the text, NULL where the text is no JSON as far as it is read. */
function orNull<T>(text: string, read: (scanner: Scanner) => T): T | null {
  try {
    return read(new Scanner(text))
  } catch (error) {
    if (error instanceof NotJson) return null
    throw error
  }
}

// ---- paths of json_extract

const paths = new Map<string, readonly string[]>()

/** The steps of a path such as `$.a["b c"][0]`. */
function stepsOf(path: string): readonly string[] {
  const known = paths.get(path)
  if (known) return known
  const invalid = () =>
    new FunctionError(
      'Invalid JSON path: write it as in $.name, $["a name"] and $[0]; filters, .. and * are not of it',
    )
  if (!path.startsWith('$') || path.length > 10_000) throw invalid()
  const steps: string[] = []
  const step = /\.([\p{L}\p{Nd}_:]+)|\["((?:[^"\\]|\\["\\])*)"\]|\[([\p{L}\p{Nd}_]+)\]/uy
  for (let at = 1; at < path.length; at = step.lastIndex) {
    step.lastIndex = at
    const [, name, quoted, index] = step.exec(path) ?? []
    const found = name ?? quoted?.replace(/\\(.)/g, '$1') ?? index
    if (found === undefined) throw invalid()
    steps.push(found)
  }
  if (paths.size >= 1000) paths.clear()
  paths.set(path, steps)
  return steps
}

/** Walks to the place of a path and reads there; NULL where there is no such place. Of members of one name the first counts. */
function atPath<T>(text: string, path: string, read: (scanner: Scanner) => T | null): T | null {
  const steps = stepsOf(path)
  const walk = (scanner: Scanner, index: number): T | null => {
    const step = steps[index]
    if (step === undefined) return read(scanner)
    const first = scanner.peek()
    if (first !== '{' && first !== '[') {
      skip(scanner)
      return null
    }
    const wanted = first === '{' ? step : /^\d{1,9}$/.test(step) ? Number(step) : -1
    let found: T | null = null
    eachIn(scanner, (key) => {
      if (key === wanted) {
        found = walk(scanner, index + 1)
        return false
      }
      skip(scanner)
      return true
    })
    return found
  }
  return orNull(text, (scanner) => walk(scanner, 0))
}

// ---- the functions

/** `json_parse`: the canonical text of a JSON text. Throws FunctionError for what is no JSON. */
export function parseJson(text: string): string {
  try {
    return canonicalJson(readJson(text))
  } catch (error) {
    if (error instanceof FunctionError) throw new FunctionError('Cannot convert value to JSON')
    throw error
  }
}

const extract = (text: string, path: string) => atPath(text, path, (scanner) => copy(scanner))

const extractScalar = (text: string, path: string) =>
  atPath(text, path, (scanner) => {
    const first = scanner.peek()
    if (first === '"') return scanner.string()
    if (first === '{' || first === '[') return null
    const plain = scanner.plain()
    return plain === 'null' ? null : plain
  })

const size = (text: string, path: string) =>
  atPath(text, path, (scanner) => {
    const first = scanner.peek()
    let count = 0n
    if (first !== '{' && first !== '[') skip(scanner)
    else
      eachIn(scanner, () => {
        skip(scanner)
        count++
        return true
      })
    return count
  })

function arrayLength(text: string): bigint | null {
  return orNull(text, (scanner) => {
    if (scanner.peek() !== '[') return null
    let count = 0n
    eachIn(scanner, () => {
      skip(scanner)
      count++
      return true
    })
    return count
  })
}

/** Texts come without quotes, and numbers as they are written, as Athena gives them. */
function arrayGet(text: string, index: bigint): string | null {
  const length = index < 0n ? arrayLength(text) : 0n
  if (length === null) return null
  const wanted = index < 0n ? Number(length + index) : Number(index)
  return orNull(text, (scanner) => {
    if (scanner.peek() !== '[' || wanted < 0) return null
    let found: string | null = null
    eachIn(scanner, (key) => {
      if (key !== wanted) {
        skip(scanner)
        return true
      }
      const first = scanner.peek()
      found =
        first === '"' ? scanner.string() : first === '{' || first === '[' ? copy(scanner) : scanner.plain()
      return false
    })
    return found === 'null' ? null : found
  })
}

function arrayContains(text: string, isWanted: (scanner: Scanner, first: string) => boolean): boolean | null {
  return orNull(text, (scanner) => {
    if (scanner.peek() !== '[') return null
    return !eachIn(scanner, () => {
      const first = scanner.peek()
      if (first !== '{' && first !== '[') return !isWanted(scanner, first)
      skip(scanner)
      return true
    })
  })
}

/** Whether a list has the text as one of its items. */
function containsText(text: string, value: string): boolean | null {
  return arrayContains(text, (scanner, first) => {
    if (first === '"') return scanner.string() === value
    scanner.plain()
    return false
  })
}

/** Whether a list has a number, true, false or null that passes, as it is written. */
function containsPlain(text: string, test: (plain: string) => boolean): boolean | null {
  return arrayContains(text, (scanner, first) => {
    if (first !== '"') return test(scanner.plain())
    scanner.string()
    return false
  })
}

function isScalar(text: string): boolean {
  const found = orNull(text, (scanner) => {
    const first = scanner.peek()
    skip(scanner)
    scanner.end()
    return first !== '{' && first !== '['
  })
  if (found === null) throw new FunctionError('Invalid JSON value')
  return found
}

// ---- paths of the SQL standard: json_value, json_query, json_exists

type PathStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'members' }
  | { readonly kind: 'items' }
  | { readonly kind: 'index'; readonly ranges: readonly (readonly [Bound, Bound])[] }
/** A place in a list, or one counted back from the last. */
type Bound = { readonly isLast: boolean; readonly offset: number }
type SqlPath = { readonly isStrict: boolean; readonly steps: readonly PathStep[] }

/** In strict mode a place that is not there is an error, which the functions make NULL or false of. */
class StructuralError extends Error {}

const boundPattern = '(?:\\d{1,9}|last(?:\\s*-\\s*\\d{1,9})?)'
const rangePattern = `${boundPattern}(?:\\s+to\\s+${boundPattern})?`
const sqlStep = new RegExp(
  `\\s*(?:\\.\\s*(?:([A-Za-z_][A-Za-z0-9_]*)(?!\\s*\\()|"((?:[^"]|"")*)"|(\\*))|\\[\\s*(?:(\\*)|(${rangePattern}(?:\\s*,\\s*${rangePattern})*))\\s*\\])\\s*`,
  'y',
)
const sqlPaths = new Map<string, SqlPath>()

function sqlPathOf(text: string): SqlPath {
  const known = sqlPaths.get(text)
  if (known) return known
  const refuse = () =>
    new FunctionError(
      "a JSON path here is 'lax' or 'strict', $, and steps as in .name, .\"a name\", .*, [0], [last], [0 to 2] and [*]; filters and methods are not done",
    )
  const [start = '', mode] = /^\s*(lax|strict)\s+\$\s*/.exec(text) ?? []
  if (mode === undefined || text.length > 10_000) throw refuse()
  const steps: PathStep[] = []
  for (let at = start.length; at < text.length; at = sqlStep.lastIndex) {
    sqlStep.lastIndex = at
    const found = sqlStep.exec(text)
    if (!found) throw refuse()
    const [, name, quoted, members, items, ranges] = found
    if (members !== undefined) steps.push({ kind: 'members' })
    else if (items !== undefined) steps.push({ kind: 'items' })
    else if (ranges !== undefined) steps.push({ kind: 'index', ranges: ranges.split(',').map(rangeOf) })
    else steps.push({ kind: 'member', name: name ?? quoted?.replaceAll('""', '"') ?? '' })
  }
  const path = { isStrict: mode === 'strict', steps }
  if (sqlPaths.size >= 1000) sqlPaths.clear()
  sqlPaths.set(text, path)
  return path
}

function rangeOf(text: string): readonly [Bound, Bound] {
  const [from = '', to = from] = text.trim().split(/\s+to\s+/)
  const bound = (one: string): Bound => ({
    isLast: one.startsWith('last'),
    offset: Number(/\d+/.exec(one)?.[0] ?? 0),
  })
  return [bound(from), bound(to)]
}

const isList = (node: JsonNode): node is readonly JsonNode[] => Array.isArray(node)

/** What lies at a path, in order. Throws StructuralError in strict mode. */
function select(root: JsonNode, { isStrict, steps }: SqlPath): readonly JsonNode[] {
  let found: readonly JsonNode[] = [root]
  for (const step of steps) {
    found = found.flatMap((node) => take(node, step, isStrict))
    if (found.length > 1_000_000) throw new FunctionError('a JSON path gives more than a million values')
  }
  return found
}

function take(node: JsonNode, step: PathStep, isStrict: boolean): readonly JsonNode[] {
  if (step.kind === 'member' || step.kind === 'members') {
    const nodes = isList(node) && !isStrict ? node : [node]
    return nodes.flatMap((one) => {
      const value = !isMembers(one)
        ? undefined
        : step.kind === 'members'
          ? [...one.values()]
          : one.get(step.name)
      if (value === undefined && isStrict) throw new StructuralError()
      return value === undefined ? [] : step.kind === 'members' ? (value as readonly JsonNode[]) : [value]
    })
  }
  if (!isList(node) && isStrict) throw new StructuralError()
  const items = isList(node) ? node : [node]
  if (step.kind === 'items') return items
  return step.ranges.flatMap(([from, to]) => {
    const place = ({ isLast, offset }: Bound) => (isLast ? items.length - 1 - offset : offset)
    if (isStrict && (place(from) < 0 || place(to) >= items.length || place(from) > place(to)))
      throw new StructuralError()
    return items.slice(Math.max(0, place(from)), Math.max(0, place(to) + 1))
  })
}

/** What lies at a path of a text, undefined where the text is no JSON or the path fails on it. */
function selected(text: string, path: string): readonly JsonNode[] | undefined {
  const parsed = sqlPathOf(path)
  let root: JsonNode
  try {
    root = readJson(text)
  } catch (error) {
    if (error instanceof FunctionError) return undefined
    throw error
  }
  try {
    return select(root, parsed)
  } catch (error) {
    if (error instanceof StructuralError) return undefined
    throw error
  }
}

/** `json_value(x, path)` as a text, NULL on empty and on error. */
export function jsonValue(text: string, path: string): string | null {
  const found = selected(text, path)
  const [node] = found ?? []
  if (found?.length !== 1 || node === undefined || node === null) return null
  if (typeof node === 'string' || typeof node === 'boolean') return String(node)
  if (!isJsonNumber(node)) return null
  if (!/^-?\d+$/.test(node.number)) return exponential(Number(node.number))
  const number = BigInt(node.number)
  return number === BigInt.asIntN(64, number) ? String(number) : null
}

/** A double as a CAST to varchar writes it: `1.5E0`. */
function exponential(number: number): string {
  if (!Number.isFinite(number)) return String(number)
  const [digits = '', power = ''] = number.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(power)}`
}

/** `json_exists(x, path)`, false on error. */
export const jsonExists = (text: string, path: string) => (selected(text, path)?.length ?? 0) > 0

/** `json_query(x, path)` without a wrapper, NULL on empty and on error. */
export function jsonQuery(text: string, path: string): string | null {
  const found = selected(text, path)
  const [node] = found ?? []
  return found?.length !== 1 || node === undefined ? null : canonicalJson(node, false)
}

const extractScalarFunction = scalar(
  'athena_json_extract_scalar',
  ['varchar', 'varchar'],
  'varchar',
  extractScalar,
)
const extractFunction = scalar('athena_json_extract', ['varchar', 'varchar'], 'varchar', extract)
const sizeFunction = scalar('athena_json_size', ['varchar', 'varchar'], 'bigint', size)
const arrayLengthFunction = scalar('athena_json_array_length', ['varchar'], 'bigint', arrayLength)
const arrayGetFunction = scalar('athena_json_array_get', ['varchar', 'bigint'], 'varchar', arrayGet)
const isScalarFunction = scalar('athena_is_json_scalar', ['varchar'], 'boolean', isScalar)
const containsTextFunction = scalar(
  'athena_json_array_contains',
  ['varchar', 'varchar'],
  'boolean',
  containsText,
)
const containsBigint = scalar(
  'athena_json_array_contains_bigint',
  ['varchar', 'bigint'],
  'boolean',
  (text, value) => containsPlain(text, (plain) => /^-?\d+$/.test(plain) && BigInt(plain) === value),
)
const containsDouble = scalar(
  'athena_json_array_contains_double',
  ['varchar', 'double'],
  'boolean',
  (text, value) =>
    containsPlain(
      text,
      (plain) => /^-?\d+[.eE]/.test(plain) && Number.isFinite(value) && Number(plain) === value,
    ),
)
const containsBoolean = scalar(
  'athena_json_array_contains_boolean',
  ['varchar', 'boolean'],
  'boolean',
  (text, value) => containsPlain(text, (plain) => plain === String(value)),
)

/** JSON. Of text that is no JSON most give NULL. */
export const jsonFunctions: readonly Definition[] = [
  {
    signature: 'json_parse(varchar) -> json',
    make: scalar('athena_json_parse', ['varchar'], 'varchar', parseJson),
  },
  { signature: 'json_format(json) -> varchar', make: '$1' },
  ...['varchar', 'json'].flatMap((type): readonly Definition[] => [
    { signature: `json_extract(${type}, varchar) -> json`, make: extractFunction },
    {
      signature:
        type === 'json'
          ? 'json_extract_scalar(json, varchar) -> varchar'
          : 'json_extract_scalar(varchar(n), varchar) -> varchar(n)',
      make: extractScalarFunction,
    },
    { signature: `json_size(${type}, varchar) -> bigint`, make: sizeFunction },
    { signature: `json_array_length(${type}) -> bigint`, make: arrayLengthFunction },
    {
      signature: `json_array_get(${type}, bigint) -> json`,
      make: arrayGetFunction,
      note: 'A text comes without its quotes, as in Athena.',
    },
    { signature: `is_json_scalar(${type}) -> boolean`, make: isScalarFunction },
    { signature: `json_array_contains(${type}, boolean) -> boolean`, make: containsBoolean },
    { signature: `json_array_contains(${type}, bigint) -> boolean`, make: containsBigint },
    { signature: `json_array_contains(${type}, double) -> boolean`, make: containsDouble },
    { signature: `json_array_contains(${type}, varchar) -> boolean`, make: containsTextFunction },
  ]),
  {
    signature: 'json_value(varchar, varchar) -> varchar',
    make: scalar('athena_json_value', ['varchar', 'varchar'], 'varchar', jsonValue),
    note: 'With paths of members, places, ranges and `*`, without filters and methods; NULL on empty and on error.',
  },
  {
    signature: 'json_exists(varchar, varchar) -> boolean',
    make: scalar('athena_json_exists', ['varchar', 'varchar'], 'boolean', jsonExists),
  },
  {
    signature: 'json_query(varchar, varchar) -> varchar',
    make: scalar('athena_json_query', ['varchar', 'varchar'], 'varchar', jsonQuery),
    note: 'Without a wrapper; NULL on empty and on error.',
  },
]
