import { spawnSync } from 'node:child_process'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { readReport } from '../../src/local/stack/report.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { type DriveReport, drive } from '../../src/sample/drive.ts'
import { eventually } from '../eventually.ts'
import { dmd, testIo } from './io.ts'
import { makePlace, send, sql, startLive, startUp } from './live.ts'
import { main } from './process.ts'

const demand = (n: number) => ({
  fanId: `fan-${n}`,
  eventId: 'event-1',
  saleId: 'sale-1',
  email: 'ada@example.com',
})
const countFans = 'SELECT COUNT(*) AS n, COUNT(DISTINCT fanid) AS fans FROM demand'

/** The arguments that a shell makes of a text. */
function wordsOf(text: string): readonly string[] {
  return spawnSync('sh', ['-c', `printf '%s\\n' ${text}`], { encoding: 'utf8' })
    .stdout.split('\n')
    .slice(0, -1)
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** What the archive has of the requests that a report counts as accepted. */
async function expectArchived(archive: string, { accepted }: DriveReport): Promise<void> {
  const [rows] = await sql(
    archive,
    `SELECT (SELECT COUNT(*) FROM demand_changes WHERE change.operation = 'INSERT') AS demands,
      (SELECT COUNT(*) FROM demand_changes WHERE isdeleted) AS cancellations,
      (SELECT COUNT(*) FROM notification_changes) AS notifications,
      (SELECT COUNT(*) FROM event_current) AS events, (SELECT COUNT(*) FROM sale_current) AS sales`,
  )
  expect(Number(rows.demands)).toBe(accepted.demand)
  expect(Number(rows.cancellations)).toBe(accepted.cancellation)
  expect(Number(rows.notifications)).toBe(accepted.notification)
  expect(Number(rows.events)).toBe(6)
  expect(Number(rows.sales)).toBe(9)
}

test('SIGTERM and Ctrl-C deliver what was accepted and end with 0; the next start goes on', async () => {
  const { archive, state } = await makePlace()
  // So long a window that nothing is delivered before the end.
  const args = ['--archive', archive, '--state', state, '--port', '0', '--window', '5m']
  const first = await startUp(args)
  for (let n = 0; n < 5; n++) expect(await send(first.url, 'POST', '/demands', demand(n))).toBe(201)
  await eventually(async () => (await readReport(state))?.delivery.held === 5)
  expect((await readReport(state))?.delivery).toMatchObject({ delivered: 0, held: 5 })
  expect(await first.end('SIGTERM')).toBe(0)
  expect(first.lines().at(-1)).toMatchObject({
    state: 'stopped',
    requests: { accepted: 5, refused: 0, failed: 0 },
    delivery: { delivered: 5, errored: 0, held: 0 },
  })
  expect(await sql(archive, countFans)).toEqual([{ n: 5, fans: 5 }])

  const second = await startUp(args)
  expect(await send(second.url, 'POST', '/demands', demand(0))).toBe(200)
  expect(await send(second.url, 'POST', '/demands', demand(5))).toBe(201)
  expect(await second.end('SIGINT')).toBe(0)
  expect(second.lines().at(-1)?.delivery).toMatchObject({ delivered: 1 })
  expect(await sql(archive, countFans)).toEqual([{ n: 6, fans: 6 }])
})

test('killed at any time under load and started again, it has every accepted request once', async () => {
  const { archive, state } = await makePlace()
  const port = await freePort()
  const args = [
    '--archive',
    archive,
    '--state',
    state,
    '--port',
    String(port),
    '--window',
    '50ms',
    '--batch',
    '100',
  ]
  let live = await startUp(args)
  let sent = 0
  const running = drive({
    url: live.url,
    seed: 'kill',
    rate: 300,
    requests: 2_400,
    connections: 16,
    runtime: systemRuntime(),
    onSent: (n) => {
      sent = n
    },
  })
  for (const at of [300, 1_100, 1_800]) {
    await eventually(() => sent >= at)
    await live.end('SIGKILL')
    live = await startUp(args)
  }
  const report = await running
  expect(report).toMatchObject({ refused: {}, unanswered: 0 })
  expect(report.retries).toBeGreaterThan(0)
  expect(await live.end('SIGTERM')).toBe(0)
  await expectArchived(archive, report)
  // The worker wrote nothing twice either: what it cut before the kill is cut the same after it.
  const [rows] = await sql(
    archive,
    'SELECT COUNT(*) AS n, (SELECT COUNT(*) FROM demand_changes) AS changes FROM demand',
  )
  expect(rows.n).toBe(rows.changes)
})

test.each([
  ['Ctrl-C', 'SIGINT', 'SIGKILL'],
  ['SIGTERM', 'SIGTERM', 'SIGTERM'],
] as const)('a second %s ends it at once, and loses nothing', async (_, signal, end) => {
  const { archive, state } = await makePlace()
  const args = ['--archive', archive, '--state', state, '--port', '0', '--window', '0ms']
  const first = await startUp(args)
  // Files in the way of both folders: nothing can be stored.
  for (const name of ['data', 'errors']) await writeFile(join(archive, name), '')
  expect(await send(first.url, 'POST', '/demands', demand(1))).toBe(201)
  await eventually(() => /batch failed/.test(first.err()))
  first.child.kill(signal)
  await eventually(async () => (await readReport(state))?.state === 'draining')
  expect(await first.end(signal)).toBe(end)

  for (const name of ['data', 'errors']) await rm(join(archive, name))
  const second = await startUp(args)
  expect(await second.end('SIGINT')).toBe(0)
  expect(await sql(archive, countFans)).toEqual([{ n: 1, fans: 1 }])
})

test('what cannot be delivered in time is left to the next start, and exit code 3 says so', async () => {
  const { archive, state } = await makePlace()
  const args = ['--archive', archive, '--state', state, '--port', '0', '--window', '0ms']
  const first = await startUp([...args, '--drain', '300ms'])
  for (const name of ['data', 'errors']) await writeFile(join(archive, name), '')
  expect(await send(first.url, 'POST', '/demands', demand(1))).toBe(201)
  await eventually(async () => expect((await readReport(state))?.delivery.failures).toBeGreaterThan(1))
  expect(await first.end('SIGTERM')).toBe(3)
  expect(first.lines().at(-1)).toMatchObject({ state: 'stopped', delivery: { delivered: 0 } })
  // Told once, with what helps, though it was tried again and again.
  expect(first.err().match(/warning: batch failed \(STORE_UNAVAILABLE\)\nCheck space/g)).toHaveLength(1)
  expect(first.lines().at(-1)?.delivery.failures).toBeGreaterThan(1)
  for (const name of ['data', 'errors']) await rm(join(archive, name))
  const second = await startUp(args)
  expect(await second.end('SIGTERM')).toBe(0)
  expect(await sql(archive, countFans)).toEqual([{ n: 1, fans: 1 }])
})

test('a port or a folder that is taken, and settings that cannot be, are named with what helps', async () => {
  const { archive, state, folder } = await makePlace()
  const places = ['--archive', archive, '--state', state]
  const live = await startUp([...places, '--port', '0'])
  const port = new URL(live.url).port
  const inUse = startLive(['up', ...places, '--port', '0'])
  expect(await inUse.ended).toBe(1)
  const since = new Date(live.lines()[0]?.startedMs ?? 0).toISOString().slice(0, 19)
  expect(inUse.err()).toContain(
    `the state folder ${state} is in use by dmd up (process ${live.child.pid}), which runs since ${since}Z`,
  )
  expect(inUse.err()).toContain('STATE_IN_USE: Use the one that runs, or stop it')

  const elsewhere = ['--archive', archive, '--state', join(folder, 'other')]
  const taken = startLive(['up', ...elsewhere, '--port', port])
  expect(await taken.ended).toBe(1)
  expect(taken.err()).toContain(`port ${port} is taken`)
  expect(taken.err()).toContain('--port')
  // It had opened that folder, and has given it free.
  expect(await (await startUp([...elsewhere, '--port', '0'])).end('SIGTERM')).toBe(0)

  const nowhere = startLive(['up', ...elsewhere, '--host', '203.0.113.1', '--port', '0'])
  expect([await nowhere.ended, nowhere.err()]).toEqual([1, expect.stringContaining('--host')])
  const halves = await dmd(['up', ...elsewhere, '--table', 'demands'])
  expect([halves.code, halves.err]).toEqual([2, expect.stringContaining('table and stream go together')])
  const window = await dmd(['up', '--window', '301s'])
  expect([window.code, window.err]).toEqual([2, expect.stringContaining('0ms to 5m')])
  const none = await dmd(['worker', ...elsewhere])
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('--stream')])
})

test('an archive that cannot be written is refused before anything is accepted', async () => {
  const { archive, state, folder } = await makePlace()
  await mkdir(join(archive, 'data'), { recursive: true })
  // Root may write whatever the rights are, so the command runs as somebody else then.
  await chmod(join(archive, 'data'), 0o555)
  await chmod(archive, 0o555)
  await chmod(folder, 0o777)
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const ran = spawnSync(
    process.execPath,
    [main, 'up', '--archive', archive, '--state', state, '--port', '0'],
    { encoding: 'utf8', ...user },
  )
  expect([ran.status, ran.stdout]).toEqual([1, ''])
  expect(ran.stderr).toContain(`the archive could not write to ${archive} (EACCES). Give this user the right`)
  // Files in the way of a folder are no less.
  await chmod(archive, 0o755)
  await rm(join(archive, 'data'), { recursive: true })
  await writeFile(join(archive, 'data'), '')
  const blocked = await dmd(['up', '--archive', archive, '--state', join(folder, 'other'), '--port', '0'])
  expect([blocked.code, blocked.err]).toEqual([1, expect.stringContaining('(ENOTDIR)')])
})

test('after a kill the next start says which run ended so, and how many changes it took up', async () => {
  const { archive, state } = await makePlace()
  const places = ['--archive', archive, '--state', state, '--port', '0']
  const first = await startUp([...places, '--window', '5m'])
  for (let n = 0; n < 3; n++) expect(await send(first.url, 'POST', '/demands', demand(n))).toBe(201)
  await first.end('SIGKILL')
  const interrupt = new AbortController()
  const { io, out, err } = testIo({ clock: Date.now, interrupt: interrupt.signal })
  const ran = runProgram(['up', ...places, '--window', '0ms'], io)
  await eventually(() => err().includes('Took up'))
  expect(err()).toContain('Took up 3 changes that an earlier run had not finished.\n')
  expect(out()).toMatch(
    new RegExp(`The last run \\(process ${first.child.pid}\\) ended at \\S+Z without being stopped\\.`),
  )
  interrupt.abort()
  expect(await ran).toBe(0)
})

test('people are told where to send requests, how to ask and how to look; the commands work as printed', async () => {
  const { folder } = await makePlace()
  const interrupt = new AbortController()
  let out = ''
  const options = {
    env: { DMD_ARCHIVE: join(folder, "an archive's"), DMD_STATE: join(folder, 'state'), DMD_PORT: '0' },
    out: async (text: string | Uint8Array) => {
      out += text
    },
    runtime: systemRuntime(),
    interrupt: interrupt.signal,
  }
  const ran = dmd(['up', '--window', '0ms'], options)
  await eventually(() => out.includes('Ctrl-C'))
  const [, url = ''] = /curl -i (\S+)\/demands/.exec(out) ?? []
  const body = /-d '([^']*)'/.exec(out)?.[1] ?? ''
  expect(await send(url, 'POST', '/demands', JSON.parse(body))).toBe(201)
  // A shell makes of each command the arguments that the command line takes.
  const commands = [...out.matchAll(/^ {2}dmd ((?:.*\\\n)*.*)/gm)].map(([, args = '']) => wordsOf(args))
  expect(commands).toEqual([
    ['query', expect.stringMatching(/^SELECT fanid, .* FROM demand$/), '--archive', options.env.DMD_ARCHIVE],
    ['simulate', '--to', url, '--rate', '100', '--for', '10s'],
    ['status', '--watch', '--state', options.env.DMD_STATE],
  ])
  for (const line of out.split('Ctrl-C')[0]?.split('\n') ?? [])
    if (!line.includes(folder)) expect(line.length).toBeLessThanOrEqual(80)
  interrupt.abort()
  expect((await ran).code).toBe(0)
  expect(out).toContain('took 1 request in')
  expect(out).toContain('delivered 1 change in 1 file to')
  expect(out).toContain('nothing is left to deliver')
})
