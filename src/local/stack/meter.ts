import type { Clock, Log, LogEntry } from '../../runtime.ts'

/** What the capture API and the worker have done since the start. */
export type Counts = {
  /** Requests that were answered with 2xx, reads apart. */
  readonly accepted: number
  /** Requests that were answered with 4xx. */
  readonly refused: number
  /** Requests that were answered with 5xx: they may come again. */
  readonly failed: number
  /** Records in `data/`. */
  readonly delivered: number
  /** Records in `errors/`. */
  readonly errored: number
  /** Avro files that were written, or found written. */
  readonly objects: number
}

export type Meter = {
  /** Takes in the entries that the API and the worker log. */
  readonly log: Log
  readonly counts: () => Counts
  /** Of the last seconds, on average. */
  readonly perSecond: () => { readonly accepted: number; readonly delivered: number }
}

const windowSeconds = 10

/** Counts what is logged: the log is the one place that all parts tell what they have done. */
export function createMeter(clock: Clock): Meter {
  const counts = { accepted: 0, refused: 0, failed: 0, delivered: 0, errored: 0, objects: 0 }
  const accepted = createRate(clock)
  const delivered = createRate(clock)
  const request = ({ status, method }: LogEntry) => {
    if (typeof status !== 'number' || method === 'GET' || method === 'HEAD') return
    if (status >= 500) counts.failed += 1
    else if (status >= 400) counts.refused += 1
    else {
      counts.accepted += 1
      accepted.add(1)
    }
  }
  const metrics = (entry: LogEntry) => {
    const stored = numberOf(entry.RecordsDelivered)
    const errored = numberOf(entry.RecordsErrored)
    counts.delivered += stored
    counts.errored += errored
    counts.objects += numberOf(entry.ObjectsWritten)
    delivered.add(stored + errored)
  }
  return {
    log: (entry) => {
      if (entry.message === 'request') request(entry)
      else if (entry.message === 'metrics') metrics(entry)
    },
    counts: () => ({ ...counts }),
    perSecond: () => ({ accepted: accepted.perSecond(), delivered: delivered.perSecond() }),
  }
}

/** A rate over the last whole seconds, in memory that does not grow. */
function createRate(clock: Clock) {
  // One more than is told: the second under way is not whole.
  const seconds = Array.from({ length: windowSeconds + 1 }, () => ({ second: -1, n: 0 }))
  const startSecond = Math.floor(clock() / 1000)
  return {
    add(n: number) {
      const second = Math.floor(clock() / 1000)
      const slot = seconds[second % seconds.length]!
      if (slot.second !== second) Object.assign(slot, { second, n: 0 })
      slot.n += n
    },
    perSecond() {
      const now = Math.floor(clock() / 1000)
      const length = Math.min(windowSeconds, now - startSecond)
      if (length <= 0) return 0
      const recent = seconds.filter(({ second }) => second < now && second >= now - length)
      return recent.reduce((sum, { n }) => sum + n, 0) / length
    },
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
