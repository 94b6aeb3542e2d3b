import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, VARCHAR } from '@duckdb/node-api'
import { quoteName, quoteText } from '../../dialect/sql.ts'
import type { QueryResult } from '../engine.ts'
import { placeFile } from '../output.ts'
import { uniqueNames } from '../parquet.ts'
import { cellText } from '../text.ts'

const chunkRows = 2048

/**
 * Writes a result of Athena's into a Parquet file, which appears when it is whole, and returns how many rows it has.
 * Instants with a time zone are texts there, as are arrays, maps and rows.
 *
 * Throws what reading the result throws, and QUERY_FAILED where the file cannot be written.
 */
export async function writeParquet(result: QueryResult, path: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'dmd-result-'))
  try {
    return await writeBeside(folder, result, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** As `writeParquet`, with a folder for what is too large for the memory. */
async function writeBeside(folder: string, { columns, rows }: QueryResult, path: string): Promise<number> {
  const instance = await DuckDBInstance.create(join(folder, 'rows.db'), { memory_limit: '512MB' })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const names = columns.map((_, index) => `c${index}`)
    await connection.run(`CREATE TABLE rows (${names.map((name) => `${name} VARCHAR`).join(', ')})`)
    const count = await append(connection, columns.length, rows)
    const unique = uniqueNames(
      columns.map(({ name }) => name),
      (name) => name.toLowerCase(),
    )
    const list = columns.map(({ type }, at) => `${typed(`c${at}`, type)} AS ${quoteName(unique[at] ?? '')}`)
    const part = join(folder, 'rows.parquet')
    await connection.run(`COPY (SELECT ${list.join(', ')} FROM rows) TO ${quoteText(part)} (FORMAT parquet)`)
    await placeFile(part, path)
    return count
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function append(
  connection: DuckDBConnection,
  width: number,
  rows: QueryResult['rows'],
): Promise<number> {
  const appender = await connection.createAppender('rows')
  const types = Array.from({ length: width }, () => VARCHAR)
  let count = 0
  for await (const some of rows) {
    for (let from = 0; from < some.length; from += chunkRows) {
      const texts = some
        .slice(from, from + chunkRows)
        .map((row) => row.map((cell) => (cell === null ? null : cellText(cell))))
      const chunk = DuckDBDataChunk.create(types)
      chunk.setRows(texts)
      appender.appendDataChunk(chunk)
    }
    count += some.length
  }
  appender.closeSync()
  return count
}

const typesOf: { readonly [type: string]: string } = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  real: 'FLOAT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
}

/** The text of a value as the value; cellText wrote it. */
function typed(name: string, type: string): string {
  if (type === 'varbinary') return `from_base64(${name})`
  const target = type.startsWith('decimal') ? type.toUpperCase() : typesOf[type]
  return target === undefined ? name : `CAST(${name} AS ${target})`
}
