import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from '@aws-sdk/client-kinesis'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { startBridge } from '../../src/local/bridge.ts'
import { openKinesisSource } from '../../src/local/kinesis.ts'
import { openDynamoDBTable } from '../../src/local/table/dynamodb.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { openS3Store } from '../../src/store/s3.ts'
import { dmd } from '../cli/io.ts'
import { liveCases } from './cases.ts'
import type { Ends } from './pipeline.ts'

const region = 'us-east-1'
const endpoints = {
  dynamodb: process.env.SERVERS_DYNAMODB_ENDPOINT ?? '',
  kinesis: process.env.SERVERS_KINESIS_ENDPOINT ?? '',
  s3: process.env.SERVERS_S3_ENDPOINT ?? '',
}

type Services = {
  /** That of the table, the stream and the bucket. */
  readonly name: string
  readonly close: () => Promise<void>
}

/** A table, a stream and a bucket that are made anew; the bridge stands in for what DynamoDB does itself. */
async function makeServices({ hasBridge = true } = {}): Promise<Services> {
  const name = `live-${Date.now().toString(36)}`
  await makeTable(name, endpoints.dynamodb)
  await makeStream(name, endpoints.kinesis)
  const s3 = new S3Client({ region, endpoint: endpoints.s3, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: name }))
  s3.destroy()
  if (!hasBridge) return { name, close: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), 'dmd-servers-live-'))
  const bridge = await startBridge({
    from: { table: name, region, endpoint: endpoints.dynamodb },
    to: { stream: name, region, endpoint: endpoints.kinesis },
    folder,
    runtime: systemRuntime(),
  })
  return {
    name,
    async close() {
      await bridge.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openEnds(): Promise<Ends> {
  const services = await makeServices()
  const { name } = services
  const fields = [...loadCatalog().values()].flatMap(({ own }) => own.fields.map((field) => field.name))
  const attributes = [...new Set([...fields, 'expiresAt'])]
  const table = await openDynamoDBTable(
    { name, region, endpoint: endpoints.dynamodb, attributes },
    systemRuntime(),
  )
  const source = await openKinesisSource(
    { stream: name, region, endpoint: endpoints.kinesis },
    systemRuntime(),
  )
  const store = await openS3Store({ bucket: name, prefix: 'archive', region, endpoint: endpoints.s3 })
  return {
    ...{ table, source, store },
    async close() {
      await source.close()
      await table.close()
      await services.close()
    },
  }
}

async function makeTable(name: string, endpoint: string): Promise<void> {
  const client = new DynamoDBClient({ region, endpoint })
  const keys = [
    ['PK', 'HASH'],
    ['SK', 'RANGE'],
  ] as const
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map(([AttributeName]) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: name })
  client.destroy()
}

async function makeStream(name: string, endpoint: string): Promise<void> {
  const client = new KinesisClient({ region, endpoint, requestHandler: new NodeHttpHandler() })
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 2 }))
  await waitUntilStreamExists({ client, maxWaitTime: 30 }, { StreamName: name })
  client.destroy()
}

// It is slow to write one item at a time.
liveCases('DynamoDB, its stream, Kinesis and S3', openEnds, 300)

test('dmd up writes a table in DynamoDB, pumps its stream into Kinesis and archives it to S3, found as the SDK finds them', async () => {
  const services = await makeServices({ hasBridge: false })
  onTestFinished(services.close)
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoints.dynamodb)
  vi.stubEnv('AWS_ENDPOINT_URL_KINESIS', endpoints.kinesis)
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoints.s3)
  vi.stubEnv('AWS_REGION', region)
  onTestFinished(() => void vi.unstubAllEnvs())
  const folder = await mkdtemp(join(tmpdir(), 'dmd-servers-up-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { name } = services
  const archive = `s3://${name}/archive`
  const stop = new AbortController()
  let out = ''
  const places = ['--table', name, '--stream', name, '--archive', archive, '--state', folder]
  const running = dmd(['up', ...places, '--bridge', '--port', '0', '--window', '0ms', '--json'], {
    clock: Date.now,
    interrupt: stop.signal,
    out: async (text) => {
      out += text
    },
  })
  await expect.poll(() => out, { timeout: 30_000 }).toContain('\n')
  const url: string = JSON.parse(out).url
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ fanId: 'fan-1', eventId: 'event-1', saleId: 'sale-1' })
  expect((await fetch(`${url}/demands`, { method: 'POST', headers, body })).status).toBe(201)
  expect((await fetch(`${url}/demands/event-1/sale-1/fan-1`, { method: 'DELETE' })).status).toBe(204)
  const operations = async () => {
    const statement =
      'SELECT change.operation AS operation FROM demand ORDER BY change.micros, change.sequence'
    return JSON.parse((await dmd(['query', statement, '--archive', archive, '--format', 'json'])).out)
  }
  const due = [{ operation: 'INSERT' }, { operation: 'REMOVE' }]
  await expect.poll(operations, { timeout: 60_000, interval: 500 }).toEqual(due)
  stop.abort()
  expect((await running).code).toBe(0)
})
