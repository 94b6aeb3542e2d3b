import fc from 'fast-check'
import type {
  Alias,
  Expression,
  FunctionCall,
  GroupingElement,
  Identifier,
  Query,
  QueryBody,
  Relation,
  Select,
  SelectItem,
  SortItem,
  TypeSyntax,
  Window,
  WindowFrame,
} from '../../src/dialect/syntax.ts'

// Random trees, without places (`at` is 0). They hold what a reader of SQL must tell apart: operators of every precedence within
// one another, queries in expressions, words that are names here and keywords there.

const at = 0
type Arb<T> = fc.Arbitrary<T>

const name: Arb<Identifier> = fc
  .constantFrom(
    'a',
    'b',
    'c',
    'day',
    'first',
    'type',
    'if',
    'count',
    'limit',
    'order',
    'from',
    'all',
    'Mixed "x"',
    'é 1',
  )
  .map((text) => ({ name: text, at }))
const functionName = fc.constantFrom('f', 'count', 'a', 'substring', 'position', 'max')
const text = fc.constantFrom('', 'x', "it's", '-- no comment', '/*', 'é\n', '"', '\u0000')
const integer: Arb<Expression> = fc
  .constantFrom('0', '7', '-1', '9223372036854775807', '-9223372036854775808')
  .map((digits) => ({ kind: 'integer', at, digits }))
const column: Arb<Expression> = name.map((of) => ({ kind: 'column', at, name: of }))

const few = <T>(item: Arb<T>, minLength = 0, maxLength = 2) => fc.array(item, { minLength, maxLength })
/** A part of a node that may be absent. */
const maybe = <K extends string, T>(key: K, item: Arb<T>): Arb<{ [k in K]?: T }> =>
  fc.option(item, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value })) as Arb<{
    [k in K]?: T
  }>
/** Alternatives, the first of which are what random trees shrink to. */
const leaf: Arb<Expression> = fc.oneof(
  column,
  integer,
  fc.constant<Expression>({ kind: 'null', at }),
  fc.boolean().map((value): Expression => ({ kind: 'boolean', at, value })),
  text.map((value): Expression => ({ kind: 'string', at, value })),
  fc.constantFrom('1.5', '.5', '5.').map((written): Expression => ({ kind: 'decimal', at, text: written })),
  fc.constantFrom('1e0', '.5E-3').map((written): Expression => ({ kind: 'double', at, text: written })),
  fc.uint8Array({ maxLength: 3 }).map((bytes): Expression => ({ kind: 'binary', at, bytes })),
  fc.tuple(fc.constantFrom('date', 'timestamp', 'json', 'double'), text).map(
    ([of, value]): Expression => ({
      kind: 'typed literal',
      at,
      type: { kind: 'name', at, name: of, parameters: [] },
      value,
    }),
  ),
  interval(),
  fc
    .constantFrom('current_date', 'localtimestamp', 'current_user')
    .map((of): Expression => ({ kind: 'special', at, name: of })),
  fc.constant<Expression>({ kind: 'special', at, name: 'current_timestamp', precision: 6 }),
)

function interval(): Arb<Expression> {
  const field = fc.constantFrom('year', 'month', 'day', 'hour', 'minute', 'second' as const)
  return fc
    .record({ value: fc.constantFrom('1', '1-2', "'"), isNegative: fc.boolean(), from: field })
    .chain((part) => maybe('to', field).map((to): Expression => ({ kind: 'interval', at, ...part, ...to })))
}

const comparison = fc.constantFrom('=', '<>', '<', '<=', '>', '>=' as const)

/** An expression with at most so many levels of others within it. */
export function expressions(depth: number): Arb<Expression> {
  if (depth <= 0) return leaf
  const e = expressions(depth - 1)
  const isNot = fc.boolean()
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    { weight: 6, arbitrary: operations(e) },
    fc
      .tuple(isNot, e, e)
      .map(([not, operand, pattern]): Expression => ({ kind: 'like', at, isNot: not, operand, pattern })),
    fc.tuple(e, e, e).map(
      ([operand, pattern, ending]): Expression => ({
        kind: 'like',
        at,
        isNot: true,
        operand,
        pattern,
        escape: ending,
      }),
    ),
    fc
      .tuple(isNot, e, e, e)
      .map(
        ([not, operand, low, high]): Expression => ({ kind: 'between', at, isNot: not, operand, low, high }),
      ),
    fc
      .tuple(isNot, e, few(e, 1))
      .map(([not, operand, items]): Expression => ({ kind: 'in list', at, isNot: not, operand, items })),
    { weight: 3, arbitrary: compounds(e) },
    { weight: 3, arbitrary: calls(e) },
    { weight: 2, arbitrary: queriesWithin(e, queries(depth - 1)) },
  )
}

function operations(e: Arb<Expression>): Arb<Expression> {
  const pair = fc.record({ left: e, right: e })
  const isNot = fc.boolean()
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', '%' as const), pair)
      .map(([operator, of]): Expression => ({ kind: 'arithmetic', at, operator, ...of })),
    pair.map((of): Expression => ({ kind: 'concat', at, ...of })),
    fc
      .tuple(comparison, pair)
      .map(([operator, of]): Expression => ({ kind: 'comparison', at, operator, ...of })),
    fc.tuple(isNot, pair).map(([not, of]): Expression => ({ kind: 'is distinct', at, isNot: not, ...of })),
    fc.tuple(isNot, e).map(([not, operand]): Expression => ({ kind: 'is null', at, isNot: not, operand })),
    fc
      .tuple(fc.constantFrom('and', 'or' as const), few(e, 2, 3))
      .map(([kind, operands]): Expression => ({ kind, at, operands })),
    e.map((operand): Expression => ({ kind: 'not', at, operand })),
    e.map((operand): Expression => ({ kind: 'negate', at, operand })),
    fc
      .tuple(e, fc.oneof(interval(), fc.constant<Expression>({ kind: 'string', at, value: 'UTC' })))
      .map(([operand, zone]): Expression => ({ kind: 'at time zone', at, operand, zone })),
    fc.tuple(e, name).map(([base, field]): Expression => ({ kind: 'dereference', at, base, field })),
    fc.tuple(e, e).map(([base, index]): Expression => ({ kind: 'subscript', at, base, index })),
  )
}

function compounds(e: Arb<Expression>): Arb<Expression> {
  const branch = fc.tuple(e, e).map(
    ([when, result]) =>
      Object.fromEntries([
        ['when', when],
        ['then', result],
      ]) as never,
  )
  return fc.oneof(
    fc.tuple(few(branch, 1), maybe('operand', e), maybe('otherwise', e)).map(
      ([branches, operand, otherwise]): Expression => ({
        kind: 'case',
        at,
        ...operand,
        branches,
        ...otherwise,
      }),
    ),
    fc
      .tuple(fc.boolean(), e, types(2))
      .map(([isTry, operand, type]): Expression => ({ kind: 'cast', at, isTry, operand, type })),
    e.map((operand): Expression => ({ kind: 'try', at, operand })),
    fc
      .tuple(fc.constantFrom('year', 'day_of_week'), e)
      .map(([field, operand]): Expression => ({ kind: 'extract', at, field, operand })),
    few(e).map((items): Expression => ({ kind: 'array', at, items })),
    few(e, 1, 3).map((items): Expression => ({ kind: 'row', at, items })),
    fc
      .tuple(few(name), e)
      .map(([parameters, body]): Expression => ({ kind: 'lambda', at, parameters, body })),
    fc
      .tuple(fc.constantFrom('leading', 'trailing', 'both' as const), maybe('characters', e), e)
      .map(([side, characters, operand]): Expression => ({ kind: 'trim', at, side, ...characters, operand })),
    fc.tuple(e, fc.constantFrom('', 'ERROR ON EMPTY')).map(
      ([input, option]): Expression => ({
        kind: 'json function',
        at,
        name: 'json_value',
        input,
        path: 'lax $.a',
        options: option ? [option] : [],
      }),
    ),
  )
}

const noOrder: readonly SortItem[] = []
const plain = { kind: 'call', at, arguments: [], isStar: false, isDistinct: false, orderBy: noOrder } as const

function calls(e: Arb<Expression>): Arb<FunctionCall & Expression> {
  const over = maybe('over', fc.oneof(name, windows(e)))
  const nulls = fc.constantFrom(
    {},
    { nullTreatment: 'ignore' as const },
    { nullTreatment: 'respect' as const },
  )
  return fc.oneof(
    fc
      .tuple(functionName, few(e), fc.boolean(), few(sortItems(e)), maybe('filter', e))
      .map(([of, args, isDistinct, orderBy, filter]) => ({
        ...plain,
        name: of,
        arguments: args,
        isDistinct: isDistinct && args.length > 0,
        orderBy,
        ...filter,
      })),
    fc.tuple(few(e), nulls, fc.oneof(name, windows(e))).map(([args, treatment, window]) => ({
      ...plain,
      name: 'lag',
      arguments: args,
      ...treatment,
      over: window,
    })),
    fc
      .tuple(over, maybe('filter', e))
      .map(([window, filter]) => ({ ...plain, name: 'count', isStar: true, ...filter, ...window })),
    fc
      .tuple(e, few(sortItems(e), 1), maybe('overflow', fc.constantFrom('error', 'truncate' as const)))
      .map(([item, orderBy, overflow]) => ({
        ...plain,
        name: 'listagg',
        arguments: [item],
        orderBy,
        ...overflow,
      })),
  )
}

function queriesWithin(e: Arb<Expression>, q: Arb<Query>): Arb<Expression> {
  return fc.oneof(
    q.map((query): Expression => ({ kind: 'exists', at, query })),
    q.map((query): Expression => ({ kind: 'scalar query', at, query })),
    fc
      .tuple(fc.boolean(), e, q)
      .map(([isNot, operand, query]): Expression => ({ kind: 'in query', at, isNot, operand, query })),
    fc.tuple(comparison, fc.constantFrom('all', 'any' as const), e, q).map(
      ([operator, quantifier, operand, query]): Expression => ({
        kind: 'quantified',
        at,
        operator,
        quantifier,
        operand,
        query,
      }),
    ),
  )
}

function sortItems(e: Arb<Expression>): Arb<SortItem> {
  return fc
    .tuple(e, fc.boolean(), maybe('nulls', fc.constantFrom('first', 'last' as const)))
    .map(([expression, isDescending, nulls]) => ({ expression, isDescending, ...nulls }))
}

function windows(e: Arb<Expression>): Arb<Window> {
  const bound = fc.oneof(
    fc.constantFrom(
      { kind: 'current row' as const },
      { kind: 'unbounded preceding' as const },
      { kind: 'unbounded following' as const },
    ),
    fc.tuple(fc.constantFrom('preceding', 'following' as const), e).map(([kind, value]) => ({ kind, value })),
  )
  const frame: Arb<WindowFrame> = fc
    .tuple(fc.constantFrom('rows', 'range', 'groups' as const), bound, maybe('end', bound))
    .map(([unit, start, end]) => ({ unit, start, ...end }))
  return fc
    .tuple(maybe('base', name), few(e), few(sortItems(e)), maybe('frame', frame))
    .map(([base, partitionBy, orderBy, of]) => ({ kind: 'window', at, ...base, partitionBy, orderBy, ...of }))
}

export function types(depth: number): Arb<TypeSyntax> {
  const simple: Arb<TypeSyntax> = fc
    .constantFrom<readonly [string, readonly number[]]>(
      ['bigint', []],
      ['varchar', [5]],
      ['decimal', [5, 2]],
      ['double', []],
      ['timestamp with time zone', [3]],
      ['timestamp', []],
      ['interval day to second', []],
    )
    .map(([of, parameters]) => ({ kind: 'name', at, name: of, parameters }))
  if (depth <= 0) return simple
  const t = types(depth - 1)
  const field = fc.tuple(maybe('name', name), t).map(([of, type]) => ({ ...of, type }))
  return fc.oneof(
    simple,
    t.map((items): TypeSyntax => ({ kind: 'array', at, items })),
    fc.tuple(t, t).map(([key, value]): TypeSyntax => ({ kind: 'map', at, key, value })),
    few(field, 1, 3).map((fields): TypeSyntax => ({ kind: 'row', at, fields })),
  )
}

const noQuery = { with: [], isRecursive: false, orderBy: noOrder, withTies: false } as const

/** A query with at most so many levels of expressions and queries within it. */
export function queries(depth: number): Arb<Query> {
  const body = bodies(depth)
  const simple = body.map((of): Query => ({ kind: 'query', at, ...noQuery, body: of }))
  if (depth <= 0) return simple
  const e = expressions(depth - 1)
  const count = fc.constantFrom<Expression>(
    { kind: 'integer', at, digits: '0' },
    { kind: 'integer', at, digits: '20' },
  )
  const table = fc.record({ name, columns: few(name), query: queries(depth - 1) })
  const whole = fc
    .tuple(
      few(table),
      fc.boolean(),
      few(sortItems(e)),
      maybe('offset', count),
      maybe('limit', count),
      fc.boolean(),
      body,
    )
    .map(
      ([tables, isRecursive, orderBy, offset, limit, ties, of]): Query => ({
        kind: 'query',
        at,
        with: tables,
        isRecursive: isRecursive && tables.length > 0,
        body: of,
        orderBy,
        ...offset,
        ...limit,
        withTies: ties && limit.limit !== undefined,
      }),
    )
  return fc.oneof(simple, whole)
}

function bodies(depth: number): Arb<QueryBody> {
  const single = depth <= 0 ? selects(leaf, depth) : selects(expressions(depth - 1), depth)
  if (depth <= 0) return single
  const values = few(expressions(depth - 1), 1).map((rows): QueryBody => ({ kind: 'values', at, rows }))
  const table = few(name, 1).map((of): QueryBody => ({ kind: 'table body', at, name: of }))
  // Only a query without WITH may stand in parentheses as a part of another.
  const part = fc.oneof(
    single,
    values,
    table,
    queries(depth - 1).map((query): QueryBody => ({ ...query, with: [], isRecursive: false })),
  )
  const intersect = fc
    .tuple(fc.boolean(), part, part)
    .map(([isAll, left, right]): QueryBody => ({ kind: 'intersect', at, isAll, left, right }))
  const operand = fc.oneof(part, intersect)
  const union = fc
    .tuple(fc.constantFrom('union', 'except' as const), fc.boolean(), operand, operand)
    .map(([kind, isAll, left, right]): QueryBody => ({ kind, at, isAll, left, right }))
  const second = fc
    .tuple(fc.boolean(), union, operand)
    .map(([isAll, left, right]): QueryBody => ({ kind: 'union', at, isAll, left, right }))
  return fc.oneof({ weight: 4, arbitrary: single }, values, table, intersect, union, second)
}

function selects(e: Arb<Expression>, depth: number): Arb<Select> {
  const item: Arb<SelectItem> = fc.oneof(
    fc
      .tuple(e, maybe('alias', name))
      .map(([expression, alias]): SelectItem => ({ kind: 'expression', expression, ...alias })),
    fc.constant<SelectItem>({ kind: 'all', at, aliases: [] }),
    fc.tuple(column, few(name)).map(([of, aliases]): SelectItem => ({ kind: 'all', at, of, aliases })),
  )
  const set = few(e)
  const element: Arb<GroupingElement> = fc.oneof(
    set.map((of): GroupingElement => ({ kind: 'simple', expressions: of })),
    fc
      .tuple(fc.constantFrom('rollup', 'cube', 'grouping sets' as const), few(set, 1))
      .map(([kind, sets]): GroupingElement => ({ kind, at, sets })),
  )
  const groupBy = fc.record({ isDistinct: fc.boolean(), elements: few(element, 1) })
  const window = fc.record({ name, window: windows(e) })
  return fc
    .tuple(
      fc.boolean(),
      few(item, 1),
      few(relations(depth)),
      maybe('where', e),
      maybe('groupBy', groupBy),
      maybe('having', e),
      few(window),
    )
    .map(([isDistinct, items, from, where, group, having, named]) => ({
      kind: 'select',
      at,
      isDistinct,
      items,
      from,
      ...where,
      ...group,
      ...having,
      windows: named,
    }))
}

function relations(depth: number): Arb<Relation> {
  const alias: Arb<Alias> = fc.record({ name, columns: few(name) })
  const table = fc
    .tuple(few(name, 1), maybe('alias', alias))
    .map(([of, as]): Relation => ({ kind: 'table', at, name: of, ...as }))
  if (depth <= 0) return table
  const e = expressions(depth - 1)
  const sample = fc.record({
    method: fc.constantFrom('bernoulli', 'system' as const),
    percent: e,
    at: fc.constant(at),
  })
  const parts = fc.tuple(maybe('alias', alias), maybe('sample', sample)).map(([as, of]) => ({ ...as, ...of }))
  const query = queries(depth - 1)
  const r = relations(depth - 1)
  return fc.oneof(
    table,
    fc
      .tuple(query, parts)
      .map(([of, rest]): Relation => ({ kind: 'subquery relation', at, query: of, ...rest })),
    fc.tuple(query, parts).map(([of, rest]): Relation => ({ kind: 'lateral', at, query: of, ...rest })),
    fc.tuple(few(e, 1), fc.boolean(), parts).map(
      ([of, withOrdinality, rest]): Relation => ({
        kind: 'unnest',
        at,
        expressions: of,
        withOrdinality,
        ...rest,
      }),
    ),
    fc
      .tuple(r, r, maybe('alias', alias))
      .map(([left, right, as]): Relation => ({ kind: 'join', at, type: 'cross', left, right, ...as })),
    fc
      .tuple(
        fc.constantFrom('inner', 'left', 'right', 'full' as const),
        r,
        r,
        fc.oneof(
          e.map((on) => ({ on })),
          few(name, 1).map((using) => ({ using })),
        ),
        maybe('alias', alias),
      )
      .map(
        ([type, left, right, criteria, as]): Relation => ({
          kind: 'join',
          at,
          type,
          left,
          right,
          ...criteria,
          ...as,
        }),
      ),
  )
}
