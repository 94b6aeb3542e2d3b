import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openS3Store } from '../../src/store/s3.ts'
import type { ObjectStore } from '../../src/store/store.ts'

// What no S3 server does when it is asked to: the network and the service failing. The rest of S3 is tested against
// servers that speak it, in test/servers. `fault` decides what becomes of the next request before or after its work.

type Fault = (request: IncomingMessage, response: ServerResponse, work: () => void) => void

let server: Server
let endpoint: string
let objects: Map<string, Buffer>
let faults: Fault[]
let requests: string[]
beforeEach(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDCANARY'
  process.env.AWS_SECRET_ACCESS_KEY = 'secret-canary'
  objects = new Map()
  faults = []
  requests = []
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    requests.push(`${request.method} ${request.url}`)
    const work = () => answer(request, response, Buffer.concat(chunks))
    // Opening the archive is not at fault.
    const fault = isBucket(request) ? undefined : faults.shift()
    if (fault) fault(request, response, work)
    else work()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const isBucket = ({ url = '' }: IncomingMessage) => /^\/bucket\/?(?:\?|$)/.test(url)
const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { method, url = '', headers } = request
  if (isBucket(request)) {
    response.writeHead(200).end()
    return
  }
  const key = decodeURIComponent(url.split('?')[0] ?? '')
  const there = objects.get(key)
  const isUnmet =
    (headers['if-none-match'] === '*' && there) ||
    (headers['if-match'] !== undefined && (!there || etagOf(there) !== headers['if-match']))
  if (method === 'PUT') {
    if (isUnmet) {
      fail(response, 412, 'PreconditionFailed')
      return
    }
    objects.set(key, body)
    response.writeHead(200, { etag: etagOf(body) }).end()
  } else if (method === 'GET' || method === 'HEAD') {
    if (!there) {
      fail(response, 404, 'NoSuchKey')
      return
    }
    response.writeHead(200, { etag: etagOf(there), 'content-length': there.length })
    response.end(method === 'GET' ? there : undefined)
  } else if (isUnmet) fail(response, 412, 'PreconditionFailed')
  else {
    objects.delete(key)
    response.writeHead(204).end()
  }
}

function fail(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>canary in a message</Message></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
}
const says =
  (status: number, code: string): Fault =>
  (_, response) =>
    fail(response, status, code)
/** The connection ends before the request is done, or after it. */
const cutBefore: Fault = (request) => request.socket.destroy()
const cutAfter: Fault = (request, response, work) => {
  response.end = (() => {
    request.socket.destroy()
    return response
  }) as never
  response.writeHead = (() => response) as never
  work()
}
const silent: Fault = () => {}

const open = (over: object = {}) =>
  openS3Store({
    ...{ bucket: 'bucket', prefix: '/p/', endpoint, region: 'us-east-1' },
    ...{ attemptsMax: 4, backoffMs: [1, 5], timeoutMs: 400 },
    ...over,
  })
const text = (value: string) => Buffer.from(value)
const ifAbsent = { condition: { ifAbsent: true } } as const

describe('a put', () => {
  test.each([
    ['503 SlowDown', says(503, 'SlowDown')],
    ['500 InternalError', says(500, 'InternalError')],
    ['409 ConditionalRequestConflict', says(409, 'ConditionalRequestConflict')],
    ['429', says(429, 'TooManyRequests')],
    ['a connection that is cut', cutBefore],
    ['no answer', silent],
  ])('goes on after %s', async (_, fault) => {
    const store = await open()
    faults = [fault, fault]
    expect(await store.put('a', text('one'), ifAbsent)).toMatchObject({ outcome: 'stored' })
    expect(objects.get('/bucket/p/a')?.toString()).toBe('one')
    expect(faults).toEqual([])
  })

  test('whose answer was lost is told from one that found the key taken', async () => {
    const store = await open()
    faults = [cutAfter]
    expect(await store.put('a', text('one'), ifAbsent)).toEqual({
      outcome: 'stored',
      etag: etagOf(text('one')),
    })
    faults = [cutBefore]
    expect(await store.put('a', text('two'), ifAbsent)).toEqual({ outcome: 'exists' })
    expect(objects.get('/bucket/p/a')?.toString()).toBe('one')
    const condition = { ifMatch: etagOf(text('one')) }
    faults = [cutAfter]
    expect(await store.put('a', text('three'), { condition })).toMatchObject({ outcome: 'stored' })
    faults = [cutBefore]
    expect(await store.put('a', text('four'), { condition })).toEqual({ outcome: 'changed' })
    expect(objects.get('/bucket/p/a')?.toString()).toBe('three')
  })

  test('fails after so many attempts, with the reason and the fix and no word of S3’s or of the object', async () => {
    const store = await open()
    for (const [fault, reason] of [
      [says(503, 'SlowDown'), /\(SlowDown\)\. Write fewer objects at once/],
      [cutBefore, /\((ECONNRESET|EPIPE)\)\. Check the endpoint and the network/],
      [silent, /\(TimeoutError\)\. Check the endpoint and the network/],
    ] as const) {
      faults = Array.from({ length: 4 }, () => fault)
      const error = await store.put('a', text('canary')).catch((caught) => caught)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
      expect(error.message).toMatch(reason)
      expect(error.message).toContain('put a in s3://bucket')
      expect(error.message).not.toMatch(/canary/i)
      expect(faults).toEqual([])
    }
    expect(objects.size).toBe(0)
  })

  test('that is refused is not tried again', async () => {
    const store = await open()
    for (const [status, code, fix] of [
      [403, 'AccessDenied', 'Give this role the right'],
      [403, 'SignatureDoesNotMatch', 'clock is right'],
      [404, 'NoSuchBucket', 'Create the bucket'],
      [400, 'ExpiredToken', 'Renew the credentials'],
    ] as const) {
      const before = requests.length
      faults = [says(status, code)]
      await expect(store.put('a', text('x'))).rejects.toThrow(fix)
      expect(requests.length).toBe(before + 1)
    }
  })

  test('ends at once when its signal is aborted, with the reason as its cause', async () => {
    const store = await open({ timeoutMs: 60_000, backoffMs: [60_000, 60_000] })
    const reason = new Error('the batch is over')
    for (const fault of [silent, says(503, 'SlowDown')]) {
      const stopping = new AbortController()
      faults = [fault]
      const put = store.put('a', text('x'), { signal: stopping.signal })
      setTimeout(() => stopping.abort(reason), 50)
      await expect(put).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: reason })
    }
  })
})

describe('a get', () => {
  test('whose answer is cut short is made again, and never gives a part', async () => {
    const store = await open()
    objects.set('/bucket/p/a', text('x'.repeat(100_000)))
    faults = [
      (request, response) => {
        response.writeHead(200, { etag: '"x"', 'content-length': 100_000 })
        response.write('x'.repeat(50_000), () => request.socket.destroy())
      },
    ]
    expect((await store.get('a'))?.bytes.length).toBe(100_000)
    expect(faults).toEqual([])
  })

  test('of an object that is not there is no failure; of a bucket that is not there it is', async () => {
    const store = await open()
    expect(await store.get('a')).toBeUndefined()
    expect(await store.head('a')).toBeUndefined()
    faults = [says(404, 'NoSuchBucket')]
    await expect(store.get('a')).rejects.toThrow('Create the bucket')
  })
})

test('a delete finds an object once, also where another took its place meanwhile', async () => {
  const store: ObjectStore = await open()
  await store.put('a', text('one'))
  // Between the look and the deletion somebody replaces it.
  faults = [
    (_, __, work) => {
      work()
      objects.set('/bucket/p/a', text('two'))
    },
  ]
  expect(await store.delete('a')).toBe(true)
  expect(objects.size).toBe(0)
  expect(await store.delete('a')).toBe(false)
})

test('a bucket that is not there, or a service out of reach, is told when the archive is opened', async () => {
  await new Promise<void>((resolve) => server.close(() => resolve()))
  await expect(open({ attemptsMax: 2 })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining(
      'open in s3://bucket (ECONNREFUSED). Check the endpoint and the network',
    ),
  })
  server = createServer((_, response) => {
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(open()).rejects.toMatchObject({
    code: 'SETTING_INVALID',
    message: 'there is no bucket bucket. Create it, or correct its name.',
  })
})
