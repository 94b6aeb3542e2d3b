import { join } from 'node:path'
import { loadCatalog } from '../../../src/catalog.ts'
import { readContainer } from '../../../src/codec/container.ts'
import { createHandler, type Handler } from '../../../src/delivery/handler.ts'
import { toRules } from '../../../src/delivery/rules.ts'
import { type MappingOptions, type RunningMapping, startMapping } from '../../../src/local/mapping.ts'
import type { ChangeSource } from '../../../src/local/source.ts'
import type { Item, Table } from '../../../src/local/table.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { readSettings } from '../../../src/settings.ts'
import { openDirectoryStore } from '../../../src/store/directory.ts'
import type { ObjectStore } from '../../../src/store/store.ts'
import { attributes, demandItem } from '../../changes.ts'
import { runtimeWith } from '../../support/runtime.ts'

/** The worker as Lambda has it, over a store. */
export function handlerOver(store: ObjectStore, runtime = systemRuntime()): Handler {
  const rules = toRules(loadCatalog(), readSettings({}))
  return createHandler({ store, rules, runtime, putsParallel: 4, putTimeoutMs: 600_000 })
}

/** A fan's request as an item. */
export function requestOf(n: number, more: Item = {}): Item {
  return { ...toItem({ ...demandItem, PK: `FAN#fan-${n}`, fanId: `fan-${n}` }), ...more }
}

/** One that lacks what a record must have. */
export function badRequest(n: number): Item {
  const { saleId: _, ...rest } = requestOf(n)
  return rest
}

const toItem = (fields: object): Item => JSON.parse(JSON.stringify(attributes(fields)))

export async function putRequests(table: Table, from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from }, (_, n) => table.put(requestOf(from + n))))
}

/** Small batches, so that there are many. */
export const small = {
  batchRecords: 20,
  windowMs: 20,
  pollMs: 20,
  parallelization: 2,
  backoffMs: [5, 40],
} as const

export async function start(
  source: ChangeSource,
  folder: string,
  more: Partial<MappingOptions> & { readonly store?: ObjectStore } = {},
): Promise<RunningMapping> {
  const {
    store = await openDirectoryStore(join(folder, 'archive')),
    runtime = runtimeWith({ random: () => 0.5 }),
    ...options
  } = more
  return startMapping({
    source,
    handler: handlerOver(store, runtime),
    folder: join(folder, 'mapping'),
    failures: store,
    runtime,
    ...options,
    settings: { ...small, ...options.settings },
  })
}

/** Every row and error of an archive: what was delivered twice stands here twice. */
export async function contents(folder: string): Promise<readonly string[]> {
  const store = await openDirectoryStore(join(folder, 'archive'))
  const found: string[] = []
  for await (const { key } of store.list('')) {
    const bytes = (await store.get(key))?.bytes ?? new Uint8Array()
    if (key.startsWith('data/')) {
      for (const row of readContainer(bytes, key).rows()) {
        const { id, sequence, key: item } = row.change as { id: string; sequence: string; key: string }
        found.push(`${row.type} ${item} ${id} ${sequence}`)
      }
    } else {
      const { error, source } = JSON.parse(Buffer.from(bytes).toString('utf8'))
      found.push(`error ${error?.code} ${source?.sequence}`)
    }
  }
  return found.sort()
}
