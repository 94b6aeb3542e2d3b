import { StatementError } from './failure.ts'

export type TokenKind =
  /** A keyword or a name without quotes; `key` has it in capitals. */
  | 'word'
  | 'quoted name'
  | 'backquoted name'
  /** A name that begins with a digit. */
  | 'digit name'
  | 'string'
  | 'unicode string'
  | 'binary'
  | 'integer'
  | 'decimal'
  | 'double'
  /** An operator or a mark; `key` has it. */
  | 'symbol'
  | 'end'

export type Token = {
  readonly kind: TokenKind
  /** Where the token begins and ends in the statement, in UTF-16 code units. */
  readonly at: number
  readonly end: number
  /** As written. */
  readonly text: string
  /** What a parser compares: a word in capitals, a symbol; empty for other tokens. */
  readonly key: string
}

/** Counts the work of reading a statement: characters looked at, tokens looked at. Tests compare it; nothing else reads it. */
export type WorkMeter = { steps: number }

/** Athena's own bound: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html. */
export const statementBytesMax = 262_144
export const tokensMax = 100_000

/**
 * The tokens of a statement as Trino's lexer reads them, comments and white space left out, and `end` as the last. It throws a
 * StatementError where a character belongs to no token, where a quote or a comment is not closed, and for a statement that is too long.
 */
export function tokenize(sql: string, meter: WorkMeter = { steps: 0 }): readonly Token[] {
  if (Buffer.byteLength(sql) > statementBytesMax)
    throw new StatementError(
      0,
      `the statement is longer than ${statementBytesMax} bytes, which is the most that Athena takes`,
    )
  const tokens: Token[] = []
  let at = 0
  while (at < sql.length) {
    const { kind, end } = scan(sql, at, meter)
    meter.steps += end - at
    if (kind !== 'gap') {
      const text = sql.slice(at, end)
      const key = kind === 'word' ? text.toUpperCase() : kind === 'symbol' ? text : ''
      tokens.push({ kind, at, end, text, key })
      if (tokens.length > tokensMax)
        throw new StatementError(at, `the statement has more than ${tokensMax} words and marks`)
    }
    at = end
  }
  tokens.push({ kind: 'end', at, end: at, text: '', key: '' })
  return tokens
}

type Scanned = { readonly kind: TokenKind | 'gap'; readonly end: number }

// Trino takes the longest of these at each place. A dot alone ends an integer: `1.` is a decimal, and so is the `.5` of `a.5`.
const gap = /[ \r\n\t]+/y
// A bare carriage return ends the comment too. What Trino reads as a statement must not be read as a comment here.
const lineComment = /--[^\r\n]*/y
const word = /[a-zA-Z_][a-zA-Z0-9_]*/y
const numbers: readonly (readonly [TokenKind, RegExp])[] = [
  ['integer', /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[0-9](?:_?[0-9])*/y],
  ['decimal', /[0-9](?:_?[0-9])*\.(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*/y],
  ['double', /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+/y],
  ['digit name', /[0-9][a-zA-Z0-9_]+/y],
]
const symbols = /<>|!=|<=|>=|\|\||->|=>|\{-|-\}|[.,;?:()[\]{}<>=+\-*/%|^$]/y

function scan(sql: string, at: number, meter: WorkMeter): Scanned {
  const end = (pattern: RegExp) => endOf(pattern, sql, at)
  const character = sql[at] ?? ''
  if (' \r\n\t'.includes(character)) return { kind: 'gap', end: end(gap) }
  if (sql.startsWith('--', at)) return { kind: 'gap', end: end(lineComment) }
  if (sql.startsWith('/*', at)) return { kind: 'gap', end: endOfComment(sql, at) }
  if (character === "'") return { kind: 'string', end: endOfQuote(sql, at, at + 1, "'") }
  if (character === '"') return { kind: 'quoted name', end: endOfQuote(sql, at, at + 1, '"') }
  if (character === '`') return { kind: 'backquoted name', end: endOfQuote(sql, at, at + 1, '`') }
  if (/^[uU]&'/.test(sql.slice(at, at + 3)))
    return { kind: 'unicode string', end: endOfQuote(sql, at, at + 3, "'") }
  if (/^[xX]'/.test(sql.slice(at, at + 2))) return { kind: 'binary', end: endOfBinary(sql, at) }
  if (/[a-zA-Z_]/.test(character)) return { kind: 'word', end: end(word) }
  if (/[0-9]/.test(character) || /^\.[0-9]/.test(sql.slice(at, at + 2))) return scanNumber(sql, at, meter)
  const symbolEnd = end(symbols)
  if (symbolEnd > at) return { kind: 'symbol', end: symbolEnd }
  throw unknownCharacter(sql, at)
}

function scanNumber(sql: string, at: number, meter: WorkMeter): Scanned {
  let longest: Scanned = { kind: 'symbol', end: at }
  for (const [kind, pattern] of numbers) {
    const end = endOf(pattern, sql, at)
    meter.steps += end - at
    if (end > longest.end) longest = { kind, end }
  }
  return longest
}

function endOf(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(sql) ? pattern.lastIndex : at
}

function endOfComment(sql: string, at: number): number {
  const close = sql.indexOf('*/', at + 2)
  if (close < 0) throw new StatementError(at, 'this comment is not closed; end it with */')
  return close + 2
}

/** Behind the closing quote; a doubled one is part of the text. */
function endOfQuote(sql: string, at: number, from: number, quote: string): number {
  let close = sql.indexOf(quote, from)
  while (close >= 0 && sql[close + 1] === quote) close = sql.indexOf(quote, close + 2)
  if (close >= 0) return close + 1
  const what = quote === "'" ? 'text' : 'name'
  throw new StatementError(
    at,
    `this ${what} is not closed: ${quote} is missing; inside it, write ${quote} twice`,
  )
}

/** A binary literal has no doubled quotes: Trino ends it at the first one. */
function endOfBinary(sql: string, at: number): number {
  const close = sql.indexOf("'", at + 2)
  if (close < 0) throw new StatementError(at, "this binary literal is not closed: ' is missing")
  return close + 1
}

function unknownCharacter(sql: string, at: number): StatementError {
  const code = sql.codePointAt(at) ?? 0
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  // Letters and marks are shown; what cannot be seen is only named.
  const shown = code > 0x20 && /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(String.fromCodePoint(code))
  const what = shown ? `'${String.fromCodePoint(code)}' (${name})` : name
  return new StatementError(at, `unexpected character ${what}; ${adviceFor(code)}`)
}

function adviceFor(code: number): string {
  const character = String.fromCodePoint(code)
  if (/[\p{Zs}\p{Zl}\p{Zp}\f\v]/u.test(character)) return 'write an ordinary space'
  if ('‘’“”„«»´'.includes(character)) return `texts stand in ' and names in "`
  if (/\p{L}/u.test(character)) return 'put a name with such a letter in double quotes'
  if (character === '!') return 'write NOT, or <> for unequal'
  if ('&~^'.includes(character)) return 'use bitwise_and, bitwise_or, bitwise_xor or bitwise_not'
  if (character === '#') return 'a comment begins with --'
  return 'it stands for nothing outside quotes'
}
