import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { failureMark } from '../../src/dialect/sql.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { Dialect, QueryEngine } from '../../src/query/engine.ts'
import { PipelineError } from '../../src/record/error.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { change, demandItem, records } from '../changes.ts'
import { asJson, openTestArchive, type TestArchive } from './archive.ts'

// Values that a message might quote: plain, and such as break out of quotation marks or look like DuckDB's own words.
const values = [
  'c4n4ry',
  "it's c4n4ry's",
  '"c4n4ry" said',
  `mixed 'c4n4ry" '' ""`,
  'c4n4ry\n\nLINE 1: c4n4ry\n        ^',
  "x' to C4N4RY when casting from source column c4n4ry",
  'Out of Memory Error: c4n4ry',
  '{"c4n4ry": ',
  '(c4n4ry',
  '%c4n4ry\\',
  '\u0000c4n4ry',
  '2025-02-30 c4n4ry',
  '3133700 c4n4ry 3133700',
  `${failureMark}c4n4ry`,
  `${failureMark}c4n4ry' to INT32 c4n4ry`,
]
const duckDbFails = [
  'SELECT CAST(email AS INT) FROM demand',
  'SELECT email::BIGINT FROM demand',
  'SELECT CAST(email AS DOUBLE) FROM demand',
  'SELECT CAST(email AS DECIMAL(5, 2)) FROM demand',
  'SELECT CAST(email AS BOOLEAN) FROM demand',
  'SELECT CAST(email AS DATE) FROM demand',
  'SELECT CAST(email AS TIME) FROM demand',
  'SELECT CAST(email AS TIMESTAMP) FROM demand',
  'SELECT CAST(email AS TIMESTAMPTZ) FROM demand',
  'SELECT CAST(email AS INTERVAL) FROM demand',
  'SELECT CAST(email AS UUID) FROM demand',
  'SELECT CAST(email AS JSON) FROM demand',
  "SELECT CAST(email AS ENUM ('a')) FROM demand",
  'SELECT CAST(email AS INT[]) FROM demand',
  'SELECT CAST(email AS STRUCT(a INT)) FROM demand',
  'SELECT CAST(email AS MAP(INT, INT)) FROM demand',
  'SELECT CAST(email AS BIT) FROM demand',
  'SELECT unix_timestamp(email) FROM demand',
  'SELECT to_unixtime(email) FROM demand',
  'SELECT day_of_week(CAST(email AS DATE)) FROM demand',
  'SELECT 1 + CAST(email AS INT) AS n FROM demand ORDER BY n',
  'SELECT COUNT(*) FROM demand WHERE CAST(email AS INT) > 1',
  'SELECT eventid, SUM(CAST(email AS INT)) FROM demand GROUP BY 1',
  "SELECT strptime(email, '%Y-%m-%d') FROM demand",
  "SELECT json_extract(email, '$.a') FROM demand",
  "SELECT json_extract_scalar(email, '$.a') FROM demand",
  'SELECT from_json(email, \'{"a": "INT"}\') FROM demand',
  'SELECT regexp_like(fanid, email || chr(40)) FROM demand',
  "SELECT regexp_replace(fanid, '(' || email, '') FROM demand",
  'SELECT date_part(email, change.timestamp) FROM demand',
  'SELECT date_trunc(email, change.timestamp) FROM demand',
  'SELECT timezone(email, change.timestamp) FROM demand',
  'SELECT from_hex(email) FROM demand',
  'SELECT from_base64(email) FROM demand',
  'SELECT format(email || chr(123), 1) FROM demand',
  "SELECT printf('%d', CAST(email AS INT)) FROM demand",
  'SELECT map([email, email], [1, 2]) FROM demand',
  'SELECT (SELECT email FROM demand CROSS JOIN range(2))',
  'SELECT list_transform([email], lambda x: CAST(x AS INT)) FROM demand',
  'SELECT CAST(email AS INT) FROM demand_current',
  'EXPLAIN ANALYZE SELECT CAST(email AS INT) FROM demand',
]
const athenaFails = [
  'SELECT CAST(email AS integer) FROM demand',
  'SELECT CAST(email AS bigint) FROM demand',
  'SELECT CAST(email AS double) FROM demand',
  'SELECT CAST(email AS decimal(5, 2)) FROM demand',
  'SELECT CAST(email AS boolean) FROM demand',
  'SELECT CAST(email AS date) FROM demand',
  'SELECT CAST(email AS time) FROM demand',
  'SELECT CAST(email AS timestamp) FROM demand',
  'SELECT CAST(email AS timestamp with time zone) FROM demand',
  'SELECT CAST(json_parse(email) AS integer) FROM demand',
  'SELECT CAST(CAST(email AS JSON) AS ARRAY(integer)) FROM demand',
  'SELECT CAST(ARRAY[email] AS ARRAY(integer)) FROM demand',
  'SELECT CAST(MAP(ARRAY[1], ARRAY[email]) AS MAP(integer, integer)) FROM demand',
  'SELECT date(email) FROM demand',
  'SELECT from_iso8601_timestamp(email) FROM demand',
  'SELECT from_iso8601_date(email) FROM demand',
  "SELECT date_parse(email, '%Y-%m-%d') FROM demand",
  'SELECT date_parse(fanid, email) FROM demand',
  'SELECT date_trunc(email, change.timestamp) FROM demand',
  'SELECT date_add(email, 1, change.timestamp) FROM demand',
  "SELECT at_timezone(from_iso8601_timestamp('2025-01-01T00:00:00Z'), email) FROM demand",
  'SELECT 1 + CAST(email AS integer) AS n FROM demand ORDER BY n',
  'SELECT count(*) FROM demand WHERE CAST(email AS integer) > 1',
  'SELECT eventid, sum(CAST(email AS integer)) FROM demand GROUP BY 1',
  'SELECT json_parse(email) FROM demand',
  'SELECT json_extract(fanid, email) FROM demand',
  'SELECT regexp_like(fanid, email || chr(40)) FROM demand',
  "SELECT regexp_replace(fanid, '(' || email, '') FROM demand",
  "SELECT regexp_replace(fanid, 'f', '$' || email) FROM demand",
  "SELECT fanid LIKE '%' ESCAPE email FROM demand",
  'SELECT from_hex(email) FROM demand',
  'SELECT from_base64(email) FROM demand',
  'SELECT from_base(email, 10) FROM demand',
  'SELECT format(email || chr(37), 1) FROM demand',
  "SELECT format('%d', CAST(email AS integer)) FROM demand",
  "SELECT split_to_map(email || ',' || email, ',', '=') FROM demand",
  'SELECT url_decode(chr(37) || email) FROM demand',
  'SELECT codepoint(email) FROM demand',
  'SELECT MAP(ARRAY[email, email], ARRAY[1, 2]) FROM demand',
  'SELECT element_at(ARRAY[1], 0 * length(email)) FROM demand',
  'SELECT MAP(ARRAY[email], ARRAY[1])[fanid] FROM demand',
  'SELECT (SELECT email FROM demand CROSS JOIN UNNEST(ARRAY[1, 2]) AS t(x))',
  'SELECT transform(ARRAY[email], x -> CAST(x AS integer)) FROM demand',
  'SELECT CAST(email AS integer) FROM demand_current',
  'EXPLAIN ANALYZE SELECT CAST(email AS integer) FROM demand',
]

/** How a statement fails: everything that an error carries. */
async function failure(
  engine: QueryEngine,
  sql: string,
  dialect: Dialect = 'duckdb',
): Promise<PipelineError | undefined> {
  try {
    await asJson(engine, sql, { dialect })
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(PipelineError)
    return error as PipelineError
  }
}

describe('the message of a query that fails on a row', () => {
  test.each(
    values.flatMap((email) => [
      [email, 'athena', athenaFails] as const,
      [email, 'duckdb', duckDbFails] as const,
    ]),
  )('quotes nothing of %j, in the SQL of %s', async (email, dialect, fails) => {
    const archive = await openTestArchive()
    try {
      await archive.add(records([change({ item: { ...demandItem, email } })]))
      let failed = 0
      for (const sql of fails) {
        const error = await failure(archive.engine, sql, dialect)
        if (!error) continue
        failed += 1
        const told = `${error.message} ${error.stack} ${String(error.cause ?? '')}`
        expect(error.code, sql).toBe('QUERY_FAILED')
        expect(told, sql).not.toMatch(/c4n4ry|31337/i)
      }
      expect(failed).toBeGreaterThan(fails.length * 0.6)
    } finally {
      await archive.close()
    }
  })

  test('quotes no number either', async () => {
    const archive = await openTestArchive()
    await archive.add(records([change({ at: '2025-02-13T18:30:00.313373Z' })]))
    const micros = 'change.micros'
    for (const sql of [
      `SELECT CAST(${micros} AS INT) FROM demand`,
      `SELECT CAST(${micros} AS DECIMAL(5, 2)) FROM demand`,
      `SELECT ${micros} * ${micros} FROM demand`,
      `SELECT repeat('a', ${micros}) FROM demand`,
      `SELECT make_date(${micros}, 1, 1) FROM demand`,
      `SELECT to_years(${micros}) FROM demand`,
      `SELECT sqrt(-${micros}) FROM demand`,
    ]) {
      const error = await failure(archive.engine, sql)
      expect(error?.message, sql).toMatch(/Error: |out of the range/)
      expect(error?.message, sql).not.toContain('313373')
      expect(error?.cause, sql).toBeUndefined()
    }
    await archive.close()
  })

  test('says what could not be done, to which type, and at which place of the statement', async () => {
    const archive = await openTestArchive()
    await archive.add(records([change()]))
    const message = async (sql: string) => (await failure(archive.engine, sql))?.message
    const rest = '(the rest is left out, since it may quote a row)'
    expect(await message('SELECT CAST(email AS INT) FROM demand')).toBe(
      [
        `Conversion Error: Could not convert string to INT32 ${rest} TRY_CAST gives NULL instead.`,
        '',
        'LINE 1: SELECT CAST(email AS INT) FROM demand',
        '               ^',
      ].join('\n'),
    )
    expect(await message('SELECT change.micros * change.micros FROM demand')).toBe(
      `Out of Range Error: Overflow in multiplication ${rest}`,
    )
    expect(await message('SELECT (SELECT email FROM demand CROSS JOIN range(2))')).toBe(
      `Invalid Input Error: More than one row returned by a subquery used as an expression ${rest}`,
    )
    await archive.close()
  })
})

describe('the message of a statement that cannot be prepared', () => {
  let archive: TestArchive
  beforeAll(async () => {
    archive = await openTestArchive()
  })
  afterAll(() => archive.close())

  test.each([
    ['SELEC 1', 'Parser Error: syntax error at or near "SELEC"', 'LINE 1: SELEC 1'],
    ['SELECT fanid\nFROM demandz', 'Table with name demandz does not exist!', 'LINE 2: FROM demandz'],
    ['SELECT fan FROM demand', 'Referenced column "fan" not found', 'LINE 1: SELECT fan FROM demand'],
    ['SELECT nope(1)', 'Scalar Function with name nope does not exist!', 'LINE 1: SELECT nope(1)'],
    ['SELECT fanid, COUNT(*) FROM demand', 'must appear in the GROUP BY clause', 'LINE 1:'],
  ])('is DuckDB’s own for DuckDB’s SQL, with the place: %j', async (sql, what, place) => {
    const error = await failure(archive.engine, sql)
    expect(error?.code).toBe('QUERY_FAILED')
    expect(error?.message).toContain(what)
    expect(error?.message).toContain(place)
  })

  test.each([
    ['SELEC 1', '1:1', 'SELEC'],
    ['SELECT fanid\nFROM demandz', '2:6', 'demandz'],
    ['SELECT fan FROM demand', '1:8', 'fan'],
    ['SELECT nope(1)', '1:8', 'nope'],
    ['SELECT fanid, COUNT(*) FROM demand', '1:8', 'GROUP BY'],
    ["SELECT 1,\n  'é' + 1", '2:3', '+'],
  ])(
    'has the place in the statement as it was written, the line and a mark: %j',
    async (sql, place, what) => {
      const error = await failure(archive.engine, sql, 'athena')
      expect(error?.code).toBe('QUERY_FAILED')
      const [told = '', , line, mark = ''] = error?.message.split('\n') ?? []
      const [lineAt, column] = place.split(':').map(Number)
      expect(told.startsWith(`line ${place}: `), told).toBe(true)
      expect(told).toContain(what)
      expect(line).toBe(`  ${sql.split('\n')[Number(lineAt) - 1]}`)
      expect(mark).toBe(`${' '.repeat(Number(column) + 1)}^`)
    },
  )
})

// What a message of a function may have in it: bounds, and names of functions, types and fields; never an argument.
const known =
  /^(?:to|field|low|high|size|depthMax|patternLimit|padLimit|textLimit|widthLimit|name|type\.kind|what|precision|scale|isLeft \? 'lpad' : 'rpad')$/

test('what a function says of its failure is in the source, and holds no value', () => {
  const folder = new URL('../../src/dialect/', import.meta.url)
  const made = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/new FunctionError\(\s*([\s\S]*?)\)\n/g)].map(
        ([, given = '']) => given,
      ),
    )
  expect(made.length).toBeGreaterThan(50)
  for (const given of made) {
    if (given === 'message') continue // Made of the units alone.
    const texts = given
      .replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
      .replaceAll(/`([^`]*)`/g, "$1''")
    const inserted = [...given.matchAll(/\$\{([^}]*)\}/g)].map(([, inside = '']) => inside)
    if (given.startsWith('`')) for (const inside of inserted) expect(inside, given).toMatch(known)
    else
      expect(texts.replaceAll(/this\.#at < this\.#source\.length\s*\?|[\s,:]/g, ''), given).toMatch(
        /^(?:'')+$/,
      )
  }
})

describe('an aborted query', () => {
  const endless = 'SELECT COUNT(*) FROM range(1000000) a, range(1000000) b, range(1000000) c'
  const ended = { code: 'QUERY_FAILED', message: 'the query was ended before it was done' }

  test('ends at once, and the engine goes on', async () => {
    const archive = await openTestArchive()
    await archive.add(records([change()]))
    const query = async () => {
      const { rows } = await archive.engine.query(endless, {
        signal: AbortSignal.timeout(100),
        dialect: 'duckdb',
      })
      for await (const chunk of rows) expect(chunk).toEqual([])
    }
    await expect(query()).rejects.toMatchObject(ended)
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 1 }])
    await archive.close()
  })

  test('ends between two chunks of its rows too, and a Parquet export likewise', async () => {
    const archive = await openTestArchive()
    const abort = new AbortController()
    const { rows } = await archive.engine.query('FROM range(1000000)', {
      signal: abort.signal,
      dialect: 'duckdb',
    })
    let count = 0
    const reading = async () => {
      for await (const chunk of rows) {
        count += chunk.length
        abort.abort()
      }
    }
    await expect(reading()).rejects.toMatchObject(ended)
    expect(count).toBeLessThan(10_000)
    const path = join(archive.folder, 'never.parquet')
    await expect(
      archive.engine.exportParquet(endless, path, {
        signal: AbortSignal.timeout(100),
        dialect: 'duckdb',
      }),
    ).rejects.toMatchObject(ended)
    expect(await archive.sql('SELECT 1 AS a')).toEqual([{ a: 1 }])
    await archive.close()
  })

  test('does not start when the signal was aborted before', async () => {
    const archive = await openTestArchive()
    for (const sql of ['SELECT 1', 'MSCK REPAIR TABLE demand'])
      await expect(archive.engine.query(sql, { signal: AbortSignal.abort() })).rejects.toMatchObject(ended)
    await archive.close()
  })

  test('ends while files are loaded, and the next query loads them', async () => {
    const archive = await openTestArchive()
    for (let n = 0; n < 5; n++) await archive.add(records([change()]), String(n))
    const abort = new AbortController()
    let seen = 0
    const options = {
      signal: abort.signal,
      onLoad: async ({ files }: { readonly files: number }) => {
        seen = files
        if (files === 2) abort.abort()
      },
    }
    const query = archive.engine.query('SELECT COUNT(*) AS n FROM demand', options)
    await expect(query).rejects.toMatchObject(ended)
    expect(seen).toBeLessThan(5)
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 5 }])
    await archive.close()
  })

  test('leaves another query that waits for the same files alone', async () => {
    const archive = await openTestArchive()
    for (let n = 0; n < 5; n++) await archive.add(records([change()]), String(n))
    const abort = new AbortController()
    let other: Promise<unknown> | undefined
    const aborted = archive.engine.query('SELECT fanid FROM demand', {
      signal: abort.signal,
      onLoad: async () => {
        other ??= archive.sql('SELECT COUNT(*) AS n FROM demand')
        abort.abort()
      },
    })
    await expect(aborted).rejects.toMatchObject(ended)
    expect(await other).toEqual([{ n: 5 }])
    await archive.close()
  })
})

test('a reader that stops early leaves the engine as it was', async () => {
  const archive = await openTestArchive()
  for (let n = 0; n < 50; n++) {
    const { rows } = await archive.engine.query('FROM range(1000000)', { dialect: 'duckdb' })
    for await (const chunk of rows) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  }
  expect(await archive.sql('SELECT 1 AS a')).toEqual([{ a: 1 }])
  await archive.close()
})

test('a store that fails is told as it failed', async () => {
  const archive = await openTestArchive()
  const down = new PipelineError('STORE_UNAVAILABLE', 'the archive is gone')
  const store: ObjectStore = {
    ...archive.store,
    list: () => {
      throw down
    },
  }
  const engine = await openDuckDb({ store, catalog: loadCatalog() })
  await expect(engine.query('SELECT COUNT(*) FROM demand')).rejects.toBe(down)
  await expect(engine.query('SHOW PARTITIONS demand')).rejects.toBe(down)
  await engine.close()
  await archive.close()
})

test('the machine’s time zone changes no answer', () => {
  const script = `
    import { openDuckDb } from './src/query/duckdb.ts'
    const store = { url: '', list: async function* () {} }
    const engine = await openDuckDb({ store, catalog: new Map() })
    const found = []
    for (const [dialect, sql] of [
      ['duckdb', \`SELECT
        CAST(TIMESTAMPTZ '2025-02-13 18:30:00+00' AS VARCHAR),
        CAST(CAST(TIMESTAMPTZ '2025-02-13 23:30:00+00' AS DATE) AS VARCHAR),
        CAST(to_timestamp(0) AS VARCHAR)\`],
      ['athena', \`SELECT
        unix_timestamp(TIMESTAMP '2025-02-13 00:00:00'),
        CAST(from_unixtime(0) AS varchar),
        CAST(TIMESTAMP '2025-02-13 18:30:00' AT TIME ZONE 'Asia/Seoul' AS varchar),
        CAST(CAST(TIMESTAMP '2025-02-13 18:30:00 UTC' AS timestamp) AS varchar),
        CAST(CAST(TIMESTAMP '2025-02-13 18:30:00' AS timestamp with time zone) AS varchar),
        date(TIMESTAMP '2025-02-13 23:30:00'),
        current_timezone()\`],
    ]) {
      const { rows } = await engine.query(sql, { dialect })
      for await (const [row] of rows) found.push(...row.map((cell) => (cell?.kind === 'date' ? cell.days : cell)))
    }
    console.log(new Date().getTimezoneOffset() + '|' + found.join('|'))
    engine.close()`
  const told = ['UTC', 'Pacific/Apia', 'America/New_York'].map((TZ) =>
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env: { ...process.env, TZ },
      encoding: 'utf8',
    }).trim(),
  )
  const [offsets, answers] = [
    told.map((line) => line.split('|')[0]),
    told.map((line) => line.split('|').slice(1)),
  ]
  expect(new Set(offsets).size).toBe(3)
  const answer = [
    '2025-02-13 18:30:00+00',
    '2025-02-13',
    '1970-01-01 00:00:00+00',
    '1739404800',
    '1970-01-01 00:00:00.000 UTC',
    '2025-02-14 03:30:00 Asia/Seoul',
    '2025-02-13 18:30:00.000',
    '2025-02-13 18:30:00.000 UTC',
    '20132',
    'UTC',
  ]
  expect(answers).toEqual([answer, answer, answer])
})
