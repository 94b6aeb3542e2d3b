import { randomUUID } from 'node:crypto'
import {
  CreateStreamCommand,
  KinesisClient,
  PutRecordCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { describe } from 'vitest'
import { openKinesisSource } from '../../src/local/kinesis.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { sourceContract } from '../contract/source.ts'

const endpoint = process.env.SERVERS_KINESIS_ENDPOINT ?? ''
const region = 'us-east-1'

// No splits and merges: moto never ends a shard that is closed. kinesalite does, in the tests without a lane.
describe.skipIf(endpoint === '')('over HTTP', () => {
  sourceContract('another Kinesis server', async (shards) => {
    const name = `s-${randomUUID()}`
    const client = new KinesisClient({ endpoint, region, requestHandler: new NodeHttpHandler() })
    await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
    await waitUntilStreamExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StreamName: name })
    const source = await openKinesisSource({ stream: name, region, endpoint, readGapMs: 0 }, systemRuntime())
    // One put at a time: moto numbers records that come at once in the wrong order.
    let putting: Promise<unknown> = Promise.resolve()
    return {
      source,
      put: (key, n) => {
        const Data = Buffer.from(JSON.stringify({ key, n }))
        const put = new PutRecordCommand({ StreamName: name, PartitionKey: key, Data })
        const done = putting.then(async () => void (await client.send(put)))
        putting = done
        return done
      },
      readBack: ({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')),
      async close() {
        await source.close()
        client.destroy()
      },
    }
  })
})
