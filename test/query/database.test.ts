import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openQueryDatabase, type QueryDatabase } from '../../src/query/database.ts'

// Behind the guard, which lets no such statement through: the database is closed by itself.

let folder: string
let outside: string
let database: QueryDatabase
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-database-'))
  outside = mkdtempSync(join(tmpdir(), 'dmd-outside-'))
  writeFileSync(join(folder, 'own.csv'), 'a\n1\n')
  writeFileSync(join(outside, 'secret.csv'), 'a\n1\n')
  database = await openQueryDatabase({
    catalog: new Map(),
    url: 'file:///archive/',
    folder,
    spillFolder: join(folder, 'spill'),
    spillMax: '1MB',
    memoryMax: '100MB',
  })
})
afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true })
  rmSync(outside, { recursive: true })
})

async function run(sql: string): Promise<unknown> {
  const connection = await database.instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson()
  } finally {
    connection.closeSync()
  }
}

test('a file outside its folder can be neither read nor written', async () => {
  expect(await run(`SELECT a FROM read_csv('${folder}/own.csv')`)).toHaveLength(1)
  for (const sql of [
    `SELECT a FROM read_csv('${outside}/secret.csv')`,
    `SELECT a FROM '${outside}/secret.csv'`,
    `SELECT * FROM glob('${outside}/*')`,
    `COPY (SELECT 1) TO '${outside}/made.csv'`,
    `ATTACH '${outside}/made.db' AS made`,
  ])
    await expect(run(sql), sql).rejects.toThrow(/Permission Error/)
})

test('neither the network nor an extension can be reached', async () => {
  for (const sql of [
    "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
    "SELECT * FROM read_parquet('s3://bucket/a.parquet')",
    'INSTALL httpfs',
    `LOAD '${outside}/a.duckdb_extension'`,
  ])
    await expect(run(sql), sql).rejects.toThrow(/Permission Error|Catalog Error|Missing Extension/)
})

test('what a query may take is bounded, of the memory and of the disk, and in the folder that is named for it', async () => {
  const setting = async (name: string) =>
    ((await run(`SELECT current_setting('${name}')`)) as readonly (readonly unknown[])[])[0]?.[0]
  expect(await setting('memory_limit')).toBe('95.3 MiB')
  expect(await setting('max_temp_directory_size')).toBe('976.5 KiB')
  expect(await setting('temp_directory')).toBe(join(folder, 'spill'))
  expect(await setting('autoload_known_extensions')).toBe(false)
  expect(await setting('autoinstall_known_extensions')).toBe(false)
})

test('no setting can be changed', async () => {
  for (const sql of [
    "SET TimeZone = 'Asia/Tokyo'",
    'SET GLOBAL threads = 1',
    "SET memory_limit = '10GB'",
    'SET enable_external_access = true',
    `SET allowed_directories = ['${outside}']`,
    'SET lock_configuration = false',
    'RESET memory_limit',
  ])
    await expect(run(sql), sql).rejects.toThrow(/configuration has been locked/)
  expect(await run("SELECT current_setting('TimeZone')")).toEqual([['UTC']])
})
