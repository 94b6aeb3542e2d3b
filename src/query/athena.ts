import type { Runtime } from '../runtime.ts'
import { type AthenaCalls, type AthenaPlace, connectToAthena, type Page } from './athena/client.ts'
import { readAthenaStatement } from './athena/guard.ts'
import { writeParquet } from './athena/parquet.ts'
import { type AthenaRun, type PollMs, runToEnd } from './athena/run.ts'
import { parseCell, toColumn } from './athena/value.ts'
import type { Cell, Charge, Column, QueryEngine, QueryOptions, QueryResult } from './engine.ts'
import { interrupted, passedRows, passedTime } from './failure.ts'

export type AthenaParts = AthenaPlace & {
  /** By its `newId`, of 32 to 128 characters, Athena knows a start that it was asked for before. */
  readonly runtime: Runtime
  readonly pollMs?: PollMs
}

const usualPollMs: PollMs = [100, 2_000]

/**
 * Opens Athena: a database that the deployment made, in one of its workgroups. A statement is sent as Athena takes it (see
 * `toAthena`); a query that is given up, or takes too long, is stopped there. Its cost is in the result.
 *
 * Arrays, maps and rows come as the text that Athena gives, which `CAST(x AS JSON)` makes readable to programs.
 *
 * Throws as `QueryEngine` says; where Athena cannot be used, QUERY_FAILED with what to do.
 */
export async function openAthena(parts: AthenaParts): Promise<QueryEngine> {
  const calls = await connectToAthena(parts)
  const query = async (sql: string, options: QueryOptions = {}): Promise<QueryResult> => {
    const statement = readAthenaStatement(sql)
    const { signal, explain } = boundsOf(options, parts.runtime)
    try {
      const run = await runToEnd(calls, statement, {
        signal,
        pollMs: parts.pollMs ?? usualPollMs,
        runtime: parts.runtime,
      })
      const first = await calls.read(run.id, signal)
      const columns = first.columns.map(toColumn)
      const rows = readRows(calls, run, first, columns, { ...options, signal }, explain)
      return { columns, rows, charge: chargeOf(run) }
    } catch (error) {
      throw explain(error)
    }
  }
  return {
    query,
    exportParquet: async (sql, path, options = {}) => {
      const result = await query(sql, options)
      const rows = await writeParquet(result, path)
      return { rows, ...(result.charge ? { charge: result.charge } : {}) }
    },
    close: async () => calls.close(),
  }
}

type Bounds = { readonly signal: AbortSignal; readonly explain: (error: unknown) => unknown }

function boundsOf({ signal: given, timeoutMs }: QueryOptions, runtime: Runtime): Bounds {
  const bound = timeoutMs === undefined ? undefined : runtime.timeout(timeoutMs)
  const explain = (error: unknown) => {
    if (given?.aborted) return interrupted()
    return bound?.aborted ? passedTime(timeoutMs ?? 0) : error
  }
  return { signal: AbortSignal.any([given, bound].filter((part) => part !== undefined)), explain }
}

/** A page at a time, the next one asked for while the one before is used. */
async function* readRows(
  calls: AthenaCalls,
  { id, execution }: AthenaRun,
  first: Page,
  columns: readonly Column[],
  { signal, rowsMax = Number.POSITIVE_INFINITY }: QueryOptions & { readonly signal: AbortSignal },
  explain: Bounds['explain'],
): AsyncIterable<readonly (readonly Cell[])[]> {
  // The rows of a SELECT begin with one of the names; what tells of the catalog has none.
  const isNamed = execution.statementType === 'DML' || execution.isExplain
  let skipped = isNamed && isHeader(first.rows[0], columns) ? 1 : 0
  let count = 0
  try {
    for (let page: Page | undefined = first; page; ) {
      signal.throwIfAborted()
      const { next, rows }: Page = page
      const coming: Promise<Page> | undefined = next === undefined ? undefined : calls.read(id, signal, next)
      // Where it fails while nobody waits for it yet, that is told when its turn comes.
      coming?.catch(() => {})
      const cells = rows
        .slice(skipped)
        .map((row) => splitRow(row, columns.length))
        .map((row) => columns.map(({ type }, at) => parseCell(row[at], type)))
      skipped = 0
      count += cells.length
      if (count > rowsMax) throw passedRows(rowsMax)
      yield cells
      page = await coming
    }
  } catch (error) {
    throw explain(error)
  }
}

type Row = Page['rows'][number]

/** What tells of the catalog comes as one text a row, of parts that are padded and have tabs between them. */
function splitRow(row: Row, width: number): Row {
  if (row.length !== 1 || width === 1) return row
  return row[0]?.split('\t').map((part) => part.trim()) ?? []
}

function isHeader(row: Row | undefined, columns: readonly Column[]): boolean {
  return row !== undefined && columns.every(({ name }, index) => row[index] === name)
}

function chargeOf({ execution: { statistics } }: AthenaRun): Charge {
  return {
    scannedBytes: statistics.DataScannedInBytes ?? 0,
    queuedMs: statistics.QueryQueueTimeInMillis ?? 0,
    ranMs: statistics.EngineExecutionTimeInMillis ?? 0,
  }
}
