import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import {
  changeIdentity,
  compareChanges,
  compareDeliveries,
  itemIdentity,
  operations,
} from '../../src/record/change.ts'
import type { RecordValue } from '../../src/record/type.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { containerOf } from '../container-of.ts'
import { asJson } from './archive.ts'

// Rows that no batch of the stream gives: states that were read, which have no sequence, beside changes that have one.

type Entry = {
  readonly table: string | null
  readonly item: string
  readonly micros: number
  readonly operation: (typeof operations)[number]
  readonly id: string
  readonly sequence: string | null
}

const sale = loadCatalog().get('sale')
if (!sale) throw new Error('there is no such type')
const { avro, row: type } = sale

function toRow(entry: Entry, n: number): RecordValue {
  const { table, item, micros, operation, id, sequence } = entry
  const timestamp = Math.floor(micros / 1000)
  return {
    ...{ type: 'sale', id: item, eventId: String(n), name: null, saleTypes: [], saleStartDate: null },
    ...{ saleStartDateTime: timestamp, saleEndDateTime: null, date: null },
    isDeleted: operation === 'REMOVE',
    reference: { id: item, timestamp },
    change: {
      id,
      operation,
      timestamp,
      micros,
      key: item,
      sequence,
      previousPartition: null,
      actor: null,
      table,
    },
    extra: new Map(),
  }
}

/** The `eventId`s, each a row's number, that a view holds of the rows, one file for each. */
async function numbersIn(entries: readonly Entry[]): Promise<{ changes: string[]; current: string[] }> {
  const store = openMemoryStore()
  for (const [n, entry] of entries.entries()) {
    const spec = { schema: avro, type, codec: 'null', metadata: new Map(), sync: new Uint8Array(16) } as const
    await store.put(`data/sale/partition_date=2025-02-13/${n}.avro`, containerOf(spec, [toRow(entry, n)]))
  }
  const engine = await openDuckDb({ store, catalog: new Map([['sale', sale as NonNullable<typeof sale>]]) })
  const numbers = async (view: string): Promise<string[]> => {
    const rows: { eventid: string }[] = JSON.parse(await asJson(engine, `SELECT eventid FROM ${view}`))
    return rows.map(({ eventid }) => eventid).sort()
  }
  const found = { changes: await numbers('sale_changes'), current: await numbers('sale_current') }
  await engine.close()
  return found
}

const first: Entry = {
  table: 't',
  item: 'a',
  micros: 1_000_500,
  operation: 'INSERT',
  id: 'x',
  sequence: '7',
}

test('items of two tables with one key stay two, and so do their changes', async () => {
  const entries = [first, { ...first, table: 'u' }, { ...first, sequence: '8' }]
  expect(await numbersIn(entries)).toEqual({ changes: ['0', '1'], current: ['0', '1'] })
})

test('an item whose earlier rows have no table is one item with its later ones', async () => {
  const old = { ...first, table: null }
  const removed: Entry = { ...first, micros: 2_000_500, operation: 'REMOVE' }
  expect((await numbersIn([old, removed])).current).toEqual([])
  expect((await numbersIn([old, { ...old, micros: 1_500_500 }])).current).toEqual(['1'])
  // With two tables of one key, what has no table counts as of the first.
  const latest = await numbersIn([old, removed, { ...first, table: 'u' }])
  expect(latest.current).toEqual(['2'])
})

test('of deliveries of one change the lowest sequence counts, and none at all is lower than any', async () => {
  const deliveries = [first, { ...first, sequence: null }, { ...first, sequence: '3' }]
  expect(await numbersIn(deliveries)).toEqual({ changes: ['1'], current: ['1'] })
})

test('at one instant and sequence a delete outranks a change, and that an insert, and that a snapshot', async () => {
  for (const [rank, operation] of operations.entries()) {
    const lower = operations.slice(0, rank + 1).map((name): Entry => ({ ...first, operation: name }))
    const latest = String(rank)
    for (const entries of [lower, [...lower].reverse()]) {
      const { changes, current } = await numbersIn(entries)
      expect(changes).toHaveLength(rank + 1)
      expect(current).toEqual(operation === 'REMOVE' ? [] : [entries === lower ? latest : '0'])
    }
  }
})

test('a time before 1970 that is a whole millisecond keeps its ids apart too', async () => {
  const whole: Entry = { ...first, micros: -5000 }
  const part: Entry = { ...first, item: 'b', micros: -5001 }
  const found = await numbersIn([whole, { ...whole, id: 'y' }, part, { ...part, id: 'y' }])
  expect(found.changes).toEqual(['0', '1', '2'])
})

const arbitraryEntry: fc.Arbitrary<Entry> = fc.record({
  table: fc.constantFrom('t', 'u'),
  item: fc.constantFrom('a', 'b'),
  micros: fc.constantFrom(1_000_000, 1_000_500, 1_001_000, -1, -1000),
  operation: fc.constantFrom(...operations),
  id: fc.constantFrom('x', 'y'),
  sequence: fc.constantFrom(null, '1', '2', '3'),
})

const rank = ({ operation }: Entry) => operations.indexOf(operation)
const order = (one: string | null, other: string | null) => {
  const [a, b] = [one ?? '', other ?? '']
  return a < b ? -1 : a > b ? 1 : 0
}

/** The views by the words of the contract; of rows that differ in nothing it says, any may stand. */
function fold(entries: readonly Entry[]) {
  const sameItem = (one: Entry, other: Entry) => one.table === other.table && one.item === other.item
  const same = (one: Entry, other: Entry) =>
    sameItem(one, other) &&
    one.micros === other.micros &&
    one.operation === other.operation &&
    (one.micros % 1000 !== 0 || one.id === other.id)
  const isLater = (one: Entry, other: Entry) =>
    (one.micros - other.micros || order(one.sequence, other.sequence) || rank(one) - rank(other)) > 0
  const changes = entries.filter(
    (entry) => !entries.some((other) => same(entry, other) && order(other.sequence, entry.sequence) < 0),
  )
  const current = changes.filter(
    (entry) => !changes.some((other) => sameItem(other, entry) && isLater(other, entry)),
  )
  return { changes, current, same }
}

const nameOf = ({ table, item }: Entry) => `${table} ${item}`

/** The same by the functions that maintenance uses: how many changes there are, and which items are live. */
function foldByFunctions(entries: readonly Entry[]): { changes: number; live: string[] } {
  const column = (entry: Entry) => ({ ...entry, key: entry.item })
  const changes = new Map<string, Entry>()
  for (const entry of entries) {
    const identity = changeIdentity('sale', column(entry))
    const before = changes.get(identity)
    if (!before || compareDeliveries(column(entry), column(before)) < 0) changes.set(identity, entry)
  }
  const items = new Map<string, Entry>()
  for (const entry of changes.values()) {
    const identity = itemIdentity('sale', column(entry))
    const before = items.get(identity)
    if (!before || compareChanges(column(entry), column(before)) > 0) items.set(identity, entry)
  }
  const live = [...items.values()].filter(({ operation }) => operation !== 'REMOVE').map(nameOf)
  return { changes: changes.size, live: live.sort() }
}

test('for any rows, read and streamed, in any order, the views are what the contract says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryEntry, { minLength: 1, maxLength: 16 }), async (entries) => {
      const found = await numbersIn(entries)
      const { changes, current, same } = fold(entries)
      const picked = found.changes.map((n) => entries[Number(n)] as Entry)
      // Each that may stand, and of each change exactly one.
      expect(picked.every((entry) => changes.includes(entry))).toBe(true)
      expect(picked.every((one) => picked.filter((other) => same(one, other)).length === 1)).toBe(true)
      expect(changes.every((entry) => picked.some((one) => same(one, entry)))).toBe(true)
      const latest = found.current.map((n) => entries[Number(n)] as Entry)
      expect(latest.every((entry) => current.includes(entry) && entry.operation !== 'REMOVE')).toBe(true)
      const live = current.filter(({ operation }) => operation !== 'REMOVE').map(nameOf)
      expect(latest.map(nameOf).sort()).toEqual([...new Set(live)].sort())
      expect(foldByFunctions(entries)).toEqual({ changes: picked.length, live: latest.map(nameOf).sort() })
    }),
    { numRuns: 60 },
  )
})
