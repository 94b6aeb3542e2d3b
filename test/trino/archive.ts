import { type PlanRules, planBatch } from '../../src/delivery/plan.ts'
import { readRow } from '../../src/delivery/row.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { type Catalog, compileSchema } from '../../src/record/schema.ts'
import type { JsonObject } from '../../src/record/type.ts'
import { simulate } from '../../src/sample/simulator.ts'
import { readSettings } from '../../src/settings.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { addedSchema } from '../arbitrary/schema.ts'
import { change, demandItem, eventItem, notificationItem, records, saleItem } from '../changes.ts'
import { containerOf } from '../container-of.ts'

/** Where the lane's archive is filled: a store, and the types of its records. */
export type Archive = { readonly store: ObjectStore; readonly catalog: Catalog }

/** The archive that both engines are asked about. */
export async function fillArchive(archive: Archive): Promise<void> {
  const surge = [
    ...simulate({ fans: 2000, minutes: 5, badPercent: 0, seed: 'trino', duplicatePercent: 2 }),
  ].map(({ bytes }) => bytes)
  const half = Math.floor(surge.length / 2)
  await deliver(archive, surge.slice(0, half), 'deflate', 1)
  await deliver(archive, surge.slice(half), 'null', half + 1)
  await deliver(archive, [...season(), ...oddities()], 'deflate', 100_000)
  await addOlderFile(archive)
  await addEmptyFiles(archive)
}

/** A later delivery, into a partition of its own and into one that is known. */
export async function deliverLater(archive: Archive): Promise<void> {
  const later = (sk: string, requested: string) =>
    change({ item: { ...demandItem, SK: sk, eventId: 'event-later', date: { requested } }, at: requested })
  const payloads = [
    later('later-1', '2025-07-25T08:00:00.000Z'),
    later('later-2', '2025-02-13T23:59:59.999Z'),
  ]
  await deliver(archive, payloads, 'deflate', 200_000)
}

async function deliver(
  { store, catalog }: Archive,
  payloads: readonly Uint8Array[],
  codec: PlanRules['codec'],
  sequence: number,
): Promise<void> {
  const rules = { ...toRules(catalog, readSettings({})), codec }
  const plan = planBatch({ stream: 's', shard: '0', records: records(payloads, sequence) }, rules)
  if (plan.errors.length > 0) throw new Error(JSON.stringify(plan.errors[0]))
  for (const { key, bytes } of plan.objects) await store.put(key, bytes)
}

const dayMs = 86_400_000
const seasonStartMs = Date.parse('2024-12-20T07:05:09.250Z')
const iso = (ms: number) => new Date(ms).toISOString()

const cities = [
  { city: 'Zürich', country: 'Schweiz', countryCode: 'CH', latitude: 47.41, longitude: 8.55 },
  { city: '東京', country: '日本', countryCode: 'JP', latitude: 35.64, longitude: 139.75 },
  { city: 'Austin', state: 'Texas', stateCode: 'TX', countryCode: 'US', latitude: 30.28, longitude: -97.73 },
]
const genres = ['Rock', 'Pop', 'Schlager', 'Jazz']

/** Five events of a season with their sales, and requests over four weeks: live, notified, cancelled, expired. */
function season(): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let n = 0; n < 5; n++) payloads.push(...seasonEvent(n))
  for (let n = 0; n < 240; n++) payloads.push(...seasonRequest(n))
  for (let n = 0; n < 40; n++) payloads.push(seasonMessage(n))
  return payloads
}

function seasonEvent(n: number): Uint8Array[] {
  const seen = seasonStartMs + n * 3 * dayMs
  const named = (name: string) => ({ id: name.toLowerCase(), name })
  const event = {
    ...eventItem,
    PK: `EVENT#season-${n}`,
    id: `season-${n}`,
    name: `Season ${n}: Fête d’été № ${n}`,
    isSuppressed: n === 4,
    eventDate: {
      start: { dateTime: iso(seen + 90 * dayMs), localDate: iso(seen + 90 * dayMs).slice(0, 10) },
      timezone: 'Europe/Zurich',
    },
    classifications: genres.slice(0, n).map((genre, place) => ({
      primary: place === 0,
      segment: named('Music'),
      genre: named(genre),
    })),
    venues: cities
      .slice(0, n % 4)
      .map((city, place) => ({ ...city, id: `venue-${n}-${place}`, name: `Hall ${place}` })),
    attractions: [named('Aurora Vale'), named(`Guest ${n}`)].slice(0, (n % 2) + 1),
    date: { firstSeen: iso(seen) },
    seatMap: {
      levels: n + 1,
      accessible: n % 2 === 0,
      blocks: [{ name: 'A', seats: 10 * n }],
      note: 'Größe "XL"',
    },
  }
  const sale = {
    ...saleItem,
    PK: event.PK,
    SK: `SALE#season-${n}`,
    id: `sale-season-${n}`,
    eventId: event.id,
    name: n === 2 ? null : `Sale ${n}`,
    saleTypes: ['PRESALE', 'GENERAL', 'VIP'].slice(n % 3),
    saleStartDateTime: iso(seen + 40 * dayMs),
    saleEndDateTime: n === 3 ? null : iso(seen + 47 * dayMs + 12_345_678),
  }
  const renamed = {
    ...event,
    name: `${event.name} (moved)`,
    date: { ...event.date, updated: iso(seen + dayMs) },
  }
  return [
    change({ item: event, at: iso(seen) }),
    change({ item: sale, at: iso(seen + 1000) }),
    ...(n % 2 === 1
      ? [change({ operation: 'MODIFY', item: renamed, before: event, at: iso(seen + dayMs) })]
      : []),
  ]
}

/** The event of each request; there is none of the last. */
const wanted = [1, 1, 1, 1, 1, 4, 4, 4, 4, 0, 0, 0, 2, 2, 6]

function seasonRequest(n: number): Uint8Array[] {
  const event = wanted[n % wanted.length]
  const requested = seasonStartMs + Math.floor(n * 0.1 * dayMs) + n * 61_001
  const item = {
    ...demandItem,
    PK: `FAN#f${n % 60}`,
    SK: `DEMAND#season-${event}#${n}`,
    fanId: `fan-${String(n % 60).padStart(3, '0')}`,
    eventId: `season-${event}`,
    saleId: `sale-season-${event}`,
    artistId: n % 5 === 0 ? null : `artist-${n % 3}`,
    artistName: ['Aurora Vale', 'Işık Orkestrası', null][n % 3],
    eventName: `Season ${event}`,
    email: n % 4 === 0 ? null : `fan.${n % 60}@example.${n % 2 === 0 ? 'com' : 'net'}`,
    contactMethod: ['SMS', 'EMAIL', null][n % 3],
    demandType: n % 6 === 0 ? null : 'ON_SALE_REMINDER',
    systemUserId: n % 8 === 0 ? `archtics-${n}.${1000 + n}` : null,
    date: { requested: iso(requested) },
    basket: { count: n % 9, price: '19.90', tags: ['early', `t${n % 4}`], 'odd key': null },
    ...(n % 10 === 0 ? { campaign: `spring/${n}` } : {}),
  }
  const notified = {
    ...item,
    date: { ...item.date, triggered: iso(requested + 30_000), notified: iso(requested + 45_000 + n * 333) },
  }
  const at = (ms: number) => iso(requested + ms).replace('Z', `${String(n).padStart(3, '0')}Z`)
  return [
    change({ item, at: at(100) }),
    ...(n % 2 === 0 ? [change({ operation: 'MODIFY', item: notified, before: item, at: at(50_000) })] : []),
    ...(n % 7 === 0 ? [change({ operation: 'REMOVE', item: notified, at: at(3_600_000) })] : []),
    ...(n % 11 === 5 ? [change({ operation: 'REMOVE', item, ttl: true, at: at(30 * dayMs) })] : []),
  ]
}

function seasonMessage(n: number): Uint8Array {
  const created = seasonStartMs + n * dayMs
  const item = {
    ...notificationItem,
    SK: `NOTIFICATION#season#${n}`,
    fanId: `fan-${String(n % 60).padStart(3, '0')}`,
    eventId: `season-${n % 5}`,
    saleId: `sale-season-${n % 5}`,
    contactMethod: n % 2 === 0 ? 'SMS' : 'EMAIL',
    sendAttempts: n % 4,
    status: n % 5 === 0 ? null : { id: ['QUEUED', 'SENT', 'FAILED'][n % 3], date: iso(created + 5000) },
    date: { created: iso(created), sent: n % 3 === 1 ? iso(created + 5000) : null },
  }
  return change({ item, at: iso(created) })
}

/** What a simulated stream does not have: a sale far ahead, text of every kind, absent parts, an expiry, a move. */
function oddities(): Uint8Array[] {
  const texts = { eventName: '🎟️ שלום "quoted" \\ \n line', seatMap: { levels: 3, '🎪': [1.1, null] } }
  const moved = { ...demandItem, SK: 'moved', date: { requested: '2025-02-14T00:00:00.000Z' } }
  const farSale = {
    SK: 'SALE#far',
    id: 'far',
    saleStartDateTime: '2027-12-01T10:00:00Z',
    saleStartDate: '2027-12-01',
  }
  const bare = { SK: 'bare', id: 'bare', eventDate: null, date: { firstSeen: '2024-02-29T23:59:59.999Z' } }
  const nested = {
    SK: 'nested',
    id: 'nested',
    isSuppressed: true,
    classifications: [{ primary: null }, { genre: { id: 'g' } }],
    venues: [{ latitude: -0.5, longitude: 180 }],
  }
  return [
    change({ item: { ...saleItem, ...farSale } }),
    change({ item: { ...demandItem, ...texts, SK: 'texts' } }),
    change({ item: { ...eventItem, ...bare } }),
    change({ item: { ...eventItem, ...nested } }),
    change({ operation: 'REMOVE', item: eventItem, at: '2025-03-01T00:00:00.000001Z' }),
    change({
      operation: 'REMOVE',
      item: { ...demandItem, SK: 'expired' },
      ttl: true,
      at: '2025-03-15T00:00:00Z',
    }),
    change({ operation: 'MODIFY', item: moved, before: { ...moved, date: demandItem.date } }),
  ]
}

/** A file of the days before two of the fields. */
async function addOlderFile({ store, catalog }: Archive): Promise<void> {
  const whole = catalog.get('demand')?.avro as JsonObject & { fields: readonly JsonObject[] }
  const { fields: addedFields } = addedSchema as unknown as { fields: { name: string }[] }
  const unknown = new Set([...addedFields.map(({ name }) => name), 'artistName', 'demandType'])
  const fields = whole.fields.filter(({ name }) => !unknown.has(String(name)))
  const older = compileSchema({ ...whole, fields }, addedSchema, 'older.avsc')
  const rules = { ...toRules(catalog, readSettings({})), catalog: new Map([['demand', older]]) }
  const [record] = records([change({ item: { ...demandItem, SK: 'older' } })], 300_000)
  const row = record && readRow(record, rules)
  if (!row?.ok) throw new Error('the row of the older file is an error')
  const spec = { schema: older.avro, type: older.row, codec: 'deflate', metadata: new Map(), sync } as const
  await store.put('data/demand/partition_date=2025-02-13/older.avro', containerOf(spec, [row.row]))
}

const sync = new Uint8Array(16).fill(7)

/** Two partitions without a row, each a container of no rows, in either codec. */
async function addEmptyFiles({ store, catalog }: Archive): Promise<void> {
  for (const [type, codec] of [
    ['demand', 'deflate'],
    ['sale', 'null'],
  ] as const) {
    const schema = catalog.get(type)
    if (!schema) throw new Error(`there is no type ${type}`)
    const spec = { schema: schema.avro, type: schema.row, codec, metadata: new Map(), sync }
    await store.put(`data/${type}/partition_date=2025-02-20/empty.avro`, containerOf(spec, []))
  }
}
