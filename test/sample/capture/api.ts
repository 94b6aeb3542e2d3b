import { onTestFinished } from 'vitest'
import type { EmbeddedTable } from '../../../src/local/table/embedded.ts'
import { type CaptureOptions, startCapture } from '../../../src/sample/capture.ts'
import { createClock, openTable } from '../../local/table/folder.ts'
import { runtimeWith } from '../../support/runtime.ts'

export type Api = {
  readonly url: string
  readonly clock: ReturnType<typeof createClock>
  readonly opened: EmbeddedTable
  readonly close: () => Promise<void>
  readonly send: (method: string, path: string, body?: unknown, headers?: object) => Promise<Answer>
  /** The changes since the last call: what happened to which item. */
  readonly changes: () => Promise<readonly Change[]>
}

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Body }
// biome-ignore lint/suspicious/noExplicitAny: answers of any form are looked into
type Body = any
export type Change = {
  readonly operation: string
  readonly key: string
  readonly bytes: Uint8Array
  readonly sequence: string
  readonly image: Body
}

/** The API on a table of its own, both closed with the test. */
export async function openApi(options: Partial<CaptureOptions> = {}): Promise<Api> {
  const clock = createClock()
  const opened = await openTable({ clock, shards: 1 })
  const running = await startCapture({ table: opened.table, runtime: runtimeWith({ clock }), ...options })
  onTestFinished(() => running.close())
  const send: Api['send'] = async (method, path, body, headers) => {
    const response = await fetch(running.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
  let position: Parameters<EmbeddedTable['source']['read']>[1] = 'oldest'
  const changes = async () => {
    const read = await opened.source.read('shardId-000000000000', position, { recordsMax: 10_000 })
    position = read.next
    return read.records.map(({ bytes, sequence }) => {
      const { eventName, dynamodb } = JSON.parse(Buffer.from(bytes).toString('utf8'))
      const key = `${dynamodb.Keys.PK.S} ${dynamodb.Keys.SK.S}`
      return { operation: eventName, key, bytes, sequence, image: dynamodb.NewImage ?? dynamodb.OldImage }
    })
  }
  return { url: running.url, clock, opened, close: running.close, send, changes }
}

export const demand = {
  fanId: 'fan-1',
  eventId: 'event-1',
  saleId: 'sale-1',
  phoneNumber: '+1 202 555 0101',
  email: 'ada@example.com',
  messageBody: 'Tickets are on sale!',
}
export const demandPath = '/demands/event-1/sale-1/fan-1'
