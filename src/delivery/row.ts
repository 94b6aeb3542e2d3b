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

/** A row of the archive and the place where it belongs. */
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

const sequenceDigits = 60

/**
 * Turns one stream record into the row that stands for it in the archive, or says why it cannot.
 *
 * A pure function of its arguments. Never throws for any payload: a defect of this program is a rejection with the
 * code INTERNAL, so that one record cannot block the others.
 */
export function readRow(record: StreamRecord, rules: RowRules): Row | Rejected {
  const decoded = decodeChange(record.payload)
  if (!decoded.ok) return rejected(decoded.rejection, decoded)
  try {
    return toRow(decoded.change, record, rules)
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    return rejected(
      { code: 'INTERNAL', stage: 'validate', message: `unexpected ${name} while the record was read` },
      decoded.change,
    )
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

function toRow(change: Change, source: StreamRecord, rules: RowRules): Row | Rejected {
  const micros = change.micros ?? (source.arrivedMs === undefined ? undefined : source.arrivedMs * 1000)
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
  const changeColumn = {
    id: change.id,
    operation: change.operation,
    timestamp: changedMs,
    micros,
    key: change.key,
    sequence: source.sequence === '' ? null : source.sequence.padStart(sequenceDigits, '0'),
    previousPartition: null as string | null,
    actor: change.actor ?? null,
    table: change.table ?? null,
  }
  const withChange = { ...live, change: changeColumn }
  // By the image as it was: a delete lands beside the rows of the item that it deletes.
  const placed = partitionDate({ ...whole, change: changeColumn }, schema, changedMs, rules.range)
  if (!placed.ok) return rejected(placed.rejection, change)
  if (change.before)
    changeColumn.previousPartition = previousPartition(change, schema, placed.date, changedMs, rules)
  const row: RecordValue = {
    ...live,
    isDeleted,
    reference: {
      id: referenceId(live, schema),
      timestamp: firstInstant(withChange, schema.timestamp) ?? changedMs,
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

/** The partition that the item's earlier image lies in, where that is another one; an unsound image tells none. */
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
