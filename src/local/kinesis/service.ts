import { explainFailure, isRetryable, nameOf } from '../../aws/failure.ts'
import { backoff } from '../../aws/retry.ts'
import { PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import { sourceUnavailable } from '../source.ts'

const fixes = {
  missing: 'Check the name, the region and the account; a shard goes when its retention ends',
  throttled: 'Read it with fewer consumers, or give it more shards',
} as const

/** What a call does, and what a message says of it when it fails. */
export type KinesisAction = {
  /** As in `Kinesis could not {name} the stream …`. */
  readonly name: string
  /** The right that it needs, such as `kinesis:GetRecords`. */
  readonly right: string
}

/** Where calls go, and how often and after which waits they are made again. */
export type ServiceOptions = {
  /** The service and what is used of it, for messages: `Kinesis`, `the stream requests at http://…`. */
  readonly service: string
  readonly place: string
  readonly attemptsMax: number
  /** The wait before the second attempt and the longest one, in milliseconds. */
  readonly backoffMs: readonly [number, number]
  readonly runtime: Runtime
}

/** Makes calls of an AWS service, until it is closed. */
export type Service = {
  readonly runtime: Runtime
  /**
   * @throws PipelineError SOURCE_UNAVAILABLE, its cause the SDK's error, when it failed for good or too often, or was
   *   stopped.
   */
  call<T>(
    action: KinesisAction,
    send: (options: { abortSignal: AbortSignal }) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
  /** Waits, unless it is stopped: then it throws as `call` does. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** Stops the calls under way and all after them. */
  close(): void
}

export function createService({ service, place, attemptsMax, backoffMs, runtime }: ServiceOptions): Service {
  const closing = new AbortController()

  async function unlessStopped<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    // Not AbortSignal.any: a signal that lives long would keep one of those for each call.
    const stop = new AbortController()
    const sources = signal ? [signal, closing.signal] : [closing.signal]
    const onAbort = () => stop.abort(sources.find(({ aborted }) => aborted)?.reason)
    for (const source of sources) source.addEventListener('abort', onAbort)
    try {
      if (sources.some(({ aborted }) => aborted)) onAbort()
      stop.signal.throwIfAborted()
      return await work(stop.signal)
    } catch (error) {
      if (closing.signal.aborted) throw sourceUnavailable(`${place} is closed`, error)
      if (stop.signal.aborted) throw sourceUnavailable('the call was stopped', stop.signal.reason)
      throw error
    } finally {
      for (const source of sources) source.removeEventListener('abort', onAbort)
    }
  }

  async function callOften<T>(
    action: KinesisAction,
    send: (options: { abortSignal: AbortSignal }) => Promise<T>,
    abortSignal: AbortSignal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send({ abortSignal })
      } catch (error) {
        if (abortSignal.aborted) throw error
        if (!isRetryable(error) || attempt >= attemptsMax) {
          const rights = `${action.right} on it`
          const { kind, name, fix } = explainFailure(error, { service, rights, fixes })
          if (kind === 'region') throw sourceUnavailable(`${service}: Region is missing. ${fix}`, error)
          throw sourceUnavailable(`${service} could not ${action.name} ${place} (${name}). ${fix}`, error)
        }
      }
      await runtime.sleep(backoff(attempt, backoffMs, runtime.random), abortSignal)
    }
  }

  return {
    runtime,
    call: (action, send, signal) => unlessStopped((stop) => callOften(action, send, stop), signal),
    pause: (ms, signal) => unlessStopped((stop) => runtime.sleep(ms, stop), signal),
    close: () => closing.abort(),
  }
}

/** Whether the service answered with this error, such as `ExpiredIteratorException`. */
export function isAnswer(error: unknown, name: string): boolean {
  return error instanceof PipelineError && nameOf(error.cause) === name
}
