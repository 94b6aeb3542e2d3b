import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { Cell } from './engine.ts'

/** A value of DuckDB as a cell; what has no form of its own there (a time, an interval) is its text. */
export function toCell(value: DuckDBValue): Cell {
  if (value === null || typeof value !== 'object') return value ?? null
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return { kind: 'instant', micros: value.micros }
  if (value instanceof DuckDBTimestampMillisecondsValue)
    return { kind: 'instant', micros: value.millis * 1000n }
  if (value instanceof DuckDBTimestampSecondsValue)
    return { kind: 'instant', micros: value.seconds * 1_000_000n }
  if (value instanceof DuckDBTimestampNanosecondsValue)
    return { kind: 'instant', micros: value.nanos / 1000n }
  if (value instanceof DuckDBDateValue) return { kind: 'date', days: value.days }
  if (value instanceof DuckDBDecimalValue) return { kind: 'decimal', text: value.toString() }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return { kind: 'list', items: value.items.map(toCell) }
  if (value instanceof DuckDBStructValue) {
    return {
      kind: 'struct',
      entries: Object.entries(value.entries).map(([name, item]) => [name, toCell(item)]),
    }
  }
  if (value instanceof DuckDBMapValue) {
    return { kind: 'map', entries: value.entries.map((entry) => [toCell(entry.key), toCell(entry.value)]) }
  }
  if (value instanceof DuckDBBlobValue) return value.bytes
  return value.toString()
}

const numeric: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
])

export function isNumeric(type: DuckDBType): boolean {
  return numeric.has(type.typeId)
}
