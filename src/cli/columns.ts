import { fitText, fitWidths, gap, lineWidth, pad, widthOf } from '../query/layout.ts'
import { harmless, type Io, style } from './io.ts'

export type ColumnsOptions = {
  /** Columns that are aligned to the right. */
  readonly right?: readonly number[]
  /** Columns that are left out on a narrow terminal, in this order, before any cell is cut. */
  readonly spare?: readonly number[]
  /** Columns whose cells are never cut: names that are typed again. */
  readonly whole?: readonly number[]
  /** Styles a padded cell. */
  readonly paint?: (text: string, row: number, column: number) => string
}

/**
 * Rows of short texts in aligned columns, for what is a list and no query result. On a terminal a line is never wider
 * than the terminal: spare columns are left out first, then the widest columns are cut. Elsewhere nothing is cut.
 */
export function columns(
  io: Io,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: ColumnsOptions = {},
): string {
  const { right = [], spare = [], whole = [], paint = (text) => text } = options
  const texts = rows.map((row) => header.map((_, column) => harmless(row[column] ?? '')))
  const wanted = header.map((name, column) =>
    texts.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), widthOf(name)),
  )
  const kept = keptColumns(wanted, spare, io.width)
  const widths = fitWidths(
    kept.map((column) => wanted[column] ?? 0),
    io.width,
    1,
    whole.map((column) => kept.indexOf(column)),
  )
  const line = (cells: readonly string[], dress: (text: string, column: number) => string) =>
    kept
      .map((column, index) => {
        const width = widths[index] ?? 0
        const fitted = fitText(cells[column] ?? '', width)
        return dress(pad(fitted, width, right.includes(column), index === kept.length - 1), column)
      })
      .join(gap)
      .trimEnd()
  const head = line(header, (text) => style(io, 'bold', text))
  const body = texts.map((row, index) => line(row, (text, column) => paint(text, index, column)))
  return `${[head, ...body].join('\n')}\n`
}

/** The columns that are shown: all of them, less as many of the spare ones as it takes for a line to fit. */
function keptColumns(
  wanted: readonly number[],
  spare: readonly number[],
  width = Number.POSITIVE_INFINITY,
): readonly number[] {
  let kept = wanted.map((_, column) => column)
  for (const column of spare) {
    if (lineWidth(kept.map((index) => wanted[index] ?? 0)) <= width) break
    kept = kept.filter((other) => other !== column)
  }
  return kept
}
