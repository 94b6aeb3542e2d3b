import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import { formatJson } from '../../src/query/format.ts'
import { findSkipped } from '../../src/query/skipped.ts'
import { compileSchema, type RecordSchema, toCatalog } from '../../src/record/schema.ts'
import type { JsonObject, RecordType, RecordValue, Type, Value } from '../../src/record/type.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { addedSchema, arbitrarySchema } from '../arbitrary/schema.ts'
import { arbitraryScalar, type Scalar } from '../arbitrary/value.ts'
import { containerOf } from '../container-of.ts'

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, doc: '', ...more })
const instant = { type: 'long', logicalType: 'timestamp-millis' }

/** A record type with the given fields after `type` and `id`. */
function schemaOf(fields: readonly object[], name = 'gig'): RecordSchema {
  const file = {
    type: 'record',
    name,
    namespace: 'dmd',
    doc: '',
    plural: `${name}s`,
    reference: '{id}',
    timestamp: ['change.timestamp'],
    partition: ['change.timestamp'],
    fields: [field('type', 'string'), field('id', 'string'), ...fields],
  }
  return compileSchema(file as JsonObject, addedSchema, `${name}.avsc`)
}

/** A row with the given values; the fields that the worker adds are made up. */
function rowOf(schema: RecordSchema, id: string, values: RecordValue = {}): RecordValue {
  const change = { id, operation: 'INSERT', timestamp: 0, micros: 1, key: id, sequence: null }
  return {
    type: schema.type,
    id,
    isDeleted: false,
    reference: { id, timestamp: 0 },
    change: { ...change, previousPartition: null, actor: null, table: null },
    extra: new Map(),
    ...values,
  }
}

function fileOf(schema: RecordSchema, rows: readonly RecordValue[], isOurs = true): Uint8Array {
  const sync = new Uint8Array(16).fill(7)
  const { avro, row: type } = schema
  const metadata = new Map(isOurs ? [['dmd.format', '2']] : [])
  return containerOf({ schema: avro, type, codec: 'null', metadata, sync }, rows)
}

let store: ObjectStore
let opened: { close(): Promise<void> }[]
beforeEach(() => {
  store = openMemoryStore()
  opened = []
})
afterEach(async () => {
  for (const engine of opened) await engine.close()
})

async function open(...schemas: readonly RecordSchema[]) {
  const engine = await openDuckDb({ store, catalog: toCatalog(schemas) })
  opened.push(engine)
  return async (sql: string): Promise<unknown> => {
    let text = ''
    await formatJson(await engine.query(sql), async (part) => {
      text += part
    })
    return JSON.parse(text)
  }
}

const key = (name: string, type = 'gig', date = '2025-02-13') =>
  `data/${type}/partition_date=${date}/${name}.avro`

test('new files are seen at the next query, with the partition date of their folder', async () => {
  const gig = schemaOf([])
  const sql = await open(gig)
  const counts = 'SELECT partition_date, COUNT(*) AS n FROM gig GROUP BY 1 ORDER BY 1'
  expect(await sql(counts)).toEqual([])
  await store.put(key('a'), fileOf(gig, [rowOf(gig, '1'), rowOf(gig, '2')]))
  expect(await sql(counts)).toEqual([{ partition_date: '2025-02-13', n: 2 }])
  await store.put(key('b', 'gig', '2025-03-01'), fileOf(gig, [rowOf(gig, '3')]))
  expect(await sql(counts)).toEqual([
    { partition_date: '2025-02-13', n: 2 },
    { partition_date: '2025-03-01', n: 1 },
  ])
})

test('the rows of a file that was replaced or removed are gone, those of the others stay', async () => {
  const gig = schemaOf([])
  const sql = await open(gig)
  const ids = "SELECT array_join(array_agg(id ORDER BY id), ' ') AS ids FROM gig"
  await store.put(key('a'), fileOf(gig, [rowOf(gig, '1')]))
  await store.put(key('b'), fileOf(gig, [rowOf(gig, '2')]))
  expect(await sql(ids)).toEqual([{ ids: '1 2' }])
  await store.put(key('a'), fileOf(gig, [rowOf(gig, '3')]))
  expect(await sql(ids)).toEqual([{ ids: '2 3' }])
  await store.delete(key('b'))
  expect(await sql(ids)).toEqual([{ ids: '3' }])
  await store.delete(key('a'))
  expect(await sql(ids)).toEqual([{ ids: null }])
})

test('only the Avro files of a known type, in a partition’s own folder, are read', async () => {
  const gig = schemaOf([])
  const sql = await open(gig)
  const bytes = fileOf(gig, [rowOf(gig, '1')])
  const strays = [
    key('x', 'unknown'),
    'data/gig/x.avro',
    'data/gig/partition_date=2025-2-3/x.avro',
    'data/gig/partition_date=2025-02-13/x.json',
    'data/gig/partition_date=2025-02-13/deeper/x.avro',
    'data/gig/old/partition_date=2025-02-13/x.avro',
    'old/data/gig/partition_date=2025-02-13/x.avro',
    key('_x'),
    key('.x'),
  ]
  for (const stray of strays) await store.put(stray, bytes)
  expect(await sql('SELECT COUNT(*) AS n FROM gig')).toEqual([{ n: 0 }])
})

test('a file of an earlier schema is read: without a nullable field, and with an int that is a long now', async () => {
  const before = schemaOf([field('seats', 'int'), field('gone', ['null', 'string'], { default: null })])
  const now = schemaOf([
    field('note', ['null', 'string'], { default: null }),
    field('labels', { type: 'array', items: 'string' }, { default: [] }),
    field('seats', 'long'),
  ])
  await store.put(key('a'), fileOf(before, [rowOf(before, '1', { seats: 7, gone: 'x' })]))
  await store.put(
    key('b'),
    fileOf(now, [rowOf(now, '2', { note: 'n', labels: ['l'], seats: 9007199254740993n })]),
  )
  const sql = await open(now)
  expect(
    await sql(
      'SELECT id, note, labels, CAST(seats AS VARCHAR) AS seats, typeof(seats) AS t FROM gig ORDER BY id',
    ),
  ).toEqual([
    { id: '1', note: null, labels: [], seats: '7', t: 'bigint' },
    { id: '2', note: 'n', labels: ['l'], seats: '9007199254740993', t: 'bigint' },
  ])
})

test('a file of a schema that can no longer be read is an error that names file and field', async () => {
  const before = schemaOf([field('seats', 'string')])
  const now = schemaOf([field('seats', 'long')])
  await store.put(key('a'), fileOf(before, [rowOf(before, '1', { seats: 'many' })]))
  const sql = await open(now)
  await expect(sql('SELECT id FROM gig')).rejects.toMatchObject({
    code: 'CONTAINER_INVALID',
    message: expect.stringMatching(
      /data\/gig\/partition_date=2025-02-13\/a\.avro: .*seats: string cannot be read as long/,
    ),
  })
})

test('an empty file, one of another format or schema, and one of a wrong name make no query fail, and are named', async () => {
  const before = schemaOf([field('seats', 'string')])
  const now = schemaOf([field('seats', 'long')])
  await store.put(key('a'), fileOf(now, [rowOf(now, '1', { seats: 7 })]))
  await store.put(key('b'), new Uint8Array())
  await store.put(key('c'), Buffer.from('no container'))
  await store.put(key('d'), fileOf(before, [rowOf(before, '2', { seats: 'many' })], false))
  await store.put(key('e'), fileOf(now, []).subarray(0, 40))
  await store.put('data/gig/partition_date=2025-13-45/f.avro', fileOf(now, [rowOf(now, '3', { seats: 7 })]))
  await store.put('data/gig/notes.txt', Buffer.from('x'))
  await store.put('data/gig/_SUCCESS', new Uint8Array())
  const named = [
    ['data/gig/notes.txt', /its name is not partition_date=YYYY-MM-DD/],
    [key('b'), /it is empty/],
    [key('c'), /no Avro object container file/],
    [key('d'), /seats: string cannot be read as long/],
    [key('e'), /due beyond the end/],
    ['data/gig/partition_date=2025-13-45/f.avro', /there is no day 2025-13-45/],
  ] as const
  const engine = await openDuckDb({ store, catalog: toCatalog([now]) })
  opened.push(engine)
  // Once when they are read, and again out of the cache.
  for (const _ of ['read', 'known']) {
    const { rows, scan } = await engine.query('SELECT id FROM gig')
    const found = []
    for await (const chunk of rows) found.push(...chunk)
    expect(found).toEqual([['1']])
    const skipped = [...(scan?.skipped ?? [])].sort((one, other) => (one.key < other.key ? -1 : 1))
    expect(skipped.map((file) => file.key)).toEqual(named.map(([name]) => name))
    for (const [index, [, why]] of named.entries()) expect(skipped[index]?.why).toMatch(why)
  }
  expect((await findSkipped(store, toCatalog([now]), 10)).skipped.map((file) => file.key).sort()).toEqual(
    named.map(([name]) => name),
  )
})

test('a number that a foreign writer put where SQL has no room is an error that names file and field', async () => {
  const wrong: readonly (readonly [unknown, Value])[] = [
    ['int', 2 ** 31],
    [{ type: 'int', logicalType: 'date' }, 2 ** 31],
    [instant, 8.64e15 + 1],
    [instant, -(2n ** 63n)],
  ]
  for (const [type, value] of wrong) {
    const gig = schemaOf([field('when', type)])
    await store.put(key('a'), fileOf(gig, [rowOf(gig, '1', { when: value })]))
    const sql = await open(gig)
    await expect(sql('SELECT id FROM gig')).rejects.toMatchObject({
      code: 'CONTAINER_INVALID',
      message: expect.stringMatching(/\/a\.avro: when: /),
    })
  }
})

test('a file that cannot be read fails the query and leaves no row of others behind, then or later', async () => {
  const gig = schemaOf([])
  const sql = await open(gig)
  // More than a vector of DuckDB, so that its appender has rows in hand.
  const rows = Array.from({ length: 3000 }, (_, n) => rowOf(gig, String(n)))
  await store.put(key('a'), fileOf(gig, rows))
  await store.put(key('b'), fileOf(gig, rows).subarray(0, -10))
  await expect(sql('SELECT id FROM gig')).rejects.toMatchObject({
    code: 'CONTAINER_INVALID',
    message: expect.stringContaining(key('b')),
  })
  // An appender that was left open would write its rows when it is collected.
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let round = 0; round < 5; round++) {
    collect()
    await wait(20)
  }
  await store.delete(key('b'))
  expect(await sql('SELECT COUNT(*) AS n FROM gig')).toEqual([{ n: 3000 }])
})

test('of queries at the same time none loads a file twice', async () => {
  const gig = schemaOf([])
  const sql = await open(gig)
  await store.put(key('a'), fileOf(gig, [rowOf(gig, '1')]))
  const counts = await Promise.all([1, 2, 3, 4].map(() => sql('SELECT COUNT(*) AS n FROM gig')))
  expect(counts).toEqual([1, 2, 3, 4].map(() => [{ n: 1 }]))
})

test('rows beyond one vector of DuckDB keep every value, lists and nulls included', async () => {
  const gig = schemaOf([
    field('note', ['null', 'string'], { default: null }),
    field('labels', { type: 'array', items: ['null', 'string'] }, { default: [] }),
  ])
  const total = 5000
  const rows = Array.from({ length: total }, (_, n) =>
    rowOf(gig, String(n), {
      note: n % 3 === 0 ? null : `n${n}`,
      labels: Array.from({ length: n % 4 }, (_, i) => (i === 1 ? null : `${n}/${i}`)),
    }),
  )
  await store.put(key('a'), fileOf(gig, rows.slice(0, 3000)))
  await store.put(key('b'), fileOf(gig, rows.slice(3000)))
  const sql = await open(gig)
  const expected = rows.map(({ id, note, labels }) => ({ id, note, labels }))
  expect(await sql('SELECT id, note, labels FROM gig ORDER BY CAST(id AS INTEGER)')).toEqual(expected)
})

/** What the JSON format shows of a value. */
function shown(type: Type, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'optional':
      return shown(type.of, value)
    case 'array':
      return (value as readonly Value[]).map((item) => shown(type.items, item))
    case 'map':
      return Object.fromEntries(
        [...(value as ReadonlyMap<string, Value>)].map(([name, item]) => [name, shown(type.values, item)]),
      )
    case 'record':
      return shownRecord(type, value as RecordValue)
    case 'instant':
      return new Date(value as number).toISOString()
    case 'date':
      return new Date((value as number) * 86_400_000).toISOString().slice(0, 10)
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'long':
    case 'float':
    case 'double':
      // Read back by JSON.parse, which has no longs and no minus zero in integers.
      return JSON.parse(String(Object.is(value, -0) ? 0 : value))
    case 'string':
      // The table holds it, but DuckDB's binding for Node leaves a byte order mark out when it reads a text.
      return (value as string).replace(/^\ufeff/, '')
    default:
      return value
  }
}

function shownRecord(type: RecordType, value: RecordValue): unknown {
  return Object.fromEntries(
    type.fields.map(({ name, type: inner }) => [name.toLowerCase(), shown(inner, value[name] ?? null)]),
  )
}

/** Any value of a type. */
function anyValue(type: Type): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'optional':
      return fc.oneof(fc.constant<Value>(null), anyValue(type.of))
    case 'enum':
      return fc.constantFrom<Value>(...type.symbols)
    case 'array':
      return fc.array(anyValue(type.items), { maxLength: 3 }).map((items): Value => items)
    case 'map':
      return fc
        .dictionary(fc.string({ maxLength: 3 }), anyValue(type.values), { maxKeys: 3 })
        .map((entries): Value => new Map(Object.entries(entries)))
    case 'record':
      return anyRecord(type)
    default:
      return arbitraryScalar(type.kind as Scalar, false).map(({ value }) => value)
  }
}

function anyRecord(type: RecordType): fc.Arbitrary<RecordValue> {
  return fc
    .tuple(...type.fields.map((inner) => anyValue(inner.type).map((value) => [inner.name, value] as const)))
    .map((entries): RecordValue => Object.fromEntries(entries))
}

test('any row of any record type comes back by SQL as it was written', async () => {
  const rowsOfTypes = arbitrarySchema.chain((schema) =>
    fc.tuple(fc.constant(schema), fc.array(anyRecord(schema.row), { minLength: 1, maxLength: 4 })),
  )
  await fc.assert(
    fc.asyncProperty(rowsOfTypes, async ([schema, rows]) => {
      const own = openMemoryStore()
      const partition = `data/${schema.type}/partition_date=2025-02-13`
      for (const [n, row] of rows.entries()) await own.put(`${partition}/${n}.avro`, fileOf(schema, [row]))
      const engine = await openDuckDb({ store: own, catalog: toCatalog([schema]) })
      try {
        let text = ''
        await formatJson(await engine.query(`SELECT * FROM "${schema.type}"`), async (part) => {
          text += part
        })
        const expected = rows.map((row) => ({
          ...(shownRecord(schema.row, row) as object),
          partition_date: '2025-02-13',
        }))
        expect(JSON.parse(text)).toEqual(expected)
      } finally {
        await engine.close()
      }
    }),
    { numRuns: 30 },
  )
})

test('the built-in types load from an empty archive and from one of another program’s files alike', async () => {
  await store.put('readme.txt', Buffer.from('x'))
  const sql = await open(...loadCatalog().values())
  expect(await sql('SELECT (SELECT COUNT(*) FROM demand) + (SELECT COUNT(*) FROM sales) AS n')).toEqual([
    { n: 0 },
  ])
})
