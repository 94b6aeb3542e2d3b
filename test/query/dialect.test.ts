import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { athenaDdl } from '../../src/derive/ddl.ts'
import { defaultRange } from '../../src/record/rules.ts'
import { change, demandItem, eventItem, records } from '../changes.ts'
import { asJson, openTestArchive, type TestArchive } from './archive.ts'

let archive: TestArchive
beforeEach(async () => {
  archive = await openTestArchive()
})
afterEach(() => archive.close())

const requested = (day: string, n = 1) => {
  const at = `${day}T12:00:00Z`
  return change({ item: { ...demandItem, SK: `DEMAND#${n}`, date: { requested: at } }, at })
}

describe('what a statement means', () => {
  test('functions work on columns, wherever an expression may stand', async () => {
    await archive.add(records([requested('2025-02-13')]))
    expect(
      await archive.sql(
        `SELECT unix_timestamp("date"."requested") AS s, unix_timestamp(date.triggered) - unix_timestamp(date.requested) AS lag
         FROM demand WHERE regexp_like(fanid, '^fan') GROUP BY "date"."requested", date.triggered
         HAVING day_of_week(max(change.timestamp)) = 4 ORDER BY to_unixtime(max(change.timestamp))`,
      ),
    ).toEqual([{ s: 1_739_448_000, lag: null }])
  })

  test('approx_distinct is exact, approx_percentile comes near, and both pass over NULL', async () => {
    const [found] = await archive.sql(
      `SELECT approx_distinct(i % 10) AS ten, approx_distinct(CAST(NULL AS integer)) AS none,
         approx_percentile(i, 0.5) AS half, approx_percentile(NULLIF(i, i), 0.5) AS nothing
       FROM UNNEST(sequence(0, 1000)) AS t (i)`,
    )
    expect(found).toMatchObject({ ten: 10, none: 0, nothing: null })
    expect(Math.abs(Number(found?.half) - 500)).toBeLessThan(10)
  })

  // What Trino says of `mod` is Java's own.
  test.each([
    ['SELECT 1 / 0', 'Division by zero'],
    ['SELECT 1.0 / 0', 'Division by zero'],
    ['SELECT 1 / (x - x) FROM (VALUES (2)) AS t(x)', 'Division by zero'],
    ['SELECT COUNT(*) / 0', 'Division by zero'],
    ['SELECT 5 % 0', 'Division by zero'],
    ['SELECT mod(5, x - x) FROM (VALUES (2)) AS t(x)', '/ by zero'],
  ])('division by zero fails: %s', async (sql, message) => {
    await expect(archive.sql(sql)).rejects.toMatchObject({ code: 'QUERY_FAILED', message })
  })

  test('columns without a name are called by their place, others as they were typed', async () => {
    await archive.add(records([requested('2025-02-13')]))
    const names = async (sql: string) => (await archive.engine.query(sql)).columns.map(({ name }) => name)
    expect(
      await names(
        'SELECT COUNT(*), eventId, MAX(date.requested), 1 + 1, FanID AS TheFan, change.operation FROM demand GROUP BY 2, 5, 6',
      ),
    ).toEqual(['_col0', 'eventId', '_col2', '_col3', 'TheFan', 'operation'])
    expect(await names('SELECT *, 1 FROM (SELECT 1 AS a, 2 AS b) AS t')).toEqual(['a', 'b', '_col2'])
    expect(await names('SELECT 1, t.*, COUNT(*) OVER () FROM (SELECT 1 AS a, 2 AS b) AS t')).toEqual([
      '_col0',
      'a',
      'b',
      '_col3',
    ])
    expect(await names('SELECT COUNT(*) FROM demand UNION ALL SELECT 1')).toEqual(['_col0'])
    expect(await names('WITH x AS (SELECT 1 AS a) SELECT a, a + 1 FROM x')).toEqual(['a', '_col1'])
    expect(await names('SELECT fanid, fanid FROM demand')).toEqual(['fanid', 'fanid'])
    expect(await names('SELECT current_date')).toEqual(['_col0'])
  })

  test('"$path" is the address of a row’s file, and no part of *', async () => {
    const [key = ''] = await archive.add(records([requested('2025-02-13')]))
    const path = `${archive.store.url.replace(/\/$/, '')}/${key}`
    expect(await archive.sql('SELECT "$path" AS path, d."$path" AS same FROM demand d')).toEqual([
      { path, same: path },
    ])
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demands WHERE "$path" LIKE \'%.avro\'')).toEqual([
      { n: 1 },
    ])
    const { columns } = await archive.engine.query('SELECT *, "$path" AS path FROM demand')
    expect(columns.filter(({ name }) => /path/i.test(name)).map(({ name }) => name)).toEqual(['path'])
    expect(await archive.sql('WITH demand AS (SELECT 1 AS "$path") SELECT "$path" AS p FROM demand')).toEqual(
      [{ p: 1 }],
    )
    const beside = await archive.engine.query(
      'SELECT d.*, d."$path" AS path, e.* FROM demand d CROSS JOIN (SELECT 1 AS one) e',
    )
    expect(beside.columns.filter(({ name }) => /path/i.test(name)).map(({ name }) => name)).toEqual(['path'])
    expect(beside.columns.at(-1)?.name).toBe('one')
    await expect(archive.sql('SELECT "$path" FROM demand_current')).rejects.toThrow(
      "line 1:8: Column '$path' cannot be resolved",
    )
    await expect(archive.sql('SELECT "$path" FROM demand d CROSS JOIN event e')).rejects.toThrow(
      "line 1:8: Column '$path' is ambiguous",
    )
  })

  test('UNNEST of a table’s lists of records and maps, joined in every way', async () => {
    const venues = [
      { id: 'v1', name: 'Hall', city: 'Berlin' },
      { id: 'v2', name: 'Arena', city: 'Wien' },
    ]
    await archive.add(
      records([
        change({ item: { ...eventItem, venues, seatMap: { levels: 3 } } }),
        change({ item: { ...eventItem, SK: 'EVENT2', id: 'event-2' }, id: 'other' }),
      ]),
    )
    const cities = [
      { id: 'event-1', city: 'Berlin' },
      { id: 'event-1', city: 'Wien' },
    ]
    for (const from of [
      'event e CROSS JOIN UNNEST(e.venues) AS v',
      'event e, UNNEST(venues) AS v',
      'events AS e CROSS JOIN UNNEST(e.venues) v (id, name, city, state, statecode, country, countrycode, postalcode, timezone, latitude, longitude)',
    ])
      expect(await archive.sql(`SELECT e.id, v.city FROM ${from} ORDER BY 1, 2`), from).toEqual(cities)
    expect(
      await archive.sql(
        'SELECT e.id, city FROM event e LEFT JOIN UNNEST(e.venues) AS v ON TRUE ORDER BY 1, 2',
      ),
    ).toEqual([...cities, { id: 'event-2', city: null }])
    expect(
      await archive.sql('SELECT path, value FROM event CROSS JOIN UNNEST(extra) AS x (path, value)'),
    ).toEqual([{ path: '/seatMap', value: '{"levels":3}' }])
    expect(
      await archive.sql(
        "SELECT element_at(extra, '/seatMap') AS a, element_at(extra, '/x') AS b FROM event WHERE id = 'event-2'",
      ),
    ).toEqual([{ a: null, b: null }])
    expect(
      await archive.sql("SELECT element_at(venues, -1).city AS last FROM event WHERE id = 'event-1'"),
    ).toEqual([{ last: 'Wien' }])
  })

  test('a table may be named with its database', async () => {
    await archive.add(records([requested('2025-02-13')]))
    for (const name of ['dmd.demand', '"dmd"."demands"', 'awsdatacatalog.dmd.demand', 'dmd.demand_current'])
      expect(
        await archive.sql(`SELECT COUNT(*) AS n FROM ${name} AS d WHERE d.isdeleted = false`),
        name,
      ).toEqual([{ n: 1 }])
  })

  test('pairs are compared, and rows cast, as they are', async () => {
    expect(await archive.sql("SELECT 1 AS a WHERE (1, 'x') IN ((2, 'y'), (1, 'x'))")).toEqual([{ a: 1 }])
    expect(await archive.sql("SELECT CAST(ROW(7, 'x') AS ROW(n INTEGER, t VARCHAR)).n AS n")).toEqual([
      { n: 7 },
    ])
  })

  test('numbers keep their digits', async () => {
    const sql =
      "SELECT 7 / 2 AS a, 9223372036854775807 AS b, 0.12345678901234567890123 AS c, 'x:12345678901234567890' AS d"
    expect(await asJson(archive.engine, sql)).toBe(
      '[\n{"a":3,"b":9223372036854775807,"c":0.12345678901234567890123,"d":"x:12345678901234567890"}\n]\n',
    )
  })

  test('an error is about the statement as it was written', async () => {
    await expect(archive.sql('SELECT nosuch / 2 FROM demand')).rejects.toMatchObject({
      message: "line 1:8: Column 'nosuch' cannot be resolved\n\n  SELECT nosuch / 2 FROM demand\n         ^",
    })
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

describe('the statements about tables', () => {
  test('answer for the plural name too, in any case', async () => {
    await archive.add(records([requested('2025-02-13')]))
    const one = [{ partition: 'partition_date=2025-02-13' }]
    for (const name of ['demand', 'DEMAND', 'demands', '`Demands`', '"demand"'])
      expect(await archive.sql(`SHOW PARTITIONS ${name}`)).toEqual(one)
  })

  test('name the tables there are, where there is none of the name', async () => {
    const message = (table: string) =>
      `there is no table ${table}; there are demand, event, notification, sale`
    for (const table of ['demandz', 'db.demandz', 'information_schema'])
      for (const verb of ['MSCK REPAIR TABLE', 'SHOW PARTITIONS'])
        await expect(archive.engine.query(`${verb} ${table}`)).rejects.toMatchObject({
          code: 'QUERY_FAILED',
          message: message(table),
        })
  })

  test('are about tables, not about the views of them', async () => {
    for (const verb of ['MSCK REPAIR TABLE', 'SHOW PARTITIONS', 'SHOW CREATE TABLE', 'SHOW TBLPROPERTIES'])
      await expect(archive.engine.query(`${verb} dmd.demand_changes`)).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        message: 'demand_changes is a view of the table demand; SHOW CREATE VIEW shows it',
      })
  })

  test('are not written as Parquet', async () => {
    await expect(archive.engine.exportParquet('MSCK REPAIR TABLE demand', 'x.parquet')).rejects.toMatchObject(
      { code: 'QUERY_REFUSED' },
    )
  })
})

describe('the catalog', () => {
  const one = async (sql: string) => (await archive.sql(sql)).flatMap((row) => Object.values(row))

  test('lists tables, views and the one database, and those of a pattern', async () => {
    const all = ['demand', 'event', 'notification', 'sale'].flatMap((type) =>
      [type, `${type}_changes`, `${type}_current`, `${type}s`].sort(),
    )
    expect(await archive.sql('show tables')).toEqual(all.sort().map((name) => ({ tab_name: name })))
    expect(await one("SHOW TABLES IN dmd '*_current'")).toEqual(
      all.filter((name) => name.endsWith('_current')),
    )
    expect(await one("SHOW TABLES 'demand|sale*s'")).toEqual(['demand', 'sale_changes', 'sales'])
    expect(await one("SHOW TABLES 'DEM*AN*D'")).toEqual(['demand'])
    expect(await one("SHOW TABLES 'demandd*'")).toEqual([])
    expect(await one("SHOW VIEWS LIKE 'demand*'")).toEqual(['demand_changes', 'demand_current', 'demands'])
    expect(await archive.sql('SHOW DATABASES')).toEqual([{ database_name: 'dmd' }])
    expect(await archive.sql("SHOW SCHEMAS LIKE 'x*'")).toEqual([])
  })

  test('describes every relation with the types of the Glue catalog, as SELECT * has its columns', async () => {
    await archive.add(records([requested('2025-02-13')]))
    for (const relation of await one('SHOW TABLES')) {
      const described = await archive.sql(`DESCRIBE ${relation}`)
      const { columns } = await archive.engine.query(`SELECT * FROM ${relation}`)
      expect(described.map((row) => row.col_name)).toEqual(columns.map(({ name }) => name))
      expect(await one(`SHOW COLUMNS FROM ${relation}`)).toEqual(columns.map(({ name }) => name))
    }
    const described = await archive.sql('DESCRIBE FORMATTED `dmd`.demand'.replaceAll('`', ''))
    expect(described[0]).toEqual({ col_name: 'type', data_type: 'string', comment: expect.any(String) })
    expect(described).toContainEqual(
      expect.objectContaining({ col_name: 'extra', data_type: 'map<string,string>' }),
    )
    expect(described.at(-1)).toMatchObject({ col_name: 'partition_date', data_type: 'string' })
    expect(await archive.sql('DESC "event"')).toContainEqual(
      expect.objectContaining({ col_name: 'venues', data_type: expect.stringMatching(/^array<struct</) }),
    )
  })

  test('shows the DDL that makes the table in Athena, with this archive as its place', async () => {
    const text = (await one('SHOW CREATE TABLE demand')).join('\n')
    expect(`${text}\n`).toBe(
      athenaDdl(loadCatalog().get('demand') as never, { location: archive.store.url, ...defaultRange }),
    )
    expect(await archive.sql('SHOW TBLPROPERTIES demands')).toContainEqual({
      prpt_name: 'projection.partition_date.range',
      prpt_value: '2020-01-01,NOW+3YEARS',
    })
  })

  test('shows what a view stands for: asked as a query it gives the same', async () => {
    await archive.add(records([requested('2025-02-13'), requested('2025-02-14', 2)]))
    const [shown = ''] = await one('SHOW CREATE VIEW demand_current')
    const select = String(shown).replace('CREATE VIEW demand_current AS ', '')
    expect(select).not.toBe(shown)
    const order = 'ORDER BY partition_date'
    expect(await archive.sql(`SELECT * FROM (${select}) AS v ${order}`)).toEqual(
      await archive.sql(`SELECT * FROM demand_current ${order}`),
    )
    await expect(archive.sql('SHOW CREATE VIEW demand')).rejects.toThrow('demand is a table')
  })

  test('adds partitions: a day at a time, once, and of this archive', async () => {
    await archive.add(records([requested('2025-02-13')]))
    const add = (rest: string) => archive.sql(`ALTER TABLE demand ADD ${rest}`)
    const day = (date: string) => `PARTITION (partition_date = '${date}')`
    expect(await add(`${day('2025-02-13')} ${day('2025-02-14')};`)).toEqual([
      { partition: 'partition_date=2025-02-13', files: '1' },
      { partition: 'partition_date=2025-02-14', files: '0' },
    ])
    await expect(add(day('2025-02-13'))).rejects.toThrow('was added before; use ADD IF NOT EXISTS')
    const own = `${archive.store.url}/data/demand/partition_date=2025-02-13/`
    expect(await add(`IF NOT EXISTS ${day('2025-02-13')} LOCATION '${own}'`)).toHaveLength(1)
    await expect(add(`${day('2025-02-15')} LOCATION 's3://elsewhere/'`)).rejects.toThrow(
      own.replace('13/', '15/'),
    )
    for (const date of ['2025-02-30', '2025-2-1', 'x', "it''s"])
      await expect(add(day(date))).rejects.toThrow('is a day such as')
    expect(await archive.sql('MSCK REPAIR TABLE demand')).toEqual([])
    for (const sql of ["ADD PARTITION (dt = '2025-02-13')", `DROP ${day('2025-02-13')}`])
      await expect(archive.sql(`ALTER TABLE demand ${sql}`)).rejects.toThrow('ALTER is not allowed')
  })

  test('is in information_schema too, as Athena’s database dmd, and tells no path of this machine', async () => {
    await archive.add(records([requested('2025-02-13')]))
    const tables = await archive.sql(
      "SELECT table_catalog, table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema = 'dmd' ORDER BY table_name",
    )
    expect(tables.map(({ table_name }) => table_name)).toEqual(await one('SHOW TABLES'))
    expect(tables[0]).toEqual({
      table_catalog: 'awsdatacatalog',
      table_schema: 'dmd',
      table_name: 'demand',
      table_type: 'BASE TABLE',
    })
    expect(await one("SELECT count(*) FROM information_schema.tables WHERE table_schema <> 'dmd'")).toEqual([
      0,
    ])
    expect(
      await one(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'dmd' AND table_name = 'demand' ORDER BY ordinal_position",
      ),
    ).toEqual((await archive.engine.query('SELECT * FROM demand')).columns.map(({ name }) => name))
    expect(
      await one(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'event' AND column_name IN ('isdeleted', 'extra')",
      ),
    ).toEqual(['boolean', 'map(varchar, varchar)'])
    const views = await archive.sql('SELECT table_name, view_definition FROM information_schema.views')
    expect(views.map(({ table_name }) => table_name)).toEqual(await one('SHOW VIEWS'))
    expect(JSON.stringify(views)).not.toMatch(/parquet|read_|\/tmp|\/\w+\/\w/i)
    expect(await one('SELECT schema_name FROM information_schema.schemata ORDER BY 1')).toEqual([
      'dmd',
      'information_schema',
    ])
  })
})

describe('what is not done here', () => {
  test.each([
    [
      "USING EXTERNAL FUNCTION f(x VARCHAR) RETURNS VARCHAR LAMBDA 'l' SELECT f('a')",
      '1:1: USING is not done here',
      'lists the functions',
    ],
    ['SHOW FUNCTIONS', '1:1: SHOW is not done here', 'SHOW TABLES'],
    [
      'SELECT * FROM demand MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS true)',
      '1:22: MATCH_RECOGNIZE',
      'window functions',
    ],
    ['SELECT ST_Point(1, 2)', "1:8: Function 'st_point' is not known", 'docs/sql.md'],
    [
      'SELECT * FROM "demand$partitions"',
      "1:15: Table 'demand$partitions' does not exist",
      'there are demand',
    ],
    [
      "SELECT * FROM demand FOR TIMESTAMP AS OF TIMESTAMP '2025-01-01 00:00:00'",
      '1:22: FOR TIMESTAMP AS OF',
      'compare change.timestamp',
    ],
    ['SELECT approx_set(fanid) FROM demand', '1:8: approx_set', 'approx_distinct'],
    ["SELECT JSON_QUERY('{}', 'lax $.a' WITH WRAPPER)", '1:8: JSON_QUERY', 'json_extract'],
    [
      "SELECT 1 AS a WHERE (1, 'x') IN (SELECT ROW(1, 'x'))",
      '1:34: The subquery has 1 columns',
      'as many as the row',
    ],
    ['SELECT format(fanid) FROM demand', '1:8: format takes at least 2 arguments', 'not 1'],
    ['SELECT nothing FROM demand, UNNEST(ARRAY[1]) AS t(x)', "1:8: Column 'nothing'", 'cannot be resolved'],
    ['SELECT TRY(nothing) FROM demand', "1:12: Column 'nothing'", 'cannot be resolved'],
    [
      'SELECT id FROM event CROSS JOIN UNNEST(venues) AS v WHERE any_match(venues, w -> true)',
      "1:8: Column 'id' is ambiguous",
      't.id',
    ],
  ])('%s: the place, what is wrong, and what to do instead', async (sql, begin, instead) => {
    const error = await archive.engine.query(sql).then(
      () => undefined,
      (caught: Error & { code?: string }) => caught,
    )
    expect(error?.code).toBe('QUERY_FAILED')
    expect(error?.message.startsWith(`line ${begin}`), error?.message).toBe(true)
    expect(error?.message).toContain(instead)
  })
})
