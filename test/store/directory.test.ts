import { spawnSync } from 'node:child_process'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemRuntime } from '../../src/runtime.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { withLock, writeTemp } from '../../src/store/scratch.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { storeContract } from '../contract/store.ts'
import { expectClean, withRoot } from './process.ts'

storeContract('the directory store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'dmd-'))
  return {
    store: await openDirectoryStore(root),
    another: () => openDirectoryStore(root),
    close: async () => {
      await expectClean(root)
      await rm(root, { recursive: true })
    },
  }
})

const text = (value: string) => new TextEncoder().encode(value)
const unavailable = (message: RegExp) => ({
  code: 'STORE_UNAVAILABLE',
  message: expect.stringMatching(message),
})

async function keys(store: ObjectStore, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found
}

describe('an object', () => {
  test('is the plain file under its key', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('data/demand/partition_date=2025-02-13/x.avro', text('bytes'))
      const path = join(root, 'data/demand/partition_date=2025-02-13/x.avro')
      expect(await readFile(path, 'utf8')).toBe('bytes')
      await writeFile(join(root, 'data/by-hand'), 'hand')
      expect((await store.get('data/by-hand'))?.size).toBe(4)
      expect(store.url).toBe(pathToFileURL(root).href)
    })
  })

  test('replaced in the same instant by one of the same size never keeps its ETag', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      const etags = new Set<string>()
      for (let round = 0; round < 120; round++) {
        // Round by round the inode of the last one but one is free again.
        const put = await store.put('key', text(round % 2 === 0 ? 'a' : 'b'))
        if (put.outcome === 'stored') etags.add(put.etag)
        if (round % 5 === 4) await store.delete('key')
      }
      expect(etags.size).toBe(120)
    })
  })

  test('replaced keeps no ETag even when somebody gives the files the same times', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      for (const time of [1_000_000_000, 4_000_000_000]) {
        await store.put('key', text('one'))
        await utimes(join(root, 'key'), time, time)
        const before = (await store.head('key'))!.etag
        // A time that is decades ahead is not waited for: the test would not end.
        await store.put('key', text('two'))
        await utimes(join(root, 'key'), time, time)
        expect((await store.head('key'))!.etag).not.toBe(before)
      }
    })
  })

  test('is not replaced or deleted in the very instant of its time, when its inode could get it again', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      for (const change of [() => store.put('key', text('two')), () => store.delete('key')]) {
        await store.put('key', text('one'))
        const time = Date.now() + 300
        await utimes(join(root, 'key'), time / 1000, time / 1000)
        await change()
        // The file system's clock may lag behind by its grain.
        expect(Date.now()).toBeGreaterThan(time - 5)
      }
    })
  })

  test('changed by hand has another ETag', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('key', text('one'))
      const etag = (await store.head('key'))!.etag
      await new Promise((resolve) => setTimeout(resolve, 20))
      await writeFile(join(root, 'key'), 'two')
      expect(await store.put('key', text('three'), { condition: { ifMatch: etag } })).toEqual({
        outcome: 'changed',
      })
    })
  })
})

describe('two archives', () => {
  test('with the same objects are the same to diff, whatever was done to get there', async () => {
    await withRoot(async (root) => {
      const one = await openDirectoryStore(join(root, 'one'))
      const two = await openDirectoryStore(join(root, 'two'))
      await one.put('data/a', text('a'), { condition: { ifAbsent: true } })
      await two.put('data/b', text('b'))
      await two.put('data/a', text('b'))
      await two.put('data/a', text('a'))
      await two.delete('data/b')
      const diff = spawnSync('diff', ['-r', 'one', 'two'], { cwd: root, encoding: 'utf8' })
      expect(diff.stdout).toBe('')
      expect(diff.status).toBe(0)
    })
  })
})

describe('what is made', () => {
  const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8)
  const modesIn = async (root: string) => {
    const names = ['.', ...(await readdir(root, { recursive: true }))]
    return Promise.all(names.map(async (name) => `${await modeOf(join(root, name))} ${name}`))
  }

  test('is for its owner alone; what was there keeps its rights', async () => {
    await withRoot(async (root) => {
      await chmod(root, 0o755)
      const archive = join(root, 'new/archive')
      const store = await openDirectoryStore(archive)
      await store.put('data/demand/x', text('1'), { condition: { ifAbsent: true } })
      await store.put('data/demand/x', text('2'))
      await store.put('errors/y', text('1'))
      await store.delete('errors/y')
      expect((await modesIn(archive)).sort()).toEqual(
        ['.', '.dmd', '.dmd/locks', '.dmd/tmp', 'data', 'data/demand', 'errors']
          .map((name) => `700 ${name}`)
          .concat('600 data/demand/x')
          .sort(),
      )
      expect([await modeOf(root), await modeOf(join(root, 'new'))]).toEqual(['755', '700'])
      await chmod(archive, 0o750)
      await chmod(join(archive, 'data'), 0o755)
      await (await openDirectoryStore(archive)).put('data/z', text('1'))
      expect(await Promise.all(['.', 'data', 'data/z'].map((name) => modeOf(join(archive, name))))).toEqual([
        ...['750', '755', '600'],
      ])
    })
  })

  test('for a moment, a lock or an object that is being written, is so as well', async () => {
    await withRoot(async (root) => {
      const scratch = { tmp: join(root, 'tmp'), locks: join(root, 'locks') }
      for (const folder of [scratch.tmp, scratch.locks]) await mkdir(folder, { mode: 0o700 })
      await writeTemp(scratch, text('1'))
      await withLock(
        scratch,
        { name: 'lock', key: 'k', waitMs: 0, sleep: systemRuntime().sleep, signal: undefined },
        async () => {
          for (const line of await modesIn(root)) expect(line).toMatch(/^(?:700|600) /)
          expect(await readdir(root, { recursive: true })).toHaveLength(5)
        },
      )
    })
  })
})

describe('opening', () => {
  test('makes a missing directory, with those above it', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(join(root, 'a/b/c'))
      expect(await keys(store)).toEqual([])
      expect((await lstat(join(root, 'a/b/c'))).isDirectory()).toBe(true)
    })
  })

  test('and reading an archive write nothing to it', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root, { create: false })
      await keys(store)
      await store.get('a')
      await store.delete('a')
      await store.put('a', text('x'), { condition: { ifMatch: 'none' } })
      expect(await readdir(root)).toEqual([])
    })
  })

  test('a missing archive that is not to be made says that there is none yet', async () => {
    await withRoot(async (root) => {
      await expect(openDirectoryStore(join(root, 'none'), { create: false })).rejects.toMatchObject(
        unavailable(/no archive at .*none yet\. Deliver records/),
      )
      expect(await readdir(root)).toEqual([])
    })
  })

  test('a file, or a path below a file, is refused', async () => {
    await withRoot(async (root) => {
      await writeFile(join(root, 'file'), '')
      await expect(openDirectoryStore(join(root, 'file'))).rejects.toMatchObject({
        code: 'SETTING_INVALID',
        message: expect.stringMatching(/file is no directory/),
      })
      await expect(openDirectoryStore(join(root, 'file/below'))).rejects.toMatchObject(
        unavailable(/ENOTDIR.*move it away/),
      )
    })
  })
})

describe('what is in the way', () => {
  test('a file where a folder is needed, and a folder where the object belongs, are named with the fix', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('file', text('x'))
      await store.put('folder/x', text('x'))
      for (const condition of [undefined, { ifAbsent: true } as const]) {
        const options = condition === undefined ? {} : { condition }
        for (const key of ['file/x', 'file/x/y', 'folder'])
          await expect(store.put(key, text('y'), options), key).rejects.toMatchObject(
            unavailable(/\. Move it away|move it away/),
          )
      }
      expect(await keys(store)).toEqual(['file', 'folder/x'])
      await expectClean(root)
      await store.delete('file')
      expect(await store.put('file/x/y', text('y'))).toMatchObject({ outcome: 'stored' })
    })
  })

  test('a path that is too long for the system is named with the fix', async () => {
    await withRoot(async (root) => {
      // Linux takes paths of 4096 bytes; deep folders need to be made step by step.
      const deep = join(root, ...Array(15).fill('d'.repeat(250)))
      const store = await openDirectoryStore(deep)
      const key = Array(4).fill('k'.repeat(200)).join('/')
      await expect(store.put(key, text('x'))).rejects.toMatchObject(unavailable(/ENAMETOOLONG.*shorter path/))
    })
  })

  test('folders that somebody removed are made again', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('a/b/c', text('1'))
      await rm(join(root, 'a'), { recursive: true })
      expect(await store.put('a/b/c', text('2'), { condition: { ifAbsent: true } })).toMatchObject({
        outcome: 'stored',
      })
      await rm(join(root, '.dmd'), { recursive: true })
      expect(await store.put('a/b/c', text('3'))).toMatchObject({ outcome: 'stored' })
      await rm(join(root, '.dmd'), { recursive: true })
      expect(await store.delete('a/b/c')).toBe(true)
    })
  })

  test('an archive that is gone is unavailable, not empty, and is not begun anew', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(join(root, 'archive'))
      await store.put('a/b', text('1'))
      await rm(join(root, 'archive'), { recursive: true })
      const gone = unavailable(/ENOENT.*mounted/)
      await expect(store.get('a/b')).rejects.toMatchObject(gone)
      await expect(store.head('a/b')).rejects.toMatchObject(gone)
      await expect(keys(store)).rejects.toMatchObject(gone)
      await expect(keys(store, 'a/')).rejects.toMatchObject(gone)
      await expect(store.delete('a/b')).rejects.toMatchObject(gone)
      await expect(store.put('a/b', text('2'))).rejects.toMatchObject(gone)
      await expect(store.put('c', text('2'), { condition: { ifAbsent: true } })).rejects.toMatchObject(gone)
      await expect(store.put('c', text('2'), { condition: { ifMatch: 'x' } })).rejects.toMatchObject(gone)
      expect(await readdir(root)).toEqual([])
    })
  })
})

describe('what is no object', () => {
  test('symbolic links, and names that are no keys, are not listed', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(join(root, 'archive'))
      await store.put('data/a', text('1'))
      await mkdir(join(root, 'outside'))
      await writeFile(join(root, 'outside/secret'), 'x')
      await symlink(join(root, 'outside'), join(root, 'archive/linked'))
      await symlink(join(root, 'outside/secret'), join(root, 'archive/data/link'))
      await symlink('.', join(root, 'archive/data/loop'))
      await writeFile(join(root, 'archive/back\\slash'), 'x')
      await writeFile(Buffer.concat([Buffer.from(`${root}/archive/not-`), Buffer.from([0xff])]), 'x')
      expect(await keys(store)).toEqual(['data/a'])
      expect(await keys(store, 'linked/')).toEqual([])
      expect(await keys(store, 'data/l')).toEqual([])
      expect(await store.get('data/link')).toBeUndefined()
      expect(await store.head('data/link')).toBeUndefined()
      await expect(store.put('linked/x', text('x'))).rejects.toMatchObject(unavailable(/link\)\. Move it/))
      for (const options of [{}, { condition: { ifAbsent: true } as const }])
        await expect(store.put('data/link', text('x'), options)).rejects.toMatchObject(unavailable(/link/))
      expect(await readdir(join(root, 'outside'))).toEqual(['secret'])
    })
  })

  test('a pipe does not hold a reader up', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      expect(spawnSync('mkfifo', [join(root, 'pipe')]).status).toBe(0)
      expect(await store.get('pipe')).toBeUndefined()
      expect(await store.head('pipe')).toBeUndefined()
      expect(await keys(store)).toEqual([])
    })
  })

  test("the store's own folder is not listed, whatever is in it", async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('a', text('1'))
      await writeFile(join(root, '.dmd/x'), '')
      expect(await keys(store)).toEqual(['a'])
      expect(await keys(store, '.dmd/')).toEqual([])
      expect(await keys(store, '.d')).toEqual([])
      await store.put('.dmdx/a', text('1'))
      expect(await keys(store, '.d')).toEqual(['.dmdx/a'])
    })
  })
})

describe('any sequence of operations', () => {
  const key = fc.constantFrom('a', 'b-c', 'b.c', 'b/c', 'b/d/e', 'b/d-e', 'é', '🎟/x')
  /** Which of the ETags ever seen under the key: 0 is the latest. */
  const age = fc.nat({ max: 2 })
  const operation = fc.oneof(
    fc.record({ do: fc.constant('put' as const), key, bytes: fc.uint8Array({ maxLength: 3 }) }),
    fc.record({ do: fc.constant('create' as const), key, bytes: fc.uint8Array({ maxLength: 3 }) }),
    fc.record({ do: fc.constant('replace' as const), key, bytes: fc.uint8Array({ maxLength: 3 }), age }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('deleteMatch' as const), key, age }),
    fc.record({ do: fc.constant('reopen' as const) }),
    fc.record({
      do: fc.constant('list' as const),
      prefix: fc.constantFrom('', 'b', 'b/', 'b/d'),
      after: key,
    }),
  )
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

  test('leaves the store as it would leave a plain map', async () => {
    const property = fc.asyncProperty(fc.array(operation, { maxLength: 25 }), (operations) =>
      withRoot(async (root) => {
        const model = new Map<string, { bytes: Uint8Array; etag: string }>()
        const etags = new Map<string, string[]>()
        let store = await openDirectoryStore(root)
        for (const each of operations) {
          if (each.do === 'reopen') store = await openDirectoryStore(root)
          else await apply(store, model, etags, each)
        }
        for (const [name, { bytes, etag }] of model) {
          const got = await store.get(name)
          expect(got?.etag).toBe(etag)
          expect(Buffer.compare(got!.bytes, bytes)).toBe(0)
        }
        expect(await keys(store)).toEqual(sorted(model.keys()))
        await expectClean(root)
      }),
    )
    await fc.assert(property, { numRuns: 60 })
  })

  async function apply(
    store: ObjectStore,
    model: Map<string, { bytes: Uint8Array; etag: string }>,
    etags: Map<string, string[]>,
    each: Exclude<Operation, { do: 'reopen' }>,
  ): Promise<void> {
    if (each.do === 'list') {
      const found: string[] = []
      for await (const info of store.list(each.prefix, { after: each.after })) found.push(info.key)
      const isDue = (name: string) =>
        name.startsWith(each.prefix) && Buffer.compare(Buffer.from(name), Buffer.from(each.after)) > 0
      expect(found).toEqual(sorted(model.keys()).filter(isDue))
      return
    }
    const current = model.get(each.key)
    const past = etags.get(each.key) ?? []
    const etag = ('age' in each ? past.at(-1 - each.age) : undefined) ?? 'none'
    if (each.do === 'delete' || each.do === 'deleteMatch') {
      const isDue = current !== undefined && (each.do === 'delete' || current.etag === etag)
      expect(await store.delete(each.key, each.do === 'delete' ? {} : { ifMatch: etag })).toBe(isDue)
      if (isDue) model.delete(each.key)
      return
    }
    const condition =
      each.do === 'put'
        ? {}
        : { condition: each.do === 'create' ? { ifAbsent: true as const } : { ifMatch: etag } }
    const put = await store.put(each.key, each.bytes, condition)
    if (each.do === 'create' && current !== undefined) return expect(put).toEqual({ outcome: 'exists' })
    if (each.do === 'replace' && current?.etag !== etag) return expect(put).toEqual({ outcome: 'changed' })
    if (put.outcome !== 'stored') throw new Error(`${each.do} said ${put.outcome}`)
    expect(past).not.toContain(put.etag)
    etags.set(each.key, [...past, put.etag])
    model.set(each.key, { bytes: each.bytes, etag: put.etag })
  }

  const sorted = (some: Iterable<string>) =>
    [...some].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
})
