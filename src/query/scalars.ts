import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBScalarFunction,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
  INTEGER,
  LIST,
  MAP,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import { FunctionError, type ScalarFunction, type ScalarType, type ScalarValue } from '../dialect/registry.ts'
import { failureMark } from '../dialect/sql.ts'

const duckTypes: { readonly [T in ScalarType]: DuckDBType } = {
  varchar: VARCHAR,
  integer: INTEGER,
  bigint: BIGINT,
  double: DOUBLE,
  boolean: BOOLEAN,
  varbinary: BLOB,
  timestamp: TIMESTAMP,
  date: DATE,
  'varchar[]': LIST(VARCHAR),
  'map(varchar,varchar)': MAP(VARCHAR, VARCHAR),
}

/** Makes functions in JavaScript known to DuckDB, each a second time with `_try` behind its name: that one gives NULL where it would fail. */
export function registerScalars(connection: DuckDBConnection, functions: Iterable<ScalarFunction>): void {
  const known = new Set<string>()
  for (const fn of functions) {
    if (known.has(fn.scalar)) continue
    known.add(fn.scalar)
    connection.registerScalarFunction(toDuckFunction(fn, fn.scalar, false))
    connection.registerScalarFunction(toDuckFunction(fn, `${fn.scalar}_try`, true))
  }
}

function toDuckFunction(fn: ScalarFunction, name: string, isTry: boolean): DuckDBScalarFunction {
  const apply = fn.apply as (...args: readonly unknown[]) => ScalarValue
  const run = (args: readonly unknown[]): ScalarValue => {
    try {
      return apply(...args)
    } catch (error) {
      if (isTry && error instanceof FunctionError) return null
      throw error
    }
  }
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: fn.parameters.map((type) => duckTypes[type]),
    returnType: duckTypes[fn.returns],
    mainFunction: (info, input, output) => {
      try {
        fill(input, output, fn, run)
      } catch (error) {
        // Another error is a mistake of ours, and may quote a value.
        info.setError(
          `${failureMark}${error instanceof FunctionError ? error.message : `${fn.scalar} failed`}`,
        )
      }
    },
  })
}

function fill(
  input: DuckDBDataChunk,
  output: DuckDBVector,
  fn: ScalarFunction,
  run: (args: readonly unknown[]) => ScalarValue,
): void {
  const columns = fn.parameters.map((_, index) => input.getColumnVector(index))
  for (let row = 0; row < input.rowCount; row++) {
    const values = columns.map((column) => column.getItem(row))
    const isNull = values.includes(null)
    output.setItem(
      row,
      isNull
        ? null
        : toDuck(run(values.map((value, index) => toJs(value, fn.parameters[index]))), fn.returns),
    )
  }
  output.flush()
}

function toJs(value: DuckDBValue, type: ScalarType | undefined): unknown {
  switch (type) {
    case 'varbinary':
      return value instanceof DuckDBBlobValue ? value.bytes : value
    case 'timestamp':
      return value instanceof DuckDBTimestampValue ? value.micros : value
    case 'date':
      return value instanceof DuckDBDateValue ? value.days : value
    case 'varchar[]':
      return value instanceof DuckDBListValue ? value.items : value
    case 'map(varchar,varchar)':
      return value instanceof DuckDBMapValue ? value.entries.map(({ key, value: of }) => [key, of]) : value
    default:
      return value
  }
}

function toDuck(value: ScalarValue, type: ScalarType): DuckDBValue {
  if (value === null) return null
  switch (type) {
    case 'varbinary':
      return new DuckDBBlobValue(value as Uint8Array)
    case 'timestamp':
      return new DuckDBTimestampValue(value as bigint)
    case 'date':
      return new DuckDBDateValue(value as number)
    case 'varchar[]':
      return new DuckDBListValue(value as readonly (string | null)[])
    case 'map(varchar,varchar)':
      return new DuckDBMapValue(
        (value as readonly (readonly [string, string | null])[]).map(([key, of]) => ({ key, value: of })),
      )
    default:
      return value as DuckDBValue
  }
}
