import {
  type Attribute,
  absent,
  type DateStyle,
  flag,
  list,
  type Members,
  map,
  members,
  number,
  pickDateStyle,
  plain,
  set,
  text,
} from './attribute.ts'
import type { ItemKeys } from './envelope.ts'
import { type Person, pickMessage, pickPerson } from './people.ts'
import { below, chance, createRandom, hex, pick, type Random, type Seed } from './random.ts'
import type { TourEvent, TourSale } from './tour.ts'

/** One fan and the request. Recalled from seed and number whenever needed, and so never kept. */
export type Fan = {
  readonly id: string
  readonly sale: TourSale
  readonly dates: DateStyle
  /** How long the change record follows the request, in whole milliseconds. */
  readonly delayMs: number
  /** How to reach the fan, and what to say. */
  readonly contact: Members
  /** What no schema models: empty, or members after a comma. */
  readonly drift: Members
  /** Empty, or a member after a comma. */
  readonly system: Members
  readonly group: string
  /** Some writers let requests expire half a year later. */
  readonly hasTtl: boolean
}

/** The dates that a request has gathered so far, in milliseconds; `expiresMs` is when DynamoDB may delete it. */
export type RequestDates = {
  readonly requestedMs: number
  readonly triggeredMs?: number
  readonly notifiedMs?: number
  readonly expiresMs?: number
}

const systems = ['archtics', 'host', 'veritix'] as const

/** The fan with this number, who asks for a sale of this event. */
export function recallFan(seed: Seed, streamNumber: number, n: number, event: TourEvent): Fan {
  const random = createRandom(seed, streamNumber, n)
  const account = chance(random, 40) ? `${pick(random, systems)}-${10 + below(random, 90)}.${10_000 + n}` : ''
  const drift = chance(random, 12) ? pick(random, drifts)(random) : ''
  return {
    // The number makes it unique, the digits make it look like an identifier.
    id: `fan-${hex(random, 5)}${(46_656 + n).toString(36)}`,
    sale: event.sales[chance(random, 80) ? 0 : event.sales.length - 1]!,
    dates: pickDateStyle(random),
    delayMs: 2 + below(random, 100),
    contact: contactOf(random, pickPerson(random, n), event),
    drift: drift && `,${drift}`,
    system: account && `,"systemUserId":${plain(account)}`,
    group: hex(random, 6),
    hasTtl: chance(random, 25),
  }
}

function contactOf(random: Random, person: Person, event: TourEvent): Members {
  const wantsText = chance(random, 70)
  const phone = wantsText || chance(random, 50) ? `"phoneNumber":${plain(person.phone)},` : ''
  const email = wantsText && chance(random, 30) ? absent : plain(person.email)
  const message = text(pickMessage(random, person.name, event.name))
  return `${phone}"email":${email},"contactMethod":{"S":"${wantsText ? 'SMS' : 'EMAIL'}"},"messageBody":${message}`
}

// What the capturing service wrote for a while without telling anybody.
const drifts: readonly ((random: Random) => Members)[] = [
  (random) => members({ deviceType: text(pick(random, ['ios', 'android', 'web'])) }),
  (random) => members({ interests: set('pop', `city-${below(random, 50)}`) }),
  // More digits than a double holds.
  (random) =>
    members({ score: number(`0.${1 + below(random, 9)}2345678901234567890123456789${below(random, 9)}1`) }),
  (random) =>
    members({
      client: map({
        version: text(`7.${below(random, 20)}`),
        retries: number(below(random, 3)),
        beta: flag(true),
      }),
    }),
  () => members({ referrer: absent, tags: list(text('early'), number(1)) }),
]

/** The keys of a request's item. */
export function demandKeys(fan: Fan, event: TourEvent): ItemKeys {
  return { pk: `FAN#${fan.id}`, sk: `DEMAND#${event.id}#${fan.sale.id}` }
}

/** A request's item, in the attributes of the record type `demand`. */
export function demandItem(fan: Fan, event: TourEvent, at: RequestDates): Members {
  const requested = fan.dates(at.requestedMs)
  const triggered = member('triggered', at.triggeredMs, fan.dates)
  const notified = member('notified', at.notifiedMs, fan.dates)
  return (
    `"type":{"S":"demand"},${subject(fan, event)},"artistId":{"S":"${event.artistId}"},` +
    `"eventName":${text(event.name)},"artistName":${text(event.artistName)},"requestedDateTime":${requested},` +
    `${fan.contact},"demandType":{"S":"ON_SALE_REMINDER"}${fan.system},` +
    `"date":{"M":{"requested":${requested}${triggered}${notified}}}${fan.drift}${expiry(fan, at)}`
  )
}

/** What request and message have in common. */
function subject(fan: Fan, event: TourEvent): Members {
  const { sale } = fan
  return (
    `"fanId":{"S":"${fan.id}"},"eventId":{"S":"${event.id}"},"saleId":{"S":"${sale.id}"},` +
    `"saleName":{"S":"${sale.name}"}`
  )
}

/** Empty, or the member after a comma. */
function member(name: string, instantMs: number | undefined, dates: DateStyle): Members {
  return instantMs === undefined ? '' : `,"${name}":${dates(instantMs)}`
}

function expiry(fan: Fan, at: RequestDates): Members {
  const expiresMs = at.expiresMs ?? (fan.hasTtl ? at.requestedMs + 180 * 86_400_000 : undefined)
  return expiresMs === undefined ? '' : `,"ttl":${number(Math.floor(expiresMs / 1000))}`
}

/** What a message has been through, in milliseconds. */
export type MessageDates = {
  readonly createdMs: number
  readonly sentMs?: number
  readonly deliveredMs?: number
}

/** The keys of the item of the fan's message. */
export function notificationKeys(fan: Fan, event: TourEvent): ItemKeys {
  return { pk: `FAN#${fan.id}`, sk: `NOTIFICATION#${event.id}#${fan.sale.id}#1` }
}

/** A message's item, in the attributes of the record type `notification`. */
export function notificationItem(fan: Fan, event: TourEvent, at: MessageDates): Members {
  const { dates } = fan
  const isSent = at.sentMs !== undefined
  const created = dates(at.createdMs)
  const state = at.deliveredMs !== undefined ? 'DELIVERED' : isSent ? 'SENT' : 'QUEUED'
  const stateDate: Attribute = dates(at.deliveredMs ?? at.sentMs ?? at.createdMs)
  const updated = isSent ? `,"updated":${stateDate}` : ''
  const sent = member('sent', at.sentMs, dates)
  const delivered = member('delivered', at.deliveredMs, dates)
  return (
    `"type":{"S":"notification"},${subject(fan, event)},${fan.contact},` +
    `"status":{"M":{"id":{"S":"${state}"},"date":${stateDate}}},"sendAttempts":{"N":"${isSent ? 1 : 0}"},` +
    `${isSent ? `"messageId":{"S":"msg-${fan.id}"},` : ''}"groupId":{"S":"grp-${fan.group}"},` +
    `"date":{"M":{"created":${created}${updated},"triggered":${created},"queued":${created}${sent}${delivered}}}`
  )
}
