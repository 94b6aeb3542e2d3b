import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChangeSource, Position, Shard, SourceRecord } from '../../src/local/source.ts'
import { PipelineError } from '../../src/record/error.ts'

export type OpenSource = {
  readonly source: ChangeSource
  /** Puts a record; the promise resolves when it is in the stream. */
  readonly put: (key: string, n: number) => Promise<void>
  /** The `n` of a record, and a name for its key. */
  readonly readBack: (record: SourceRecord) => { readonly key: string; readonly n: number }
  readonly split?: (shard: string) => Promise<void>
  readonly merge?: (one: string, other: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** What every ChangeSource promises. `open` gives each test an empty stream of its own. */
export function sourceContract(name: string, open: (shards: number) => Promise<OpenSource>): void {
  describe(`${name} keeps the source's contract`, () => {
    let opened: OpenSource
    beforeEach(async () => {
      opened = await open(2)
    })
    afterEach(() => opened.close())

    const drain = async (shard: string, from: Position = 'oldest', recordsMax = 7) => {
      const records: SourceRecord[] = []
      let position = from
      for (;;) {
        const read = await opened.source.read(shard, position, { recordsMax })
        expect(read.records.length).toBeLessThanOrEqual(recordsMax)
        records.push(...read.records)
        position = read.next
        if (read.isEnded) return { records, position, isEnded: true }
        if (read.records.length === 0 && read.behindMs === 0) return { records, position, isEnded: false }
      }
    }
    const putMany = (keys: number, count: number) =>
      Promise.all(
        Array.from({ length: keys }, async (_, key) => {
          for (let n = 0; n < count; n++) await opened.put(`key-${key}`, n)
        }),
      )
    /** Reads all shards, parents before their children. */
    const drainAll = async () => {
      const done = new Set<string>()
      const records: SourceRecord[] = []
      let shards: readonly Shard[] = await opened.source.listShards()
      while (shards.length > 0) {
        const ready = shards.filter(({ parents }) => parents.every((parent) => done.has(parent)))
        for (const { id } of ready) {
          records.push(...(await drain(id)).records)
          done.add(id)
        }
        shards = shards.filter(({ id }) => !done.has(id))
      }
      return records
    }
    const expectInOrder = (records: readonly SourceRecord[], keys: number, count: number) => {
      const byKey = new Map<string, number[]>()
      for (const record of records) {
        const { key, n } = opened.readBack(record)
        byKey.set(key, [...(byKey.get(key) ?? []), n])
      }
      expect(byKey.size).toBe(keys)
      for (const [key, found] of byKey) expect(found, key).toEqual(Array.from({ length: count }, (_, n) => n))
    }

    test('it is named by an ARN', () => {
      expect(opened.source.arn).toMatch(/^arn:aws[\w-]*:kinesis:[\w-]+:\d{12}:stream\/[\w.-]+$/)
    })

    test('an empty stream has open shards without parents, and nothing in them', async () => {
      const shards = await opened.source.listShards()
      expect(shards.length).toBe(2)
      for (const shard of shards) {
        expect(shard.parents).toEqual([])
        const read = await opened.source.read(shard.id, 'oldest', { recordsMax: 10 })
        expect(read).toMatchObject({ records: [], isEnded: false, behindMs: 0, isTrimmed: false })
      }
    })

    test('every record comes out of one shard, each key in order, numbers rising', async () => {
      await putMany(20, 15)
      const records: SourceRecord[] = []
      for (const { id } of await opened.source.listShards()) {
        const found = (await drain(id)).records
        expect(found.length).toBeGreaterThan(0)
        for (const [at, { sequence }] of found.entries()) {
          expect(sequence).toMatch(/^\d{1,128}$/)
          if (at > 0) expect(BigInt(sequence)).toBeGreaterThan(BigInt(found[at - 1]!.sequence))
        }
        records.push(...found)
      }
      expectInOrder(records, 20, 15)
    })

    test('a key’s records are all in one shard', async () => {
      await putMany(10, 5)
      const shardsOf = new Map<string, Set<string>>()
      for (const { id } of await opened.source.listShards())
        for (const record of (await drain(id)).records)
          shardsOf.set(record.partitionKey, (shardsOf.get(record.partitionKey) ?? new Set()).add(id))
      expect([...shardsOf.values()].every((shards) => shards.size === 1)).toBe(true)
      expect(shardsOf.size).toBe(10)
    })

    test('reading on from a position skips nothing and repeats nothing', async () => {
      await putMany(5, 8)
      for (const { id } of await opened.source.listShards()) {
        const all = (await drain(id)).records
        for (let at = 0; at < all.length; at += 3) {
          const { records } = await drain(id, { after: all[at]!.sequence }, 1)
          expect(records.map(({ sequence }) => sequence)).toEqual(
            all.slice(at + 1).map(({ sequence }) => sequence),
          )
        }
      }
    })

    test('a read behind the tip says so', async () => {
      await putMany(4, 5)
      for (const { id } of await opened.source.listShards()) {
        const first = await opened.source.read(id, 'oldest', { recordsMax: 1 })
        expect(first.records.length).toBe(1)
        expect(first.behindMs).toBeGreaterThanOrEqual(0)
        expect(first.isTrimmed).toBe(false)
      }
    })

    test('a record read again is the same, byte for byte', async () => {
      await putMany(3, 3)
      for (const { id } of await opened.source.listShards())
        expect((await drain(id)).records).toEqual((await drain(id)).records)
    })

    test('at the tip a read waits, and ends with the first record', async () => {
      const shards = await opened.source.listShards()
      const positions = await Promise.all(shards.map(async ({ id }) => (await drain(id)).position))
      const waiting = Promise.all(
        shards.map(({ id }, at) => opened.source.read(id, positions[at]!, { recordsMax: 10, waitMs: 2_000 })),
      )
      await new Promise((resolve) => setTimeout(resolve, 30))
      await opened.put('key-0', 0)
      const found = await waiting
      const records = await Promise.all(
        found.map(async (read, at) =>
          read.records.length > 0 ? read.records : (await drain(shards[at]!.id, read.next)).records,
        ),
      )
      expect(records.flat().map(opened.readBack)).toMatchObject([{ n: 0 }])
    })

    test('a read that waits in vain gives no record, and no wait at all where none is asked for', async () => {
      const [shard] = await opened.source.listShards()
      // One that waits for a minute, so that the other one is seen to end before it.
      const stop = new AbortController()
      let isWaiting = true
      const patient = opened.source
        .read(shard!.id, 'oldest', { recordsMax: 1, waitMs: 60_000, signal: stop.signal })
        .catch(() => undefined)
        .finally(() => {
          isWaiting = false
        })
      expect(await opened.source.read(shard!.id, 'oldest', { recordsMax: 1 })).toMatchObject({ records: [] })
      expect(isWaiting).toBe(true)
      stop.abort()
      await patient
      const read = await opened.source.read(shard!.id, 'oldest', { recordsMax: 1, waitMs: 50 })
      expect(read).toMatchObject({ records: [], isEnded: false, behindMs: 0 })
    })

    test('a read that waits ends when it is stopped', async () => {
      const [shard] = await opened.source.listShards()
      const stop = new AbortController()
      const waiting = opened.source.read(shard!.id, 'oldest', {
        recordsMax: 1,
        waitMs: 60_000,
        signal: stop.signal,
      })
      setTimeout(() => stop.abort(), 20)
      await expect(waiting).rejects.toThrow()
    })

    test('a shard that is not there is an error that can be tried again', async () => {
      const read = opened.source.read('shardId-000000009999', 'oldest', { recordsMax: 1 })
      await expect(read).rejects.toBeInstanceOf(PipelineError)
      await expect(read).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
    })

    test('after a split the parent ends, and each key goes on in a child, in order', async ({ skip }) => {
      if (!opened.split) return skip()
      await putMany(20, 5)
      const before = await opened.source.listShards()
      await opened.split(before[0]!.id)
      for (let key = 0; key < 20; key++) for (let n = 5; n < 9; n++) await opened.put(`key-${key}`, n)
      const after = await opened.source.listShards()
      const children = after.filter(({ parents }) => parents.includes(before[0]!.id))
      expect(children.length).toBe(2)
      expect((await drain(before[0]!.id)).isEnded).toBe(true)
      for (const { id } of children) expect((await drain(id)).isEnded).toBe(false)
      expectInOrder(await drainAll(), 20, 9)
    })

    test('after a merge both parents end, and their keys go on in the child', async ({ skip }) => {
      if (!opened.merge) return skip()
      await putMany(10, 3)
      const before = await opened.source.listShards()
      await opened.merge(before[0]!.id, before[1]!.id)
      for (let key = 0; key < 10; key++) for (let n = 3; n < 6; n++) await opened.put(`key-${key}`, n)
      const after = await opened.source.listShards()
      const child = after.find(({ parents }) => parents.length === 2)
      expect(new Set(child?.parents)).toEqual(new Set(before.map(({ id }) => id)))
      for (const { id } of before) expect((await drain(id)).isEnded).toBe(true)
      expectInOrder(await drainAll(), 10, 6)
    })

    test('a read that waits in a shard ends when the shard does', async ({ skip }) => {
      if (!opened.split) return skip()
      const [shard] = await opened.source.listShards()
      const waiting = opened.source.read(shard!.id, 'oldest', { recordsMax: 1, waitMs: 2_000 })
      await opened.split(shard!.id)
      let read = await waiting
      for (let tries = 0; !read.isEnded && tries < 20; tries++)
        read = await opened.source.read(shard!.id, read.next, { recordsMax: 1, waitMs: 200 })
      expect(read.isEnded).toBe(true)
    })

    test('a closed source is read no more', async () => {
      const [shard] = await opened.source.listShards()
      await opened.source.close()
      await expect(opened.source.read(shard!.id, 'oldest', { recordsMax: 1 })).rejects.toThrow()
    })
  })
}
