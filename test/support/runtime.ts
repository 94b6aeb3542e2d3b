import { setTimeout as wait } from 'node:timers/promises'
import { type LogEntry, type Runtime, systemRuntime } from '../../src/runtime.ts'

/** The runtime of this process with some of it in the test's hand. */
export function runtimeWith(over: Partial<Runtime>): Runtime {
  return { ...systemRuntime(), ...over }
}

/** A runtime that keeps the time-outs that were asked of it. None of them ever passes. */
export function recordTimeouts(): { readonly runtime: Runtime; readonly waits: readonly number[] } {
  const waits: number[] = []
  const timeout = (ms: number) => {
    waits.push(ms)
    return new AbortController().signal
  }
  return { runtime: runtimeWith({ timeout }), waits }
}

export type FakeRuntime = Runtime & {
  /** What was logged. */
  readonly entries: LogEntry[]
  /** In how many milliseconds each timer is due, the next one first. */
  readonly pending: () => readonly number[]
  /**
   * Moves time on. Timers run in the order of their times. Before and after each, everything happens that needs no time:
   * files are read and written.
   */
  readonly advance: (ms: number) => Promise<void>
  /** Lets time pass, from one timer to the next, until the check holds. */
  readonly pass: (check: () => unknown) => Promise<void>
  /** Lets time pass until the work has ended, and gives what it gives. */
  readonly during: <T>(work: Promise<T>) => Promise<T>
  /** Sets the clock of people forward, or back. Timers and monotonic time know nothing of it. */
  readonly setForward: (ms: number) => void
}

type Timer = { atMs: number; readonly everyMs?: number; readonly run: () => void }

/**
 * A runtime whose time moves only when the test says so. `pass` and `during` jump to the next timer when nothing else can
 * happen: when no file is being read or written. They are for tests without other processes, threads and sockets. Chance
 * is always one half; ids are counted.
 *
 * @param startMs 2025-02-13T18:30:00Z unless given.
 */
export function createFakeRuntime(startMs = 1_739_471_400_000): FakeRuntime {
  const entries: LogEntry[] = []
  const timers = new Set<Timer>()
  let nowMs = 0
  let offsetMs = startMs
  let ids = 0

  const start = (timer: Timer) => {
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const timer = (ms: number, run: () => void) => start({ atMs: nowMs + Math.max(0, ms), run })
  const every = (ms: number, run: () => void) => start({ atMs: nowMs + ms, everyMs: ms, run })
  const next = () =>
    [...timers].reduce<Timer | undefined>(
      (first, one) => (first && first.atMs <= one.atMs ? first : one),
      undefined,
    )
  const advance = async (ms: number) => {
    const endMs = nowMs + ms
    await untilFilesRest()
    for (let due = next(); due && due.atMs <= endMs; due = next()) {
      nowMs = due.atMs
      if (due.everyMs === undefined) timers.delete(due)
      else due.atMs += due.everyMs
      due.run()
      await untilFilesRest()
    }
    nowMs = endMs
  }
  const pass = async (check: () => unknown) => {
    for (await untilFilesRest(); !(await check()); ) {
      const due = next()
      if (due) await advance(due.atMs - nowMs)
      else await wait(1)
    }
  }
  return {
    clock: () => nowMs + offsetMs,
    monotonic: () => nowMs,
    random: () => 0.5,
    newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    log: (entry) => entries.push(entry),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const abort = () => {
          stop()
          reject(signal?.reason)
        }
        const stop = timer(ms, () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        })
        signal?.addEventListener('abort', abort, { once: true })
      }),
    timer,
    every,
    timeout: (ms) => {
      const controller = new AbortController()
      timer(ms, () => controller.abort(new DOMException('The operation timed out', 'TimeoutError')))
      return controller.signal
    },
    entries,
    pending: () => [...timers].map(({ atMs }) => atMs - nowMs).sort((a, b) => a - b),
    advance,
    pass,
    during: async (work) => {
      let isSettled = false
      const settle = () => {
        isSettled = true
      }
      work.then(settle, settle)
      await pass(() => isSettled)
      return work
    },
    setForward: (ms) => {
      offsetMs += ms
    },
  }
}

/** Everything runs that waits neither for time nor for the system. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Until no file is read, written or closed, and what that led to has run. */
async function untilFilesRest(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet++) {
    await turn()
    if (process.getActiveResourcesInfo().some((name) => /^FSReq|^CloseReq/.test(name))) quiet = -1
  }
}
