import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import type { RecordValue } from '../../src/record/type.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { containerOf } from '../container-of.ts'
import { asJson } from './archive.ts'

const total = 50_000
let engine: QueryEngine
beforeAll(async () => {
  const catalog = loadCatalog()
  const sale = catalog.get('sale')
  if (!sale) throw new Error('there is no such type')
  const store = openMemoryStore()
  const files = 50
  const rows = (file: number) =>
    Array.from({ length: total / files }, (_, n): RecordValue => {
      const id = String(file * (total / files) + n)
      return {
        type: 'sale',
        id,
        eventId: `event-${file}`,
        name: null,
        saleTypes: ['PRESALE'],
        saleStartDate: null,
        saleStartDateTime: 1_739_471_400_000,
        saleEndDateTime: null,
        date: null,
        isDeleted: false,
        reference: { id, timestamp: 0 },
        change: { id, operation: 'INSERT', timestamp: 0, micros: 1, key: id, sequence: id.padStart(60, '0') },
        extra: new Map(),
      }
    })
  for (let file = 0; file < files; file++) {
    const { avro: schema, row: type } = sale
    const spec = { schema, type, codec: 'deflate', metadata: new Map(), sync: new Uint8Array(16) } as const
    await store.put(`data/sale/partition_date=2025-02-13/${file}.avro`, containerOf(spec, rows(file)))
  }
  engine = await openDuckDb({ store, catalog, memoryMax: '1GB' })
})
afterAll(() => engine.close())

test('fifty thousand rows load once, with progress, and are counted', async () => {
  const loads: number[] = []
  const result = await engine.query('SELECT COUNT(*), COUNT(DISTINCT id) FROM sale_current', {
    onLoad: async ({ files, filesTotal, rows }) => {
      expect(filesTotal).toBe(50)
      loads.push(files, rows)
    },
  })
  const found = []
  for await (const chunk of result.rows) found.push(...chunk)
  expect(found).toEqual([[BigInt(total), BigInt(total)]])
  expect(loads.slice(-2)).toEqual([50, total])
  await engine.query('SELECT 1', {
    onLoad: async () => {
      throw new Error('nothing is new')
    },
  })
})

test('a result is made while it is read: its first rows come long before a hundred million others', async () => {
  const result = await engine.query('SELECT i, id FROM range(2000) r(i), sale', { dialect: 'duckdb' })
  let rows = 0
  for await (const chunk of result.rows) {
    rows += chunk.length
    if (rows > 10_000) break
  }
  expect(rows).toBeLessThan(20_000)
})

test('a result that nobody reads holds up neither the next query nor the end', async () => {
  const other = await openDuckDb({ store: openMemoryStore(), catalog: new Map() })
  await other.query('SELECT * FROM range(1000000)', { dialect: 'duckdb' })
  expect(JSON.parse(await asJson(other, 'SELECT 1 AS a'))).toEqual([{ a: 1 }])
  await other.close()
})
