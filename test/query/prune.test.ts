import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { findFunctions, matchPartitions, planReads } from '../../src/query/prune.ts'
import { change, demandItem, eventItem, records } from '../changes.ts'
import { openTestArchive, type TestArchive } from './archive.ts'

const days = [
  '2024-12-30',
  '2024-12-31',
  '2025-01-01',
  '2025-01-02',
  '2025-01-15',
  '2025-02-01',
  '2025-02-13',
  '2025-03-01',
]

const catalog = loadCatalog()
let archive: TestArchive
beforeAll(async () => {
  archive = await openTestArchive()
  const changes = days.flatMap((day, n) => [
    change({
      item: { ...demandItem, fanId: `fan-${n}`, PK: `FAN#${n}`, date: { requested: `${day}T12:00:00Z` } },
      at: `${day}T12:00:00Z`,
      id: `d${n}`,
    }),
    change({
      item: {
        ...eventItem,
        id: n % 2 === 0 ? 'event-1' : `event-${n}`,
        SK: `EVENT#${n}`,
        date: { firstSeen: `${day}T09:00:00Z` },
      },
      at: `${day}T12:00:00Z`,
      id: `e${n}`,
    }),
  ])
  await archive.add(records(changes))
})
afterAll(() => archive.close())

/** An engine with nothing loaded, so that what it reads is what the statement made it read. */
async function cold<T>(work: (engine: QueryEngine) => Promise<T>): Promise<T> {
  const engine = await openDuckDb({ store: archive.store, catalog })
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

async function partitionsRead(sql: string): Promise<number | undefined> {
  return cold(async (engine) => {
    const { rows, scan } = await engine.query(sql)
    for await (const _ of rows);
    return scan?.partitions
  })
}

describe('the partitions that a statement reads', () => {
  test.each([
    ["SELECT fanid FROM demand WHERE partition_date = '2025-01-01'", 1],
    ["SELECT fanid FROM demands WHERE partition_date = '2025-01-01'", 1],
    ["SELECT fanid FROM demand_changes WHERE partition_date = '2025-01-01'", 1],
    [
      "SELECT eventid, COUNT(*) FROM demand WHERE partition_date >= '2025-01-01' AND isdeleted = false GROUP BY eventid",
      6,
    ],
    [
      "SELECT fanid FROM demand WHERE partition_date >= '2024-10-01' AND partition_date < '2025-01-01' AND isdeleted = true",
      2,
    ],
    ["SELECT fanid FROM demand WHERE partition_date IN ('2025-01-01', '2025-02-01')", 2],
    ["SELECT fanid FROM demand WHERE partition_date BETWEEN '2025-01-01' AND '2025-01-31'", 3],
    ["SELECT fanid FROM demand WHERE partition_date LIKE '2025-01-%'", 3],
    ["SELECT fanid FROM demand WHERE NOT partition_date LIKE '2025%'", 2],
    ["SELECT fanid FROM demand WHERE substr(partition_date, 1, 7) = '2025-02'", 2],
    ["SELECT fanid FROM demand WHERE date(partition_date) > DATE '2025-02-01'", 2],
    [
      "SELECT fanid FROM demand WHERE CAST(partition_date AS date) BETWEEN DATE '2025-01-01' AND DATE '2025-01-01' + INTERVAL '1' DAY",
      2,
    ],
    ["SELECT fanid FROM demand WHERE partition_date = '2025-01-01' OR partition_date = '2025-01-02'", 2],
    [
      "SELECT fanid FROM demand WHERE (partition_date = '2025-01-01' AND fanid = 'x') OR (partition_date = '2025-01-02' AND fanid = 'y')",
      2,
    ],
    ["SELECT d.fanid FROM demand AS d WHERE d.partition_date = '2025-01-01'", 1],
    ["SELECT D.fanid FROM demand d WHERE d.Partition_Date = '2025-01-01'", 1],
    ["SELECT demand.fanid FROM demand WHERE demand.partition_date = '2025-01-01'", 1],
    [
      "WITH recent AS (SELECT * FROM demand WHERE partition_date > '2025-02-01') SELECT COUNT(*) FROM recent",
      2,
    ],
    ["SELECT COUNT(*) FROM (SELECT fanid FROM demand WHERE partition_date = '2025-01-01') AS x", 1],
    [
      "SELECT fanid FROM demand WHERE partition_date = '2025-01-01' UNION ALL SELECT fanid FROM demand WHERE partition_date = '2025-01-02'",
      2,
    ],
    ['SELECT fanid FROM demand WHERE false', 0],
    ['SELECT fanid FROM demand WHERE 1 = 1', 8],
    ["EXPLAIN SELECT fanid FROM demand WHERE partition_date = '2025-01-01'", 1],
    // One table in each of two, joined.
    [
      "SELECT d.fanid FROM demand d JOIN event e ON e.id = d.eventid WHERE d.partition_date = '2025-01-01' AND e.partition_date = '2025-01-01'",
      2,
    ],
    [
      "SELECT d.fanid FROM demand d LEFT JOIN event e ON e.id = d.eventid WHERE d.partition_date = '2025-01-01'",
      9,
    ],
    [
      "SELECT d.fanid FROM demand d, event e WHERE e.id = d.eventid AND d.partition_date = '2025-01-01' AND e.partition_date < '2025-01-01'",
      3,
    ],
    [
      "SELECT d.fanid FROM demand d LEFT JOIN event e ON e.id = d.eventid WHERE d.partition_date = '2025-01-01' AND e.partition_date = '2025-01-01'",
      2,
    ],
    // Of an asked clock it is known what it says.
    ['SELECT fanid FROM demand WHERE partition_date > CAST(current_date AS varchar)', 0],
    ["SELECT fanid FROM demand WHERE date(partition_date) < current_date - INTERVAL '1' DAY", 8],
  ])('%s: %i', async (sql, partitions) => {
    expect(await partitionsRead(sql)).toBe(partitions)
  })

  test.each([
    ['no condition', 'SELECT COUNT(*) FROM demand'],
    ['a condition that is not of the partition', "SELECT COUNT(*) FROM demand WHERE fanid = 'fan-1'"],
    [
      'a condition of both',
      "SELECT COUNT(*) FROM demand WHERE partition_date = '2025-01-01' OR fanid = 'fan-1'",
    ],
    [
      'another column of the name',
      "SELECT COUNT(*) FROM demand d, (SELECT '2025-01-01' AS other) x WHERE d.partition_date >= x.other",
    ],
    [
      'a subquery',
      'SELECT COUNT(*) FROM demand WHERE partition_date = (SELECT MAX(partition_date) FROM demand)',
    ],
    ['chance', 'SELECT COUNT(*) FROM demand WHERE partition_date > CAST(random() AS varchar)'],
    [
      'a view that picks among rows',
      "SELECT COUNT(*) FROM demand_current WHERE partition_date = '2025-01-01'",
    ],
    [
      'a name that a WITH gives',
      "WITH demand AS (SELECT * FROM demand) SELECT COUNT(*) FROM demand WHERE partition_date = '2025-01-01'",
    ],
    [
      'a sample, which is taken before',
      "SELECT COUNT(*) FROM demand TABLESAMPLE 100% WHERE partition_date = '2025-01-01'",
    ],
    [
      'a condition that cannot be told of a date',
      'SELECT COUNT(*) FROM demand WHERE CAST(partition_date AS INTEGER) IS NULL OR true',
    ],
    ['HAVING', "SELECT partition_date, COUNT(*) FROM demand GROUP BY 1 HAVING partition_date = '2025-01-01'"],
    [
      'ASOF',
      "SELECT COUNT(*) FROM (VALUES ('2025-01-10')) x(day) ASOF JOIN demand d ON x.day >= d.partition_date WHERE d.partition_date < '2025-01-01'",
    ],
    [
      'POSITIONAL',
      "SELECT COUNT(*) FROM (VALUES (1)) x(n) POSITIONAL JOIN demand d WHERE d.partition_date = '2025-01-01'",
    ],
  ])('are all of them for %s', async (_, sql) => {
    const read = await partitionsRead(sql).catch((error) => error)
    if (read instanceof Error) expect(read).toMatchObject({ code: 'QUERY_FAILED' })
    else expect(read).toBe(days.length)
  })

  test('are those of another table too where a missing row of it could pass', async () => {
    const joined = (condition: string) =>
      `SELECT COUNT(*) AS n FROM demand d LEFT JOIN event e ON e.id = d.eventid WHERE d.partition_date = '2025-01-01' AND ${condition}`
    expect(await partitionsRead(joined("coalesce(e.partition_date, '2025-01-01') = '2025-01-01'"))).toBe(9)
    expect(await partitionsRead(joined('e.partition_date IS NULL'))).toBe(9)
  })

  test('are told with files, bytes and rows; tables that are not named are not looked at', async () => {
    const scan = await cold(
      async (engine) => (await engine.query("SELECT * FROM demand WHERE partition_date = '2025-01-01'")).scan,
    )
    expect(scan).toEqual({
      files: 1,
      filesTotal: 8,
      partitions: 1,
      partitionsTotal: 8,
      bytes: expect.any(Number),
      rows: 1,
      skipped: [],
    })
    expect(scan?.bytes).toBeGreaterThan(1000)
    expect(await cold(async (engine) => (await engine.query('SELECT 1')).scan)).toMatchObject({
      filesTotal: 0,
    })
  })

  test('are loaded once: a second query of the day loads nothing, one of another day that day alone', async () => {
    await cold(async (engine) => {
      const loaded = async (sql: string) => {
        let last = 0
        await asJsonWith(engine, sql, async ({ files }) => {
          last = files
        })
        return last
      }
      const day = (date: string) => `SELECT fanid FROM demand WHERE partition_date = '${date}'`
      expect(await loaded(day('2025-01-01'))).toBe(1)
      expect(await loaded(day('2025-01-01'))).toBe(0)
      expect(await loaded(day('2025-01-02'))).toBe(1)
      expect(await loaded('SELECT fanid FROM demand')).toBe(6)
      expect(await loaded('SELECT fanid FROM demand')).toBe(0)
    })
  })
})

async function asJsonWith(
  engine: QueryEngine,
  sql: string,
  onLoad: (progress: { readonly files: number }) => Promise<void>,
): Promise<void> {
  const { rows } = await engine.query(sql, { onLoad })
  for await (const _ of rows);
}

// Conditions as trees of a few forms, over one table or two.
const dayText = fc.oneof(
  fc.constantFrom(...days),
  fc.constantFrom('2025', '2025-01-', '2024-12-31x', '', '2026-01-01'),
)
const quoted = dayText.map((day) => `'${day}'`)
const column = (name: string) =>
  fc.constantFrom(`${name}.partition_date`, `${name}."partition_date"`, `lower(${name}.partition_date)`)
const leafOf = (name: string, item: string) =>
  fc.oneof(
    fc
      .tuple(column(name), fc.constantFrom('=', '<', '>', '<=', '>=', '<>', 'IS DISTINCT FROM'), quoted)
      .map((parts) => parts.join(' ')),
    fc.tuple(quoted, fc.constantFrom('=', '<', '>='), column(name)).map((parts) => parts.join(' ')),
    fc
      .tuple(column(name), fc.array(quoted, { minLength: 1, maxLength: 3 }))
      .map(([left, list]) => `${left} IN (${list.join(', ')})`),
    fc.tuple(column(name), quoted, quoted).map(([left, from, to]) => `${left} BETWEEN ${from} AND ${to}`),
    fc.tuple(column(name), dayText).map(([left, day]) => `${left} LIKE '${day}%'`),
    column(name).map((left) => `${left} IS NULL`),
    fc.tuple(column(name), quoted).map(([left, day]) => `coalesce(${left}, ${day}) = ${day}`),
    fc.tuple(column(name), quoted).map(([left, day]) => `CASE WHEN ${left} > ${day} THEN true END`),
    fc.tuple(column(name), fc.nat(12)).map(([left, month]) => `month(CAST(${left} AS date)) = ${month}`),
    fc.constantFrom(
      `${name}.isdeleted = false`,
      `${name}.${item} LIKE '%1'`,
      `${name}.${item} IS NULL`,
      'true',
      'NULL',
    ),
  )
const condition = fc.letrec<{ tree: string; one: string }>((tie) => ({
  one: fc.oneof(leafOf('d', 'fanid'), leafOf('e', 'id')),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('one'),
    fc.tuple(tie('tree'), fc.constantFrom('AND', 'OR'), tie('tree')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('tree').map((inner) => `NOT (${inner})`),
  ),
})).tree
const joins = [
  'demand d JOIN event e ON e.id = d.eventid',
  'demand d LEFT JOIN event e ON e.id = d.eventid AND e.partition_date > d.partition_date',
  'demand d RIGHT JOIN events e ON e.id = d.eventid',
  'demand d FULL OUTER JOIN event e ON e.partition_date = d.partition_date',
  'demands d, event e',
  'event e LEFT JOIN demand d ON e.id = d.eventid',
]

test('of 200 generated conditions each gives the same rows with and without leaving partitions out', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()
  const list = days.map((day, n) => `('${day}', 'fan-${n}', 'event-${n % 3}')`).join(', ')
  await connection.run(`CREATE TABLE demand_all AS
    SELECT day AS partition_date, fan AS fanid, event AS eventid, fan = 'fan-3' AS isdeleted FROM (VALUES ${list}) v(day, fan, event)`)
  await connection.run(`CREATE TABLE event_all AS
    SELECT day AS partition_date, event AS id, fan = 'fan-2' AS isdeleted FROM (VALUES ${list}) v(day, fan, event)`)
  const show = async (type: string, partitions: Iterable<string>) => {
    const kept = `SELECT * FROM ${type}_all WHERE partition_date IN ('', ${[...partitions].map((day) => `'${day}'`).join(', ')})`
    await connection.run(`CREATE OR REPLACE VIEW ${type} AS ${kept.replace(', )', ')')}`)
    await connection.run(`CREATE OR REPLACE VIEW ${type}s AS SELECT * FROM ${type}`)
  }
  const functions = await findFunctions(connection)
  let left = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...joins), condition, async (from, where) => {
      const sql = `SELECT d.fanid, d.partition_date AS asked, e.id, e.partition_date AS seen FROM ${from} WHERE ${where} ORDER BY ALL`
      for (const type of ['demand', 'event']) await show(type, days)
      const expected = await rows(sql)
      const reads = await planReads(connection, sql, catalog.values(), functions)
      for (const type of ['demand', 'event']) {
        const matched = await matchPartitions(connection, reads.get(type) ?? [], new Set(days))
        if (matched.size < days.length) left += 1
        await show(type, matched)
      }
      expect(await rows(sql), `${from} WHERE ${where}`).toEqual(expected)
    }),
    { numRuns: 200 },
  )
  connection.closeSync()
  instance.closeSync()
  // A pruning that never left anything out would pass all of the above.
  expect(left).toBeGreaterThan(40)
})
