import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { athenaDdl } from '../../src/derive/ddl.ts'
import { toAthena } from '../../src/dialect/athena.ts'
import { athenaViews } from '../../src/query/athena/views.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { loadSavedQueries } from '../../src/query/saved.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { type Archive, deliverLater, fillArchive } from './archive.ts'
import { openTrinoAsAthena } from './athena.ts'
import { trino } from './client.ts'
import {
  type Comparable,
  type Difference,
  differenceOf,
  fromDuckDb,
  fromTrino,
  sortRows,
} from './comparable.ts'
import { projectedDdl, readDdl, trinoDdl } from './ddl.ts'
import known from './differences.json' with { type: 'json' }
import {
  type AnalystQuery,
  analystQueries,
  approximateQueries,
  failingQueries,
  useCaseQueries,
} from './queries.ts'

const savedQueries = loadSavedQueries()

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
    // The lane has no users, so a view runs with the rights of who asks.
    for (const { statement } of athenaViews(schema))
      await trino(statement.replace(/ AS SELECT/, ' SECURITY INVOKER AS SELECT'))
  }
})
afterAll(() => engine?.close())

const askTrino = async (sql: string) => fromTrino(await trino(toAthena(sql)))
const askDuckDb = async (sql: string) => fromDuckDb(await engine.query(sql))

/** Whether a statement orders its rows: whether ORDER BY stands outside of all parentheses and texts. */
function isOrdered(sql: string): boolean {
  let outside = sql.replace(/'[^']*'/g, '')
  for (let before = ''; outside !== before; ) {
    before = outside
    outside = outside.replace(/\([^()]*\)/g, '')
  }
  return /\bORDER BY\b/i.test(outside)
}

type Differences = { readonly [name: string]: Difference }

/** What a run finds; `differences.json` holds what is known, and `npm run test:trino -- -u` writes it anew. */
const found: { [name: string]: Difference } = {}

async function expectSame({ name, sql }: AnalystQuery, compare = differenceOf): Promise<void> {
  const athena = await orError(askTrino(sql))
  await expectAnswer({ name, sql }, athena, compare)
}

/** Fails where the answers differ otherwise than is known, showing all of what differs. */
async function expectAnswer(
  { name, sql }: AnalystQuery,
  athena: Comparable | Error,
  compare = differenceOf,
): Promise<void> {
  const ours = await orError(askDuckDb(sql))
  const [theirs, own] = isOrdered(sql) ? [athena, ours] : [sorted(athena), sorted(ours)]
  const difference = compare(theirs, own)
  if (difference) found[name] = difference
  const expected = (known as Differences)[name]
  if (difference && !expected) expect(own, sql).toEqual(theirs)
  expect(difference, sql).toEqual(expected)
}

const orError = (answer: Promise<Comparable>): Promise<Comparable | Error> =>
  answer.catch((error) => (error instanceof Error ? error : new Error(String(error))))

const sorted = (answer: Comparable | Error) => (answer instanceof Error ? answer : sortRows(answer))

function testEach(queries: readonly AnalystQuery[], compare = differenceOf): void {
  for (const query of queries) test(query.name, () => expectSame(query, compare))
}

describe('tables made of our DDL, and their views, give the same rows field by field', () => {
  const names = [...catalog.values()].flatMap(({ type, plural }) => [
    type,
    plural,
    `${type}_changes`,
    `${type}_current`,
  ])
  testEach(names.map((name) => ({ name, sql: `SELECT * FROM ${name}` })))
})

test('a masked view shows who asked for what, and nobody’s personal data', async () => {
  const personal = ['phonenumber', 'email', 'messagebody']
  const { rows: masked } = await trino(`SELECT fanid, ${personal.join(', ')} FROM demand_masked`)
  const { rows: open } = await trino(`SELECT fanid, ${personal.join(', ')} FROM demand`)
  const hidden = open.map(([fan, ...values]) => [
    fan,
    ...values.map((value) => (value === null ? null : '•••')),
  ])
  const sortedTexts = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).sort()
  expect(sortedTexts(masked)).toEqual(sortedTexts(hidden))
  const everything = JSON.stringify((await trino('SELECT * FROM demand_masked')).rows)
  const shown = open
    .flatMap(([, ...values]) => values)
    .filter((value) => value !== null && value !== '[redacted]')
  expect(shown.length).toBeGreaterThan(10)
  for (const value of new Set(shown)) expect(everything).not.toContain(String(value))
})

describe('the statements of the use cases give the same rows', () => {
  testEach(useCaseQueries)
})

describe('saved queries give the same rows', () => {
  testEach(savedQueries)
})

describe('the engine for Athena gives the rows that DuckDB gives, names and types with them', () => {
  let athena: QueryEngine
  beforeAll(async () => {
    athena = await openTrinoAsAthena()
  })
  afterAll(() => athena.close())
  const own = `SELECT fanid, isdeleted, CAST(sendattempts AS integer) AS attempts, change.micros AS micros, change.timestamp AS at,
    CAST(change.timestamp AS date) AS day, 1e0 / 3 AS third, CAST(2.50 AS decimal(10,2)) AS price, current_date IS NULL AS no,
    CAST(NULL AS bigint) AS nothing, '' AS blank, to_utf8('é') AS bytes
    FROM notification`
  const statements = [...useCaseQueries, ...savedQueries, { name: 'values of every kind', sql: own }]
  test.each(statements.map(({ name, sql }) => [name, sql]))('%s', async (_, sql) => {
    const theirs = await orError(athena.query(sql).then(fromDuckDb))
    const ours = await orError(askDuckDb(sql))
    expect(ours).not.toBeInstanceOf(Error)
    if (isOrdered(sql)) expect(theirs).toEqual(ours)
    else expect(sorted(theirs)).toEqual(sorted(ours))
  })
})

describe('queries of analysts give the same rows', () => {
  testEach(analystQueries)
})

describe('approximate functions agree within five percent', () => {
  testEach(approximateQueries, (athena, ours) => {
    if (athena instanceof Error || ours instanceof Error) return differenceOf(athena, ours)
    const [theirNumbers, ourNumbers] = [numbersIn(athena.rows), numbersIn(ours.rows)]
    const isNear =
      ourNumbers.length === theirNumbers.length &&
      ourNumbers.every((number, index) => Math.abs(number / (theirNumbers[index] ?? 0) - 1) < 0.05)
    return differenceOf(athena, isNear ? { ...ours, rows: athena.rows } : ours)
  })
})

const numbersIn = (value: unknown): readonly number[] =>
  [...JSON.stringify(value).matchAll(/"number":"([^"]+)"/g)].map(([, digits]) => Number(digits))

describe('both engines refuse', () => {
  testEach(failingQueries, (athena, ours) => {
    expect(athena).toBeInstanceOf(Error)
    return differenceOf(athena, ours)
  })
})

test('the list of known differences is neither short nor long', async () => {
  const names = Object.keys(found).sort()
  const text = JSON.stringify(Object.fromEntries(names.map((name) => [name, found[name]])), null, 2)
  await expect(`${text}\n`).toMatchFileSnapshot('differences.json')
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
    await expectSame({ name: 'later', sql: later })
    expect((await askTrino(later)).rows.map(([day]) => day)).toEqual(['2025-02-13', '2025-07-25'])
    expect(await ofDuckDb('demand')).toEqual(await ofTrino('demand'))
  })
})
