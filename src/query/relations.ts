import { partitionColumn as hivePartitionColumn } from '../derive/ddl.ts'
import type { ColumnType, KnownRelation } from '../dialect/environment.ts'
import { quoteName, quoteText } from '../dialect/sql.ts'
import {
  arrayOf,
  bigint,
  integer,
  mapOf,
  type SqlType,
  timestamp,
  typeName,
  varchar,
} from '../dialect/types.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import type { Type } from '../record/type.ts'
import { viewsOf } from './views.ts'

/** Where the relations are that have the column `$path`. */
export const pathSchema = 'with_path'

const catalogName = 'awsdatacatalog'
const databaseName = 'dmd'

/** What a statement may read: of each record type its table and the views beside it, and `information_schema`. */
export function relationsOf(catalog: Catalog): readonly KnownRelation[] {
  const own = [...catalog.values()].flatMap(relationsOfType)
  return [...own.map(({ relation }) => relation), ...informationSchema(own)]
}

type Own = { readonly relation: KnownRelation; readonly select?: string }

function relationsOfType(schema: RecordSchema): readonly Own[] {
  const columns = columnsOf(schema)
  const withPath = (name: string) => ({ sqlWithPath: `${pathSchema}.${quoteName(name)}` })
  const names = columns.map(({ name }) => name ?? '')
  return [
    { relation: { name: schema.type, columns, sql: quoteName(schema.type), ...withPath(schema.type) } },
    ...viewsOf(schema, names).map(({ name, select }) => ({
      relation: { name, columns, sql: quoteName(name), ...(name === schema.plural ? withPath(name) : {}) },
      select,
    })),
  ]
}

/** The columns of a record type's table as Athena has them, the partition column last. */
function columnsOf(schema: RecordSchema): readonly ColumnType[] {
  return [
    ...schema.row.fields.map((field) => ({ name: field.name.toLowerCase(), type: toSqlType(field.type) })),
    { name: hivePartitionColumn.name, type: varchar },
  ]
}

function toSqlType(type: Type): SqlType {
  switch (type.kind) {
    case 'optional':
      return toSqlType(type.of)
    case 'array':
      return arrayOf(toSqlType(type.items))
    case 'map':
      return mapOf(varchar, toSqlType(type.values))
    case 'record':
      return {
        kind: 'row',
        fields: type.fields.map((field) => ({ name: field.name.toLowerCase(), type: toSqlType(field.type) })),
      }
    case 'string':
    case 'enum':
      return varchar
    case 'int':
      return integer
    case 'long':
      return bigint
    case 'float':
      return { kind: 'real' }
    case 'bytes':
      return { kind: 'varbinary' }
    case 'instant':
      return timestamp(3)
    default:
      return { kind: type.kind }
  }
}

/** The standard's views of the catalog, as far as Athena fills them. */
function informationSchema(relations: readonly Own[]): readonly KnownRelation[] {
  const sorted = [...relations].sort((a, b) => (a.relation.name < b.relation.name ? -1 : 1))
  const views = sorted.filter(({ select }) => select !== undefined)
  return [
    valuesRelation(
      'tables',
      ['table_catalog', 'table_schema', 'table_name', 'table_type'],
      sorted.map(({ relation: { name }, select }) => [
        catalogName,
        databaseName,
        name,
        select === undefined ? 'BASE TABLE' : 'VIEW',
      ]),
    ),
    valuesRelation(
      'columns',
      [
        'table_catalog',
        'table_schema',
        'table_name',
        'column_name',
        'ordinal_position',
        'column_default',
        'is_nullable',
        'data_type',
      ],
      sorted.flatMap(({ relation: { name, columns } }) =>
        columns.map(({ name: column = '', type }, index) => [
          catalogName,
          databaseName,
          name,
          column,
          index + 1,
          null,
          'YES',
          typeName(type),
        ]),
      ),
    ),
    valuesRelation(
      'views',
      ['table_catalog', 'table_schema', 'table_name', 'view_definition'],
      views.map(({ relation: { name }, select = '' }) => [catalogName, databaseName, name, select]),
    ),
    valuesRelation(
      'schemata',
      ['catalog_name', 'schema_name'],
      [
        [catalogName, databaseName],
        [catalogName, 'information_schema'],
      ],
    ),
  ]
}

function valuesRelation(
  name: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): KnownRelation {
  const values = rows.map(
    (row) =>
      `(${row.map((value) => (value === null ? 'NULL' : typeof value === 'number' ? `CAST(${value} AS BIGINT)` : quoteText(value))).join(', ')})`,
  )
  const list = columns.map(quoteName).join(', ')
  return {
    name: `information_schema.${name}`,
    columns: columns.map((column) => ({
      name: column,
      type: column === 'ordinal_position' ? bigint : varchar,
    })),
    sql: `(SELECT * FROM (VALUES ${values.join(', ')}) AS rows(${list}))`,
  }
}
