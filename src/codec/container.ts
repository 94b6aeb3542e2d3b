import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { PipelineError } from '../record/error.ts'
import {
  isObject,
  type Json,
  type JsonObject,
  parseRecordType,
  type RecordType,
  type RecordValue,
} from '../record/type.ts'
import {
  type AvroReader,
  type AvroWriter,
  corrupt,
  createWriter,
  readBlocks,
  readBytes,
  readNumber,
  readString,
  readValue,
  slice,
  writeBytes,
  writeLong,
  writeRaw,
  writeString,
  written,
} from './avro.ts'

// An object container file (https://avro.apache.org/docs/1.12.0/specification/#object-container-files):
//
//     "Obj" 1 · map<bytes> of metadata (avro.schema, avro.codec, …) · 16-byte sync marker
//     then blocks: count of rows · size in bytes · rows, compressed by the codec · the sync marker

const magic = Buffer.from([0x4f, 0x62, 0x6a, 0x01])
const syncBytes = 16

/** A block is closed once its rows reach this size: the unit in which readers inflate and split. */
const blockBytes = 65_536
/** The most bytes of a block after inflating. */
const inflatedBytesMax = 256 * 1024 * 1024

/** Large enough for a whole block of ours: one chunk takes half the time of the four of Node's default. */
const inflateChunkBytes = 80 * 1024

export type ContainerCodec = 'null' | 'deflate'

export type ContainerSpec = {
  /** The schema of the rows, as it goes into the header. */
  readonly schema: JsonObject
  readonly codec: ContainerCodec
  /** More header entries. Names that start with `avro.` belong to the format. */
  readonly metadata: ReadonlyMap<string, string>
  /** 16 bytes that no block is likely to hold. */
  readonly sync: Uint8Array
}

/**
 * Returns a container of rows, each already in Avro's binary encoding of `spec.schema`. It does not check that they are.
 * The same arguments give the same bytes, with one version of zlib.
 *
 * @example
 * const encoded = rows.map((row) => encodeValue(schema.row, row))
 * const bytes = writeContainer({ schema: schema.avro, codec: 'deflate', metadata: new Map(), sync }, encoded)
 */
export function writeContainer(spec: ContainerSpec, rows: Iterable<Uint8Array>): Uint8Array {
  const file = createWriter()
  writeHeader(file, spec)
  const block = createWriter()
  let count = 0
  for (const row of rows) {
    writeRaw(block, row)
    count += 1
    if (block.length >= blockBytes) {
      writeBlock(file, spec, block, count)
      block.length = 0
      count = 0
    }
  }
  if (count > 0) writeBlock(file, spec, block, count)
  return Uint8Array.from(written(file))
}

function writeHeader(file: AvroWriter, spec: ContainerSpec): void {
  writeRaw(file, magic)
  const entries = [['avro.schema', JSON.stringify(spec.schema)], ['avro.codec', spec.codec], ...spec.metadata]
  writeLong(file, entries.length)
  for (const [name = '', value = ''] of entries) {
    writeString(file, name)
    writeBytes(file, Buffer.from(value, 'utf8'))
  }
  writeLong(file, 0)
  writeRaw(file, spec.sync.subarray(0, syncBytes))
}

function writeBlock(file: AvroWriter, spec: ContainerSpec, block: AvroWriter, count: number): void {
  const bytes = spec.codec === 'deflate' ? deflateRawSync(written(block)) : written(block)
  writeLong(file, count)
  writeBytes(file, bytes)
  writeRaw(file, spec.sync.subarray(0, syncBytes))
}

export type Container = {
  /** The writer's schema from the header, and its type. Equal headers give one object. */
  readonly schema: JsonObject
  readonly type: RecordType
  readonly metadata: ReadonlyMap<string, string>
  /** Yields the blocks, inflated, each checked first. */
  readonly blocks: () => Generator<Block>
  /** Decodes the rows, block by block. */
  readonly rows: () => Generator<RecordValue>
}

/** `rows` rows in the binary encoding, one after the other. */
export type Block = { readonly rows: number; readonly bytes: Uint8Array }

/**
 * Opens a container of codec `null` or `deflate`. `where` names it in errors.
 *
 * Throws CONTAINER_INVALID, naming the byte, when the container is corrupt: at once, or while its rows are read. Every sync
 * marker and every block's length is checked.
 *
 * @example
 * for (const row of readContainer(await readFile(path), path).rows()) console.log(row.change)
 */
export function readContainer(bytes: Uint8Array, where: string): Container {
  const reader: AvroReader = {
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
    where,
  }
  if (!slice(reader, magic.length).equals(magic)) throw corrupt(reader, 'no Avro object container file')
  const metadata = new Map<string, string>()
  readBlocks(reader, () => metadata.set(readString(reader), readString(reader)))
  const sync = slice(reader, syncBytes)
  const codec = metadata.get('avro.codec') ?? 'null'
  if (codec !== 'null' && codec !== 'deflate')
    throw corrupt(reader, `the codec ${JSON.stringify(codec)} is not supported`)
  const { schema, type } = readSchema(reader, metadata.get('avro.schema') ?? '')
  const start = reader.offset
  const blocks = () => readBlocksOf({ ...reader, offset: start }, codec, sync)
  return { schema, type, metadata, blocks, rows: () => readRows(blocks(), type, where) }
}

type WriterSchema = { readonly schema: JsonObject; readonly type: RecordType }

/** Most files have one of a few schemas, and parsing one takes as long as reading hundreds of rows. */
const schemasKept = new Map<string, WriterSchema>()
const schemasKeptMax = 16

function readSchema(reader: AvroReader, text: string): WriterSchema {
  const known = schemasKept.get(text)
  if (known) return known
  const schema = parseSchema(reader, text)
  const read = { schema, type: parseWriterType(reader, schema) }
  if (schemasKept.size === schemasKeptMax) schemasKept.clear()
  schemasKept.set(text, read)
  return read
}

function parseSchema(reader: AvroReader, text: string): JsonObject {
  try {
    const schema: Json = JSON.parse(text)
    if (isObject(schema)) return schema
  } catch {}
  throw corrupt(reader, 'the header holds no schema')
}

function parseWriterType(reader: AvroReader, schema: JsonObject): RecordType {
  try {
    return parseRecordType(schema, reader.where)
  } catch (cause) {
    const why = cause instanceof PipelineError ? cause.message : 'it cannot be read'
    throw corrupt(reader, `the schema in the header is not supported: ${why}`, cause)
  }
}

function* readBlocksOf(reader: AvroReader, codec: ContainerCodec, sync: Buffer): Generator<Block> {
  while (reader.offset < reader.buffer.length) {
    const rows = readNumber(reader)
    if (rows < 0) throw corrupt(reader, `a block of ${rows} rows`)
    const packed = readBytes(reader)
    if (!slice(reader, syncBytes).equals(sync))
      throw corrupt(reader, 'the sync marker after a block is another')
    yield { rows, bytes: codec === 'null' ? packed : inflate(reader, packed) }
  }
}

function* readRows(blocks: Generator<Block>, type: RecordType, where: string): Generator<RecordValue> {
  for (const { rows, bytes } of blocks) {
    const block: AvroReader = {
      buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      offset: 0,
      where,
    }
    for (let index = 0; index < rows; index++) yield readValue(block, type) as RecordValue
    if (block.offset !== block.buffer.length) throw corrupt(block, 'a block holds more bytes than rows')
  }
}

function inflate(reader: AvroReader, packed: Buffer): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: inflatedBytesMax, chunkSize: inflateChunkBytes })
  } catch {
    throw corrupt(reader, 'a block cannot be inflated')
  }
}
