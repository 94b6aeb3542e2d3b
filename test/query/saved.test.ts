import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillIn } from '../../src/query/parameters.ts'
import { loadSavedQueries } from '../../src/query/saved.ts'
import { change, demandItem } from '../changes.ts'
import { openTestArchive, type TestArchive } from './archive.ts'

const savedQueries = loadSavedQueries()

const request = (
  fan: number,
  event: number,
  date: { readonly requested: string; readonly notified?: string },
) => ({
  ...demandItem,
  PK: `FAN#fan-${fan}`,
  SK: `DEMAND#event-${event}#sale-1`,
  fanId: `fan-${fan}`,
  eventId: `event-${event}`,
  date,
})
const asked = request(1, 1, { requested: '2025-02-13T18:30:00Z' })
const notified = request(1, 1, { requested: '2025-02-13T18:30:00Z', notified: '2025-02-13T18:30:30Z' })
const once = request(1, 2, { requested: '2025-02-14T09:00:00Z', notified: '2025-02-14T09:01:30Z' })
const expired = request(2, 2, { requested: '2024-09-30T12:00:00Z' })
const anew = request(2, 2, { requested: '2025-02-15T12:00:00Z' })

/** Fan 1 asks for event 1, is notified and cancels, and asks for event 2; fan 2's request for it expires and is made anew. */
const lives = [
  change({ item: asked, at: '2025-02-13T18:30:00Z' }),
  change({ operation: 'MODIFY', before: asked, item: notified, at: '2025-02-13T18:30:30Z' }),
  change({
    operation: 'MODIFY',
    before: asked,
    item: { ...notified, saleName: 'x' },
    at: '2025-02-13T18:31:00Z',
  }),
  change({ operation: 'REMOVE', item: notified, at: '2025-02-13T19:00:00Z' }),
  change({ item: once, at: '2025-02-14T09:00:00Z', id: 'twice' }),
  change({ item: once, at: '2025-02-14T09:00:00Z', id: 'twice' }),
  change({ item: expired, at: '2024-09-30T12:00:00Z' }),
  change({ operation: 'REMOVE', item: expired, at: '2024-10-05T12:00:00Z', ttl: true }),
  change({ item: anew, at: '2025-02-15T12:00:00Z' }),
]

let archive: TestArchive
beforeAll(async () => {
  archive = await openTestArchive()
  await archive.add(lives.map((payload, n) => ({ payload, sequence: String(n + 1) })))
})
afterAll(() => archive.close())

const ask = async (name: string, given: { readonly [parameter: string]: string } = {}) => {
  const filled = fillIn(savedQueries.find((saved) => saved.name === name)!, new Map(Object.entries(given)))
  return archive.sql(filled.ok ? filled.sql : filled.why)
}

test('what counts requests counts each once, and not its changes', async () => {
  expect(await ask('top-events')).toEqual([{ eventid: 'event-2', demand_count: 2 }])
  expect(await ask('top-events', { from: '2025-02-15', top: '1' })).toEqual([
    { eventid: 'event-2', demand_count: 1 },
  ])
  expect(await ask('standing-requests')).toEqual([{ eventid: 'event-2', saleid: 'sale-1', requests: 2 }])
  expect(await ask('requests-with-events')).toEqual([{ eventid: 'event-2', name: null, requests: 2 }])
  expect((await ask('requests-by-minute')).map(({ requests }) => requests)).toEqual([1, 1, 1, 1])
  expect(await ask('repeat-fans')).toEqual([{ requests: 2, fans: 2, events_per_fan: 1.5 }])
})

test('the average lag weighs each notified request once, whatever becomes of it', async () => {
  expect(await ask('notification-lag')).toEqual([{ avg_lag_seconds: 60, requests: 2 }])
})

test('what the fan cancelled and what expired are told apart', async () => {
  expect(await ask('cancel-rate')).toEqual([
    { eventid: 'event-2', requested: 3, cancelled: 0, expired: 1, cancelled_percent: 0 },
    { eventid: 'event-1', requested: 1, cancelled: 1, expired: 0, cancelled_percent: 100 },
  ])
  expect(await ask('expired-requests')).toEqual([{ partition_date: '2024-09-30', expired: 1 }])
})

test('deletions are reported by the period of the deletion, and by that of the request', async () => {
  const ended = async (name: string, from: string, until: string) =>
    (await ask(name, { from, until })).map(({ fanid, ended }) => `${fanid} ${ended}`)
  expect((await ask('deleted-requests')).length).toBe(2)
  // Asked for in the third quarter, deleted in the fourth.
  expect(await ended('deleted-requests', '2024-10-01', '2025-01-01')).toEqual(['fan-2 expired'])
  expect(await ended('deleted-requests', '2024-07-01', '2024-10-01')).toEqual([])
  expect(await ended('deleted-requests-by-request', '2024-07-01', '2024-10-01')).toEqual(['fan-2 expired'])
  expect(await ended('deleted-requests-by-request', '2024-10-01', '2025-01-01')).toEqual([])
  expect(await ended('deleted-requests', '2025-02-13', '2025-02-14')).toEqual(['fan-1 cancelled'])
})

test('a change that was delivered twice is counted on its day', async () => {
  const again = (await ask('second-deliveries')).filter((row) => row.delivered_again !== 0)
  expect(again).toEqual([{ partition_date: '2025-02-14', delivered_again: 1 }])
})
