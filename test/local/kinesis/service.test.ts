import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { createService } from '../../../src/local/kinesis/service.ts'
import { runtimeWith } from '../../support/runtime.ts'

const read = { name: 'read', right: 'kinesis:GetRecords' }
const service = () =>
  createService({
    service: 'Kinesis',
    place: 'the stream s',
    attemptsMax: 3,
    backoffMs: [1, 2],
    runtime: runtimeWith({ random: () => 0 }),
  })

test('a failure of the network is tried again', async () => {
  let calls = 0
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const send = async () => {
    calls += 1
    if (calls < 3) throw refused
    return 'answer'
  }
  expect(await service().call(read, send)).toBe('answer')
})

test('a signal that lives long keeps nothing of the calls that it could have stopped', async () => {
  const { signal } = new AbortController()
  const one = service()
  await one.call(read, async () => 1, signal)
  await one.call(read, () => Promise.reject(new Error('secret')), signal).catch(() => {})
  await one.pause(1, signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('an error of an unknown kind is named by its name, and its message is not quoted', async () => {
  const error = await service()
    .call(read, () => Promise.reject(Object.assign(new Error('secret'), { name: 'OddException' })))
    .catch((caught) => caught)
  expect(error.message).toBe(
    'Kinesis could not read the stream s (OddException). See the documentation of Kinesis.',
  )
  const text = await service()
    .call(read, () => Promise.reject('secret'))
    .catch((caught) => caught)
  expect(text.message).toContain('(unknown)')
})

test('after it is closed every call is refused', async () => {
  const one = service()
  one.close()
  await expect(one.call(read, async () => 1)).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: 'the stream s is closed.',
  })
  await expect(one.pause(1)).rejects.toThrow('is closed')
})
