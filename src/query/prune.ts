import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '../dialect/sql.ts'
import type { RecordSchema } from '../record/schema.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'
import { partitionColumnName } from './tables.ts'
import { expressionText, nodesOf, parseTree, textMember } from './tree.ts'

// Which partitions a statement can have rows of, told by DuckDB's own parser and its own evaluation: of each WHERE, the
// part that speaks of nothing but a table's partition date is put to DuckDB for every date that the archive has. What is
// not understood counts as true, so that a partition is left out only where no row of it can pass.

/** What a statement reads: per record type all of it, or the partitions that pass one of the predicates. */
export type Reads = ReadonlyMap<string, 'all' | readonly Predicate[]>

/** A condition on the partition date of a table. */
export type Predicate = {
  /** The name that the table has in it. */
  readonly alias: string
  readonly sql: string
  /** It asks for the time, so that it may say otherwise later. */
  readonly isTimed: boolean
  /** The table may be missing in a row that the condition sees, as on the right of a LEFT JOIN. */
  readonly isOuter: boolean
}

/** What DuckDB says of its functions: `stable` for one that depends on nothing else, `timed` for one that asks for the time. */
export type Functions = ReadonlyMap<string, 'stable' | 'timed'>

/** Asks DuckDB for its functions; a macro is as its text is. */
export async function findFunctions(connection: DuckDBConnection): Promise<Functions> {
  const found = await connection.runAndReadAll(
    `SELECT lower(function_name), bool_and(stability = 'CONSISTENT' OR function_type = 'macro'),
       bool_and(coalesce(stability, '') <> 'VOLATILE'), coalesce(string_agg(macro_definition, ' '), '')
     FROM duckdb_functions() GROUP BY 1 HAVING bool_and(function_type IN ('scalar', 'macro'))`,
  )
  const functions = new Map<string, 'stable' | 'timed'>()
  for (const [name, isStable, isTimed, text] of found.getRows()) {
    const isPlain = !/now|current|today|local|random|uuid|nextval|getvariable/i.test(String(text))
    if (isStable === true && isPlain) functions.set(String(name), 'stable')
    else if (isTimed === true && isPlain) functions.set(String(name), 'timed')
  }
  return functions
}

/** What a statement that the guard let through reads. */
export async function planReads(
  connection: DuckDBConnection,
  select: string,
  schemas: Iterable<RecordSchema>,
  functions: Functions,
): Promise<Reads> {
  const tree = await parseTree(connection, select)
  const relations = new Map([...schemas].flatMap(relationsOf))
  const views = filteredTables(tree, functions)
  const named = cteNames(tree)
  const reads = new Map<string, 'all' | Predicate[]>()
  for (const table of nodesOf(tree, ({ type }) => type === 'BASE_TABLE')) {
    const name = textMember(table.table_name).toLowerCase()
    const relation = relations.get(name)
    if (!relation) continue
    const filter = relation.isPlain && !named.has(name) ? views.get(table) : undefined
    const before = reads.get(relation.type) ?? []
    if (before === 'all' || !filter) reads.set(relation.type, 'all')
    else {
      const sql = await expressionText(connection, filter.expression)
      reads.set(relation.type, [...before, { ...filter.predicate, sql }])
    }
  }
  return reads
}

/** The partitions, of those given, that may hold rows that the predicates let through. */
export async function matchPartitions(
  connection: DuckDBConnection,
  reads: 'all' | readonly Predicate[],
  partitions: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (reads === 'all') return partitions
  const matched = new Set<string>()
  for (const predicate of reads) {
    const found = await match(connection, predicate, [...partitions])
    if (found === 'all') return partitions
    for (const partition of found) matched.add(partition)
  }
  return matched
}

async function match(
  connection: DuckDBConnection,
  { alias, sql, isOuter }: Predicate,
  partitions: readonly string[],
): Promise<readonly string[] | 'all'> {
  const dates = `(SELECT unnest(CAST($1::JSON AS VARCHAR[])) AS ${partitionColumnName}) AS ${quoteName(alias)}`
  try {
    const found = await connection.runAndReadAll(`SELECT ${partitionColumnName} FROM ${dates} WHERE ${sql}`, [
      JSON.stringify([...partitions, null]),
    ])
    const passed = found.getRows().map(([date]) => (date === null ? null : String(date)))
    // A row whose table is missing passes: leaving out what it would be joined to could make more of such rows.
    if (isOuter && passed.includes(null)) return 'all'
    return passed.filter((date) => date !== null)
  } catch {
    // The statement itself will say what is wrong with it.
    return 'all'
  }
}

type Relation = { readonly type: string; readonly isPlain: boolean }

/** The latest states are picked among the rows of every partition; each change is looked for in its partition alone. */
function relationsOf({ type, plural }: RecordSchema): readonly (readonly [string, Relation])[] {
  const plain = { type, isPlain: true }
  return [
    [type, plain],
    [plural, plain],
    [`${type}_changes`, plain],
    [`${type}_current`, { type, isPlain: false }],
  ]
}

type Filter = { readonly expression: JsonObject; readonly predicate: Omit<Predicate, 'sql'> }
type Source = { readonly table: JsonObject; readonly alias: string; readonly isOuter: boolean }

/** The tables of each FROM of which the WHERE beside it says something. */
function filteredTables(tree: JsonObject, functions: Functions): ReadonlyMap<JsonObject, Filter> {
  const filters = new Map<JsonObject, Filter>()
  for (const node of nodesOf(tree, ({ type }) => type === 'SELECT_NODE')) {
    if (!isObject(node.from_table) || !isObject(node.where_clause)) continue
    const sources = sourcesOf(node.from_table, false)
    for (const { table, alias, isOuter } of sources) {
      const isOnly = node.from_table === table
      const told = { isTimed: false }
      const expression = weaken(node.where_clause, (part) => speaksOf(part, alias, isOnly, functions, told))
      if (expression) filters.set(table, { expression, predicate: { alias, isOuter, ...told } })
    }
  }
  return filters
}

/** The tables of a FROM whose rows a WHERE sees one by one. Those of other joins are left to be read whole. */
function sourcesOf(from: Json | undefined, isOuter: boolean): readonly Source[] {
  if (!isObject(from)) return []
  if (from.type === 'BASE_TABLE') {
    if (from.sample !== undefined && from.sample !== null) return []
    const alias = textMember(from.alias) || textMember(from.table_name)
    return [{ table: from, alias, isOuter }]
  }
  if (from.type !== 'JOIN') return []
  const kind = textMember(from.ref_type) || 'REGULAR'
  const join = textMember(from.join_type) || 'INNER'
  if (kind !== 'REGULAR' && kind !== 'CROSS') return []
  if (join === 'INNER') return [...sourcesOf(from.left, isOuter), ...sourcesOf(from.right, isOuter)]
  if (join === 'LEFT') return [...sourcesOf(from.left, isOuter), ...sourcesOf(from.right, true)]
  return []
}

/** The part of a condition that holds wherever the whole holds, made of nothing but what is known; or undefined. */
function weaken(expression: JsonObject, isKnown: (part: JsonObject) => boolean): JsonObject | undefined {
  const { type, children } = expression
  if ((type === 'CONJUNCTION_AND' || type === 'CONJUNCTION_OR') && Array.isArray(children)) {
    const parts = children.map((child: Json) => (isObject(child) ? weaken(child, isKnown) : undefined))
    const known = parts.filter((part) => part !== undefined)
    if (known.length === 0 || (type === 'CONJUNCTION_OR' && known.length < parts.length)) return undefined
    return known.length === 1 ? known[0] : { ...expression, children: known }
  }
  return isKnown(expression) ? expression : undefined
}

const plainClasses: ReadonlySet<Json | undefined> = new Set([
  'CONSTANT',
  'COMPARISON',
  'CONJUNCTION',
  'BETWEEN',
  'OPERATOR',
  'CAST',
  'CASE',
])

const timeNames: ReadonlySet<string> = new Set([
  'current_date',
  'current_timestamp',
  'current_time',
  'localtime',
  'localtimestamp',
])

/** True for an expression of nothing but the table's partition date, constants, the time, and functions of these. */
function speaksOf(
  expression: JsonObject,
  alias: string,
  isOnly: boolean,
  functions: Functions,
  told: { isTimed: boolean },
): boolean {
  return [...nodesOf(expression, (node) => typeof node.class === 'string')].every((node) => {
    if (plainClasses.has(node.class)) return isExact(node)
    if (node.class === 'FUNCTION') {
      const kind = functions.get(textMember(node.function_name).toLowerCase())
      if (kind === 'timed') told.isTimed = true
      return kind !== undefined
    }
    if (node.class !== 'COLUMN_REF' || !Array.isArray(node.column_names)) return false
    const [first = '', second] = node.column_names.map((name: Json) => textMember(name).toLowerCase())
    if (second !== undefined) {
      const isQualified = node.column_names.length === 2 && first === alias.toLowerCase()
      return isQualified && second === partitionColumnName
    }
    if (timeNames.has(first)) told.isTimed = true
    return timeNames.has(first) || (isOnly && first === partitionColumnName)
  })
}

/** False for a number whose digits were lost on the way from DuckDB to here. */
function isExact({ value }: JsonObject): boolean {
  const number = isObject(value) ? value.value : undefined
  return typeof number !== 'number' || !Number.isInteger(number) || Number.isSafeInteger(number)
}

/** Names that a WITH gives, which hide the tables of these names. */
function cteNames(tree: JsonObject): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { cte_map: ctes } of nodesOf(tree, (node) => isObject(node.cte_map))) {
    const entries = isObject(ctes) && Array.isArray(ctes.map) ? ctes.map : []
    for (const entry of entries) if (isObject(entry)) names.add(textMember(entry.key).toLowerCase())
  }
  return names
}
