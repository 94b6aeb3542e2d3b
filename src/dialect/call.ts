import { similar } from './context.ts'
import type { Context } from './environment.ts'
import {
  coerce,
  coerced,
  condition,
  currentTime,
  hoisted,
  inZone,
  meet,
  toolsOf,
  translate,
  within,
} from './expression.ts'
import { StatementError } from './failure.ts'
import { compare, concatenate } from './operators.ts'
import { type AggregateDefinition, type Expr, FunctionError, type Make } from './registry.ts'
import {
  type Bindings,
  type Choice,
  chooseSignature,
  instantiate,
  parameterAt,
  type Signature,
} from './signature.ts'
import { nullOf } from './sql.ts'
import type { Expression, FrameBound, FunctionCall, SortItem, Window } from './syntax.ts'
import {
  bigint,
  commonType,
  hasZone,
  isSameType,
  type SqlType,
  typeName,
  varchar,
  varcharOf,
  zonesWithin,
} from './types.ts'

/** Names from other systems, and what Athena has instead. */
const elsewhere: { readonly [name: string]: string } = {
  ifnull: 'coalesce(x, y)',
  nvl: 'coalesce(x, y)',
  isnull: 'x IS NULL, or coalesce(x, y)',
  group_concat: "array_join(array_agg(x), ',') or listagg",
  string_agg: "array_join(array_agg(x), ',') or listagg",
  datediff: "date_diff('day', from, to)",
  dateadd: "date_add('day', n, x)",
  date_sub: "date_add('day', -n, x)",
  datepart: 'EXTRACT(YEAR FROM x)',
  date_part: 'EXTRACT(YEAR FROM x)',
  to_char: "date_format(x, '%Y-%m-%d')",
  to_date: "date(x), or date_parse(x, '%Y-%m-%d')",
  to_timestamp: "date_parse(x, '%Y-%m-%d %H:%i:%s'), or from_unixtime(n)",
  strftime: "date_format(x, '%Y-%m-%d')",
  getdate: 'current_timestamp',
  sysdate: 'current_timestamp',
  today: 'current_date',
  curdate: 'current_date',
  len: 'length(x)',
  char_length: 'length(x)',
  charindex: 'strpos(x, part)',
  instr: 'strpos(x, part)',
  left: 'substr(x, 1, n)',
  right: 'substr(x, -n)',
  median: 'approx_percentile(x, 0.5)',
  percentile: 'approx_percentile(x, 0.5)',
  percentile_cont: 'approx_percentile(x, 0.5)',
  list: 'array_agg(x)',
  collect_list: 'array_agg(x)',
  collect_set: 'array_agg(DISTINCT x)',
  array_length: 'cardinality(x)',
  size: 'cardinality(x)',
  get_json_object: "json_extract_scalar(x, '$.path')",
  iff: 'if(condition, x, y)',
  regexp_matches: 'regexp_like(x, pattern)',
  decode: 'CASE',
  epoch: 'to_unixtime(x)',
}

/** Functions that compare values, each with the name of their type in its signature. */
const byEquality: ReadonlyMap<string, string> = new Map([
  ...['approx_distinct', 'array_distinct', 'array_except', 'array_intersect', 'array_position'].map(ofItems),
  ...['array_remove', 'array_union', 'arrays_overlap', 'contains', 'histogram'].map(ofItems),
  ...['element_at', 'map', 'map_agg', 'map_concat', 'map_from_entries', 'map_union'].map(ofKeys),
  ...['map_zip_with', 'multimap_agg'].map(ofKeys),
  ['transform_keys', 'U'],
])

function ofItems(name: string): readonly [string, string] {
  return [name, 'T']
}

function ofKeys(name: string): readonly [string, string] {
  return [name, 'K']
}

/** Functions of texts, bytes and arrays, of which a NULL tells none. */
const ambiguous: ReadonlySet<string> = new Set(['reverse', 'substr', 'substring'])

/** A call of a function, an aggregate or a window function. */
export function translateCall(call: FunctionCall, context: Context): Expr {
  const { environment } = context
  const { name } = call
  if (call.over) return windowCall(call, context)
  const special = forms.get(name)
  if (special && !call.isDistinct && !call.filter && call.orderBy.length === 0) return special(call, context)
  if (environment.aggregates.has(name)) return aggregateCall(call, context)
  const signatures = environment.functions.get(name)
  if (!signatures) throw unknownFunction(call, context)
  if (call.isDistinct || call.filter || call.orderBy.length > 0 || call.nullTreatment || call.isStar)
    throw new StatementError(call.at, `${name} is no aggregate: it takes no DISTINCT, ORDER BY, FILTER or *`)
  const [first] = call.arguments
  if (first?.kind === 'null' && ambiguous.has(name))
    throw new StatementError(call.at, `${name}(NULL) is ambiguous; write CAST(NULL AS varchar)`)
  const { args, result, choice } = argumentsOf(call, signatures, context)
  const { make } = choice.signature.definition
  const wanted = parameterAt(choice.signature, 0)?.kind
  if (first?.kind === 'null' && (wanted === 'array' || wanted === 'map'))
    return { sql: nullOf(result), type: result, isCheap: true }
  return { sql: placed(call.at, () => makeSql(make, args, result, context)), type: result, isCheap: false }
}

/** What a function says of its arguments, such as a unit that there is not, is an error at the call. */
function placed<T>(at: number, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof FunctionError) throw new StatementError(at, error.message)
    throw error
  }
}

function unknownFunction({ name, at }: FunctionCall, { environment }: Context): StatementError {
  const instead = environment.refused.get(name)
  if (instead !== undefined) return new StatementError(at, `${name} is not done here; ${instead}`)
  if (environment.windows.has(name))
    return new StatementError(at, `${name} is a window function: it needs OVER (…)`)
  const other = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined
  const names = [...environment.functions.keys(), ...environment.aggregates.keys(), ...forms.keys()].filter(
    (known) => !known.includes(' '),
  )
  const close = similar(name, names)
  const hint = other
    ? `; Athena has ${other}`
    : close.length > 0
      ? `; did you mean ${close.join(' or ')}?`
      : '; docs/sql.md lists the functions'
  return new StatementError(at, `Function '${name.slice(0, 60)}' is not known${hint}`)
}

// ---- arguments

type Arguments = { readonly args: readonly Expr[]; readonly result: SqlType; readonly choice: Choice }

/** The arguments of a call, of the types of the signature that fits them. */
function argumentsOf(call: FunctionCall, signatures: readonly Signature[], context: Context): Arguments {
  const given = call.arguments.map((argument) =>
    argument.kind === 'lambda' ? undefined : translate(argument, context),
  )
  const choice = chooseSignature(
    signatures,
    given.map((value) => value?.type),
  )
  if (!choice) {
    const types = call.arguments
      .map((_, index) => given[index])
      .map((value) => (value ? typeName(value.type) : 'lambda'))
    const known = signatures.map(({ definition }) => definition.signature.replace(/ ->.*/, ''))
    throw new StatementError(
      call.at,
      `Unexpected parameters (${types.join(', ')}) for function ${call.name}; it takes ${[...new Set(known)].join(' or ')}`,
    )
  }
  const { signature, bindings } = choice
  const lambdas = typeLambdas(call, signature, bindings, context)
  const args = call.arguments.map((argument, index) => {
    const lambda = lambdas.get(index)
    if (lambda) return lambda
    const value = given[index]
    const parameter = parameterAt(signature, index)
    if (!value || !parameter) throw new StatementError(argument.at, 'A lambda is not expected here')
    if (parameter.kind === 'any') return value
    const to = instantiate(parameter, bindings)
    if (to.kind === 'varchar' && value.type.kind === 'varchar') return value
    return coerced(value, to, context)
  })
  const compared = bindings.types.get(byEquality.get(call.name) ?? '')
  if (compared && hasZone(compared)) throw new StatementError(call.at, zonesWithin(call.name))
  const result =
    signature.definition.returns?.(args.map(({ type }) => type)) ?? instantiate(signature.returns, bindings)
  return { args, result, choice }
}

/** Translates the lambdas of a call, whose parameters have the types that the other arguments gave. */
function typeLambdas(
  call: FunctionCall,
  signature: Signature,
  bindings: Bindings,
  context: Context,
): ReadonlyMap<number, Expr> {
  const lambdas = new Map<number, Expr>()
  // A state of a wider type than the first value widens the type of both: once more, with that.
  for (let round = 0; round < 3; round++) {
    let isWider = false
    for (const [index, argument] of call.arguments.entries()) {
      if (argument.kind !== 'lambda') continue
      const parameter = parameterAt(signature, index)
      if (parameter?.kind !== 'function')
        throw new StatementError(argument.at, 'A lambda is not expected here')
      if (parameter.parameters.length !== argument.parameters.length)
        throw new StatementError(
          argument.at,
          `The lambda must have ${parameter.parameters.length} parameters; it has ${argument.parameters.length}`,
        )
      const types = parameter.parameters.map((pattern) => instantiate(pattern, bindings))
      const lambda = lambdaOf(argument, types, context)
      const { returns } = parameter
      if (returns.kind === 'variable') {
        const before = bindings.types.get(returns.name)
        const both = before === undefined ? lambda.type : commonType(before, lambda.type)
        if (!both)
          throw new StatementError(
            argument.body.at,
            `The lambda gives ${typeName(lambda.type)}, where ${before ? typeName(before) : 'another type'} is wanted`,
          )
        if (before !== undefined && !isSameType(before, both)) isWider = true
        bindings.types.set(returns.name, both)
      }
      const wanted = instantiate(returns, bindings)
      lambdas.set(index, withResult(lambda, coerceType(lambda, wanted, argument.body, context), context))
    }
    if (!isWider) break
  }
  return lambdas
}

function coerceType(lambda: Expr, wanted: SqlType, body: Expression, context: Context): SqlType {
  if (lambda.type.kind === 'unknown' && wanted.kind === 'boolean')
    throw new StatementError(body.at, 'The lambda gives NULL alone, where a condition is wanted')
  coerce({ ...lambda, sql: 'NULL', isCheap: true }, wanted, body.at, 'The result of the lambda', context)
  return wanted
}

function withResult(lambda: Expr, type: SqlType, context: Context): Expr {
  if (isSameType(lambda.type, type)) return lambda
  const { apply } = lambda
  return {
    ...lambda,
    type,
    apply: (...values) =>
      coerced({ sql: apply?.(...values) ?? '', type: lambda.type, isCheap: false }, type, context).sql,
  }
}

/** How deep lambdas may stand within each other: one whose state grows wider is translated again. */
const lambdaDepthMax = 8

function lambdaOf(
  lambda: Extract<Expression, { readonly kind: 'lambda' }>,
  types: readonly SqlType[],
  context: Context,
): Expr {
  const depth = context.lambdaDepth ?? 0
  if (depth >= lambdaDepthMax)
    throw new StatementError(lambda.at, `Lambdas may stand ${lambdaDepthMax} deep within each other`)
  // The body is translated once, with a mark for each parameter, in whose place its value is put.
  const marks = types.map(() => `\u{F0000}${context.environment.fresh()}\u{F0000}`)
  const own = lambda.parameters.map(({ name }, index): [string, Expr] => [
    name,
    { sql: marks[index] ?? 'NULL', type: types[index] ?? { kind: 'unknown' }, isCheap: true },
  ])
  const { sql, type } = translate(lambda.body, {
    ...context,
    clause: 'a lambda',
    canWindow: false,
    lambdaDepth: depth + 1,
    parameters: new Map([...context.parameters, ...own]),
  })
  const apply = (...values: readonly string[]) =>
    marks.reduce((text, mark, index) => text.replaceAll(mark, () => values[index] ?? 'NULL'), sql)
  return { sql: '', type, isCheap: false, apply }
}

const places = /\$(?:(\d)\*|(\d)|\*)/g

/** DuckDB's SQL of a call. */
function makeSql(make: Make, args: readonly Expr[], result: SqlType, context: Context): string {
  const tools = toolsOf(context)
  if (typeof make === 'function') return make(args, result, tools)
  if (typeof make === 'object') return `${make.scalar}(${args.map(({ sql }) => sql).join(', ')})`
  return fill(make, args, tools.bind)
}

function fill(
  template: string,
  args: readonly Expr[],
  bind: (args: readonly Expr[], body: (...names: readonly string[]) => string) => string,
): string {
  const counts = args.map(() => 0)
  for (const [
    ,
    from,
    one,
    all = from === undefined && one === undefined ? '1' : undefined,
  ] of template.matchAll(places)) {
    if (one !== undefined) counts[Number(one) - 1] = (counts[Number(one) - 1] ?? 0) + 1
    for (let index = Number(from ?? all ?? args.length + 1) - 1; index < args.length; index++)
      counts[index] = (counts[index] ?? 0) + 1
  }
  const often = args.filter((_, index) => (counts[index] ?? 0) > 1)
  return bind(often, (...names) => {
    const sqls = args.map((arg) => names[often.indexOf(arg)] ?? arg.sql)
    return template.replace(places, (_, from?: string, one?: string) => {
      if (one !== undefined) return sqls[Number(one) - 1] ?? 'NULL'
      return sqls.slice(from === undefined ? 0 : Number(from) - 1).join(', ')
    })
  })
}

// ---- forms that choose what they compute, or take any types

type Form = (call: FunctionCall, context: Context) => Expr

const want = (call: FunctionCall, least: number, most: number) => {
  const count = call.arguments.length
  if (count < least || count > most)
    throw new StatementError(
      call.at,
      `${call.name} takes ${least === most ? least : `${least} to ${most}`} arguments; it has ${count}`,
    )
}

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  [
    'coalesce',
    (call, context) => {
      want(call, 1, 10_000)
      const values = call.arguments.map((argument) => translate(argument, context))
      const type = meet(
        values,
        call.arguments.map(({ at }) => at),
        'All arguments of coalesce',
      )
      return {
        sql: `COALESCE(${values.map((value) => coerced(value, type, context).sql).join(', ')})`,
        type,
        isCheap: false,
      }
    },
  ],
  [
    'if',
    (call, context) => {
      want(call, 2, 3)
      const [test, yes, no] = call.arguments
      if (!test || !yes) throw new StatementError(call.at, 'if takes a condition and one or two values')
      const when = condition(test, context).sql
      const values = (no ? [yes, no] : [yes]).map((argument) => translate(argument, context))
      const type = meet(values, [yes.at, no?.at ?? call.at], 'Both values of if')
      const [then, otherwise] = values.map((value) => coerced(value, type, context).sql)
      return {
        sql: `CASE WHEN ${when} THEN ${then} ELSE ${otherwise ?? nullOf(type)} END`,
        type,
        isCheap: false,
      }
    },
  ],
  [
    'nullif',
    (call, context) => {
      want(call, 2, 2)
      const [first, second] = call.arguments
      if (!first || !second) throw new StatementError(call.at, 'nullif takes two arguments')
      const value = translate(first, context)
      return within(context, [value], (inner, [name]) => {
        const subject = name ?? value
        const equal = compare('=', subject, translate(second, inner), second.at, toolsOf(inner))
        return {
          sql: `CASE WHEN ${equal.sql} THEN ${nullOf(value.type)} ELSE ${subject.sql} END`,
          type: value.type,
          isCheap: false,
        }
      })
    },
  ],
  [
    'typeof',
    (call, context) => {
      want(call, 1, 1)
      const [argument] = call.arguments
      const name = typeName(argument ? translate(argument, context).type : { kind: 'unknown' })
      return {
        sql: `'${name.replaceAll("'", "''")}'`,
        type: varcharOf(name.length),
        isCheap: true,
        literal: name,
      }
    },
  ],
  [
    'concat',
    (call, context) => {
      const values = call.arguments.map((argument) => translate(argument, context))
      want(call, 2, 10_000)
      if (values.some(({ type }) => type.kind === 'unknown'))
        throw new StatementError(
          call.at,
          'concat of NULL is ambiguous; write CAST(NULL AS varchar), or leave it out',
        )
      const isText = values.every(
        ({ type }) => type.kind === 'varchar' || type.kind === 'char' || type.kind === 'unknown',
      )
      if (isText)
        return {
          sql: `(${values.map((value) => (value.type.kind === 'unknown' ? nullOf(varchar) : value.sql)).join(' || ')})`,
          type: varchar,
          isCheap: false,
        }
      if (values.every(({ type }) => type.kind === 'varbinary'))
        return {
          sql: `(${values.map(({ sql }) => sql).join(' || ')})`,
          type: { kind: 'varbinary' },
          isCheap: false,
        }
      if (!values.some(({ type }) => type.kind === 'array'))
        throw new StatementError(
          call.at,
          `concat joins texts or arrays, not ${values.map((value) => typeName(value.type)).join(' and ')}; CAST(x AS varchar) makes a text of a value`,
        )
      return values.reduce((left, right) => concatenate(call, left, right, toolsOf(context)))
    },
  ],
  ['now', (call) => currentTime(call.at)],
  [
    'current_timezone',
    (call) => {
      want(call, 0, 0)
      return { sql: "'UTC'", type: varchar, isCheap: true, literal: 'UTC' }
    },
  ],
  [
    'at_timezone',
    (call, context) => {
      want(call, 2, 2)
      const [value, zone] = call.arguments.map((argument) => translate(argument, context))
      if (!value || !zone) throw new StatementError(call.at, 'at_timezone takes a timestamp and a zone')
      return inZone(value, zone, call.at, context)
    },
  ],
])

export const formNames: readonly string[] = [...forms.keys()]

// ---- aggregates

function aggregateCall(call: FunctionCall, context: Context): Expr {
  const { groups } = context
  if (!groups)
    throw new StatementError(call.at, `${call.name} is an aggregate, which cannot be in ${context.clause}`)
  return hoisted(aggregateOf(call, { ...groups.source, clause: `the arguments of ${call.name}` }), context)
}

/** An aggregate over the rows of `source`; with `over` a window function. */
function aggregateOf(call: FunctionCall, source: Context, over = ''): Expr {
  const signatures = source.environment.aggregates.get(call.name) ?? []
  if (call.nullTreatment)
    throw new StatementError(call.at, `${call.name} takes no ${call.nullTreatment.toUpperCase()} NULLS`)
  const filter = call.filter && condition(call.filter, source).sql
  const clauses = (
    args: string,
    name: string,
    more: { readonly where?: string; readonly order?: string } = {},
  ) => {
    const order = [more.order, ...call.orderBy.map((item) => sortSql(item, source))].filter(
      (part) => part !== undefined && part !== '',
    )
    const where = [filter, more.where].filter((part) => part !== undefined)
    const inside = `${call.isDistinct ? 'DISTINCT ' : ''}${args}${order.length > 0 ? ` ORDER BY ${order.join(', ')}` : ''}`
    return `${name}(${inside})${where.length > 0 ? ` FILTER (WHERE ${where.join(' AND ')})` : ''}${over}`
  }
  if (call.isStar) {
    if (call.name !== 'count' || call.isDistinct)
      throw new StatementError(call.at, `${call.name}(*) is not known; only count(*) is`)
    return { sql: clauses('*', 'count'), type: bigint, isCheap: false }
  }
  const { args, result, choice } = argumentsOf(call, signatures, source)
  const [first] = args
  if (call.isDistinct && first?.type.kind === 'timestamp with time zone')
    throw new StatementError(
      call.at,
      'DISTINCT of timestamps with a zone is not done here; CAST them to timestamp first',
    )
  const definition = choice.signature.definition as unknown as AggregateDefinition
  const tools = {
    ...toolsOf(source),
    call: (name: string, inner: string, more = {}) => clauses(inner, name, more),
    isDistinct: call.isDistinct,
  }
  if (typeof definition.make === 'function')
    return { sql: definition.make(args, result, tools), type: result, isCheap: false }
  // An argument that is named twice is computed twice: aggregates take no name from outside.
  const sqls = args.map(({ sql }) => sql)
  const filled = definition.make.replace(places, (_, from?: string, one?: string) =>
    one !== undefined
      ? (sqls[Number(one) - 1] ?? 'NULL')
      : sqls.slice(from === undefined ? 0 : Number(from) - 1).join(', '),
  )
  return { sql: replaceCalls(filled, (name, inner) => clauses(inner, name)), type: result, isCheap: false }
}

/** Replaces each `name{…}`, whose arguments may have braces of their own. */
function replaceCalls(template: string, by: (name: string, inner: string) => string): string {
  const match = /([a-z_]+)\{/.exec(template)
  if (!match) return template
  const start = match.index + match[0].length
  let depth = 1
  let at = start
  let quoted = false
  for (; at < template.length; at++) {
    const character = template[at]
    if (character === "'") quoted = !quoted
    if (quoted) continue
    if (character === '{') depth++
    if (character === '}' && --depth === 0) break
  }
  const inner = template.slice(start, at)
  return template.slice(0, match.index) + by(match[1] ?? '', inner) + replaceCalls(template.slice(at + 1), by)
}

// ---- windows

function windowCall(call: FunctionCall, context: Context): Expr {
  const { environment } = context
  if (!context.canWindow)
    throw new StatementError(call.at, `A window function cannot be in ${context.clause}`)
  const window = call.over && 'name' in call.over ? context.windows.get(call.over.name) : call.over
  if (!window || 'name' in window) throw new StatementError(call.at, `There is no WINDOW of that name`)
  const inner: Context = { ...context, canWindow: false, clause: 'a window function' }
  const over = ` OVER (${windowSql(window as Window, inner)})`
  if (call.filter || call.isDistinct)
    throw new StatementError(
      call.at,
      `A window function takes no ${call.filter ? 'FILTER; use CASE in its argument' : 'DISTINCT'}`,
    )
  const own = environment.windows.get(call.name)
  if (!own) {
    if (!environment.aggregates.has(call.name)) throw unknownFunction(call, context)
    // After GROUP BY, what the aggregate takes are the groups' values.
    return hoisted(aggregateOf(call, inner, over), context)
  }
  if (call.isDistinct || call.orderBy.length > 0 || call.isStar || call.filter)
    throw new StatementError(call.at, `${call.name} takes no DISTINCT, ORDER BY or FILTER`)
  const { args, result, choice } = argumentsOf(call, own, inner)
  checkOffset(call, args)
  const nulls = call.nullTreatment ? ` ${call.nullTreatment.toUpperCase()} NULLS` : ''
  const { make } = choice.signature.definition
  if (typeof make !== 'string') throw new Error(`the window function ${call.name} is no template`)
  const filled = fill(make, args, (_, body) => body(...args.map(({ sql }) => sql)))
  const sql = replaceCalls(filled, (name, given) => `${name}(${given}${nulls})${over}`)
  return hoisted({ sql, type: result, isCheap: false }, context)
}

/** The place that lag, lead, nth_value and ntile are given. */
function checkOffset(call: FunctionCall, args: readonly Expr[]): void {
  const at = call.name === 'ntile' ? 0 : 1
  const offset = args[at]
  const argument = call.arguments[at]
  if (!offset || !argument) return
  const least = call.name === 'lag' || call.name === 'lead' ? 0 : 1
  const isWhole = argument.kind === 'integer' && Number(argument.digits) >= least
  if (!isWhole)
    throw new StatementError(argument.at, `${call.name} takes a whole number from ${least} up here`)
}

function windowSql(window: Window, context: Context): string {
  const base = window.base && context.windows.get(window.base.name)
  if (window.base && !base) throw new StatementError(window.base.at, `There is no WINDOW ${window.base.name}`)
  const partitionBy = [...(base?.partitionBy ?? []), ...window.partitionBy].map((item) =>
    keySql(item, context),
  )
  const orderItems = [...(base?.orderBy ?? []), ...window.orderBy]
  const orderBy = orderItems.map((item) => sortSql(item, context)).filter((sql) => sql !== '')
  const frame = window.frame ?? base?.frame
  const parts = [
    partitionBy.length > 0 ? `PARTITION BY ${partitionBy.join(', ')}` : '',
    orderBy.length > 0 ? `ORDER BY ${orderBy.join(', ')}` : '',
  ]
  if (frame) {
    const bound = (of: FrameBound) => boundSql(of, frame.unit, orderItems[0], context)
    parts.push(
      `${frame.unit.toUpperCase()} BETWEEN ${bound(frame.start)} AND ${frame.end ? bound(frame.end) : 'CURRENT ROW'}`,
    )
  }
  return parts.filter((part) => part !== '').join(' ')
}

function boundSql(bound: FrameBound, unit: string, order: SortItem | undefined, context: Context): string {
  if (bound.kind !== 'preceding' && bound.kind !== 'following') return bound.kind.toUpperCase()
  const value = translate(bound.value, context)
  const direction = bound.kind.toUpperCase()
  if (unit !== 'range')
    return `${coerce(value, bigint, bound.value.at, 'The bound of a frame', context).sql} ${direction}`
  const key = order && translate(order.expression, context).type.kind
  if (value.type.kind === 'interval day to second')
    return `${key === 'date' ? `to_days(CAST(${value.sql} // 86400000 AS INTEGER))` : `to_milliseconds(${value.sql})`} ${direction}`
  if (value.type.kind === 'interval year to month') return `to_months(${value.sql}) ${direction}`
  return `${value.sql} ${direction}`
}

/** What rows are told apart by: of a timestamp with a zone its instant. */
export function keySql(expression: Expression, context: Context): string {
  return keyOf(translate(expression, context), context, expression.at)
}

export function keyOf(value: Expr, context: Context, at = 0): string {
  if (value.type.kind !== 'timestamp with time zone' && hasZone(value.type))
    throw new StatementError(at, zonesWithin('Telling rows apart by values'))
  return value.type.kind === 'timestamp with time zone' ? toolsOf(context).instantOf(value) : value.sql
}

/** An item of ORDER BY: NULLs come last unless it says otherwise, in either direction. */
export function sortSql({ expression, isDescending, nulls }: SortItem, context: Context): string {
  return sortKey(translate(expression, context), isDescending, nulls, expression.at, context)
}

export function sortKey(
  value: Expr,
  isDescending: boolean,
  nulls: 'first' | 'last' | undefined,
  at: number,
  context: Context,
): string {
  if (value.type.kind === 'map' || value.type.kind === 'json')
    throw new StatementError(at, `${typeName(value.type)} has no order: it cannot be in ORDER BY`)
  // The order of a constant is none.
  if (value.literal !== undefined) return ''
  const key = keyOf(value, context, at)
  const sorted = `${key} ${isDescending ? 'DESC' : 'ASC'} NULLS ${(nulls ?? 'last').toUpperCase()}`
  if (nulls !== 'first' || (value.type.kind !== 'double' && value.type.kind !== 'real')) return sorted
  // With NULLs first, NaN is the least number in Trino; it is the greatest otherwise, as in DuckDB.
  const [nan, number] = isDescending ? [2, 1] : [1, 2]
  return `CASE WHEN ${key} IS NULL THEN 0 WHEN isnan(${key}) THEN ${nan} ELSE ${number} END ASC, ${sorted}`
}

/** True where an expression has an aggregate of its own query in it. */
export function hasAggregate(expression: Expression, aggregates: ReadonlyMap<string, unknown>): boolean {
  const open: unknown[] = [expression]
  while (open.length > 0) {
    const node = open.pop()
    if (typeof node !== 'object' || node === null) continue
    if (Array.isArray(node)) {
      open.push(...node)
      continue
    }
    if ('kind' in node) {
      if (node.kind === 'query') continue
      if (node.kind === 'grouping') return true
      if (node.kind === 'call') {
        const call = node as FunctionCall
        if (!call.over && aggregates.has(call.name)) return true
      }
    }
    open.push(...Object.values(node))
  }
  return false
}
