import { toIso } from '../../record/date.ts'
import type { JsonObject } from '../../record/type.ts'
import { toPlain } from '../capture/item.ts'
import { type DateStyle, type Members, text } from '../simulator/attribute.ts'
import { demandItem, type Fan, notificationItem, recallFan } from '../simulator/fan.ts'
import { chance, createRandom, exponential, type Random, toSeed } from '../simulator/random.ts'
import { createSchedule } from '../simulator/schedule.ts'
import { streams } from '../simulator/simulation.ts'
import {
  editChange,
  eventItem,
  planTour,
  saleItem,
  type TourEvent,
  type TourSale,
} from '../simulator/tour.ts'

/** What a request to the capture API is about. */
export const requestKinds = ['event', 'sale', 'demand', 'cancellation', 'notification'] as const
export type RequestKind = (typeof requestKinds)[number]

/** A request to the capture API. */
export type DriveRequest = {
  readonly kind: RequestKind
  readonly method: 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  /** Requests about one item have to be answered in their order. */
  readonly item: string
  /** What is sent, when it is first sent at that time; none where the method takes none. */
  readonly body?: (nowMs: number) => JsonObject
}

export type Story = {
  /** Events and their sales. */
  readonly setUp: readonly DriveRequest[]
  /** Without end. What it holds grows with the steps that are pending, which is bounded. */
  readonly rush: () => Generator<DriveRequest, never, undefined>
}

const otherEvents = 5
const notifiedPercent = 10
const cancelledPercent = 2
const editEvery = 500
// The next step of a fan comes so many requests later: at least, and more on average.
const stepLeast = 20
const stepMore = 150
const stepMost = 1_500

const isoStyle: DateStyle = (instantMs) => text(toIso(instantMs))

/**
 * Tells of a tour as requests: it is announced, fans ask to be reminded, one in ten is notified, some cancel, events
 * and sales are edited. The same seed tells the same, but for what follows from the time. Another seed tells of other
 * fans and events.
 */
export function tellStory(seedText: string, startMs: number): Story {
  const seed = toSeed(seedText)
  const tour = planTour(seed, streams.tour, startMs, otherEvents).map((event) => ({
    ...event,
    dates: isoStyle,
  }))
  const setUp = tour.flatMap((event) => [putEvent(event), ...event.sales.map((sale) => putSale(event, sale))])
  const fanOf = (n: number): Fan => ({
    ...recallFan(seed, streams.fan, n, eventOf(tour, n)),
    dates: isoStyle,
    // What no schema models is refused.
    drift: '',
    hasTtl: false,
  })
  function* rush(): Generator<DriveRequest, never, undefined> {
    const fates = createRandom(seed, streams.fates)
    const delays = createRandom(seed, streams.delays)
    const pending = createSchedule<Step>()
    const current = [...tour]
    let fans = 0
    let edits = 0
    const go = (at: number, step: Step) => {
      if (step.left.length > 0) pending.add(at + stepDelay(delays), step)
    }
    for (let at = 0; ; at++) {
      if (at % editEvery === editEvery - 1) {
        yield edit(current, edits++, startMs)
        continue
      }
      const due = pending.take()
      if (due && due.dueMicros <= at) {
        const { n, left } = due.what
        const [what, ...later] = left
        const event = eventOf(tour, n)
        yield what === 'cancelled' ? cancel(fanOf(n), event) : notify(fanOf(n), event, what!)
        go(at, { n, left: later })
        continue
      }
      if (due) pending.add(due.dueMicros, due.what)
      const n = fans++
      yield ask(fanOf(n), eventOf(tour, n))
      go(at, { n, left: fateOf(fates) })
    }
  }
  return { setUp, rush }
}

type MessageStep = 'queued' | 'sent' | 'delivered'
type Step = { readonly n: number; readonly left: readonly (MessageStep | 'cancelled')[] }

function fateOf(random: Random): Step['left'] {
  const isNotified = chance(random, notifiedPercent)
  const isCancelled = chance(random, cancelledPercent)
  return [
    ...(isNotified ? (['queued', 'sent', 'delivered'] as const) : []),
    ...(isCancelled ? (['cancelled'] as const) : []),
  ]
}

function stepDelay(random: Random): number {
  return stepLeast + Math.floor(Math.min(exponential(random, stepMore), stepMost))
}

/** Four of five fans ask for the announced event. */
function eventOf(tour: readonly TourEvent[], n: number): TourEvent {
  return n % 5 < 4 ? tour[0]! : tour[1 + (Math.floor(n / 5) % (tour.length - 1))]!
}

function ask(fan: Fan, event: TourEvent): DriveRequest {
  const { date: _, requestedDateTime: __, ...body } = plain(demandItem(fan, event, { requestedMs: 0 }))
  return { kind: 'demand', method: 'POST', path: '/demands', item: fan.id, body: () => body }
}

function cancel(fan: Fan, event: TourEvent): DriveRequest {
  const path = `/demands/${event.id}/${fan.sale.id}/${fan.id}`
  return { kind: 'cancellation', method: 'DELETE', path, item: fan.id }
}

function notify(fan: Fan, event: TourEvent, step: MessageStep): DriveRequest {
  const body = (nowMs: number): JsonObject => {
    const at = toIso(nowMs)
    const dates = {
      createdMs: nowMs,
      ...(step !== 'queued' && { sentMs: nowMs }),
      ...(step === 'delivered' && { deliveredMs: nowMs }),
    }
    // Dates that are left out are kept as the steps before gave them.
    const date = step === 'queued' ? { created: at, triggered: at, queued: at } : { [step]: at }
    return { ...plain(notificationItem(fan, event, dates)), date }
  }
  return { kind: 'notification', method: 'POST', path: '/notifications', item: fan.id, body }
}

function edit(tour: TourEvent[], n: number, startMs: number): DriveRequest {
  const change = editChange(tour, n, startMs * 1000)
  const event = tour.find(({ id }) => change.keys.pk.endsWith(id))!
  return change.type === 'event' ? putEvent(event) : putSale(event, event.sales.at(-1)!)
}

function putEvent(event: TourEvent): DriveRequest {
  // Neither is modelled by the schema; the API dates the record itself.
  const { seatMap: _, date: __, eventDate, ...fields } = plain(eventItem(event))
  const { tba: ___, ...when } = eventDate as JsonObject
  const body = { ...fields, eventDate: when }
  return { kind: 'event', method: 'PUT', path: `/events/${event.id}`, item: event.id, body: () => body }
}

function putSale(event: TourEvent, sale: TourSale): DriveRequest {
  const body = plain(saleItem(event, sale))
  const path = `/sales/${event.id}/${sale.id}`
  return { kind: 'sale', method: 'PUT', path, item: event.id, body: () => body }
}

function plain(item: Members): JsonObject {
  return toPlain(JSON.parse(`{${item}}`))
}
