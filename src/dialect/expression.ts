import { castTo } from './cast.ts'
import { findField, similar, toExpr, unresolved } from './context.ts'
import type { Context } from './environment.ts'
import { StatementError } from './failure.ts'
import {
  booleanLiteral,
  decimalLiteral,
  doubleLiteral,
  integerLiteral,
  intervalLiteral,
  stringLiteral,
  typedLiteral,
} from './literal.ts'
import { arithmetic, compare, compareDistinct, concatenate, negate } from './operators.ts'
import type { Expr } from './registry.ts'
import { duckType, fieldNames, nullOf, quoteText } from './sql.ts'
import type { Expression, Identifier, Query } from './syntax.ts'
import { createTools } from './tools.ts'
import {
  arrayOf,
  bigint,
  boolean,
  canCoerce,
  commonType,
  date,
  isSameType,
  type SqlType,
  timestamp,
  typeName,
  unknown,
  varcharOf,
  zoned,
} from './types.ts'
import { resolveType } from './typesyntax.ts'
import { normalizeZone } from './zone.ts'

type Of<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }> & { readonly at: number }

/**
 * An expression of Athena's as DuckDB's SQL, with its type.
 *
 * Throws StatementError for a name that nothing has, types that do not fit, and what is not done here.
 */
export function translate(expression: Expression, context: Context): Expr {
  const { groups } = context
  if (groups && !mentions(expression, context.parameters)) {
    const key = groups.keys.get(groups.fingerprint(expression))
    if (key) return key
  }
  switch (expression.kind) {
    case 'null':
      return { sql: 'NULL', type: unknown, isCheap: true, literal: null }
    case 'boolean':
      return booleanLiteral(expression.value)
    case 'string':
      return stringLiteral(expression.value)
    case 'binary':
      return {
        sql: `unhex('${Buffer.from(expression.bytes).toString('hex')}')`,
        type: { kind: 'varbinary' },
        isCheap: true,
      }
    case 'integer':
      return integerLiteral(expression.digits, expression.at)
    case 'decimal':
      return decimalLiteral(expression.text, expression.at)
    case 'double':
      return doubleLiteral(expression.text)
    case 'typed literal':
      return typedLiteral(expression, (text, to) =>
        cast(stringLiteral(text), to, expression.at, context, false),
      )
    case 'interval':
      return intervalLiteral(expression)
    case 'column':
      return column(expression.name, [], context)
    case 'dereference':
      return dereference(expression, context)
    case 'subscript':
      return subscript(expression, context)
    case 'call':
      return context.environment.translateCall(expression, context)
    case 'special':
      return special(expression)
    case 'negate':
      return negate(translate(expression.operand, context), expression, toolsOf(context))
    case 'arithmetic':
      return arithmetic(
        expression,
        translate(expression.left, context),
        translate(expression.right, context),
        toolsOf(context),
      )
    case 'concat':
      return concatenate(
        expression,
        translate(expression.left, context),
        translate(expression.right, context),
        toolsOf(context),
      )
    case 'comparison':
      return compare(
        expression.operator,
        translate(expression.left, context),
        translate(expression.right, context),
        expression.at,
        toolsOf(context),
      )
    case 'is distinct':
      return compareDistinct(
        expression,
        translate(expression.left, context),
        translate(expression.right, context),
        toolsOf(context),
      )
    case 'is null': {
      const operand = translate(expression.operand, context)
      return logical(`(${operand.sql} IS ${expression.isNot ? 'NOT ' : ''}NULL)`)
    }
    case 'and':
    case 'or': {
      const operands = expression.operands.map((operand) => condition(operand, context).sql)
      return logical(`(${operands.join(expression.kind === 'and' ? ' AND ' : ' OR ')})`)
    }
    case 'not':
      return logical(`(NOT ${condition(expression.operand, context).sql})`)
    case 'between':
      return between(expression, context)
    case 'in list':
      return inList(expression, context)
    case 'in query':
      return inQuery(expression, context)
    case 'like':
      return like(expression, context)
    case 'exists':
      return hoisted(logical(`EXISTS (${subquery(expression.query, context).sql})`), context)
    case 'scalar query': {
      const { sql, columns } = subquery(expression.query, context)
      const [only] = columns
      if (!only || columns.length > 1)
        throw new StatementError(
          expression.at,
          `A subquery that stands for a value must have one column; this one has ${columns.length}`,
        )
      return hoisted({ sql: `(${sql})`, type: only.type, isCheap: false }, context)
    }
    case 'quantified':
      return quantified(expression, context)
    case 'case':
      return caseOf(expression, context)
    case 'cast': {
      const to = resolveType(expression.type)
      return cast(translate(expression.operand, context), to, expression.at, context, expression.isTry)
    }
    case 'try':
      return tryOf(expression, context)
    case 'extract':
      return extract(expression, context)
    case 'at time zone':
      return atTimeZone(expression, context)
    case 'array':
      return arrayLiteral(expression, context)
    case 'row':
      return rowValue(expression.items.map((item) => translate(item, context)))
    case 'lambda':
      throw new StatementError(
        expression.at,
        'A lambda (x -> …) may only be an argument of a function that takes one',
      )
    case 'grouping':
      return grouping(expression, context)
    case 'trim':
      return trim(expression, context)
    case 'json function':
      return jsonFunction(expression, context)
  }
}

export function toolsOf(context: Context) {
  return createTools(context.environment.fresh)
}

const logical = (sql: string): Expr => ({ sql, type: boolean, isCheap: false })

/** An expression that must be a boolean. */
export function condition(expression: Expression, context: Context): Expr {
  const found = translate(expression, context)
  return coerce(found, boolean, expression.at, `A condition in ${context.clause}`, context)
}

/** True where a lambda's parameter may be in the expression, which then is none of GROUP BY's. */
function mentions(expression: Expression, parameters: ReadonlyMap<string, Expr>): boolean {
  if (parameters.size === 0) return false
  const open: unknown[] = [expression]
  while (open.length > 0) {
    const node = open.pop()
    if (typeof node !== 'object' || node === null) continue
    if ('kind' in node && node.kind === 'column' && parameters.has((node as Of<'column'>).name.name))
      return true
    open.push(...Object.values(node))
  }
  return false
}

/** A value where another type is wanted, to which Athena turns it by itself. */
export function coerce(value: Expr, to: SqlType, at: number, what: string, context: Context): Expr {
  if (isSameType(value.type, to)) return value
  if (!canCoerce(value.type, to) && !(value.type.kind === 'varchar' && to.kind === 'varchar'))
    throw new StatementError(at, `${what} must be ${typeName(to)}, but is ${typeName(value.type)}`)
  return coerced(value, to, context)
}

/** A value as one of a type that it may stand for. */
export function coerced(value: Expr, to: SqlType, context: Context): Expr {
  if (isSameType(value.type, to)) return value
  const sql = castTo(value, to, { ...toolsOf(context), isTry: false }) ?? value.sql
  const isSame = sql === value.sql
  return {
    sql,
    type: to,
    isCheap: value.isCheap && (isSame || value.literal !== undefined || value.type.kind === 'unknown'),
    ...(isSame && value.literal !== undefined ? { literal: value.literal } : {}),
  }
}

function cast(value: Expr, to: SqlType, at: number, context: Context, isTry: boolean): Expr {
  if (isSameType(value.type, to)) return value
  const bound = isTry && !value.isCheap
  const tools = toolsOf(context)
  const name = bound ? context.environment.fresh() : value.sql
  const sql = castTo(bound ? tools.expr(name, value.type, true) : value, to, { ...tools, isTry })
  if (sql === undefined)
    throw new StatementError(at, `Cannot cast ${typeName(value.type)} to ${typeName(to)}`)
  if (bound && sql !== name)
    return { sql: `list_transform([${value.sql}], lambda ${name}: ${sql})[1]`, type: to, isCheap: false }
  if (bound) return { ...value, type: to }
  return { sql, type: to, isCheap: sql === value.sql && value.isCheap }
}

// ---- names

/** The name of a column, of a lambda's parameter, or undefined. */
function findColumn(name: Identifier, qualifier: readonly string[], context: Context): Expr | undefined {
  if (qualifier.length === 0) {
    const parameter = context.parameters.get(name.name)
    if (parameter) return parameter
  }
  const field = findField(context.scope, qualifier, name)
  if (!field) return undefined
  if (context.groups?.isOwn(field.sql))
    throw new StatementError(
      name.at,
      `'${[...qualifier, name.name].join('.')}' must be an aggregate expression or appear in GROUP BY clause`,
    )
  return toExpr(field)
}

function column(name: Identifier, qualifier: readonly string[], context: Context): Expr {
  const found = findColumn(name, qualifier, context)
  if (!found) throw unresolved(context.scope, qualifier, name)
  return found
}

/** `a.b.c` as far as it is nothing but names. */
export function namesOf(expression: Expression): readonly Identifier[] | undefined {
  const names: Identifier[] = []
  let at: Expression = expression
  while (at.kind === 'dereference') {
    names.push(at.field)
    at = at.base
  }
  if (at.kind !== 'column') return undefined
  return [at.name, ...names.reverse()]
}

function dereference(expression: Of<'dereference'>, context: Context): Expr {
  const names = namesOf(expression)
  const last = names?.at(-1)
  if (names && last && !context.parameters.has(names[0]?.name ?? '')) {
    const found = findColumn(
      last,
      names.slice(0, -1).map(({ name }) => name),
      context,
    )
    if (found) return found
  }
  const { base, field } = expression
  // Neither a relation nor a column: the whole name is told, not its first part.
  if (base.kind === 'column' && names && !isKnown(base.name, context)) {
    throw unresolved(context.scope, [base.name.name], field)
  }
  const value = translate(base, context)
  return fieldOf(value, field)
}

function isKnown(name: Identifier, context: Context): boolean {
  return context.parameters.has(name.name) || findField(context.scope, [], name) !== undefined
}

/** A field of a row by its name, in any case. */
export function fieldOf(value: Expr, field: Identifier): Expr {
  const { type } = value
  if (type.kind !== 'row')
    throw new StatementError(field.at, `'${field.name}' is asked of a ${typeName(type)}, which has no fields`)
  const at = type.fields.findIndex(({ name }) => name?.toLowerCase() === field.name.toLowerCase())
  const found = type.fields[at]
  if (!found) {
    const names = type.fields.flatMap(({ name }) => (name === undefined ? [] : [name]))
    const close = similar(field.name, names)
    const hint =
      close.length > 0
        ? `; did you mean ${close.join(' or ')}?`
        : names.length > 0
          ? `; it has ${names.slice(0, 20).join(', ')}`
          : ''
    throw new StatementError(field.at, `The row has no field '${field.name}'${hint}`)
  }
  const name = fieldNames(type)[at] ?? ''
  return { sql: `struct_extract(${value.sql}, ${quoteText(name)})`, type: found.type, isCheap: value.isCheap }
}

function subscript(expression: Of<'subscript'>, context: Context): Expr {
  const base = translate(expression.base, context)
  const index = translate(expression.index, context)
  const { type } = base
  const tools = toolsOf(context)
  if (type.kind === 'array') {
    const at = coerce(index, bigint, expression.index.at, 'The place in an array', context)
    const sql = tools.bind(
      [base, at],
      (list, i) =>
        `CASE WHEN ${i} BETWEEN 1 AND len(${list}) THEN list_extract(${list}, ${i}) WHEN ${i} IS NULL OR ${list} IS NULL THEN NULL WHEN ${i} = 0 THEN ${tools.fail('SQL array indices start at 1', type.items)} WHEN ${i} < 0 THEN ${tools.fail('Array subscript is negative', type.items)} ELSE ${tools.fail('Array subscript must be less than or equal to array length; element_at gives NULL instead', type.items)} END`,
    )
    return { sql, type: type.items, isCheap: false }
  }
  if (type.kind === 'map') {
    const key = coerce(index, type.key, expression.index.at, 'The key of a map', context)
    const sql = tools.bind(
      [base, key],
      (map, k) =>
        `CASE WHEN map_contains(${map}, ${k}) THEN list_extract(map_extract(${map}, ${k}), 1) WHEN ${map} IS NULL OR ${k} IS NULL THEN NULL ELSE ${tools.fail('Key not present in map; element_at gives NULL instead', type.value)} END`,
    )
    return { sql, type: type.value, isCheap: false }
  }
  if (type.kind === 'row') {
    const at = typeof index.literal === 'number' ? index.literal : 0
    const field = type.fields[at - 1]
    if (!field)
      throw new StatementError(
        expression.index.at,
        `A field of a row is asked by a whole number from 1 to ${type.fields.length}`,
      )
    return {
      sql: `struct_extract(${base.sql}, ${quoteText(fieldNames(type)[at - 1] ?? '')})`,
      type: field.type,
      isCheap: base.isCheap,
    }
  }
  throw new StatementError(expression.at, `Cannot use [ ] on ${typeName(type)}`)
}

// ---- the time now

/** The time at which the statement began, the same in all of it, in milliseconds as Athena has it. */
const nowSql = `date_trunc('millisecond', timezone('UTC', now()))`

/** The time of the statement, in UTC. */
export function currentTime(at: number, precision = 3): Expr {
  if (precision > 3)
    throw new StatementError(at, `The time now is known to the millisecond here; leave (${precision}) out`)
  const parts = { instant: nowSql, zone: "'UTC'" }
  return { sql: `struct_pack(i := ${nowSql}, z := 'UTC')`, type: zoned(precision), isCheap: true, parts }
}

function special(expression: Of<'special'>): Expr {
  const precision = expression.precision ?? 3
  switch (expression.name) {
    case 'current_date':
      return { sql: `CAST(${nowSql} AS DATE)`, type: date, isCheap: true }
    case 'current_timestamp':
      return currentTime(expression.at, precision)
    case 'localtimestamp':
      return {
        sql: currentTime(expression.at, precision).parts?.instant ?? nowSql,
        type: timestamp(precision),
        isCheap: true,
      }
    default:
      throw new StatementError(
        expression.at,
        `${expression.name.toUpperCase()} is not done here; leave it out`,
      )
  }
}

// ---- predicates

function between(expression: Of<'between'>, context: Context): Expr {
  const operand = translate(expression.operand, context)
  const low = translate(expression.low, context)
  const high = translate(expression.high, context)
  const tools = toolsOf(context)
  const sql = tools.bind([operand], (value) => {
    const again = { ...operand, sql: value }
    return `(${compare('>=', again, low, expression.at, tools).sql} AND ${compare('<=', again, high, expression.at, tools).sql})`
  })
  return logical(expression.isNot ? `(NOT ${sql})` : sql)
}

function inList(expression: Of<'in list'>, context: Context): Expr {
  const operand = translate(expression.operand, context)
  const items = expression.items.map((item) => translate(item, context))
  let type = operand.type
  for (const [index, item] of items.entries()) {
    const both = commonType(type, item.type)
    if (!both)
      throw new StatementError(
        expression.items[index]?.at ?? expression.at,
        `IN compares ${typeName(operand.type)} with ${typeName(item.type)}: they must be of one type`,
      )
    type = both
  }
  const tools = toolsOf(context)
  const isPlain = !['row', 'array', 'map', 'double', 'real', 'timestamp with time zone'].includes(type.kind)
  const found = isPlain
    ? `(${coerced(operand, type, context).sql} IN (${items.map((item) => coerced(item, type, context).sql).join(', ')}))`
    : tools.bind(
        [operand],
        (value) =>
          `(${items.map((item) => compare('=', { ...operand, sql: value }, item, expression.at, tools).sql).join(' OR ')})`,
      )
  return logical(expression.isNot ? `(NOT ${found})` : found)
}

function subquery(query: Query, context: Context) {
  if (context.parameters.size > 0) throw new StatementError(query.at, 'A lambda cannot contain a subquery')
  return context.environment.translateQuery(query, context.scope, context.common)
}

/** A query of one column, its values as a type. */
function columnQuery(query: Query, to: SqlType, context: Context): string {
  const { sql, columns } = subquery(query, context)
  const [only] = columns
  if (!only || isSameType(only.type, to)) return sql
  const q = context.environment.fresh()
  const value = coerced({ sql: `${q}.c0`, type: only.type, isCheap: true }, to, context)
  return `SELECT ${value.sql} AS c0 FROM (${sql}) AS ${q}`
}

/** The type in which a value is compared with the column of a query. */
function comparedType(operand: Expr, query: Query, at: number, context: Context): SqlType {
  const { columns } = subquery(query, context)
  const [only] = columns
  if (!only || columns.length > 1)
    throw new StatementError(query.at, `The subquery must have one column; it has ${columns.length}`)
  const type = commonType(operand.type, only.type)
  if (!type)
    throw new StatementError(
      at,
      `Cannot compare ${typeName(operand.type)} with ${typeName(only.type)}, the type of the subquery`,
    )
  if (['row', 'array', 'map', 'timestamp with time zone'].includes(type.kind))
    throw new StatementError(
      at,
      `Comparing a ${type.kind} with a subquery is not done here; join the subquery instead`,
    )
  return type
}

/** `(a, b) IN (SELECT …)` of as many columns. In Trino a NULL in a pair makes it false, not NULL. */
function rowInQuery(expression: Of<'in query'>, items: readonly Expression[], context: Context): Expr {
  const { sql, columns } = subquery(expression.query, context)
  if (columns.length !== items.length)
    throw new StatementError(
      expression.query.at,
      `The subquery has ${columns.length} columns; it must have ${items.length}, as many as the row`,
    )
  const q = context.environment.fresh()
  const tools = toolsOf(context)
  const pairs = items.map((item, index) => {
    const column: Expr = { sql: `${q}.c${index}`, type: columns[index]?.type ?? unknown, isCheap: true }
    return compare('=', translate(item, context), column, item.at, tools).sql
  })
  const found = `EXISTS (SELECT 1 FROM (${sql}) AS ${q} WHERE ${pairs.join(' AND ')})`
  return hoisted(logical(expression.isNot ? `(NOT ${found})` : found), context)
}

function inQuery(expression: Of<'in query'>, context: Context): Expr {
  if (expression.operand.kind === 'row') return rowInQuery(expression, expression.operand.items, context)
  const operand = translate(expression.operand, context)
  const type = comparedType(operand, expression.query, expression.at, context)
  const value = coerced(operand, type, context).sql
  return hoisted(
    logical(
      `(${value} ${expression.isNot ? 'NOT ' : ''}IN (${columnQuery(expression.query, type, context)}))`,
    ),
    context,
  )
}

function quantified(expression: Of<'quantified'>, context: Context): Expr {
  const operand = translate(expression.operand, context)
  const type = comparedType(operand, expression.query, expression.at, context)
  const value = coerced(operand, type, context).sql
  const quantifier = expression.quantifier.toUpperCase()
  return hoisted(
    logical(
      `(${value} ${expression.operator} ${quantifier} (${columnQuery(expression.query, type, context)}))`,
    ),
    context,
  )
}

function like(expression: Of<'like'>, context: Context): Expr {
  const part = (of: Expression, what: string) => {
    const found = translate(of, context)
    if (found.type.kind !== 'varchar' && found.type.kind !== 'char' && found.type.kind !== 'unknown')
      throw new StatementError(of.at, `${what} of LIKE must be a text, but is ${typeName(found.type)}`)
    return coerced(found, found.type.kind === 'unknown' ? varcharOf(1) : found.type, context)
  }
  const operand = part(expression.operand, 'The left side')
  const pattern = part(expression.pattern, 'The pattern')
  const mark = expression.escape && part(expression.escape, 'The escape')
  if (mark && typeof mark.literal === 'string' && [...mark.literal].length !== 1)
    throw new StatementError(
      expression.escape?.at ?? expression.at,
      'The escape of LIKE must be one character',
    )
  if (mark && typeof mark.literal === 'string' && typeof pattern.literal === 'string') {
    const marks = [...pattern.literal]
    for (let index = 0; index < marks.length; index++)
      if (marks[index] === mark.literal && !['%', '_', mark.literal].includes(marks[++index] ?? ''))
        throw new StatementError(
          expression.pattern.at,
          'In LIKE the escape character must be followed by %, _ or the escape character itself',
        )
  }
  const sql = `(${operand.sql} ${expression.isNot ? 'NOT ' : ''}LIKE ${pattern.sql}${mark ? ` ESCAPE ${mark.sql}` : ''})`
  return logical(sql)
}

// ---- conditional

/** The type in which several values meet; throws where they do not. */
export function meet(values: readonly Expr[], ats: readonly number[], what: string): SqlType {
  let type: SqlType = unknown
  for (const [index, value] of values.entries()) {
    const both = commonType(type, value.type)
    if (!both)
      throw new StatementError(
        ats[index] ?? 0,
        `${what} must be of one type: ${typeName(type)} and ${typeName(value.type)} are not`,
      )
    type = both
  }
  return type
}

function caseOf(expression: Of<'case'>, context: Context): Expr {
  const { branches, otherwise, operand } = expression
  const results = [...branches.map(({ then }) => then), ...(otherwise ? [otherwise] : [])]
  const make = (inner: Context, subject?: Expr) => {
    const values = results.map((result) => translate(result, inner))
    const type = meet(
      values,
      results.map(({ at }) => at),
      'All results of CASE',
    )
    const tools = toolsOf(inner)
    const whens = branches.map(({ when }) =>
      subject
        ? compare('=', subject, translate(when, inner), when.at, tools).sql
        : condition(when, inner).sql,
    )
    const sqls = values.map((value) => coerced(value, type, inner).sql)
    const cases = whens.map((when, index) => `WHEN ${when} THEN ${sqls[index]}`).join(' ')
    return { sql: `CASE ${cases} ELSE ${otherwise ? sqls.at(-1) : nullOf(type)} END`, type, isCheap: false }
  }
  if (!operand) return make(context)
  const subject = translate(operand, context)
  if (subject.isCheap) return make(context, subject)
  return within(context, [subject], (inner, [name]) => make(inner, name))
}

/**
 * An expression made where its parts have names: the given values, and whatever within it DuckDB does not take in a
 * lambda. Each is computed once.
 */
export function within(
  context: Context,
  values: readonly Expr[],
  make: (inner: Context, names: readonly Expr[]) => Expr,
): Expr {
  const name = context.environment.fresh()
  const parts: Expr[] = []
  const add = (value: Expr): Expr => {
    if (value.isCheap) return value
    parts.push(value)
    return { sql: `struct_extract(${name}, 'a${parts.length - 1}')`, type: value.type, isCheap: true }
  }
  const inner: Context = context.hoist ? context : { ...context, hoist: add }
  const made = make(inner, values.map(add))
  if (parts.length === 0) return made
  const struct = parts.map(({ sql }, index) => `a${index} := ${sql}`).join(', ')
  return {
    sql: `list_transform([struct_pack(${struct})], lambda ${name}: ${made.sql})[1]`,
    type: made.type,
    isCheap: false,
  }
}

/** An aggregate, a window function or a subquery, which no lambda of DuckDB's may hold. */
export function hoisted(value: Expr, context: Context): Expr {
  return context.hoist ? context.hoist(value) : value
}

function tryOf(expression: Of<'try'>, context: Context): Expr {
  return within(context, [], (inner) => {
    const value = translate(expression.operand, inner)
    return { sql: `TRY(${value.sql})`, type: value.type, isCheap: false }
  })
}

// ---- times

const extracted: { readonly [field: string]: string } = {
  year: 'year',
  quarter: 'quarter',
  month: 'month',
  week: 'week',
  day: 'day',
  day_of_month: 'day_of_month',
  day_of_week: 'day_of_week',
  dow: 'day_of_week',
  day_of_year: 'day_of_year',
  doy: 'day_of_year',
  year_of_week: 'year_of_week',
  yow: 'year_of_week',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
  timezone_hour: 'timezone_hour',
  timezone_minute: 'timezone_minute',
}

function extract(expression: Of<'extract'>, context: Context): Expr {
  const name = extracted[expression.field.toLowerCase()]
  if (name === undefined)
    throw new StatementError(
      expression.at,
      `EXTRACT has no field ${expression.field.toUpperCase()}; it has ${Object.keys(extracted).join(', ').toUpperCase()}`,
    )
  const { type } = translate(expression.operand, context)
  const isOfDay = /^(?:hour|minute|second)$/.test(name)
  const isOfZone = name.startsWith('timezone')
  if (
    (isOfDay && type.kind === 'date') ||
    (isOfZone && type.kind !== 'timestamp with time zone') ||
    (name === 'day_of_month' && type.kind.startsWith('interval'))
  )
    throw new StatementError(
      expression.at,
      `EXTRACT(${expression.field.toUpperCase()}) is not known of ${typeName(type)}`,
    )
  return context.environment.translateCall(plainCall(name, [expression.operand], expression.at), context)
}

function atTimeZone(expression: Of<'at time zone'>, context: Context): Expr {
  const operand = translate(expression.operand, context)
  if (operand.type.kind === 'date')
    throw new StatementError(
      expression.at,
      'AT TIME ZONE takes a timestamp, not a date; CAST it to timestamp first',
    )
  const zone = translate(expression.zone, context)
  return inZone(operand, zone, expression.at, context)
}

/** An instant shown in a zone. A timestamp without a zone counts as UTC, the session's zone. */
export function inZone(operand: Expr, zone: Expr, at: number, context: Context): Expr {
  const type =
    operand.type.kind === 'date' || operand.type.kind === 'timestamp'
      ? zoned('precision' in operand.type ? operand.type.precision : 3)
      : operand.type
  if (type.kind !== 'timestamp with time zone')
    throw new StatementError(at, `AT TIME ZONE takes a timestamp, not ${typeName(operand.type)}`)
  const tools = toolsOf(context)
  if (zone.type.kind === 'interval day to second')
    throw new StatementError(
      at,
      "AT TIME ZONE with an interval is not done here; write the offset as a text, as in '+05:30'",
    )
  if (zone.type.kind !== 'varchar')
    throw new StatementError(
      at,
      `A time zone is a text such as 'America/New_York' or '+05:30', not ${typeName(zone.type)}`,
    )
  if (typeof zone.literal !== 'string')
    throw new StatementError(
      at,
      'A time zone that is no literal is not done here; write it into the statement',
    )
  const name = normalizeZone(zone.literal)
  if (name === undefined)
    throw new StatementError(
      at,
      `'${zone.literal.slice(0, 50)}' is no time zone; write one such as 'America/New_York' or '+05:30'`,
    )
  const value = coerced(operand, type, context)
  const instant =
    operand.type.kind === 'timestamp with time zone'
      ? tools.instantOf(operand)
      : coerced(operand, timestamp(type.precision), context).sql
  return {
    sql: tools.zonedOf(instant, quoteText(name)),
    type,
    isCheap: value.isCheap,
    parts: { instant, zone: quoteText(name) },
  }
}

// ---- lists and rows

function arrayLiteral(expression: Of<'array'>, context: Context): Expr {
  const items = expression.items.map((item) => translate(item, context))
  const type = meet(
    items,
    expression.items.map(({ at }) => at),
    'All items of an ARRAY',
  )
  const list = `[${items.map((item) => coerced(item, type, context).sql).join(', ')}]`
  return {
    sql: items.length === 0 || type.kind === 'unknown' ? `CAST(${list} AS ${duckType(type)}[])` : list,
    type: arrayOf(type),
    isCheap: false,
  }
}

/** A row without names, whose fields DuckDB knows as `field0`, `field1`, …. */
export function rowValue(items: readonly Expr[]): Expr {
  const type: SqlType = { kind: 'row', fields: items.map(({ type: of }) => ({ type: of })) }
  const fields = items.map(
    ({ sql, type: of }, index) =>
      `field${index} := ${of.kind === 'unknown' ? nullOf({ kind: 'integer' }) : sql}`,
  )
  return { sql: `struct_pack(${fields.join(', ')})`, type, isCheap: false }
}

// ---- the rest

function grouping(expression: Of<'grouping'>, context: Context): Expr {
  const { groups } = context
  const keys = expression.arguments.map((argument) => {
    const key = groups?.keys.get(groups.fingerprint(argument))
    if (!key)
      throw new StatementError(argument.at, 'Each argument of GROUPING must be an expression of GROUP BY')
    return key.sql
  })
  const type: SqlType = { kind: keys.length > 31 ? 'bigint' : 'integer' }
  return hoisted({ sql: `CAST(GROUPING(${keys.join(', ')}) AS ${type.kind})`, type, isCheap: false }, context)
}

function trim(expression: Of<'trim'>, context: Context): Expr {
  const name = { leading: 'ltrim', trailing: 'rtrim', both: 'trim' }[expression.side]
  return context.environment.translateCall(
    plainCall(
      name,
      [expression.operand, ...(expression.characters ? [expression.characters] : [])],
      expression.at,
    ),
    context,
  )
}

function jsonFunction(expression: Of<'json function'>, context: Context): Expr {
  const { name, options, returning } = expression
  const isDefault = options.every((option) =>
    /^(?:NULL ON EMPTY|NULL ON ERROR|FALSE ON ERROR|WITHOUT (?:ARRAY )?WRAPPER|FORMAT JSON)$/i.test(option),
  )
  if (!isDefault || (returning && resolveType(returning).kind !== 'varchar'))
    throw new StatementError(
      expression.at,
      `${name.toUpperCase()} is done here with its defaults alone: without RETURNING, WRAPPER, ON EMPTY and ON ERROR; use json_extract and CAST`,
    )
  const path: Expression = { kind: 'string', at: expression.at, value: expression.path }
  return context.environment.translateCall(plainCall(name, [expression.input, path], expression.at), context)
}

export function plainCall(name: string, args: readonly Expression[], at: number) {
  return { kind: 'call' as const, at, name, arguments: args, isStar: false, isDistinct: false, orderBy: [] }
}
