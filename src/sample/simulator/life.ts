import type { ItemChange } from './envelope.ts'
import {
  demandItem,
  demandKeys,
  type Fan,
  type MessageDates,
  notificationItem,
  notificationKeys,
} from './fan.ts'
import { below, createRandom, createSelection, exponential, type Random, type Seed, unit } from './random.ts'
import type { TourEvent } from './tour.ts'

/** What befalls a fan after the request. An expiry is a cancellation that DynamoDB makes. */
export type Fate = {
  readonly isNotified: boolean
  readonly isCancelled: boolean
  readonly isExpired: boolean
}

/** A request, and what is still to come. */
export type Life = {
  readonly n: number
  readonly requestedMs: number
  /** In order of time. */
  readonly steps: readonly Step[]
  readonly fate: Fate
  readonly triggeredMs: number
  readonly notifiedMs: number
  readonly deliveredMs: number
  readonly cancelledMs: number
}

type Step = {
  readonly micros: number
  readonly what: 'triggered' | 'queued' | 'sent' | 'notified' | 'delivered' | 'cancelled'
}

/** How many changes a notified fan adds: the request's steps and those of the message. */
export const changesPerNotice = 5

// From the request to the notice: 15 s at least, 45 s on average.
const lagLeastMs = 15_000
const lagMoreMs = 30_000
const deliveryMs = 1_500
const secondThoughtsMs = 60_000

const uneventful: Fate = { isNotified: false, isCancelled: false, isExpired: false }

/** Deals out the fates, one fan at a time, in order; over all fans the counts hold exactly. */
export function createFates(
  seed: Seed,
  streamNumber: number,
  counts: { requests: number; cancels: number; expiries: number; notified: number },
): () => Fate {
  const { requests, cancels, expiries, notified } = counts
  const isCancelled = createSelection(createRandom(seed, streamNumber, 0), cancels, requests)
  const isExpired = createSelection(createRandom(seed, streamNumber, 1), expiries, cancels)
  const isNotified = createSelection(createRandom(seed, streamNumber, 2), notified, requests)
  return () => {
    const cancelled = isCancelled()
    return { isCancelled: cancelled, isExpired: cancelled && isExpired(), isNotified: isNotified() }
  }
}

/** Plans the life of the fan with this number, who asked at that time. The same arguments give the same life. */
export function planLife(
  seed: Seed,
  streamNumber: number,
  n: number,
  requestedMs: number,
  fate: Fate = uneventful,
): Life {
  const random = createRandom(seed, streamNumber, n)
  const lagMs = lagLeastMs + waitMs(random, lagMoreMs)
  const triggeredMs = requestedMs + Math.floor(lagMs * (0.5 + 0.3 * unit(random)))
  const notifiedMs = requestedMs + lagMs
  const deliveredMs = notifiedMs + 300 + waitMs(random, deliveryMs)
  const cancelledMs = (fate.isNotified ? notifiedMs : requestedMs) + 2_000 + waitMs(random, secondThoughtsMs)
  const step = (what: Step['what'], atMs: number): Step => ({
    what,
    // A change follows the dates in it by less than any two steps of one item lie apart.
    micros: atMs * 1000 + 1000 + below(random, 150_000),
  })
  const steps = fate.isNotified
    ? [
        step('triggered', triggeredMs),
        step('queued', triggeredMs),
        step('sent', notifiedMs),
        step('notified', notifiedMs),
        step('delivered', deliveredMs),
      ]
    : []
  if (fate.isCancelled) steps.push(step('cancelled', cancelledMs))
  steps.sort((left, right) => left.micros - right.micros)
  return { n, requestedMs, steps, fate, triggeredMs, notifiedMs, deliveredMs, cancelledMs }
}

/** An exponential waiting time, cut off where the end of a simulation would straggle. */
function waitMs(random: Random, meanMs: number): number {
  return Math.floor(Math.min(exponential(random, meanMs), 10 * meanMs))
}

/** The change that opens the life: the request itself. */
export function requestChange(life: Life, fan: Fan, event: TourEvent, micros: number): ItemChange {
  return {
    type: 'demand',
    operation: 'INSERT',
    micros,
    keys: demandKeys(fan, event),
    after: demandItem(fan, event, requestDates(life, 'requested')),
  }
}

/** The change that ends a request which nothing else has befallen. */
export function cancelChange(life: Life, fan: Fan, event: TourEvent, micros: number): ItemChange {
  const before = demandItem(fan, event, requestDates(life, 'requested'))
  return { type: 'demand', operation: 'REMOVE', micros, keys: demandKeys(fan, event), before }
}

/** The change that a step of the life makes to the request, or to the message about it. */
export function stepChange(life: Life, step: Step, fan: Fan, event: TourEvent): ItemChange {
  const request = (reached: Reached) => demandItem(fan, event, requestDates(life, reached))
  const message = (dates: MessageDates) => notificationItem(fan, event, dates)
  const ofRequest = { type: 'demand', micros: step.micros, keys: demandKeys(fan, event) }
  const ofMessage = { type: 'notification', micros: step.micros, keys: notificationKeys(fan, event) }
  const created = { createdMs: life.triggeredMs }
  const sent = { ...created, sentMs: life.notifiedMs }
  switch (step.what) {
    case 'triggered':
      return { ...ofRequest, operation: 'MODIFY', before: request('requested'), after: request('triggered') }
    case 'notified':
      return { ...ofRequest, operation: 'MODIFY', before: request('triggered'), after: request('notified') }
    case 'cancelled': {
      const before = request(life.fate.isNotified ? 'notified' : 'requested')
      return { ...ofRequest, operation: 'REMOVE', before, isExpiry: life.fate.isExpired }
    }
    case 'queued':
      return { ...ofMessage, operation: 'INSERT', after: message(created) }
    case 'sent':
      return { ...ofMessage, operation: 'MODIFY', before: message(created), after: message(sent) }
    case 'delivered': {
      const after = message({ ...sent, deliveredMs: life.deliveredMs })
      return { ...ofMessage, operation: 'MODIFY', before: message(sent), after }
    }
  }
}

type Reached = 'requested' | 'triggered' | 'notified'

function requestDates(life: Life, reached: Reached) {
  return {
    requestedMs: life.requestedMs,
    ...(reached !== 'requested' && { triggeredMs: life.triggeredMs }),
    ...(reached === 'notified' && { notifiedMs: life.notifiedMs }),
    // What expires carries its time from the start, and DynamoDB deletes it after that time, not before.
    ...(life.fate.isExpired && { expiresMs: life.cancelledMs }),
  }
}
