import { describe, expect, it } from 'vitest'
import { canonicalKey } from '../../src/codec/attribute.ts'
import { readValue } from '../../src/codec/avro.ts'
import { encodeRow, readRow, rowOf } from '../../src/delivery/row.ts'
import type { Change } from '../../src/record/change.ts'
import type { JsonObject, RecordValue } from '../../src/record/type.ts'
import {
  catalog,
  changedMs,
  items,
  type Parts,
  read,
  rules,
  toEnvelope,
  toImage,
  toRecord,
} from '../codec/example.ts'

type Type = keyof typeof items
const at = (text: string) => Date.parse(text)
/** The row of an item of the type, some of its attributes changed or (with undefined) taken away. */
function rowOfItem(
  type: Type,
  changes: { readonly [name: string]: JsonObject[string] | undefined } = {},
  more = {},
) {
  const item = Object.fromEntries(
    Object.entries({ ...items[type], ...changes }).filter(
      (entry): entry is [string, JsonObject[string]] => entry[1] !== undefined,
    ),
  )
  const row = read({ image: toImage(item), ...more })
  if (!row.ok) throw new Error(`${row.rejection.code} ${row.rejection.message}`)
  return row
}
const reference = (...parts: Parameters<typeof rowOfItem>) => rowOfItem(...parts).row.reference as RecordValue
const change = (...parts: Parameters<typeof rowOfItem>) => rowOfItem(...parts).row.change as RecordValue

describe('the reference id', () => {
  it.each<[Type, string]>([
    ['demand', 'event-1_sale-1_fan-1'],
    ['notification', 'event-1_sale-1_fan-1'],
    ['event', 'event-1'],
    ['sale', 'event-1_sale-1'],
  ])('of a %s is %s, dead or alive', (type, id) => {
    expect(reference(type).id).toBe(id)
    expect(reference(type, {}, { operation: 'REMOVE' }).id).toBe(id)
  })
})

describe('the reference timestamp', () => {
  const created = '2025-02-13T18:59:00Z'
  it.each<[string, Type, JsonObject, number]>([
    ['a demand’s delete', 'demand', date({ requested: created, notified: t(2), deleted: t(3) }), at(t(3))],
    ['its notification', 'demand', date({ requested: created, triggered: t(1), notified: t(2) }), at(t(2))],
    ['its trigger', 'demand', date({ requested: created, triggered: t(1) }), at(t(1))],
    ['its request', 'demand', date({ requested: created }), at(created)],
    ['a notification’s delete', 'notification', date({ created, updated: t(2), deleted: t(3) }), at(t(3))],
    ['its update', 'notification', date({ created, updated: t(2), sent: t(4) }), at(t(2))],
    ['its creation', 'notification', date({ created, sent: t(4) }), at(created)],
    ['an event’s delete', 'event', date({ updated: t(2), deleted: t(3) }), at(t(3))],
    ['its update', 'event', date({ firstSeen: t(1), updated: t(2) }), at(t(2))],
    ['the change of an event without either', 'event', date({ firstSeen: t(1) }), changedMs],
    ['the change of an event without dates', 'event', { date: null }, changedMs],
    ['a sale’s delete', 'sale', date({ deleted: t(3) }), at(t(3))],
    ['its start', 'sale', {}, at('2025-03-01T09:00:00Z')],
  ])('is %s', (_, type, changes, expected) => {
    expect(reference(type, changes).timestamp).toBe(expected)
  })

  it.each(Object.keys(items) as Type[])('of a deleted %s is the time of the delete', (type) => {
    expect(reference(type, {}, { operation: 'REMOVE' }).timestamp).toBe(changedMs)
  })

  function t(hour: number) {
    return `2025-02-14T0${hour}:00:00Z`
  }
  function date(dates: JsonObject): JsonObject {
    return { date: dates }
  }
})

describe('the partition of', () => {
  const noDates = { date: null, eventDate: null }
  it.each<[string, Type, JsonObject, string]>([
    ['a demand is the day of its request', 'demand', {}, '2025-02-13'],
    [
      'a demand is a day of UTC',
      'demand',
      { date: { requested: '2025-02-13T23:30:00-05:00' } },
      '2025-02-14',
    ],
    ['a notification is the day of its creation', 'notification', {}, '2025-02-13'],
    ['an event is the day it was first seen', 'event', {}, '2025-01-10'],
    ['an event never seen is the day it starts', 'event', { date: { updated: '2025-02-01' } }, '2025-06-01'],
    ['an event without a start is the day of the change', 'event', noDates, '2025-02-14'],
    [
      'an event with a local date only, too',
      'event',
      { date: null, eventDate: { start: { localDate: '2025-06-01' } } },
      '2025-02-14',
    ],
    ['a sale is the day it starts', 'sale', {}, '2025-03-01'],
  ])('%s', (_, type, changes, partition) => {
    expect(rowOfItem(type, changes).partitionDate).toBe(partition)
    expect(rowOfItem(type, changes, { operation: 'REMOVE' }).partitionDate).toBe(partition)
  })

  it.each([
    ['2020-01-01T00:00:00Z', '2020-01-01'],
    ['2028-02-14T23:59:59.999Z', '2028-02-14'],
  ])('a sale at the very edge of the range, %s, is %s', (start, partition) => {
    expect(rowOfItem('sale', { saleStartDateTime: start }).partitionDate).toBe(partition)
  })

  it.each(['2019-12-31T23:59:59.999Z', '2028-02-15T00:00:00Z', '0001-01-01', '9999-12-31T23:59:59-23:00'])(
    'a sale beyond it, %s, is none, and the rejection does not say the date',
    (start) => {
      const row = read({ image: toImage({ ...items.sale, saleStartDateTime: start }) })
      expect(row).toMatchObject({
        ok: false,
        rejection: {
          code: 'PARTITION_OUT_OF_RANGE',
          stage: 'place',
          path: '/saleStartDateTime',
          message: 'the partition date lies outside 2020-01-01 to 2028-02-14',
        },
        changeId: 'change-1',
        changedMs,
      })
    },
  )
})

describe('a delete', () => {
  it.each(Object.keys(items) as Type[])(
    'of a %s is marked, dated and scrubbed, and the rest stays',
    (type) => {
      const live = rowOfItem(type).row
      const { row } = rowOfItem(type, {}, { operation: 'REMOVE' })
      expect(live.isDeleted).toBe(false)
      expect(row.isDeleted).toBe(true)
      expect((row.date as RecordValue).deleted).toBe(changedMs)
      for (const field of catalog.get(type)!.own.fields) {
        if (field.name === 'date') continue
        const isRedacted = field.pii && live[field.name] !== null
        expect(row[field.name]).toEqual(isRedacted ? '[redacted]' : live[field.name])
      }
    },
  )

  it('redacts phone number, e-mail, message and everything extra, each where it was there', () => {
    const all = rowOfItem('demand', { notes: 'call Ada', nested: { a: 1 } }, { operation: 'REMOVE' }).row
    expect(all).toMatchObject({ phoneNumber: '[redacted]', email: '[redacted]', messageBody: '[redacted]' })
    expect(all.extra).toEqual(
      new Map([
        ['/notes', '[redacted]'],
        ['/nested', '[redacted]'],
      ]),
    )
    const none = rowOfItem(
      'demand',
      { phoneNumber: null, email: undefined, messageBody: '' },
      { operation: 'REMOVE' },
    )
    expect(none.row).toMatchObject({ phoneNumber: null, email: null, messageBody: '[redacted]' })
    expect(none.row.extra).toEqual(new Map())
  })

  it('overwrites the date of an earlier delete', () => {
    const { row } = rowOfItem('sale', { date: { deleted: '2021-01-01' } }, { operation: 'REMOVE' })
    expect(row.date).toEqual({ deleted: changedMs })
  })

  it('leaves live records their personal data', () => {
    expect(rowOfItem('demand', { notes: 'x' }).row).toMatchObject({
      phoneNumber: '+4915112345678',
      email: 'ada@example.org',
      messageBody: 'Tickets soon, Ada!',
    })
  })
})

describe('the previous partition', () => {
  const modify = (before: JsonObject | undefined, type: Type = 'demand'): Partial<Parts> => ({
    operation: 'MODIFY',
    ...(before ? { before: toImage({ ...items[type], ...before }) } : {}),
  })
  const moved = { date: { requested: '2025-02-10T00:00:00Z' } }

  it.each<[string, Partial<Parts>, string | null]>([
    ['is where the old image lay', modify(moved), '2025-02-10'],
    ['is null where that is the same', modify({ fanId: 'other' }), null],
    ['is null without an old image', modify(undefined), null],
    ['is null for an INSERT', { ...modify(moved), operation: 'INSERT' }, null],
    ['is null where the old image had no row: it was invalid', modify({ ...moved, fanId: 7 }), null],
    [
      'is null where the old image had no row: it was out of range',
      modify({ date: { requested: '1999-01-01' } }),
      null,
    ],
    ['is null where the old image was of another type', modify({ type: 'sale' }), null],
  ])('%s', (_, parts, expected) => {
    expect(change('demand', {}, parts).previousPartition).toBe(expected)
  })

  it('of an event follows the same order as the partition itself', () => {
    const eventDate = { start: { dateTime: '2025-06-02T00:00:00Z' } }
    expect(change('event', {}, modify({ date: null, eventDate }, 'event')).previousPartition).toBe(
      '2025-06-02',
    )
    expect(change('event', {}, modify({ date: null, eventDate: null }, 'event')).previousPartition).toBeNull()
  })

  it('is no concern of a REMOVE', () => {
    expect(change('demand', {}, { operation: 'REMOVE' }).previousPartition).toBeNull()
  })
})

describe('the row of a change that no stream carried', () => {
  const keys = { sk: { S: 'b' }, pk: { S: 'a' } }
  const snapshot: Change = {
    id: 'export-1',
    operation: 'SNAPSHOT',
    micros: changedMs * 1000,
    table: 'fans',
    key: canonicalKey(keys) ?? '',
    keyNames: Object.keys(keys),
    image: { ...toImage({ ...items.demand, notes: 'x' }), ...keys },
  }
  const rowOfChange = (more: Partial<Change>, origin = { sequence: '' }) => {
    const row = rowOf({ ...snapshot, ...more }, origin, rules)
    if (!row.ok) throw new Error(row.rejection.message)
    return row
  }

  it('is a live row of operation SNAPSHOT without a sequence number', () => {
    const { row, partitionDate } = rowOfChange({})
    expect(partitionDate).toBe('2025-02-13')
    expect(row).toMatchObject({ isDeleted: false, phoneNumber: items.demand.phoneNumber })
    expect(row.extra).toEqual(new Map([['/notes', '"x"']]))
    expect(row.change).toEqual({
      id: 'export-1',
      operation: 'SNAPSHOT',
      timestamp: changedMs,
      micros: changedMs * 1000,
      key: '{"pk":{"S":"a"},"sk":{"S":"b"}}',
      sequence: null,
      previousPartition: null,
      actor: null,
      table: 'fans',
    })
  })

  it('is that of the envelope when the change is the same', () => {
    const envelope = toEnvelope({ operation: 'MODIFY', image: toImage(items.event) })
    const record = toRecord(envelope, { arrivedMs: changedMs + 5 })
    const change = {
      id: 'change-1',
      operation: 'MODIFY',
      table: 'tickets',
      micros: changedMs * 1000,
      key: '{"pk":{"S":"item-1"}}',
      keyNames: ['pk'],
      image: toImage(items.event),
    } as const
    expect(rowOf(change, record, rules)).toEqual(readRow(record, rules))
  })

  it('of a REMOVE is redacted and names who removed the item', () => {
    const { row } = rowOfChange({ operation: 'REMOVE', actor: 'repair' })
    expect(row).toMatchObject({ isDeleted: true, phoneNumber: '[redacted]', change: { actor: 'repair' } })
    expect(row.extra).toEqual(new Map([['/notes', '[redacted]']]))
  })

  it('takes the time of arrival when the change has none, and is rejected without either', () => {
    const { micros: _, ...timeless } = snapshot
    expect(rowOf(timeless, { sequence: '', arrivedMs: changedMs }, rules)).toMatchObject({
      ok: true,
      changedMs,
    })
    expect(rowOf(timeless, { sequence: '' }, rules)).toMatchObject({
      ok: false,
      changeId: 'export-1',
      rejection: { code: 'TIME_MISSING' },
    })
  })

  it('is the same after the change was read again: nothing handed on is changed', () => {
    const before = toImage({ ...items.demand, date: { requested: '2025-02-10T00:00:00Z' } })
    const first = rowOfChange({ operation: 'MODIFY', before })
    const copy = structuredClone(first.row)
    rowOfChange({ operation: 'MODIFY' })
    expect(first.row).toEqual(copy)
    expect(first.row.change).toMatchObject({ previousPartition: '2025-02-10' })
  })

  it('is encoded with all that its object is planned by', () => {
    const row = rowOfChange({ operation: 'REMOVE' })
    const { avro, ...plan } = encodeRow(row)
    expect(plan).toEqual({
      ...{ ok: true, type: 'demand', partitionDate: '2025-02-13', isDeleted: true, changedMs },
      ...{ extraAttributes: 1, repairedTexts: 0 },
    })
    const reader = { buffer: Buffer.from(avro), offset: 0, where: 'the row' }
    expect(readValue(reader, row.schema.row)).toEqual(row.row)
    expect(reader.offset).toBe(avro.length)
  })
})

describe('the parts of a system user id', () => {
  it.each<[string | null | undefined, RecordValue | null]>([
    ['archtics-70.12345', { id: 'archtics', databaseId: '70', memberId: '12345' }],
    ['a-b-70.1.2', { id: 'a-b', databaseId: '70', memberId: '1.2' }],
    ['archtics-70.', null],
    ['archtics70.12345', null],
    ['-70.12345', null],
    ['archtics-.1', null],
    ['', null],
    [null, null],
    [undefined, null],
  ])('%j are %j', (systemUserId, system) => {
    expect(rowOfItem('demand', { systemUserId }).row.system).toEqual(system)
  })
})

describe('a row', () => {
  it('has every field of its schema, in order, and nothing else', () => {
    for (const type of Object.keys(items) as Type[]) {
      for (const operation of ['INSERT', 'MODIFY', 'REMOVE']) {
        const { row, schema } = rowOfItem(type, {}, { operation })
        expect(Object.keys(row)).toEqual(schema.row.fields.map((field) => field.name))
      }
    }
  })

  it('tells the change that it came from', () => {
    const record = toRecord(
      toEnvelope({
        operation: 'REMOVE',
        image: toImage(items.sale),
        section: {
          ApproximateCreationDateTime: changedMs * 1000 + 789,
          ApproximateCreationDateTimePrecision: 'MICROSECOND',
          Keys: { sk: { S: 'b' }, pk: { S: 'a' } },
        },
        more: { userIdentity: { principalId: 'dynamodb.amazonaws.com' }, tableName: 'fans' },
      }),
      { sequence: '123' },
    )
    expect(readRow(record, rules)).toMatchObject({
      row: {
        change: {
          id: 'change-1',
          operation: 'REMOVE',
          timestamp: changedMs,
          micros: changedMs * 1000 + 789,
          key: '{"pk":{"S":"a"},"sk":{"S":"b"}}',
          sequence: '123'.padStart(60, '0'),
          previousPartition: null,
          actor: 'ttl',
          table: 'fans',
        },
      },
    })
  })

  it('is the same each time, whatever the clock and the zone of the machine', () => {
    expect(rowOfItem('event')).toEqual(rowOfItem('event'))
  })

  it('of a defect in a rule is an error, not a crash', () => {
    const broken = {
      ...rules,
      isKeyAttribute: () => {
        throw new TypeError('secret')
      },
    }
    const record = toRecord(toEnvelope({ image: toImage({ ...items.sale, notes: 'x' }) }))
    expect(readRow(record, broken)).toMatchObject({
      ok: false,
      rejection: { code: 'INTERNAL', message: 'unexpected TypeError while the record was read' },
      changeId: 'change-1',
    })
  })
})
