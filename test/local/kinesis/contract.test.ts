import { afterAll, beforeAll } from 'vitest'
import { openKinesisSource } from '../../../src/local/kinesis.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { sourceContract } from '../../contract/source.ts'
import { type KinesisServer, startKinesisServer } from './server.ts'

let server: KinesisServer
beforeAll(async () => {
  server = await startKinesisServer()
})
afterAll(() => server.close())

let streams = 0

sourceContract('Kinesis over HTTP', async (shards) => {
  const name = `stream-${streams++}`
  await server.createStream(name, shards)
  const source = await openKinesisSource(
    {
      stream: name,
      region: 'us-east-1',
      endpoint: server.endpoint,
      readGapMs: 1,
    },
    systemRuntime(),
  )
  return {
    source,
    put: (key, n) => server.put(name, key, Buffer.from(JSON.stringify({ key, n }))),
    readBack: ({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')),
    split: (shard) => server.split(name, shard),
    merge: (one, other) => server.merge(name, one, other),
    close: () => source.close(),
  }
})
