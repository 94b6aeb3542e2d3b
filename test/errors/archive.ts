import { loadCatalog } from '../../src/catalog.ts'
import { type DiscardedBatch, writeFailedBatch } from '../../src/codec/failed-batch.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { type Delivery, deliverBatch } from '../../src/delivery/worker.ts'
import { type Edit, noEdit, parsePatch } from '../../src/errors/edit.ts'
import { isOpen, type ReplayReport, readHistory } from '../../src/errors/history.ts'
import { freeze, type ReplayParts, type ReplayRequest, replay } from '../../src/errors/replay.ts'
import { triage } from '../../src/errors/triage.ts'
import { PipelineError } from '../../src/record/error.ts'
import { readSettings } from '../../src/settings.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { change, demandItem, records } from '../changes.ts'
import { runtimeWith } from '../support/runtime.ts'

export const catalog = loadCatalog()
export const rules = toRules(catalog, readSettings({}))

/** A demand that lacks its saleId, one of many. */
export function withoutSale(n: number): Uint8Array {
  const { saleId: _, ...item } = demandItem
  const fan = { PK: `FAN#${n}`, fanId: `fan-${n}`, email: `canary${n}@example.com` }
  return change({ id: `no-sale-${n}`, item: { ...item, ...fan } as never })
}

export function patch(operations: unknown): Edit {
  return parsePatch(Buffer.from(JSON.stringify(operations)), 'patch')
}

export const addSale = (saleId = 'sale-1') =>
  patch([{ op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: saleId } }])

/** Stores a discarded batch as the mapping does; returns its key. */
export async function storeFailedBatch(store: ObjectStore, batch: DiscardedBatch): Promise<string> {
  const { key, bytes } = writeFailedBatch(batch)
  await store.put(key, bytes, { condition: { ifAbsent: true } })
  return key
}

export type ErrorArchive = {
  readonly store: ObjectStore
  readonly deliver: (
    payloads: readonly Uint8Array[],
    store?: ObjectStore,
    shard?: string,
  ) => Promise<Delivery>
  readonly keys: (prefix: string) => Promise<readonly string[]>
  /** Every object below a prefix, key and bytes. */
  readonly contents: (prefix: string) => Promise<ReadonlyMap<string, string>>
}

/** An archive of its own, which the worker fills. */
export function openErrorArchive(): ErrorArchive {
  const store = openMemoryStore()
  return {
    store,
    deliver: (payloads, to = store, shard = 'shard-0') =>
      deliverBatch(
        { stream: 'changes', shard, records: records(payloads) },
        { store: to, rules, runtime: runtimeWith({ clock: () => 0 }), putsParallel: 8, putTimeoutMs: 30_000 },
      ),
    keys: (prefix) => keysOf(store, prefix),
    contents: async (prefix) => {
      const found = new Map<string, string>()
      for await (const { key } of store.list(prefix))
        found.set(key, Buffer.from((await store.get(key))?.bytes ?? []).toString('latin1'))
      return found
    },
  }
}

export async function keysOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  const found: string[] = []
  for await (const page of store.keys(prefix)) found.push(...page)
  return found
}

let replays = 0

/** Replays error files of an archive: all open ones unless told. */
export async function replayAll(
  store: ObjectStore,
  edit: Edit = noEdit,
  over: Partial<ReplayRequest & ReplayParts> & { readonly keys?: readonly string[] } = {},
): Promise<ReplayReport> {
  const { request, parts } = await prepare(store, edit, over)
  return replay(request, parts)
}

export async function prepare(
  store: ObjectStore,
  edit: Edit = noEdit,
  over: Partial<ReplayRequest & ReplayParts> & { readonly keys?: readonly string[] } = {},
): Promise<{ readonly request: ReplayRequest; readonly parts: ReplayParts }> {
  const { entries } = await triage(store, catalog)
  const history = await readHistory(store)
  const open = entries.map(({ key }) => key).filter((key) => isOpen(history, key))
  replays += 1
  const now = Date.UTC(2025, 1, 14) + replays
  return {
    request: {
      id: `20250214T000000${String(replays).padStart(3, '0')}Z-replay`,
      by: 'ops',
      asked: 'all',
      selection: freeze(over.keys ?? open),
      edit,
      history,
      ...over,
    },
    parts: { store, rules, clock: () => now, putsParallel: 8, ...over },
  }
}

export class Killed extends Error {}

/**
 * A store that dies at its `at`-th put, before it takes effect or right after; everything after that fails too, as it
 * does when a process is killed. Counts its puts.
 */
export function mortal(
  store: ObjectStore,
  at = Number.POSITIVE_INFINITY,
  when: 'before' | 'after' = 'before',
): ObjectStore & { readonly puts: () => number } {
  let puts = 0
  return {
    ...store,
    puts: () => puts,
    put: async (...args) => {
      puts += 1
      const mine = puts
      if (mine > at || (mine === at && when === 'before')) throw new Killed()
      const outcome = await store.put(...args)
      if (mine === at) throw new Killed()
      return outcome
    },
  }
}

/** A store that refuses to write some objects, as one does that cannot be reached. */
export function failing(store: ObjectStore, isRefused: (key: string) => boolean): ObjectStore {
  return {
    ...store,
    put: async (key, bytes, options) => {
      if (isRefused(key)) throw new PipelineError('STORE_UNAVAILABLE', `cannot put ${key}`)
      return store.put(key, bytes, options)
    },
  }
}
