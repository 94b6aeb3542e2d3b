import type { Cell } from '../engine.ts'
import { passedRowBytes } from '../failure.ts'
import { rowBytesMax, rowsBytes } from './protocol.ts'

type Row = readonly Cell[]

/**
 * The same rows in parts of about `rowsBytes`, so that what is on its way at once is bounded, whatever its rows are.
 * Throws QUERY_LIMIT for a row beyond `rowBytesMax`.
 */
export function* splitRows(rows: readonly Row[]): Generator<readonly Row[]> {
  let from = 0
  let bytes = 0
  for (const [at, row] of rows.entries()) {
    const own = row.reduce<number>((sum, cell) => sum + bytesOf(cell), 0)
    if (own > rowBytesMax) throw passedRowBytes(rowBytesMax)
    if (at > from && bytes + own > rowsBytes) {
      yield rows.slice(from, at)
      from = at
      bytes = 0
    }
    bytes += own
  }
  if (from < rows.length) yield rows.slice(from)
}

/** About as many bytes as a value takes on its way. */
function bytesOf(cell: Cell): number {
  if (typeof cell === 'string') return cell.length * 2
  if (cell === null || typeof cell !== 'object') return 8
  if (cell instanceof Uint8Array) return cell.byteLength
  switch (cell.kind) {
    case 'list':
      return cell.items.reduce<number>((sum, item) => sum + bytesOf(item), 8)
    case 'struct':
      return cell.entries.reduce<number>((sum, [name, item]) => sum + name.length + bytesOf(item), 8)
    case 'map':
      return cell.entries.reduce<number>((sum, [key, item]) => sum + bytesOf(key) + bytesOf(item), 8)
    case 'decimal':
      return cell.text.length
    default:
      return 16
  }
}
