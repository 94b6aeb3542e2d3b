import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBResult,
} from '@duckdb/node-api'
import type { PipelineError } from '../record/error.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { ObjectStore } from '../store/store.ts'
import { answerCatalogStatement } from './answer.ts'
import { isNumeric, toCell } from './cell.ts'
import { macros, readCatalogStatement } from './dialect.ts'
import type { Column, QueryEngine, QueryOptions, QueryResult } from './engine.ts'
import { interrupted, rowFailure, statementFailure } from './failure.ts'
import { findSystemViews, prepareReading, readReading, refused } from './guard.ts'
import { type Loaded, syncTables } from './ingest.ts'
import { writeParquet } from './parquet.ts'
import { quoteName } from './quote.ts'
import { createTable, partitionColumn, tableColumns } from './tables.ts'
import { viewsOf } from './views.ts'

export type DuckDbParts = {
  readonly store: ObjectStore
  readonly catalog: Catalog
  /** The most memory that the tables and a query may take, such as `4GB`; DuckDB's default is 80% of the machine's. */
  readonly memoryMax?: string
}

/**
 * Opens DuckDB over an archive, in memory. Before each query it takes in the files that came since the last.
 *
 * The database reaches no file, no network and no extension, and its settings are locked; every statement must be one
 * that reads. Throws as `QueryEngine` says.
 */
export async function openDuckDb(parts: DuckDbParts): Promise<QueryEngine> {
  const instance = await DuckDBInstance.create(':memory:', {
    // Rows that do not fit the memory must not lie about as files, in whatever folder this was started in. This comes
    // first, since it cannot be set once access is off.
    temp_directory: '',
    enable_external_access: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(parts.memoryMax === undefined ? {} : { memory_limit: parts.memoryMax }),
  })
  const trusted = await instance.connect()
  await trusted.run("SET GLOBAL TimeZone = 'UTC'")
  for (const [signature, body] of Object.entries(macros))
    await trusted.run(`CREATE MACRO ${signature} AS ${body}`)
  for (const schema of parts.catalog.values()) await createRelations(trusted, schema)
  await trusted.run('SET GLOBAL lock_configuration = true')
  const systemViews = await findSystemViews(trusted)
  const loaded: Loaded = new Map()
  const known = new Map<string, ReadonlySet<string>>()
  let syncing = Promise.resolve()
  const partitionsOf = (type: string) =>
    new Set([...(loaded.get(type)?.values() ?? [])].map(({ partition }) => partition))

  /** One at a time: two queries at once must not load a file twice. */
  const sync = async (options: QueryOptions): Promise<void> => {
    const next = syncing.then(() => {
      options.signal?.throwIfAborted()
      return syncTables(parts.store, parts.catalog, trusted, loaded, async (progress) => {
        options.signal?.throwIfAborted()
        await options.onLoad?.(progress)
      })
    })
    syncing = next.catch(() => {})
    try {
      await next
    } catch (error) {
      throw options.signal?.aborted ? interrupted() : rowFailure(error, '')
    }
  }
  const start = async (sql: string, options: QueryOptions): Promise<Started> => {
    const { signal } = options
    await sync(options)
    const connection = await instance.connect()
    const stop = () => connection.interrupt()
    const end = () => {
      signal?.removeEventListener('abort', stop)
      connection.closeSync()
    }
    // Until it is prepared, a statement has read no row that a message could quote.
    let toError: (error: unknown) => PipelineError = statementFailure
    const explain = (error: unknown) => (signal?.aborted ? interrupted() : toError(error))
    signal?.addEventListener('abort', stop, { once: true })
    try {
      signal?.throwIfAborted()
      const reading = await readReading(connection, sql, systemViews)
      const statement = await prepareReading(connection, reading)
      toError = (error) => rowFailure(error, sql)
      signal?.throwIfAborted()
      const result = await statement.stream()
      return { result, fetch: () => fetchChunk(result, signal), explain, end }
    } catch (error) {
      end()
      throw explain(error)
    }
  }

  return {
    query: async (sql, options = {}) => {
      const own = readCatalogStatement(sql)
      if (!own) return toResult(await start(sql, options))
      await sync(options)
      return answerCatalogStatement(own, { catalog: parts.catalog, partitionsOf, known })
    },
    exportParquet: async (sql, path, options = {}) => {
      if (readCatalogStatement(sql)) throw refused('only the result of a SELECT is written as Parquet')
      const { result, fetch, explain, end } = await start(sql, options)
      try {
        return await writeParquet(result, fetch, path)
      } catch (error) {
        throw explain(error)
      } finally {
        end()
      }
    },
    close: () => {
      trusted.closeSync()
      instance.closeSync()
    },
  }
}

/** A query that runs. */
type Started = {
  readonly result: DuckDBResult
  /** The next rows, undefined after the last. */
  readonly fetch: () => Promise<DuckDBDataChunk | undefined>
  readonly explain: (error: unknown) => PipelineError
  readonly end: () => void
}

/** An interrupt that comes between two chunks is lost on DuckDB, so the signal is looked at too. */
async function fetchChunk(result: DuckDBResult, signal?: AbortSignal): Promise<DuckDBDataChunk | undefined> {
  signal?.throwIfAborted()
  const chunk = await result.fetchChunk()
  return chunk && chunk.rowCount > 0 ? chunk : undefined
}

async function createRelations(connection: DuckDBConnection, schema: RecordSchema): Promise<void> {
  await connection.run(createTable(schema))
  const columns = [...tableColumns(schema).map(({ name }) => name), partitionColumn]
  for (const { name, select } of viewsOf(schema, columns))
    await connection.run(`CREATE VIEW ${quoteName(name)} AS ${select}`)
}

function toResult({ result, fetch, explain, end }: Started): QueryResult {
  const types = result.columnTypes()
  const columns: Column[] = result.deduplicatedColumnNames().map((name, index) => {
    const type = types[index]
    return { name, type: type?.toString() ?? '', isNumeric: type !== undefined && isNumeric(type) }
  })
  const rows = async function* () {
    try {
      for (let chunk = await fetch(); chunk; chunk = await fetch())
        yield chunk.getRows().map((row) => row.map(toCell))
    } catch (error) {
      throw explain(error)
    } finally {
      end()
    }
  }
  return { columns, rows: rows() }
}
