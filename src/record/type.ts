import { PipelineError } from './error.ts'

/**
 * The Avro types that this project uses, after names are resolved. Everything that depends on a type
 * (validation, encoding, DDL, DuckDB columns, docs) is one walk over this union.
 */
export type Type =
  | { readonly kind: Primitive }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: Type }
  | { readonly kind: 'map'; readonly values: Type }
  | RecordType
  /** `["null", of]`, or the reverse where `nullAt` is 1. */
  | { readonly kind: 'optional'; readonly of: Type; readonly nullAt: 0 | 1 }

/** `instant` is `timestamp-millis` (a long), `date` is `date` (an int: days since 1970). */
export type Primitive =
  | 'string'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'instant'
  | 'date'

export type RecordType = {
  readonly kind: 'record'
  readonly name: string
  readonly fields: readonly Field[]
  /** The names of the attributes that the fields come from: all fields but the derived ones. */
  readonly attributes: ReadonlySet<string>
}

export type Field = {
  readonly name: string
  readonly doc: string
  readonly type: Type
  /** True when a record without the field is valid: it reads as null, or as an empty list or map. */
  readonly hasDefault: boolean
  /** Personal data: redacted when the record is deleted. */
  readonly pii: boolean
  /** The field is no attribute: it is taken out of a text field by a pattern with named groups. */
  readonly derive?: { readonly from: string; readonly pattern: RegExp }
}

/**
 * A value in memory. Instants are milliseconds and dates days since 1970, as numbers; a long is a number where
 * that is exact and a bigint where not; bytes are a Uint8Array; a record is an object with every field of its
 * schema, in order.
 */
export type Value =
  | null
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | RecordValue
export type RecordValue = { readonly [field: string]: Value }

export type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }

/** True for a JSON object: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const primitives: { readonly [name: string]: Primitive } = {
  string: 'string',
  boolean: 'boolean',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
  bytes: 'bytes',
}
const logical: { readonly [name: string]: Primitive } = {
  'long/timestamp-millis': 'instant',
  'int/date': 'date',
}
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Names declared so far in a schema, by full name; undefined inside the name's own definition. */
type Scope = {
  readonly where: string
  readonly bounds: Bounds
  readonly namespace: string
  readonly names: Map<string, Type | undefined>
}

/**
 * Reads an Avro schema (https://avro.apache.org/docs/1.12.0/specification/) into a record type.
 *
 * `where` names the schema in errors. Throws SCHEMA_INVALID, naming the place and what is expected there, for
 * what Avro forbids and for what this project does not use: fixed, unions but with null, recursion, field names
 * that differ in case only (SQL could not tell them apart), more than 32 levels, and more than 10,000 types in all, a type
 * that is used by its name counted at each use.
 */
export function parseRecordType(schema: Json, where: string): RecordType {
  const type = parseType(
    schema,
    {
      where,
      namespace: '',
      names: new Map(),
      bounds: { depth: 0, sizes: new Map() },
    },
    '',
  )
  if (type.kind !== 'record') throw invalid(where, '', 'a schema is a record')
  return type
}

type Bounds = {
  /** How deep the type that is being parsed is nested. */
  depth: number
  /** How many types each type counts as, those inside it included. */
  readonly sizes: Map<Type, number>
}

/** Without this bound, a few records that each use another one twice make a type too large to walk. */
const typesMax = 10_000
const levelsMax = 32

function parseType(schema: Json, scope: Scope, path: string): Type {
  const { bounds } = scope
  if (bounds.depth === levelsMax)
    throw invalid(scope.where, path, `types are nested ${levelsMax} levels deep at most`)
  bounds.depth += 1
  const type = parseUnbounded(schema, scope, path)
  bounds.depth -= 1
  const size = bounds.sizes.get(type) ?? sizeOf(type, bounds)
  if (size > typesMax)
    throw invalid(
      scope.where,
      path,
      `a schema has ${typesMax} types at most, a named one counted at each use`,
    )
  bounds.sizes.set(type, size)
  return type
}

/** Returns how many types a type counts as, those inside it included. Their sizes are known; an enum counts its symbols. */
function sizeOf(type: Type, { sizes }: Bounds): number {
  const of = (part: Type) => sizes.get(part) ?? 1
  switch (type.kind) {
    case 'optional':
      return 1 + of(type.of)
    case 'array':
      return 1 + of(type.items)
    case 'map':
      return 1 + of(type.values)
    case 'record':
      return type.fields.reduce((size, field) => size + of(field.type), 1)
    case 'enum':
      return type.symbols.length
    default:
      return 1
  }
}

function parseUnbounded(schema: Json, scope: Scope, path: string): Type {
  if (typeof schema === 'string') {
    const primitive = Object.hasOwn(primitives, schema) ? primitives[schema] : undefined
    if (primitive) return { kind: primitive }
    const named = scope.names.get(fullName(schema, scope.namespace)) ?? scope.names.get(schema)
    if (named) return named
    throw invalid(
      scope.where,
      path,
      `the type "${schema}" is not known here; a name must be declared before its use`,
    )
  }
  if (Array.isArray(schema)) return parseUnion(schema, scope, path)
  if (!isObject(schema)) throw invalid(scope.where, path, 'a type is a name, a list or an object')
  switch (schema.type) {
    case 'record':
      return parseRecord(schema, scope, path)
    case 'enum':
      return parseEnum(schema, scope, path)
    case 'array':
      return { kind: 'array', items: parseType(schema.items ?? null, scope, `${path}[]`) }
    case 'map':
      return { kind: 'map', values: parseType(schema.values ?? null, scope, `${path}{}`) }
    default: {
      if (schema.logicalType === undefined || typeof schema.type !== 'string') {
        return parseType(schema.type ?? null, scope, path)
      }
      const name = `${schema.type}/${String(schema.logicalType)}`
      const primitive = Object.hasOwn(logical, name) ? logical[name] : undefined
      if (primitive) return { kind: primitive }
      throw invalid(
        scope.where,
        path,
        `the logical type ${name} is not supported; use ${Object.keys(logical).join(' or ')}`,
      )
    }
  }
}

function parseUnion(branches: readonly Json[], scope: Scope, path: string): Type {
  const nullAt = branches.indexOf('null')
  const other = branches[1 - nullAt]
  if (branches.length !== 2 || nullAt < 0 || other === undefined || other === 'null') {
    throw invalid(scope.where, path, 'a union is ["null", type]')
  }
  const of = parseType(other, scope, path)
  if (of.kind === 'optional') throw invalid(scope.where, path, 'a union holds no union')
  return { kind: 'optional', of, nullAt: nullAt === 0 ? 0 : 1 }
}

function parseRecord(schema: JsonObject, outer: Scope, path: string): RecordType {
  const { scope, name } = declare(schema, outer, path)
  if (!Array.isArray(schema.fields) || schema.fields.length === 0) {
    throw invalid(scope.where, path, 'a record has a list of at least one field')
  }
  const seen = new Set<string>()
  const fields = schema.fields.map((field: Json) => {
    const parsed = parseField(field, scope, path)
    const lower = parsed.name.toLowerCase()
    if (seen.has(lower)) {
      throw invalid(
        scope.where,
        at(path, parsed.name),
        'SQL knows this name already: names must differ in more than case',
      )
    }
    seen.add(lower)
    return parsed
  })
  const attributes = new Set(fields.filter((field) => !field.derive).map((field) => field.name))
  const record: RecordType = { kind: 'record', name, fields, attributes }
  scope.names.set(name, record)
  return record
}

function parseField(field: Json, scope: Scope, path: string): Field {
  if (!isObject(field) || typeof field.name !== 'string' || !namePattern.test(field.name)) {
    throw invalid(scope.where, path, 'every field has a name of letters, digits and _')
  }
  const here = at(path, field.name)
  if (field.name === '__proto__') throw invalid(scope.where, here, 'this name cannot be used')
  if (field.type === undefined) throw invalid(scope.where, here, 'the field has no type')
  const type = parseType(field.type, scope, here)
  const hasDefault = checkDefault(type, field.default, scope.where, here)
  const derive = parseDerive(field.derive, scope.where, here)
  if (field.pii !== undefined && typeof field.pii !== 'boolean') {
    throw invalid(scope.where, here, '"pii" is true or false')
  }
  if (field.pii === true && !redactable(type)) {
    throw invalid(
      scope.where,
      here,
      'a personal field must be text, a list, a map, a record of such, or nullable',
    )
  }
  return {
    name: field.name,
    doc: typeof field.doc === 'string' ? field.doc : '',
    type,
    hasDefault,
    pii: field.pii === true,
    ...(derive ? { derive } : {}),
  }
}

/** Defaults are kept to the ones that mean absence: then a missing attribute reads the same from any file. */
function checkDefault(type: Type, value: Json | undefined, where: string, path: string): boolean {
  if (value === undefined) return false
  const absence =
    (type.kind === 'optional' && type.nullAt === 0 && value === null) ||
    (type.kind === 'array' && Array.isArray(value) && value.length === 0) ||
    (type.kind === 'map' && isObject(value) && Object.keys(value).length === 0)
  if (!absence)
    throw invalid(where, path, 'a default is null for ["null", type], [] for a list, {} for a map')
  return true
}

function parseDerive(derive: Json | undefined, where: string, path: string): Field['derive'] {
  if (derive === undefined) return undefined
  if (!isObject(derive) || typeof derive.from !== 'string' || typeof derive.pattern !== 'string') {
    throw invalid(where, path, '"derive" is {"from": field, "pattern": regular expression with named groups}')
  }
  try {
    return { from: derive.from, pattern: new RegExp(derive.pattern, 'su') }
  } catch (cause) {
    throw new PipelineError('SCHEMA_INVALID', `${where}: ${path}: the pattern is no regular expression`, {
      cause,
    })
  }
}

function parseEnum(schema: JsonObject, outer: Scope, path: string): Type {
  const { scope, name } = declare(schema, outer, path)
  const symbols = schema.symbols
  if (
    !Array.isArray(symbols) ||
    symbols.length === 0 ||
    !symbols.every((s) => typeof s === 'string' && namePattern.test(s))
  ) {
    throw invalid(scope.where, path, 'an enum has symbols of letters, digits and _')
  }
  if (new Set(symbols).size < symbols.length) throw invalid(scope.where, path, 'a symbol occurs twice')
  const type: Type = { kind: 'enum', name, symbols: symbols as string[] }
  scope.names.set(name, type)
  return type
}

/** Registers a named type; a use of the name inside its own definition would be recursion, which is refused. */
function declare(schema: JsonObject, outer: Scope, path: string): { scope: Scope; name: string } {
  const given = typeof schema.name === 'string' ? schema.name : ''
  const namespace = typeof schema.namespace === 'string' ? schema.namespace : outer.namespace
  const name = fullName(given, namespace)
  const parts = name.split('.')
  if (!parts.every((part) => namePattern.test(part))) {
    throw invalid(outer.where, path, 'a record or enum has a name of letters, digits and _')
  }
  const last = parts.at(-1) ?? ''
  if (last === 'null' || Object.hasOwn(primitives, last))
    throw invalid(outer.where, path, `the name "${last}" belongs to a type of Avro`)
  if (outer.names.has(name)) throw invalid(outer.where, path, `the name "${name}" is declared twice`)
  outer.names.set(name, undefined)
  return { name, scope: { ...outer, namespace: name.slice(0, Math.max(0, name.lastIndexOf('.'))) } }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/**
 * Returns the fields of all records inside a type, at any depth, each record's before those inside them.
 *
 * @example
 * fieldsWithin(schema.own).some(({ pii }) => pii)
 */
export function fieldsWithin(type: Type): readonly Field[] {
  switch (type.kind) {
    case 'optional':
      return fieldsWithin(type.of)
    case 'array':
      return fieldsWithin(type.items)
    case 'map':
      return fieldsWithin(type.values)
    case 'record':
      return type.fields.flatMap((field) => [field, ...fieldsWithin(field.type)])
    default:
      return []
  }
}

/** True for a type whose values can be redacted: they can hold the mark or become absent. */
export function redactable(type: Type): boolean {
  switch (type.kind) {
    case 'optional':
    case 'string':
    case 'array':
    case 'map':
      return true
    case 'record':
      return type.fields.every((field) => redactable(field.type))
    default:
      return false
  }
}

function at(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function invalid(where: string, path: string, expected: string): PipelineError {
  return new PipelineError('SCHEMA_INVALID', `${where}: ${path === '' ? 'the schema' : path}: ${expected}`)
}
