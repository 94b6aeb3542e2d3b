import { StatementError } from '../failure.ts'
import type { Expression, Query } from '../syntax.ts'
import {
  isName,
  nested,
  peek,
  readExpression,
  readList,
  readParenthesized,
  sees,
  seesOneOf,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'

/** What stands between parentheses: a query, or expressions. */
export type Group =
  /** Not certain where it is only a query in parentheses once more, `((SELECT 1))`: that may be an expression too, `items`. */
  | { readonly query: Query; readonly isCertain: boolean; readonly items: readonly Expression[] }
  | { readonly query?: undefined; readonly items: readonly [Expression, ...Expression[]] }

/** Reads behind `(`, up to the `)` that closes it. Nothing is read twice, so that `((((…` takes no longer than it is long. */
export function readGroup(cursor: TokenCursor): Group {
  if (seesQuery(cursor)) return groupOf(cursor.queries.read(cursor), true)
  if (!sees(cursor, '(') || seesLambda(cursor)) return { items: readItems(cursor, readExpression(cursor)) }
  const { at } = peek(cursor)
  const inner = nested(cursor, () => readParenthesized(cursor, readGroup))
  if (!inner.query) return { items: readItems(cursor, readFrom(cursor, expressionOf(inner, at))) }
  if (seesMoreOfQuery(cursor)) return groupOf(cursor.queries.readOn(cursor, withoutWith(inner.query)), true)
  if (sees(cursor, ')')) return groupOf(inner.query, false)
  return { items: readItems(cursor, readFrom(cursor, expressionOf(inner, at))) }
}

const readFrom = (cursor: TokenCursor, expression: Expression) =>
  readExpression(cursor, { kind: 'primary', expression })

function readItems(cursor: TokenCursor, first: Expression): [Expression, ...Expression[]] {
  return takeKeys(cursor, ',') ? [first, ...readList(cursor, readExpression)] : [first]
}

const groupOf = (query: Query, isCertain: boolean): Group => ({
  query,
  isCertain,
  items: [{ kind: 'scalar query', at: query.at, query }],
})

/** The group as an expression, which `(` at the place began: a row where it has more than one. */
export function expressionOf({ items }: Group, at: number): Expression {
  const [first] = items
  return items.length === 1 && first ? first : { kind: 'row', at, items }
}

export const seesQuery = (cursor: TokenCursor): boolean =>
  seesOneOf(cursor, ['SELECT', 'WITH', 'VALUES', 'TABLE'])

/** True where what follows a query in parentheses makes it part of a larger one. */
export const seesMoreOfQuery = (cursor: TokenCursor): boolean =>
  seesOneOf(cursor, ['UNION', 'INTERSECT', 'EXCEPT', 'ORDER']) || seesLimit(cursor)

/** True where OFFSET, LIMIT or FETCH stands as the clause that it begins: each may be a name too. */
export function seesLimit(cursor: TokenCursor): boolean {
  const { key } = peek(cursor)
  if (key === 'FETCH') return seesOneOf(cursor, ['FIRST', 'NEXT'], 1)
  if (key !== 'LIMIT' && key !== 'OFFSET') return false
  const next = peek(cursor, 1)
  if (['ALL', '?', '-', '+'].includes(next.key)) return true
  // `LIMIT n` is the clause too, so that the message is about it; `SELECT 1 limit OFFSET 5` is not.
  if (isName(next)) return !['LIMIT', 'OFFSET', 'FETCH', 'WINDOW', 'TABLESAMPLE'].includes(next.key)
  return ['integer', 'decimal', 'double', 'string'].includes(next.kind)
}

/** Trino has no WITH in a query in parentheses that is part of a larger one. */
export function withoutWith(query: Query): Query {
  if (query.with.length === 0) return query
  throw new StatementError(
    query.at,
    'WITH must stand before the whole query, not within parentheses that are part of it',
  )
}

/** True at the `(` of `() -> …` and `(a, b) -> …`. */
export function seesLambda(cursor: TokenCursor): boolean {
  if (sees(cursor, '(', ')', '->')) return true
  let distance = 1
  while (isName(peek(cursor, distance)) && peek(cursor, distance + 1).key === ',') distance += 2
  return (
    isName(peek(cursor, distance)) &&
    peek(cursor, distance + 1).key === ')' &&
    peek(cursor, distance + 2).key === '->'
  )
}
