import type { Scope } from './context.ts'
import type { Expr } from './registry.ts'
import type { Signature } from './signature.ts'
import type { Expression, FunctionCall, Query, Window } from './syntax.ts'
import type { SqlType } from './types.ts'

/** A column of a relation or of a query's result. */
export type ColumnType = { readonly name?: string; readonly type: SqlType }

/** A table or a view that a statement may read. */
export type KnownRelation = {
  readonly name: string
  readonly columns: readonly ColumnType[]
  /** Its rows as DuckDB reads them, with the hidden column `$path` or without. */
  readonly sql: string
  readonly sqlWithPath?: string
}

/** A query made by WITH, which stands at the head of DuckDB's statement. */
export type CommonRelation = { readonly sql: string; readonly columns: readonly ColumnType[] }

/** DuckDB's SQL for a query, and its columns, which are called `c0`, `c1`, … in it. */
export type TranslatedQuery = { readonly sql: string; readonly columns: readonly ColumnType[] }

/** What the translation of a statement knows. */
export type Environment = {
  readonly relations: ReadonlyMap<string, KnownRelation>
  readonly functions: ReadonlyMap<string, readonly Signature[]>
  readonly aggregates: ReadonlyMap<string, readonly Signature[]>
  readonly windows: ReadonlyMap<string, readonly Signature[]>
  /** Functions of Athena that are not done here, each with what to use instead. */
  readonly refused: ReadonlyMap<string, string>
  readonly fresh: () => string
  /** Expressions, calls and queries hold one another; these two let the files that translate them import one way. */
  readonly translateCall: (call: FunctionCall, context: Context) => Expr
  readonly translateQuery: (query: Query, outer: Scope, common: CommonRelations) => TranslatedQuery
}

export type CommonRelations = ReadonlyMap<string, CommonRelation>

/** Where an expression stands. */
export type Context = {
  readonly environment: Environment
  readonly scope: Scope
  readonly common: CommonRelations
  /** The clause, for messages: `WHERE`, `GROUP BY`, `the SELECT list`. */
  readonly clause: string
  /** Parameters of the lambdas around it. */
  readonly parameters: ReadonlyMap<string, Expr>
  /** How many lambdas it stands in. */
  readonly lambdaDepth?: number
  /** After GROUP BY: only keys and aggregates have a value. */
  readonly groups?: Groups
  readonly canWindow: boolean
  /** Named windows of the WINDOW clause. */
  readonly windows: ReadonlyMap<string, Window>
  /**
   * Within a lambda of DuckDB's, which takes no aggregate, window function or subquery: such an expression is computed outside,
   * and comes in by a name.
   */
  readonly hoist?: (value: Expr) => Expr
}

export type Groups = {
  /** The SQL of each grouping expression, by its fingerprint. */
  readonly keys: ReadonlyMap<string, Expr>
  readonly fingerprint: (expression: Expression) => string
  /** Where arguments of aggregates stand. */
  readonly source: Context
  /** Columns of the query's own FROM; others come from outside, and have one value. */
  readonly isOwn: (sql: string) => boolean
}
