import type { ColumnInfo } from '@aws-sdk/client-athena'
import type { Cell, Column } from '../engine.ts'

const wholeTypes: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'integer', 'int'])
const floatTypes: ReadonlySet<string> = new Set(['real', 'float', 'double'])
const numericTypes: ReadonlySet<string> = new Set([...wholeTypes, ...floatTypes, 'bigint', 'decimal'])

/** A column of a result; its type is in Athena's words, which name no parts: `row`, `array`, `map`. */
export function toColumn({ Name = '', Type = 'varchar', Precision, Scale }: ColumnInfo): Column {
  const type = Type === 'decimal' ? `decimal(${Precision},${Scale})` : Type
  return { name: Name, type, isNumeric: numericTypes.has(Type) }
}

/**
 * A value from Athena's text for it, as DuckDB gives it too. What the text does not tell for certain stays text: arrays,
 * maps and rows, in which texts are not quoted, and instants of a zone other than UTC that has only a name.
 */
export function parseCell(text: string | undefined, type: string): Cell {
  if (text === undefined) return null
  if (type === 'bigint' && /^-?\d+$/.test(text)) return BigInt(text)
  if (wholeTypes.has(type) || floatTypes.has(type)) return Number(text)
  if (type.startsWith('decimal')) return { kind: 'decimal', text }
  switch (type) {
    case 'boolean':
      return text === 'true'
    case 'date':
      return toDate(text)
    case 'timestamp':
    case 'timestamp with time zone':
      return toInstant(text)
    case 'varbinary':
      return /^(?:[0-9a-f]{2}(?: |$))*$/i.test(text) ? Buffer.from(text.replaceAll(' ', ''), 'hex') : text
    default:
      return text
  }
}

const datePattern = /^([+-]?\d{4,6})-(\d\d)-(\d\d)$/
const dayMs = 86_400_000

function toDate(text: string): Cell {
  const [, year, month, day] = datePattern.exec(text) ?? []
  if (year === undefined) return text
  return { kind: 'date', days: utc(year, month, day) / dayMs }
}

const instantPattern =
  /^([+-]?\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?: (UTC|Z|[+-]\d\d:\d\d))?$/

function toInstant(text: string): Cell {
  const [, year, month, day, hours, minutes, seconds, fraction = '', zone = 'UTC'] =
    instantPattern.exec(text) ?? []
  if (year === undefined) return text
  const ms = utc(year, month, day) + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  const micros = BigInt(fraction.padEnd(6, '0').slice(0, 6))
  return { kind: 'instant', micros: BigInt(ms - offsetMs(zone)) * 1000n + micros }
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? []
  const ms = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000
  return sign === '-' ? -ms : ms
}

/** Not Date.UTC alone, for which the years below 100 are those of the 20th century. */
function utc(year = '', month = '', day = ''): number {
  return new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day))
}
