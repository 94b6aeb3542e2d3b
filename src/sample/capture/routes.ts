import type { z } from 'zod'
import type { Item } from '../../local/table.ts'
import type { Json, JsonObject } from '../../record/type.ts'
import { type BodyShape, bodySchema } from './fields.ts'
import { toPlain } from './item.ts'
import type { Problem, ProblemName } from './problem.ts'
import { demands, events, type Ids, notifications, type Resource, sales } from './resource.ts'
import { type Capture, save, stampDemand } from './save.ts'

export type Reply = {
  readonly status: 200 | 201 | 204
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
}

/** A path with a method: the server and the OpenAPI document are made of these. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Identifiers in braces: `/events/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** The body that it takes, and the name of its schema. */
  readonly body?: { readonly name: string; readonly schema: z.ZodType<JsonObject> }
  readonly replies: { readonly [status: string]: string }
  readonly problems: readonly ProblemName[]
  readonly handle: (ids: Ids, body: JsonObject) => Promise<Reply | Problem>
}

const repeatable =
  'Sending the same request again changes nothing, emits no change and answers 200: no Idempotency-Key is needed.'
const saved = {
  200: 'The record as it is stored now: it was changed, or was the same already.',
  201: 'The record was not there and is stored now.',
}
const written: readonly ProblemName[] = [
  'body-not-json',
  'body-invalid',
  'request-slow',
  'body-too-large',
  'media-type-unsupported',
  'table-unavailable',
]
const deleted = { 204: 'There is no such record, or none any more.' }

/** All that the API does. */
export function captureRoutes(capture: Capture): readonly Route[] {
  const bodyOf = (resource: Resource, name: string): NonNullable<Route['body']> => {
    const schema = capture.rules.catalog.get(resource.type)
    if (!schema) throw new Error(`there is no record type ${resource.type}`)
    const shape: BodyShape = resource
    return { name, schema: bodySchema(resource.type, schema.own, shape) }
  }
  const remove = (resource: Resource) => async (ids: Ids) => {
    await capture.table.delete(resource.keyOf(ids))
    return { status: 204 as const }
  }
  const get = (resource: Resource) => async (ids: Ids) => {
    const item = await capture.table.get(resource.keyOf(ids))
    return item ? { status: 200 as const, body: toPlain(item) } : { problem: 'not-found' as const }
  }
  const put = (resource: Resource) => async (ids: Ids, body: JsonObject) => {
    const other = Object.keys(ids).filter((name) => body[name] !== undefined && body[name] !== ids[name])
    const errors = other.map((name) => ({
      pointer: `/${name}`,
      detail: 'must be what the path says, or absent',
    }))
    return errors.length > 0
      ? { problem: 'body-invalid' as const, errors }
      : write(capture, resource, { ...body, ...ids })
  }
  const demandPath = '/demands/{eventId}/{saleId}/{fanId}'
  return [
    {
      method: 'POST',
      path: '/demands',
      operationId: 'postDemand',
      summary: 'Ask to be reminded of a sale',
      description:
        'Stores a fan’s request. Over an existing one it is an update: the body replaces all fields but the dates ' +
        `that it leaves out. Over a cancelled one it is a new request. ${repeatable}`,
      body: bodyOf(demands, 'Demand'),
      replies: saved,
      problems: written,
      handle: async (_, body) => {
        const { eventId, saleId, fanId } = body
        const location = `/demands/${[eventId, saleId, fanId].map((id) => encodeURIComponent(String(id))).join('/')}`
        return write(capture, demands, body, { location })
      },
    },
    {
      method: 'GET',
      path: demandPath,
      operationId: 'getDemand',
      summary: 'Read a request',
      description: 'The request as it is stored.',
      replies: { 200: 'The record.' },
      problems: ['path-invalid', 'not-found', 'table-unavailable'],
      handle: get(demands),
    },
    {
      method: 'DELETE',
      path: demandPath,
      operationId: 'deleteDemand',
      summary: 'Cancel a request',
      description: `Deletes the request. ${repeatable.replace('200', '204')}`,
      replies: deleted,
      problems: ['path-invalid', 'table-unavailable'],
      handle: remove(demands),
    },
    {
      method: 'POST',
      path: '/notifications',
      operationId: 'postNotification',
      summary: 'Record a message to a fan, or its next step',
      description:
        'Stores the message, one for each fan and sale, or for each groupId where it has one. Notes in the fan’s ' +
        'request when it was triggered (date.triggered of the first message, else date.created) and when the fan was ' +
        'notified (date.sent, else date.delivered), unless the message was made before the request. ' +
        `Dates that the body leaves out are kept. ${repeatable}`,
      body: bodyOf(notifications, 'Notification'),
      replies: saved,
      problems: written,
      handle: async (_, body) => {
        const noted = (item: Item) => stampDemand(capture, item)
        return write(capture, notifications, body, {}, noted)
      },
    },
    ...(
      [
        [events, '/events/{id}', 'Event', 'an event'],
        [sales, '/sales/{eventId}/{id}', 'Sale', 'a sale'],
      ] as const
    ).flatMap(([resource, path, name, what]): Route[] => [
      {
        method: 'PUT',
        path,
        operationId: `put${name}`,
        summary: `Store ${what}`,
        description: `Makes ${what} be what the body says; dates in \`date\` that it leaves out are kept. ${repeatable}`,
        body: bodyOf(resource, name),
        replies: saved,
        problems: ['path-invalid', ...written],
        handle: put(resource),
      },
      {
        method: 'DELETE',
        path,
        operationId: `delete${name}`,
        summary: `Delete ${what}`,
        description: `Deletes ${what}. ${repeatable.replace('200', '204')}`,
        replies: deleted,
        problems: ['path-invalid', 'table-unavailable'],
        handle: remove(resource),
      },
    ]),
    {
      method: 'GET',
      path: '/health',
      operationId: 'getHealth',
      summary: 'Ask whether requests are taken',
      description: 'Reads from the table.',
      replies: { 200: 'They are.' },
      problems: ['table-unavailable'],
      handle: async () => {
        await capture.table.get({ PK: 'HEALTH', SK: 'HEALTH' })
        return { status: 200, body: { status: 'ok' } }
      },
    },
  ]
}

async function write(
  capture: Capture,
  resource: Resource,
  body: JsonObject,
  headers: { readonly [name: string]: string } = {},
  after?: (item: Item) => Promise<void>,
): Promise<Reply | Problem> {
  const result = await save(capture, resource, body)
  if (!result.ok) {
    const { path = '', code } = result.rejection
    return { problem: 'body-invalid', errors: [{ pointer: path, detail: reasons[code] ?? 'is not valid' }] }
  }
  // Also where the record was the same already: whoever sent it first may not have come this far.
  await after?.(result.item)
  const made = result.how === 'made'
  return { status: made ? 201 : 200, body: toPlain(result.item) as Json, ...(made && { headers }) }
}

const reasons: { readonly [code: string]: string } = {
  PARTITION_OUT_OF_RANGE: 'lies outside the range of dates that are archived',
  DATE_INVALID: 'is no date that exists',
}
