import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Translator } from '../../src/dialect/statement.ts'
import { findSystemViews, prepareReading, readReading } from '../../src/query/guard.ts'

let instance: DuckDBInstance
let connection: DuckDBConnection
let systemViews: ReadonlySet<string>
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  await connection.run('CREATE TABLE t (a INTEGER)')
  systemViews = await findSystemViews(connection)
})
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

/** A translation that makes this of whatever it is given, as one with a mistake in it might. */
const making =
  (sql: string): Translator =>
  () => ({ explain: '', sql, columns: [] })
const translated = (sql: string) =>
  readReading(connection, 'SELECT 1', 'athena', { systemViews, translate: making(sql) })
const inDuckDb = (sql: string) =>
  readReading(connection, sql, 'duckdb', { systemViews, translate: making('') })

const acting: readonly (readonly [sql: string, reason: string])[] = [
  ['DROP TABLE t', 'DROP is not allowed'],
  ['INSERT INTO t VALUES (1)', 'INSERT is not allowed'],
  ['SELECT 1; SELECT 2', 'there are 2 statements'],
  ['SELECT 1; DROP TABLE t', 'this statement is not allowed'],
  ['', 'there is no statement'],
  ["SELECT * FROM read_csv('/etc/passwd')", 'the function read_csv is not allowed in FROM'],
  ["SELECT * FROM READ_TEXT('/etc/passwd')", 'the function read_text is not allowed in FROM'],
  ['SELECT * FROM duckdb_settings()', 'the function duckdb_settings is not allowed in FROM'],
  ["SELECT * FROM query('SELECT 1')", 'the function query is not allowed in FROM'],
  ["SELECT a FROM '/etc/passwd'", 'reading a file is not allowed'],
  ['SELECT a FROM "pack.parquet"', 'reading a file is not allowed'],
  ['SELECT * FROM duckdb_tables', 'the view duckdb_tables is not allowed'],
  ['SELECT * FROM "DUCKDB_TABLES"', 'the view duckdb_tables is not allowed'],
  ['SELECT * FROM "PACK.PARQUET"', 'reading a file is not allowed'],
  ['SELECT * FROM pg_catalog.pg_settings', 'the view pg_settings is not allowed'],
  ["SELECT getenv('HOME')", 'the function getenv is not allowed'],
  ["SELECT GetEnv('HOME')", 'the function getenv is not allowed'],
  ["SELECT current_setting('threads')", 'the function current_setting is not allowed'],
  ['SELECT error(a::VARCHAR) FROM t', 'the function error is not allowed'],
  ["SELECT write_log('x')", 'the function write_log is not allowed'],
  ["SELECT (SELECT getenv('HOME'))", 'the function getenv is not allowed'],
  ["SELECT a FROM t WHERE a IN (SELECT length(getenv('HOME')))", 'the function getenv is not allowed'],
  ["SELECT a FROM t ORDER BY getenv('HOME')", 'the function getenv is not allowed'],
  ["WITH x AS (SELECT * FROM '/etc/passwd') SELECT 1", 'reading a file is not allowed'],
  ["SELECT list_transform([1], lambda x: getenv('HOME'))", 'the function getenv is not allowed'],
]

describe('what the translation made is looked at like what was written: it reads tables, or is refused', () => {
  test.each(acting)('%j', async (sql, reason) => {
    for (const read of [translated, inDuckDb])
      await expect(read(sql)).rejects.toMatchObject({
        code: 'QUERY_REFUSED',
        message: expect.stringContaining(reason),
      })
  })

  test.each(['SELECT a FROM t', 'SELECT unnest([1])', 'SELECT i FROM range(3) AS r(i)', 'FROM t'])(
    'and is run where it reads: %s',
    async (sql) => {
      for (const read of [translated, inDuckDb]) expect((await read(sql)).select).toBe(sql)
    },
  )
})

describe('what is prepared is one SELECT without parameters, whoever made it', () => {
  test.each([
    ['', 'DROP TABLE t', 'this statement is not allowed'],
    ['', 'INSERT INTO t VALUES (1)', 'this statement is not allowed'],
    ['', 'SET threads = 1', 'this statement is not allowed'],
    ['', 'EXPLAIN SELECT 1', 'this statement is not allowed'],
    ['', 'SELECT 1; SELECT 2', 'this statement is not allowed'],
    ['EXPLAIN ', 'SELECT 1; SELECT 2', 'this statement is not allowed'],
    ['', 'SELECT $1', 'a parameter'],
    ['', 'SELECT a FROM t WHERE a = ?', 'a parameter'],
  ])('%s%s', async (explain, select, reason) => {
    await expect(prepareReading(connection, { explain, select })).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      message: expect.stringContaining(reason),
    })
    expect((await connection.runAndReadAll('SELECT count(*) FROM t')).getRowsJson()).toEqual([['0']])
  })

  test('and no other', async () => {
    expect((await prepareReading(connection, { explain: '', select: 'SELECT 1' })).parameterCount).toBe(0)
    expect(
      (await prepareReading(connection, { explain: 'EXPLAIN ', select: 'SELECT 1' })).parameterCount,
    ).toBe(0)
  })
})

describe('a statement in DuckDB’s SQL is bounded before DuckDB’s parser sees it', () => {
  const refusal = (reason: string) => ({ code: 'QUERY_REFUSED', message: expect.stringContaining(reason) })

  test('in bytes', async () => {
    const text = (bytes: number) => `SELECT '${'é'.repeat(1000)}${'x'.repeat(bytes - 2009)}'`
    expect(Buffer.byteLength(text(262_144))).toBe(262_144)
    await expect(inDuckDb(text(262_144))).resolves.toMatchObject({ explain: '' })
    await expect(inDuckDb(text(262_145))).rejects.toMatchObject(refusal('at most 262144 bytes'))
  })

  test('in operators, dots and brackets', async () => {
    await expect(inDuckDb(`SELECT ${'[1],'.repeat(2500)}1`)).resolves.toMatchObject({ explain: '' })
    await expect(inDuckDb(`SELECT ${'[1],'.repeat(2500)}-1`)).rejects.toMatchObject(
      refusal('at most 5000 operators, dots and brackets'),
    )
  })

  test('and has no NUL, behind which the parser reads nothing', async () => {
    await expect(inDuckDb('SELECT 1\0; DROP TABLE t')).rejects.toMatchObject(refusal('a NUL character'))
  })
})

test.each(['DROP', 'INSERT', 'CREATE', 'SET', 'ATTACH', 'COPY', 'CALL', 'PRAGMA', 'INSTALL', 'UNLOAD'])(
  'a statement of Athena that begins with %s is refused by its word, and is not translated',
  async (word) => {
    for (const sql of [`${word} x`, `/* a */ ${word.toLowerCase()} x`, `EXPLAIN ANALYZE ${word} x`])
      await expect(
        readReading(connection, sql, 'athena', { systemViews, translate: making('SELECT 1') }),
      ).rejects.toMatchObject({
        code: 'QUERY_REFUSED',
        message: expect.stringContaining(`${word} is not allowed; a query only reads tables`),
      })
  },
)
