import { castTo } from './cast.ts'
import { StatementError } from './failure.ts'
import { decimalScalars } from './number.ts'
import type { Expr, Tools } from './registry.ts'
import { duckType, fieldNames, quoteText } from './sql.ts'
import type { ComparisonOperator, Expression } from './syntax.ts'
import {
  arrayOf,
  asDecimal,
  bigint,
  boolean,
  commonType,
  date,
  dayInterval,
  decimal,
  decimalDigitsMax,
  double,
  hasZone,
  isInteger,
  isNumber,
  isOrderable,
  isSameType,
  type SqlType,
  typeName,
  varbinary,
  varchar,
  yearInterval,
  zonesWithin,
} from './types.ts'

type Arithmetic = Extract<Expression, { readonly kind: 'arithmetic' }> & { readonly at: number }

const made = (sql: string, type: SqlType): Expr => ({ sql, type, isCheap: false })

function cannot(operator: string, left: SqlType, right: SqlType, at: number, hint = ''): StatementError {
  return new StatementError(
    at,
    `Cannot apply operator: ${typeName(left)} ${operator} ${typeName(right)}${hint}`,
  )
}

function as(value: Expr, type: SqlType, tools: Tools): Expr {
  if (isSameType(value.type, type)) return value
  const sql = castTo(value, type, { ...tools, isTry: false }) ?? value.sql
  return { sql, type, isCheap: value.isCheap }
}

// ---- arithmetic

export function arithmetic({ operator, at }: Arithmetic, left: Expr, right: Expr, tools: Tools): Expr {
  const a = left.type
  const b = right.type
  if (a.kind === 'unknown' && b.kind === 'unknown') throw cannot(operator, a, b, at)
  if ((isNumber(a) || a.kind === 'unknown') && (isNumber(b) || b.kind === 'unknown'))
    return ofNumbers(operator, left, right, tools)
  const timed = ofTimes(operator, left, right, tools)
  if (timed) return timed
  const hint =
    a.kind === 'varchar' || b.kind === 'varchar'
      ? operator === '+'
        ? '; texts are joined by ||, and turned into numbers by CAST'
        : '; CAST turns a text into a number'
      : ''
  throw cannot(operator, a, b, at, hint)
}

function ofNumbers(operator: Arithmetic['operator'], left: Expr, right: Expr, tools: Tools): Expr {
  const type = commonType(left.type, right.type) ?? double
  if (type.kind === 'decimal') return ofDecimals(operator, left, right, tools)
  const a = as(left, type, tools)
  const b = as(right, type, tools)
  if (!isInteger(type)) return made(`(${a.sql} ${operator} ${b.sql})`, type)
  if (operator !== '/' && operator !== '%') return made(`(${a.sql} ${operator} ${b.sql})`, type)
  // DuckDB computes -2147483648 // -1 in a wider type.
  const divided = (x: string, y: string) =>
    operator === '/' ? `CAST((${x} // ${y}) AS ${duckType(type)})` : `(${x} % ${y})`
  if (typeof b.literal === 'number' && b.literal !== 0) return made(divided(a.sql, b.sql), type)
  return made(
    tools.bind(
      [a, b],
      (x, y) =>
        `CASE WHEN ${y} = 0 AND ${x} IS NOT NULL THEN ${tools.fail('Division by zero', type)} ELSE ${divided(x, y)} END`,
    ),
    type,
  )
}

/** Digits as Trino's `DecimalOperators` has them. */
function ofDecimals(operator: Arithmetic['operator'], left: Expr, right: Expr, tools: Tools): Expr {
  const a = asDecimal(left.type.kind === 'unknown' ? right.type : left.type)
  const b = asDecimal(right.type.kind === 'unknown' ? left.type : right.type)
  const scale = Math.max(a.scale, b.scale)
  const text = (value: Expr, of: { readonly precision: number; readonly scale: number }) =>
    `CAST(${as(value, decimal(of.precision, of.scale), tools).sql} AS VARCHAR)`
  const both = `${text(left, a)}, ${operator === '-' ? `CAST(-${as(right, decimal(b.precision, b.scale), tools).sql} AS VARCHAR)` : text(right, b)}`
  const parsed = (fn: { readonly scalar: string }, args: string, type: SqlType) =>
    made(`CAST(${fn.scalar}(${args}) AS ${duckType(type)})`, type)
  switch (operator) {
    case '+':
    case '-': {
      const type = decimal(
        Math.min(decimalDigitsMax, Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1),
        scale,
      )
      if (type.kind === 'decimal' && type.precision < decimalDigitsMax) {
        const name = duckType(type)
        return made(
          `CAST((CAST(${left.sql} AS ${name}) ${operator} CAST(${right.sql} AS ${name})) AS ${name})`,
          type,
        )
      }
      return parsed(decimalScalars.add, both, type)
    }
    case '*': {
      const type = decimal(
        Math.min(decimalDigitsMax, a.precision + b.precision),
        Math.min(decimalDigitsMax, a.scale + b.scale),
      )
      if (a.precision + b.precision <= decimalDigitsMax)
        return made(
          `(${as(left, decimal(a.precision, a.scale), tools).sql} * ${as(right, decimal(b.precision, b.scale), tools).sql})`,
          type,
        )
      return parsed(decimalScalars.multiply, both, type)
    }
    case '/': {
      const type = decimal(
        Math.min(decimalDigitsMax, a.precision + b.scale + Math.max(0, b.scale - a.scale)),
        scale,
      )
      return parsed(decimalScalars.divide, `${both}, ${scale}`, type)
    }
    case '%': {
      const type = decimal(Math.min(b.precision - b.scale, a.precision - a.scale) + scale, scale)
      return parsed(decimalScalars.remainder, `${both}, ${scale}`, type)
    }
  }
}

export function negate(
  value: Expr,
  { at, operand }: { readonly at: number; readonly operand: Expression },
  tools: Tools,
): Expr {
  const { type } = value
  if (isNumber(type) || type.kind === dayInterval.kind || type.kind === yearInterval.kind) {
    // -2147483648 and -9223372036854775808 are of the type that holds them as Trino reads them: the number without its sign first.
    const number =
      typeof value.literal === 'number' && operand.kind === 'integer' ? { literal: -value.literal } : {}
    return { sql: `(-${value.sql})`, type, isCheap: value.isCheap, ...number }
  }
  if (type.kind === 'unknown') return as(value, bigint, tools)
  throw new StatementError(at, `Cannot negate ${typeName(type)}`)
}

const dayMillis = 86_400_000

function ofTimes(operator: string, left: Expr, right: Expr, tools: Tools): Expr | undefined {
  const a = left.type
  const b = right.type
  if (operator === '+' && isInterval(a) && isTime(b)) return ofTimes('+', right, left, tools)
  if ((operator === '+' || operator === '-') && isTime(a) && isInterval(b))
    return shift(left, right, operator === '-', tools)
  if (operator === '-' && isTime(a) && isTime(b)) return difference(left, right, tools)
  if ((operator === '+' || operator === '-') && isInterval(a) && a.kind === b.kind)
    return made(`(${left.sql} ${operator} ${right.sql})`, a)
  if (operator === '*' && isNumber(a) && isInterval(b)) return scaleInterval(right, left, '*')
  if ((operator === '*' || operator === '/') && isInterval(a) && isNumber(b))
    return scaleInterval(left, right, operator)
  return undefined
}

const isInterval = ({ kind }: SqlType) =>
  kind === 'interval day to second' || kind === 'interval year to month'
const isTime = ({ kind }: SqlType) =>
  kind === 'date' || kind === 'timestamp' || kind === 'timestamp with time zone' || kind === 'time'

/** A time moved by an interval. */
function shift(time: Expr, interval: Expr, isBack: boolean, tools: Tools): Expr | undefined {
  const { type } = time
  const sign = isBack ? '-' : ''
  const moved = (sql: string) =>
    interval.type.kind === 'interval year to month'
      ? `(${sql} + to_months(${sign}${interval.sql}))`
      : `(${sql} + to_milliseconds(${sign}${interval.sql}))`
  switch (type.kind) {
    case 'timestamp':
      return made(moved(time.sql), {
        kind: 'timestamp',
        precision:
          interval.type.kind === 'interval day to second' ? Math.max(3, type.precision) : type.precision,
      })
    case 'date':
      if (interval.type.kind === 'interval year to month')
        return made(`CAST(${moved(time.sql)} AS DATE)`, date)
      if (typeof interval.literal === 'number' && interval.literal % dayMillis === 0)
        return made(
          `(${time.sql} ${isBack ? '-' : '+'} CAST(${interval.literal / dayMillis} AS INTEGER))`,
          date,
        )
      return made(
        tools.bind(
          [{ ...interval, isCheap: interval.isCheap }],
          (i) =>
            `CASE WHEN ${i} % ${dayMillis} = 0 THEN CAST(${time.sql} + to_days(CAST(${sign}${i} // ${dayMillis} AS INTEGER)) AS DATE) WHEN ${i} IS NULL THEN NULL ELSE ${tools.fail('Cannot add hour, minutes or seconds to a date', date)} END`,
        ),
        date,
      )
    case 'time':
      if (interval.type.kind === 'interval year to month') return undefined
      return made(`CAST(DATE '1970-01-01' + ${time.sql} + to_milliseconds(${sign}${interval.sql}) AS TIME)`, {
        kind: 'time',
        precision: Math.max(3, type.precision),
      })
    case 'timestamp with time zone': {
      const precision =
        interval.type.kind === 'interval day to second' ? Math.max(3, type.precision) : type.precision
      const result: SqlType = { kind: 'timestamp with time zone', precision }
      const make = (zoned: Expr): Expr => {
        const zone = tools.zoneOf(zoned)
        const instant =
          interval.type.kind === 'interval year to month'
            ? tools.toInstant(moved(tools.toLocal(tools.instantOf(zoned), zone)), zone)
            : moved(tools.instantOf(zoned))
        return { ...made(tools.zonedOf(instant, zone), result), parts: { instant, zone } }
      }
      if (time.parts || time.isCheap) return make(time)
      return made(
        tools.bind([time], (name) => make(tools.expr(name, type, true)).sql),
        result,
      )
    }
  }
  return undefined
}

function difference(left: Expr, right: Expr, tools: Tools): Expr | undefined {
  if (left.type.kind === 'date' && right.type.kind === 'date')
    return made(`(CAST(${left.sql} - ${right.sql} AS BIGINT) * ${dayMillis})`, dayInterval)
  const type = commonType(left.type, right.type)
  if (!type) return undefined
  const a = as(left, type, tools)
  const b = as(right, type, tools)
  if (type.kind === 'timestamp') return made(`(epoch_ms(${a.sql}) - epoch_ms(${b.sql}))`, dayInterval)
  if (type.kind === 'timestamp with time zone')
    return made(`(epoch_ms(${tools.instantOf(a)}) - epoch_ms(${tools.instantOf(b)}))`, dayInterval)
  if (type.kind === 'time')
    return made(
      `(epoch_ms(DATE '1970-01-01' + ${a.sql}) - epoch_ms(DATE '1970-01-01' + ${b.sql}))`,
      dayInterval,
    )
  return undefined
}

function scaleInterval(interval: Expr, factor: Expr, operator: '*' | '/'): Expr | undefined {
  const name = duckType(interval.type)
  if (isInteger(factor.type) && operator === '*')
    return made(`CAST(${interval.sql} * ${factor.sql} AS ${name})`, interval.type)
  if (factor.type.kind === 'decimal') return undefined
  return made(
    `CAST(trunc(CAST(${interval.sql} AS DOUBLE) ${operator} CAST(${factor.sql} AS DOUBLE)) AS ${name})`,
    interval.type,
  )
}

// ---- ||

export function concatenate({ at }: { readonly at: number }, left: Expr, right: Expr, tools: Tools): Expr {
  const a = left.type
  const b = right.type
  const isText = ({ kind }: SqlType) => kind === 'varchar' || kind === 'char' || kind === 'unknown'
  if (a.kind === 'array' || b.kind === 'array') {
    const type = concatenated(a, b)
    if (!type) throw cannot('||', a, b, at)
    if (a.kind === 'unknown' || b.kind === 'unknown')
      throw new StatementError(at, 'An array || NULL is ambiguous; write CAST(NULL AS …)')
    // An item that is NULL makes all of it NULL.
    const list = (value: Expr) => {
      if (value.type.kind === 'array' && isSameType(commonType(value.type, type) ?? value.type, type))
        return as(value, type, tools)
      return made(
        tools.bind([as(value, type.items, tools)], (x) => `CASE WHEN ${x} IS NOT NULL THEN [${x}] END`),
        type,
      )
    }
    return made(
      tools.bind(
        [list(left), list(right)],
        (x, y) => `CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN list_concat(${x}, ${y}) END`,
      ),
      type,
    )
  }
  if (a.kind === 'char' || b.kind === 'char') return concatenateChars(left, right, at, tools)
  if (a.kind === 'varbinary' && b.kind === 'varbinary')
    return made(`(${left.sql} || ${right.sql})`, varbinary)
  if (!isText(a) || !isText(b)) throw cannot('||', a, b, at, '; CAST(x AS varchar) makes a text of it')
  return made(
    `(${as(left, a.kind === 'unknown' ? varchar : a, tools).sql} || ${as(right, b.kind === 'unknown' ? varchar : b, tools).sql})`,
    varchar,
  )
}

/** A text of known length beside a char is a char, with the spaces that fill it up. */
function concatenateChars(left: Expr, right: Expr, at: number, tools: Tools): Expr {
  const lengths = [left, right].map(({ type }) =>
    (type.kind === 'char' || type.kind === 'varchar') && type.length !== undefined ? type.length : undefined,
  )
  const [n, m] = lengths
  if (n === undefined || m === undefined)
    throw cannot('||', left.type, right.type, at, '; CAST the char to varchar first')
  const padded = (value: Expr, length: number) => as(value, { kind: 'char', length }, tools).sql
  return made(`(${padded(left, n)} || ${padded(right, m)})`, { kind: 'char', length: n + m })
}

function concatenated(a: SqlType, b: SqlType): (SqlType & { kind: 'array' }) | undefined {
  const whole = commonType(a, b)
  if (whole?.kind === 'array') return whole
  const items =
    a.kind === 'array' ? commonType(a.items, b) : b.kind === 'array' ? commonType(a, b.items) : undefined
  const type = items && arrayOf(items)
  return type?.kind === 'array' ? type : undefined
}

// ---- comparison

/** A comparison of two values in the type that both may have. */
export function compare(
  operator: ComparisonOperator,
  left: Expr,
  right: Expr,
  at: number,
  tools: Tools,
): Expr {
  const type = commonType(left.type, right.type)
  if (!type)
    throw cannot(
      operator === '<>' ? '<>' : operator,
      left.type,
      right.type,
      at,
      comparisonHint(left.type, right.type),
    )
  if (operator !== '=' && operator !== '<>' && !isOrderable(type))
    throw new StatementError(at, `${typeName(type)} has no order: it can only be compared by = and <>`)
  if (type.kind === 'unknown') return made('CAST(NULL AS BOOLEAN)', boolean)
  const a = as(left, type, tools)
  const b = as(right, type, tools)
  if (isPlain(type)) return made(compareSql(operator, a, b, tools), boolean)
  return made(
    tools.bind([a, b], (x, y) =>
      compareSql(operator, { ...a, sql: x, isCheap: true }, { ...b, sql: y, isCheap: true }, tools),
    ),
    boolean,
  )
}

function comparisonHint(a: SqlType, b: SqlType): string {
  const text = a.kind === 'varchar' ? b : b.kind === 'varchar' ? a : undefined
  if (text === undefined) return ''
  if (text.kind === 'date') return "; write DATE '2025-02-13'"
  if (text.kind.startsWith('timestamp'))
    return "; write TIMESTAMP '2025-02-13 18:30:00', or DATE '2025-02-13'"
  if (isNumber(text)) return '; write the number without quotes, or CAST the text'
  return text.kind === 'boolean' ? '; write true or false without quotes' : ''
}

const compound: ReadonlySet<string> = new Set([
  'double',
  'real',
  'array',
  'map',
  'row',
  'timestamp with time zone',
])

/** True where DuckDB compares as Athena does. */
export function isPlain({ kind }: SqlType): boolean {
  return !compound.has(kind)
}

/** A comparison of two values of one type. Each may be named more than once. */
export function compareSql(operator: ComparisonOperator, a: Expr, b: Expr, tools: Tools): string {
  const { type } = a
  switch (type.kind) {
    case 'double':
    case 'real':
      return compareFloats(operator, a, b, tools)
    case 'timestamp with time zone':
      return `(${tools.instantOf(a)} ${operator} ${tools.instantOf(b)})`
    case 'row':
      return compareRows(operator, a, b, type, tools)
    case 'array':
      return compareArrays(operator, a, b, type, tools)
    case 'map':
      return compareMaps(operator, a, b, type, tools)
    default:
      return `(${a.sql} ${operator} ${b.sql})`
  }
}

/** NaN equals nothing and is in no order; DuckDB's is the greatest number, and equal to itself. */
function compareFloats(operator: ComparisonOperator, a: Expr, b: Expr, tools: Tools): string {
  const isNumberLiteral = ({ literal }: Expr) => typeof literal === 'number' && !Number.isNaN(literal)
  const greater = operator === '<' || operator === '<=' ? b : a
  if (
    isNumberLiteral(greater) ||
    ((operator === '=' || operator === '<>') && (isNumberLiteral(a) || isNumberLiteral(b)))
  )
    return `(${a.sql} ${operator} ${b.sql})`
  return tools.bind([a, b], (x, y) => {
    const test = operator === '<' || operator === '<=' ? y : x
    const compared = operator === '<>' ? '=' : operator
    const guarded = `((${x} ${compared} ${y}) AND NOT isnan(${test}))`
    return operator === '<>' ? `(NOT ${guarded})` : guarded
  })
}

function parts(value: Expr, type: SqlType & { kind: 'row' }): readonly Expr[] {
  return fieldNames(type).map((name, index) => ({
    sql: `struct_extract(${value.sql}, ${quoteText(name)})`,
    type: type.fields[index]?.type ?? { kind: 'unknown' },
    isCheap: true,
  }))
}

function compareRows(
  operator: ComparisonOperator,
  a: Expr,
  b: Expr,
  type: SqlType & { kind: 'row' },
  tools: Tools,
): string {
  const left = parts(a, type)
  const right = parts(b, type)
  const isNull = `(${a.sql} IS NULL OR ${b.sql} IS NULL)`
  const each = (by: ComparisonOperator, index: number) => {
    const [x, y] = [left[index], right[index]]
    return x && y ? compareSql(by, x, y, tools) : 'true'
  }
  if (operator === '=' || operator === '<>') {
    const all = left.map((_, index) => each('=', index)).join(' AND ')
    return `CASE WHEN NOT ${isNull} THEN ${operator === '=' ? `(${all})` : `(NOT (${all}))`} END`
  }
  // The first field that differs decides.
  const strict = operator === '<' || operator === '<=' ? '<' : '>'
  const cases = left
    .slice(0, -1)
    .map((_, index) => `WHEN ${each('<>', index)} THEN ${each(strict, index)}`)
    .join(' ')
  return `CASE WHEN ${isNull} THEN NULL ${cases} ELSE ${each(operator, left.length - 1)} END`
}

function compareArrays(
  operator: ComparisonOperator,
  a: Expr,
  b: Expr,
  type: SqlType & { kind: 'array' },
  tools: Tools,
): string {
  const i = tools.fresh()
  const at = (list: Expr) => tools.expr(`list_extract(${list.sql}, ${i})`, type.items, true)
  const places = `range(1, least(len(${a.sql}), len(${b.sql})) + 1)`
  const results = (by: ComparisonOperator) =>
    `list_transform(${places}, lambda ${i}: ${compareSql(by, at(a), at(b), tools)})`
  if (operator === '=' || operator === '<>') {
    const equal = `CASE WHEN len(${a.sql}) <> len(${b.sql}) THEN false WHEN list_contains(${results('=')}, false) THEN false WHEN list_position(${results('=')}, NULL) IS NOT NULL THEN NULL ELSE ${a.sql} IS NOT NULL AND ${b.sql} IS NOT NULL END`
    const guarded = `CASE WHEN ${a.sql} IS NOT NULL AND ${b.sql} IS NOT NULL THEN ${equal} END`
    return operator === '=' ? `(${guarded})` : `(NOT ${guarded})`
  }
  const strict = operator === '<' || operator === '<=' ? '<' : '>'
  const differs = results('<>')
  const first = `list_position(${differs}, true)`
  return `CASE WHEN ${a.sql} IS NULL OR ${b.sql} IS NULL THEN NULL WHEN list_position(${differs}, NULL) IS NOT NULL THEN ${tools.fail('ARRAY comparison not supported for arrays with null elements', boolean)} WHEN ${first} IS NOT NULL THEN list_extract(${results(strict)}, ${first}) ELSE len(${a.sql}) ${operator} len(${b.sql}) END`
}

function compareMaps(
  operator: ComparisonOperator,
  a: Expr,
  b: Expr,
  type: SqlType & { kind: 'map' },
  tools: Tools,
): string {
  const k = tools.fresh()
  const of = (map: Expr) => tools.expr(`list_extract(map_extract(${map.sql}, ${k}), 1)`, type.value, true)
  const results = `list_transform(map_keys(${a.sql}), lambda ${k}: CASE WHEN map_contains(${b.sql}, ${k}) THEN ${compareSql('=', of(a), of(b), tools)} ELSE false END)`
  const equal = `CASE WHEN ${a.sql} IS NULL OR ${b.sql} IS NULL THEN NULL WHEN cardinality(${a.sql}) <> cardinality(${b.sql}) THEN false WHEN list_contains(${results}, false) THEN false WHEN list_position(${results}, NULL) IS NOT NULL THEN NULL ELSE true END`
  return operator === '<>' ? `(NOT ${equal})` : `(${equal})`
}

/** `IS DISTINCT FROM`: NULLs are values, NaN equals itself. */
export function compareDistinct(
  { at, isNot }: { readonly at: number; readonly isNot: boolean },
  left: Expr,
  right: Expr,
  tools: Tools,
): Expr {
  const type = commonType(left.type, right.type)
  if (!type)
    throw cannot('IS DISTINCT FROM', left.type, right.type, at, comparisonHint(left.type, right.type))
  if (type.kind !== 'timestamp with time zone' && hasZone(type))
    throw new StatementError(at, zonesWithin('IS DISTINCT FROM'))
  if (type.kind === 'unknown') return made(String(isNot), boolean)
  const a = as(left, type, tools)
  const b = as(right, type, tools)
  const [x, y] =
    type.kind === 'timestamp with time zone' ? [tools.instantOf(a), tools.instantOf(b)] : [a.sql, b.sql]
  return made(`(${x} IS ${isNot ? 'NOT ' : ''}DISTINCT FROM ${y})`, boolean)
}
