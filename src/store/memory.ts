import { once } from 'node:events'
import { checkSignal, unavailable } from './failure.ts'
import { checkKey, compareKeys } from './key.ts'
import type { ObjectInfo, ObjectStore, ObjectTag, ObjectVersion, PutCondition, PutOutcome } from './store.ts'

type Version = ObjectVersion & { readonly bytes: Uint8Array; tag?: ObjectTag | undefined }

/** What a memory store holds. Several stores may share one, as several processes share an archive. */
export type MemoryArchive = {
  /** By key, the latest version last; never empty. */
  readonly objects: Map<string, readonly Version[]>
  /** Counts versions: ETags and version ids are made from it, so that equal runs give equal ones. */
  versions: number
}

/** One call of a memory store. A listing makes one call for each page. */
export type StoreCall = {
  readonly verb: 'put' | 'get' | 'head' | 'list' | 'tag' | 'delete' | 'list versions' | 'delete version'
  /** The key, or the prefix of a listing. */
  readonly key: string
  /** `before`: nothing has happened yet. `after`: the work is done, and its answer is on its way. */
  readonly at: 'before' | 'after'
}

export type MemoryOptions = {
  readonly archive?: MemoryArchive
  /** True keeps replaced and deleted objects as earlier versions, as a bucket with versions does. */
  readonly keepsVersions?: boolean
  /**
   * Is called before and after the work of each call. An error that it throws is the call's error: thrown `after`, the
   * answer of work that was done is lost. A promise that it returns is waited for, until the call's signal is aborted.
   */
  readonly onCall?: (call: StoreCall) => void | Promise<void>
}

const pageKeysMax = 1_000

/**
 * An archive in memory, for tests and simulations. It keeps the whole contract of `ObjectStore`, with versions and tags,
 * and is deterministic: no clock, no chance, no I/O.
 *
 * @example
 * const store = openMemoryStore({
 *   onCall: ({ verb, at }) => {
 *     if (verb === 'put' && at === 'after') throw new PipelineError('STORE_UNAVAILABLE', 'the answer was lost.')
 *   },
 * })
 */
export function openMemoryStore(options: MemoryOptions = {}): ObjectStore {
  const { archive = { objects: new Map(), versions: 0 }, keepsVersions = false, onCall } = options
  const { objects } = archive

  /** Runs `work`, which never waits: each call happens at one moment. */
  async function call<T>(
    verb: StoreCall['verb'],
    key: string,
    signal: AbortSignal | undefined,
    work: () => T,
  ): Promise<T> {
    checkSignal(signal)
    await unlessStopped(onCall?.({ verb, key, at: 'before' }), signal)
    const result = work()
    await unlessStopped(onCall?.({ verb, key, at: 'after' }), signal)
    return result
  }

  const current = (key: string): Version | undefined => {
    const version = objects.get(key)?.at(-1)
    return version?.isDeleteMarker ? undefined : version
  }

  /** Makes this version the latest one. */
  function add(key: string, bytes: Uint8Array, over: Partial<Version>): Version {
    archive.versions += 1
    const id = keepsVersions ? `v${archive.versions}` : 'null'
    const etag = `"${archive.versions}"`
    const made = { key, id, isLatest: true, isDeleteMarker: false, size: bytes.length, etag, bytes, ...over }
    const before: readonly Version[] = keepsVersions ? (objects.get(key) ?? []) : []
    objects.set(key, [...before.map((version) => ({ ...version, isLatest: false })), made])
    return made
  }

  function put(key: string, bytes: Uint8Array, condition?: PutCondition, tag?: ObjectTag): PutOutcome {
    const found = current(key)
    if (condition !== undefined && 'ifAbsent' in condition && found !== undefined)
      return { outcome: 'exists' }
    if (condition !== undefined && 'ifMatch' in condition && found?.etag !== condition.ifMatch)
      return { outcome: 'changed' }
    return { outcome: 'stored', etag: add(key, bytes, { tag }).etag }
  }

  function remove(key: string, ifMatch: string | undefined): boolean {
    const found = current(key)
    if (found === undefined || (ifMatch !== undefined && found.etag !== ifMatch)) return false
    if (keepsVersions) add(key, new Uint8Array(), { isDeleteMarker: true, etag: '' })
    else objects.delete(key)
    return true
  }

  function removeVersion(key: string, id: string): void {
    const before: readonly Version[] = objects.get(key) ?? []
    const left = before.filter((version) => version.id !== id)
    if (left.length === 0) objects.delete(key)
    else objects.set(key, [...left.slice(0, -1), { ...left.at(-1)!, isLatest: true }])
  }

  async function* pages(prefix: string, { after, signal }: { after?: string; signal?: AbortSignal } = {}) {
    let left: readonly string[] | undefined
    do {
      const page = await call('list', prefix, signal, () => {
        const isListed = (key: string) =>
          key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0)
        const keys: readonly string[] = left ?? [...objects.keys()].filter(isListed).sort(compareKeys)
        left = keys.slice(pageKeysMax)
        return keys.slice(0, pageKeysMax).flatMap((key) => {
          const found = current(key)
          return found === undefined ? [] : [infoOf(found)]
        })
      })
      if (page.length > 0) yield page
    } while (left !== undefined && left.length > 0)
  }

  return {
    url: 'memory:',
    versions: {
      async *list(key, options) {
        checkKey(key)
        const found = await call('list versions', key, options?.signal, () => objects.get(key) ?? [])
        for (const { bytes: _, tag: __, ...version } of found) yield version
      },
      async delete(key, id, options) {
        checkKey(key)
        await call('delete version', key, options?.signal, () => removeVersion(key, id))
      },
    },
    async put(key, bytes, options) {
      checkKey(key)
      const copy = Uint8Array.from(bytes)
      return call('put', key, options?.signal, () => put(key, copy, options?.condition, options?.tag))
    },
    async get(key, options) {
      checkKey(key)
      const found = await call('get', key, options?.signal, () => current(key))
      return found && { ...infoOf(found), bytes: Uint8Array.from(found.bytes) }
    },
    async head(key, options) {
      checkKey(key)
      const found = await call('head', key, options?.signal, () => current(key))
      return found && infoOf(found)
    },
    async *list(prefix, options) {
      for await (const page of pages(prefix, options)) yield* page
    },
    async *keys(prefix, options) {
      for await (const page of pages(prefix, options)) yield page.map(({ key }) => key)
    },
    async tag(key, tag, options) {
      checkKey(key)
      await call('tag', key, options?.signal, () => {
        const found = current(key)
        if (found === undefined) throw unavailable(`tag ${key}`, 'NoSuchKey', 'Store the object first')
        found.tag = tag
      })
    },
    async delete(key, options) {
      checkKey(key)
      return call('delete', key, options?.signal, () => remove(key, options?.ifMatch))
    },
  }
}

function infoOf({ key, size, etag }: Version): ObjectInfo {
  return { key, size, etag }
}

/** Waits for a hook, no longer than the call may take. */
async function unlessStopped(waiting: void | Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (waiting !== undefined && signal !== undefined && !signal.aborted) {
    const stopping = new AbortController()
    const aborted = once(signal, 'abort', { signal: stopping.signal }).catch(() => undefined)
    await Promise.race([waiting, aborted]).finally(() => stopping.abort())
  } else if (!signal?.aborted) await waiting
  checkSignal(signal)
}
