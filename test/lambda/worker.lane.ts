import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readContainer } from '../../src/codec/container.ts'
import { readChangeEvent } from '../../src/codec/lambda-event.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { deliverBatch } from '../../src/delivery/worker.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { badPayloads, canaries, everyChange, recorded, toEvent } from './events.ts'
import { type RunningFunction, startFunction } from './function.ts'
import { endpoint, makeArchive, makeFolder, nodes, readObjects, unzip, zlibOf } from './lane.ts'

const taskRoot = unzip()
const codecs = ['null', 'deflate'] as const

/** What the library writes to a folder, on the Node that runs these tests. */
async function deliverHere(
  events: readonly unknown[],
  codec: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const store = await openDirectoryStore(join(makeFolder(), 'archive'))
  const settings = readSettings({ flags: { codec } })
  const rules = toRules(loadCatalog(), settings)
  const { putsParallel, putTimeoutMs } = settings
  const parts = { store, rules, runtime: systemRuntime(), putsParallel, putTimeoutMs }
  for (const event of events) for (const batch of readChangeEvent(event)) await deliverBatch(batch, parts)
  return await readObjects(store)
}

const events = [recorded, toEvent([...everyChange, ...badPayloads])]
const lines = (log: string) => log.split('\n').filter(Boolean)
const messages = (log: string, message: string) =>
  lines(log)
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.message === message)

test('the function has no package in reach, and its zip has all that it imports', () => {
  expect(() => createRequire(join(taskRoot, 'lambda.mjs')).resolve('zod')).toThrow(/Cannot find module/)
})

describe.each(nodes)('the function on Node %s', (major, node) => {
  describe.each(codecs)('with the codec %s', (codec) => {
    let archive: Awaited<ReturnType<typeof makeArchive>>
    let worker: RunningFunction
    beforeAll(async () => {
      archive = await makeArchive()
      const env = { DMD_ARCHIVE: archive.url, DMD_CODEC: codec, AWS_ENDPOINT_URL_S3: endpoint }
      worker = await startFunction({ node, major, taskRoot, env })
      expect(worker.initError).toBeUndefined()
    })
    // Each test may end it: what is told of it then is told again.
    afterAll(() => worker.end())

    test('writes to S3 what the library writes to a folder, and nothing new when events come again', async () => {
      for (const event of [...events, ...events])
        expect(await worker.invoke(event)).toMatchObject({ ok: true })
      const expected = await deliverHere(events, codec)
      const found = await readObjects(archive.store)
      expect([...found.keys()]).toEqual([...expected.keys()])
      expect([...found.keys()].filter((key) => key.startsWith('errors/'))).toHaveLength(
        2 + badPayloads.length,
      )
      // Versions of zlib compress otherwise; then the rows must agree. What is not compressed must agree on all of them.
      const isSameZlib = zlibOf(node) === process.versions.zlib
      for (const [key, bytes] of expected) {
        const own = found.get(key) ?? Buffer.alloc(0)
        const isCompressed = key.endsWith('.avro') && codec === 'deflate'
        if (!isCompressed || isSameZlib) expect(Buffer.compare(own, bytes), key).toBe(0)
        else expect(readAll(own, key)).toEqual(readAll(bytes, key))
      }
    })

    test('counts every record once an invocation', async () => {
      const counts = messages(await worker.end(), 'batch delivered').map(
        ({ records, delivered, errored }) => [records, delivered, errored],
      )
      const all = [everyChange.length + badPayloads.length, everyChange.length, badPayloads.length]
      expect(counts).toEqual([[2, 0, 2], all, [2, 0, 2], all])
    })

    test('says nothing of what a record holds', async () => {
      const log = await worker.end()
      expect(lines(log).length).toBeGreaterThan(20)
      for (const event of events)
        for (const { kinesis } of event.Records) expect(log).not.toContain(kinesis.data.slice(0, 400))
      for (const canary of canaries) {
        expect(log).not.toContain(canary)
        expect(log).not.toContain(Buffer.from(canary).toString('base64').slice(0, -4))
      }
    })

    test('gives metrics that CloudWatch can read, each of them documented', async () => {
      const operations = readFileSync(join('docs', 'operations.md'), 'utf8')
      const documents = messages(await worker.end(), 'metrics')
      expect(documents).toHaveLength(4)
      for (const document of documents) {
        const { Timestamp, CloudWatchMetrics } = document._aws
        expect(Math.abs(Timestamp - Date.now())).toBeLessThan(3_600_000)
        const [{ Namespace, Dimensions, Metrics }] = CloudWatchMetrics
        expect(operations).toContain(`\`${Namespace}\``)
        expect(Dimensions).toEqual([['stream']])
        expect(document.stream).toMatch(/^PowertoolsEventsStack-/)
        expect(Metrics.length).toBeGreaterThan(7)
        expect(Metrics.length).toBeLessThanOrEqual(100)
        for (const { Name, Unit } of Metrics) {
          expect(operations).toContain(`\`${Name}\``)
          expect(['Count', 'Bytes', 'Milliseconds']).toContain(Unit)
          expect(document[Name]).toBeTypeOf('number')
        }
      }
      expect(documents[1]).toMatchObject({ RecordsIn: 21, RecordsDelivered: 16, RecordsErrored: 5 })
    })
  })
})

test('versions of Node agree: what one has written, another finds written', async () => {
  const { url, store } = await makeArchive()
  const kept: string[][] = []
  for (const [major, node] of nodes) {
    const env = { DMD_ARCHIVE: url, AWS_ENDPOINT_URL_S3: endpoint }
    const worker = await startFunction({ node, major, taskRoot, env })
    for (const event of events) expect(await worker.invoke(event)).toMatchObject({ ok: true })
    await worker.end()
    const objects: string[] = []
    for await (const { key, etag } of store.list('')) objects.push(`${key} ${etag}`)
    kept.push(objects)
  }
  expect(kept).toHaveLength(2)
  expect(kept[1]).toEqual(kept[0])
})

function readAll(bytes: Uint8Array, key: string) {
  const container = readContainer(bytes, key)
  return { metadata: [...container.metadata], rows: [...container.rows()] }
}
