import { failureMark, quoteText } from '../dialect/sql.ts'
import { PipelineError } from '../record/error.ts'
import { counted } from './text.ts'

/** DuckDB's message about a statement that it could not prepare. No row was read, so it is told as it is. */
export function statementFailure(error: unknown): PipelineError {
  if (error instanceof PipelineError) return error
  const message = messageOf(error).replace(/^Failed to extract statements: /, '')
  return new PipelineError('QUERY_FAILED', ownMessage(message) ?? message, { cause: error })
}

/**
 * What a function of ours said, or a part of the statement that is there to fail. A row's value may read like either, so
 * the text of a failed cast counts only where it stands in `select`, the statement that DuckDB ran; where no row was read,
 * `select` is left out.
 */
function ownMessage(message: string, select?: string): string | undefined {
  const said = `Invalid Input Error: ${failureMark}`
  if (message.startsWith(said)) return message.slice(said.length)
  const cast = "Conversion Error: Could not convert string '"
  const end = message.indexOf("' to INT32")
  if (!message.startsWith(`${cast}${failureMark}`) || end < 0) return undefined
  const text = message.slice(cast.length, end)
  return select === undefined || select.includes(quoteText(text)) ? text.slice(failureMark.length) : undefined
}

/**
 * What is told of a failure while rows were read: DuckDB's message may quote any value of a row, with quotation marks
 * and without, and such a value may be personal. So only what is known to be DuckDB's own words is passed on.
 */
export function rowFailure(error: unknown, sql: string, select: string): PipelineError {
  if (error instanceof PipelineError) return error
  const message = messageOf(error)
  const kind = /^[A-Z][A-Za-z ]{0,30} Error(?=: )/.exec(message)?.[0]
  if (kind === 'Out of Memory Error')
    return new PipelineError(
      'QUERY_LIMIT',
      'Out of Memory Error: the query needs more memory than it may take; narrow it, or raise the setting queryMemory',
    )
  if (kind === 'IO Error') return new PipelineError('QUERY_FAILED', message)
  const own = ownMessage(message, select)
  if (own !== undefined) return new PipelineError('QUERY_FAILED', own)
  const said = message.slice(kind === undefined ? 0 : kind.length + 2)
  const saying = sayings.find((candidate) => said.startsWith(candidate))
  const type = kind === 'Conversion Error' ? [...said.matchAll(target)].at(-1)?.[1] : undefined
  const range = saying === undefined && type !== undefined ? athenaNames[type] : undefined
  // A value that no type of the statement's was asked to hold: a sum, or a cast of a number.
  if (range !== undefined) return new PipelineError('QUERY_FAILED', `a value is out of the range of ${range}`)
  const known = saying ?? 'the statement fails on a row'
  const told = [
    `${kind === undefined ? '' : `${kind}: `}${known}${type === undefined ? '' : ` to ${type}`}`,
    '(the rest is left out, since it may quote a row)',
    ...(kind === 'Conversion Error' ? ['TRY_CAST gives NULL instead.'] : []),
  ]
  return new PipelineError('QUERY_FAILED', `${told.join(' ')}${placeIn(message, sql)}`)
}

/** The query was ended from outside. */
export function interrupted(): PipelineError {
  return new PipelineError('QUERY_FAILED', 'the query was ended before it was done')
}

/** The query took too long. */
export function passedTime(timeoutMs: number): PipelineError {
  return new PipelineError(
    'QUERY_LIMIT',
    `it took longer than ${timeoutMs / 1000} s; narrow it, or allow more: --timeout, or the setting queryTimeoutMs`,
  )
}

/** The process of the statement took more memory than its share, which DuckDB's own bound did not notice. */
export function passedMemory(memoryMax: string): PipelineError {
  return new PipelineError(
    'QUERY_LIMIT',
    `it took more memory than the ${memoryMax} that it may take, so its process was ended; narrow it, or raise the setting queryMemory`,
  )
}

/** A row of the result is too large to be passed on. */
export function passedRowBytes(rowBytesMax: number): PipelineError {
  return new PipelineError(
    'QUERY_LIMIT',
    `a row of the result has more than ${rowBytesMax / 1024 / 1024} MiB; select less of it`,
  )
}

/** The process of the statement ended, and nobody here ended it; `how` is a signal or an exit code. */
export function lostProcess(how: string): PipelineError {
  return new PipelineError(
    'QUERY_FAILED',
    `the process that ran the statement was ended from outside (${how}), most often because the machine had no memory left; run it again, narrow it, or lower the setting queryMemory`,
  )
}

/** The result has too many rows. */
export function passedRows(rowsMax: number): PipelineError {
  return new PipelineError(
    'QUERY_LIMIT',
    `the result has more than ${counted(rowsMax, 'row')}; narrow it, or allow more: --max-rows, or the setting queryRowsMax`,
  )
}

/** What is told where the cache's folder cannot be used. The system's message names a file of ours, never a row. */
export function cacheFailure(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  const what = `the cache in ${folder} cannot be used: ${error.message}; free some space, or name another by the setting cache`
  return new PipelineError('QUERY_FAILED', what, { cause: error })
}

/** How DuckDB's messages about values begin. */
const sayings: readonly string[] = [
  'Could not convert string',
  'Could not cast value',
  'Could not parse string',
  'Could not decode string',
  'Malformed JSON',
  'Map keys must be unique',
  'More than one row returned by a subquery used as an expression',
  'Overflow in addition',
  'Overflow in subtraction',
  'Overflow in multiplication',
  'Overflow in division',
  'Overflow in negation',
  'cannot take logarithm of a negative number',
  'cannot take logarithm of zero',
  'cannot take square root of a negative number',
  'invalid date field format',
  'invalid timestamp field format',
  'time field value out of range',
  'date field value out of range',
  'timestamp field value out of range',
]

const athenaNames: { readonly [duck: string]: string } = {
  INT8: 'tinyint',
  INT16: 'smallint',
  INT32: 'integer',
  INT64: 'bigint',
}

/** A type that a value was to be converted to. A value that looks like this tells nothing by it. */
const target =
  /(?:to|type) (U?INT(?:8|16|32|64|128)|BOOL|FLOAT|DOUBLE|DATE|TIME|TIMESTAMP|INTERVAL|DECIMAL\(\d+,\d+\))(?![A-Za-z0-9])/g

/** The line of the statement that DuckDB points at, if it is one. */
function placeIn(message: string, sql: string): string {
  const [place, line] = /\n\nLINE \d+: ([^\n]*)\n *\^\s*$/.exec(message) ?? []
  const shown = line?.replace(/^\.\.\.|\.\.\.$/g, '')
  return place !== undefined && shown !== undefined && sql.includes(shown) ? place : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
