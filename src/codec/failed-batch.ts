import { type Batch, isChangeEvent, readChangeEvent } from '../codec/lambda-event.ts'
import { parseInstant } from '../record/date.ts'
import { isObject, type Json } from '../record/type.ts'
import { errorsPrefix } from './read.ts'

/**
 * Where batches lie that were given up: `dmd up` and `dmd worker` write below `failed/`; Lambda, whose destination is a
 * whole bucket, below `aws/lambda/` at its root.
 */
export const failedPrefixes: readonly string[] = ['failed/', 'aws/lambda/']

/** True for the key of a batch that was given up. */
export function isFailedKey(key: string): boolean {
  return failedPrefixes.some((prefix) => key.startsWith(prefix))
}

/** True for the key of an error file or of a batch that was given up; false for the fingerprint of a group. */
export function isErrorKey(name: string): boolean {
  return name.startsWith(errorsPrefix) || isFailedKey(name)
}

/** A batch that the event source mapping gave up. */
export type FailedBatch = {
  /** When its first record arrived, in milliseconds since 1970; 0 where none says. */
  readonly timestampMs: number
  /** Why it was given up, in the mapping's word. */
  readonly condition: string
  /** How often the worker was called with it. */
  readonly calls: number
  readonly batches: readonly Batch[]
  readonly records: number
}

/**
 * The batch in a file of an on-failure destination on S3
 * (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html, and for DynamoDB Streams
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html): the whole event as text, and about it what
 * happened. Undefined when the bytes are none.
 */
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
    // No payload, and nested so deeply that the stack ends: Lambda writes no such thing.
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
