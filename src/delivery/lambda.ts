import { loadCatalog } from '../catalog.ts'
import { readSettings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import { createHandler } from './handler.ts'
import { toRules } from './rules.ts'
import { jsonLog } from './telemetry.ts'

// Read when the function starts, so that a bad setting fails the deployment and not a batch.
const settings = readSettings({ env: process.env })

const deliver = createHandler({
  store: await openStore(settings.archive),
  rules: toRules(loadCatalog(settings.schemas), settings),
  log: jsonLog((line) => process.stdout.write(line)),
  clock: Date.now,
  putsParallel: settings.putsParallel,
  putTimeoutMs: settings.putTimeoutMs,
})

/** What Lambda calls: see `createHandler`. */
export const handler: typeof deliver = async (event, context) => {
  try {
    return await deliver(event, context)
  } finally {
    await logged()
  }
}

/** Resolves when what was written to the log has left this process: Lambda freezes it as soon as it has answered. */
function logged(): Promise<void> {
  return new Promise((resolve) => process.stdout.write('', () => resolve()))
}
