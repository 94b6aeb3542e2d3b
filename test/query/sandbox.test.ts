import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { Dialect, QueryEngine } from '../../src/query/engine.ts'
import { change, demandItem, records } from '../changes.ts'
import { tree } from '../tree.ts'
import { asJson, openTestArchive, type TestArchive } from './archive.ts'

let archive: TestArchive
let folder: string
beforeAll(async () => {
  archive = await openTestArchive()
  await archive.add(records([change({ item: demandItem, at: '2025-02-13T18:30:00Z' })]))
  folder = mkdtempSync(join(tmpdir(), 'dmd-sandbox-'))
  writeFileSync(join(folder, 'there.csv'), 'a,b\n1,canary\n')
  writeFileSync(join(folder, 'there.json'), '[{"a": "canary"}]')
})
afterAll(async () => {
  await archive.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What a statement is answered with: `ok`, or an error's code and message. */
async function outcome(sql: string, dialect: Dialect): Promise<string> {
  try {
    await asJson(archive.engine, sql, { dialect })
    return 'ok'
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string }
    return `${name} ${code}: ${message}`
  }
}

/** All that a statement might have changed, as far as a query can see it. */
async function state(): Promise<unknown> {
  return {
    rows: await archive.sql('SELECT * FROM demand'),
    changes: await archive.sql('SELECT * FROM demand_changes'),
    tables: await archive.sql('SELECT table_name, table_type FROM information_schema.tables ORDER BY 1'),
    columns: await archive.sql('SELECT COUNT(*) AS n FROM information_schema.columns'),
    zone: await asJson(archive.engine, "SELECT CAST(TIMESTAMPTZ '2025-01-01 00:00:00Z' AS VARCHAR) AS t", {
      dialect: 'duckdb',
    }),
    macro: await archive.sql("SELECT unix_timestamp(TIMESTAMP '1970-01-01 00:00:01') AS s"),
    archive: [...tree(archive.folder)].map(([name, bytes]) => [name, String(bytes)]),
    outside: readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    // The working directory, where DuckDB would put temporary files.
    here: readdirSync('.').includes('.tmp'),
  }
}

const writes = [
  "INSERT INTO demand (fanid) VALUES ('x')",
  'INSERT OR REPLACE INTO demand SELECT * FROM demand',
  "UPDATE demand SET fanid = 'x'",
  'DELETE FROM demand',
  'TRUNCATE demand',
  'MERGE INTO demand USING (SELECT 1 AS a) AS s ON true WHEN MATCHED THEN DELETE',
  'DROP TABLE demand',
  'DROP VIEW demands',
  'DROP MACRO unix_timestamp',
  'ALTER TABLE demand ADD COLUMN x INTEGER',
  'ALTER VIEW demands RENAME TO x',
  "COMMENT ON TABLE demand IS 'x'",
  'CREATE TABLE x (a INTEGER)',
  'CREATE TABLE x AS SELECT * FROM demand',
  'CREATE TEMP TABLE x AS SELECT 1',
  'CREATE OR REPLACE VIEW demands AS SELECT 1',
  'CREATE OR REPLACE MACRO unix_timestamp(t) AS 0',
  'CREATE SCHEMA x',
  'CREATE SEQUENCE x',
  "CREATE TYPE x AS ENUM ('a')",
  'CREATE INDEX x ON demand (fanid)',
  'CREATE SECRET x (TYPE s3)',
  'WITH x AS (SELECT 1) DELETE FROM demand',
  "WITH x AS (SELECT 1) INSERT INTO demand (fanid) SELECT 'x'",
  'SELECT 1 INTO x',
]
const others = [
  'SET threads = 1',
  "SET GLOBAL TimeZone = 'Pacific/Apia'",
  'SET lock_configuration = false',
  'SET enable_external_access = true',
  'SET VARIABLE x = 1',
  'RESET threads',
  'RESET ALL',
  'PRAGMA threads = 1',
  'PRAGMA version',
  "PRAGMA table_info('demand')",
  'PRAGMA enable_profiling',
  'PRAGMA database_list',
  'CALL pragma_version()',
  'CALL enable_logging()',
  "CALL query('SELECT 1')",
  'CHECKPOINT',
  'FORCE CHECKPOINT',
  'VACUUM',
  'VACUUM ANALYZE demand',
  'ANALYZE',
  'USE memory',
  'BEGIN TRANSACTION',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  'ABORT',
  'PREPARE x AS SELECT 1',
  'PREPARE x AS DELETE FROM demand',
  'EXECUTE x',
  'DEALLOCATE x',
  'DETACH memory',
  "ATTACH ':memory:' AS x",
  'INSTALL httpfs',
  'LOAD httpfs',
  'LOAD json',
  'UPDATE EXTENSIONS',
  'COPY FROM DATABASE memory TO memory',
]
const several = [
  '',
  ' \n\t',
  ';',
  ';;',
  '-- nothing',
  '/* nothing */',
  'SELECT 1; SELECT 2',
  'SELECT 1; DELETE FROM demand',
  'SELECT 1;\n-- a comment\nDROP TABLE demand;',
  'DELETE FROM demand; SELECT 1',
  'MSCK REPAIR TABLE demand; DELETE FROM demand',
  'SHOW PARTITIONS demand; DELETE FROM demand',
  'SELECT 1 \0; DELETE FROM demand',
  'SELECT 1 /* ; */; DELETE FROM demand',
  "SELECT ';'; DELETE FROM demand",
]
const hidden = [
  '/* SELECT */ DELETE FROM demand',
  '-- SELECT\nDELETE FROM demand',
  '/* /* SELECT */ */ DELETE FROM demand',
  'DELETE /* SELECT */ FROM demand',
  ';DELETE FROM demand',
  '(DELETE FROM demand)',
  'EXPLAIN DELETE FROM demand',
  'EXPLAIN ANALYZE DELETE FROM demand',
  'explain analyze delete from demand',
  'EXPLAIN/**/ANALYZE/**/DELETE FROM demand',
  'EXPLAIN /* SELECT */ ANALYZE /* SELECT */ DELETE FROM demand',
  'EXPLAIN -- SELECT\nANALYZE -- SELECT\nDELETE FROM demand',
  '/* SELECT */ EXPLAIN ANALYZE DELETE FROM demand',
  'EXPLAIN (ANALYZE) DELETE FROM demand',
  'EXPLAIN (ANALYZE, FORMAT json) DELETE FROM demand',
  'EXPLAIN (FORMAT json, ANALYZE) DELETE FROM demand',
  'EXPLAIN(ANALYZE)DELETE FROM demand',
  'EXPLAIN ("ANALYZE") DELETE FROM demand',
  'EXPLAIN (ANALYZE true) DELETE FROM demand',
  'EXPLAIN (ANALYZE /* ) SELECT */) DELETE FROM demand',
  'EXPLAIN EXPLAIN ANALYZE DELETE FROM demand',
  'EXPLAIN ANALYZE EXPLAIN ANALYZE DELETE FROM demand',
  'EXPLAIN ANALYZE SELECT 1; DELETE FROM demand',
  'EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1',
  'EXPLAIN ANALYZE CREATE TEMP TABLE x AS SELECT 1',
  "EXPLAIN ANALYZE INSERT INTO demand (fanid) VALUES ('x')",
  "EXPLAIN ANALYZE UPDATE demand SET fanid = 'x'",
  'EXPLAIN ANALYZE DROP TABLE demand',
  'EXPLAIN ANALYZE SET threads = 1',
  'EXPLAIN ANALYZE CALL pragma_version()',
  'EXPLAIN ANALYZE PREPARE x AS SELECT 1',
  'EXPLAIN ANALYZE CHECKPOINT',
  'DESCRIBE DELETE FROM demand',
  'SUMMARIZE DELETE FROM demand',
]
const settings = [
  "SELECT current_setting('temp_directory')",
  "SELECT CURRENT_SETTING('threads')",
  "SELECT system.main.current_setting('threads')",
  "SELECT (SELECT [current_setting(x) FOR x IN ['threads']])",
  "SELECT 1 ORDER BY current_setting('threads')",
  "SELECT 1 LIMIT (SELECT CAST(current_setting('threads') AS INT))",
  "DESCRIBE SELECT current_setting('threads')",
  "EXPLAIN SELECT current_setting('threads')",
  "SELECT getenv('HOME')",
  "SELECT getvariable('x')",
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM "duckdb_settings"()',
  'SELECT * FROM system.main.duckdb_settings()',
  'SELECT (SELECT COUNT(*) FROM duckdb_settings())',
  'WITH x AS (FROM duckdb_settings()) FROM x',
  'SELECT * FROM demand, LATERAL (FROM duckdb_settings())',
  'SELECT * FROM duckdb_secrets()',
  "SELECT * FROM which_secret('s3://x', 's3')",
  'SELECT * FROM duckdb_extensions()',
  'SELECT * FROM duckdb_databases()',
  'SELECT * FROM duckdb_databases',
  'SELECT * FROM duckdb_variables()',
  'SELECT * FROM duckdb_temporary_files()',
  'SELECT * FROM duckdb_memory()',
  'SELECT * FROM duckdb_external_file_cache()',
  'SELECT * FROM duckdb_logs()',
  'SELECT * FROM duckdb_logs',
  "SELECT * FROM duckdb_logs_parsed('QueryLog')",
  'SELECT * FROM duckdb_profiling_settings()',
  'SELECT * FROM pg_settings',
  'SELECT * FROM pg_catalog.pg_settings',
  'SELECT * FROM "PG_CATALOG"."PG_SETTINGS"',
  'SELECT * FROM system.pg_catalog.pg_settings',
  'SELECT * FROM pragma_database_list',
  'SELECT * FROM pragma_database_size()',
  'SELECT * FROM pragma_platform()',
  'SELECT * FROM pragma_version()',
  "SELECT * FROM pragma_storage_info('demand')",
  'SELECT * FROM pragma_metadata_info()',
  'SELECT * FROM pragma_user_agent()',
]
const acts = [
  'SELECT * FROM enable_logging()',
  'SELECT * FROM disable_logging()',
  'SELECT * FROM truncate_duckdb_logs()',
  'SELECT * FROM enable_profiling()',
  'SELECT * FROM disable_profiling()',
  'SELECT * FROM enable_peg_parser()',
  'SELECT * FROM checkpoint()',
  'SELECT * FROM force_checkpoint()',
  "SELECT write_log('x')",
  "SELECT count(*) FILTER (write_log('x') IS NULL)",
  "SELECT nextval('x')",
  "SELECT currval('x')",
  'SELECT setseed(0.5)',
  'SELECT sleep_ms(1)',
  'SELECT pg_sleep(1)',
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM query('DELETE FROM demand')",
  "FROM query('FROM duckdb_settings()')",
  "SELECT * FROM query_table('demand')",
  "SELECT * FROM query_table(['demand'])",
  'SELECT * FROM histogram_values(duckdb_settings, name)',
  "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
  "SELECT json_serialize_sql('SELECT 1')",
  "SELECT json_serialize_plan('SELECT 1')",
  "SELECT json_deserialize_sql('{}')",
  "SELECT * FROM sql_auto_complete('SEL')",
  'SELECT * FROM test_all_types()',
  'SELECT * FROM arrow_scan(1, 2, 3)',
  'SELECT $1',
  'SELECT ?',
]
const files = (path: string) => [
  `COPY demand TO '${path}/new.csv'`,
  `COPY (SELECT 1) TO '${path}/new.parquet'`,
  `COPY demand FROM '${path}/there.csv'`,
  `EXPLAIN ANALYZE COPY demand TO '${path}/new.csv'`,
  `EXPORT DATABASE '${path}/new'`,
  `IMPORT DATABASE '${path}'`,
  `ATTACH '${path}/new.db'`,
  `ATTACH '${path}/new.db' AS x (READ_ONLY)`,
  `LOAD '${path}/x.duckdb_extension'`,
  `SELECT * FROM '${path}/there.csv'`,
  `FROM '${path}/there.json'`,
  `SELECT * FROM "${path}/there.csv"`,
  `SELECT * FROM read_csv('${path}/there.csv')`,
  `SELECT * FROM read_csv_auto(['${path}/there.csv'])`,
  `SELECT * FROM read_json('${path}/there.json')`,
  `SELECT * FROM read_json_objects('${path}/there.json')`,
  `SELECT * FROM read_ndjson('${path}/there.json')`,
  `SELECT * FROM read_text('${path}/*')`,
  `SELECT * FROM read_blob('${path}/*')`,
  `SELECT * FROM read_parquet('${path}/there.parquet')`,
  `SELECT * FROM parquet_scan('${path}/there.parquet')`,
  `SELECT * FROM parquet_metadata('${path}/there.parquet')`,
  `SELECT * FROM parquet_schema('${path}/there.parquet')`,
  `SELECT * FROM read_duckdb('${path}/x.db')`,
  `SELECT * FROM glob('${path}/*')`,
  `SELECT * FROM sniff_csv('${path}/there.csv')`,
  `SELECT * FROM query_table('${path}/there.csv')`,
  `SELECT (SELECT COUNT(*) FROM read_text('${path}/there.csv'))`,
  `DESCRIBE '${path}/there.csv'`,
  `SUMMARIZE '${path}/there.csv'`,
  `SELECT * FROM enable_logging(storage = 'file', storage_path = '${path}/logs')`,
  `SELECT * FROM enable_profiling(format = 'json', save_location = '${path}/new.json')`,
]
const network = [
  "SELECT * FROM 'https://127.0.0.1:9/x.csv'",
  "SELECT * FROM 's3://bucket/x.parquet'",
  "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
  "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
  "ATTACH 'https://127.0.0.1:9/x.db' AS x",
  "COPY demand TO 's3://bucket/x.csv'",
  "INSTALL x FROM 'http://127.0.0.1:9'",
]

test('the files of the cache itself, which DuckDB may read, are not to be read by name', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'dmd-own-'))
  const engine = await openDuckDb({
    store: archive.store,
    catalog: loadCatalog(),
    cache: { folder: cache },
  })
  try {
    expect(await asJson(engine, 'SELECT COUNT(*) AS n FROM demand')).toContain('1')
    const [pack = ''] = readdirSync(cache).filter((name) => name.endsWith('.parquet'))
    for (const sql of [
      `SELECT * FROM '${cache}/${pack}'`,
      `FROM "${cache}/${pack}"`,
      `FROM '${cache}/*.parquet'`,
      `DESCRIBE '${cache}/${pack}'`,
      `WITH a AS (FROM '${cache}/${pack}') FROM a`,
      `SELECT (SELECT MAX(fanid) FROM '${cache}/${pack}')`,
      `SELECT * FROM read_parquet('${cache}/${pack}')`,
      `SELECT * FROM '${pack}'`,
    ])
      await expect(engine.query(sql, { dialect: 'duckdb' }), sql).rejects.toMatchObject({
        code: 'QUERY_REFUSED',
      })
  } finally {
    await engine.close()
    rmSync(cache, { recursive: true })
  }
})

describe('a query reads the archive and nothing else', () => {
  const groups: readonly (readonly [string, () => readonly string[]])[] = [
    ['statements that write', () => writes],
    ['statements about settings, transactions, extensions', () => others],
    ['none or several statements', () => several],
    ['statements behind comments and EXPLAIN', () => hidden],
    ['settings, environment, secrets, logs', () => settings],
    ['functions that act, or run SQL that they are given', () => acts],
    ['files', () => files(folder)],
    ['the network', () => network],
  ]
  test.each(groups)('%s: each is refused, with the reason, and changes nothing', async (_, statements) => {
    const before = await state()
    for (const dialect of ['athena', 'duckdb'] as const)
      for (const sql of statements()) {
        const told = await outcome(sql, dialect)
        expect(told, sql).toMatch(/^PipelineError QUERY_(REFUSED|FAILED): \S.{15}/)
        expect(told, sql).not.toContain('canary')
      }
    expect(await state()).toEqual(before)
    expect(existsSync(join(folder, 'logs'))).toBe(false)
  })

  test('a number beyond what a double holds is infinite in Athena’s SQL, as in Trino, and refused in DuckDB’s', async () => {
    expect(await archive.sql('SELECT 1e999 = infinity() AS same')).toEqual([{ same: true }])
    expect(await outcome('SELECT 1e999', 'duckdb')).toContain('QUERY_REFUSED: a number beyond')
  })

  test.each([
    ['DROP', 'DROP TABLE demand'],
    ['INSERT', '-- SELECT\n insert into demand select * from demand'],
    ['DELETE', '/* x */ (DELETE FROM demand)'],
    ['CREATE', 'EXPLAIN ANALYZE VERBOSE CREATE TABLE x AS SELECT 1'],
    ['UNLOAD', "UNLOAD (SELECT 1) TO 's3://b/x'"],
    ['ALTER', "ALTER TABLE demand DROP PARTITION (partition_date = DATE '2025-02-13')"],
  ])('a refusal of %s names it in Athena’s SQL too', async (word, sql) => {
    expect(await outcome(sql, 'athena')).toMatch(
      new RegExp(`^PipelineError QUERY_REFUSED: ${word} is not allowed; a query only reads tables: SELECT, `),
    )
  })

  test('a refusal names what is not allowed and what is', async () => {
    const allowed =
      'SELECT, EXPLAIN of a SELECT, DESCRIBE, SHOW, MSCK REPAIR TABLE, ALTER TABLE … ADD PARTITION'
    const refused = (what: string) =>
      `PipelineError QUERY_REFUSED: ${what} is not allowed; a query only reads tables: ${allowed}`
    const outcomeOf = (sql: string) => outcome(sql, 'duckdb')
    expect(await outcomeOf('/* x */ delete from demand')).toBe(refused('DELETE'))
    expect(await outcomeOf('EXPLAIN ANALYZE UPDATE demand SET fanid = 1')).toContain(refused('UPDATE'))
    expect(await outcomeOf("COPY demand TO 'x.csv'")).toBe(refused('COPY'))
    expect(await outcomeOf("SELECT * FROM Read_Text('x')")).toBe(
      refused('the function read_text').replace('allowed;', 'allowed in FROM;'),
    )
    expect(await outcomeOf("SELECT current_setting('threads')")).toBe(refused('the function current_setting'))
    expect(await outcomeOf('PIVOT demand ON fanid USING COUNT(*)')).toContain("as in ON type IN ('a', 'b')")
    expect(await outcomeOf('SELECT 1; SELECT 2')).toContain('there are 2 statements: one is run at a time')
    expect(await outcomeOf('-- x')).toContain('there is no statement')
  })
})

const everywhere = [
  'SELECT 1;',
  '/* a */ SELECT /* ; DELETE */ 1 -- DROP',
  "SELECT 'DELETE FROM demand; COPY'",
  'TABLE demand',
  'VALUES (1, 2), (3, 4)',
  '(SELECT 1)',
  'SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3',
  'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r',
  'SELECT eventid, COUNT(*) FILTER (WHERE isdeleted), GROUPING(eventid) FROM demand GROUP BY ROLLUP (eventid) HAVING COUNT(*) > 0',
  'SELECT fanid IN (SELECT fanid FROM demand) FROM demand',
  "SELECT CASE WHEN isdeleted THEN 'x' ELSE fanid END, CAST(change.micros AS DOUBLE), TRY_CAST(fanid AS INT) FROM demand",
  'SELECT "select"."from" FROM (SELECT 1 AS "from") AS "select"',
  'SHOW TABLES',
  'DESCRIBE demand',
  'EXPLAIN SELECT * FROM demand',
  'EXPLAIN ANALYZE SELECT * FROM demand',
  'explain /* x */ analyze -- y\n select 1;',
  'EXPLAIN (SELECT 1)',
  `SELECT 1 IN (${Array.from({ length: 5000 }, (_, n) => n).join(' , ')})`,
]
const inAthena = [
  'SELECT column_name FROM information_schema.columns',
  'SELECT v.name FROM event, UNNEST(venues) AS v',
  'EXPLAIN (TYPE LOGICAL) SELECT 1',
  "SELECT TIMESTAMP '2025-01-01' AT TIME ZONE 'Asia/Tokyo', INTERVAL '3' DAY, current_date <= DATE '9999-01-01'",
  'SELECT i FROM UNNEST(sequence(1, 3)) AS t (i)',
  `SELECT ${'abs('.repeat(100)}1${')'.repeat(100)}`,
]
const inDuckDb = [
  'SELECT 1 ; ; ',
  'SELECT $$DROP TABLE demand$$',
  'FROM demand',
  'WITH a AS (SELECT 1 AS x), b AS MATERIALIZED (FROM a) SELECT * FROM a JOIN b USING (x)',
  'SELECT fanid, row_number() OVER w FROM demand WINDOW w AS (PARTITION BY eventid ORDER BY fanid) QUALIFY row_number() OVER w = 1',
  'SELECT * EXCLUDE (email) REPLACE (upper(fanid) AS fanid) FROM demand',
  "SELECT COLUMNS('.*id') FROM demand",
  "PIVOT demand ON type IN ('demand', 'sale') USING COUNT(*)",
  'UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b',
  'SELECT [x * 2 FOR x IN [1, 2]], list_transform([1], lambda x: x + 1)',
  'SELECT unnest(saletypes) FROM sale',
  'SELECT i FROM range(3) AS t(i)',
  "SELECT * FROM generate_series(DATE '2025-01-01', DATE '2025-01-03', INTERVAL 1 DAY)",
  'SELECT key, value FROM json_each(\'{"a": 1}\')',
  'SELECT * FROM demand TABLESAMPLE 50 PERCENT',
  'SELECT * FROM demand ASOF JOIN sale ON demand.eventid = sale.eventid AND demand.date.requested >= sale.salestartdatetime',
  'SELECT * FROM demand POSITIONAL JOIN sale',
  'SELECT DISTINCT ON (eventid) * FROM demand ORDER BY ALL LIMIT 10 OFFSET 0',
  'SHOW ALL TABLES',
  'SHOW demand',
  'DESCRIBE SELECT fanid FROM demand',
  'SUMMARIZE demand',
  'EXPLAIN WITH a AS (SELECT 1) FROM a',
  `SELECT ${'abs('.repeat(200)}1${')'.repeat(200)}`,
]

test.each([
  ['athena', [...everywhere, ...inAthena]],
  ['duckdb', [...everywhere, ...inDuckDb]],
] as const)('what only reads is run, in every form, in the SQL of %s', async (dialect, statements) => {
  for (const sql of statements) expect(await outcome(sql, dialect), sql).toBe('ok')
})

test.each(inDuckDb)('what is DuckDB’s alone fails in Athena’s SQL: %s', async (sql) => {
  expect(await outcome(sql, 'athena')).toMatch(/^PipelineError QUERY_/)
})

describe('a query that does not fit the memory', () => {
  const large = 'SELECT i, md5(CAST(i AS VARCHAR)) AS h FROM range(3000000) AS t(i) ORDER BY h'
  const parts = () => ({ store: archive.store, catalog: new Map(), memoryMax: '60MB' })
  const countRows = async (engine: QueryEngine) => {
    const { rows } = await engine.query(large, { dialect: 'duckdb' })
    let count = 0
    for await (const chunk of rows) count += chunk.length
    return count
  }

  test('uses the disk, in the cache’s folder alone, and leaves nothing there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dmd-spill-'))
    const engine = await openDuckDb({ ...parts(), cache: { folder } })
    const before = readdirSync('.')
    const spilled = new Set<string>()
    const watch = setInterval(() => {
      for (const name of readdirSync(folder, { recursive: true })) spilled.add(String(name))
    }, 20)
    try {
      expect(await countRows(engine)).toBe(3_000_000)
    } finally {
      clearInterval(watch)
    }
    await engine.close()
    expect([...spilled].some((name) => name.includes('duckdb_temp'))).toBe(true)
    expect(readdirSync(folder)).toEqual([])
    expect(readdirSync('.')).toEqual(before)
    rmSync(folder, { recursive: true })
  })

  test('fails where there is no disk for it either, and the engine goes on', async () => {
    const engine = await openDuckDb({ ...parts(), spillMax: '1MB' })
    await expect(countRows(engine)).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/^Out of Memory Error: .*raise the setting queryMemory$/s),
    })
    expect(JSON.parse(await asJson(engine, 'SELECT 1 AS a'))).toEqual([{ a: 1 }])
    await engine.close()
  })
})
