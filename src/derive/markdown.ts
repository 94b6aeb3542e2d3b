import { redacted } from '../record/rules.ts'
import type { Catalog, Path, RecordSchema } from '../record/schema.ts'
import type { Field, RecordType, Type } from '../record/type.ts'
import { partitionColumn } from './ddl.ts'

const intro = ({ type, plural }: RecordSchema) => `# The tables and their columns

Every change of every record is one row: an insert, each modification, and the delete. Nothing is overwritten.

| name in SQL | holds |
| --- | --- |
| \`${type}\` (and its plural, \`${plural}\`) | every archived row, as delivered; a change that came twice may stand here twice |
| \`${type}_changes\` | each change once |
| \`${type}_current\` | the latest state of each item; deleted ones are left out |

The same four names exist for every record type below. SQL sees all names in lower case: \`isDeleted\` is \`isdeleted\`.
A field of a row within a row is reached with a dot (\`date.requested\`), the items of a list with
\`UNNEST\`. An entry of a map is \`element_at(extra, '/seatMap')\`, which is NULL where a record has no such attribute.
Times are UTC.

Filter by \`${partitionColumn.name}\` (text, \`YYYY-MM-DD\`) wherever you can: it decides how much is read. Each type's rules
below say which date that is. \`isdeleted = false\` selects the rows of live records, but the earlier rows of a record that was
deleted later keep \`false\`: ask \`_current\` for what is still there.

A required field is never null. Personal fields hold \`${redacted}\` in the row of a delete.`

/** The reference of all record types, for the people who query them. */
export function schemaReference(catalog: Catalog): string {
  const schemas = [...catalog.values()]
  const [first] = schemas
  const parts = [
    '<!-- Generated from the schemas by `npm run generate`: change them, not this file. -->',
    ...(first ? [intro(first)] : []),
    ...schemas.map(typeSection),
    ...(first ? [addedSection(first)] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function typeSection(schema: RecordSchema): string {
  const { type, plural } = schema
  return [
    `## ${type}`,
    schema.doc,
    `In SQL: \`${type}\`, \`${plural}\`, \`${type}_changes\`, \`${type}_current\`.`,
    rules(schema),
    fieldTable(schema.own),
  ].join('\n\n')
}

function rules(schema: RecordSchema): string {
  const template = schema.reference
    .map((part, index) => (index % 2 === 0 ? part : `{${part.toLowerCase()}}`))
    .join('')
  const lines = [
    `\`reference.id\` is \`${template}\`.`,
    `\`reference.timestamp\` is the first of these that is there: ${order(schema.timestamp)}.`,
    `\`${partitionColumn.name}\` is the UTC day of the first of these that is there: ${order(schema.partition)}.`,
    ...(schema.deletedAt ? [`A delete sets ${order([schema.deletedAt])} to the time of the change.`] : []),
    ...schema.own.fields.flatMap((field) =>
      field.derive
        ? [
            `\`${field.name.toLowerCase()}\` is taken out of \`${field.derive.from.toLowerCase()}\`, where that has the form \`${field.derive.pattern.source}\`.`,
          ]
        : [],
    ),
  ]
  return lines.map((line) => `- ${line}`).join('\n')
}

function order(paths: readonly Path[]): string {
  return paths.map((path) => `\`${path.join('.').toLowerCase()}\``).join(', ')
}

function addedSection({ own, row }: RecordSchema): string {
  const names = new Set(own.fields.map((field) => field.name))
  const added = { ...row, fields: row.fields.filter((field) => !names.has(field.name)) }
  return [
    '## In every table',
    'What the pipeline adds to each row, whatever its type.',
    fieldTable(added),
    `Every table also has \`${partitionColumn.name}\` (varchar): ${partitionColumn.comment}`,
  ].join('\n\n')
}

function fieldTable(record: RecordType): string {
  return [
    '| field | SQL type | Avro type | required | personal | meaning |',
    '| --- | --- | --- | --- | --- | --- |',
    ...fieldLines(record),
  ].join('\n')
}

function fieldLines(record: RecordType): readonly string[] {
  return describeFields(record).map((field) => {
    const cells = [
      `\`${field.path}\``,
      field.sqlType,
      avroType(field.type),
      field.isRequired ? 'yes' : '',
      field.isPersonal ? 'yes' : '',
      field.doc,
    ]
    return `| ${cells.map(toCell).join(' | ')} |`
  })
}

/** A field of a row, or of a record within it, as an analyst meets it. */
export type DescribedField = {
  /** How it is reached from the row: `date.requested`, `venues[].name`, `extra{}`. */
  readonly path: string
  readonly type: Type
  /** The type as Athena names it; a record is `row`. */
  readonly sqlType: string
  readonly isRequired: boolean
  /** The schema marks it, or a record that it is in, as personal data. */
  readonly isPersonal: boolean
  readonly doc: string
}

/** Every field of a record in the order of its schema; those of a record within it follow it. */
export function describeFields(
  record: RecordType,
  prefix = '',
  isPersonal = false,
): readonly DescribedField[] {
  return record.fields.flatMap((field) => {
    const described: DescribedField = {
      path: `${prefix}${field.name}`,
      type: field.type,
      sqlType: sqlType(field.type),
      isRequired: isRequired(field),
      isPersonal: isPersonal || field.pii,
      doc: field.doc,
    }
    const nested = nestedRecord(field.type, described.path)
    return [
      described,
      ...(nested ? describeFields(nested.record, `${nested.path}.`, described.isPersonal) : []),
    ]
  })
}

function isRequired(field: Field): boolean {
  return !field.hasDefault && !field.derive
}

/** The record inside a type, and how its values are reached: `venues[]`. */
function nestedRecord(type: Type, path: string): { record: RecordType; path: string } | undefined {
  switch (type.kind) {
    case 'record':
      return { record: type, path }
    case 'optional':
      return nestedRecord(type.of, path)
    case 'array':
      return nestedRecord(type.items, `${path}[]`)
    case 'map':
      return nestedRecord(type.values, `${path}{}`)
    default:
      return undefined
  }
}

/** The type as Athena's SQL names it; what is inside a row has lines of its own. */
function sqlType(type: Type): string {
  switch (type.kind) {
    case 'optional':
      return sqlType(type.of)
    case 'string':
    case 'enum':
      return 'varchar'
    case 'int':
      return 'integer'
    case 'long':
      return 'bigint'
    case 'float':
      return 'real'
    case 'bytes':
      return 'varbinary'
    case 'instant':
      return 'timestamp(3)'
    case 'boolean':
    case 'double':
    case 'date':
      return type.kind
    case 'array':
      return `array(${sqlType(type.items)})`
    case 'map':
      return `map(varchar, ${sqlType(type.values)})`
    case 'record':
      return 'row'
  }
}

function avroType(type: Type): string {
  switch (type.kind) {
    case 'optional':
      return avroType(type.of)
    case 'instant':
      return 'long, timestamp-millis'
    case 'date':
      return 'int, date'
    case 'array':
      return `array of ${avroType(type.items)}`
    case 'map':
      return `map of ${avroType(type.values)}`
    case 'enum':
      return `enum: ${type.symbols.join(', ')}`
    default:
      return type.kind
  }
}

function toCell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|')
}
