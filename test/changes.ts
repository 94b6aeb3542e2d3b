import { writeEnvelope } from '../src/codec/envelope.ts'
import type { StreamRecord } from '../src/codec/lambda-event.ts'

/** DynamoDB JSON of a plain value: text S, number N, boolean BOOL, null NULL, list L, object M. */
export function attribute(value: unknown): { readonly [tag: string]: unknown } {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map(attribute) }
  return { M: attributes(value as object) }
}

export function attributes(item: object): { readonly [name: string]: unknown } {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attribute(value)]))
}

type Item = { readonly [name: string]: unknown }
export type ChangeSpec = {
  readonly operation?: string
  readonly item?: Item
  readonly before?: Item
  /** ISO-8601, to the microsecond at most. */
  readonly at?: string
  readonly id?: string
  readonly keys?: Item
  readonly ttl?: boolean
  readonly table?: string
}

export const demandItem = {
  PK: 'FAN#fan-1',
  SK: 'DEMAND#event-1#sale-1',
  type: 'demand',
  fanId: 'fan-1',
  eventId: 'event-1',
  saleId: 'sale-1',
  phoneNumber: '+1 202 555 0101',
  email: 'ada@example.com',
  messageBody: 'Tickets are on sale!',
  date: { requested: '2025-02-13T18:30:00.000Z' },
} as const

export const eventItem = {
  PK: 'EVENT#event-1',
  SK: 'EVENT',
  type: 'event',
  id: 'event-1',
  name: 'The Tour',
  eventDate: { start: { dateTime: '2025-06-01T19:00:00Z', localDate: '2025-06-01' } },
  date: { firstSeen: '2025-01-10T09:00:00Z' },
} as const

export const saleItem = {
  PK: 'EVENT#event-1',
  SK: 'SALE#sale-1',
  type: 'sale',
  id: 'sale-1',
  eventId: 'event-1',
  saleTypes: ['PRESALE'],
  saleStartDateTime: '2025-03-01T10:00:00-05:00',
} as const

export const notificationItem = {
  PK: 'FAN#fan-1',
  SK: 'NOTIFICATION#event-1#sale-1#1',
  type: 'notification',
  fanId: 'fan-1',
  eventId: 'event-1',
  saleId: 'sale-1',
  sendAttempts: 1,
  date: { created: '2025-02-13T18:31:00Z' },
} as const

let made = 0

/** A change record as the stream carries it, as bytes. Without an id each has its own. */
export function change(spec: ChangeSpec = {}): Uint8Array {
  const {
    operation = 'INSERT',
    item = demandItem,
    at = '2025-02-13T18:30:00.250Z',
    id = `id-${++made}`,
  } = spec
  const [date = '', fraction = ''] = at.replace('Z', '').split('.')
  const micros = Date.parse(`${date}Z`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
  const { PK, SK } = item
  const text = (image: Item | undefined) => image && JSON.stringify(attributes(image))
  const before = text(operation === 'REMOVE' ? item : spec.before)
  const after = operation === 'REMOVE' ? undefined : text(item)
  return Buffer.from(
    writeEnvelope(
      {
        id,
        operation,
        micros,
        keys: JSON.stringify(attributes(spec.keys ?? { PK, SK })).slice(1, -1),
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        sizeBytes: 400,
        isExpiry: spec.ttl === true,
      },
      { tableName: spec.table ?? 'dmd', region: 'us-east-1' },
    ),
  )
}

/** Payloads as the records of a batch, numbered from 1. */
export function records(payloads: readonly Uint8Array[], from = 1): readonly StreamRecord[] {
  return payloads.map((payload, index) => ({ payload, sequence: String(index + from) }))
}

/** A Lambda event of a Kinesis stream that carries the payloads. */
export function kinesisEvent(payloads: readonly Uint8Array[], shard = 'shardId-000000000000'): object {
  return {
    Records: payloads.map((payload, index) => {
      const sequenceNumber = `4965782840918770152001999524250839011995336532519258${String(index).padStart(4, '0')}`
      return {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: String(index),
          sequenceNumber,
          data: Buffer.from(payload).toString('base64'),
          approximateArrivalTimestamp: 1_739_471_401.25,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `${shard}:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        awsRegion: 'eu-west-1',
        eventSourceARN: 'arn:aws:kinesis:eu-west-1:1234567890:stream/changes',
      }
    }),
  }
}
