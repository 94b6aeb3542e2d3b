import { PipelineError } from '../../record/error.ts'
import { systemCode } from '../../store/failure.ts'
import { CorruptLog } from '../stream/segment.ts'

const fullDisk = 'Free space on its disk; what was acknowledged is safe'
const fixes: { readonly [code: string]: string } = {
  ENOSPC: fullDisk,
  EFBIG: fullDisk,
  EDQUOT: fullDisk,
  EACCES: 'Give this user the right to read and write there',
  EPERM: 'Give this user the right to read and write there',
  EROFS: 'Mount its disk writable',
}

/** Runs `work` and turns errors of the file system, and damaged files, into TABLE_UNAVAILABLE with the fix. */
export async function orTableUnavailable<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw toTableError(action, cause)
  }
}

/** The error as TABLE_UNAVAILABLE where the file system or a damaged file is behind it; else as it is. */
export function toTableError(action: string, cause: unknown): unknown {
  if (cause instanceof CorruptLog)
    return tableUnavailable(
      `the table could not ${action}: ${cause.message}. Restore its folder from a copy, or begin with an empty one`,
      cause,
    )
  const code = systemCode(cause)
  if (code === undefined) return cause
  return tableUnavailable(
    `the table could not ${action} (${code}). ${fixes[code] ?? 'Check its folder'}`,
    cause,
  )
}

export function tableUnavailable(what: string, cause?: unknown): PipelineError {
  return new PipelineError('TABLE_UNAVAILABLE', `${what}.`, { cause })
}
