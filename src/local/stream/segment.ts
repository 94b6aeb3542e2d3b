import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { decodeFrame, type Entry, type Frame, frameHeaderBytes, hasFrameFrom } from './frame.ts'

/** A file of a log: frames, one behind the other. */
export type Segment = {
  readonly path: string
  /** The index of its first entry. */
  readonly first: number
  /** The bytes that are known to be sound; what lies behind them is to be cut off. */
  bytes: number
  /** Where some of its frames begin, in order: enough of them to find any entry quickly. */
  readonly marks: Mark[]
}

type Mark = { readonly index: number; readonly offset: number }

const namePattern = /^(\d{16})\.log$/
const markBytes = 64 * 1024
const chunkBytes = 1024 * 1024

export function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.log`
}

/** The index of the first entry of a segment, by its file's name; undefined for any other name. */
export function firstOf(name: string): number | undefined {
  const match = namePattern.exec(name)
  return match ? Number(match[1]) : undefined
}

/** A file of a log is not as it was written. */
export class CorruptLog extends Error {
  constructor(path: string, what: string) {
    super(`${basename(path)}: ${what}`)
    this.name = 'CorruptLog'
  }
}

/** Notes where a frame begins, if the last note lies some way back. */
export function mark(segment: Segment, frame: Frame, offset: number): void {
  const last = segment.marks.at(-1)
  if (last === undefined || (offset - last.offset >= markBytes && frame.first > last.index))
    segment.marks.push({ index: frame.first, offset })
}

/**
 * Reads all frames of a segment and sets its `bytes` behind the last sound one. Behind that there may be one that a
 * killed writer has left half done, in the log's last segment only.
 *
 * @throws CorruptLog when a frame is damaged that others follow, or one that was complete once.
 */
export async function scanSegment(
  segment: Segment,
  isLast: boolean,
  visit: (frame: Frame) => void,
): Promise<void> {
  const buffer = await readAll(segment.path)
  let offset = 0
  let next = segment.first
  while (offset < buffer.length) {
    const decoded = decodeFrame(buffer, offset)
    if (!decoded.ok) {
      // What was acknowledged lies in front of what was not: a sound frame behind this one means that it was complete.
      if (!isLast || hasFrameFrom(buffer, offset + 1))
        throw new CorruptLog(segment.path, `the entry at byte ${offset} is damaged`)
      break
    }
    if (decoded.frame.first !== next)
      throw new CorruptLog(segment.path, `entries are missing before byte ${offset}`)
    next += decoded.frame.entries.length
    mark(segment, decoded.frame, offset)
    visit(decoded.frame)
    offset = decoded.end
  }
  segment.bytes = offset
}

async function readAll(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** When the segment was begun: its first frame says so. Undefined while there is none. */
export async function begunMs(segment: Segment): Promise<number | undefined> {
  for await (const { frame } of frames(segment, segment.first)) return frame.arrivedMs
  return undefined
}

/**
 * The entries from an index on, as many as `bytesMax` bytes of them, and the whole frame that passes it.
 *
 * @throws CorruptLog
 */
export async function readSegment(segment: Segment, index: number, bytesMax: number): Promise<Entry[]> {
  const found: Entry[] = []
  let bytes = 0
  for await (const { frame, size } of frames(segment, index)) {
    for (const entry of frame.entries) if (entry.index >= index) found.push(entry)
    if (found.length > 0) bytes += size
    if (bytes >= bytesMax) break
  }
  return found
}

/** The frames from the one that holds the index, or from one before it. */
async function* frames(segment: Segment, index: number): AsyncGenerator<{ frame: Frame; size: number }> {
  const start = segment.marks.findLast((candidate) => candidate.index <= index)
  let offset = start?.offset ?? 0
  const handle = await open(segment.path, 'r')
  try {
    let wanted = chunkBytes
    while (offset < segment.bytes) {
      const chunk = await readChunk(handle, offset, Math.min(wanted, segment.bytes - offset))
      let at = 0
      for (;;) {
        const decoded = at < chunk.length ? decodeFrame(chunk, at) : undefined
        if (decoded === undefined || !decoded.ok) {
          if (decoded?.why === 'bad' || (decoded && offset + chunk.length >= segment.bytes))
            throw new CorruptLog(segment.path, `the entry at byte ${offset + at} is damaged`)
          break
        }
        mark(segment, decoded.frame, offset + at)
        yield { frame: decoded.frame, size: decoded.end - at }
        at = decoded.end
      }
      // A frame that is larger than the chunk is read again, with its end.
      wanted = at > 0 ? chunkBytes : Math.max(wanted * 2, frameHeaderBytes)
      offset += at
    }
  } finally {
    await handle.close()
  }
}

async function readChunk(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await handle.read(chunk, filled, bytes - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return chunk.subarray(0, filled)
}
