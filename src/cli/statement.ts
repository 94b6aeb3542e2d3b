import { readFileSync } from 'node:fs'
import { statementBytesMax } from '../dialect/lexer.ts'
import { PipelineError } from '../record/error.ts'
import { UsageError } from './command.ts'
import { count } from './io.ts'

/** Throws UsageError for a statement that is too long. */
export function checkLength(sql: string): void {
  if (Buffer.byteLength(sql) > statementBytesMax)
    throw new UsageError(`a statement has at most ${count(statementBytesMax)} bytes`)
}

/** The text of a file with statements. Throws INPUT_INVALID where it cannot be read. */
export function readStatementFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new PipelineError('INPUT_INVALID', `${file}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}
