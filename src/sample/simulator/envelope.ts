import type { Operation } from '../../record/change.ts'
import type { Members } from './attribute.ts'
import { type Random, uuid } from './random.ts'

/** A change of one item: what it was before, what it is now, both without the keys. */
export type ItemChange = {
  /** The record type. */
  readonly type: string
  readonly operation: Exclude<Operation, 'SNAPSHOT'>
  readonly micros: number
  readonly keys: ItemKeys
  readonly before?: Members
  readonly after?: Members
  /** True when DynamoDB's expiry deletes the item. */
  readonly isExpiry?: boolean
}

/** The values of PK and SK; they need no escapes. */
export type ItemKeys = { readonly pk: string; readonly sk: string }

const expiry = '{"type":"Service","principalId":"dynamodb.amazonaws.com"}'

/**
 * Puts a change into the envelope of Kinesis Data Streams for DynamoDB, as JSON text with the members in the
 * service's order (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html):
 *
 *     {"awsRegion", "eventID", "eventName", "userIdentity", "recordFormat", "tableName",
 *      "dynamodb": {"ApproximateCreationDateTime", "ApproximateCreationDateTimePrecision",
 *                   "Keys", "NewImage"?, "OldImage"?, "SizeBytes"}, "eventSource"}
 */
export function toEnvelope(change: ItemChange, ids: Random): string {
  const { operation, micros, before, after, isExpiry } = change
  const keys = `"PK":{"S":"${change.keys.pk}"},"SK":{"S":"${change.keys.sk}"}`
  const newImage = after === undefined ? '' : `"NewImage":{${keys},${after}},`
  const oldImage = before === undefined ? '' : `"OldImage":{${keys},${before}},`
  // About what DynamoDB counts, which is names and values without JSON's punctuation.
  const size = Math.round((newImage.length + oldImage.length) * 0.7)
  return (
    `{"awsRegion":"us-east-1","eventID":"${uuid(ids)}","eventName":"${operation}",` +
    `"userIdentity":${isExpiry ? expiry : 'null'},"recordFormat":"application/json","tableName":"demand-capture",` +
    `"dynamodb":{"ApproximateCreationDateTime":${micros},"ApproximateCreationDateTimePrecision":"MICROSECOND",` +
    `"Keys":{${keys}},${newImage}${oldImage}"SizeBytes":${size}},"eventSource":"aws:dynamodb"}`
  )
}

const chunkBytes = 65_536
let chunk = Buffer.allocUnsafeSlow(chunkBytes)
let used = 0

/**
 * The bytes of a text in UTF-8. They lie in chunks shared with their neighbours, each byte used once: measuring
 * and allocating every payload by itself costs as much as writing it.
 */
export function toBytes(text: string): Uint8Array {
  // A UTF-16 unit takes three bytes at most.
  const most = text.length * 3
  if (most > chunkBytes) return Buffer.from(text, 'utf8')
  if (used + most > chunkBytes) {
    chunk = Buffer.allocUnsafeSlow(chunkBytes)
    used = 0
  }
  const start = used
  used += chunk.write(text, start, 'utf8')
  return chunk.subarray(start, used)
}
