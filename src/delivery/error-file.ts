import { decodeUtf8 } from '../codec/envelope.ts'
import type { StreamRecord } from '../codec/lambda-event.ts'
import { toIso } from '../record/date.ts'
import type { RecordCode, Rejection, Stage } from '../record/error.ts'
import type { Origin } from './key.ts'

/** A file in `errors/`, one line of JSON: the whole of records that are not in the data, and what a replay of them needs. */
export type ErrorFile = {
  /** ISO-8601 UTC: the arrival of the (first) record, else the time of its change, else 1970. */
  readonly timestamp: string
  readonly error: {
    readonly code: RecordCode
    readonly message: string
    readonly stage: Stage
    readonly path?: string
  }
  /** The payloads, byte for byte: as text, or as base64 when one is not valid UTF-8. */
  readonly events: readonly string[]
  readonly encoding: 'utf8' | 'base64'
  readonly source: Origin & {
    readonly sequence: string
    readonly eventId?: string
    readonly arrived?: string
  }
  /** How many times a replay was tried. */
  readonly attempt: number
  /** For stage `deliver`: the object that was planned, and where each of its records came from, in order. */
  readonly object?: {
    readonly key: string
    readonly records: readonly { sequence: string; arrived?: string }[]
  }
}

/** Returns the error file of one rejected record. */
export function toRecordError(
  origin: Origin,
  record: StreamRecord,
  timestampMs: number,
  rejection: Rejection,
  changeId: string | undefined,
): Uint8Array {
  const { code, message, stage, path } = rejection
  return write({
    timestamp: toIso(timestampMs),
    error: { code, message, stage, ...(path === undefined ? {} : { path }) },
    ...toEvents([record]),
    source: { ...toSource(origin, record), ...(changeId === undefined ? {} : { eventId: changeId }) },
    attempt: 0,
  })
}

/** Returns the error file of an object that could not be written. Throws when it has no records. */
export function toObjectError(
  origin: Origin,
  records: readonly StreamRecord[],
  timestampMs: number,
  key: string,
): Uint8Array {
  const [first] = records
  if (!first) throw new Error('an object holds at least one record')
  return write({
    timestamp: toIso(timestampMs),
    error: { code: 'PUT_FAILED', message: 'the object could not be written', stage: 'deliver' },
    ...toEvents(records),
    source: toSource(origin, first),
    attempt: 0,
    object: { key, records: records.map((record) => ({ sequence: record.sequence, ...toArrived(record) })) },
  })
}

function toEvents(records: readonly StreamRecord[]): Pick<ErrorFile, 'events' | 'encoding'> {
  const texts = records.map(({ payload }) => decodeUtf8(payload))
  if (texts.every((text) => text !== undefined)) return { events: texts, encoding: 'utf8' }
  return { events: records.map(({ payload }) => Buffer.from(payload).toString('base64')), encoding: 'base64' }
}

function toSource(origin: Origin, record: StreamRecord): ErrorFile['source'] {
  return { stream: origin.stream, shard: origin.shard, sequence: record.sequence, ...toArrived(record) }
}

function toArrived({ arrivedMs }: StreamRecord): { arrived?: string } {
  return arrivedMs === undefined ? {} : { arrived: toIso(arrivedMs) }
}

function write(file: ErrorFile): Uint8Array {
  return Buffer.from(`${JSON.stringify(file)}\n`, 'utf8')
}
