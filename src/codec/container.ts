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
  createSink,
  readBlocks,
  readBytes,
  readNumber,
  readString,
  readValue,
  type Sink,
  type Source,
  take,
  unsound,
  writeBytes,
  writeLong,
  writeRaw,
  writeString,
  writeValue,
} from './avro.ts'

// An object container file (https://avro.apache.org/docs/1.12.0/specification/#object-container-files):
//
//     "Obj" 1 · map<bytes> of metadata (avro.schema, avro.codec, …) · 16-byte sync marker
//     then blocks: count of rows · size in bytes · rows, compressed by the codec · the sync marker

const magic = Buffer.from([0x4f, 0x62, 0x6a, 0x01])
const syncBytes = 16

/** A block is closed once its rows reach this size: the unit in which readers inflate and split. */
const blockBytes = 65_536
/** No block inflates beyond this, whatever its bytes claim. */
const inflatedBytesMax = 256 * 1024 * 1024

/** A block of ours is inflated in one piece, which takes half the time of the four that Node's default makes of it. */
const inflateChunkBytes = 80 * 1024

export type ContainerCodec = 'null' | 'deflate'

export type ContainerSpec = {
  /** The schema as it shall stand in the header, and the type that it describes. */
  readonly schema: JsonObject
  readonly type: RecordType
  readonly codec: ContainerCodec
  /** More header entries. Names that start with `avro.` belong to the format. */
  readonly metadata: ReadonlyMap<string, string>
  /** 16 bytes that no block is likely to hold. */
  readonly sync: Uint8Array
}

/** Writes rows into a container: the same arguments give the same bytes, with one version of zlib. */
export function writeContainer(spec: ContainerSpec, rows: readonly RecordValue[]): Uint8Array {
  const file = createSink()
  writeHeader(file, spec)
  const block = createSink()
  let count = 0
  for (const row of rows) {
    writeValue(block, spec.type, row)
    count += 1
    if (block.length >= blockBytes) {
      writeBlock(file, spec, block, count)
      block.length = 0
      count = 0
    }
  }
  if (count > 0) writeBlock(file, spec, block, count)
  return Uint8Array.from(file.buffer.subarray(0, file.length))
}

function writeHeader(file: Sink, spec: ContainerSpec): void {
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

function writeBlock(file: Sink, spec: ContainerSpec, block: Sink, count: number): void {
  const rows = block.buffer.subarray(0, block.length)
  const bytes = spec.codec === 'deflate' ? deflateRawSync(rows) : rows
  writeLong(file, count)
  writeBytes(file, bytes)
  writeRaw(file, spec.sync.subarray(0, syncBytes))
}

export type Container = {
  /** The writer's schema, as it stands in the header, and the type that it describes; one object for equal headers. */
  readonly schema: JsonObject
  readonly type: RecordType
  readonly metadata: ReadonlyMap<string, string>
  /** The blocks, inflated, each checked before it is given. */
  readonly blocks: () => Generator<Block>
  /** Decodes the rows, block by block. */
  readonly rows: () => Generator<RecordValue>
}

/** So many rows in the binary encoding, one behind the other. */
export type Block = { readonly rows: number; readonly bytes: Uint8Array }

/**
 * Opens a container of codec `null` or `deflate`. `where` names it in errors.
 *
 * Throws CONTAINER_INVALID, at once or while the rows are read, naming the byte, when it is unsound; every sync
 * marker and every block's length is checked.
 */
export function readContainer(bytes: Uint8Array, where: string): Container {
  const source: Source = {
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
    where,
  }
  if (!take(source, magic.length).equals(magic)) throw unsound(source, 'no Avro object container file')
  const metadata = new Map<string, string>()
  readBlocks(source, () => metadata.set(readString(source), readString(source)))
  const sync = take(source, syncBytes)
  const codec = metadata.get('avro.codec') ?? 'null'
  if (codec !== 'null' && codec !== 'deflate')
    throw unsound(source, `the codec ${JSON.stringify(codec)} is not supported`)
  const { schema, type } = readSchema(source, metadata.get('avro.schema') ?? '')
  const start = source.offset
  const blocks = () => readBlocksOf({ ...source, offset: start }, codec, sync)
  return { schema, type, metadata, blocks, rows: () => readRows(blocks(), type, where) }
}

type WriterSchema = { readonly schema: JsonObject; readonly type: RecordType }

/** Most files of an archive have one of a few schemas, and reading one takes as long as reading hundreds of rows. */
const schemasKept = new Map<string, WriterSchema>()
const schemasKeptMax = 16

function readSchema(source: Source, text: string): WriterSchema {
  const known = schemasKept.get(text)
  if (known) return known
  const schema = parseSchema(source, text)
  const read = { schema, type: parseWriterType(source, schema) }
  if (schemasKept.size === schemasKeptMax) schemasKept.clear()
  schemasKept.set(text, read)
  return read
}

function parseSchema(source: Source, text: string): JsonObject {
  try {
    const schema: Json = JSON.parse(text)
    if (isObject(schema)) return schema
  } catch {}
  throw unsound(source, 'the header holds no schema')
}

function parseWriterType(source: Source, schema: JsonObject): RecordType {
  try {
    return parseRecordType(schema, source.where)
  } catch (cause) {
    const why = cause instanceof PipelineError ? cause.message : 'it cannot be read'
    throw unsound(source, `the schema in the header is not supported: ${why}`, cause)
  }
}

function* readBlocksOf(source: Source, codec: ContainerCodec, sync: Buffer): Generator<Block> {
  while (source.offset < source.buffer.length) {
    const rows = readNumber(source)
    if (rows < 0) throw unsound(source, `a block of ${rows} rows`)
    const packed = readBytes(source)
    if (!take(source, syncBytes).equals(sync))
      throw unsound(source, 'the sync marker after a block is another')
    yield { rows, bytes: codec === 'null' ? packed : inflate(source, packed) }
  }
}

function* readRows(blocks: Generator<Block>, type: RecordType, where: string): Generator<RecordValue> {
  for (const { rows, bytes } of blocks) {
    const block: Source = {
      buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      offset: 0,
      where,
    }
    for (let index = 0; index < rows; index++) yield readValue(block, type) as RecordValue
    if (block.offset !== block.buffer.length) throw unsound(block, 'a block holds more bytes than rows')
  }
}

function inflate(source: Source, packed: Buffer): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: inflatedBytesMax, chunkSize: inflateChunkBytes })
  } catch {
    throw unsound(source, 'a block cannot be inflated')
  }
}
