import { PipelineError } from '../record/error.ts'

/** What is wrong with a statement, and where: `at` counts UTF-16 code units from its beginning. */
export class StatementError extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** The line and the column of a place, both from 1, as Trino counts them. */
export function placeOf(sql: string, at: number): { readonly line: number; readonly column: number } {
  const before = sql.slice(0, at).split(/\r\n|\r|\n/)
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** The error that a user sees: the place, what is wrong, and the line with a mark under the place. */
export function toPipelineError({ at, message }: StatementError, sql: string): PipelineError {
  const { line, column } = placeOf(sql, at)
  const text = sql.split(/\r\n|\r|\n/)[line - 1] ?? ''
  const start = Math.max(0, column - 60)
  const shown = text.slice(start, start + 100)
  const told = `line ${line}:${column}: ${message}\n\n  ${shown}\n  ${' '.repeat(column - 1 - start)}^`
  return new PipelineError('QUERY_FAILED', told)
}
