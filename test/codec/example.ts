import { loadCatalog } from '../../src/catalog.ts'
import { readImage } from '../../src/codec/image.ts'
import type { StreamRecord } from '../../src/codec/lambda-event.ts'
import { type Rejected, type Row, type RowRules, readRow } from '../../src/delivery/row.ts'
import { compileSchema, toCatalog } from '../../src/record/schema.ts'
import type { Json, JsonObject, Value } from '../../src/record/type.ts'
import { addedSchema } from '../arbitrary/schema.ts'

export const catalog = loadCatalog()
export const rules: RowRules = {
  catalog,
  range: { from: '2020-01-01', yearsAhead: 3 },
  isKeyAttribute: (name) => /^(?:pk|sk|gsi\d+(?:pk|sk))$/.test(name),
}

/** When every example changed. */
export const changedMs = Date.UTC(2025, 1, 14, 9, 30, 0, 250)

/** Values as DynamoDB JSON: texts are S, numbers N, booleans BOOL, null NULL, lists L, the rest M. */
export function toAttribute(value: Json): Json {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  return Array.isArray(value) ? { L: value.map(toAttribute) } : { M: toImage(value as JsonObject) }
}

export function toImage(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toAttribute(value)]))
}

/** A whole item of each record type, every field filled. */
export const items: { readonly [type in 'demand' | 'notification' | 'event' | 'sale']: JsonObject } = {
  demand: {
    type: 'demand',
    fanId: 'fan-1',
    eventId: 'event-1',
    saleId: 'sale-1',
    artistId: 'artist-1',
    eventName: 'The Tour',
    saleName: 'General sale',
    artistName: 'The Band',
    requestedDateTime: '2025-02-13T18:30:00Z',
    phoneNumber: '+4915112345678',
    email: 'ada@example.org',
    contactMethod: 'SMS',
    demandType: 'REMINDER',
    messageBody: 'Tickets soon, Ada!',
    systemUserId: 'archtics-70.12345',
    date: { requested: '2025-02-13T18:30:00.123Z', triggered: '2025-02-13T19:00:00Z' },
  },
  notification: {
    type: 'notification',
    fanId: 'fan-1',
    eventId: 'event-1',
    saleId: 'sale-1',
    saleName: 'General sale',
    contactMethod: 'EMAIL',
    phoneNumber: '+4915112345678',
    email: 'ada@example.org',
    messageBody: 'Tickets soon, Ada!',
    status: { id: 'SENT', date: '2025-02-13T19:01:00Z' },
    sendAttempts: 2,
    messageId: 'message-1',
    groupId: 'group-1',
    date: {
      created: '2025-02-13T18:59:00Z',
      updated: '2025-02-13T19:01:00Z',
      triggered: '2025-02-13T19:00:00Z',
      queued: '2025-02-13T19:00:01Z',
      sent: '2025-02-13T19:01:00Z',
      delivered: '2025-02-13T19:01:05Z',
    },
  },
  event: {
    type: 'event',
    id: 'event-1',
    name: 'Die Tour — שלום 🎟️',
    url: 'https://tickets.example/event-1',
    locale: 'de-de',
    isSuppressed: false,
    eventDate: {
      start: { dateTime: '2025-06-01T20:00:00+02:00', localDate: '2025-06-01' },
      end: { dateTime: '2025-06-01T23:00:00+02:00', localDate: '2025-06-01' },
      timezone: 'Europe/Berlin',
    },
    classifications: [
      {
        primary: true,
        segment: { id: 's1', name: 'Music' },
        genre: { id: 'g1', name: 'Rock' },
        subGenre: { id: 'u1', name: 'Pop' },
      },
    ],
    venues: [
      {
        id: 'v1',
        name: 'Hall',
        city: 'Berlin',
        state: 'Berlin',
        stateCode: 'BE',
        country: 'Germany',
        countryCode: 'DE',
        postalCode: '10243',
        timezone: 'Europe/Berlin',
        latitude: 52.5052,
        longitude: 13.4437,
      },
    ],
    attractions: [
      { id: 'a1', name: 'The Band' },
      { id: 'a2', name: 'Support' },
    ],
    promoter: { id: 'p1', name: 'Promo' },
    date: { firstSeen: '2025-01-10T08:00:00Z', updated: '2025-02-01T08:00:00Z' },
  },
  sale: {
    type: 'sale',
    id: 'sale-1',
    eventId: 'event-1',
    name: 'General sale',
    saleTypes: ['PUBLIC', 'PRESALE'],
    saleStartDate: '2025-03-01',
    saleStartDateTime: '2025-03-01T10:00:00+01:00',
    saleEndDateTime: '2025-05-31T20:00:00Z',
  },
}

export type Parts = {
  readonly operation?: string
  /** The image: the new one, for a REMOVE the old one. */
  readonly image: JsonObject
  readonly before?: JsonObject
  readonly section?: JsonObject
  readonly more?: JsonObject
}

/** The envelope of a change. */
export function toEnvelope({ operation = 'INSERT', image, before, section, more }: Parts): JsonObject {
  return {
    awsRegion: 'eu-west-1',
    eventID: 'change-1',
    eventName: operation,
    userIdentity: null,
    recordFormat: 'application/json',
    tableName: 'tickets',
    dynamodb: {
      ApproximateCreationDateTime: changedMs,
      Keys: { pk: { S: 'item-1' } },
      ...(operation === 'REMOVE' ? { OldImage: image } : { NewImage: image }),
      ...(before ? { OldImage: before } : {}),
      SizeBytes: 100,
      ...section,
    },
    eventSource: 'aws:dynamodb',
    ...more,
  }
}

export function toRecord(envelope: Json, more: Partial<StreamRecord> = {}): StreamRecord {
  return {
    payload: Buffer.from(JSON.stringify(envelope), 'utf8'),
    sequence: '49590338271490256608559692540',
    ...more,
  }
}

/** The row of a change, or its rejection. */
export function read(parts: Parts, more: Partial<RowRules> = {}): Row | Rejected {
  return readRow(toRecord(toEnvelope(parts)), { ...rules, ...more })
}

export const instant: Json = { type: 'long', logicalType: 'timestamp-millis' }
/** A record of which one field is required. */
export const inner: Json = {
  type: 'record',
  name: 'inner',
  fields: [
    { name: 'x', type: ['null', 'string'], default: null },
    { name: 'needed', type: 'string' },
  ],
}
/** A type with one required field of the given type, named `v`. */
const catalogOf = (type: Json, more = {}) =>
  toCatalog([
    compileSchema(
      {
        type: 'record',
        name: 'thing',
        reference: '{type}',
        timestamp: ['change.timestamp'],
        partition: ['change.timestamp'],
        fields: [
          { name: 'type', type: 'string' },
          { name: 'v', type, ...more },
        ],
      },
      addedSchema,
      'thing.avsc',
    ),
  ])
/** An image of that type, read. */
export const readFields = (type: Json, image: JsonObject, more = {}) =>
  readImage({ type: { S: 'thing' }, ...image }, catalogOf(type, more), [], () => false)
/** One attribute read as the type, or the code and path of its rejection. */
export const readField = (type: Json, attribute: Json, more = {}): Value | undefined => {
  const read = readFields(type, { v: attribute }, more)
  return read.ok ? read.record.v : `${read.rejection.code} ${read.rejection.path}`
}
