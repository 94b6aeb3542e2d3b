import { DuckDBInstance, type DuckDBResult } from '@duckdb/node-api'
import { quoteName, quoteText } from './quote.ts'

/**
 * Writes a result into a Parquet file, types kept, and returns how many rows it has. A second database does it, which
 * may write files and runs no statement of a user.
 */
export async function writeParquet(result: DuckDBResult, path: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const types = result.columnTypes()
    const columns = result
      .deduplicatedColumnNames()
      .map((name, index) => `${quoteName(name)} ${types[index]?.toString()}`)
    await connection.run(`CREATE TABLE result (${columns.join(', ')})`)
    const appender = await connection.createAppender('result')
    let rows = 0
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) break
      appender.appendDataChunk(chunk)
      rows += chunk.rowCount
    }
    appender.closeSync()
    await connection.run(`COPY result TO ${quoteText(path)} (FORMAT parquet)`)
    return rows
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
