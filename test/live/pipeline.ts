import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCatalog } from '../../src/catalog.ts'
import { createHandler } from '../../src/delivery/handler.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { type MappingOptions, type RunningMapping, startMapping } from '../../src/local/mapping.ts'
import type { ChangeSource } from '../../src/local/source.ts'
import type { Item, Table } from '../../src/local/table.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { LogEntry } from '../../src/runtime.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { startCapture } from '../../src/sample/capture.ts'
import { readSettings } from '../../src/settings.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { asJson, type Rows } from '../query/archive.ts'

/** What a pipeline is made over: where items are written, where their changes come out, and where files go. */
export type Ends = {
  readonly table: Table
  readonly source: ChangeSource
  readonly store: ObjectStore
  readonly close: () => Promise<void>
}

export type Pipeline = {
  readonly url: string
  readonly store: ObjectStore
  /** Sends a request to the capture API; gives its status. */
  readonly send: (method: string, path: string, body?: object) => Promise<number>
  /** Writes an item past the API, as a faulty writer does. */
  readonly putItem: (item: Item) => Promise<void>
  readonly sql: (statement: string) => Promise<Rows>
  /** The keys of all objects below a prefix. */
  readonly keys: (prefix: string) => Promise<readonly string[]>
  /** What the API and the worker logged. */
  readonly log: readonly LogEntry[]
  readonly mapping: RunningMapping
  readonly close: () => Promise<void>
}

/** The whole way, from the capture API to SQL, over these ends. The worker's folder is its own, and removed at the end. */
export async function openPipeline(
  ends: Ends,
  settings: MappingOptions['settings'] = { windowMs: 50, pollMs: 100 },
): Promise<Pipeline> {
  const { table, source, store } = ends
  const catalog = loadCatalog()
  const rules = toRules(catalog, readSettings({}))
  const entries: LogEntry[] = []
  const runtime = systemRuntime((entry) => entries.push(entry))
  const folder = await mkdtemp(join(tmpdir(), 'dmd-pipeline-'))
  const parts = { store, rules, runtime, putsParallel: 8, putTimeoutMs: 600_000 }
  const mapping = await startMapping({
    source,
    handler: createHandler(parts),
    folder,
    failures: store,
    settings,
    runtime,
  })
  const capture = await startCapture({ table, rules, runtime })
  const engine = await openDuckDb({ store, catalog })
  return {
    url: capture.url,
    store,
    log: entries,
    mapping,
    async send(method, path, body) {
      const response = await fetch(capture.url + path, {
        method,
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
      await response.arrayBuffer()
      return response.status
    },
    async putItem(item) {
      await table.put(item)
    },
    sql: async (statement) => JSON.parse(await asJson(engine, statement)),
    async keys(prefix) {
      const found: string[] = []
      for await (const { key } of store.list(prefix)) found.push(key)
      return found
    },
    async close() {
      await capture.close()
      await mapping.stop()
      await engine.close()
      await ends.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
