import { decodeUtf8 } from '../codec/envelope.ts'
import { isObject, type Json } from '../record/type.ts'
import { readPointer } from './patch.ts'

/** Takes values by name out of one place of a record, by a pattern or by a table. */
export type ValueSource = {
  /** A JSON Pointer into the envelope, to a text. */
  readonly from: string
  readonly names: readonly string[]
  /** The values by name, or why there are none; the reason holds no value. */
  readonly take: (envelope: Json) => ReadonlyMap<string, string> | string
}

/** Thrown while an edit is read; the message names the place in it and holds no value of a record. */
export class ValuesInvalid extends Error {}

export type ReadFile = (path: string) => Uint8Array

const sourcesMax = 100

/**
 * Reads the `values` of an edit:
 * - `{"from": pointer, "match": pattern}`: each named group of the pattern is a value;
 * - `{"from": pointer, "table": file, "column": name}`: of the row of a CSV file (RFC 4180, with a header) whose column holds
 *   the text, each other column is a value.
 *
 * Throws ValuesInvalid.
 */
export function readSources(values: Json | undefined, readFile: ReadFile): readonly ValueSource[] {
  if (!Array.isArray(values) || values.length === 0 || values.length > sourcesMax)
    throw new ValuesInvalid(`"values" has to be a list of 1 to ${sourcesMax} objects`)
  const sources = values.map((value: Json, index) => {
    const at = `value ${index + 1}`
    if (!isObject(value) || typeof value.from !== 'string' || !/^\/[^/]/.test(value.from))
      throw new ValuesInvalid(`${at}: "from" has to be a JSON Pointer such as /dynamodb/Keys/SK/S`)
    const { from, match, table, column } = value
    if (typeof match === 'string' && table === undefined) return byPattern(from, match, at)
    if (typeof table === 'string' && typeof column === 'string' && match === undefined)
      return byTable(from, readTable(readFile(table), column, at), at)
    throw new ValuesInvalid(`${at}: give "match", a pattern with named groups, or "table" and "column"`)
  })
  const names = sources.flatMap((source) => source.names)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new ValuesInvalid(`the value "${twice}" is taken twice`)
  return sources
}

function byPattern(from: string, match: string, at: string): ValueSource {
  let pattern: RegExp
  let names: readonly string[]
  try {
    pattern = new RegExp(match, 'su')
    // A pattern that may also be empty always matches, and then tells its groups.
    names = Object.keys(new RegExp(`${match}|`, 'su').exec('')?.groups ?? {})
  } catch {
    throw new ValuesInvalid(`${at}: "match" is no regular expression`)
  }
  if (names.length === 0) throw new ValuesInvalid(`${at}: "match" has no named group such as (?<name>.+)`)
  return source(from, names, at, (text) => {
    const { groups } = pattern.exec(text) ?? {}
    if (!groups) return 'the text there does not match the pattern'
    const missing = names.find((name) => groups[name] === undefined)
    if (missing !== undefined) return `the pattern leaves out ${missing}`
    return new Map(names.map((name) => [name, groups[name] ?? '']))
  })
}

type Table = {
  readonly names: readonly string[]
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, string>>
}

function byTable(from: string, { names, rows }: Table, at: string): ValueSource {
  return source(from, names, at, (text) => rows.get(text) ?? 'the table has no row for the text there')
}

function source(
  from: string,
  names: readonly string[],
  at: string,
  read: (text: string) => ReadonlyMap<string, string> | string,
): ValueSource {
  return {
    from,
    names,
    take: (envelope) => {
      const text = readPointer(envelope, from)
      const taken = typeof text === 'string' ? read(text) : 'the record has no text there'
      return typeof taken === 'string' ? `${at}: ${taken}` : taken
    },
  }
}

function readTable(bytes: Uint8Array, column: string, at: string): Table {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new ValuesInvalid(`${at}: the table is not UTF-8`)
  const [header = [], ...lines] = parseCsv(text)
  const key = header.indexOf(column)
  if (key < 0) throw new ValuesInvalid(`${at}: the table has no column "${column}"`)
  if (new Set(header).size < header.length) throw new ValuesInvalid(`${at}: the table has a column twice`)
  const names = header.filter((_, index) => index !== key)
  const wrong = names.find((name) => !/^\w+$/.test(name))
  if (names.length === 0 || wrong !== undefined)
    throw new ValuesInvalid(`${at}: the table's other columns need names of letters, digits and _`)
  const rows = new Map<string, ReadonlyMap<string, string>>()
  for (const [index, cells] of lines.entries()) {
    const row = `${at}: row ${index + 1} of the table`
    if (cells.length !== header.length) throw new ValuesInvalid(`${row} has ${cells.length} cells`)
    const id = cells[key] ?? ''
    if (rows.has(id)) throw new ValuesInvalid(`${row} has the ${column} of an earlier one`)
    rows.set(id, new Map(header.flatMap((name, cell) => (cell === key ? [] : [[name, cells[cell] ?? '']]))))
  }
  return { names, rows }
}

/** The rows of a CSV text (RFC 4180): cells by comma, quotes doubled within quotes; empty lines are left out. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/gy
  const content = text.replace(/^\ufeff/, '')
  while (cell.lastIndex < content.length) {
    const [, quoted, plain = '', end] = cell.exec(content) ?? []
    if (end === undefined) throw new ValuesInvalid('the table is no CSV: a quote stands where none may')
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',' && cell.lastIndex < content.length) continue
    if (end === ',') row.push('')
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return rows
}
