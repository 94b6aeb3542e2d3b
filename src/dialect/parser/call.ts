import type { Token } from '../lexer.ts'
import type { Expression, FunctionCall, Identifier } from '../syntax.ts'
import {
  advance,
  expect,
  isName,
  mismatch,
  peek,
  readExpression,
  readList,
  readName,
  readOperand,
  readParenthesized,
  refuse,
  sees,
  seesName,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'
import { seesLimit } from './group.ts'
import { isString, readTextLiteral } from './literal.ts'
import { readOrderBy, readWindow } from './window.ts'

/** Reads what follows a function's name. */
export function readCall(cursor: TokenCursor, names: readonly Identifier[], first?: Expression): Expression {
  const name = names.map((part) => part.name.toLowerCase()).join('.')
  const call = { kind: 'call', at: names[0]?.at ?? 0, name, ...plain } as const
  if (!first) expect(cursor, '(')
  if (takeKeys(cursor, '*')) {
    expect(cursor, ')')
    return { ...call, isStar: true, ...readFilter(cursor), ...readOver(cursor) }
  }
  if (seesName(cursor) && peek(cursor, 1).key === '.' && peek(cursor, 2).key === '*')
    refuse(peek(cursor), 'a star with a name before it is no argument; write count(*)')
  const quantifier = first ? undefined : readQuantifier(cursor)
  const hasArguments = first || quantifier || !(sees(cursor, ')') || sees(cursor, 'ORDER'))
  const args = hasArguments ? readArguments(cursor, first) : []
  const orderBy = readOrderBy(cursor)
  if (!takeKeys(cursor, ')')) throw mismatch(cursor, ',', ')')
  const filter = readFilter(cursor)
  const nulls = readNullTreatment(cursor)
  const over = readOver(cursor)
  if (nulls && !over.over) throw mismatch(cursor, 'OVER')
  const isDistinct = quantifier === 'DISTINCT'
  const whole = { ...call, isDistinct, arguments: args, orderBy, ...filter, ...nulls, ...over }
  return checkForm(whole, peek(cursor))
}

const plain = { arguments: [], isStar: false, isDistinct: false, orderBy: [] } as const

function readArguments(cursor: TokenCursor, first?: Expression): Expression[] {
  if (!first) return readList(cursor, readExpression)
  return takeKeys(cursor, ',') ? [first, ...readList(cursor, readExpression)] : [first]
}

/** The arguments that Trino's parser wants of these, which are forms of the language and not functions. */
const forms: { readonly [name: string]: readonly [min: number, max: number] } = {
  if: [2, 3],
  nullif: [2, 2],
  coalesce: [2, Number.POSITIVE_INFINITY],
  try: [1, 1],
  format: [2, Number.POSITIVE_INFINITY],
}

function checkForm(call: FunctionCall, token: Token): Expression {
  const bounds = forms[call.name]
  if (!bounds) return call
  const [min, max] = bounds
  const count = call.arguments.length
  const wanted = max === min ? `${min}` : max > 3 ? `at least ${min}` : `${min} or ${max}`
  if (count < min || count > max)
    refuse(
      { ...token, at: call.at },
      `${call.name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`,
    )
  if (call.over || call.filter || call.isDistinct || call.orderBy.length > 0)
    refuse({ ...token, at: call.at }, `${call.name} takes neither DISTINCT nor ORDER BY, FILTER or OVER`)
  const [operand] = call.arguments
  return call.name === 'try' && operand ? { kind: 'try', at: call.at, operand } : call
}

/** DISTINCT, or ALL where an expression follows: `all` is a name too. */
export function readQuantifier(cursor: TokenCursor): 'DISTINCT' | 'ALL' | undefined {
  if (takeKeys(cursor, 'DISTINCT')) return 'DISTINCT'
  if (!sees(cursor, 'ALL') || !startsExpression(peek(cursor, 1))) return undefined
  advance(cursor)
  return 'ALL'
}

const expressionWords =
  `NULL TRUE FALSE CASE CAST EXISTS EXTRACT TRIM NORMALIZE LISTAGG GROUPING NOT CURRENT_DATE CURRENT_TIME
  CURRENT_TIMESTAMP CURRENT_USER CURRENT_CATALOG CURRENT_SCHEMA CURRENT_PATH LOCALTIME LOCALTIMESTAMP JSON_EXISTS JSON_VALUE
  JSON_QUERY JSON_OBJECT JSON_ARRAY`.split(/\s+/)
const startingKeys: ReadonlySet<string> = new Set(['(', '-', '+', '?', ...expressionWords])
const startingKinds: ReadonlySet<string> = new Set([
  'string',
  'unicode string',
  'binary',
  'integer',
  'decimal',
  'double',
])

export const startsExpression = (token: Token): boolean =>
  isName(token) || startingKeys.has(token.key) || startingKinds.has(token.kind)

function readFilter(cursor: TokenCursor): { readonly filter?: Expression } {
  if (!takeKeys(cursor, 'FILTER', '(')) return {}
  expect(cursor, 'WHERE')
  const filter = readExpression(cursor)
  expect(cursor, ')')
  return { filter }
}

function readNullTreatment(
  cursor: TokenCursor,
): { readonly nullTreatment: 'ignore' | 'respect' } | undefined {
  if (takeKeys(cursor, 'IGNORE', 'NULLS')) return { nullTreatment: 'ignore' }
  if (takeKeys(cursor, 'RESPECT', 'NULLS')) return { nullTreatment: 'respect' }
  return undefined
}

function readOver(cursor: TokenCursor): Pick<FunctionCall, 'over'> {
  if (!sees(cursor, 'OVER')) return {}
  if (peek(cursor, 1).key === '(') {
    advance(cursor)
    return { over: readParenthesized(cursor, readWindow) }
  }
  if (!seesName(cursor, 1)) return {}
  cursor.index++
  if (!seesLimit(cursor)) return { over: readName(cursor) }
  // `SELECT count(*) over LIMIT 1`: an alias.
  cursor.index--
  return {}
}

/** `listagg([DISTINCT] x [, 'separator'] [ON OVERFLOW …]) WITHIN GROUP (ORDER BY …)` */
export function readListagg(cursor: TokenCursor): Expression {
  const { at } = expect(cursor, 'LISTAGG')
  expect(cursor, '(')
  const quantifier = readQuantifier(cursor)
  const args = [readExpression(cursor)]
  if (takeKeys(cursor, ','))
    args.push({ kind: 'string', at: peek(cursor).at, value: readTextLiteral(cursor) })
  const overflow = takeKeys(cursor, 'ON', 'OVERFLOW') ? readOverflow(cursor) : undefined
  expect(cursor, ')')
  expect(cursor, 'WITHIN', 'GROUP', '(')
  if (!sees(cursor, 'ORDER')) throw mismatch(cursor, 'ORDER')
  const orderBy = readOrderBy(cursor)
  expect(cursor, ')')
  return {
    kind: 'call',
    at,
    name: 'listagg',
    ...plain,
    isDistinct: quantifier === 'DISTINCT',
    arguments: args,
    orderBy,
    ...readFilter(cursor),
    ...(overflow && { overflow }),
  }
}

function readOverflow(cursor: TokenCursor): 'error' | 'truncate' {
  if (takeKeys(cursor, 'ERROR')) return 'error'
  if (!takeKeys(cursor, 'TRUNCATE')) throw mismatch(cursor, 'ERROR', 'TRUNCATE')
  if (isString(peek(cursor))) readTextLiteral(cursor)
  if (!takeKeys(cursor, 'WITH', 'COUNT') && !takeKeys(cursor, 'WITHOUT', 'COUNT'))
    throw mismatch(cursor, 'WITH COUNT', 'WITHOUT COUNT')
  return 'truncate'
}

/** Functions with a syntax of their own: TRIM, NORMALIZE, POSITION, SUBSTRING. */
export function readSpecialForm(cursor: TokenCursor): Expression {
  const token = advance(cursor)
  if (token.key === 'TRIM') return readTrim(cursor, token)
  if (token.key === 'NORMALIZE') return readNormalize(cursor, token)
  const name = { name: token.key.toLowerCase(), at: token.at }
  // Arguments without a value to begin with are those of any call.
  if (!startsExpression(peek(cursor, 1)) || seesQuantifier(cursor) || peek(cursor, 1).key === 'NOT')
    return readCall(cursor, [name])
  expect(cursor, '(')
  const value = readOperand(cursor)
  if (token.key === 'POSITION' && takeKeys(cursor, 'IN')) {
    const text = readOperand(cursor)
    expect(cursor, ')')
    return { kind: 'call', at: token.at, name: 'strpos', ...plain, arguments: [text, value] }
  }
  if (token.key === 'SUBSTRING' && takeKeys(cursor, 'FROM')) {
    const from = readOperand(cursor)
    const args = takeKeys(cursor, 'FOR') ? [value, from, readOperand(cursor)] : [value, from]
    expect(cursor, ')')
    return { kind: 'call', at: token.at, name: 'substring', ...plain, arguments: args }
  }
  return readCall(cursor, [name], readExpression(cursor, { kind: 'value', expression: value }))
}

const seesQuantifier = (cursor: TokenCursor) =>
  peek(cursor, 1).key === 'ALL' && startsExpression(peek(cursor, 2))

function readTrim(cursor: TokenCursor, { at }: Token): Expression {
  expect(cursor, '(')
  const side = readSide(cursor)
  if (side && takeKeys(cursor, 'FROM')) {
    const operand = readOperand(cursor)
    expect(cursor, ')')
    return { kind: 'trim', at, side, operand }
  }
  const value = readOperand(cursor)
  if (takeKeys(cursor, 'FROM')) {
    const operand = readOperand(cursor)
    expect(cursor, ')')
    return { kind: 'trim', at, side: side ?? 'both', characters: value, operand }
  }
  if (side) throw mismatch(cursor, 'FROM')
  const characters = takeKeys(cursor, ',') ? readOperand(cursor) : undefined
  if (!takeKeys(cursor, ')')) throw mismatch(cursor, 'FROM', ')')
  if (characters) return { kind: 'trim', at, side: 'both', characters, operand: value }
  return { kind: 'call', at, name: 'trim', ...plain, arguments: [value] }
}

const sides: { readonly [key: string]: 'leading' | 'trailing' | 'both' } = {
  LEADING: 'leading',
  TRAILING: 'trailing',
  BOTH: 'both',
}

/** LEADING, TRAILING or BOTH, where it is no name of a column: then characters or FROM follow. */
function readSide(cursor: TokenCursor) {
  const side = sides[peek(cursor).key]
  const next = peek(cursor, 1)
  if (!side || !(next.key === 'FROM' || startsExpression(next))) return undefined
  advance(cursor)
  return side
}

const normalForms: readonly string[] = ['NFC', 'NFD', 'NFKC', 'NFKD']

function readNormalize(cursor: TokenCursor, { at }: Token): Expression {
  expect(cursor, '(')
  const args = [readOperand(cursor)]
  if (takeKeys(cursor, ',')) {
    const form = peek(cursor)
    if (!normalForms.includes(form.key)) throw mismatch(cursor, ...normalForms)
    advance(cursor)
    args.push({ kind: 'string', at: form.at, value: form.key })
  }
  expect(cursor, ')')
  return { kind: 'call', at, name: 'normalize', ...plain, arguments: args }
}
