import { type ContainerCodec, writeContainer } from '../codec/container.ts'
import type { Batch, StreamRecord } from '../codec/lambda-event.ts'
import type { Rejection } from '../record/error.ts'
import { toObjectError, toRecordError } from './error-file.ts'
import { errorKey, errorName, objectKey, objectName, syncMarker } from './key.ts'
import { type Rejected, type Row, type RowRules, readRow } from './row.ts'

export type PlannedObject = {
  readonly key: string
  readonly bytes: Uint8Array
  readonly type: string
  readonly partitionDate: string
  readonly records: readonly StreamRecord[]
  /** How many of the rows are deletes, their personal data redacted. */
  readonly deletes: number
  /** The error file that takes the records should the object not be writable. */
  readonly fallback: { readonly key: string; readonly bytes: () => Uint8Array }
}

export type PlannedError = {
  readonly key: string
  readonly bytes: Uint8Array
  readonly rejection: Rejection
  readonly sequence: string
}

/** What a batch becomes. Every record is in exactly one object or is one error. */
export type Plan = {
  readonly objects: readonly PlannedObject[]
  readonly errors: readonly PlannedError[]
  readonly extraAttributes: number
  readonly repairedTexts: number
}

export type PlanRules = RowRules & { readonly codec: ContainerCodec }

/** The version of the files' contents, in the header of each: 2 added `change.table`. */
const formatVersion = '2'

/**
 * Plans a batch: rows grouped into one object per type and partition date, every rejected record an error file.
 *
 * A pure function: the same batch and rules give the same keys and the same bytes, so that a batch delivered again
 * writes what is there already. Never throws for any payload.
 */
export function planBatch(batch: Batch, rules: PlanRules): Plan {
  const groups = new Map<string, Placed[]>()
  const errors: PlannedError[] = []
  let extraAttributes = 0
  let repairedTexts = 0
  for (const record of batch.records) {
    const row = readRow(record, rules)
    if (!row.ok) {
      errors.push(planError(batch, record, row))
      continue
    }
    const group = `${row.schema.type}/${row.partitionDate}`
    const placed = groups.get(group)
    if (placed) placed.push({ record, row })
    else groups.set(group, [{ record, row }])
    extraAttributes += row.extraAttributes
    repairedTexts += row.repairedTexts
  }
  const objects = [...groups.values()].map((placed) => planObject(batch, placed, rules.codec))
  return { objects, errors, extraAttributes, repairedTexts }
}

type Placed = { readonly record: StreamRecord; readonly row: Row }

function planObject(batch: Batch, placed: readonly Placed[], codec: ContainerCodec): PlannedObject {
  const [first] = placed
  const last = placed.at(-1)
  if (!first || !last) throw new Error('a group holds at least one row')
  const { schema, partitionDate } = first.row
  const records = placed.map(({ record }) => record)
  const timestampMs = first.record.arrivedMs ?? first.row.changedMs
  const placement = { type: schema.type, partitionDate, records, timestampMs }
  const name = objectName(batch, placement)
  const key = objectKey(placement, name)
  const bytes = writeContainer(
    {
      schema: schema.avro,
      type: schema.row,
      codec,
      sync: syncMarker(key),
      metadata: new Map([
        ['dmd.format', formatVersion],
        ['dmd.stream', batch.stream],
        ['dmd.shard', batch.shard],
        ['dmd.first', first.record.sequence],
        ['dmd.last', last.record.sequence],
        ['dmd.count', String(records.length)],
        ...(batch.error === undefined ? [] : [['dmd.error', batch.error] as const]),
      ]),
    },
    placed.map(({ row }) => row.row),
  )
  return {
    key,
    bytes,
    type: schema.type,
    partitionDate,
    records,
    deletes: placed.filter(({ row }) => row.row.isDeleted === true).length,
    fallback: { key: errorKey(name), bytes: () => toObjectError(batch, records, timestampMs, key) },
  }
}

function planError(
  batch: Batch,
  record: StreamRecord,
  { rejection, changeId, changedMs }: Rejected,
): PlannedError {
  // With no time at all the file is named after 1970: it must not depend on when the worker ran.
  const timestampMs = record.arrivedMs ?? changedMs ?? 0
  return {
    key: errorKey(errorName(batch, record, timestampMs)),
    bytes: toRecordError(batch, record, timestampMs, rejection, changeId),
    rejection,
    sequence: record.sequence,
  }
}
