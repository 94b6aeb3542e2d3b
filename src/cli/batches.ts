import { basename } from 'node:path'
import { decodeUtf8 } from '../codec/envelope.ts'
import type { StreamRecord } from '../codec/row.ts'
import { isKinesisEvent, readKinesisEvent } from '../delivery/event.ts'
import type { Batch } from '../delivery/plan.ts'
import { type Input, type Line, lineBytesMax, splitLines } from './lines.ts'

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
 * Cuts an input into batches: lines of change records gathered up to a batch, or whole Lambda events, each as its
 * own. A line that is neither is a record all the same, and will be an error file. A file that is one JSON document
 * over several lines counts as a single line.
 *
 * The cut depends on the input alone, so that a second run makes the same objects.
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
  for await (const line of joinDocument(splitLines(input))) {
    const event = readEvent(line.bytes)
    if (event) {
      if (records.length > 0) yield flush()
      yield* event
      continue
    }
    if (records.length > 0 && held + line.bytes.length > batchBytesMax) yield flush()
    records.push({ payload: line.bytes, sequence: String(line.number) })
    held += line.bytes.length
    if (records.length >= options.batchRecordsMax) yield flush()
  }
  if (records.length > 0) yield flush()
}

/** The batches of a line that is a Lambda event, or undefined for any other line. */
function readEvent(bytes: Uint8Array): readonly Batch[] | undefined {
  // An event's only member is Records, so there is no need to parse what does not begin with it.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).includes('"Records"'))
    return undefined
  const event = parse(bytes)
  return isKinesisEvent(event) ? readKinesisEvent(event) : undefined
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? '')
  } catch {
    return undefined
  }
}

/** Joins the lines of an input that is one JSON document, as editors and consoles print it; others pass through. */
async function* joinDocument(lines: AsyncGenerator<Line>): AsyncGenerator<Line> {
  const first = await lines.next()
  if (first.done) return
  if (
    !/^\s*[[{]\s*$/.test(decodeUtf8(first.value.bytes.subarray(0, 64)) ?? '') ||
    first.value.bytes.length > 64
  ) {
    yield first.value
    yield* lines
    return
  }
  const held = [first.value]
  let bytes = first.value.bytes.length
  // Not `for await`: leaving it early would close the lines that are yet to come.
  while (bytes <= lineBytesMax) {
    const { value: line, done } = await lines.next()
    if (done) break
    held.push(line)
    bytes += line.bytes.length
  }
  const whole = Buffer.concat(
    held.flatMap((line, index) => (index === 0 ? [line.bytes] : [Buffer.from('\n'), line.bytes])),
  )
  if (parse(whole) === undefined) yield* held
  else yield { number: first.value.number, bytes: whole }
  yield* lines
}
