import { castTo } from './cast.ts'
import { compareSql } from './operators.ts'
import type { Expr, Tools } from './registry.ts'
import { bindAll, failing } from './sql.ts'
import type { SqlType } from './types.ts'
import { toInstant, toLocal } from './zone.ts'

/** What makes DuckDB's SQL out of parts. */
export function createTools(fresh: () => string): Tools {
  const expr = (sql: string, type: SqlType, isCheap = false): Expr => ({ sql, type, isCheap })
  const tools: Tools = {
    fresh,
    expr,
    bind: (args, body) => bindAll(args, fresh, body),
    fail: failing,
    equals: (left, right, type) => compareSql('=', expr(left, type, true), expr(right, type, true), tools),
    instantOf: ({ sql, parts }) => parts?.instant ?? `struct_extract(${sql}, 'i')`,
    zoneOf: ({ sql, parts }) => parts?.zone ?? `struct_extract(${sql}, 'z')`,
    toLocal: (instant, zone) => toLocal(instant, zone, fresh),
    toInstant: (local, zone) => toInstant(local, zone, fresh),
    zonedOf: (instant, zone) => `struct_pack(i := ${instant}, z := ${zone})`,
    cast: (value, type) => castTo(value, type, { ...tools, isTry: false }) ?? value.sql,
    apply: (lambda, ...values) => {
      if (!lambda.apply) throw new Error('an argument that is no lambda')
      return lambda.apply(...values)
    },
  }
  return tools
}
