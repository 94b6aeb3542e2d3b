import { readFileSync } from 'node:fs'
import { attributes, demandItem, eventItem, notificationItem, saleItem } from '../changes.ts'

type Json = { readonly [name: string]: unknown }
type KinesisRecord = Json & {
  readonly kinesis: Json & { readonly data: string; readonly sequenceNumber: string }
}
type KinesisEvent = { readonly Records: readonly KinesisRecord[] }

const readEvent = (name: string) =>
  JSON.parse(readFileSync(new URL(`../events/${name}`, import.meta.url), 'utf8'))

/** An event of Lambda as it was recorded: DynamoDB's changes, by Kinesis. */
export const recorded: KinesisEvent = readEvent('kinesis-dynamodb-stream.json')
/** The same of DynamoDB Streams: two changes of items that have no record type, each of a stream of its own. */
export const streamsEvent: { readonly Records: readonly object[] } = readEvent('dynamodb-streams.json')

const [entry] = recorded.Records
if (!entry) throw new Error('the recorded event is empty')
const envelope: Json & { readonly dynamodb: Json } = JSON.parse(
  Buffer.from(entry.kinesis.data, 'base64').toString('utf8'),
)

/** Texts that stand for a fan, as they are nowhere but in items: none may be in a log. */
export const canaries = ['+1 202 555 0188', 'canary@lambda.example', 'cANARY of the lane', 'canary-extra']
const [phoneNumber = '', email = '', messageBody = '', note = ''] = canaries

const personal = { phoneNumber, email, messageBody, note }
const items: readonly Json[] = [
  { ...demandItem, ...personal },
  { ...notificationItem, ...personal },
  { ...eventItem, note },
  { ...saleItem, note },
]

/** The recorded envelope, around a change of an item of ours. */
export function carry(
  eventName: string,
  item: Json,
  options: { readonly before?: Json; readonly isByTtl?: boolean } = {},
): Buffer {
  const { PK, SK } = item
  const { dynamodb, ...outer } = envelope
  const { NewImage: _, ...inner } = dynamodb
  const old = eventName === 'REMOVE' ? item : options.before
  return Buffer.from(
    JSON.stringify({
      ...outer,
      eventID: `${eventName}-${PK}-${SK}`,
      eventName,
      userIdentity: options.isByTtl ? { principalId: 'dynamodb.amazonaws.com', type: 'Service' } : null,
      dynamodb: {
        ...inner,
        Keys: attributes({ PK, SK }),
        ...(eventName === 'REMOVE' ? {} : { NewImage: attributes(item) }),
        ...(old ? { OldImage: attributes(old) } : {}),
      },
    }),
  )
}

/** Every type of record, by every way in which it changes, and payloads that are bad in one way each. */
export const everyChange: readonly Buffer[] = items.flatMap((item) => [
  carry('INSERT', item),
  carry('MODIFY', { ...item, url: 'https://example.com' }, { before: item }),
  carry('REMOVE', item),
  carry('REMOVE', { ...item, SK: `${item.SK}#expired` }, { isByTtl: true }),
])

const { saleId: _, ...withoutSale } = { ...demandItem, ...personal }
export const badPayloads: readonly Buffer[] = [
  carry('INSERT', withoutSale),
  carry('INSERT', { ...demandItem, ...personal, type: messageBody }),
  carry('INSERT', { ...demandItem, ...personal, date: { requested: email } }),
  Buffer.from(`no JSON, but ${phoneNumber}`),
  Buffer.from([0xff, 0xfe, ...Buffer.from(email)]),
]

/** The recorded event's own record, once for each payload, with sequence numbers that rise. */
export function toEvent(payloads: readonly Uint8Array[]): KinesisEvent {
  if (!entry) throw new Error('the recorded event is empty')
  const shard = String(entry.eventID).split(':')[0]
  const first = BigInt(entry.kinesis.sequenceNumber)
  return {
    Records: payloads.map((payload, index) => {
      const sequenceNumber = String(first + BigInt(index))
      return {
        ...entry,
        kinesis: { ...entry.kinesis, sequenceNumber, data: Buffer.from(payload).toString('base64') },
        eventID: `${shard}:${sequenceNumber}`,
      }
    }),
  }
}

/** A change of a demand whose place among `count` of them decides its partition, among `days`. */
export function demandChange(index: number, days: number, text = messageBody): Buffer {
  const requested = new Date(Date.UTC(2024, 0, 1 + (index % days), 12)).toISOString()
  const fanId = `fan-${index}`
  const item = {
    ...demandItem,
    ...personal,
    PK: `FAN#${fanId}`,
    fanId,
    messageBody: text,
    date: { requested },
  }
  return carry('INSERT', item)
}
