import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type AthenaParts, openAthena } from '../../../src/query/athena.ts'
import type { Cell, QueryEngine, QueryOptions } from '../../../src/query/engine.ts'
import { loadSavedQueries } from '../../../src/query/saved.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { change, demandItem, eventItem, notificationItem, saleItem } from '../../changes.ts'
import { eventually } from '../../eventually.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { openTestArchive, type TestArchive } from '../archive.ts'
import { runInDuckDb } from './duckdb.ts'
import { type Answer, type AthenaServer, Ended, startAthena } from './server.ts'

process.env.AWS_ACCESS_KEY_ID ??= 'test'
process.env.AWS_SECRET_ACCESS_KEY ??= 'test'

const parts = (endpoint: string) => ({
  workgroup: 'dmd',
  database: 'dmd',
  region: 'eu-west-1',
  endpoint,
  runtime: systemRuntime(),
  pollMs: [2, 10] as const,
})

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

/** A server over an engine of the test's, and Athena's engine over the server. */
async function open(
  run: (sql: string) => Promise<Answer>,
  more: { readonly [name in keyof AthenaParts]?: AthenaParts[name] | undefined } = {},
): Promise<{ server: AthenaServer; athena: QueryEngine }> {
  const server = await startAthena(run)
  const athena = await openAthena({ ...parts(server.endpoint), ...more } as AthenaParts)
  opened.push(server.close, athena.close)
  return { server, athena }
}

type Rows = { readonly names: readonly string[]; readonly rows: readonly (readonly Cell[])[] }

async function ask(engine: QueryEngine, sql: string, options?: QueryOptions): Promise<Rows> {
  const { columns, rows } = await engine.query(sql, options)
  const all: (readonly Cell[])[] = []
  for await (const some of rows) all.push(...some)
  return { names: columns.map(({ name }) => name), rows: all }
}

const numbers = (count: number): Answer => ({
  columns: [{ name: 'n', type: 'bigint' }],
  rows: Array.from({ length: count }, (_, n) => [String(n)]),
})

describe('over real rows', () => {
  let archive: TestArchive
  beforeAll(async () => {
    archive = await openTestArchive()
    const items = Array.from({ length: 40 }, (_, n) => ({
      ...demandItem,
      SK: `DEMAND#${n}`,
      fanId: `fan-${n}`,
    }))
    const deleted = { before: demandItem, operation: 'REMOVE' }
    await archive.add(
      [{ item: eventItem }, { item: saleItem }, { item: notificationItem }, deleted].map((spec, n) => ({
        payload: change({ ...spec, id: `other ${n}`, at: '2024-11-02T09:00:00Z' }),
        sequence: String(100 + n),
      })),
    )
    await archive.add(
      items.map((item, n) => ({ payload: change({ item, id: `i${n}` }), sequence: String(n) })),
    )
  })
  afterAll(() => archive.close())

  test.each([
    ...loadSavedQueries().map(({ sql }) => sql),
    'SELECT COUNT(*), SUM(change.micros) FROM demand',
    'SELECT * FROM demand_current ORDER BY fanid',
    `SELECT fanid, CAST(1.5 AS decimal(10,2)) AS d, 1e0 / 3 AS x, DATE '2025-01-01' AS day, change.timestamp AS at, NULL AS no, '' AS nothing
     FROM demand ORDER BY fanid`,
    'SHOW PARTITIONS demand',
    'DESCRIBE demand',
    'SHOW TABLES',
  ])('gives what DuckDB gives: %s', async (sql) => {
    const { athena } = await open((sent) => runInDuckDb(archive.engine, sent))
    const ours = await ask(archive.engine, sql)
    const theirs = await ask(athena, sql)
    expect(theirs.names).toEqual(ours.names)
    expect(ours.rows.length).toBeGreaterThan(/'ttl'|isdeleted = true/.test(sql) ? -1 : 0)
    // What has parts is text in Athena's answers.
    const hasParts = (cell: Cell | undefined) =>
      typeof cell === 'object' &&
      cell !== null &&
      'kind' in cell &&
      ['struct', 'list', 'map'].includes(cell.kind)
    const comparable = (rows: Rows['rows']) =>
      rows.map((row, at) =>
        row.map((cell, index) => (hasParts(ours.rows[at]?.[index]) ? 'parts' : plain(cell))),
      )
    expect(comparable(theirs.rows)).toEqual(comparable(ours.rows))
  })

  test('a Parquet file has the rows and their types', async () => {
    const { athena } = await open((sent) => runInDuckDb(archive.engine, sent))
    const folder = mkdtempSync(join(tmpdir(), 'dmd-athena-'))
    opened.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'out.parquet')
    const sql = `SELECT fanid, fanid AS FANID, change.micros AS micros, change.timestamp AS at, DATE '2025-01-01' AS day,
      isdeleted, 0.5e0 AS half, CAST(2.25 AS decimal(10,2)) AS price, NULL AS no, '' AS nothing FROM demand ORDER BY fanid`
    const { rows, charge } = await athena.exportParquet(sql, path)
    expect(rows).toBe(41)
    expect(charge).toEqual({ scannedBytes: 123_456, queuedMs: 50, ranMs: 400 })
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${path}'`)
    expect(described.getRows().map(([name, type]) => `${name} ${type}`)).toEqual([
      'fanid VARCHAR',
      'FANID:1 VARCHAR',
      'micros BIGINT',
      'at TIMESTAMP',
      'day DATE',
      'isdeleted BOOLEAN',
      'half DOUBLE',
      'price DECIMAL(10,2)',
      'no VARCHAR',
      'nothing VARCHAR',
    ])
    const read = await connection.runAndReadAll(`SELECT * FROM '${path}'`)
    const direct = await ask(archive.engine, sql)
    const text = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(String).slice(0, 3))
    expect(text(read.getRows())).toEqual(text(direct.rows))
    expect(read.getRows()[0]?.slice(-2)).toEqual([null, ''])
  })
})

describe('a Parquet file of a result', () => {
  /** Where a test's files lie; what is temporary lies in `temporary` of it. */
  function folders(): { folder: string; temporary: string } {
    const folder = mkdtempSync(join(tmpdir(), 'dmd-athena-'))
    const temporary = join(folder, 'temporary')
    mkdirSync(temporary)
    const { TMPDIR } = process.env
    process.env.TMPDIR = temporary
    opened.push(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
      rmSync(folder, { recursive: true })
    })
    return { folder, temporary }
  }

  test('has each of Athena’s types as its own, and null in each', async () => {
    const types = [
      ['boolean', 'true', 'BOOLEAN', 'true'],
      ['tinyint', '-7', 'TINYINT', '-7'],
      ['smallint', '300', 'SMALLINT', '300'],
      ['integer', '70000', 'INTEGER', '70000'],
      ['bigint', '9007199254740993', 'BIGINT', '9007199254740993'],
      ['float', '0.5', 'FLOAT', '0.5'],
      ['double', '1.0E-3', 'DOUBLE', '0.001'],
      ['decimal', '12.30', 'DECIMAL(10,2)', '12.30'],
      ['date', '2025-02-13', 'DATE', '2025-02-13'],
      ['timestamp', '2025-02-13 18:30:00.123', 'TIMESTAMP', '2025-02-13 18:30:00.123'],
      ['timestamp with time zone', '2025-02-13 18:30:00.000 UTC', 'VARCHAR', '2025-02-13T18:30:00.000Z'],
      ['varbinary', '00 ff 10', 'BLOB', '\\x00\\xFF\\x10'],
      ['varchar', 'é', 'VARCHAR', 'é'],
      ['array', '[a, b]', 'VARCHAR', '[a, b]'],
    ] as const
    const { athena } = await open(async () => ({
      columns: types.map(([type], index) => ({ name: `c${index}`, type, precision: 10, scale: 2 })),
      rows: [types.map(([, text]) => text), types.map(() => undefined)],
    }))
    const { folder } = folders()
    const path = join(folder, 'out.parquet')
    expect((await athena.exportParquet('SELECT * FROM demand', path)).rows).toBe(2)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${path}'`)
    expect(described.getRows().map(([, type]) => type)).toEqual(types.map(([, , type]) => type))
    const read = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM '${path}'`)
    expect(read.getRows()).toEqual([types.map(([, , , value]) => value), types.map(() => null)])
    connection.closeSync()
  })

  test('leaves nothing behind but itself, nor where it cannot be written or its rows end early', async () => {
    const { folder, temporary } = folders()
    const { athena, server } = await open(async () => numbers(2_500), { attemptsMax: 1 })
    await athena.exportParquet('SELECT n FROM demand', join(folder, 'out.parquet'))
    expect(readdirSync(temporary)).toEqual([])
    const nowhere = join(folder, 'nowhere', 'out.parquet')
    await expect(athena.exportParquet('SELECT n FROM demand', nowhere)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('cannot be written'),
    })
    expect(readdirSync(temporary)).toEqual([])
    const early = join(folder, 'early.parquet')
    await expect(
      athena.exportParquet('SELECT n FROM demand', early, { rowsMax: 1_500 }),
    ).rejects.toMatchObject({ code: 'QUERY_LIMIT' })
    server.fail('GetQueryResults', { status: 400, type: 'ExpiredTokenException', message: 'expired' })
    await expect(athena.exportParquet('SELECT n FROM demand', early)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(folder).sort()).toEqual(['out.parquet', 'temporary'])
  })

  test('leaves nothing behind where DuckDB cannot begin', async () => {
    const { folder, temporary } = folders()
    const { athena } = await open(async () => numbers(1))
    const create = vi.spyOn(DuckDBInstance, 'create').mockRejectedValueOnce(new Error('no room'))
    opened.push(() => create.mockRestore())
    await expect(athena.exportParquet('SELECT 1', join(folder, 'out.parquet'))).rejects.toThrow('no room')
    expect(readdirSync(temporary)).toEqual([])
  })
})

const plain = (cell: Cell): unknown =>
  typeof cell === 'bigint' || typeof cell === 'number' ? { number: String(cell) } : cell

describe('pages', () => {
  test('rows come page by page, the header left out, one that looks like it kept', async () => {
    const { athena, server } = await open(async () => ({
      columns: [{ name: 'n', type: 'varchar' }],
      rows: [['n'], ['n'], [undefined], ['']],
    }))
    server.pageRows = 2
    expect((await ask(athena, 'SELECT n FROM demand')).rows).toEqual([['n'], ['n'], [null], ['']])
    expect(server.calls.filter((call) => call === 'GetQueryResults')).toHaveLength(3)
  })

  test('what tells of the catalog has no header', async () => {
    const { athena } = await open(async () => ({
      columns: [{ name: 'tab_name', type: 'varchar' }],
      rows: [['tab_name'], ['demand']],
      statementType: 'UTILITY',
    }))
    expect((await ask(athena, 'SHOW TABLES')).rows).toEqual([['tab_name'], ['demand']])
  })

  test('a plan has a header, and its lines stay as they are', async () => {
    const { athena } = await open(async () => ({
      columns: [{ name: 'Query Plan', type: 'varchar' }],
      rows: [['Fragment 0'], ['    - Output[n]\t'], ['Query Plan']],
      statementType: 'UTILITY',
    }))
    expect((await ask(athena, 'EXPLAIN SELECT n FROM demand')).rows).toEqual([
      ['Fragment 0'],
      ['    - Output[n]\t'],
      ['Query Plan'],
    ])
  })

  test('a large result is read as it is used: no page before the one after next', async () => {
    const { athena, server } = await open(async () => numbers(50_000))
    const { rows } = await athena.query('SELECT n FROM demand')
    const pages = () => server.calls.filter((call) => call === 'GetQueryResults').length
    let seen = 0
    for await (const some of rows) {
      seen += some.length
      expect(pages()).toBeLessThanOrEqual(Math.ceil(seen / 1000) + 2)
    }
    expect(seen).toBe(50_000)
  })

  test('a result of more rows than are allowed ends with QUERY_LIMIT', async () => {
    const { athena } = await open(async () => numbers(3_000))
    await expect(ask(athena, 'SELECT n FROM demand', { rowsMax: 2_999 })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/more than 2,999 rows; .* queryRowsMax/),
    })
    expect((await ask(athena, 'SELECT n FROM demand', { rowsMax: 3_000 })).rows).toHaveLength(3_000)
  })
})

describe('a query is looked at', () => {
  /** A query that ends after so many waits, and the waits. */
  async function waitsOf(count: number, pollMs?: AthenaParts['pollMs']): Promise<readonly number[]> {
    const waits: number[] = []
    let end = (_: Answer) => {}
    const { athena, server } = await open(() => new Promise((resolve) => (end = resolve)), {
      pollMs,
      runtime: runtimeWith({
        sleep: async (ms) => {
          if (waits.push(ms) === count) end(numbers(1))
        },
      }),
    })
    expect((await ask(athena, 'SELECT 1')).rows).toEqual([[0n]])
    expect(server.calls.filter((call) => call === 'GetQueryExecution')).toHaveLength(count + 1)
    return waits
  }

  test('again and again until it is done, ever more seldom up to the longest wait', async () => {
    expect(await waitsOf(7, [2, 10])).toEqual([2, 3, 4.5, 6.75, 10, 10, 10])
    expect(await waitsOf(2, [10, 10])).toEqual([10, 10])
  })

  test('every two seconds in the end, and soon at first, unless it is told otherwise', async () => {
    const waits = await waitsOf(12)
    expect(waits.slice(0, 3)).toEqual([100, 150, 225])
    expect(waits.slice(-3)).toEqual([2_000, 2_000, 2_000])
  })
})

test('a statement goes to the workgroup and the database in the account’s own catalog, once by its token', async () => {
  const tokens = ['a', 'b'].map((letter) => letter.repeat(32))
  const { athena, server } = await open(async () => numbers(1), {
    database: 'my_own',
    runtime: runtimeWith({ newId: () => tokens.shift() ?? '' }),
  })
  server.fail('StartQueryExecution', 'lost', { status: 500, type: 'InternalServerException', message: 'no' })
  await ask(athena, 'SELECT 1 AS n')
  await ask(athena, 'SELECT 2 AS n')
  const starts = server.requests.filter(({ call }) => call === 'StartQueryExecution')
  const start = (statement: string, letter: string) => ({
    QueryString: statement,
    ClientRequestToken: letter.repeat(32),
    WorkGroup: 'dmd',
    QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'my_own' },
  })
  expect(starts.map(({ body }) => body)).toEqual([
    ...Array.from({ length: 3 }, () => start('SELECT 1 AS n', 'a')),
    start('SELECT 2 AS n', 'b'),
  ])
  expect(new Set(server.requests.map(({ region }) => region))).toEqual(new Set(['eu-west-1']))
  expect(server.executions).toHaveLength(2)
})

describe('a query that is not waited for is stopped', () => {
  const never = () => new Promise<Answer>(() => {})
  /** Asks with a bound on the time, which passes when the server is as far as `isSo` says. */
  async function askUntil(athena: QueryEngine, timeoutMs: number, isSo: () => boolean): Promise<Rows> {
    const bound = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(bound.signal)
    onTestFinished(() => timeout.mockRestore())
    const asked = ask(athena, 'SELECT 1', { timeoutMs })
    asked.catch(() => {})
    await eventually(isSo)
    expect(timeout).toHaveBeenCalledWith(timeoutMs)
    bound.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    return asked
  }

  test('when it takes too long', async () => {
    const { athena, server } = await open(never)
    await expect(askUntil(athena, 100, () => server.executions.length === 1)).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/longer than 0.1 s; .* queryTimeoutMs/),
    })
    expect(server.executions.map(({ state }) => state)).toEqual(['CANCELLED'])
  })

  test('when it is given up', async () => {
    const { athena, server } = await open(never)
    const abort = new AbortController()
    const asked = ask(athena, 'SELECT 1', { signal: abort.signal })
    asked.catch(() => {})
    await eventually(() => server.executions.length === 1)
    abort.abort()
    await expect(asked).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: 'the query was ended before it was done',
    })
    expect(server.executions.map(({ state }) => state)).toEqual(['CANCELLED'])
  })

  test('at once, however long the next look is away', async () => {
    const { athena, server } = await open(never, { pollMs: [1e9, 1e9] })
    // It waits when it has looked once.
    const hasLooked = () => server.calls.includes('GetQueryExecution')
    await expect(askUntil(athena, 20, hasLooked)).rejects.toMatchObject({ code: 'QUERY_LIMIT' })
    expect(server.executions.map(({ state }) => state)).toEqual(['CANCELLED'])
  })

  test.each(['GetQueryExecution', 'GetQueryResults'])(
    'though a call of it is never answered (%s)',
    async (call) => {
      const { athena, server } = await open(async () => numbers(1))
      server.fail(call, 'silent')
      await expect(askUntil(athena, 100, () => server.calls.includes(call))).rejects.toMatchObject({
        code: 'QUERY_LIMIT',
        message: expect.stringMatching(/longer than 0.1 s/),
      })
      expect(server.calls.at(-1)).toBe(call === 'GetQueryExecution' ? 'StopQueryExecution' : call)
    },
  )

  test('and why it was given up is told, though it cannot be stopped', async () => {
    const { athena, server } = await open(never, { attemptsMax: 1 })
    server.fail('StopQueryExecution', { status: 400, type: 'AccessDeniedException', message: 'no' })
    await expect(askUntil(athena, 50, () => server.executions.length === 1)).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
    })
  })

  test('one that was given up before it began is not started', async () => {
    const { athena, server } = await open(never)
    await expect(ask(athena, 'SELECT 1', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    })
    expect(server.calls).toEqual([])
  })

  test('what is refused is not sent', async () => {
    const { athena, server } = await open(never)
    await expect(ask(athena, 'DROP TABLE demand')).rejects.toMatchObject({ code: 'QUERY_REFUSED' })
    expect(server.calls).toEqual([])
  })
})

describe('when calls fail', () => {
  const throttled = { status: 400, type: 'TooManyRequestsException', message: 'Rate exceeded' }

  test('throttling is waited out', async () => {
    const { athena, server } = await open(async () => numbers(1))
    server.fail('StartQueryExecution', throttled, throttled)
    server.fail('GetQueryExecution', throttled)
    server.fail('GetQueryResults', { status: 500, type: 'InternalServerException', message: 'oops' })
    expect((await ask(athena, 'SELECT 1')).rows).toEqual([[0n]])
    expect(server.executions).toHaveLength(1)
  })

  test('a start whose answer is lost runs once', async () => {
    const { athena, server } = await open(async () => numbers(1))
    server.fail('StartQueryExecution', 'lost', 'lost')
    expect((await ask(athena, 'SELECT 1')).rows).toEqual([[0n]])
    expect(server.calls.filter((call) => call === 'StartQueryExecution')).toHaveLength(3)
    expect(server.executions).toHaveLength(1)
  })

  test.each([
    ['never answered', 'silent', 'StartQueryExecution'],
    ['never answered', 'silent', 'GetQueryExecution'],
    ['answered without an end', 'unended', 'GetQueryExecution'],
    ['answered without an end', 'unended', 'GetQueryResults'],
  ] as const)('one that is %s fails in its time (%s, %s)', async (_, fault, call) => {
    const { athena, server } = await open(async () => numbers(1), { timeoutMs: 50, attemptsMax: 1 })
    server.fail(call, fault)
    await expect(ask(athena, 'SELECT 1')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/^Athena: .*\nCheck the endpoint and the network\.$/),
    })
  })

  test('one that is not answered to its end is made again', async () => {
    // A slow machine may need more attempts than the two faults do.
    const { athena, server } = await open(async () => numbers(1), { timeoutMs: 200, attemptsMax: 8 })
    server.fail('StartQueryExecution', 'silent')
    server.fail('GetQueryResults', 'unended')
    expect((await ask(athena, 'SELECT 1')).rows).toEqual([[0n]])
    expect(server.executions).toHaveLength(1)
  })

  test('the error has the name of its cause, and nothing of the request or the answer', async () => {
    const { athena, server } = await open(async () => numbers(1), { attemptsMax: 1 })
    server.fail('StartQueryExecution', { status: 400, type: 'ExpiredTokenException', message: 'it expired' })
    const error = await ask(athena, "SELECT 'ada' AS n").then(
      () => undefined,
      (failure: Error) => failure,
    )
    expect(error?.cause).toBeInstanceOf(Error)
    expect(error?.cause).toMatchObject({ name: 'ExpiredTokenException', message: 'ExpiredTokenException' })
    const whole = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    expect(whole).toContain('it expired')
    expect(whole).not.toMatch(/ada|AWS4-HMAC|x-amz|127\.0\.0\.1|\$response|\$metadata|httpStatusCode/i)
  })

  test.each([
    [
      {
        status: 400,
        type: 'AccessDeniedException',
        message: 'User: x is not authorized to perform: athena:StartQueryExecution on resource: y',
      },
      /athena:StartQueryExecution on resource: y\nGive this role the rights that the analyst’s has/,
    ],
    [
      {
        status: 400,
        type: 'ExpiredTokenException',
        message: 'The security token included in the request is expired',
      },
      /expired\nRenew the credentials; those of SSO by aws sso login\./,
    ],
    [
      { status: 400, type: 'InvalidRequestException', message: 'WorkGroup dmd is disabled.' },
      /disabled\.\nEnable the workgroup/,
    ],
    [
      {
        status: 400,
        type: 'InvalidRequestException',
        message: 'No output location provided. An output location is required',
      },
      /Give the workgroup a place for results/,
    ],
    [
      {
        status: 400,
        type: 'InvalidRequestException',
        message: "line 1:8: mismatched input 'x'. Expecting: ';'",
      },
      /^Athena: line 1:8: mismatched input 'x'\. Expecting: ';'$/,
    ],
    [throttled, /Rate exceeded\nThe account asks more often than Athena allows/],
  ])('$type says what to do', async (fault, message) => {
    const { athena, server } = await open(async () => numbers(1), { attemptsMax: 1 })
    server.fail('StartQueryExecution', fault)
    await expect(ask(athena, 'SELECT 1')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(message),
    })
  })

  test('a workgroup that is not there, and a server that is not', async () => {
    const { athena } = await open(async () => numbers(1), { workgroup: 'other' })
    await expect(ask(athena, 'SELECT 1')).rejects.toMatchObject({
      message: 'Athena: WorkGroup other is not found.\nCheck --workgroup and the region (AWS_REGION).',
    })
    const gone = await openAthena({ ...parts('http://127.0.0.1:9'), attemptsMax: 1 })
    opened.push(gone.close)
    await expect(ask(gone, 'SELECT 1')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/ECONNREFUSED[^\n]*\nCheck the endpoint and the network\.$/),
    })
  })

  test('a later page that cannot be read fails the result', async () => {
    const { athena, server } = await open(async () => numbers(2_500), { attemptsMax: 1 })
    const { rows } = await athena.query('SELECT n FROM demand')
    server.fail('GetQueryResults', { status: 400, type: 'ExpiredTokenException', message: 'expired' })
    let seen = 0
    const reading = (async () => {
      for await (const some of rows) seen += some.length
    })()
    await expect(reading).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(seen).toBe(999)
  })
})

describe('a query that Athena ends', () => {
  const personal = 'ada@example.com'
  test.each([
    [
      "COLUMN_NOT_FOUND: line 1:8: Column 'nme' cannot be resolved",
      'QUERY_FAILED',
      /line 1:8: Column 'nme' cannot be resolved\nDESCRIBE the table/,
    ],
    [
      "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.dmd.demnd' does not exist",
      'QUERY_FAILED',
      /demnd' does not exist\nCheck --database/,
    ],
    [
      'SYNTAX_ERROR: line 1:30: Function f not registered',
      'QUERY_FAILED',
      /^SYNTAX_ERROR: line 1:30: Function f not registered$/,
    ],
    [
      `INVALID_CAST_ARGUMENT: Cannot cast '${personal}' to BIGINT`,
      'QUERY_FAILED',
      /^INVALID_CAST_ARGUMENT \(the rest is left out, since it may quote a row\)\nTRY_CAST/,
    ],
    [
      `HIVE_BAD_DATA: Error parsing field value '${personal}' for field 3`,
      'QUERY_FAILED',
      /^HIVE_BAD_DATA \(the rest.*\nAn object in the archive is no Avro/,
    ],
    [
      `HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://b/data/demand/x.avro: Access Denied`,
      'QUERY_FAILED',
      /s3:GetObject on data/,
    ],
    [`something new about ${personal}`, 'QUERY_FAILED', /^the statement failed \(the rest is left out/],
    [
      'Query exhausted resources at this scale factor',
      'QUERY_LIMIT',
      /^Query exhausted resources at this scale factor\nNarrow it/,
    ],
    [
      'EXCEEDED_LOCAL_MEMORY_LIMIT: Query exceeded per-node memory limit of 13GB',
      'QUERY_LIMIT',
      /Narrow it, by partition_date above all, or let it sort/,
    ],
  ] as const)('%s', async (reason, code, message) => {
    const { athena } = await open(async () => {
      throw new Ended(reason)
    })
    const error = await ask(athena, 'SELECT 1').then(
      () => undefined,
      (failure: Error) => failure,
    )
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(`${error?.stack} ${JSON.stringify(error)}`).not.toContain(personal)
  })

  test('by its limit on scanned bytes, or by another person', async () => {
    const ends = [new Ended('Bytes scanned limit was exceeded', 'CANCELLED'), new Ended('', 'CANCELLED')]
    const { athena } = await open(async () => {
      throw ends.shift() ?? new Error('no more')
    })
    await expect(ask(athena, 'SELECT 1')).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/^Bytes scanned limit was exceeded\n.*athena\.scanBytesMax/),
    })
    await expect(ask(athena, 'SELECT 1')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: 'the query was cancelled in Athena',
    })
  })
})
