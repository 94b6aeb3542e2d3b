import type { Cell, QueryResult } from './engine.ts'
import { fitText, fitWidths, gap, oneLine, pad, widthOf } from './layout.ts'
import { uniqueNames } from './parquet.ts'
import { cellJson, cellText, counted } from './text.ts'

/** Where a format writes; it waits until the text is taken. */
export type WriteText = (text: string) => Promise<void>

/** Each writes a whole result, chunk by chunk, and returns how many rows it had. */
export type Format = (result: QueryResult, write: WriteText) => Promise<number>

/** One array of row objects; columns in the order of the query, instants as ISO-8601 UTC. */
export const formatJson: Format = async ({ columns, rows }, write) => {
  const names = uniqueNames(columns.map(({ name }) => name)).map((name) => JSON.stringify(name))
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
  const names = uniqueNames(columns.map(({ name }) => name)).map((name) => JSON.stringify(name))
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

export type CsvOptions = {
  /** Leaves texts that a spreadsheet would take for formulas as they are. */
  readonly raw: boolean
  /** Called at the end with the number of cells that got an apostrophe. */
  readonly onNeutralised?: (cells: number) => void
}

/**
 * RFC 4180, with a header. NULL is an empty field and an empty text is `""`; but in a result of one column NULL is `""`
 * too, since readers skip an empty line. Unless `raw`, a text that a spreadsheet would take for a formula gets an
 * apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function formatCsv({ raw, onNeutralised }: CsvOptions): Format {
  let neutralised = 0
  const field = (cell: Cell) => {
    if (cell === null) return ''
    const text = cellText(cell)
    if (raw || isNumber(cell) || !/^[=+\-@\t\r\n＝＋－＠]/.test(text)) return quoteCsv(text)
    neutralised += 1
    return quoteCsv(`'${text}`)
  }
  return async ({ columns, rows }, write) => {
    neutralised = 0
    // Written with the first rows: a reader that goes away is noticed while there are rows to let go of.
    let header = csvLine(columns.map(({ name }) => field(name)))
    let count = 0
    for await (const chunk of rows) {
      await write(header + chunk.map((row) => csvLine(row.map(field))).join(''))
      header = ''
      count += chunk.length
    }
    if (header !== '') await write(header)
    onNeutralised?.(neutralised)
    return count
  }
}

function isNumber(cell: Cell): boolean {
  if (typeof cell === 'object' && cell !== null) return 'kind' in cell && cell.kind === 'decimal'
  return typeof cell === 'number' || typeof cell === 'bigint'
}

/** A row of one empty field would be an empty line, which readers skip. */
function csvLine(fields: readonly string[]): string {
  return `${fields.length === 1 && fields[0] === '' ? '""' : fields.join(',')}\r\n`
}

function quoteCsv(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The text of the last column, line by line as it is: for plans and DDL, which are texts and no rows. */
export const formatText: Format = async ({ rows }, write) => {
  let count = 0
  for await (const chunk of rows) {
    await write(chunk.map((row) => `${cellText(row.at(-1) ?? null).trimEnd()}\n`).join(''))
    count += chunk.length
  }
  return count
}

type Styles = {
  readonly bold?: (text: string) => string
  readonly dim?: (text: string) => string
}

/**
 * Each row as lines of a name and a value, for rows that are wider than a terminal. Nothing is cut. The fields of a
 * record have a line each, named by their path.
 */
export function formatLines({ bold = (text) => text, dim = (text) => text }: Styles = {}): Format {
  return async ({ columns, rows }, write) => {
    let count = 0
    for await (const chunk of rows) {
      let text = ''
      for (const row of chunk) {
        count += 1
        const lines = row.flatMap((cell, index) => fieldsOf(columns[index]?.name ?? '', cell))
        const width = Math.max(0, ...lines.map(([name]) => widthOf(name)))
        text += `${dim(`── row ${count.toLocaleString('en-US')}`)}\n`
        for (const [name, value] of lines)
          text += `${bold(name)}${' '.repeat(width - widthOf(name))}${gap}${value}`.trimEnd().concat('\n')
      }
      await write(text)
    }
    await write(dim(`${counted(count, 'row')}\n`))
    return count
  }
}

function fieldsOf(name: string, cell: Cell): readonly (readonly [string, string])[] {
  const isRecord = typeof cell === 'object' && cell !== null && 'kind' in cell && cell.kind === 'struct'
  if (!isRecord) return [[oneLine(name), oneLine(cellText(cell))]]
  return cell.entries.flatMap(([field, item]) => fieldsOf(`${name}.${field}`, item))
}

export type TableFormatOptions = {
  /** Columns of the terminal; wider tables are cut to fit. Undefined: nothing is cut. */
  readonly width?: number
  /** At most so many rows are shown; the last line says of how many. */
  readonly rowsMax?: number
  /** How a person sees cells whole that were cut. */
  readonly whole?: string
} & Styles

/** Rows by which the widths of columns are chosen. */
const sampleRows = 1000
const cellWidthMin = 8

/** Aligned columns for people, numbers to the right, and a line that says how many rows, and whether cells were cut. */
export function formatTable(options: TableFormatOptions = {}): Format {
  const {
    rowsMax = Number.POSITIVE_INFINITY,
    whole = '',
    bold = (text) => text,
    dim = (text) => text,
  } = options
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
    const note = cut > 0 ? `, ${counted(cut, 'cell')} cut to fit${whole === '' ? '' : `: ${whole}`}` : ''
    const part = count > rowsMax ? `the first ${rowsMax.toLocaleString('en-US')} of ` : ''
    await write(dim(`${part}${counted(count, 'row')}${note}\n`))
    return count
  }
}
