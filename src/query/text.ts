import type { Cell } from './engine.ts'

const microsOfMs = 1000n

/** An instant as ISO-8601 UTC: to the millisecond, or to the microsecond where it has any. */
function instantText(micros: bigint): string {
  const rest = ((micros % microsOfMs) + microsOfMs) % microsOfMs
  const ms = Number((micros - rest) / microsOfMs)
  // Beyond the years that a Date has there are only DuckDB's infinities.
  if (Math.abs(ms) > 8.64e15) return ms > 0 ? 'infinity' : '-infinity'
  const text = new Date(ms).toISOString()
  return rest === 0n ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`)
}

/** A cell as JSON: digits of numbers kept whatever their number, NaN and infinities null, bytes as base64. */
export function cellJson(cell: Cell): string {
  if (cell === null) return 'null'
  if (typeof cell === 'bigint') return String(cell)
  if (typeof cell === 'number') return Number.isFinite(cell) ? JSON.stringify(cell) : 'null'
  if (typeof cell !== 'object') return JSON.stringify(cell)
  if (cell instanceof Uint8Array) return JSON.stringify(Buffer.from(cell).toString('base64'))
  switch (cell.kind) {
    case 'instant':
      return JSON.stringify(instantText(cell.micros))
    case 'date':
      return JSON.stringify(dateText(cell.days))
    case 'decimal':
      return cell.text
    case 'list':
      return `[${cell.items.map(cellJson).join(',')}]`
    case 'struct':
      return `{${cell.entries.map(([name, item]) => `${JSON.stringify(name)}:${cellJson(item)}`).join(',')}}`
    case 'map':
      return `{${cell.entries.map(([name, item]) => `${JSON.stringify(cellText(name))}:${cellJson(item)}`).join(',')}}`
  }
}

/** A cell as text, for tables and CSV; null is empty, what has parts is JSON. */
export function cellText(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'object') return String(cell)
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  switch (cell.kind) {
    case 'instant':
      return instantText(cell.micros)
    case 'date':
      return dateText(cell.days)
    case 'decimal':
      return cell.text
    default:
      return cellJson(cell)
  }
}

/** A day as ISO-8601; a year of more than four digits has a sign, as in an instant. */
function dateText(days: number): string {
  if (Math.abs(days) > 1e8) return days > 0 ? 'infinity' : '-infinity'
  return new Date(days * 86_400_000).toISOString().replace(/T.*$/, '')
}

/** A number of things, for people: `1 row`, `51,200 rows`. */
export function counted(value: number, noun: string): string {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`
}
