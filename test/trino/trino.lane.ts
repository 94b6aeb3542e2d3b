import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { athenaDdl } from '../../src/derive/ddl.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { quoteName } from '../../src/query/quote.ts'
import { savedQueries } from '../../src/query/saved.ts'
import { viewsOf } from '../../src/query/views.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { type Archive, deliverLater, fillArchive } from './archive.ts'
import { toAthena, trino } from './client.ts'
import { type Comparable, fromDuckDb, fromTrino, sortRows } from './comparable.ts'
import { projectedDdl, readDdl, trinoDdl } from './ddl.ts'
import { expressions } from './expressions.ts'
import {
  type AnalystQuery,
  analystQueries,
  approximateQueries,
  failingQueries,
  useCaseQueries,
} from './queries.ts'
import { unmended } from './unmended.ts'

const catalog = loadCatalog()
const { partitionFrom, partitionYearsAhead } = readSettings({})

let archive: Archive
let engine: QueryEngine

const ddlOf = (type: string, from = partitionFrom) => {
  const schema = catalog.get(type)
  if (!schema) throw new Error(`there is no type ${type}`)
  return readDdl(athenaDdl(schema, { from, yearsAhead: partitionYearsAhead, location: 'local:///archive' }))
}
const findPartitions = (type: string) => trino(`CALL system.sync_partition_metadata('dmd', '${type}', 'ADD')`)

beforeAll(async () => {
  const store = await openDirectoryStore(join(process.env.TRINO_ROOT ?? '', 'archive'))
  archive = { store, catalog }
  await fillArchive(archive)
  engine = await openDuckDb(archive)
  await trino("CREATE SCHEMA hive.dmd WITH (location = 'local:///warehouse')")
  for (const schema of catalog.values()) {
    const table = ddlOf(schema.type)
    await trino(trinoDdl(table))
    await findPartitions(schema.type)
    const names = [...table.columns, ...table.partitions].map(({ name }) => name)
    for (const { name, select } of viewsOf(schema, names))
      await trino(`CREATE VIEW ${quoteName(name)} SECURITY INVOKER AS ${select}`)
  }
})
afterAll(() => engine?.close())

const askTrino = async (sql: string) => fromTrino(await trino(toAthena(sql)))
const askDuckDb = async (sql: string) => fromDuckDb(await engine.query(sql))

async function askBoth(sql: string): Promise<readonly [Comparable, Comparable]> {
  const answers = [await askTrino(sql), await askDuckDb(sql)] as const
  return isOrdered(sql) ? answers : [sortRows(answers[0]), sortRows(answers[1])]
}

/** Whether a statement orders its rows: whether ORDER BY stands outside of all parentheses and texts. */
function isOrdered(sql: string): boolean {
  let outside = sql.replace(/'[^']*'/g, '')
  for (let before = ''; outside !== before; ) {
    before = outside
    outside = outside.replace(/\([^()]*\)/g, '')
  }
  return /\bORDER BY\b/i.test(outside)
}

async function expectSame(sql: string): Promise<void> {
  const [athena, ours] = await askBoth(sql)
  expect(athena.rows.length, `the answer of Trino has no row: ${sql}`).toBeGreaterThan(0)
  expect(ours, sql).toEqual(athena)
}

function testEach(
  queries: readonly AnalystQuery[],
  run: (sql: string, place: number) => Promise<void>,
): void {
  for (const [place, { name, sql }] of queries.entries())
    (unmended.has(name) ? test.fails : test)(name, () => run(sql, place))
}

describe('tables made of our DDL, and their views, give the same rows field by field', () => {
  const names = [...catalog.values()].flatMap(({ type, plural }) => [
    type,
    plural,
    `${type}_changes`,
    `${type}_current`,
  ])
  test.each(names)('%s', (name) => expectSame(`SELECT * FROM ${name}`))
})

describe('the statements of the use cases give the same rows', () => {
  testEach(useCaseQueries, expectSame)
})

describe('saved queries give the same rows', () => {
  testEach(savedQueries, expectSame)
})

describe('queries of analysts give the same rows', () => {
  testEach(analystQueries, expectSame)
})

describe('expressions have the same value and type', () => {
  let athena: Comparable
  beforeAll(async () => {
    athena = await askTrino(`SELECT ${expressions.join(', ')}`)
  })
  testEach(
    expressions.map((expression) => ({ name: expression, sql: `SELECT ${expression} AS x` })),
    async (sql, place) => {
      const kinds = [athena.kinds[place]]
      expect(await askDuckDb(sql)).toEqual({ names: ['x'], kinds, rows: [[athena.rows[0]?.[place]]] })
    },
  )
})

describe('approximate functions agree within five percent', () => {
  testEach(approximateQueries, async (sql) => {
    const [athena, ours] = await askBoth(sql)
    expect(ours.names).toEqual(athena.names)
    expect(ours.kinds).toEqual(athena.kinds)
    const [theirNumbers, ourNumbers] = [numbersIn(athena.rows), numbersIn(ours.rows)]
    expect(ourNumbers.length).toBe(theirNumbers.length)
    for (const [index, number] of ourNumbers.entries())
      expect(Math.abs(number / (theirNumbers[index] ?? 0) - 1)).toBeLessThan(0.05)
  })
})

const numbersIn = (value: unknown): readonly number[] =>
  [...JSON.stringify(value).matchAll(/"number":"([^"]+)"/g)].map(([, digits]) => Number(digits))

describe('both engines refuse', () => {
  testEach(failingQueries, async (sql) => {
    await expect(askTrino(sql)).rejects.toThrow()
    await expect(askDuckDb(sql)).rejects.toThrow()
  })
})

describe('partitions', () => {
  const ofTrino = async (type: string) =>
    (await trino(`SELECT partition_date FROM "${type}$partitions" ORDER BY 1`)).rows.flat()
  const ofDuckDb = async (type: string) =>
    (await askDuckDb(`SHOW PARTITIONS ${type}`)).rows.flat().map((text) => String(text).split('=').at(-1))

  test.each([...catalog.keys()])('of %s are found by both, those of no rows too', async (type) => {
    expect(await ofDuckDb(type)).toEqual(await ofTrino(type))
  })

  test('are projected by the properties of our DDL: all within the range, and none before it', async () => {
    const counts = 'SELECT partition_date, COUNT(*) AS n FROM sale GROUP BY partition_date'
    const found = sortRows(await askTrino(counts)).rows
    expect(found.at(-1)?.[0]).toBe('2027-12-01')
    const rowsFrom = async (from: string) => {
      const name = `sale_from_${from.replaceAll('-', '')}`
      await trino(projectedDdl(ddlOf('sale', from), name))
      return sortRows(await askTrino(counts.replace('FROM sale', `FROM ${name}`))).rows
    }
    expect(await rowsFrom(partitionFrom)).toEqual(found)
    expect(await rowsFrom('2025-02-14')).toEqual(found.filter(([day]) => String(day) >= '2025-02-14'))
  })

  // Last, since it adds rows.
  test('of a later delivery are found by the next sync; a known one shows its new file at once', async () => {
    const later = "SELECT partition_date, change.key FROM demand WHERE eventid = 'event-later' ORDER BY 1"
    const sync = 'MSCK REPAIR TABLE demand'
    await engine.query(sync)
    await deliverLater(archive)
    expect((await askTrino(later)).rows.map(([day]) => day)).toEqual(['2025-02-13'])
    expect((await askDuckDb(sync)).rows.flat()).toEqual([expect.stringContaining('2025-07-25')])
    await findPartitions('demand')
    await expectSame(later)
    expect((await askTrino(later)).rows.map(([day]) => day)).toEqual(['2025-02-13', '2025-07-25'])
    expect(await ofDuckDb('demand')).toEqual(await ofTrino('demand'))
  })
})
