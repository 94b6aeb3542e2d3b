import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeChange } from '../../src/codec/envelope.ts'
import { type Bridge, startBridge } from '../../src/local/bridge.ts'
import { openKinesisSource } from '../../src/local/kinesis.ts'
import type { Position } from '../../src/local/source.ts'
import { openDynamoDBTable } from '../../src/local/table/dynamodb.ts'
import type { Item, Table } from '../../src/local/table.ts'
import type { Change } from '../../src/record/change.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { createTable } from './dynamodb.ts'

const region = 'us-east-1'
const endpoints = {
  dynamodb: process.env.SERVERS_DYNAMODB_ENDPOINT ?? '',
  kinesis: process.env.SERVERS_KINESIS_ENDPOINT ?? '',
}

const writers = 12
const itemsOfWriter = 3
const rounds = 5
const writesOfRound = 3
const writesOfItem = rounds * writesOfRound

describe.skipIf(!endpoints.dynamodb || !endpoints.kinesis)(
  'a bridge from a table to Kinesis, over HTTP,',
  () => {
    let name: string
    let table: Table
    let folder: string

    beforeEach(async () => {
      name = await createTable(endpoints.dynamodb)
      await createStream(name)
      table = await openDynamoDBTable(
        { name, region, endpoint: endpoints.dynamodb, attributes: ['n'] },
        systemRuntime(),
      )
      folder = await mkdtemp(join(tmpdir(), 'dmd-bridge-'))
    })
    afterEach(async () => {
      await table.close()
      await rm(folder, { recursive: true, force: true })
    })

    function start(): Promise<Bridge> {
      return startBridge({
        from: { table: name, region, endpoint: endpoints.dynamodb },
        to: { stream: name, region, endpoint: endpoints.kinesis },
        folder,
        runtime: systemRuntime(),
        readGapMs: 10,
      })
    }

    test('that is stopped again and again passes every change on once, each item’s in order', async () => {
      for (let round = 0; round < rounds; round++) {
        const bridge = await start()
        const writing = writeRound(table, round)
        await expect.poll(() => bridge.status().records, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0)
        await bridge.stop()
        await writing
      }
      const last = await start()
      await writeEnd(table)
      await last.drain()
      expect(last.status()).toMatchObject({ trimmed: 0, skipped: 0, givenUp: 0 })
      const changes = await readAll(name)
      expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length)
      expectWhole(changes)
    })

    test('that is killed again and again passes every change on, each item’s in order', async () => {
      for (let round = 0; round < rounds; round++) {
        const writing = writeRound(table, round)
        await killAfter(30 * round)
        await writing
      }
      const last = await start()
      await writeEnd(table)
      await last.drain()
      const seen = new Set<string>()
      expectWhole((await readAll(name)).filter(({ id }) => !seen.has(id) && seen.add(id)))
    })

    /** Kills a bridge so long after it has passed something on. */
    async function killAfter(ms: number): Promise<void> {
      const child = fileURLToPath(new URL('bridge.child.ts', import.meta.url))
      const parts = [name, endpoints.dynamodb, name, endpoints.kinesis, folder]
      const running = spawn(process.execPath, ['--import', 'tsx', child, ...parts], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const ended = once(running, 'close')
      await Promise.race([once(running.stdout, 'data'), ended])
      await sleep(ms)
      running.kill('SIGKILL')
      expect(await ended).toEqual([null, 'SIGKILL'])
    }
  },
)

async function createStream(name: string): Promise<void> {
  const client = new KinesisClient({
    endpoint: endpoints.kinesis,
    region,
    requestHandler: new NodeHttpHandler(),
  })
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 3 }))
  await waitUntilStreamExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StreamName: name })
  client.destroy()
}

const keyOf = (writer: number, item: number) => ({ PK: `FAN#${writer}`, SK: `ITEM#${item}` })

/** Each item is written anew some times. */
async function writeRound(table: Table, round: number): Promise<void> {
  const from = round * writesOfRound
  await eachWriter(async (writer) => {
    for (let n = from; n < from + writesOfRound; n++)
      for (let item = 0; item < itemsOfWriter; item++) await table.put(itemOf(writer, item, n))
  })
}

/** Each item is deleted, and one of three made anew. */
async function writeEnd(table: Table): Promise<void> {
  await eachWriter(async (writer) => {
    for (let item = 0; item < itemsOfWriter; item++) await table.delete(keyOf(writer, item))
    await table.put(itemOf(writer, 0, writesOfItem))
  })
}

async function eachWriter(work: (writer: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: writers }, (_, writer) => work(writer)))
}

function itemOf(writer: number, item: number, n: number): Item {
  const { PK, SK } = keyOf(writer, item)
  return { PK: { S: PK }, SK: { S: SK }, type: { S: 'demand' }, n: { N: String(n) } }
}

/** What each item's changes have to be, in their order: operation and `n` of the image. */
function expectWhole(changes: readonly Change[]): void {
  const found = new Map<string, string[]>()
  for (const { key, operation, image } of changes) {
    const { N: n } = image.n as { N: string }
    found.set(key, [...(found.get(key) ?? []), `${operation} ${n}`])
  }
  expect(found.size).toBe(writers * itemsOfWriter)
  for (let writer = 0; writer < writers; writer++)
    for (let item = 0; item < itemsOfWriter; item++) {
      const { PK, SK } = keyOf(writer, item)
      const due = Array.from({ length: writesOfItem }, (_, n) => `${n === 0 ? 'INSERT' : 'MODIFY'} ${n}`)
      due.push(`REMOVE ${writesOfItem - 1}`)
      if (item === 0) due.push(`INSERT ${writesOfItem}`)
      expect(found.get(`{"PK":{"S":"${PK}"},"SK":{"S":"${SK}"}}`), PK + SK).toEqual(due)
    }
}

async function readAll(stream: string): Promise<Change[]> {
  const source = await openKinesisSource(
    { stream, region, endpoint: endpoints.kinesis, readGapMs: 0 },
    systemRuntime(),
  )
  const changes: Change[] = []
  for (const { id } of await source.listShards()) {
    let position: Position = 'oldest'
    for (let isMore = true; isMore; ) {
      const read = await source.read(id, position, { recordsMax: 1_000 })
      for (const { bytes } of read.records) {
        const decoded = decodeChange(bytes)
        expect(decoded.ok).toBe(true)
        if (decoded.ok) changes.push(decoded.change)
      }
      position = read.next
      isMore = read.records.length > 0
    }
  }
  await source.close()
  return changes
}
