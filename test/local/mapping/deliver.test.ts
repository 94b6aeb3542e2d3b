import { expect, test } from 'vitest'
import { type DeliverParts, deliverUntilDone } from '../../../src/local/mapping/deliver.ts'
import { toMappingSettings } from '../../../src/local/mapping/settings.ts'
import { createWaiter } from '../../../src/local/mapping/waiter.ts'
import { PipelineError } from '../../../src/record/error.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { openDirectoryStore } from '../../../src/store/directory.ts'
import type { ObjectStore } from '../../../src/store/store.ts'
import { change } from '../../changes.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { makeFolder } from '../table/folder.ts'

const arrivedMs = Date.UTC(2025, 1, 13, 18, 30)
const records = [1, 2].map((n) => ({
  bytes: change({ id: `given-up-${n}` }),
  partitionKey: String(n),
  sequence: String(n),
  arrivedMs: arrivedMs + (n - 1) * 100_000,
}))
const batch = { arn: 'arn:aws:kinesis:eu-west-1:1234567890:stream/changes', shard: 's', records }
const down = () => Promise.reject(new PipelineError('STORE_UNAVAILABLE', 'down'))

/** Delivers to a function that always fails, at a time of a clock that each call moves on by a minute. */
async function deliver(failures: ObjectStore, over: Partial<DeliverParts> = {}) {
  let nowMs = arrivedMs
  const told: string[] = []
  const runtime = runtimeWith({
    clock: () => nowMs,
    random: () => 0,
    log: ({ message }) => told.push(message),
  })
  const isDone = await deliverUntilDone(
    batch,
    {
      handler: async () => {
        nowMs += 60_000
        await down()
      },
      failures,
      settings: toMappingSettings({ recordAgeMaxMs: 150_000, backoffMs: [1, 1] }),
      runtime,
      waiter: createWaiter(new AbortController(), runtime),
      ...over,
    },
    ({ code, isGivenUp }) => told.push(`${code} ${isGivenUp}`),
  )
  return { isDone, told }
}

async function filesIn(store: ObjectStore): Promise<number> {
  let files = 0
  for await (const page of store.keys('failed/')) files += page.length
  return files
}

test('a batch is given up when its oldest record is too old, and then lies in the store of failures', async () => {
  const store = await openDirectoryStore(await makeFolder())
  const failed = ['STORE_UNAVAILABLE false', 'batch failed']
  expect(await deliver(store)).toEqual({
    isDone: true,
    // The first record is older than 150 s at the third failure.
    told: [...failed, ...failed, ...failed, 'batch given up', 'STORE_UNAVAILABLE true'],
  })
  expect(await filesIn(store)).toBe(1)
})

test('a batch that could be stored nowhere is not given up: it is tried until it is stored', async () => {
  const store = await openDirectoryStore(await makeFolder())
  let refusals = 2
  const refusing: ObjectStore = {
    ...store,
    put: (...args) => (refusals-- > 0 ? down() : store.put(...args)),
  }
  const { isDone, told } = await deliver(refusing)
  expect(isDone).toBe(true)
  expect(told.filter((line) => line === 'batch failed')).toHaveLength(5)
  expect(told.filter((line) => line === 'batch not given up: it could not be stored')).toHaveLength(2)
  expect(told.filter((line) => line.endsWith(' true'))).toHaveLength(1)
  expect(told.at(-1)).toBe('STORE_UNAVAILABLE true')
  expect(await filesIn(store)).toBe(1)
})

test('a batch whose delivery is stopped while it fails is neither done nor given up', async () => {
  const store = await openDirectoryStore(await makeFolder())
  const stopping = new AbortController()
  const handler = async () => {
    stopping.abort()
    await down()
  }
  const { isDone, told } = await deliver(store, { handler, waiter: createWaiter(stopping, systemRuntime()) })
  expect(isDone).toBe(false)
  expect(told).toEqual(['STORE_UNAVAILABLE false', 'batch failed'])
  expect(await filesIn(store)).toBe(0)
})
