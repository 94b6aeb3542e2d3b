import type { Statement } from '../../src/dialect/parser.ts'
import type {
  Alias,
  Expression,
  FrameBound,
  FunctionCall,
  GroupingElement,
  Identifier,
  Query,
  QueryBody,
  Relation,
  SelectItem,
  SortItem,
  TypeSyntax,
  Window,
} from '../../src/dialect/syntax.ts'

// Writes trees as SQL with no more parentheses than they need, so that reading it must know every precedence.

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
const list = <T>(items: readonly T[], print: (item: T, index: number) => string) =>
  items.map((item, index) => print(item, index)).join(', ')

/** Words that may stand as names everywhere without quotes; all others are quoted. */
const bare =
  /^(?:[a-f]\d*|day|hour|month|name|type|value|time|key|start|first|last|date|count|sum|if|substring|position|map|row)$/

export const printName = ({ name }: Identifier): string =>
  bare.test(name) ? name : `"${name.replaceAll('"', '""')}"`

const printNames = (names: readonly Identifier[]) => names.map(printName).join('.')

export function printStatement(statement: Statement): string {
  const query = printQuery(statement.query)
  if (statement.kind === 'select') return query
  const { type, format, isVerbose } = statement.options
  if (statement.isAnalyze) return `EXPLAIN ANALYZE ${isVerbose ? 'VERBOSE ' : ''}${query}`
  const options = [type && `TYPE ${type}`, format && `FORMAT ${format}`].filter((option) => option)
  return `EXPLAIN ${options.length > 0 ? `(${options.join(', ')}) ` : ''}${query}`
}

export function printQuery(query: Query): string {
  const tables = list(
    query.with,
    ({ name, columns, query: of }) => `${printName(name)}${printColumns(columns)} AS (${printQuery(of)})`,
  )
  const start = query.with.length > 0 ? `WITH ${query.isRecursive ? 'RECURSIVE ' : ''}${tables} ` : ''
  const offset = query.offset ? ` OFFSET ${printExpression(query.offset)}` : ''
  const limit = query.limit ? printExpression(query.limit) : ''
  const fetch = query.withTies ? ` FETCH FIRST ${limit} ROWS WITH TIES` : limit && ` LIMIT ${limit}`
  return `${start}${printBody(query.body)}${printOrder(query.orderBy)}${offset}${fetch}`
}

function printBody(body: QueryBody): string {
  switch (body.kind) {
    case 'query':
      return `(${printQuery(body)})`
    case 'values':
      return `VALUES ${list(body.rows, (row) => printExpression(row))}`
    case 'table body':
      return `TABLE ${printNames(body.name)}`
    case 'select': {
      const windows = list(
        body.windows,
        ({ name, window }) => `${printName(name)} AS (${printWindow(window)})`,
      )
      return [
        `SELECT ${body.isDistinct ? 'DISTINCT ' : ''}${list(body.items, printItem)}`,
        body.from.length > 0 && `FROM ${list(body.from, printRelation)}`,
        body.where && `WHERE ${printExpression(body.where)}`,
        body.groupBy &&
          `GROUP BY ${body.groupBy.isDistinct ? 'DISTINCT ' : ''}${list(body.groupBy.elements, printElement)}`,
        body.having && `HAVING ${printExpression(body.having)}`,
        windows && `WINDOW ${windows}`,
      ]
        .filter((part) => part)
        .join(' ')
    }
    default: {
      const word = `${body.kind.toUpperCase()}${body.isAll ? ' ALL' : ''}`
      return `${printBody(body.left)} ${word} ${printBody(body.right)}`
    }
  }
}

function printItem(item: SelectItem): string {
  if (item.kind === 'expression')
    return `${printExpression(item.expression)}${item.alias ? ` AS ${printName(item.alias)}` : ''}`
  const aliases = item.aliases.length > 0 ? ` AS ${printColumns(item.aliases)}` : ''
  return `${item.of ? `${at(item.of, levels.primary)}.` : ''}*${aliases}`
}

function printElement(element: GroupingElement): string {
  const set = (items: readonly Expression[]) => {
    const [only] = items
    if (items.length !== 1 || !only) return `(${list(items, (item) => printExpression(item))})`
    // A row that is one item of a list must not become the list.
    return only.kind === 'row' && only.items.length > 1 ? `(${printExpression(only)})` : printExpression(only)
  }
  if (element.kind === 'simple') return set(element.expressions)
  return `${element.kind.toUpperCase()} (${list(element.sets, set)})`
}

const printColumns = (names: readonly Identifier[]) =>
  names.length > 0 ? ` (${list(names, printName)})` : ''

function printRelation(relation: Relation): string {
  if (relation.kind !== 'join')
    return `${printUnnamed(relation)}${printAlias(relation.alias)}${printSample(relation)}`
  const { left, right, type, on, using } = relation
  const criteria = on ? ` ON ${printExpression(on)}` : using ? ` USING${printColumns(using)}` : ''
  const isNested = right.kind === 'join' && !right.alias
  const other = isNested && type === 'cross' ? `(${printRelation(right)})` : printRelation(right)
  const word = type === 'inner' ? 'JOIN' : `${type.toUpperCase()} JOIN`
  const joined = `${printRelation(left)} ${word} ${other}${criteria}`
  return relation.alias ? `(${joined})${printAlias(relation.alias)}` : joined
}

function printUnnamed(relation: Exclude<Relation, { kind: 'join' }>): string {
  switch (relation.kind) {
    case 'table':
      return printNames(relation.name)
    case 'subquery relation':
      return `(${printQuery(relation.query)})`
    case 'lateral':
      return `LATERAL (${printQuery(relation.query)})`
    case 'unnest': {
      const items = list(relation.expressions, (item) => printExpression(item))
      return `UNNEST(${items})${relation.withOrdinality ? ' WITH ORDINALITY' : ''}`
    }
  }
}

const printAlias = (alias: Alias | undefined) =>
  alias ? ` AS ${printName(alias.name)}${printColumns(alias.columns)}` : ''

function printSample({ sample }: Exclude<Relation, { kind: 'join' }>): string {
  if (!sample) return ''
  return ` TABLESAMPLE ${sample.method.toUpperCase()} (${printExpression(sample.percent)})`
}

function printOrder(items: readonly SortItem[]): string {
  if (items.length === 0) return ''
  const item = ({ expression, isDescending, nulls }: SortItem) =>
    `${printExpression(expression)}${isDescending ? ' DESC' : ''}${nulls ? ` NULLS ${nulls.toUpperCase()}` : ''}`
  return ` ORDER BY ${list(items, item)}`
}

function printWindow({ base, partitionBy, orderBy, frame }: Window): string {
  const parts = [base ? printName(base) : '']
  if (partitionBy.length > 0) parts.push(`PARTITION BY ${list(partitionBy, (item) => printExpression(item))}`)
  parts.push(printOrder(orderBy).trim())
  if (frame) {
    const unit = frame.unit.toUpperCase()
    const { start, end } = frame
    parts.push(
      end ? `${unit} BETWEEN ${printBound(start)} AND ${printBound(end)}` : `${unit} ${printBound(start)}`,
    )
  }
  return parts.filter((part) => part).join(' ')
}

const printBound = (bound: FrameBound) =>
  'value' in bound ? `${printExpression(bound.value)} ${bound.kind.toUpperCase()}` : bound.kind.toUpperCase()

/** How tightly each binds; an operand that binds looser than its place allows is put in parentheses. */
const levels = {
  or: 0,
  and: 1,
  not: 2,
  predicate: 3,
  concat: 4,
  sum: 5,
  product: 6,
  sign: 7,
  zone: 8,
  primary: 9,
} as const

const at = (expression: Expression, level: number) =>
  levelOf(expression) < level ? `(${printExpression(expression)})` : printExpression(expression)

function levelOf(expression: Expression): number {
  switch (expression.kind) {
    case 'lambda':
    case 'or':
      return levels.or
    case 'and':
      return levels.and
    case 'not':
      return levels.not
    case 'comparison':
    case 'is distinct':
    case 'is null':
    case 'between':
    case 'in list':
    case 'in query':
    case 'like':
    case 'quantified':
      return levels.predicate
    case 'concat':
      return levels.concat
    case 'arithmetic':
      return '+-'.includes(expression.operator) ? levels.sum : levels.product
    case 'negate':
      return levels.sign
    case 'at time zone':
      return levels.zone
    default:
      return levels.primary
  }
}

export function printExpression(e: Expression): string {
  const value = (operand: Expression) => at(operand, levels.concat)
  const not = 'isNot' in e && e.isNot ? 'NOT ' : ''
  switch (e.kind) {
    case 'null':
      return 'NULL'
    case 'boolean':
      return e.value ? 'TRUE' : 'FALSE'
    case 'string':
      return quoted(e.value)
    case 'binary':
      return `X'${Buffer.from(e.bytes).toString('hex')}'`
    case 'integer':
      return e.digits
    case 'decimal':
    case 'double':
      return e.text
    case 'typed literal':
      return `${e.type.kind === 'name' ? e.type.name : ''} ${quoted(e.value)}`
    case 'interval':
      return `INTERVAL ${e.isNegative ? '-' : ''}${quoted(e.value)} ${e.from}${e.to ? ` TO ${e.to}` : ''}`
    case 'column':
      return printName(e.name)
    case 'dereference':
      return `${printBase(e.base)}.${printName(e.field)}`
    case 'subscript':
      return `${printBase(e.base)}[${value(e.index)}]`
    case 'call':
      return printCall(e)
    case 'special':
      return e.precision === undefined ? e.name : `${e.name}(${e.precision})`
    case 'negate':
      // `-5` is one literal.
      return `- ${e.operand.kind === 'integer' ? `(${e.operand.digits})` : at(e.operand, levels.sign)}`
    case 'arithmetic': {
      const level = levelOf(e)
      return `${at(e.left, level)} ${e.operator} ${at(e.right, level + 1)}`
    }
    case 'concat':
      return `${at(e.left, levels.concat)} || ${at(e.right, levels.sum)}`
    case 'comparison':
      return `${value(e.left)} ${e.operator} ${value(e.right)}`
    case 'is distinct':
      return `${value(e.left)} IS ${not}DISTINCT FROM ${value(e.right)}`
    case 'is null':
      return `${value(e.operand)} IS ${not}NULL`
    case 'or':
      return e.operands.map((operand) => at(operand, levels.and)).join(' OR ')
    case 'and':
      return e.operands.map((operand) => at(operand, levels.not)).join(' AND ')
    case 'not':
      return `NOT ${at(e.operand, levels.not)}`
    case 'between':
      return `${value(e.operand)} ${not}BETWEEN ${value(e.low)} AND ${value(e.high)}`
    case 'in list':
      return `${value(e.operand)} ${not}IN (${printItems(e.items)})`
    case 'in query':
      return `${value(e.operand)} ${not}IN (${printQuery(e.query)})`
    case 'like': {
      const ending = e.escape ? ` ESCAPE ${value(e.escape)}` : ''
      return `${value(e.operand)} ${not}LIKE ${value(e.pattern)}${ending}`
    }
    case 'exists':
      return `EXISTS (${printQuery(e.query)})`
    case 'scalar query':
      return `(${printQuery(e.query)})`
    case 'quantified':
      return `${value(e.operand)} ${e.operator} ${e.quantifier.toUpperCase()} (${printQuery(e.query)})`
    case 'case': {
      const branches = e.branches.map(
        (branch) => `WHEN ${printExpression(branch.when)} THEN ${printExpression(branch.then)}`,
      )
      const operand = e.operand ? ` ${printExpression(e.operand)}` : ''
      const otherwise = e.otherwise ? ` ELSE ${printExpression(e.otherwise)}` : ''
      return `CASE${operand} ${branches.join(' ')}${otherwise} END`
    }
    case 'cast':
      return `${e.isTry ? 'TRY_CAST' : 'CAST'}(${printExpression(e.operand)} AS ${printType(e.type)})`
    case 'try':
      return `TRY(${printExpression(e.operand)})`
    case 'extract':
      return `EXTRACT(${e.field} FROM ${value(e.operand)})`
    case 'at time zone':
      return `${at(e.operand, levels.zone)} AT TIME ZONE ${printExpression(e.zone)}`
    case 'array':
      return `ARRAY[${printItems(e.items)}]`
    case 'row':
      return `${e.items.length > 1 ? '' : 'ROW'}(${printItems(e.items)})`
    case 'lambda': {
      const [only] = e.parameters
      const parameters =
        e.parameters.length === 1 && only ? printName(only) : `(${list(e.parameters, printName)})`
      return `${parameters} -> ${printExpression(e.body)}`
    }
    case 'grouping':
      return `GROUPING(${printItems(e.arguments)})`
    case 'trim':
      return `TRIM(${e.side.toUpperCase()} ${e.characters ? `${value(e.characters)} ` : ''}FROM ${value(e.operand)})`
    case 'json function': {
      const returning = e.returning ? ` RETURNING ${printType(e.returning)}` : ''
      const options = e.options.map((option) => ` ${option}`).join('')
      return `${e.name}(${printExpression(e.input)}, ${quoted(e.path)}${returning}${options})`
    }
  }
}

const printItems = (items: readonly Expression[]) => list(items, (item) => printExpression(item))

/** `1.x` would be the decimal `1.` with a name behind it. */
const printBase = (base: Expression) =>
  ['integer', 'decimal', 'double'].includes(base.kind)
    ? `(${printExpression(base)})`
    : at(base, levels.primary)

/** `normalize(x, NFC)`: the form stands without quotes. */
const printForm = (item: Expression, index = 0) =>
  index > 0 && item.kind === 'string' ? item.value : at(item, levels.concat)

function printCall(call: FunctionCall): string {
  const order = printOrder(call.orderBy)
  const items = call.name === 'normalize' ? list(call.arguments, printForm) : printItems(call.arguments)
  const args = call.isStar ? '*' : `${call.isDistinct ? 'DISTINCT ' : ''}${items}`
  const overflow = { error: ' ON OVERFLOW ERROR', truncate: ' ON OVERFLOW TRUNCATE WITHOUT COUNT' }
  const name = call.name
    .split('.')
    .map((part) =>
      part === 'listagg' || part === 'normalize' || part === 'trim' ? part : printName({ name: part, at: 0 }),
    )
    .join('.')
  const body =
    call.name === 'listagg'
      ? `(${args}${call.overflow ? overflow[call.overflow] : ''}) WITHIN GROUP (${order.trim()})`
      : `(${args}${order})`
  const filter = call.filter ? ` FILTER (WHERE ${printExpression(call.filter)})` : ''
  const nulls = call.nullTreatment ? ` ${call.nullTreatment.toUpperCase()} NULLS` : ''
  const window = call.over && ('kind' in call.over ? `(${printWindow(call.over)})` : printName(call.over))
  return `${name}${body}${filter}${nulls}${window ? ` OVER ${window}` : ''}`
}

export function printType(type: TypeSyntax): string {
  switch (type.kind) {
    case 'array':
      return `array(${printType(type.items)})`
    case 'map':
      return `map(${printType(type.key)}, ${printType(type.value)})`
    case 'row':
      return `row(${list(type.fields, ({ name, type: of }) => `${name ? `${printName(name)} ` : ''}${printType(of)}`)})`
    case 'name': {
      const parameters = type.parameters.length > 0 ? `(${type.parameters.join(', ')})` : ''
      return type.name.replace(/^\w+/, (word) => `${word}${parameters}`)
    }
  }
}

/** A tree without its places, to compare. */
export function withoutPlaces(node: unknown): unknown {
  if (node instanceof Uint8Array) return `bytes ${Buffer.from(node).toString('hex')}`
  if (Array.isArray(node)) return node.map(withoutPlaces)
  if (typeof node !== 'object' || node === null) return node
  const kept = Object.entries(node).filter(([key, value]) => key !== 'at' && value !== undefined)
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutPlaces(value)]))
}
