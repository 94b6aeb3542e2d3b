import { toBytes } from './envelope.ts'
import { below, pick } from './random.ts'
import { envelope, type Family, latin1, payload, spliceMessage } from './spoil.ts'

/** Payloads that are no change record, or one that says too little: they fail while they are decoded. */
export const badEnvelopes: Family = [
  [
    'latin1-name',
    'NOT_UTF8',
    'A name came from a Latin-1 system: its é is one byte, which is no UTF-8.',
    payload((text) => spliceMessage(text, latin1('Renée Müller: '))),
  ],
  [
    'surrogate-bytes',
    'NOT_UTF8',
    'An emoji was encoded as two surrogates of three bytes each (CESU-8).',
    payload((text) => spliceMessage(text, [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80])),
  ],
  [
    'cut-character',
    'NOT_UTF8',
    'The payload was cut off inside a character.',
    payload((text) => {
      const spliced = spliceMessage(text, [...toBytes('夢')])
      return spliced.subarray(0, spliced.lastIndexOf(toBytes('夢')[0]!) + 2)
    }),
  ],
  [
    'truncated-json',
    'NOT_JSON',
    'The payload was cut off at a size limit.',
    payload((text, random) => toBytes(text.slice(0, 400 + below(random, text.length - 500)))),
  ],
  [
    'plain-text',
    'NOT_JSON',
    'A log line went to the stream.',
    payload((_, random, { eventID }) =>
      toBytes(`[WARN] demand-capture ${eventID}: retry ${below(random, 9)} of 9`),
    ),
  ],
  [
    'form-body',
    'NOT_JSON',
    "The fan's form went to the stream as the browser sent it.",
    payload((_, __, { dynamodb: { NewImage: item } }) => {
      const field = (name: string) => (item[name] as { S?: string } | undefined)?.S ?? ''
      const form = { fan: field('fanId'), email: field('email'), text: field('messageBody') }
      return toBytes(new URLSearchParams(form).toString())
    }),
  ],
  [
    'json-array',
    'NOT_A_CHANGE',
    'Several changes were put into one list.',
    payload((text) => toBytes(`[${text}]`)),
  ],
  [
    'bus-event',
    'NOT_A_CHANGE',
    'An event bus wrapped the change into an event of its own.',
    payload((_, __, change) =>
      toBytes(
        JSON.stringify({
          version: '0',
          id: change.eventID,
          'detail-type': 'DynamoDB change',
          source: 'demand-capture',
          detail: change,
        }),
      ),
    ),
  ],
  [
    'bare-image',
    'NOT_A_CHANGE',
    'The item was put on the stream without its envelope.',
    payload((_, __, { dynamodb }) => toBytes(JSON.stringify(dynamodb.NewImage))),
  ],
  [
    'unknown-operation',
    'OPERATION_UNKNOWN',
    'eventName is a word of another system.',
    envelope('demand', (change, _, random) => {
      change.eventName = pick(random, ['UPDATE', 'insert', 'UPSERT', 'DELETE'])
    }),
  ],
  [
    'missing-operation',
    'OPERATION_UNKNOWN',
    'eventName is not there.',
    envelope('demand', (change) => {
      delete change.eventName
    }),
  ],
  [
    'missing-keys',
    'KEYS_INVALID',
    'A relay dropped Keys.',
    envelope('demand', (_, section) => {
      delete section.Keys
    }),
  ],
  [
    'empty-keys',
    'KEYS_INVALID',
    'Keys hold nothing.',
    envelope('notification', (_, section) => {
      section.Keys = {}
    }),
  ],
  [
    'map-as-key',
    'KEYS_INVALID',
    'A key attribute is a map, which no table allows.',
    envelope('demand', (_, section) => {
      section.Keys = { PK: { M: section.Keys } }
    }),
  ],
  [
    'missing-new-image',
    'IMAGE_MISSING',
    'The table streamed keys only.',
    envelope('demand', (_, section: { NewImage?: unknown }) => {
      delete section.NewImage
    }),
  ],
  [
    'missing-old-image',
    'IMAGE_MISSING',
    'A cancellation came without the item as it was.',
    envelope('removal', (_, section) => {
      delete section.OldImage
    }),
  ],
  [
    'seconds-as-milliseconds',
    'TIME_INVALID',
    "The change's time is in seconds and calls itself milliseconds.",
    envelope('demand', (_, section) => {
      section.ApproximateCreationDateTime = Math.floor(section.ApproximateCreationDateTime / 1e6)
      section.ApproximateCreationDateTimePrecision = 'MILLISECOND'
    }),
  ],
  [
    'microseconds-without-precision',
    'TIME_INVALID',
    "The change's time is in microseconds and does not say so.",
    envelope('demand', (_, section) => {
      delete section.ApproximateCreationDateTimePrecision
    }),
  ],
]
