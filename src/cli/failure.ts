import { codes, PipelineError } from '../record/error.ts'
import { UsageError } from './command.ts'
import { type Io, style } from './io.ts'

/**
 * What an expected failure says to a person, in a line or more: what happened, and what helps. Undefined for an error
 * that nobody expected.
 */
export function failureText(io: Io, error: unknown): string | undefined {
  const label = style(io, 'red', 'error:')
  if (error instanceof UsageError) return `${label} ${error.message}\n`
  if (!(error instanceof PipelineError)) return undefined
  const { code, message } = error
  return `${label} ${message}\n${style(io, 'dim', `${code}: ${codes[code].fix}`)}\n`
}
