import { encodeValue } from '../codec/avro.ts'
import { decodeChange } from '../codec/envelope.ts'
import { type IsKeyAttribute, readImage } from '../codec/image.ts'
import type { StreamRecord } from '../codec/lambda-event.ts'
import type { Change } from '../record/change.ts'
import type { Rejection } from '../record/error.ts'
import {
  deriveFields,
  earlierPartition,
  firstInstant,
  type PartitionRange,
  partitionDate,
  redactAll,
  referenceId,
  toDeleted,
} from '../record/rules.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { RecordValue } from '../record/type.ts'

/** A row of the archive and the partition that it belongs to. */
export type Row = {
  readonly ok: true
  readonly schema: RecordSchema
  readonly partitionDate: string
  /** Every field of the row schema, in order. */
  readonly row: RecordValue
  /** The change's own time, in milliseconds. */
  readonly changedMs: number
  readonly extraAttributes: number
  readonly repairedTexts: number
}

export type Rejected = {
  readonly ok: false
  readonly rejection: Rejection
  /** The change's id and time, where they could be read. */
  readonly changeId?: string
  readonly changedMs?: number
}

export type RowRules = {
  readonly catalog: Catalog
  readonly range: PartitionRange
  readonly isKeyAttribute: IsKeyAttribute
}

/** A row as delivery plans with it: encoded, beside what its place and the counts need. */
export type EncodedRow = {
  readonly ok: true
  readonly type: string
  readonly partitionDate: string
  /** The row in the binary encoding of its type's row schema. */
  readonly avro: Uint8Array
  /** True for a delete, whose personal data is redacted. */
  readonly isDeleted: boolean
  /** The change's own time, in milliseconds. */
  readonly changedMs: number
  readonly extraAttributes: number
  readonly repairedTexts: number
}

/** Where a change came from: its place in the stream, an empty text where it has none, and its arrival where known. */
export type ChangeOrigin = Pick<StreamRecord, 'sequence' | 'arrivedMs'>

const sequenceDigits = 60

/**
 * Returns the row of one stream record, or why there is none: its payload is decoded, then read as `rowOf` reads a change.
 *
 * A pure function of its arguments. It never throws, whatever the payload.
 *
 * @example
 * const row = readRow({ payload, sequence: '1' }, toRules(loadCatalog(), readSettings({})))
 * console.log(row.ok ? row.partitionDate : row.rejection.code)
 */
export function readRow(record: StreamRecord, rules: RowRules): Row | Rejected {
  const decoded = decodeChange(record.payload)
  return decoded.ok ? rowOf(decoded.change, record, rules) : rejected(decoded.rejection, decoded)
}

/**
 * Returns the row of a change, or why there is none. The change need not come from a stream: a state read from the table or
 * from an export is one of operation SNAPSHOT. Its `key` must be canonical, as `canonicalKey` makes it.
 *
 * A pure function of its arguments. It never throws: a defect of this program is a rejection with the code INTERNAL, so that
 * one record cannot block the others.
 *
 * @example
 * const key = canonicalKey(keys)
 * if (key === undefined) throw new Error('these attributes are not the key of an item')
 * const change = { id: 'export-1', operation: 'SNAPSHOT', micros, key, keyNames: Object.keys(keys), image: item } as const
 * const row = rowOf(change, { sequence: '' }, toRules(loadCatalog(), readSettings({})))
 */
export function rowOf(change: Change, origin: ChangeOrigin, rules: RowRules): Row | Rejected {
  try {
    return toRow(change, origin, rules)
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    return rejected(
      { code: 'INTERNAL', stage: 'validate', message: `unexpected ${name} while the record was read` },
      change,
    )
  }
}

/**
 * Returns a row as delivery plans with it, encoded by the reference encoder.
 *
 * @example
 * const row = readRow(record, rules)
 * const plan = planRows(origin, [{ record, row: row.ok ? encodeRow(row) : row }], rules)
 */
export function encodeRow(row: Row): EncodedRow {
  return {
    ok: true,
    type: row.schema.type,
    partitionDate: row.partitionDate,
    avro: encodeValue(row.schema.row, row.row),
    isDeleted: row.row.isDeleted === true,
    changedMs: row.changedMs,
    extraAttributes: row.extraAttributes,
    repairedTexts: row.repairedTexts,
  }
}

function rejected(rejection: Rejection, change: { id?: string; micros?: number }): Rejected {
  return {
    ok: false,
    rejection,
    ...(change.id === undefined ? {} : { changeId: change.id }),
    ...(change.micros === undefined ? {} : { changedMs: Math.floor(change.micros / 1000) }),
  }
}

function toRow(change: Change, origin: ChangeOrigin, rules: RowRules): Row | Rejected {
  const micros = change.micros ?? (origin.arrivedMs === undefined ? undefined : origin.arrivedMs * 1000)
  if (micros === undefined) {
    const message = 'neither the change nor the stream says when it happened'
    return rejected(
      { code: 'TIME_MISSING', stage: 'decode', message, path: '/dynamodb/ApproximateCreationDateTime' },
      change,
    )
  }
  const image = readImage(change.image, rules.catalog, change.keyNames, rules.isKeyAttribute)
  if (!image.ok) return rejected(image.rejection, change)
  const { schema } = image
  const changedMs = Math.floor(micros / 1000)
  const isDeleted = change.operation === 'REMOVE'
  const whole = deriveFields(image.record, schema)
  const live = isDeleted ? toDeleted(whole, schema, changedMs) : whole
  // By the image as it was: a delete lands beside the rows of the item that it deletes.
  const dated = withTime(whole, changedMs)
  const placed = partitionDate(dated, schema, changedMs, rules.range)
  if (!placed.ok) return rejected(placed.rejection, change)
  const changeColumn = {
    id: change.id,
    operation: change.operation,
    timestamp: changedMs,
    micros,
    key: change.key,
    sequence: origin.sequence === '' ? null : origin.sequence.padStart(sequenceDigits, '0'),
    previousPartition: previousPartition(change, schema, placed.date, changedMs, rules),
    actor: change.actor ?? null,
    table: change.table ?? null,
  }
  const row: RecordValue = {
    ...live,
    isDeleted,
    reference: {
      id: referenceId(live, schema),
      timestamp: firstInstant(isDeleted ? withTime(live, changedMs) : dated, schema.timestamp) ?? changedMs,
    },
    change: changeColumn,
    extra: isDeleted ? redactAll(image.extra, schema.own) : image.extra,
  }
  return {
    ok: true,
    schema,
    partitionDate: placed.date,
    row,
    changedMs,
    extraAttributes: image.extra.size,
    repairedTexts: image.repairedTexts,
  }
}

/** A record with the only instant that the column `change` has: the rules of a schema may name it. */
function withTime(record: RecordValue, changedMs: number): RecordValue {
  return { ...record, change: { timestamp: changedMs } }
}

/** The partition of the item's earlier image, if that is another one; null if there is no earlier image or it is invalid. */
function previousPartition(
  change: Change,
  schema: RecordSchema,
  date: string,
  changedMs: number,
  rules: RowRules,
): string | null {
  const before =
    change.before && readImage(change.before, rules.catalog, change.keyNames, rules.isKeyAttribute)
  if (!before?.ok || before.schema !== schema) return null
  const earlier = earlierPartition(before.record, schema, changedMs, rules.range)
  return earlier === undefined || earlier === date ? null : earlier
}
