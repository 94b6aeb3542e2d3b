import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An item's image in DynamoDB's JSON. */
export type Image = { readonly [name: string]: unknown }

export type NewChange = {
  readonly name?: string
  readonly keys: Image
  readonly before?: Image
  readonly after?: Image
  readonly isExpiry?: boolean
}

type Kept = { readonly number: string; readonly record: unknown }
type ShardState = {
  readonly id: string
  readonly parent?: string
  records: Kept[]
  isClosed: boolean
  trimmed: number
}

/** The stream of one table, over the protocol of DynamoDB Streams: what no server for tests lets one cause. */
export type StreamsServer = {
  readonly endpoint: string
  readonly arn: string
  viewType: string
  /** How many shards a page of them has. */
  pageShards: number
  /** Ends the table's stream and begins another. */
  restart(label: string): void
  addShard(id: string, parent?: string): void
  closeShard(id: string): void
  /** Drops so many of its oldest records. */
  trim(id: string, records: number): void
  change(id: string, change: NewChange): void
  close(): Promise<void>
}

class Fault extends Error {}

/** Numbers are filled up with zeros, as by DynamoDB Local. */
export async function startStreamsServer(tableName: string): Promise<StreamsServer> {
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const prefix = `arn:aws:dynamodb:ddblocal:000000000000:table/${tableName}/stream/`
  let label = '2025-02-13T18:30:00.000'
  const shards = new Map<string, ShardState>()
  let numbers = 0

  const shardOf = (id: unknown) => {
    const shard = shards.get(String(id))
    if (shard === undefined) throw new Fault('ResourceNotFoundException')
    return shard
  }
  const state = {
    viewType: 'NEW_AND_OLD_IMAGES',
    pageShards: 100,
    get arn() {
      return prefix + label
    },
  }

  const actions: { readonly [action: string]: (input: { readonly [name: string]: unknown }) => unknown } = {
    ListStreams: ({ TableName }) => ({
      Streams:
        TableName === tableName
          ? [
              {
                StreamArn: `${prefix}2024-01-01T00:00:00.000`,
                TableName,
                StreamLabel: '2024-01-01T00:00:00.000',
              },
              { StreamArn: state.arn, TableName, StreamLabel: label },
            ]
          : [],
    }),
    DescribeStream: ({ StreamArn, ExclusiveStartShardId: start }) => {
      if (StreamArn !== state.arn) throw new Fault('ResourceNotFoundException')
      const all = [...shards.values()]
      const from = all.findIndex(({ id }) => id === start) + 1
      const page = all.slice(from, from + state.pageShards)
      const isMore = from + page.length < all.length
      return {
        StreamDescription: {
          StreamArn,
          StreamViewType: state.viewType,
          Shards: page.map(({ id, parent }) => ({ ShardId: id, ...(parent && { ParentShardId: parent }) })),
          ...(isMore && { LastEvaluatedShardId: page.at(-1)?.id }),
        },
      }
    },
    GetShardIterator: ({ ShardId, ShardIteratorType: type, SequenceNumber: number }) => {
      const { trimmed, records } = shardOf(ShardId)
      if (type === 'TRIM_HORIZON') return { ShardIterator: JSON.stringify([ShardId, trimmed]) }
      if (String(number).length < 21) throw new Fault('ValidationException')
      const at = records.findIndex((record) => record.number === number)
      if (type !== 'AFTER_SEQUENCE_NUMBER' || at < 0) throw new Fault('ValidationException')
      if (at < trimmed) throw new Fault('TrimmedDataAccessException')
      return { ShardIterator: JSON.stringify([ShardId, at + 1]) }
    },
    GetRecords: ({ ShardIterator, Limit }) => {
      const [id, at] = JSON.parse(String(ShardIterator)) as [string, number]
      const { records, isClosed, trimmed } = shardOf(id)
      if (Number(Limit) > 1_000) throw new Fault('ValidationException')
      if (at < trimmed) throw new Fault('TrimmedDataAccessException')
      const page = records.slice(at, at + Number(Limit))
      const next = at + page.length
      return {
        Records: page.map(({ record }) => record),
        ...((!isClosed || next < records.length) && { NextShardIterator: JSON.stringify([id, next]) }),
      }
    },
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    let status = 200
    let body: unknown
    try {
      body = actions[action]?.(JSON.parse(Buffer.concat(chunks).toString('utf8')))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      status = 400
      body = { __type: `com.amazonaws.dynamodb.v20120810#${error.message}`, message: 'secret' }
    }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return Object.assign(state, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    restart(next: string) {
      label = next
      shards.clear()
    },
    addShard(id: string, parent?: string) {
      shards.set(id, { id, ...(parent && { parent }), records: [], isClosed: false, trimmed: 0 })
    },
    closeShard(id: string) {
      shardOf(id).isClosed = true
    },
    trim(id: string, count: number) {
      shardOf(id).trimmed += count
    },
    change(id: string, { name, keys, before, after, isExpiry }: NewChange) {
      const number = String(++numbers).padStart(21, '0')
      const record = {
        eventID: `id-${numbers}`,
        eventName: name ?? (before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY'),
        awsRegion: 'ddblocal',
        eventSource: 'aws:dynamodb',
        ...(isExpiry && { userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } }),
        dynamodb: {
          // A whole minute, as from DynamoDB Local.
          ApproximateCreationDateTime: 1_739_471_400,
          Keys: keys,
          ...(before && { OldImage: before }),
          ...(after && { NewImage: after }),
          SequenceNumber: number,
          SizeBytes: 38,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
      }
      shardOf(id).records.push({ number, record })
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
