import type { Handler } from '../../delivery/handler.ts'
import type { Log } from '../../runtime.ts'
import type { KinesisStream } from '../kinesis/connection.ts'
import { type NewRecord, putChanges, recordBytes, recordBytesMax } from '../kinesis/put.ts'

export type ForwardParts = {
  readonly kinesis: KinesisStream
  readonly log: Log
  /** Told of each change that is too large for Kinesis. */
  readonly skipped: () => void
}

/** The part of a Kinesis event that is passed on. */
type Entry = {
  readonly eventID: string
  readonly kinesis: { readonly partitionKey: string; readonly data: string }
}

// Far longer than the retries of a put take, which end by themselves.
const putMs = 300_000

/**
 * A function for the event source mapping that puts the records of its events into Kinesis, each key in order. A
 * change that no record of Kinesis can hold is left out, as Kinesis Data Streams for DynamoDB leaves it out, and said
 * in the log.
 */
export function createForwarder({ kinesis, log, skipped }: ForwardParts): Handler {
  return async (event) => {
    const { Records } = event as { readonly Records: readonly Entry[] }
    const records: NewRecord[] = []
    for (const entry of Records) {
      const { partitionKey, data } = entry.kinesis
      const record = { partitionKey, bytes: Buffer.from(data, 'base64') }
      if (recordBytes(record) <= recordBytesMax) {
        records.push(record)
        continue
      }
      skipped()
      const bytes = recordBytes(record)
      log({ level: 'error', message: 'change skipped: too large for Kinesis', record: entry.eventID, bytes })
    }
    await putChanges(kinesis, records, kinesis.service.runtime.timeout(putMs))
  }
}
