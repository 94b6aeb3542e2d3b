import { PipelineError } from '../record/error.ts'

/** What to do about an error of the file system, by its code. */
const fixes: Record<string, string> = {
  ENOSPC: 'Free space on its disk',
  EDQUOT: "Free space, or raise the user's quota",
  EACCES: 'Give this user the right to read and write there',
  EPERM: 'Give this user the right to read and write there',
  EROFS: 'Mount its disk writable',
  EIO: 'Check its disk',
  EMFILE: 'Raise the limit of open files',
  ENFILE: 'Raise the limit of open files',
  ENOENT: 'Check that its disk is mounted and that nobody removes folders meanwhile',
  ENOTDIR: 'A file stands where a folder is needed: move it away',
  EISDIR: 'A folder stands where the object belongs: move it away',
  ENAMETOOLONG: 'Move the archive to a shorter path',
}

/**
 * Runs `work` and turns errors of the file system into PipelineError STORE_UNAVAILABLE, which names `action`
 * (such as `put data/x.avro`), the system's code and the fix. Any other error passes as it is.
 */
export async function orUnavailable<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const code = systemCode(cause)
    if (code === undefined) throw cause
    throw unavailable(action, code, fixes[code] ?? 'Check the archive', cause)
  }
}

export function unavailable(action: string, why: string, fix: string, cause?: unknown): PipelineError {
  const message = `the archive could not ${action} (${why}). ${fix}, then run the same command again.`
  return new PipelineError('STORE_UNAVAILABLE', message, { cause })
}

/** @throws PipelineError STORE_UNAVAILABLE, its cause the signal's reason, if the signal is aborted. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new PipelineError(
      'STORE_UNAVAILABLE',
      'the call was stopped before the archive was done with it.',
      { cause: signal.reason },
    )
}

/** The code of a file system error such as `ENOENT`, or undefined for an error of any other kind. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/**
 * What the system says of a call that failed, such as `ENOENT: no such file or directory`, for a message about a file that
 * a person named. Node goes on with the call and its paths, which may be those of a file that is written aside.
 */
export function systemReason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/, \w+ '[^']*'.*$/, '')
}

/** The result of `work`, or undefined when it fails with one of these system codes. */
export async function unless<T>(codes: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codes.includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}
