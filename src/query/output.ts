import { PipelineError } from '../record/error.ts'
import { moveFile } from '../store/atomic-file.ts'
import { systemReason } from '../store/failure.ts'

/** Gives a file that DuckDB has made its place. @throws PipelineError QUERY_FAILED when it cannot be written there. */
export async function placeFile(from: string, to: string): Promise<void> {
  try {
    await moveFile(from, to)
  } catch (cause) {
    throw new PipelineError('QUERY_FAILED', `${to} cannot be written: ${systemReason(cause)}`, { cause })
  }
}
