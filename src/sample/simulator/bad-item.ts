import { below, pick } from './random.ts'
import { type Family, image, inside, iso, setRequested } from './spoil.ts'

const dayMs = 86_400_000

/** Change records whose item is not what its schema says: they fail while they are validated. */
export const badItems: Family = [
  [
    'missing-sale-id',
    'FIELD_MISSING',
    'The capturing service forgot saleId.',
    image('demand', (demand) => {
      delete demand.saleId
    }),
  ],
  [
    'null-event-id',
    'FIELD_MISSING',
    'eventId is NULL.',
    image('demand', (demand) => {
      demand.eventId = { NULL: true }
    }),
  ],
  [
    'missing-requested-date',
    'FIELD_MISSING',
    'The request does not say when it was made.',
    image('demand', (demand) => {
      delete inside(demand, 'date').requested
    }),
  ],
  [
    'missing-date',
    'FIELD_MISSING',
    'A message carries no dates at all.',
    image('notification', (notification) => {
      delete notification.date
    }),
  ],
  [
    'sale-without-start',
    'FIELD_MISSING',
    'A sale was made without saleStartDateTime.',
    image('sale', (sale) => {
      delete sale.saleStartDateTime
    }),
  ],
  [
    'empty-fan-id',
    'FIELD_EMPTY',
    'fanId is an empty text.',
    image('demand', (demand) => {
      demand.fanId = { S: '' }
    }),
  ],
  [
    'missing-type',
    'TYPE_UNKNOWN',
    'The attribute type is not there.',
    image('demand', (demand) => {
      delete demand.type
    }),
  ],
  [
    'unknown-type',
    'TYPE_UNKNOWN',
    'Another feature writes its items to the same table.',
    image('demand', (demand, random) => {
      demand.type = { S: pick(random, ['wishlist', 'Demand', 'demands', 'giftcard']) }
    }),
  ],
  [
    'phone-as-number',
    'FIELD_TYPE',
    'phoneNumber is a number; its plus and its zeros are lost.',
    image('demand', (demand, random) => {
      demand.phoneNumber = { N: `120255501${10 + below(random, 90)}` }
    }),
  ],
  [
    'date-as-text',
    'FIELD_TYPE',
    'date is a text where a map of dates is due.',
    image('demand', (demand) => {
      demand.date = inside(demand, 'date').requested
    }),
  ],
  [
    'venues-as-map',
    'FIELD_TYPE',
    'venues is a map by identifier where a list is due.',
    image('event', (event) => {
      event.venues = { M: { main: (event.venues as { L: unknown[] }).L[0] } }
    }),
  ],
  [
    'flag-as-text',
    'FIELD_TYPE',
    'isSuppressed is a text.',
    image('event', (event, random) => {
      event.isSuppressed = { S: pick(random, ['false', 'true', 'no']) }
    }),
  ],
  [
    'fractional-send-attempts',
    'NUMBER_INEXACT',
    'sendAttempts is a fraction.',
    image('notification', (notification, random) => {
      notification.sendAttempts = { N: `${1 + below(random, 4)}.5` }
    }),
  ],
  [
    'huge-send-attempts',
    'NUMBER_INEXACT',
    'sendAttempts is beyond 32 bits: somebody counted in another unit.',
    image('notification', (notification, random) => {
      notification.sendAttempts = { N: String(2 ** 31 + below(random, 1000)) }
    }),
  ],
  [
    'impossible-date',
    'DATE_INVALID',
    'The request was made on 30 February.',
    setRequested((random, changedMs) => `${iso(changedMs).slice(0, 4)}-02-30T18:3${below(random, 10)}:00Z`),
  ],
  [
    'garbled-date',
    'DATE_INVALID',
    'The date is in the form of another country.',
    setRequested((random) => `13/02/2025 ${10 + below(random, 10)}:${10 + below(random, 50)}`),
  ],
  [
    'date-in-days',
    'DATE_INVALID',
    'The date is a number of another unit.',
    image('demand', (demand, _, changedMs) => {
      inside(demand, 'date').requested = { N: String(Math.floor(changedMs / dayMs)) }
    }),
  ],
  [
    'unknown-attribute-tag',
    'ATTRIBUTE_MALFORMED',
    'A value is tagged with a type that DynamoDB does not have.',
    image('demand', (demand) => {
      demand.messageBody = { TEXT: (demand.messageBody as { S: string }).S }
    }),
  ],
  [
    'untagged-value',
    'ATTRIBUTE_MALFORMED',
    'An address stands without a type tag.',
    image('demand', (demand, random) => {
      demand.email = `em.${below(random, 1e6)}@example.com`
    }),
  ],
  [
    'two-tags',
    'ATTRIBUTE_MALFORMED',
    'A value is tagged as text and as NULL at once.',
    image('notification', (notification) => {
      notification.messageBody = { ...(notification.messageBody as object), NULL: true }
    }),
  ],
  [
    'nested-too-deep',
    'ATTRIBUTE_MALFORMED',
    'An attribute is nested deeper than DynamoDB allows.',
    image('demand', (demand, random) => {
      let nested: unknown = { S: `em.${below(random, 1e6)}@example.com` }
      for (let depth = 0; depth < 40; depth++) nested = { M: { inner: nested } }
      demand.profile = nested
    }),
  ],
]

/** Sound items that no query would find. */
export const misplacedItems: Family = [
  [
    'date-before-range',
    'PARTITION_OUT_OF_RANGE',
    'The request claims to be from 2019, before the archive begins.',
    setRequested((random) => `2019-0${1 + below(random, 9)}-1${below(random, 10)}T12:00:00.000Z`),
  ],
  [
    'date-after-range',
    'PARTITION_OUT_OF_RANGE',
    'A sale begins ten years ahead: the year was mistyped.',
    image('sale', (sale, random, changedMs) => {
      sale.saleStartDateTime = { S: iso(changedMs + (3650 + below(random, 300)) * dayMs) }
    }),
  ],
]
