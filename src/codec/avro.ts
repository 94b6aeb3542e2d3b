import { PipelineError } from '../record/error.ts'
import type { RecordValue, Type, Value } from '../record/type.ts'

// The binary encoding of https://avro.apache.org/docs/1.12.0/specification/#binary-encoding, as a plain walk over
// the type: this is the path that faster ones are checked against.

/** A growing buffer; the first `length` bytes are written. */
export type AvroWriter = { buffer: Buffer; length: number }

/** A buffer read from `offset` up to its end. `where` names it in errors. */
export type AvroReader = { readonly buffer: Buffer; offset: number; readonly where: string }

/** One for all calls, since a call is over before the next begins: a buffer for each value would cost as much as writing it. */
const scratch = createWriter()

/**
 * Returns a value in Avro's binary encoding. The value must have the type: that is what validation is for.
 *
 * @example
 * encodeValue({ kind: 'string' }, 'hi') // the bytes 04 68 69
 */
export function encodeValue(type: Type, value: Value): Uint8Array {
  scratch.length = 0
  writeValue(scratch, type, value)
  return Buffer.from(written(scratch))
}

/** The bytes written so far: a view, which holds until the next write. */
export function written({ buffer, length }: AvroWriter): Buffer {
  return buffer.subarray(0, length)
}

/** A writer with room for `capacityBytes`; it grows as needed. */
export function createWriter(capacityBytes = 16_384): AvroWriter {
  return { buffer: Buffer.allocUnsafe(capacityBytes), length: 0 }
}

function reserve(writer: AvroWriter, bytes: number): void {
  const needed = writer.length + bytes
  if (needed <= writer.buffer.length) return
  const grown = Buffer.allocUnsafe(Math.max(needed, writer.buffer.length * 2))
  writer.buffer.copy(grown, 0, 0, writer.length)
  writer.buffer = grown
}

/** `int` and `long`: zig-zag, then 7 bits a byte, least significant first, the high bit set on all but the last. */
export function writeLong(writer: AvroWriter, value: number | bigint): void {
  reserve(writer, 10)
  if (typeof value === 'number' && (value | 0) === value) {
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
    while (zigzag > 0x7f) {
      writer.buffer[writer.length++] = (zigzag & 0x7f) | 0x80
      zigzag >>>= 7
    }
    writer.buffer[writer.length++] = zigzag
    return
  }
  const long = BigInt(value)
  let zigzag = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n))
  while (zigzag > 0x7fn) {
    writer.buffer[writer.length++] = Number(zigzag & 0x7fn) | 0x80
    zigzag >>= 7n
  }
  writer.buffer[writer.length++] = Number(zigzag)
}

/** `string`: the length of its UTF-8 bytes, then those. */
export function writeString(writer: AvroWriter, value: string): void {
  const length = Buffer.byteLength(value, 'utf8')
  writeLong(writer, length)
  reserve(writer, length)
  writer.length += writer.buffer.write(value, writer.length, length, 'utf8')
}

/** `bytes`: their length, then those. */
export function writeBytes(writer: AvroWriter, value: Uint8Array): void {
  writeLong(writer, value.length)
  writeRaw(writer, value)
}

/** Bytes as they are. */
export function writeRaw(writer: AvroWriter, value: Uint8Array): void {
  reserve(writer, value.length)
  writer.buffer.set(value, writer.length)
  writer.length += value.length
}

/** Writes a value of the type. The value must have the type: that is what validation is for. */
export function writeValue(writer: AvroWriter, type: Type, value: Value): void {
  switch (type.kind) {
    case 'optional':
      writeLong(writer, value === null ? type.nullAt : 1 - type.nullAt)
      if (value !== null) writeValue(writer, type.of, value)
      return
    case 'string':
      writeString(writer, value as string)
      return
    case 'bytes':
      writeBytes(writer, value as Uint8Array)
      return
    case 'int':
    case 'date':
    case 'long':
    case 'instant':
      writeLong(writer, value as number | bigint)
      return
    case 'boolean':
      reserve(writer, 1)
      writer.buffer[writer.length++] = value === true ? 1 : 0
      return
    case 'float':
      reserve(writer, 4)
      writer.length = writer.buffer.writeFloatLE(value as number, writer.length)
      return
    case 'double':
      reserve(writer, 8)
      writer.length = writer.buffer.writeDoubleLE(value as number, writer.length)
      return
    case 'enum':
      writeLong(writer, type.symbols.indexOf(value as string))
      return
    case 'record':
      for (const field of type.fields)
        writeValue(writer, field.type, (value as RecordValue)[field.name] ?? null)
      return
    case 'array': {
      const items = value as readonly Value[]
      if (items.length > 0) writeLong(writer, items.length)
      for (const item of items) writeValue(writer, type.items, item)
      writeLong(writer, 0)
      return
    }
    case 'map': {
      const entries = value as ReadonlyMap<string, Value>
      if (entries.size > 0) writeLong(writer, entries.size)
      for (const [name, item] of entries) {
        writeString(writer, name)
        writeValue(writer, type.values, item)
      }
      writeLong(writer, 0)
      return
    }
  }
}

/** Reads a value of the type. Throws CONTAINER_INVALID when the bytes end early or are corrupt. */
export function readValue(reader: AvroReader, type: Type): Value {
  switch (type.kind) {
    case 'optional': {
      const branch = readNumber(reader)
      if (branch !== 0 && branch !== 1) throw corrupt(reader, `the union has no branch ${branch}`)
      return branch === type.nullAt ? null : readValue(reader, type.of)
    }
    case 'string':
      return readString(reader)
    case 'bytes':
      return Uint8Array.from(readBytes(reader))
    case 'int':
    case 'date':
      return readNumber(reader)
    case 'long':
    case 'instant':
      return readLong(reader)
    case 'boolean':
      return readByte(reader) !== 0
    case 'float':
      return slice(reader, 4).readFloatLE(0)
    case 'double':
      return slice(reader, 8).readDoubleLE(0)
    case 'enum': {
      const symbol = type.symbols[readNumber(reader)]
      if (symbol === undefined) throw corrupt(reader, `${type.name} has no such symbol`)
      return symbol
    }
    case 'record': {
      const record: { [name: string]: Value } = {}
      for (const field of type.fields) record[field.name] = readValue(reader, field.type)
      return record
    }
    case 'array': {
      const items: Value[] = []
      readBlocks(reader, () => items.push(readValue(reader, type.items)))
      return items
    }
    case 'map': {
      const entries = new Map<string, Value>()
      readBlocks(reader, () => entries.set(readString(reader), readValue(reader, type.values)))
      return entries
    }
  }
}

/** Lists and maps: blocks of a count and so many items, a negative count followed by the block's bytes; then 0. */
export function readBlocks(reader: AvroReader, readItem: () => void): void {
  for (;;) {
    let count = readNumber(reader)
    if (count === 0) return
    if (count < 0) {
      count = -count
      readNumber(reader)
    }
    // Every item takes at least one byte, so a larger count is corrupt and would exhaust the memory.
    if (count > reader.buffer.length - reader.offset)
      throw corrupt(reader, `a block of ${count} items does not fit`)
    for (let index = 0; index < count; index++) readItem()
  }
}

/** A long that must be exact as a number: a length, a count, an int. */
export function readNumber(reader: AvroReader): number {
  const long = readLong(reader)
  if (typeof long !== 'number') throw corrupt(reader, 'an integer is out of range')
  return long
}

// Seven groups of 7 bits are exact in a double.
const exactGroups = 7

/** A number where that is exact, else a bigint. */
export function readLong(reader: AvroReader): number | bigint {
  let zigzag = 0
  let scale = 1
  for (let group = 0; group < exactGroups; group++) {
    const byte = readByte(reader)
    zigzag += (byte & 0x7f) * scale
    if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    scale *= 128
  }
  return readLongRest(reader, BigInt(zigzag))
}

function readLongRest(reader: AvroReader, low: bigint): number | bigint {
  let zigzag = low
  for (let group = exactGroups; group < 10; group++) {
    const byte = readByte(reader)
    zigzag |= BigInt(byte & 0x7f) << BigInt(7 * group)
    if (byte < 0x80) {
      zigzag = BigInt.asUintN(64, zigzag)
      const long = (zigzag >> 1n) ^ -(zigzag & 1n)
      const number = Number(long)
      return Number.isSafeInteger(number) ? number : long
    }
  }
  throw corrupt(reader, 'an integer has more than 10 bytes')
}

function readByte(reader: AvroReader): number {
  const byte = reader.buffer[reader.offset]
  if (byte === undefined) throw corrupt(reader, '1 byte is due beyond the end')
  reader.offset += 1
  return byte
}

/** `string`: a copy, which stays valid after the reader's buffer is reused. */
export function readString(reader: AvroReader): string {
  const length = readNumber(reader)
  const start = reader.offset
  skip(reader, length)
  return reader.buffer.toString('utf8', start, reader.offset)
}

function skip(reader: AvroReader, length: number): void {
  const end = reader.offset + length
  if (length < 0 || end > reader.buffer.length)
    throw corrupt(reader, `${length} bytes are due beyond the end`)
  reader.offset = end
}

/** A view of length-prefixed bytes: copy it if the reader's buffer will be reused. */
export function readBytes(reader: AvroReader): Buffer {
  return slice(reader, readNumber(reader))
}

/** A view of the next `length` bytes. */
export function slice(reader: AvroReader, length: number): Buffer {
  const start = reader.offset
  skip(reader, length)
  return reader.buffer.subarray(start, reader.offset)
}

/** The error for bytes that are corrupt at the reader's offset. */
export function corrupt(reader: AvroReader, what: string, cause?: unknown): PipelineError {
  return new PipelineError('CONTAINER_INVALID', `${reader.where}, byte ${reader.offset}: ${what}`, { cause })
}
