import { createHash } from 'node:crypto'
import { mkdir, readdir, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { nextName } from '../../src/store/owner.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { increment } from '../contract/increment.ts'
import { eventually } from '../eventually.ts'
import { type Child, expectClean, startChild, useChildren, withRoot } from './process.ts'
import { sealed, unsealed } from './steps.ts'

useChildren()

const lockName = (key: string) => createHash('sha256').update(key).digest('hex')
const text = (value: string) => new TextEncoder().encode(value)

/** Starts them all, and lets them go at once. */
async function race(children: Child[]): Promise<string[]> {
  await Promise.all(children.map((child) => child.said('ready')))
  for (const child of children) child.process.stdin!.write('go\n')
  await Promise.all(children.map((child) => child.ended))
  return children.map((child) => child.lines.at(-1)!)
}

/** A lock whose owner was killed. */
async function leaveDeadLock(root: string, key: string): Promise<void> {
  await openDirectoryStore(root).then((store) => store.put('makes/the/folders', text('')))
  const holder = startChild('hold', root, lockName(key))
  await holder.said('held')
  await holder.kill()
  expect(await readdir(join(root, '.dmd/locks', lockName(key)))).toHaveLength(1)
}

async function leaveLock(root: string, key: string, owner: string): Promise<string> {
  const folder = join(root, '.dmd/locks', lockName(key))
  await mkdir(folder, { recursive: true })
  await mkdir(join(root, '.dmd/tmp'), { recursive: true })
  await writeFile(join(folder, owner), '')
  return join(folder, owner)
}

describe('several processes', () => {
  test('that create the same key: exactly one wins, and its bytes are the object', async () => {
    await withRoot(async (root) => {
      const labels = ['0', '1', '2', '3', '4', '5']
      const outcomes = await race(labels.map((label) => startChild('create', root, 'data/new/key', label)))
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(5)
      const got = await (await openDirectoryStore(root)).get('data/new/key')
      expect(unsealed(got!.bytes)).toBe(labels[outcomes.indexOf('stored')])
      await expectClean(root)
    })
  })

  test('that count together by conditional replacement lose no step, though the lock was left by a dead one', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('count', text('0'))
      const children = Array.from({ length: 4 }, () => startChild('count', root, 'count', '20'))
      await Promise.all(children.map((child) => child.said('ready')))
      await leaveDeadLock(root, 'count')
      expect(await race(children)).toEqual(Array(4).fill('counted'))
      expect(new TextDecoder().decode((await store.get('count'))?.bytes)).toBe('80')
      await expectClean(root)
    })
  })
})

describe('a lock', () => {
  const changes: Record<string, (store: ObjectStore) => Promise<unknown>> = {
    'an unconditional put': (store) => store.put('key', sealed('new')),
    'a conditional replacement': async (store) =>
      store.put('key', sealed('new'), { condition: { ifMatch: (await store.head('key'))!.etag } }),
    'a delete': (store) => store.delete('key'),
  }

  test.each(Object.entries(changes))('of a living process is not broken by %s', async (_, change) => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root, { busyWaitMs: 60 })
      await store.put('key', sealed('old'))
      const holder = startChild('hold', root, lockName('key'))
      await holder.said('held')
      // Opening it again does not sweep the lock away either, and a process that is stopped still lives.
      holder.process.kill('SIGSTOP')
      const another = await openDirectoryStore(root, { busyWaitMs: 60 })
      for (const each of [store, another])
        await expect(change(each)).rejects.toMatchObject({
          code: 'STORE_BUSY',
          retryable: true,
          message: expect.stringMatching(/key is locked by another process .*Run the same command again/),
        })
      expect(unsealed((await store.get('key'))!.bytes)).toBe('old')
      expect(await readdir(join(root, '.dmd/tmp'))).toEqual([])
      // What needs no lock goes on.
      expect(await store.put('key', sealed('x'), { condition: { ifAbsent: true } })).toEqual({
        outcome: 'exists',
      })
      await store.put('other', sealed('x'))
      await holder.kill()
      await change(store)
      await expectClean(root)
    })
  })

  test('of a dead process is broken, and then held by one at a time', async () => {
    await withRoot(async (root) => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => openDirectoryStore(root)))
      await stores[0]!.put('key', text('0'))
      for (let round = 0; round < 3; round++) {
        await leaveDeadLock(root, 'key')
        await Promise.all(
          Array.from({ length: 8 }, (_, index) => increment(stores[index % stores.length]!, 'key')),
        )
      }
      expect(new TextDecoder().decode((await stores[0]!.get('key'))?.bytes)).toBe('24')
      await expectClean(root)
    })
  })

  test('that was waited for does not hide what happened meanwhile', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await store.put('key', sealed('old'))
      const { etag } = (await store.head('key'))!
      const lock = await leaveLock(root, 'key', await nextName())
      const put = store.put('key', sealed('new'), { condition: { ifMatch: etag } })
      const deleted = store.delete('key', { ifMatch: etag })
      await eventually(async () => expect(await readdir(join(root, '.dmd/tmp'))).toHaveLength(3))
      await writeFile(join(root, 'key'), sealed('another'))
      await unlink(lock)
      expect(await put).toEqual({ outcome: 'changed' })
      expect(await deleted).toBe(false)
      expect(unsealed((await store.get('key'))!.bytes)).toBe('another')
      await expectClean(root)
    })
  })

  test('wait ends when the signal is aborted', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      await leaveLock(root, 'key', await nextName())
      const reason = new Error('time is up')
      const controller = new AbortController()
      const put = store.put('key', sealed('new'), { signal: controller.signal })
      setTimeout(() => controller.abort(reason), 20)
      await expect(put).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: reason })
      expect(await readdir(join(root, '.dmd/tmp'))).toEqual([])
      expect(await store.get('key')).toBeUndefined()
    })
  })

  test('of another host is respected for a day, and then swept by the next open', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root, { busyWaitMs: 5 })
      const path = await leaveLock(root, 'key', 'elsewhere.4026531836-999999999-abc-0')
      await expect(store.put('key', sealed('new'))).rejects.toMatchObject({
        code: 'STORE_BUSY',
        message: expect.stringContaining(`remove ${join(root, '.dmd/locks', lockName('key'))}.`),
      })
      const hours = (count: number) => new Date(Date.now() - count * 3_600_000)
      await utimes(path, hours(23), hours(23))
      await openDirectoryStore(root)
      await expect(store.put('key', sealed('new'))).rejects.toMatchObject({ code: 'STORE_BUSY' })
      await utimes(path, hours(25), hours(25))
      await openDirectoryStore(root)
      await expectClean(root)
      await store.put('key', sealed('new'))
    })
  })

  test.runIf(process.platform === 'linux')(
    'of a dead process is known even when its pid is in use again',
    async () => {
      await withRoot(async (root) => {
        const store = await openDirectoryStore(root, { busyWaitMs: 5 })
        const [, host, pid, start] = /^(.+)-(\d+)-(\w+)-\d+$/.exec(await nextName())!
        await leaveLock(root, 'key', `${host}-${pid}-${start}9-0`)
        await store.put('key', sealed('new'))
        await expectClean(root)
      })
    },
  )
})

describe('opening an archive', () => {
  test('sweeps what dead processes left, and what unknown ones left a day ago, and nothing else', async () => {
    await withRoot(async (root) => {
      const child = startChild('write', root, '1')
      await child.said('gone')
      await child.kill()
      const tmp = join(root, '.dmd/tmp')
      const alive = await nextName()
      const dead = alive.replace(/-\d+-(\w+)-\d+$/, '-999999999-$1-0')
      const names = [alive, dead, 'elsewhere-1-abc-0', 'elsewhere-1-abc-1', 'new rubbish', 'old rubbish']
      for (const name of names) await writeFile(join(tmp, name), 'x')
      await mkdir(join(tmp, `${dead}1`))
      await writeFile(join(tmp, `${dead}1`, dead), '')
      const before = new Date(Date.now() - 25 * 3_600_000)
      for (const name of [alive, 'elsewhere-1-abc-1', 'old rubbish'])
        await utimes(join(tmp, name), before, before)
      await openDirectoryStore(root)
      expect((await readdir(tmp)).sort()).toEqual([alive, 'elsewhere-1-abc-0', 'new rubbish'].sort())
    })
  })

  test('does not disturb stores of the same process at work', async () => {
    await withRoot(async (root) => {
      const store = await openDirectoryStore(root)
      const work = Array.from({ length: 40 }, (_, index) =>
        store.put(`k${index % 4}`, sealed(`${index}`, 50_000)),
      )
      let working = true
      const done = Promise.all(work).finally(() => {
        working = false
      })
      while (working) await openDirectoryStore(root).then((another) => another.put('k0', sealed('x')))
      expect((await done).map(({ outcome }) => outcome)).toEqual(Array(40).fill('stored'))
      await expectClean(root)
    })
  })
})
