import { type ItemChange, toEnvelope } from './envelope.ts'
import { demandItem, demandKeys, notificationItem, notificationKeys, recallFan } from './fan.ts'
import { createRandom, type Random } from './random.ts'
import { type Simulation, streams } from './simulation.ts'
import type { Draft, GoodRecords } from './spoil.ts'
import { eventItem, eventKeys, planEvent, saleItem, saleKeys } from './tour.ts'

/** The sound records behind the bad record number `n`: a fan of its own, and an event of its own with a sale. */
export function goodRecords(simulation: Simulation, n: number, micros: number, ids: Random): GoodRecords {
  const { seed, counts, tour } = simulation
  const fan = recallFan(seed, streams.fan, counts.requests + counts.background + n, tour[0]!)
  const asked = tour[0]!
  const changedMs = Math.floor(micros / 1000)
  const planOwn = () => planEvent(createRandom(seed, streams.badTour, n), tour.length + n, changedMs)
  const request = demandItem(fan, asked, { requestedMs: changedMs - fan.delayMs })
  const write = (change: Omit<ItemChange, 'micros'>) =>
    JSON.parse(toEnvelope({ ...change, micros }, ids)) as Draft
  const operation = 'INSERT'
  return {
    demand: () => write({ type: 'demand', operation, keys: demandKeys(fan, asked), after: request }),
    removal: () =>
      write({ type: 'demand', operation: 'REMOVE', keys: demandKeys(fan, asked), before: request }),
    notification: () => {
      const after = notificationItem(fan, asked, { createdMs: changedMs - fan.delayMs })
      return write({ type: 'notification', operation, keys: notificationKeys(fan, asked), after })
    },
    event: () => {
      const own = planOwn()
      return write({ type: 'event', operation, keys: eventKeys(own), after: eventItem(own) })
    },
    sale: () => {
      const own = planOwn()
      const sale = own.sales[0]!
      return write({ type: 'sale', operation, keys: saleKeys(own, sale), after: saleItem(own, sale) })
    },
    changedMs,
    fanId: fan.id,
  }
}
