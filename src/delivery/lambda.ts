import { loadCatalog } from '../catalog.ts'
import { readSettings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import { createHandler } from './handler.ts'
import { toRules } from './rules.ts'
import { jsonLog } from './telemetry.ts'

// Read when the function starts, so that a bad setting fails the deployment and not a batch.
const settings = readSettings({ env: process.env })

/** What Lambda calls: see `createHandler`. */
export const handler = createHandler({
  store: await openStore(settings.archive),
  rules: toRules(loadCatalog(settings.schemas), settings),
  log: jsonLog((line) => process.stdout.write(line)),
  clock: Date.now,
  putsParallel: settings.putsParallel,
  putTimeoutMs: settings.putTimeoutMs,
})
