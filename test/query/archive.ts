import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCatalog } from '../../src/catalog.ts'
import type { StreamRecord } from '../../src/codec/lambda-event.ts'
import { planBatch } from '../../src/delivery/plan.ts'

import { toRules } from '../../src/delivery/rules.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine, QueryOptions } from '../../src/query/engine.ts'
import { formatJson } from '../../src/query/format.ts'
import type { Catalog } from '../../src/record/schema.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import type { ObjectStore } from '../../src/store/store.ts'

export type Rows = readonly { readonly [column: string]: unknown }[]

/** An archive in a folder of its own, with an engine over it. */
export type TestArchive = {
  readonly folder: string
  readonly store: ObjectStore
  readonly engine: QueryEngine
  /** Plans the records as one batch and stores its objects; returns their keys. */
  readonly add: (records: readonly StreamRecord[], shard?: string) => Promise<readonly string[]>
  /** A statement's rows, as the JSON format writes them. */
  readonly sql: (statement: string) => Promise<Rows>
  readonly close: () => Promise<void>
}

export async function openTestArchive(catalog: Catalog = loadCatalog()): Promise<TestArchive> {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-query-'))
  const store = await openDirectoryStore(folder)
  const engine = await openDuckDb({ store, catalog })
  const rules = toRules(catalog, readSettings({}))
  return {
    folder,
    store,
    engine,
    add: async (records, shard = '0') => {
      const plan = planBatch({ stream: 's', shard, records }, rules)
      if (plan.errors.length > 0)
        throw new Error(plan.errors.map(({ rejection }) => rejection.message).join('; '))
      for (const { key, bytes } of plan.objects) await store.put(key, bytes)
      return plan.objects.map(({ key }) => key)
    },
    sql: async (statement) => JSON.parse(await asJson(engine, statement)),
    close: async () => {
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A statement's result as JSON text. */
export async function asJson(
  engine: QueryEngine,
  statement: string,
  options: QueryOptions = {},
): Promise<string> {
  let text = ''
  await formatJson(await engine.query(statement, options), async (part) => {
    text += part
  })
  return text
}
