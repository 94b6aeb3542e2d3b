import { expect, onTestFinished, test, vi } from 'vitest'
import { createHandler } from '../../src/delivery/handler.ts'
import { change, kinesisEvent } from '../changes.ts'
import { openErrorArchive, rules } from '../errors/archive.ts'
import { runtimeWith } from '../support/runtime.ts'

test('the function gives its writes the time that the call has left, and asks anew for each', async () => {
  const { store } = openErrorArchive()
  const waits = vi.spyOn(AbortSignal, 'timeout')
  onTestFinished(() => waits.mockRestore())
  const handler = createHandler({
    store,
    rules,
    runtime: runtimeWith({ clock: () => 0 }),
    putsParallel: 1,
    putTimeoutMs: 3_600_000,
  })
  // As Lambda has it: a method, which needs its object.
  const context = {
    leftMs: 702_000,
    getRemainingTimeInMillis() {
      this.leftMs -= 1_000
      return this.leftMs
    },
  }
  await handler(kinesisEvent([change(), Buffer.from('{')]), context)
  expect(waits.mock.calls).toEqual([[699_000], [698_000]])
})
