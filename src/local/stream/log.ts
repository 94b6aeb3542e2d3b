import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../store/folder.ts'
import { type Entry, encodeFrame } from './frame.ts'
import {
  begunMs,
  CorruptLog,
  firstOf,
  mark,
  readSegment,
  type Segment,
  scanSegment,
  segmentName,
} from './segment.ts'

export type NewEntry = Pick<Entry, 'kind' | 'partitionKey' | 'bytes'>

/**
 * An append-only log in a folder that this process alone writes to. What was appended is durable; after a kill or a
 * power cut it is all there, and of what was under way all or nothing.
 *
 * One call of `append`, `roll` or `drop` at a time; reading goes on beside them. Errors of the file system pass as
 * they are; CorruptLog says that a file was damaged.
 */
export type Log = {
  /** The index of the oldest entry that is kept; `next` where none is. */
  readonly first: number
  /** The index that the next entry will get. */
  readonly next: number
  /** Bytes of the segment that is being written. */
  readonly segmentBytes: number
  append(entries: readonly NewEntry[], nowMs: number): Promise<readonly Entry[]>
  /** Begins a new segment, unless the last one is empty. */
  roll(nowMs: number): Promise<void>
  /** The oldest segments, as far as they were finished before that time and hold no entry from `index` on. */
  finished(beforeMs: number, index: number): Promise<readonly Segment[]>
  /** They are gone for readers at once. */
  drop(oldest: readonly Segment[]): Promise<void>
  /** Entries from an index on, about `bytesMax` bytes of them; at least one, where there is one. */
  read(index: number, bytesMax: number): Promise<readonly Entry[]>
  /** When the segment that is being written was begun. */
  begunMs(): Promise<number>
  close(): Promise<void>
}

export type LogOptions = {
  /** The index of the first entry of a log that is made now. */
  readonly start: number
  /** Entries from this index on are shown to `visit`; those before are known already. */
  readonly from?: number
  readonly visit: (entry: Entry) => void
  readonly nowMs: number
  readonly segmentBytesMax: number
}

/** Opens the log, or makes one. Cuts off what a killed writer has left half done. @throws CorruptLog */
export async function openLog(folder: string, options: LogOptions): Promise<Log> {
  const segments = await findSegments(folder)
  let next = await scan(segments, options)
  let handle: FileHandle | undefined
  /** Bytes may lie behind the sound ones, and must go before anything is written there. */
  let isDirty = true
  let isNamed = true

  const last = () => segments.at(-1)!
  if (segments.length === 0) await begin(options.start, options.nowMs)
  else handle = await open(last().path, 'r+')

  async function begin(first: number, nowMs: number): Promise<void> {
    const header = encodeFrame({ first, arrivedMs: nowMs, entries: [] })
    // Aside first: a segment that is there has its header.
    const temp = join(folder, 'next.tmp')
    const made = await open(temp, 'w', 0o600)
    const path = join(folder, segmentName(first))
    try {
      await writeAll(made, header, 0)
      await made.datasync()
      await rename(temp, path)
    } catch (error) {
      await made.close()
      throw error
    }
    await handle?.close()
    handle = made
    segments.push({ path, first, bytes: header.length, marks: [{ index: first, offset: 0 }] })
    next = first
    isDirty = false
    isNamed = false
    await name()
  }

  async function name(): Promise<void> {
    if (isNamed) return
    await syncFolder(folder)
    isNamed = true
  }

  async function clean(): Promise<void> {
    if (!isDirty) return
    await handle!.truncate(last().bytes)
    await handle!.datasync()
    isDirty = false
  }

  async function roll(nowMs: number): Promise<void> {
    await clean()
    if (next > last().first) await begin(next, nowMs)
  }

  return {
    get first() {
      return segments[0]!.first
    },
    get next() {
      return next
    },
    get segmentBytes() {
      return last().bytes
    },
    async append(fresh, nowMs) {
      if (last().bytes >= options.segmentBytesMax) await roll(nowMs)
      await clean()
      await name()
      const entries = fresh.map((entry, at) => ({ ...entry, index: next + at, arrivedMs: nowMs }))
      const frame = { first: next, arrivedMs: nowMs, entries }
      const bytes = encodeFrame(frame)
      isDirty = true
      await writeAll(handle!, bytes, last().bytes)
      await handle!.datasync()
      isDirty = false
      mark(last(), frame, last().bytes)
      last().bytes += bytes.length
      next += entries.length
      return entries
    },
    roll,
    async finished(beforeMs, index) {
      const found: Segment[] = []
      for (const [at, segment] of segments.entries()) {
        const following = segments[at + 1]
        if (following === undefined || following.first > index) break
        if (((await begunMs(following)) ?? beforeMs) >= beforeMs) break
        found.push(segment)
      }
      return found
    },
    async drop(oldest) {
      if (oldest.some((segment, at) => segment !== segments[at]) || oldest.length >= segments.length)
        throw new Error('only the oldest segments are dropped, and not the last')
      segments.splice(0, oldest.length)
      for (const { path } of oldest) await rm(path, { force: true })
    },
    async read(index, bytesMax) {
      const segment = segments.findLast((candidate) => candidate.first <= index)
      if (segment === undefined || index >= next) return []
      return readSegment(segment, index, bytesMax)
    },
    begunMs: async () => (await begunMs(last())) ?? options.nowMs,
    async close() {
      const open = handle
      handle = undefined
      await open?.close()
    },
  }
}

async function findSegments(folder: string): Promise<Segment[]> {
  const segments: Segment[] = []
  for (const name of (await readdir(folder)).sort()) {
    const first = firstOf(name)
    if (first === undefined) continue
    const path = join(folder, name)
    segments.push({ path, first, bytes: (await stat(path)).size, marks: [] })
  }
  return segments
}

/** Reads what `from` asks for, and the last segment always, for its end. Gives the index behind the last entry. */
async function scan(segments: readonly Segment[], { from = 0, visit }: LogOptions): Promise<number> {
  let next = segments[0]?.first ?? 0
  for (const [at, segment] of segments.entries()) {
    const following = segments[at + 1]
    if (following !== undefined && following.first <= from) continue
    if (at > 0 && segment.first !== next && segment.first > from)
      throw new CorruptLog(segment.path, `the entries from ${next} on, before it, are missing`)
    next = segment.first
    await scanSegment(segment, following === undefined, (frame) => {
      next += frame.entries.length
      for (const entry of frame.entries) if (entry.index >= from) visit(entry)
    })
  }
  return next
}

async function writeAll(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written)
    written += bytesWritten
  }
}
