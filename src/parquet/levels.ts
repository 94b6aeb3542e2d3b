// The hybrid of run-length encoding and bit packing
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE):
//
//     run of one value: varint(length << 1) · the value in as many whole bytes as it needs
//     packed values:    varint(groups of eight << 1 | 1) · groups, the least significant bit first

/** A run of fewer is packed with its neighbours. */
const runMin = 16

/** How many bits a value up to `max` needs. */
export function bitWidthOf(max: number): number {
  return 32 - Math.clz32(max)
}

/** Encodes `count` values that fit `width` bits. Every value is written; packed ones are padded with zeros. */
export function encodeHybrid(values: Uint8Array | Int32Array, count: number, width: number): Uint8Array {
  const out = new Uint8Array(sizeMax(count, width))
  let length = 0
  let packedFrom = 0
  let at = 0
  while (at < count) {
    const value = values[at] as number
    let end = at + 1
    while (end < count && values[end] === value) end += 1
    // A group holds eight values, so the packed ones before a run are filled up from it.
    const filled = Math.min(end, packedFrom + Math.ceil((at - packedFrom) / 8) * 8)
    if (end - filled >= runMin) {
      length = writePacked(out, length, values, packedFrom, filled, width)
      length = writeVarint(out, length, (end - filled) * 2)
      for (let bits = 0; bits < width; bits += 8) out[length++] = value >>> bits
      packedFrom = end
    }
    at = end
  }
  length = writePacked(out, length, values, packedFrom, count, width)
  return out.subarray(0, length)
}

/** Packed, a value takes its width; a run's head is repaid by the values that it stands for. */
function sizeMax(count: number, width: number): number {
  return Math.ceil(count / 8) * Math.max(width, 1) + Math.ceil(count / runMin) * 10 + 16
}

function writePacked(
  out: Uint8Array,
  start: number,
  values: Uint8Array | Int32Array,
  from: number,
  to: number,
  width: number,
): number {
  if (to <= from) return start
  const groups = Math.ceil((to - from) / 8)
  let length = writeVarint(out, start, groups * 2 + 1)
  const end = length + groups * width
  let held = 0
  let bits = 0
  for (let at = from; at < to; at++) {
    held |= (values[at] as number) << bits
    bits += width
    while (bits >= 8) {
      out[length++] = held
      held >>>= 8
      bits -= 8
    }
  }
  if (bits > 0) out[length++] = held
  while (length < end) out[length++] = 0
  return length
}

function writeVarint(out: Uint8Array, start: number, value: number): number {
  let length = start
  let rest = value
  while (rest >= 128) {
    out[length++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[length++] = rest
  return length
}
