import { PipelineError } from '../record/error.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'

// The event that Lambda calls a function with, for a Kinesis stream
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html):
//
//     {"Records": [{"eventSource": "aws:kinesis", "eventID": "{shard}:{sequence}", "eventSourceARN": "arn:…:stream/{name}",
//                   "kinesis": {"sequenceNumber", "partitionKey", "data": base64, "approximateArrivalTimestamp": seconds},
//                   "eventName": "aws:kinesis:record", "eventVersion", "invokeIdentityArn", "awsRegion"}, …]}
//
// and for DynamoDB Streams (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html):
//
//     {"Records": [{"eventSource": "aws:dynamodb", "eventID", "eventName", "eventSourceARN": "arn:…:table/{name}/stream/{label}",
//                   "dynamodb": {"ApproximateCreationDateTime": seconds, "Keys", "NewImage"?, "OldImage"?, "SequenceNumber",
//                                "SizeBytes", "StreamViewType"}, "userIdentity"?, "eventVersion", "awsRegion"}, …]}
//
// Read by `readChangeEvent`; written, for Kinesis, by `toKinesisEvent`.

/** One record of a stream. */
export type StreamRecord = {
  /** The payload, byte for byte. */
  readonly payload: Uint8Array
  /** The stream's sequence number, in decimal digits. */
  readonly sequence: string
  /** When the record reached the stream, in milliseconds since 1970; undefined when the source does not say. */
  readonly arrivedMs?: number
}

/** A record of a Kinesis stream, as it was put there. */
export type KinesisRecord = {
  /** Decimal digits; rises within a shard. */
  readonly sequence: string
  readonly partitionKey: string
  /** The payload: a change record's JSON, or whatever a producer put there. */
  readonly bytes: Uint8Array
  /** When the stream took it in, in milliseconds since 1970. */
  readonly arrivedMs: number
}

/** Records of one shard, in the order of the stream. It may be empty. */
export type Batch = {
  readonly stream: string
  readonly shard: string
  readonly records: readonly StreamRecord[]
  /** When one record is replayed: the key of its error file. */
  readonly error?: string
}

/**
 * True for a Lambda event of a Kinesis stream or of DynamoDB Streams. Each entry of its `Records` names its source in
 * `eventSource`. One entry of these two sources is enough; nothing else is checked.
 */
export function isChangeEvent(event: unknown): event is JsonObject & { Records: readonly Json[] } {
  return (
    isObject(event) &&
    Array.isArray(event.Records) &&
    (event.Records.length === 0 ||
      event.Records.some(
        (entry: Json) => sourceOf(entry) === kinesisSource || sourceOf(entry) === dynamodbSource,
      ))
  )
}

function sourceOf(entry: Json): Json | undefined {
  return isObject(entry) ? entry.eventSource : undefined
}

const kinesisSource = 'aws:kinesis'
const dynamodbSource = 'aws:dynamodb'

/**
 * Returns the records of a Lambda event of a Kinesis stream or of DynamoDB Streams, one batch per shard, in the order of the
 * event. A record of DynamoDB Streams becomes the envelope that Kinesis Data Streams for DynamoDB would carry. An entry that
 * holds no payload, or is of another source, becomes a record whose payload is the entry itself, and so an error file: the
 * other entries are read all the same.
 *
 * Throws EVENT_INVALID when no entry is of these two sources.
 *
 * @example
 * for (const batch of readChangeEvent(event)) console.log(batch.stream, batch.shard, batch.records.length)
 */
export function readChangeEvent(event: unknown): readonly Batch[] {
  if (!isChangeEvent(event)) {
    throw new PipelineError(
      'EVENT_INVALID',
      `this is no Lambda event of a Kinesis stream or of DynamoDB Streams: its Records need the eventSource ${kinesisSource} or ${dynamodbSource}`,
    )
  }
  const batches = new Map<string, Batch & { records: StreamRecord[] }>()
  for (const entry of event.Records) {
    const { stream, shard, record } = readEntry(entry)
    const name = JSON.stringify([stream, shard])
    const batch = batches.get(name)
    if (batch) batch.records.push(record)
    else batches.set(name, { stream, shard, records: [record] })
  }
  return [...batches.values()]
}

/** The year 2255. After it a number cannot hold microseconds exactly. */
const arrivedSecondsMax = 9_000_000_000

type Entry = { readonly stream: string; readonly shard: string; readonly record: StreamRecord }

function readEntry(entry: Json): Entry {
  if (isObject(entry) && entry.eventSource === kinesisSource) return readKinesisEntry(entry)
  if (isObject(entry) && entry.eventSource === dynamodbSource) return readStreamEntry(entry)
  return { stream: 'unknown', shard: 'unknown', record: { payload: payloadOf(entry), sequence: '' } }
}

/** The entry itself, as the payload of a record that will be an error. */
function payloadOf(entry: Json): Uint8Array {
  return Buffer.from(JSON.stringify(entry), 'utf8')
}

function readKinesisEntry(entry: JsonObject): Entry {
  const kinesis = isObject(entry.kinesis) ? entry.kinesis : {}
  const sequence = typeof kinesis.sequenceNumber === 'string' ? kinesis.sequenceNumber : ''
  const arrived = kinesis.approximateArrivalTimestamp
  return {
    // arn:aws:kinesis:{region}:{account}:stream/{name}
    stream: textAfter(entry.eventSourceARN, '/') || 'unknown',
    // {shard}:{sequence}
    shard: typeof entry.eventID === 'string' ? (entry.eventID.split(':')[0] ?? '') : 'unknown',
    record: {
      payload: decodeBase64(kinesis.data) ?? payloadOf(entry),
      sequence,
      // Seconds with a fraction of three digits.
      ...(typeof arrived === 'number' && arrived > 0 && arrived < arrivedSecondsMax
        ? { arrivedMs: Math.round(arrived * 1000) }
        : {}),
    },
  }
}

/** The shard of every entry of DynamoDB Streams: the event does not name one. */
const streamShard = 'dynamodb-streams'

function readStreamEntry(entry: JsonObject): Entry {
  const { dynamodb, eventSourceARN } = entry
  const section = isObject(dynamodb) ? dynamodb : undefined
  // arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}
  const stream = textAfter(eventSourceARN, '/') || 'unknown'
  const sequence = section?.SequenceNumber
  return {
    stream,
    shard: streamShard,
    record: {
      payload: payloadOf(section ? toEnvelope(entry, section, stream) : entry),
      sequence: typeof sequence === 'string' && /^\d{1,60}$/.test(sequence) ? sequence : '',
    },
  }
}

/** The envelope of Kinesis Data Streams for DynamoDB. DynamoDB Streams gives the time in seconds, Kinesis in milliseconds. */
function toEnvelope(entry: JsonObject, section: JsonObject, stream: string): Json {
  const { awsRegion, eventID, eventName, userIdentity, eventSource } = entry
  const { ApproximateCreationDateTime: seconds, Keys, NewImage, OldImage, SizeBytes } = section
  return withoutAbsent({
    awsRegion,
    eventID,
    eventName,
    userIdentity: userIdentity ?? null,
    recordFormat: 'application/json',
    tableName: stream.split('/')[0],
    dynamodb: withoutAbsent({
      ApproximateCreationDateTime: typeof seconds === 'number' ? Math.round(seconds * 1000) : seconds,
      Keys,
      NewImage,
      OldImage,
      SizeBytes,
    }),
    eventSource,
  })
}

function withoutAbsent(members: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, Json] => member[1] !== undefined),
  )
}

function textAfter(text: Json | undefined, mark: string): string {
  return typeof text === 'string' ? text.slice(text.indexOf(mark) + 1) : ''
}

/** Node skips characters that are not base64. The lengths then differ, and the data is malformed. */
function decodeBase64(data: Json | undefined): Uint8Array | undefined {
  if (typeof data !== 'string') return undefined
  const bytes = Buffer.from(data, 'base64')
  return bytes.length === Buffer.byteLength(data, 'base64') ? bytes : undefined
}

/**
 * Returns the event in which Lambda hands records of a shard to a function. `arn` is that of the stream. `readChangeEvent`
 * reads it back.
 */
export function toKinesisEvent(
  records: readonly KinesisRecord[],
  arn: string,
  shard: string,
): { readonly Records: readonly JsonObject[] } {
  const [, , , awsRegion = '', account = ''] = arn.split(':')
  return {
    Records: records.map(({ bytes, sequence, partitionKey, arrivedMs }) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey,
        sequenceNumber: sequence,
        data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
        approximateArrivalTimestamp: arrivedMs / 1000,
      },
      eventSource: kinesisSource,
      eventVersion: '1.0',
      eventID: `${shard}:${sequence}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${account}:role/local`,
      awsRegion,
      eventSourceARN: arn,
    })),
  }
}

/** The most characters of an arrival time. */
const timeBytes = 14

/** Returns a function that says how many bytes a record of a shard takes at most in the event of `toKinesisEvent`. */
export function eventSizer(arn: string, shard: string): (record: KinesisRecord) => number {
  const empty = { bytes: new Uint8Array(0), sequence: '', partitionKey: '', arrivedMs: 0 }
  const frame = JSON.stringify(toKinesisEvent([empty], arn, shard)).length + timeBytes
  return ({ bytes, sequence, partitionKey }) => {
    const payload = Math.ceil(bytes.length / 3) * 4
    return frame + payload + 2 * sequence.length + Buffer.byteLength(JSON.stringify(partitionKey))
  }
}
