import type { SkippedFile } from './files.ts'

/** One value of a result, whatever engine gave it. */
export type Cell =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  /** Microseconds since 1970, UTC. */
  | { readonly kind: 'instant'; readonly micros: bigint }
  /** Days since 1970. */
  | { readonly kind: 'date'; readonly days: number }
  /** A number whose digits do not fit a double. */
  | { readonly kind: 'decimal'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Cell[] }
  | { readonly kind: 'struct'; readonly entries: readonly (readonly [string, Cell])[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Cell, Cell])[] }

export type Column = {
  readonly name: string
  /** In the engine's words. */
  readonly type: string
  /** Numbers are aligned to the right. */
  readonly isNumeric: boolean
}

export type QueryResult = {
  readonly columns: readonly Column[]
  /** Rows in the order of the result, some at a time, read once. */
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>
  /** What it had to read for them; absent where that is no row of a table, and where it is another's business. */
  readonly scan?: Scan
  readonly charge?: Charge
}

/** What a query reads of the archive: of the tables that it names, the files that may hold rows for it. */
export type Scan = {
  readonly files: number
  readonly filesTotal: number
  readonly partitions: number
  readonly partitionsTotal: number
  /** Size of the files in the archive. */
  readonly bytes: number
  readonly rows: number
  /** Objects in the place of the tables' files that gave no rows, since they are none: the query did without them. */
  readonly skipped: readonly SkippedFile[]
}

/** What a query took of a service that is paid for it. */
export type Charge = {
  /** What it read of the archive, by which it is paid. */
  readonly scannedBytes: number
  /** How long it waited for its turn, and how long it ran, in milliseconds. */
  readonly queuedMs: number
  readonly ranMs: number
}

/** How far an engine is with taking in the archive's files. */
export type LoadProgress = { readonly files: number; readonly filesTotal: number; readonly rows: number }

/** In whose SQL a statement is: Athena's, or that of the engine itself. */
export type Dialect = 'athena' | 'duckdb'

export type QueryOptions = {
  /** Athena's unless given. Athena takes no other. */
  readonly dialect?: Dialect
  /** Ends the query; it then fails with QUERY_FAILED. */
  readonly signal?: AbortSignal
  /** How long it may take until its last row is read, in milliseconds; then it fails with QUERY_LIMIT. */
  readonly timeoutMs?: number
  /** How many rows its result may have; reading the next one fails with QUERY_LIMIT. */
  readonly rowsMax?: number
  readonly onLoad?: (progress: LoadProgress) => Promise<void>
}

export type Exported = { readonly rows: number; readonly scan?: Scan; readonly charge?: Charge }

/**
 * The outside seam to SQL: DuckDB over an archive on one machine, Athena in AWS. A query sees every file that was
 * stored before it began, and can do nothing but read.
 *
 * Throws QUERY_REFUSED for a statement that does anything else, QUERY_FAILED with the engine's message, in which no
 * value of a row is quoted, QUERY_LIMIT where it passes a bound, and STORE_UNAVAILABLE or CONTAINER_INVALID where the archive cannot be read.
 */
export interface QueryEngine {
  /** Runs one statement. Rows are made as they are read. */
  query(sql: string, options?: QueryOptions): Promise<QueryResult>
  /** Runs one statement and writes its result into a Parquet file at `path`, which appears when it is whole. */
  exportParquet(sql: string, path: string, options?: QueryOptions): Promise<Exported>
  /** Lets go of everything; no query may be under way. */
  close(): Promise<void>
}
