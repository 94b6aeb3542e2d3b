import { systemRuntime } from '../runtime.ts'
import { readSettings } from '../settings.ts'
import { createWorker } from './create-worker.ts'
import type { HandlerContext } from './handler.ts'
import { type CallContext, lambdaLog } from './lambda-log.ts'

// Read when the function starts, so that a bad setting fails the deployment and not a batch.
const settings = readSettings({ env: process.env })

const { log, begin } = lambdaLog((line) => process.stdout.write(line))
const worker = await createWorker({ archive: settings.archive, settings, runtime: systemRuntime(log) })

/** What Lambda calls: see `createHandler`. */
export const handler = async (event: unknown, context?: HandlerContext & CallContext): Promise<void> => {
  begin(context)
  try {
    await worker.handler(event, context)
  } finally {
    await Promise.all([logged(process.stdout), logged(process.stderr)])
  }
}

/** Resolves when the log is flushed: Lambda freezes the process as soon as it has answered. */
function logged(output: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => output.write('', () => resolve()))
}
