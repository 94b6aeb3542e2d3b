import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { QueryEngine, Scan } from '../query/engine.ts'
import type { Catalog } from '../record/schema.ts'
import type { Settings } from '../settings.ts'
import type { ObjectStore } from '../store/store.ts'
import { count, duration, type Io, size } from './io.ts'

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
    memoryMax: settings.queryMemory,
    range: { from: settings.partitionFrom, yearsAhead: settings.partitionYearsAhead },
    ...(folder === undefined ? {} : { cache: { folder, clock: io.clock } }),
  })
  const bounds = { timeoutMs: settings.queryTimeoutMs, rowsMax: settings.queryRowsMax }
  return {
    query: (sql, options) => engine.query(sql, { ...bounds, ...options }),
    exportParquet: (sql, path, options) => engine.exportParquet(sql, path, { ...bounds, ...options }),
    close: engine.close,
  }
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

/** What a query read and how long it took, in a line for people. */
export function describeScan(scan: Scan | undefined, rows: number, tookMs: number): string {
  const took = `${count(rows)} ${rows === 1 ? 'row' : 'rows'} in ${duration(tookMs)}`
  if (!scan || scan.filesTotal === 0) return took
  const { files, filesTotal, partitions, partitionsTotal, bytes } = scan
  return (
    `${took}; read ${count(files)} of ${count(filesTotal)} files, ${count(partitions)} of ${count(partitionsTotal)} ` +
    `partitions, ${size(bytes)}, ${count(scan.rows)} rows`
  )
}
