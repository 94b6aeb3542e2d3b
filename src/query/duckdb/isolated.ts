import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCatalogStatement } from '../../dialect/statements.ts'
import { type Runtime, systemRuntime } from '../../runtime.ts'
import { nextName } from '../../store/owner.ts'
import { cleanCache } from '../cache.ts'
import type { QueryEngine, QueryOptions } from '../engine.ts'
import { interrupted, passedTime } from '../failure.ts'
import { placeFile } from '../output.ts'
import { createCatalogAnswers } from './catalog.ts'
import { parseBytes } from './memory.ts'
import { type DuckDbParts, memoryMaxDefault } from './parts.ts'
import { createPool } from './pool.ts'
import type { ChildAnswer, Opening } from './protocol.ts'
import { type RunningStatement, runInWorker, type StatementBounds } from './statement.ts'
import { openWorker } from './worker.ts'

export type IsolationParts = {
  /** Starts the script of a worker. */
  readonly fork: () => ChildProcess
  /** How long a worker has to end a statement that it is told to end. */
  readonly graceMs?: number
  /** The most memory that the process of a statement may hold. */
  readonly residentBytesMax?: number
}

const graceMsDefault = 1000

/** What a process holds beside DuckDB's memory: Node, its rows, and Avro files that are read, by so many threads. */
const ownBytes = 1 << 30
const threadBytes = 128 * 1024 * 1024

/** Opens DuckDB in processes of its own, as `openDuckDb` says. */
export async function openIsolated(parts: DuckDbParts, isolation: IsolationParts): Promise<QueryEngine> {
  const { store, catalog, runtime = systemRuntime(), memoryMax = memoryMaxDefault } = parts
  const { threads = availableParallelism(), statementsMax = 4 } = parts
  const { graceMs = graceMsDefault } = isolation
  const share = parseBytes(memoryMax) + ownBytes + threads * threadBytes
  const residentBytesMax = isolation.residentBytesMax ?? share
  const folder = parts.cache?.folder ?? (await mkdtemp(join(tmpdir(), 'dmd-cache-')))
  const opening: Opening = {
    ...{ catalog, url: store.url, folder, isTemporary: parts.cache === undefined, memoryMax, threads },
    ...(parts.spillMax !== undefined && { spillMax: parts.spillMax }),
  }
  const pool = createPool({
    start: () => openWorker(isolation.fork(), opening, { runtime, graceMs }),
    workersMax: statementsMax,
    keptBytesMax: residentBytesMax / 2,
  })
  const answerCatalog = createCatalogAnswers(parts)
  const clean = () => cleanCache(folder, runtime.clock()).catch(() => {})
  let statements = 0

  const begin = async (sql: string, options: QueryOptions, path?: string): Promise<RunningStatement> => {
    const bounds = boundsOf(options, runtime)
    const worker = await pool.take(bounds.signal).catch(() => Promise.reject(bounds.why()))
    const { dialect, rowsMax, onLoad } = options
    const statement = {
      ...{ sql, isWatched: onLoad !== undefined },
      ...(dialect && { dialect }),
      ...(rowsMax !== undefined && { rowsMax }),
      ...(path !== undefined && { path }),
    }
    const limits = { store, runtime, graceMs, memoryMax, residentBytesMax, bounds, clean }
    const running = runInWorker(worker, ++statements, statement, onLoad ? { onLoad } : {}, limits)
    const free = running.over.then(() => pool.give(worker))
    return { ...running, finish: () => running.finish().then(() => free) }
  }
  const close = async () => {
    await pool.close()
    if (parts.cache) await clean()
    else await rm(folder, { recursive: true, force: true })
  }

  // An engine that cannot be opened is told of now. Its worker is there for the first statement.
  const first = await pool.take(new AbortController().signal)
  try {
    await first.opened
    await pool.give(first)
  } catch (error) {
    await close()
    throw error
  }

  return {
    query: async (sql, options = {}) => {
      const own = readCatalogStatement(sql)
      if (own) return answerCatalog(own, options)
      const running = await begin(sql, options)
      try {
        const { columns, scan } = await take(running, 'result')
        return { columns, rows: readRows(running), ...(scan && { scan }) }
      } catch (error) {
        await running.finish()
        throw error
      }
    },
    exportParquet: async (sql, path, options = {}) => {
      // A process that is ended leaves nothing at the place of the result.
      const part = join(folder, `new-${await nextName()}`)
      const running = await begin(sql, options, part)
      try {
        const { rows, scan } = await take(running, 'done')
        await placeFile(part, path)
        return { rows, ...(scan && { scan }) }
      } finally {
        await running.finish()
        await rm(part, { force: true })
      }
    },
    close,
  }
}

/** The deadline and the caller's signal, in one. */
function boundsOf({ signal: given, timeoutMs }: QueryOptions, runtime: Runtime): StatementBounds {
  const bound = timeoutMs === undefined ? undefined : runtime.timeout(timeoutMs)
  return {
    signal: AbortSignal.any([given, bound].filter((part) => part !== undefined)),
    why: () => (given?.aborted || timeoutMs === undefined ? interrupted() : passedTime(timeoutMs)),
  }
}

/** The answer that has to come now. */
async function take<What extends ChildAnswer['what']>(
  running: RunningStatement,
  what: What,
): Promise<ChildAnswer & { readonly what: What }> {
  const answer = await running.next()
  if (answer.what === what) return answer as ChildAnswer & { readonly what: What }
  throw new Error(`the process for statements answered ${answer.what} instead of ${what}`)
}

async function* readRows(running: RunningStatement) {
  try {
    for (;;) {
      const answer = await running.next()
      if (answer.what !== 'rows') return
      running.more()
      yield answer.rows
    }
  } finally {
    await running.finish()
  }
}
