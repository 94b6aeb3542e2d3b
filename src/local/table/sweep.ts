import type { Clock } from '../../runtime.ts'
import type { Log } from '../stream/log.ts'
import { readSegment, type Segment } from '../stream/segment.ts'
import { hashKey, holds } from '../stream/shards.ts'
import type { Stream, StreamState } from '../stream/source.ts'
import type { Committer } from './commit.ts'
import { isExpired } from './item.ts'
import { type Stored, writeSnapshot } from './snapshot.ts'
import type { Times } from './times.ts'

export type Swept = {
  /** Items that the expiry has deleted. */
  readonly expired: number
  /** Segments of the stream that have passed their retention and are gone. */
  readonly dropped: number
  readonly isSnapshotMade: boolean
}

export type SweepOptions = {
  readonly items: ReadonlyMap<string, Stored>
  readonly times: Times
  readonly log: Log
  readonly stream: Stream
  readonly committer: Committer
  readonly clock: Clock
  readonly retentionMs: number
  readonly folder: string
  readonly isSnapshotDue: () => boolean
  readonly unsnapshotted: () => number
  /** The entries so far, of so many bytes, need no replay any more. */
  readonly snapshotted: (bytes: number) => void
}

/** A day's retention is kept to the hour. */
const segmentsPerRetention = 24
const expiredAtOnce = 1_000
const trimBytes = 1024 * 1024

/** The table's upkeep, one run at a time: a call during a run gets that run. */
export function sweepTable(options: SweepOptions): { run: () => Promise<Swept>; done: () => Promise<void> } {
  let running: Promise<Swept> | undefined
  return {
    run() {
      running ??= sweep(options).finally(() => {
        running = undefined
      })
      return running
    },
    async done() {
      // Whoever called `run` hears of a failure.
      await running?.catch(() => undefined)
    },
  }
}

async function sweep(options: SweepOptions): Promise<Swept> {
  const { log, stream, committer, clock, retentionMs } = options
  const expired = await expire(options)
  await committer.alone(async () => {
    const isOld = clock() - (await log.begunMs()) >= retentionMs / segmentsPerRetention
    if (isOld || options.isSnapshotDue()) await log.roll(clock())
  })
  const finished = await log.finished(clock() - retentionMs, log.next)
  if (finished.length === 0 && !options.isSnapshotDue()) return { expired, dropped: 0, isSnapshotMade: false }
  const trimmed = await trim(finished, stream.state)
  options.times.forget((clock() - retentionMs) * 1000)
  await snapshot(options, finished, trimmed)
  await committer.alone(async () => {
    stream.state = { ...stream.state, trimmed }
    await log.drop(finished)
  })
  return { expired, dropped: finished.length, isSnapshotMade: true }
}

/** Deletes as DynamoDB's expiry does, each delete a change of its own. */
async function expire({ items, committer, clock }: SweepOptions): Promise<number> {
  const nowMs = clock()
  const keys: string[] = []
  for (const [key, { expirySeconds }] of items) if (isExpired(expirySeconds, nowMs)) keys.push(key)
  for (let at = 0; at < keys.length; at += expiredAtOnce) {
    const some = keys.slice(at, at + expiredAtOnce)
    await Promise.all(some.map((key) => committer.write({ kind: 'expire', key })))
  }
  return keys.length
}

/** What readers must be told once the segments are gone: up to where they held records, for each shard. */
async function trim(segments: readonly Segment[], state: StreamState): Promise<StreamState['trimmed']> {
  const trimmed = { ...state.trimmed }
  for (const segment of segments) {
    for (let from = segment.first; ; ) {
      const entries = await readSegment(segment, from, trimBytes)
      const last = entries.at(-1)
      if (last === undefined) break
      for (const { index, kind, partitionKey } of entries) {
        if (kind !== 'change') continue
        const hash = hashKey(partitionKey)
        const shard = state.shards.find((candidate) => holds(candidate, index, hash))
        if (shard) trimmed[shard.id] = index
      }
      from = last.index + 1
    }
  }
  return trimmed
}

async function snapshot(
  { items, times, log, stream, committer, folder, unsnapshotted, snapshotted }: SweepOptions,
  finished: readonly Segment[],
  trimmed: StreamState['trimmed'],
): Promise<void> {
  // Taken between two groups of writes, and written beside those that follow: items are replaced, never changed.
  const { bytes, ...taken } = await committer.alone(async () => ({
    bytes: unsnapshotted(),
    index: log.next,
    floor: times.floor,
    tombstones: [...times.tombstones],
    items: [...items],
    shards: stream.state.shards,
  }))
  const first = finished.at(-1)?.first ?? 0
  // A closed shard whose last entry goes with these segments is not listed any more.
  const shards = taken.shards.filter(({ closed }) => closed === undefined || closed > first)
  await writeSnapshot(folder, { ...taken, shards, trimmed })
  snapshotted(bytes)
}
