import type { GetRecordsOutput } from '@aws-sdk/client-dynamodb-streams'
import { isAnswer } from '../kinesis/service.ts'
import {
  type ChangeSource,
  type Position,
  type Shard,
  type SourceRead,
  sourceUnavailable,
} from '../source.ts'
import { createdMs, fromSequence, toSourceRecord } from './change.ts'
import type { DynamoDBStream } from './connection.ts'

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
const limitMax = 1_000
const pagesMax = 1_000
const renewalsMax = 3

/**
 * A table's own stream as a source of changes. It has no word for how far a reader is behind: a full page counts as
 * behind by the age of its last change, any other as at the tip. `readGapMs`: the least time between two reads of a shard
 * at the tip.
 */
export function createTableSource(stream: DynamoDBStream, readGapMs: number): ChangeSource {
  const { clock, monotonic } = stream.service.runtime
  /** By shard, of the last read: the iterator for where it ended. */
  const kept = new Map<string, { readonly key: string; readonly iterator: string }>()

  async function readOnce(
    shard: string,
    position: Position,
    recordsMax: number,
    signal: AbortSignal | undefined,
  ): Promise<SourceRead> {
    // Kept until a read succeeds: one that failed may be made again from the same iterator.
    const chain = kept.get(shard)
    let iterator = chain?.key === toKey(position) ? chain.iterator : undefined
    let from = position
    let isTrimmed = false
    const limit = Math.min(limitMax, recordsMax)
    for (let renewals = 0; ; renewals++) {
      try {
        iterator ??= await iteratorFrom(stream, shard, from, signal)
        const page = await getRecords(stream, shard, iterator, limit, signal)
        const read = toRead(page, position, isTrimmed, limit)
        if (page.NextShardIterator)
          kept.set(shard, { key: toKey(read.next), iterator: page.NextShardIterator })
        else kept.delete(shard)
        return read
      } catch (error) {
        const isLost = isAnswer(error, 'TrimmedDataAccessException')
        if ((!isLost && !isAnswer(error, 'ExpiredIteratorException')) || renewals >= renewalsMax) throw error
        iterator = undefined
        // What was dropped is dropped: what is kept is read on.
        if (isLost) {
          isTrimmed = position !== 'oldest'
          from = 'oldest'
        }
      }
    }
  }

  function toRead(page: GetRecordsOutput, position: Position, isTrimmed: boolean, limit: number): SourceRead {
    const found = page.Records ?? []
    const nowMs = clock()
    const records = found.map((record) => toSourceRecord(record, stream, nowMs))
    const last = records.at(-1)
    const newest = found.at(-1)
    return {
      records,
      next: last ? { after: last.sequence } : position,
      isEnded: !page.NextShardIterator,
      behindMs: newest && found.length === limit ? Math.max(1, nowMs - createdMs(newest)) : 0,
      isTrimmed,
    }
  }

  return {
    arn: stream.arn,
    async listShards({ signal } = {}) {
      const shards = await listAll(stream, signal)
      const ids = new Set(shards.map(({ id }) => id))
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id)
      return shards.map(({ id, parents }) => ({ id, parents: parents.filter((parent) => ids.has(parent)) }))
    },
    async read(shard, position, { recordsMax, waitMs = 0, signal }) {
      const endMs = monotonic() + waitMs
      for (;;) {
        const read = await readOnce(shard, position, recordsMax, signal)
        const leftMs = endMs - monotonic()
        if (read.records.length > 0 || read.isEnded || read.isTrimmed || leftMs <= 0) return read
        await stream.service.pause(Math.min(leftMs, readGapMs), signal)
      }
    },
    async close() {
      stream.close()
    },
  }
}

function toKey(position: Position): string {
  return position === 'oldest' ? position : position.after
}

async function iteratorFrom(
  { arn, sdk, client, service }: DynamoDBStream,
  shard: string,
  position: Position,
  signal: AbortSignal | undefined,
): Promise<string> {
  const from =
    position === 'oldest'
      ? ({ ShardIteratorType: 'TRIM_HORIZON' } as const)
      : ({
          ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
          SequenceNumber: fromSequence(position.after),
        } as const)
  const { ShardIterator: iterator } = await service.call(
    { name: `find the position in the shard ${shard} of`, right: 'dynamodb:GetShardIterator' },
    (abort) =>
      client.send(new sdk.GetShardIteratorCommand({ StreamArn: arn, ShardId: shard, ...from }), abort),
    signal,
  )
  if (!iterator) throw sourceUnavailable(`DynamoDB Streams gave no iterator for the shard ${shard}`)
  return iterator
}

function getRecords(
  { sdk, client, service }: DynamoDBStream,
  shard: string,
  iterator: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<GetRecordsOutput> {
  return service.call(
    { name: `read the shard ${shard} of`, right: 'dynamodb:GetRecords' },
    (abort) => client.send(new sdk.GetRecordsCommand({ ShardIterator: iterator, Limit: limit }), abort),
    signal,
  )
}

async function listAll(
  { arn, sdk, client, service }: DynamoDBStream,
  signal: AbortSignal | undefined,
): Promise<readonly Shard[]> {
  const shards: Shard[] = []
  let start: string | undefined
  for (let page = 0; page < pagesMax; page++) {
    const input = { StreamArn: arn, ...(start && { ExclusiveStartShardId: start }) }
    const { StreamDescription: found } = await service.call(
      { name: 'list the shards of', right: 'dynamodb:DescribeStream' },
      (abort) => client.send(new sdk.DescribeStreamCommand(input), abort),
      signal,
    )
    for (const { ShardId: id = '', ParentShardId: parent } of found?.Shards ?? [])
      shards.push({ id, parents: parent === undefined ? [] : [parent] })
    start = found?.LastEvaluatedShardId
    if (!start) return shards
  }
  throw sourceUnavailable(`DynamoDB Streams listed more than ${pagesMax} pages of shards`)
}
