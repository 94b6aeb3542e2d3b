import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { Field, RecordType, Type } from '../record/type.ts'

/** The text of a TypeScript module with a type for the rows of each record type, as they are decoded. */
export function rowTypes(catalog: Catalog): string {
  const schemas = [...catalog.values()]
  const index = schemas.map((schema) => `  readonly ${schema.type}: ${rowTypeName(schema)}`)
  return [
    '// Generated from the schemas in this folder by `npm run generate`: change them, not this file.',
    ...schemas.map(toRowType),
    `/** The row of each record type, by its name. */\nexport type Rows = {\n${index.join('\n')}\n}`,
  ]
    .join('\n\n')
    .concat('\n')
}

function toRowType(schema: RecordSchema): string {
  return `${docstring(schema.doc, '')}export type ${rowTypeName(schema)} = ${toRecord(schema.row, '')}`
}

/** `gift_card` → `GiftCardRow`. */
function rowTypeName({ type }: RecordSchema): string {
  return `${type.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Row`
}

function toRecord(record: RecordType, indent: string): string {
  const inner = `${indent}  `
  const fields = record.fields.map((field) => toField(field, inner))
  return `{\n${fields.join('\n')}\n${indent}}`
}

function toField(field: Field, indent: string): string {
  return `${docstring(field.doc, indent)}${indent}readonly ${field.name}: ${toType(field.type, indent)}`
}

function toType(type: Type, indent: string): string {
  switch (type.kind) {
    case 'optional':
      return `${toType(type.of, indent)} | null`
    case 'string':
    case 'boolean':
      return type.kind
    case 'bytes':
      return 'Uint8Array'
    case 'long':
      return 'number | bigint'
    case 'int':
    case 'float':
    case 'double':
    case 'instant':
    case 'date':
      return 'number'
    case 'enum':
      return type.symbols.map((symbol) => `'${symbol}'`).join(' | ')
    case 'map':
      return `ReadonlyMap<string, ${toType(type.values, indent)}>`
    case 'array': {
      const item = toType(type.items, indent)
      return `readonly ${isUnion(type.items) ? `(${item})` : item}[]`
    }
    case 'record':
      return toRecord(type, indent)
  }
}

function isUnion(type: Type): boolean {
  return (
    type.kind === 'optional' ||
    type.kind === 'long' ||
    type.kind === 'array' ||
    (type.kind === 'enum' && type.symbols.length > 1)
  )
}

function docstring(doc: string, indent: string): string {
  return doc === '' ? '' : `${indent}/** ${doc.replace(/\s+/g, ' ').replaceAll('*/', '*\\/')} */\n`
}
