import type { CatalogStatement } from '../../dialect/statements.ts'
import { defaultRange } from '../../record/rules.ts'
import { answerCatalogStatement } from '../answer.ts'
import type { QueryOptions, QueryResult } from '../engine.ts'
import { interrupted } from '../failure.ts'
import { listFiles } from '../files.ts'
import type { DuckDbParts } from './parts.ts'

/** Answers statements about the catalog. It needs no DuckDB, and remembers the partitions that it was asked for. */
export function createCatalogAnswers({
  store,
  catalog,
  range = defaultRange,
}: DuckDbParts): (statement: CatalogStatement, options: QueryOptions) => Promise<QueryResult> {
  const known = new Map<string, ReadonlySet<string>>()
  const filesOf = async (type: string) => {
    const counts = new Map<string, number>()
    for (const { partition } of (await listFiles(store, type)).files)
      counts.set(partition, (counts.get(partition) ?? 0) + 1)
    return counts
  }
  return async (statement, { signal }) => {
    if (signal?.aborted) throw interrupted()
    return answerCatalogStatement(statement, { catalog, location: store.url, range, filesOf, known })
  }
}
