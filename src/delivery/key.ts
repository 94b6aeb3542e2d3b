import { createHash } from 'node:crypto'
import type { Batch, StreamRecord } from '../codec/lambda-event.ts'
import { toBasicIso } from '../record/date.ts'

/** The namespace of this project's names. It is arbitrary, and must never change. */
const namespace = Buffer.from('5f0c1b1e8d6b5d0e9a3c7e4a2f6d8b10', 'hex')

/** Returns the name-based UUID (RFC 9562, version 5) of a list of texts. Different lists have different UUIDs. */
export function nameUuid(parts: readonly string[]): string {
  const hash = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

/** SHA-256 over records in order, each payload and sequence number with its length before it. */
function digest(records: readonly StreamRecord[]): string {
  const hash = createHash('sha256')
  for (const { sequence, payload } of records) {
    hash.update(`${Buffer.byteLength(sequence)}:${sequence}${payload.length}:`).update(payload)
  }
  return hash.digest('hex')
}

/** Where a batch of records came from. */
export type Origin = Omit<Batch, 'records'>

export type Placement = {
  readonly type: string
  readonly partitionDate: string
  /** The records placed in the object, in order; at least one. */
  readonly records: readonly StreamRecord[]
  /** The arrival of the first record, or the time of its change when the arrival is unknown. */
  readonly timestampMs: number
}

/** Returns `{timestamp}-{uuid}`. It depends on the records placed in the object and on nothing else. */
export function objectName(origin: Origin, placement: Placement): string {
  const { type, partitionDate, records, timestampMs } = placement
  const { stream, shard, error } = origin
  const replayed = error === undefined ? [] : [error]
  return `${toBasicIso(timestampMs)}-${nameUuid([stream, shard, type, partitionDate, digest(records), ...replayed])}`
}

/** Returns `data/{type}/partition_date=YYYY-MM-DD/{name}.avro`. */
export function objectKey(placement: Placement, name: string): string {
  return `data/${placement.type}/partition_date=${placement.partitionDate}/${name}.avro`
}

/** Returns `{timestamp}-{uuid}` for the error file of one record. */
export function errorName(origin: Origin, record: StreamRecord, timestampMs: number): string {
  return `${toBasicIso(timestampMs)}-${nameUuid([origin.stream, origin.shard, 'error', digest([record])])}`
}

/** Returns `errors/{name}.json`. */
export function errorKey(name: string): string {
  return `errors/${name}.json`
}

/** Returns the sync marker of the container under a key. */
export function syncMarker(key: string): Uint8Array {
  return createHash('sha256').update(key).digest().subarray(0, 16)
}
