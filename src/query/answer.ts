import { athenaDdl, hiveColumns, partitionColumn, tableLocation, tableParameters } from '../derive/ddl.ts'
import type { CatalogStatement, PartitionSpec } from '../dialect/statements.ts'
import { parseLocalDate } from '../record/date.ts'
import { PipelineError } from '../record/error.ts'
import type { PartitionRange } from '../record/rules.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { Cell, QueryResult } from './engine.ts'
import { type View, viewsOf } from './views.ts'

/** The name of the one database that an archive is. */
const databaseName = 'dmd'

export type CatalogState = {
  readonly catalog: Catalog
  /** The archive's address, above `data/`, without a slash at its end. */
  readonly location: string
  readonly range: PartitionRange
  /** How many files a record type has now, by partition date. */
  readonly filesOf: (type: string) => Promise<ReadonlyMap<string, number>>
  /** The partitions that were asked for or added before; it is brought up to date. */
  readonly known: Map<string, ReadonlySet<string>>
}

/**
 * Answers a statement about the catalog, in the columns that Athena gives.
 *
 * Throws QUERY_FAILED for a table that is not there, and for a partition that no table can have.
 */
export async function answerCatalogStatement(
  statement: CatalogStatement,
  state: CatalogState,
): Promise<QueryResult> {
  const { catalog, location, range, known } = state
  switch (statement.kind) {
    case 'databases':
      return list('database_name', matching([databaseName], statement.pattern))
    case 'tables': {
      const names = [...catalog.values()].flatMap((schema) => [
        schema.type,
        ...views(schema).map(({ name }) => name),
      ])
      return list('tab_name', matching(names, statement.pattern))
    }
    case 'views': {
      const names = [...catalog.values()].flatMap((schema) => views(schema).map(({ name }) => name))
      return list('views', matching(names, statement.pattern))
    }
    case 'create view':
      return list('Create View', [viewText(catalog, statement.table)])
    case 'describe':
      return rowsOf(['col_name', 'data_type', 'comment'], columnRows(find(statement.table, catalog).schema))
    case 'columns':
      return list(
        'field',
        columnRows(find(statement.table, catalog).schema).map(([field = '']) => field),
      )
    case 'create table': {
      const schema = tableOf(statement.table, catalog)
      return list(
        'createtab_stmt',
        athenaDdl(schema, { location, ...range })
          .trimEnd()
          .split('\n'),
      )
    }
    case 'properties': {
      const schema = tableOf(statement.table, catalog)
      return rowsOf(
        ['prpt_name', 'prpt_value'],
        Object.entries(tableParameters(schema, { location, ...range })),
      )
    }
    case 'partitions': {
      const schema = tableOf(statement.table, catalog)
      return list('partition', (await datesOf(state, schema)).map(toPartition))
    }
    case 'repair': {
      const schema = tableOf(statement.table, catalog)
      const before = known.get(schema.type)
      const dates = await datesOf(state, schema)
      known.set(schema.type, new Set(dates))
      return list('partition_added', dates.filter((date) => !before?.has(date)).map(toPartition))
    }
    case 'add':
      return addPartitions(statement, state)
  }
}

async function addPartitions(
  { table, ifNotExists, partitions }: CatalogStatement & { kind: 'add' },
  state: CatalogState,
): Promise<QueryResult> {
  const schema = tableOf(table, state.catalog)
  const files = await state.filesOf(schema.type)
  const before = state.known.get(schema.type) ?? new Set()
  for (const partition of partitions) {
    checkPartition(partition, schema, state.location)
    if (!ifNotExists && before.has(partition.date))
      throw failed(`the partition ${toPartition(partition.date)} was added before; use ADD IF NOT EXISTS`)
  }
  const dates = partitions.map(({ date }) => date)
  state.known.set(schema.type, new Set([...before, ...dates]))
  const rows = dates.map((date) => [toPartition(date), String(files.get(date) ?? 0)])
  return rowsOf(['partition', 'files'], rows)
}

function checkPartition({ date, location }: PartitionSpec, schema: RecordSchema, archive: string): void {
  if (parseLocalDate(date) === undefined)
    throw failed(`${partitionColumn.name} is a day such as '2025-02-13', which '${date.slice(0, 40)}' is not`)
  const own = `${tableLocation(schema, archive)}${toPartition(date)}`
  if (location !== undefined && withoutSlashes(location) !== own)
    throw failed(`a partition's files lie in the archive: leave LOCATION out, or write '${own}/'`)
}

function withoutSlashes(location: string): string {
  let end = location.length
  while (location[end - 1] === '/') end -= 1
  return location.slice(0, end)
}

function toPartition(date: string): string {
  return `${partitionColumn.name}=${date}`
}

async function datesOf({ filesOf }: CatalogState, { type }: RecordSchema): Promise<readonly string[]> {
  return [...(await filesOf(type)).keys()].sort()
}

type Relation = { readonly schema: RecordSchema; readonly view?: View }

/** A table or a view by its name in any case, with or without its database. */
function find(written: string, catalog: Catalog): Relation {
  const name = written.split('.').at(-1)?.toLowerCase()
  for (const schema of catalog.values()) {
    if (schema.type === name) return { schema }
    const view = views(schema).find((candidate) => candidate.name === name)
    if (view) return { schema, view }
  }
  throw failed(`there is no table ${written.slice(0, 100)}; there are ${[...catalog.keys()].join(', ')}`)
}

/** A table, by its plural name too, which stands for the table itself. */
function tableOf(written: string, catalog: Catalog): RecordSchema {
  const { schema, view } = find(written, catalog)
  if (view && view.name !== schema.plural)
    throw failed(`${view.name} is a view of the table ${schema.type}; SHOW CREATE VIEW shows it`)
  return schema
}

function viewText(catalog: Catalog, written: string): string {
  const { schema, view } = find(written, catalog)
  if (!view) throw failed(`${schema.type} is a table; SHOW CREATE TABLE shows it`)
  return `CREATE VIEW ${view.name} AS ${view.select}`
}

function views(schema: RecordSchema): readonly View[] {
  return viewsOf(schema, [...hiveColumns(schema).map(({ name }) => name), partitionColumn.name])
}

function columnRows(schema: RecordSchema): readonly (readonly string[])[] {
  return [...hiveColumns(schema), partitionColumn].map(({ name, type, comment }) => [name, type, comment])
}

/** Athena's patterns: `*` stands for anything, `|` for either. */
function matching(names: readonly string[], pattern: string | undefined): readonly string[] {
  const sorted = [...names].sort()
  if (pattern === undefined) return sorted
  const parts = pattern
    .toLowerCase()
    .split('|')
    .map((part) => part.trim().split('*'))
  return sorted.filter((name) => parts.some((pieces) => isMatch(name, pieces)))
}

/** Whether a text begins with the first piece, ends with the last, and has the others between them in order. */
function isMatch(name: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return name === first
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false
  const inner = name.slice(first.length, name.length - last.length)
  let at = 0
  for (const piece of rest) {
    const found = inner.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return true
}

function list(column: string, values: readonly string[]): QueryResult {
  return rowsOf(
    [column],
    values.map((value) => [value]),
  )
}

function rowsOf(names: readonly string[], rows: readonly (readonly Cell[])[]): QueryResult {
  return {
    columns: names.map((name) => ({ name, type: 'VARCHAR', isNumeric: false })),
    rows: (async function* () {
      yield rows
    })(),
  }
}

function failed(message: string): PipelineError {
  return new PipelineError('QUERY_FAILED', message)
}
