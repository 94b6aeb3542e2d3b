import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  type DuckDBType,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  STRUCT,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import { partitionColumn as hivePartitionColumn } from '../derive/ddl.ts'
import { quoteName } from '../dialect/sql.ts'
import type { RecordSchema } from '../record/schema.ts'
import type { Type } from '../record/type.ts'

/** The column by which files are filed; as in Athena it comes last. */
export const partitionColumnName = hivePartitionColumn.name

/** A column of a table: its name as SQL sees it, and its type. */
export type TableColumn = { readonly name: string; readonly type: DuckDBType }

/** The columns of a record type's table, without the partition column, in the order of the schema. */
export function tableColumns(schema: RecordSchema): readonly TableColumn[] {
  return schema.row.fields.map((field) => ({
    name: field.name.toLowerCase(),
    type: toDuckType(field.type),
  }))
}

/** A FROM with the columns of a record type's table, that of its files' keys included, and no row. */
export function emptyTable(schema: RecordSchema): string {
  const columns = [
    ...tableColumns(schema),
    { name: partitionColumnName, type: VARCHAR },
    { name: '$path', type: VARCHAR },
  ]
  const list = columns.map(({ name, type }) => `CAST(NULL AS ${type.toString()}) AS ${quoteName(name)}`)
  return `(SELECT ${list.join(', ')} WHERE false)`
}

function toDuckType(type: Type): DuckDBType {
  switch (type.kind) {
    case 'optional':
      return toDuckType(type.of)
    case 'array':
      return LIST(toDuckType(type.items))
    case 'map':
      return MAP(VARCHAR, toDuckType(type.values))
    case 'record':
      return STRUCT(
        Object.fromEntries(type.fields.map((field) => [field.name.toLowerCase(), toDuckType(field.type)])),
      )
    default:
      return scalars[type.kind]
  }
}

const scalars = {
  string: VARCHAR,
  enum: VARCHAR,
  boolean: BOOLEAN,
  int: INTEGER,
  long: BIGINT,
  float: FLOAT,
  double: DOUBLE,
  bytes: BLOB,
  instant: TIMESTAMP,
  date: DATE,
} as const
