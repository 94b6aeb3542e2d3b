import type { ComparisonOperator, Expression } from '../syntax.ts'
import {
  advance,
  type Expressions,
  expect,
  mismatch,
  nested,
  type ParsedPart,
  peek,
  readName,
  readParenthesized,
  refuse,
  sees,
  seesName,
  seesOneOf,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'
import { readGroup } from './group.ts'
import { isString, readTextLiteral, signedDigits } from './literal.ts'
import { readPrimary } from './primary.ts'

/** The rules of expressions, for `TokenCursor`. */
export const expressions: Expressions = { read: readWhole, readOperand }

function readWhole(cursor: TokenCursor, start?: ParsedPart): Expression {
  return nested(cursor, () => readChain(cursor, 'or', start))
}

/** A chain of ORs of chains of ANDs. */
function readChain(cursor: TokenCursor, kind: 'or' | 'and', start?: ParsedPart): Expression {
  const read = (from?: ParsedPart) => (kind === 'or' ? readChain(cursor, 'and', from) : readNot(cursor, from))
  const first = read(start)
  const operands = [first]
  while (takeKeys(cursor, kind === 'or' ? 'OR' : 'AND')) operands.push(read())
  return operands.length === 1 ? first : { kind, at: first.at, operands }
}

function readNot(cursor: TokenCursor, start?: ParsedPart): Expression {
  const places: number[] = []
  while (!start && sees(cursor, 'NOT')) places.push(advance(cursor).at)
  let expression = readPredicate(cursor, start)
  for (const at of places.reverse()) expression = { kind: 'not', at, operand: expression }
  return expression
}

const comparisons: { readonly [key: string]: ComparisonOperator } = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

/** A value with at most one predicate behind it: comparisons have no chains. */
function readPredicate(cursor: TokenCursor, start?: ParsedPart): Expression {
  const operand = readOperand(cursor, start)
  const { at } = operand
  const operator = comparisons[peek(cursor).key]
  if (operator) return readComparison(cursor, operand, operator)
  if (takeKeys(cursor, 'IS')) return readIs(cursor, operand)
  const isNot = sees(cursor, 'NOT') && seesOneOf(cursor, ['BETWEEN', 'IN', 'LIKE'], 1)
  if (isNot) advance(cursor)
  if (takeKeys(cursor, 'BETWEEN')) {
    const low = readOperand(cursor)
    expect(cursor, 'AND')
    return { kind: 'between', at, isNot, operand, low, high: readOperand(cursor) }
  }
  if (takeKeys(cursor, 'LIKE')) {
    const pattern = readOperand(cursor)
    const like = { kind: 'like', at, isNot, operand, pattern } as const
    return takeKeys(cursor, 'ESCAPE') ? { ...like, escape: readOperand(cursor) } : like
  }
  if (!takeKeys(cursor, 'IN')) return operand
  const group = readParenthesized(cursor, readGroup)
  if (group.query && group.isCertain) return { kind: 'in query', at, isNot, operand, query: group.query }
  return { kind: 'in list', at, isNot, operand, items: group.items }
}

function readIs(cursor: TokenCursor, operand: Expression): Expression {
  const { at } = operand
  const isNot = takeKeys(cursor, 'NOT')
  if (takeKeys(cursor, 'NULL')) return { kind: 'is null', at, isNot, operand }
  if (takeKeys(cursor, 'DISTINCT', 'FROM'))
    return { kind: 'is distinct', at, isNot, left: operand, right: readOperand(cursor) }
  throw mismatch(cursor, ...(isNot ? [] : ['NOT']), 'NULL', 'DISTINCT FROM')
}

function readComparison(cursor: TokenCursor, left: Expression, operator: ComparisonOperator): Expression {
  const { at } = left
  advance(cursor)
  if (!seesOneOf(cursor, ['ALL', 'ANY', 'SOME']) || peek(cursor, 1).key !== '(')
    return { kind: 'comparison', at, operator, left, right: readOperand(cursor) }
  const word = advance(cursor)
  const group = readParenthesized(cursor, readGroup)
  if (!group.query || !group.isCertain)
    refuse(word, `${word.key} takes a query: ${operator} ${word.key} (SELECT …)`)
  const quantifier = word.key === 'ALL' ? 'all' : 'any'
  return { kind: 'quantified', at, operator, quantifier, operand: left, query: group.query }
}

/** `a || b`, the loosest operator of values; then `+ -`, then `* / %`, each from the left. */
function readOperand(cursor: TokenCursor, start?: ParsedPart): Expression {
  if (start?.kind === 'value') return start.expression
  let left = readSum(cursor, start)
  while (takeKeys(cursor, '||')) left = { kind: 'concat', at: left.at, left, right: readSum(cursor) }
  return left
}

function readSum(cursor: TokenCursor, start?: ParsedPart): Expression {
  let left = readProduct(cursor, start)
  for (;;) {
    const operator = takeOperator(cursor, ['+', '-'] as const)
    if (!operator) return left
    left = { kind: 'arithmetic', at: left.at, operator, left, right: readProduct(cursor) }
  }
}

function readProduct(cursor: TokenCursor, start?: ParsedPart): Expression {
  let left = readSigned(cursor, start)
  for (;;) {
    const operator = takeOperator(cursor, ['*', '/', '%'] as const)
    if (!operator) return left
    left = { kind: 'arithmetic', at: left.at, operator, left, right: readSigned(cursor) }
  }
}

function takeOperator<T extends string>(cursor: TokenCursor, operators: readonly T[]): T | undefined {
  const { key } = peek(cursor)
  const operator = operators.find((known) => known === key)
  if (operator) advance(cursor)
  return operator
}

/** Signs, and what they stand before. A minus before an integer belongs to the literal: only so is there -9223372036854775808. */
function readSigned(cursor: TokenCursor, start?: ParsedPart): Expression {
  const signs = []
  while (!start && seesOneOf(cursor, ['+', '-'])) signs.push(advance(cursor))
  let operand: Expression
  const last = signs.at(-1)
  if (last?.key === '-' && peek(cursor).kind === 'integer') {
    signs.pop()
    const digits = signedDigits(advance(cursor), true)
    const expression: Expression = { kind: 'integer', at: last.at, digits }
    operand = readZone(cursor, { kind: 'primary', expression })
  } else operand = readZone(cursor, start)
  for (const { key, at } of signs.reverse()) {
    if (key === '-') operand = { kind: 'negate', at, operand }
    // A plus changes nothing, but it wants a number: two minuses say the same.
    else if (!isNumber(operand)) operand = { kind: 'negate', at, operand: { kind: 'negate', at, operand } }
  }
  return operand
}

const isNumber = ({ kind }: Expression) => kind === 'integer' || kind === 'decimal' || kind === 'double'

function readZone(cursor: TokenCursor, start?: ParsedPart): Expression {
  let operand = readPostfix(cursor, start)
  while (takeKeys(cursor, 'AT', 'TIME', 'ZONE')) {
    const token = peek(cursor)
    const isInterval = token.key === 'INTERVAL'
    if (!isInterval && !isString(token)) throw mismatch(cursor, "a zone's name in '…'", 'INTERVAL')
    const zone: Expression = isInterval
      ? readPrimary(cursor)
      : { kind: 'string', at: token.at, value: readTextLiteral(cursor) }
    if (isInterval && zone.kind !== 'interval') refuse(token, "an interval is written INTERVAL '2' HOUR")
    operand = { kind: 'at time zone', at: operand.at, operand, zone }
  }
  return operand
}

/** A primary with its subscripts and fields: `a.b[1].c`. A `.*` behind it is left to the list of SELECT. */
export function readPostfix(cursor: TokenCursor, start?: ParsedPart): Expression {
  let base = start?.expression ?? readPrimary(cursor)
  for (;;) {
    const { at } = base
    if (takeKeys(cursor, '[')) {
      const index = nested(cursor, () => readOperand(cursor))
      expect(cursor, ']')
      base = { kind: 'subscript', at, base, index }
    } else if (sees(cursor, '.') && !sees(cursor, '.', '*')) {
      advance(cursor)
      if (!seesName(cursor)) throw mismatch(cursor, 'a name')
      base = { kind: 'dereference', at, base, field: readName(cursor) }
      if (sees(cursor, '(')) throw mismatch(cursor, 'an operator')
    } else return base
  }
}
