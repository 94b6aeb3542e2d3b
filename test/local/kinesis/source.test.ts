import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type KinesisSourceOptions, openKinesisSource } from '../../../src/local/kinesis.ts'
import type { ChangeSource, Position, SourceRecord } from '../../../src/local/source.ts'
import { eventually } from '../../eventually.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { type FaultProxy, failure, startProxy } from './proxy.ts'
import { type KinesisServer, startKinesisServer } from './server.ts'

const shard = 'shardId-000000000000'
let server: KinesisServer
let proxy: FaultProxy
let name: string
let streams = 0
const opened: ChangeSource[] = []

beforeAll(async () => {
  server = await startKinesisServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  name = `stream-${streams++}`
  proxy = await startProxy(server.endpoint)
  await server.createStream(name, 1)
})
afterEach(async () => {
  vi.useRealTimers()
  for (const source of opened.splice(0)) await source.close()
  await proxy.close()
})

async function open(options: Partial<KinesisSourceOptions> = {}): Promise<ChangeSource> {
  const source = await openKinesisSource(
    {
      stream: name,
      region: 'us-east-1',
      endpoint: proxy.endpoint,
      readGapMs: 0,
      backoffMs: [1, 4],
      ...options,
    },
    runtimeWith({ random: () => 1 }),
  )
  opened.push(source)
  return source
}

async function put(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await server.put(name, 'key', Buffer.from(String(n)))
}

const numbers = (records: readonly SourceRecord[]) =>
  records.map(({ bytes }) => Number(Buffer.from(bytes).toString('utf8')))
const count = (action: string) => proxy.calls.filter((call) => call.action === action).length

/** Kinesalite tells the age of iterators and records by the same clock. */
function passTime(hours: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 })
}

test('a chain of reads asks for an iterator once', async () => {
  await put(0, 6)
  const source = await open()
  let position: Position = 'oldest'
  const found: SourceRecord[] = []
  for (let reads = 0; reads < 5; reads++) {
    const read = await source.read(shard, position, { recordsMax: 2 })
    found.push(...read.records)
    position = read.next
  }
  expect(numbers(found)).toEqual([0, 1, 2, 3, 4, 5])
  expect(count('GetShardIterator')).toBe(1)
})

test('a read that failed is made again from the same iterator', async () => {
  await put(0, 4)
  const source = await open({ attemptsMax: 1 })
  const { next } = await source.read(shard, 'oldest', { recordsMax: 2 })
  proxy.rule = ({ action }) => (action === 'GetRecords' ? failure('AccessDeniedException') : undefined)
  await expect(source.read(shard, next, { recordsMax: 2 })).rejects.toThrow('AccessDenied')
  proxy.rule = () => undefined
  expect(numbers((await source.read(shard, next, { recordsMax: 9 })).records)).toEqual([2, 3])
  expect(count('GetShardIterator')).toBe(1)
})

test('a record says its key, its bytes and when it arrived', async () => {
  const before = Date.now()
  await put(7, 8)
  const source = await open()
  const { records } = await source.read(shard, 'oldest', { recordsMax: 5 })
  expect(records).toMatchObject([{ partitionKey: 'key', bytes: new Uint8Array(Buffer.from('7')) }])
  expect(records[0]!.arrivedMs).toBeGreaterThanOrEqual(before)
  expect(records[0]!.arrivedMs).toBeLessThanOrEqual(Date.now())
})

test('an iterator that expired is renewed where the reader stopped', async () => {
  await put(0, 3)
  const source = await open()
  const first = await source.read(shard, 'oldest', { recordsMax: 2 })
  passTime(0.1)
  const second = await source.read(shard, first.next, { recordsMax: 10 })
  expect(numbers(second.records)).toEqual([2])
  expect(second.isTrimmed).toBe(false)
  expect(count('GetShardIterator')).toBe(2)
})

test('an iterator that expires at once, again and again, is an error that can be tried again', async () => {
  proxy.rule = ({ action }) => (action === 'GetRecords' ? failure('ExpiredIteratorException') : undefined)
  const source = await open()
  await expect(source.read(shard, 'oldest', { recordsMax: 1 })).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    retryable: true,
  })
  expect(count('GetRecords')).toBe(4)
})

test('a position whose record was dropped says so once, and reading goes on with what is kept', async () => {
  await put(0, 4)
  const source = await open()
  const { records } = await source.read(shard, 'oldest', { recordsMax: 2 })
  passTime(25)
  await put(4, 9)
  const other = await open()
  let read = await other.read(shard, { after: records[1]!.sequence }, { recordsMax: 3 })
  const found = [...read.records]
  const trimmed = [read.isTrimmed]
  for (let reads = 0; reads < 10; reads++) {
    read = await other.read(shard, read.next, { recordsMax: 3 })
    found.push(...read.records)
    trimmed.push(read.isTrimmed)
  }
  expect(numbers(found)).toEqual([4, 5, 6, 7, 8])
  expect(trimmed.filter(Boolean)).toEqual([true])
  expect(trimmed[0]).toBe(true)
})

test('a position whose record was dropped says so also where nothing follows', async () => {
  await put(0, 1)
  const source = await open()
  const { next } = await source.read(shard, 'oldest', { recordsMax: 1 })
  passTime(25)
  const other = await open()
  const read = await other.read(shard, next, { recordsMax: 1, waitMs: 600_000 })
  expect(read).toMatchObject({ records: [], isTrimmed: true })
  expect(await other.read(shard, read.next, { recordsMax: 1 })).toMatchObject({ isTrimmed: false })
})

test('reading from the oldest record is never behind dropped ones', async () => {
  await put(0, 2)
  passTime(25)
  await put(2, 4)
  const source = await open()
  let read = await source.read(shard, 'oldest', { recordsMax: 10 })
  if (read.records.length === 0) read = await source.read(shard, read.next, { recordsMax: 10 })
  expect(numbers(read.records)).toEqual([2, 3])
  expect(read.isTrimmed).toBe(false)
})

test('a position whose record is kept is sound though older ones were dropped', async () => {
  await put(0, 2)
  passTime(20)
  await put(2, 3)
  const source = await open()
  let read = await source.read(shard, 'oldest', { recordsMax: 10 })
  const { next } = read
  passTime(10)
  await put(3, 5)
  const other = await open()
  read = await other.read(shard, next, { recordsMax: 10 })
  expect(numbers(read.records)).toEqual([3, 4])
  expect(read.isTrimmed).toBe(false)
})

test('a page that is longer than what was asked for is cut, and nothing of it is lost', async () => {
  await put(0, 5)
  const source = await open()
  const { records } = await source.read(shard, 'oldest', { recordsMax: 1 })
  const position = { after: records[0]!.sequence }
  // The record at the position is left out, as when it had been dropped.
  proxy.rule = async ({ action, forward }) => {
    if (action !== 'GetRecords') return undefined
    const answer = await forward()
    const body = answer.body as { Records: { SequenceNumber: string }[] }
    const Records = body.Records.filter(({ SequenceNumber }) => SequenceNumber !== position.after)
    return { ...answer, body: { ...body, Records } }
  }
  const other = await open()
  const first = await other.read(shard, position, { recordsMax: 1 })
  expect(first).toMatchObject({ isTrimmed: true, isEnded: false })
  proxy.rule = async ({ action, input, forward }) =>
    action === 'GetRecords' && input.Limit === 2 ? forward({ ...input, Limit: 5 }) : undefined
  const again = await open()
  const second = await again.read(shard, position, { recordsMax: 1 })
  expect(numbers(second.records)).toEqual([1])
  expect(second.behindMs).toBeGreaterThan(0)
  const third = await again.read(shard, second.next, { recordsMax: 9 })
  expect(numbers([...third.records])).toEqual([2, 3, 4])
})

test('a closed shard that was read to its last record ends', async () => {
  await put(0, 3)
  await server.split(name, shard)
  const source = await open()
  const { records } = await source.read(shard, 'oldest', { recordsMax: 10 })
  const other = await open()
  let read = await other.read(shard, { after: records.at(-1)!.sequence }, { recordsMax: 1 })
  for (let reads = 0; reads < 3 && !read.isEnded; reads++)
    read = await other.read(shard, read.next, { recordsMax: 1 })
  expect(read).toMatchObject({ records: [], isEnded: true, isTrimmed: false })
})

test('a page that is cut does not end a closed shard', async () => {
  await put(0, 3)
  const source = await open()
  const { next } = await source.read(shard, 'oldest', { recordsMax: 1 })
  proxy.rule = async ({ action, input, forward }) => {
    if (action !== 'GetRecords') return undefined
    const { status, body } = await forward({ ...input, Limit: 10 })
    return { status, body: { ...(body as object), NextShardIterator: undefined } }
  }
  const other = await open()
  const first = await other.read(shard, next, { recordsMax: 1 })
  const second = await other.read(shard, first.next, { recordsMax: 1 })
  expect([first, second].map(({ records }) => numbers(records))).toEqual([[1], [2]])
  expect([first, second].map(({ isEnded }) => isEnded)).toEqual([false, true])
})

test('an iterator that stays behind the oldest record is left for that record', async () => {
  await put(0, 6)
  const source = await open()
  const { records } = await source.read(shard, 'oldest', { recordsMax: 3 })
  const stuck = new Set<unknown>()
  proxy.rule = async ({ action, input, forward }) => {
    if (action === 'GetShardIterator') {
      const answer = await forward()
      if (input.ShardIteratorType !== 'TRIM_HORIZON')
        stuck.add((answer.body as { ShardIterator: string }).ShardIterator)
      return answer
    }
    if (action !== 'GetRecords' || !stuck.has(input.ShardIterator)) return undefined
    return {
      status: 200,
      body: { Records: [], MillisBehindLatest: 86_400_000, NextShardIterator: input.ShardIterator },
    }
  }
  const other = await open()
  let position: Position = { after: records[2]!.sequence }
  const found: SourceRecord[] = []
  for (let reads = 0; reads < 12; reads++) {
    const read = await other.read(shard, position, { recordsMax: 10 })
    expect(read.isTrimmed).toBe(false)
    found.push(...read.records)
    position = read.next
  }
  // From the oldest record on, but for those that were read before.
  expect(numbers(found)).toEqual([3, 4, 5])
})

test('the service’s own word for how far a read is behind is passed on', async () => {
  await put(0, 2)
  proxy.rule = async ({ action, forward }) => {
    if (action !== 'GetRecords') return undefined
    const answer = await forward()
    return { ...answer, body: { ...(answer.body as object), MillisBehindLatest: 4_321 } }
  }
  const source = await open()
  const read = await source.read(shard, 'oldest', { recordsMax: 1, waitMs: 60_000 })
  expect(read.behindMs).toBe(4_321)
})

test('an empty page behind the tip is given at once, for the reader to read on', async () => {
  proxy.rule = async ({ action, forward }) => {
    if (action !== 'GetRecords') return undefined
    const answer = await forward()
    return { ...answer, body: { ...(answer.body as object), MillisBehindLatest: 5 } }
  }
  const source = await open()
  const read = await source.read(shard, 'oldest', { recordsMax: 1, waitMs: 600_000 })
  expect(read).toMatchObject({ records: [], behindMs: 5, isEnded: false })
})

test.each(['ProvisionedThroughputExceededException', 'LimitExceededException', 'KMSThrottlingException'])(
  '%s is waited out',
  async (error) => {
    await put(0, 2)
    let left = 3
    proxy.rule = ({ action }) => (action === 'GetRecords' && left-- > 0 ? failure(error) : undefined)
    const source = await open()
    const read = await source.read(shard, 'oldest', { recordsMax: 5 })
    expect(numbers(read.records)).toEqual([0, 1])
    expect(count('GetRecords')).toBe(4)
  },
)

test('a server’s failure and a connection that is cut are waited out', async () => {
  await put(0, 2)
  const fates = [failure('InternalFailure', 500), 'cut', failure('ServiceUnavailable', 503)] as const
  let at = 0
  proxy.rule = ({ action }) => (action === 'GetRecords' ? fates[at++] : undefined)
  const source = await open()
  expect(numbers((await source.read(shard, 'oldest', { recordsMax: 5 })).records)).toEqual([0, 1])
  expect(at).toBe(4)
})

test('throttling without an end is an error that says so, with bounds on its attempts', async () => {
  proxy.rule = ({ action }) =>
    action === 'GetRecords' ? failure('ProvisionedThroughputExceededException') : undefined
  const source = await open({ attemptsMax: 3 })
  const error = await source.read(shard, 'oldest', { recordsMax: 5 }).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
  expect(error.message).toBe(
    `Kinesis could not read the shard ${shard} of the stream ${name} at ${proxy.endpoint} ` +
      '(ProvisionedThroughputExceededException). Read it with fewer consumers, or give it more shards.',
  )
  expect(count('GetRecords')).toBe(3)
})

test('the waits between attempts double, up to their bound', async () => {
  proxy.rule = ({ action }) => (action === 'GetRecords' ? failure('LimitExceededException') : undefined)
  const source = await open({ attemptsMax: 5, backoffMs: [20, 50] })
  await source.read(shard, 'oldest', { recordsMax: 5 }).catch(() => {})
  const times = proxy.calls.filter(({ action }) => action === 'GetRecords').map(({ atMs }) => atMs)
  const gaps = times.slice(1).map((atMs, n) => atMs - times[n]!)
  for (const [n, least] of [20, 40, 50, 50].entries()) expect(gaps[n]).toBeGreaterThan(least - 2)
})

test('an error that waiting cannot mend is not tried again', async () => {
  proxy.rule = ({ action }) => (action === 'GetRecords' ? failure('AccessDeniedException') : undefined)
  const source = await open()
  const error = await source.read(shard, 'oldest', { recordsMax: 5 }).catch((caught) => caught)
  expect(error.message).toContain('(AccessDeniedException). Give this role kinesis:GetRecords on it.')
  expect(error.message).not.toContain('secret')
  expect(count('GetRecords')).toBe(1)
})

test('a server that never answers is given up', async () => {
  const source = await open({ attemptsMax: 2, timeoutMs: 200 })
  proxy.rule = ({ action }) => (action === 'GetRecords' ? 'hang' : undefined)
  await expect(source.read(shard, 'oldest', { recordsMax: 5 })).rejects.toThrow(
    '(ETIMEDOUT). Check the endpoint',
  )
  expect(count('GetRecords')).toBe(2)
})

test('a read can be stopped while it waits for its next attempt, and while it waits for an answer', async () => {
  for (const fate of [failure('LimitExceededException'), 'hang'] as const) {
    const source = await open({ backoffMs: [600_000, 600_000] })
    proxy.rule = ({ action }) => (action === 'GetRecords' ? fate : undefined)
    const stop = new AbortController()
    const before = count('GetRecords')
    const reading = source.read(shard, 'oldest', { recordsMax: 5, signal: stop.signal })
    const ended = expect(reading).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: 'the call was stopped.',
    })
    await eventually(() => expect(count('GetRecords')).toBe(before + 1))
    stop.abort()
    await ended
  }
})

test('a signal that is aborted already stops a read before any call', async () => {
  const source = await open()
  const before = proxy.calls.length
  const reading = source.read(shard, 'oldest', { recordsMax: 5, signal: AbortSignal.abort() })
  await expect(reading).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
  expect(proxy.calls.length).toBe(before)
})

test('closing ends the reads that wait', async () => {
  const source = await open()
  const reading = source.read(shard, 'oldest', { recordsMax: 5, waitMs: 600_000 })
  const ended = expect(reading).rejects.toThrow('is closed')
  await eventually(() => expect(count('GetRecords')).toBeGreaterThan(0))
  await source.close()
  await ended
})

test('reads of one shard keep their distance, those at once too', async () => {
  const source = await open({ readGapMs: 150 })
  const startedMs = performance.now()
  await Promise.all([1, 2, 3].map(() => source.read(shard, 'oldest', { recordsMax: 1 })))
  await source.read(shard, 'oldest', { recordsMax: 1 })
  const times = proxy.calls.filter(({ action }) => action === 'GetRecords').map(({ atMs }) => atMs)
  expect(times.length).toBe(4)
  // The first is sent after the start, and the last three gaps later, whatever the way takes.
  expect(times[3]! - startedMs).toBeGreaterThan(3 * 150 - 2)
})

test('shards are listed page by page, and a parent that is gone is left out', async () => {
  await server.split(name, shard)
  await server.split(name, 'shardId-000000000001')
  proxy.rule = async ({ action, input, forward }) => {
    if (action !== 'ListShards') return undefined
    const at = Number(input.NextToken ?? 1)
    const { body } = await forward({ StreamName: name })
    const { Shards } = body as { Shards: unknown[] }
    return {
      status: 200,
      body: { Shards: [Shards[at]], ...(at + 1 < Shards.length && { NextToken: String(at + 1) }) },
    }
  }
  const source = await open()
  expect(await source.listShards()).toEqual([
    { id: 'shardId-000000000001', parents: [] },
    { id: 'shardId-000000000002', parents: [] },
    { id: 'shardId-000000000003', parents: ['shardId-000000000001'] },
    { id: 'shardId-000000000004', parents: ['shardId-000000000001'] },
  ])
  expect(count('ListShards')).toBe(4)
})

test('a position of another shard is an error that says where to read on', async () => {
  await put(0, 1)
  await server.split(name, shard)
  await put(1, 2)
  const source = await open()
  const { next } = await source.read(shard, 'oldest', { recordsMax: 1 })
  await expect(source.read('shardId-000000000001', next, { recordsMax: 1 })).rejects.toThrow(
    'read on from the oldest record',
  )
  await expect(source.read(shard, { after: '12' }, { recordsMax: 1 })).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
  })
})

test('a stream that is not there is an error that names the fix', async () => {
  await expect(open({ stream: 'missing' })).rejects.toThrow(
    `Kinesis could not find the stream missing at ${proxy.endpoint} (ResourceNotFoundException). Check the name`,
  )
})

test('an endpoint where nothing listens is an error that names it', async () => {
  const endpoint = 'http://127.0.0.1:9'
  await expect(open({ endpoint, attemptsMax: 2 })).rejects.toThrow(
    `at ${endpoint} (ECONNREFUSED). Check the endpoint and the network.`,
  )
})

test('a stream may be named by its ARN', async () => {
  const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`
  await put(0, 1)
  const source = await open({ stream: arn, region: 'eu-west-1' })
  expect(source.arn).toBe(arn)
  expect(numbers((await source.read(shard, 'oldest', { recordsMax: 1 })).records)).toEqual([0])
})
