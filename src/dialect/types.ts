/** A type of Athena's SQL (Trino's, https://trino.io/docs/435/language/types.html). */
export type SqlType =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** Without a length where it is unbounded. */
  | { readonly kind: 'varchar'; readonly length?: number }
  | { readonly kind: 'char'; readonly length: number }
  | { readonly kind: 'time' | 'timestamp' | 'timestamp with time zone'; readonly precision: number }
  | { readonly kind: 'array'; readonly items: SqlType }
  | { readonly kind: 'map'; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: 'row'; readonly fields: readonly RowField[] }

export type SimpleKind =
  /** The type of NULL. */
  | 'unknown'
  | 'boolean'
  | 'tinyint'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'real'
  | 'double'
  | 'varbinary'
  | 'date'
  | 'json'
  | 'interval day to second'
  | 'interval year to month'

/** A field of a row; a row that no CAST named has fields without names. */
export type RowField = { readonly name?: string; readonly type: SqlType }

export const unknown: SqlType = { kind: 'unknown' }
export const boolean: SqlType = { kind: 'boolean' }
export const tinyint: SqlType = { kind: 'tinyint' }
export const smallint: SqlType = { kind: 'smallint' }
export const integer: SqlType = { kind: 'integer' }
export const bigint: SqlType = { kind: 'bigint' }
export const real: SqlType = { kind: 'real' }
export const double: SqlType = { kind: 'double' }
export const varbinary: SqlType = { kind: 'varbinary' }
export const date: SqlType = { kind: 'date' }
export const json: SqlType = { kind: 'json' }
export const dayInterval: SqlType = { kind: 'interval day to second' }
export const yearInterval: SqlType = { kind: 'interval year to month' }
export const varchar: SqlType = { kind: 'varchar' }
export const varcharOf = (length: number): SqlType => ({ kind: 'varchar', length })
export const decimal = (precision: number, scale: number): SqlType => ({ kind: 'decimal', precision, scale })
export const timestamp = (precision: number): SqlType => ({ kind: 'timestamp', precision })
export const zoned = (precision: number): SqlType => ({ kind: 'timestamp with time zone', precision })
export const arrayOf = (items: SqlType): SqlType => ({ kind: 'array', items })
export const mapOf = (key: SqlType, value: SqlType): SqlType => ({ kind: 'map', key, value })

/** The most digits that a decimal has. */
export const decimalDigitsMax = 38
/** Microseconds: what DuckDB's timestamps hold. Athena's go on to picoseconds. */
export const timeDigitsMax = 6

/** How Trino writes a type: `array(row(id varchar, n bigint))`. */
export function typeName(type: SqlType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'varchar':
      return type.length === undefined ? 'varchar' : `varchar(${type.length})`
    case 'char':
      return `char(${type.length})`
    case 'time':
    case 'timestamp':
      return `${type.kind}(${type.precision})`
    case 'timestamp with time zone':
      return `timestamp(${type.precision}) with time zone`
    case 'array':
      return `array(${typeName(type.items)})`
    case 'map':
      return `map(${typeName(type.key)}, ${typeName(type.value)})`
    case 'row':
      return `row(${type.fields.map(({ name, type: of }) => (name === undefined ? '' : `${/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`} `) + typeName(of)).join(', ')})`
    default:
      return type.kind
  }
}

/** True where both are the same type, lengths, digits and names of fields included. */
export function isSameType(a: SqlType, b: SqlType): boolean {
  return a === b || typeName(a) === typeName(b)
}

const integers: readonly SqlType[] = [tinyint, smallint, integer, bigint]
/** The decimals that hold every value of an integer type. */
const integerDigits: { readonly [kind: string]: number } = {
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
}
const numericKinds: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'integer',
  'bigint',
  'decimal',
  'real',
  'double',
])

export const isInteger = ({ kind }: SqlType): boolean => kind in integerDigits
export const isNumber = ({ kind }: SqlType): boolean => numericKinds.has(kind)

/** True for a timestamp with time zone, and for what has one in it. */
export function hasZone(type: SqlType): boolean {
  switch (type.kind) {
    case 'timestamp with time zone':
      return true
    case 'array':
      return hasZone(type.items)
    case 'map':
      return hasZone(type.key) || hasZone(type.value)
    case 'row':
      return type.fields.some(({ type: of }) => hasZone(of))
    default:
      return false
  }
}

/** What is said where such values would be told apart by their zones, and not by their instants alone. */
export const zonesWithin = (what: string) =>
  `${what} of timestamps with a zone within lists, rows or maps is not done here; CAST them to timestamp first`

const orderless: ReadonlySet<string> = new Set(['json', 'map'])

/** True where one value of the type may be less than another. */
export function isOrderable(type: SqlType): boolean {
  if (orderless.has(type.kind)) return false
  if (type.kind === 'array') return isOrderable(type.items)
  return type.kind !== 'row' || type.fields.every(({ type: of }) => isOrderable(of))
}

/** The type that both are turned into where they meet, or undefined. Trino's `TypeCoercion.getCommonSuperType`. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (isSameType(a, b)) return a
  if (a.kind === 'unknown') return b
  if (b.kind === 'unknown') return a
  if (isNumber(a) && isNumber(b)) return commonNumber(a, b)
  if (a.kind === b.kind) return commonOfKind(a, b)
  return coercionBetweenKinds(a, b) ?? coercionBetweenKinds(b, a)
}

/** True where a value of `from` may stand for one of `to` without a CAST. */
export function canCoerce(from: SqlType, to: SqlType): boolean {
  const common = commonType(from, to)
  return common !== undefined && isSameType(common, to)
}

function commonNumber(a: SqlType, b: SqlType): SqlType {
  if (a.kind === 'double' || b.kind === 'double') return double
  if (a.kind === 'real' || b.kind === 'real') return real
  if (a.kind !== 'decimal' && b.kind !== 'decimal') return integers[Math.max(rankOf(a), rankOf(b))] ?? bigint
  const left = asDecimal(a)
  const right = asDecimal(b)
  const scale = Math.max(left.scale, right.scale)
  const whole = Math.max(left.precision - left.scale, right.precision - right.scale)
  return decimal(Math.min(decimalDigitsMax, whole + scale), scale)
}

const rankOf = (type: SqlType) => integers.findIndex(({ kind }) => kind === type.kind)

/** The digits of a number as a decimal; an integer's type has as many as its largest value. */
export function asDecimal(type: SqlType): { readonly precision: number; readonly scale: number } {
  if (type.kind === 'decimal') return type
  return { precision: integerDigits[type.kind] ?? decimalDigitsMax, scale: 0 }
}

function commonOfKind(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'varchar' && b.kind === 'varchar')
    return a.length === undefined || b.length === undefined
      ? varchar
      : varcharOf(Math.max(a.length, b.length))
  if (a.kind === 'char' && b.kind === 'char') return { kind: 'char', length: Math.max(a.length, b.length) }
  if ('precision' in a && 'precision' in b && a.kind !== 'decimal')
    return { kind: a.kind, precision: Math.max(a.precision, b.precision) }
  if (a.kind === 'array' && b.kind === 'array') {
    const items = commonType(a.items, b.items)
    return items && arrayOf(items)
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonType(a.key, b.key)
    const value = commonType(a.value, b.value)
    return key && value && mapOf(key, value)
  }
  if (a.kind === 'row' && b.kind === 'row' && a.fields.length === b.fields.length) {
    const fields: RowField[] = []
    for (const [index, field] of a.fields.entries()) {
      const other = b.fields[index]
      const type = other && commonType(field.type, other.type)
      if (!type) return undefined
      fields.push(
        field.name !== undefined && field.name === other.name ? { name: field.name, type } : { type },
      )
    }
    return { kind: 'row', fields }
  }
  return undefined
}

function coercionBetweenKinds(from: SqlType, to: SqlType): SqlType | undefined {
  if (from.kind === 'date' && to.kind === 'timestamp') return to
  if (from.kind === 'date' && to.kind === 'timestamp with time zone') return to
  if (from.kind === 'timestamp' && to.kind === 'timestamp with time zone')
    return zoned(Math.max(from.precision, to.precision))
  // A text of known length is compared with a char as a char.
  if (from.kind === 'varchar' && to.kind === 'char')
    return from.length === undefined ? varchar : { kind: 'char', length: Math.max(from.length, to.length) }
  return undefined
}
