import { PipelineError } from '../record/error.ts'
import type { RecordValue, Type, Value } from '../record/type.ts'

// The binary encoding of https://avro.apache.org/docs/1.12.0/specification/#binary-encoding, as a plain walk over
// the type: this is the path that faster ones are checked against.

/** A growing buffer; the first `length` bytes are written. */
export type Sink = { buffer: Buffer; length: number }

/** A buffer read from `offset` up to its end. `where` names it in errors. */
export type Source = { readonly buffer: Buffer; offset: number; readonly where: string }

export function createSink(capacityBytes = 16_384): Sink {
  return { buffer: Buffer.allocUnsafe(capacityBytes), length: 0 }
}

function reserve(sink: Sink, bytes: number): void {
  const needed = sink.length + bytes
  if (needed <= sink.buffer.length) return
  const grown = Buffer.allocUnsafe(Math.max(needed, sink.buffer.length * 2))
  sink.buffer.copy(grown, 0, 0, sink.length)
  sink.buffer = grown
}

/** `int` and `long`: zig-zag, then 7 bits a byte, least significant first, the high bit set on all but the last. */
export function writeLong(sink: Sink, value: number | bigint): void {
  reserve(sink, 10)
  if (typeof value === 'number' && (value | 0) === value) {
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
    while (zigzag > 0x7f) {
      sink.buffer[sink.length++] = (zigzag & 0x7f) | 0x80
      zigzag >>>= 7
    }
    sink.buffer[sink.length++] = zigzag
    return
  }
  const long = BigInt(value)
  let zigzag = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n))
  while (zigzag > 0x7fn) {
    sink.buffer[sink.length++] = Number(zigzag & 0x7fn) | 0x80
    zigzag >>= 7n
  }
  sink.buffer[sink.length++] = Number(zigzag)
}

/** `string`: the length of its UTF-8 bytes, then those. */
export function writeString(sink: Sink, value: string): void {
  const length = Buffer.byteLength(value, 'utf8')
  writeLong(sink, length)
  reserve(sink, length)
  sink.length += sink.buffer.write(value, sink.length, length, 'utf8')
}

/** `bytes`: their length, then those. */
export function writeBytes(sink: Sink, value: Uint8Array): void {
  writeLong(sink, value.length)
  writeRaw(sink, value)
}

/** Bytes as they are. */
export function writeRaw(sink: Sink, value: Uint8Array): void {
  reserve(sink, value.length)
  sink.buffer.set(value, sink.length)
  sink.length += value.length
}

/** Writes a value of the type. The value must have the type: that is what validation is for. */
export function writeValue(sink: Sink, type: Type, value: Value): void {
  switch (type.kind) {
    case 'optional':
      writeLong(sink, value === null ? type.nullAt : 1 - type.nullAt)
      if (value !== null) writeValue(sink, type.of, value)
      return
    case 'string':
      writeString(sink, value as string)
      return
    case 'bytes':
      writeBytes(sink, value as Uint8Array)
      return
    case 'int':
    case 'date':
    case 'long':
    case 'instant':
      writeLong(sink, value as number | bigint)
      return
    case 'boolean':
      reserve(sink, 1)
      sink.buffer[sink.length++] = value === true ? 1 : 0
      return
    case 'float':
      reserve(sink, 4)
      sink.length = sink.buffer.writeFloatLE(value as number, sink.length)
      return
    case 'double':
      reserve(sink, 8)
      sink.length = sink.buffer.writeDoubleLE(value as number, sink.length)
      return
    case 'enum':
      writeLong(sink, type.symbols.indexOf(value as string))
      return
    case 'record':
      for (const field of type.fields)
        writeValue(sink, field.type, (value as RecordValue)[field.name] ?? null)
      return
    case 'array': {
      const items = value as readonly Value[]
      if (items.length > 0) writeLong(sink, items.length)
      for (const item of items) writeValue(sink, type.items, item)
      writeLong(sink, 0)
      return
    }
    case 'map': {
      const entries = value as ReadonlyMap<string, Value>
      if (entries.size > 0) writeLong(sink, entries.size)
      for (const [name, item] of entries) {
        writeString(sink, name)
        writeValue(sink, type.values, item)
      }
      writeLong(sink, 0)
      return
    }
  }
}

/** Reads a value of the type. Throws CONTAINER_INVALID where the bytes end early or say something impossible. */
export function readValue(source: Source, type: Type): Value {
  switch (type.kind) {
    case 'optional': {
      const branch = readNumber(source)
      if (branch !== 0 && branch !== 1) throw unsound(source, `the union has no branch ${branch}`)
      return branch === type.nullAt ? null : readValue(source, type.of)
    }
    case 'string':
      return readString(source)
    case 'bytes':
      return Uint8Array.from(readBytes(source))
    case 'int':
    case 'date':
      return readNumber(source)
    case 'long':
    case 'instant':
      return readLong(source)
    case 'boolean':
      return readByte(source) !== 0
    case 'float':
      return take(source, 4).readFloatLE(0)
    case 'double':
      return take(source, 8).readDoubleLE(0)
    case 'enum': {
      const symbol = type.symbols[readNumber(source)]
      if (symbol === undefined) throw unsound(source, `${type.name} has no such symbol`)
      return symbol
    }
    case 'record': {
      const record: { [name: string]: Value } = {}
      for (const field of type.fields) record[field.name] = readValue(source, field.type)
      return record
    }
    case 'array': {
      const items: Value[] = []
      readBlocks(source, () => items.push(readValue(source, type.items)))
      return items
    }
    case 'map': {
      const entries = new Map<string, Value>()
      readBlocks(source, () => entries.set(readString(source), readValue(source, type.values)))
      return entries
    }
  }
}

/** Lists and maps: blocks of a count and so many items, a negative count followed by the block's bytes; then 0. */
export function readBlocks(source: Source, readItem: () => void): void {
  for (;;) {
    let count = readNumber(source)
    if (count === 0) return
    if (count < 0) {
      count = -count
      readNumber(source)
    }
    // Every item takes a byte at least, so a count beyond the rest is a lie that would exhaust the memory.
    if (count > source.buffer.length - source.offset)
      throw unsound(source, `a block of ${count} items does not fit`)
    for (let index = 0; index < count; index++) readItem()
  }
}

/** A long that must be exact as a number: a length, a count, an int. */
export function readNumber(source: Source): number {
  const long = readLong(source)
  if (typeof long !== 'number') throw unsound(source, 'an integer is out of range')
  return long
}

// Seven groups of 7 bits are exact in a double.
const exactGroups = 7

/** A number where that is exact, else a bigint. */
export function readLong(source: Source): number | bigint {
  let zigzag = 0
  let scale = 1
  for (let group = 0; group < exactGroups; group++) {
    const byte = readByte(source)
    zigzag += (byte & 0x7f) * scale
    if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    scale *= 128
  }
  return readLongRest(source, BigInt(zigzag))
}

function readLongRest(source: Source, low: bigint): number | bigint {
  let zigzag = low
  for (let group = exactGroups; group < 10; group++) {
    const byte = readByte(source)
    zigzag |= BigInt(byte & 0x7f) << BigInt(7 * group)
    if (byte < 0x80) {
      zigzag = BigInt.asUintN(64, zigzag)
      const long = (zigzag >> 1n) ^ -(zigzag & 1n)
      const number = Number(long)
      return Number.isSafeInteger(number) ? number : long
    }
  }
  throw unsound(source, 'an integer has more than 10 bytes')
}

function readByte(source: Source): number {
  const byte = source.buffer[source.offset]
  if (byte === undefined) throw unsound(source, '1 byte is due beyond the end')
  source.offset += 1
  return byte
}

/** `string`: it is copied, so it may outlive the source. */
export function readString(source: Source): string {
  const length = readNumber(source)
  const start = source.offset
  skip(source, length)
  return source.buffer.toString('utf8', start, source.offset)
}

function skip(source: Source, length: number): void {
  const end = source.offset + length
  if (length < 0 || end > source.buffer.length)
    throw unsound(source, `${length} bytes are due beyond the end`)
  source.offset = end
}

/** A view of length-prefixed bytes: copy it before it outlives the source. */
export function readBytes(source: Source): Buffer {
  return take(source, readNumber(source))
}

/** A view of the next bytes. */
export function take(source: Source, length: number): Buffer {
  const start = source.offset
  skip(source, length)
  return source.buffer.subarray(start, source.offset)
}

export function unsound(source: Source, what: string, cause?: unknown): PipelineError {
  return new PipelineError('CONTAINER_INVALID', `${source.where}, byte ${source.offset}: ${what}`, { cause })
}
