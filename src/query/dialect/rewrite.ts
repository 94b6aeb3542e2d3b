import type { DuckDBConnection } from '@duckdb/node-api'
import type { Catalog } from '../../record/schema.ts'
import type { RecordType, Type } from '../../record/type.ts'
import { isObject, type Json, type JsonObject } from '../../record/type.ts'
import { nodesOf, parseTree, textOf, treeOptions } from '../tree.ts'
import { type RewriteContext, rewrites, type TemplateName, templates } from './rewrites.ts'

/** Where the relations are that have the column `$path`. */
export const pathSchema = 'with_path'

/** The name of a column of a result: as the statement gives it, by its place, or as many as a star stands for. */
export type OutputName = { readonly name: string } | 'unnamed' | 'star'

export type Rewritten = {
  /** What DuckDB runs. The statement as it was written, where nothing of it is read otherwise. */
  readonly select: string
  readonly outputs: readonly OutputName[]
}

export type Rewriter = (connection: DuckDBConnection, select: string) => Promise<Rewritten>

/** Makes the function that gives a SELECT of Athena's the meaning that it has there. */
export async function createRewriter(connection: DuckDBConnection, catalog: Catalog): Promise<Rewriter> {
  const trees = new Map<TemplateName, JsonObject>()
  for (const [name, sql] of Object.entries(templates))
    trees.set(name as TemplateName, await parseTree(connection, sql))
  const kinds = new Map<string, 'records' | 'map' | 'other'>()
  for (const schema of catalog.values()) noteKinds(schema.row, kinds)
  const types = [...catalog.values()]
  const tables = types.flatMap(({ type, plural }) => [type, plural])
  const context: RewriteContext = {
    kindOf: (name) => kinds.get(name),
    tables: new Set(tables),
    relations: new Set([...tables, ...types.flatMap(({ type }) => [`${type}_changes`, `${type}_current`])]),
    template: (name) => trees.get(name) ?? {},
  }
  return async (at, select) => {
    const text = await serialize(at, select)
    const tree = parseExact(text)
    if (!isObject(tree)) return { select, outputs: [] }
    const outputs = outputsOf(tree)
    const rewritten = withPaths(rewriteNode(tree, context), context)
    if (rewritten === tree) return { select, outputs }
    return { select: await deserialize(at, rewritten), outputs }
  }
}

function noteKinds(type: RecordType, kinds: Map<string, 'records' | 'map' | 'other'>): void {
  for (const field of type.fields) {
    const inner = present(field.type)
    const item = inner.kind === 'array' ? present(inner.items) : undefined
    const kind = inner.kind === 'map' ? 'map' : item?.kind === 'record' ? 'records' : 'other'
    const name = field.name.toLowerCase()
    // A name that means two things is left as it is written.
    kinds.set(name, (kinds.get(name) ?? kind) === kind ? kind : 'other')
    if (inner.kind === 'record') noteKinds(inner, kinds)
    if (item?.kind === 'record') noteKinds(item, kinds)
  }
}

function present(type: Type): Type {
  return type.kind === 'optional' ? type.of : type
}

/** Rewrites children before their parents. Gives the very node back where nothing in it changes. */
function rewriteNode(node: JsonObject, context: RewriteContext): JsonObject {
  let isChanged = false
  const entries = Object.entries(node).map(([name, value]) => {
    const inner = rewriteValue(value, context)
    isChanged ||= inner !== value
    return [name, inner] as const
  })
  const current: JsonObject = isChanged ? Object.fromEntries(entries) : node
  for (const { apply } of rewrites) {
    const next = apply?.(current, context)
    // What was put in place of the node keeps the name that the node has in a SELECT list, or as an argument.
    if (next)
      return node.alias === undefined || next.alias !== undefined ? next : { ...next, alias: node.alias }
  }
  return current
}

function rewriteValue(value: Json, context: RewriteContext): Json {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => rewriteValue(item, context))
    return items.some((item: Json, index) => item !== value[index]) ? items : value
  }
  return isObject(value) ? rewriteNode(value, context) : value
}

/** A statement that names `"$path"` reads relations that have it, and its stars leave it out. */
function withPaths(tree: JsonObject, { tables }: RewriteContext): JsonObject {
  const isPath = (node: JsonObject) =>
    node.class === 'COLUMN_REF' && Array.isArray(node.column_names) && node.column_names.at(-1) === '$path'
  if (nodesOf(tree, isPath).next().done === true) return tree
  const names = new Set(
    [...nodesOf(tree, ({ key }) => typeof key === 'string')].map(({ key }) => textOf(key).toLowerCase()),
  )
  const edit = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(edit)
    if (!isObject(value)) return value
    const node = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, edit(inner)]))
    const table = textOf(node.table_name).toLowerCase()
    if (node.type === 'BASE_TABLE' && tables.has(table) && !names.has(table))
      return { ...node, schema_name: pathSchema }
    if (node.type === 'STAR' && node.columns !== true) {
      const excluded = Array.isArray(node.exclude_list) ? node.exclude_list : []
      return { ...node, exclude_list: [...excluded, '$path'] }
    }
    return node
  }
  const edited = edit(tree)
  return isObject(edited) ? edited : tree
}

/** The names of a statement's columns, of a UNION those of its first part. */
function outputsOf(tree: JsonObject): readonly OutputName[] {
  const [statement] = Array.isArray(tree.statements) ? tree.statements : []
  let node = isObject(statement) ? statement.node : undefined
  while (isObject(node) && node.type === 'SET_OPERATION_NODE') node = node.left
  if (!isObject(node) || node.type !== 'SELECT_NODE' || !Array.isArray(node.select_list)) return []
  return node.select_list.map((item: Json) => (isObject(item) ? outputOf(item) : 'unnamed'))
}

function outputOf(item: JsonObject): OutputName {
  if (item.class === 'STAR') return 'star'
  if (textOf(item.alias) !== '') return { name: textOf(item.alias) }
  if (item.class === 'COLUMN_REF' && Array.isArray(item.column_names)) {
    const name = textOf(item.column_names.at(-1))
    return timeNames.has(name.toLowerCase()) ? 'unnamed' : { name }
  }
  const [, field] = Array.isArray(item.children) ? item.children : []
  const value =
    item.type === 'STRUCT_EXTRACT' && isObject(field) && isObject(field.value) ? field.value.value : undefined
  return typeof value === 'string' ? { name: value } : 'unnamed'
}

const timeNames: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
])

/** The names of a result's columns as Athena has them; `found` are DuckDB's. */
export function nameColumns(outputs: readonly OutputName[], found: readonly string[]): readonly string[] {
  const stars = outputs.filter((output) => output === 'star').length
  const starred = found.length - (outputs.length - stars)
  // How the columns are spread over several stars is not known.
  if (outputs.length === 0 || stars > 1 || starred < 0 || (stars === 0 && starred > 0)) return found
  const names: string[] = []
  for (const output of outputs) {
    const at = names.length
    if (output === 'star') names.push(...found.slice(at, at + starred))
    else names.push(output === 'unnamed' ? `_col${at}` : output.name)
  }
  return names
}

// JSON.parse rounds a number of more digits than a double holds, and JSON.stringify writes 7 for 7.0, of which DuckDB
// knows that it is no integer; so both go through as text.

const mark = '\uE000'
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const exactDigits = 15

async function serialize(connection: DuckDBConnection, select: string): Promise<string> {
  const found = await connection.runAndReadAll(`SELECT json_serialize_sql($1::VARCHAR, ${treeOptions})`, [
    select,
  ])
  return String(found.getRows()[0]?.[0])
}

function parseExact(text: string): Json {
  // No text of DuckDB's has the mark but one in which the author of the statement wrote it.
  if (text.includes(mark)) return null
  const exact = text.replace(tokens, (token) =>
    token.startsWith('"') || (token.length <= exactDigits && /^-?\d+$/.test(token))
      ? token
      : `"${mark}${token}"`,
  )
  return JSON.parse(exact, (name, value) => (name === 'query_location' ? undefined : value))
}

async function deserialize(connection: DuckDBConnection, tree: JsonObject): Promise<string> {
  const text = JSON.stringify(tree).replaceAll(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1')
  const found = await connection.runAndReadAll('SELECT json_deserialize_sql($1::JSON)', [text])
  return String(found.getRows()[0]?.[0])
}
