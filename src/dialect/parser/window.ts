import type { Frame, FrameBound, SortItem, Window } from '../syntax.ts'
import {
  advance,
  type Cursor,
  expect,
  mismatch,
  peek,
  readList,
  readName,
  refuse,
  sees,
  seesName,
  seesOneOf,
  take,
} from './cursor.ts'
import { readExpression } from './expression.ts'

/** `ORDER BY …`, or nothing. */
export function readOrderBy(cursor: Cursor): readonly SortItem[] {
  if (!take(cursor, 'ORDER')) return []
  expect(cursor, 'BY')
  return readList(cursor, readSortItem)
}

function readSortItem(cursor: Cursor): SortItem {
  const expression = readExpression(cursor)
  const isDescending = take(cursor, 'DESC')
  if (!isDescending) take(cursor, 'ASC')
  if (!take(cursor, 'NULLS')) return { expression, isDescending }
  if (take(cursor, 'FIRST')) return { expression, isDescending, nulls: 'first' }
  if (take(cursor, 'LAST')) return { expression, isDescending, nulls: 'last' }
  throw mismatch(cursor, 'FIRST', 'LAST')
}

/** What stands in the parentheses of OVER and WINDOW. */
export function readWindow(cursor: Cursor): Window {
  const { at } = peek(cursor)
  const base = seesName(cursor) && !seesWindowClause(cursor) ? { base: readName(cursor) } : {}
  const partitionBy = take(cursor, 'PARTITION', 'BY') ? readList(cursor, readExpression) : []
  const orderBy = readOrderBy(cursor)
  if (seesOneOf(cursor, ['MEASURES', 'PATTERN', 'DEFINE']))
    refuse(peek(cursor), 'patterns in windows are not supported; use functions such as lag and lead')
  const unit = frameUnits[peek(cursor).key]
  const window = { kind: 'window', at, ...base, partitionBy, orderBy } as const
  if (!unit) return window
  advance(cursor)
  return { ...window, frame: { unit, ...readExtent(cursor) } }
}

const frameUnits: { readonly [key: string]: Frame['unit'] } = {
  ROWS: 'rows',
  RANGE: 'range',
  GROUPS: 'groups',
}

/** True where a word that could be a window's name begins a clause. */
function seesWindowClause(cursor: Cursor): boolean {
  if (sees(cursor, 'PARTITION', 'BY')) return true
  if (!frameUnits[peek(cursor).key] && !sees(cursor, 'MEASURES')) return false
  const { key } = peek(cursor, 1)
  return !([')', 'ORDER', 'PARTITION'].includes(key) || (frameUnits[key] && !seesOneOf(cursor, sides, 2)))
}

const sides = ['PRECEDING', 'FOLLOWING'] as const

function readExtent(cursor: Cursor): Omit<Frame, 'unit'> {
  // `between` is no name, so this is never the first bound.
  if (!take(cursor, 'BETWEEN')) return { start: readBound(cursor) }
  const start = readBound(cursor)
  expect(cursor, 'AND')
  return { start, end: readBound(cursor) }
}

function readBound(cursor: Cursor): FrameBound {
  if (take(cursor, 'CURRENT', 'ROW')) return { kind: 'current row' }
  if (take(cursor, 'UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded preceding' }
  if (take(cursor, 'UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded following' }
  const value = readExpression(cursor)
  if (take(cursor, 'PRECEDING')) return { kind: 'preceding', value }
  if (take(cursor, 'FOLLOWING')) return { kind: 'following', value }
  throw mismatch(cursor, ...sides)
}
