import { setMaxListeners } from 'node:events'
import type { Runtime } from '../runtime.ts'
import { eachBounded } from '../store/bounded.ts'
import { createTurns } from './capture/save.ts'
import { type Answer, openClient } from './drive/client.ts'
import { createHistogram } from './drive/histogram.ts'
import { type DriveRequest, type RequestKind, requestKinds, tellStory } from './drive/story.ts'

export type DriveOptions = {
  /** Where the capture API is: `http://127.0.0.1:8080`. */
  readonly url: string
  readonly seed: string
  /** Requests a second; as fast as they are answered when left out. */
  readonly rate?: number
  /** How many requests are sent at most, those that set up events and sales apart. */
  readonly requests?: number
  /** For how long requests are sent, in milliseconds. */
  readonly forMs?: number
  /** Connections, and requests in flight, at most. */
  readonly connections: number
  readonly runtime: Runtime
  /** For how long a request that gets no answer is sent again, in milliseconds. */
  readonly retryMs?: number
  /** Ends the sending: what is in flight is still waited for, and not sent again. */
  readonly signal?: AbortSignal
  readonly onSent?: (sent: number, elapsedMs: number) => void
}

/** What became of the requests: `sent` = `accepted` + `refused` + `unanswered`, always. */
export type DriveReport = {
  /** The same seed again sends the same requests, which change nothing where they were accepted before. */
  readonly seed: string
  readonly sent: number
  /** By kind: stored durably, says the API. */
  readonly accepted: { readonly [kind in RequestKind]: number }
  /** By problem: not stored. */
  readonly refused: { readonly [problem: string]: number }
  /** Stored or not: nobody knows. */
  readonly unanswered: number
  /** How often a request was sent again. */
  readonly retries: number
  readonly tookMs: number
  /** Requests a second that were answered, those that set up events and sales apart. */
  readonly rate: number
  /** From when a request was due, by the rate that was asked for, to its last answer. */
  readonly latencyMs: { readonly p50?: number; readonly p99?: number; readonly max: number }
}

const retryFirstMs = 50
const retryMostMs = 2_000

/** Whether anything answers at the URL. */
export async function isReachable(url: string, runtime: Runtime): Promise<boolean> {
  const client = openClient(url, 1, runtime)
  try {
    return (await client.send('GET', '/health')) !== undefined
  } finally {
    client.close()
  }
}

/**
 * Sends a capture API the requests of a story (`tellStory`): first events and sales, then fans' requests at a steady
 * rate. The rate does not wait for answers (an open loop) until as many requests are in flight as may be. A request
 * that gets no answer, or is told to come again, is sent again, which is safe.
 */
export async function drive(options: DriveOptions): Promise<DriveReport> {
  const { runtime, connections, rate, requests = Number.POSITIVE_INFINITY, signal, onSent } = options
  const { clock } = runtime
  const forMs = options.forMs ?? Number.POSITIVE_INFINITY
  const { setUp, rush } = tellStory(options.seed, clock())
  const client = openClient(options.url, connections, runtime)
  // Each request in flight may wait for its next try, and listens meanwhile.
  if (signal) setMaxListeners(connections + 10, signal)
  const inTurn = createTurns()
  const latencies = createHistogram()
  const tally = createTally()
  const send = (request: DriveRequest) =>
    inTurn(request.item, async () => {
      const text = request.body && JSON.stringify(request.body(clock()))
      const attempt = () => client.send(request.method, request.path, text)
      tally.add(request.kind, await insist(attempt, options, tally.retry))
    })
  try {
    await eachBounded(setUp, connections, async (request) => {
      if (!signal?.aborted) await send(request)
    })
    const startedMs = clock()
    const before = tally.answered()
    const slots = createSlots(connections)
    let sent = 0
    for (const request of rush()) {
      const dueMs = rate === undefined ? clock() : startedMs + (sent * 1000) / rate
      if (sent >= requests || dueMs - startedMs >= forMs) break
      await until(dueMs, runtime, signal)
      await slots.free()
      if (signal?.aborted || clock() - startedMs >= forMs) break
      sent += 1
      slots.take(send(request).then(() => latencies.add(clock() - dueMs)))
      onSent?.(sent, clock() - startedMs)
    }
    await slots.idle()
    const tookMs = clock() - startedMs
    const [p50, p99] = [latencies.quantile(0.5), latencies.quantile(0.99)]
    return {
      seed: options.seed,
      ...tally.read(),
      tookMs,
      rate: ((tally.answered() - before) * 1000) / Math.max(1, tookMs),
      latencyMs: {
        ...(p50 !== undefined && { p50 }),
        ...(p99 !== undefined && { p99 }),
        max: latencies.max,
      },
    }
  } finally {
    client.close()
  }
}

/** Tries until an answer comes that a further try would not change. */
async function insist(
  attempt: () => Promise<Answer | undefined>,
  { runtime, signal, retryMs = 60_000 }: DriveOptions,
  onRetry: () => void,
): Promise<Answer | undefined> {
  const endMs = runtime.clock() + retryMs
  for (let waitMs = retryFirstMs; ; waitMs = Math.min(2 * waitMs, retryMostMs)) {
    const answer = await attempt()
    if (answer && answer.status !== 503) return answer
    if (signal?.aborted || runtime.clock() + waitMs > endMs) return answer
    await pause(waitMs, runtime, signal)
    if (signal?.aborted) return answer
    onRetry()
  }
}

function createTally() {
  const accepted = Object.fromEntries(requestKinds.map((kind) => [kind, 0])) as Record<RequestKind, number>
  const refused: { [problem: string]: number } = {}
  let sent = 0
  let unanswered = 0
  let retries = 0
  return {
    add(kind: RequestKind, answer: Answer | undefined) {
      sent += 1
      if (!answer) unanswered += 1
      else if (answer.problem === undefined) accepted[kind] += 1
      else refused[answer.problem] = (refused[answer.problem] ?? 0) + 1
    },
    retry() {
      retries += 1
    },
    answered: () => sent - unanswered,
    read: () => ({ sent, accepted, refused, unanswered, retries }),
  }
}

/** Bounds how much is under way. `free` is for one caller at a time. */
function createSlots(most: number) {
  let running = 0
  let failure: unknown
  let wake = () => {}
  const below = async (bound: number) => {
    while (running >= bound) await new Promise<void>((resolve) => (wake = resolve))
    if (failure !== undefined) throw failure
  }
  const done = () => {
    running -= 1
    wake()
  }
  return {
    free: () => below(most),
    take(work: Promise<void>) {
      running += 1
      work
        .catch((error: unknown) => {
          failure ??= error
        })
        .finally(done)
    },
    idle: () => below(1),
  }
}

async function until(dueMs: number, runtime: Runtime, signal: AbortSignal | undefined): Promise<void> {
  const { clock } = runtime
  for (let leftMs = dueMs - clock(); leftMs > 0 && !signal?.aborted; leftMs = dueMs - clock())
    await pause(leftMs, runtime, signal)
}

/** Waits, and not any longer than until the signal. */
async function pause(ms: number, { sleep }: Runtime, signal: AbortSignal | undefined): Promise<void> {
  await sleep(Math.max(1, ms), signal).catch(() => undefined)
}
