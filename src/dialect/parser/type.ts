import type { IntervalField, TypeSyntax } from '../syntax.ts'
import {
  advance,
  expect,
  mismatch,
  nested,
  peek,
  readList,
  readName,
  readParenthesized,
  refuse,
  sees,
  seesName,
  seesOneOf,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'
import { signedDigits } from './literal.ts'

export const intervalFields: readonly string[] = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND']

export function readType(cursor: TokenCursor): TypeSyntax {
  let type = nested(cursor, () => readBaseType(cursor))
  // `integer ARRAY`, `integer ARRAY[3]`
  while (sees(cursor, 'ARRAY')) {
    advance(cursor)
    type = { kind: 'array', at: type.at, items: type }
    if (sees(cursor, '[')) refuse(peek(cursor), 'the length of an array is not supported; write ARRAY alone')
  }
  return type
}

function readBaseType(cursor: TokenCursor): TypeSyntax {
  const token = peek(cursor)
  const { at } = token
  if (sees(cursor, 'ROW', '(')) {
    advance(cursor)
    return { kind: 'row', at, fields: readParenthesized(cursor, () => readList(cursor, readRowField)) }
  }
  if (sees(cursor, 'INTERVAL') && seesOneOf(cursor, intervalFields, 1)) {
    advance(cursor)
    const from = readIntervalField(cursor)
    const to = takeKeys(cursor, 'TO') ? readIntervalField(cursor) : undefined
    return { kind: 'name', at, name: `interval ${from}${to ? ` to ${to}` : ''}`, parameters: [] }
  }
  if (takeKeys(cursor, 'DOUBLE', 'PRECISION')) return { kind: 'name', at, name: 'double', parameters: [] }
  if (seesOneOf(cursor, ['TIME', 'TIMESTAMP'])) return readTime(cursor)
  if (takeKeys(cursor, 'ARRAY', '<')) {
    const items = readType(cursor)
    expect(cursor, '>')
    return { kind: 'array', at, items }
  }
  if (takeKeys(cursor, 'MAP', '<')) {
    const key = readType(cursor)
    expect(cursor, ',')
    const value = readType(cursor)
    expect(cursor, '>')
    return { kind: 'map', at, key, value }
  }
  if (sees(cursor, 'STRUCT', '<')) refuse(token, 'a type of a record is written ROW(a integer, b varchar)')
  if (!seesName(cursor)) throw mismatch(cursor, 'a type')
  return readNamedType(cursor)
}

function readTime(cursor: TokenCursor): TypeSyntax {
  const { at, text } = advance(cursor)
  const parameters = sees(cursor, '(') ? [readParenthesized(cursor, readLength)] : []
  const name = text.toLowerCase()
  if (takeKeys(cursor, 'WITHOUT', 'TIME', 'ZONE') || !takeKeys(cursor, 'WITH', 'TIME', 'ZONE'))
    return { kind: 'name', at, name, parameters }
  return { kind: 'name', at, name: `${name} with time zone`, parameters }
}

/** `varchar`, `decimal(5, 2)`, `array(T)`, `map(K, V)`. */
function readNamedType(cursor: TokenCursor): TypeSyntax {
  const token = peek(cursor)
  const { name: written, at } = readName(cursor)
  const name = written.toLowerCase()
  if (name === 'array' && sees(cursor, '('))
    return { kind: 'array', at, items: readParenthesized(cursor, readType) }
  if (name === 'map' && takeKeys(cursor, '(')) {
    const key = readType(cursor)
    expect(cursor, ',')
    const value = readType(cursor)
    expect(cursor, ')')
    return { kind: 'map', at, key, value }
  }
  if (!takeKeys(cursor, '(')) return { kind: 'name', at, name, parameters: [] }
  if (seesName(cursor)) refuse(token, `the type ${name}(…) is not supported here`)
  const parameters = readList(cursor, readLength)
  expect(cursor, ')')
  return { kind: 'name', at, name, parameters }
}

const lengthMax = 2_147_483_647

function readLength(cursor: TokenCursor): number {
  const token = peek(cursor)
  if (token.kind !== 'integer') throw mismatch(cursor, 'an integer')
  advance(cursor)
  const length = Number(signedDigits(token, false))
  if (length > lengthMax) refuse(token, `a length is at most ${lengthMax}`)
  return length
}

/** `varchar`, or `name varchar`. A word with a type behind it is a name, unless both together are a type. */
function readRowField(cursor: TokenCursor) {
  const isNamed = seesName(cursor) && seesName(cursor, 1) && !isTypeOfTwoWords(cursor)
  return isNamed ? { name: readName(cursor), type: readType(cursor) } : { type: readType(cursor) }
}

function isTypeOfTwoWords(cursor: TokenCursor): boolean {
  const { key } = peek(cursor, 1)
  if (key === 'ARRAY') return !seesOneOf(cursor, ['(', '<'], 2)
  if (key === 'WITHOUT') return seesOneOf(cursor, ['TIME', 'TIMESTAMP']) && peek(cursor, 2).key === 'TIME'
  return sees(cursor, 'DOUBLE', 'PRECISION') || (sees(cursor, 'INTERVAL') && intervalFields.includes(key))
}

const fields: { readonly [key: string]: IntervalField } = {
  YEAR: 'year',
  MONTH: 'month',
  DAY: 'day',
  HOUR: 'hour',
  MINUTE: 'minute',
  SECOND: 'second',
}

export function readIntervalField(cursor: TokenCursor): IntervalField {
  const field = fields[peek(cursor).key]
  if (!field) throw mismatch(cursor, ...intervalFields)
  advance(cursor)
  return field
}
