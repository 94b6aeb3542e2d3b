import { loadCatalog } from '../catalog.ts'
import type { Batch } from '../codec/lambda-event.ts'
import type { Catalog } from '../record/schema.ts'
import { type Runtime, systemRuntime } from '../runtime.ts'
import { readSettings, type Settings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import type { ObjectStore } from '../store/store.ts'
import { createHandler, type Handler } from './handler.ts'
import { toRules } from './rules.ts'
import { type DeliverOptions, type Delivery, deliverBatch } from './worker.ts'

export type WorkerOptions = {
  /** The archive: a directory, a `file:` URL, `s3://bucket/prefix`, or a store that is open already. */
  readonly archive: string | ObjectStore
  /** As `readSettings` returns them; the defaults unless given. `archive` above replaces the one in them. */
  readonly settings?: Settings
  /** The record types; by default the built-in ones and those in the folder that the setting `schemas` names. */
  readonly catalog?: Catalog
  /** The one of this process unless given, whose log goes nowhere: see `systemRuntime`. */
  readonly runtime?: Runtime
}

export type Worker = {
  /** Delivers one batch: see `deliverBatch`. */
  readonly deliver: (batch: Batch, options?: DeliverOptions) => Promise<Delivery>
  /** Delivers an event of a Kinesis stream or of DynamoDB Streams, as Lambda calls a function with it. */
  readonly handler: Handler
  /** The archive, for queries. */
  readonly store: ObjectStore
  readonly catalog: Catalog
}

/**
 * Returns a worker that delivers change records to an archive. It makes a missing directory.
 *
 * Throws SETTING_INVALID for an archive that cannot be one, SCHEMA_INVALID for a schema file that cannot be used, and
 * STORE_UNAVAILABLE when the archive cannot be opened.
 *
 * @example
 * const worker = await createWorker({ archive: './archive' })
 * const records = [{ payload, sequence: '1' }]
 * const { delivered, errored } = await worker.deliver({ stream: 'changes', shard: 'shard-0', records })
 */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const { archive, settings = readSettings({}), runtime = systemRuntime() } = options
  // Before the archive is made: an invalid schema leaves nothing behind.
  const catalog = options.catalog ?? loadCatalog(settings.schemas)
  const rules = toRules(catalog, settings)
  const store = typeof archive === 'string' ? await openStore(archive, { runtime }) : archive
  const { putsParallel, putTimeoutMs } = settings
  const parts = { store, rules, runtime, putsParallel, putTimeoutMs }
  return {
    deliver: (batch, deliverOptions) => deliverBatch(batch, parts, deliverOptions),
    handler: createHandler(parts),
    store,
    catalog,
  }
}
