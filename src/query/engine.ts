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
}

/** How far an engine is with taking in the archive's files. */
export type LoadProgress = { readonly files: number; readonly filesTotal: number; readonly rows: number }

export type QueryOptions = {
  /** Ends the query; it then fails with QUERY_FAILED. */
  readonly signal?: AbortSignal
  readonly onLoad?: (progress: LoadProgress) => Promise<void>
}

/**
 * The outside seam to SQL: DuckDB over an archive on one machine, Athena in AWS. A query sees every file that was
 * stored before it began, and can do nothing but read.
 *
 * Throws QUERY_REFUSED for a statement that does anything else, QUERY_FAILED with the engine's message, in which no
 * value of a row is quoted, and STORE_UNAVAILABLE or CONTAINER_INVALID where the archive cannot be read.
 */
export interface QueryEngine {
  /** Runs one statement. Rows are made as they are read. */
  query(sql: string, options?: QueryOptions): Promise<QueryResult>
  /** Runs one statement and writes its result into a new Parquet file at `path`; returns how many rows it has. */
  exportParquet(sql: string, path: string, options?: QueryOptions): Promise<number>
  close(): void
}
