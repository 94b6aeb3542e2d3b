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
    // A struct of NULLs is no NULL.
    zonedOf: (instant, zone) =>
      bindAll(
        [{ sql: instant, isCheap: false }],
        fresh,
        (i) => `CASE WHEN ${i} IS NOT NULL THEN struct_pack(i := ${i}, z := ${zone}) END`,
      ),
    cast: (value, type) => castTo(value, type, { ...tools, isTry: false }) ?? value.sql,
    apply: (lambda, ...values) => {
      if (!lambda.apply) throw new Error('an argument that is no lambda')
      return lambda.apply(...values)
    },
  }
  return tools
}
