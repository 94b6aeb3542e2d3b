import { expect, test } from 'vitest'
import { createHandler } from '../../src/delivery/handler.ts'
import { change, kinesisEvent } from '../changes.ts'
import { openErrorArchive, rules } from '../errors/archive.ts'
import { recordTimeouts } from '../support/runtime.ts'

test('the function gives its writes the time that the call has left, and asks anew for each', async () => {
  const { store } = openErrorArchive()
  const { runtime, waits } = recordTimeouts()
  const handler = createHandler({
    store,
    rules,
    runtime,
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
  expect(waits).toEqual([699_000, 698_000])
})
