import { loadCatalog } from '../catalog.ts'
import type { RowRules } from '../delivery/row.ts'
import { toRules } from '../delivery/rules.ts'
import type { Table } from '../local/table.ts'
import type { Runtime } from '../runtime.ts'
import { readSettings } from '../settings.ts'
import { createApp } from './capture/app.ts'
import { type Bounds, bounds } from './capture/bounds.ts'
import { openApi } from './capture/openapi.ts'
import { captureRoutes } from './capture/routes.ts'
import { createTurns } from './capture/save.ts'
import { listen } from './capture/server.ts'

export type CaptureOptions = {
  readonly table: Table
  /** Its clock dates what a request does not; its `newId` names requests. Log lines hold no identifiers and no values. */
  readonly runtime: Runtime
  /** This machine alone unless given. */
  readonly host?: string
  /** Any that is free unless given. */
  readonly port?: number
  /** Record types and the range of dates, as the worker has them. */
  readonly rules?: RowRules
  /** A request expires so many days after its sale's start, or after its arrival. */
  readonly demandDays?: number
  readonly bounds?: Partial<Bounds>
  /** In the OpenAPI document. */
  readonly version?: string
}

export type RunningCapture = {
  readonly url: string
  /** Takes no more requests, and resolves when those in flight are answered. The table stays open. */
  close(): Promise<void>
}

/**
 * Starts the API that fans' requests come in by (docs/capture.md). Whatever it answers with 2xx is durable in the
 * table and becomes a valid record.
 *
 * @throws the error of the system when the address cannot be had.
 */
export async function startCapture(options: CaptureOptions): Promise<RunningCapture> {
  const { table, runtime, host = '127.0.0.1', port = 0 } = options
  const rules = options.rules ?? toRules(loadCatalog(), readSettings({}))
  const limits = { ...bounds, ...options.bounds }
  const routes = captureRoutes({
    table,
    clock: runtime.clock,
    rules,
    demandDays: options.demandDays ?? 180,
    inTurn: createTurns(),
  })
  const document = openApi(routes, options.version ?? '1')
  const server = await listen({ host, port, bounds: limits, runtime }, (refuse) => {
    const app = createApp({ routes, document, bounds: limits, runtime, refuse })
    return (request, env) => app.fetch(request, env)
  })
  return { url: server.url, close: server.close }
}
