import { StatementError } from './failure.ts'
import { parseJson } from './functions/json.ts'
import { type Expr, FunctionError } from './registry.ts'
import { quoteText } from './sql.ts'
import type { Expression, IntervalField } from './syntax.ts'
import { parseDate, parseTime, parseTimestamp } from './temporal.ts'
import {
  bigint,
  boolean,
  date,
  dayInterval,
  decimal,
  decimalDigitsMax,
  double,
  integer,
  json,
  type SqlType,
  timeDigitsMax,
  timestamp,
  varcharOf,
  yearInterval,
  zoned,
} from './types.ts'
import { resolveType } from './typesyntax.ts'
import { instantOf } from './zone.ts'

const literal = (sql: string, type: SqlType, value?: string | number | boolean): Expr => ({
  sql,
  type,
  isCheap: true,
  ...(value === undefined ? {} : { literal: value }),
})

export function booleanLiteral(value: boolean): Expr {
  return literal(String(value), boolean, value)
}

/** A text; its type has its length in code points. */
export function stringLiteral(value: string): Expr {
  return literal(quoteText(value), varcharOf([...value].length), value)
}

/** A whole number: an integer where it fits one, else a bigint. */
export function integerLiteral(digits: string, at: number): Expr {
  const value = BigInt(digits)
  if (value > 9223372036854775807n || value < -9223372036854775808n)
    throw new StatementError(
      at,
      `Invalid numeric literal: ${digits.slice(0, 40)} is beyond bigint; write it as DECIMAL '…'`,
    )
  const isSmall = value <= 2147483647n && value >= -2147483648n
  return literal(
    isSmall ? `CAST(${value} AS INTEGER)` : `CAST(${value} AS BIGINT)`,
    isSmall ? integer : bigint,
    ...(isSmall ? [Number(value)] : []),
  )
}

/** `1.50` is decimal(3,2). */
export function decimalLiteral(text: string, at: number): Expr {
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? []
  if (whole === '' && fraction === '') throw new StatementError(at, `'${text.slice(0, 40)}' is no decimal`)
  const digits = whole.replace(/^0+/, '')
  const precision = Math.max(1, digits.length + fraction.length)
  if (precision > decimalDigitsMax)
    throw new StatementError(at, `A decimal has at most ${decimalDigitsMax} digits`)
  const type = decimal(precision, fraction.length)
  return literal(
    `CAST('${sign}${digits === '' ? '0' : digits}${fraction === '' ? '' : `.${fraction}`}' AS DECIMAL(${precision}, ${fraction.length}))`,
    type,
  )
}

export function doubleLiteral(text: string): Expr {
  const value = Number(text)
  const sql = Number.isFinite(value) ? `CAST('${value}' AS DOUBLE)` : `CAST('Infinity' AS DOUBLE)`
  return literal(sql, double, value)
}

/** A timestamp of DuckDB's, from microseconds since 1970. */
export function timestampSql(micros: bigint): string {
  return `make_timestamp(${micros})`
}

/** `DATE '…'` and the like; other types are casts of their text. */
export function typedLiteral(
  { type, value, at }: Extract<Expression, { readonly kind: 'typed literal' }>,
  castText: (text: string, to: SqlType) => Expr,
): Expr {
  const name = type.kind === 'name' ? type.name : ''
  try {
    switch (name) {
      case 'date':
        return literal(`(DATE '1970-01-01' + ${parseDate(value)})`, date)
      case 'time': {
        const { micros, digits } = parseTime(value)
        return literal(`CAST(${timestampSql(micros)} AS TIME)`, {
          kind: 'time',
          precision: digitsOf(digits, at),
        })
      }
      case 'timestamp':
      case 'timestamp with time zone':
        return timestampLiteral(value, at)
      case 'decimal':
        return decimalLiteral(value, at)
      case 'char':
        return literal(quoteText(value), { kind: 'char', length: Math.max(1, [...value].length) })
      case 'json':
        return literal(quoteText(parseJson(value)), json)
    }
  } catch (error) {
    if (error instanceof FunctionError) throw new StatementError(at, `'${value.slice(0, 60)}' is no ${name}`)
    throw error
  }
  return castText(value, resolveType(type))
}

function timestampLiteral(value: string, at: number): Expr {
  const { micros, digits, zone } = parseTimestamp(value)
  const precision = digitsOf(digits, at)
  if (zone === undefined) return literal(timestampSql(micros), timestamp(precision))
  const found = instantOf(micros, zone)
  if (found === undefined)
    throw new StatementError(
      at,
      `'${value.slice(0, 60)}' is a time that clocks in ${zone} never show: they are put forward over it`,
    )
  const instant = timestampSql(found)
  const parts = { instant, zone: quoteText(zone) }
  return {
    sql: `struct_pack(i := ${instant}, z := ${parts.zone})`,
    type: zoned(precision),
    isCheap: true,
    parts,
  }
}

function digitsOf(digits: number, at: number): number {
  if (digits > timeDigitsMax)
    throw new StatementError(
      at,
      `A time has at most ${timeDigitsMax} digits behind the second here; Athena takes 12`,
    )
  return digits
}

const unitMillis = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1000 }
const units: readonly IntervalField[] = ['year', 'month', 'day', 'hour', 'minute', 'second']
const separators: { readonly [field: string]: string } = { month: '-', hour: ' ', minute: ':', second: ':' }

/** `INTERVAL '7' DAY`, `INTERVAL '1 02:30' DAY TO MINUTE`. */
export function intervalLiteral({
  value,
  isNegative,
  from,
  to,
  at,
}: Extract<Expression, { readonly kind: 'interval' }>): Expr {
  const fields = units.slice(units.indexOf(from), units.indexOf(to ?? from) + 1)
  const isYears = from === 'year' || from === 'month'
  if (fields.length === 0 || (isYears && to !== undefined && to !== 'month' && to !== 'year'))
    throw new StatementError(
      at,
      `There is no interval ${from.toUpperCase()} TO ${(to ?? from).toUpperCase()}`,
    )
  const pattern =
    fields
      .map(
        (field, index) =>
          `${index === 0 ? '' : `(?:${separators[field] ?? ' '}`}(\\d+${field === 'second' ? '(?:\\.\\d{1,3})?' : ''})`,
      )
      .join('') + ')?'.repeat(fields.length - 1)
  const [whole, sign, ...parts] = new RegExp(`^\\s*([+-]?)\\s*${pattern}\\s*$`).exec(value) ?? []
  if (whole === undefined)
    throw new StatementError(
      at,
      `'${value.slice(0, 40)}' is no interval of ${fields.join(' to ').toUpperCase()}`,
    )
  const factor = (sign === '-' ? -1 : 1) * (isNegative ? -1 : 1)
  let sum = 0
  for (const [index, field] of fields.entries()) {
    const part = parts[index]
    if (part !== undefined)
      sum += Number(part) * (field === 'year' ? 12 : field === 'month' ? 1 : unitMillis[field])
  }
  const total = Math.round(sum) * factor
  if (!Number.isSafeInteger(total) || (isYears && Math.abs(total) > 2147483647))
    throw new StatementError(at, 'The interval is too long')
  return isYears
    ? literal(`CAST(${total} AS INTEGER)`, yearInterval, total)
    : literal(`CAST(${total} AS BIGINT)`, dayInterval, total)
}
