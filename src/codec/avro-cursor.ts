/** A block of rows that is being read. */
export type Cursor = {
  view: DataView
  bytes: Uint8Array
  /** The offset of the next byte. */
  at: number
  /** The two halves of the last long that was read. */
  low: number
  high: number
  /** The number of the field that is being read, for errors. */
  field: number
}

/** Returns a cursor at the start of a block. All cursors have one shape, which keeps the readers fast. */
export function createCursor(bytes: Uint8Array): Cursor {
  return { view: viewOf(bytes), bytes, at: 0, low: 0, high: 0, field: 0 }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Thrown with what is wrong with a block. The caller adds which block it is. */
export class CorruptBlock extends Error {}

/** Reads the branch of a union of two: 0 or 1. Throws CorruptBlock for any other. */
export function readBranch(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at]
  if (byte === 0 || byte === 2) {
    cursor.at += 1
    return byte >> 1
  }
  const branch = readLength(cursor)
  if (branch !== 0 && branch !== 1) throw new CorruptBlock(`the union has no branch ${branch}`)
  return branch
}

/**
 * Reads a length or a count. Throws CorruptBlock when it is no 32-bit integer: loops over such integers are many times as
 * fast.
 */
export function readLength(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at] as number
  if (byte < 0x80) {
    cursor.at += 1
    return (byte >> 1) ^ -(byte & 1)
  }
  readLongHalves(cursor)
  if (cursor.high !== cursor.low >> 31) throw new CorruptBlock(`${longOf(cursor)} is beyond any length`)
  return cursor.low
}

/** Reads the count of a block of items, 0 after the last block. A negative count is followed by the block's size in bytes. */
export function readCount(cursor: Cursor): number {
  const count = readLength(cursor)
  if (count === 0) return 0
  if (count < 0) readLength(cursor)
  const items = Math.abs(count)
  if (items > cursor.bytes.length - cursor.at)
    throw new CorruptBlock(`a block of ${items} items does not fit`)
  return items
}

/** Returns the last long that was read, rounded when a double cannot hold it. */
export function longOf({ low, high }: Cursor): number {
  return high * 4_294_967_296 + (low >>> 0)
}

/** Reads a zig-zag long of 7 bits a byte into two halves of 32 bits. Throws CorruptBlock when it does not end. */
export function readLongHalves(cursor: Cursor): void {
  const { bytes } = cursor
  let low = 0
  let high = 0
  for (let group = 0; group < 10; group++) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw new CorruptBlock('the bytes end early')
    const bits = byte & 0x7f
    if (group < 4) low |= bits << (7 * group)
    else if (group === 4) {
      low |= bits << 28
      high = bits >> 4
    } else high |= bits << (7 * group - 32)
    if (byte < 0x80) {
      const sign = -(low & 1)
      cursor.low = ((low >>> 1) | (high << 31)) ^ sign
      cursor.high = (high >>> 1) ^ sign
      return
    }
  }
  throw new CorruptBlock('an integer has more than 10 bytes')
}
