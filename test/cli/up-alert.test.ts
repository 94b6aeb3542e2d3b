import { rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Notice } from '../../src/local/alert/webhook.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { change, demandItem } from '../changes.ts'
import { eventually } from '../eventually.ts'
import { startKinesisServer } from '../local/kinesis/server.ts'
import { createFakeRuntime } from '../support/runtime.ts'
import { dmd } from './io.ts'
import { makePlace, send, startLive } from './live.ts'

const canary = 'canary@example.com'

const ask = (url: string, fanId: string) =>
  send(url, 'POST', '/demands', { fanId, eventId: 'event-1', saleId: 'sale-1' })

/** A receiver of notices on this machine. */
async function receiver() {
  const notices: Notice[] = []
  let told = ''
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    told += body
    notices.push(JSON.parse(body))
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const states = (name: string) => notices.filter(({ alert }) => alert === name).map(({ state }) => state)
  return { url, notices, states, told: () => told }
}

test('many records that fail are one notice, which names the runbook and nothing of a record', async () => {
  const { archive, state } = await makePlace()
  const { url, notices, states, told } = await receiver()
  const server = await startKinesisServer()
  onTestFinished(() => server.close())
  await server.createStream('alerts', 1)
  const env = {
    ...{ AWS_ENDPOINT_URL_KINESIS: server.endpoint, AWS_REGION: 'us-east-1' },
    ...{
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      DMD_ALERT_ERRORS: '15',
      DMD_RUNBOOKS: 'https://wiki/dmd',
    },
  }
  const worker = startLive(
    ['worker', '--stream', 'alerts', '--archive', archive, '--state', state, '--alert-url', url],
    env,
  )
  await eventually(() => worker.err().includes('worker started'))
  const { saleId: _, ...item } = demandItem
  for (let n = 0; n < 30; n++)
    await server.put(
      'alerts',
      `key-${n}`,
      change({ item: { ...(n < 20 ? item : demandItem), email: canary, PK: `FAN#${n}` } as never }),
    )
  await eventually(() => states('error-spike').length > 0)
  await eventually(async () => (await dmd(['status', '--state', state])).out.includes('ALERT error-spike'))
  const status = await dmd(['status', '--state', state])
  expect(status.code).toBe(3)
  expect(status.out).toContain('what to do: https://wiki/dmd#error-spike')
  expect(await worker.end('SIGTERM')).toBe(0)
  expect(states('error-spike')).toEqual(['firing'])
  const spike = notices.find(({ alert }) => alert === 'error-spike')
  expect(spike).toMatchObject({ runbook: 'https://wiki/dmd#error-spike', figures: { errorsLimit: 15 } })
  expect(spike?.text).toMatch(/^\d+ of \d+ records failed in the last 300 s\.$/)
  expect(told() + worker.err()).not.toContain(canary)
  expect(told()).not.toContain('fan-1')
})

test('an archive that cannot be written is told as stale and lagging, and told to be over when it can', async () => {
  const { archive, state } = await makePlace()
  const { url, states } = await receiver()
  // Time is the test's own; what waits for a socket waits by the wall clock.
  const time = createFakeRuntime()
  const runtime = { ...time, timeout: systemRuntime().timeout }
  const stop = new AbortController()
  let out = ''
  const up = dmd(
    [
      'up',
      '--port',
      '0',
      '--archive',
      archive,
      '--state',
      state,
      '--window',
      '0s',
      '--alert-url',
      url,
      '--json',
    ],
    {
      runtime,
      env: { DMD_ALERT_STALE_MS: '2000', DMD_ALERT_LAG_MS: '3000' },
      interrupt: stop.signal,
      out: async (text) => {
        out += text
      },
    },
  )
  /** Lets a second pass at a time, until the check holds. */
  const afterSeconds = (check: () => boolean) =>
    eventually(async () => {
      await time.advance(1_000)
      return check()
    })
  await eventually(() => out.includes('\n'))
  const started = JSON.parse(out)
  expect(await ask(started.url, 'before')).toBeLessThan(300)
  // A file where a folder is needed: no rights of root help against that.
  await rename(archive, `${archive}-away`)
  await writeFile(archive, '')
  expect(await ask(started.url, 'during')).toBeLessThan(300)
  await afterSeconds(() => states('stale-delivery').length > 0 && states('lag').length > 0)
  expect((await dmd(['status', '--state', state], { runtime })).out).toContain('ALERT stale-delivery')
  await rename(archive, `${archive}-file`)
  await rename(`${archive}-away`, archive)
  await afterSeconds(
    () => states('lag').includes('resolved') && states('stale-delivery').includes('resolved'),
  )
  expect(states('stale-delivery')).toEqual(['firing', 'resolved'])
  stop.abort()
  let isOver = false
  void up.finally(() => {
    isOver = true
  })
  // A read that waits for changes ends when its time is over.
  await afterSeconds(() => isOver)
  expect((await up).code).toBe(0)
})

test('an address that is none is told, and nothing is started', async () => {
  for (const url of ['ftp://example.com', 'nonsense', 'file:///x']) {
    const { archive, state } = await makePlace()
    const ran = await dmd(['up', '--port', '0', '--archive', archive, '--state', state, '--alert-url', url])
    expect(ran.code).toBe(2)
    expect(ran.err).toContain('alertUrl: must be an http: or https: URL')
  }
})
