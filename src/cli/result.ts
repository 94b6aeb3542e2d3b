import { extname } from 'node:path'
import { codeOf } from '../dialect/athena.ts'
import type { QueryEngine, QueryOptions, QueryResult } from '../query/engine.ts'
import {
  type Format,
  formatCsv,
  formatJson,
  formatJsonLines,
  formatLines,
  formatTable,
  formatText,
} from '../query/format.ts'
import { PipelineError } from '../record/error.ts'
import { type OutputFile, openOutputFile } from '../store/atomic-file.ts'
import { systemReason } from '../store/failure.ts'
import { type Cost, describeRun, skippedLines } from './cost.ts'
import { counted, harmlessLines, type Io, style } from './io.ts'
import { startRunning } from './running.ts'

/** The formats that a terminal can show, and those of a file. */
export const shownFormats = ['table', 'line', 'csv', 'json', 'jsonl'] as const
export const fileFormats = [...shownFormats, 'parquet'] as const
export type ShownFormat = (typeof shownFormats)[number]
export type FileFormat = (typeof fileFormats)[number]

/** Where a result goes, and how. */
export type Destination = {
  readonly format: FileFormat
  /** The file that it goes to; standard output where there is none. Parquet needs one. */
  readonly file?: string | undefined
  /** CSV only: texts that a spreadsheet would take for formulas stay as they are. */
  readonly raw?: boolean | undefined
  /** At most so many rows are shown, and the query then ends. */
  readonly rowsShownMax?: number | undefined
  /** Says that the query is done, and what it read, whether or not somebody watches. */
  readonly stats?: boolean | undefined
  readonly hints: Hints
}

/** How a person gets more of a result, where they are. */
export type Hints = { readonly whole: string; readonly raw: string; readonly more: string }

const endings: ReadonlyMap<string, FileFormat> = new Map([
  ['.csv', 'csv'],
  ['.json', 'json'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.parquet', 'parquet'],
  ['.txt', 'table'],
])

/** The format that a file's name asks for by its ending; undefined where the ending is none of those that are known. */
export function formatByEnding(path: string): FileFormat | undefined {
  return endings.get(extname(path).toLowerCase())
}

/** The endings that name a format, for messages. */
export const knownEndings = [...endings.keys()].join(', ')

/**
 * Runs a statement and writes its result to where it goes; says on standard error what was written and, where somebody
 * watches, what it took.
 *
 * Throws as `QueryEngine` does, and OUTPUT_INVALID for a file that cannot be written.
 */
export async function runStatement(
  io: Io,
  engine: QueryEngine,
  sql: string,
  to: Destination,
  signal: AbortSignal,
): Promise<void> {
  const running = startRunning(io)
  const startedMs = io.runtime.clock()
  const options: QueryOptions = { signal, onLoad: running.onLoad }
  try {
    const written = await write(io, engine, sql, to, options, running.end)
    await running.end()
    const { rows, neutralised = 0, isPart = false } = written
    if (to.file !== undefined) await io.err(`${counted(rows, 'row')} written to ${to.file}\n`)
    if (neutralised > 0) {
      const cells = `${counted(neutralised, 'cell')} ${neutralised === 1 ? 'looks' : 'look'}`
      await io.err(`${cells} like a formula and got an apostrophe before it; ${to.hints.raw}\n`)
    }
    if (isPart) await io.err(`these are the first ${counted(rows, 'row')}; ${to.hints.more}\n`)
    for (const line of skippedLines(written.scan?.skipped ?? []))
      await io.err(`${style(io, 'yellow', line)}\n`)
    if (to.stats || io.isWatched)
      await io.err(`${style(io, 'dim', describeRun(written, rows, io.runtime.clock() - startedMs))}\n`)
  } finally {
    await running.end()
  }
}

type Written = Cost & { readonly rows: number; readonly neutralised?: number; readonly isPart?: boolean }

async function write(
  io: Io,
  engine: QueryEngine,
  sql: string,
  to: Destination,
  options: QueryOptions,
  onText: () => Promise<void>,
): Promise<Written> {
  const { format, file } = to
  if (format === 'parquet') return engine.exportParquet(sql, file ?? '', options)
  let neutralised = 0
  const onNeutralised = (cells: number) => {
    neutralised = cells
  }
  const isText = isTextStatement(sql) && (format === 'table' || format === 'line')
  const formatFor = (place: Io) =>
    isText
      ? shown(place, formatText)
      : formatOf(place, format, { ...to, whole: to.hints.whole, onNeutralised })
  if (file !== undefined) {
    const output = await openOutput(file)
    try {
      const result = await engine.query(sql, options)
      // A file has no colours and no width, and is no terminal.
      const { width: _, ...plain } = { ...io, isColored: false, isShown: false }
      const rows = await formatFor(plain)(result, output.write)
      await output.end()
      return { rows, neutralised, scan: result.scan, charge: result.charge }
    } finally {
      await output.discard()
    }
  }
  const result = await engine.query(sql, options)
  const part = firstRows(result, isText ? undefined : to.rowsShownMax)
  const rows = await formatFor(io)(part.result, async (text) => {
    if (io.isShown) await onText()
    await io.out(text)
  })
  return { rows, neutralised, isPart: part.isPart(), scan: result.scan, charge: result.charge }
}

/** True for a statement that is answered with lines of text and not with rows: a plan, or DDL. */
function isTextStatement(sql: string): boolean {
  return /^\s*(?:EXPLAIN|SHOW\s+CREATE)(?!\w)/i.test(codeOf(sql))
}

/** A result of at most so many rows, which lets the query go after them; `isPart` says whether it had more. */
function firstRows(
  result: QueryResult,
  rowsMax: number | undefined,
): { readonly result: QueryResult; readonly isPart: () => boolean } {
  if (rowsMax === undefined) return { result, isPart: () => false }
  let isPart = false
  const rows = async function* () {
    let left = rowsMax
    for await (const chunk of result.rows) {
      isPart = chunk.length > left
      if (left > 0) yield chunk.slice(0, left)
      left -= chunk.length
      if (isPart) return
    }
  }
  return { result: { ...result, rows: rows() }, isPart: () => isPart }
}

type FormatOptions = {
  readonly raw?: boolean | undefined
  readonly whole?: string
  readonly onNeutralised?: (cells: number) => void
}

/** How a result is written where a person looks at it. */
export function formatOf(io: Io, name: ShownFormat, options: FormatOptions = {}): Format {
  const { raw = false, whole, onNeutralised } = options
  if (name === 'table')
    return formatTable({
      ...(io.width === undefined ? {} : { width: io.width }),
      ...(whole === undefined ? {} : { whole }),
      bold: (text) => style(io, 'bold', text),
      dim: (text) => style(io, 'dim', text),
    })
  if (name === 'line')
    return formatLines({ bold: (text) => style(io, 'bold', text), dim: (text) => style(io, 'dim', text) })
  const csv = formatCsv({ raw, ...(onNeutralised ? { onNeutralised } : {}) })
  return shown(io, { json: formatJson, jsonl: formatJsonLines, csv }[name])
}

/** A format whose text cannot act on a terminal. */
function shown(io: Io, format: Format): Format {
  return (result, write) => format(result, io.isShown ? (text) => write(harmlessLines(text)) : write)
}

/** A file that gets its name when the whole result is in it. */
async function openOutput(path: string): Promise<OutputFile> {
  const orInvalid = (work: Promise<void>) =>
    work.catch((error: unknown) => Promise.reject(unwritable(path, error)))
  const file = await openOutputFile(path).catch((error: unknown) => Promise.reject(unwritable(path, error)))
  return {
    write: (text) => orInvalid(file.write(text)),
    end: () => orInvalid(file.end()),
    discard: file.discard,
  }
}

function unwritable(path: string, cause: unknown): PipelineError {
  return new PipelineError('OUTPUT_INVALID', `${path} cannot be written: ${systemReason(cause)}`, { cause })
}
