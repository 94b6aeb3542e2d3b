import { StatementError } from '../failure.ts'
import type { Token } from '../lexer.ts'
import { advance, mismatch, peek, refuse, type TokenCursor, takeKeys } from './cursor.ts'

const bigintMax = 2n ** 63n - 1n

/** Digits of an integer literal, with the sign before them. Trino has no literals beyond bigint. */
export function signedDigits(token: Token, isNegative: boolean): string {
  // A number of so many digits is not even looked at.
  const value = token.text.length > 1000 ? bigintMax + 2n : BigInt(token.text.replaceAll('_', ''))
  if (value > bigintMax + (isNegative ? 1n : 0n))
    refuse(token, `this integer is too large for a bigint; write DECIMAL '…' for up to 38 digits`)
  return (isNegative ? -value : value).toString()
}

export const isString = ({ kind }: Token): boolean => kind === 'string' || kind === 'unicode string'

/** `'…'`, or `U&'…' [UESCAPE 'c']`. */
export function readTextLiteral(cursor: TokenCursor): string {
  const token = peek(cursor)
  if (!isString(token)) throw mismatch(cursor, "a text in '…'")
  advance(cursor)
  if (token.kind === 'string') return token.text.slice(1, -1).replaceAll("''", "'")
  const body = token.text.slice(3, -1).replaceAll("''", "'")
  return decodeUnicode(token, body, takeKeys(cursor, 'UESCAPE') ? readEscape(cursor) : '\\')
}

function readEscape(cursor: TokenCursor): string {
  const token = peek(cursor)
  if (token.kind !== 'string') throw mismatch(cursor, "a character in '…'")
  advance(cursor)
  const mark = token.text.slice(1, -1).replaceAll("''", "'")
  if (!/^[\x21-\x7e]$/.test(mark) || /[0-9a-fA-F"+']/.test(mark))
    refuse(token, 'UESCAPE takes one character of ASCII that is no hex digit, no quote, no + and no space')
  return mark
}

/** `\0041` is a character by four hex digits, `\+01F600` by six; the escape character twice is itself. */
function decodeUnicode(token: Token, body: string, mark: string): string {
  const parts = body.split(mark)
  let text = parts[0] ?? ''
  for (let index = 1; index < parts.length; index++) {
    const part = parts[index] ?? ''
    // Nothing between two of them: the mark itself, and then what follows the second.
    if (part === '' && index + 1 < parts.length) {
      text += mark + parts[++index]
      continue
    }
    const found = /^(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4}))/.exec(part)
    if (!found) refuse(token, `after ${mark} four hex digits are needed, or + and six`)
    text += characterOf(token, Number.parseInt(found[1] ?? found[2] ?? '', 16)) + part.slice(found[0].length)
  }
  return text
}

function characterOf(token: Token, code: number): string {
  if (code > 0x10ffff) refuse(token, 'there is no character with such a number')
  if (code >= 0xd800 && code <= 0xdfff)
    refuse(token, 'an escape names half a character (a surrogate); write + and six hex digits')
  return String.fromCodePoint(code)
}

/** The bytes of `X'0A 0b'`. */
export function bytesOf(token: Token): Uint8Array {
  const digits = token.text.slice(2, -1).replace(/[ \r\n\t]/g, '')
  if (/[^0-9a-fA-F]/.test(digits))
    throw new StatementError(token.at, "X'…' may only have hex digits and spaces")
  if (digits.length % 2 !== 0)
    throw new StatementError(token.at, "X'…' has an odd number of hex digits; each byte takes two")
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}
