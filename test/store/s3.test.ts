import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deliverBatch } from '../../src/delivery/worker.ts'
import { openS3Store } from '../../src/store/s3.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { change, eventItem, records } from '../changes.ts'
import { rules } from '../errors/archive.ts'
import { eventually } from '../eventually.ts'
import { createFakeRuntime, type FakeRuntime, runtimeWith } from '../support/runtime.ts'

// What no S3 server does when it is asked to: the network and the service failing. The rest of S3 is tested against
// servers that speak it, in test/servers. `fault` decides what becomes of the next request before or after its work.

type Fault = (request: IncomingMessage, response: ServerResponse, work: () => void) => void

let server: Server
let endpoint: string
let objects: Map<string, Buffer>
let faults: Fault[]
let requests: string[]
/** What listing gives, from the second listing on; the first opens the archive. */
let pages: string[]
/** The bounds of calls pass when a fault says so. */
let time: FakeRuntime
/** How often a call's time has begun: once for an attempt, and again with each part of its answer. */
let begun: number
beforeEach(async () => {
  time = createFakeRuntime()
  begun = 0
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDCANARY')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-canary')
  objects = new Map()
  faults = []
  requests = []
  pages = []
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    requests.push(`${request.method} ${request.url}`)
    const work = () => answer(request, response, Buffer.concat(chunks))
    const fault = faults.shift()
    if (fault) fault(request, response, work)
    else work()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const isBucket = ({ url = '' }: IncomingMessage) => /^\/bucket\/?(?:\?|$)/.test(url)
const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { method, url = '', headers } = request
  if (isBucket(request)) {
    response.writeHead(200, xml).end(pages.shift() ?? page([]))
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

const xml = { 'content-type': 'application/xml' }
const page = (keys: readonly string[], more = '') =>
  `<ListBucketResult>${keys.map((key) => `<Contents><Key>p/${key}</Key><Size>1</Size></Contents>`).join('')}${more}</ListBucketResult>`

function fail(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>canary in a message</Message></Error>`
  response.writeHead(status, xml).end(body)
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
/** No answer comes while the call has time: for a body of a few bytes, a fraction of a millisecond more. */
const silent: Fault = () => void time.advance(timeoutMs + 1)
const timeoutMs = 400

const open = (over: object = {}) =>
  openS3Store({
    ...{ bucket: 'bucket', prefix: '/p/', endpoint, region: 'us-east-1' },
    ...{ attemptsMax: 4, backoffMs: [1, 5], timeoutMs },
    runtime: runtimeWith({
      timer: (ms, run) => {
        begun += 1
        return time.timer(ms, run)
      },
    }),
    ...over,
  })
const text = (value: string) => Buffer.from(value)
const ifAbsent = { condition: { ifAbsent: true } } as const

describe('a put', () => {
  test.each([
    ['503 SlowDown', says(503, 'SlowDown')],
    ['500 InternalError', says(500, 'InternalError')],
    ['409 ConditionalRequestConflict', says(409, 'ConditionalRequestConflict')],
    ['400 RequestTimeout', says(400, 'RequestTimeout')],
    ['403 RequestTimeTooSkewed', says(403, 'RequestTimeTooSkewed')],
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

  test('whose answer was lost needs no right to read: the key is taken, which is all that it asked for', async () => {
    const store = await open()
    const forward: Fault = (_, __, work) => work()
    faults = [cutAfter, forward, says(403, 'AccessDenied')]
    expect(await store.put('a', text('one'), ifAbsent)).toEqual({ outcome: 'exists' })
    expect(objects.get('/bucket/p/a')?.toString()).toBe('one')
    // Whether somebody else replaced it meanwhile is not known without a look.
    const condition = { ifMatch: etagOf(text('one')) }
    faults = [cutAfter, forward, says(403, 'AccessDenied')]
    await expect(store.put('a', text('two'), { condition })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    expect(faults).toEqual([])
  })

  test('whose answer was lost is a delivery, to a worker that may not read, and no error beside it', async () => {
    const store = await open()
    const lost = new Set<string>()
    const isLostOnce: Fault = (request, response, work) => {
      const { method, url = '' } = request
      if (method === 'GET') return fail(response, 403, 'AccessDenied')
      if (lost.has(url)) return work()
      lost.add(url)
      cutAfter(request, response, work)
    }
    faults = Array.from({ length: 20 }, () => isLostOnce)
    const parts = {
      store,
      rules,
      runtime: runtimeWith({ clock: () => 0 }),
      putsParallel: 4,
      putTimeoutMs: 30_000,
    }
    const sound = records([change(), change({ item: eventItem })])
    expect(await deliverBatch({ stream: 's', shard: '0', records: sound }, parts)).toMatchObject({
      ...{ records: 2, delivered: 2, errored: 0, errorFiles: 0 },
    })
    expect([...objects.keys()].map((key) => key.split('/').slice(2, 4).join('/')).sort()).toEqual([
      'p/data',
      'p/data',
    ])
    expect(requests.filter((line) => line.startsWith('PUT'))).toHaveLength(4)
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
      expect(inspect(error, { depth: null })).not.toMatch(/canary|authorization/i)
      expect(faults).toEqual([])
    }
    expect(objects.size).toBe(0)
  })

  test('of many bytes has the time that they take', async () => {
    const store = await open()
    // A second more for a megabyte.
    const within: Fault = async (_, __, work) => {
      await time.advance(timeoutMs + 999)
      work()
    }
    const beyond: Fault = () => void time.advance(timeoutMs + 1_000)
    faults = [within]
    await store.put('a', Buffer.alloc(1_000_000))
    expect(requests).toHaveLength(2)
    faults = [beyond]
    await store.put('b', Buffer.alloc(1_000_000))
    expect(requests).toHaveLength(4)
  })

  test('that would replace an object of a bucket that is not there fails, rather than finding it changed', async () => {
    const store = await open()
    faults = [says(404, 'NoSuchBucket')]
    await expect(store.put('a', text('x'), { condition: { ifMatch: '"x"' } })).rejects.toThrow('NoSuchBucket')
  })

  test('under a key that is too long only with the prefix is refused before it is sent', async () => {
    const store = await open({ prefix: 'p/'.repeat(100) })
    const key = Array(5).fill('k'.repeat(180)).join('/')
    for (const call of [store.put(key, text('x')), store.get(key), store.head(key), store.delete(key)])
      await expect(call).rejects.toMatchObject({
        code: 'KEY_INVALID',
        message: expect.stringMatching(/Shorten the prefix/),
      })
    expect(requests).toHaveLength(1)
  })

  test('that is refused is not tried again', async () => {
    const store = await open()
    for (const [status, code, fix] of [
      [403, 'AccessDenied', 'Give this role s3:PutObject on the objects of the bucket'],
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
    for (const fault of [() => {}, says(503, 'SlowDown')] satisfies Fault[]) {
      const stopping = new AbortController()
      faults = [
        (...call) => {
          fault(...call)
          setImmediate(() => stopping.abort(reason))
        },
      ]
      const put = store.put('a', text('x'), { signal: stopping.signal })
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

  test('whose answer stops, or is not what its checksum is of, is made again', async () => {
    const store = await open()
    objects.set('/bucket/p/a', text('whole'))
    for (const fault of [
      (_, response) => {
        const before = begun
        response.writeHead(200, { 'content-length': 5 }).write('wh')
        // Its time begins anew with each part, and then no part comes.
        eventually(() => begun > before).then(() => time.advance(timeoutMs))
      },
      (_, response) =>
        response.writeHead(200, { 'content-length': 5, 'x-amz-checksum-crc32': 'AAAAAA==' }).end('whxle'),
    ] satisfies Fault[]) {
      faults = [fault]
      expect((await store.get('a'))?.bytes.toString()).toBe('whole')
    }
    expect(requests).toHaveLength(5)
  })

  test('may take as long as bytes keep coming', async () => {
    const store = await open()
    faults = [
      async (_, response) => {
        const before = begun
        response.writeHead(200, { 'content-length': 10 })
        for (let count = 1; count <= 10; count++) {
          response.write('x')
          await eventually(() => begun >= before + count)
          await time.advance(timeoutMs - 1)
        }
      },
    ]
    expect((await store.get('a'))?.bytes.toString()).toBe('x'.repeat(10))
    expect(requests).toHaveLength(2)
  })

  test('that is stopped amid its answer ends at once', async () => {
    const store = await open({ timeoutMs: 60_000 })
    const stopping = new AbortController()
    const reason = new Error('enough')
    faults = [
      (_, response) => {
        const before = begun
        response.writeHead(200, { 'content-length': 5 }).write('wh')
        eventually(() => begun > before).then(() => stopping.abort(reason))
      },
    ]
    const got = store.get('a', { signal: stopping.signal })
    await expect(got).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: reason })
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

test('a delete whose answer was lost has deleted; one that came to nothing has not', async () => {
  const store = await open()
  for (const over of [{}, { ifMatch: etagOf(text('one')) }]) {
    await store.put('a', text('one'))
    faults = [(_, __, work) => work(), cutAfter]
    expect(await store.delete('a', over)).toBe(true)
    expect(objects.size).toBe(0)
  }
  await store.put('a', text('one'))
  faults = [
    (_, __, work) => work(),
    (request, ...rest) => {
      objects.set('/bucket/p/a', text('two'))
      cutBefore(request, ...rest)
    },
  ]
  expect(await store.delete('a', { ifMatch: etagOf(text('one')) })).toBe(false)
  expect(objects.size).toBe(1)
})

describe('a list', () => {
  const keysOf = async (store: ObjectStore) => {
    const found: string[] = []
    for await (const { key } of store.list('')) found.push(key)
    return found
  }
  const more = (token: string) =>
    `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`

  test('is of all pages, each asked for again where it failed, without what is no key', async () => {
    const store = await open()
    pages = [page(['a', 'b/', 'b//c'], more('t+1')), page(['b/d'])]
    faults = [says(503, 'SlowDown'), (_, __, work) => work(), cutBefore]
    expect(await keysOf(store)).toEqual(['a', 'b/d'])
    expect(requests.slice(1).map((line) => line.includes('t%2B1'))).toEqual([false, false, true, true])
  })

  test.each([
    ['in no order', [page(['b', 'a'])]],
    ['that begins anew with the second page', [page(['a', 'b'], more('t')), page(['b', 'c'])]],
    ['that goes on, without saying where', [page(['a'], '<IsTruncated>true</IsTruncated>'), page(['b'])]],
  ])('%s is refused, rather than half a list taken for whole', async (_, answers) => {
    const store = await open()
    pages = answers
    await expect(keysOf(store)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/Use a/),
    })
  })
})

describe('versions', () => {
  const version = (key: string, id: string, more = '') =>
    `<Version><Key>p/${key}</Key><VersionId>${id}</VersionId><IsLatest>false</IsLatest><Size>1</Size>${more}</Version>`
  const marker = (key: string, id: string) =>
    `<DeleteMarker><Key>p/${key}</Key><VersionId>${id}</VersionId><IsLatest>true</IsLatest></DeleteMarker>`
  const versionPage = (...parts: readonly string[]) =>
    `<ListVersionsResult>${parts.join('')}</ListVersionsResult>`
  const next = (key: string, id: string) =>
    `<IsTruncated>true</IsTruncated><NextKeyMarker>p/${key}</NextKeyMarker><NextVersionIdMarker>${id}</NextVersionIdMarker>`
  const idsOf = async (store: ObjectStore, key: string) => {
    const found: string[] = []
    for await (const { id, isDeleteMarker } of store.versions!.list(key))
      found.push(isDeleteMarker ? `${id} (marker)` : id)
    return found
  }

  test('of one key come from all pages, each asked for again where it failed; longer keys are left out', async () => {
    const store = await open()
    pages = [
      versionPage(version('a', '1'), marker('a', '2'), next('a', '2')),
      versionPage(version('a', '3'), version('a/b', '4'), marker('ab', '5'), next('ab', '5')),
      versionPage(version('abc', '6')),
    ]
    faults = [says(503, 'SlowDown'), (_, __, work) => work(), cutBefore]
    expect(await idsOf(store, 'a')).toEqual(['1', '2 (marker)', '3'])
    // The third page begins behind a longer key, so it is not asked for.
    expect(pages).toHaveLength(1)
    const markers = requests.slice(1).map((line) => new URLSearchParams(line.split('?')[1]))
    expect(markers.map((query) => query.get('version-id-marker'))).toEqual([null, null, '2', '2'])
    expect(markers.map((query) => query.get('prefix'))).toEqual(Array(4).fill('p/a'))
  })

  test.each([
    ['does not say where the next page begins', '<IsTruncated>true</IsTruncated>'],
    ['begins the next page where it began itself', next('a', '2')],
  ])('are refused from a server that %s, rather than read in part or without end', async (_, end) => {
    const store = await open()
    pages = [versionPage(version('a', '1'), next('a', '2')), versionPage(version('a', '3'), end)]
    await expect(idsOf(store, 'a')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/Use another server/),
    })
  })

  test('are removed by their id, one of one key, once and again', async () => {
    const store = await open()
    faults = [cutAfter, says(404, 'NoSuchVersion')]
    await store.versions!.delete('a/b c', 'x+y')
    const [path = '', query] = requests.at(-1)!.split('?')
    expect(path).toBe('DELETE /bucket/p/a/b%20c')
    expect(new URLSearchParams(query).get('versionId')).toBe('x+y')
    expect(requests).toHaveLength(3)
  })
})

describe('opening', () => {
  test.each([
    [403, 'AccessDenied', 'STORE_UNAVAILABLE', /\(AccessDenied\)\. Give this role s3:ListBucket/],
    [403, 'InvalidAccessKeyId', 'STORE_UNAVAILABLE', /Check the credentials/],
    [301, 'PermanentRedirect', 'STORE_UNAVAILABLE', /Name the region of the bucket/],
    [
      404,
      'NoSuchBucket',
      'SETTING_INVALID',
      /^there is no bucket bucket\. Create it, or correct its name\.$/,
    ],
  ])('says what is wrong by %i %s', async (status, name, code, message) => {
    faults = [says(status, name)]
    await expect(open()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(requests).toHaveLength(1)
  })

  test('without a service in reach, or an endpoint that is none, says so', async () => {
    const port = Number(new URL(endpoint).port)
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await expect(open({ attemptsMax: 2 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(
        /open in s3:\/\/bucket \(ECONNREFUSED\)\. Check the endpoint and the network/,
      ),
    })
    await expect(open({ endpoint: `127.0.0.1:${port}`, backoffMs: [60_000, 60_000] })).rejects.toThrow(
      'Correct the endpoint',
    )
  })

  test('without a region says how to name one', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    await expect(open({ region: undefined })).rejects.toMatchObject({
      code: 'SETTING_INVALID',
      message: expect.stringMatching(/AWS_REGION/),
    })
  })
})

test('an answer without a body is named by its status', async () => {
  const store = await open()
  faults = [(_, response) => response.writeHead(403).end()]
  await expect(store.head('a')).rejects.toThrow('(AccessDenied). Give this role s3:GetObject')
  faults = [(_, response) => response.writeHead(503).end()]
  expect(await store.head('a')).toBeUndefined()
})
