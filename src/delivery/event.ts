import type { StreamRecord } from '../codec/row.ts'
import { PipelineError } from '../record/error.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'
import type { Batch } from './plan.ts'

/** True for a Lambda event of a Kinesis event source: `{"Records": [{"kinesis": {…}, "eventSource": "aws:kinesis"}]}`. */
export function isKinesisEvent(event: unknown): event is JsonObject & { Records: readonly Json[] } {
  return (
    isObject(event) &&
    Array.isArray(event.Records) &&
    event.Records.every((record: Json) => isObject(record) && record.eventSource === 'aws:kinesis')
  )
}

/**
 * Takes the records out of a Lambda event of a Kinesis event source
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html), one batch per shard, in the order of the event.
 * An entry that holds no payload becomes a record whose payload is the entry itself, and so an error file.
 *
 * Throws EVENT_INVALID when the event is of another source.
 */
export function readKinesisEvent(event: unknown): readonly Batch[] {
  if (!isKinesisEvent(event)) {
    throw new PipelineError(
      'EVENT_INVALID',
      'this is no Lambda event of a Kinesis stream: it needs Records with eventSource aws:kinesis',
    )
  }
  const batches = new Map<string, Batch & { records: StreamRecord[] }>()
  for (const entry of event.Records) {
    const { stream, shard, record } = readEntry(entry as JsonObject)
    const name = JSON.stringify([stream, shard])
    const batch = batches.get(name)
    if (batch) batch.records.push(record)
    else batches.set(name, { stream, shard, records: [record] })
  }
  return [...batches.values()]
}

/** The year 2255, beyond which microseconds are no exact numbers. */
const arrivedSecondsMax = 9_000_000_000

function readEntry(entry: JsonObject): { stream: string; shard: string; record: StreamRecord } {
  const kinesis = isObject(entry.kinesis) ? entry.kinesis : {}
  const sequence = typeof kinesis.sequenceNumber === 'string' ? kinesis.sequenceNumber : ''
  const arrived = kinesis.approximateArrivalTimestamp
  return {
    // arn:aws:kinesis:{region}:{account}:stream/{name}
    stream: textAfter(entry.eventSourceARN, '/') || 'unknown',
    // {shard}:{sequence}
    shard: typeof entry.eventID === 'string' ? (entry.eventID.split(':')[0] ?? '') : 'unknown',
    record: {
      payload: decodeBase64(kinesis.data) ?? Buffer.from(JSON.stringify(entry), 'utf8'),
      sequence,
      // Seconds with a fraction; its third digit is the last that means something.
      ...(typeof arrived === 'number' && arrived > 0 && arrived < arrivedSecondsMax
        ? { arrivedMs: Math.round(arrived * 1000) }
        : {}),
    },
  }
}

function textAfter(text: Json | undefined, mark: string): string {
  return typeof text === 'string' ? text.slice(text.indexOf(mark) + 1) : ''
}

/** Node skips what is no base64, which would lose it silently: then the lengths differ. */
function decodeBase64(data: Json | undefined): Uint8Array | undefined {
  if (typeof data !== 'string') return undefined
  const bytes = Buffer.from(data, 'base64')
  return bytes.length === Buffer.byteLength(data, 'base64') ? bytes : undefined
}
