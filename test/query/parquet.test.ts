import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toCell } from '../../src/query/cell.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { formatJson } from '../../src/query/format.ts'
import { openMemoryStore } from '../../src/store/memory.ts'

// Values of DuckDB's own types, of which Athena's statements make some alone.
const duckdb = { dialect: 'duckdb' } as const

let folder: string
let engine: QueryEngine
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-parquet-'))
  engine = await openDuckDb({ store: openMemoryStore(), catalog: new Map() })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

async function json(sql: string): Promise<string> {
  let text = ''
  await formatJson(await engine.query(sql, duckdb), async (part) => {
    text += part
  })
  return text
}

/** What another DuckDB reads in a Parquet file, as JSON, and the types that it finds there. */
async function read(path: string): Promise<{ readonly text: string; readonly types: readonly string[] }> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const result = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)
  const columns = result.columnNames().map((name) => ({ name, type: '', isNumeric: false }))
  const rows = result.getRows().map((row) => row.map(toCell))
  let text = ''
  const chunks = (async function* () {
    if (rows.length > 0) yield rows
  })()
  await formatJson({ columns, rows: chunks }, async (part) => {
    text += part
  })
  const types = result.columnTypes().map((type) => type.toString())
  connection.closeSync()
  instance.closeSync()
  return { text, types }
}

const everything = `SELECT i AS n, CAST(i AS BIGINT) + 9007199254740993 AS big, 'text ' || i AS s, i % 2 = 0 AS flag, i / 3e0 AS f,
  TIMESTAMP '2025-02-13 18:30:00.25' + INTERVAL (i) SECOND AS at, DATE '2025-02-13' + CAST(i AS INTEGER) AS d,
  CASE WHEN i > 1 THEN {a: i, "b c": [NULL, 'x']} END AS st, MAP {'k': i} AS m, '\\x00\\xFF'::BLOB AS bytes,
  CAST(1.10 AS DECIMAL(20,2)) AS dec, NULL AS nothing, [] AS none FROM range(3) t(i)`

test('Parquet keeps values and types: another reader sees what JSON shows', async () => {
  const path = join(folder, 'everything.parquet')
  expect((await engine.exportParquet(everything, path, duckdb)).rows).toBe(3)
  const { text, types } = await read(path)
  expect(text).toBe(await json(everything))
  expect(types.slice(0, 7)).toEqual(['BIGINT', 'BIGINT', 'VARCHAR', 'BOOLEAN', 'DOUBLE', 'TIMESTAMP', 'DATE'])
  expect(types[7]).toBe('STRUCT("a" BIGINT, "b c" VARCHAR[])')
})

test('Parquet has sums exactly, though it has no number of 128 bits', async () => {
  const path = join(folder, 'sum.parquet')
  const sql = 'SELECT SUM(i + 9007199254740993) AS total FROM range(3) t(i)'
  await engine.exportParquet(sql, path, duckdb)
  expect(await read(path)).toEqual({ text: '[\n{"total":27021597764222982}\n]\n', types: ['DECIMAL(38,0)'] })
})

test('Parquet takes a result whose columns are named alike, or alike but for case', async () => {
  const path = join(folder, 'names.parquet')
  await engine.exportParquet('SELECT 1 AS a, 2 AS A, 3 AS a, 4 AS "q""uote"', path)
  expect((await read(path)).text).toBe('[\n{"a":1,"A:1":2,"a:2":3,"q\\"uote":4}\n]\n')
})

test('an empty result is a Parquet file without rows', async () => {
  const path = join(folder, 'empty.parquet')
  expect((await engine.exportParquet('SELECT 1 AS a WHERE false', path)).rows).toBe(0)
  expect(await read(path)).toEqual({ text: '[]\n', types: ['INTEGER'] })
})

test('only what a SELECT gives is written, and where nothing can be written that is an error', async () => {
  const path = join(folder, 'none.parquet')
  for (const sql of ['CREATE TABLE x(i INT)', 'MSCK REPAIR TABLE x', 'SELECT 1; SELECT 2']) {
    await expect(engine.exportParquet(sql, path, duckdb)).rejects.toMatchObject({ code: 'QUERY_REFUSED' })
  }
  await expect(engine.exportParquet('SELECT 1', join(folder, 'no', 'x.parquet'))).rejects.toMatchObject({
    code: 'QUERY_FAILED',
  })
  expect(existsSync(path)).toBe(false)
})

test('a fixed array is a list in JSON', async () => {
  expect(await json('SELECT array_value(1, 2, NULL) AS a')).toBe('[\n{"a":[1,2,null]}\n]\n')
})

test('a file that cannot be written is named, and not the one that is written aside', async () => {
  const path = join(folder, 'nowhere', 'result.parquet')
  await expect(engine.exportParquet('SELECT 1 AS n', path, duckdb)).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: `${path} cannot be written: ENOENT: no such file or directory`,
  })
  expect(existsSync(join(folder, 'nowhere'))).toBe(false)
})
