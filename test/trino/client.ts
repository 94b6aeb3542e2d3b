import type { Type } from '../../src/record/type.ts'

const base = process.env.TRINO_URL ?? ''

export type TrinoRows = readonly (readonly unknown[])[]

type Answer = {
  readonly data?: TrinoRows
  readonly nextUri?: string
  readonly error?: { readonly message: string }
}

/** Runs a statement over Trino's protocol (https://trino.io/docs/current/develop/client-protocol.html). */
export async function trino(sql: string): Promise<TrinoRows> {
  const headers = {
    'X-Trino-User': 'lane',
    'X-Trino-Catalog': 'hive',
    'X-Trino-Schema': 'dmd',
    'X-Trino-Time-Zone': 'UTC',
  }
  let answer = (await (
    await fetch(`${base}/v1/statement`, { method: 'POST', body: sql, headers })
  ).json()) as Answer
  const rows: (readonly unknown[])[] = []
  for (;;) {
    if (answer.error) throw new Error(`${answer.error.message}\n${sql}`)
    rows.push(...(answer.data ?? []))
    if (!answer.nextUri) return rows
    answer = (await (await fetch(answer.nextUri)).json()) as Answer
  }
}

/** A column's type in Trino's words. */
export function trinoType(type: Type): string {
  switch (type.kind) {
    case 'optional':
      return trinoType(type.of)
    case 'array':
      return `array(${trinoType(type.items)})`
    case 'map':
      return `map(varchar, ${trinoType(type.values)})`
    case 'record':
      return `row(${type.fields.map((field) => `"${field.name.toLowerCase()}" ${trinoType(field.type)}`).join(', ')})`
    default:
      return scalars[type.kind]
  }
}

const scalars = {
  string: 'varchar',
  enum: 'varchar',
  boolean: 'boolean',
  int: 'integer',
  long: 'bigint',
  float: 'real',
  double: 'double',
  bytes: 'varbinary',
  instant: 'timestamp(3)',
  date: 'date',
} as const

/** UNIX_TIMESTAMP is no function of Athena: this is what is sent there instead. */
export function toAthena(sql: string): string {
  return sql.replace(/UNIX_TIMESTAMP\(([^()]*)\)/gi, 'CAST(floor(to_unixtime($1)) AS bigint)')
}
