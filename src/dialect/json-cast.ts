import { javaDouble } from './functions/format.ts'
import { canonicalJson, quote } from './functions/json.ts'
import { isJsonNumber, isMembers, type JsonNode, readJson } from './json-text.ts'
import { doubleText, parseDecimal, parseDouble, shortestReal } from './number.ts'
import { type Casting, type Expr, FunctionError, type ScalarFunction, scalar } from './registry.ts'
import { duckType, fieldNames, quoteName, quoteText } from './sql.ts'
import { type SqlType, varchar } from './types.ts'

// CAST between JSON and other types. JSON null is NULL.

const fails = (to: string) => new FunctionError(`Cannot cast JSON to ${to}`)

const isWhole = (number: string) => /^-?\d+$/.test(number)

function toText(node: JsonNode): string | null {
  if (node === null) return null
  if (typeof node === 'string') return node
  if (typeof node === 'boolean') return String(node)
  if (isJsonNumber(node)) return isWhole(node.number) ? node.number : doubleText(Number(node.number))
  throw fails('varchar')
}

function toBoolean(node: JsonNode): boolean | null {
  if (node === null || typeof node === 'boolean') return node
  if (isJsonNumber(node)) return Number(node.number) !== 0
  if (typeof node === 'string' && /^(?:true|t|1)$/i.test(node)) return true
  if (typeof node === 'string' && /^(?:false|f|0)$/i.test(node)) return false
  throw fails('boolean')
}

function toBigint(node: JsonNode): bigint | null {
  if (node === null) return null
  if (typeof node === 'boolean') return node ? 1n : 0n
  const text = isJsonNumber(node) ? node.number : node
  if (typeof text === 'string' && /^[+-]?\d{1,19}$/.test(text)) {
    const value = BigInt(text)
    if (value >= -(2n ** 63n) && value < 2n ** 63n) return value
  } else if (isJsonNumber(node)) {
    const value = Number(node.number)
    // Halves go away from zero.
    const rounded = Math.sign(value) * Math.round(Math.abs(value))
    if (Number.isFinite(rounded) && Math.abs(rounded) < 2 ** 63) return BigInt(rounded)
  }
  throw fails('bigint')
}

function toDouble(node: JsonNode): number | null {
  if (node === null) return null
  if (typeof node === 'boolean') return node ? 1 : 0
  if (isJsonNumber(node)) return Number(node.number)
  if (typeof node === 'string') return parseDouble(node)
  throw fails('double')
}

const read = <T>(
  name: string,
  returns: 'boolean' | 'bigint' | 'double' | 'varchar',
  apply: (node: JsonNode) => T | null,
) => scalar(`athena_json_${name}`, ['varchar'], returns, ((text: string) => apply(readJson(text))) as never)

/** A number as Java writes it; NaN and the infinities as texts. */
function ofNumber(value: number, text: string): string {
  if (!Number.isFinite(value)) return quote(doubleText(value))
  return Object.is(value, -0) ? '-0.0' : javaDouble(text)
}

export const jsonCastScalars = {
  boolean: read('boolean', 'boolean', toBoolean),
  bigint: read('bigint', 'bigint', toBigint),
  double: read('double', 'double', toDouble),
  text: read('text', 'varchar', toText),
  decimal: scalar(
    'athena_json_decimal',
    ['varchar', 'integer', 'integer'],
    'varchar',
    (text, precision, scale) => {
      const node = readJson(text)
      if (node === null) return null
      if (typeof node === 'boolean') return parseDecimal(node ? '1' : '0', precision, scale)
      if (isJsonNumber(node)) return parseDecimal(node.number, precision, scale)
      if (typeof node === 'string') return parseDecimal(node, precision, scale)
      throw fails('decimal')
    },
  ),
  items: scalar('athena_json_items', ['varchar'], 'varchar[]', (text) => {
    const node = readJson(text)
    if (node === null) return null
    if (!Array.isArray(node)) throw fails('array')
    return node.map((item) => canonicalJson(item))
  }),
  entries: scalar('athena_json_entries', ['varchar'], 'map(varchar,varchar)', (text) => {
    const node = readJson(text)
    if (node === null) return null
    if (!isMembers(node)) throw fails('map')
    return [...node].map(([name, value]): readonly [string, string] => [name, canonicalJson(value)])
  }),
  /** A field of a row: a member by its name, in any case, or an item by its place. */
  field: scalar(
    'athena_json_field',
    ['varchar', 'varchar', 'integer', 'integer'],
    'varchar',
    (text, name, place, width) => {
      const node = readJson(text)
      if (node === null) return null
      if (Array.isArray(node)) {
        if (node.length !== width) throw fails('row')
        return canonicalJson(node[place] ?? null)
      }
      if (!isMembers(node)) throw fails('row')
      for (const [member, value] of node)
        if (member.toLowerCase() === name.toLowerCase()) return canonicalJson(value)
      return null
    },
  ),
  quote: scalar('athena_json_quote', ['varchar'], 'varchar', quote),
  ofDouble: scalar('athena_json_of_double', ['double'], 'varchar', (value) => ofNumber(value, String(value))),
  ofReal: scalar('athena_json_of_real', ['double'], 'varchar', (value) =>
    ofNumber(value, shortestReal(value)),
  ),
  ofMembers: scalar('athena_json_of_members', ['varchar[]', 'varchar[]'], 'varchar', (names, values) => {
    const members = names.map((name, index): readonly [string, string] => [
      name ?? '',
      values[index] ?? 'null',
    ])
    const sorted = members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${sorted.map(([name, value]) => `${quote(name)}:${value}`).join(',')}}`
  }),
}

const call = ({ scalar: name }: ScalarFunction, { isTry }: Casting, ...args: readonly string[]) =>
  `${name}${isTry ? '_try' : ''}(${args.join(', ')})`

/** Casts of texts and of map keys are those of `castTo`, which calls this file. */
type JsonCasting = Casting & {
  readonly castTo: (value: Expr, to: SqlType, casting: Casting) => string | undefined
}

/** A JSON text as a value of a type; undefined where Athena has no such cast. */
export function jsonCast(sql: string, to: SqlType, casting: JsonCasting): string | undefined {
  switch (to.kind) {
    case 'json':
      return sql
    case 'boolean':
      return call(jsonCastScalars.boolean, casting, sql)
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return `${casting.isTry ? 'TRY_CAST' : 'CAST'}(${call(jsonCastScalars.bigint, casting, sql)} AS ${duckType(to)})`
    case 'double':
    case 'real':
      return `CAST(${call(jsonCastScalars.double, casting, sql)} AS ${duckType(to)})`
    case 'decimal':
      return `CAST(${call(jsonCastScalars.decimal, casting, sql, String(to.precision), String(to.scale))} AS ${duckType(to)})`
    case 'varchar': {
      const text = call(jsonCastScalars.text, casting, sql)
      return to.length === undefined ? text : casting.castTo(casting.expr(text, varchar), to, casting)
    }
    case 'array': {
      const item = casting.fresh()
      const inner = castItem(item, to.items, casting)
      return inner && `list_transform(${call(jsonCastScalars.items, casting, sql)}, lambda ${item}: ${inner})`
    }
    case 'map': {
      const [key, item] = [casting.fresh(), casting.fresh()]
      const keyCast = casting.castTo(casting.expr(key, varchar, true), to.key, casting)
      const inner = castItem(item, to.value, casting)
      if (keyCast === undefined || inner === undefined) return undefined
      return casting.bind(
        [casting.expr(call(jsonCastScalars.entries, casting, sql), varchar)],
        (m) =>
          `CASE WHEN ${m} IS NOT NULL THEN map(list_transform(map_keys(${m}), lambda ${key}: ${keyCast}), list_transform(map_values(${m}), lambda ${item}: ${inner})) END`,
      )
    }
    case 'row': {
      const names = fieldNames(to)
      let isPossible = true
      const made = casting.bind([casting.expr(sql, { kind: 'json' })], (x) => {
        const fields = names.map((name, index) => {
          const own = to.fields[index]
          const member = call(
            jsonCastScalars.field,
            casting,
            x,
            quoteText(own?.name ?? ''),
            String(index),
            String(names.length),
          )
          const inner = castItem(member, own?.type ?? varchar, casting)
          if (inner === undefined) isPossible = false
          return `${quoteName(name)} := ${inner}`
        })
        return `CASE WHEN ${x} IS NOT NULL AND ${x} <> 'null' THEN struct_pack(${fields.join(', ')}) END`
      })
      return isPossible ? made : undefined
    }
    default:
      return undefined
  }
}

/** JSON null within a JSON value stays one; of another type it is NULL. */
const castItem = (sql: string, to: SqlType, casting: JsonCasting) => jsonCast(sql, to, casting)

/** A value as JSON text; undefined where Athena has no such cast. */
export function toJson(value: Expr, casting: JsonCasting): string | undefined {
  const { sql, type } = value
  switch (type.kind) {
    case 'unknown':
      return 'CAST(NULL AS VARCHAR)'
    case 'json':
      return sql
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
      return `CAST(${sql} AS VARCHAR)`
    case 'double':
      return `${jsonCastScalars.ofDouble.scalar}(${sql})`
    case 'real':
      return `${jsonCastScalars.ofReal.scalar}(CAST(${sql} AS DOUBLE))`
    case 'varchar':
      return `${jsonCastScalars.quote.scalar}(${sql})`
    case 'date':
    case 'timestamp': {
      const text = casting.castTo(value, varchar, casting)
      return text && `${jsonCastScalars.quote.scalar}(${text})`
    }
    case 'array': {
      const item = casting.fresh()
      const inner = toJson({ sql: item, type: type.items, isCheap: true }, casting)
      return (
        inner &&
        `('[' || array_to_string(list_transform(${sql}, lambda ${item}: coalesce(${inner}, 'null')), ',') || ']')`
      )
    }
    case 'map': {
      const [key, item] = [casting.fresh(), casting.fresh()]
      const name = casting.castTo({ sql: key, type: type.key, isCheap: true }, varchar, casting)
      const inner = toJson({ sql: item, type: type.value, isCheap: true }, casting)
      if (name === undefined || inner === undefined) return undefined
      return casting.bind(
        [value],
        (m) =>
          `CASE WHEN ${m} IS NOT NULL THEN ${jsonCastScalars.ofMembers.scalar}(list_transform(map_keys(${m}), lambda ${key}: ${name}), list_transform(map_values(${m}), lambda ${item}: coalesce(${inner}, 'null'))) END`,
      )
    }
    case 'row': {
      let isPossible = true
      const made = casting.bind([value], (row) => {
        const members = fieldNames(type).map((name, index) => {
          const field = type.fields[index]
          const inner = toJson(
            {
              sql: `struct_extract(${row}, ${quoteText(name)})`,
              type: field?.type ?? varchar,
              isCheap: true,
            },
            casting,
          )
          if (inner === undefined) isPossible = false
          return `${quoteText(`${quote(field?.name ?? '')}:`)} || coalesce(${inner}, 'null')`
        })
        return `CASE WHEN ${row} IS NOT NULL THEN '{' || ${members.join(` || ',' || `)} || '}' END`
      })
      return isPossible ? made : undefined
    }
    default:
      return undefined
  }
}
