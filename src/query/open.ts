import { PipelineError } from '../record/error.ts'
import type { Catalog } from '../record/schema.ts'
import type { Runtime } from '../runtime.ts'
import type { Settings } from '../settings.ts'
import type { ObjectStore } from '../store/store.ts'
import { cacheFolder } from './cache-folder.ts'
import type { QueryEngine } from './engine.ts'

export type EngineParts = {
  readonly settings: Settings
  readonly store: ObjectStore
  readonly catalog: Catalog
  /** The environment, which names the user's cache folder. */
  readonly env: NodeJS.ProcessEnv
  readonly runtime: Runtime
}

/**
 * Opens DuckDB over an archive, with the cache and the bounds that the settings name. When a statement asks for a table
 * whose rows are in the archive and whose schema is missing, the error says so.
 */
export async function openEngine({
  settings,
  store,
  catalog,
  env,
  runtime,
}: EngineParts): Promise<QueryEngine> {
  const folder = cacheFolder(settings, env, store.url)
  // Loaded when it is needed: commands without SQL start sooner.
  const { openDuckDb } = await import('./duckdb.ts')
  const engine = await openDuckDb({
    store,
    catalog,
    runtime,
    memoryMax: settings.queryMemory,
    range: { from: settings.partitionFrom, yearsAhead: settings.partitionYearsAhead },
    ...(folder === undefined ? {} : { cache: { folder } }),
  })
  return withMissingSchema(bounded(engine, settings), store, catalog)
}

/** How the two dialects and DESCRIBE name a table that does not exist. */
const missingTable = /(?:[Tt]able with name "?|there is no table |Table '(?:\w+\.)*)(\w+)/

/** Says which schema is missing where a statement asks for a table whose rows are in the archive. */
function withMissingSchema(engine: QueryEngine, store: ObjectStore, catalog: Catalog): QueryEngine {
  const explain = async (error: unknown): Promise<never> => {
    if (!(error instanceof PipelineError) || error.code !== 'QUERY_FAILED') throw error
    const [, written = ''] = missingTable.exec(error.message) ?? []
    const type = await findFolder(store, written.toLowerCase(), catalog)
    if (type === undefined) throw error
    const help = `The archive has data/${type}/, but there is no schema for it: --schemas FOLDER names the folder with ${type}.avsc.`
    throw new PipelineError('QUERY_FAILED', `${error.message}\n${help}`, { cause: error })
  }
  return {
    query: (sql, options) => engine.query(sql, options).catch(explain),
    exportParquet: (sql, path, options) => engine.exportParquet(sql, path, options).catch(explain),
    close: engine.close,
  }
}

/** The folder below data/ that a table or a view of this name would read, where it has files and no schema. */
async function findFolder(store: ObjectStore, table: string, catalog: Catalog): Promise<string | undefined> {
  const base = table.replace(/_(?:changes|current|latest|masked)$/, '')
  for (const type of [base, base.replace(/s$/, '')]) {
    if (type === '' || catalog.has(type)) continue
    for await (const _ of store.list(`data/${type}/`)) return type
  }
  return undefined
}

/** Opens Athena, with the bounds that the settings name. */
export async function openAthenaEngine(settings: Settings, runtime: Runtime): Promise<QueryEngine> {
  const { workgroup, database } = settings
  const { openAthena } = await import('./athena.ts')
  return bounded(await openAthena({ workgroup, database, runtime }), settings)
}

function bounded(
  engine: QueryEngine,
  { queryTimeoutMs: timeoutMs, queryRowsMax: rowsMax }: Settings,
): QueryEngine {
  const bounds = { timeoutMs, rowsMax }
  return {
    query: (sql, options) => engine.query(sql, { ...bounds, ...options }),
    exportParquet: (sql, path, options) => engine.exportParquet(sql, path, { ...bounds, ...options }),
    close: engine.close,
  }
}
