import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PipelineError } from '../record/error.ts'
import type { DuckDbParts } from './duckdb/parts.ts'
import type { QueryEngine } from './engine.ts'

export type { DuckDbParts } from './duckdb/parts.ts'

// The build puts it beside the bundle. Run from its sources, where there is none, this project runs statements in its own
// process.
const script = new URL('./query-process.js', import.meta.url)
const isSource = import.meta.url.endsWith('.ts')

/**
 * Opens DuckDB over an archive. Before each query the files that it may need, and that came since, are taken in: those
 * of the tables that it names, of the partitions that its WHERE leaves. Several processes may use one cache at once.
 *
 * Each statement runs in a process of its own, so that no statement can hold or end the process that asks: a deadline
 * and an abort end it within about a second, and so does memory beyond `memoryMax` that DuckDB does not count. That
 * process reads the archive through this one and has none of its credentials. One is kept for the next statement. With
 * `inProcess`, DuckDB runs in this process: it starts sooner, and a statement that does not yield cannot be ended.
 *
 * Throws as `QueryEngine` says, and SETTING_INVALID where the script of the process is missing.
 *
 * @example
 * const engine = await openDuckDb({ store: await openStore('./archive'), catalog: loadCatalog() })
 * const { rows } = await engine.query('SELECT COUNT(*) FROM demand', { timeoutMs: 10_000 })
 */
export async function openDuckDb(parts: DuckDbParts): Promise<QueryEngine> {
  if (parts.inProcess || isSource) {
    const { openInProcess } = await import('./duckdb/engine.ts')
    return openInProcess(parts)
  }
  if (script.protocol !== 'file:' || !existsSync(fileURLToPath(script))) throw missing()
  const [{ openIsolated }, { forkWorker }] = await Promise.all([
    import('./duckdb/isolated.ts'),
    import('./duckdb/worker.ts'),
  ])
  return openIsolated(parts, { fork: () => forkWorker(script) })
}

function missing(): PipelineError {
  const why = `${script.href} is missing, which runs statements in a process of its own`
  const fix = 'leave dmd-pipeline out of the bundle, or open DuckDB with inProcess'
  return new PipelineError('SETTING_INVALID', `${why}: ${fix}`, { isFixInMessage: true })
}
