import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { toCatalog } from '../../src/record/schema.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { change, demandItem, records } from '../changes.ts'
import { runtimeWith } from '../support/runtime.ts'
import { asJson, openTestArchive, type TestArchive } from './archive.ts'

const catalog = loadCatalog()
const counts = 'SELECT COUNT(*) AS n FROM demand'
let archive: TestArchive
let folder: string
let now: number
let open: QueryEngine[]
beforeEach(async () => {
  archive = await openTestArchive()
  folder = mkdtempSync(join(tmpdir(), 'dmd-cache-test-'))
  now = Date.now()
  open = []
})
afterEach(async () => {
  for (const engine of open) await engine.close()
  await archive.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A further engine over the archive and the cache, as another process has it. */
async function engineOver(over: Partial<Parameters<typeof openDuckDb>[0]> = {}): Promise<QueryEngine> {
  const engine = await openDuckDb({
    store: archive.store,
    catalog,
    cache: { folder },
    runtime: runtimeWith({ clock: () => now }),
    ...over,
  })
  open.push(engine)
  return engine
}

/** A statement's rows, and how many files were loaded for them. */
async function ask(engine: QueryEngine, sql = counts): Promise<{ rows: unknown; loaded: number }> {
  let loaded = 0
  const { columns, rows } = await engine.query(sql, {
    onLoad: async ({ files }) => {
      loaded = files
    },
  })
  const found: unknown[] = []
  for await (const chunk of rows) {
    for (const row of chunk)
      found.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))
  }
  return { rows: found, loaded }
}

const add = (id: string, day = '2025-02-13') =>
  archive.add(
    records([
      change({
        item: { ...demandItem, PK: `FAN#${id}`, fanId: id, date: { requested: `${day}T12:00:00Z` } },
        at: `${day}T12:00:00Z`,
        id,
      }),
    ]),
    id,
  )
const packs = () => readdirSync(folder).filter((name) => name.endsWith('.json'))
const parquet = () => readdirSync(folder).filter((name) => name.endsWith('.parquet'))

describe('a cache on disk', () => {
  test('is used by the next engine, which loads just what came since', async () => {
    await add('1')
    await add('2')
    expect(await ask(await engineOver())).toEqual({ rows: [{ n: 2n }], loaded: 2 })
    expect(await ask(await engineOver())).toEqual({ rows: [{ n: 2n }], loaded: 0 })
    await add('3')
    expect(await ask(await engineOver())).toEqual({ rows: [{ n: 3n }], loaded: 1 })
  })

  test('is for its owner alone', async () => {
    await add('1')
    await ask(await engineOver())
    expect(readdirSync(folder).length).toBe(2)
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
    const made = join(folder, 'made', 'new')
    await engineOver({ cache: { folder: made } })
    expect(statSync(made).mode & 0o777).toBe(0o700)
  })

  test('never serves a file that was replaced under its key, nor one that is gone, and keeps no byte of it', async () => {
    const [key = ''] = await add('1')
    const [other = ''] = await add('2')
    const first = await engineOver()
    await ask(first)
    const [replacement = ''] = await add('3')
    const bytes = (await archive.store.get(replacement))?.bytes ?? new Uint8Array()
    await archive.store.put(key, bytes)
    await archive.store.delete(replacement)
    const ids = 'SELECT fanid FROM demand ORDER BY fanid'
    for (const engine of [first, await engineOver()])
      expect((await ask(engine, ids)).rows).toEqual([{ fanid: '2' }, { fanid: '3' }])
    await archive.store.delete(other)
    for (const engine of [await engineOver(), first])
      expect((await ask(engine, ids)).rows).toEqual([{ fanid: '3' }])
    const held = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
    expect([held.includes('"FAN#1"'), held.includes('"FAN#2"'), held.includes('"FAN#3"')]).toEqual([
      false,
      false,
      true,
    ])
  })

  test('that another query fills at the same time is filled once or twice, and right', async () => {
    for (let n = 0; n < 40; n++) await add(String(n), n % 2 === 0 ? '2025-02-13' : '2025-02-14')
    const engines = await Promise.all([1, 2, 3, 4].map(() => engineOver()))
    const day = "SELECT COUNT(*) AS n FROM demand WHERE partition_date = '2025-02-14'"
    const answers = await Promise.all(engines.map((engine, n) => ask(engine, n % 2 === 0 ? counts : day)))
    expect(answers.map(({ rows }) => rows)).toEqual([[{ n: 40n }], [{ n: 20n }], [{ n: 40n }], [{ n: 20n }]])
    for (const engine of engines) expect((await ask(engine)).rows).toEqual([{ n: 40n }])
    expect((await ask(await engineOver())).rows).toEqual([{ n: 40n }])
  })

  test('is made anew where a pack is damaged, cut short, or lost under an engine that knows it', async () => {
    await add('1')
    const engine = await engineOver()
    await ask(engine)
    const path = () => join(folder, parquet()[0] ?? '')
    truncateSync(path(), 100)
    expect(await ask(await engineOver())).toEqual({ rows: [{ n: 1n }], loaded: 1 })
    rmSync(path())
    expect((await ask(engine, 'SELECT fanid FROM demand')).rows).toEqual([{ fanid: '1' }])
    writeFileSync(path(), Buffer.alloc(statSync(path()).size))
    expect((await ask(await engineOver(), 'SELECT fanid FROM demand')).rows).toEqual([{ fanid: '1' }])
    writeFileSync(join(folder, packs()[0] ?? ''), '{')
    expect(await ask(await engineOver())).toEqual({ rows: [{ n: 1n }], loaded: 1 })
  })

  test('stays small in number: many packs become one, with every row once', async () => {
    const engine = await engineOver()
    for (let n = 0; n < 40; n++) {
      await add(String(n), n % 2 === 0 ? '2025-02-13' : '2025-02-14')
      const { rows, loaded } = await ask(engine)
      expect([rows, loaded]).toEqual([[{ n: BigInt(n + 1) }], 1])
    }
    expect(packs().length).toBeLessThan(18)
    const sums =
      'SELECT COUNT(*) AS n, COUNT(DISTINCT fanid) AS fans, COUNT(DISTINCT change.id) AS ids, MIN(partition_date) AS first FROM demand'
    const expected = [{ n: 40n, fans: 40n, ids: 40n, first: '2025-02-13' }]
    expect((await ask(engine, sums)).rows).toEqual(expected)
    expect(await ask(await engineOver(), sums)).toEqual({ rows: expected, loaded: 0 })
    // What the merged pack replaced stays an hour, for those who read it, and no longer.
    expect(parquet().length).toBeGreaterThan(packs().length)
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
    now += 2 * 60 * 60 * 1000
    expect((await ask(await engineOver(), sums)).rows).toEqual(expected)
    expect(parquet().length).toBe(packs().length)
  })

  test('of a process that was killed while it filled it is cleared of what that left', async () => {
    await add('1')
    const script = `import { nextName } from './src/store/owner.ts'; process.stdout.write(await nextName())`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
    const gone = once(child, 'close')
    let name = ''
    for await (const chunk of child.stdout) name += chunk
    // Its output ends before it does.
    await gone
    writeFileSync(join(folder, `new-${name}`), 'half a pack')
    writeFileSync(join(folder, `demand-${'0'.repeat(32)}.parquet`), 'a pack without its other half')
    const old = new Date(now - 2 * 60 * 60 * 1000)
    utimesSync(join(folder, `demand-${'0'.repeat(32)}.parquet`), old, old)
    expect((await ask(await engineOver())).rows).toEqual([{ n: 1n }])
    expect(readdirSync(folder).length).toBe(2)
  })

  test('holds packs of several schemas side by side, and drops those of any whose files are gone', async () => {
    const [key = ''] = await add('1')
    await ask(await engineOver())
    const demand = catalog.get('demand')
    if (!demand) throw new Error('there is no such type')
    const avro = { ...demand.avro, doc: 'Of another version.' }
    const other = await engineOver({ catalog: toCatalog([{ ...demand, avro }]) })
    expect(await ask(other)).toEqual({ rows: [{ n: 1n }], loaded: 1 })
    expect(packs().length).toBe(2)
    expect((await ask(await engineOver())).loaded).toBe(0)
    await archive.store.delete(key)
    await ask(other)
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a file that moves while it is loaded', () => {
  test('is looked for again, and the query answers with what is there then', async () => {
    const [key = ''] = await add('1')
    await add('2')
    let times = 0
    const store: ObjectStore = {
      ...archive.store,
      get: async (wanted, options) => {
        if (wanted === key && times++ === 0) await archive.store.delete(key)
        return archive.store.get(wanted, options)
      },
    }
    expect((await ask(await engineOver({ store }))).rows).toEqual([{ n: 1n }])
  })

  test('for ever is an error that may pass', async () => {
    await add('1')
    const store: ObjectStore = { ...archive.store, get: async () => undefined }
    await expect(ask(await engineOver({ store }))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe('the bounds of a query', () => {
  test('are time and rows; the engine goes on', async () => {
    const engine = await engineOver()
    const endless = 'SELECT COUNT(*) FROM range(100000000000) a(i) WHERE i % 7 = 3'
    await expect(engine.query(endless, { timeoutMs: 50, dialect: 'duckdb' })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: expect.stringMatching(/^it took longer than 0.05 s; .* queryTimeoutMs$/),
    })
    const rows = async (sql: string, rowsMax: number) => {
      let count = 0
      try {
        const result = await engine.query(sql, { rowsMax, dialect: 'duckdb' })
        for await (const chunk of result.rows) count += chunk.length
      } catch (error) {
        return [count, (error as { code?: string }).code]
      }
      return [count]
    }
    expect(await rows('SELECT * FROM range(5000)', 5000)).toEqual([5000])
    expect(await rows('SELECT * FROM range(5000)', 4999)).toEqual([4999, 'QUERY_LIMIT'])
    expect(await rows('SELECT * FROM range(5000)', 1)).toEqual([1, 'QUERY_LIMIT'])
    const path = join(folder, 'out.parquet')
    await expect(
      engine.exportParquet('SELECT * FROM range(5000)', path, { rowsMax: 4999, dialect: 'duckdb' }),
    ).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
    })
    expect(
      (await engine.exportParquet('SELECT * FROM range(5000)', path, { rowsMax: 5000, dialect: 'duckdb' }))
        .rows,
    ).toBe(5000)
    expect(JSON.parse(await asJson(engine, 'SELECT 1 AS a'))).toEqual([{ a: 1 }])
  })
})
