import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectToTableStream } from '../../../src/local/bridge/connection.ts'
import { createTableSource } from '../../../src/local/bridge/source.ts'
import type { ChangeSource, Position, SourceRead } from '../../../src/local/source.ts'
import { eventually } from '../../eventually.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { type FaultProxy, failure, startProxy } from '../kinesis/proxy.ts'
import { type StreamsServer, startStreamsServer } from './streams.ts'

// The time of the server's changes, and some later.
const nowMs = 1_739_471_400_000 + 5_000
let table: StreamsServer
let proxy: FaultProxy
let source: ChangeSource

beforeEach(async () => {
  table = await startStreamsServer('requests')
  proxy = await startProxy(table.endpoint)
  const stream = await connectToTableStream(
    {
      table: 'requests',
      region: 'us-east-1',
      endpoint: proxy.endpoint,
      backoffMs: [1, 2],
    },
    runtimeWith({ clock: () => nowMs, random: () => 0 }),
  )
  source = createTableSource(stream, 5)
  table.addShard('a')
})
afterEach(async () => {
  await source.close()
  await proxy.close()
  await table.close()
})

function put(count: number): void {
  const keys = { PK: { S: 'x' } }
  for (let n = 0; n < count; n++) table.change('a', { keys, after: keys })
}
const sequences = ({ records }: SourceRead) => records.map(({ sequence }) => Number(sequence))
const count = (action: string) => proxy.calls.filter((call) => call.action === action).length

test('reads that follow one another ask for an iterator once', async () => {
  put(5)
  let position: Position = 'oldest'
  const found: number[] = []
  for (let reads = 0; reads < 4; reads++) {
    const read = await source.read('a', position, { recordsMax: 2 })
    found.push(...sequences(read))
    position = read.next
  }
  expect(found).toEqual([1, 2, 3, 4, 5])
  expect(count('GetShardIterator')).toBe(1)
})

test('a read that failed is made again from the same iterator', async () => {
  put(4)
  const { next } = await source.read('a', 'oldest', { recordsMax: 2 })
  proxy.rule = ({ action }) => (action === 'GetRecords' ? failure('AccessDeniedException') : undefined)
  await expect(source.read('a', next, { recordsMax: 2 })).rejects.toThrow('AccessDenied')
  proxy.rule = () => undefined
  expect(sequences(await source.read('a', next, { recordsMax: 9 }))).toEqual([3, 4])
  expect(count('GetShardIterator')).toBe(1)
})

test('a read from another position goes on from that one', async () => {
  put(5)
  await source.read('a', 'oldest', { recordsMax: 3 })
  expect(sequences(await source.read('a', { after: '1' }, { recordsMax: 9 }))).toEqual([2, 3, 4, 5])
  expect(sequences(await source.read('a', 'oldest', { recordsMax: 2 }))).toEqual([1, 2])
})

test('a full page is behind by the age of its last change, any other at the tip', async () => {
  put(3)
  const full = await source.read('a', 'oldest', { recordsMax: 3 })
  expect(full.behindMs).toBe(5_000)
  expect(await source.read('a', full.next, { recordsMax: 3 })).toMatchObject({ records: [], behindMs: 0 })
  expect((await source.read('a', 'oldest', { recordsMax: 4 })).behindMs).toBe(0)
})

test('no more is asked for than the service gives', async () => {
  put(1_200)
  const read = await source.read('a', 'oldest', { recordsMax: 10_000 })
  expect(read.records.length).toBe(1_000)
  expect(read.behindMs).toBeGreaterThan(0)
  expect((await source.read('a', read.next, { recordsMax: 10_000 })).records.length).toBe(200)
})

test('an iterator that expired is renewed within the read', async () => {
  put(4)
  const first = await source.read('a', 'oldest', { recordsMax: 2 })
  let isExpired = true
  proxy.rule = ({ action }) => {
    if (action !== 'GetRecords' || !isExpired) return undefined
    isExpired = false
    return failure('ExpiredIteratorException')
  }
  const second = await source.read('a', first.next, { recordsMax: 9 })
  expect(sequences(second)).toEqual([3, 4])
  expect(second.isTrimmed).toBe(false)
})

test('iterators that expire without an end are an error', async () => {
  proxy.rule = ({ action }) => (action === 'GetRecords' ? failure('ExpiredIteratorException') : undefined)
  await expect(source.read('a', 'oldest', { recordsMax: 1 })).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
  })
  expect(count('GetRecords')).toBe(4)
})

test('an iterator behind which records were dropped goes on with the oldest, and says so', async () => {
  put(6)
  const first = await source.read('a', 'oldest', { recordsMax: 2 })
  table.trim('a', 4)
  const second = await source.read('a', first.next, { recordsMax: 9 })
  expect(sequences(second)).toEqual([5, 6])
  expect(second.isTrimmed).toBe(true)
  expect((await source.read('a', second.next, { recordsMax: 9 })).isTrimmed).toBe(false)
})

test('a position that is none of the shard is an error that can be tried again', async () => {
  await expect(source.read('a', { after: '77' }, { recordsMax: 1 })).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining('(ValidationException)'),
  })
  await expect(source.read('none', 'oldest', { recordsMax: 1 })).rejects.toThrow('ResourceNotFoundException')
})

test('shards are listed page by page, without parents that are gone', async () => {
  table.addShard('b', 'gone')
  table.addShard('c', 'a')
  table.pageShards = 1
  expect(await source.listShards()).toEqual([
    { id: 'a', parents: [] },
    { id: 'b', parents: [] },
    { id: 'c', parents: ['a'] },
  ])
})

test('at the tip a read waits for a record', async () => {
  const reading = source.read('a', 'oldest', { recordsMax: 1, waitMs: 60_000 })
  await eventually(() => expect(count('GetRecords')).toBeGreaterThan(1))
  put(1)
  expect(sequences(await reading)).toEqual([1])
  const empty = await source.read('a', { after: '1' }, { recordsMax: 1, waitMs: 20 })
  expect(empty).toMatchObject({ records: [], next: { after: '1' }, isEnded: false })
})

test('a read that waits ends when its shard does', async () => {
  const reading = source.read('a', 'oldest', { recordsMax: 1, waitMs: 60_000 })
  await eventually(() => expect(count('GetRecords')).toBeGreaterThan(0))
  table.closeShard('a')
  expect(await reading).toMatchObject({ records: [], isEnded: true })
})

test('a read that waits ends when it is stopped, or the source closed', async () => {
  const stop = new AbortController()
  const options = { recordsMax: 1, waitMs: 600_000 }
  const stopped = expect(source.read('a', 'oldest', { ...options, signal: stop.signal })).rejects.toThrow(
    'stopped',
  )
  const closed = expect(source.read('a', 'oldest', options)).rejects.toThrow('closed')
  stop.abort()
  await stopped
  await source.close()
  await closed
})
