import { type DuckDBConnection, DuckDBDataChunk, type DuckDBValue, VARCHAR } from '@duckdb/node-api'
import { type Container, readContainer } from '../codec/container.ts'
import { PipelineError } from '../record/error.ts'
import { compareTypes, projectRecord } from '../record/resolve.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { RecordValue } from '../record/type.ts'
import type { ObjectInfo, ObjectStore } from '../store/store.ts'
import type { LoadProgress } from './engine.ts'
import { quoteName } from './quote.ts'
import { partitionColumn, tableColumns } from './tables.ts'

/** What of an archive a database holds: per record type, the files by key and the partitions they lie in. */
export type Loaded = Map<string, ReadonlyMap<string, LoadedFile>>
export type LoadedFile = { readonly etag: string; readonly partition: string }

/** Rows that are handed to DuckDB at once: the size of its vectors. */
const chunkRows = 2048

/** As for Athena, a file whose name starts with . or _ is none of the table's. */
const filePattern = new RegExp(`^data/[^/]+/${partitionColumn}=(\\d{4}-\\d{2}-\\d{2})/[^/._][^/]*\\.avro$`)

/**
 * Brings the tables up to what the archive holds now: new files are added; where a file was replaced or is gone,
 * its type's table is filled anew. All or nothing: when a file cannot be read the tables stay as they were.
 *
 * Throws as the store and `onLoad` do, and CONTAINER_INVALID, naming the file, for one that is unsound, that the
 * type's schema no longer reads, or that holds a number which SQL's type has no room for.
 */
export async function syncTables(
  store: ObjectStore,
  catalog: Catalog,
  connection: DuckDBConnection,
  loaded: Loaded,
  onLoad: (progress: LoadProgress) => Promise<void>,
): Promise<void> {
  const plans = await Promise.all([...catalog.values()].map((schema) => planType(store, schema, loaded)))
  const filesTotal = plans.reduce((sum, { fresh }) => sum + fresh.length, 0)
  if (filesTotal === 0 && plans.every(({ isStale }) => !isStale)) return
  let files = 0
  let rows = 0
  await connection.run('BEGIN TRANSACTION')
  try {
    for (const { schema, fresh, isStale } of plans) {
      if (isStale) await connection.run(`DELETE FROM ${quoteName(schema.type)}`)
      const append = await startAppending(connection, schema)
      try {
        for (const file of fresh) {
          rows += await loadFile(store, schema, file, append)
          files += 1
          await onLoad({ files, filesTotal, rows })
        }
        append.flush()
      } finally {
        append.close()
      }
    }
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK')
    throw error
  }
  for (const { schema, found } of plans) loaded.set(schema.type, found)
}

type FoundFile = ObjectInfo & { readonly partition: string }
type Plan = {
  readonly schema: RecordSchema
  readonly found: ReadonlyMap<string, LoadedFile>
  readonly fresh: readonly FoundFile[]
  /** A file that is loaded was replaced or is gone. */
  readonly isStale: boolean
}

async function planType(store: ObjectStore, schema: RecordSchema, loaded: Loaded): Promise<Plan> {
  const before = loaded.get(schema.type) ?? new Map<string, LoadedFile>()
  const files: FoundFile[] = []
  for await (const info of store.list(`data/${schema.type}/`)) {
    const partition = filePattern.exec(info.key)?.[1]
    if (partition !== undefined) files.push({ ...info, partition })
  }
  const found = new Map(files.map(({ key, etag, partition }) => [key, { etag, partition }]))
  const isStale = [...before].some(([key, { etag }]) => found.get(key)?.etag !== etag)
  const fresh = isStale ? files : files.filter(({ key }) => !before.has(key))
  return { schema, found, fresh, isStale }
}

async function loadFile(
  store: ObjectStore,
  schema: RecordSchema,
  file: FoundFile,
  append: Append,
): Promise<number> {
  const object = await store.get(file.key)
  if (!object || object.etag !== file.etag) {
    throw new PipelineError(
      'STORE_UNAVAILABLE',
      `${file.key} was replaced or removed while it was read: run the query again`,
    )
  }
  const container = readContainer(object.bytes, file.key)
  const project = projection(container, schema, file.key)
  let rows = 0
  for (const row of container.rows()) {
    append.row(project(row), file)
    rows += 1
  }
  return rows
}

/** How a file's rows become rows of today's schema. */
function projection(
  container: Container,
  schema: RecordSchema,
  key: string,
): (row: RecordValue) => RecordValue {
  if (JSON.stringify(container.schema) === JSON.stringify(schema.avro)) return (row) => row
  const broken = compareTypes(container.type, schema.row).find(({ verdict }) => verdict === 'breaks')
  if (broken) {
    const what = `${key}: written with a schema that ${schema.type}.avsc no longer reads: ${broken.path}: ${broken.note}`
    throw new PipelineError('CONTAINER_INVALID', what)
  }
  return (row) => projectRecord(container.type, schema.row, row)
}

type Append = {
  /** Throws CONTAINER_INVALID where a value does not fit its column. */
  readonly row: (row: RecordValue, file: FoundFile) => void
  readonly flush: () => void
  /** What was not flushed is dropped. Left open, an appender would write it whenever it is garbage-collected. */
  readonly close: () => void
}

/** Appends rows to a table in whole vectors, column by column, which is many times as fast as row by row. */
async function startAppending(connection: DuckDBConnection, schema: RecordSchema): Promise<Append> {
  const columns = tableColumns(schema)
  const names = schema.row.fields.map(({ name }) => name)
  const types = [...columns.map(({ type }) => type), VARCHAR]
  const appender = await connection.createAppender(schema.type)
  let held: DuckDBValue[][] = types.map(() => [])
  const appendHeld = () => {
    if ((held[0]?.length ?? 0) === 0) return
    const chunk = DuckDBDataChunk.create(types)
    chunk.setColumns(held)
    appender.appendDataChunk(chunk)
    held = types.map(() => [])
  }
  return {
    row: (row, { key, partition }) => {
      for (const [index, column] of columns.entries()) {
        const name = names[index] ?? ''
        try {
          held[index]?.push(column.convert(row[name] ?? null))
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause)
          throw new PipelineError('CONTAINER_INVALID', `${key}: ${name}: ${why}`, { cause })
        }
      }
      held.at(-1)?.push(partition)
      if (held[0]?.length === chunkRows) appendHeld()
    },
    flush: () => {
      appendHeld()
      appender.flushSync()
    },
    close: () => {
      appender.clear()
      appender.closeSync()
    },
  }
}
