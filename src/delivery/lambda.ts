import { loadCatalog } from '../catalog.ts'
import { readSettings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import { readKinesisEvent } from './event.ts'
import { toRules } from './rules.ts'
import { jsonLog } from './telemetry.ts'
import { deliverBatch, type WorkerParts } from './worker.ts'

// Read when the function starts, so that a bad setting fails the deployment and not a batch.
const settings = readSettings({ env: process.env })
const parts: WorkerParts = {
  store: await openStore(settings.archive),
  rules: toRules(loadCatalog(settings.schemas), settings),
  log: jsonLog((line) => process.stdout.write(line)),
  clock: Date.now,
  putsParallel: settings.putsParallel,
  putTimeoutMs: settings.putTimeoutMs,
}

/**
 * The `deliveryWorker` Lambda: takes a Kinesis event of up to 10,000 records and 6 MB. It fails, so that Kinesis
 * delivers the batch again, only when a record could be stored nowhere, or when the event is no Kinesis event.
 */
export async function handler(
  event: unknown,
  context?: { readonly getRemainingTimeInMillis?: () => number },
): Promise<void> {
  const timeLeftMs = context?.getRemainingTimeInMillis?.bind(context)
  for (const batch of readKinesisEvent(event)) {
    await deliverBatch(batch, parts, timeLeftMs ? { timeLeftMs } : {})
  }
}
