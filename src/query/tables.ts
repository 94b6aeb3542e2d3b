import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  STRUCT,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import type { RecordSchema } from '../record/schema.ts'
import type { RecordType, RecordValue, Type, Value } from '../record/type.ts'
import { quoteName } from './quote.ts'

/** The column by which files are filed; as in Athena it comes last. */
export const partitionColumn = 'partition_date'

/**
 * A column of a table: its name as SQL sees it, its type, and how a value of ours becomes one of DuckDB's.
 * `convert` throws a RangeError for a number that a foreign writer put where the type has no room for it.
 */
export type TableColumn = {
  readonly name: string
  readonly type: DuckDBType
  readonly convert: (value: Value) => DuckDBValue
}

/** The columns of a record type's table, without the partition column, in the order of the schema. */
export function tableColumns(schema: RecordSchema): readonly TableColumn[] {
  return schema.row.fields.map((field) => ({
    name: field.name.toLowerCase(),
    type: toDuckType(field.type),
    convert: converter(field.type),
  }))
}

/** The statement that makes a record type's table. */
export function createTable(schema: RecordSchema): string {
  const columns = [...tableColumns(schema), { name: partitionColumn, type: VARCHAR }]
  const list = columns.map(({ name, type }) => `${quoteName(name)} ${type.toString()}`)
  return `CREATE TABLE ${quoteName(schema.type)} (${list.join(', ')})`
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

/** A function for one type, so that the walk over the type is done once and not for every row. */
function converter(type: Type): (value: Value) => DuckDBValue {
  const convert = presentConverter(type.kind === 'optional' ? type.of : type)
  return (value) => (value === null ? null : convert(value))
}

function presentConverter(type: Type): (value: Value) => DuckDBValue {
  switch (type.kind) {
    case 'int':
      return (value) => toInt32(value)
    case 'long':
      return (value) => BigInt(value as number | bigint)
    case 'instant':
      return (value) => new DuckDBTimestampValue(BigInt(toInstant(value)) * 1000n)
    case 'date':
      return (value) => new DuckDBDateValue(toInt32(value))
    case 'bytes':
      return (value) => new DuckDBBlobValue(value as Uint8Array)
    case 'array': {
      const convert = converter(type.items)
      return (value) => new DuckDBListValue((value as readonly Value[]).map(convert))
    }
    case 'map': {
      const convert = converter(type.values)
      return (value) => {
        const entries = [...(value as ReadonlyMap<string, Value>)]
        return new DuckDBMapValue(entries.map(([key, item]) => ({ key, value: convert(item) })))
      }
    }
    case 'record':
      return recordConverter(type)
    default:
      return (value) => value as DuckDBValue
  }
}

function toInt32(value: Value): number {
  if (typeof value === 'number' && (value | 0) === value) return value
  throw new RangeError('a number is beyond 32 bits')
}

/** The milliseconds that a Date has; beyond them DuckDB's own end, and then it would wrap around. */
const instantMaxMs = 8.64e15

function toInstant(value: Value): number {
  if (typeof value === 'number' && Math.abs(value) <= instantMaxMs) return value
  throw new RangeError('an instant is beyond the calendar')
}

function recordConverter(type: RecordType): (value: Value) => DuckDBValue {
  const fields = type.fields.map((field) => ({
    name: field.name,
    column: field.name.toLowerCase(),
    convert: converter(field.type),
  }))
  return (value) => {
    const entries: Record<string, DuckDBValue> = {}
    for (const { name, column, convert } of fields)
      entries[column] = convert((value as RecordValue)[name] ?? null)
    return new DuckDBStructValue(entries)
  }
}
