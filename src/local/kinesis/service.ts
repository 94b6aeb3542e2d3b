import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../record/error.ts'
import { backoff } from '../backoff.ts'

/** What makes a call one that is worth trying again, beside failures of the network and of the server. */
const passing = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'ThrottlingException',
  'Throttling',
  'KMSThrottlingException',
  'RequestLimitExceeded',
  'SlowDown',
  'TimeoutError',
])

const credentials = 'Give the SDK credentials, by the environment or a profile'
const network = 'Check the endpoint and the network'
const throttled = 'Read it with fewer consumers, or give it more shards'

const fixes: { readonly [name: string]: string } = {
  ResourceNotFoundException:
    'Check the name, the region and the account; a shard goes when its retention ends',
  AccessDeniedException: 'Give this role the right to make this call',
  UnrecognizedClientException: 'Check the credentials',
  InvalidSignatureException: 'Check the credentials, and that this machine’s clock is right',
  CredentialsProviderError: credentials,
  ExpiredTokenException: 'Renew the credentials',
  ProvisionedThroughputExceededException: throttled,
  LimitExceededException: throttled,
  ThrottlingException: throttled,
  KMSThrottlingException: 'Ask for a higher limit of KMS requests',
  KMSAccessDeniedException: 'Give this role the right to use the stream’s KMS key',
  TimeoutError: network,
}

/** Where calls go, and how often and after which waits they are made again. */
export type ServiceOptions = {
  /** The service and what is used of it, for messages: `Kinesis`, `the stream requests at http://…`. */
  readonly service: string
  readonly place: string
  readonly attemptsMax: number
  /** The wait before the second attempt and the longest one, in milliseconds. */
  readonly backoffMs: readonly [number, number]
  /** From 0 to 1, for the spread of the waits. */
  readonly random: () => number
}

/** Makes calls of an AWS service, until it is closed. */
export type Service = {
  /**
   * `action` is said in messages: `Kinesis could not {action} the stream …`.
   *
   * @throws PipelineError SOURCE_UNAVAILABLE, its cause the SDK's error, when it failed for good or too often, or was
   *   stopped.
   */
  call<T>(
    action: string,
    send: (options: { abortSignal: AbortSignal }) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
  /** Waits, unless it is stopped: then it throws as `call` does. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** Stops the calls under way and all after them. */
  close(): void
}

export function createService({ service, place, attemptsMax, backoffMs, random }: ServiceOptions): Service {
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
      if (closing.signal.aborted) throw unavailable(`${place} is closed`, error)
      if (stop.signal.aborted) throw unavailable('the call was stopped', stop.signal.reason)
      throw error
    } finally {
      for (const source of sources) source.removeEventListener('abort', onAbort)
    }
  }

  async function callOften<T>(
    action: string,
    send: (options: { abortSignal: AbortSignal }) => Promise<T>,
    abortSignal: AbortSignal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send({ abortSignal })
      } catch (error) {
        if (abortSignal.aborted) throw error
        if (!isPassing(error) || attempt >= attemptsMax) {
          const name = nameOf(error)
          if (isRegionMissing(error))
            throw unavailable(
              `${service}: Region is missing. Name the region, by AWS_REGION or in a profile`,
              error,
            )
          const fix = fixes[name] ?? (codeOf(error) ? network : 'See the service’s documentation of it')
          throw unavailable(
            `${service} could not ${action} ${place} (${codeOf(error) ?? name}). ${fix}`,
            error,
          )
        }
      }
      await sleep(backoff(attempt, backoffMs, random), undefined, { signal: abortSignal })
    }
  }

  return {
    call: (action, send, signal) => unlessStopped((stop) => callOften(action, send, stop), signal),
    pause: (ms, signal) =>
      unlessStopped(async (stop) => {
        await sleep(ms, undefined, { signal: stop })
      }, signal),
    close: () => closing.abort(),
  }
}

/** Whether the service answered with this error, such as `ExpiredIteratorException`. */
export function isAnswer(error: unknown, name: string): boolean {
  return error instanceof PipelineError && nameOf(error.cause) === name
}

export function unavailable(what: string, cause?: unknown): PipelineError {
  return new PipelineError('SOURCE_UNAVAILABLE', `${what}.`, { cause })
}

function isPassing(error: unknown): boolean {
  if (passing.has(nameOf(error)) || codeOf(error) !== undefined) return true
  return error instanceof Error && '$fault' in error && error.$fault === 'server'
}

/** The SDK's name of the error. Its message is never quoted: it may hold what was sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

/** Whether the SDK found no region, or one that is none. It has no name for that, and says no more than the region. */
function isRegionMissing(error: unknown): boolean {
  return error instanceof Error && /^region (?:is missing|not accepted)/i.test(error.message)
}

/** The system's code, such as ECONNREFUSED, of a failure of the network. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
