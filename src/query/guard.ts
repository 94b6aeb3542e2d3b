import { type DuckDBConnection, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api'
import { PipelineError } from '../record/error.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'
import type { OutputName, Rewriter } from './dialect/rewrite.ts'
import { respell } from './dialect/spelling.ts'
import { firstWord, takeExplain } from './dialect/statements.ts'
import { explainUnsupported, unsupportedStatements } from './dialect/unsupported.ts'

// DuckDB's own sandbox keeps a SELECT from files and the network, not from functions that act. `enable_logging` shows
// one query to the next, or ends the process; `query` and `json_execute_serialized_sql` run SQL that they take as text.
// Some act as soon as they are bound, so a statement is looked at after DuckDB's parser and before its binder.

/** The functions that FROM may call: they make rows of their arguments. */
const rowFunctions: ReadonlySet<string> = new Set([
  'unnest',
  'range',
  'generate_series',
  'json_each',
  'json_tree',
])

/** The functions elsewhere that do more than compute; `error` would put a row's value into a message. */
const refusedFunctions: ReadonlySet<string> = new Set([
  'current_setting',
  'currval',
  'error',
  'getenv',
  'getvariable',
  'json_deserialize_sql',
  'json_serialize_plan',
  'json_serialize_sql',
  'nextval',
  'pg_sleep',
  'setseed',
  'sleep_ms',
  'write_log',
])

const allowed =
  'SELECT, EXPLAIN of a SELECT, DESCRIBE, SUMMARIZE, SHOW, MSCK REPAIR TABLE, ALTER TABLE … ADD PARTITION'

/** The names of DuckDB's views of itself, settings and log among them; `information_schema` is for everyone. */
export async function findSystemViews(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const found = await connection.runAndReadAll(
    "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'",
  )
  return new Set(found.getRows().map(([name]) => String(name)))
}

/** A statement that only reads. */
export type Reading = {
  /** `EXPLAIN` with its options and a space behind it, or nothing. */
  readonly explain: string
  /** The SELECT as it was written, but for its spelling, and as it runs. */
  readonly written: string
  readonly select: string
  readonly outputs: readonly OutputName[]
}

export type ReadingParts = {
  /** DuckDB's views of itself; see `findSystemViews`. */
  readonly systemViews: ReadonlySet<string>
  readonly rewrite: Rewriter
}

/**
 * Reads one statement, of which DuckDB's own parser says that it reads tables and does nothing else, and gives it the
 * meaning that it has in Athena.
 *
 * Throws QUERY_REFUSED, saying what is allowed, for every other one, and DuckDB's error for one that it cannot parse.
 */
export async function readReading(
  connection: DuckDBConnection,
  sql: string,
  { systemViews, rewrite }: ReadingParts,
): Promise<Reading> {
  // The parser ends at a NUL, so what comes after one would not be looked at.
  if (sql.includes('\0')) throw refused('a NUL character is not allowed')
  const { explain, select } = takeExplain(sql)
  const written = respell(select)
  await checkSelect(connection, written, systemViews)
  const rewritten = await rewrite(connection, written)
  // What runs is checked, not just what was written.
  if (rewritten.select !== written) await checkSelect(connection, rewritten.select, systemViews)
  return { explain, written, select: rewritten.select, outputs: explain === '' ? rewritten.outputs : [] }
}

/**
 * Prepares what was read. Throws DuckDB's error for what it cannot bind: the one about the statement as it was written,
 * where that has one too, since it points at a place in it.
 */
export async function prepareReading(
  connection: DuckDBConnection,
  { explain, written, select }: Reading,
): Promise<DuckDBPreparedStatement> {
  try {
    return await prepare(connection, explain, select)
  } catch (error) {
    if (select !== written) await prepare(connection, explain, written)
    throw error
  }
}

async function prepare(
  connection: DuckDBConnection,
  explain: string,
  select: string,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(`${explain}${select}`)
  const statement = statements.count === 1 ? await statements.prepare(0) : undefined
  if (statement?.statementType !== (explain === '' ? StatementType.SELECT : StatementType.EXPLAIN))
    throw refused('this statement is not allowed')
  if (statement.parameterCount > 0) throw refused('a parameter, which nobody gives a value, is not allowed')
  return statement
}

/** Looks at the parse tree of a statement; nothing of it is bound or run. */
async function checkSelect(
  connection: DuckDBConnection,
  sql: string,
  systemViews: ReadonlySet<string>,
): Promise<void> {
  const found = await connection.runAndReadAll(
    'SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)',
    [sql],
  )
  const tree = parseTree(String(found.getRows()[0]?.[0]))
  // Parsed once more for the message, in which DuckDB marks the place.
  if (tree.error_type === 'parser') await connection.extractStatements(sql)
  if (tree.error === true || !Array.isArray(tree.statements)) throw notReading(sql)
  const count = tree.statements.length
  if (count !== 1) {
    const what = count === 0 ? 'there is no statement' : `there are ${count} statements`
    throw refused(`${what}: one is run at a time`)
  }
  checkNodes(tree, systemViews)
}

function parseTree(text: string): JsonObject {
  try {
    const tree: Json = JSON.parse(text)
    if (isObject(tree)) return tree
  } catch {
    // The tree of a number such as 1e999 is no JSON.
  }
  throw refused('a number beyond what a double holds is not allowed')
}

/** Walks the tree with a list of its own, since a statement may be nested deeper than calls can be. */
function checkNodes(tree: JsonObject, systemViews: ReadonlySet<string>) {
  const open: (Json | undefined)[] = [tree]
  while (open.length > 0) {
    const node = open.pop()
    if (Array.isArray(node)) for (const item of node) open.push(item)
    if (!isObject(node)) continue
    const called = nameOf(node.function_name)
    if (refusedFunctions.has(called)) throw refused(`the function ${called} is not allowed`)
    if (node.type === 'TABLE_FUNCTION') {
      const name = isObject(node.function) ? nameOf(node.function.function_name) : ''
      if (!rowFunctions.has(name)) throw refused(`the function ${name} is not allowed in FROM`)
    }
    if (node.type === 'BASE_TABLE') checkTable(nameOf(node.table_name), systemViews)
    for (const item of Object.values(node)) open.push(item)
  }
}

// DuckDB takes a name that no table has for a file's. It may read none but those of the cache, and those neither.
const fileName = /[\\/]|\.[a-z0-9]+$/

function checkTable(name: string, systemViews: ReadonlySet<string>): void {
  if (systemViews.has(name)) throw refused(`the view ${name} is not allowed`)
  if (fileName.test(name)) throw refused('reading a file is not allowed')
}

function nameOf(name: Json | undefined): string {
  return typeof name === 'string' ? name.toLowerCase() : ''
}

function notReading(sql: string): PipelineError {
  const word = firstWord(sql)
  if (word === 'PIVOT')
    return refused("PIVOT without its values, as in ON type IN ('a', 'b'), is not allowed")
  const what = /^(?:SELECT|WITH|FROM|EXPLAIN|)$/.test(word) ? 'this statement' : word
  return refused(`${what} is not allowed`, explainUnsupported(sql, unsupportedStatements))
}

/** The refusal of a statement, with what is allowed instead. */
export function refused(what: string, more = ''): PipelineError {
  const told = `${what}; a query only reads tables: ${allowed}`
  return new PipelineError('QUERY_REFUSED', more === '' ? told : `${told}. ${more}`)
}
