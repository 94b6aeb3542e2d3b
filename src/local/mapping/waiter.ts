import type { Runtime } from '../../runtime.ts'

/** Waits that end early when there is something to do, or when all is to stop. */
export type Waiter = {
  /** Ends the waits under way of `wait`. */
  readonly wake: () => void
  /** Until `wake` is called, or so many milliseconds; for ever where none are given. */
  readonly wait: (ms?: number) => Promise<void>
  /** For so many milliseconds, or until it is stopped. */
  readonly sleep: (ms: number) => Promise<void>
  readonly stop: () => void
  readonly isStopped: () => boolean
  readonly signal: AbortSignal
}

export function createWaiter(stopping: AbortController, { timer }: Pick<Runtime, 'timer'>): Waiter {
  const waiting = new Set<() => void>()
  const { signal } = stopping
  const until = (ms: number | undefined, isWoken: boolean) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) return resolve()
      let stop = () => {}
      const done = () => {
        stop()
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      if (ms !== undefined) stop = timer(ms, done)
      if (isWoken) waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  return {
    wake: () => {
      for (const done of [...waiting]) done()
    },
    wait: (ms) => until(ms, true),
    sleep: (ms) => until(ms, false),
    stop: () => stopping.abort(),
    isStopped: () => signal.aborted,
    signal,
  }
}
