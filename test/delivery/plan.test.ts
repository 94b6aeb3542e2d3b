import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readContainer } from '../../src/codec/container.ts'
import type { Batch } from '../../src/codec/lambda-event.ts'
import { planBatch, planRows, type ReadRecord } from '../../src/delivery/plan.ts'
import { encodeRow, readRow } from '../../src/delivery/row.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { readSettings } from '../../src/settings.ts'
import { change, demandItem, eventItem, notificationItem, records, saleItem } from '../changes.ts'

const rules = toRules(loadCatalog(), readSettings({}))
const toBatch = (
  payloads: readonly Uint8Array[],
  origin = { stream: 'changes', shard: 'shard-0' },
): Batch => ({
  ...origin,
  records: records(payloads),
})
const onDay = (day: string, n = 1) =>
  change({
    id: `${day}-${n}`,
    item: { ...demandItem, SK: `DEMAND#${n}`, date: { requested: `${day}T12:00:00Z` } },
  })

test('a batch becomes one object per type and partition date', () => {
  const plan = planBatch(
    toBatch([
      onDay('2025-02-13', 1),
      onDay('2025-02-14', 2),
      onDay('2025-02-13', 3),
      change({ item: eventItem }),
      change({ item: saleItem }),
      change({ item: notificationItem }),
    ]),
    rules,
  )
  expect(plan.objects.map(({ key, records }) => [key.replace(/[^/]+\.avro$/, ''), records.length])).toEqual([
    ['data/demand/partition_date=2025-02-13/', 2],
    ['data/demand/partition_date=2025-02-14/', 1],
    ['data/event/partition_date=2025-01-10/', 1],
    ['data/sale/partition_date=2025-03-01/', 1],
    ['data/notification/partition_date=2025-02-13/', 1],
  ])
  expect(plan.errors).toEqual([])
})

test('keys have the form {timestamp}-{uuid} with the first record’s arrival, without a colon', () => {
  const arrivedMs = Date.UTC(2025, 1, 13, 18, 30, 0, 123)
  const batch = {
    stream: 's',
    shard: '0',
    records: [{ payload: onDay('2025-02-13'), sequence: '9', arrivedMs }],
  }
  const [object] = planBatch(batch, rules).objects
  expect(object?.key).toMatch(
    /^data\/demand\/partition_date=2025-02-13\/20250213T183000123Z-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.avro$/,
  )
})

test('without an arrival the first record’s change time names the object, and an error file falls back to 1970', () => {
  const plan = planBatch(toBatch([change({ at: '2025-02-13T18:30:00.250999Z' }), Buffer.from('{')]), rules)
  expect(plan.objects[0]?.key).toContain('/20250213T183000250Z-')
  expect(plan.errors[0]?.key).toMatch(/^errors\/19700101T000000000Z-/)
})

test('the same batch gives the same keys and bytes, and any other record placed gives another key', () => {
  const payloads = [onDay('2025-02-13', 1), onDay('2025-02-13', 2)]
  const keyOf = (batch: Batch) => planBatch(batch, rules).objects[0]?.key
  const base = toBatch(payloads)
  expect(planBatch(base, rules).objects.map(({ key, bytes }) => ({ key, bytes }))).toEqual(
    planBatch(base, rules).objects.map(({ key, bytes }) => ({ key, bytes })),
  )
  const others = [
    toBatch(payloads.slice(0, 1)),
    toBatch([...payloads].reverse()),
    toBatch(payloads, { stream: 'other', shard: 'shard-0' }),
    toBatch(payloads, { stream: 'changes', shard: 'shard-1' }),
    { ...base, records: records(payloads, 5) },
  ]
  const keys = [base, ...others].map(keyOf)
  expect(new Set(keys).size).toBe(keys.length)
})

test('a rejected record changes nothing about the object of the others', () => {
  const good = [onDay('2025-02-13', 1), onDay('2025-02-13', 2)]
  const alone = planBatch({ stream: 's', shard: '0', records: records(good) }, rules)
  const mixed = planBatch(
    { stream: 's', shard: '0', records: [...records(good), { payload: Buffer.from('x'), sequence: '3' }] },
    rules,
  )
  expect(alone.objects).toHaveLength(1)
  expect(mixed.objects.map(({ key }) => key)).toEqual(alone.objects.map(({ key }) => key))
  expect(mixed.errors).toHaveLength(1)
})

test('an error file holds the payload byte for byte, as base64 where it is no UTF-8', () => {
  const text = '{"broken": "ünïcode 😀 \\ud800",\r'
  const bytes = Buffer.from([0x7b, 0xe9, 0x00, 0xff])
  const files = planBatch(toBatch([Buffer.from(text), bytes]), rules).errors.map((error) =>
    JSON.parse(Buffer.from(error.bytes).toString('utf8')),
  )
  expect(files[0]).toMatchObject({
    events: [text],
    encoding: 'utf8',
    attempt: 0,
    error: { code: 'NOT_JSON', stage: 'decode' },
  })
  expect(Buffer.from(files[1].events[0], files[1].encoding)).toEqual(bytes)
  expect(files[1]).toMatchObject({
    encoding: 'base64',
    error: { code: 'NOT_UTF8' },
    source: { stream: 'changes', sequence: '2' },
  })
})

test('an error file says what is wrong, where, in which change, and when that arrived', () => {
  const { saleId: _, ...item } = demandItem
  const payload = change({ id: 'no-sale', item: item as never, at: '2025-02-13T18:30:00.250Z' })
  const arrivedMs = Date.UTC(2025, 1, 13, 18, 31)
  const [error] = planBatch(
    { stream: 'changes', shard: 'shard-0', records: [{ payload, sequence: '7', arrivedMs }] },
    rules,
  ).errors
  // Named by its arrival, though its change has a time of its own.
  expect(error?.key).toMatch(/^errors\/20250213T183100000Z-/)
  expect(JSON.parse(Buffer.from(error!.bytes).toString('utf8'))).toEqual({
    timestamp: '2025-02-13T18:31:00.000Z',
    error: {
      code: 'FIELD_MISSING',
      message: '/saleId: a required field is missing',
      stage: 'validate',
      path: '/saleId',
    },
    events: [Buffer.from(payload).toString('utf8')],
    encoding: 'utf8',
    source: {
      stream: 'changes',
      shard: 'shard-0',
      sequence: '7',
      arrived: '2025-02-13T18:31:00.000Z',
      eventId: 'no-sale',
    },
    attempt: 0,
  })
})

test('two records whose sequence numbers and payloads run into the same text have names of their own', () => {
  const keyOf = (sequence: string, payload: string) =>
    planBatch(
      { stream: 's', shard: '0', records: [{ sequence, payload: Buffer.from(payload) }] },
      rules,
    ).errors.map(({ key }) => key)
  expect(keyOf('1', '23')).not.toEqual(keyOf('12', '3'))
})

test('a key and a sync marker are what every release made of the same records', () => {
  const [object] = planBatch(toBatch([onDay('2025-02-13', 1)]), rules).objects
  expect(object?.key).toBe(
    'data/demand/partition_date=2025-02-13/20250213T183000250Z-817f6cdf-2133-5448-a89a-5248c7d647b4.avro',
  )
  // Behind the header stands the marker, and again at the end: the first 16 bytes of the key's SHA-256.
  const marker = createHash('sha256').update(object!.key).digest().subarray(0, 16)
  expect(Buffer.from(object!.bytes).subarray(-16)).toEqual(marker)
})

test('an object says how many of its rows are deletes', () => {
  const at = (id: string, operation: string) => change({ id, operation })
  const [object] = planBatch(
    toBatch([at('1', 'INSERT'), at('2', 'REMOVE'), at('3', 'MODIFY')]),
    rules,
  ).objects
  expect(object).toMatchObject({ deletes: 1, records: { length: 3 } })
})

test('a header says where the rows came from', () => {
  const [object] = planBatch(toBatch([onDay('2025-02-13', 1), onDay('2025-02-13', 2)]), rules).objects
  const metadata = Object.fromEntries(readContainer(object?.bytes ?? new Uint8Array(), 'x').metadata)
  expect(metadata).toMatchObject({
    'dmd.format': '2',
    'dmd.stream': 'changes',
    'dmd.shard': 'shard-0',
    'dmd.first': '1',
    'dmd.last': '2',
    'dmd.count': '2',
  })
})

test('encoded rows are planned as the records that they were made from, whatever their bytes', () => {
  const batch = toBatch([
    onDay('2025-02-13', 1),
    Buffer.from('{'),
    change({ item: saleItem, operation: 'REMOVE' }),
  ])
  const read = batch.records.map((record): ReadRecord => {
    const row = readRow(record, rules)
    return { record, row: row.ok ? encodeRow(row) : row }
  })
  const steady = (plan: ReturnType<typeof planBatch>) => ({
    ...plan,
    objects: plan.objects.map(({ fallback, ...object }) => ({
      ...object,
      fallback: [fallback.key, fallback.bytes()],
    })),
  })
  expect(steady(planRows(batch, read, rules))).toEqual(steady(planBatch(batch, rules)))
  const [first] = read
  if (!first?.row.ok) throw new Error('the first record has a row')
  const row = { ...first.row, avro: Buffer.from('any bytes') }
  const [object] = planRows(batch, [{ ...first, row }], { ...rules, codec: 'null' }).objects
  const [block] = [...readContainer(object?.bytes ?? new Uint8Array(), 'x').blocks()]
  expect(block).toEqual({ rows: 1, bytes: Buffer.from('any bytes') })
  expect(() => planRows(batch, [{ ...first, row: { ...row, type: 'other' } }], rules)).toThrow(
    'record type other',
  )
})

test('an empty batch plans nothing', () => {
  expect(planBatch(toBatch([]), rules)).toEqual({
    objects: [],
    errors: [],
    extraAttributes: 0,
    repairedTexts: 0,
  })
})

test('ten thousand records, each of a partition of its own, are ten thousand objects', () => {
  const start = Date.UTC(2000, 0, 1)
  const wide = { ...rules, range: { from: '2000-01-01', yearsAhead: 100 } }
  const payloads = Array.from({ length: 10_000 }, (_, day) =>
    onDay(new Date(start + day * 86_400_000).toISOString().slice(0, 10), day),
  )
  const plan = planBatch(toBatch(payloads), wide)
  expect(new Set(plan.objects.map(({ key }) => key)).size).toBe(10_000)
})
