import type { Token } from '../lexer.ts'
import type { Expression, Identifier } from '../syntax.ts'
import { readCall, readListagg, readSpecialForm } from './call.ts'
import {
  advance,
  expect,
  isName,
  mismatch,
  nested,
  peek,
  readExpression,
  readList,
  readName,
  readOperand,
  readParenthesized,
  readQualifiedName,
  refuse,
  sees,
  seesName,
  seesOneOf,
  type TokenCursor,
  takeKeys,
  toIdentifier,
} from './cursor.ts'
import { expressionOf, readGroup, seesLambda } from './group.ts'
import { readJsonFunction } from './json.ts'
import { bytesOf, isString, readTextLiteral, signedDigits } from './literal.ts'
import { intervalFields, readIntervalField, readType } from './type.ts'

/** An expression without operators around it. */
export function readPrimary(cursor: TokenCursor): Expression {
  const token = peek(cursor)
  const { at, text, key } = token
  if (isString(token)) return { kind: 'string', at, value: readTextLiteral(cursor) }
  switch (token.kind) {
    case 'binary':
      return { kind: 'binary', at, bytes: bytesOf(advance(cursor)) }
    case 'integer':
      return { kind: 'integer', at, digits: signedDigits(advance(cursor), false) }
    case 'decimal':
      advance(cursor)
      return { kind: 'decimal', at, text: text.replaceAll('_', '') }
    case 'double':
      advance(cursor)
      return { kind: 'double', at, text }
    case 'symbol':
      if (key === '(') return readParentheses(cursor)
      if (key === '?') refuse(token, 'parameters (?) are not supported; write the value into the statement')
      throw mismatch(cursor, 'an expression')
    default:
      return readReserved(cursor, token) ?? readNamed(cursor, token)
  }
}

function readParentheses(cursor: TokenCursor): Expression {
  const { at } = peek(cursor)
  if (!seesLambda(cursor)) return expressionOf(readParenthesized(cursor, readGroup), at)
  const parameters = readParenthesized(cursor, () => (sees(cursor, ')') ? [] : readList(cursor, readName)))
  expect(cursor, '->')
  return { kind: 'lambda', at, parameters, body: readExpression(cursor) }
}

/** What begins with a word that is no name. */
function readReserved(cursor: TokenCursor, token: Token): Expression | undefined {
  const { at, key } = token
  switch (key) {
    case 'NULL':
      advance(cursor)
      return { kind: 'null', at }
    case 'TRUE':
    case 'FALSE':
      advance(cursor)
      return { kind: 'boolean', at, value: key === 'TRUE' }
    case 'CASE':
      return readCase(cursor)
    case 'CAST':
      return readCast(cursor)
    case 'EXISTS':
      advance(cursor)
      return { kind: 'exists', at, query: readParenthesized(cursor, cursor.queries.read) }
    case 'EXTRACT':
      return nested(cursor, () => readExtract(cursor))
    case 'GROUPING':
      return readGrouping(cursor)
    case 'LISTAGG':
      return readListagg(cursor)
    case 'TRIM':
    case 'NORMALIZE':
      return nested(cursor, () => readSpecialForm(cursor))
    case 'JSON_EXISTS':
    case 'JSON_VALUE':
    case 'JSON_QUERY':
      return readJsonFunction(cursor)
    case 'JSON_OBJECT':
    case 'JSON_ARRAY':
      refuse(token, `${key} is not supported; use CAST(map or array AS JSON)`)
      break
    case 'CURRENT_TIME':
    case 'CURRENT_TIMESTAMP':
    case 'LOCALTIME':
    case 'LOCALTIMESTAMP':
      return readClock(cursor)
    case 'CURRENT_DATE':
    case 'CURRENT_USER':
    case 'CURRENT_CATALOG':
    case 'CURRENT_SCHEMA':
    case 'CURRENT_PATH':
      advance(cursor)
      return { kind: 'special', at, name: key.toLowerCase() }
  }
  return undefined
}

/** What begins with a name, or with a word that may be one. */
function readNamed(cursor: TokenCursor, token: Token): Expression {
  const { at, key } = token
  if (!isName(token)) throw mismatch(cursor, 'an expression')
  const next = peek(cursor, 1)
  if (key === 'INTERVAL') {
    const interval = readInterval(cursor)
    if (interval) return interval
  }
  if (isString(next)) {
    if (key === 'X') refuse(token, "there is no space between X and the quote of X'…'")
    const name = readName(cursor).name.toLowerCase()
    const type = { kind: 'name', at, name, parameters: [] } as const
    return { kind: 'typed literal', at, type, value: readTextLiteral(cursor) }
  }
  if (next.key === '->') {
    const parameters = [readName(cursor)]
    advance(cursor)
    return { kind: 'lambda', at, parameters, body: readExpression(cursor) }
  }
  if (key === 'DOUBLE' && next.key === 'PRECISION' && isString(peek(cursor, 2))) {
    const type = readType(cursor)
    return { kind: 'typed literal', at, type, value: readTextLiteral(cursor) }
  }
  if (key === 'ARRAY' && next.key === '[') {
    cursor.index += 2
    const items = sees(cursor, ']') ? [] : readList(cursor, readExpression)
    expect(cursor, ']')
    return { kind: 'array', at, items }
  }
  if (next.key === '(') {
    if (key === 'ROW') {
      advance(cursor)
      return { kind: 'row', at, items: readParenthesized(cursor, () => readList(cursor, readExpression)) }
    }
    if (key === 'TRY_CAST') return readCast(cursor)
    if (key === 'POSITION' || key === 'SUBSTRING') return nested(cursor, () => readSpecialForm(cursor))
  }
  if ((key === 'RUNNING' || key === 'FINAL') && seesName(cursor, 1) && peek(cursor, 2).key === '(')
    refuse(token, `${key} is for MATCH_RECOGNIZE, which is not supported; use window functions`)
  return readColumnOrCall(cursor)
}

/** `a.b.c`, or `a.b.c(…)`: only the parenthesis behind the last name tells. */
function readColumnOrCall(cursor: TokenCursor): Expression {
  let distance = 1
  while (peek(cursor, distance).key === '.' && seesName(cursor, distance + 1)) distance += 2
  if (peek(cursor, distance).key === '(') return readCall(cursor, readQualifiedName(cursor))
  if (peek(cursor, distance).key === '=>') {
    cursor.index += distance
    throw mismatch(cursor, 'an operator')
  }
  const token = advance(cursor)
  if (sees(cursor, 'OVER', '('))
    refuse(peek(cursor), 'OVER stands behind a function’s arguments; measures of windows are not supported')
  const name = toIdentifier(token)
  return { kind: 'column', at: name.at, name }
}

function readCase(cursor: TokenCursor): Expression {
  const { at } = expect(cursor, 'CASE')
  const operand = sees(cursor, 'WHEN') ? undefined : readExpression(cursor)
  const branches = []
  do {
    expect(cursor, 'WHEN')
    const when = readExpression(cursor)
    expect(cursor, 'THEN')
    // biome-ignore lint/suspicious/noThenProperty: it is a part of the tree, which nobody awaits
    branches.push({ when, then: readExpression(cursor) })
  } while (sees(cursor, 'WHEN'))
  const otherwise = takeKeys(cursor, 'ELSE') ? readExpression(cursor) : undefined
  if (!takeKeys(cursor, 'END')) throw mismatch(cursor, ...(otherwise ? ['END'] : ['WHEN', 'ELSE', 'END']))
  return { kind: 'case', at, ...(operand && { operand }), branches, ...(otherwise && { otherwise }) }
}

function readCast(cursor: TokenCursor): Expression {
  const { at, key } = advance(cursor)
  expect(cursor, '(')
  const operand = readExpression(cursor)
  expect(cursor, 'AS')
  const type = readType(cursor)
  expect(cursor, ')')
  return { kind: 'cast', at, isTry: key === 'TRY_CAST', operand, type }
}

const extractFields =
  `year quarter month week day day_of_month day_of_week dow day_of_year doy year_of_week yow hour minute
  second timezone_minute timezone_hour`.split(/\s+/)

function readExtract(cursor: TokenCursor): Expression {
  const { at } = expect(cursor, 'EXTRACT')
  expect(cursor, '(')
  if (isString(peek(cursor))) throw mismatch(cursor, 'a field such as YEAR without quotes')
  const token = peek(cursor)
  const field = readName(cursor).name.toLowerCase()
  if (!extractFields.includes(field)) refuse(token, `EXTRACT takes one of ${extractFields.join(', ')}`)
  expect(cursor, 'FROM')
  const operand = readOperand(cursor)
  expect(cursor, ')')
  return { kind: 'extract', at, field, operand }
}

function readGrouping(cursor: TokenCursor): Expression {
  const { at } = expect(cursor, 'GROUPING')
  const read = () => {
    const [first, ...rest] = readQualifiedName(cursor)
    return first ? columnOf([first, ...rest]) : readExpression(cursor)
  }
  const columns = readParenthesized(cursor, () => readList(cursor, read))
  return { kind: 'grouping', at, arguments: columns }
}

function readClock(cursor: TokenCursor): Expression {
  const { at, key } = advance(cursor)
  const name = key.toLowerCase()
  if (!sees(cursor, '(')) return { kind: 'special', at, name }
  const precision = readParenthesized(cursor, () => {
    const token = peek(cursor)
    if (token.kind !== 'integer') throw mismatch(cursor, 'an integer')
    const digits = Number(signedDigits(advance(cursor), false))
    if (digits > 12) refuse(token, `${key} has at most 12 digits of a second`)
    return digits
  })
  return { kind: 'special', at, name, precision }
}

/** `INTERVAL [+|-] '…' field [TO field]`, or nothing where `interval` is a name here. */
function readInterval(cursor: TokenCursor): Expression | undefined {
  const token = peek(cursor)
  const { at } = token
  const next = peek(cursor, 1)
  if (['integer', 'decimal', 'double'].includes(next.kind))
    refuse(next, `the number of an interval stands in quotes: INTERVAL '${next.text.slice(0, 20)}' DAY`)
  const isSigned = next.key === '-' || next.key === '+'
  const isText = isString(peek(cursor, isSigned ? 2 : 1))
  if (!isText || (isSigned && !seesOneOf(cursor, intervalFields, 3))) return undefined
  cursor.index += isSigned ? 2 : 1
  const value = readTextLiteral(cursor)
  if (!seesOneOf(cursor, intervalFields))
    refuse(
      peek(cursor),
      "an interval takes one of YEAR, MONTH, DAY, HOUR, MINUTE, SECOND behind its number: INTERVAL '7' DAY",
    )
  const from = readIntervalField(cursor)
  const interval = { kind: 'interval', at, value, isNegative: next.key === '-', from } as const
  if (!sees(cursor, 'TO') || !seesOneOf(cursor, intervalFields, 1)) return interval
  advance(cursor)
  return { ...interval, to: readIntervalField(cursor) }
}

/** `a.b.c` as an expression. */
function columnOf([first, ...rest]: readonly [Identifier, ...Identifier[]]): Expression {
  const { at } = first
  let column: Expression = { kind: 'column', at, name: first }
  for (const field of rest) column = { kind: 'dereference', at, base: column, field }
  return column
}
