import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type EmbeddedTable, openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { PipelineError } from '../../../src/record/error.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { createClock, makeFolder, openTable } from './folder.ts'
import { type Image, openImage, takeImage } from './image.ts'
import { itemOf, keyOf } from './items.ts'
import { foldStream } from './script.ts'

const pageBytes = 4096
const frameBytes = 24 + pageBytes

/** The image of a table after each of so many writes, all of which are in the write-ahead log. */
async function imagesAfter(writes: number): Promise<Image[]> {
  const folder = await makeFolder()
  const opened = await openTable({ folder, walBytesMax: 1e9 })
  const images: Image[] = []
  for (let n = 0; n < writes; n++) {
    await opened.table.put(itemOf(n, { text: { S: 'é'.repeat(n * 700) } }))
    images.push(takeImage(folder))
  }
  return images
}

function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

const damage = {
  code: 'TABLE_UNAVAILABLE',
  message: expect.stringMatching(
    /^the table could not open [^ ]+: .*Restore its folder from a copy, or begin with an empty/,
  ),
}

describe('a write-ahead log', () => {
  test('that was cut, at whatever place, leaves the transactions before it whole', async () => {
    const within = await makeFolder()
    const [first, second] = (await imagesAfter(2)) as [Image, Image]
    const [from, to] = [first.wal!.length, second.wal!.length]
    expect(to).toBeGreaterThan(from)
    for (let end = from; end < to; end += 499) {
      await openImage(within, { ...second, wal: second.wal!.subarray(0, end) }, async (opened) => {
        expect(await opened.table.get(keyOf(0))).toBeDefined()
        expect(await opened.table.get(keyOf(1))).toBeUndefined()
        await opened.table.put(itemOf(3))
        expect((await foldStream(opened)).size).toBe(2)
      })
    }
  })

  test('whose last transaction a power cut has left in part is read up to that', async () => {
    const within = await makeFolder()
    const [first, second] = (await imagesAfter(2)) as [Image, Image]
    const start = first.wal!.length
    const frames = (second.wal!.length - start) / frameBytes
    expect(frames).toBeGreaterThan(2)
    for (let n = 0; n < frames; n++) {
      const at = start + n * frameBytes
      for (const [from, bytes] of [
        // The header of a frame is on the disk and its page is not, a frame is not, or all from it on are not.
        [at + 24, pageBytes],
        [at, frameBytes],
        [at, second.wal!.length - at],
      ] as const) {
        const wal = changed(second.wal!, (copy) => copy.fill(0, from, from + bytes))
        await openImage(within, { ...second, wal }, async (opened) => {
          expect(await opened.table.get(keyOf(0))).toBeDefined()
          expect(await opened.table.get(keyOf(1))).toBeUndefined()
        })
      }
    }
  })

  test('that was moved into the database in part, to whatever page, is moved again', async () => {
    const within = await makeFolder()
    const folder = await makeFolder()
    const opened = await openTable({ folder, walBytesMax: 1e9 })
    for (let n = 0; n < 30; n++) await opened.table.put(itemOf(n, { text: { S: 'x'.repeat(n * 300) } }))
    const killed = takeImage(folder)
    await opened.close()
    const moved = takeImage(folder).database!
    const pages = moved.length / pageBytes
    for (let n = 0; n <= pages; n += 3) {
      // SQLite writes them in order; the disk of a machine that loses its power may not.
      const forward = Buffer.concat([
        moved.subarray(0, n * pageBytes),
        killed.database!.subarray(n * pageBytes),
      ])
      const backward = Buffer.concat([
        killed.database!.subarray(0, n * pageBytes),
        Buffer.alloc(Math.max(0, n * pageBytes - killed.database!.length)),
        moved.subarray(n * pageBytes),
      ])
      for (const database of [forward, backward])
        await openImage(within, { ...killed, database }, async (again) =>
          expect((await foldStream(again)).size).toBe(30),
        )
    }
  })

  test('that is damaged before changes that were acknowledged is refused', async () => {
    const within = await makeFolder()
    const [first, second, third] = (await imagesAfter(3)) as [Image, Image, Image]
    const headers = Array.from({ length: 32 }, (_, at) => at)
    for (let frame = first.wal!.length; frame < second.wal!.length; frame += frameBytes)
      headers.push(
        ...Array.from({ length: 24 }, (_, at) => frame + at),
        frame + 24,
        frame + 2000,
        frame + 4100,
      )
    for (const at of headers) {
      const wal = changed(third.wal!, (copy) => copy.writeUInt8(copy.readUInt8(at) ^ 0x55, at))
      const opening = openImage(within, { ...third, wal }, async () => {})
      await expect(opening, String(at)).rejects.toMatchObject({
        ...damage,
        message: expect.stringContaining('table.db-wal is damaged'),
      })
    }
    await openImage(within, third, async (opened) => expect((await foldStream(opened)).size).toBe(3))
  })
})

describe('a database', () => {
  /** A closed table with items, deletes, changes and long values on many pages, and what it holds. */
  async function closedTable() {
    const folder = await makeFolder()
    const first = await openTable({ folder })
    for (let n = 0; n < 60; n++)
      await first.table.put(itemOf(n % 40, { n: { N: String(n) }, text: { S: 'x'.repeat((n % 9) * 1100) } }))
    for (let n = 0; n < 5; n++) await first.table.delete(keyOf(n))
    await first.close()
    return takeImage(folder)
  }

  async function holdings(opened: EmbeddedTable): Promise<string> {
    const items = await Promise.all(Array.from({ length: 40 }, (_, n) => opened.table.get(keyOf(n))))
    return JSON.stringify([items, [...(await foldStream(opened))].sort()])
  }

  test('that is damaged anywhere is refused, or its reads are, or the damage is where nothing is kept', async () => {
    const within = await makeFolder()
    const { database } = await closedTable()
    const whole = await openImage(within, { database, wal: undefined }, holdings)
    const seen = { refused: 0, unread: 0, harmless: 0 }
    const pages = database!.length / pageBytes
    expect(pages).toBeGreaterThan(30)
    const kinds = [
      (copy: Buffer) => copy.fill(0),
      ...[5, 300, 2048, 4000].map((at) => (copy: Buffer) => copy.writeUInt8(copy.readUInt8(at) ^ 0x55, at)),
    ]
    const damages = Array.from({ length: pages }, (_, page) => (copy: Buffer) => {
      kinds[page % kinds.length]!(copy.subarray(page * pageBytes, (page + 1) * pageBytes))
    })
    for (const change of damages) {
      const image = { database: changed(database!, change), wal: undefined }
      const found = await openImage(within, image, (opened) =>
        holdings(opened).catch((error: unknown) => {
          expect(error).toBeInstanceOf(PipelineError)
          expect((error as PipelineError).code).toMatch(/^(TABLE|SOURCE)_UNAVAILABLE$/)
          expect((error as PipelineError).message).toContain('damaged')
          return undefined
        }),
      ).catch((error: unknown) => {
        expect(error).toMatchObject(damage)
        return null
      })
      if (found === null) seen.refused += 1
      else if (found === undefined) seen.unread += 1
      else {
        expect(found).toBe(whole)
        seen.harmless += 1
      }
    }
    expect(seen.refused).toBeGreaterThan(10)
    expect(seen.unread).toBeGreaterThan(10)
  })

  test('that was cut is refused', async () => {
    const within = await makeFolder()
    const { database } = await closedTable()
    for (const bytes of [
      1,
      100,
      pageBytes,
      5 * pageBytes,
      database!.length - 100,
      database!.length - pageBytes,
    ])
      await expect(
        openImage(within, { database: database!.subarray(0, bytes), wal: undefined }, async () => {}),
        String(bytes),
      ).rejects.toMatchObject(damage)
  })

  test('of which a file is missing is refused', async () => {
    const within = await makeFolder()
    const image = (await imagesAfter(1))[0]!
    for (const wrong of [
      { ...image, database: undefined },
      { ...image, database: Buffer.alloc(0) },
      { ...image, wal: undefined },
    ])
      await expect(openImage(within, wrong, async () => {})).rejects.toMatchObject({
        ...damage,
        message: expect.stringContaining('is missing'),
      })
  })

  test('of another format is refused, and is opened as before by the version that made it', async () => {
    const within = await makeFolder()
    const image = await closedTable()
    const wrong = changed(image.database!, (copy) => copy.writeUInt32BE(2, 60))
    await expect(openImage(within, { ...image, database: wrong }, async () => {})).rejects.toMatchObject({
      message: expect.stringContaining('table.db has format 2, and this is format 1'),
    })
  })

  test('is not made where an earlier version has kept its table', async () => {
    const folder = await makeFolder()
    mkdirSync(join(folder, 'log'))
    writeFileSync(join(folder, 'log', '0001739471400000.log'), 'dmd1')
    await expect(
      openEmbeddedTable({ folder, runtime: runtimeWith({ clock: createClock() }) }),
    ).rejects.toMatchObject({
      code: 'TABLE_UNAVAILABLE',
      message: expect.stringMatching(/earlier version .* kept it in log\. .* then move log away to begin/),
    })
  })

  test('does not grow while as much is dropped as is written', async () => {
    const clock = createClock()
    const folder = await makeFolder()
    const opened = await openTable({ folder, clock, retentionMs: 1000, walBytesMax: 0 })
    const sizes: number[] = []
    for (let round = 0; round < 12; round++) {
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => opened.table.put(itemOf(n, { round: { N: `${round}` } }))),
      )
      clock.nowMs += 2000
      expect(await opened.sweep()).toEqual({ expired: 0, dropped: 100 })
      sizes.push(statSync(join(folder, 'table.db')).size)
    }
    expect(sizes.at(-1)).toBe(sizes[1])
  })
})

describe('a sync', () => {
  /** Lets a test decide what becomes of each sync. */
  async function spyOnSyncs() {
    const probe = await open(tmpdir())
    const syncs = vi.spyOn(Object.getPrototypeOf(probe), 'datasync')
    onTestFinished(() => syncs.mockRestore())
    await probe.close()
    return syncs
  }

  test('that is under way hides what it is to make durable', async () => {
    const opened = await openTable({ shards: 1 })
    await opened.table.put(itemOf(1))
    const syncs = await spyOnSyncs()
    let finish = () => {}
    const begun = new Promise<void>((begin) => {
      syncs.mockImplementation(
        () =>
          new Promise<void>((resolve) => {
            finish = resolve
            begin()
          }),
      )
    })
    const writes = [
      opened.table.put(itemOf(1, { later: { BOOL: true } })),
      opened.table.put(itemOf(2)),
      opened.table.delete(keyOf(1)),
    ]
    await begun
    const read = () => opened.source.read('shardId-000000000000', 'oldest', { recordsMax: 10 })
    expect(await opened.table.get(keyOf(1))).toEqual(itemOf(1))
    expect(await opened.table.get(keyOf(2))).toBeUndefined()
    expect((await read()).records.length).toBe(1)
    syncs.mockRestore()
    finish()
    await Promise.all(writes)
    expect(await opened.table.get(keyOf(1))).toBeUndefined()
    expect(await opened.table.get(keyOf(2))).toEqual(itemOf(2))
    expect((await read()).records.length).toBe(4)
  })

  test('that fails ends the writing until the table is opened again', async () => {
    const folder = await makeFolder()
    const opened = await openTable({ folder })
    await opened.table.put(itemOf(1))
    const syncs = await spyOnSyncs()
    syncs.mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' }))
    for (const n of [2, 3])
      await expect(opened.table.put(itemOf(n))).rejects.toMatchObject({
        code: 'TABLE_UNAVAILABLE',
        message: expect.stringMatching(/disk failed \(EIO\).*Check the disk, then restart\.$/),
      })
    expect(await opened.table.get(keyOf(1))).toEqual(itemOf(1))
    expect(await opened.table.get(keyOf(2))).toBeUndefined()
    await opened.close()
    const again = await openTable({ folder })
    expect(await again.table.get(keyOf(1))).toEqual(itemOf(1))
    await again.table.put(itemOf(3))
  })
})
