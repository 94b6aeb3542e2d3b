import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBPreparedStatement,
  DuckDBResult,
} from '@duckdb/node-api'
import { createTranslator } from '../../dialect/statement.ts'
import { readCatalogStatement } from '../../dialect/statements.ts'
import { isNumber, typeName } from '../../dialect/types.ts'
import type { PipelineError } from '../../record/error.ts'
import type { RecordSchema } from '../../record/schema.ts'
import { systemRuntime } from '../../runtime.ts'
import { nextName } from '../../store/owner.ts'
import { openCache, type Pack } from '../cache.ts'
import { isNumeric, toCell } from '../cell.ts'
import { openQueryDatabase } from '../database.ts'
import type { Column, QueryEngine, QueryOptions, QueryResult, Scan } from '../engine.ts'
import {
  cacheFailure,
  interrupted,
  passedRows,
  passedTime,
  rowFailure,
  statementFailure,
} from '../failure.ts'
import { type ArchiveFile, listFiles, type SkippedFile } from '../files.ts'
import { columnNames, findSystemViews, prepareReading, type Reading, readReading, refused } from '../guard.ts'
import { loadPacks, type Need } from '../load.ts'
import { placeFile } from '../output.ts'
import { FileMoved } from '../pack/build.ts'
import { copyToParquet } from '../parquet.ts'
import { findFunctions, matchPartitions, planReads, type Reads } from '../prune.ts'
import { relationsOf } from '../relations.ts'
import { createCatalogAnswers } from './catalog.ts'
import { type DuckDbParts, memoryMaxDefault } from './parts.ts'

/** How long DuckDB has to end a query before it is interrupted once more. */
const interruptAgainMs = 50

/** How often a query starts again because the archive or the cache changed while it began. */
const startsMax = 4

/** Opens DuckDB in this process, as `openDuckDb` says. */
export async function openInProcess(parts: DuckDbParts): Promise<QueryEngine> {
  const { store, catalog, runtime = systemRuntime() } = parts
  const folder = parts.cache?.folder ?? (await mkdtemp(join(tmpdir(), 'dmd-cache-')))
  const layoutOf = (type: string) => JSON.stringify(catalog.get(type)?.avro)
  const cache = await openCache(folder, layoutOf, runtime.clock)
  const spillFolder = join(folder, `new-${await nextName()}`)
  const { memoryMax = memoryMaxDefault, spillMax = '20GB', threads = availableParallelism() } = parts
  const { url } = store
  const database = await openQueryDatabase({ catalog, url, folder, spillFolder, spillMax, memoryMax })
  const { instance, trusted } = database
  const readingParts = {
    systemViews: await findSystemViews(trusted),
    translate: createTranslator(relationsOf(catalog)),
  }
  const functions = await findFunctions(trusted)
  const answerCatalog = createCatalogAnswers(parts)
  let loading: Promise<unknown> = Promise.resolve()

  /** One at a time: two queries at once must not load a file twice. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = loading.then(work)
    loading = next.catch(() => {})
    return next
  }

  const find = async (schema: RecordSchema, reads: Reads, signal?: AbortSignal): Promise<Need> => {
    const { files, skipped } = await listFiles(store, schema.type, signal ? { signal } : {})
    const matched = await matchPartitions(trusted, reads.get(schema.type) ?? [], partitionsOf(files))
    return { schema, files, skipped, wanted: files.filter(({ partition }) => matched.has(partition)) }
  }

  /** Takes in what a statement reads, and makes the tables show it. */
  const load = (reads: Reads, options: QueryOptions): Promise<Loaded> =>
    inTurn(async () => {
      const schemas = [...catalog.values()].filter(({ type }) => reads.has(type))
      const needs = await Promise.all(schemas.map((schema) => find(schema, reads, options.signal)))
      const packs = await loadPacks(store, cache, needs, { ...options, threads })
      for (const { schema } of needs) await database.show(schema, packs.get(schema.type) ?? [])
      return { needs, packs }
    }).catch((error) => {
      throw cacheFailure(error, folder)
    })

  /** Prepares a statement over what it reads, and hands it to `run`; again where what it reads is gone by then. */
  const begin = async <T>(sql: string, given: QueryOptions, run: Run<T>): Promise<Begun<T>> => {
    const bound = given.timeoutMs === undefined ? undefined : runtime.timeout(given.timeoutMs)
    const signal = AbortSignal.any([given.signal, bound].filter((part) => part !== undefined))
    const connection = await instance.connect()
    let stopAgain = () => {}
    const stop = () => {
      connection.interrupt()
      // DuckDB forgets an interrupt that comes just before it begins to execute.
      stopAgain = runtime.every(interruptAgainMs, () => connection.interrupt())
    }
    const end = () => {
      signal.removeEventListener('abort', stop)
      stopAgain()
      connection.closeSync()
    }
    // Until it runs, a statement has read no row that a message could quote.
    const notPrepared = (error: unknown) => statementFailure(error)
    let toError: (error: unknown) => PipelineError = notPrepared
    const explain = (error: unknown) => {
      if (given.signal?.aborted) return interrupted()
      return bound?.aborted ? passedTime(given.timeoutMs ?? 0) : toError(error)
    }
    signal.addEventListener('abort', stop, { once: true })
    const attempt = async (): Promise<Begun<T>> => {
      signal.throwIfAborted()
      toError = notPrepared
      const reading = await readReading(connection, sql, given.dialect ?? 'athena', readingParts)
      const reads = await planReads(trusted, reading.select, catalog.values(), functions)
      const loaded = await load(reads, { ...given, signal })
      await holdTime(connection, reads, loaded)
      signal.throwIfAborted()
      const statement = await prepareReading(connection, reading)
      toError = (error) => rowFailure(error, sql, reading.select)
      return {
        value: await run({ connection, statement, reading, signal }),
        scan: toScan(loaded),
        explain,
        end,
      }
    }
    for (let starts = 1; ; starts++) {
      try {
        return await attempt()
      } catch (error) {
        const isAgain = starts < startsMax && !signal.aborted && (await isOutdated(error))
        if (isAgain) continue
        end()
        throw explain(error)
      }
    }
  }

  /** True where the archive, or the cache, changed under a statement that began; a pack that cannot be read is dropped. */
  const isOutdated = async (error: unknown): Promise<boolean> => {
    if (error instanceof FileMoved || error instanceof TimeMoved) return true
    const lost = cache.findLost(error instanceof Error ? error.message : '')
    await inTurn(() => cache.drop(lost))
    return lost.length > 0
  }

  return {
    query: async (sql, options = {}) => {
      const own = readCatalogStatement(sql)
      if (!own) return toResult(await begin(sql, options, stream), options)
      return answerCatalog(own, options)
    },
    exportParquet: async (sql, path, options = {}) => {
      if (readCatalogStatement(sql)) throw refused('only the result of a SELECT is written as Parquet')
      const part = join(folder, `new-${await nextName()}`)
      try {
        const { value, scan, end } = await begin(sql, options, ({ connection, statement, reading }) =>
          copyToParquet(connection, statement, reading, part, options.rowsMax),
        )
        end()
        await placeFile(part, path)
        return { rows: value, scan }
      } finally {
        await rm(part, { force: true })
      }
    },
    close: async () => {
      await loading
      database.close()
      await rm(spillFolder, { recursive: true, force: true })
      if (!parts.cache) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs a prepared statement. */
type Run<T> = (parts: {
  readonly connection: DuckDBConnection
  readonly statement: DuckDBPreparedStatement
  readonly reading: Reading
  readonly signal: AbortSignal
}) => Promise<T>

type Begun<T> = {
  readonly value: T
  readonly scan: Scan
  readonly explain: (error: unknown) => PipelineError
  readonly end: () => void
}

type Loaded = { readonly needs: readonly Need[]; readonly packs: ReadonlyMap<string, readonly Pack[]> }

function partitionsOf(files: readonly ArchiveFile[]): ReadonlySet<string> {
  return new Set(files.map(({ partition }) => partition))
}

function toScan({ needs, packs }: Loaded): Scan {
  const scan = { files: 0, filesTotal: 0, partitions: 0, partitionsTotal: 0, bytes: 0, rows: 0 }
  const skipped: SkippedFile[] = []
  for (const { schema, files, wanted, skipped: misnamed } of needs) {
    const members = (packs.get(schema.type) ?? []).flatMap((pack) => pack.members)
    const rows = new Map(members.map((member) => [member.key, member.rows]))
    scan.files += wanted.length
    scan.filesTotal += files.length
    scan.partitions += partitionsOf(wanted).size
    scan.partitionsTotal += partitionsOf(files).size
    const reasons = new Map(members.map((member) => [member.key, member.skipped]))
    skipped.push(...misnamed)
    for (const { key, size } of wanted) {
      const why = reasons.get(key)
      if (why !== undefined) skipped.push({ key, why })
      scan.bytes += size
      scan.rows += rows.get(key) ?? 0
    }
  }
  return { ...scan, skipped }
}

/** Midnight passed between the choice of the partitions and the statement's own clock. */
class TimeMoved extends Error {}

/**
 * Where the choice of partitions asked for the time, begins a transaction, which holds the time, and asks again.
 * Throws TimeMoved where the statement would now see more than was loaded.
 */
async function holdTime(connection: DuckDBConnection, reads: Reads, { needs }: Loaded): Promise<void> {
  const isTimed = (type: string) => {
    const predicates = reads.get(type) ?? []
    return predicates !== 'all' && predicates.some((predicate) => predicate.isTimed)
  }
  const timed = needs.filter(
    ({ schema, files, wanted }) => isTimed(schema.type) && wanted.length < files.length,
  )
  if (timed.length === 0) return
  await connection.run('BEGIN TRANSACTION')
  for (const { schema, files, wanted } of timed) {
    const loaded = partitionsOf(wanted)
    const now = await matchPartitions(connection, reads.get(schema.type) ?? [], partitionsOf(files))
    if ([...now].every((partition) => loaded.has(partition))) continue
    await connection.run('ROLLBACK')
    throw new TimeMoved()
  }
}

type Streaming = {
  readonly reading: Reading
  readonly result: DuckDBResult
  readonly first: DuckDBDataChunk | undefined
  /** The next rows, undefined after the last. */
  readonly fetch: () => Promise<DuckDBDataChunk | undefined>
}

/** The first rows are fetched before anybody gets the result, so that a statement can still begin again. */
const stream: Run<Streaming> = async ({ statement, reading, signal }) => {
  const result = await statement.stream()
  const fetch = async () => {
    // An interrupt that comes between two chunks is lost on DuckDB, so the signal is looked at too.
    signal.throwIfAborted()
    const chunk = await result.fetchChunk()
    return chunk && chunk.rowCount > 0 ? chunk : undefined
  }
  return { reading, result, first: await fetch(), fetch }
}

function toResult({ value, scan, explain, end }: Begun<Streaming>, { rowsMax }: QueryOptions): QueryResult {
  const { reading, result, first, fetch } = value
  const types = result.columnTypes()
  const names = columnNames(reading, result.columnNames())
  const columns: Column[] = names.map((name, index) => {
    const type = types[index]
    const own = reading.columns?.[index]
    return {
      name,
      type: own ? typeName(own.type) : (type?.toString() ?? ''),
      isNumeric: own ? isNumber(own.type) : type !== undefined && isNumeric(type),
    }
  })
  const rows = async function* () {
    let count = 0
    try {
      for (let chunk = first; chunk; chunk = await fetch()) {
        const found = chunk.getRows().map((row) => row.map(toCell))
        count += found.length
        if (rowsMax === undefined || count <= rowsMax) yield found
        else {
          const rest = found.slice(0, found.length - (count - rowsMax))
          if (rest.length > 0) yield rest
          throw passedRows(rowsMax)
        }
      }
    } catch (error) {
      throw explain(error)
    } finally {
      end()
    }
  }
  return { columns, rows: rows(), scan }
}
