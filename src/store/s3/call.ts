import { createHash } from 'node:crypto'
import { bare, explainFailure, type Failure, isRetryable } from '../../aws/failure.ts'
import { backoff } from '../../aws/retry.ts'
import { PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import { checkSignal, unavailable } from '../failure.ts'

export type CallerOptions = {
  readonly place: string
  readonly attemptsMax: number
  readonly backoffMs: readonly [number, number]
  readonly timeoutMs: number
  readonly runtime: Runtime
}

export type Attempt = {
  /** Counted from 1. */
  readonly number: number
  readonly abortSignal: AbortSignal
  /** Gives the attempt its whole time again: something has arrived. */
  readonly alive: () => void
}

/** What a call does, and what a message says of it when it fails. */
export type S3Action = {
  /** Such as `put data/x.avro`. */
  readonly name: string
  /** The rights that it needs, such as `s3:PutObject on the objects of the bucket`. */
  readonly rights: string
  /** The bytes that it sends, which give an attempt more time. */
  readonly sizeBytes?: number
}

/**
 * Calls S3, and calls it again where that may help.
 *
 * @throws PipelineError STORE_UNAVAILABLE, its cause the name of the SDK's error, when it failed for good or too often;
 *   its cause the signal's reason, when it was stopped.
 */
export type Call = <T>(
  action: S3Action,
  signal: AbortSignal | undefined,
  send: (attempt: Attempt) => Promise<T>,
) => Promise<T>

/** How slow a connection may be while it sends an object. */
const bytesPerMsMin = 1000

export function createCaller({ place, attemptsMax, backoffMs, timeoutMs, runtime }: CallerOptions): Call {
  return async ({ name, rights, sizeBytes = 0 }, signal, send) => {
    for (let number = 1; ; number++) {
      const timeout = new AbortController()
      const begin = () => runtime.timer(timeoutMs + sizeBytes / bytesPerMsMin, () => timeout.abort())
      let stop = begin()
      const alive = () => {
        stop()
        stop = begin()
      }
      const abortSignal = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal
      try {
        return await send({ number, abortSignal, alive })
      } catch (error) {
        checkSignal(signal)
        if (error instanceof PipelineError) throw error
        const failed = timeout.signal.aborted ? bare('TimeoutError') : error
        if (!isRetryable(failed) || number >= attemptsMax)
          throw refused(`${name} in ${place}`, explainFailure(failed, { service: 'S3', rights, fixes }))
      } finally {
        stop()
      }
      const waitMs = backoff(number, backoffMs, () => spread(number, name))
      await runtime.sleep(waitMs, signal).catch(() => checkSignal(signal))
    }
  }
}

/** From 0 to 1, another number for other calls, so that many do not come at once; the same one in every run. */
function spread(attempt: number, action: string): number {
  return createHash('sha256').update(`${attempt} ${action}`).digest().readUInt32BE(0) / 2 ** 32
}

const fixes = {
  missing: 'Create the bucket, or correct its name',
  region: 'Name the region of the bucket, by AWS_REGION',
  throttled: 'Write fewer objects at once',
} as const

function refused(action: string, { name, fix }: Failure): PipelineError {
  return unavailable(action, name, fix, bare(name))
}
