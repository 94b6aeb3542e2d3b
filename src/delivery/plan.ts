import { type ContainerCodec, writeContainer } from '../codec/container.ts'
import type { Batch, StreamRecord } from '../codec/lambda-event.ts'
import type { Rejection } from '../record/error.ts'
import { toObjectError, toRecordError } from './error-file.ts'
import { errorKey, errorName, type Origin, objectKey, objectName, syncMarker } from './key.ts'
import { type EncodedRow, encodeRow, type Rejected, type RowRules, readRow } from './row.ts'

export type PlannedObject = {
  readonly key: string
  readonly bytes: Uint8Array
  readonly type: string
  readonly partitionDate: string
  readonly records: readonly StreamRecord[]
  /** How many of the rows are deletes, their personal data redacted. */
  readonly deletes: number
  /** The error file for the records, written if the object cannot be. */
  readonly fallback: { readonly key: string; readonly bytes: () => Uint8Array }
}

export type PlannedError = {
  readonly key: string
  readonly bytes: Uint8Array
  readonly rejection: Rejection
  readonly sequence: string
}

/** The objects and error files of a batch. Every record is in exactly one object or is one error. */
export type Plan = {
  readonly objects: readonly PlannedObject[]
  readonly errors: readonly PlannedError[]
  readonly extraAttributes: number
  readonly repairedTexts: number
}

export type PlanRules = RowRules & { readonly codec: ContainerCodec }

/** The version of the files' contents, in the header of each: 2 added `change.table`. */
const formatVersion = '2'

/** A record, with the row that it becomes or why it becomes none. */
export type ReadRecord = { readonly record: StreamRecord; readonly row: EncodedRow | Rejected }

/**
 * Plans a batch: rows grouped into one object per type and partition date, every rejected record an error file.
 *
 * A pure function: the same batch and rules give the same keys and the same bytes, so that a batch delivered again
 * writes what is there already. Never throws for any payload.
 *
 * @example
 * const batch = { stream: 'changes', shard: 'shardId-000000000000', records: [{ payload, sequence: '1' }] }
 * const { objects, errors } = planBatch(batch, toRules(loadCatalog(), readSettings({})))
 * for (const { key, bytes } of objects) console.log(key, bytes.length)
 */
export function planBatch(batch: Batch, rules: PlanRules): Plan {
  return planRows(batch, readRecords(batch, rules), rules)
}

function* readRecords({ records }: Batch, rules: RowRules): Generator<ReadRecord> {
  for (const record of records) {
    const row = readRow(record, rules)
    yield { record, row: row.ok ? encodeRow(row) : row }
  }
}

/**
 * Plans records that are read already, in their order, as `planBatch` does. `origin` is where all of them came from.
 *
 * A pure function. Throws when a row is of a type that the catalog does not have.
 *
 * @example
 * const { objects } = planRows({ stream: 'export', shard: '0' }, [{ record, row: encodeRow(row) }], rules)
 */
export function planRows(
  origin: Origin,
  records: Iterable<ReadRecord>,
  rules: Pick<PlanRules, 'catalog' | 'codec'>,
): Plan {
  const groups = new Map<string, Placed[]>()
  const errors: PlannedError[] = []
  let extraAttributes = 0
  let repairedTexts = 0
  for (const { record, row } of records) {
    if (!row.ok) {
      errors.push(planError(origin, record, row))
      continue
    }
    const group = `${row.type}/${row.partitionDate}`
    const placed = groups.get(group)
    if (placed) placed.push({ record, row })
    else groups.set(group, [{ record, row }])
    extraAttributes += row.extraAttributes
    repairedTexts += row.repairedTexts
  }
  const objects = [...groups.values()].map((placed) => planObject(origin, placed, rules))
  return { objects, errors, extraAttributes, repairedTexts }
}

type Placed = { readonly record: StreamRecord; readonly row: EncodedRow }

function planObject(
  origin: Origin,
  placed: readonly Placed[],
  { catalog, codec }: Pick<PlanRules, 'catalog' | 'codec'>,
): PlannedObject {
  const [first] = placed
  const last = placed.at(-1)
  if (!first || !last) throw new Error('a group holds at least one row')
  const { type, partitionDate } = first.row
  const schema = catalog.get(type)
  if (!schema) throw new Error(`there is no record type ${type}`)
  const records = placed.map(({ record }) => record)
  const timestampMs = first.record.arrivedMs ?? first.row.changedMs
  const placement = { type, partitionDate, records, timestampMs }
  const name = objectName(origin, placement)
  const key = objectKey(placement, name)
  const bytes = writeContainer(
    {
      schema: schema.avro,
      codec,
      sync: syncMarker(key),
      metadata: new Map([
        ['dmd.format', formatVersion],
        ['dmd.stream', origin.stream],
        ['dmd.shard', origin.shard],
        ['dmd.first', first.record.sequence],
        ['dmd.last', last.record.sequence],
        ['dmd.count', String(records.length)],
        ...(origin.error === undefined ? [] : [['dmd.error', origin.error] as const]),
      ]),
    },
    placed.map(({ row }) => row.avro),
  )
  return {
    key,
    bytes,
    type,
    partitionDate,
    records,
    deletes: placed.filter(({ row }) => row.isDeleted).length,
    fallback: { key: errorKey(name), bytes: () => toObjectError(origin, records, timestampMs, key) },
  }
}

function planError(
  origin: Origin,
  record: StreamRecord,
  { rejection, changeId, changedMs }: Rejected,
): PlannedError {
  // Without any time the file is named after 1970: its name must not depend on when the worker ran.
  const timestampMs = record.arrivedMs ?? changedMs ?? 0
  return {
    key: errorKey(errorName(origin, record, timestampMs)),
    bytes: toRecordError(origin, record, timestampMs, rejection, changeId),
    rejection,
    sequence: record.sequence,
  }
}
