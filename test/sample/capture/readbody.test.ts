import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readJson } from '../../../src/sample/capture/body.ts'
import { bounds as defaults } from '../../../src/sample/capture/bounds.ts'

const bounds = { ...defaults, bodyBytesMax: 1_000, bodyWaitMs: 5_000, depthMax: 3 }
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A request whose body comes as it is pushed. */
function request(): IncomingMessage {
  const incoming = new IncomingMessage(new Socket())
  incoming.headers = { 'content-type': 'application/json' }
  return incoming
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a body that does not come to its end in time is refused as slow, at that time and no sooner', async () => {
  const incoming = request()
  let read: unknown
  readJson(incoming, bounds).then((result) => {
    read = result
  })
  incoming.push('{"fanId":')
  await turn()
  vi.advanceTimersByTime(4_999)
  await turn()
  expect(read).toBeUndefined()
  vi.advanceTimersByTime(1)
  await turn()
  expect(read).toEqual({
    ok: false,
    problem: { problem: 'request-slow', headers: { connection: 'close' } },
  })
})

test('a body that has come leaves no timer behind', async () => {
  const incoming = request()
  incoming.push('{"a":[1]}')
  incoming.push(null)
  expect(await readJson(incoming, bounds)).toEqual({ ok: true, value: { a: [1] } })
  expect(vi.getTimerCount()).toBe(0)
})

test('a body of more bytes or more levels than are allowed is refused as that', async () => {
  const large = request()
  large.push(`"${'x'.repeat(999)}"`)
  large.push(null)
  expect(await readJson(large, bounds)).toMatchObject({ problem: { problem: 'body-too-large' } })
  const full = request()
  full.push(`"${'x'.repeat(998)}"`)
  full.push(null)
  expect(await readJson(full, bounds)).toMatchObject({ ok: true })
  const deep = request()
  deep.push('[[[[]]]]')
  deep.push(null)
  expect(await readJson(deep, bounds)).toMatchObject({
    problem: { problem: 'body-invalid', detail: 'The body is nested deeper than 3 levels.' },
  })
})
