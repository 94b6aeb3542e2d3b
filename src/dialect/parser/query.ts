import type {
  CommonTable,
  Expression,
  GroupBy,
  GroupingElement,
  Query,
  QueryBody,
  Select,
  SelectItem,
} from '../syntax.ts'
import { readQuantifier } from './call.ts'
import {
  advance,
  expect,
  mismatch,
  nested,
  peek,
  readExpression,
  readList,
  readName,
  readParenthesized,
  readQualifiedName,
  refuse,
  sees,
  seesName,
  seesOneOf,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'
import { readPostfix } from './expression.ts'
import { seesLambda, seesLimit } from './group.ts'
import { signedDigits } from './literal.ts'
import { readAlias, readColumnNames, readRelation } from './relation.ts'
import { readOrderBy, readWindow } from './window.ts'

/** `[WITH …] query` */
export function readQuery(cursor: TokenCursor): Query {
  return nested(cursor, () => {
    const { at } = peek(cursor)
    if (!takeKeys(cursor, 'WITH')) return readQueryWithoutWith(cursor)
    const isRecursive = takeKeys(cursor, 'RECURSIVE')
    if (sees(cursor, 'FUNCTION') && seesName(cursor, 1))
      refuse(
        peek(cursor),
        'functions of one’s own are not supported; write the expression, or use WITH name AS (…)',
      )
    const tables = readList(cursor, readCommonTable)
    return { ...readQueryWithoutWith(cursor), at, with: tables, isRecursive }
  })
}

function readCommonTable(cursor: TokenCursor): CommonTable {
  const name = readName(cursor)
  const columns = sees(cursor, '(') ? readColumnNames(cursor) : []
  expect(cursor, 'AS')
  return { name, columns, query: readParenthesized(cursor, readQuery) }
}

/** A query that goes on behind one in parentheses that was read already. */
export function readQueryOn(cursor: TokenCursor, first: Query): Query {
  return nested(cursor, () => readQueryWithoutWith(cursor, first))
}

function readQueryWithoutWith(cursor: TokenCursor, first?: Query): Query {
  const at = first?.at ?? peek(cursor).at
  const body = readUnions(cursor, first)
  const orderBy = readOrderBy(cursor)
  return { kind: 'query', at, with: [], isRecursive: false, body, orderBy, ...readLimits(cursor) }
}

function readLimits(cursor: TokenCursor): Pick<Query, 'offset' | 'limit' | 'withTies'> {
  const offset = seesLimit(cursor) && takeKeys(cursor, 'OFFSET') ? { offset: readCount(cursor) } : {}
  if (offset.offset && !takeKeys(cursor, 'ROW')) takeKeys(cursor, 'ROWS')
  if (!seesLimit(cursor) || sees(cursor, 'OFFSET')) return { ...offset, withTies: false }
  if (takeKeys(cursor, 'LIMIT')) {
    const limit = takeKeys(cursor, 'ALL') ? {} : { limit: readCount(cursor) }
    if (sees(cursor, ','))
      refuse(peek(cursor), 'LIMIT takes one number; to leave rows out write OFFSET n LIMIT m')
    if (sees(cursor, 'OFFSET')) refuse(peek(cursor), 'OFFSET stands before LIMIT: OFFSET n LIMIT m')
    return { ...offset, ...limit, withTies: false }
  }
  advance(cursor)
  advance(cursor)
  const one: Expression = { kind: 'integer', at: peek(cursor).at, digits: '1' }
  const limit = seesOneOf(cursor, ['ROW', 'ROWS']) ? one : readCount(cursor)
  if (!takeKeys(cursor, 'ROW') && !takeKeys(cursor, 'ROWS')) throw mismatch(cursor, 'ROW', 'ROWS')
  if (takeKeys(cursor, 'ONLY')) return { ...offset, limit, withTies: false }
  if (takeKeys(cursor, 'WITH', 'TIES')) return { ...offset, limit, withTies: true }
  throw mismatch(cursor, 'ONLY', 'WITH TIES')
}

function readCount(cursor: TokenCursor): Expression {
  const token = peek(cursor)
  if (token.kind !== 'integer') throw mismatch(cursor, 'an integer')
  advance(cursor)
  return { kind: 'integer', at: token.at, digits: signedDigits(token, false) }
}

/** UNION and EXCEPT from the left; INTERSECT binds tighter. */
function readUnions(cursor: TokenCursor, first?: Query): QueryBody {
  let left = readIntersects(cursor, first)
  while (seesOneOf(cursor, ['UNION', 'EXCEPT'])) {
    const kind = advance(cursor).key === 'UNION' ? 'union' : 'except'
    const isAll = readIsAll(cursor)
    left = { kind, at: left.at, isAll, left, right: readIntersects(cursor) }
  }
  return left
}

function readIntersects(cursor: TokenCursor, first?: Query): QueryBody {
  let left = first ?? readBody(cursor)
  while (takeKeys(cursor, 'INTERSECT')) {
    const isAll = readIsAll(cursor)
    left = { kind: 'intersect', at: left.at, isAll, left, right: readBody(cursor) }
  }
  return left
}

function readIsAll(cursor: TokenCursor): boolean {
  return !takeKeys(cursor, 'DISTINCT') && takeKeys(cursor, 'ALL')
}

function readBody(cursor: TokenCursor): QueryBody {
  const { at, key } = peek(cursor)
  switch (key) {
    case 'SELECT':
      return readSelect(cursor)
    case 'TABLE':
      advance(cursor)
      return { kind: 'table body', at, name: readQualifiedName(cursor) }
    case 'VALUES':
      advance(cursor)
      return { kind: 'values', at, rows: readList(cursor, readExpression) }
    case '(':
      return nested(cursor, () =>
        readParenthesized(cursor, () => {
          if (sees(cursor, 'WITH'))
            refuse(
              peek(cursor),
              'WITH must stand before the whole query, not within parentheses that are part of it',
            )
          return readQueryWithoutWith(cursor)
        }),
      )
    default:
      throw mismatch(cursor, 'SELECT', 'VALUES', 'TABLE', "'('")
  }
}

function readSelect(cursor: TokenCursor): Select {
  const { at } = expect(cursor, 'SELECT')
  const isDistinct = readSelectQuantifier(cursor)
  if (sees(cursor, 'TOP') && peek(cursor, 1).kind === 'integer')
    refuse(peek(cursor), 'there is no TOP; write LIMIT n at the end')
  const items = readList(cursor, readSelectItem)
  const from = takeKeys(cursor, 'FROM') ? readList(cursor, readRelation) : []
  const where = takeKeys(cursor, 'WHERE') ? { where: readExpression(cursor) } : {}
  const groupBy = takeKeys(cursor, 'GROUP') ? { groupBy: readGroupBy(cursor) } : {}
  const having = takeKeys(cursor, 'HAVING') ? { having: readExpression(cursor) } : {}
  const windows = sees(cursor, 'WINDOW') ? readWindows(cursor) : []
  return { kind: 'select', at, isDistinct, items, from, ...where, ...groupBy, ...having, windows }
}

function readSelectQuantifier(cursor: TokenCursor): boolean {
  // `SELECT ALL *`; but `all * 2` multiplies a column.
  if (sees(cursor, 'ALL', '*') && !multiplies(cursor)) advance(cursor)
  return readQuantifier(cursor) === 'DISTINCT'
}

const multiplies = (cursor: TokenCursor) =>
  !(['', ',', ')', ';'].includes(peek(cursor, 2).key) && peek(cursor, 2).kind !== 'integer') &&
  !seesOneOf(cursor, ['FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'UNION', 'EXCEPT', 'INTERSECT'], 2)

function readSelectItem(cursor: TokenCursor): SelectItem {
  const { at } = peek(cursor)
  if (takeKeys(cursor, '*')) return { kind: 'all', at, aliases: [] }
  const expression = readSelected(cursor)
  if (takeKeys(cursor, '.', '*')) {
    const aliases = takeKeys(cursor, 'AS') ? readColumnNames(cursor) : []
    return { kind: 'all', at, of: expression, aliases }
  }
  const alias = readAlias(cursor)
  return { kind: 'expression', expression, ...(alias && { alias }) }
}

/** An expression; only one without operators may have `.*` behind it. */
function readSelected(cursor: TokenCursor): Expression {
  const isPrimary = !seesOneOf(cursor, ['NOT', '-', '+'])
  const primary = isPrimary ? nested(cursor, () => readPostfix(cursor)) : undefined
  if (primary && sees(cursor, '.', '*')) return primary
  const expression = readExpression(cursor, primary && { kind: 'primary', expression: primary })
  if (sees(cursor, '.', '*')) throw mismatch(cursor, 'an operator')
  return expression
}

function readGroupBy(cursor: TokenCursor): GroupBy {
  expect(cursor, 'BY')
  const isDistinct = readQuantifier(cursor) === 'DISTINCT'
  return { isDistinct, elements: readList(cursor, readGroupingElement) }
}

function readGroupingElement(cursor: TokenCursor): GroupingElement {
  const { at } = peek(cursor)
  const readSets = () => readList(cursor, readGroupingSet)
  if (takeKeys(cursor, 'GROUPING', 'SETS'))
    return { kind: 'grouping sets', at, sets: readParenthesized(cursor, readSets) }
  if (!seesOneOf(cursor, ['ROLLUP', 'CUBE'])) return { kind: 'simple', expressions: readGroupingSet(cursor) }
  const kind = advance(cursor).key === 'ROLLUP' ? 'rollup' : 'cube'
  return { kind, at, sets: readParenthesized(cursor, readSets) }
}

/** One expression, or several in parentheses: there a row is the list of its items. */
function readGroupingSet(cursor: TokenCursor): readonly Expression[] {
  const open = peek(cursor)
  if (!seesLambda(cursor) && takeKeys(cursor, '(', ')')) return []
  const expression = readExpression(cursor)
  const isList = expression.kind === 'row' && expression.at === open.at && open.key === '('
  return isList ? expression.items : [expression]
}

function readWindows(cursor: TokenCursor): Select['windows'] {
  if (!seesName(cursor, 1)) return []
  expect(cursor, 'WINDOW')
  return readList(cursor, () => {
    const name = readName(cursor)
    expect(cursor, 'AS')
    return { name, window: readParenthesized(cursor, readWindow) }
  })
}
