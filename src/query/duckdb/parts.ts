import type { PartitionRange } from '../../record/rules.ts'
import type { Catalog } from '../../record/schema.ts'
import type { Runtime } from '../../runtime.ts'
import type { ReadableStore } from '../files.ts'

export type DuckDbParts = {
  readonly store: ReadableStore
  readonly catalog: Catalog
  /**
   * Where the rows are kept between runs, in a form that DuckDB reads fast; without it, in a folder that lives as long
   * as the engine.
   */
  readonly cache?: { readonly folder: string }
  /** The one of this process unless given. */
  readonly runtime?: Runtime
  /** The most memory that a query may take, such as `4GB`; what does not fit is put on disk, in the cache. */
  readonly memoryMax?: string
  /** The most disk that queries may take for what does not fit the memory. */
  readonly spillMax?: string
  /** How many threads read Avro files, where there is much to read; as many as the machine runs at once unless given. */
  readonly threads?: number
  /** The dates that `SHOW CREATE TABLE` has the table's partitions in; the worker's. */
  readonly range?: PartitionRange
  /** How many statements run at once, each in a process of its own with `memoryMax` for itself; 4 unless given. Others wait. */
  readonly statementsMax?: number
  /** True to run statements in this process. */
  readonly inProcess?: boolean
}

export const memoryMaxDefault = '2GB'
