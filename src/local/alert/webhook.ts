import { backoff } from '../../aws/retry.ts'
import { toIso } from '../../record/date.ts'
import type { Runtime } from '../../runtime.ts'
import { type Alert, type AlertName, alertNames } from '../alert.ts'

/** What is posted, as JSON. `text` is what chat services show. It holds counts and times, and nothing of a record. */
export type Notice = {
  readonly alert: AlertName
  readonly state: 'firing' | 'resolved'
  /** ISO-8601 UTC. */
  readonly since: string
  readonly at: string
  readonly archive: string
  readonly stream: string
  readonly text: string
  readonly figures: { readonly [name: string]: number }
  /** Where it says what to do. */
  readonly runbook: string
}

export type WebhookOptions = {
  readonly url: string
  readonly archive: string
  readonly stream: string
  readonly runbook: (name: AlertName) => string
  /** The same alert is posted again no sooner, in milliseconds, and then only while its cause is there. */
  readonly repeatMs: number
  readonly runtime: Runtime
}

export type WebhookStatus = {
  /** The host, and nothing else of the URL: the rest may be secret. */
  readonly host: string
  readonly sent: number
  /** Notices that were not taken, after all tries. */
  readonly failed: number
  readonly lastError?: string
}

export type Webhook = {
  /** Takes in which alerts fire now; never fails and never waits. */
  readonly tell: (alerts: readonly Alert[]) => void
  readonly status: () => WebhookStatus
  /** Waits for what is still to be posted, so long at most. */
  readonly drain: (waitMs: number) => Promise<void>
}

const queueMax = 100
const triesMax = 4
const answerWaitMs = 5_000
const retryMs = [500, 8_000] as const

/** Posts a notice when an alert begins to fire, again while it does, and when it no longer does. */
export function createWebhook(options: WebhookOptions): Webhook {
  const { repeatMs, runtime } = options
  const { host } = new URL(options.url)
  const posted = new Map<AlertName, { alert: Alert; atMs: number; isOpen: boolean }>()
  const stop = new AbortController()
  let queue = Promise.resolve()
  let waiting = 0
  const status = { sent: 0, failed: 0, lastError: undefined as string | undefined }

  const post = (alert: Alert, state: Notice['state'], nowMs: number) => {
    if (waiting >= queueMax) {
      status.failed += 1
      return
    }
    waiting += 1
    const notice: Notice = {
      ...{ alert: alert.name, state, since: toIso(alert.sinceMs), at: toIso(nowMs) },
      ...{ archive: options.archive, stream: options.stream },
      text: state === 'firing' ? alert.text : `Over: ${alert.name}, which began at ${toIso(alert.sinceMs)}.`,
      figures: alert.figures,
      runbook: options.runbook(alert.name),
    }
    queue = queue
      .then(() => send(notice, options, stop.signal))
      .then(
        () => {
          status.sent += 1
          status.lastError = undefined
        },
        (error: unknown) => {
          status.failed += 1
          status.lastError = reason(error)
          runtime.log({
            level: 'error',
            message: 'alert not posted',
            alert: alert.name,
            host,
            why: status.lastError,
          })
        },
      )
      .finally(() => {
        waiting -= 1
      })
  }
  return {
    tell: (alerts) => {
      const nowMs = runtime.clock()
      for (const name of alertNames) {
        const alert = alerts.find((candidate) => candidate.name === name)
        const before = posted.get(name)
        const isDue = nowMs - (before?.atMs ?? Number.NEGATIVE_INFINITY) >= repeatMs
        // One that is about to end is not posted again, unless it never was.
        if (alert && isDue && !(alert.isCalm && before?.isOpen)) {
          posted.set(name, { alert, atMs: nowMs, isOpen: true })
          post(alert, 'firing', nowMs)
        } else if (!alert && before?.isOpen) {
          posted.set(name, { ...before, isOpen: false })
          post(before.alert, 'resolved', nowMs)
        }
      }
    },
    status: () => {
      const { lastError, ...counts } = status
      return { host, ...counts, ...(lastError === undefined ? {} : { lastError }) }
    },
    drain: async (waitMs) => {
      const stopWaiting = runtime.timer(waitMs, () => stop.abort())
      await queue
      stopWaiting()
      stop.abort()
      await queue
    },
  }
}

class Refused extends Error {}

/** @throws what went wrong last. What the receiver refuses for good (4xx) is not tried again. */
async function send(notice: Notice, { url, runtime }: WebhookOptions, stop: AbortSignal): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      stop.throwIfAborted()
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(notice),
        // A redirect may lead to somebody else.
        redirect: 'manual',
        signal: AbortSignal.any([stop, runtime.timeout(answerWaitMs)]),
      })
      await answer.body?.cancel()
      if (answer.ok) return
      throw new Refused(`HTTP ${answer.status}`)
    } catch (error) {
      failures += 1
      const isFinal = error instanceof Refused && /HTTP (3|4(?!08|29))/.test(error.message)
      if (isFinal || stop.aborted || failures >= triesMax) throw error
      await runtime.sleep(backoff(failures, retryMs, runtime.random), stop).catch(() => undefined)
    }
  }
}

/** Why, without a word of the URL. */
function reason(error: unknown): string {
  if (error instanceof Refused) return error.message
  if (!(error instanceof Error)) return 'unknown'
  const cause = error.cause
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return error.name
}
