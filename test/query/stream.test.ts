import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as later } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { formatCsv, formatJson, formatTable } from '../../src/query/format.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { asJson } from './archive.ts'

const total = 300_000
const large = `SELECT i, 'text ' || i AS s, {a: i} AS st FROM range(${total}) AS t(i)`

let engine: QueryEngine
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-stream-'))
  engine = await openDuckDb({ store: openMemoryStore(), catalog: new Map() })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

test.each([
  ['JSON', formatJson, total + 2],
  ['CSV', formatCsv({ raw: false }), total + 1],
  ['a table', formatTable({ width: 60 }), total + 3],
] as const)(
  '300,000 rows are written as %s in small parts, one after the other',
  async (_, format, lines) => {
    let found = 0
    let largest = 0
    let writing = 0
    let parts = 0
    const count = await format(await engine.query(large, { dialect: 'duckdb' }), async (part) => {
      writing += 1
      expect(writing).toBe(1)
      found += part.split('\n').length - 1
      largest = Math.max(largest, part.length)
      parts += 1
      if (parts % 10 === 0) await later()
      writing -= 1
    })
    expect(count).toBe(total)
    expect(found).toBe(lines)
    expect(largest).toBeLessThan(500_000)
  },
)

test('a Parquet export leaves nothing beside its file, and asks no network for a place that is a URL', async () => {
  const before = readdirSync('.')
  const path = join(folder, "it's large.parquet")
  expect((await engine.exportParquet(large, path, { dialect: 'duckdb' })).rows).toBe(total)
  expect(readdirSync(folder)).toEqual(["it's large.parquet"])
  expect(readdirSync('.')).toEqual(before)
  for (const url of ['s3://bucket/x.parquet', 'https://127.0.0.1:9/x.parquet'])
    await expect(engine.exportParquet('SELECT 1 AS a', url)).rejects.toMatchObject({ code: 'QUERY_FAILED' })
})

test('a query ends whenever it is interrupted, just before DuckDB begins to execute it too', async () => {
  const endless = 'SELECT COUNT(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1'
  for (let turns = 0; turns < 30; turns++) {
    const stop = new AbortController()
    const asked = engine.query(endless, { signal: stop.signal, dialect: 'duckdb' })
    asked.catch(() => {})
    for (let turn = 0; turn < turns; turn++) await later()
    stop.abort()
    await expect(asked).rejects.toMatchObject({ message: 'the query was ended before it was done' })
  }
})

test('an export that fails on a row writes no file', async () => {
  const path = join(folder, 'failed.parquet')
  const sql = "SELECT CAST('x' || i AS INT) AS n FROM range(10) AS t(i)"
  await expect(engine.exportParquet(sql, path, { dialect: 'duckdb' })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringContaining('Could not convert string to INT32'),
  })
  await expect(
    engine.exportParquet('SELECT 1 AS a', join(folder, 'no', 'such.parquet')),
  ).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('such.parquet') })
  expect(existsSync(path)).toBe(false)
})

test('days and instants beyond four-digit years keep their sign, year, month and day', async () => {
  const sql = `SELECT DATE '9999-12-31' + 1 AS late, DATE '0001-01-01' - 400 AS early, DATE 'infinity' AS never,
    TIMESTAMP '9999-12-31 23:59:59' + INTERVAL 1 SECOND AS at, TIMESTAMP '1969-12-31 23:59:59.000001' AS micros`
  expect(JSON.parse(await asJson(engine, sql, { dialect: 'duckdb' }))).toEqual([
    {
      late: '+010000-01-01',
      early: '-000001-11-28',
      never: 'infinity',
      at: '+010000-01-01T00:00:00.000Z',
      micros: '1969-12-31T23:59:59.000001Z',
    },
  ])
})

test('CSV disarms a formula behind a line feed, and one of full-width signs', async () => {
  let text = ''
  const rows = "SELECT unnest([chr(10) || '=1', '＝1', '＋1', '－1', '＠x', '1＝1']) AS a"
  await formatCsv({ raw: false })(await engine.query(rows, { dialect: 'duckdb' }), async (part) => {
    text += part
  })
  expect(text).toBe("a\r\n\"'\n=1\"\r\n'＝1\r\n'＋1\r\n'－1\r\n'＠x\r\n1＝1\r\n")
})
