import { loadCatalog } from '../catalog.ts'
import { readSettings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import { createHandler } from './handler.ts'
import { type CallContext, lambdaLog } from './lambda-log.ts'
import { toRules } from './rules.ts'

// Read when the function starts, so that a bad setting fails the deployment and not a batch.
const settings = readSettings({ env: process.env })

const { log, begin } = lambdaLog((line) => process.stdout.write(line))
const deliver = createHandler({
  store: await openStore(settings.archive),
  rules: toRules(loadCatalog(settings.schemas), settings),
  log,
  clock: Date.now,
  putsParallel: settings.putsParallel,
  putTimeoutMs: settings.putTimeoutMs,
})

/** What Lambda calls: see `createHandler`. */
export const handler = async (
  event: unknown,
  context?: Parameters<typeof deliver>[1] & CallContext,
): Promise<void> => {
  begin(context)
  try {
    await deliver(event, context)
  } finally {
    await Promise.all([logged(process.stdout), logged(process.stderr)])
  }
}

/** Resolves when what was written to the log has left this process: Lambda freezes it as soon as it has answered. */
function logged(output: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => output.write('', () => resolve()))
}
