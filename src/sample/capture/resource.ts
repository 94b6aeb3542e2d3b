import type { ItemKey } from '../../local/table.ts'
import type { BodyShape } from './fields.ts'

/** A kind of record that the API takes. */
export type Resource = BodyShape & {
  /** The record type. */
  readonly type: string
  /** The item's key, out of the record's identifiers. */
  readonly keyOf: (ids: Ids) => ItemKey
  /** The date that says when the record was made: the request's, else kept, else now. */
  readonly madeAt?: string
  /** The dates that messages about the record note in it; none of them lies before `madeAt`. */
  readonly notedAt?: readonly string[]
  /** The date that says when it last changed: the request's, else now when something changes. */
  readonly changedAt?: string
  /** A field that repeats `madeAt` unless the request gives it. */
  readonly madeAtCopy?: string
  /** Whether the item expires some time after its sale. */
  readonly expires: boolean
}

export type Ids = { readonly [field: string]: string }

// The layout of the table, one item a record:
//   PK               SK
//   FAN#{fanId}      DEMAND#{eventId}#{saleId}
//   FAN#{fanId}      NOTIFICATION#{eventId}#{saleId}#{groupId, or 1}
//   EVENT#{id}       EVENT
//   EVENT#{eventId}  SALE#{id}

export const demands: Resource = {
  type: 'demand',
  ids: ['fanId', 'eventId', 'saleId'],
  omit: ['date.triggered', 'date.notified', 'date.deleted'],
  optional: ['date', 'date.requested'],
  keyOf: ({ fanId, eventId, saleId }) => ({ PK: `FAN#${fanId}`, SK: `DEMAND#${eventId}#${saleId}` }),
  madeAt: 'requested',
  notedAt: ['triggered', 'notified'],
  madeAtCopy: 'requestedDateTime',
  expires: true,
}

export const notifications: Resource = {
  type: 'notification',
  ids: ['fanId', 'eventId', 'saleId', 'groupId'],
  omit: ['date.deleted'],
  optional: ['date', 'date.created'],
  // A fan gets one message about a sale, or one of each group of messages.
  keyOf: ({ fanId, eventId, saleId, groupId = '1' }) => ({
    PK: `FAN#${fanId}`,
    SK: `NOTIFICATION#${eventId}#${saleId}#${groupId}`,
  }),
  madeAt: 'created',
  changedAt: 'updated',
  expires: false,
}

export const events: Resource = {
  type: 'event',
  ids: ['id'],
  omit: ['date.deleted'],
  optional: ['id'],
  keyOf: ({ id }) => ({ PK: `EVENT#${id}`, SK: 'EVENT' }),
  madeAt: 'firstSeen',
  changedAt: 'updated',
  expires: false,
}

export const sales: Resource = {
  type: 'sale',
  ids: ['id', 'eventId'],
  omit: ['date'],
  optional: ['id', 'eventId'],
  keyOf: ({ id, eventId }) => ({ PK: `EVENT#${eventId}`, SK: `SALE#${id}` }),
  expires: false,
}
