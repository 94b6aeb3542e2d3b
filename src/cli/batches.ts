import { basename } from 'node:path'
import { decodeUtf8 } from '../codec/envelope.ts'
import type { Batch, StreamRecord } from '../codec/lambda-event.ts'
import { isChangeEvent, readChangeEvent } from '../codec/lambda-event.ts'

import { readDocuments } from './documents.ts'
import type { Input } from './lines.ts'

export type BatchOptions = {
  readonly stream: string
  /** Where the input's records say no shard: the shard. */
  readonly shard: string
  /** At most so many records a batch. */
  readonly batchRecordsMax: number
}

/** What Lambda takes at most in one call: a batch of plain lines is cut there too. */
const batchBytesMax = 6 * 1024 * 1024

/** The shard that stands for a file, so that equal lines of two files stay two records. */
export function shardOf(path: string): string {
  return path === '-'
    ? 'stdin'
    : basename(path)
        .replace(/\.gz$/, '')
        .replace(/\.[^.]*$/, '')
}

/**
 * Cuts an input into batches: documents gathered up to a batch, or whole Lambda events, each as its own. A document that
 * is neither a change record nor an event is a record all the same, and will be an error file.
 *
 * The cut depends on the input alone, so that a second run makes the same objects. Throws INPUT_INVALID as
 * `readDocuments` does, after the batches of what could be read.
 */
export async function* cutBatches(input: Input, options: BatchOptions): AsyncGenerator<Batch> {
  const { stream, shard } = options
  let records: StreamRecord[] = []
  let held = 0
  const flush = (): Batch => {
    const batch = { stream, shard, records }
    records = []
    held = 0
    return batch
  }
  let failure: unknown
  try {
    for await (const { number, bytes } of readDocuments(input)) {
      const event = readEvent(bytes)
      if (event) {
        if (records.length > 0) yield flush()
        yield* event
        continue
      }
      if (records.length > 0 && held + bytes.length > batchBytesMax) yield flush()
      records.push({ payload: bytes, sequence: String(number) })
      held += bytes.length
      if (records.length >= options.batchRecordsMax) yield flush()
    }
  } catch (error) {
    failure = error
  }
  if (records.length > 0) yield flush()
  if (failure) throw failure
}

/** The batches of a document that is a Lambda event, or undefined for any other. */
function readEvent(bytes: Uint8Array): readonly Batch[] | undefined {
  // Only what names Records somewhere has to be parsed.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"Records"')) return undefined
  const event = parse(bytes)
  try {
    return isChangeEvent(event) ? readChangeEvent(event) : undefined
  } catch (error) {
    // An entry that is nested so deeply that it cannot be written again: no event of Lambda, so a record like any other.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? '')
  } catch {
    return undefined
  }
}
