import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../record/error.ts'
import { checkSignal, unavailable } from '../failure.ts'
import { bare, fixOf, isPassing, nameOf } from './failure.ts'

export type CallerOptions = {
  readonly place: string
  readonly attemptsMax: number
  readonly backoffMs: readonly [number, number]
  readonly timeoutMs: number
}

export type Attempt = {
  /** Counted from 1. */
  readonly number: number
  readonly abortSignal: AbortSignal
  /** Gives the attempt its whole time again: something has arrived. */
  readonly alive: () => void
}

/**
 * Calls S3, again where that may help. `action` is said in messages; `sizeBytes`, what is sent, gives an attempt more
 * time.
 *
 * @throws PipelineError STORE_UNAVAILABLE, its cause the name of the SDK's error, when it failed for good or too often;
 *   its cause the signal's reason, when it was stopped.
 */
export type Call = <T>(
  action: string,
  signal: AbortSignal | undefined,
  send: (attempt: Attempt) => Promise<T>,
  options?: { readonly sizeBytes?: number },
) => Promise<T>

/** How slow a connection may be while it sends an object. */
const bytesPerMsMin = 1000

export function createCaller({ place, attemptsMax, backoffMs, timeoutMs }: CallerOptions): Call {
  return async (action, signal, send, { sizeBytes = 0 } = {}) => {
    for (let number = 1; ; number++) {
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(), timeoutMs + sizeBytes / bytesPerMsMin)
      const abortSignal = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal
      try {
        return await send({ number, abortSignal, alive: () => timer.refresh() })
      } catch (error) {
        checkSignal(signal)
        if (error instanceof PipelineError) throw error
        const name = timeout.signal.aborted ? 'TimeoutError' : nameOf(error)
        if (!isPassing(error, name) || number >= attemptsMax)
          throw unavailable(`${action} in ${place}`, name, fixOf(error, name), bare(name))
      } finally {
        clearTimeout(timer)
      }
      await pause(backoff(number, backoffMs, action), signal)
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => checkSignal(signal))
}

/** Twice as long each time; and other calls at other times, though without chance, so that many do not come at once. */
function backoff(attempt: number, [first, most]: readonly [number, number], action: string): number {
  const full = Math.min(most, first * 2 ** (attempt - 1))
  const spread = createHash('sha256').update(`${attempt} ${action}`).digest().readUInt32BE(0) / 2 ** 32
  return full / 2 + (full / 2) * spread
}
