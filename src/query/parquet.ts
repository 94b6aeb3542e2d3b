import { type DuckDBConnection, type DuckDBPreparedStatement, DuckDBTypeId } from '@duckdb/node-api'
import { quoteName, quoteText } from '../dialect/sql.ts'
import { passedRows } from './failure.ts'
import { columnNames, type Reading, refused } from './guard.ts'
import { canonicalText } from './tree.ts'

/**
 * Writes what a statement gives into a Parquet file at `path`, which the database must reach, row group by row group,
 * and returns how many rows it has. The statement has been through the guard: the COPY around it is this project's.
 *
 * Parquet has no 128-bit integer, which sums are: they are written as DECIMAL(38,0), exactly. Columns that are named
 * alike are told apart by a number.
 */
export async function copyToParquet(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  reading: Reading,
  path: string,
  rowsMax: number | undefined,
): Promise<number> {
  const { explain, select } = reading
  if (explain !== '') throw refused('only the result of a SELECT is written as Parquet')
  const indexes = Array.from({ length: statement.columnCount }, (_, index) => index)
  const found = indexes.map((index) => statement.columnName(index))
  const names = uniqueNames(columnNames(reading, found), (name) => name.toLowerCase())
  const columns = indexes.map((index) => {
    const type = statement.columnTypeId(index)
    const value = wide.has(type) ? `CAST(c${index} AS DECIMAL(38,0))` : `c${index}`
    return `${value} AS ${quoteName(names[index] ?? '')}`
  })
  const from = `(${await canonicalText(connection, select)}) AS result(${indexes.map((index) => `c${index}`).join(', ')})`
  const limit = rowsMax === undefined ? '' : ` LIMIT ${rowsMax + 1}`
  const copied = await connection.runAndReadAll(
    `COPY (SELECT ${columns.join(', ')} FROM ${from}${limit}) TO ${quoteText(path)} (FORMAT parquet)`,
  )
  const rows = Number(copied.getRows()[0]?.[0])
  if (rowsMax !== undefined && rows > rowsMax) throw passedRows(rowsMax)
  return rows
}

const wide: ReadonlySet<DuckDBTypeId> = new Set([DuckDBTypeId.HUGEINT, DuckDBTypeId.UHUGEINT])

/** A result may name two columns alike; a table may not, nor alike but for what `fold` takes away. */
export function uniqueNames(
  names: readonly string[],
  fold: (name: string) => string = (name) => name,
): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let n = 1; taken.has(fold(unique)); n++) unique = `${name}:${n}`
    taken.add(fold(unique))
    return unique
  })
}
