import type { Runtime } from '../../runtime.ts'
import type { AthenaCalls, Execution } from './client.ts'
import { executionFailure } from './failure.ts'

export type AthenaRun = { readonly id: string; readonly execution: Execution }

/** The wait after the first look at a query and the longest one, in milliseconds. */
export type PollMs = readonly [first: number, longest: number]

const growth = 1.5

type RunOptions = { readonly signal: AbortSignal; readonly pollMs: PollMs; readonly runtime: Runtime }

/**
 * Starts a statement and waits until it is done. Where `signal` says so earlier, the query is stopped in Athena, so that it
 * scans no more, and the signal's reason is thrown.
 */
export async function runToEnd(
  calls: AthenaCalls,
  statement: string,
  { signal, pollMs, runtime }: RunOptions,
): Promise<AthenaRun> {
  signal.throwIfAborted()
  // Not given up by the signal: an answer that nobody waited for would leave a query running.
  const id = await calls.start(statement, runtime.newId())
  try {
    for (let [waitMs, longestMs] = pollMs; ; waitMs = Math.min(longestMs, waitMs * growth)) {
      signal.throwIfAborted()
      const execution = await calls.look(id, signal)
      const { State } = execution.status
      if (State === 'SUCCEEDED') return { id, execution }
      if (State === 'FAILED' || State === 'CANCELLED') throw executionFailure(execution.status)
      await runtime.sleep(waitMs, signal)
    }
  } catch (error) {
    // What went wrong is told, not that it could not be stopped as well.
    if (signal.aborted) await calls.stop(id).catch(() => {})
    signal.throwIfAborted()
    throw error
  }
}
