import { hasAggregate, sortKey } from './call.ts'
import { emptyScope, type Scope, type ScopeField, similar, toExpr } from './context.ts'
import type {
  ColumnType,
  CommonRelation,
  CommonRelations,
  Context,
  Environment,
  Groups,
  TranslatedQuery,
} from './environment.ts'
import { coerced, condition, namesOf, toolsOf, translate } from './expression.ts'
import { StatementError } from './failure.ts'
import { createFingerprint } from './fingerprint.ts'
import { compare } from './operators.ts'
import type { Expr } from './registry.ts'
import { fieldNames, nullOf, quoteName, quoteText } from './sql.ts'
import type {
  Alias,
  Expression,
  Identifier,
  Join,
  Query,
  QueryBody,
  Relation,
  Select,
  SelectItem,
  SetOperation,
  SortItem,
  Unnest,
} from './syntax.ts'
import {
  bigint,
  commonType,
  hasZone,
  isSameType,
  type SqlType,
  typeName,
  unknown,
  zonesWithin,
} from './types.ts'

/** A relation of FROM: its columns, and its SQL once it is known which of them are used. */
type Source = { readonly sql: () => string; readonly fields: readonly ScopeField[] }

const noGroups = { parameters: new Map<string, Expr>(), windows: new Map(), canWindow: false }

/**
 * A query as DuckDB's SQL. Its columns are called `c0`, `c1`, … there, whatever names the statement gives them.
 *
 * `outer` are the columns of the queries around it, `common` what WITH made.
 */
export function translateQuery(
  query: Query,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  const { heads, all } = commonTables(query, outer, common, environment)
  const made = queryBody(query, outer, all, environment)
  const recursive = query.isRecursive ? 'RECURSIVE ' : ''
  return heads.length === 0 ? made : { ...made, sql: `WITH ${recursive}${heads.join(', ')} ${made.sql}` }
}

// ---- WITH

function commonTables(query: Query, outer: Scope, common: CommonRelations, environment: Environment) {
  const all = new Map(common)
  const heads: string[] = []
  const names = new Set<string>()
  for (const { name, columns, query: body } of query.with) {
    if (names.has(name.name))
      throw new StatementError(name.at, `WITH query name '${name.name}' specified more than once`)
    names.add(name.name)
    const alias = environment.fresh()
    const made =
      query.isRecursive && recursion(body, name)
        ? recursive(body, name, columns, alias, outer, all, environment)
        : environment.translateQuery(body, outer, all)
    if (columns.length > 0 && columns.length !== made.columns.length)
      throw new StatementError(
        name.at,
        `${name.name} names ${columns.length} columns, and its query has ${made.columns.length}`,
      )
    heads.push(`${alias} AS (${made.sql})`)
    all.set(name.name, { sql: alias, columns: renamed(made.columns, columns) })
  }
  return { heads, all }
}

function renamed(columns: readonly ColumnType[], names: readonly Identifier[]): readonly ColumnType[] {
  return columns.map((column, index) => {
    const name = names[index]
    return name ? { ...column, name: shownName(name) } : column
  })
}

/** The two parts of a recursive query: what it begins with, and what is done again with its own rows. */
function recursion(query: Query, name: Identifier): SetOperation | undefined {
  const { body } = query
  if (body.kind !== 'union' || query.with.length > 0 || query.orderBy.length > 0) return undefined
  return reads(body.right, name.name) ? body : undefined
}

function reads(node: unknown, name: string): boolean {
  if (typeof node !== 'object' || node === null) return false
  if (Array.isArray(node)) return node.some((item) => reads(item, name))
  if ('kind' in node && node.kind === 'table' && 'name' in node && Array.isArray(node.name))
    return node.name.length === 1 && node.name[0]?.name === name
  return Object.values(node).some((value) => reads(value, name))
}

/** Trino ends a recursion that is deeper than this with an error. */
const recursionMax = 10

function recursive(
  query: Query,
  name: Identifier,
  names: readonly Identifier[],
  alias: string,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  const body = recursion(query, name)
  if (!body)
    throw new StatementError(
      query.at,
      'A recursive query is a UNION of what it begins with and what it repeats',
    )
  if (names.length === 0)
    throw new StatementError(name.at, `A recursive query names its columns, as in ${name.name} (a, b)`)
  const first = queryOf(body.left, outer, common, environment)
  const columns = renamed(first.columns, names)
  const depth = `c${columns.length}`
  const all = new Map(common)
  // Its own rows come with how deep they are, so that a recursion without end fails as in Athena.
  const last = environment.fresh()
  all.set(name.name, { sql: alias, columns })
  const next = queryOf(body.right, outer, all, environment)
  if (next.columns.length !== columns.length)
    throw new StatementError(body.at, 'Both parts of a recursive query must have as many columns')
  const context = plainContext(emptyScope, common, environment, 'a recursive query')
  const values = next.columns.map((column, index) => {
    const to = columns[index]?.type ?? column.type
    if (!commonType(column.type, to) || !isSameType(commonType(column.type, to) ?? unknown, to))
      throw new StatementError(
        body.at,
        `Column ${index + 1} of the recursive part is ${typeName(column.type)}, and must be ${typeName(to)}`,
      )
    return `${coerced({ sql: `${last}.c${index}`, type: column.type, isCheap: true }, to, context).sql} AS c${index}`
  })
  const tools = toolsOf(context)
  const deeper = `(SELECT max(${depth}) + 1 AS d FROM ${alias})`
  const bound = `CASE WHEN d <= ${recursionMax} THEN d ELSE ${tools.fail(`Recursion depth limit exceeded (${recursionMax})`, { kind: 'integer' })} END`
  const sql =
    `SELECT *, 0 AS ${depth} FROM (${first.sql}) UNION${body.isAll ? ' ALL' : ''} ` +
    `SELECT ${values.join(', ')}, ${bound} FROM (${next.sql}) AS ${last}, ${deeper}`
  return { sql, columns }
}

// ---- bodies

function queryOf(
  body: QueryBody,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  if (body.kind === 'query') return environment.translateQuery(body, outer, common)
  const query: Query = {
    kind: 'query',
    at: body.at,
    with: [],
    isRecursive: false,
    body,
    orderBy: [],
    withTies: false,
  }
  return queryBody(query, outer, common, environment)
}

function queryBody(
  query: Query,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  const { body } = query
  if (body.kind === 'select') return select(body, query, outer, common, environment)
  const made = plainBody(body, outer, common, environment)
  if (query.orderBy.length === 0 && query.limit === undefined && query.offset === undefined) return made
  const q = environment.fresh()
  const fields = made.columns.map((column, index) => ({ ...column, qualifier: [], sql: `${q}.c${index}` }))
  const context = plainContext({ fields, outer }, common, environment, 'ORDER BY')
  const outputs = fields.map((field) => ({
    value: toExpr(field),
    ...(field.name === undefined ? {} : { name: field.name }),
  }))
  const orders = query.orderBy.map((item) => orderSql(item, outputs, context)).filter(({ sql }) => sql !== '')
  return { ...made, sql: `SELECT * FROM (${made.sql}) AS ${q}${ending(query, orders, context)}` }
}

function plainBody(
  body: Exclude<QueryBody, Select>,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  switch (body.kind) {
    case 'query':
      return environment.translateQuery(body, outer, common)
    case 'values':
      return values(body.rows, outer, common, environment)
    case 'table body': {
      const source = tableSource({ kind: 'table', at: body.at, name: body.name }, common, environment)
      const shown = source.fields.filter(({ isHidden }) => !isHidden)
      return {
        sql: `SELECT ${shown.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')} FROM ${source.sql()}`,
        columns: shown.map(({ name, type }) => ({ ...(name === undefined ? {} : { name }), type })),
      }
    }
    default:
      return setOperation(body, outer, common, environment)
  }
}

function values(
  rows: readonly Expression[],
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  const context = plainContext(outer, common, environment, 'VALUES')
  const made = rows.map((row) =>
    (row.kind === 'row' ? row.items : [row]).map((item) => ({
      at: item.at,
      value: translate(item, context),
    })),
  )
  const width = made[0]?.length ?? 0
  const types: SqlType[] = Array.from({ length: width }, () => unknown)
  for (const [index, row] of made.entries()) {
    if (row.length !== width)
      throw new StatementError(
        rows[index]?.at ?? 0,
        `The rows of VALUES must have as many columns: ${width} and ${row.length}`,
      )
    for (const [column, { at, value }] of row.entries()) {
      const both = commonType(types[column] ?? unknown, value.type)
      if (!both)
        throw new StatementError(
          at,
          `Column ${column + 1} of VALUES is ${typeName(types[column] ?? unknown)} and ${typeName(value.type)}: they must be of one type`,
        )
      types[column] = both
    }
  }
  const lines = made.map(
    (row) =>
      `(${row.map(({ value }, column) => (value.type.kind === 'unknown' ? nullOf(types[column] ?? unknown) : coerced(value, types[column] ?? unknown, context).sql)).join(', ')})`,
  )
  const v = environment.fresh()
  const names = types.map((_, index) => `c${index}`).join(', ')
  return {
    sql: `SELECT * FROM (VALUES ${lines.join(', ')}) AS ${v}(${names})`,
    columns: types.map((type) => ({ type })),
  }
}

function setOperation(
  body: SetOperation,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  const name = body.kind.toUpperCase()
  const left = queryOf(body.left, outer, common, environment)
  const right = queryOf(body.right, outer, common, environment)
  if (left.columns.length !== right.columns.length)
    throw new StatementError(
      body.at,
      `${name} query has different number of fields: ${left.columns.length}, ${right.columns.length}`,
    )
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index]?.type ?? unknown
    const type = commonType(column.type, other)
    if (!type)
      throw new StatementError(
        body.at,
        `column ${index + 1} in ${name} query has incompatible types: ${typeName(column.type)}, ${typeName(other)}`,
      )
    if (hasZone(type) && (body.kind !== 'union' || !body.isAll))
      throw new StatementError(
        body.at,
        `${name} of timestamps with a zone is not done here; CAST them to timestamp first`,
      )
    if (type.kind === 'map' && !body.isAll)
      throw new StatementError(body.at, `${name} of maps is not done here; use ${name} ALL`)
    return { ...column, type }
  })
  const side = (query: TranslatedQuery) => {
    if (query.columns.every(({ type }, index) => isSameType(type, columns[index]?.type ?? unknown)))
      return `(${query.sql})`
    const q = environment.fresh()
    const context = plainContext(emptyScope, common, environment, name)
    const items = query.columns.map(
      ({ type }, index) =>
        `${coerced({ sql: `${q}.c${index}`, type, isCheap: true }, columns[index]?.type ?? type, context).sql} AS c${index}`,
    )
    return `(SELECT ${items.join(', ')} FROM (${query.sql}) AS ${q})`
  }
  return { sql: `${side(left)} ${name}${body.isAll ? ' ALL' : ''} ${side(right)}`, columns }
}

function plainContext(
  scope: Scope,
  common: CommonRelations,
  environment: Environment,
  clause: string,
): Context {
  return { environment, scope, common, clause, ...noGroups }
}

// ---- SELECT

type Output = { readonly value: Expr; readonly name?: string }

function select(
  body: Select,
  query: Query,
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): TranslatedQuery {
  const source = fromSource(body.from, outer, common, environment)
  const scope: Scope = { fields: source?.fields ?? [], outer }
  const at = (clause: string): Context => plainContext(scope, common, environment, clause)
  const where = body.where && condition(body.where, at('WHERE')).sql
  const windows = new Map(body.windows.map(({ name, window }) => [name.name, window]))
  const items = body.items
  const expressions = [
    ...items.flatMap((item) => (item.kind === 'expression' ? [item.expression] : [])),
    ...(body.having ? [body.having] : []),
    ...query.orderBy.map(({ expression }) => expression),
  ]
  const isGrouped =
    body.groupBy !== undefined ||
    expressions.some((expression) => hasAggregate(expression, environment.aggregates))
  const grouping = isGrouped ? groupBy(body, at('GROUP BY')) : undefined
  const context: Context = {
    ...at('the SELECT list'),
    windows,
    canWindow: true,
    ...(grouping ? { groups: grouping.groups } : {}),
  }
  const outputs = items.flatMap((item) => selectItem(item, source?.fields ?? [], context))
  const having = body.having && condition(body.having, { ...context, canWindow: false, clause: 'HAVING' }).sql
  const orders = orderBy(body, query, outputs, context)
  if (body.isDistinct)
    for (const { value } of outputs)
      if (hasZone(value.type))
        throw new StatementError(
          body.at,
          'SELECT DISTINCT of timestamps with a zone is not done here; CAST them to timestamp first',
        )
  const list = outputs.map(({ value }, index) => `${value.sql} AS c${index}`).join(', ')
  const sql = [
    `SELECT ${body.isDistinct ? 'DISTINCT ' : ''}${list}`,
    source ? ` FROM ${source.sql()}` : '',
    where === undefined ? '' : ` WHERE ${where}`,
    grouping?.sql ?? '',
    having === undefined ? '' : ` HAVING ${having}`,
    ending(query, orders, context),
  ].join('')
  return {
    sql,
    columns: outputs.map(({ name, value }) => ({
      ...(name === undefined ? {} : { name }),
      type: value.type,
    })),
  }
}

function selectItem(item: SelectItem, fields: readonly ScopeField[], context: Context): readonly Output[] {
  if (item.kind === 'expression') {
    const value = translate(item.expression, context)
    const name = item.alias ? shownName(item.alias) : impliedName(item.expression)
    return [
      {
        value: value.type.kind === 'unknown' ? { ...value, sql: nullOf({ kind: 'integer' }) } : value,
        ...(name === undefined ? {} : { name }),
      },
    ]
  }
  const found = item.of ? starOf(item.of, fields, context) : ofRelation([], fields, context)
  if (found.length === 0) throw new StatementError(item.at, 'SELECT * needs a FROM with columns')
  if (item.aliases.length > 0 && item.aliases.length !== found.length)
    throw new StatementError(
      item.at,
      `The star stands for ${found.length} columns, and ${item.aliases.length} names are given`,
    )
  return found.map((output, index) => {
    const alias = item.aliases[index]
    // Trino writes such a name in capitals, unless it was quoted.
    return alias ? { ...output, name: alias.written?.toUpperCase() ?? alias.name.toUpperCase() } : output
  })
}

/** What a result's column of a name is called: as it was written. */
const shownName = ({ name, written }: Identifier) => written ?? name

/** `t.*` of a relation, or the fields of a row. */
function starOf(of: Expression, fields: readonly ScopeField[], context: Context): readonly Output[] {
  const names = namesOf(of)?.map(({ name }) => name)
  if (names) {
    const own = ofRelation(names, fields, context)
    if (own.length > 0) return own
  }
  const row = translate(of, context)
  const { type } = row
  if (type.kind !== 'row')
    throw new StatementError(of.at, `There is no relation of that name, and no row: ${typeName(type)}`)
  return fieldNames(type).map((name, index) => {
    const field = type.fields[index]
    const value: Expr = {
      sql: `struct_extract(${row.sql}, ${quoteText(name)})`,
      type: field?.type ?? unknown,
      isCheap: row.isCheap,
    }
    return { value, ...(field?.name === undefined ? {} : { name: field.name }) }
  })
}

function ofRelation(
  names: readonly string[],
  fields: readonly ScopeField[],
  context: Context,
): readonly Output[] {
  return fields
    .filter(({ isHidden, qualifier }) => {
      const isNamed = names.every(
        (name, index) =>
          qualifier[qualifier.length - names.length + index]?.toLowerCase() === name.toLowerCase(),
      )
      return !isHidden && isNamed && names.length <= qualifier.length
    })
    .map((field) => {
      if (
        context.groups?.isOwn(field.sql) &&
        ![...context.groups.keys.values()].some(({ sql }) => sql === field.sql)
      )
        throw new StatementError(
          0,
          `'${field.name}', for which * stands, must be an aggregate expression or appear in GROUP BY clause`,
        )
      return { value: toExpr(field), ...(field.name === undefined ? {} : { name: field.name }) }
    })
}

function impliedName(expression: Expression): string | undefined {
  if (expression.kind === 'column') return shownName(expression.name)
  return expression.kind === 'dereference' && namesOf(expression) ? shownName(expression.field) : undefined
}

// ---- GROUP BY

function groupBy(body: Select, context: Context): { readonly sql: string; readonly groups: Groups } {
  const keys = new Map<string, Expr>()
  const fingerprint = createFingerprint(context)
  const add = (expression: Expression): string => {
    const target = ordinal(expression, body)
    const value = translate(target, context)
    if (hasAggregate(target, context.environment.aggregates))
      throw new StatementError(expression.at, 'GROUP BY cannot have an aggregate')
    if (value.type.kind === 'map' || value.type.kind === 'json')
      throw new StatementError(
        expression.at,
        `${typeName(value.type)} cannot be in GROUP BY here; CAST or take a part of it`,
      )
    if (value.type.kind !== 'timestamp with time zone' && hasZone(value.type))
      throw new StatementError(expression.at, zonesWithin('GROUP BY'))
    if (value.type.kind === 'timestamp with time zone') {
      if (!value.parts)
        throw new StatementError(
          expression.at,
          'GROUP BY of timestamps with zones of their own is not done here; CAST them to timestamp first',
        )
      const { instant, zone } = value.parts
      keys.set(fingerprint(target), { ...value, sql: toolsOf(context).zonedOf(instant, zone) })
      return instant
    }
    // A constant is one group; DuckDB would take a number for the place of a column.
    keys.set(fingerprint(target), value)
    return value.literal === undefined && value.sql !== 'NULL' ? value.sql : `(${value.sql})`
  }
  const fields = new Set(context.scope.fields.map(({ sql }) => sql))
  const groups: Groups = { keys, fingerprint, source: context, isOwn: (sql) => fields.has(sql) }
  if (!body.groupBy) return { sql: '', groups }
  const sets = body.groupBy.elements.map((element): readonly string[] => {
    if (element.kind === 'simple')
      return [
        element.expressions.length === 1
          ? element.expressions.map(add).join('')
          : `(${element.expressions.map(add).join(', ')})`,
      ]
    const inner = element.sets.map((set) => `(${set.map(add).join(', ')})`).join(', ')
    return [`${element.kind.toUpperCase()} (${inner})`]
  })
  const [only] = body.groupBy.elements
  // `GROUP BY ()` is one group, even of no rows.
  if (body.groupBy.elements.length === 1 && only?.kind === 'simple' && only.expressions.length === 0)
    return { sql: ' GROUP BY GROUPING SETS (())', groups }
  if (body.groupBy.isDistinct && body.groupBy.elements.some(({ kind }) => kind !== 'simple'))
    throw new StatementError(body.at, 'GROUP BY DISTINCT is not done here; name the grouping sets')
  return { sql: ` GROUP BY ${sets.flat().join(', ')}`, groups }
}

/** `GROUP BY 1` means the first item of the SELECT list. */
function ordinal(expression: Expression, body: Select): Expression {
  if (expression.kind !== 'integer') return expression
  const item = body.items[Number(expression.digits) - 1]
  if (!item)
    throw new StatementError(
      expression.at,
      `GROUP BY position ${expression.digits} is not in the select list`,
    )
  if (item.kind !== 'expression')
    throw new StatementError(expression.at, 'GROUP BY by place does not go with *; name the column')
  return item.expression
}

// ---- ORDER BY, OFFSET, LIMIT

/** An item of ORDER BY, by the output's own name where it is one; `value` is the same where outputs have no names yet. */
type Order = { readonly sql: string; readonly value: string }
type Orders = readonly Order[]

function orderBy(body: Select, query: Query, outputs: readonly Output[], context: Context): Orders {
  const own = outputs.flatMap(({ name, value }): readonly ScopeField[] =>
    name === undefined ? [] : [{ name, qualifier: [], type: value.type, sql: value.sql }],
  )
  const fields = own.filter(
    ({ name, sql }, index) =>
      own.findIndex((other) => other.name?.toLowerCase() === name?.toLowerCase() && other.sql === sql) ===
      index,
  )
  const inner: Context = { ...context, clause: 'ORDER BY', scope: { fields, outer: context.scope } }
  const orders = query.orderBy.map((item) => orderSql(item, outputs, inner)).filter(({ sql }) => sql !== '')
  if (body.isDistinct)
    for (const [index, order] of orders.entries())
      if (!outputs.some(({ value }) => order.sql.startsWith(`${value.sql} `) || /^c\d+ /.test(order.sql)))
        throw new StatementError(
          query.orderBy[index]?.expression.at ?? 0,
          'For SELECT DISTINCT, ORDER BY expressions must appear in select list',
        )
  return orders
}

function orderSql(
  { expression, isDescending, nulls }: SortItem,
  outputs: readonly Output[],
  context: Context,
): Order {
  const { kind } = expression
  let place: number | undefined
  if (kind === 'integer') {
    place = Number(expression.digits) - 1
    if (!outputs[place])
      throw new StatementError(expression.at, `ORDER BY position ${expression.digits} is not in select list`)
  } else if (kind === 'column') {
    const named = outputs.flatMap(({ name, value }, index) =>
      name?.toLowerCase() === expression.name.name.toLowerCase() ? [{ index, value }] : [],
    )
    const [first] = named
    if (first && named.every(({ value }) => value.sql === first.value.sql)) place = first.index
  }
  const output = place === undefined ? undefined : outputs[place]
  const keyOf = (of: Expr) => sortKey(of, isDescending, nulls, expression.at, context)
  const value = keyOf(output?.value ?? translate(expression, context))
  if (!output || output.value.type.kind === 'timestamp with time zone') return { sql: value, value }
  return { sql: keyOf({ ...output.value, sql: `c${place}` }), value }
}

function ending(query: Query, orders: Orders, context: Context): string {
  const order = orders.map(({ sql }) => sql).join(', ')
  const count = (expression: Expression | undefined, what: string) => {
    if (!expression) return undefined
    if (expression.kind !== 'integer') throw new StatementError(expression.at, `${what} takes a whole number`)
    return expression.digits
  }
  const limit = count(query.limit, 'LIMIT')
  const offset = count(query.offset, 'OFFSET')
  if (query.withTies) {
    if (order === '') throw new StatementError(query.at, 'FETCH FIRST … WITH TIES needs an ORDER BY')
    if (offset !== undefined || query.body.kind !== 'select' || query.body.isDistinct || context.groups)
      throw new StatementError(
        query.at,
        'WITH TIES beside OFFSET, DISTINCT, GROUP BY or a set operation is not done here; use rank() in a subquery',
      )
    // Within a window DuckDB takes an output's name for a column of FROM.
    const ranked = orders.map(({ value }) => value).join(', ')
    return ` QUALIFY rank() OVER (ORDER BY ${ranked}) <= ${limit ?? '1'} ORDER BY ${order}`
  }
  return [
    order === '' ? '' : ` ORDER BY ${order}`,
    limit === undefined ? '' : ` LIMIT ${limit}`,
    offset === undefined ? '' : ` OFFSET ${offset}`,
  ].join('')
}

// ---- FROM

function fromSource(
  relations: readonly Relation[],
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): Source | undefined {
  let all: Source | undefined
  for (const relation of relations) {
    const before: readonly ScopeField[] = all?.fields ?? []
    const next = source(relation, before, outer, common, environment)
    const left = all
    all = left
      ? { sql: () => `${left.sql()}, ${next.sql()}`, fields: [...left.fields, ...next.fields] }
      : next
  }
  return all
}

/** `before` are the columns of the relations to the left, which UNNEST and LATERAL may use. */
function source(
  relation: Relation,
  before: readonly ScopeField[],
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): Source {
  switch (relation.kind) {
    case 'table':
      return sampled(relation, tableSource(relation, common, environment))
    case 'subquery relation':
      return sampled(
        relation,
        querySource(environment.translateQuery(relation.query, outer, common), relation.alias, environment),
      )
    case 'lateral': {
      const scope: Scope = { fields: before, outer }
      return querySource(
        environment.translateQuery(relation.query, scope, common),
        relation.alias,
        environment,
        'LATERAL ',
      )
    }
    case 'unnest':
      return unnest(relation, { fields: before, outer }, common, environment)
    case 'join':
      return join(relation, before, outer, common, environment)
  }
}

function sampled(relation: Relation, made: Source): Source {
  const sample = relation.kind === 'join' || relation.kind === 'unnest' ? undefined : relation.sample
  if (!sample) return made
  const { percent } = sample
  const text =
    percent.kind === 'integer'
      ? percent.digits
      : percent.kind === 'decimal' || percent.kind === 'double'
        ? percent.text
        : undefined
  if (text === undefined || Number(text) > 100)
    throw new StatementError(percent.at, 'TABLESAMPLE takes a number from 0 to 100')
  return { ...made, sql: () => `${made.sql()} TABLESAMPLE ${sample.method}(${Number(text)} PERCENT)` }
}

function aliased(
  columns: readonly ColumnType[],
  alias: Alias | undefined,
  qualifier: readonly string[],
  at: number,
): readonly ColumnType[] {
  if (!alias || alias.columns.length === 0) return columns
  if (alias.columns.length !== columns.length)
    throw new StatementError(
      alias.name.at || at,
      `Column alias list has ${alias.columns.length} entries but '${alias.name.name || qualifier.join('.')}' has ${columns.length} columns available`,
    )
  return renamed(columns, alias.columns)
}

function tableSource(
  relation: {
    readonly kind: 'table'
    readonly at: number
    readonly name: readonly Identifier[]
    readonly alias?: Alias
  },
  common: CommonRelations,
  environment: Environment,
): Source {
  const names = relation.name.map(({ name }) => name.toLowerCase())
  const name = names.at(-1) ?? ''
  const made: CommonRelation | undefined = names.length === 1 ? common.get(name) : undefined
  const r = environment.fresh()
  if (made) {
    const qualifier = [relation.alias?.name.name ?? name]
    const columns = aliased(made.columns, relation.alias, qualifier, relation.at)
    return {
      sql: () => `${made.sql} AS ${r}`,
      fields: columns.map((column, index) => ({ ...column, qualifier, sql: `${r}.c${index}` })),
    }
  }
  const isSystem = names.at(-2) === 'information_schema'
  const table = environment.relations.get(isSystem ? `information_schema.${name}` : name)
  if (!table) {
    const known = [...environment.relations.keys(), ...common.keys()].filter(
      (other) => other.includes('.') === isSystem,
    )
    const close = similar(name, known)
    const hint =
      close.length > 0
        ? `; did you mean ${close.join(' or ')}?`
        : `; there are ${known.slice(0, 20).join(', ')}`
    throw new StatementError(relation.at, `Table '${names.join('.')}' does not exist${hint}`)
  }
  const qualifier = relation.alias
    ? [relation.alias.name.name]
    : ['awsdatacatalog', names.at(-2) ?? 'dmd', name]
  let usesPath = false
  const columns = aliased(table.columns, relation.alias, qualifier, relation.at)
  const fields: ScopeField[] = columns.map((column, index) => ({
    ...column,
    qualifier,
    sql: `${r}.${quoteName(table.columns[index]?.name ?? '')}`,
  }))
  if (table.sqlWithPath !== undefined)
    fields.push({
      name: '$path',
      qualifier,
      type: { kind: 'varchar' },
      sql: `${r}."$path"`,
      isHidden: true,
      onUse: () => {
        usesPath = true
      },
    })
  return { sql: () => `${usesPath ? table.sqlWithPath : table.sql} AS ${r}`, fields }
}

function querySource(
  query: TranslatedQuery,
  alias: Alias | undefined,
  environment: Environment,
  prefix = '',
): Source {
  const q = environment.fresh()
  const qualifier = alias ? [alias.name.name] : []
  const columns = aliased(query.columns, alias, qualifier, 0)
  return {
    sql: () => `${prefix}(${query.sql}) AS ${q}`,
    fields: columns.map((column, index) => ({ ...column, qualifier, sql: `${q}.c${index}` })),
  }
}

/** Lists side by side: a row of them gives its fields, a map its keys and values. */
function unnest(relation: Unnest, scope: Scope, common: CommonRelations, environment: Environment): Source {
  const context = plainContext(scope, common, environment, 'UNNEST')
  const u = environment.fresh()
  const lists: string[] = []
  const columns: (ColumnType & { readonly sql: string })[] = []
  const counts: string[] = []
  for (const expression of relation.expressions) {
    const value = translate(expression, context)
    const { type } = value
    const at = lists.length
    if (type.kind === 'array') {
      lists.push(value.sql)
      counts.push(`len(${value.sql})`)
      const item = `${u}.c${at}`
      const { items } = type
      if (items.kind !== 'row') columns.push({ type: items, sql: item })
      else
        for (const [index, name] of fieldNames(items).entries()) {
          const field = items.fields[index]
          columns.push({
            ...(field?.name === undefined ? {} : { name: field.name }),
            type: field?.type ?? unknown,
            sql: `struct_extract(${item}, ${quoteText(name)})`,
          })
        }
    } else if (type.kind === 'map') {
      lists.push(`map_keys(${value.sql})`, `map_values(${value.sql})`)
      counts.push(`len(map_keys(${value.sql}))`)
      columns.push({ type: type.key, sql: `${u}.c${at}` }, { type: type.value, sql: `${u}.c${at + 1}` })
    } else
      throw new StatementError(
        expression.at,
        `Cannot unnest type: ${typeName(type)}; UNNEST takes arrays and maps`,
      )
  }
  const longest = counts.length === 1 ? counts[0] : `greatest(${counts.join(', ')})`
  const items = lists.map((list, index) => `unnest(${list}) AS c${index}`)
  if (relation.withOrdinality) {
    items.push(`unnest(range(1, CAST(coalesce(${longest}, 0) AS BIGINT) + 1)) AS c${lists.length}`)
    columns.push({ type: bigint, sql: `${u}.c${lists.length}` })
  }
  const { alias } = relation
  const qualifier = alias ? [alias.name.name] : []
  const named = aliased(columns, alias, qualifier, relation.at)
  return {
    sql: () => `LATERAL (SELECT ${items.join(', ')}) AS ${u}`,
    fields: columns.map(({ sql, type }, index) => {
      const name = named[index]?.name
      return { ...(name === undefined ? {} : { name }), type, qualifier, sql }
    }),
  }
}

const joinWords = {
  inner: 'JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
  cross: 'CROSS JOIN',
}

function join(
  relation: Join,
  before: readonly ScopeField[],
  outer: Scope,
  common: CommonRelations,
  environment: Environment,
): Source {
  const left = source(relation.left, before, outer, common, environment)
  const right = source(relation.right, [...before, ...left.fields], outer, common, environment)
  if (relation.right.kind === 'lateral' && relation.type === 'left')
    throw new StatementError(
      relation.at,
      'LEFT JOIN LATERAL is not done here; join a subquery that is grouped by what it is joined by',
    )
  const isLateral = relation.right.kind === 'unnest' || relation.right.kind === 'lateral'
  if (isLateral && (relation.type === 'right' || relation.type === 'full'))
    throw new StatementError(
      relation.at,
      `${relation.type.toUpperCase()} JOIN of ${relation.right.kind.toUpperCase()} is not supported`,
    )
  const fields = [...left.fields, ...right.fields]
  const word = joinWords[relation.type]
  const made = (on: string) => () => `(${left.sql()} ${word} ${right.sql()}${on})`
  if (relation.using) return usingJoin(relation, relation.using, left, right, common, environment, made)
  if (!relation.on) return { sql: made(''), fields }
  const context = plainContext({ fields: [...before, ...fields], outer }, common, environment, 'ON')
  if (isLateral && !(relation.on.kind === 'boolean' && relation.on.value)) {
    throw new StatementError(
      relation.on.at,
      `JOIN ${relation.right.kind.toUpperCase()} takes ON TRUE alone; put the condition into WHERE`,
    )
  }
  return { sql: made(` ON ${condition(relation.on, context).sql}`), fields }
}

function usingJoin(
  relation: Join,
  names: readonly Identifier[],
  left: Source,
  right: Source,
  common: CommonRelations,
  environment: Environment,
  made: (on: string) => () => string,
): Source {
  const context = plainContext(emptyScope, common, environment, 'USING')
  const tools = toolsOf(context)
  const find = (source: Source, name: Identifier, side: string) => {
    const found = source.fields.filter((field) => field.name?.toLowerCase() === name.name.toLowerCase())
    const [only] = found
    if (!only || found.length > 1)
      throw new StatementError(
        name.at,
        `Column '${name.name}' is ${only ? 'ambiguous on' : 'missing from'} ${side} side of join`,
      )
    return only
  }
  const conditions: string[] = []
  const used = new Set<ScopeField>()
  const keys = names.map((name): ScopeField => {
    const a = find(left, name, 'left')
    const b = find(right, name, 'right')
    used.add(a).add(b)
    conditions.push(compare('=', toExpr(a), toExpr(b), name.at, tools).sql)
    const type = commonType(a.type, b.type) ?? a.type
    const [x, y] = [a, b].map((field) => coerced(toExpr(field), type, context).sql)
    const sql = relation.type === 'full' ? `COALESCE(${x}, ${y})` : relation.type === 'right' ? y : x
    return { name: name.name, qualifier: [], type, sql: sql ?? a.sql }
  })
  const rest = [...left.fields, ...right.fields].filter((field) => !used.has(field))
  return { sql: made(` ON ${conditions.join(' AND ')}`), fields: [...keys, ...rest] }
}
