import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Charge, QueryEngine, Scan } from '../query/engine.ts'
import type { SkippedFile } from '../query/files.ts'
import { PipelineError } from '../record/error.ts'
import type { Catalog } from '../record/schema.ts'
import type { Settings } from '../settings.ts'
import type { ObjectStore } from '../store/store.ts'
import { count, counted, duration, harmless, type Io, size } from './io.ts'

export type EngineParts = {
  readonly settings: Settings
  readonly store: ObjectStore
  readonly catalog: Catalog
}

/** Opens the SQL engine over an archive, with the cache and the bounds that the settings name. */
export async function openEngine(io: Io, { settings, store, catalog }: EngineParts): Promise<QueryEngine> {
  const folder = cacheFolder(io, settings, store)
  // Loaded when it is needed: commands without SQL start sooner.
  const { openDuckDb } = await import('../query/duckdb.ts')
  const engine = await openDuckDb({
    store,
    catalog,
    runtime: io.runtime,
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

/** Where the cache of one archive lies: two must not share a folder, as what one of them lacks would be dropped. */
export function cacheFolder(io: Io, settings: Settings, store: ObjectStore): string | undefined {
  const root = cacheRoot(settings, io.env)
  const name = createHash('sha256').update(store.url).digest('hex').slice(0, 16)
  return root === undefined ? undefined : join(root, name)
}

/** Where caches lie: as the setting says, else where the system keeps such things, else nowhere for long. */
export function cacheRoot({ cache }: Settings, env: NodeJS.ProcessEnv): string | undefined {
  if (cache !== undefined) return cache
  const home = env.XDG_CACHE_HOME || (env.HOME ? join(env.HOME, '.cache') : env.LOCALAPPDATA)
  return home ? join(home, 'dmd-pipeline') : undefined
}

/** Opens Athena, with the bounds that the settings name. */
export async function openAthenaEngine(io: Io, settings: Settings): Promise<QueryEngine> {
  const { workgroup, database } = settings
  const { openAthena } = await import('../query/athena.ts')
  return bounded(await openAthena({ workgroup, database, runtime: io.runtime }), settings)
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

/** What a query read, or cost. */
export type Cost = { readonly scan?: Scan | undefined; readonly charge?: Charge | undefined }

/** What a query read and how long it took, in a line for people. */
export function describeRun({ scan, charge }: Cost, rows: number, tookMs: number): string {
  const took = `${counted(rows, 'row')} in ${duration(tookMs)}`
  if (charge) return `${took}; ${describeCharge(charge)}`
  if (!scan || scan.filesTotal === 0) return took
  const { files, filesTotal, partitions, partitionsTotal, bytes } = scan
  return (
    `${took}; read ${count(files)} of ${counted(filesTotal, 'file')}, ${count(partitions)} of ` +
    `${counted(partitionsTotal, 'partition')}, ${size(bytes)}, ${counted(scan.rows, 'row')}`
  )
}

/** So many skipped objects are named; the others are counted. */
const namedMax = 10

/** The objects that a query did without, in lines for people; none where there are none. */
export function skippedLines(skipped: readonly SkippedFile[]): readonly string[] {
  if (skipped.length === 0) return []
  const rest = skipped.length - namedMax
  return [
    `${counted(skipped.length, 'object')} below data/ ${skipped.length === 1 ? 'is no file of its table and was' : 'are no files of their tables and were'} left out:`,
    ...skipped.slice(0, namedMax).map(({ key, why }) => `  ${harmless(key)}: ${harmless(why)}`),
    ...(rest > 0 ? [`  and ${count(rest)} more`] : []),
  ]
}

// Athena's list price in most regions, and the least that a query is charged for; docs/cost.md.
const dollarsPerTb = 5
const chargedBytesMin = 10_000_000

function describeCharge({ scannedBytes, queuedMs, ranMs }: Charge): string {
  const dollars = (Math.max(scannedBytes, chargedBytesMin) / 1e12) * dollarsPerTb
  const price = scannedBytes === 0 ? '' : `, about $${dollars.toFixed(5)} at $${dollarsPerTb} a TB`
  return `Athena scanned ${size(scannedBytes)}${price}; queued ${duration(queuedMs)}, ran ${duration(ranMs)}`
}
