import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { badPayloads, canaries, demandChange, everyChange, streamsEvent, toEvent } from './events.ts'
import { type RunningFunction, startFunction } from './function.ts'
import { endpoint, makeArchive, nodes, readObjects, unzip } from './lane.ts'
import { type Outage, standBefore } from './outage.ts'

const taskRoot = unzip()

describe.each(nodes)('the function on Node %s', (major, node) => {
  let outage: Outage
  beforeAll(async () => {
    outage = await standBefore(endpoint)
  })
  afterAll(() => outage.close())

  const running: RunningFunction[] = []
  afterEach(async () => {
    outage.rule = () => 'up'
    for (const worker of running.splice(0)) await worker.end()
  })
  async function start(env: NodeJS.ProcessEnv): Promise<RunningFunction> {
    const endpoints = { AWS_ENDPOINT_URL_S3: outage.endpoint }
    const worker = await startFunction({ node, major, taskRoot, env: { ...endpoints, ...env } })
    running.push(worker)
    return worker
  }

  const event = toEvent([...everyChange, ...badPayloads])
  const unavailable = { ok: false, error: { errorType: 'PipelineError' } }

  test('fails an invocation while S3 is down, and writes all of it when it comes again', async () => {
    const { url, store } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url })
    expect(worker.initError).toBeUndefined()
    outage.rule = () => 'cut'
    expect(await worker.invoke(event)).toMatchObject(unavailable)
    expect(await readObjects(store)).toHaveProperty('size', 0)
    outage.rule = () => 'up'
    expect(await worker.invoke(event)).toMatchObject({ ok: true })
    const other = await makeArchive()
    const untroubled = await start({ DMD_ARCHIVE: other.url })
    expect(await untroubled.invoke(event)).toMatchObject({ ok: true })
    const expected = await readObjects(other.store)
    expect(expected.size).toBe(4 + badPayloads.length)
    expect(await readObjects(store)).toEqual(expected)
    const log = await worker.end()
    expect(log).toContain('STORE_UNAVAILABLE')
    for (const canary of canaries) expect(log).not.toContain(canary)
  })

  test('puts a whole object into errors/ where only data/ cannot be written, and acknowledges', async () => {
    const { url, store } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url })
    outage.rule = (method, path) => (method === 'PUT' && path.includes('/data/') ? 'cut' : 'up')
    expect(await worker.invoke(event)).toMatchObject({ ok: true })
    const files = [...(await readObjects(store))].map(([key, bytes]) => ({
      key,
      ...JSON.parse(Buffer.from(bytes).toString('utf8')),
    }))
    expect(files.every(({ key }) => key.startsWith('errors/'))).toBe(true)
    const sizes = files.map(({ error, events }) => (error.stage === 'deliver' ? events.length : 0))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(everyChange.length)
    expect(sizes.filter((size) => size === 0)).toHaveLength(badPayloads.length)
  })

  test.each([
    ['with five seconds left', 5_000, 1],
    ['with less left than it keeps for its answer', 1_500, 1],
    ['with a hundred objects to write', 8_000, 100],
  ])('ends before its time is up, %s, when S3 does not answer', async (_, timeoutMs, days) => {
    const { url, store } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url })
    outage.rule = () => 'hang'
    const large = toEvent(Array.from({ length: days }, (_, index) => demandChange(index, days)))
    expect(await worker.invoke(large, timeoutMs)).toMatchObject(unavailable)
    outage.rule = () => 'up'
    expect(await worker.invoke(large)).toMatchObject({ ok: true })
    const objects = [...(await readObjects(store))]
    const data = objects.map(([key]) => key).filter((key) => key.startsWith('data/'))
    expect(data).toHaveLength(days)
    // A put that was given up may have been on its way, and arrive after all: of an object that is there now.
    for (const [key, bytes] of objects)
      if (!key.startsWith('data/'))
        expect(data).toContain(JSON.parse(Buffer.from(bytes).toString('utf8')).object.key)
  })

  test('takes an event of DynamoDB Streams, and keeps what it cannot archive', async () => {
    const { url, store } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url })
    expect(await worker.invoke(streamsEvent)).toMatchObject({ ok: true })
    const keys = [...(await readObjects(store)).keys()]
    expect(keys).toHaveLength(streamsEvent.Records.length)
    expect(keys.every((key) => key.startsWith('errors/'))).toBe(true)
    // Each is of a stream of its own, and so a batch.
    const rejected = (await worker.end()).match(/"records":1,"delivered":0,"errored":1/g)
    expect(rejected).toHaveLength(streamsEvent.Records.length)
  })

  test.each([
    ['of another source', { Records: [{ eventSource: 'aws:sqs', body: 'a message' }] }],
    ['that is empty', {}],
    ['that is null', null],
    ['that is a list', [event]],
  ])('fails for an event %s, and takes the next', async (_, bad) => {
    const { url, store } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url })
    const outcome = await worker.invoke(bad)
    expect(outcome).toMatchObject({ ok: false, error: { errorMessage: expect.stringContaining('Kinesis') } })
    expect(await readObjects(store)).toHaveProperty('size', 0)
    expect(await worker.invoke(event)).toMatchObject({ ok: true })
    expect(await worker.end()).toContain('EVENT_INVALID')
  })

  test('keeps a record of another source as an error file, and delivers the others of its event', async () => {
    const { url, store } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url })
    const mixed = {
      Records: [...toEvent(everyChange).Records, { eventSource: 'aws:sqs', body: 'a message' }],
    }
    expect(await worker.invoke(mixed)).toMatchObject({ ok: true })
    const objects = [...(await readObjects(store))]
    const kept = objects.filter(([key]) => key.startsWith('errors/'))
    const originals = kept.map(([, bytes]) => JSON.parse(Buffer.from(bytes).toString('utf8')).events)
    expect(originals).toEqual([[JSON.stringify({ eventSource: 'aws:sqs', body: 'a message' })]])
    expect(objects.length).toBeGreaterThan(kept.length)
  })

  test.each([
    [{ DMD_ARCHVE: 's3://b/x' }, 'DMD_ARCHVE'],
    [{ DMD_CODEC: 'gzip' }, 'DMD_CODEC'],
    [{ DMD_PUTS_PARALLEL: '0' }, 'DMD_PUTS_PARALLEL'],
    [{ DMD_PARTITION_FROM: '2025-02-30' }, 'DMD_PARTITION_FROM'],
    [{ DMD_KEY_ATTRIBUTES: '(' }, 'DMD_KEY_ATTRIBUTES'],
    [{ DMD_ARCHIVE: 'gs://bucket' }, 'gs'],
    [{ DMD_ARCHIVE: 's3://nowhere-at-all/x' }, 'nowhere-at-all'],
    [{ DMD_SCHEMAS: '/nowhere/at/all' }, '/nowhere/at/all'],
    [{ AWS_SECRET_ACCESS_KEY: 'another' }, 'Check the credentials'],
  ])('does not start with %o, and says why', async (env, name) => {
    const { url } = await makeArchive()
    const worker = await start({ DMD_ARCHIVE: url, ...env })
    expect(worker.initError?.errorType).toBe('PipelineError')
    expect(worker.initError?.errorMessage).toContain(name)
  })

  test('does not start while S3 is down, so that no event is taken', async () => {
    const { url } = await makeArchive()
    outage.rule = () => 'cut'
    const worker = await start({ DMD_ARCHIVE: url })
    expect(worker.initError?.errorMessage).toContain('Check the endpoint and the network')
  })
})
