import { PipelineError } from '../record/error.ts'
import { UsageError } from './command.ts'
import { type Io, style } from './io.ts'

/**
 * What an expected failure says to a person: what happened, and on a line of its own what helps, where the message does
 * not say so. Undefined for an error that nobody expected.
 */
export function failureText(io: Io, error: unknown): string | undefined {
  const label = style(io, 'red', 'error:')
  if (error instanceof UsageError) return `${label} ${error.message}\n`
  if (!(error instanceof PipelineError)) return undefined
  const { code, message, fix } = error
  return `${label} ${message}\n${fix === undefined ? '' : `${style(io, 'dim', `${code}: ${fix}`)}\n`}`
}
