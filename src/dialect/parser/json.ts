import type { Expression } from '../syntax.ts'
import {
  advance,
  expect,
  mismatch,
  peek,
  readExpression,
  refuse,
  sees,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'
import { readTextLiteral } from './literal.ts'
import { readType } from './type.ts'

type JsonFunction = Extract<Expression, { kind: 'json function' }>
const names: { readonly [key: string]: JsonFunction['name'] } = {
  JSON_EXISTS: 'json_exists',
  JSON_VALUE: 'json_value',
  JSON_QUERY: 'json_query',
}

/** The options that may stand behind each path, in their order: of each list at most one. */
const optionLists: { readonly [name in JsonFunction['name']]: readonly (readonly string[])[] } = {
  json_exists: [['TRUE ON ERROR', 'FALSE ON ERROR', 'UNKNOWN ON ERROR', 'ERROR ON ERROR']],
  json_value: [
    ['ERROR ON EMPTY', 'NULL ON EMPTY'],
    ['ERROR ON ERROR', 'NULL ON ERROR'],
  ],
  json_query: [
    [
      'WITHOUT WRAPPER',
      'WITHOUT ARRAY WRAPPER',
      'WITH WRAPPER',
      'WITH ARRAY WRAPPER',
      'WITH CONDITIONAL WRAPPER',
      'WITH CONDITIONAL ARRAY WRAPPER',
      'WITH UNCONDITIONAL WRAPPER',
      'WITH UNCONDITIONAL ARRAY WRAPPER',
    ],
    ['KEEP QUOTES ON SCALAR STRING', 'OMIT QUOTES ON SCALAR STRING', 'KEEP QUOTES', 'OMIT QUOTES'],
    ['ERROR ON EMPTY', 'NULL ON EMPTY', 'EMPTY ARRAY ON EMPTY', 'EMPTY OBJECT ON EMPTY'],
    ['ERROR ON ERROR', 'NULL ON ERROR', 'EMPTY ARRAY ON ERROR', 'EMPTY OBJECT ON ERROR'],
  ],
}

/** `JSON_VALUE(input, 'path' [RETURNING type] [NULL ON EMPTY] …)` and the like. */
export function readJsonFunction(cursor: TokenCursor): Expression {
  const token = advance(cursor)
  const name = names[token.key] ?? 'json_value'
  expect(cursor, '(')
  const input = readExpression(cursor)
  readFormat(cursor)
  expect(cursor, ',')
  const path = readTextLiteral(cursor)
  if (sees(cursor, 'AS') || sees(cursor, 'PASSING'))
    refuse(peek(cursor), 'PASSING and names of paths are not supported; write the values into the path')
  const returning = name !== 'json_exists' && takeKeys(cursor, 'RETURNING') ? readType(cursor) : undefined
  if (returning) readFormat(cursor)
  const options = optionLists[name].flatMap((list) => {
    if (sees(cursor, 'DEFAULT')) refuse(peek(cursor), 'DEFAULT is not supported here; use COALESCE around it')
    const option = list.find((known) => takeKeys(cursor, ...known.split(' ')))
    return option === undefined ? [] : [option]
  })
  if (!takeKeys(cursor, ')')) throw mismatch(cursor, ')', ...optionLists[name].flat().slice(0, 4))
  return { kind: 'json function', at: token.at, name, input, path, ...(returning && { returning }), options }
}

/** `FORMAT JSON` is what every input and result has; with an encoding the input is bytes. */
function readFormat(cursor: TokenCursor): void {
  if (!takeKeys(cursor, 'FORMAT')) return
  expect(cursor, 'JSON')
  if (sees(cursor, 'ENCODING')) refuse(peek(cursor), 'ENCODING is not supported; use from_utf8 for bytes')
}
