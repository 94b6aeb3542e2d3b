import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

/** One structured log line. Values are names, counts and codes: never a value of a record. */
export type LogEntry = {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly [name: string]: unknown
}
export type Log = (entry: LogEntry) => void

/** Milliseconds since 1970. It reaches log lines and metrics, never a key or an object's bytes. */
export type Clock = () => number

/** Ends a timer. Calling it again, or after the timer has run, does nothing. */
export type Stop = () => void

/**
 * Everything that is not decided by the input: time, waiting, chance, and where the log goes. The entries make one and
 * hand it in. Nothing else in `src/` reads a clock, sets a timer or asks for a random number, so that a test or a
 * simulation decides all of it.
 */
export type Runtime = {
  readonly clock: Clock
  /** Milliseconds that never step back, from a start of no meaning: for durations. */
  readonly monotonic: () => number
  /** At least 0, below 1. */
  readonly random: () => number
  /** A UUID, another one each time. */
  readonly newId: () => string
  readonly log: Log
  /** Resolves after so many milliseconds. @throws an AbortError when `signal` is aborted before that. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Calls `run` once, after so many milliseconds. */
  readonly timer: (ms: number, run: () => void) => Stop
  /** Calls `run` every so many milliseconds. */
  readonly every: (ms: number, run: () => void) => Stop
  /** A signal that is aborted after so many milliseconds. It does not keep the process running. */
  readonly timeout: (ms: number) => AbortSignal
}

/** The longest that a timer of Node waits; it runs one of a longer time at once. */
const timerMsMax = 2 ** 31 - 1

const bounded = (ms: number) => Math.min(Math.max(0, ms), timerMsMax)

/**
 * The runtime of this process.
 *
 * @param log Where log entries go; nowhere unless given.
 * @example systemRuntime(jsonLog((line) => process.stderr.write(line)))
 */
export function systemRuntime(log: Log = () => {}): Runtime {
  return {
    clock: Date.now,
    monotonic: () => performance.now(),
    random: Math.random,
    newId: randomUUID,
    log,
    sleep: (ms, signal) => wait(bounded(ms), undefined, signal && { signal }),
    timer: (ms, run) => {
      const timer = setTimeout(run, bounded(ms))
      return () => clearTimeout(timer)
    },
    every: (ms, run) => {
      const timer = setInterval(run, bounded(ms))
      return () => clearInterval(timer)
    },
    timeout: (ms) => AbortSignal.timeout(Math.ceil(bounded(ms))),
  }
}
