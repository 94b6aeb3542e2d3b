import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../../src/catalog.ts'
import { type IsolationParts, openIsolated } from '../../../src/query/duckdb/isolated.ts'
import type { DuckDbParts } from '../../../src/query/duckdb/parts.ts'
import { rowsAhead } from '../../../src/query/duckdb/protocol.ts'
import { forkWorker } from '../../../src/query/duckdb/worker.ts'
import { openDuckDb } from '../../../src/query/duckdb.ts'
import type { QueryEngine, QueryOptions } from '../../../src/query/engine.ts'
import { openMemoryStore } from '../../../src/store/memory.ts'
import { useChild } from '../../child.ts'
import { eventually } from '../../eventually.ts'
import { asJson } from '../archive.ts'
import { untilBusy } from './running.ts'

const script = useChild(new URL('../../../src/query/duckdb/child.ts', import.meta.url))

/** An engine over a cache of its own, and the processes that it started. */
type Opened = {
  readonly engine: QueryEngine
  readonly children: ChildProcess[]
  readonly folder: string
  readonly close: () => Promise<void>
}

const opened: Opened[] = []
async function open(parts: Partial<DuckDbParts> = {}, isolation: Partial<IsolationParts> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-isolated-'))
  const children: ChildProcess[] = []
  const fork = () => {
    const child = forkWorker(script())
    children.push(child)
    return child
  }
  const engine = await openIsolated(
    { store: openMemoryStore(), catalog: new Map(), cache: { folder }, ...parts },
    { fork, ...isolation },
  )
  const close = async () => {
    await engine.close()
    expect(readdirSync(folder).filter((name) => name.startsWith('new-'))).toEqual([])
    expect(children.every(isGone)).toBe(true)
    rmSync(folder, { recursive: true, force: true })
  }
  const one = { engine, children, folder, close }
  opened.push(one)
  return one
}
afterAll(() => {
  for (const { children } of opened) for (const child of children) child.kill('SIGKILL')
})

const isGone = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null
const inDuckDb = { dialect: 'duckdb' } as const

async function ask(engine: QueryEngine, sql: string, options: QueryOptions = {}): Promise<unknown> {
  return JSON.parse(await asJson(engine, sql, { ...inDuckDb, ...options }))
}

/** However slow the machine is, a statement that hears an interrupt has time to. */
const patient = { graceMs: 600_000 }

/** Keeps one vector of DuckDB busy for long, and hears no interrupt. */
const stubborn = "SELECT levenshtein(repeat('a', 150000), repeat('b', 150000)) AS n"
/** Runs for ever, and hears an interrupt. */
const endless = 'SELECT COUNT(*) AS n FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1'
/** Puts what it sorts on the disk, for long. */
const spilling = 'SELECT i, md5(CAST(i AS VARCHAR)) AS h FROM range(100000000) AS t(i) ORDER BY h'
/** Takes 1.6 GB that DuckDB does not count. */
const greedy = 'SELECT len(range(200000000)) AS n'

describe('whatever the statement is', () => {
  test('its process is ended once its time has passed, and the next statement has a new one', async () => {
    const { engine, children, close } = await open({}, { graceMs: 50 })
    await expect(ask(engine, stubborn, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/^it took longer than 0\.2 s; .*--timeout/),
    })
    expect(children.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL'])
    expect(await ask(engine, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
    expect(children).toHaveLength(2)
    await close()
  })

  test('its process is ended once it is aborted', async () => {
    const { engine, children, close } = await open({}, { graceMs: 50 })
    const stop = new AbortController()
    const asked = ask(engine, stubborn, { signal: stop.signal })
    asked.catch(() => {})
    await untilBusy(children[0]?.pid)
    stop.abort()
    await expect(asked).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: 'the query was ended before it was done',
    })
    expect(children.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL'])
    expect(await ask(engine, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
    await close()
  })

  test('its process is ended once it holds more memory than its share', async () => {
    const { engine, children, close } = await open({ memoryMax: '100MB' }, { residentBytesMax: 600e6 })
    await expect(ask(engine, greedy, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/more memory than the 100MB .*queryMemory/),
    })
    expect(children.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL'])
    expect(await ask(engine, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
    await close()
  })

  test('an export ends in the same ways, and leaves no file', async () => {
    const { engine, folder, close } = await open({}, { graceMs: 50 })
    const path = join(folder, 'result.parquet')
    await expect(engine.exportParquet(stubborn, path, { ...inDuckDb, timeoutMs: 200 })).rejects.toMatchObject(
      { code: 'QUERY_LIMIT' },
    )
    expect(readdirSync(folder)).toEqual([])
    expect(await engine.exportParquet('SELECT 1 AS a', path, inDuckDb)).toMatchObject({ rows: 1 })
    expect(readdirSync(folder)).toEqual(['result.parquet'])
    await close()
  })
})

describe('a process that does what it is told', () => {
  let engine: QueryEngine
  let children: ChildProcess[]
  let close: () => Promise<void>
  beforeAll(async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'isolated-secret'
    const one = await open({}, patient)
    ;({ engine, children, close } = one)
  })
  afterAll(async () => {
    delete process.env.AWS_SECRET_ACCESS_KEY
    await close()
  })

  test('goes on after an interrupt, and after a result that nobody reads to its end', async () => {
    await expect(ask(engine, endless, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'QUERY_LIMIT' })
    const { rows } = await engine.query('SELECT * FROM range(1000000)', inDuckDb)
    for await (const _ of rows) break
    expect(await ask(engine, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
    expect(children.map(isGone)).toEqual([false])
  })

  test('makes rows as they are read: only so many messages of them are on their way', async () => {
    let sent = 0
    children[0]?.on('message', (message: { what: string }) => {
      if (message.what === 'rows') sent += 1
    })
    const sql = "SELECT repeat('x', 1000) || i AS s FROM range(100000) AS t(i)"
    const { rows } = await engine.query(sql, inDuckDb)
    let read = 0
    let count = 0
    for await (const part of rows) {
      read += 1
      count += part.length
      // Another process starts and answers meanwhile: time enough for all rows to come.
      if (read === 1) expect(await ask(engine, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
      expect(sent - read).toBeLessThanOrEqual(rowsAhead)
    }
    expect(count).toBe(100_000)
    expect(read).toBeGreaterThan(20)
  })

  test('refuses a row that is too large to be passed on', async () => {
    await expect(ask(engine, "SELECT repeat('x', 40000000) AS s")).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/more than 64 MiB/),
    })
  })

  test('is given no credentials', () => {
    const living = children.find((child) => !isGone(child))
    const environment = readFileSync(`/proc/${living?.pid}/environ`, 'utf8')
    expect(environment).toContain('PATH=')
    expect(environment).not.toContain('isolated-secret')
  })
})

test('a process that is killed by others is told of, leaves nothing, and the next statement has a new one', async () => {
  const { engine, children, folder, close } = await open({ memoryMax: '60MB' })
  const asked = ask(engine, spilling)
  asked.catch(() => {})
  await eventually(() => readdirSync(folder).length > 0)
  children[0]?.kill('SIGKILL')
  await expect(asked).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/ended from outside \(SIGKILL\)/),
  })
  expect(readdirSync(folder)).toEqual([])
  expect(await ask(engine, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
  // While it waits for the next statement, too.
  const idle = children[1] as ChildProcess
  idle.kill('SIGKILL')
  await once(idle, 'exit')
  expect(await ask(engine, 'SELECT 2 AS a')).toEqual([{ a: 2 }])
  expect(children).toHaveLength(3)
  await close()
})

test('statements at once have a process each, and those beyond the bound wait for their turn', async () => {
  const { engine, children, close } = await open({ statementsMax: 2 }, patient)
  const stop = new AbortController()
  const held = [endless, endless].map((sql) => ask(engine, sql, { signal: stop.signal }))
  const settled = Promise.allSettled(held)
  await expect(ask(engine, 'SELECT 1 AS a', { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'QUERY_LIMIT',
  })
  const third = ask(engine, 'SELECT 3 AS a')
  stop.abort()
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await third).toEqual([{ a: 3 }])
  expect(children).toHaveLength(2)
  await close()
})

test('an engine that cannot be opened says why', async () => {
  await expect(open({ memoryMax: 'much' })).rejects.toMatchObject({ code: 'SETTING_INVALID' })
  await expect(open({ cache: { folder: '/proc/none' } })).rejects.toMatchObject({
    code: 'SETTING_INVALID',
    message: expect.stringContaining('/proc/none'),
  })
})

describe('over an archive', () => {
  const statements = [
    ['athena', 'SELECT * FROM nothing'],
    ['athena', 'SELECT 1 +'],
    ['athena', "SELECT CAST('x' AS INTEGER)"],
    ['athena', 'DROP TABLE demand'],
    ['athena', 'SHOW TABLES'],
    ['athena', 'SELECT COUNT(*) AS n FROM demand'],
    ['duckdb', "SELECT CAST('x' || i AS INT) AS n FROM range(3) AS t(i)"],
    ['duckdb', 'SELECT * FROM nothing'],
  ] as const
  let local: QueryEngine
  let isolated: Opened
  beforeAll(async () => {
    local = await openDuckDb({ store: openMemoryStore(), catalog: loadCatalog() })
    isolated = await open({ catalog: loadCatalog() })
  })
  afterAll(async () => {
    await local.close()
    await isolated.close()
  })

  test.each(statements)(
    'in the SQL of %s, the answer is that of DuckDB in this process: %s',
    async (dialect, sql) => {
      const outcome = async (engine: QueryEngine) => {
        try {
          const { columns, scan, rows } = await engine.query(sql, { dialect })
          const all = []
          for await (const part of rows) all.push(...part)
          return { columns, scan, all }
        } catch (error) {
          const { name, code, message, fix } = error as Error & { code: string; fix: string | undefined }
          return { name, code, message, fix }
        }
      }
      expect(await outcome(isolated.engine)).toEqual(await outcome(local))
    },
  )
})
