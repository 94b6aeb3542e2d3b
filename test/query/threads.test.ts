import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCatalog } from 'dmd-pipeline'
// The build: threads run its files, not the sources.
import { openDuckDb } from 'dmd-pipeline/query'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RecordValue } from '../../src/record/type.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { containerOf } from '../container-of.ts'
import { asJson } from './archive.ts'

const catalog = loadCatalog()
const files = 40
const rowsPerFile = 500
const keyOf = (file: number) => `data/sale/partition_date=2025-02-13/${String(file).padStart(3, '0')}.avro`

function container(file: number): Uint8Array {
  const sale = catalog.get('sale')
  if (!sale) throw new Error('there is no such type')
  const rows = Array.from({ length: rowsPerFile }, (_, n): RecordValue => {
    const id = `${file}-${n}`
    return {
      ...{
        type: 'sale',
        id,
        eventId: `event-${n % 7}`,
        name: `${id} ${'x'.repeat(600)}`,
        saleTypes: ['PRESALE'],
      },
      ...{ saleStartDate: null, saleStartDateTime: 1_739_471_400_000, saleEndDateTime: null, date: null },
      ...{ isDeleted: false, reference: { id, timestamp: 0 }, extra: new Map() },
      change: { id, operation: 'INSERT', timestamp: 0, micros: 1, key: id, sequence: String(n) },
    }
  })
  const spec = {
    schema: sale.avro,
    type: sale.row,
    codec: 'null',
    metadata: new Map([['dmd.format', '2']]),
    sync: new Uint8Array(16),
  }
  return containerOf({ ...spec, codec: 'null' }, rows)
}

let store: ObjectStore
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-threads-'))
  store = openMemoryStore()
  for (let file = 0; file < files; file++) await store.put(keyOf(file), container(file))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const open = (name: string, threads: number, over: ObjectStore = store) =>
  openDuckDb({ store: over, catalog, threads, cache: { folder: join(folder, name) } })
const packs = (name: string) => readdirSync(join(folder, name)).filter((file) => file.endsWith('.parquet'))

test('threads build as many packs, and the rows are those of one thread', async () => {
  const sql =
    'SELECT eventid, COUNT(*) AS n, COUNT(DISTINCT id) AS ids, MIN(name) AS least, SUM(LENGTH(name)) AS letters FROM sale GROUP BY eventid ORDER BY eventid'
  const answers: string[] = []
  for (const threads of [1, 3]) {
    const engine = await open(`with-${threads}`, threads)
    answers.push(await asJson(engine, sql))
    await engine.close()
    expect(packs(`with-${threads}`).length).toBeGreaterThanOrEqual(threads)
    if (threads === 1) expect(packs('with-1')).toHaveLength(1)
  }
  expect(answers[1]).toBe(answers[0])
  expect(answers[0]).toContain('"n":')
})

test('a file that is unsound is named, whichever thread met it; what is whole stays, and nothing half does', async () => {
  const broken = openMemoryStore()
  for (let file = 0; file < files; file++) await broken.put(keyOf(file), container(file))
  await broken.put(keyOf(7), container(7).subarray(0, 5000))
  const engine = await open('broken', 3, broken)
  await expect(engine.query('SELECT * FROM sale')).rejects.toMatchObject({
    code: 'CONTAINER_INVALID',
    message: expect.stringContaining(keyOf(7)),
  })
  expect(readdirSync(join(folder, 'broken')).filter((name) => name.startsWith('new-'))).toHaveLength(0)
  await broken.put(keyOf(7), container(7))
  expect(await asJson(engine, 'SELECT COUNT(*) AS n FROM sale')).toContain(String(files * rowsPerFile))
  await engine.close()
})

test('stopping a query stops its threads, and the next one works', async () => {
  const stopping = new AbortController()
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  // The file in the middle comes when the query has ended: else all of them might be loaded before the stop arrives.
  const slow: ObjectStore = {
    ...store,
    get: async (key, options) => {
      if (key === keyOf(files / 2)) {
        stopping.abort()
        await held
      }
      return store.get(key, options)
    },
  }
  const engine = await open('stopped', 3, slow)
  const query = engine.query('SELECT COUNT(*) AS n FROM sale', { signal: stopping.signal })
  await expect(query).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/ended before/),
  })
  release()
  expect(readdirSync(join(folder, 'stopped')).filter((name) => name.startsWith('new-'))).toHaveLength(0)
  expect(await asJson(engine, 'SELECT COUNT(*) AS n FROM sale')).toContain(String(files * rowsPerFile))
  await engine.close()
})
