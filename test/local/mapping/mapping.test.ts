import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readChangeEvent } from '../../../src/codec/lambda-event.ts'
import type { Handler } from '../../../src/delivery/handler.ts'
import type { RunningMapping } from '../../../src/local/mapping.ts'
import type { ChangeSource } from '../../../src/local/source.ts'
import { PipelineError } from '../../../src/record/error.ts'
import { below, createRandom, toSeed } from '../../../src/sample/simulator/random.ts'
import { openDirectoryStore } from '../../../src/store/directory.ts'
import type { ObjectStore } from '../../../src/store/store.ts'
import { useChild } from '../../child.ts'
import { createFakeRuntime, type FakeRuntime } from '../../support/runtime.ts'
import { makeFolder, openTable } from '../table/folder.ts'
import { badRequest, contents, handlerOver, putRequests, requestOf, start } from './run.ts'

const stopLater = (mapping: RunningMapping) => {
  onTestFinished(() => mapping.stop().catch(() => {}))
  return mapping
}
const down = () => new PipelineError('STORE_UNAVAILABLE', 'the store is down')

/** The contents that an unbroken run gives for what the stream holds. */
async function unbroken(source: ChangeSource): Promise<readonly string[]> {
  const folder = await makeFolder()
  await time.during((await begin(source, folder)).drain())
  return contents(folder)
}

let time: FakeRuntime
beforeEach(() => {
  time = createFakeRuntime()
})

/** Starts a mapping in the test's own time. */
const begin = (...[source, folder, more]: Parameters<typeof start>) =>
  start(source, folder, { runtime: time, ...more })

describe('a stream mapped to the worker', () => {
  test('is delivered while it grows, and up to its end by a drain', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 3 })
    const folder = await makeFolder()
    const mapping = await begin(source, folder)
    await putRequests(table, 0, 300)
    await time.pass(() => mapping.status().records === 300)
    expect(mapping.status()).toMatchObject({ failures: 0, givenUp: 0, trimmed: 0 })
    expect(mapping.status().shards.map(({ held, lagMs }) => [held, lagMs])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    await table.put(requestOf(300))
    await time.during(mapping.drain())
    const found = await contents(folder)
    expect(found).toHaveLength(301)
    expect(new Set(found).size).toBe(301)
    expect(found).toEqual(await unbroken(source))
  })

  test('goes on where it stopped: nothing comes twice, nothing is left out', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 2 })
    const folder = await makeFolder()
    for (let round = 0; round < 5; round++) {
      const mapping = await begin(source, folder, { settings: { windowMs: 60_000, batchRecords: 7 } })
      await putRequests(table, round * 50, (round + 1) * 50)
      if (round === 4) await time.during(mapping.drain())
      else {
        await time.pass(() => mapping.status().batches > 0)
        await time.during(mapping.stop())
      }
    }
    expect(await contents(folder)).toEqual(await unbroken(source))
  })

  test('calls the function with events that Lambda could have sent, in batches within their bounds', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 100)
    const real = JSON.parse(
      readFileSync(new URL('../../events/kinesis-dynamodb-stream.json', import.meta.url), 'utf8'),
    )
    const sizes: number[] = []
    const seen: unknown[] = []
    const handler: Handler = async (event, context) => {
      const { Records } = event as { Records: readonly { readonly kinesis: object }[] }
      const [batch] = readChangeEvent(event)
      sizes.push(Records.length)
      seen.push({
        isSmall: JSON.stringify(event).length <= 20_000,
        hasTime: (context?.getRemainingTimeInMillis?.() ?? 0) > 50_000,
        ...{ stream: batch?.stream, shard: batch?.shard },
        ...{ entry: Object.keys(Records[0] ?? {}), kinesis: Object.keys(Records[0]?.kinesis ?? {}) },
      })
    }
    const settings = { batchBytes: 20_000, batchRecords: 1000, parallelization: 1 }
    await time.during((await begin(source, await makeFolder(), { handler, settings })).drain())
    for (const event of seen)
      expect(event).toEqual({
        ...{ isSmall: true, hasTime: true, stream: 'demand-capture', shard: 'shardId-000000000000' },
        ...{ entry: Object.keys(real.Records[0]), kinesis: Object.keys(real.Records[0].kinesis) },
      })
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100)
    expect(sizes.length).toBeGreaterThan(3)
    // The sizes are reckoned, not measured, and not far off.
    expect(Math.max(...sizes)).toBeGreaterThan(8)
  })

  test('reads no more than twice what all lanes can have under way', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 100)
    const waiting: (() => void)[] = []
    let isOver = false
    const handler: Handler = () => new Promise((resolve) => (isOver ? resolve() : waiting.push(resolve)))
    const settings = { parallelization: 2, batchRecords: 5, windowMs: 0 }
    const mapping = stopLater(await begin(source, await makeFolder(), { handler, settings }))
    const held = () => mapping.status().shards.reduce((sum, shard) => sum + shard.held, 0)
    await time.pass(() => held() >= 20 && waiting.length === 2)
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(held()).toBe(20)
    // A batch that is done makes room for as many.
    waiting.shift()?.()
    await time.pass(() => mapping.status().records === 5 && held() === 20)
    isOver = true
    for (const resolve of waiting) resolve()
    await time.during(mapping.stop())
  })

  test('keeps the order of each key, whatever runs side by side', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 2 })
    for (let n = 0; n < 30; n++)
      await Promise.all(
        [0, 1, 2, 3, 4, 5].map((fan) => table.put(requestOf(fan, { round: { N: String(n) } }))),
      )
    const seen = new Map<string, string[]>()
    const handler: Handler = async (event) => {
      const { Records } = event as {
        Records: { kinesis: { partitionKey: string; sequenceNumber: string } }[]
      }
      await time.sleep(Records.length % 7)
      for (const { kinesis } of Records)
        seen.set(kinesis.partitionKey, [...(seen.get(kinesis.partitionKey) ?? []), kinesis.sequenceNumber])
    }
    const settings = { parallelization: 10, batchRecords: 3, windowMs: 0 }
    await time.during((await begin(source, await makeFolder(), { handler, settings })).drain())
    expect(seen.size).toBe(6)
    for (const sequences of seen.values()) {
      expect(sequences).toHaveLength(30)
      expect(sequences).toEqual([...sequences].sort())
    }
  })
})

describe('faults', () => {
  const child = useChild(new URL('child.ts', import.meta.url))

  test('killed in the midst of a put at 20 seeded points and started again, the archive is that of an unbroken run', async () => {
    const tableFolder = await makeFolder()
    const opened = await openTable({ folder: tableFolder, runtime: time, shards: 2 })
    await putRequests(opened.table, 0, 200)
    await opened.table.put(badRequest(999))
    const whole = await unbroken(opened.source)
    await opened.close()
    expect(whole).toHaveLength(201)

    const kill = (folder: string, put: number, moment: string) =>
      spawnSync(process.execPath, [child(), tableFolder, folder, String(put), moment], { encoding: 'utf8' })
    const random = createRandom(toSeed('mapping'), 0)
    for (let round = 0; round < 20; round++) {
      const folder = await makeFolder()
      const put = 1 + below(random, 9)
      const moment = ['before', 'within', 'after'][round % 3] ?? ''
      const killed = kill(folder, put, moment)
      expect(killed.signal, `put ${put}, ${moment}: ${killed.stderr}`).toBe('SIGKILL')
      expect(await contents(folder)).not.toEqual(whole)
      // Whoever takes over from the killed process starts from what is on the disk.
      const again = await openTable({ folder: tableFolder, runtime: time, shards: 2 })
      await time.during((await begin(again.source, folder)).drain())
      await again.close()
      expect(await contents(folder), `put ${put}, ${moment}`).toEqual(whole)
    }
  })

  test('a store that fails 30% of its puts, then all of them for a while, costs time and nothing else', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 2 })
    await putRequests(table, 0, 200)
    const folder = await makeFolder()
    const real = await openDirectoryStore(join(folder, 'archive'))
    const random = createRandom(toSeed('puts'), 0)
    let percent = 30
    const store: ObjectStore = {
      ...real,
      put: async (...args) => {
        if (below(random, 100) < percent) throw down()
        return real.put(...args)
      },
    }
    // Data that cannot be written goes to errors/, which must be writable too: then nothing is, for a while.
    const mapping = stopLater(await begin(source, folder, { store }))
    await time.pass(() => mapping.status().records > 20)
    percent = 100
    const failures = mapping.status().failures
    await putRequests(table, 200, 300)
    await time.pass(() => mapping.status().failures > failures + 5)
    expect(mapping.status().lastError).toBe('STORE_UNAVAILABLE')
    expect(mapping.status().shards.some(({ retries, lagMs }) => retries > 0 && lagMs > 0)).toBe(true)
    percent = 0
    await time.during(mapping.drain())
    const found = await contents(folder)
    const rows = found.filter((row) => row.startsWith('demand'))
    // Some lie whole in errors/, as objects that could not be written; none is nowhere, none comes twice.
    const filed = await filedRecords(real)
    expect(new Set(rows).size).toBe(rows.length)
    expect(rows.length + filed).toBe(300)
  })

  test('the same batch three times is written once', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 50)
    const folder = await makeFolder()
    const worker = handlerOver(await openDirectoryStore(join(folder, 'archive')))
    const calls = new Map<string, number>()
    const handler: Handler = async (event, context) => {
      await worker(event, context)
      const text = JSON.stringify(event)
      const count = (calls.get(text) ?? 0) + 1
      calls.set(text, count)
      if (count < 3) throw new Error('after the work was done')
    }
    const mapping = await begin(source, folder, { handler })
    await time.during(mapping.drain())
    expect([...calls.values()].every((count) => count === 3)).toBe(true)
    expect(mapping.status().failures).toBe(2 * calls.size)
    expect(await contents(folder)).toEqual(await unbroken(source))
  })

  test('a shard that is split, and two that are merged, while it runs and while it does not', async () => {
    const opened = await openTable({ runtime: time, shards: 2 })
    const { table, source } = opened
    const folder = await makeFolder()
    const order = new Map<string, string[]>()
    const worker = handlerOver(await openDirectoryStore(join(folder, 'archive')))
    const handler: Handler = async (event, context) => {
      await worker(event, context)
      const { Records } = event as {
        Records: { kinesis: { partitionKey: string; sequenceNumber: string } }[]
      }
      for (const { kinesis } of Records)
        order.set(kinesis.partitionKey, [...(order.get(kinesis.partitionKey) ?? []), kinesis.sequenceNumber])
    }
    const change = async (n: number) => {
      for (let fan = 0; fan < 40; fan++) await table.put(requestOf(fan, { round: { N: String(n) } }))
    }
    let mapping = await begin(source, folder, { handler })
    await change(0)
    const [first = ''] = (await source.listShards()).map(({ id }) => id)
    await opened.reshard({ split: first })
    await change(1)
    await time.pass(() => mapping.status().records === 80)
    await time.during(mapping.stop())
    const leaves = async () => {
      const shards = await source.listShards()
      const parents = new Set(shards.flatMap((shard) => shard.parents))
      return shards.map(({ id }) => id).filter((id) => !parents.has(id))
    }
    const [one = '', other = ''] = (await leaves()).slice(-2)
    await opened.reshard({ merge: [one, other] })
    await change(2)
    mapping = await begin(source, folder, { handler })
    await change(3)
    await time.during(mapping.drain())
    expect(await contents(folder)).toEqual(await unbroken(source))
    for (const sequences of order.values()) expect(sequences).toEqual([...sequences].sort())
    expect([...order.values()].flat()).toHaveLength(160)
  })

  test('a clock that steps back, and forth, changes no delivery', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    const folder = await makeFolder()
    const mapping = await begin(source, folder, { settings: { windowMs: 50 } })
    for (const [round, step] of [0, -3_600_000, 7_200_000, -86_400_000].entries()) {
      time.setForward(step)
      await putRequests(table, round * 30, (round + 1) * 30)
      await time.pass(() => mapping.status().records === (round + 1) * 30)
      for (const { lagMs } of mapping.status().shards) expect(lagMs).toBe(0)
    }
    await time.during(mapping.drain())
    expect(await contents(folder)).toEqual(await unbroken(source))
  })

  test('a checkpoint that cannot be written holds its batch back until it can', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    const folder = await makeFolder()
    const blocked = join(folder, 'mapping', `${'shardId-000000000000'}.json.part`)
    mkdirSync(join(blocked, 'x'), { recursive: true })
    const mapping = await begin(source, folder)
    await putRequests(table, 0, 10)
    await time.pass(
      () => time.entries.filter(({ message }) => message === 'checkpoint not written').length > 2,
    )
    expect(time.entries.at(-1)).toMatchObject({ code: 'CHECKPOINT_INVALID' })
    expect(await contents(folder)).toEqual([])
    rmSync(blocked, { recursive: true })
    await time.during(mapping.drain())
    expect(await contents(folder)).toHaveLength(10)
  })

  test('a poison record becomes an error and holds none of its neighbours up', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    const folder = await makeFolder()
    const mapping = await begin(source, folder, { settings: { parallelization: 1 } })
    await putRequests(table, 0, 5)
    await table.put(badRequest(5))
    await putRequests(table, 6, 12)
    await time.during(mapping.drain())
    const found = await contents(folder)
    expect(found.filter((row) => row.startsWith('demand'))).toHaveLength(11)
    expect(found.filter((row) => row.startsWith('error'))).toEqual([
      expect.stringMatching(/FIELD_MISSING|MISSING/),
    ])
    expect(mapping.status()).toMatchObject({ failures: 0, records: 12 })
  })

  test('a batch that fails until its records are too old is stored whole, once, and the lane goes on', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 3)
    const folder = await makeFolder()
    const store = await openDirectoryStore(join(folder, 'archive'))
    const worker = handlerOver(store)
    const handler: Handler = async (event, context) => {
      const [batch] = readChangeEvent(event)
      if (batch?.records.some(({ payload }) => Buffer.from(payload).includes('"fan-1"'))) {
        await time.sleep(50)
        throw down()
      }
      await worker(event, context)
    }
    const settings = { parallelization: 1, batchRecords: 1, recordAgeMaxMs: 150, backoffMs: [0, 0] as const }
    const mapping = stopLater(await begin(source, folder, { store, handler, settings }))
    await time.pass(() => mapping.status().givenUp === 1)
    await putRequests(table, 3, 6)
    await time.during(mapping.drain())
    // It is too old when it is older than 150 ms: at its fourth failure.
    expect(mapping.status()).toMatchObject({ givenUp: 1, failures: 4 })
    expect((await contents(folder)).filter((row) => row.startsWith('demand'))).toHaveLength(5)
    const failed: string[] = []
    for await (const { key } of store.list('failed/')) failed.push(key)
    expect(failed).toEqual([
      expect.stringMatching(
        /^failed\/aws\/lambda\/[\da-f-]{36}\/shardId-0{12}\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[\da-f-]{36}$/,
      ),
    ])
    const document = JSON.parse(Buffer.from((await store.get(failed[0] ?? ''))?.bytes ?? []).toString('utf8'))
    expect(document).toMatchObject({
      requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: expect.any(Number) },
      KinesisBatchInfo: { shardId: 'shardId-000000000000', batchSize: 1, streamArn: source.arn },
    })
    const [batch] = readChangeEvent(JSON.parse(document.payload))
    expect(Buffer.from(batch?.records[0]?.payload ?? []).toString('utf8')).toContain('fan-1')
    // No line of the log tells who it was.
    expect(JSON.stringify(time.entries)).not.toContain('fan-')
  })

  test('a call that takes longer than it may is made again', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 3)
    const folder = await makeFolder()
    const worker = handlerOver(await openDirectoryStore(join(folder, 'archive')))
    let calls = 0
    const handler: Handler = async (event, context) => {
      calls += 1
      if (calls === 1) await new Promise(() => {})
      await worker(event, context)
    }
    const mapping = await begin(source, folder, {
      handler,
      settings: { functionTimeoutMs: 60_000, parallelization: 1 },
    })
    const startedMs = time.monotonic()
    await time.during(mapping.drain())
    expect(calls).toBe(2)
    expect(time.monotonic() - startedMs).toBeGreaterThanOrEqual(60_000)
    expect(mapping.status()).toMatchObject({ failures: 1 })
    expect(await contents(folder)).toHaveLength(3)
  })

  test('a stream that cannot be read for a while is read on afterwards', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 30)
    let failures = 20
    const flaky: ChangeSource = {
      ...source,
      read: async (...args) => {
        if (failures-- > 0) throw new PipelineError('SOURCE_UNAVAILABLE', 'the network is down')
        return source.read(...args)
      },
    }
    const folder = await makeFolder()
    await time.during((await begin(flaky, folder)).drain())
    expect(failures).toBeLessThan(0)
    expect(await contents(folder)).toEqual(await unbroken(source))
  })
})

describe('the folder', () => {
  test('is for one mapping at a time', async () => {
    const { source } = await openTable({ runtime: time })
    const folder = await makeFolder()
    const mapping = stopLater(await begin(source, folder))
    await expect(begin(source, folder)).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    await time.during(mapping.stop())
    await time.during((await begin(source, folder)).stop())
  })

  test('of another stream, or with a damaged file, is refused, and the file is named', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 3)
    const folder = await makeFolder()
    await time.during((await begin(source, folder)).drain())
    const [name = ''] = readdirSync(join(folder, 'mapping')).filter((entry) => entry.endsWith('.json'))
    const path = join(folder, 'mapping', name)
    const text = readFileSync(path, 'utf8')
    for (const damaged of [
      '',
      text.slice(0, -10),
      '{}',
      text.replace('"format":1', '"format":2'),
      text.replace('"lanes":[', '"lanes":[{"x":1},'),
    ]) {
      writeFileSync(path, damaged)
      await expect(begin(source, folder), damaged).rejects.toMatchObject({
        code: 'CHECKPOINT_INVALID',
        message: expect.stringContaining(`${path} is damaged; deleting it has the shard read again`),
      })
    }
    writeFileSync(path, text)
    const other = { ...source, arn: source.arn.replace('demand-capture', 'other') }
    await expect(begin(other, folder)).rejects.toThrow('is of the stream arn:aws:kinesis')
  })

  test('keeps what another number of lanes had under way, then takes the new number', async () => {
    const { table, source } = await openTable({ runtime: time, shards: 1 })
    await putRequests(table, 0, 40)
    const folder = await makeFolder()
    let isDown = true
    const worker = handlerOver(await openDirectoryStore(join(folder, 'archive')))
    const handler: Handler = async (event, context) => {
      if (isDown) throw down()
      await worker(event, context)
    }
    const first = await begin(source, folder, { handler, settings: { parallelization: 3, batchRecords: 5 } })
    await time.pass(() => first.status().failures > 3)
    await time.during(first.stop())
    const lanes = () =>
      JSON.parse(readFileSync(join(folder, 'mapping', 'shardId-000000000000.json'), 'utf8')).lanes
    expect(lanes()).toHaveLength(3)
    isDown = false
    await time.during(
      (await begin(source, folder, { handler, settings: { parallelization: 2, batchRecords: 5 } })).drain(),
    )
    expect(lanes()).toHaveLength(3)
    expect(await contents(folder)).toEqual(await unbroken(source))
    await time.during((await begin(source, folder, { handler, settings: { parallelization: 2 } })).drain())
    expect(lanes()).toHaveLength(2)
  })

  test.each([
    [{ batchRecords: 0 }, 'batchRecords is from 1 to 10000, and not 0'],
    [{ parallelization: 11 }, 'parallelization is from 1 to 10'],
    [{ windowMs: Number.NaN }, 'windowMs is from 0 to 300000'],
  ])('a setting beyond its range is refused: %j', async (settings, message) => {
    const { source } = await openTable({ runtime: time })
    await expect(begin(source, await makeFolder(), { settings })).rejects.toThrow(message)
  })
})

/** How many records lie in error files as objects that could not be written. */
async function filedRecords(store: ObjectStore): Promise<number> {
  let count = 0
  for await (const { key } of store.list('errors/')) {
    const { events } = JSON.parse(Buffer.from((await store.get(key))?.bytes ?? []).toString('utf8'))
    count += events.length
  }
  return count
}
