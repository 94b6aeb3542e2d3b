import type { KinesisRecord } from '../codec/lambda-event.ts'
import { PipelineError } from '../record/error.ts'

/** A record of a stream, as it was put there. */
export type SourceRecord = KinesisRecord

export type Shard = {
  readonly id: string
  /** The shards that were split or merged into this one: they must be read to their end before it. */
  readonly parents: readonly string[]
}

/** Where to read on in a shard: behind a record that was read, or at the oldest one that is kept. */
export type Position = { readonly after: string } | 'oldest'

export type SourceRead = {
  /** In the order of their sequence numbers. */
  readonly records: readonly SourceRecord[]
  /** Where to read on. */
  readonly next: Position
  /** The shard is closed and was read to its end: nothing will ever follow. */
  readonly isEnded: boolean
  /** How far the last record that was looked at lies behind the newest, in milliseconds; 0 at the tip. */
  readonly behindMs: number
  /** Records behind `Position` had been dropped at the end of their retention before they were read. */
  readonly isTrimmed: boolean
}

/**
 * The outside seam to a stream of changes: the embedded one on one machine, Kinesis in AWS.
 *
 * A record may come more than once, never less than once while it is retained; within a shard the order is that of the
 * sequence numbers, and all records of one partition key that were put in order lie so in one shard or its children.
 *
 * Throws SOURCE_UNAVAILABLE, which is retryable, when the stream cannot be read.
 */
export interface ChangeSource {
  /** The stream's ARN; it names the source in events and in object keys. */
  readonly arn: string
  /** Every shard that may still hold records, closed ones included. */
  listShards(options?: { signal?: AbortSignal }): Promise<readonly Shard[]>
  /** Up to `recordsMax` records. At the tip it may wait up to `waitMs` for one, and may give none. */
  read(
    shard: string,
    position: Position,
    options: { readonly recordsMax: number; readonly waitMs?: number; readonly signal?: AbortSignal },
  ): Promise<SourceRead>
  close(): Promise<void>
}

/** The error of a source that cannot be read. `what` is a sentence without its full stop, which names the fix if there is one. */
export function sourceUnavailable(what: string, cause?: unknown): PipelineError {
  return new PipelineError('SOURCE_UNAVAILABLE', `${what}.`, { cause })
}
