import { StatementError } from './failure.ts'
import { tokenize, type WorkMeter } from './lexer.ts'
import { startsExpression } from './parser/call.ts'
import {
  advance,
  expect,
  mismatch,
  peek,
  refuse,
  sees,
  seesOneOf,
  showToken,
  type TokenCursor,
  takeKeys,
} from './parser/cursor.ts'
import { expressions } from './parser/expression.ts'
import { readQuery, readQueryOn } from './parser/query.ts'
import type { Query } from './syntax.ts'

export type Statement =
  | { readonly kind: 'select'; readonly at: number; readonly query: Query }
  | {
      readonly kind: 'explain'
      readonly at: number
      readonly isAnalyze: boolean
      readonly options: ExplainOptions
      readonly query: Query
    }

export type ExplainOptions = {
  readonly type?: 'logical' | 'distributed' | 'validate' | 'io'
  readonly format?: 'text' | 'json' | 'graphviz'
  /** `EXPLAIN ANALYZE VERBOSE`. */
  readonly isVerbose: boolean
}

/** How many nodes of the tree may stand within one another, so that a walk over it cannot exhaust the stack. */
export const treeDepthMax = 1000

/**
 * Reads a query, or EXPLAIN of one, as Trino 435 does. It throws a StatementError for everything else: for what is no SQL of
 * Trino's, for other statements, for what this project does not support, for what is too long or nested too deeply.
 */
export function parseStatement(sql: string, meter: WorkMeter = { steps: 0 }): Statement {
  const queries = { read: readQuery, readOn: readQueryOn }
  const cursor: TokenCursor = {
    tokens: tokenize(sql, meter),
    meter,
    queries,
    expressions,
    index: 0,
    depth: 0,
  }
  const statement = readStatement(cursor)
  if (takeKeys(cursor, ';') && peek(cursor).kind !== 'end')
    refuse(peek(cursor), 'one statement at a time: nothing may follow the semicolon')
  if (peek(cursor).kind !== 'end') throw leftOver(cursor)
  checkDepth(statement.query)
  return statement
}

function readStatement(cursor: TokenCursor): Statement {
  const { at } = peek(cursor)
  if (!takeKeys(cursor, 'EXPLAIN')) return { kind: 'select', at, query: readAllowed(cursor) }
  if (takeKeys(cursor, 'ANALYZE')) {
    const options = { isVerbose: takeKeys(cursor, 'VERBOSE') }
    return { kind: 'explain', at, isAnalyze: true, options, query: readAllowed(cursor) }
  }
  const options = readExplainOptions(cursor)
  return { kind: 'explain', at, isAnalyze: false, options, query: readAllowed(cursor) }
}

const reads = 'rows come by delivery alone; a query only reads'
/** Statements of Athena that are not done here, each with what to do instead. */
export const notDone: { readonly [word: string]: string } = {
  ALTER: 'only ALTER TABLE … ADD PARTITION is: tables follow from the schemas',
  CREATE:
    'a result is written by `dmd query … -o FILE.parquet`, a view is a WITH or a saved query, and tables follow from the schemas',
  DEALLOCATE: 'write the values into the statement, or save a query with parameters',
  DELETE: reads,
  DROP: 'tables follow from the schemas',
  EXECUTE: 'write the values into the statement, or save a query with parameters',
  INSERT: reads,
  MERGE: reads,
  OPTIMIZE: 'the cache of queries keeps itself small',
  PREPARE: 'write the values into the statement, or save a query with parameters',
  TRUNCATE: reads,
  UNLOAD: 'a result is written by `dmd query … -o FILE.parquet`',
  SHOW: 'of the SHOW statements there are SHOW TABLES, VIEWS, DATABASES, COLUMNS, PARTITIONS, CREATE and TBLPROPERTIES; docs/sql.md lists the functions',
  UPDATE: reads,
  USING: 'functions in Lambda are not; docs/sql.md lists the functions',
  VACUUM: 'the cache of queries keeps itself small',
}

const starts = ['SELECT', 'WITH', 'VALUES', 'TABLE', '('] as const

function readAllowed(cursor: TokenCursor): Query {
  const token = peek(cursor)
  if (seesOneOf(cursor, starts)) return readQuery(cursor)
  if (token.kind === 'end')
    refuse(token, 'there is no statement; expected SELECT, WITH, VALUES, TABLE or EXPLAIN')
  const instead = notDone[token.key]
  if (instead !== undefined) refuse(token, `${token.key} is not done here; ${instead}`)
  refuse(
    token,
    `mismatched input ${showToken(token)}; a statement begins with SELECT, WITH, VALUES, TABLE, EXPLAIN or a parenthesis, or is SHOW, DESCRIBE, MSCK REPAIR TABLE or ALTER TABLE … ADD PARTITION`,
  )
}

const explainTypes = {
  LOGICAL: 'logical',
  DISTRIBUTED: 'distributed',
  VALIDATE: 'validate',
  IO: 'io',
} as const
const explainFormats = { TEXT: 'text', JSON: 'json', GRAPHVIZ: 'graphviz' } as const

function readExplainOptions(cursor: TokenCursor): ExplainOptions {
  let options: ExplainOptions = { isVerbose: false }
  if (!sees(cursor, '(', 'TYPE') && !sees(cursor, '(', 'FORMAT')) return options
  do {
    advance(cursor)
    if (takeKeys(cursor, 'TYPE')) options = { ...options, type: readOneOf(cursor, explainTypes) }
    else {
      expect(cursor, 'FORMAT')
      options = { ...options, format: readOneOf(cursor, explainFormats) }
    }
  } while (sees(cursor, ','))
  expect(cursor, ')')
  return options
}

function readOneOf<T extends string>(cursor: TokenCursor, known: { readonly [key: string]: T }): T {
  const value = known[peek(cursor).key]
  if (value === undefined) throw mismatch(cursor, ...Object.keys(known))
  advance(cursor)
  return value
}

/** What is said where a whole query was read and more follows. */
function leftOver(cursor: TokenCursor): StatementError {
  const token = peek(cursor)
  const error = mismatch(cursor, 'the end of the statement')
  const hasAdvice = !error.message.endsWith('expected the end of the statement')
  if (hasAdvice || !startsExpression(token)) return error
  return new StatementError(token.at, `${error.message}; a comma or an operator may be missing before it`)
}

/** Chains of operators make deep trees though nothing in them is nested. */
function checkDepth(query: Query): void {
  let level: readonly object[] = [query]
  for (let depth = 0; level.length > 0; depth++) {
    const [node] = level
    if (depth > treeDepthMax && node)
      throw new StatementError(
        'at' in node && typeof node.at === 'number' ? node.at : 0,
        `this has more than ${treeDepthMax} operators one after the other; split it up using WITH, or use a list (IN, ARRAY[…])`,
      )
    level = level.flatMap(childrenOf)
  }
}

/** The objects directly within a node, those in its lists too. */
export function childrenOf(node: object): readonly object[] {
  return Object.values(node).flatMap((value: unknown) => {
    if (value instanceof Uint8Array) return []
    if (Array.isArray(value))
      return value.flatMap((item: unknown) =>
        isObject(item) ? (Array.isArray(item) ? item.filter(isObject) : [item]) : [],
      )
    return isObject(value) ? [value] : []
  })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
