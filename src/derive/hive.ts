import { isObject, type Json, type JsonObject, type Type } from '../record/type.ts'

/** How a name is written where types are spelled out: Glue takes it as it is, DDL in backticks. */
type Quote = (name: string) => string

const bare: Quote = (name) => name
const backticked: Quote = (name) => `\`${name}\``

/** The Hive type of an Avro type, as a Glue column names it: `struct<start:timestamp>`. Names are in lower case. */
export function hiveType(type: Type): string {
  return spell(type, bare)
}

/** The same in DDL, where a field's name may be a reserved word (`end`, `date`): each stands in backticks. */
export function hiveDdlType(type: Type): string {
  return spell(type, backticked)
}

function spell(type: Type, quote: Quote): string {
  switch (type.kind) {
    case 'optional':
      // Every Hive column is nullable.
      return spell(type.of, quote)
    case 'string':
    case 'enum':
      return 'string'
    case 'long':
      return 'bigint'
    case 'bytes':
      return 'binary'
    case 'instant':
      return 'timestamp'
    case 'boolean':
    case 'int':
    case 'float':
    case 'double':
    case 'date':
      return type.kind
    case 'array':
      return `array<${spell(type.items, quote)}>`
    case 'map':
      return `map<string,${spell(type.values, quote)}>`
    case 'record':
      return `struct<${type.fields
        .map((field) => `${quote(field.name.toLowerCase())}:${spell(field.type, quote)}`)
        .join(',')}>`
  }
}

/**
 * A text as a Hive string literal. Backslash escapes; a semicolon is written as its code, because some clients cut
 * statements at semicolons even inside quotes.
 */
export function hiveText(text: string): string {
  const escaped = text.replace(/[\\';\p{Cc}\u2028\u2029]/gu, (character) =>
    character === '\\' || character === "'"
      ? `\\${character}`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `'${escaped}'`
}

/** What a reader needs of each kind of schema object; all else (`doc`, annotations) is left out of the literal. */
const kept = new Set(['type', 'name', 'namespace', 'logicalType', 'symbols', 'items', 'values'])

/** An Avro schema without docs and annotations. Names, order, logical types and defaults stay. */
export function stripSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((branch: Json) => stripSchema(branch))
  if (!isObject(schema)) return schema
  const stripped = Object.entries(schema)
    .filter(([name]) => kept.has(name))
    .map(([name, value]) => [
      name,
      name === 'items' || name === 'values' || name === 'type' ? stripSchema(value) : value,
    ])
  const fields = Array.isArray(schema.fields) ? { fields: schema.fields.map(stripField) } : {}
  return { ...Object.fromEntries(stripped), ...fields }
}

function stripField(field: JsonObject): Json {
  const { name = '', type = null, default: fallback } = field
  return { name, type: stripSchema(type), ...(fallback === undefined ? {} : { default: fallback }) }
}
