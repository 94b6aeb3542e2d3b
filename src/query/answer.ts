import { PipelineError } from '../record/error.ts'
import type { Catalog } from '../record/schema.ts'
import type { CatalogStatement } from './dialect/statements.ts'
import type { QueryResult } from './engine.ts'
import { partitionColumn } from './tables.ts'

export type CatalogState = {
  readonly catalog: Catalog
  /** The partition dates that a record type has in the archive now. */
  readonly partitionsOf: (type: string) => ReadonlySet<string>
  /** Those that the last `MSCK REPAIR TABLE` found; it is brought up to date. */
  readonly known: Map<string, ReadonlySet<string>>
}

/** Answers `MSCK REPAIR TABLE` and `SHOW PARTITIONS`. Throws QUERY_FAILED for a table that is not there. */
export function answerCatalogStatement(
  { kind, table }: CatalogStatement,
  { catalog, partitionsOf, known }: CatalogState,
): QueryResult {
  const name = table.toLowerCase()
  const schema = [...catalog.values()].find(({ type, plural }) => type === name || plural === name)
  if (!schema) {
    throw new PipelineError(
      'QUERY_FAILED',
      `there is no table ${table}; there are ${[...catalog.keys()].join(', ')}`,
    )
  }
  const before = known.get(schema.type) ?? new Set()
  const now = partitionsOf(schema.type)
  if (kind === 'repair') known.set(schema.type, now)
  const shown = [...now].filter((partition) => kind === 'partitions' || !before.has(partition)).sort()
  const column = kind === 'repair' ? 'partition_added' : 'partition'
  return {
    columns: [{ name: column, type: 'VARCHAR', isNumeric: false }],
    rows: (async function* () {
      yield shown.map((partition) => [`${partitionColumn}=${partition}`])
    })(),
  }
}
