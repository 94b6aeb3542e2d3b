import { crc32 } from 'node:zlib'

/** What a log holds: a change of an item, or which shards there are from here on. */
export type Entry = {
  readonly index: number
  /** When it was appended, in milliseconds since 1970. */
  readonly arrivedMs: number
  readonly kind: 'change' | 'shards'
  /** Empty but for a change. */
  readonly partitionKey: string
  readonly bytes: Uint8Array
}

/** Entries that are written at once, and are there together or not at all. */
export type Frame = { readonly first: number; readonly arrivedMs: number; readonly entries: readonly Entry[] }

export type DecodedFrame =
  | { readonly ok: true; readonly frame: Frame; readonly end: number }
  /** `short`: the bytes end inside it. `bad`: they are something else. */
  | { readonly ok: false; readonly why: 'short' | 'bad' }

// A frame, integers little-endian:
//   "dmd1" | u32 bytes of the body | u32 CRC-32 of the body | body
//   body: f64 index of the first entry | f64 milliseconds since 1970 | u32 entries | entry…
//   entry: u8 kind | u8 bytes of the key | key | u32 bytes | bytes
const magic = Buffer.from('dmd1')
export const frameHeaderBytes = 12
const bodyHeaderBytes = 20
const kinds = ['change', 'shards'] as const
const frameBytesMax = 64 * 1024 * 1024

/** How many bytes an entry adds to its frame. */
export function entryBytes(entry: { readonly partitionKey: string; readonly bytes: Uint8Array }): number {
  return 6 + Buffer.byteLength(entry.partitionKey) + entry.bytes.length
}

export function encodeFrame({ first, arrivedMs, entries }: Frame): Buffer {
  const size = entries.reduce((sum, entry) => sum + entryBytes(entry), frameHeaderBytes + bodyHeaderBytes)
  const frame = Buffer.allocUnsafe(size)
  let at = magic.copy(frame)
  at = frame.writeUInt32LE(size - frameHeaderBytes, at)
  at = frame.writeDoubleLE(first, frameHeaderBytes)
  at = frame.writeDoubleLE(arrivedMs, at)
  at = frame.writeUInt32LE(entries.length, at)
  for (const { kind, partitionKey, bytes } of entries) {
    at = frame.writeUInt8(kinds.indexOf(kind), at)
    at = frame.writeUInt8(Buffer.byteLength(partitionKey), at)
    at += frame.write(partitionKey, at, 'utf8')
    at = frame.writeUInt32LE(bytes.length, at)
    frame.set(bytes, at)
    at += bytes.length
  }
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes)), 8)
  return frame
}

/** The frame at an offset. The entries' bytes are parts of the buffer. */
export function decodeFrame(buffer: Buffer, offset: number): DecodedFrame {
  const head = buffer.subarray(offset, offset + magic.length)
  if (!magic.subarray(0, head.length).equals(head)) return { ok: false, why: 'bad' }
  if (buffer.length - offset < frameHeaderBytes) return { ok: false, why: 'short' }
  const size = buffer.readUInt32LE(offset + 4)
  if (size < bodyHeaderBytes || size > frameBytesMax) return { ok: false, why: 'bad' }
  const start = offset + frameHeaderBytes
  const end = start + size
  if (end > buffer.length) return { ok: false, why: 'short' }
  if (crc32(buffer.subarray(start, end)) !== buffer.readUInt32LE(offset + 8)) return { ok: false, why: 'bad' }
  return { ok: true, frame: decodeBody(buffer, start), end }
}

function decodeBody(buffer: Buffer, start: number): Frame {
  const first = buffer.readDoubleLE(start)
  const arrivedMs = buffer.readDoubleLE(start + 8)
  const count = buffer.readUInt32LE(start + 16)
  let at = start + bodyHeaderBytes
  const entries: Entry[] = []
  for (let index = first; index < first + count; index++) {
    const kind = kinds[buffer.readUInt8(at)] ?? 'change'
    const keyEnd = at + 2 + buffer.readUInt8(at + 1)
    const partitionKey = buffer.toString('utf8', at + 2, keyEnd)
    const end = keyEnd + 4 + buffer.readUInt32LE(keyEnd)
    entries.push({ index, arrivedMs, kind, partitionKey, bytes: buffer.subarray(keyEnd + 4, end) })
    at = end
  }
  return { first, arrivedMs, entries }
}

/** Whether a sound frame begins anywhere at or behind an offset. */
export function hasFrameFrom(buffer: Buffer, offset: number): boolean {
  for (let at = buffer.indexOf(magic, offset); at >= 0; at = buffer.indexOf(magic, at + 1)) {
    if (decodeFrame(buffer, at).ok) return true
  }
  return false
}
