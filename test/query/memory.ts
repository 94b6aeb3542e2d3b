import type { ObjectInfo, ObjectStore, StoredObject } from '../../src/store/store.ts'

/** A store without conditions, in memory, for archives that one test writes by itself. */
export function memoryStore(): ObjectStore {
  const objects = new Map<string, StoredObject>()
  let version = 0
  return {
    url: 'memory:',
    put: async (key, bytes) => {
      version += 1
      const etag = String(version)
      objects.set(key, { key, size: bytes.length, etag, bytes })
      return { outcome: 'stored', etag }
    },
    get: async (key) => objects.get(key),
    head: async (key) => objects.get(key),
    list: async function* (prefix): AsyncGenerator<ObjectInfo> {
      for (const key of [...objects.keys()].sort()) {
        const object = objects.get(key)
        if (object && key.startsWith(prefix)) yield object
      }
    },
    keys: async function* (prefix) {
      yield [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()
    },
    delete: async (key) => objects.delete(key),
  }
}
