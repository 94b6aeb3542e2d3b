import type { ObjectStore } from '../../src/store/store.ts'

/** Adds one to the number under a key, again until nobody came in between. */
export async function increment(store: ObjectStore, key: string): Promise<void> {
  for (;;) {
    const current = await store.get(key)
    if (current === undefined) throw new Error(`no ${key}`)
    const next = new TextEncoder().encode(String(Number(new TextDecoder().decode(current.bytes)) + 1))
    const put = await store.put(key, next, { condition: { ifMatch: current.etag } })
    if (put.outcome === 'stored') return
  }
}
