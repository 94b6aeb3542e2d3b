import { createHash } from 'node:crypto'
import { toIso } from '../../record/date.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { SourceRecord } from '../source.ts'
import { toKinesisEvent } from './event.ts'

/** A batch that is given up. */
export type Failure = {
  readonly arn: string
  readonly shard: string
  readonly records: readonly SourceRecord[]
  /** How many times the function was called with it. */
  readonly calls: number
  readonly nowMs: number
}

/** Where batches lie that were given up, below the archive's root. */
export const failedPrefix = 'failed/'

/**
 * Stores a batch that is given up as Lambda's on-failure destination on S3 does
 * (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html): the whole event, and about it
 * what happened. Once only, however often it is called for one batch. Returns the key.
 */
export async function storeFailure(store: ObjectStore, failure: Failure): Promise<string> {
  const { arn, shard, records, calls, nowMs } = failure
  const first = records.at(0)
  const last = records.at(-1)
  const name = uuidOf([arn, shard, first?.sequence ?? '', last?.sequence ?? ''])
  const mappingId = uuidOf([arn])
  const arrived = toIso(first?.arrivedMs ?? 0)
  const day = arrived.slice(0, 10).replaceAll('-', '/')
  const time = arrived.slice(0, 19).replaceAll(':', '.')
  const key = `${failedPrefix}aws/lambda/${mappingId}/${shard}/${day}/${time}-${name}`
  const document = {
    requestContext: {
      requestId: name,
      functionArn: 'deliveryWorker',
      condition: 'RecordAgeExceeded',
      approximateInvokeCount: calls,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: toIso(nowMs),
    KinesisBatchInfo: {
      shardId: shard,
      startSequenceNumber: first?.sequence,
      endSequenceNumber: last?.sequence,
      approximateArrivalOfFirstRecord: arrived,
      approximateArrivalOfLastRecord: toIso(last?.arrivedMs ?? 0),
      batchSize: records.length,
      streamArn: arn,
    },
    payload: JSON.stringify(toKinesisEvent(records, arn, shard)),
  }
  await store.put(key, Buffer.from(JSON.stringify(document), 'utf8'), { condition: { ifAbsent: true } })
  return key
}

function uuidOf(parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
