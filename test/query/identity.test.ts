import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { writeContainer } from '../../src/codec/container.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import { operations } from '../../src/record/change.ts'
import type { RecordValue } from '../../src/record/type.ts'
import { asJson } from './archive.ts'
import { memoryStore } from './memory.ts'

// Rows that no batch of the stream gives: states that were read, which have no sequence, beside changes that have one.

type Entry = {
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
  const { item, micros, operation, id, sequence } = entry
  const timestamp = Math.floor(micros / 1000)
  return {
    ...{ type: 'sale', id: item, eventId: String(n), name: null, saleTypes: [], saleStartDate: null },
    ...{ saleStartDateTime: timestamp, saleEndDateTime: null, date: null },
    isDeleted: operation === 'REMOVE',
    reference: { id: item, timestamp },
    change: { id, operation, timestamp, micros, key: item, sequence, previousPartition: null, actor: null },
    extra: new Map(),
  }
}

/** The `eventId`s, each a row's number, that a view holds of the rows, one file for each. */
async function numbersIn(entries: readonly Entry[]): Promise<{ changes: string[]; current: string[] }> {
  const store = memoryStore()
  for (const [n, entry] of entries.entries()) {
    const spec = { schema: avro, type, codec: 'null', metadata: new Map(), sync: new Uint8Array(16) } as const
    await store.put(`data/sale/partition_date=2025-02-13/${n}.avro`, writeContainer(spec, [toRow(entry, n)]))
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

const first: Entry = { item: 'a', micros: 1_000_500, operation: 'INSERT', id: 'x', sequence: '7' }

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
  const same = (one: Entry, other: Entry) =>
    one.item === other.item &&
    one.micros === other.micros &&
    one.operation === other.operation &&
    (one.micros % 1000 !== 0 || one.id === other.id)
  const isLater = (one: Entry, other: Entry) =>
    (one.micros - other.micros || order(one.sequence, other.sequence) || rank(one) - rank(other)) > 0
  const changes = entries.filter(
    (entry) => !entries.some((other) => same(entry, other) && order(other.sequence, entry.sequence) < 0),
  )
  const current = changes.filter(
    (entry) => !changes.some((other) => other.item === entry.item && isLater(other, entry)),
  )
  return { changes, current, same }
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
      const live = current.filter(({ operation }) => operation !== 'REMOVE').map(({ item }) => item)
      expect(latest.map(({ item }) => item).sort()).toEqual([...new Set(live)].sort())
    }),
    { numRuns: 60 },
  )
})
