import type { DuckDBConnection } from '@duckdb/node-api'
import { isObject, type Json, type JsonObject } from '../record/type.ts'

// Without what is absent or has its default, but with what is empty, which DuckDB wants when it takes a tree back.
export const treeOptions = 'skip_null := true, skip_default := true'

/** DuckDB's parse tree of a SELECT, without places in the text. Numbers beyond what a double holds are rounded. */
export async function parseTree(connection: DuckDBConnection, select: string): Promise<JsonObject> {
  const found = await connection.runAndReadAll(`SELECT json_serialize_sql($1::VARCHAR, ${treeOptions})`, [
    select,
  ])
  // A place may be a number that JSON.parse rounds, which DuckDB would not take back.
  const tree: Json = JSON.parse(String(found.getRows()[0]?.[0]), (name, value) =>
    name === 'query_location' ? undefined : value,
  )
  return isObject(tree) ? tree : {}
}

/** An expression of a tree as SQL. */
export async function expressionText(connection: DuckDBConnection, expression: JsonObject): Promise<string> {
  const tree = await parseTree(connection, 'SELECT 1')
  const [statement] = Array.isArray(tree.statements) ? tree.statements : []
  const node = isObject(statement) && isObject(statement.node) ? statement.node : {}
  const found = await connection.runAndReadAll('SELECT json_deserialize_sql($1::JSON)', [
    JSON.stringify({ ...tree, statements: [{ node: { ...node, select_list: [expression] } }] }),
  ])
  return String(found.getRows()[0]?.[0]).replace(/^SELECT /, '')
}

/** A SELECT as DuckDB itself writes it: without comments, and with nothing behind it. */
export async function canonicalText(connection: DuckDBConnection, select: string): Promise<string> {
  const found = await connection.runAndReadAll(
    `SELECT json_deserialize_sql(json_serialize_sql($1::VARCHAR, ${treeOptions}))`,
    [select],
  )
  return String(found.getRows()[0]?.[0])
}

/** Every object of a tree that is of some kind; with a list of its own, since trees may be deeper than calls can be. */
export function* nodesOf(tree: Json, isWanted: (node: JsonObject) => boolean): Generator<JsonObject> {
  const open: Json[] = [tree]
  while (open.length > 0) {
    const node = open.pop()
    if (Array.isArray(node)) for (const item of node) open.push(item)
    if (!isObject(node)) continue
    if (isWanted(node)) yield node
    for (const item of Object.values(node)) open.push(item)
  }
}

/** A member that should be text, or the empty text. */
export function textMember(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
