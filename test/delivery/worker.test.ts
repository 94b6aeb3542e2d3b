import { beforeEach, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readContainer } from '../../src/codec/container.ts'
import type { Batch } from '../../src/codec/lambda-event.ts'
import type { ErrorFile } from '../../src/delivery/error-file.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { deliverBatch, type WorkerParts } from '../../src/delivery/worker.ts'
import { PipelineError } from '../../src/record/error.ts'
import type { LogEntry } from '../../src/runtime.ts'
import { readSettings } from '../../src/settings.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { change, demandItem, eventItem, records } from '../changes.ts'
import { createFakeRuntime, recordTimeouts, runtimeWith } from '../support/runtime.ts'

let store: ObjectStore
let log: LogEntry[]
beforeEach(() => {
  store = openMemoryStore()
  log = []
})

const rules = toRules(loadCatalog(), readSettings({}))
const partsWith = (over: Partial<WorkerParts> = {}): WorkerParts => ({
  store,
  rules,
  runtime: runtimeWith({ log: (entry) => log.push(entry), clock: () => Date.UTC(2025, 1, 13, 18, 31) }),
  putsParallel: 4,
  putTimeoutMs: 600_000,
  ...over,
})

const good = [
  change({ id: 'a' }),
  change({ id: 'b', item: { ...demandItem, SK: 'x' } }),
  change({ id: 'c', item: eventItem }),
]
const bad = [Buffer.from('{'), change({ id: 'd', item: { ...demandItem, saleId: '' } })]
const batch: Batch = { stream: 'changes', shard: '0', records: records([...good, ...bad]) }

/** A store in which the puts that `fails` picks throw; everything else is the real one. */
const failing = (fails: (key: string) => boolean): ObjectStore => ({
  ...store,
  url: store.url,
  put: (key, bytes, options) =>
    fails(key)
      ? Promise.reject(new PipelineError('STORE_UNAVAILABLE', 'no space left on device'))
      : store.put(key, bytes, options),
})

async function keys(prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found
}

async function errorFile(key: string | undefined): Promise<ErrorFile> {
  const object = await store.get(key ?? '')
  return JSON.parse(Buffer.from(object?.bytes ?? []).toString('utf8'))
}

test('an error file that names no item is tagged from the beginning, and no other file is', async () => {
  const tags = new Map<string, string | undefined>()
  const tagged: ObjectStore = {
    ...store,
    url: store.url,
    put: (key, bytes, options) => {
      tags.set(key, options?.tag && `${options.tag.name}=${options.tag.value}`)
      return store.put(key, bytes, options)
    },
  }
  await deliverBatch(batch, partsWith({ store: tagged }))
  const byCode = new Map<string, string | undefined>()
  for (const [key, tag] of tags)
    byCode.set(key.startsWith('data/') ? 'data' : (await errorFile(key)).error.code, tag)
  expect(Object.fromEntries(byCode)).toStrictEqual({
    data: undefined,
    NOT_JSON: 'dmd-handled=unattributable',
    FIELD_EMPTY: undefined,
  })
})

test('whatever is rejected before its item is known is tagged, and what names its item is not', async () => {
  const envelope = JSON.parse(Buffer.from(change()).toString('utf8'))
  const section = (over: object) =>
    Buffer.from(JSON.stringify({ ...envelope, dynamodb: { ...envelope.dynamodb, ...over } }))
  const payloads = {
    NOT_UTF8: Buffer.from([0xff]),
    NOT_JSON: Buffer.from('{'),
    NOT_A_CHANGE: Buffer.from('[]'),
    KEYS_INVALID: section({ Keys: {} }),
    IMAGE_MISSING: section({ NewImage: undefined }),
    TYPE_UNKNOWN: change({ item: { ...demandItem, type: 'other' } }),
  }
  const tags = new Map<string, string | undefined>()
  const tagged: ObjectStore = {
    ...store,
    url: store.url,
    put: (key, bytes, options) => {
      tags.set(key, options?.tag?.value)
      return store.put(key, bytes, options)
    },
  }
  await deliverBatch({ ...batch, records: records(Object.values(payloads)) }, partsWith({ store: tagged }))
  const byCode = new Map<string, string | undefined>()
  for (const [key, tag] of tags) byCode.set((await errorFile(key)).error.code, tag)
  expect(Object.fromEntries(byCode)).toStrictEqual({
    NOT_UTF8: 'unattributable',
    NOT_JSON: 'unattributable',
    NOT_A_CHANGE: 'unattributable',
    KEYS_INVALID: 'unattributable',
    IMAGE_MISSING: undefined,
    TYPE_UNKNOWN: undefined,
  })
})

test('a batch that does not add up is refused, so that the stream delivers it again', async () => {
  // No input brings this about: the plan does not get to see the first record.
  const lost = Object.assign([...batch.records], {
    [Symbol.iterator]: () => batch.records.slice(1)[Symbol.iterator](),
  })
  await expect(deliverBatch({ ...batch, records: lost }, partsWith())).rejects.toMatchObject({
    code: 'ACCOUNTING',
    message: 'changes 0: 5 records in, 2 delivered, 2 errored',
  })
  expect(log.some(({ message }) => message === 'batch delivered')).toBe(false)
})

test('no write is waited for longer than the setting says, nor into the last two seconds of the call', async () => {
  const waited = async (options: Parameters<typeof deliverBatch>[2]) => {
    const { runtime, waits } = recordTimeouts()
    await deliverBatch(batch, partsWith({ runtime }), options)
    return [...new Set(waits)]
  }
  expect(await waited({})).toEqual([600_000])
  expect(await waited({ timeLeftMs: () => 3_600_000 })).toEqual([600_000])
  expect(await waited({ timeLeftMs: () => 302_000 })).toEqual([300_000])
  expect(await waited({ timeLeftMs: () => 0 })).toEqual([1])
})

test('every record of a batch is delivered or filed as an error, and counted', async () => {
  const delivery = await deliverBatch(batch, partsWith())
  expect(delivery).toMatchObject({ records: 5, delivered: 3, errored: 2, objects: 2, errorFiles: 2 })
  expect(await keys('data/')).toHaveLength(2)
  expect(await keys('errors/')).toHaveLength(2)
})

test('a batch delivered again writes nothing new, and says that all was found', async () => {
  const first = await deliverBatch(batch, partsWith())
  const before = await keys('')
  expect(first.found).toBe(0)
  expect(await deliverBatch(batch, partsWith())).toEqual({ ...first, found: 4 })
  expect(await keys('')).toEqual(before)
})

test('what is there under a key stays as it is: another version of zlib would write other bytes', async () => {
  const first = await deliverBatch(batch, partsWith())
  const older = Buffer.from('as an earlier version wrote it')
  for (const key of await keys('')) await store.put(key, older)
  expect(await deliverBatch(batch, partsWith())).toEqual({ ...first, found: 4 })
  for (const key of await keys('')) expect(Buffer.from((await store.get(key))!.bytes)).toEqual(older)
})

test('when an object cannot be written its records go to errors whole, in order, with the planned key', async () => {
  const delivery = await deliverBatch(
    batch,
    partsWith({ store: failing((key) => key.startsWith('data/demand/')) }),
  )
  expect(delivery).toMatchObject({ records: 5, delivered: 1, errored: 4, objects: 1, errorFiles: 3 })
  const planned = planBatch(batch, rules).objects.find(({ type }) => type === 'demand')
  const name = planned?.key.replace(/.*\//, '').replace('.avro', '')
  const file = await errorFile(`errors/${name}.json`)
  expect(file.error).toMatchObject({ code: 'PUT_FAILED', stage: 'deliver' })
  expect(file.events).toEqual(good.slice(0, 2).map((payload) => Buffer.from(payload).toString('utf8')))
  expect(file.object).toEqual({ key: planned?.key, records: [{ sequence: '1' }, { sequence: '2' }] })
  // What the file holds is enough to plan the very object again.
  const again = planBatch(
    { ...file.source, records: records(file.events.map((event) => Buffer.from(event))) },
    rules,
  )
  expect(again.objects.map(({ key, bytes }) => ({ key, bytes }))).toEqual([
    { key: planned?.key, bytes: planned?.bytes },
  ])
})

test('when errors cannot be written either the invocation fails, and a later one stores everything', async () => {
  const down = partsWith({ store: failing(() => true) })
  await expect(deliverBatch(batch, down)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  })
  expect(await keys('')).toEqual([])
  expect(await deliverBatch(batch, partsWith())).toMatchObject({ delivered: 3, errored: 2 })
})

test('when only errors cannot be written the invocation fails although the data is there', async () => {
  const down = partsWith({ store: failing((key) => key.startsWith('errors/')) })
  await expect(deliverBatch(batch, down)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await keys('data/')).toHaveLength(2)
})

test('a write that hangs counts as failed after the time-out and its records go to errors', async () => {
  const hanging: ObjectStore = {
    ...failing(() => false),
    put: (key, bytes, options) =>
      key.startsWith('data/event/')
        ? new Promise((_, reject) => {
            options?.signal?.addEventListener('abort', () =>
              reject(new PipelineError('STORE_UNAVAILABLE', 'too slow')),
            )
          })
        : store.put(key, bytes, options),
  }
  const time = createFakeRuntime()
  const delivering = deliverBatch(batch, partsWith({ store: hanging, runtime: time, putTimeoutMs: 50 }))
  expect(await time.during(delivering)).toMatchObject({ delivered: 2, errored: 3 })
  expect(time.monotonic()).toBe(50)
})

test('no more objects are written at once than the setting allows', async () => {
  let now = 0
  let most = 0
  const counting: ObjectStore = {
    ...failing(() => false),
    put: async (key, bytes, options) => {
      most = Math.max(most, ++now)
      return store.put(key, bytes, options).finally(() => now--)
    },
  }
  const many = { ...batch, records: records(Array.from({ length: 40 }, (_, n) => Buffer.from(`bad ${n}`))) }
  await deliverBatch(many, partsWith({ store: counting, putsParallel: 3 }))
  expect(most).toBe(3)
})

test('a retry after a change of code that accepts one of the bad records loses nothing', async () => {
  const strict = await deliverBatch(
    batch,
    partsWith({ store: failing((key) => key.startsWith('errors/')) }),
  ).catch((e) => e)
  expect(strict).toBeInstanceOf(PipelineError)
  // The new code takes the record without a saleId: here, by a schema that no longer asks for it.
  const demand = structuredClone(loadCatalog().get('demand')?.avro) as {
    fields: { name: string; type: unknown }[]
  }
  const { compileSchema, toCatalog } = await import('../../src/record/schema.ts')
  const own = demand.fields.filter(
    ({ name }) => !['isDeleted', 'reference', 'change', 'extra'].includes(name),
  )
  const added = demand.fields.filter(({ name }) =>
    ['isDeleted', 'reference', 'change', 'extra'].includes(name),
  )
  const relaxed = own.map((field) =>
    field.name === 'saleId' ? { ...field, type: ['null', 'string'], default: null } : field,
  )
  const schema = compileSchema(
    { ...demand, fields: relaxed, reference: '{eventId}_{fanId}' } as never,
    { fields: added } as never,
    'relaxed.avsc',
  )
  const lenient = {
    ...rules,
    catalog: toCatalog([schema, ...[...rules.catalog.values()].filter(({ type }) => type !== 'demand')]),
  }
  const delivery = await deliverBatch(batch, partsWith({ rules: lenient }))
  expect(delivery).toMatchObject({ records: 5, delivered: 4, errored: 1 })
  const ids: unknown[] = []
  for (const key of await keys('data/demand/')) {
    const rows = readContainer((await store.get(key))?.bytes ?? new Uint8Array(), key).rows()
    for (const row of rows) ids.push((row.change as { id: string }).id)
  }
  // Two objects: the one of the first run and the one of the second. A change that stands in both is one change.
  expect([...new Set(ids)].sort()).toEqual(['a', 'b', 'd'])
})

test('the log tells what was written and what was rejected, in counts, codes and keys', async () => {
  await deliverBatch(batch, partsWith())
  expect(log.filter(({ message }) => message === 'object written')).toHaveLength(2)
  expect(
    log.filter(({ message }) => message === 'record rejected').map(({ code, path }) => [code, path]),
  ).toEqual([
    ['NOT_JSON', undefined],
    ['FIELD_EMPTY', '/saleId'],
  ])
  expect(log.find(({ message }) => message === 'batch delivered')).toMatchObject({
    records: 5,
    delivered: 3,
    errored: 2,
  })
  expect(log.find(({ message }) => message === 'metrics')).toMatchObject({
    stream: 'changes',
    RecordsIn: 5,
    RecordsErrored: 2,
    _aws: { Timestamp: Date.UTC(2025, 1, 13, 18, 31), CloudWatchMetrics: [{ Namespace: 'dmd-pipeline' }] },
  })
})

test('a flood of rejections is counted in the log, not listed', async () => {
  const many = { ...batch, records: records(Array.from({ length: 150 }, (_, n) => Buffer.from(`bad ${n}`))) }
  await deliverBatch(many, partsWith())
  expect(log.filter(({ message }) => message === 'record rejected')).toHaveLength(100)
  expect(log.find(({ message }) => message === 'more records rejected')).toMatchObject({ records: 50 })
})

test('the delivery lag is that of the oldest arrival', async () => {
  const arrivedMs = Date.UTC(2025, 1, 13, 18, 30, 58)
  const arrived = { ...batch, records: [{ payload: good[0] ?? new Uint8Array(), sequence: '1', arrivedMs }] }
  await deliverBatch(arrived, partsWith())
  expect(log.find(({ message }) => message === 'metrics')).toMatchObject({ DeliveryLagMs: 2000 })
})
