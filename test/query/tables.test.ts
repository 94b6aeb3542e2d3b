import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { quoteName } from '../../src/dialect/sql.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import { formatJson } from '../../src/query/format.ts'
import { tableColumns } from '../../src/query/tables.ts'
import { compileSchema, type RecordSchema, toCatalog } from '../../src/record/schema.ts'
import type { JsonObject } from '../../src/record/type.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { addedSchema } from '../arbitrary/schema.ts'
import { containerOf } from '../container-of.ts'

const catalog = loadCatalog()
const columnsOf = (schema: RecordSchema) =>
  [...tableColumns(schema), { name: 'partition_date', type: 'VARCHAR' }]
    .map(({ name, type }) => `${quoteName(name)} ${type.toString()}`)
    .join(', ')
const added =
  '"isdeleted" BOOLEAN, "reference" STRUCT("id" VARCHAR, "timestamp" TIMESTAMP), ' +
  '"change" STRUCT("id" VARCHAR, "operation" VARCHAR, "timestamp" TIMESTAMP, "micros" BIGINT, "key" VARCHAR, ' +
  '"sequence" VARCHAR, "previouspartition" VARCHAR, "actor" VARCHAR, "table" VARCHAR), "extra" MAP(VARCHAR, VARCHAR), ' +
  '"partition_date" VARCHAR'

test('each built-in type has its table: names in lower case, types from the schema, the partition date last', () => {
  const columns = Object.fromEntries([...catalog.values()].map((schema) => [schema.type, columnsOf(schema)]))
  const texts = (names: string) =>
    names
      .split(' ')
      .map((name) => `"${name}" VARCHAR`)
      .join(', ')
  const instants = (names: string) => texts(names).replaceAll('VARCHAR', 'TIMESTAMP')
  expect(columns).toEqual({
    demand: `${texts('type fanid eventid saleid artistid eventname salename artistname')}, ${instants('requesteddatetime')}, ${texts('phonenumber email contactmethod demandtype messagebody systemuserid')}, "system" STRUCT(${texts('id databaseid memberid')}), "date" STRUCT(${instants('requested triggered notified deleted')}), ${added}`,
    notification: `${texts('type fanid eventid saleid salename contactmethod phonenumber email messagebody')}, "status" STRUCT("id" VARCHAR, "date" TIMESTAMP), "sendattempts" INTEGER, ${texts('messageid groupid')}, "date" STRUCT(${instants('created updated triggered queued sent delivered deleted')}), ${added}`,
    event: `${texts('type id name url locale')}, "issuppressed" BOOLEAN, "eventdate" STRUCT("start" STRUCT("datetime" TIMESTAMP, "localdate" DATE), "end" STRUCT("datetime" TIMESTAMP, "localdate" DATE), "timezone" VARCHAR), "classifications" STRUCT("primary" BOOLEAN, ${['segment', 'genre', 'subgenre'].map((name) => `"${name}" STRUCT(${texts('id name')})`).join(', ')})[], "venues" STRUCT(${texts('id name city state statecode country countrycode postalcode timezone')}, "latitude" DOUBLE, "longitude" DOUBLE)[], "attractions" STRUCT(${texts('id name')})[], "promoter" STRUCT(${texts('id name')}), "date" STRUCT(${instants('firstseen updated deleted')}), ${added}`,
    sale: `${texts('type id eventid name')}, "saletypes" VARCHAR[], "salestartdate" DATE, ${instants('salestartdatetime saleenddatetime')}, "date" STRUCT("deleted" TIMESTAMP), ${added}`,
  })
})

const field = (name: string, type: unknown) => ({ name, type, doc: '' })
const gig = (...fields: readonly object[]) =>
  compileSchema(
    {
      type: 'record',
      name: 'gig',
      namespace: 'dmd',
      doc: '',
      plural: 'all_the_gigs',
      reference: '{id}',
      timestamp: ['change.timestamp'],
      partition: ['change.timestamp'],
      fields: [field('type', 'string'), field('id', 'string'), ...fields],
    } as JsonObject,
    addedSchema,
    'gig.avsc',
  )

test('every Avro type that a schema may use has a column type, at any depth', () => {
  const inner = { type: 'record', name: 'inner', fields: [field('OneName', ['null', 'long'])] }
  const schema = gig(
    field('aFloat', 'float'),
    field('someBytes', 'bytes'),
    field('colour', { type: 'enum', name: 'colour', symbols: ['RED'] }),
    field('deep', { type: 'map', values: { type: 'array', items: ['null', inner] } }),
    field('grid', { type: 'array', items: { type: 'array', items: 'int' } }),
  )
  expect(columnsOf(schema)).toBe(
    `"type" VARCHAR, "id" VARCHAR, "afloat" FLOAT, "somebytes" BLOB, "colour" VARCHAR, "deep" MAP(VARCHAR, STRUCT("onename" BIGINT)[]), "grid" INTEGER[][], ${added}`,
  )
})

test('a field may have any name: a word of SQL, or one that the views use themselves', async () => {
  const names = ['place', 'ranked', 'latest', 'row_number', 'select', 'order', 'end', 'gig', 'gig_changes']
  const schema = gig(...names.map((name) => field(name, 'string')))
  const values = Object.fromEntries(names.map((name) => [name, `${name}!`]))
  const row = {
    type: 'gig',
    id: '1',
    ...values,
    isDeleted: false,
    reference: { id: '1', timestamp: 0 },
    change: { id: '1', operation: 'INSERT', timestamp: 0, micros: 1, key: '1' },
    extra: new Map(),
  }
  const store = openMemoryStore()
  const spec = { schema: schema.avro, type: schema.row, codec: 'null', metadata: new Map() } as const
  const bytes = containerOf({ ...spec, sync: new Uint8Array(16) }, [row])
  await store.put('data/gig/partition_date=2025-02-13/a.avro', bytes)
  const engine = await openDuckDb({ store, catalog: toCatalog([schema]) })
  for (const table of ['gig', 'all_the_gigs', 'gig_changes', 'gig_current']) {
    let text = ''
    await formatJson(await engine.query(`SELECT * FROM ${table}`), async (part) => {
      text += part
    })
    const [found] = JSON.parse(text)
    expect(found).toMatchObject(values)
    const own = ['isdeleted', 'reference', 'change', 'extra', 'partition_date']
    expect(Object.keys(found)).toEqual(['type', 'id', ...names, ...own])
  }
  await engine.close()
})
