import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { writeContainer } from '../../src/codec/container.ts'
import { readRow } from '../../src/codec/row.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { avroLiteral } from '../../src/derive/ddl.ts'
import { simulate } from '../../src/local/simulator.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { formatJson } from '../../src/query/format.ts'
import { quoteText } from '../../src/query/quote.ts'
import { savedQueries } from '../../src/query/saved.ts'
import { tableColumns } from '../../src/query/tables.ts'
import { viewsOf } from '../../src/query/views.ts'
import { compileSchema } from '../../src/record/schema.ts'
import { isObject, type JsonObject, type RecordType, type Type } from '../../src/record/type.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { addedSchema } from '../arbitrary/schema.ts'
import { change, demandItem, eventItem, records, saleItem } from '../changes.ts'
import { toAthena, trino, trinoType } from './client.ts'

const catalog = loadCatalog()
const rules = toRules(catalog, readSettings({}))
const s3 = process.env.S3_URL ?? ''

let folder: string
let store: ObjectStore
let engine: QueryEngine

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-trino-'))
  store = await openDirectoryStore(folder)
  engine = await openDuckDb({ store, catalog })
  await fillArchive()
  await fetch(`${s3}/archive`, { method: 'PUT' })
  for await (const { key } of store.list('data/')) {
    const object = await store.get(key)
    await fetch(`${s3}/archive/${key}`, { method: 'PUT', body: object?.bytes ?? new Uint8Array() })
  }
  await trino("CREATE SCHEMA hive.dmd WITH (location = 's3://archive/warehouse')")
  for (const schema of catalog.values()) {
    const columns = schema.row.fields.map(({ name, type }) => `"${name.toLowerCase()}" ${trinoType(type)}`)
    await trino(
      `CREATE TABLE "${schema.type}" (${columns.join(', ')}, "partition_date" varchar) WITH (format = 'AVRO', ` +
        `external_location = 's3://archive/data/${schema.type}', partitioned_by = ARRAY['partition_date'], ` +
        `avro_schema_literal = ${quoteText(avroLiteral(schema))})`,
    )
    await trino(`CALL system.sync_partition_metadata('dmd', '${schema.type}', 'ADD')`)
    const names = [...tableColumns(schema).map(({ name }) => name), 'partition_date']
    for (const { name, select } of viewsOf(schema, names))
      await trino(`CREATE VIEW "${name}" SECURITY INVOKER AS ${select}`)
  }
})
afterAll(() => {
  engine?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A simulated stream in both codecs, and by hand what it does not have. */
async function fillArchive(): Promise<void> {
  const payloads = [
    ...simulate({ fans: 2000, minutes: 5, badPercent: 0, seed: 'trino', duplicatePercent: 2 }),
  ].map(({ bytes }) => bytes)
  const half = Math.floor(payloads.length / 2)
  await add(payloads.slice(0, half), 'deflate')
  await add(payloads.slice(half), 'null')
  const futureSale = {
    ...saleItem,
    SK: 'SALE#far',
    id: 'far',
    saleStartDateTime: '2027-12-01T10:00:00Z',
    saleStartDate: '2027-12-01',
  }
  const texts = { eventName: '🎟️ שלום "quoted" \\ \n line', seatMap: { levels: 3, '🎪': [1.1, null] } }
  await add(
    [
      change({ item: futureSale }),
      change({ item: { ...demandItem, ...texts, SK: 'texts' } }),
      change({
        item: {
          ...eventItem,
          SK: 'bare',
          id: 'bare',
          eventDate: null,
          date: { firstSeen: '2024-02-29T23:59:59.999Z' },
        },
      }),
      change({
        item: {
          ...eventItem,
          SK: 'nested',
          id: 'nested',
          isSuppressed: true,
          classifications: [{ primary: null }, { genre: { id: 'g' } }],
          venues: [{ latitude: -0.5, longitude: 180 }],
        },
      }),
      change({ operation: 'REMOVE', item: eventItem, at: '2025-03-01T00:00:00.000001Z' }),
    ],
    'deflate',
  )
  await addOlderFile()
}

async function add(payloads: readonly Uint8Array[], codec: 'deflate' | 'null'): Promise<void> {
  const plan = planBatch({ stream: 's', shard: '0', records: records(payloads) }, { ...rules, codec })
  expect(plan.errors).toEqual([])
  for (const { key, bytes } of plan.objects) await store.put(key, bytes)
}

/** A file of the days before two of the fields, and one of a partition without a row. */
async function addOlderFile(): Promise<void> {
  const whole = catalog.get('demand')?.avro as JsonObject & { fields: readonly JsonObject[] }
  const added = new Set(
    (addedSchema as unknown as { fields: { name: string }[] }).fields.map(({ name }) => name),
  )
  const fields = whole.fields.filter(
    ({ name }) => !added.has(String(name)) && name !== 'artistName' && name !== 'demandType',
  )
  const older = compileSchema({ ...whole, fields }, addedSchema, 'older.avsc')
  const row = readRow(records([change({ item: { ...demandItem, SK: 'older' } })])[0] as never, {
    ...rules,
    catalog: new Map([['demand', older]]),
  })
  if (!row.ok) throw new Error(row.rejection.message)
  const spec = {
    schema: older.avro,
    type: older.row,
    codec: 'deflate',
    metadata: new Map(),
    sync: new Uint8Array(16).fill(7),
  } as const
  await store.put('data/demand/partition_date=2025-02-13/older.avro', writeContainer(spec, [row.row]))
  await store.put('data/demand/partition_date=2025-02-20/empty.avro', writeContainer(spec, []))
}

/** Rows of DuckDB as plain lists, instants as Trino writes them. */
async function duckdb(sql: string, types?: readonly Type[]): Promise<unknown[][]> {
  let text = ''
  await formatJson(await engine.query(sql), async (part) => {
    text += part
  })
  const rows: { [name: string]: unknown }[] = JSON.parse(text)
  return rows.map((row) => Object.values(row).map((value, index) => toTrino(value, types?.[index])))
}

function toTrino(value: unknown, type?: Type): unknown {
  if (type?.kind === 'optional') return toTrino(value, type.of)
  if (Array.isArray(value))
    return value.map((item) => toTrino(item, type?.kind === 'array' ? type.items : undefined))
  if (isObject(value) && type?.kind === 'record')
    return (type as RecordType).fields.map((field) => toTrino(value[field.name.toLowerCase()], field.type))
  if (isObject(value) && type?.kind !== 'map') return Object.values(value).map((item) => toTrino(item))
  if (typeof value !== 'string') return value
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
    ? value.replace('T', ' ').replace('Z', '')
    : value
}

/** Numbers within the last digit or two: sums of doubles depend on their order; DECIMAL comes as text from Trino. */
const rounded = (rows: readonly (readonly unknown[])[]) =>
  rows.map((row) =>
    row.map((cell) => {
      const isDecimal = typeof cell === 'string' && /^-?\d+\.\d+$/.test(cell)
      return typeof cell === 'number' || isDecimal ? Number(Number(cell).toPrecision(12)) : cell
    }),
  )

const expectSame = async (sql: string) =>
  expect(rounded(await trino(toAthena(sql))), sql).toEqual(rounded(await duckdb(sql)))

describe('Trino reads our files as DuckDB does, row by row and field by field', () => {
  const order = 'ORDER BY change.key, change.micros, change.sequence, change.id'
  test.each(
    [...catalog.values()].flatMap((schema) =>
      ['', '_changes', '_current'].map((suffix) => [`${schema.type}${suffix}`, schema] as const),
    ),
  )('%s', async (name, schema) => {
    const types: Type[] = [...schema.row.fields.map(({ type }) => type), { kind: 'string' }]
    const sql = `SELECT * FROM ${name} ${order}`
    const rows = await trino(sql)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows).toEqual(await duckdb(sql, types))
  })
})

test.each(savedQueries.map(({ name, sql }) => [name, sql] as const))(
  'the saved query %s gives the same rows',
  (_, sql) => expectSame(sql),
)

describe('queries of analysts give the same rows', () => {
  test.each([
    "SELECT COUNT(*) FROM demand WHERE partition_date = '2025-02-13' AND isdeleted = false",
    'SELECT DISTINCT partition_date FROM sale ORDER BY 1',
    'SELECT partition_date, COUNT(*) AS n FROM demand GROUP BY partition_date ORDER BY 1',
    'SELECT fanid, row_number() OVER (PARTITION BY saleid ORDER BY "date"."requested", fanid) AS place FROM demand_current ORDER BY saleid, place LIMIT 20',
    'SELECT fanid, lag(change.operation) OVER (PARTITION BY change.key ORDER BY change.micros) AS before FROM demand_changes ORDER BY change.key, change.micros LIMIT 50',
    'WITH firsts AS (SELECT change.key AS item, MIN(change.micros) AS first FROM demand_changes GROUP BY change.key) SELECT COUNT(*) AS items, MIN(first) AS earliest FROM firsts',
    'SELECT e.name, d.n FROM event_current e LEFT JOIN (SELECT eventid, COUNT(*) AS n FROM demand_current GROUP BY eventid) d ON d.eventid = e.id ORDER BY e.id',
    "SELECT date_trunc('hour', change.timestamp) AS hour, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1",
    'SELECT contactmethod, COUNT(*) AS n, AVG(CAST(length(eventname) AS double)) AS a FROM demand GROUP BY contactmethod ORDER BY 1 NULLS LAST',
    "SELECT extra['/seatMap'] AS seats FROM demand WHERE reference.id = 'event-1_sale-1_fan-1' AND eventname IS NOT NULL",
    'SELECT eventdate.start.localdate AS day, "eventdate"."end"."datetime" AS until FROM event_current ORDER BY id',
    "SELECT COALESCE(demandtype, 'none') AS kind, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1",
    "SELECT id, COALESCE(name, '') || ' / ' || lower(id) AS label FROM sale ORDER BY change.key, change.micros",
    'SELECT MAX(date.requested), MIN(date.requested), COUNT(DISTINCT fanid) FROM demand',
    'SELECT saleid, 1e2 * COUNT(*) / SUM(COUNT(*)) OVER () AS share FROM demand_current GROUP BY saleid ORDER BY saleid',
    'SELECT operation, n FROM (SELECT change.operation AS operation, COUNT(*) AS n FROM notification GROUP BY change.operation) AS t WHERE n > 1 ORDER BY 1',
    "SELECT CASE WHEN isdeleted THEN 'gone' ELSE 'live' END AS state, COUNT(*) AS n FROM demand GROUP BY 1 HAVING COUNT(*) > 0 ORDER BY 1",
    'SELECT cardinality(saletypes) AS n, cardinality(extra) AS e, COUNT(*) AS sales FROM sale_current GROUP BY 1, 2 ORDER BY 1, 2',
    "SELECT regexp_like(email, '@example') AS ours, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1 NULLS LAST",
    'SELECT day_of_week(date.requested) AS weekday, COUNT(*) AS n FROM demand_current GROUP BY 1 ORDER BY 1',
  ])('%s', expectSame)
})

test('approximate functions agree within five percent', async () => {
  const sql =
    'SELECT approx_distinct(fanid) AS fans, approx_percentile(change.micros, 0.5) AS median FROM demand'
  const [[fans, median] = []] = await trino(sql)
  const [[ourFans, ourMedian] = []] = await duckdb(sql)
  expect(Math.abs(Number(ourFans) / Number(fans) - 1)).toBeLessThan(0.05)
  expect(Math.abs(Number(ourMedian) / Number(median) - 1)).toBeLessThan(0.05)
})

describe('known differences, so that a change of either engine shows', () => {
  test('a division of decimals keeps one digit in Trino and all in DuckDB: write 1e2 rather than 100.0', async () => {
    const sql = 'SELECT 100.0 / 3'
    expect(rounded(await trino(sql))).toEqual([[33.3]])
    expect(rounded(await duckdb(sql))).toEqual([[33.3333333333]])
  })

  test('a division of integers is an integer in Trino and a fraction in DuckDB', async () => {
    expect(await trino('SELECT 7 / 2')).toEqual([[3]])
    expect(await duckdb('SELECT 7 / 2')).toEqual([[3.5]])
  })

  test('UNNEST of records gives their columns in Trino and one record in DuckDB', async () => {
    const rows = await trino('SELECT t.* FROM event_current CROSS JOIN UNNEST(venues) AS t LIMIT 1')
    expect(rows[0]?.length).toBe(11)
    expect(
      (await duckdb('SELECT t.* FROM event_current CROSS JOIN UNNEST(venues) AS t LIMIT 1'))[0]?.length,
    ).toBe(1)
  })
})
