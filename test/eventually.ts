import { setTimeout as sleep } from 'node:timers/promises'
import { TestRunner } from 'vitest'

/**
 * Waits for what another process, a socket or a thread brings about: asks again until `check` neither throws nor gives
 * false. It has no deadline of its own: a slow machine takes longer and fails nothing. It ends with the test, at the
 * test's own timeout, and then prints what it still waited for.
 */
export async function eventually(check: () => unknown): Promise<void> {
  const signal = TestRunner.getCurrentTest()?.context.signal
  for (;;) {
    const missing = await attempt(check)
    if (missing === undefined) return
    if (signal?.aborted) {
      process.stderr.write(`still waiting when the test ended: ${missing}\n`)
      throw new Error(missing)
    }
    await sleep(10)
  }
}

/** What is missing yet, or undefined. */
async function attempt(check: () => unknown): Promise<string | undefined> {
  try {
    return (await check()) === false ? `until ${check}` : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
