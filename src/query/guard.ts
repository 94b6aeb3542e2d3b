import { type DuckDBConnection, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api'
import { codeOf } from '../dialect/athena.ts'
import type { ColumnType } from '../dialect/environment.ts'
import { statementBytesMax } from '../dialect/lexer.ts'
import { notDone } from '../dialect/parser.ts'
import type { Translator } from '../dialect/statement.ts'
import { PipelineError } from '../record/error.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'
import { readingWord } from './athena/guard.ts'
import type { Dialect } from './engine.ts'

// DuckDB's own sandbox keeps a SELECT from files and the network, not from functions that act. `enable_logging` shows
// one query to the next, or ends the process; `query` and `json_execute_serialized_sql` run SQL that they take as text.
// Some act as soon as they are bound, so a statement is looked at after DuckDB's parser and before its binder. A statement in
// Athena's SQL was taken apart and written anew before; what DuckDB runs is looked at all the same.

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

const allowed = 'SELECT, EXPLAIN of a SELECT, DESCRIBE, SHOW, MSCK REPAIR TABLE, ALTER TABLE … ADD PARTITION'

/** The names of DuckDB's views of itself, settings and log among them. */
export async function findSystemViews(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const found = await connection.runAndReadAll('SELECT view_name FROM duckdb_views() WHERE internal')
  return new Set(found.getRows().map(([name]) => String(name)))
}

/** A statement that only reads. */
export type Reading = {
  /** `EXPLAIN` with its options and a space behind it, or nothing. */
  readonly explain: string
  /** What DuckDB runs. */
  readonly select: string
  /** The result's columns; undefined where DuckDB's own names and types are told. */
  readonly columns?: readonly ColumnType[]
}

/** The names of a result's columns, `_col0` and so on for those that have none; `found` are DuckDB's. */
export function columnNames({ columns }: Reading, found: readonly string[]): readonly string[] {
  return columns?.map(({ name }, index) => name ?? `_col${index}`) ?? found
}

export type ReadingParts = {
  /** DuckDB's views of itself; see `findSystemViews`. */
  readonly systemViews: ReadonlySet<string>
  readonly translate: Translator
}

/**
 * Reads one statement, of which it is certain that it reads tables and does nothing else, and gives it the meaning that it
 * has in its dialect.
 *
 * Throws QUERY_FAILED, with the place, for one that its dialect has not, and QUERY_REFUSED, saying what is allowed, for one that
 * does more than read.
 */
export async function readReading(
  connection: DuckDBConnection,
  sql: string,
  dialect: Dialect,
  { systemViews, translate }: ReadingParts,
): Promise<Reading> {
  const reading = dialect === 'duckdb' ? readDuckDb(sql) : fromAthena(sql, translate)
  await checkSelect(connection, reading.select, systemViews)
  return reading
}

/** What a statement of Athena's begins with that does more than read. The parser knows none of them. */
const actingWords: ReadonlySet<string> = new Set(
  (
    'ALTER ANALYZE ATTACH CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE DENY DETACH DROP EXECUTE EXPORT ' +
    'GRANT IMPORT INSERT INSTALL LOAD MERGE OPTIMIZE PRAGMA PREPARE REFRESH RESET REVOKE ROLLBACK SET START TRUNCATE ' +
    'UNLOAD UPDATE USE VACUUM'
  ).split(' '),
)

function fromAthena(sql: string, translate: Translator): Reading {
  const word = readingWord(codeOf(sql))
  if (actingWords.has(word)) throw refused(`${word} is not allowed`, notDone[word])
  const { explain, sql: select, columns } = translate(sql)
  return explain === '' ? { explain, select, columns } : { explain, select }
}

/** The most operators, dots and brackets of a statement in DuckDB's SQL: its parser calls itself for each. */
const marksMax = 5000

function readDuckDb(sql: string): Reading {
  // The parser ends at a NUL, so what comes after one would not be looked at.
  if (sql.includes('\0')) throw refused('a NUL character is not allowed')
  if (Buffer.byteLength(sql) > statementBytesMax)
    throw refused(`a statement has at most ${statementBytesMax} bytes`)
  let marks = 0
  for (const character of sql) if (!/[\w\s'",]/.test(character)) marks++
  if (marks > marksMax) throw refused(`a statement has at most ${marksMax} operators, dots and brackets`)
  return takeExplain(sql)
}

/** The place of the first character that is neither white space nor in a comment, from `at` on. */
function skipBlank(sql: string, at: number): number {
  const blank = /\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)/y
  let end = at
  for (;;) {
    blank.lastIndex = end
    if (!blank.exec(sql)) return end
    end = blank.lastIndex
  }
}

/** Takes a statement of DuckDB's apart into EXPLAIN, with its options and a space behind it, and what it explains. */
function takeExplain(sql: string): Reading {
  const word = (at: number, pattern: RegExp) => {
    const sticky = new RegExp(pattern.source, 'iy')
    sticky.lastIndex = at
    return sticky.exec(sql)?.[0]
  }
  let at = skipBlank(sql, 0)
  const first = word(at, /EXPLAIN(?!\w)/)
  if (first === undefined) return { explain: '', select: sql }
  at = skipBlank(sql, at + first.length)
  const analyze = word(at, /ANALYZE(?!\w)/)
  if (analyze === undefined) return { explain: 'EXPLAIN ', select: sql.slice(at) }
  return { explain: 'EXPLAIN ANALYZE ', select: sql.slice(skipBlank(sql, at + analyze.length)) }
}

/** Prepares what was read. Throws DuckDB's error for what it cannot bind. */
export async function prepareReading(
  connection: DuckDBConnection,
  { explain, select }: Reading,
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

// DuckDB takes a name that no table has for a file's. Statements may not read files, not even the cache's own.
const fileName = /[\\/]|\.[a-z0-9]+$/

function checkTable(name: string, systemViews: ReadonlySet<string>): void {
  if (systemViews.has(name)) throw refused(`the view ${name} is not allowed`)
  if (fileName.test(name)) throw refused('reading a file is not allowed')
}

function nameOf(name: Json | undefined): string {
  return typeof name === 'string' ? name.toLowerCase() : ''
}

function notReading(sql: string): PipelineError {
  const word = /^\w+/.exec(sql.slice(skipBlank(sql, 0)))?.[0]?.toUpperCase() ?? ''
  if (word === 'PIVOT')
    return refused("PIVOT without its values, as in ON type IN ('a', 'b'), is not allowed")
  return refused(`${/^(?:SELECT|WITH|FROM|EXPLAIN|)$/.test(word) ? 'this statement' : word} is not allowed`)
}

/** The refusal of a statement, with what is allowed instead. */
export function refused(what: string, instead?: string): PipelineError {
  const told = `${what}; a query only reads tables: ${allowed}`
  return new PipelineError('QUERY_REFUSED', instead === undefined ? told : `${told}. Instead: ${instead}`)
}
