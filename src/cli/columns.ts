import { fitText, fitWidths, gap, lineWidth, pad, widthOf, wrapText } from '../query/layout.ts'
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

/** How wide lines for people are where there is no terminal to fit. */
export const plainWidth = 80

/** Columns below which a text is not wrapped any more: a line of one word each helps nobody. */
const textWidthMin = 20

/** A name, the text beside it, and a command below the text, which is never broken: it is copied. */
export type LabelledField = readonly [name: string, text: string, command?: string]

export type FieldsOptions = {
  /** Stands before each line. */
  readonly indent?: string
  /** Styles a padded name. */
  readonly paint?: (name: string, row: number) => string
}

/**
 * Names, each with its text beside it, aligned and wrapped to the terminal, or to 80 columns where there is none. Nothing
 * is cut, so that a key can be copied. Texts of strangers must be harmless already.
 */
export function fields(
  io: Io,
  rows: readonly LabelledField[],
  { indent = '', paint = (name) => style(io, 'bold', name) }: FieldsOptions = {},
): string {
  const width = rows.reduce((most, [name]) => Math.max(most, widthOf(name)), 0)
  const before = indent + ' '.repeat(width) + gap
  const room = Math.max(textWidthMin, (io.width ?? plainWidth) - widthOf(before))
  return rows
    .flatMap(([name, text, command], row) => {
      const padded = paint(pad({ shown: name, width: widthOf(name) }, width, false, false), row)
      const lines = [...wrapText(text, room), ...(command === undefined ? [] : [command])]
      return lines.map((line, index) => `${index === 0 ? indent + padded + gap : before}${line}`.trimEnd())
    })
    .map((line) => `${line}\n`)
    .join('')
}
