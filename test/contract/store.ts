import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PipelineError } from '../../src/record/error.ts'
import type { ObjectInfo, ObjectStore, ObjectVersion } from '../../src/store/store.ts'
import { increment } from './increment.ts'

/** An empty archive. `another` opens it a second time, as another process would. */
export type OpenArchive = {
  readonly store: ObjectStore
  readonly another: () => Promise<ObjectStore>
  readonly close?: () => Promise<void>
}

/** What every ObjectStore promises. `open` gives each test an empty archive of its own. */
export function storeContract(
  name: string,
  open: () => Promise<OpenArchive>,
  {
    etagIsOf = 'object',
    isDeleteAtomic = true,
    keyBytesMax = 1024,
    versions = 'none',
  }: {
    /** In S3 an ETag is a digest of the bytes: an object that is replaced by the same bytes counts as the same. */
    readonly etagIsOf?: 'object' | 'bytes'
    /** False for a server that looks at a delete's condition first, and deletes then. */
    readonly isDeleteAtomic?: boolean
    /** Less for an archive below a prefix, where keys in the bucket have this limit. */
    readonly keyBytesMax?: number
    /**
     * `kept`: replaced and deleted objects stay as versions. `latest only`: the store can keep them, and this archive does
     * not. `none`: the store cannot.
     */
    readonly versions?: 'kept' | 'latest only' | 'none'
  } = {},
): void {
  const isOfObject = etagIsOf === 'object'
  describe(`${name} keeps the store's contract`, () => {
    let archive: OpenArchive
    let store: ObjectStore

    beforeEach(async () => {
      archive = await open()
      store = archive.store
    })
    afterEach(async () => {
      await archive.close?.()
    })

    describe('one object', () => {
      test('what was put is got, with its key, size and ETag', async () => {
        const put = await store.put('data/a.avro', text('one'))
        const got = await store.get('data/a.avro')
        expect(put).toEqual({ outcome: 'stored', etag: got?.etag })
        expect(read(got?.bytes)).toBe('one')
        expect(got).toMatchObject({ key: 'data/a.avro', size: 3 })
        expect(await store.head('data/a.avro')).toEqual({ key: 'data/a.avro', size: 3, etag: got?.etag })
        expect(await keys(store, '')).toEqual(['data/a.avro'])
      })

      test('a key without an object, a part of a key and a longer key have none', async () => {
        await store.put('data/a.avro', text('one'))
        for (const key of ['missing', 'data', 'data/a', 'data/a.avro/b', 'data/b/c']) {
          expect(await store.get(key)).toBeUndefined()
          expect(await store.head(key)).toBeUndefined()
          expect(await store.delete(key)).toBe(false)
        }
      })

      test('an empty object is an object', async () => {
        await store.put('empty', new Uint8Array())
        expect((await store.get('empty'))?.bytes.length).toBe(0)
        expect(await store.head('empty')).toMatchObject({ size: 0 })
        expect(await store.put('empty', text('x'), { condition: { ifAbsent: true } })).toEqual({
          outcome: 'exists',
        })
      })

      test('an object of several megabytes comes back byte for byte', async () => {
        const bytes = new Uint8Array(7_654_321)
        for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 31 + (index >> 8)) & 255
        await store.put('large', bytes)
        const got = await store.get('large')
        expect(got?.size).toBe(bytes.length)
        expect(digest(got!.bytes)).toBe(digest(bytes))
      })

      test('a view into a larger buffer stores only what it shows', async () => {
        await store.put('view', text('..view..').subarray(2, 6))
        expect(read((await store.get('view'))?.bytes)).toBe('view')
      })

      test('an unconditional put replaces, and the new object has another ETag', async () => {
        const first = await stored(store, 'a', 'one')
        const second = await stored(store, 'a', 'two')
        expect(second).not.toBe(first)
        expect(await store.get('a')).toMatchObject({ etag: second })
        expect(read((await store.get('a'))?.bytes)).toBe('two')
      })

      test('the ETag stays as long as the object does', async () => {
        const etag = await stored(store, 'a', 'one')
        await store.put('a', text('two'), { condition: { ifAbsent: true } })
        await store.put('a', text('two'), { condition: { ifMatch: 'another' } })
        await store.delete('a', { ifMatch: 'another' })
        await store.put('b', text('one'))
        expect((await store.get('a'))?.etag).toBe(etag)
        expect((await store.head('a'))?.etag).toBe(etag)
        expect((await (await archive.another()).head('a'))?.etag).toBe(etag)
        expect((await infos(store, 'a'))[0]?.etag).toBe(etag)
      })

      test.runIf(isOfObject)(
        'the same bytes stored anew, replaced or deleted before, have another ETag',
        async () => {
          const etags = new Set<string>()
          for (let round = 0; round < 30; round++) {
            if (round % 3 === 2) await store.delete('a')
            etags.add(await stored(store, 'a', round % 2 === 0 ? 'one' : 'two'))
          }
          expect(etags.size).toBe(30)
        },
      )
    })

    describe('conditions', () => {
      test('ifAbsent creates once, and then leaves the object as it is', async () => {
        const condition = { ifAbsent: true } as const
        expect(await store.put('a', text('one'), { condition })).toMatchObject({ outcome: 'stored' })
        expect(await store.put('a', text('two'), { condition })).toEqual({ outcome: 'exists' })
        expect(read((await store.get('a'))?.bytes)).toBe('one')
      })

      test('ifAbsent creates again after a delete', async () => {
        const condition = { ifAbsent: true } as const
        await store.put('a', text('one'), { condition })
        await store.delete('a')
        expect(await store.put('a', text('two'), { condition })).toMatchObject({ outcome: 'stored' })
        expect(read((await store.get('a'))?.bytes)).toBe('two')
      })

      test('ifMatch replaces the object that was read', async () => {
        const etag = await stored(store, 'a', 'one')
        const put = await store.put('a', text('two'), { condition: { ifMatch: etag } })
        expect(put).toEqual({ outcome: 'stored', etag: (await store.head('a'))?.etag })
        expect(read((await store.get('a'))?.bytes)).toBe('two')
      })

      test('ifMatch leaves an object that has changed since, even back to the same bytes', async () => {
        const etag = await stored(store, 'a', 'one')
        await stored(store, 'a', 'two')
        const last = await stored(store, 'a', isOfObject ? 'one' : 'three')
        expect(await store.put('a', text('four'), { condition: { ifMatch: etag } })).toEqual({
          outcome: 'changed',
        })
        expect(await store.get('a')).toMatchObject({ etag: last })
      })

      test('ifMatch does not bring a deleted object back', async () => {
        const etag = await stored(store, 'folder/a', 'one')
        await store.delete('folder/a')
        const condition = { ifMatch: etag }
        expect(await store.put('folder/a', text('two'), { condition })).toEqual({ outcome: 'changed' })
        expect(await store.put('never/was', text('two'), { condition })).toEqual({ outcome: 'changed' })
        expect(await keys(store, '')).toEqual([])
      })

      test('delete says whether there was an object', async () => {
        await store.put('a', text('one'))
        expect(await store.delete('a')).toBe(true)
        expect(await store.delete('a')).toBe(false)
        expect(await store.get('a')).toBeUndefined()
        expect(await keys(store, '')).toEqual([])
      })

      test('delete with ifMatch deletes only the object that was read', async () => {
        const etag = await stored(store, 'a', 'one')
        const next = await stored(store, 'a', 'two')
        expect(await store.delete('a', { ifMatch: etag })).toBe(false)
        expect(read((await store.get('a'))?.bytes)).toBe('two')
        expect(await store.delete('a', { ifMatch: next })).toBe(true)
        expect(await store.delete('a', { ifMatch: next })).toBe(false)
      })
    })

    test.runIf(versions === 'none')('the store says that it keeps no versions', () => {
      expect(store.versions).toBeUndefined()
    })

    describe.runIf(versions !== 'none')('versions', () => {
      test('a key that never had an object has none', async () => {
        await store.put('key/longer', text('x'))
        expect(await versionsOf(store, 'key')).toEqual([])
        expect(await versionsOf(store, 'another')).toEqual([])
      })

      test('the latest version is the object that is read', async () => {
        await store.put('a', text('one'))
        const etag = await stored(store, 'a', 'three')
        const latest = (await versionsOf(store, 'a')).filter(({ isLatest }) => isLatest)
        expect(latest).toEqual([
          {
            key: 'a',
            id: expect.stringMatching(/./),
            isLatest: true,
            isDeleteMarker: false,
            size: 5,
            etag,
          },
        ])
      })

      test.runIf(versions === 'latest only')('nothing is left of what was replaced or deleted', async () => {
        await store.put('a', text('one'))
        await store.put('a', text('two'))
        expect(await versionsOf(store, 'a')).toHaveLength(1)
        await store.delete('a')
        expect(await versionsOf(store, 'a')).toEqual([])
      })

      test.runIf(versions === 'kept')('replacements and deletes leave one version each', async () => {
        const etags = [await stored(store, 'a', 'one'), await stored(store, 'a', 'two')]
        await store.delete('a')
        etags.push(await stored(store, 'a', 'three'))
        const found = await versionsOf(store, 'a')
        expect(found.map(({ etag, isDeleteMarker, size }) => ({ etag, isDeleteMarker, size }))).toEqual(
          expect.arrayContaining([
            { etag: etags[0], isDeleteMarker: false, size: 3 },
            { etag: etags[1], isDeleteMarker: false, size: 3 },
            { etag: '', isDeleteMarker: true, size: 0 },
            { etag: etags[2], isDeleteMarker: false, size: 5 },
          ]),
        )
        expect(new Set(found.map(({ id }) => id)).size).toBe(4)
        expect(found.filter(({ isLatest }) => isLatest).map(({ etag }) => etag)).toEqual([etags[2]])
      })

      test.runIf(versions === 'kept')(
        'only versions of exactly this key are listed, however many longer keys begin with it',
        async () => {
          const others = ['data/a.avro2', 'data/a.avro/b', 'data/a.avro-', 'data/a.avr']
          for (const key of others) for (const value of ['one', 'two']) await store.put(key, text(value))
          await store.delete('data/a.avro/b')
          for (const value of ['one', 'two', 'three']) await store.put('data/a.avro', text(value))
          await store.delete('data/a.avro')
          const found = await versionsOf(store, 'data/a.avro')
          expect(found.map(({ key }) => key)).toEqual(Array(4).fill('data/a.avro'))
          for (const { key, id } of found) await store.versions?.delete(key, id)
          expect(await versionsOf(store, 'data/a.avro')).toEqual([])
          for (const key of others)
            expect(await versionsOf(store, key)).toHaveLength(key.endsWith('/b') ? 3 : 2)
        },
      )

      test.runIf(versions === 'kept')('a removed version is gone, and the others stay', async () => {
        await stored(store, 'a', 'one')
        const latest = await stored(store, 'a', 'two')
        const [older] = (await versionsOf(store, 'a')).filter(({ isLatest }) => !isLatest)
        await store.versions?.delete('a', older!.id)
        // Removing it again does nothing.
        await store.versions?.delete('a', older!.id)
        expect((await versionsOf(store, 'a')).map(({ etag }) => etag)).toEqual([latest])
        expect(read((await store.get('a'))?.bytes)).toBe('two')
      })

      test.runIf(versions === 'kept')(
        'removing the latest version, or a delete marker, brings back the one before it',
        async () => {
          await store.put('a', text('one'))
          await store.put('a', text('two'))
          await store.delete('a')
          for (const value of ['two', 'one', undefined]) {
            const [latest] = (await versionsOf(store, 'a')).filter(({ isLatest }) => isLatest)
            await store.versions?.delete('a', latest!.id)
            expect(read((await store.get('a'))?.bytes)).toBe(value)
          }
          expect(await versionsOf(store, 'a')).toEqual([])
        },
      )

      test.runIf(versions === 'kept')('more versions than a page holds are all listed', async () => {
        for (let count = 0; count < 4; count++)
          await all(300, (index) => store.put('many', text(`${count} ${index}`)))
        await store.put('many-others', text('x'))
        const found = await versionsOf(store, 'many')
        expect(new Set(found.map(({ id }) => id)).size).toBe(1200)
        expect(found.filter(({ isLatest }) => isLatest)).toHaveLength(1)
      })

      test('a bad key and an aborted signal are refused', async () => {
        await store.put('a', text('one'))
        const [version] = await versionsOf(store, 'a')
        await expect(versionsOf(store, 'a//b')).rejects.toMatchObject({ code: 'KEY_INVALID' })
        await expect(store.versions?.delete('a//b', 'x')).rejects.toMatchObject({ code: 'KEY_INVALID' })
        const signal = AbortSignal.abort(new Error('the batch is over'))
        const stopped = { code: 'STORE_UNAVAILABLE', cause: signal.reason }
        await expect(versionsOf(store, 'a', signal)).rejects.toMatchObject(stopped)
        await expect(store.versions?.delete('a', version!.id, { signal })).rejects.toMatchObject(stopped)
        expect(await versionsOf(store, 'a')).toEqual([version])
      })
    })

    describe('list', () => {
      const awkward = [
        'a',
        'a-b',
        'a.txt',
        'a/b',
        'a/b-c',
        'a/b/c',
        'a0',
        'a/é',
        'B',
        'ab/c',
        'a/b.x/y',
        '~z',
      ]
      // A folder cannot hold an object of its own name, so those are left out: a/b beside a/b/c.
      const holdable = awkward.filter((key) => !awkward.some((other) => other.startsWith(`${key}/`)))

      test("keys come in the order of their UTF-8 bytes, whatever their '/' make of them", async () => {
        await putAll(store, holdable)
        expect(await keys(store, '')).toEqual(sorted(holdable))
      })

      test('characters above U+FFFF come after those below, unlike in UTF-16', async () => {
        const some = ['\u{ff5e}/x', '\u{1f39f}', '\u{e000}', 'é', '\u{1f39f}/👩‍👩‍👧', 'z', '日本'].map(
          (key) => `k/${key}x`,
        )
        await putAll(store, some)
        expect(await keys(store, 'k/')).toEqual(sorted(some))
        expect(read((await store.get('k/\u{1f39f}x'))?.bytes)).toBe('k/\u{1f39f}x')
      })

      test('a prefix is a plain string prefix', async () => {
        await putAll(store, holdable)
        for (const prefix of [
          '',
          'a',
          'a/',
          'a/b',
          'a/b.',
          'a/b/c',
          'a/b/c/',
          'zz',
          '/',
          '..',
          '../',
          'a//',
          './a',
        ])
          expect(await keys(store, prefix), prefix).toEqual(
            sorted(holdable.filter((k) => k.startsWith(prefix))),
          )
      })

      test('after leaves out the keys up to it, be it a key or not', async () => {
        await putAll(store, holdable)
        for (const after of ['', 'a', 'a-b', 'a/', 'a/b', 'a/b/c', 'a/b/cc', 'a/zz', 'a0', 'zz', '~z', '~~'])
          for (const prefix of ['', 'a', 'a/b'])
            expect(await keys(store, prefix, after), `${prefix} after ${after}`).toEqual(
              sorted(holdable.filter((k) => k.startsWith(prefix) && compare(k, after) > 0)),
            )
      })

      test('more than a thousand keys come once each, and can be read on from any of them', async () => {
        const many = Array.from(
          { length: 1203 },
          (_, index) => `data/${index % 3}/${(index * 7919) % 1203}.avro`,
        )
        await putAll(store, many)
        const all = await keys(store, 'data/')
        expect(all).toEqual(sorted(many))
        for (const index of [0, 399, 400, 401, 1000, 1201, 1202])
          expect(await keys(store, 'data/', all[index])).toEqual(all.slice(index + 1))
      })

      test('size and ETag in a list are those of head', async () => {
        await store.put('a/b', text('one'))
        await store.put('a/c', text('three'))
        for (const info of await infos(store, '')) expect(await store.head(info.key)).toEqual(info)
      })

      test('an empty archive lists nothing', async () => {
        expect(await keys(store, '')).toEqual([])
        expect(await keys(store, 'data/')).toEqual([])
      })

      test('objects that are there all the while are listed while others come and go', async () => {
        const stay = Array.from({ length: 150 }, (_, index) => `d${index % 5}/stay${index}`)
        await putAll(store, stay)
        let listing = true
        const churn = (async () => {
          for (let round = 0; listing; round++) {
            await store.put(`d${round % 5}/churn${round % 7}`, text('x'))
            await store.delete(`d${(round + 3) % 5}/churn${(round + 3) % 7}`)
          }
        })()
        for (let round = 0; round < 5; round++) {
          const listed = (await infos(store, '')).map(({ key }) => key)
          for (const found of [listed, await onlyKeys(store, '')])
            expect(found.filter((key) => key.includes('stay'))).toEqual(sorted(stay))
        }
        listing = false
        await churn
      })

      test('the objects listed so far may be deleted while listing', async () => {
        await putAll(store, holdable)
        const seen: string[] = []
        for await (const { key } of store.list('')) {
          seen.push(key)
          await store.delete(key)
        }
        expect(seen).toEqual(sorted(holdable))
        expect(await keys(store, '')).toEqual([])
      })
    })

    describe('races', () => {
      test('of twenty creations of one key exactly one wins, and its bytes are the object', async () => {
        const stores = [store, await archive.another()]
        const outcomes = await all(20, (index) =>
          stores[index % 2]!.put('new/key', text(`from ${index}`), { condition: { ifAbsent: true } }),
        )
        const winners = outcomes.flatMap((put, index) => (put.outcome === 'stored' ? [index] : []))
        expect(winners).toHaveLength(1)
        expect(outcomes.filter((put) => put.outcome === 'exists')).toHaveLength(19)
        expect(read((await store.get('new/key'))?.bytes)).toBe(`from ${winners[0]}`)
      })

      test('of twenty replacements of one object exactly one wins, and its bytes are the object', async () => {
        const etag = await stored(store, 'a', 'old')
        const stores = [store, await archive.another()]
        const outcomes = await all(20, (index) =>
          stores[index % 2]!.put('a', text(`from ${index}`), { condition: { ifMatch: etag } }),
        )
        const winners = outcomes.flatMap((put, index) => (put.outcome === 'stored' ? [index] : []))
        expect(winners).toHaveLength(1)
        expect(outcomes.filter((put) => put.outcome === 'changed')).toHaveLength(19)
        expect(read((await store.get('a'))?.bytes)).toBe(`from ${winners[0]}`)
      })

      test.runIf(isDeleteAtomic)('of twenty deletions of one object exactly one finds it', async () => {
        const etag = await stored(store, 'a', 'old')
        const stores = [store, await archive.another()]
        const deleted = await all(20, (index) =>
          stores[index % 2]!.delete('a', index % 3 === 0 ? { ifMatch: etag } : {}),
        )
        expect(deleted.filter(Boolean)).toHaveLength(1)
      })

      test.runIf(isDeleteAtomic)('a conditional replacement and a deletion never both win', async () => {
        for (let round = 0; round < 10; round++) {
          const etag = await stored(store, 'a', 'old')
          const [put, deleted] = await Promise.all([
            store.put('a', text('new'), { condition: { ifMatch: etag } }),
            store.delete('a', { ifMatch: etag }),
          ])
          expect([put.outcome === 'stored', deleted].filter(Boolean)).toHaveLength(1)
          expect(read((await store.get('a'))?.bytes)).toBe(deleted ? undefined : 'new')
        }
      })

      test('counting by read and conditional replacement loses no step', async () => {
        await store.put('count', text('0'))
        const stores = [store, await archive.another()]
        await all(4, async (index) => {
          for (let step = 0; step < 5; step++) await increment(stores[index % 2]!, 'count')
        })
        expect(read((await store.get('count'))?.bytes)).toBe('20')
      })

      test('a reader sees one version whole, never parts of two', async () => {
        const versions = Array.from({ length: 12 }, (_, index) =>
          text(String(index % 10).repeat(50_000 + index)),
        )
        await store.put('a', versions[0]!)
        let writing = true
        const writer = (async () => {
          for (const version of versions) await store.put('a', version)
          writing = false
        })()
        while (writing) {
          const got = await store.get('a')
          expect(new Set(got!.bytes).size).toBe(1)
          expect(got!.bytes.length).toBe(got!.size)
        }
        await writer
      })
    })

    describe('refusals', () => {
      const long = 'x'.repeat(256)
      const bad: Record<string, string> = {
        'an empty key': '',
        'a key from the root': '/a',
        'a key that ends with a separator': 'a/',
        'an empty part': 'a//b',
        "a '.' part": 'a/./b',
        "a '..' part": '../a',
        "a '..' part at the end": 'a/..',
        'a backslash': 'a\\b',
        'a NUL': 'a\0b',
        'a line break': 'a\nb',
        'a lone surrogate': 'a\ud83cb',
        'a part over 255 bytes': `a/${long}`,
        'a part over 255 bytes, though not characters': 'é'.repeat(128),
        'a key over 1024 bytes': Array(6).fill('x'.repeat(200)).join('/'),
        "the store's own folder": '.dmd/tmp/x',
        "the store's own folder itself": '.dmd',
      }
      test.each(Object.entries(bad))('%s is refused by every call', async (_, key) => {
        const refusal = expect.objectContaining({ code: 'KEY_INVALID', retryable: false })
        await expect(store.put(key, text('x'))).rejects.toEqual(refusal)
        await expect(store.get(key)).rejects.toEqual(refusal)
        await expect(store.head(key)).rejects.toEqual(refusal)
        await expect(store.delete(key)).rejects.toEqual(refusal)
        expect(await keys(store, '')).toEqual([])
      })

      test('keys at the limits are stored', async () => {
        const limits = [
          'x'.repeat(255),
          'a/.x/..y/...',
          Array(5).fill('x'.repeat(204)).join('/').slice(0, keyBytesMax),
          'a b+c%20?#&*:',
        ]
        await putAll(store, limits)
        expect(await keys(store, '')).toEqual(sorted(limits))
      })

      test('a call whose signal is aborted does nothing, and says why', async () => {
        const etag = await stored(store, 'a', 'one')
        const reason = new Error('the batch is over')
        const signal = AbortSignal.abort(reason)
        const calls = [
          () => store.put('a', text('two'), { signal }),
          () => store.put('b', text('two'), { condition: { ifAbsent: true }, signal }),
          () => store.put('a', text('two'), { condition: { ifMatch: etag }, signal }),
          () => store.get('a', { signal }),
          () => store.head('a', { signal }),
          () => store.delete('a', { signal }),
          () => infos(store, '', undefined, signal),
          () => onlyKeys(store, '', undefined, signal),
        ]
        for (const call of calls) {
          const error = await call().then(
            () => undefined,
            (caught: unknown) => caught,
          )
          expect(error).toBeInstanceOf(PipelineError)
          expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, cause: reason })
        }
        expect(await infos(store, '')).toEqual([{ key: 'a', size: 3, etag }])
      })

      test('a put that is aborted on its way stores the object whole or not at all', async () => {
        for (let turns = 0; turns < 12; turns++) {
          const controller = new AbortController()
          const put = store.put(`k${turns}`, text('whole'), { signal: controller.signal }).then(
            () => true,
            () => false,
          )
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
          controller.abort()
          const done = await put
          const got = await store.get(`k${turns}`)
          if (done || got !== undefined) expect(read(got?.bytes)).toBe('whole')
        }
      })
    })
  })
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function read(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function stored(store: ObjectStore, key: string, value: string): Promise<string> {
  const put = await store.put(key, text(value))
  if (put.outcome !== 'stored') throw new Error(`an unconditional put said ${put.outcome}`)
  return put.etag
}

/** Puts each key with itself as the object, a few at a time. */
async function putAll(store: ObjectStore, some: readonly string[]): Promise<void> {
  for (let start = 0; start < some.length; start += 16)
    await Promise.all(some.slice(start, start + 16).map((key) => store.put(key, text(key))))
}

async function infos(store: ObjectStore, prefix: string, after?: string, signal?: AbortSignal) {
  const found: ObjectInfo[] = []
  const options = { ...(after === undefined ? {} : { after }), ...(signal === undefined ? {} : { signal }) }
  for await (const info of store.list(prefix, options)) found.push(info)
  return found
}

/** The keys of a listing, which `keys` has to give as well. */
async function keys(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const listed = (await infos(store, prefix, after)).map((info) => info.key)
  expect(await onlyKeys(store, prefix, after), 'keys as list gives them').toEqual(listed)
  return listed
}

async function onlyKeys(store: ObjectStore, prefix: string, after?: string, signal?: AbortSignal) {
  const found: string[] = []
  const options = { ...(after === undefined ? {} : { after }), ...(signal === undefined ? {} : { signal }) }
  for await (const page of store.keys(prefix, options)) found.push(...page)
  return found
}

async function versionsOf(store: ObjectStore, key: string, signal?: AbortSignal): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = []
  for await (const version of store.versions!.list(key, signal ? { signal } : {})) found.push(version)
  return found
}

function all<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)))
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function sorted(some: readonly string[]): string[] {
  return [...some].sort(compare)
}
