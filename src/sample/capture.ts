import { randomUUID } from 'node:crypto'
import { loadCatalog } from '../catalog.ts'
import type { RowRules } from '../delivery/row.ts'
import { toRules } from '../delivery/rules.ts'
import type { Clock, Log } from '../delivery/telemetry.ts'
import type { Table } from '../local/table.ts'
import { readSettings } from '../settings.ts'
import { createApp } from './capture/app.ts'
import { type Bounds, bounds } from './capture/bounds.ts'
import { openApi } from './capture/openapi.ts'
import { captureRoutes } from './capture/routes.ts'
import { createTurns } from './capture/save.ts'
import { listen } from './capture/server.ts'

export type CaptureOptions = {
  readonly table: Table
  /** Milliseconds since 1970: it dates what a request does not. */
  readonly clock: Clock
  /** This machine alone unless given. */
  readonly host?: string
  /** Any that is free unless given. */
  readonly port?: number
  /** Record types and the range of dates, as the worker has them. */
  readonly rules?: RowRules
  /** Lines without identifiers and values. */
  readonly log?: Log
  /** A request expires so many days after its sale's start, or after its arrival. */
  readonly demandDays?: number
  readonly bounds?: Partial<Bounds>
  readonly newId?: () => string
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
  const { table, clock, host = '127.0.0.1', port = 0, newId = randomUUID, log = () => {} } = options
  const rules = options.rules ?? toRules(loadCatalog(), readSettings({}))
  const limits = { ...bounds, ...options.bounds }
  const routes = captureRoutes({
    table,
    clock,
    rules,
    demandDays: options.demandDays ?? 180,
    inTurn: createTurns(),
  })
  const document = openApi(routes, options.version ?? '1')
  const server = await listen({ host, port, bounds: limits }, (refuse) => {
    const app = createApp({ routes, document, bounds: limits, clock, log, newId, refuse })
    return (request, env) => app.fetch(request, env)
  })
  return { url: server.url, close: server.close }
}
