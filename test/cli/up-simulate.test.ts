import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemRuntime } from '../../src/runtime.ts'
import type { DriveReport } from '../../src/sample/drive.ts'
import { openApi } from '../sample/capture/api.ts'
import { dmd } from './io.ts'

const real = { runtime: systemRuntime() }
const simulate = (url: string, ...args: readonly string[]) =>
  dmd(['simulate', '--to', url, '--rate', 'max', ...args], real)

test('what was accepted is told by kind, as a table and as JSON', async () => {
  const { url } = await openApi(real)
  const text = await simulate(url, '--requests', '60')
  expect([text.code, text.err]).toEqual([0, ''])
  expect(text.out).toMatch(/^75 requests in \d+\.\d s, \d+\.\d\/s, seed \w+\n/)
  expect(text.out).toContain('accepted   75: 6 events, 9 sales,')
  expect(text.out).toContain('refused    0\n')
  expect(text.out).toContain('no answer  0, after 0 further tries')
  expect(text.out).toMatch(/latency {4}p50 [\d.]+ ms, p99 [\d.]+ ms, most [\d.]+ ms\n/)

  const json = await simulate(url, '--requests', '60', '--seed', 'tour', '--json')
  const report: DriveReport = JSON.parse(json.out)
  expect(report).toMatchObject({ seed: 'tour', sent: 75, refused: {}, unanswered: 0 })
  expect(report.accepted).toMatchObject({ event: 6, sale: 9 })
})

test('without a seed, each run tells of other fans', async () => {
  const api = await openApi(real)
  const run = async () => {
    const { out } = await simulate(api.url, '--requests', '10', '--json')
    return { seed: JSON.parse(out).seed, changes: (await api.changes()).length }
  }
  const [first, second] = [await run(), await run()]
  expect(second.seed).not.toBe(first.seed)
  expect([first.changes, second.changes]).toEqual([25, 25])
})

test('refusals are told by problem, with exit code 3', async () => {
  const server = createServer((_, response) => {
    const body = JSON.stringify({ type: 'urn:dmd:problem:body-invalid' })
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ran = await simulate(url, '--requests', '5')
  expect(ran.code).toBe(3)
  expect(ran.out).toContain('refused    20: 20 body-invalid')
})

test('an address where nothing answers, and options that do not go together, are named', async () => {
  const nobody = await simulate('http://127.0.0.1:1')
  expect([nobody.code, nobody.err]).toEqual([
    1,
    expect.stringContaining('nothing answers at http://127.0.0.1:1'),
  ])
  for (const [args, message] of [
    [['--to', 'localhost'], 'is not a URL such as'],
    [['--to', 'file:///etc'], 'is not a URL such as'],
    [['--to', 'http://127.0.0.1:1', '--fans', '5'], '--fans and --to do not go together'],
    [['--to', 'http://127.0.0.1:1', '--bad-percent', '5'], '--bad-percent and --to do not go together'],
    [['--rate', '5'], '--rate needs --to'],
    [['--to', 'http://127.0.0.1:1', '--rate', 'fast'], 'is not a whole number'],
    [['--to', 'http://127.0.0.1:1', '--for', '60'], '1ms to 24h'],
  ] as const) {
    const ran = await dmd(['simulate', ...args])
    expect([ran.code, ran.err], args.join(' ')).toEqual([2, expect.stringContaining(message)])
  }
})

test('Ctrl-C is how an endless one ends, and cuts short one that has an end', async () => {
  const { url } = await openApi(real)
  const stopped = async (...args: readonly string[]) => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 300)
    const all = ['simulate', '--to', url, '--rate', '50', '--json', ...args]
    const ran = await dmd(all, { ...real, interrupt: stop.signal })
    const report: DriveReport = JSON.parse(ran.out)
    const accepted = Object.values(report.accepted).reduce((sum, n) => sum + n)
    expect(report).toMatchObject({ sent: accepted, unanswered: 0 })
    return ran.code
  }
  expect(await stopped()).toBe(0)
  expect(await stopped('--for', '1h')).toBe(130)
})

test('progress is drawn for people who watch', async () => {
  const { url } = await openApi(real)
  const args = ['simulate', '--to', url, '--rate', '100', '--requests', '30', '--json']
  const { err } = await dmd(args, { ...real, isWatched: true })
  expect(err).toMatch(/sending .*█.* requests .*\/s/)
  expect(err.endsWith('\r\u001b[2K')).toBe(true)
})
