import type { Position, SourceRecord } from '../source.ts'

/** A batch as it was cut, so that it can be cut the same again. Sequence numbers are decimal digits. */
export type Cut = { readonly first: string; readonly last: string; readonly records: number }

/** How far a lane is: all its records up to `done` are finished; `cut` is under way, or was when it stopped. */
export type LaneState = { readonly done?: string; readonly cut?: Cut }

/** How far a shard is: what is kept between runs. */
export type ShardProgress = {
  /** All records up to here are finished. */
  readonly position: Position
  /** One for each of the shard's parallel batches. A partition key always falls to the same one. */
  readonly lanes: readonly LaneState[]
  /** The shard is closed, and all its records are finished. */
  readonly isEnded?: true
}

export type BatchLimits = {
  readonly records: number
  /** Of the event that carries the batch. */
  readonly bytes: number
  /** How long the first record of a batch waits for more, in milliseconds. */
  readonly windowMs: number
}

export type TrackedBatch = { readonly lane: number; readonly records: readonly SourceRecord[] }

type Lane = {
  done: string | undefined
  cut: Cut | undefined
  /** Bytes of the batch under way, undefined where there is none. */
  running: number | undefined
  readonly waiting: SourceRecord[]
  /** Of those that wait. */
  bytes: number
  sinceMs: number
}

export type Held = {
  readonly records: number
  readonly bytes: number
  /** When the oldest of them arrived, in milliseconds since 1970. */
  readonly oldestMs?: number
}

/**
 * What of a shard was read, is under way and is finished: pure state, to which time and everything else comes from
 * outside. Records go to lanes by partition key; a lane has one batch under way at most, so each key stays in order.
 */
export type Track = {
  /** Where to read on. */
  readonly position: () => Position
  /** Records that were read and are not finished, and the bytes that their events will have. */
  readonly held: () => Held
  /** Takes in what a read gave. */
  readonly take: (records: readonly SourceRecord[], next: Position, isEnded: boolean, nowMs: number) => void
  /** The shard is closed, and all its records were read. */
  readonly isRead: () => boolean
  /** And all of them are finished. */
  readonly isEnded: () => boolean
  /** The batches that are due, each of a lane that has none under way. `isFinal`: no more records will come. */
  readonly cut: (nowMs: number, isFinal: boolean) => readonly TrackedBatch[]
  /** When the next batch is due if nothing comes, in milliseconds since 1970. */
  readonly dueMs: () => number | undefined
  /** A lane's batch is finished. */
  readonly finish: (lane: number) => void
  /** What must be on disk before a batch that was cut is delivered. */
  readonly state: () => ShardProgress
}

/**
 * Goes on from a state. Batches that were cut then are cut again as they were, before all others of their lane.
 * `sizeOf` gives a record's bytes within an event, `laneOf` which of so many lanes a partition key falls to.
 */
export function createTrack(
  start: ShardProgress,
  limits: BatchLimits,
  sizeOf: (record: SourceRecord) => number,
  laneOf: (partitionKey: string, lanes: number) => number,
): Track {
  const lanes = start.lanes.map(
    ({ done, cut }): Lane => ({ done, cut, running: undefined, waiting: [], bytes: 0, sinceMs: 0 }),
  )
  // What was read and is not known to be finished, in the shard's order.
  const open: { readonly sequence: string; readonly lane: number; readonly arrivedMs: number }[] = []
  let firstOpen = 0
  let finished = start.position
  let readTo = start.position
  let isRead = start.isEnded === true
  let heldRecords = 0
  let heldBytes = 0

  const isDone = (sequence: string, { done }: Lane) =>
    done !== undefined && compareSequences(sequence, done) <= 0

  /** Moves the position over everything that is finished. */
  const settle = () => {
    while (firstOpen < open.length) {
      const { sequence, lane } = open[firstOpen] as (typeof open)[number]
      if (!isDone(sequence, lanes[lane] as Lane)) return
      finished = { after: sequence }
      firstOpen += 1
    }
    open.length = 0
    firstOpen = 0
    finished = readTo
  }

  /** How many of the waiting records make a batch that is full, or none. */
  const fullAt = (lane: Lane): number | undefined => {
    if (lane.waiting.length < limits.records && lane.bytes <= limits.bytes) return undefined
    let bytes = 0
    for (let at = 0; at < lane.waiting.length; at++) {
      bytes += sizeOf(lane.waiting[at] as SourceRecord)
      // One record alone may pass the bound: it has to be delivered somehow.
      if (bytes > limits.bytes && at > 0) return at
      if (at + 1 === limits.records) return at + 1
    }
    return undefined
  }

  /** How many of the waiting records are due as a batch. */
  const dueOf = (lane: Lane, nowMs: number, isFinal: boolean): number => {
    const all = lane.waiting.length
    if (lane.running !== undefined || all === 0) return 0
    const before = lane.cut
    if (!before) {
      const isDue = isFinal || nowMs >= lane.sinceMs + limits.windowMs
      return fullAt(lane) ?? (isDue ? all : 0)
    }
    const end = lane.waiting.findIndex(({ sequence }) => compareSequences(sequence, before.last) > 0)
    if (end >= 0) return end
    const isWhole = compareSequences(lane.waiting.at(-1)?.sequence ?? '', before.last) === 0
    return isWhole || isFinal ? all : 0
  }

  return {
    position: () => readTo,
    held: () => {
      const oldest = open[firstOpen]
      return { records: heldRecords, bytes: heldBytes, ...(oldest ? { oldestMs: oldest.arrivedMs } : {}) }
    },
    take: (records, next, isEnded, nowMs) => {
      for (const record of records) {
        const index = laneOf(record.partitionKey, lanes.length)
        const lane = lanes[index] as Lane
        if (isDone(record.sequence, lane)) continue
        open.push({ sequence: record.sequence, lane: index, arrivedMs: record.arrivedMs })
        if (lane.waiting.length === 0) lane.sinceMs = nowMs
        // What was cut before is not in the stream any more.
        const isCutGone = lane.cut && compareSequences(record.sequence, lane.cut.last) > 0
        if (isCutGone && lane.running === undefined && lane.waiting.length === 0) lane.cut = undefined
        const bytes = sizeOf(record)
        lane.waiting.push(record)
        lane.bytes += bytes
        heldRecords += 1
        heldBytes += bytes
      }
      readTo = next
      isRead ||= isEnded
      settle()
    },
    isRead: () => isRead,
    isEnded: () => isRead && open.length === firstOpen,
    cut: (nowMs, isFinal) => {
      const batches: TrackedBatch[] = []
      for (const [index, lane] of lanes.entries()) {
        const records = lane.waiting.splice(0, dueOf(lane, nowMs, isFinal || isRead))
        const [first] = records
        const last = records.at(-1)
        if (!first || !last) continue
        lane.running = records.reduce((sum, record) => sum + sizeOf(record), 0)
        lane.bytes -= lane.running
        lane.cut = { first: first.sequence, last: last.sequence, records: records.length }
        lane.sinceMs = nowMs
        batches.push({ lane: index, records })
      }
      return batches
    },
    dueMs: () => {
      const due = lanes.flatMap((lane) =>
        lane.running !== undefined || lane.waiting.length === 0 || lane.cut
          ? []
          : [lane.sinceMs + limits.windowMs],
      )
      return due.length === 0 ? undefined : Math.min(...due)
    },
    finish: (index) => {
      const lane = lanes[index] as Lane
      if (lane.running === undefined || !lane.cut) throw new Error(`lane ${index} has no batch under way`)
      lane.done = lane.cut.last
      heldRecords -= lane.cut.records
      heldBytes -= lane.running
      lane.cut = undefined
      lane.running = undefined
      settle()
    },
    state: () => ({
      position: finished,
      lanes: lanes.map(({ done, cut }) => ({
        ...(done === undefined ? {} : { done }),
        ...(cut ? { cut } : {}),
      })),
      ...(isRead && open.length === firstOpen ? { isEnded: true } : {}),
    }),
  }
}

/** Sequence numbers in their order: numbers of any length, without zeros in front. */
export function compareSequences(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
