import { statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EmbeddedTable } from '../../../src/local/table/embedded.ts'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { createClock, makeFolder, openTable, startMs } from './folder.ts'
import { itemOf, keyOf } from './items.ts'

type Envelope = {
  eventID: string
  eventName: string
  userIdentity: unknown
  dynamodb: { ApproximateCreationDateTime: number; NewImage?: object; OldImage?: object; SizeBytes: number }
}

/** All changes in the stream, of whatever shard, in the order of their sequence numbers. */
async function changes({ source }: EmbeddedTable): Promise<Envelope[]> {
  const records = []
  for (const { id } of await source.listShards()) {
    for (let position: Parameters<typeof source.read>[1] = 'oldest'; ; ) {
      const read = await source.read(id, position, { recordsMax: 100 })
      records.push(...read.records)
      position = read.next
      if (read.isEnded || (read.records.length === 0 && read.behindMs === 0)) break
    }
  }
  records.sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
  return records.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')))
}

describe('a change', () => {
  test('has the envelope of Kinesis Data Streams for DynamoDB', async () => {
    const opened = await openTable({ name: 'requests', region: 'eu-west-1', newId: () => 'id-1' })
    await opened.table.put(itemOf(1, { email: { S: 'ada@example.com' } }))
    await opened.table.put(itemOf(1))
    await opened.table.delete(keyOf(1))
    const envelope = {
      awsRegion: 'eu-west-1',
      eventID: 'id-1',
      userIdentity: null,
      recordFormat: 'application/json',
      tableName: 'requests',
      eventSource: 'aws:dynamodb',
    }
    const section = {
      ApproximateCreationDateTimePrecision: 'MICROSECOND',
      Keys: { PK: { S: 'FAN#f1' }, SK: { S: 'DEMAND#e1#s1' } },
    }
    const [first, second] = [itemOf(1, { email: { S: 'ada@example.com' } }), itemOf(1)]
    // Names and values: Keys are 8 + 14 bytes, an item has 10 more of its type, the first 20 more of its e-mail.
    expect(await changes(opened)).toEqual([
      {
        ...envelope,
        eventName: 'INSERT',
        dynamodb: {
          ...section,
          ApproximateCreationDateTime: startMs * 1000,
          NewImage: first,
          SizeBytes: 22 + 52,
        },
      },
      {
        ...envelope,
        eventName: 'MODIFY',
        dynamodb: {
          ...section,
          ApproximateCreationDateTime: startMs * 1000 + 1,
          NewImage: second,
          OldImage: first,
          SizeBytes: 22 + 32 + 52,
        },
      },
      {
        ...envelope,
        eventName: 'REMOVE',
        dynamodb: {
          ...section,
          ApproximateCreationDateTime: startMs * 1000 + 2,
          OldImage: second,
          SizeBytes: 22 + 32,
        },
      },
    ])
  })

  test('is not emitted where nothing changes: neither the order of names nor that of a set counts', async () => {
    const opened = await openTable()
    await opened.table.put(
      itemOf(1, { tags: { SS: ['a', 'b'] }, map: { M: { x: { N: '1' }, y: { N: '2' } } } }),
    )
    await opened.table.put(
      itemOf(1, { map: { M: { y: { N: '2' }, x: { N: '1' } } }, tags: { SS: ['b', 'a'] } }),
    )
    await opened.table.delete(keyOf(2))
    expect((await changes(opened)).length).toBe(1)
    // The order of a list does count.
    await opened.table.put(itemOf(2, { list: { L: [{ S: 'a' }, { S: 'b' }] } }))
    await opened.table.put(itemOf(2, { list: { L: [{ S: 'b' }, { S: 'a' }] } }))
    expect((await changes(opened)).length).toBe(3)
  })

  test('has an identifier of its own', async () => {
    const opened = await openTable()
    await Promise.all(Array.from({ length: 50 }, (_, n) => opened.table.put(itemOf(n))))
    const ids = (await changes(opened)).map(({ eventID }) => eventID)
    expect(new Set(ids).size).toBe(50)
    expect(ids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })
})

describe('times', () => {
  const times = async (opened: EmbeddedTable, n: number) =>
    (await changes(opened))
      .filter(({ dynamodb }) => JSON.stringify(dynamodb).includes(`FAN#f${n}"`))
      .map(({ dynamodb }) => dynamodb.ApproximateCreationDateTime)

  test('rise for each item when the clock steps back, over deletes and restarts too', async () => {
    const clock = createClock()
    const folder = await makeFolder()
    const first = await openTable({ folder, clock })
    await first.table.put(itemOf(1))
    clock.nowMs -= 3_600_000
    await first.table.delete(keyOf(1))
    await first.table.put(itemOf(1))
    await first.table.put(itemOf(2))
    await first.table.delete(keyOf(1))
    await first.close()
    const second = await openTable({ folder, clock })
    await second.table.put(itemOf(1))
    const found = await times(second, 1)
    expect(found).toEqual([0, 1, 2, 3, 4].map((step) => startMs * 1000 + step))
    // Another item keeps the clock's time.
    expect(await times(second, 2)).toEqual([(startMs - 3_600_000) * 1000])
  })

  test('rise also after deletes were forgotten', async () => {
    const clock = createClock()
    const folder = await makeFolder()
    const opened = await openTable({ folder, clock, retentionMs: 1000 })
    await opened.table.put(itemOf(1))
    await opened.table.delete(keyOf(1))
    clock.nowMs += 10_000
    await opened.sweep()
    clock.nowMs = startMs - 5000
    await opened.table.put(itemOf(1))
    expect((await times(opened, 1)).at(-1)).toBe(startMs * 1000 + 2)
    await opened.close()
    const again = await openTable({ folder, clock })
    await again.table.put(itemOf(3))
    expect((await times(again, 3)).at(-1)).toBe(startMs * 1000 + 2)
  })
})

describe('expiry', () => {
  const seconds = startMs / 1000
  const expiring = (n: number, expiresAt: object) => itemOf(n, { expiresAt })

  test('deletes as the service does, in a change that says so', async () => {
    const clock = createClock()
    const opened = await openTable({ clock })
    await opened.table.put(expiring(1, { N: String(seconds + 10) }))
    await opened.table.put(expiring(2, { N: String(seconds + 20) }))
    expect(await opened.sweep()).toMatchObject({ expired: 0 })
    clock.nowMs += 11_000
    expect(await opened.table.get(keyOf(1))).toBeDefined()
    expect(await opened.sweep()).toMatchObject({ expired: 1 })
    expect(await opened.table.get(keyOf(1))).toBeUndefined()
    expect(await opened.table.get(keyOf(2))).toBeDefined()
    expect((await changes(opened)).at(-1)).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: { OldImage: expiring(1, { N: String(seconds + 10) }) },
    })
    expect(await opened.sweep()).toMatchObject({ expired: 0 })
  })

  test('leaves alone what names no expiry, no number, or one of more than five years ago', async () => {
    const clock = createClock(startMs)
    const opened = await openTable({ clock })
    await opened.table.put(itemOf(1))
    await opened.table.put(expiring(2, { S: String(seconds - 10) }))
    await opened.table.put(expiring(3, { N: String(seconds - 6 * 365 * 86_400) }))
    await opened.table.put(expiring(4, { N: '0' }))
    clock.nowMs += 1000
    expect(await opened.sweep()).toMatchObject({ expired: 0 })
  })

  test('spares an item that was given another expiry, and survives a restart', async () => {
    const clock = createClock()
    const folder = await makeFolder()
    const first = await openTable({ folder, clock })
    await first.table.put(expiring(1, { N: String(seconds + 10) }))
    await first.table.put(expiring(2, { N: String(seconds + 10) }))
    await first.sweep()
    await first.table.put(expiring(1, { N: String(seconds + 1000) }))
    await first.close()
    clock.nowMs += 60_000
    const second = await openTable({ folder, clock })
    expect(await second.sweep()).toMatchObject({ expired: 1 })
    expect(await second.table.get(keyOf(1))).toBeDefined()
    expect(await second.table.get(keyOf(2))).toBeUndefined()
  })
})

describe('the folder', () => {
  test('belongs to one at a time', async () => {
    const folder = await makeFolder()
    const first = await openTable({ folder })
    await expect(openEmbeddedTable({ folder, runtime: systemRuntime() })).rejects.toMatchObject({
      code: 'TABLE_UNAVAILABLE',
      message: expect.stringContaining('is open already'),
    })
    await first.close()
    await openTable({ folder })
  })

  test('is readable to its user alone', async () => {
    const folder = await makeFolder()
    const opened = await openTable({ folder: join(folder, 'new') })
    await opened.table.put(itemOf(1))
    await opened.sweep()
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700)
    for (const name of ['table.db', 'table.db-wal', 'table.db-shm'])
      expect(statSync(join(folder, 'new', name)).mode & 0o777, name).toBe(0o600)
  })

  test('that is a file is an error that says so', async () => {
    const folder = await makeFolder()
    writeFileSync(join(folder, 'file'), 'x')
    await expect(
      openEmbeddedTable({ folder: join(folder, 'file'), runtime: systemRuntime() }),
    ).rejects.toMatchObject({
      code: 'TABLE_UNAVAILABLE',
    })
  })

  test('is used no more after a close, and a close twice is one', async () => {
    const opened = await openTable()
    const last = opened.table.put(itemOf(1))
    await Promise.all([opened.close(), opened.close(), opened.table.close()])
    expect(await last).toEqual({ outcome: 'done' })
    await expect(opened.table.put(itemOf(2))).rejects.toMatchObject({ code: 'TABLE_UNAVAILABLE' })
    await expect(opened.table.get(keyOf(1))).rejects.toMatchObject({ code: 'TABLE_UNAVAILABLE' })
  })
})

describe('a restart', () => {
  test('finds items and stream as they were, from database and write-ahead log', async () => {
    const folder = await makeFolder()
    const options = { folder, walBytesMax: 100_000, shards: 3 }
    let opened = await openTable(options)
    const expected = new Map<number, object>()
    for (let n = 0; n < 120; n++) {
      const item = itemOf(n % 40, { n: { N: String(n) }, text: { S: 'é\n'.repeat(20) } })
      if (n % 7 === 3) {
        await opened.table.delete(keyOf(n % 40))
        expected.delete(n % 40)
      } else {
        await opened.table.put(item)
        expected.set(n % 40, item)
      }
      if (n % 25 === 10) await opened.sweep()
      if (n % 31 !== 30) continue
      const before = await changes(opened)
      await opened.close()
      opened = await openTable(options)
      expect(await changes(opened)).toEqual(before)
    }
    for (let n = 0; n < 40; n++) expect(await opened.table.get(keyOf(n))).toEqual(expected.get(n))
  })
})

describe('retention', () => {
  test('drops what is older, and tells readers who were behind, and only them', async () => {
    const clock = createClock()
    const folder = await makeFolder()
    const options = { folder, clock, shards: 1, retentionMs: 86_400_000 }
    let opened = await openTable(options)
    const shard = 'shardId-000000000000'
    const read = (position: Parameters<EmbeddedTable['source']['read']>[1]) =>
      opened.source.read(shard, position, { recordsMax: 100 })
    const hourMs = 3_600_000
    for (let hour = 0; hour < 48; hour++) {
      await opened.table.put(itemOf(hour))
      await opened.sweep()
      clock.nowMs += hourMs
    }
    await opened.sweep()
    const kept = await changes(opened)
    const oldest = kept[0]!.dynamodb.ApproximateCreationDateTime / 1000
    expect(clock.nowMs - oldest).toBeGreaterThanOrEqual(86_400_000)
    expect(clock.nowMs - oldest).toBeLessThanOrEqual(86_400_000 + 3 * hourMs)
    const [first, second] = (await read('oldest')).records
    expect((await read('oldest')).isTrimmed).toBe(false)
    expect((await read({ after: first!.sequence })).records[0]).toEqual(second)
    const beforeFirst = String(BigInt(first!.sequence) - 1n)
    expect(await read({ after: beforeFirst })).toMatchObject({ isTrimmed: false })
    expect(await read({ after: String(BigInt(first!.sequence) - 3n) })).toMatchObject({ isTrimmed: true })
    // Idle: in the end all is dropped, items stay, and a reader at the tip is not told of a loss.
    const tip = (await read('oldest')).next
    for (let hour = 0; hour < 27; hour++) {
      clock.nowMs += hourMs
      await opened.sweep()
    }
    expect((await read('oldest')).records).toEqual([])
    expect(await read(tip)).toMatchObject({ isTrimmed: false, records: [], behindMs: 0 })
    expect(await read({ after: first!.sequence })).toMatchObject({ isTrimmed: true })
    await opened.close()
    opened = await openTable(options)
    expect(await read(tip)).toMatchObject({ isTrimmed: false })
    expect(await read({ after: first!.sequence })).toMatchObject({ isTrimmed: true })
    for (let n = 0; n < 48; n++) expect(await opened.table.get(keyOf(n))).toEqual(itemOf(n))
  })

  test('forgets closed shards with their last record; their children lose the parents', async () => {
    const clock = createClock()
    const opened = await openTable({ clock, shards: 1, retentionMs: 1000 })
    await opened.table.put(itemOf(1))
    await opened.reshard({ split: 'shardId-000000000000' })
    await opened.reshard({ merge: ['shardId-000000000001', 'shardId-000000000002'] })
    await opened.table.put(itemOf(2))
    expect((await opened.source.listShards()).length).toBe(4)
    for (let step = 0; step < 4; step++) {
      clock.nowMs += 2000
      await opened.sweep()
    }
    expect(await opened.source.listShards()).toEqual([{ id: 'shardId-000000000003', parents: [] }])
    await opened.reshard({ split: 'shardId-000000000003' })
    expect((await opened.source.listShards()).map(({ id }) => id)).toContain('shardId-000000000005')
    await expect(opened.reshard({ split: 'shardId-000000000003' })).rejects.toThrow(TypeError)
  })

  test('a position of another stream is refused or reported', async () => {
    const clock = createClock()
    const opened = await openTable({ clock, shards: 1 })
    const read = (after: string) => opened.source.read('shardId-000000000000', { after }, { recordsMax: 10 })
    for (const wrong of ['12', 'x', `49${'9'.repeat(54)}`])
      await expect(read(wrong)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
    // A table before this one, in the same place, gave lower numbers: what it held is gone.
    expect(await read(`496${'7'.padStart(53, '0')}`)).toMatchObject({ isTrimmed: true })
  })
})

test('of more writes than may wait some are refused, and those that were taken are all in the stream', async () => {
  const opened = await openTable()
  const puts = await Promise.allSettled(Array.from({ length: 22_000 }, (_, n) => opened.table.put(itemOf(n))))
  const refused = puts.filter((put) => put.status === 'rejected').map(({ reason }) => reason.message)
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused)).toEqual(
    new Set([expect.stringContaining('too many writes are waiting for the disk')]),
  )
  expect((await changes(opened)).length).toBe(22_000 - refused.length)
})

test('writes at once are written in groups', async () => {
  const opened = await openTable()
  const probe = await open(tmpdir())
  const syncs = vi.spyOn(Object.getPrototypeOf(probe), 'datasync')
  onTestFinished(() => syncs.mockRestore())
  await probe.close()
  await Promise.all(Array.from({ length: 5_000 }, (_, n) => opened.table.put(itemOf(n))))
  expect(syncs.mock.calls.length).toBeGreaterThan(0)
  expect(syncs.mock.calls.length).toBeLessThan(100)
  expect((await changes(opened)).length).toBe(5_000)
})
