// The syntax tree of Athena's SELECT: the queries of Trino's grammar
// (https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4), without
// what this project refuses by name. `at` is where a node begins in the statement, in UTF-16 code units.

export type Identifier = {
  /** Lower case, unless it was quoted. Trino compares names without regard to case even where they were quoted. */
  readonly name: string
  /** As it was written, where that differs: what a result's column is called. */
  readonly written?: string
  readonly at: number
}

// ---- queries

export type Query = {
  readonly kind: 'query'
  readonly at: number
  readonly with: readonly CommonTable[]
  readonly isRecursive: boolean
  readonly body: QueryBody
  readonly orderBy: readonly SortItem[]
  readonly offset?: Expression
  /** `LIMIT n`, `LIMIT ALL` (absent), `FETCH FIRST n ROWS ONLY | WITH TIES`. */
  readonly limit?: Expression
  readonly withTies: boolean
}

export type CommonTable = {
  readonly name: Identifier
  readonly columns: readonly Identifier[]
  readonly query: Query
}

export type QueryBody = Select | SetOperation | Values | TableBody | Query

export type Select = {
  readonly kind: 'select'
  readonly at: number
  readonly isDistinct: boolean
  readonly items: readonly SelectItem[]
  /** The relations of FROM, joined by commas. */
  readonly from: readonly Relation[]
  readonly where?: Expression
  readonly groupBy?: GroupBy
  readonly having?: Expression
  /** `WINDOW name AS (…)`. */
  readonly windows: readonly { readonly name: Identifier; readonly window: Window }[]
}

export type SelectItem =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly alias?: Identifier }
  /** `*`, `t.*`, `row_expression.*` with `AS (a, b)`. */
  | {
      readonly kind: 'all'
      readonly at: number
      readonly of?: Expression
      readonly aliases: readonly Identifier[]
    }

export type GroupBy = { readonly isDistinct: boolean; readonly elements: readonly GroupingElement[] }

export type GroupingElement =
  /** One expression, or several in parentheses. */
  | { readonly kind: 'simple'; readonly expressions: readonly Expression[] }
  | {
      readonly kind: 'rollup' | 'cube' | 'grouping sets'
      readonly at: number
      readonly sets: readonly (readonly Expression[])[]
    }

export type SetOperation = {
  readonly kind: 'union' | 'intersect' | 'except'
  readonly at: number
  readonly isAll: boolean
  readonly left: QueryBody
  readonly right: QueryBody
}

export type Values = { readonly kind: 'values'; readonly at: number; readonly rows: readonly Expression[] }

/** `TABLE name`. */
export type TableBody = {
  readonly kind: 'table body'
  readonly at: number
  readonly name: readonly Identifier[]
}

export type SortItem = {
  readonly expression: Expression
  readonly isDescending: boolean
  /** Absent where it is not written: then NULLs come last, in Trino in either direction. */
  readonly nulls?: 'first' | 'last'
}

// ---- relations

export type Relation = TableName | Subquery | Lateral | Unnest | Join

/** The alias of a relation, with names for its columns. */
export type Alias = { readonly name: Identifier; readonly columns: readonly Identifier[] }

type Sampled = {
  readonly alias?: Alias
  readonly sample?: {
    readonly method: 'bernoulli' | 'system'
    readonly percent: Expression
    readonly at: number
  }
}

export type TableName = Sampled & {
  readonly kind: 'table'
  readonly at: number
  /** `[catalog.][schema.]name`, as many parts as were written. */
  readonly name: readonly Identifier[]
}

export type Subquery = Sampled & {
  readonly kind: 'subquery relation'
  readonly at: number
  readonly query: Query
}
export type Lateral = Sampled & { readonly kind: 'lateral'; readonly at: number; readonly query: Query }

export type Unnest = Sampled & {
  readonly kind: 'unnest'
  readonly at: number
  readonly expressions: readonly Expression[]
  readonly withOrdinality: boolean
}

export type Join = {
  readonly kind: 'join'
  readonly at: number
  readonly type: 'inner' | 'left' | 'right' | 'full' | 'cross'
  readonly left: Relation
  readonly right: Relation
  /** `ON`, or `USING`; neither for a cross join. NATURAL is refused by Trino too. */
  readonly on?: Expression
  readonly using?: readonly Identifier[]
  readonly alias?: Alias
}

// ---- expressions

export type Expression = { readonly at: number } & (
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** The text of the value, escapes resolved. */
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  /** Digits in base 10, without underscores: `255` for 0xFF. A minus directly before them is part of it, so `-2147483648` is an integer. */
  | { readonly kind: 'integer'; readonly digits: string }
  /** As written, without underscores: `1.50`, `.5`, `5.`. */
  | { readonly kind: 'decimal'; readonly text: string }
  /** As written: `1.5e0`. */
  | { readonly kind: 'double'; readonly text: string }
  /** `DATE '…'`, `TIMESTAMP '…'`, `DECIMAL '…'`, `JSON '…'`, `double '…'`, `varchar '…'`: a type and a text. */
  | { readonly kind: 'typed literal'; readonly type: TypeSyntax; readonly value: string }
  | {
      readonly kind: 'interval'
      readonly value: string
      readonly isNegative: boolean
      readonly from: IntervalField
      readonly to?: IntervalField
    }
  | { readonly kind: 'column'; readonly name: Identifier }
  /** `base.field`: a column of a relation, or a field of a row; which of them, scopes tell. */
  | { readonly kind: 'dereference'; readonly base: Expression; readonly field: Identifier }
  | { readonly kind: 'subscript'; readonly base: Expression; readonly index: Expression }
  | FunctionCall
  /** `CURRENT_DATE`, `CURRENT_TIMESTAMP[(p)]`, `LOCALTIMESTAMP`, `CURRENT_TIME`, `LOCALTIME`, `CURRENT_USER` and the like; in lower case. */
  | { readonly kind: 'special'; readonly name: string; readonly precision?: number }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | {
      readonly kind: 'arithmetic'
      readonly operator: '+' | '-' | '*' | '/' | '%'
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'concat'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'comparison'
      readonly operator: ComparisonOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'is distinct'
      readonly isNot: boolean
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'is null'; readonly isNot: boolean; readonly operand: Expression }
  /** All operands of one chain of ANDs, or of ORs, so that a long chain is no deep tree. */
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'between'
      readonly isNot: boolean
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
    }
  | {
      readonly kind: 'in list'
      readonly isNot: boolean
      readonly operand: Expression
      readonly items: readonly Expression[]
    }
  | {
      readonly kind: 'in query'
      readonly isNot: boolean
      readonly operand: Expression
      readonly query: Query
    }
  | {
      readonly kind: 'like'
      readonly isNot: boolean
      readonly operand: Expression
      readonly pattern: Expression
      readonly escape?: Expression
    }
  | { readonly kind: 'exists'; readonly query: Query }
  | { readonly kind: 'scalar query'; readonly query: Query }
  | {
      readonly kind: 'quantified'
      readonly operator: ComparisonOperator
      readonly quantifier: 'all' | 'any'
      readonly operand: Expression
      readonly query: Query
    }
  | {
      readonly kind: 'case'
      /** `CASE operand WHEN value …`; absent for `CASE WHEN condition …`. */
      readonly operand?: Expression
      readonly branches: readonly { readonly when: Expression; readonly then: Expression }[]
      readonly otherwise?: Expression
    }
  | {
      readonly kind: 'cast'
      readonly isTry: boolean
      readonly operand: Expression
      readonly type: TypeSyntax
    }
  /** `TRY(x)`. */
  | { readonly kind: 'try'; readonly operand: Expression }
  | { readonly kind: 'extract'; readonly field: string; readonly operand: Expression }
  | { readonly kind: 'at time zone'; readonly operand: Expression; readonly zone: Expression }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  /** `ROW(a, b)`, and `(a, b)` with more than one item. */
  | { readonly kind: 'row'; readonly items: readonly Expression[] }
  | { readonly kind: 'lambda'; readonly parameters: readonly Identifier[]; readonly body: Expression }
  | { readonly kind: 'grouping'; readonly arguments: readonly Expression[] }
  /** `TRIM([LEADING|TRAILING|BOTH] [characters] FROM text)`; plain `trim(x)` is a call. */
  | {
      readonly kind: 'trim'
      readonly side: 'leading' | 'trailing' | 'both'
      readonly characters?: Expression
      readonly operand: Expression
    }
  /** `JSON_EXISTS`, `JSON_VALUE`, `JSON_QUERY` with an SQL/JSON path. */
  | {
      readonly kind: 'json function'
      readonly name: 'json_exists' | 'json_value' | 'json_query'
      readonly input: Expression
      readonly path: string
      readonly returning?: TypeSyntax
      /** What stands behind the path, in capitals and as written: `NULL ON EMPTY`, `WITH ARRAY WRAPPER`. */
      readonly options: readonly string[]
    }
)

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type IntervalField = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

export type FunctionCall = {
  readonly kind: 'call'
  readonly at: number
  /** Lower case. */
  readonly name: string
  readonly arguments: readonly Expression[]
  /** `count(*)`. */
  readonly isStar: boolean
  readonly isDistinct: boolean
  /** `array_agg(x ORDER BY y)`. For `listagg(…) WITHIN GROUP (ORDER BY …)` it is that order. */
  readonly orderBy: readonly SortItem[]
  readonly filter?: Expression
  readonly nullTreatment?: 'ignore' | 'respect'
  readonly over?: Window | Identifier
  /** What `listagg` does where its result grows too long. */
  readonly overflow?: 'error' | 'truncate'
}

export type Window = {
  readonly kind: 'window'
  readonly at: number
  /** `OVER (name ORDER BY …)`. */
  readonly base?: Identifier
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly SortItem[]
  readonly frame?: WindowFrame
}

export type WindowFrame = {
  readonly unit: 'rows' | 'range' | 'groups'
  readonly start: FrameBound
  readonly end?: FrameBound
}

export type FrameBound =
  | { readonly kind: 'unbounded preceding' | 'unbounded following' | 'current row' }
  | { readonly kind: 'preceding' | 'following'; readonly value: Expression }

/** A type as written; `types.ts` has what it means. */
export type TypeSyntax = {
  readonly at: number
} /** `varchar(10)`, `decimal(5, 2)`, `bigint`, `timestamp(3) with time zone` (name `timestamp with time zone`), `interval day to second`. */ & (
  | { readonly kind: 'name'; readonly name: string; readonly parameters: readonly number[] }
  | { readonly kind: 'array'; readonly items: TypeSyntax }
  | { readonly kind: 'map'; readonly key: TypeSyntax; readonly value: TypeSyntax }
  | {
      readonly kind: 'row'
      readonly fields: readonly { readonly name?: Identifier; readonly type: TypeSyntax }[]
    }
)
