import { PipelineError } from './error.ts'
import {
  type Field,
  fieldsWithin,
  isObject,
  type Json,
  type JsonObject,
  parseRecordType,
  type RecordType,
  type Type,
} from './type.ts'

/** Names that lead from a record to one of its values: `date.requested`. */
export type Path = readonly string[]

/** One record type, with all that its schema file says about it. */
export type RecordSchema = {
  /** The value of the attribute `type`, the folder under `data/` and the name of the SQL table. */
  readonly type: string
  /** The name of the SQL view beside the table: `events`. */
  readonly plural: string
  readonly doc: string
  /** The fields that come from the item. */
  readonly own: RecordType
  /** All fields of a row: the item's, then those that the worker adds. */
  readonly row: RecordType
  /** The whole Avro schema of a row, as it is in every file's header. */
  readonly avro: JsonObject
  /** The reference id: fixed texts at even places, field names at odd ones. */
  readonly reference: readonly string[]
  /** Where the reference's timestamp comes from, in order; the last is never null. */
  readonly timestamp: readonly Path[]
  /** Where the partition date comes from, in order; the last is never null. */
  readonly partition: readonly Path[]
  /** The instant that a delete sets to the time of the change. */
  readonly deletedAt?: Path
}

/** The record types by name, in alphabetical order. */
export type Catalog = ReadonlyMap<string, RecordSchema>

const typePattern = /^[a-z][a-z0-9_]{0,62}$/

/**
 * Reads one schema file: an Avro record schema whose annotations carry the rules of its type.
 *
 * - `plural`: the name of the SQL view beside the table.
 * - `reference`: the reference id, required text fields in braces: `{eventId}_{id}`.
 * - `timestamp`, `partition`: dotted paths to instants, tried in order. The last must always have a value: a
 *   required instant, or `change.timestamp`.
 * - `deletedAt` (optional): the path of the instant that a delete sets.
 * - on a field: `"pii": true` for personal data, `"derive"` for parts taken out of a text field.
 *
 * `added` is the record of the fields that the worker adds to every row. `where` names the file in errors.
 * Throws SCHEMA_INVALID.
 *
 * @example
 * const schema = compileSchema(JSON.parse(await readFile(path, 'utf8')), added, path)
 */
export function compileSchema(schema: Json, added: Json, where: string): RecordSchema {
  if (
    !isObject(schema) ||
    !isObject(added) ||
    !Array.isArray(schema.fields) ||
    !Array.isArray(added.fields)
  ) {
    throw invalid(where, 'a schema is an Avro record: {"type": "record", "name", "fields"}')
  }
  const type = schema.name
  if (typeof type !== 'string' || !typePattern.test(type)) {
    throw invalid(where, '"name" is the record type: lower-case letters, digits and _, at most 63')
  }
  const avro: JsonObject = { ...schema, fields: [...schema.fields, ...added.fields] }
  const own = parseRecordType(schema, where)
  const row = parseRecordType(avro, where)
  if (own.fields.find((field) => field.name === 'type')?.type.kind !== 'string') {
    throw invalid(where, 'every record type has a field "type" of type string')
  }
  for (const field of own.fields) checkDerive(field, own, where)
  checkNames(own, where)
  // The reference is made by these rules, so none of them can start from it.
  const ground = { ...row, fields: row.fields.filter(({ name }) => name !== 'reference') }
  const plural = schema.plural ?? `${type}s`
  if (typeof plural !== 'string' || !typePattern.test(plural) || plural === type) {
    throw invalid(
      where,
      '"plural" is the name of the SQL view: lower-case letters, digits and _, unlike the name',
    )
  }
  const deletedAt =
    schema.deletedAt === undefined ? undefined : toPath(schema.deletedAt, own, where, 'deletedAt')
  if (deletedAt && !deletedAt.makeable) {
    const need = 'a delete must be able to set it: a record on the way that may be null has no required field'
    throw invalid(where, `"deletedAt": ${need}`)
  }
  return {
    type,
    plural,
    doc: typeof schema.doc === 'string' ? schema.doc : '',
    own,
    row,
    avro,
    reference: toTemplate(schema.reference, own, where),
    timestamp: toPaths(schema.timestamp, ground, where, 'timestamp'),
    partition: toPaths(schema.partition, ground, where, 'partition'),
    ...(deletedAt ? { deletedAt: deletedAt.path } : {}),
  }
}

/**
 * Returns a catalog of schemas. Throws SCHEMA_INVALID when two of them have the same name in SQL.
 *
 * @example
 * const catalog = toCatalog([...loadCatalog().values(), compileSchema(schema, added, 'booking.avsc')])
 */
export function toCatalog(schemas: readonly RecordSchema[]): Catalog {
  const taken = new Map<string, string>()
  for (const { type, plural } of schemas) {
    for (const name of [type, plural, `${type}_changes`, `${type}_current`, `${type}_masked`]) {
      const other = taken.get(name)
      if (other !== undefined)
        throw invalid(`${type}.avsc`, `the SQL name "${name}" is taken by ${other}.avsc`)
      taken.set(name, type)
    }
  }
  const sorted = [...schemas].sort((a, b) => (a.type < b.type ? -1 : 1))
  return new Map(sorted.map((schema) => [schema.type, schema]))
}

function toTemplate(template: Json | undefined, own: RecordType, where: string): readonly string[] {
  if (typeof template !== 'string') throw invalid(where, '"reference" is a text such as "{group}_{id}"')
  const parts = template.split(/\{([^{}]*)\}/)
  for (const [index, name] of parts.entries()) {
    if (index % 2 === 0) continue
    const field = own.fields.find((candidate) => candidate.name === name)
    if (field?.type.kind !== 'string')
      throw invalid(where, `"reference": {${name}} is no required text field`)
    if (field.pii) throw invalid(where, `"reference": {${name}} is personal, and the reference is kept`)
  }
  if (parts.length < 3) throw invalid(where, '"reference" names at least one field in braces')
  return parts
}

function toPaths(list: Json | undefined, row: RecordType, where: string, name: string): readonly Path[] {
  if (!Array.isArray(list) || list.length === 0)
    throw invalid(where, `"${name}" is a list of paths to instants`)
  const found = list.map((text: Json) => toPath(text, row, where, name))
  if (found.at(-1)?.sure !== true) {
    throw invalid(
      where,
      `"${name}" ends with an instant that is never null: a required one, or change.timestamp`,
    )
  }
  return found.map(({ path }) => path)
}

/**
 * `sure` when neither the instant nor a record on the way to it can be null; `makeable` when a record on the way
 * that is null can be made with all its fields absent.
 */
function toPath(
  text: Json,
  row: RecordType,
  where: string,
  name: string,
): { path: Path; sure: boolean; makeable: boolean } {
  const path = typeof text === 'string' ? text.split('.') : []
  let record: RecordType | undefined = row
  let sure = true
  let makeable = true
  for (const [index, step] of path.entries()) {
    const field: Field | undefined = record?.fields.find((candidate) => candidate.name === step)
    if (!field) break
    if (field.pii) throw invalid(where, `"${name}": ${path.join('.')} is personal, and what it gives is kept`)
    const inner: Type = field.type.kind === 'optional' ? field.type.of : field.type
    sure &&= field.type.kind !== 'optional'
    makeable &&=
      inner === field.type || inner.kind !== 'record' || inner.fields.every((child) => child.hasDefault)
    if (inner.kind === 'instant' && index === path.length - 1) return { path, sure, makeable }
    record = inner.kind === 'record' ? inner : undefined
  }
  throw invalid(where, `"${name}": ${JSON.stringify(text)} is no path to an instant`)
}

/** The column that every table is partitioned by; SQL could not tell a field of this name from it. */
const partitionColumn = 'partition_date'

function checkNames(own: RecordType, where: string): void {
  for (const field of own.fields) {
    if (field.name.toLowerCase() === partitionColumn)
      throw invalid(where, `${field.name}: the partition column has this name`)
    if (fieldsWithin(field.type).some(({ derive }) => derive !== undefined))
      throw invalid(
        where,
        `${field.name}: "derive" belongs on a field of the record itself, not inside another`,
      )
  }
}

/** The parts of a text are texts, and null when the text has another form. */
function checkDerive(field: Field, own: RecordType, where: string): void {
  if (!field.derive) return
  const { from } = field.derive
  const source = own.fields.find((candidate) => candidate.name === from)
  const sourceType = source?.type.kind === 'optional' ? source.type.of : source?.type
  if (sourceType?.kind !== 'string')
    throw invalid(where, `${field.name}: "derive" takes from a text field, not ${from}`)
  if (source?.pii && !field.pii)
    throw invalid(where, `${field.name}: parts of a personal field are personal: mark it "pii"`)
  const record = field.type.kind === 'optional' ? field.type.of : undefined
  const texts =
    record?.kind === 'record' &&
    record.fields.every(({ type }) => type.kind === 'optional' && type.of.kind === 'string')
  if (!texts) throw invalid(where, `${field.name}: a derived field is a nullable record of nullable texts`)
}

function invalid(where: string, expected: string): PipelineError {
  return new PipelineError('SCHEMA_INVALID', `${where}: ${expected}`)
}
