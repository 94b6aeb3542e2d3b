import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectToStream } from '../../../src/local/kinesis/connection.ts'
import { putChanges } from '../../../src/local/kinesis/put.ts'
import { openKinesisSource } from '../../../src/local/kinesis.ts'
import { startMapping } from '../../../src/local/mapping.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { openDirectoryStore } from '../../../src/store/directory.ts'
import { eventually } from '../../eventually.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { startKinesisServer } from './server.ts'

type Event = {
  readonly Records: readonly { eventID: string; kinesis: { partitionKey: string; data: string } }[]
}

const keys = 40
const rounds = 60

test('what is put while shards are split and merged comes out once, each key in order', async () => {
  const server = await startKinesisServer()
  onTestFinished(() => server.close())
  await server.createStream('s', 2)
  const folder = await mkdtemp(join(tmpdir(), 'dmd-reshard-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const connect = { stream: 's', region: 'us-east-1', endpoint: server.endpoint }
  const source = await openKinesisSource({ ...connect, readGapMs: 5 }, systemRuntime())
  onTestFinished(() => source.close())
  const stream = await connectToStream(connect, systemRuntime())
  onTestFinished(() => stream.close())

  const found = new Map<string, number[]>()
  const seen = new Set<string | undefined>()
  const mapping = await startMapping({
    source,
    async handler(event) {
      for (const { eventID, kinesis } of (event as Event).Records) {
        seen.add(eventID.split(':')[0])
        const n = Number(Buffer.from(kinesis.data, 'base64').toString('utf8'))
        found.set(kinesis.partitionKey, [...(found.get(kinesis.partitionKey) ?? []), n])
      }
    },
    folder,
    failures: await openDirectoryStore(folder),
    settings: { windowMs: 0, pollMs: 20 },
    runtime: runtimeWith({ random: () => 0 }),
  })

  let written = 0
  const writing = (async () => {
    for (let n = 0; n < rounds; n++) {
      const bytes = Buffer.from(String(n))
      await putChanges(
        stream,
        Array.from({ length: keys }, (_, key) => ({ partitionKey: `key-${key}`, bytes })),
      )
      written = n + 1
    }
  })()
  // 0, 1 → 0 in two (2, 3) → 1 in two (4, 5) → 3 and 4, which touch, in one (6) → that in two (7, 8)
  const id = (n: number) => `shardId-${String(n).padStart(12, '0')}`
  const reshards = [
    () => server.split('s', id(0)),
    () => server.split('s', id(1)),
    () => server.merge('s', id(3), id(4)),
    () => server.split('s', id(6)),
  ]
  for (const [n, reshard] of reshards.entries()) {
    await eventually(() => expect(written).toBeGreaterThan(n * 10))
    await reshard()
  }
  await writing
  await mapping.drain()

  const shards = await source.listShards()
  expect(shards.length).toBe(9)
  expect(seen).toEqual(new Set(shards.map((shard) => shard.id)))
  expect(shards.find((shard) => shard.id === id(6))?.parents).toEqual([id(3), id(4)])
  expect(found.size).toBe(keys)
  const due = Array.from({ length: rounds }, (_, n) => n)
  for (const [key, numbers] of found) expect(numbers, key).toEqual(due)
})
