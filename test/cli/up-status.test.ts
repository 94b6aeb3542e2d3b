import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMeter } from '../../src/local/stack/meter.ts'
import { type Report, readReport, writeReport } from '../../src/local/stack/report.ts'
import { eventually } from '../eventually.ts'
import { dmd } from './io.ts'
import { makePlace, send, startUp } from './live.ts'

const nowMs = Date.UTC(2025, 1, 13, 18, 30)

const report: Report = {
  format: 1,
  command: 'up',
  state: 'running',
  pid: 4_242,
  startedMs: nowMs - 65_000,
  reportedMs: nowMs - 400,
  url: 'http://127.0.0.1:8080',
  archive: 'file:///archive',
  stream: 'arn:aws:kinesis:us-east-1:000000000000:stream/demand-capture',
  requests: { accepted: 1_200, refused: 3, failed: 0, perSecond: 19.5 },
  delivery: {
    delivered: 1_190,
    errored: 2,
    objects: 44,
    batches: 50,
    failures: 0,
    givenUp: 0,
    trimmed: 0,
    resumed: 0,
    perSecond: 20.1,
    lagMs: 1_500,
    held: 8,
    lastDeliveryMs: nowMs - 2_000,
  },
  alerts: [],
  shards: [{ shard: 'shardId-000000000000', held: 8, lagMs: 1_500, retries: 0 }],
}

/** `dmd status` on a state folder that holds this report. */
async function status(given: Partial<Report> | undefined, args: readonly string[] = []) {
  const { state } = await makePlace()
  await mkdir(state)
  if (given) await writeReport(state, { ...report, ...given })
  return dmd(['status', '--state', state, ...args], { clock: () => nowMs })
}

test('an alert stands first, with its runbook, and makes an end with 3', async () => {
  const runbook = 'https://wiki.example.com/dmd#lag'
  const text = 'The oldest change that is not archived is 75 s old.'
  const alerts: Report['alerts'] = [{ name: 'lag', sinceMs: nowMs - 65_000, text, runbook }]
  const webhook = { host: 'chat.example.com', sent: 4, failed: 1, lastError: 'HTTP 404' }
  const ran = await status({ alerts, webhook })
  expect(ran.code).toBe(3)
  expect(ran.out.split('\n').slice(1, 3)).toEqual([
    `  ALERT lag for 1 min 5 s: ${text}`,
    `        what to do: ${runbook}`,
  ])
  expect(ran.out).toMatch(/notices +4 posted to chat\.example\.com, 1 not taken \(HTTP 404\)/)
  expect(JSON.parse((await status({ alerts }, ['--json'])).out)).toMatchObject({ alerts })
})

test('rates, lag, errors and the last delivery are told', async () => {
  const ran = await status({})
  expect(ran.code).toBe(0)
  expect(ran.err).toBe('')
  for (const part of [
    'dmd up runs for 1 min 5 s',
    '1,200, 19.5/s; 3 refused, 0 failed',
    '1,190, 20.1/s; 44 files',
    '2.0 s ago',
    '1.5 s, 8 changes held',
    '2: see\n                 dmd errors list --archive file:///archive\n',
    'shardId-000000000000',
  ])
    expect(ran.out).toContain(part)
  // What there is nothing to say about is not shown.
  for (const part of ['given up', 'lost by the stream', 'failed calls', 'last error'])
    expect(ran.out).not.toContain(part)
})

test('trouble is told', async () => {
  const delivery = {
    ...report.delivery,
    failures: 7,
    givenUp: 20,
    trimmed: 1,
    lastError: 'STORE_UNAVAILABLE',
  }
  const ran = await status({ delivery })
  for (const part of ['7, made again', '20: below failed/', '1 time,', 'STORE_UNAVAILABLE'])
    expect(ran.out).toContain(part)
})

test('it says plainly that nothing runs, or that what runs has gone silent', async () => {
  const never = await status(undefined)
  expect([never.code, never.out]).toEqual([3, expect.stringContaining('nothing runs: start it with  dmd up')])
  const stopped = await status({ state: 'stopped', reportedMs: nowMs - 120_000 })
  expect([stopped.code, stopped.out]).toEqual([
    3,
    expect.stringContaining('nothing runs: dmd up was stopped 2 min 0 s ago'),
  ])
  const silent = await status({ reportedMs: nowMs - 9_000 })
  expect([silent.code, silent.out]).toEqual([
    3,
    expect.stringContaining('dmd up (process 4242) has not reported for 9.0 s'),
  ])
  const stuck = await status({ state: 'draining', reportedMs: nowMs - 9_000 })
  expect([stuck.code, stuck.out]).toEqual([3, expect.stringContaining('has not reported')])
  const draining = await status({ state: 'draining' })
  expect(draining.out).toContain('dmd up is stopping')
})

test('JSON has it all, and how it is', async () => {
  const ran = await status({}, ['--json'])
  expect(JSON.parse(ran.out)).toEqual({ health: 'running', ...report })
  expect(JSON.parse((await status(undefined, ['--json'])).out)).toEqual({ health: 'none' })
})

test('a damaged report is an error that names it', async () => {
  const { state } = await makePlace()
  await mkdir(state)
  await writeFile(join(state, 'status.json'), '{"format":')
  const ran = await dmd(['status', '--state', state])
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(join(state, 'status.json'))])
})

test('--watch draws anew on a terminal, and adds lines elsewhere, until Ctrl-C', async () => {
  const { state } = await makePlace()
  await mkdir(state)
  await writeReport(state, report)
  const watch = async (width?: number) => {
    const stop = new AbortController()
    let times = 0
    let out = ''
    const ran = await dmd(['status', '--watch', '--state', state], {
      clock: () => nowMs,
      interrupt: stop.signal,
      ...(width !== undefined && { width }),
      out: async (text) => {
        out += text
        times += 1
        if (times === 2) stop.abort()
      },
    })
    expect(ran.code).toBe(0)
    return out
  }
  const line = 'running  taken 1,200 (19.5/s)  delivered 1,190 (20.1/s)  lag 1.5 s  errors 2\n'
  expect(await watch()).toBe(line + line)
  const drawn = await watch(60)
  // No screen is cleared: many terminals would keep each in their history.
  for (const clears of ['\u001b[H', '\u001b[2J']) expect(drawn).not.toContain(clears)
  const [first = '', second, ...more] = drawn.split('\r\u001b[')
  expect(more).toEqual([])
  const rows = first.split('\n').length - 1
  // The stream's ARN takes two rows of this width.
  expect(second).toBe(`${rows + 1}A${first}`)
  expect(first.split('\u001b[K\n')).toHaveLength(rows + 1)
  expect(first.endsWith('\u001b[K\n\u001b[J')).toBe(true)
})

test('a running dmd up reports every second; killed, it is told to be so at once', async () => {
  const { archive, state } = await makePlace()
  const live = await startUp(['--archive', archive, '--state', state, '--port', '0', '--window', '0ms'])
  const body = { fanId: 'fan-1', eventId: 'event-1', saleId: 'sale-1' }
  expect(await send(live.url, 'POST', '/demands', body)).toBe(201)
  expect(await send(live.url, 'POST', '/demands', { ...body, colour: 'red' })).toBe(400)
  await eventually(async () => {
    const found = await readReport(state)
    return found?.delivery.delivered === 1 && found.requests?.refused === 1
  })
  const found = await readReport(state)
  expect(found).toMatchObject({
    command: 'up',
    state: 'running',
    pid: live.child.pid,
    url: live.url,
    requests: { accepted: 1, refused: 1, failed: 0 },
    delivery: { delivered: 1, errored: 0, objects: 1, lagMs: 0, held: 0 },
  })
  expect(found?.delivery.lastDeliveryMs).toBeGreaterThan(found?.startedMs ?? Number.POSITIVE_INFINITY)
  await live.end('SIGKILL')
  const ran = await dmd(['status', '--state', state], { clock: () => found?.reportedMs ?? 0 })
  expect([ran.code, ran.out]).toEqual([
    3,
    expect.stringContaining(`nothing runs: dmd up (process ${live.child.pid}) was killed`),
  ])
})

test('rates are those of the last ten seconds, and reads are no requests', () => {
  let atMs = nowMs
  const meter = createMeter(() => atMs)
  const request = (status: number, method = 'POST') =>
    meter.log({ level: 'info', message: 'request', status, method })
  for (let second = 0; second < 20; second++) {
    for (let n = 0; n < 5; n++) request(201)
    request(200, 'GET')
    meter.log({
      level: 'info',
      message: 'metrics',
      RecordsDelivered: 3,
      RecordsErrored: 1,
      ObjectsWritten: 2,
    })
    atMs += 1_000
    if (second === 0) expect(meter.perSecond()).toEqual({ accepted: 5, delivered: 4 })
  }
  request(404, 'DELETE')
  request(503)
  // The second under way is not whole.
  request(201)
  expect(meter.perSecond()).toEqual({ accepted: 5, delivered: 4 })
  expect(meter.counts()).toEqual({
    accepted: 101,
    refused: 1,
    failed: 1,
    delivered: 60,
    errored: 20,
    objects: 40,
  })
  atMs += 5_000
  expect(meter.perSecond()).toEqual({ accepted: 2.6, delivered: 2 })
  atMs += 60_000
  expect(meter.perSecond()).toEqual({ accepted: 0, delivered: 0 })
})
