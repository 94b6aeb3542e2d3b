import { getMaxListeners } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemRuntime } from '../../src/runtime.ts'
import { createHistogram } from '../../src/sample/drive/histogram.ts'
import { requestKinds, tellStory } from '../../src/sample/drive/story.ts'
import { type DriveOptions, drive } from '../../src/sample/drive.ts'
import { startMs } from '../local/table/folder.ts'
import { openApi } from './capture/api.ts'

const quick = { seed: 'drive', connections: 16, runtime: systemRuntime(), requests: 2_000 } as const

/** A server in the API's stead, which answers as told. */
async function answering(answer: (n: number, path: string) => number | 'nothing'): Promise<string> {
  let calls = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const status = answer(++calls, request.url ?? '')
      if (status === 'nothing') response.destroy()
      else response.writeHead(status, { 'content-type': 'application/problem+json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the API accepts every request, and the stream has a change for each', async () => {
  const api = await openApi({ runtime: systemRuntime() })
  const report = await drive({ url: api.url, ...quick })
  expect(report).toMatchObject({ refused: {}, unanswered: 0 })
  for (const kind of requestKinds) expect(report.accepted[kind]).toBeGreaterThan(0)
  const total = Object.values(report.accepted).reduce((sum, n) => sum + n)
  expect(report.sent).toBe(total)
  expect(report.sent).toBe(2_000 + tellStory('drive', 0).setUp.length)

  const found: { [what: string]: number } = {}
  for (const { operation, image } of await api.changes()) {
    const what = `${operation} ${image.type.S}`
    found[what] = (found[what] ?? 0) + 1
  }
  expect(found['INSERT demand']).toBe(report.accepted.demand)
  expect(found['REMOVE demand']).toBe(report.accepted.cancellation)
  expect((found['INSERT notification'] ?? 0) + (found['MODIFY notification'] ?? 0)).toBe(
    report.accepted.notification,
  )
})

test('sent again with its seed, nothing is new; another seed tells of others', async () => {
  const api = await openApi({ runtime: systemRuntime() })
  // So few that nobody has been notified or has cancelled.
  const few = { url: api.url, ...quick, requests: 20 }
  await drive(few)
  const before = (await api.changes()).length
  await drive(few)
  expect(await api.changes()).toEqual([])
  await drive({ ...few, seed: 'other' })
  expect((await api.changes()).length).toBe(before)
})

test('the requests about one fan keep their order', () => {
  const rush = tellStory('order', startMs).rush()
  const steps = new Map<string, string[]>()
  for (let n = 0; n < 20_000; n++) {
    const { kind, item, body } = rush.next().value
    if (kind === 'event' || kind === 'sale') continue
    const status = (body?.(0) as { status?: { id: string } })?.status?.id
    steps.set(item, [...(steps.get(item) ?? []), status ?? kind])
  }
  const lives = new Set([...steps.values()].map((life) => life.join(' ')))
  expect(lives).toContain('demand QUEUED SENT DELIVERED cancellation')
  expect(lives).toContain('demand cancellation')
  for (const life of lives) {
    expect(
      'demand QUEUED SENT DELIVERED cancellation'.startsWith(life) || life === 'demand cancellation',
    ).toBe(true)
  }
})

test('what gets no answer, or 503, is sent again until it does', async () => {
  const url = await answering((n) => (n % 4 === 0 ? 'nothing' : n % 4 === 1 ? 503 : 201))
  const report = await drive({ url, ...quick, requests: 20, connections: 16 })
  const setUp = tellStory('drive', 0).setUp.length
  expect(report).toMatchObject({ sent: 20 + setUp, refused: {}, unanswered: 0 })
  expect(report.retries).toBeGreaterThan(15)
})

test('refusals are counted by problem, and what nobody answers as such', async () => {
  const refusing = await answering((_, path) => (path === '/demands' ? 400 : 200))
  const refused = await drive({ url: refusing, ...quick, requests: 15 })
  expect(refused.refused).toEqual({ 'http-400': 15 })
  expect(refused.accepted.demand).toBe(0)

  const silent = await answering(() => 'nothing')
  const unanswered = await drive({ url: silent, ...quick, requests: 5, retryMs: 0 })
  expect(unanswered).toMatchObject({ unanswered: unanswered.sent, retries: 0, rate: 0 })
})

/** A server that answers after a while, and what it saw of the order in which requests came and were answered. */
async function slow(waitMs: (n: number) => number): Promise<{ url: string; seen: Seen }> {
  const seen: Seen = { inFlightMost: 0, overlaps: [], early: 0 }
  const open = new Set<string>()
  let running = 0
  let calls = 0
  let setUps = 0
  const server = createServer(async (request, response) => {
    seen.inFlightMost = Math.max(seen.inFlightMost, ++running)
    const n = calls++
    let text = ''
    for await (const chunk of request) text += chunk
    const fan = text === '' ? request.url?.split('/').at(-1) : JSON.parse(text).fanId
    if (request.method === 'PUT') setUps += 1
    else {
      if (open.has(fan)) seen.overlaps.push(fan)
      open.add(fan)
      seen.early +=
        n < tellStory('drive', 0).setUp.length || setUps < tellStory('drive', 0).setUp.length ? 1 : 0
    }
    setTimeout(() => {
      running -= 1
      open.delete(fan)
      response.writeHead(201).end()
    }, waitMs(n))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

type Seen = { inFlightMost: number; readonly overlaps: string[]; early: number }

test('no more requests are in flight than may be, however high the rate', async () => {
  const { url, seen } = await slow(() => 20)
  await drive({ url, ...quick, requests: 140, connections: 7 })
  expect(seen.inFlightMost).toBeLessThanOrEqual(7)
  expect(seen.inFlightMost).toBeGreaterThan(3)
})

test('events and sales come first, and a request about a fan waits for the answer to the one before', async () => {
  // Now and then an answer takes so long that the fan's next step is due before it.
  const { url, seen } = await slow((n) => (n % 10 === 0 ? 150 : 0))
  await drive({ url, ...quick, requests: 1_500, connections: 100 })
  expect(seen.overlaps).toEqual([])
  expect(seen.early).toBe(0)
})

test('the latency counts from when a request was due, so that a slow API cannot hide', async () => {
  const { url } = await slow(() => 20)
  const report = await drive({ url, ...quick, rate: 1_000, requests: 30, connections: 1 })
  // The last of them was due after 29 ms, and answered after 600 at the earliest.
  expect(report.latencyMs.max).toBeGreaterThan(560)
})

test('a signal ends it: what is in flight is answered, and nothing is sent after', async () => {
  const stop = new AbortController()
  let calls = 0
  const url = await answering(() => {
    calls += 1
    if (calls === 100) stop.abort()
    return 201
  })
  const { requests: _, ...endless } = quick
  const report = await drive({ url, ...endless, signal: stop.signal })
  expect(report.sent).toBe(calls)
  expect(report.sent).toBeLessThan(100 + quick.connections)
})

test('the rate is kept by the time, not by the answers', async () => {
  const url = await answering(() => 201)
  const sentAt: number[] = []
  const options: DriveOptions = { url, ...quick, rate: 400, requests: 100 }
  const report = await drive({ ...options, onSent: (_, elapsedMs) => sentAt.push(elapsedMs) })
  for (const [n, elapsedMs] of sentAt.entries()) expect(elapsedMs).toBeGreaterThanOrEqual(Math.floor(n * 2.5))
  expect(report.tookMs).toBeGreaterThanOrEqual(247)
  const timed = await drive({ ...options, requests: 1_000, forMs: 100 })
  expect(timed.sent - tellStory('drive', 0).setUp.length).toBeLessThanOrEqual(41)
})

test('a histogram tells quantiles within one percent', () => {
  const histogram = createHistogram()
  expect(histogram.quantile(0.5)).toBeUndefined()
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms)
  expect(Math.abs(histogram.quantile(0.5)! / 500 - 1)).toBeLessThan(0.01)
  expect(Math.abs(histogram.quantile(0.99)! / 990 - 1)).toBeLessThan(0.01)
  expect(histogram.quantile(1)).toBe(1000)
  expect(histogram.max).toBe(1000)
  histogram.add(10 ** 9)
  expect(histogram.quantile(1)).toBeGreaterThan(1000)
})

test('as many requests as may be in flight can wait for the signal, without a warning of Node', async () => {
  const url = await answering(() => 200)
  const { signal } = new AbortController()
  await drive({ url, ...quick, requests: 1, connections: 64, signal })
  expect(getMaxListeners(signal)).toBeGreaterThan(64)
})
