import type { Cell, QueryResult } from './engine.ts'
import { fitText, fitWidths, gap, oneLine, pad, widthOf } from './layout.ts'
import { cellJson, cellText } from './text.ts'

/** Where a format writes; it waits until the text is taken. */
export type Write = (text: string) => Promise<void>

/** Each writes a whole result, chunk by chunk, and returns how many rows it had. */
export type Format = (result: QueryResult, write: Write) => Promise<number>

/** One array of row objects; columns in the order of the query, instants as ISO-8601 UTC. */
export const formatJson: Format = async ({ columns, rows }, write) => {
  const names = columns.map(({ name }) => JSON.stringify(name))
  let count = 0
  for await (const chunk of rows) {
    const lines = chunk.map((row) => rowJson(names, row))
    if (lines.length === 0) continue
    await write(`${count === 0 ? '[\n' : ',\n'}${lines.join(',\n')}`)
    count += chunk.length
  }
  await write(count === 0 ? '[]\n' : '\n]\n')
  return count
}

/** One row object a line (https://jsonlines.org). */
export const formatJsonLines: Format = async ({ columns, rows }, write) => {
  const names = columns.map(({ name }) => JSON.stringify(name))
  let count = 0
  for await (const chunk of rows) {
    await write(chunk.map((row) => `${rowJson(names, row)}\n`).join(''))
    count += chunk.length
  }
  return count
}

function rowJson(names: readonly string[], row: readonly Cell[]): string {
  return `{${row.map((cell, index) => `${names[index]}:${cellJson(cell)}`).join(',')}}`
}

/**
 * RFC 4180, with a header. Unless `raw`, a text that a spreadsheet would take for a formula gets an apostrophe before
 * it (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function formatCsv(options: { readonly raw: boolean }): Format {
  const field = (cell: Cell) => {
    const text = cellText(cell)
    const isFormula =
      !options.raw &&
      typeof cell !== 'number' &&
      typeof cell !== 'bigint' &&
      /^[=+\-@\t\r\n＝＋－＠]/.test(text)
    const isDecimal = typeof cell === 'object' && cell !== null && 'kind' in cell && cell.kind === 'decimal'
    return quoteCsv(isFormula && !isDecimal ? `'${text}` : text)
  }
  return async ({ columns, rows }, write) => {
    // Written with the first rows: a reader that goes away is noticed while there are rows to let go of.
    let header = csvLine(columns.map(({ name }) => field(name)))
    let count = 0
    for await (const chunk of rows) {
      await write(header + chunk.map((row) => csvLine(row.map(field))).join(''))
      header = ''
      count += chunk.length
    }
    if (header !== '') await write(header)
    return count
  }
}

/** A row of one empty field would be an empty line, which readers skip. */
function csvLine(fields: readonly string[]): string {
  return `${fields.length === 1 && fields[0] === '' ? '""' : fields.join(',')}\r\n`
}

function quoteCsv(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export type TableOptions = {
  /** Columns of the terminal; wider tables are cut to fit. Undefined: nothing is cut. */
  readonly width?: number
  /** At most so many rows are shown; the last line says of how many. */
  readonly rowsMax?: number
  readonly bold?: (text: string) => string
  readonly dim?: (text: string) => string
}

/** Rows by which the widths of columns are chosen. */
const sampleRows = 1000
const cellWidthMin = 8

/** Aligned columns for people, numbers to the right, and a line that says how many rows, and whether cells were cut. */
export function formatTable(options: TableOptions = {}): Format {
  const { rowsMax = Number.POSITIVE_INFINITY, bold = (text) => text, dim = (text) => text } = options
  return async ({ columns, rows }, write) => {
    const head: (readonly Cell[])[] = []
    let widths: readonly number[] | undefined
    let count = 0
    let cut = 0
    const line = (texts: readonly string[]) =>
      texts
        .map((text, index) => {
          const width = widths?.[index] ?? 0
          const fitted = fitText(text, options.width === undefined ? Number.POSITIVE_INFINITY : width)
          if (fitted.isCut) cut += 1
          return pad(fitted, width, columns[index]?.isNumeric === true, index === columns.length - 1)
        })
        .join(gap)
    const body = async (chunk: readonly (readonly Cell[])[]) => {
      const shown = chunk.slice(0, Math.max(0, rowsMax - count))
      await write(shown.map((row) => `${line(row.map((cell) => oneLine(cellText(cell))))}\n`).join(''))
      count += chunk.length
    }
    const start = async () => {
      const shown = head.slice(0, rowsMax)
      const wanted = columns.map(({ name }, index) =>
        shown.reduce(
          (most, row) => Math.max(most, widthOf(oneLine(cellText(row[index] ?? null)))),
          widthOf(oneLine(name)),
        ),
      )
      widths = fitWidths(wanted, options.width, cellWidthMin)
      const names = line(columns.map(({ name }) => oneLine(name)))
      await write(`${bold(names)}\n${dim(widths.map((width) => '─'.repeat(width)).join(gap))}\n`)
      await body(head)
    }
    for await (const chunk of rows) {
      if (widths) await body(chunk)
      else for (const row of chunk) head.push(row)
      if (!widths && head.length >= sampleRows) await start()
    }
    if (!widths) await start()
    const note = cut > 0 ? `, ${counted(cut, 'cell')} cut to fit: --format json or csv shows them whole` : ''
    const part = count > rowsMax ? `the first ${rowsMax.toLocaleString('en-US')} of ` : ''
    await write(dim(`${part}${counted(count, 'row')}${note}\n`))
    return count
  }
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
