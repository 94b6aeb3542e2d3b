import { createWriter, writeValue, written } from '../../codec/avro.ts'
import { type Container, readContainer } from '../../codec/container.ts'
import type { Shredder } from '../../parquet/shred.ts'
import { createParquetWriter, type ParquetWriter } from '../../parquet/writer.ts'
import { PipelineError } from '../../record/error.ts'
import { compareTypes, projectRecord } from '../../record/resolve.ts'
import type { RecordSchema } from '../../record/schema.ts'
import type { JsonObject } from '../../record/type.ts'
import type { StoredObject } from '../../store/store.ts'
import type { ArchiveFile, ReadableStore } from '../files.ts'

/** How many files are fetched ahead of the one that is taken in. */
const fetchesAhead = 4

const blockBytes = 65_536

/** A file was replaced or removed since it was listed. */
export class FileMoved extends PipelineError {
  constructor(key: string) {
    super('STORE_UNAVAILABLE', `${key} was replaced or removed while it was read: run the query again`)
  }
}

/** What a pack took of a file: so many rows, or none of one that is `skipped`. */
export type FileOutcome = { readonly rows: number; readonly skipped?: string }

export type BuiltPack = {
  /** What was taken of each file, in the order in which the files were given. */
  readonly files: readonly FileOutcome[]
  /** Size in bytes. */
  readonly bytes: number
}

/** Makes one pack of files that come one after the other. */
export type PackBuilder = {
  /**
   * Takes in a file with its bytes. A file that this project did not write (an empty one, another format, another schema)
   * is skipped. Throws CONTAINER_INVALID, naming the file, for one of ours that is damaged, that the type's schema no
   * longer reads, or that holds a number which SQL's type has no room for: rows of it would be missing.
   */
  readonly take: (file: PackFile, bytes: Uint8Array) => Promise<FileOutcome>
  /** Finishes the pack; gives its size in bytes. */
  readonly end: () => Promise<number>
  /** Lets go of the file as it is. */
  readonly close: () => Promise<void>
}

export type PackFile = Pick<ArchiveFile, 'key' | 'partition'>

/** Builds a pack at `path`, which must be free. One builder at a time may use the shredder. */
export async function openBuilder(
  path: string,
  schema: RecordSchema,
  shredder: Shredder,
): Promise<PackBuilder> {
  const writer = await createParquetWriter(path, shredder)
  return {
    take: (file, bytes) => {
      writer.begin(file)
      return takeFile(file.key, bytes, schema, writer)
    },
    end: writer.end,
    close: writer.close,
  }
}

export type BuildOptions = {
  readonly signal?: AbortSignal
  readonly onFile?: (rows: number) => Promise<void>
}

/**
 * Fetches files and gives them to a builder.
 *
 * Throws as the store, the builder and `onFile` do, and FileMoved.
 */
export async function buildPack(
  store: ReadableStore,
  files: readonly ArchiveFile[],
  open: () => Promise<PackBuilder>,
  { signal, onFile }: BuildOptions,
): Promise<BuiltPack> {
  const builder = await open()
  try {
    const taken: FileOutcome[] = []
    for await (const { file, object } of fetchAll(store, files, signal)) {
      const one = await builder.take(file, object.bytes)
      taken.push(one)
      await onFile?.(one.rows)
    }
    return { files: taken, bytes: await builder.end() }
  } finally {
    await builder.close()
  }
}

type Fetched = { readonly file: ArchiveFile; readonly object: StoredObject }

async function* fetchAll(
  store: ReadableStore,
  files: readonly ArchiveFile[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Fetched> {
  const options = signal ? { signal } : {}
  const fetch = async (file: ArchiveFile): Promise<Fetched> => {
    const object = await store.get(file.key, options)
    if (object?.etag !== file.etag) throw new FileMoved(file.key)
    return { file, object }
  }
  const ahead: Promise<Fetched>[] = []
  let next = 0
  try {
    while (next < files.length || ahead.length > 0) {
      while (ahead.length < fetchesAhead && next < files.length) {
        const file = files[next++]
        if (file) ahead.push(fetch(file))
      }
      signal?.throwIfAborted()
      const fetched = await ahead.shift()
      if (fetched) yield fetched
    }
  } finally {
    await Promise.allSettled(ahead)
  }
}

async function takeFile(
  key: string,
  file: Uint8Array,
  schema: RecordSchema,
  writer: ParquetWriter,
): Promise<FileOutcome> {
  const skipped = whyForeign(file, schema)
  if (skipped !== undefined) return { rows: 0, skipped }
  const container = readContainer(file, key)
  let count = 0
  for (const { rows, bytes } of blocksOf(container, schema, key)) {
    await writer.append(bytes, rows)
    count += rows
  }
  return { rows: count }
}

/** A mark that stands in the header of every file that this project writes. */
const ownMark = Buffer.from('dmd.format')
const headerBytesMax = 65_536

/** Why a file is none that this project wrote for the type; undefined where it is one, sound or damaged. */
export function whyForeign(file: Uint8Array, schema: RecordSchema): string | undefined {
  if (file.length === 0) return 'it is empty'
  const head = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, headerBytesMax))
  if (head.includes(ownMark)) return undefined
  try {
    const { type } = readContainer(file, 'the file')
    const broken = compareTypes(type, schema.row).find(({ verdict }) => verdict === 'breaks')
    return broken && `it was written by something else: ${broken.path}: ${broken.note}`
  } catch (error) {
    if (error instanceof PipelineError) return `it was written by something else: ${error.message}`
    throw error
  }
}

/** The last schema of a file that was found to be today's: one object for equal headers. */
const own = new WeakMap<RecordSchema, JsonObject>()

function isOwn(found: JsonObject, schema: RecordSchema): boolean {
  if (own.get(schema) === found) return true
  if (JSON.stringify(found) !== JSON.stringify(schema.avro)) return false
  own.set(schema, found)
  return true
}

/** The blocks in the form of today's schema: as they are, or decoded, projected and encoded again. */
function* blocksOf(
  container: Container,
  schema: RecordSchema,
  key: string,
): Generator<{ readonly rows: number; readonly bytes: Uint8Array }> {
  if (isOwn(container.schema, schema)) return yield* container.blocks()
  const broken = compareTypes(container.type, schema.row).find(({ verdict }) => verdict === 'breaks')
  if (broken) {
    const what = `${key}: written with a schema that ${schema.type}.avsc no longer reads: ${broken.path}: ${broken.note}`
    const fix = `take that change out of ${schema.type}.avsc; dmd schema check shows what an edit does to files`
    throw new PipelineError('CONTAINER_INVALID', `${what}; ${fix}`, { isFixInMessage: true })
  }
  const writer = createWriter()
  let rows = 0
  for (const row of container.rows()) {
    writeValue(writer, schema.row, projectRecord(container.type, schema.row, row))
    rows += 1
    if (writer.length < blockBytes) continue
    yield { rows, bytes: written(writer) }
    writer.length = 0
    rows = 0
  }
  if (rows > 0) yield { rows, bytes: written(writer) }
}
