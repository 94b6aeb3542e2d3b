import { expect, test } from 'vitest'
import { type MemoryArchive, openMemoryStore, type StoreCall } from '../../src/store/memory.ts'
import { storeContract } from '../contract/store.ts'

for (const keepsVersions of [false, true]) {
  storeContract(
    `the memory store, ${keepsVersions ? 'with' : 'without'} versions,`,
    async () => {
      const archive: MemoryArchive = { objects: new Map(), versions: 0 }
      return {
        store: openMemoryStore({ archive, keepsVersions }),
        another: async () => openMemoryStore({ archive, keepsVersions }),
      }
    },
    { versions: keepsVersions ? 'kept' : 'latest only' },
  )
}

const text = (value: string) => new TextEncoder().encode(value)

test('the hook sees every call before and after its work, listings by the page', async () => {
  const calls: StoreCall[] = []
  const store = openMemoryStore({ onCall: (call) => void calls.push(call) })
  await store.put('a', text('one'))
  await store.get('a')
  await store.head('a')
  await store.tag?.('a', { name: 'n', value: 'v' })
  for await (const _ of store.list('a'));
  for await (const _ of store.keys('a'));
  for await (const _ of store.versions!.list('a'));
  await store.versions!.delete('a', 'none')
  await store.delete('a')
  const verbs = [
    ...['put', 'get', 'head', 'tag', 'list', 'list'],
    ...['list versions', 'delete version', 'delete'],
  ]
  expect(calls).toEqual(
    verbs.flatMap((verb) => ['before', 'after'].map((at) => ({ verb, key: 'a', at }) as StoreCall)),
  )
})

test('a fault before the work changes nothing; a fault after it loses only the answer', async () => {
  let failsAt: StoreCall['at'] = 'before'
  const down = new Error('down')
  const archive: MemoryArchive = { objects: new Map(), versions: 0 }
  const broken = openMemoryStore({
    archive,
    onCall: ({ at }) => {
      if (at === failsAt) throw down
    },
  })
  const store = openMemoryStore({ archive })
  await expect(broken.put('a', text('one'))).rejects.toBe(down)
  expect(await store.get('a')).toBeUndefined()
  failsAt = 'after'
  await expect(broken.put('a', text('one'))).rejects.toBe(down)
  expect(await store.head('a')).toMatchObject({ size: 3 })
  await expect(broken.delete('a')).rejects.toBe(down)
  expect(await store.get('a')).toBeUndefined()
})

test('a call that hangs ends when its signal is aborted, with the reason as its cause', async () => {
  const reason = new Error('too slow')
  for (const hangsAt of ['before', 'after']) {
    const stopping = new AbortController()
    const store = openMemoryStore({
      onCall: ({ at }) => {
        if (at !== hangsAt) return
        queueMicrotask(() => stopping.abort(reason))
        return new Promise(() => {})
      },
    })
    const put = store.put('a', text('one'), { signal: stopping.signal })
    await expect(put).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: reason })
  }
})

test('equal calls give equal ETags and versions, in any process', async () => {
  const run = async () => {
    const store = openMemoryStore({ keepsVersions: true })
    const puts = [await store.put('a', text('one')), await store.put('a', text('two'))]
    await store.delete('a')
    const versions = []
    for await (const version of store.versions!.list('a')) versions.push(version)
    return { puts, versions }
  }
  expect(await run()).toEqual(await run())
})

test('tags are kept with the object, and the last one stays', async () => {
  const archive: MemoryArchive = { objects: new Map(), versions: 0 }
  const store = openMemoryStore({ archive })
  await store.put('a', text('one'), { tag: { name: 'n', value: 'first' } })
  await store.tag?.('a', { name: 'n', value: 'second' })
  expect(archive.objects.get('a')?.at(-1)?.tag).toEqual({ name: 'n', value: 'second' })
  await expect(store.tag?.('b', { name: 'n', value: 'v' })).rejects.toThrow('NoSuchKey')
})

test('the bytes of an object are its own: neither the writer nor a reader can change them', async () => {
  const store = openMemoryStore()
  const bytes = text('one')
  await store.put('a', bytes)
  bytes.fill(0)
  ;(await store.get('a'))?.bytes.fill(0)
  expect((await store.get('a'))?.bytes).toEqual(text('one'))
})
