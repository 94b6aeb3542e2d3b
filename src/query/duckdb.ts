import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  StatementType,
} from '@duckdb/node-api'
import { PipelineError } from '../record/error.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { ObjectStore } from '../store/store.ts'
import { isNumeric, toCell } from './cell.ts'
import { type CatalogStatement, macros, readCatalogStatement, stripComments } from './dialect.ts'
import type { Column, QueryEngine, QueryOptions, QueryResult } from './engine.ts'
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
  const loaded: Loaded = new Map()
  const known = new Map<string, ReadonlySet<string>>()
  let syncing = Promise.resolve()

  /** One at a time: two queries at once must not load a file twice. */
  const sync = (options: QueryOptions): Promise<void> => {
    const next = syncing.then(() =>
      syncTables(parts.store, parts.catalog, trusted, loaded, options.onLoad ?? (async () => {})),
    )
    syncing = next.catch(() => {})
    return next
  }
  const start = async (sql: string, options: QueryOptions): Promise<Started> => {
    await sync(options)
    const connection = await instance.connect()
    const stop = () => connection.interrupt()
    const end = () => {
      options.signal?.removeEventListener('abort', stop)
      connection.closeSync()
    }
    try {
      options.signal?.throwIfAborted()
      options.signal?.addEventListener('abort', stop, { once: true })
      const statement = await prepare(connection, sql)
      return { result: await statement.stream(), end }
    } catch (error) {
      end()
      throw explain(error, sql)
    }
  }

  return {
    query: async (sql, options = {}) => {
      const own = readCatalogStatement(sql)
      if (!own) return toResult(await start(sql, options), sql)
      await sync(options)
      return answer(own, parts.catalog, loaded, known)
    },
    exportParquet: async (sql, path, options = {}) => {
      if (readCatalogStatement(sql))
        throw new PipelineError('QUERY_REFUSED', 'only the result of a SELECT is written as Parquet')
      const { result, end } = await start(sql, options)
      try {
        return await writeParquet(result, path)
      } catch (error) {
        throw explain(error, sql)
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

type Started = { readonly result: DuckDBResult; readonly end: () => void }

async function createRelations(connection: DuckDBConnection, schema: RecordSchema): Promise<void> {
  await connection.run(createTable(schema))
  const columns = [...tableColumns(schema).map(({ name }) => name), partitionColumn]
  for (const { name, select } of viewsOf(schema, columns))
    await connection.run(`CREATE VIEW ${quoteName(name)} AS ${select}`)
}

const allowed = 'SELECT, EXPLAIN, DESCRIBE, SHOW and MSCK REPAIR TABLE'

/** Parses one statement with DuckDB's own parser and lets it through only when it reads. */
async function prepare(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1) {
    const found =
      statements.count === 0 ? 'there is no statement' : `there are ${statements.count} statements`
    throw new PipelineError('QUERY_REFUSED', `${found}: one is run at a time`)
  }
  // EXPLAIN ANALYZE runs what it explains, so that must be a SELECT too.
  const explained = /^EXPLAIN\s+(?:ANALYZE\s+|\([^)]*\)\s*)*/i.exec(stripComments(sql))
  if (explained) await prepare(connection, stripComments(sql).slice(explained[0].length))
  const statement = await statements.prepare(0)
  const { statementType } = statement
  if (statementType !== StatementType.SELECT && !(explained && statementType === StatementType.EXPLAIN)) {
    const kind = StatementType[statementType] ?? 'statement'
    throw new PipelineError('QUERY_REFUSED', `${kind} is not allowed: a query only reads, by ${allowed}`)
  }
  return statement
}

function toResult({ result, end }: Started, sql: string): QueryResult {
  const types = result.columnTypes()
  const columns: Column[] = result.deduplicatedColumnNames().map((name, index) => {
    const type = types[index]
    return { name, type: type?.toString() ?? '', isNumeric: type !== undefined && isNumeric(type) }
  })
  return { columns, rows: readRows(result, end, sql) }
}

async function* readRows(result: DuckDBResult, end: () => void, sql: string) {
  try {
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) return
      yield chunk.getRows().map((row) => row.map(toCell))
    }
  } catch (error) {
    throw explain(error, sql)
  } finally {
    end()
  }
}

/** Answers `MSCK REPAIR TABLE` and `SHOW PARTITIONS`. */
function answer(
  { kind, table }: CatalogStatement,
  catalog: Catalog,
  loaded: Loaded,
  known: Map<string, ReadonlySet<string>>,
): QueryResult {
  const name = table.toLowerCase()
  const schema = [...catalog.values()].find(({ type, plural }) => type === name || plural === name)
  if (!schema) {
    throw new PipelineError(
      'QUERY_FAILED',
      `there is no table ${table}; there are ${[...catalog.keys()].join(', ')}`,
    )
  }
  const before = known.get(schema.type) ?? new Set()
  const now = new Set([...(loaded.get(schema.type)?.values() ?? [])].map(({ partition }) => partition))
  if (kind === 'repair') known.set(schema.type, now)
  const shown = [...now].filter((partition) => kind === 'partitions' || !before.has(partition)).sort()
  const column = kind === 'repair' ? 'partition_added' : 'partition'
  return {
    columns: [{ name: column, type: 'VARCHAR', isNumeric: false }],
    rows: (async function* () {
      yield shown.map((partition) => [`${partitionColumn}=${partition}`])
    })(),
  }
}

/** DuckDB's own message. What it quotes out of rows is left out, since that may be personal. */
function explain(error: unknown, sql: string): PipelineError {
  if (error instanceof PipelineError) return error
  const message = error instanceof Error ? error.message : String(error)
  // These are about the statement and the catalog; any other may be about a row.
  const isAboutStatement = /^(Binder|Catalog|Parser|Permission) Error/.test(message)
  const told = message.replace(/(['"])((?:(?!\1)[\s\S])*)\1/g, (quoted, mark: string, inner: string) =>
    isAboutStatement || sql.includes(inner) ? quoted : `${mark}…${mark}`,
  )
  return new PipelineError('QUERY_FAILED', told, isAboutStatement ? { cause: error } : {})
}
