import type { SqlType } from './types.ts'

/**
 * An expression in DuckDB's SQL, with the type that it has in Athena's.
 *
 * How types are held in DuckDB: integers, real, double, boolean, date, varbinary, decimal and array, map, row as its
 * own types of these kinds; varchar, char (padded to its length) and json (canonical text, keys sorted) as VARCHAR;
 * time as TIME; timestamp as TIMESTAMP (microseconds, UTC or no zone); timestamp with time zone as
 * STRUCT(i TIMESTAMP, z VARCHAR): the instant in UTC and the name of the zone; interval day to second as BIGINT
 * milliseconds; interval year to month as INTEGER months; fields of a row without names as `field0`, `field1`, ….
 */
export type Expr = {
  readonly sql: string
  readonly type: SqlType
  /** A column, a constant or a lambda's parameter: it may stand in the result more than once. */
  readonly isCheap: boolean
  /** The value of a literal, where the expression is one. */
  readonly literal?: string | number | boolean | null
  /** For a lambda: its result with SQL for each parameter. Its type is that of the result. */
  readonly apply?: (...values: readonly string[]) => string
  /** The parts of a timestamp with time zone, where they are known without taking the struct apart. */
  readonly parts?: { readonly instant: string; readonly zone: string }
}

/**
 * A function of Athena's by one of its signatures, written as Trino writes them: `strpos(varchar, varchar) -> bigint`,
 * `element_at(map(K,V), K) -> V`, `concat(varchar, varchar...) -> varchar` (the last parameter any number of times, at
 * least once), `transform(array(T), function(T,U)) -> array(U)`. `T`, `U`, `K`, `V` stand for any type, `O` for one whose values have an order; `varchar` takes
 * every varchar(n) and char, `varchar(n)` keeps the length; `decimal(p,s)`, `timestamp(p)`, `timestamp(p) with time
 * zone` take each, and the result may name `p` and `s`; `any` stands for any type, in each place another.
 * Of several signatures of one name the first that takes the arguments as they are is chosen, else the first that takes them
 * after coercions (integer → bigint → decimal → double, date → timestamp → with time zone, …): list the narrow before the wide.
 */
export type Definition = {
  readonly signature: string
  readonly make: Make
  /** The result's type, where it follows from the arguments' types in a way that the signature cannot say. */
  readonly returns?: (types: readonly SqlType[]) => SqlType
  /** The functions in JavaScript that the SQL of `make` calls by their names (`scalar`). */
  readonly uses?: readonly ScalarFunction[]
  /** What a reader of docs/sql.md must know. */
  readonly note?: string
}

/**
 * How a call becomes DuckDB's SQL:
 * - a template: `$1`, `$2`, … are the arguments, already of the parameters' types (for `...` parameters `$*` is the list of all,
 *   separated by commas; `$2*` the list from the second on). An argument that a template names twice is bound once;
 * - a function of the arguments and the result's type, for what a template cannot say; it uses each argument's `sql` once, or
 *   asks `bind` for one that it needs more often;
 * - a function in JavaScript (see `ScalarFunction`).
 * A NULL argument makes the result NULL where DuckDB's expression says so; a template must not rely on the caller for it.
 */
export type Make =
  | string
  | ((args: readonly Expr[], result: SqlType, tools: Tools) => string)
  | ScalarFunction

/** An aggregate, which may also be a window function. */
export type AggregateDefinition = {
  readonly signature: string
  /**
   * How DuckDB computes it. In a template `name{arguments}` is a call of DuckDB's aggregate with the DISTINCT, ORDER BY, FILTER and
   * OVER of Athena's call: `CAST(sum{$1} AS BIGINT)`.
   */
  readonly make: string | ((args: readonly Expr[], result: SqlType, tools: AggregateTools) => string)
  readonly note?: string
}

export type AggregateTools = Tools & {
  /** A call of DuckDB's aggregate with the clauses of Athena's; `where` leaves out more rows, `order` comes before the call's own. */
  readonly call: (
    name: string,
    args: string,
    more?: { readonly where?: string; readonly order?: string },
  ) => string
  readonly isDistinct: boolean
}

export type Tools = {
  /** `body` with a name for the value of each expression, each computed once. */
  readonly bind: (args: readonly Expr[], body: (...names: readonly string[]) => string) => string
  /** DuckDB's SQL that fails with a message of ours, as an expression of the type. The message quotes no value. */
  readonly fail: (message: string, type: SqlType) => string
  /** Whether two values are equal as Athena says, NULL where it says NULL; both are named more than once. */
  readonly equals: (left: string, right: string, type: SqlType) => string
  /** The instant (a TIMESTAMP in UTC) and the zone's name of a timestamp with time zone. */
  readonly instantOf: (value: Expr) => string
  readonly zoneOf: (value: Expr) => string
  /** The time that a clock in the zone shows at an instant, as a TIMESTAMP, and back. */
  readonly toLocal: (instant: string, zone: string) => string
  readonly toInstant: (local: string, zone: string) => string
  /** A timestamp with time zone from its parts. */
  readonly zonedOf: (instant: string, zone: string) => string
  /** A value cast to another type as Athena's CAST does it. */
  readonly cast: (value: Expr, type: SqlType) => string
  /** A value of a SQL text and its type. */
  readonly expr: (sql: string, type: SqlType, isCheap?: boolean) => Expr
  /** A lambda's result as DuckDB's SQL, with SQL for each of its parameters. Only for parameters that are functions. */
  readonly apply: (lambda: Expr, ...values: readonly string[]) => string
  /** A name for a lambda's parameter in DuckDB's SQL that no other at this place has. */
  readonly fresh: () => string
}

/** How a cast is made: `isTry` gives NULL where the value cannot be cast, and does not hide what else fails. */
export type Casting = Tools & { readonly isTry: boolean }

/** The types that a function in JavaScript takes and returns, and how they come: */
export type ScalarType =
  /** string */
  | 'varchar'
  /** number (an int32) */
  | 'integer'
  /** bigint */
  | 'bigint'
  /** number */
  | 'double'
  /** boolean */
  | 'boolean'
  /** Uint8Array */
  | 'varbinary'
  /** bigint, microseconds since 1970 */
  | 'timestamp'
  /** number, days since 1970 */
  | 'date'
  /** (string | null)[] */
  | 'varchar[]'
  /** [string, string | null][] */
  | 'map(varchar,varchar)'

export type ScalarValue =
  | null
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly (string | null)[]
  | readonly (readonly [string, string | null])[]

/**
 * A function in JavaScript, which DuckDB calls for each row. It is pure. A NULL argument makes NULL without a call. It returns
 * null for NULL, and throws a `FunctionError` where Athena fails.
 */
export type ScalarFunction = {
  /** The name that DuckDB knows it by: that of Athena's function, and more where there are several. */
  readonly scalar: string
  readonly parameters: readonly ScalarType[]
  readonly returns: ScalarType
  readonly apply: (...args: readonly never[]) => ScalarValue
}

/** Athena fails on a row. The message is shown as it is, so it quotes no value. */
export class FunctionError extends Error {}

/** Declares a function in JavaScript, with the types of its parameters checked. */
export function scalar<P extends readonly ScalarType[], R extends ScalarType>(
  name: string,
  parameters: readonly [...P],
  returns: R,
  apply: (...args: { readonly [I in keyof P]: JsOf<P[I]> }) => JsOf<R> | null,
): ScalarFunction {
  return { scalar: name, parameters, returns, apply: apply as (...args: readonly never[]) => ScalarValue }
}

type JsOf<T> = T extends 'varchar'
  ? string
  : T extends 'integer' | 'double' | 'date'
    ? number
    : T extends 'bigint' | 'timestamp'
      ? bigint
      : T extends 'boolean'
        ? boolean
        : T extends 'varbinary'
          ? Uint8Array
          : T extends 'varchar[]'
            ? readonly (string | null)[]
            : readonly (readonly [string, string | null])[]
