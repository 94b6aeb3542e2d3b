import { createHash } from 'node:crypto'
import { parseInstant, toIso } from '../record/date.ts'
import { isObject, type Json } from '../record/type.ts'
import {
  type Batch,
  isChangeEvent,
  type KinesisRecord,
  readChangeEvent,
  toKinesisEvent,
} from './lambda-event.ts'

// A file of an on-failure destination on S3, for a batch that the event source mapping discarded: the whole event as text,
// and what happened to it (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html, and for DynamoDB
// Streams https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html):
//
//     {"requestContext": {"requestId", "functionArn", "condition", "approximateInvokeCount"},
//      "responseContext": {"statusCode", "executedVersion", "functionError"}, "version": "1.0", "timestamp": ISO-8601,
//      "KinesisBatchInfo" or "DDBStreamBatchInfo": {"shardId", "startSequenceNumber", "endSequenceNumber",
//          "approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord", "batchSize", "streamArn"},
//      "payload": the event as JSON text}
//
// under the key  aws/lambda/{mapping}/{shard}/YYYY/MM/DD/YYYY-MM-DDThh.mm.ss-{uuid}

/** Below it `dmd up` and `dmd worker` store discarded batches, in the archive. */
export const failedPrefix = 'failed/'
/** Below it Lambda stores them, at the root of its bucket: its destination is a whole bucket. */
export const lambdaFailedPrefix = 'aws/lambda/'

export const failedPrefixes: readonly string[] = [failedPrefix, lambdaFailedPrefix]

/** True for the key of a discarded batch. */
export function isFailedKey(key: string): boolean {
  return failedPrefixes.some((prefix) => key.startsWith(prefix))
}

/** A batch that the event source mapping discards. */
export type DiscardedBatch = {
  /** The ARN of the stream. */
  readonly arn: string
  readonly shard: string
  readonly records: readonly KinesisRecord[]
  /** How many times the function was called with it. */
  readonly calls: number
  readonly nowMs: number
}

/**
 * Returns the file of a discarded batch and its key below `failed/`. One batch always has the same key, so that it is stored
 * once, however often it is discarded.
 */
export function writeFailedBatch(batch: DiscardedBatch): {
  readonly key: string
  readonly bytes: Uint8Array
} {
  const { arn, shard, records, calls, nowMs } = batch
  const first = records.at(0)
  const last = records.at(-1)
  const name = uuidOf([arn, shard, first?.sequence ?? '', last?.sequence ?? ''])
  const mappingId = uuidOf([arn])
  const arrived = toIso(first?.arrivedMs ?? 0)
  const day = arrived.slice(0, 10).replaceAll('-', '/')
  const time = arrived.slice(0, 19).replaceAll(':', '.')
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
  return {
    key: `${failedPrefix}${lambdaFailedPrefix}${mappingId}/${shard}/${day}/${time}-${name}`,
    bytes: Buffer.from(JSON.stringify(document), 'utf8'),
  }
}

function uuidOf(parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A discarded batch, as its file has it. */
export type FailedBatch = {
  /** When its first record arrived, in milliseconds since 1970; 0 when the file does not say. */
  readonly timestampMs: number
  /** Why it was discarded, in the mapping's word: `RecordAgeExceeded`, `RetryAttemptsExhausted`. */
  readonly condition: string
  /** How often the worker was called with it. */
  readonly calls: number
  readonly batches: readonly Batch[]
  readonly records: number
}

/** Returns the batch in the bytes of such a file, undefined when they hold something else. */
export function parseFailedBatch(bytes: Uint8Array): FailedBatch | undefined {
  const document = parse(Buffer.from(bytes).toString('utf8'))
  if (!isObject(document)) return undefined
  const info = document.KinesisBatchInfo ?? document.DDBStreamBatchInfo
  if (!isObject(info)) return undefined
  const { payload, requestContext } = document
  const event = typeof payload === 'string' ? parse(payload) : payload
  const batches = isChangeEvent(event) ? readBatches(event) : undefined
  if (!batches) return undefined
  const context = isObject(requestContext) ? requestContext : {}
  const arrived = info.approximateArrivalOfFirstRecord
  return {
    timestampMs: (typeof arrived === 'string' ? parseInstant(arrived) : undefined) ?? 0,
    condition: typeof context.condition === 'string' ? context.condition : 'unknown',
    calls: typeof context.approximateInvokeCount === 'number' ? context.approximateInvokeCount : 0,
    batches,
    records: batches.reduce((total, batch) => total + batch.records.length, 0),
  }
}

function readBatches(event: Json): readonly Batch[] | undefined {
  try {
    return readChangeEvent(event)
  } catch (error) {
    // An entry without a payload that is nested deeper than the stack. Lambda never writes one.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
