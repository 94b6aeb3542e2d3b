import { createHash } from 'node:crypto'
import type { _Record, AttributeValue } from '@aws-sdk/client-dynamodb-streams'
import { type TableOrigin, writeEnvelope } from '../../codec/envelope.ts'
import type { SourceRecord } from '../source.ts'

type Image = { readonly [name: string]: AttributeValue }

/**
 * A record of DynamoDB Streams
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html) in the envelope of Kinesis
 * Data Streams for DynamoDB.
 *
 * Its time is as fine as the server gives it, whatever the unit: whole seconds from DynamoDB, whole minutes from
 * DynamoDB Local. Changes of an item within one of these are told apart by their ids, and are in order by their
 * sequence numbers. It counts as arrived when it is read: `nowMs`.
 */
export function toSourceRecord(
  record: _Record,
  { tableName, region }: TableOrigin,
  nowMs: number,
): SourceRecord {
  const { dynamodb = {}, userIdentity } = record
  const keys = members(dynamodb.Keys ?? {})
  const envelope = writeEnvelope(
    {
      id: record.eventID ?? '',
      // An unknown name passes as well: the worker makes an error file of the record, and nothing is lost.
      operation: record.eventName ?? '',
      micros: createdMs(record) * 1000,
      keys,
      ...(dynamodb.OldImage && { before: toJson(dynamodb.OldImage) }),
      ...(dynamodb.NewImage && { after: toJson(dynamodb.NewImage) }),
      sizeBytes: dynamodb.SizeBytes ?? 0,
      isExpiry: userIdentity?.PrincipalId === 'dynamodb.amazonaws.com',
    },
    { tableName, region: record.awsRegion ?? region },
  )
  return {
    sequence: toBridgeSequence(dynamodb.SequenceNumber ?? ''),
    partitionKey: createHash('md5').update(keys, 'utf8').digest('hex').toUpperCase(),
    bytes: Buffer.from(envelope, 'utf8'),
    arrivedMs: nowMs,
  }
}

/** When the item was changed, in milliseconds since 1970; 0, which is no time of a change, where the record lacks it. */
export function createdMs({ dynamodb }: _Record): number {
  return dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0
}

/** What the service takes a sequence number to have at least; DynamoDB Local fills up with zeros. */
const sequenceDigits = 21

/** A sequence number as a number of decimal digits. */
export function toBridgeSequence(number: string): string {
  return number.replace(/^0+(?=\d)/, '')
}

/** A sequence number as the service has it. */
export function fromSequence(sequence: string): string {
  return sequence.padStart(sequenceDigits, '0')
}

/** Key attributes as members of JSON, sorted by name: an item's name, whatever the order in which its keys come. */
function members(keys: Image): string {
  const sorted = Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1)))
  return toJson(sorted).slice(1, -1)
}

/** JSON has base64 where the SDK has bytes; all else is the same. */
function toJson(image: Image): string {
  return JSON.stringify(image, function (this: { [name: string]: unknown }, name, value) {
    // Not `value`: a Buffer among them has made itself into something else by then.
    const bytes = this[name]
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : value
  })
}
