import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectToStream, type KinesisStream } from '../../../src/local/kinesis/connection.ts'
import { type NewRecord, putChanges } from '../../../src/local/kinesis/put.ts'
import { openKinesisSource } from '../../../src/local/kinesis.ts'
import type { Position } from '../../../src/local/source.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { type FaultProxy, failure, startProxy } from './proxy.ts'
import { type KinesisServer, startKinesisServer } from './server.ts'

let server: KinesisServer
let proxy: FaultProxy
let stream: KinesisStream
let name: string
let streams = 0

beforeAll(async () => {
  server = await startKinesisServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  name = `stream-${streams++}`
  proxy = await startProxy(server.endpoint)
  await server.createStream(name, 2)
  stream = await connectToStream(
    {
      stream: name,
      region: 'us-east-1',
      endpoint: proxy.endpoint,
      backoffMs: [1, 2],
    },
    runtimeWith({ random: () => 0 }),
  )
})
afterEach(async () => {
  stream.close()
  await proxy.close()
})

const record = (key: string, n: number): NewRecord => ({ partitionKey: key, bytes: Buffer.from(String(n)) })
const requests = () => proxy.calls.filter(({ action }) => action === 'PutRecords').length

/** What is in the stream, by key. */
async function contents(): Promise<Record<string, number[]>> {
  const source = await openKinesisSource(
    {
      stream: name,
      region: 'us-east-1',
      endpoint: server.endpoint,
      readGapMs: 0,
    },
    systemRuntime(),
  )
  const found: Record<string, number[]> = {}
  for (const { id } of await source.listShards()) {
    let position: Position = 'oldest'
    for (let isMore = true; isMore; ) {
      const read = await source.read(id, position, { recordsMax: 10_000 })
      for (const { partitionKey, bytes } of read.records)
        found[partitionKey] = [...(found[partitionKey] ?? []), Number(Buffer.from(bytes).toString('utf8'))]
      position = read.next
      isMore = read.records.length > 0
    }
  }
  await source.close()
  return found
}

test('records of many keys go in few requests, each key in order', async () => {
  const records = [0, 1, 2].flatMap((n) => Array.from({ length: 700 }, (_, key) => record(`key-${key}`, n)))
  await putChanges(stream, records)
  const found = await contents()
  expect(Object.keys(found).length).toBe(700)
  for (const numbers of Object.values(found)) expect(numbers).toEqual([0, 1, 2])
  expect(requests()).toBe(5)
})

test('what a request leaves out is put again, and nothing of its key before it', async () => {
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  proxy.rule = async ({ action, input, forward }) => {
    if (action !== 'PutRecords') return undefined
    const all = input.Records as unknown[]
    const taken = all.map(() => random() < 0.6)
    const some = all.filter((_, at) => taken[at])
    if (some.length === 0) return failure('ProvisionedThroughputExceededException')
    const { body } = await forward({ ...input, Records: some })
    const answers = [...(body as { Records: unknown[] }).Records]
    const error = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'secret' }
    return {
      status: 200,
      body: {
        FailedRecordCount: all.length - some.length,
        Records: taken.map((is) => (is ? answers.shift() : error)),
      },
    }
  }
  const records = Array.from({ length: 12 }, (_, n) => n).flatMap((n) =>
    Array.from({ length: 40 }, (_, key) => record(`key-${key}`, n)),
  )
  await putChanges(stream, records)
  const found = await contents()
  expect(Object.keys(found).length).toBe(40)
  for (const numbers of Object.values(found)) expect(numbers).toEqual(Array.from({ length: 12 }, (_, n) => n))
})

test('a stream that takes nothing is an error that can be tried again, with bounds on its attempts', async () => {
  proxy.rule = ({ action, input }) =>
    action === 'PutRecords'
      ? {
          status: 200,
          body: {
            FailedRecordCount: 1,
            Records: (input.Records as unknown[]).map(() => ({ ErrorCode: 'InternalFailure' })),
          },
        }
      : undefined
  const error = await putChanges(stream, [record('a', 1)]).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
  expect(error.message).toContain('(InternalFailure). Give it more shards.')
  expect(requests()).toBe(8)
})

test('large records are spread over requests that the service takes', async () => {
  const bytes = Buffer.alloc(1_000_000, 'x')
  await putChanges(
    stream,
    Array.from({ length: 7 }, (_, n) => ({ partitionKey: `key-${n}`, bytes })),
  )
  expect(requests()).toBe(2)
})

test('a record that no request can hold is refused before anything is put', async () => {
  const large = { partitionKey: 'b', bytes: Buffer.alloc(1024 * 1024) }
  await expect(putChanges(stream, [record('a', 1), large])).rejects.toThrow(RangeError)
  expect(requests()).toBe(0)
})

test('putting nothing asks for nothing', async () => {
  await putChanges(stream, [])
  expect(requests()).toBe(0)
})

test('putting can be stopped', async () => {
  proxy.rule = ({ action }) => (action === 'PutRecords' ? 'hang' : undefined)
  const stop = new AbortController()
  const putting = putChanges(stream, [record('a', 1)], stop.signal)
  const ended = expect(putting).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
  setTimeout(() => stop.abort(), 30)
  await ended
})
