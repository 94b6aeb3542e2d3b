import type { ObjectInfo } from '../../store/store.ts'
import type { ReadableStore } from '../files.ts'
import { type ArchiveCall, type CallReply, fromSent, type ListedPage, pageMax, toSent } from './protocol.ts'

/** The archive as the child sees it: every call is asked of the parent. The child has no credentials of its own. */
export function createRemoteStore(
  url: string,
  ask: (call: ArchiveCall) => Promise<CallReply>,
): ReadableStore {
  const call = async (asked: ArchiveCall): Promise<Exclude<CallReply, { failed: unknown }>> => {
    const reply = await ask(asked)
    if ('failed' in reply) throw fromSent(reply.failed)
    return reply
  }
  let lists = 0
  return {
    url,
    get: async (key, { signal } = {}) => {
      signal?.throwIfAborted()
      const reply = await call({ kind: 'get', key })
      return 'object' in reply ? reply.object : undefined
    },
    list: async function* (prefix, { signal } = {}) {
      const list = ++lists
      for (;;) {
        signal?.throwIfAborted()
        const reply = await call({ kind: 'page', list, prefix })
        if (!('page' in reply)) return
        yield* reply.page.objects
        if (reply.page.isLast) return
      }
    },
  }
}

/** Answers the calls of one statement's child. `signal` ends those that are under way. */
export function serveStore(
  store: ReadableStore,
  signal: AbortSignal,
): (call: ArchiveCall) => Promise<CallReply> {
  const lists = new Map<number, AsyncIterator<ObjectInfo>>()
  const readPage = async (list: number, prefix: string): Promise<ListedPage> => {
    const objects = lists.get(list) ?? store.list(prefix, { signal })[Symbol.asyncIterator]()
    lists.set(list, objects)
    const page: ObjectInfo[] = []
    while (page.length < pageMax) {
      const { done, value } = await objects.next()
      if (done) {
        lists.delete(list)
        return { objects: page, isLast: true }
      }
      page.push({ key: value.key, size: value.size, etag: value.etag })
    }
    return { objects: page, isLast: false }
  }
  return async (call) => {
    try {
      if (call.kind === 'page') return { page: await readPage(call.list, call.prefix) }
      const object = await store.get(call.key, { signal })
      if (!object) return { object }
      const { key, size, etag, bytes } = object
      return { object: { key, size, etag, bytes } }
    } catch (error) {
      return { failed: toSent(error) }
    }
  }
}
