import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PipelineError } from '../../../src/record/error.ts'
import type { LogEntry } from '../../../src/runtime.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { demand, demandPath, openApi } from './api.ts'

const problem = (name: string) => `urn:dmd:problem:${name}`

/** Sends bytes as they are, and gives all that comes back until the server closes. */
function raw(url: string, parts: readonly string[], pauseMs = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    socket.on('close', () => resolve(text))
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)))
    const rest = [...parts]
    const next = () => {
      const part = rest.shift()
      if (part === undefined || socket.destroyed) return
      socket.write(part)
      setTimeout(next, pauseMs)
    }
    next()
  })
}

describe('a body that cannot be taken', () => {
  test.each([
    ['no JSON', '{"fanId": ', 'body-not-json'],
    ['nothing', '', 'body-not-json'],
    ['no object', '[]', 'body-invalid'],
    ['null', 'null', 'body-invalid'],
    ['too deep', '['.repeat(20_000), 'body-invalid'],
  ])('%s is told so', async (_, body, name) => {
    const { send, changes } = await openApi()
    const answer = await send('POST', '/demands', body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ type: problem(name), status: 400 })
    expect(await changes()).toEqual([])
  })

  test.each([
    ['an unknown field', { ...demand, colour: 'red' }, '/colour'],
    ['an unknown field inside', { ...demand, date: { requested: '2025-02-13', when: 1 } }, '/date/when'],
    ['a name with slashes', { ...demand, 'a/b~c': 1 }, '/a~1b~0c'],
    ['__proto__', '{"fanId":"f","eventId":"e","saleId":"s","__proto__":{"x":1}}', '/__proto__'],
    ['a date that the API sets', { ...demand, date: { deleted: '2025-02-13' } }, '/date/deleted'],
    ['a derived field', { ...demand, system: { id: 'x' } }, '/system'],
    ['a missing field', { fanId: 'f', eventId: 'e' }, '/saleId'],
    ['a null for a required one', { ...demand, saleId: null }, '/saleId'],
    ['a number for a text', { ...demand, email: 5 }, '/email'],
    ['a list for a text', { ...demand, email: ['x'] }, '/email'],
    ['a text for a map', { ...demand, date: 'today' }, '/date'],
    ['an empty identifier', { ...demand, fanId: '' }, '/fanId'],
    ['an identifier with #', { ...demand, fanId: 'a#b' }, '/fanId'],
    ['an identifier of dots', { ...demand, fanId: '..' }, '/fanId'],
    ['a long identifier', { ...demand, fanId: 'x'.repeat(129) }, '/fanId'],
    ['a long text', { ...demand, messageBody: 'x'.repeat(4097) }, '/messageBody'],
    ['half a character', '{"fanId":"f","eventId":"e","saleId":"s","email":"\\ud800"}', '/email'],
    ['an impossible date', { ...demand, date: { requested: '2025-02-30' } }, '/date/requested'],
    ['a date beyond the archive', { ...demand, date: { requested: '2019-12-31' } }, '/date/requested'],
    ['a date in the far future', { ...demand, date: { requested: '2031-01-01' } }, '/date/requested'],
    ['another type', { ...demand, type: 'sale' }, '/type'],
  ])('%s is named', async (_, body, pointer) => {
    const { send, changes } = await openApi()
    const answer = await send('POST', '/demands', body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ type: problem('body-invalid'), errors: [{ pointer }] })
    expect(answer.body.errors.length).toBe(1)
    expect(await changes()).toEqual([])
  })

  test('all that is wrong is named at once, and no value is', async () => {
    const { send } = await openApi()
    const secret = 'SECRET-VALUE'
    const body = {
      fanId: `#${secret}`,
      email: [secret],
      messageBody: { secret },
      eventId: 'e',
      extra: secret,
    }
    const answer = await send('POST', '/demands', body)
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/email',
      '/extra',
      '/fanId',
      '/messageBody',
      '/saleId',
    ])
    expect(JSON.stringify(answer.body)).not.toContain(secret)
  })

  test('of another media type is told which is taken', async () => {
    const { send } = await openApi()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      const answer = await send('POST', '/demands', JSON.stringify(demand), { 'content-type': type })
      expect(answer).toMatchObject({ status: 415, body: { type: problem('media-type-unsupported') } })
    }
    const charset = { 'content-type': 'Application/JSON; charset=utf-8' }
    expect((await send('POST', '/demands', JSON.stringify(demand), charset)).status).toBe(201)
  })

  test('that is no UTF-8 is told so', async () => {
    const { url } = await openApi()
    const body = Buffer.from([...Buffer.from('{"fanId":"'), 0xff, ...Buffer.from('"}')])
    const answer = await fetch(`${url}/demands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ type: problem('body-not-json') })
  })

  test('of more than 64 KiB is told so, with and without a length, and one just below is read', async () => {
    const { send, url } = await openApi()
    const large = JSON.stringify({ ...demand, messageBody: 'x'.repeat(1_000_000) })
    expect(await send('POST', '/demands', large)).toMatchObject({
      status: 413,
      body: { type: problem('body-too-large') },
    })
    const chunked = await fetch(`${url}/demands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(chunked.status).toBe(413)
    const padded = JSON.stringify(demand).padEnd(65_536, ' ')
    expect((await send('POST', '/demands', padded)).status).toBe(201)
    expect((await send('POST', '/demands', `${padded} `)).status).toBe(413)
  })
})

describe('a request that is wrong otherwise', () => {
  test('an unknown path, another method, a wrong identifier', async () => {
    const { send } = await openApi()
    expect(await send('GET', '/nowhere')).toMatchObject({
      status: 404,
      body: { type: problem('route-unknown') },
    })
    const put = await send('PUT', '/demands', demand)
    expect(put).toMatchObject({ status: 405, body: { type: problem('method-not-allowed') } })
    expect(put.headers.get('allow')).toBe('POST')
    expect((await send('POST', demandPath, demand)).headers.get('allow')).toBe('GET, HEAD, DELETE')
    expect((await send('DELETE', '/openapi.json')).headers.get('allow')).toBe('GET, HEAD')
    for (const id of ['a%23b', 'a%2Fb', '%00', '%ff', 'x'.repeat(129), '%20', 'é'])
      expect((await send('GET', `/demands/event-1/sale-1/${id}`)).body.type, id).toBe(problem('path-invalid'))
  })

  test('pages of other sites are refused', async () => {
    const { send, url } = await openApi()
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
      expect(await send('POST', '/demands', demand, { origin })).toMatchObject({
        status: 403,
        body: { type: problem('origin-refused') },
      })
    expect((await send('POST', '/demands', demand, { origin: url })).status).toBe(201)
    const { hostname, port } = new URL(url)
    const status = await new Promise((resolve, reject) => {
      const sent = request({ hostname, port, path: '/health', headers: { host: `evil.example:${port}` } })
      sent.on('response', (answer) => resolve(answer.statusCode)).on('error', reject)
      sent.end()
    })
    expect(status).toBe(403)
  })

  test('what is no HTTP, and headers too large, are problems too', async () => {
    const { url } = await openApi()
    expect(await raw(url, ['HELLO\r\n\r\n'])).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*request-malformed/,
    )
    const large = await raw(url, [
      `GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    ])
    expect(large).toMatch(/^HTTP\/1\.1 431 [\s\S]*headers-too-large/)
  })

  test('every answer has the request’s identifier, its own or the caller’s', async () => {
    const { send } = await openApi()
    const own = await send('GET', '/nowhere')
    expect(own.body.requestId).toBe(own.headers.get('x-request-id'))
    expect(
      (await send('GET', '/health', undefined, { 'x-request-id': 'mine-1' })).headers.get('x-request-id'),
    ).toBe('mine-1')
    expect(
      (await send('GET', '/health', undefined, { 'x-request-id': 'a b' })).headers.get('x-request-id'),
    ).not.toBe('a b')
  })

  test('the log names routes and counts, and never an identifier or a value', async () => {
    const lines: LogEntry[] = []
    const { send } = await openApi({ runtime: systemRuntime((entry) => lines.push(entry)) })
    await send('POST', '/demands', demand)
    await send('POST', '/demands', { ...demand, email: [demand.email] })
    await send('GET', demandPath)
    await send('GET', '/nowhere/fan-1')
    expect(lines.map(({ route, status }) => `${route} ${status}`)).toEqual([
      '/demands 201',
      '/demands 400',
      '/demands/:eventId/:saleId/:fanId 200',
      '/* 404',
    ])
    for (const value of ['fan-1', 'event-1', demand.email, demand.phoneNumber])
      expect(JSON.stringify(lines)).not.toContain(value)
  })
})

describe('slow and many', () => {
  const head = 'POST /demands HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'

  test('a slow body is cut off with 408, and its connection closed', async () => {
    const { url, changes } = await openApi({ bounds: { bodyWaitMs: 150 } })
    const text = await raw(url, [`${head}content-length: 100\r\n\r\n{`, '"', 'f', 'a'], 60)
    expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*request-slow/i)
    expect(await changes()).toEqual([])
  })

  test('slow headers are cut off with 408', async () => {
    const { url } = await openApi({ bounds: { headersWaitMs: 200 } })
    // Within the usual bound they would come to their end.
    const more = Array.from({ length: 60 }, (_, n) => `x-${n}: y\r\n`)
    const parts = ['GET /health HTTP/1.1\r\n', 'host: localhost\r\n', ...more, '\r\n']
    expect(await raw(url, parts, 50)).toMatch(/^HTTP\/1\.1 408 [\s\S]*request-slow/)
  })

  test('a sender that goes away in the middle leaves nothing and disturbs nobody', async () => {
    const { url, send, changes } = await openApi()
    const { hostname, port } = new URL(url)
    await Promise.all(
      Array.from(
        { length: 50 },
        () =>
          new Promise<void>((resolve) => {
            const socket = connect(Number(port), hostname, () => {
              socket.write(`${head}content-length: 100\r\n\r\n{"fanId"`)
              setTimeout(() => socket.destroy(), 20)
            })
            socket.on('close', () => resolve())
          }),
      ),
    )
    expect((await send('POST', '/demands', demand)).status).toBe(201)
    expect((await changes()).length).toBe(1)
  })

  test('1,000 connections at once are all served', async () => {
    const { url, changes } = await openApi()
    const bodies = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ ...demand, fanId: `fan-${n}` }))
    const answers = await Promise.all(
      bodies.map((body) =>
        raw(url, [`${head}connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`]),
      ),
    )
    expect(answers.filter((text) => text.startsWith('HTTP/1.1 201')).length).toBe(1_000)
    expect((await changes()).length).toBe(1_000)
  })

  const get = 'GET /health HTTP/1.1\r\nhost: localhost\r\n'
  const once = `${get}connection: close\r\n\r\n`

  /** An open connection that has sent this and reads nothing. */
  const hold = (url: string, text: string) =>
    new Promise<Socket>((resolve) => {
      const { hostname, port } = new URL(url)
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () => {
        if (text === '') resolve(socket)
        else socket.write(text, () => resolve(socket))
      })
      socket.on('error', () => undefined)
      onTestFinished(() => void socket.destroy())
    })
  /** Waits until the other side ends the connection. */
  const ended = (socket: Socket) =>
    new Promise<void>((resolve) => {
      const done = () => resolve()
      if (socket.readableEnded || socket.destroyed) done()
      socket.resume().once('end', done).once('close', done)
    })

  /** A table whose reads wait until they are let go. */
  function waitingTable() {
    let free = () => {}
    const gate = new Promise<undefined>((resolve) => {
      free = () => resolve(undefined)
    })
    let reads = 0
    let wake = () => {}
    const read = () => {
      reads += 1
      wake()
      return gate
    }
    const refuse = async () => {
      throw new Error('not asked for')
    }
    const table = { name: 'x', get: read, put: refuse, delete: refuse, close: async () => {} }
    const until = async (n: number) => {
      while (reads < n)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    return { table, free, until, reads: () => reads }
  }

  test.each([
    ['send nothing', ''],
    ['stop within their headers', get],
    ['stop within their body', `${head}content-length: 100\r\n\r\n{`],
  ])('clients that %s make way for others', async (_, text) => {
    const { url } = await openApi({ bounds: { connectionsMax: 20 } })
    const slow = []
    for (let n = 0; n < 20; n++) slow.push(await hold(url, text))
    for (let n = 0; n < 5; n++) expect(await raw(url, [once])).toMatch(/^HTTP\/1\.1 200/)
    // The one that has waited longest went first.
    await ended(slow[0] as Socket)
  })

  test('a connection above the bound is told to come again while all others wait for their answers', async () => {
    const { table, until, free } = waitingTable()
    const { url } = await openApi({ table, bounds: { connectionsMax: 20 } })
    for (let n = 0; n < 20; n++) await hold(url, `${get}\r\n`)
    await until(20)
    expect(await raw(url, [`${get}\r\n`])).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*too-busy/i)
    free()
  })

  test('a client that sends requests and reads no answer is cut off at the bound', async () => {
    const { table, free, reads } = waitingTable()
    const { url } = await openApi({ table, bounds: { inFlightMax: 8 } })
    const flood = await hold(url, `${get}\r\n`.repeat(2_000))
    await ended(flood)
    expect(reads()).toBeLessThanOrEqual(8)
    free()
    expect(await raw(url, [once])).toMatch(/^HTTP\/1\.1 200/)
  })

  test('a connection that stands still while its answer is due is ended', async () => {
    const { table, until, free } = waitingTable()
    const { url } = await openApi({ table, bounds: { answerWaitMs: 100 } })
    const still = await hold(url, `${get}\r\n`)
    await until(1)
    await ended(still)
    free()
  })

  test('after 408 the connection is closed, though its client keeps it open and sends on', async () => {
    const { url } = await openApi({ bounds: { headersWaitMs: 200, lingerMs: 20 } })
    const socket = await hold(url, get)
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    await new Promise((resolve) => socket.once('end', resolve))
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
    const more = setInterval(() => socket.write('x'), 10)
    onTestFinished(() => clearInterval(more))
    // Bytes for a connection that is there no more are answered with its reset.
    await new Promise((resolve) => socket.once('close', resolve))
  })

  test.each([
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400, 'request-malformed'],
    ['no path', 'OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n', 405, 'method-not-allowed'],
    ['another expectation', `${get}expect: the-impossible\r\n\r\n`, 417, 'expectation-unknown'],
    ['a broken target', 'GET http://[ HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'request-malformed'],
  ])('a request with %s is answered with a problem', async (_, text, status, name) => {
    const { url } = await openApi()
    const answer = await raw(url, [text])
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/content-type: application\/problem\+json/i)
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ type: problem(name), status })
  })

  test('Expect: 100-continue is taken', async () => {
    const { url } = await openApi()
    const body = JSON.stringify(demand)
    const text = `${head}connection: close\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`
    expect(await raw(url, [text, body], 20)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201/)
  })
})

describe('a table that fails', () => {
  test('is 503 with Retry-After, whatever its message says', async () => {
    const fail = async () => {
      throw new PipelineError('TABLE_UNAVAILABLE', 'the table could not write (ENOSPC).')
    }
    const table = { name: 'x', get: fail, put: fail, delete: fail, close: async () => {} }
    const { send } = await openApi({ table })
    for (const answer of [
      await send('POST', '/demands', demand),
      await send('GET', demandPath),
      await send('DELETE', demandPath),
      await send('GET', '/health'),
    ]) {
      expect(answer).toMatchObject({ status: 503, body: { type: problem('table-unavailable') } })
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(JSON.stringify(answer.body)).not.toContain('ENOSPC')
    }
  })

  test('in another way is 500, without a word of it', async () => {
    const fail = async () => {
      throw new Error('ada@example.com')
    }
    const lines: LogEntry[] = []
    const table = { name: 'x', get: fail, put: fail, delete: fail, close: async () => {} }
    const { send } = await openApi({ table, runtime: systemRuntime((entry) => lines.push(entry)) })
    const answer = await send('POST', '/demands', demand)
    expect(answer).toMatchObject({ status: 500, body: { type: problem('internal') } })
    expect(JSON.stringify([lines, answer.body])).not.toContain('ada@')
  })

  test('under the feet of the API loses no request that was accepted', async () => {
    const { send, opened } = await openApi()
    const answers = Promise.all(
      Array.from({ length: 200 }, (_, n) => send('POST', '/demands', { ...demand, fanId: `fan-${n}` })),
    )
    await new Promise((resolve) => setTimeout(resolve, 40))
    await opened.close()
    for (const { status } of await answers) expect([201, 503]).toContain(status)
  })
})

test('closing finishes the requests in flight, and refuses all others', async () => {
  const { url, send, close, changes } = await openApi()
  const { hostname, port } = new URL(url)
  const body = JSON.stringify(demand)
  const slow = raw(
    url,
    [
      `POST /demands HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
      body.slice(0, 20),
      body.slice(20),
    ],
    60,
  )
  await new Promise((resolve) => setTimeout(resolve, 40))
  const closed = close()
  await expect(fetch(`${url}/health`)).rejects.toThrow()
  expect(await slow).toMatch(/^HTTP\/1\.1 201/)
  await closed
  await expect(send('GET', '/health')).rejects.toThrow()
  const refused = await new Promise((resolve) => connect(Number(port), hostname).on('error', resolve))
  expect(refused).toMatchObject({ code: 'ECONNREFUSED' })
  expect((await changes()).length).toBe(1)
})
