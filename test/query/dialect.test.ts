import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { macros, readCatalogStatement } from '../../src/query/dialect.ts'
import { change, demandItem, eventItem, records } from '../changes.ts'
import { openTestArchive, type TestArchive } from './archive.ts'

let archive: TestArchive
beforeEach(async () => {
  archive = await openTestArchive()
})
afterEach(() => archive.close())

const requested = (day: string, n = 1) => {
  const at = `${day}T12:00:00Z`
  return change({ item: { ...demandItem, SK: `DEMAND#${n}`, date: { requested: at } }, at })
}

describe('the functions of Athena', () => {
  // Values worked out by hand; 1739471400 is 2025-02-13T18:30:00Z.
  test.each([
    ["unix_timestamp(TIMESTAMP '2025-02-13 18:30:00')", 1_739_471_400],
    ["UNIX_TIMESTAMP(TIMESTAMP '2025-02-13 18:30:00.999')", 1_739_471_400],
    ["unix_timestamp('2025-02-13 18:30:00')", 1_739_471_400],
    ["unix_timestamp(DATE '2025-02-13')", 1_739_404_800],
    ["unix_timestamp(TIMESTAMP '1970-01-01 00:00:00')", 0],
    ["unix_timestamp(TIMESTAMP '1969-12-31 23:59:59.5')", -1],
    ["unix_timestamp(TIMESTAMP '0001-01-01 00:00:00')", -62_135_596_800],
    ['unix_timestamp(NULL)', null],
    ["to_unixtime(TIMESTAMP '2025-02-13 18:30:00.25')", 1_739_471_400.25],
    ["to_unixtime(TIMESTAMP '1969-12-31 23:59:59.5')", -0.5],
    ["to_unixtime(TIMESTAMP '1970-01-01 00:00:00.000001')", 0.000001],
    ['to_unixtime(NULL)', null],
    ['from_unixtime(1739471400)', '2025-02-13T18:30:00.000Z'],
    ['from_unixtime(1739471400.25)', '2025-02-13T18:30:00.250Z'],
    ['from_unixtime(1739471400.2504)', '2025-02-13T18:30:00.250Z'],
    ['from_unixtime(0)', '1970-01-01T00:00:00.000Z'],
    ['from_unixtime(-0.5)', '1969-12-31T23:59:59.500Z'],
    ['from_unixtime(-62135596800)', '0001-01-01T00:00:00.000Z'],
    ['from_unixtime(NULL)', null],
    ["from_unixtime(to_unixtime(TIMESTAMP '2025-02-13 18:30:00.123'))", '2025-02-13T18:30:00.123Z'],
    ["regexp_like('ticket-42', '[0-9]+')", true],
    ["regexp_like('ticket', '^[0-9]+$')", false],
    ["regexp_like(NULL, 'x')", null],
    ["regexp_like('x', NULL)", null],
    ['json_extract_scalar(\'{"a": {"b": [1, "two"]}}\', \'$.a.b[1]\')', 'two'],
    ["json_extract_scalar('{\"a\": 1}', '$.a')", '1'],
    ["json_extract_scalar('{\"a\": 1}', '$.b')", null],
    ["json_extract_scalar(NULL, '$.a')", null],
    // In Athena the week starts with Monday as 1.
    ["day_of_week(DATE '2025-02-10')", 1],
    ["day_of_week(DATE '2025-02-16')", 7],
    ["day_of_week(TIMESTAMP '1969-12-31 23:59:59')", 3],
    ['day_of_week(NULL)', null],
    ["cardinality(['a', NULL, 'c'])", 3],
    ['cardinality([])', 0],
    ["cardinality(MAP {'a': 1, 'b': 2})", 2],
    ['cardinality(CAST(NULL AS INT[]))', null],
  ])('%s', async (call, value) => {
    expect(await archive.sql(`SELECT ${call} AS v`)).toEqual([{ v: value }])
  })

  test('approx_distinct is exact, approx_percentile comes near, and both pass over NULL', async () => {
    const [found] = await archive.sql(
      `SELECT approx_distinct(i % 10) AS ten, approx_distinct(CAST(NULL AS INT)) AS none,
         approx_percentile(i, 0.5) AS half, approx_percentile(NULLIF(i, i), 0.5) AS nothing
       FROM range(1001) AS t(i)`,
    )
    expect(found).toMatchObject({ none: 0, nothing: null })
    expect(Number(found?.ten)).toBe(10)
    expect(Math.abs(Number(found?.half) - 500)).toBeLessThan(10)
  })

  test('work on columns, wherever an expression may stand', async () => {
    await archive.add(records([requested('2025-02-13')]))
    const lag = 'unix_timestamp(date.triggered) - unix_timestamp(date.requested)'
    expect(
      await archive.sql(
        `SELECT unix_timestamp("date"."requested") AS s, ${lag} AS lag FROM demand
         WHERE regexp_like(fanid, '^fan') GROUP BY ALL HAVING day_of_week(max(change.timestamp)) = 4 ORDER BY to_unixtime(max(change.timestamp))`,
      ),
    ).toEqual([{ s: 1_739_448_000, lag: null }])
  })

  test('each macro is tested here', () => {
    const tested = 'unix_timestamp to_unixtime from_unixtime approx_distinct approx_percentile regexp_like'
    const names = Object.keys(macros).map((signature) => signature.slice(0, signature.indexOf('(')))
    expect(names).toEqual([...tested.split(' '), 'json_extract_scalar', 'cardinality', 'day_of_week'])
  })
})

describe('MSCK REPAIR TABLE', () => {
  const added = (...days: readonly string[]) =>
    days.map((day) => ({ partition_added: `partition_date=${day}` }))

  test('says which partitions came since it was asked last', async () => {
    const repair = () => archive.sql('MSCK REPAIR TABLE demand')
    expect(await repair()).toEqual([])
    await archive.add(records([requested('2025-02-14'), requested('2025-02-13', 2)]))
    expect(await repair()).toEqual(added('2025-02-13', '2025-02-14'))
    expect(await repair()).toEqual([])
    await archive.add(records([requested('2025-02-14', 3)]))
    expect(await repair()).toEqual([])
    await archive.add(records([requested('2025-02-12', 4)]))
    expect(await repair()).toEqual(added('2025-02-12'))
    expect(await repair()).toEqual([])
  })

  test('keeps the tables apart, and changes no answer', async () => {
    await archive.add(records([requested('2025-02-13'), change({ item: eventItem })]))
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 1 }])
    expect(await archive.sql('MSCK REPAIR TABLE event')).toEqual(added('2025-01-10'))
    expect(await archive.sql('MSCK REPAIR TABLE demand')).toEqual(added('2025-02-13'))
    expect(await archive.sql('MSCK REPAIR TABLE sale')).toEqual([])
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 1 }])
  })

  test('forgets a partition whose last file went, and adds it again when it comes back', async () => {
    const [key = ''] = await archive.add(records([requested('2025-02-13')]))
    const bytes = (await archive.store.get(key))?.bytes ?? new Uint8Array()
    expect(await archive.sql('MSCK REPAIR TABLE demand')).toEqual(added('2025-02-13'))
    await archive.store.delete(key)
    expect(await archive.sql('MSCK REPAIR TABLE demand')).toEqual([])
    await archive.store.put(key, bytes)
    expect(await archive.sql('MSCK REPAIR TABLE demand')).toEqual(added('2025-02-13'))
  })
})

describe('SHOW PARTITIONS', () => {
  test('lists all there are, oldest first, each time', async () => {
    await archive.add(records([requested('2025-02-14'), requested('2024-12-31', 2)]))
    for (let n = 0; n < 2; n++) {
      expect(await archive.sql('SHOW PARTITIONS demand')).toEqual([
        { partition: 'partition_date=2024-12-31' },
        { partition: 'partition_date=2025-02-14' },
      ])
    }
    expect(await archive.sql('SHOW PARTITIONS event')).toEqual([])
  })
})

describe('both statements', () => {
  test.each([
    ['msck repair table Demand', 'repair', 'Demand'],
    ['  MSCK\n\tREPAIR  TABLE\r\ndemand  ', 'repair', 'demand'],
    ['MSCK REPAIR TABLE demand;', 'repair', 'demand'],
    ['MSCK REPAIR TABLE demand ; ;\n', 'repair', 'demand'],
    ['MSCK REPAIR TABLE `demand`', 'repair', 'demand'],
    ['MSCK REPAIR TABLE`demand`;', 'repair', 'demand'],
    ['MSCK REPAIR TABLE "demand"', 'repair', 'demand'],
    ['MSCK REPAIR TABLE demand ADD PARTITIONS', 'repair', 'demand'],
    ['MSCK REPAIR TABLE `demand` SYNC PARTITIONS;', 'repair', 'demand'],
    ['-- new files\nMSCK REPAIR TABLE demand -- done', 'repair', 'demand'],
    ['/* a */ MSCK /* b */ REPAIR /* c */ TABLE /* d */ demand /* e */ ; -- f', 'repair', 'demand'],
    ['/* ; */MSCK REPAIR TABLE demand/* ; */', 'repair', 'demand'],
    ['SHOW PARTITIONS demand', 'partitions', 'demand'],
    ['show partitions DEMAND;', 'partitions', 'DEMAND'],
    ['SHOW/**/PARTITIONS/**/`demand`', 'partitions', 'demand'],
    ['MSCK REPAIR TABLE demands', 'repair', 'demands'],
    ['MSCK REPAIR TABLE db.demand', 'repair', 'db.demand'],
  ])('are read in any spelling: %j', (sql, kind, table) => {
    expect(readCatalogStatement(sql)).toEqual({ kind, table })
  })

  test.each([
    'SELECT 1',
    "SELECT 'MSCK REPAIR TABLE demand'",
    'MSCK REPAIR TABLE',
    'MSCK REPAIR TABLEdemand',
    'MSCK REPAIR TABLE demandADD PARTITIONS',
    'MSCK REPAIR TABLE demand; SELECT 1',
    'MSCK REPAIR TABLE demand, event',
    "MSCK REPAIR TABLE 'demand'",
    '-- MSCK REPAIR TABLE demand',
    'SHOW PARTITIONS',
    'SHOW PARTITIONS demand PARTITION (a = 1)',
    'SHOW TABLES',
    '',
  ])('are not taken for another: %j', (sql) => {
    expect(readCatalogStatement(sql)).toBeUndefined()
  })

  test('answer for the plural name too, in any case', async () => {
    await archive.add(records([requested('2025-02-13')]))
    const one = [{ partition: 'partition_date=2025-02-13' }]
    for (const name of ['demand', 'DEMAND', 'demands', '`Demands`', '"demand"'])
      expect(await archive.sql(`SHOW PARTITIONS ${name}`)).toEqual(one)
  })

  test('name the tables there are, where there is none of the name', async () => {
    const message = (table: string) =>
      `there is no table ${table}; there are demand, event, notification, sale`
    for (const table of ['demandz', 'demand_changes', 'db.demand', 'information_schema'])
      for (const verb of ['MSCK REPAIR TABLE', 'SHOW PARTITIONS'])
        await expect(archive.engine.query(`${verb} ${table}`)).rejects.toMatchObject({
          code: 'QUERY_FAILED',
          message: message(table),
        })
  })

  test('are not written as Parquet', async () => {
    await expect(archive.engine.exportParquet('MSCK REPAIR TABLE demand', 'x.parquet')).rejects.toMatchObject(
      { code: 'QUERY_REFUSED' },
    )
  })

  test('are recognised in the time of one reading, whatever the text', () => {
    for (const part of ['/*', '--', '/* ', '"', "'", '`', ' ', ';', '\n', '--\n', '/**/', 'MSCK '])
      expect(readCatalogStatement(part.repeat(262_144 / part.length))).toBeUndefined()
  })
})
