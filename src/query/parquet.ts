import { type DuckDBDataChunk, DuckDBInstance, type DuckDBResult, DuckDBTypeId } from '@duckdb/node-api'
import { quoteName, quoteText } from './quote.ts'

/**
 * Writes a result into a Parquet file, types kept, and returns how many rows it has. A second database does it, which
 * may write files and runs no statement of a user. It holds the result in memory. `fetch` gives the result's chunks.
 *
 * Parquet has no 128-bit integer, which sums are: they are written as DECIMAL(38,0), exactly.
 */
export async function writeParquet(
  result: DuckDBResult,
  fetch: () => Promise<DuckDBDataChunk | undefined>,
  path: string,
): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', {
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    const types = result.columnTypes()
    const names = uniqueNames(result.columnNames()).map(quoteName)
    const columns = names.map((name, index) => `${name} ${types[index]?.toString()}`)
    await connection.run(`CREATE TABLE result (${columns.join(', ')})`)
    const appender = await connection.createAppender('result')
    let rows = 0
    for (let chunk = await fetch(); chunk; chunk = await fetch()) {
      appender.appendDataChunk(chunk)
      rows += chunk.rowCount
    }
    appender.closeSync()
    const exact = names.map((name, index) =>
      wide.has(types[index]?.typeId) ? `CAST(${name} AS DECIMAL(38,0)) AS ${name}` : name,
    )
    await connection.run(
      `COPY (SELECT ${exact.join(', ')} FROM result) TO ${quoteText(path)} (FORMAT parquet)`,
    )
    return rows
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const wide: ReadonlySet<DuckDBTypeId | undefined> = new Set([DuckDBTypeId.HUGEINT, DuckDBTypeId.UHUGEINT])

/** A result may name two columns alike, or alike but for case; a table may not. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let n = 1; taken.has(unique.toLowerCase()); n++) unique = `${name}:${n}`
    taken.add(unique.toLowerCase())
    return unique
  })
}
