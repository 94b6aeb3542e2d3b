import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Bridge, type BridgeOptions, startBridge } from '../../../src/local/bridge.ts'
import { openKinesisSource } from '../../../src/local/kinesis.ts'
import type { Position, SourceRecord } from '../../../src/local/source.ts'
import type { LogEntry } from '../../../src/runtime.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { eventually } from '../../eventually.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { tree } from '../../tree.ts'
import { type FaultProxy, failure, startProxy } from '../kinesis/proxy.ts'
import { type KinesisServer, startKinesisServer } from '../kinesis/server.ts'
import { type StreamsServer, startStreamsServer } from './streams.ts'

let kinesis: KinesisServer
let table: StreamsServer
/** Before the table's stream, and before Kinesis. */
let front: FaultProxy
let back: FaultProxy
let folder: string
let stream: string
let streams = 0
let logged: LogEntry[]
const running: Bridge[] = []

beforeAll(async () => {
  kinesis = await startKinesisServer()
})
afterAll(() => kinesis.close())
beforeEach(async () => {
  stream = `stream-${streams++}`
  await kinesis.createStream(stream, 2)
  table = await startStreamsServer('requests')
  front = await startProxy(table.endpoint)
  back = await startProxy(kinesis.endpoint)
  folder = await mkdtemp(join(tmpdir(), 'dmd-bridge-'))
  logged = []
})
afterEach(async () => {
  for (const bridge of running.splice(0)) await bridge.stop().catch(() => {})
  await Promise.all([table.close(), front.close(), back.close()])
  await rm(folder, { recursive: true })
})

const quick = { region: 'us-east-1', backoffMs: [1, 2] } as const

async function start(options: Partial<BridgeOptions> = {}): Promise<Bridge> {
  const bridge = await startBridge({
    from: { table: 'requests', endpoint: front.endpoint, ...quick },
    to: { stream, endpoint: back.endpoint, ...quick },
    folder,
    runtime: runtimeWith({ random: () => 0, log: (entry) => logged.push(entry) }),
    readGapMs: 5,
    ...options,
  })
  running.push(bridge)
  return bridge
}

/** Everything that is in the stream, shard by shard, parents first. */
async function contents(): Promise<SourceRecord[]> {
  const source = await openKinesisSource(
    { stream, endpoint: kinesis.endpoint, readGapMs: 0, ...quick },
    systemRuntime(),
  )
  const records: SourceRecord[] = []
  for (const { id } of await source.listShards()) {
    let position: Position = 'oldest'
    for (let isMore = true; isMore; ) {
      const read = await source.read(id, position, { recordsMax: 10_000 })
      records.push(...read.records)
      position = read.next
      isMore = read.records.length > 0
    }
  }
  await source.close()
  return records
}

/** Of each item, the numbers of its changes in the order of the stream. */
async function numbersByItem(): Promise<{ [item: string]: number[] }> {
  const found: { [item: string]: number[] } = {}
  for (const { bytes } of await contents()) {
    const { Keys, NewImage } = JSON.parse(Buffer.from(bytes).toString('utf8')).dynamodb
    found[Keys.PK.S] = [...(found[Keys.PK.S] ?? []), Number(NewImage.n.N)]
  }
  return found
}

const keysOf = (item: string) => ({ PK: { S: item }, SK: { S: 'x' } })

function put(shard: string, item: string, n: number, more: object = {}): void {
  const keys = keysOf(item)
  table.change(shard, { keys, after: { ...keys, n: { N: String(n) }, ...more } })
}

function putMany(shard: string, items: number, from: number, to: number): void {
  for (let n = from; n < to; n++) for (let item = 0; item < items; item++) put(shard, `item-${item}`, n)
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)
const without = (numbers: readonly number[]) => [...new Set(numbers)]

async function expectEach(items: number, numbers: readonly number[]): Promise<void> {
  const found = await numbersByItem()
  expect(Object.keys(found).length).toBe(items)
  for (const [item, those] of Object.entries(found)) expect(those, item).toEqual(numbers)
}

test('every change of the table’s stream comes into Kinesis once, each item’s in order', async () => {
  table.addShard('shard-a')
  table.addShard('shard-b')
  for (let n = 0; n < 60; n++)
    for (let item = 0; item < 40; item++) put(item < 20 ? 'shard-a' : 'shard-b', `item-${item}`, n)
  const bridge = await start()
  await bridge.drain()
  await expectEach(40, range(0, 60))
  expect(bridge.status()).toMatchObject({ records: 2_400, skipped: 0, trimmed: 0, givenUp: 0, failures: 0 })
  expect(bridge.from).toBe(table.arn)
  expect(bridge.to).toBe(`arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`)
})

test('what comes while it runs is passed on', async () => {
  table.addShard('shard-a')
  const bridge = await start()
  put('shard-a', 'item-0', 1)
  await eventually(() => expect(bridge.status().records).toBe(1))
  put('shard-a', 'item-0', 2)
  await eventually(() => expect(bridge.status().records).toBe(2))
  await bridge.stop()
  await expectEach(1, [1, 2])
})

test('a shard is read after its parent was passed on, also while Kinesis refuses', async () => {
  table.addShard('parent')
  table.addShard('child', 'parent')
  table.addShard('grandchild', 'child')
  putMany('parent', 5, 0, 30)
  putMany('child', 5, 30, 60)
  putMany('grandchild', 5, 60, 70)
  table.closeShard('parent')
  table.closeShard('child')
  table.pageShards = 1
  let puts = 0
  back.rule = ({ action }) =>
    action === 'PutRecords' && puts++ % 3 === 0
      ? failure('ProvisionedThroughputExceededException')
      : undefined
  const bridge = await start()
  await bridge.drain()
  await expectEach(5, range(0, 70))
})

test('a bridge that was stopped goes on where it stopped', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 4, 0, 10)
  await (await start()).drain()
  putMany('shard-a', 4, 10, 20)
  const again = await start()
  await again.drain()
  expect(again.status().records).toBe(40)
  await expectEach(4, range(0, 20))
})

test('a closed shard that was passed on is not read again', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 2, 0, 3)
  table.closeShard('shard-a')
  await (await start()).drain()
  const before = front.calls.filter(({ action }) => action === 'GetRecords').length
  await (await start()).drain()
  expect(front.calls.filter(({ action }) => action === 'GetRecords').length).toBe(before)
  await expectEach(2, range(0, 3))
})

test('where an answer of Kinesis is lost its records come twice, and still in order', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 6, 0, 12)
  let puts = 0
  back.rule = async ({ action, forward }) => {
    if (action !== 'PutRecords' || puts++ % 4 !== 1) return undefined
    await forward()
    return 'cut'
  }
  await (await start()).drain()
  const found = await numbersByItem()
  let twice = 0
  for (const numbers of Object.values(found)) {
    expect(without(numbers)).toEqual(range(0, 12))
    twice += numbers.length - 12
  }
  expect(twice).toBeGreaterThan(0)
})

test('a Kinesis that is down for a while delays changes and loses none', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 3, 0, 5)
  let left = 12
  back.rule = ({ action }) => (action === 'PutRecords' && left-- > 0 ? 'cut' : undefined)
  const bridge = await start()
  await bridge.drain()
  await expectEach(3, range(0, 5))
  expect(bridge.status().failures).toBe(2)
  expect(bridge.status().lastError).toBe('SOURCE_UNAVAILABLE')
})

test('expired iterators and throttling of the table’s stream are borne', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 3, 0, 600)
  const fates = ['ExpiredIteratorException', 'LimitExceededException', 'InternalServerError']
  let reads = 0
  front.rule = ({ action }) => {
    const fate = action === 'GetRecords' ? fates[reads++ % 5] : undefined
    return fate ? failure(fate, fate === 'InternalServerError' ? 500 : 400) : undefined
  }
  await (await start()).drain()
  await expectEach(3, range(0, 600))
})

test('changes that were dropped before they were read are counted and said, and reading goes on', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 1, 0, 5)
  await (await start()).drain()
  putMany('shard-a', 1, 5, 10)
  table.trim('shard-a', 7)
  const bridge = await start()
  await bridge.drain()
  expect(bridge.status().trimmed).toBe(1)
  expect(logged).toContainEqual(
    expect.objectContaining({ level: 'error', message: 'records were gone before they were read' }),
  )
  await expectEach(1, [...range(0, 5), ...range(7, 10)])
})

test('dropped changes that a first read meets are no loss of this reader’s', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 1, 0, 5)
  let isFirst = true
  front.rule = async ({ action, forward }) => {
    if (action !== 'GetShardIterator' || !isFirst) return undefined
    isFirst = false
    const answer = await forward()
    table.trim('shard-a', 2)
    return answer
  }
  const bridge = await start()
  await bridge.drain()
  expect(bridge.status().trimmed).toBe(0)
  await expectEach(1, [2, 3, 4])
})

test('a change that no record of Kinesis can hold is skipped, counted and said, without its content', async () => {
  table.addShard('shard-a')
  put('shard-a', 'item-0', 1)
  put('shard-a', 'secret', 2, { text: { S: 'secret'.repeat(180_000) } })
  put('shard-a', 'item-0', 3)
  const bridge = await start()
  await bridge.drain()
  await expectEach(1, [1, 3])
  expect(bridge.status().skipped).toBe(1)
  expect(logged).toContainEqual(
    expect.objectContaining({
      message: 'change skipped: too large for Kinesis',
      record: 'shard-a:2',
      bytes: expect.any(Number),
    }),
  )
  expect(JSON.stringify(logged)).not.toContain('secret')
})

test('a delete by the expiry arrives as one', async () => {
  table.addShard('shard-a')
  table.change('shard-a', { keys: keysOf('a'), before: keysOf('a'), isExpiry: true })
  await (await start()).drain()
  const [record] = await contents()
  expect(JSON.parse(Buffer.from(record!.bytes).toString('utf8'))).toMatchObject({
    eventName: 'REMOVE',
    userIdentity: { principalId: 'dynamodb.amazonaws.com' },
    tableName: 'requests',
  })
})

test('another stream of the table is read from its oldest change on', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 1, 0, 3)
  await (await start()).drain()
  table.restart('2025-02-14T00:00:00.000')
  table.addShard('shard-a')
  putMany('shard-a', 1, 3, 6)
  await (await start()).drain()
  await expectEach(1, range(0, 6))
})

test('a stream may be named by its ARN', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 1, 0, 2)
  const bridge = await start({ from: { ...quick, table: table.arn, endpoint: front.endpoint } })
  await bridge.drain()
  expect(front.calls.map(({ action }) => action)).not.toContain('ListStreams')
  const [record] = await contents()
  expect(JSON.parse(Buffer.from(record!.bytes).toString('utf8')).tableName).toBe('requests')
})

test.each([
  ['a table without a stream', { table: 'other' }, 'the table other has no stream. Check its name'],
  [
    'a stream that is not there',
    { table: 'arn:aws:dynamodb:ddblocal:000000000000:table/requests/stream/2020' },
    'could not describe the stream of the table requests',
  ],
  [
    'an endpoint where nothing listens',
    { endpoint: 'http://127.0.0.1:9' },
    '(ECONNREFUSED). Check the endpoint',
  ],
])('%s is an error that can be tried again and names the fix', async (_, from, message) => {
  const error = await start({
    from: { table: 'requests', endpoint: front.endpoint, ...quick, ...from },
  }).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true })
  expect(error.message).toContain(message)
  expect(error.message).not.toContain('secret')
})

test('a stream without both images is refused', async () => {
  table.viewType = 'KEYS_ONLY'
  await expect(start()).rejects.toThrow(
    'has the view type KEYS_ONLY. Enable it anew with NEW_AND_OLD_IMAGES.',
  )
})

test('a Kinesis stream that is not there is an error, before anything is read', async () => {
  table.addShard('shard-a')
  const to = { stream: 'missing', endpoint: back.endpoint, ...quick }
  await expect(start({ to })).rejects.toThrow('Kinesis could not find the stream missing')
  expect(front.calls.map(({ action }) => action)).not.toContain('GetRecords')
})

test('a bridge that has ended, or could not be started, holds no connection', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 1, 0, 3)
  const bridge = await start()
  await expect(start()).rejects.toThrow('in use')
  expect(await front.connections()).toBeGreaterThan(0)
  await bridge.stop()
  await eventually(async () => expect(await front.connections()).toBe(0))
  await eventually(async () => expect(await back.connections()).toBe(0))
})

test('two bridges do not share a folder', async () => {
  table.addShard('shard-a')
  await start()
  await expect(start()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
})

test('a damaged checkpoint is not passed over', async () => {
  table.addShard('shard-a')
  putMany('shard-a', 1, 0, 3)
  await (await start()).drain()
  const file = [...tree(folder).keys()].find((path) => path.endsWith('shard-a.json'))!
  const text = await readFile(join(folder, file), 'utf8')
  await writeFile(join(folder, file), text.slice(0, -20))
  await expect(start()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
})
