import type { SqlType } from './types.ts'

/** A name as a quoted identifier of SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as a literal of SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The type that holds values of an Athena type in DuckDB; `registry.ts` says how. */
export function duckType(type: SqlType): string {
  switch (type.kind) {
    case 'unknown':
    case 'integer':
    case 'interval year to month':
      return 'INTEGER'
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'bigint':
    case 'double':
    case 'date':
    case 'time':
    case 'timestamp':
      return type.kind.toUpperCase()
    case 'real':
      return 'FLOAT'
    case 'varbinary':
      return 'BLOB'
    case 'interval day to second':
      return 'BIGINT'
    case 'varchar':
    case 'char':
    case 'json':
      return 'VARCHAR'
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'timestamp with time zone':
      return 'STRUCT(i TIMESTAMP, z VARCHAR)'
    case 'array':
      return `${duckType(type.items)}[]`
    case 'map':
      return `MAP(${duckType(type.key)}, ${duckType(type.value)})`
    case 'row':
      return `STRUCT(${fieldNames(type)
        .map(
          (name, index) => `${quoteName(name)} ${duckType(type.fields[index]?.type ?? { kind: 'unknown' })}`,
        )
        .join(', ')})`
  }
}

/** The names that a row's fields have in DuckDB: fields without names are `field0`, `field1`, …. */
export function fieldNames(type: SqlType & { readonly kind: 'row' }): readonly string[] {
  return type.fields.map(({ name }, index) => name ?? `field${index}`)
}

/** A NULL of a type. */
export function nullOf(type: SqlType): string {
  return type.kind === 'unknown' ? 'NULL' : `CAST(NULL AS ${duckType(type)})`
}

/** How DuckDB's message begins where `fail` ended a query. A row's text may begin so too: see `ownMessage` in query/failure.ts. */
export const failureMark = 'athena: '

/**
 * An expression of a type that fails with a message of ours when it is computed.
 *
 * The cast fails, and DuckDB folds no constant that fails; its own `error` is volatile, so that TRY refuses it.
 */
export function failing(message: string, type: SqlType): string {
  const failed = `CAST(${quoteText(failureMark + message)} AS INTEGER)`
  if (type.kind === 'integer') return failed
  return `list_extract(CAST([] AS ${duckType(type)}[]), ${failed})`
}

/** Gives names that no other expression of a statement has. */
export function createNames(prefix: string): () => string {
  let count = 0
  return () => `${prefix}${++count}`
}

/** How long an expression may be that is written more than once. What repeats it grows past that, so the whole stays linear. */
const repeatedMax = 120

/** True for what may stand for itself in several places: DuckDB computes such an expression once. */
function isRepeatable({ sql, isCheap }: { readonly sql: string; readonly isCheap: boolean }): boolean {
  return isCheap || (sql.length <= repeatedMax && !/lambda|select|random|uuid/i.test(sql))
}

/**
 * `body` with a name for the value of each expression, so that each is computed, and written, once: what is rewritten stays
 * linear in what was written. An expression that is a name or a constant already stands for itself.
 */
export function bindAll(
  values: readonly { readonly sql: string; readonly isCheap: boolean }[],
  fresh: () => string,
  body: (...names: readonly string[]) => string,
): string {
  const costly = values.filter((value) => !isRepeatable(value))
  if (costly.length === 0) return body(...values.map(({ sql }) => sql))
  const name = fresh()
  const [only] = costly
  if (only && costly.length === 1)
    return `list_transform([${only.sql}], lambda ${name}: ${body(...values.map((value) => (isRepeatable(value) ? value.sql : name)))})[1]`
  let index = 0
  const names = values.map((value) =>
    isRepeatable(value) ? value.sql : `struct_extract(${name}, 'a${index++}')`,
  )
  const struct = costly.map(({ sql }, at) => `a${at} := ${sql}`).join(', ')
  return `list_transform([struct_pack(${struct})], lambda ${name}: ${body(...names)})[1]`
}
