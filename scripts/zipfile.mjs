import { crc32, deflateRawSync } from 'node:zlib'

// The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7 (an entry's header), 4.3.12 (the
// same in the directory) and 4.3.16 (the end). No entry and no archive here needs the 64-bit extension.
const bytesMax = 0xffff_ffff
const entriesMax = 0xffff
const neededVersion = 20
/** Made on Unix, so that the permissions mean something. */
const madeBy = (3 << 8) | neededVersion
const utf8Names = 1 << 11
const deflated = 8
/** The first moment that the format knows: 1980-01-01 00:00:00. */
const date = (1 << 5) | 1
const time = 0
/** A plain file that all may read: Lambda runs as a user of its own. */
const mode = 0o100644

/**
 * A zip archive of `entries`, each a name with its bytes. Its bytes follow from those, from their order and from the
 * version of zlib, and from nothing else: no clock, no permissions, no owner.
 *
 * Throws where the format would need its 64-bit extension.
 */
export function writeZip(entries) {
  if (entries.length > entriesMax) throw new Error(`more than ${entriesMax} entries`)
  const parts = []
  const directory = []
  let offset = 0
  for (const [text, bytes] of entries) {
    const name = Buffer.from(text, 'utf8')
    const packed = deflateRawSync(bytes, { level: 9 })
    const common = fields(
      [2, neededVersion],
      [2, utf8Names],
      [2, deflated],
      [2, time],
      [2, date],
      [4, crc32(bytes)],
      [4, packed.length],
      [4, bytes.length],
      [2, name.length],
      [2, 0], // no extra fields
    )
    directory.push(
      Buffer.from('PK\x01\x02', 'latin1'),
      fields([2, madeBy]),
      common,
      // No comment, the first disk, no internal attributes.
      fields([2, 0], [2, 0], [2, 0], [4, mode * 0x1_0000], [4, offset]),
      name,
    )
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, packed])
    parts.push(local)
    offset += local.length
  }
  const listing = Buffer.concat(directory)
  if (offset + listing.length > bytesMax) throw new Error(`more than ${bytesMax} bytes`)
  const end = fields(
    [2, 0],
    [2, 0],
    [2, entries.length],
    [2, entries.length],
    [4, listing.length],
    [4, offset],
    [2, 0],
  )
  return Buffer.concat([...parts, listing, Buffer.from('PK\x05\x06', 'latin1'), end])
}

/** Little-endian integers, each given by its width in bytes and its value. */
function fields(...values) {
  const bytes = Buffer.alloc(values.reduce((sum, [width]) => sum + width, 0))
  values.reduce((at, [width, value]) => bytes.writeUIntLE(value, at, width), 0)
  return bytes
}
