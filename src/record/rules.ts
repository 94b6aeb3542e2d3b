import { addYears, toUtcDate } from './date.ts'
import type { Rejection } from './error.ts'
import type { Path, RecordSchema } from './schema.ts'
import { type Field, type RecordType, type RecordValue, redactable, type Type, type Value } from './type.ts'

/** The text that replaces personal data in the row of a delete. */
export const redacted = '[redacted]'

/** The partition dates that worker and catalog share: from a day to some years after the change. */
export type PartitionRange = {
  /** `YYYY-MM-DD`, included. */
  readonly from: string
  /** The last date is the change's own day this many years later, included. */
  readonly yearsAhead: number
}

export const defaultRange: PartitionRange = { from: '2020-01-01', yearsAhead: 3 }

/** Returns the first instant that is present, in milliseconds, or undefined. */
export function firstInstant(record: RecordValue, paths: readonly Path[]): number | undefined {
  for (const path of paths) {
    const value = valueAt(record, path)
    if (typeof value === 'number') return value
  }
  return undefined
}

function valueAt(record: RecordValue, path: Path): Value | undefined {
  let value: Value | undefined = record
  for (const name of path) value = (value as RecordValue | null | undefined)?.[name]
  return value
}

/** Returns the reference id: the schema's template filled with the record's values. */
export function referenceId(record: RecordValue, schema: RecordSchema): string {
  return schema.reference.map((part, index) => (index % 2 === 0 ? part : String(record[part]))).join('')
}

/** Returns the `YYYY-MM-DD` of a row's partition, or a rejection when it is outside the range that queries read. */
export function partitionDate(
  row: RecordValue,
  schema: RecordSchema,
  changedMs: number,
  range: PartitionRange,
): { readonly ok: true; readonly date: string } | { readonly ok: false; readonly rejection: Rejection } {
  for (const path of schema.partition) {
    const instant = firstInstant(row, [path])
    if (instant === undefined) continue
    const date = toUtcDate(instant)
    if (isInRange(instant, changedMs, range)) return { ok: true, date }
    // The message leaves the date out: it is a value of the record.
    const until = toUtcDate(addYears(changedMs, range.yearsAhead))
    return {
      ok: false,
      rejection: {
        code: 'PARTITION_OUT_OF_RANGE',
        stage: 'place',
        message: `the partition date lies outside ${range.from} to ${until}`,
        path: `/${path.join('/')}`,
      },
    }
  }
  throw new Error(`the partition rule of ${schema.type} ended without a date`)
}

/**
 * Returns the partition of an earlier image of the item. Undefined when that image has no partition in the range, or when
 * its partition came from the time of its own change, which is not known here.
 */
export function earlierPartition(
  before: RecordValue,
  schema: RecordSchema,
  changedMs: number,
  range: PartitionRange,
): string | undefined {
  const instant = firstInstant(before, schema.partition)
  return instant !== undefined && isInRange(instant, changedMs, range) ? toUtcDate(instant) : undefined
}

function isInRange(instantMs: number, changedMs: number, range: PartitionRange): boolean {
  // Four-digit years compare as text; a year of more digits starts with + or -, and is out of range.
  const date = toUtcDate(instantMs)
  return /^\d/.test(date) && date >= range.from && date <= toUtcDate(addYears(changedMs, range.yearsAhead))
}

/** Fills the fields that are parts of a text; null where the text is absent or of another form. */
export function deriveFields(record: RecordValue, schema: RecordSchema): RecordValue {
  const derived: { [name: string]: Value } = {}
  for (const field of schema.own.fields) {
    if (field.derive) derived[field.name] = derive(field, field.derive, record)
  }
  return { ...record, ...derived }
}

function derive(field: Field, rule: NonNullable<Field['derive']>, record: RecordValue): Value {
  const source = record[rule.from]
  const groups = typeof source === 'string' ? rule.pattern.exec(source)?.groups : undefined
  if (!groups || field.type.kind !== 'optional' || field.type.of.kind !== 'record') return null
  return Object.fromEntries(field.type.of.fields.map(({ name }) => [name, groups[name] ?? null]))
}

/** The record of a delete: its date set to the change's time, every personal value redacted where present. */
export function toDeleted(record: RecordValue, schema: RecordSchema, changedMs: number): RecordValue {
  const dated = schema.deletedAt ? setAt(record, schema.own, schema.deletedAt, changedMs) : record
  return scrub(schema.own, dated)
}

/** A copy with the value at the path; a record on the way that was null is made, empty but for the value. */
function setAt(record: RecordValue, type: RecordType, path: Path, value: Value): RecordValue {
  const [name = '', ...rest] = path
  if (rest.length === 0) return { ...record, [name]: value }
  const field = type.fields.find((candidate) => candidate.name === name)
  const inner = field?.type.kind === 'optional' ? field.type.of : field?.type
  if (inner?.kind !== 'record') throw new Error(`${name} is no record`)
  const child = (record[name] as RecordValue | null) ?? absent(inner)
  return { ...record, [name]: setAt(child, inner, rest, value) }
}

/** A record in which every field is absent. */
function absent(type: RecordType): RecordValue {
  return Object.fromEntries(type.fields.map((field) => [field.name, absentValue(field.type)]))
}

/** Returns the value of an absent field of this type. */
export function absentValue(type: Type): Value {
  if (type.kind === 'array') return []
  if (type.kind === 'map') return new Map()
  return null
}

/** A copy of a record in which every personal value, however deep, is redacted where it was present. */
export function scrub(type: RecordType, record: RecordValue): RecordValue {
  const scrubbed: { [name: string]: Value } = {}
  for (const field of type.fields) {
    const value = record[field.name] ?? null
    scrubbed[field.name] = field.pii ? redact(field.type, value) : scrubInside(field.type, value)
  }
  return scrubbed
}

function scrubInside(type: Type, value: Value): Value {
  if (value === null) return null
  switch (type.kind) {
    case 'optional':
      return scrubInside(type.of, value)
    case 'record':
      return scrub(type, value as RecordValue)
    case 'array':
      return (value as readonly Value[]).map((item) => scrubInside(type.items, item))
    case 'map':
      return mapValues(value as ReadonlyMap<string, Value>, (item) => scrubInside(type.values, item))
    default:
      return value
  }
}

function redact(type: Type, value: Value): Value {
  if (value === null) return null
  switch (type.kind) {
    case 'string':
      return redacted
    case 'optional':
      // A value that is not text cannot hold the mark, so it becomes absent.
      return isMarkable(type.of) ? redact(type.of, value) : null
    case 'record':
      return Object.fromEntries(
        type.fields.map((field) => [
          field.name,
          redact(field.type, (value as RecordValue)[field.name] ?? null),
        ]),
      )
    case 'array':
      return isMarkable(type.items) ? (value as readonly Value[]).map((item) => redact(type.items, item)) : []
    default:
      // A map's names may be personal too, so it becomes empty.
      return new Map()
  }
}

/** True for a type whose values can hold the mark, so that they need not become absent. */
function isMarkable(type: Type): boolean {
  return type.kind !== 'optional' && redactable(type)
}

/**
 * Returns a copy of `extra` with every value redacted. Pointers are kept, but the names of a personal map's entries in them
 * become `*`, because they are personal too. `type` is the item's record.
 */
export function redactAll(extra: ReadonlyMap<string, string>, type: RecordType): ReadonlyMap<string, string> {
  return new Map([...extra.keys()].map((pointer) => [maskPointer(pointer, type), redacted]))
}

function maskPointer(pointer: string, type: RecordType): string {
  const [, ...steps] = pointer.split('/')
  let here: Type | undefined = type
  let isPersonal = false
  const masked = steps.map((step) => {
    if (here?.kind === 'optional') here = here.of
    if (here?.kind === 'map') {
      here = here.values
      return isPersonal ? '*' : step
    }
    if (here?.kind === 'array') {
      here = here.items
      return step
    }
    const field: Field | undefined =
      here?.kind === 'record' ? here.fields.find((candidate) => candidate.name === step) : undefined
    isPersonal ||= field?.pii === true
    here = field?.type
    return step
  })
  return `/${masked.join('/')}`
}

function mapValues<V>(values: ReadonlyMap<string, V>, change: (value: V) => V): ReadonlyMap<string, V> {
  return new Map([...values].map(([name, value]) => [name, change(value)]))
}
