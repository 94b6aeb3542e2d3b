import { PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import { systemCode } from '../../store/failure.ts'
import type { ChangeSource, Position, SourceRead, SourceRecord } from '../source.ts'
import type { Entry } from './frame.ts'
import type { Log } from './log.ts'
import { CorruptLog } from './segment.ts'
import { toIndex, toSequence } from './sequence.ts'
import { holds, type ShardState } from './shards.ts'
import { type Hashed, type Tail, toHashed } from './tail.ts'

/** What the stream knows beside its log. Replaced, never changed. */
export type StreamState = {
  readonly shards: readonly ShardState[]
  /** By shard: the index of the last of its entries that was dropped at the end of its retention. */
  readonly trimmed: { readonly [shard: string]: number }
}

export type Stream = {
  readonly source: ChangeSource
  state: StreamState
  /** Shows entries to the readers; they are durable, and follow those shown before. */
  publish(entries: readonly Entry[]): void
}

// A read looks at no more than this, for how few records of its shard ever.
const readBytesMax = 8 * 1024 * 1024
const diskBytes = 1024 * 1024
const tailCount = 2_000

type ReadOptions = { readonly recordsMax: number; readonly waitMs?: number; readonly signal?: AbortSignal }

/** The stream over a log: every change entry is a record of the shard that its partition key falls to. */
export function createStream(
  arn: string,
  log: Log,
  tail: Tail,
  initial: StreamState,
  { timer }: Pick<Runtime, 'timer'>,
): Stream {
  let tip = log.next
  let isClosed = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const resolve of waiting) resolve()
  }
  const stream: Stream = {
    state: initial,
    publish(entries) {
      for (const entry of entries) tail.push(entry)
      tip = log.next
      wake()
    },
    source: {
      arn,
      async listShards() {
        checkOpen()
        const kept = stream.state.shards.filter(({ closed }) => closed === undefined || closed > log.first)
        const ids = new Set(kept.map(({ id }) => id))
        return kept.map(({ id, parents }) => ({ id, parents: parents.filter((parent) => ids.has(parent)) }))
      },
      async read(shard, position, options) {
        checkOpen(options.signal)
        const seen = tip
        const read = await readOnce(shard, position, options)
        if (read.records.length > 0 || read.isEnded || read.behindMs > 0 || !options.waitMs) return read
        // What came during the read has woken nobody.
        if (tip === seen) await news(options.waitMs, options.signal)
        checkOpen(options.signal)
        return readOnce(shard, position, options)
      },
      async close() {
        isClosed = true
        wake()
      },
    },
  }
  return stream

  function checkOpen(signal?: AbortSignal): void {
    if (isClosed) throw unavailable('the stream is closed')
    if (signal?.aborted) throw unavailable('the read was stopped', signal.reason)
  }

  /** Resolves with the next entry, of whatever shard, or when there is no more reason to wait. */
  async function news(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    let stop = () => {}
    let done = () => {}
    await new Promise<void>((resolve) => {
      done = resolve
      waiting.add(done)
      stop = timer(waitMs, done)
      signal?.addEventListener('abort', done, { once: true })
    })
    stop()
    waiting.delete(done)
    signal?.removeEventListener('abort', done)
  }

  async function readOnce(id: string, position: Position, { recordsMax }: ReadOptions): Promise<SourceRead> {
    const shard = stream.state.shards.find((candidate) => candidate.id === id)
    if (shard === undefined) throw unavailable(`there is no shard ${id}, or none of its records is kept`)
    const after = position === 'oldest' ? undefined : indexOf(position.after)
    const from = Math.max(after === undefined ? 0 : after + 1, shard.opened, log.first)
    const end = Math.min(shard.closed ?? tip, tip)
    const scan = await scanShard(shard, from, end, recordsMax)
    const isEnded = shard.closed !== undefined && scan.at >= shard.closed
    const trimmed = stream.state.trimmed[id] ?? -1
    return {
      records: scan.records,
      next: { after: toSequence(scan.at - 1) },
      isEnded,
      behindMs: scan.at >= end ? 0 : Math.max(1, tail.newestMs - scan.arrivedMs),
      // Before its first entry there is nothing to have been read: such a position is that of a stream before this one.
      isTrimmed: after !== undefined && (trimmed > after || after + 1 < shard.opened),
    }
  }

  function indexOf(sequence: string): number {
    const index = toIndex(sequence)
    if (index === undefined || index >= tip)
      throw unavailable('the position is none of this stream; read on from the oldest record')
    return index
  }

  async function scanShard(shard: ShardState, from: number, end: number, recordsMax: number) {
    const records: SourceRecord[] = []
    let at = from
    let bytes = 0
    let arrivedMs = 0
    while (at < end && records.length < recordsMax && bytes < readBytesMax) {
      const found = tail.from(at, tailCount) ?? (await fromDisk(at))
      if (found.length === 0) {
        // Dropped meanwhile.
        if (log.first <= at) break
        at = log.first
      }
      for (const { entry, hash } of found) {
        if (entry.index >= end || records.length >= recordsMax) break
        at = entry.index + 1
        arrivedMs = entry.arrivedMs
        bytes += entry.bytes.length
        if (entry.kind === 'change' && holds(shard, entry.index, hash)) records.push(toRecord(entry))
      }
    }
    return { records, at: Math.max(at, from), arrivedMs }
  }

  async function fromDisk(index: number): Promise<readonly Hashed[]> {
    try {
      return (await log.read(index, diskBytes)).map(toHashed)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'ENOENT' && log.first > index) return []
      if (code !== undefined) throw unavailable(`the log could not be read (${code})`, error)
      if (error instanceof CorruptLog) throw unavailable(`the log could not be read: ${error.message}`, error)
      throw error
    }
  }
}

function toRecord({ index, partitionKey, bytes, arrivedMs }: Entry): SourceRecord {
  return { sequence: toSequence(index), partitionKey, bytes, arrivedMs }
}

function unavailable(what: string, cause?: unknown): PipelineError {
  return new PipelineError('SOURCE_UNAVAILABLE', `${what}.`, { cause })
}
