import type { QueryEngine } from '../../query/engine.ts'
import type { Catalog } from '../../record/schema.ts'
import { failureText } from '../failure.ts'
import { counted, type Io, style } from '../io.ts'
import { type FileFormat, formatByEnding, type Hints, runStatement, type ShownFormat } from '../result.ts'
import { checkLength } from '../statement.ts'

/** What the shell works with, and what a person set in it. */
export type Session = {
  readonly io: Io
  readonly engine: QueryEngine
  readonly catalog: Catalog
  /** Aborts when Ctrl-C is pressed while something runs. */
  readonly work: () => AbortSignal
  /** How results are shown. */
  format: ShownFormat
  /** How many rows of a result are shown; undefined for all of them. */
  rowsShownMax: number | undefined
  /** The file that the next result goes to. */
  output: { readonly file: string; readonly format: FileFormat } | undefined
}

export const rowsShownMaxFirst = 100

const hints: Hints = {
  whole: '.format line shows them whole',
  raw: 'dmd query --raw leaves such cells as they are',
  more: '.limit N or .limit off shows more, .output FILE writes the next result whole',
}

/**
 * Runs a statement and shows its result, or writes it to the file that `.output` named. A statement that fails is
 * explained. Gives whether it succeeded.
 */
export async function runSql(session: Session, sql: string): Promise<boolean> {
  const { io, engine, output } = session
  const to = output
    ? { ...output, hints }
    : { format: session.format, rowsShownMax: session.rowsShownMax, hints }
  try {
    checkLength(sql)
    await runStatement(io, engine, sql, { ...to, stats: true }, session.work())
    session.output = undefined
    return true
  } catch (error) {
    await explain(io, error)
    if (output)
      await io.err(
        `${style(io, 'dim', `the next result still goes to ${output.file}; .output shows it here`)}\n`,
      )
    return false
  }
}

/** Runs statements one after the other, until one fails, and says how many were not run. */
export async function runAll(session: Session, statements: readonly string[]): Promise<void> {
  for (const [index, sql] of statements.entries()) {
    if (await runSql(session, sql)) continue
    const left = statements.length - index - 1
    if (left > 0) await session.io.err(`${left} of ${counted(statements.length, 'statement')} were not run\n`)
    return
  }
}

/** Says what went wrong. Throws what nobody expected. */
export async function explain(io: Io, error: unknown): Promise<void> {
  const text = failureText(io, error)
  if (text === undefined) throw error
  await io.err(text)
}

/** The file that the next result goes to, in the format that its name asks for, else in the one that is shown. */
export function outputTo(session: Session, file: string): void {
  session.output = { file, format: formatByEnding(file) ?? session.format }
}
