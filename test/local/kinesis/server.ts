import { once } from 'node:events'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'

// It has no types of its own.
const kinesalite: (options: { [name: string]: number }) => Server = createRequire(import.meta.url)(
  'kinesalite',
)

export type KinesisServer = {
  readonly endpoint: string
  /** Makes a stream and waits until it can be used. */
  createStream(name: string, shards: number): Promise<void>
  put(stream: string, key: string, bytes: Uint8Array): Promise<void>
  /** In the middle of its range. Resolves when the children are there. */
  split(stream: string, shard: string): Promise<void>
  merge(stream: string, one: string, other: string): Promise<void>
  close(): Promise<void>
}

/** A Kinesis server over HTTP, on a free port of the loopback address. Sets credentials that it takes. */
export async function startKinesisServer(): Promise<KinesisServer> {
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const server = kinesalite({ createStreamMs: 1, deleteStreamMs: 1, updateStreamMs: 1, shardLimit: 1_000 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new KinesisClient({ endpoint, region: 'us-east-1', requestHandler: new NodeHttpHandler() })

  async function active(name: string): Promise<void> {
    for (;;) {
      const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName: name }))
      if (StreamDescription?.StreamStatus === 'ACTIVE') return
      await sleep(5)
    }
  }

  return {
    endpoint,
    async createStream(name, shards) {
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
      await active(name)
    },
    async put(stream, key, bytes) {
      await client.send(new PutRecordCommand({ StreamName: stream, PartitionKey: key, Data: bytes }))
    },
    async split(stream, shard) {
      const { Shards } = await client.send(new ListShardsCommand({ StreamName: stream }))
      const range = Shards?.find(({ ShardId }) => ShardId === shard)?.HashKeyRange
      const middle = (BigInt(range?.StartingHashKey ?? '0') + BigInt(range?.EndingHashKey ?? '0')) / 2n
      await client.send(
        new SplitShardCommand({
          StreamName: stream,
          ShardToSplit: shard,
          NewStartingHashKey: String(middle),
        }),
      )
      await active(stream)
    },
    async merge(stream, one, other) {
      await client.send(
        new MergeShardsCommand({ StreamName: stream, ShardToMerge: one, AdjacentShardToMerge: other }),
      )
      await active(stream)
    },
    async close() {
      client.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
