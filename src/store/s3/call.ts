import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../record/error.ts'
import { checkSignal, unavailable } from '../failure.ts'

export type CallerOptions = {
  readonly place: string
  readonly attemptsMax: number
  readonly backoffMs: readonly [number, number]
  readonly timeoutMs: number
}

/**
 * Calls S3, again where that may help. `action` is said in messages; `answers` makes errors of some of S3's.
 *
 * @throws PipelineError STORE_UNAVAILABLE, its cause the name of the SDK's error, when it failed for good or too often; its cause
 *   the signal's reason, when it was stopped.
 */
export type Call = <T>(
  action: string,
  signal: AbortSignal | undefined,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  answers?: { readonly [name: string]: (cause: unknown) => PipelineError },
) => Promise<T>

export function createCaller({ place, attemptsMax, backoffMs, timeoutMs }: CallerOptions): Call {
  return async (action, signal, send, answers = {}) => {
    for (let attempt = 1; ; attempt++) {
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        return await send({ abortSignal: signal ? AbortSignal.any([signal, timeout]) : timeout })
      } catch (error) {
        checkSignal(signal)
        if (error instanceof PipelineError) throw error
        const name = timeout.aborted ? 'TimeoutError' : nameOf(error)
        const known = answers[name]
        if (known) throw known(bare(error, name))
        if (!isPassing(error, name) || attempt >= attemptsMax) {
          const code = codeOf(error)
          const fix =
            fixes[name] ?? (code || name === 'TimeoutError' ? network : 'See the documentation of S3')
          throw unavailable(`${action} in ${place}`, code ?? name, fix, bare(error, name))
        }
      }
      await pause(backoff(attempt, backoffMs, action), signal)
    }
  }
}

/** The SDK's own error has the whole answer with it, and the request with its signature. */
function bare(error: unknown, name: string): Error {
  return Object.assign(new Error(codeOf(error) ?? name), { name })
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

const network = 'Check the endpoint and the network'
const credentials = 'Give the SDK credentials, by the environment or a profile'

const fixes: { readonly [name: string]: string } = {
  NoSuchBucket: 'Create the bucket, or correct its name',
  NotFound: 'Create the bucket, or correct its name',
  AccessDenied: 'Give this role the right to make this call, and to use the bucket’s KMS key',
  Forbidden: 'Give this role the right to make this call, and to use the bucket’s KMS key',
  InvalidAccessKeyId: 'Check the credentials',
  SignatureDoesNotMatch: 'Check the credentials, and that this machine’s clock is right',
  CredentialsProviderError: credentials,
  ExpiredToken: 'Renew the credentials',
  PermanentRedirect: 'Name the bucket’s own region',
  SlowDown: 'Write fewer objects at once',
}

/** Answers that are worth another attempt, beside failures of the network and of the server. */
const passing = new Set([
  'SlowDown',
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'TimeoutError',
  'ThrottlingException',
  'InternalError',
])

function isPassing(error: unknown, name: string): boolean {
  if (passing.has(name) || codeOf(error) !== undefined) return true
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : 0
  return typeof status === 'number' && (status >= 500 || status === 409 || status === 429)
}

/** The SDK's name of the error. Its message is never quoted: it may hold what was sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
