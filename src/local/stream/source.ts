import type { Runtime } from '../../runtime.ts'
import {
  type ChangeSource,
  type Position,
  type SourceRead,
  type SourceRecord,
  sourceUnavailable,
} from '../source.ts'
import type { TableDatabase } from '../table/database.ts'
import { damageOf, sqliteCode } from '../table/failure.ts'
import type { ChangeRow } from '../table/rows.ts'
import { toPosition, toSequence } from './sequence.ts'

export type Stream = {
  readonly source: ChangeSource
  /** Wakes the readers that wait: there are changes, or other shards, that are durable. */
  wake(): void
}

const readBytesMax = 8 * 1024 * 1024

type ReadOptions = { readonly recordsMax: number; readonly waitMs?: number; readonly signal?: AbortSignal }

/** The stream of a table's changes: each is a record of the shard that its partition key falls to. */
export function createStream(
  arn: string,
  database: Pick<TableDatabase, 'state' | 'changes'>,
  { timer }: Pick<Runtime, 'timer'>,
): Stream {
  let isClosed = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const resolve of waiting) resolve()
  }
  return {
    wake,
    source: {
      arn,
      async listShards() {
        checkOpen()
        const { shards } = database.state
        const ids = new Set(shards.map(({ id }) => id))
        return shards.map(({ id, parents }) => ({ id, parents: parents.filter((parent) => ids.has(parent)) }))
      },
      async read(shard, position, options) {
        checkOpen(options.signal)
        const read = readOnce(shard, position, options)
        if (read.records.length > 0 || read.isEnded || !options.waitMs) return read
        await news(options.waitMs, options.signal)
        checkOpen(options.signal)
        return readOnce(shard, position, options)
      },
      async close() {
        isClosed = true
        wake()
      },
    },
  }

  function checkOpen(signal?: AbortSignal): void {
    if (isClosed) throw sourceUnavailable('the stream is closed')
    if (signal?.aborted) throw sourceUnavailable('the read was stopped', signal.reason)
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

  function readOnce(id: string, position: Position, { recordsMax }: ReadOptions): SourceRead {
    const { state } = database
    const shard = state.shards.find((candidate) => candidate.id === id)
    if (shard === undefined)
      throw sourceUnavailable(`there is no shard ${id}, or none of its records is kept`)
    const after = position === 'oldest' ? undefined : positionOf(position.after)
    const from = Math.max(after === undefined ? 0 : after + 1, shard.opened, state.first)
    const end = Math.min(shard.closed ?? state.next, state.next)
    const { records, last } = take(id, from, end, recordsMax)
    const at = last === undefined ? Math.max(from, end) : last.position + 1
    return {
      records,
      next: { after: toSequence(at - 1) },
      isEnded: shard.closed !== undefined && at >= shard.closed,
      behindMs: last === undefined ? 0 : Math.max(1, state.newestMs - last.arrivedMs),
      // Before its first change there is nothing to have been read: such a position is that of a stream before this one.
      isTrimmed: after !== undefined && ((state.trimmed[id] ?? -1) > after || after + 1 < shard.opened),
    }
  }

  function positionOf(sequence: string): number {
    const position = toPosition(sequence)
    if (position === undefined || position >= database.state.next)
      throw sourceUnavailable('the position is none of this stream; read on from the oldest record')
    return position
  }

  /** As many records as a read gives, with the last one if more of the shard follow. */
  function take(id: string, from: number, end: number, recordsMax: number) {
    const records: SourceRecord[] = []
    let last: ChangeRow | undefined
    let bytes = 0
    try {
      for (const change of database.changes(id, from, end)) {
        if (records.length >= recordsMax || bytes >= readBytesMax) return { records, last }
        last = change
        records.push(toRecord(change))
        bytes += change.bytes.length
      }
    } catch (error) {
      const why = damageOf(error) ?? sqliteCode(error)
      throw why === undefined ? error : sourceUnavailable(`the stream could not be read: ${why}`, error)
    }
    return { records, last: undefined }
  }
}

function toRecord({ position, partitionKey, bytes, arrivedMs }: ChangeRow): SourceRecord {
  return { sequence: toSequence(position), partitionKey, bytes, arrivedMs }
}
