import type { Io } from './io.ts'

/**
 * Resolves when the user asks to stop, by Ctrl-C, or the system does, by SIGTERM: containers are stopped so. A second
 * SIGTERM ends the process at once, as a second Ctrl-C does.
 */
export function untilStopped({ interrupt }: Io): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      process.off('SIGTERM', done)
      resolve()
    }
    process.once('SIGTERM', done)
    if (interrupt.aborted) done()
    else interrupt.addEventListener('abort', done, { once: true })
  })
}
