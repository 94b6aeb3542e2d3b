import { type Io, style } from './io.ts'

/**
 * Rows of short texts in aligned columns, for what is a list and no query result. `right` are the columns that
 * are aligned to the right; `paint` styles a padded cell.
 */
export function columns(
  io: Io,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
  paint: (text: string, row: number, column: number) => string = (text) => text,
): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const last = header.length - 1
  const pad = (text: string, column: number) => {
    if (right.includes(column)) return text.padStart(widths[column] ?? 0)
    return column === last ? text : text.padEnd(widths[column] ?? 0)
  }
  const head = header.map((name, column) => style(io, 'bold', pad(name, column))).join('  ')
  const body = rows.map((row, index) =>
    row.map((cell, column) => paint(pad(cell, column), index, column)).join('  '),
  )
  return `${[head, ...body].map((line) => line.trimEnd()).join('\n')}\n`
}
