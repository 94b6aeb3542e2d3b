import { PipelineError } from '../record/error.ts'
import type { PartitionRange } from '../record/rules.ts'
import type { RecordSchema } from '../record/schema.ts'
import { hiveDdlType, hiveText, hiveType, stripSchema } from './hive.ts'

/** A column as the Glue catalog holds it. */
export type HiveColumn = {
  /** In lower case, as SQL sees it. */
  readonly name: string
  readonly type: string
  readonly comment: string
}

export type TableOptions = PartitionRange & {
  /** The archive's root, above `data/`: `s3://bucket/prefix`. */
  readonly location: string
}

/** The column that every table is partitioned by; a text, so that Athena prunes by it in the catalog. */
export const partitionColumn: HiveColumn = {
  name: 'partition_date',
  type: 'string',
  comment: 'The UTC day that the row is filed under: YYYY-MM-DD.',
}

export const avroSerde = 'org.apache.hadoop.hive.serde2.avro.AvroSerDe'

// https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
const commentLengthMax = 255
// https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
const statementBytesMax = 262_144

/** The columns of a table, without the partition column: one for every field of a row, in the order of the schema. */
export function hiveColumns(schema: RecordSchema): readonly HiveColumn[] {
  return schema.row.fields.map((field) => ({
    name: field.name.toLowerCase(),
    type: hiveType(field.type),
    comment: toComment(field.doc),
  }))
}

/** The schema as `avro.schema.literal` takes it: compact, without docs. Without it camelCase fields read as null. */
export function avroLiteral(schema: RecordSchema): string {
  return JSON.stringify(stripSchema(schema.avro))
}

/** Where the files of a type lie: `s3://bucket/prefix/data/demand/`. */
export function tableLocation(schema: RecordSchema, location: string): string {
  return `${location.replace(/\/+$/, '')}/data/${schema.type}/`
}

/**
 * The properties of a table: the schema, and partition projection
 * (https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html), by which Athena finds the partitions of
 * the worker's range of dates without any being added.
 */
export function tableParameters(
  schema: RecordSchema,
  options: TableOptions,
): { readonly [name: string]: string } {
  const column = `projection.${partitionColumn.name}`
  const until = options.yearsAhead === 0 ? 'NOW' : `NOW+${options.yearsAhead}YEARS`
  return {
    classification: 'avro',
    'avro.schema.literal': avroLiteral(schema),
    'projection.enabled': 'true',
    [`${column}.type`]: 'date',
    [`${column}.format`]: 'yyyy-MM-dd',
    [`${column}.range`]: `${options.from},${until}`,
    [`${column}.interval`]: '1',
    [`${column}.interval.unit`]: 'DAYS',
    'storage.location.template': `${tableLocation(schema, options.location)}${partitionColumn.name}=\${${partitionColumn.name}}/`,
  }
}

/**
 * The statement that makes a type's table in Athena.
 *
 * Throws SCHEMA_INVALID when it is longer than Athena takes.
 */
export function athenaDdl(schema: RecordSchema, options: TableOptions): string {
  const literal = hiveText(avroLiteral(schema))
  const columns = schema.row.fields.map((field) =>
    toColumn(field.name.toLowerCase(), hiveDdlType(field.type), toComment(field.doc)),
  )
  const properties = Object.entries(tableParameters(schema, options)).map(
    ([name, value]) => `  ${hiveText(name)}=${hiveText(value)}`,
  )
  const { name, type, comment } = partitionColumn
  const statement = [
    `CREATE EXTERNAL TABLE \`${schema.type}\` (`,
    columns.join(',\n'),
    ')',
    ...(schema.doc === '' ? [] : [`COMMENT ${hiveText(toComment(schema.doc))}`]),
    `PARTITIONED BY (\n${toColumn(name, type, comment)}\n)`,
    `ROW FORMAT SERDE ${hiveText(avroSerde)}`,
    `WITH SERDEPROPERTIES ('avro.schema.literal'=${literal})`,
    'STORED AS AVRO',
    `LOCATION ${hiveText(tableLocation(schema, options.location))}`,
    `TBLPROPERTIES (\n${properties.join(',\n')}\n)`,
    '',
  ].join('\n')
  const bytes = Buffer.byteLength(statement)
  if (bytes > statementBytesMax) {
    const why = `its DDL has ${bytes} bytes, Athena takes ${statementBytesMax}`
    throw new PipelineError('SCHEMA_INVALID', `${schema.type}.avsc: ${why}`)
  }
  return statement
}

function toColumn(name: string, type: string, comment: string): string {
  return `  \`${name}\` ${type}${comment === '' ? '' : ` COMMENT ${hiveText(comment)}`}`
}

/** One line of at most 255 UTF-16 units, not cut inside a character. */
function toComment(doc: string): string {
  const line = doc.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  if (line.length <= commentLengthMax) return line
  return `${line.slice(0, commentLengthMax - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
