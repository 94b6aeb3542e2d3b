import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { beforeEach, expect, test } from 'vitest'
import { readJsonBody } from '../../../src/sample/capture/body.ts'
import { bounds as defaults } from '../../../src/sample/capture/bounds.ts'
import { createFakeRuntime, type FakeRuntime } from '../../support/runtime.ts'

const bounds = { ...defaults, bodyBytesMax: 1_000, bodyWaitMs: 5_000, depthMax: 3 }
let runtime: FakeRuntime
beforeEach(() => {
  runtime = createFakeRuntime()
})

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
  readJsonBody(incoming, bounds, runtime).then((result) => {
    read = result
  })
  incoming.push('{"fanId":')
  await turn()
  await runtime.advance(4_999)
  expect(read).toBeUndefined()
  await runtime.advance(1)
  expect(read).toEqual({
    ok: false,
    problem: { problem: 'request-slow', headers: { connection: 'close' } },
  })
})

test('a body that has come leaves no timer behind', async () => {
  const incoming = request()
  incoming.push('{"a":[1]}')
  incoming.push(null)
  expect(await readJsonBody(incoming, bounds, runtime)).toEqual({ ok: true, value: { a: [1] } })
  expect(runtime.pending()).toEqual([])
})

test('a body of more bytes or more levels than are allowed is refused as that', async () => {
  const large = request()
  large.push(`"${'x'.repeat(999)}"`)
  large.push(null)
  expect(await readJsonBody(large, bounds, runtime)).toMatchObject({ problem: { problem: 'body-too-large' } })
  const full = request()
  full.push(`"${'x'.repeat(998)}"`)
  full.push(null)
  expect(await readJsonBody(full, bounds, runtime)).toMatchObject({ ok: true })
  const deep = request()
  deep.push('[[[[]]]]')
  deep.push(null)
  expect(await readJsonBody(deep, bounds, runtime)).toMatchObject({
    problem: { problem: 'body-invalid', detail: 'The body is nested deeper than 3 levels.' },
  })
})
