import { PipelineError } from '../record/error.ts'
import { systemCode } from '../store/failure.ts'
import { UsageError } from './command.ts'
import { type Io, style } from './io.ts'

/**
 * What an expected failure says to a person: what happened, and on a line of its own what helps, where the message does
 * not say so. Undefined for an error that nobody expected.
 */
export function failureText(io: Io, error: unknown): string | undefined {
  const label = style(io, 'red', 'error:')
  if (error instanceof UsageError) return `${label} ${error.message}\n`
  const refused = systemProblem(error)
  if (refused !== undefined) return `${label} ${refused}\n`
  if (!(error instanceof PipelineError)) return undefined
  const { code, message, fix } = error
  return `${label} ${message}\n${fix === undefined ? '' : `${style(io, 'dim', `${code}: ${fix}`)}\n`}`
}

const systemProblems: { readonly [code: string]: string } = {
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EROFS: 'its disk can only be read',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, where a folder is needed',
  EISDIR: 'it is a folder, where a file is needed',
  EEXIST: 'a file of that name is there already',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'its disk is full',
  EDQUOT: 'the quota of this user is used up',
  EMFILE: 'too many files are open',
}

/** What the system refused, in words and without a stack; undefined for an error of any other kind. */
function systemProblem(error: unknown): string | undefined {
  const code = systemCode(error)
  if (code === undefined || !(error instanceof Error)) return undefined
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined
  const problem = systemProblems[code]
  return path === undefined || problem === undefined ? error.message : `${path}: ${problem} (${code})`
}
