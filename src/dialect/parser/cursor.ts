import { StatementError } from '../failure.ts'
import type { Token, WorkMeter } from '../lexer.ts'
import type { Expression, Identifier, Query } from '../syntax.ts'

/** A place in the tokens of a statement. */
export type TokenCursor = {
  readonly tokens: readonly Token[]
  readonly meter: WorkMeter
  /** Expressions and queries hold one another; by these the files that read them import one way. */
  readonly queries: Queries
  readonly expressions: Expressions
  index: number
  depth: number
}

export type Queries = {
  /** Reads `[WITH …] query`. */
  readonly read: (cursor: TokenCursor) => Query
  /** Reads what follows a query in parentheses that was read already: `UNION …`, `ORDER BY …`, `LIMIT …`. */
  readonly readOn: (cursor: TokenCursor, first: Query) => Query
}

/** Where an expression goes on from a part of it that was read already. */
export type ParsedPart = {
  /** A primary may have a subscript or a field behind it; a value may only have a predicate, AND and OR. */
  readonly kind: 'primary' | 'value'
  readonly expression: Expression
}

export type Expressions = {
  readonly read: (cursor: TokenCursor, start?: ParsedPart) => Expression
  /** Reads a value without a predicate, AND or OR. */
  readonly readOperand: (cursor: TokenCursor, start?: ParsedPart) => Expression
}

/** Reads an expression. */
export function readExpression(cursor: TokenCursor, start?: ParsedPart): Expression {
  return cursor.expressions.read(cursor, start)
}

/** Reads a value without a predicate, AND or OR behind it. */
export function readOperand(cursor: TokenCursor, start?: ParsedPart): Expression {
  return cursor.expressions.readOperand(cursor, start)
}

/** How many parentheses, calls, CASEs, types and the like may stand within one another. */
export const nestingMax = 200

/** The words that are no names unless quoted, in Trino 435. */
const reserved: ReadonlySet<string> = new Set(
  `ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE
  CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT
  EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN JSON_ARRAY
  JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT
  NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST USING VALUES
  WHEN WHERE WITH`.split(/\s+/),
)

const ending: Token = { kind: 'end', at: 0, end: 0, text: '', key: '' }

/** The token at a distance from the place, the last one (`end`) beyond it. */
export function peek(cursor: TokenCursor, distance = 0): Token {
  cursor.meter.steps++
  return cursor.tokens[cursor.index + distance] ?? cursor.tokens.at(-1) ?? ending
}

export function advance(cursor: TokenCursor): Token {
  const token = peek(cursor)
  if (token.kind !== 'end') cursor.index++
  return token
}

/** True where the words and marks stand here one after the other. */
export function sees(cursor: TokenCursor, ...keys: readonly string[]): boolean {
  return keys.every((key, distance) => peek(cursor, distance).key === key)
}

export function seesOneOf(cursor: TokenCursor, keys: readonly string[], distance = 0): boolean {
  return keys.includes(peek(cursor, distance).key)
}

/** Steps over words and marks where they stand here. */
export function takeKeys(cursor: TokenCursor, ...keys: readonly string[]): boolean {
  if (!sees(cursor, ...keys)) return false
  cursor.index += keys.length
  return true
}

export function expect(cursor: TokenCursor, ...keys: readonly string[]): Token {
  let token = peek(cursor)
  for (const key of keys) {
    if (peek(cursor).key !== key) throw mismatch(cursor, key)
    token = advance(cursor)
  }
  return token
}

export const isName = (token: Token): boolean =>
  token.kind === 'quoted name' || (token.kind === 'word' && !reserved.has(token.key))

export const seesName = (cursor: TokenCursor, distance = 0): boolean => isName(peek(cursor, distance))

export function readName(cursor: TokenCursor): Identifier {
  const token = peek(cursor)
  if (!isName(token)) throw mismatch(cursor, 'a name')
  cursor.index++
  return toIdentifier(token)
}

export function toIdentifier(token: Token): Identifier {
  if (token.kind !== 'quoted name') {
    const name = token.text.toLowerCase()
    return name === token.text ? { name, at: token.at } : { name, written: token.text, at: token.at }
  }
  if (token.text.length === 2)
    throw new StatementError(token.at, 'a name in quotes has at least one character')
  return { name: token.text.slice(1, -1).replaceAll('""', '"'), at: token.at }
}

/** `name.name.…` */
export function readQualifiedName(cursor: TokenCursor): Identifier[] {
  const names = [readName(cursor)]
  while (takeKeys(cursor, '.')) names.push(readName(cursor))
  return names
}

/** One or more, separated by commas. */
export function readList<T>(cursor: TokenCursor, read: (cursor: TokenCursor) => T): T[] {
  const items = [read(cursor)]
  while (takeKeys(cursor, ',')) items.push(read(cursor))
  return items
}

/** `(…)` around what `read` reads. */
export function readParenthesized<T>(cursor: TokenCursor, read: (cursor: TokenCursor) => T): T {
  expect(cursor, '(')
  const value = read(cursor)
  expect(cursor, ')')
  return value
}

/** Reads something that may hold another of its kind, and refuses what is nested too deeply. */
export function nested<T>(cursor: TokenCursor, read: () => T): T {
  if (cursor.depth >= nestingMax)
    throw new StatementError(
      peek(cursor).at,
      `this is nested too deeply: at most ${nestingMax} parentheses, calls and the like within one another; split it up using WITH`,
    )
  cursor.depth++
  const value = read()
  cursor.depth--
  return value
}

export function refuse(token: Token, message: string): never {
  throw new StatementError(token.at, message)
}

/** What is said where something else should stand here. */
export function mismatch(cursor: TokenCursor, ...expected: readonly string[]): StatementError {
  const token = peek(cursor)
  if (token.kind === 'backquoted name')
    return new StatementError(
      token.at,
      'names in backquotes are not supported; put the name in double quotes',
    )
  if (token.kind === 'digit name')
    return new StatementError(token.at, 'a name must not start with a digit; put it in double quotes')
  const advice = adviceAt(cursor, expected)
  return new StatementError(
    token.at,
    `mismatched input ${showToken(token)}; expected ${listOf(expected)}${advice && `; ${advice}`}`,
  )
}

export function showToken(token: Token): string {
  if (token.kind === 'end') return 'at the end of the statement'
  if (token.kind === 'string' || token.kind === 'unicode string') return 'a text in quotes'
  return `'${token.text.length > 60 ? `${token.text.slice(0, 60)}…` : token.text}'`
}

const listOf = (items: readonly string[]) =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`

/** What people type from other systems. */
function adviceAt(cursor: TokenCursor, expected: readonly string[]): string {
  const token = peek(cursor)
  const before = cursor.tokens[cursor.index - 1] ?? ending
  const touches = before.end === token.at
  if (token.key === '=' && before.key === '=' && touches) return 'for equality write one ='
  if (token.key === '>' && before.key === '=' && touches) return 'for "at least" write >='
  if (token.key === '=>') return 'for "at least" write >='
  if (token.key === ':' && peek(cursor, 1).key === ':') return 'instead of x::type write CAST(x AS type)'
  if (token.key === '[' && expected.includes('an expression')) return 'write a list as ARRAY[1, 2]'
  if (token.key === '{') return 'write a map as MAP(ARRAY[keys], ARRAY[values]), a row as ROW(a, b)'
  if (token.key === '?') return 'parameters are not supported; write the value into the statement'
  if (token.key === '[' && expected.includes(')')) return 'the type of a list is written ARRAY(bigint)'
  if (token.key === 'UNNEST') return 'UNNEST stands in FROM: CROSS JOIN UNNEST(list) AS t(item)'
  if (['EXCLUDE', 'REPLACE'].includes(token.key) && before.key === '*')
    return 'list the columns that you want'
  if (before.key === 'IS' || (before.key === 'NOT' && expected.includes('DISTINCT FROM')))
    return 'for a boolean write x, NOT x or COALESCE(x, false)'
  if (
    expected.includes('the end of the statement') &&
    ['=', '<>', '!=', '<', '<=', '>', '>='].includes(token.key)
  )
    return 'a comparison cannot follow another one; use AND, or parentheses'
  if (token.key === 'QUALIFY') return 'there is no QUALIFY; filter in a query around this one'
  if (token.key === 'ILIKE') return 'there is no ILIKE; write lower(x) LIKE lower(pattern)'
  if (['RLIKE', 'REGEXP'].includes(token.key)) return 'write regexp_like(x, pattern)'
  if (token.key === 'DIV') return 'use / on integers'
  if (expected.includes('a name') && token.kind === 'word')
    return `${token.text} is a reserved word; to use it as a name, write "${token.text.toLowerCase()}"`
  if (expected.includes('a name') && token.kind === 'string') return 'a name stands in double quotes'
  if (before.key === ',' && reserved.has(token.key)) return 'there is a comma too many before it'
  return ''
}
