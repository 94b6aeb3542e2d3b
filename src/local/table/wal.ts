// SQLite's write-ahead log (https://www.sqlite.org/fileformat2.html#the_write_ahead_log), integers big-endian:
//   file:   header frame…
//   header: u32 magic | u32 version | u32 page bytes | u32 checkpoint | u32 salt | u32 salt | u32 checksum | u32 checksum
//   frame:  u32 page | u32 pages of the database if the frame commits, else 0 | u32 salt | u32 salt |
//           u32 checksum | u32 checksum | page
// The checksums run on from the header over all frames; the magic's last bit is the byte order in which they are computed.
const magic = 0x377f0682
const headerBytes = 32
const frameHeaderBytes = 24

type Sums = readonly [number, number]

/**
 * Whether committed transactions lie behind a damaged part of a write-ahead log. SQLite ignores the log from the first
 * invalid frame on, which is right for the transaction that a kill or a power cut left half written: one, at the end.
 * Each transaction is on the disk before the next one begins, so if the ends of two lie there, the first was acknowledged.
 *
 * The log must have been truncated at each checkpoint: frames of an earlier use may not lie behind those of this one.
 */
export function losesCommits(wal: Buffer): boolean {
  if (wal.length <= headerBytes) return false
  const isBigEndian = (wal.readUInt32BE(0) & 1) === 1
  let sums = checksum(wal, 0, headerBytes - 8, isBigEndian, [0, 0])
  // The header is on the disk before the first frame is written.
  if (wal.readUInt32BE(0) >>> 1 !== magic >>> 1 || !isAt(wal, headerBytes - 8, sums)) return true
  const step = frameHeaderBytes + wal.readUInt32BE(8)
  let at = headerBytes
  for (; at + step <= wal.length; at += step) {
    const head = checksum(wal, at, 8, isBigEndian, sums)
    const next = checksum(wal, at + frameHeaderBytes, step - frameHeaderBytes, isBigEndian, head)
    if (saltsOf(wal, at) < 2 || !isAt(wal, at + 16, next)) break
    sums = next
  }
  let commits = 0
  for (; at + step <= wal.length; at += step)
    if (saltsOf(wal, at) > 0 && wal.readUInt32BE(at + 4) !== 0) commits += 1
  return commits > 1
}

/** How many of a frame's two salts are those of the header. */
function saltsOf(wal: Buffer, at: number): number {
  return [0, 4].filter((n) => wal.readUInt32BE(at + 8 + n) === wal.readUInt32BE(16 + n)).length
}

function isAt(wal: Buffer, at: number, [first, second]: Sums): boolean {
  return wal.readUInt32BE(at) === first && wal.readUInt32BE(at + 4) === second
}

/** Runs the checksums on over some bytes, a multiple of eight. */
function checksum(wal: Buffer, from: number, bytes: number, isBigEndian: boolean, sums: Sums): Sums {
  let [first, second] = sums
  for (let at = from; at < from + bytes; at += 8) {
    first = (first + second + (isBigEndian ? wal.readUInt32BE(at) : wal.readUInt32LE(at))) >>> 0
    second = (second + first + (isBigEndian ? wal.readUInt32BE(at + 4) : wal.readUInt32LE(at + 4))) >>> 0
  }
  return [first, second]
}
