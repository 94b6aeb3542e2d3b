import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createWebhook, type Notice, type WebhookOptions } from '../../../src/local/alert/webhook.ts'
import type { Alert } from '../../../src/local/alert.ts'
import type { LogEntry } from '../../../src/runtime.ts'
import { eventually } from '../../eventually.ts'
import { runtimeWith } from '../../support/runtime.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A receiver that answers as it is told, and keeps what it was sent. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse, n: number) => void) {
  const notices: Notice[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      requests.push(request)
      if (body) notices.push(JSON.parse(body))
      answer(request, response, requests.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { notices, requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const ok = (_: IncomingMessage, response: ServerResponse) => void response.end('ok')
const alert: Alert = {
  name: 'lag',
  sinceMs: Date.UTC(2025, 1, 13, 18),
  text: 'It lags.',
  figures: { lagMs: 99_000 },
  isCalm: false,
}

function make(url: string, over: Partial<WebhookOptions> = {}) {
  const clock = { nowMs: Date.UTC(2025, 1, 13, 18, 30) }
  const entries: LogEntry[] = []
  const webhook = createWebhook({
    ...{ url, archive: 's3://archive', stream: 'changes', repeatMs: 60_000 },
    runbook: (name) => `docs/operations.md#${name}`,
    runtime: runtimeWith({
      clock: () => clock.nowMs,
      random: () => 0,
      log: (entry) => entries.push(entry),
    }),
    ...over,
  })
  return { webhook, clock, entries }
}

test('an alert whose cause is gone is not posted as firing again', async () => {
  const { url, notices } = await receiver(ok)
  const { webhook, clock } = make(url)
  webhook.tell([alert])
  clock.nowMs += 61_000
  webhook.tell([{ ...alert, isCalm: true }])
  clock.nowMs += 20_000
  webhook.tell([])
  await webhook.drain(5_000)
  expect(notices.map(({ state }) => state)).toEqual(['firing', 'resolved'])
})

test('a notice is posted when an alert begins and when it ends, and again after a while, no sooner', async () => {
  const { url, notices, requests } = await receiver(ok)
  const { webhook, clock } = make(`${url}/hook?token=secret`)
  const tell = (alerts: readonly Alert[], waitMs: number) => {
    clock.nowMs += waitMs
    webhook.tell(alerts)
  }
  tell([], 0)
  tell([alert], 1_000)
  for (let n = 0; n < 58; n++) tell([alert], 1_000)
  tell([alert], 2_000)
  tell([], 1_000)
  // It flaps: nobody is woken twice.
  for (let n = 0; n < 5; n++) {
    tell([alert], 1_000)
    tell([], 1_000)
  }
  await webhook.drain(100_000)
  expect(notices.map(({ state }) => state)).toEqual(['firing', 'firing', 'resolved'])
  expect(notices[0]).toEqual({
    ...{ alert: 'lag', state: 'firing', since: '2025-02-13T18:00:00.000Z', at: '2025-02-13T18:30:01.000Z' },
    ...{ archive: 's3://archive', stream: 'changes', text: 'It lags.', figures: { lagMs: 99_000 } },
    runbook: 'docs/operations.md#lag',
  })
  expect(notices[2]?.text).toBe('Over: lag, which began at 2025-02-13T18:00:00.000Z.')
  expect(requests[0]).toMatchObject({ method: 'POST', url: '/hook?token=secret' })
  expect(requests[0]?.headers['content-type']).toBe('application/json')
  expect(webhook.status()).toEqual({ host: new URL(url).host, sent: 3, failed: 0 })
})

test('what fails for a moment is tried again; what is refused is not', async () => {
  const slow = await receiver((_, response, n) => {
    response.statusCode = n < 3 ? 503 : 200
    response.end()
  })
  const patient = make(slow.url)
  patient.webhook.tell([alert])
  await eventually(() => expect(patient.webhook.status().sent).toBe(1))
  expect(slow.requests).toHaveLength(3)

  const firm = await receiver((_, response) => {
    response.statusCode = 404
    response.end()
  })
  const refused = make(`${firm.url}/?token=secret`)
  refused.webhook.tell([alert])
  await eventually(() => expect(refused.webhook.status().failed).toBe(1))
  expect(firm.requests).toHaveLength(1)
  expect(refused.webhook.status()).toMatchObject({ sent: 0, lastError: 'HTTP 404' })
  expect(JSON.stringify([refused.entries, refused.webhook.status()])).not.toContain('secret')
  expect(refused.entries[0]).toMatchObject({ level: 'error', message: 'alert not posted', why: 'HTTP 404' })
})

test('a redirect is not followed: it may lead to somebody else', async () => {
  const other = await receiver(ok)
  const first = await receiver((_, response) => {
    response.writeHead(302, { location: other.url })
    response.end()
  })
  const { webhook } = make(first.url)
  webhook.tell([alert])
  await eventually(() => expect(webhook.status().failed).toBe(1))
  expect(other.requests).toEqual([])
})

test('a receiver that hangs, or is not there, holds up nothing, and the end waits no longer than it is told', async () => {
  const hanging = await receiver(() => undefined)
  const { webhook } = make(hanging.url)
  webhook.tell([alert])
  // It gave back before anything was sent.
  expect(hanging.requests).toHaveLength(0)
  await eventually(() => expect(hanging.requests.length).toBe(1))
  await webhook.drain(50)
  expect(webhook.status()).toMatchObject({ sent: 0, failed: 1 })
  // It would be tried four times, and each answer waited for.
  expect(hanging.requests.length).toBeLessThan(4)

  const nobody = make('http://127.0.0.1:9/')
  nobody.webhook.tell([alert])
  await nobody.webhook.drain(50)
  expect(nobody.webhook.status()).toMatchObject({ sent: 0, failed: 1 })
})

test('notices that nobody takes are bounded', async () => {
  const hanging = await receiver(() => undefined)
  const { webhook, clock } = make(hanging.url, { repeatMs: 1_000 })
  for (let n = 0; n < 300; n++) {
    clock.nowMs += 2_000
    webhook.tell([alert])
  }
  // A hundred wait for their turn; the rest is not kept.
  expect(webhook.status()).toMatchObject({ sent: 0, failed: 200 })
  await webhook.drain(10)
  expect(webhook.status()).toMatchObject({ sent: 0, failed: 300 })
  expect(hanging.requests.length).toBeLessThanOrEqual(1)
})
