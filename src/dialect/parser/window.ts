import type { FrameBound, SortItem, Window, WindowFrame } from '../syntax.ts'
import {
  advance,
  expect,
  mismatch,
  peek,
  readExpression,
  readList,
  readName,
  refuse,
  sees,
  seesName,
  seesOneOf,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'

/** `ORDER BY …`, or nothing. */
export function readOrderBy(cursor: TokenCursor): readonly SortItem[] {
  if (!takeKeys(cursor, 'ORDER')) return []
  expect(cursor, 'BY')
  return readList(cursor, readSortItem)
}

function readSortItem(cursor: TokenCursor): SortItem {
  const expression = readExpression(cursor)
  const isDescending = takeKeys(cursor, 'DESC')
  if (!isDescending) takeKeys(cursor, 'ASC')
  if (!takeKeys(cursor, 'NULLS')) return { expression, isDescending }
  if (takeKeys(cursor, 'FIRST')) return { expression, isDescending, nulls: 'first' }
  if (takeKeys(cursor, 'LAST')) return { expression, isDescending, nulls: 'last' }
  throw mismatch(cursor, 'FIRST', 'LAST')
}

/** What stands in the parentheses of OVER and WINDOW. */
export function readWindow(cursor: TokenCursor): Window {
  const { at } = peek(cursor)
  const base = seesName(cursor) && !seesWindowClause(cursor) ? { base: readName(cursor) } : {}
  const partitionBy = takeKeys(cursor, 'PARTITION', 'BY') ? readList(cursor, readExpression) : []
  const orderBy = readOrderBy(cursor)
  if (seesOneOf(cursor, ['MEASURES', 'PATTERN', 'DEFINE']))
    refuse(peek(cursor), 'patterns in windows are not supported; use functions such as lag and lead')
  const unit = frameUnits[peek(cursor).key]
  const window = { kind: 'window', at, ...base, partitionBy, orderBy } as const
  if (!unit) return window
  advance(cursor)
  return { ...window, frame: { unit, ...readExtent(cursor) } }
}

const frameUnits: { readonly [key: string]: WindowFrame['unit'] } = {
  ROWS: 'rows',
  RANGE: 'range',
  GROUPS: 'groups',
}

/** True where a word that could be a window's name begins a clause. */
function seesWindowClause(cursor: TokenCursor): boolean {
  if (sees(cursor, 'PARTITION', 'BY')) return true
  if (!frameUnits[peek(cursor).key] && !sees(cursor, 'MEASURES')) return false
  const { key } = peek(cursor, 1)
  return !([')', 'ORDER', 'PARTITION'].includes(key) || (frameUnits[key] && !seesOneOf(cursor, sides, 2)))
}

const sides = ['PRECEDING', 'FOLLOWING'] as const

function readExtent(cursor: TokenCursor): Omit<WindowFrame, 'unit'> {
  // `between` is no name, so this is never the first bound.
  if (!takeKeys(cursor, 'BETWEEN')) return { start: readBound(cursor) }
  const start = readBound(cursor)
  expect(cursor, 'AND')
  return { start, end: readBound(cursor) }
}

function readBound(cursor: TokenCursor): FrameBound {
  if (takeKeys(cursor, 'CURRENT', 'ROW')) return { kind: 'current row' }
  if (takeKeys(cursor, 'UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded preceding' }
  if (takeKeys(cursor, 'UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded following' }
  const value = readExpression(cursor)
  if (takeKeys(cursor, 'PRECEDING')) return { kind: 'preceding', value }
  if (takeKeys(cursor, 'FOLLOWING')) return { kind: 'following', value }
  throw mismatch(cursor, ...sides)
}
