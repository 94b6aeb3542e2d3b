import { join } from 'node:path'
import fc from 'fast-check'
import { builtInSchemas, readSchemaFile } from '../../src/catalog.ts'
import { compileSchema, type RecordSchema } from '../../src/record/schema.ts'
import type { Json, JsonObject, RecordType, Type } from '../../src/record/type.ts'

/** The fields that the worker adds to every row. */
export const addedSchema: Json = readSchemaFile(join(builtInSchemas, '_added.avsc'))

/** A type before its records have names. */
type Draft =
  | { readonly kind: 'plain'; readonly schema: Json }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: Draft }
  | { readonly kind: 'map'; readonly values: Draft }
  | { readonly kind: 'record'; readonly fields: readonly DraftField[] }
  | { readonly kind: 'optional'; readonly of: Draft; readonly nullAt: 0 | 1 }
  /** A record or enum that was declared before, by its name. */
  | { readonly kind: 'again'; readonly pick: number }
type DraftField = {
  readonly name: string
  readonly type: Draft
  readonly hasDefault: boolean
  readonly pii: boolean
}

// Names that are something else in JavaScript, SQL or Hive, beside harmless ones.
const names =
  `constructor toString valueOf hasOwnProperty isPrototypeOf prototype length name size then get set
  date time timestamp end start order group select from table primary user row rows null_ map array values
  fanId eventName sku note amount labels venue price a b c _x x1 camelCaseName snake_case_name`
    .split(/\s+/)
    .filter((name) => name !== '')
const reserved = new Set(
  'type id code parts isdeleted reference change extra partition_date system'.split(' '),
)
const instant: Json = { type: 'long', logicalType: 'timestamp-millis' }
const plain: readonly Json[] = [
  'string',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  instant,
  { type: 'int', logicalType: 'date' },
]

const { fields: draftFields } = fc.letrec<{
  type: Draft
  fields: readonly DraftField[]
  field: DraftField
}>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...plain).map((schema): Draft => ({ kind: 'plain', schema })),
    fc.constant<Draft>({ kind: 'plain', schema: instant }),
    fc
      .uniqueArray(fc.constantFrom('RED', 'GREEN', 'blue', 'a', '_b'), { minLength: 1 })
      .map((symbols): Draft => ({ kind: 'enum', symbols })),
    fc.nat(9).map((pick): Draft => ({ kind: 'again', pick })),
    tie('type').map((items): Draft => ({ kind: 'array', items })),
    tie('type').map((values): Draft => ({ kind: 'map', values })),
    tie('fields').map((fields): Draft => ({ kind: 'record', fields })),
    fc
      .tuple(tie('type'), fc.constantFrom<0 | 1>(0, 0, 0, 1))
      .map(([of, nullAt]): Draft => (of.kind === 'optional' ? of : { kind: 'optional', of, nullAt })),
  ),
  field: fc.record({
    name: fc.constantFrom(...names),
    type: tie('type'),
    hasDefault: fc.boolean(),
    pii: fc.boolean(),
  }),
  fields: fc.uniqueArray(tie('field'), {
    minLength: 1,
    maxLength: 6,
    selector: ({ name }) => name.toLowerCase(),
  }),
}))

/** Writes drafts as Avro, giving each record and enum a name. */
function createWriter() {
  const declared: string[] = []
  let count = 0
  const write = (draft: Draft): Json => {
    switch (draft.kind) {
      case 'plain':
        return draft.schema
      case 'again':
        return declared[draft.pick % Math.max(declared.length, 1)] ?? 'string'
      case 'array':
        return { type: 'array', items: write(draft.items) }
      case 'map':
        return { type: 'map', values: write(draft.values) }
      case 'optional': {
        const of = write(draft.of)
        return draft.nullAt === 0 ? ['null', of] : [of, 'null']
      }
      default: {
        count += 1
        const name = `n${count}`
        const schema =
          draft.kind === 'enum'
            ? { type: 'enum', name, symbols: draft.symbols }
            : { type: 'record', name, fields: draft.fields.map(writeField) }
        declared.push(name)
        return schema
      }
    }
  }
  const writeField = ({ name, type, hasDefault, pii }: DraftField): JsonObject => ({
    name,
    type: write(type),
    doc: `The ${name}; it's a "field" \\ of | no import.`,
    ...(hasDefault && defaultOf(type) !== undefined ? { default: defaultOf(type) ?? null } : {}),
    ...(pii && canBePersonal(type) ? { pii: true } : {}),
  })
  return writeField
}

function defaultOf(type: Draft): Json | undefined {
  if (type.kind === 'optional' && type.nullAt === 0) return null
  if (type.kind === 'array') return []
  return type.kind === 'map' ? {} : undefined
}

function canBePersonal(type: Draft): boolean {
  if (type.kind === 'record') return type.fields.every((field) => canBePersonal(field.type))
  if (type.kind === 'plain') return type.schema === 'string'
  return type.kind === 'optional' || type.kind === 'array' || type.kind === 'map'
}

const arbitraryFields: fc.Arbitrary<readonly JsonObject[]> = fc
  .tuple(draftFields, fc.constantFrom('none', 'plain', 'personal'))
  .map(([fields, derived]) => {
    const own = fields.filter(({ name }) => !reserved.has(name.toLowerCase())).map(createWriter())
    const pii = derived === 'personal' ? { pii: true } : {}
    return [
      { name: 'type', type: 'string' },
      { name: 'id', type: 'string', doc: 'Its name.' },
      ...own,
      ...(derived === 'none'
        ? []
        : [
            { name: 'code', type: ['null', 'string'], default: null, ...pii },
            { name: 'parts', type: ['null', partsType], default: null, derive: partsRule, ...pii },
          ]),
    ]
  })
const partsType: Json = {
  type: 'record',
  name: 'parts',
  fields: ['left', 'right', 'other'].map((name) => ({ name, type: ['null', 'string'], default: null })),
}
const partsRule: Json = { from: 'code', pattern: '^(?<left>[^-]+)-(?<right>.+)$' }

/** A schema file of a made-up record type: valid, annotations and all. */
export const arbitrarySchemaFile: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.constantFrom('thing', 'gift_card', 'x1', 'order_line'), arbitraryFields)
  .chain(([name, fields]) => {
    const base = { type: 'record', name, namespace: 'dmd', doc: 'Made up.', fields }
    const plainRules = { reference: '{id}', timestamp: ['change.timestamp'], partition: ['change.timestamp'] }
    const { own } = compileSchema({ ...base, ...plainRules }, addedSchema, 'draft')
    const instants = findInstants(own)
    const paths = fc.subarray(instants.map(({ path }) => path))
    const texts = own.fields.filter((field) => field.type.kind === 'string' && !field.pii)
    const deletable = instants.filter(({ isMakeable }) => isMakeable).map(({ path }) => path)
    return fc
      .record({
        reference: fc
          .subarray(
            texts.map((field) => field.name),
            { minLength: 1 },
          )
          .map((list) => list.map((text) => `{${text}}`).join('_')),
        timestamp: paths.map((list) => [...list, 'change.timestamp']),
        partition: paths.map((list) => [...list, 'change.timestamp']),
        deletedAt: fc.option(deletable.length > 0 ? fc.constantFrom(...deletable) : fc.constant(null)),
      })
      .map(({ deletedAt, ...rules }) => ({ ...base, ...rules, ...(deletedAt === null ? {} : { deletedAt }) }))
  })

/** A compiled made-up record type. */
export const arbitrarySchema: fc.Arbitrary<RecordSchema> = arbitrarySchemaFile.map((file) =>
  compileSchema(file, addedSchema, `${String(file.name)}.avsc`),
)

/** The instants that a rule may name: none that is personal, and which of them a delete can set. */
function findInstants(
  type: RecordType,
  before: readonly string[] = [],
  isMakeable = true,
): readonly { path: string; isMakeable: boolean }[] {
  return type.fields.flatMap((field) => {
    if (field.pii) return []
    const inner: Type = field.type.kind === 'optional' ? field.type.of : field.type
    const path = [...before, field.name]
    if (inner.kind === 'instant') return [{ path: path.join('.'), isMakeable }]
    if (inner.kind !== 'record') return []
    const isWhole = inner === field.type || inner.fields.every((child) => child.hasDefault)
    return findInstants(inner, path, isMakeable && isWhole)
  })
}
