import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change, demandItem } from '../changes.ts'
import { eventually } from '../eventually.ts'
import { type KinesisServer, startKinesisServer } from '../local/kinesis/server.ts'
import { type Live, makePlace, sql, startLive } from './live.ts'
import { dmdProcess } from './process.ts'

let server: KinesisServer
let env: NodeJS.ProcessEnv
let streams = 0
beforeAll(async () => {
  server = await startKinesisServer()
  env = {
    AWS_ENDPOINT_URL_KINESIS: server.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
})
afterAll(() => server.close())

async function makeStream(): Promise<{ name: string; put: (fans: readonly string[]) => Promise<void> }> {
  const name = `worker-${streams++}`
  await server.createStream(name, 2)
  const put = async (fans: readonly string[]) => {
    for (const fanId of fans)
      await server.put(name, fanId, change({ item: { ...demandItem, PK: `FAN#${fanId}`, fanId } }))
  }
  return { name, put }
}

/** The entries of its log. */
function entries(live: Live): readonly { readonly [name: string]: unknown }[] {
  return live
    .err()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

const named = (prefix: string, n: number) => Array.from({ length: n }, (_, at) => `${prefix}-${at}`)
const fans = 'SELECT COUNT(*) AS n, COUNT(DISTINCT fanid) AS fans FROM demand'

test('a worker archives a Kinesis stream; SIGTERM delivers what is there, and the next start goes on', async () => {
  const { archive, state } = await makePlace()
  const { name, put } = await makeStream()
  await put(named('before', 10))
  await server.put(name, 'bad', Buffer.from('no JSON'))
  const args = ['worker', '--stream', name, '--archive', archive, '--state', state, '--window', '5m']
  const first = startLive(args, env)
  await eventually(() => entries(first).some(({ message }) => message === 'worker started'))
  await put(named('during', 5))
  expect(await first.end('SIGTERM')).toBe(0)
  expect(first.lines().at(-1)).toMatchObject({
    command: 'worker',
    state: 'stopped',
    delivery: { delivered: 15, errored: 1, held: 0 },
  })
  // It takes no requests, and says nothing of any.
  expect(first.lines().at(-1)).not.toHaveProperty('requests')
  expect(await sql(archive, fans)).toEqual([{ n: 15, fans: 15 }])
  expect(readdirSync(join(archive, 'errors'))).toHaveLength(1)
  expect(entries(first).at(-1)).toMatchObject({ message: 'worker ended', delivered: 15, errored: 1 })

  const status = dmdProcess(['status', '--state', state])
  expect([status.status, status.stdout]).toEqual([
    3,
    expect.stringContaining('nothing runs: dmd worker was stopped'),
  ])

  await put(named('between', 3))
  const second = startLive(args, env)
  await eventually(() => entries(second).some(({ message }) => message === 'worker started'))
  expect(await second.end('SIGTERM')).toBe(0)
  expect(second.lines().at(-1)?.delivery).toMatchObject({ delivered: 3, errored: 0 })
  expect(await sql(archive, fans)).toEqual([{ n: 18, fans: 18 }])
})

test('a worker that is killed writes nothing twice after it', async () => {
  const { archive, state } = await makePlace()
  const { name, put } = await makeStream()
  const args = [
    'worker',
    '--stream',
    name,
    '--archive',
    archive,
    '--state',
    state,
    '--window',
    '0ms',
    '--batch',
    '7',
  ]
  let worker = startLive(args, env)
  for (let round = 0; round < 3; round++) {
    const written = () => entries(worker).some(({ message }) => message === 'object written')
    await put(named(`round-${round}`, 40))
    await eventually(written)
    await worker.end('SIGKILL')
    worker = startLive(args, env)
  }
  await eventually(() => entries(worker).some(({ message }) => message === 'worker started'))
  expect(await worker.end('SIGTERM')).toBe(0)
  expect(await sql(archive, fans)).toEqual([{ n: 120, fans: 120 }])
})

test('a stream that is not there, and a folder of another stream, are errors that name it', async () => {
  const { archive, state } = await makePlace()
  const { name } = await makeStream()
  const places = ['--archive', archive, '--state', state]
  const missing = startLive(['worker', '--stream', 'nowhere', ...places], env)
  expect(await missing.ended).toBe(1)
  expect(missing.err()).toContain('SOURCE_UNAVAILABLE')
  expect(missing.err()).toContain('nowhere')

  const first = startLive(['worker', '--stream', name, ...places], env)
  await eventually(() => entries(first).some(({ message }) => message === 'worker started'))
  const beside = startLive(['worker', '--stream', name, ...places], env)
  expect(await beside.ended).toBe(1)
  expect(beside.err()).toContain('in use')
  expect(await first.end('SIGTERM')).toBe(0)
  const other = await makeStream()
  const wrong = startLive(['worker', '--stream', other.name, ...places], env)
  expect(await wrong.ended).toBe(1)
  expect(wrong.err()).toContain('name another folder')
})
