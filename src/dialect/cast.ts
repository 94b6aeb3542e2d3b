import { jsonCast, toJson } from './json-cast.ts'
import { numberScalars } from './number.ts'
import type { Casting, Expr, ScalarFunction, Tools } from './registry.ts'
import { duckType, fieldNames, nullOf, quoteName, quoteText } from './sql.ts'
import { temporalScalars } from './temporal.ts'
import {
  decimal,
  isInteger,
  isNumber,
  isSameType,
  type SqlType,
  timeDigitsMax,
  typeName,
  varchar,
} from './types.ts'

const integerBounds: { readonly [kind: string]: string } = {
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
}

/** A call of a function in JavaScript. Its name with `_try` gives NULL where it would fail. */
export function callScalar(fn: ScalarFunction, ...args: readonly string[]): string {
  return `${fn.scalar}(${args.join(', ')})`
}

/**
 * A value as one of another type, as Athena's CAST does it; or undefined where there is no such cast.
 * A value of the same type stays as it is.
 */
export function castTo(value: Expr, to: SqlType, casting: Casting): string | undefined {
  const from = value.type
  if (isSameType(from, to)) return value.sql
  if (from.kind === 'unknown') return nullOf(to)
  if (from.kind === 'json') return jsonCast(value.sql, to, { ...casting, castTo })
  if (to.kind === 'json') return toJson(value, { ...casting, castTo })
  switch (to.kind) {
    case 'varchar':
      return toVarchar(value, to.length, casting)
    case 'char':
      return toChar(value, to.length)
    case 'boolean':
      return toBoolean(value, casting)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return toInteger(value, to, casting)
    case 'real':
    case 'double':
      return toDouble(value, to, casting)
    case 'decimal':
      return toDecimal(value, to.precision, to.scale, casting)
    case 'varbinary':
      return from.kind === 'varchar' ? `encode(${value.sql})` : undefined
    case 'date':
      return toDate(value, casting)
    case 'time':
      return toTime(value, to.precision, casting)
    case 'timestamp':
      return toTimestamp(value, to.precision, casting)
    case 'timestamp with time zone':
      return toZoned(value, to.precision, casting)
    case 'array':
      return from.kind === 'array' ? eachItem(value, from.items, to, casting) : undefined
    case 'map':
      return from.kind === 'map' ? eachEntry(value, from, to, casting) : undefined
    case 'row':
      return from.kind === 'row' ? eachField(value, from, to, casting) : undefined
    default:
      return undefined
  }
}

const fails = (from: SqlType, to: SqlType, { isTry, fail }: Casting) =>
  isTry ? nullOf(to) : fail(`Cannot cast ${from.kind} to ${typeName(to)}`, to)

const scalarCall = (fn: ScalarFunction, { isTry }: Casting, ...args: readonly string[]) =>
  `${fn.scalar}${isTry ? '_try' : ''}(${args.join(', ')})`

// ---- texts

function toVarchar(value: Expr, length: number | undefined, casting: Casting): string | undefined {
  const text = textOf(value, casting)
  if (text === undefined || length === undefined) return text
  if (value.type.kind === 'varchar' || value.type.kind === 'char') {
    const isShorter = value.type.length !== undefined && value.type.length <= length
    return isShorter ? text : `substr(${text}, 1, ${length})`
  }
  const to: SqlType = { kind: 'varchar', length }
  return casting.bind(
    [casting.expr(text, varchar)],
    (t) =>
      `CASE WHEN length(${t}) <= ${length} THEN ${t} WHEN ${t} IS NULL THEN NULL ELSE ${fails(value.type, to, casting)} END`,
  )
}

function toChar(value: Expr, length: number): string | undefined {
  const { kind } = value.type
  return kind === 'varchar' || kind === 'char' ? padded(value.sql, length) : undefined
}

/** A char is held with the spaces that fill it up. */
function padded(text: string, length: number): string {
  return `rpad(substr(${text}, 1, ${length}), ${length}, ' ')`
}

/** Seconds and their digits, from a text with six of them. */
function withDigits(text: string, precision: number, tools: Tools): string {
  if (precision >= timeDigitsMax) return text
  const cut = timeDigitsMax - precision + (precision === 0 ? 1 : 0)
  return tools.bind([tools.expr(text, varchar)], (t) => `substr(${t}, 1, length(${t}) - ${cut})`)
}

const timestampFormat = "'%Y-%m-%d %H:%M:%S.%f'"

/** The text of a scalar; undefined for what has none. */
function textOf(value: Expr, tools: Casting): string | undefined {
  const { sql, type } = value
  switch (type.kind) {
    case 'varchar':
    case 'char':
      return sql
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'date':
      return `CAST(${sql} AS VARCHAR)`
    case 'double':
      return callScalar(numberScalars.doubleText, sql)
    case 'real':
      return callScalar(numberScalars.realText, `CAST(${sql} AS DOUBLE)`)
    case 'timestamp':
      return withDigits(`strftime(${sql}, ${timestampFormat})`, type.precision, tools)
    case 'timestamp with time zone': {
      const bound = (zoned: Expr) => {
        const zone = tools.zoneOf(zoned)
        const local = tools.toLocal(tools.instantOf(zoned), zone)
        return `${withDigits(`strftime(${local}, ${timestampFormat})`, type.precision, tools)} || ' ' || ${zone}`
      }
      if (value.parts || value.isCheap) return bound(value)
      return tools.bind([value], (name) => bound(tools.expr(name, type, true)))
    }
    case 'time':
      return withDigits(`strftime(DATE '1970-01-01' + ${sql}, '%H:%M:%S.%f')`, type.precision, tools)
    case 'interval day to second':
      return callScalar(temporalScalars.dayIntervalText, sql)
    case 'interval year to month':
      return callScalar(temporalScalars.yearIntervalText, sql)
    default:
      return undefined
  }
}

// ---- booleans and numbers

function toBoolean(value: Expr, casting: Casting): string | undefined {
  const { sql, type } = value
  if (isNumber(type)) return `(${sql} <> 0)`
  if (type.kind !== 'varchar') return undefined
  const to: SqlType = { kind: 'boolean' }
  return casting.bind(
    [casting.expr(`lower(${sql})`, varchar)],
    (t) =>
      `CASE WHEN ${t} IN ('true', 't', '1') THEN true WHEN ${t} IN ('false', 'f', '0') THEN false WHEN ${t} IS NULL THEN NULL ELSE ${fails(type, to, casting)} END`,
  )
}

function toInteger(value: Expr, to: SqlType, casting: Casting): string | undefined {
  const { sql, type } = value
  const name = integerBounds[to.kind] ?? 'BIGINT'
  const cast = casting.isTry ? 'TRY_CAST' : 'CAST'
  if (type.kind === 'boolean' || isInteger(type)) return `${cast}(${sql} AS ${name})`
  if (type.kind === 'decimal') return `${cast}(round(${sql}) AS ${name})`
  if (type.kind === 'double' || type.kind === 'real') return `${cast}(round(${sql}) AS ${name})`
  if (type.kind !== 'varchar') return undefined
  return casting.bind(
    [value],
    (t) =>
      `CASE WHEN regexp_full_match(${t}, '[+-]?[0-9]+') THEN ${cast}(${t} AS ${name}) WHEN ${t} IS NULL THEN NULL WHEN regexp_full_match(${t}, '[+-]?\\p{Nd}+') THEN ${cast}(${callScalar(numberScalars.asciiDigits, t)} AS ${name}) ELSE ${fails(type, to, casting)} END`,
  )
}

/** From here on a double is nearer to infinity than to the greatest real. */
const realMax = '3.4028235677973366e38'

function toDouble(value: Expr, to: SqlType, casting: Casting): string | undefined {
  const { sql, type } = value
  const name = to.kind === 'real' ? 'FLOAT' : 'DOUBLE'
  if (type.kind === 'boolean') return `CAST(CAST(${sql} AS INTEGER) AS ${name})`
  if (type.kind === 'decimal') return `CAST(CAST(${sql} AS VARCHAR) AS ${name})`
  if (type.kind === 'double' && to.kind === 'real')
    return casting.bind(
      [value],
      (x) =>
        `CASE WHEN abs(${x}) >= ${realMax} AND NOT isnan(${x}) THEN CAST(sign(${x}) * CAST('Infinity' AS DOUBLE) AS FLOAT) ELSE CAST(${x} AS FLOAT) END`,
    )
  if (isNumber(type)) return `CAST(${sql} AS ${name})`
  if (type.kind !== 'varchar') return undefined
  const fn = to.kind === 'real' ? numberScalars.parseReal : numberScalars.parseDouble
  return to.kind === 'real' ? `CAST(${scalarCall(fn, casting, sql)} AS FLOAT)` : scalarCall(fn, casting, sql)
}

function toDecimal(value: Expr, precision: number, scale: number, casting: Casting): string | undefined {
  const { sql, type } = value
  const name = duckType(decimal(precision, scale))
  const cast = casting.isTry ? 'TRY_CAST' : 'CAST'
  const parsed = (fn: ScalarFunction, argument: string) =>
    `CAST(${scalarCall(fn, casting, argument, String(precision), String(scale))} AS ${name})`
  if (type.kind === 'boolean') return `${cast}(CAST(${sql} AS INTEGER) AS ${name})`
  if (isInteger(type)) return `${cast}(${sql} AS ${name})`
  if (type.kind === 'decimal')
    return type.scale <= scale && type.precision - type.scale <= precision - scale
      ? `CAST(${sql} AS ${name})`
      : parsed(numberScalars.parseDecimal, `CAST(${sql} AS VARCHAR)`)
  if (type.kind === 'double') return parsed(numberScalars.doubleDecimal, sql)
  if (type.kind === 'real')
    return parsed(numberScalars.parseDecimal, callScalar(numberScalars.realText, `CAST(${sql} AS DOUBLE)`))
  return type.kind === 'varchar' ? parsed(numberScalars.parseDecimal, sql) : undefined
}

// ---- dates and times

function toDate(value: Expr, casting: Casting): string | undefined {
  const { sql, type } = value
  if (type.kind === 'timestamp') return `CAST(${sql} AS DATE)`
  if (type.kind === 'timestamp with time zone') return `CAST(${localOf(value, casting)} AS DATE)`
  return type.kind === 'varchar' ? scalarCall(temporalScalars.parseDate, casting, sql) : undefined
}

/** What a clock in a value's own zone shows. */
export function localOf(value: Expr, tools: Tools): string {
  const made = (zoned: Expr) => tools.toLocal(tools.instantOf(zoned), tools.zoneOf(zoned))
  if (value.parts || value.isCheap) return made(value)
  return tools.bind([value], (name) => made(tools.expr(name, value.type, true)))
}

/** A timestamp of fewer digits, halves up. */
export function roundTimestamp(sql: string, from: number, to: number): string {
  if (to >= Math.min(from, timeDigitsMax)) return sql
  const unit = 10 ** (timeDigitsMax - to)
  // Integer division cuts toward zero, so a remainder of its own sign is taken off first.
  return `make_timestamp(CAST(floor((epoch_us(${sql}) + ${unit / 2}) / ${unit}.0) AS BIGINT) * ${unit})`
}

function toTime(value: Expr, precision: number, casting: Casting): string | undefined {
  const { sql, type } = value
  const ofMicros = (micros: string) => `CAST(make_timestamp(${micros}) AS TIME)`
  if (type.kind === 'time')
    return precision >= type.precision
      ? sql
      : `CAST(${roundTimestamp(`(DATE '1970-01-01' + ${sql})`, type.precision, precision)} AS TIME)`
  if (type.kind === 'timestamp') {
    // Before 1970 Trino takes a second too many off a time with a fraction.
    const moved = casting.bind(
      [value],
      (t) =>
        `CASE WHEN epoch_us(${t}) < 0 AND epoch_us(${t}) % 1000000 <> 0 THEN ${t} - INTERVAL '1 second' ELSE ${t} END`,
    )
    return `CAST(${roundTimestamp(`(${moved})`, type.precision, precision)} AS TIME)`
  }
  if (type.kind === 'timestamp with time zone')
    return `CAST(${roundTimestamp(localOf(value, casting), type.precision, precision)} AS TIME)`
  if (type.kind !== 'varchar') return undefined
  const parsed = ofMicros(scalarCall(temporalScalars.parseTime, casting, sql))
  return precision >= timeDigitsMax
    ? parsed
    : `CAST(${roundTimestamp(`(DATE '1970-01-01' + ${parsed})`, timeDigitsMax, precision)} AS TIME)`
}

function toTimestamp(value: Expr, precision: number, casting: Casting): string | undefined {
  const { sql, type } = value
  if (type.kind === 'timestamp') return roundTimestamp(sql, type.precision, precision)
  if (type.kind === 'date') return `CAST(${sql} AS TIMESTAMP)`
  if (type.kind === 'timestamp with time zone')
    return roundTimestamp(localOf(value, casting), type.precision, precision)
  if (type.kind !== 'varchar') return undefined
  return roundTimestamp(scalarCall(temporalScalars.parseTimestamp, casting, sql), timeDigitsMax, precision)
}

function toZoned(value: Expr, precision: number, casting: Casting): string | undefined {
  const { sql, type } = value
  if (type.kind === 'timestamp with time zone') {
    if (precision >= type.precision) return sql
    const made = (zoned: Expr) =>
      casting.zonedOf(
        roundTimestamp(casting.instantOf(zoned), type.precision, precision),
        casting.zoneOf(zoned),
      )
    return value.isCheap ? made(value) : casting.bind([value], (name) => made(casting.expr(name, type, true)))
  }
  const plain = toTimestamp(value, precision, casting)
  if (plain === undefined || type.kind !== 'varchar') return plain && casting.zonedOf(plain, quoteText('UTC'))
  return casting.bind([value], (text) => {
    const zone = scalarCall(temporalScalars.parseZone, casting, text)
    const local = roundTimestamp(
      scalarCall(temporalScalars.parseTimestamp, casting, text),
      timeDigitsMax,
      precision,
    )
    return casting.bind([casting.expr(zone, varchar)], (z) => casting.zonedOf(casting.toInstant(local, z), z))
  })
}

// ---- values of several parts

function eachItem(
  value: Expr,
  from: SqlType,
  to: SqlType & { kind: 'array' },
  casting: Casting,
): string | undefined {
  const item = casting.fresh()
  const cast = castTo(casting.expr(item, from, true), to.items, casting)
  if (cast === item) return value.sql
  return cast && `list_transform(${value.sql}, lambda ${item}: ${cast})`
}

function eachEntry(
  value: Expr,
  from: SqlType & { kind: 'map' },
  to: SqlType & { kind: 'map' },
  casting: Casting,
): string | undefined {
  const key = casting.fresh()
  const item = casting.fresh()
  const keyCast = castTo(casting.expr(key, from.key, true), to.key, casting)
  const valueCast = castTo(casting.expr(item, from.value, true), to.value, casting)
  if (keyCast === undefined || valueCast === undefined) return undefined
  if (keyCast === key && valueCast === item) return value.sql
  return casting.bind(
    [value],
    (m) =>
      `CASE WHEN ${m} IS NOT NULL THEN map(list_transform(map_keys(${m}), lambda ${key}: ${keyCast}), list_transform(map_values(${m}), lambda ${item}: ${valueCast})) END`,
  )
}

function eachField(
  value: Expr,
  from: SqlType & { kind: 'row' },
  to: SqlType & { kind: 'row' },
  casting: Casting,
): string | undefined {
  if (from.fields.length !== to.fields.length) return undefined
  const before = fieldNames(from)
  const after = fieldNames(to)
  let isPossible = true
  let isSame = before.every((name, index) => name.toLowerCase() === after[index]?.toLowerCase())
  const made = (row: string) =>
    from.fields
      .map(({ type }, index) => {
        const field = `struct_extract(${row}, ${quoteText(before[index] ?? '')})`
        const cast = castTo(casting.expr(field, type, true), to.fields[index]?.type ?? type, casting)
        if (cast === undefined) isPossible = false
        if (cast !== field) isSame = false
        return `${quoteName(after[index] ?? '')} := ${cast}`
      })
      .join(', ')
  const cast = casting.bind(
    [value],
    (row) => `CASE WHEN ${row} IS NOT NULL THEN struct_pack(${made(row)}) END`,
  )
  if (!isPossible) return undefined
  return isSame ? value.sql : cast
}
