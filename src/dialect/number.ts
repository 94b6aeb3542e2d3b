import { FunctionError, scalar } from './registry.ts'

// Numbers as Java reads and writes them, since Trino does.

/** `CAST(x AS varchar)` of a double: `1.5E0`, `NaN`, `-Infinity`. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0E0' : '0E0'
  return scientific(value.toExponential())
}

/** The same of a real: at most seven digits. */
export function realText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return doubleText(value)
  return scientific(value.toExponential(6))
}

/** The fewest digits that tell a real from its neighbours, as JavaScript writes a number. */
export function shortestReal(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits))
    if (Math.fround(text) === Math.fround(value)) return String(text)
  }
  return String(Number(value.toPrecision(9)))
}

function scientific(text: string): string {
  const [mantissa = '', exponent = ''] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = fraction.replace(/0+$/, '')
  return `${whole}.${digits === '' ? '0' : digits}E${exponent.replace('+', '')}`
}

const doublePattern = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/

const hexPattern = /^([+-]?)0[xX]([0-9a-fA-F]{0,13})\.?([0-9a-fA-F]{0,13})[pP]([+-]?\d{1,4})[fFdD]?$/

/** Java's hexadecimal numbers: `0x1.8p3` is 12. */
function ofHexadecimal([, sign, whole = '', fraction = '', exponent]: RegExpExecArray): number {
  if (whole === '' && fraction === '') throw new FunctionError('Cannot cast varchar to double')
  const digits = Number.parseInt(`${whole}${fraction}`, 16)
  return (sign === '-' ? -1 : 1) * digits * 2 ** (Number(exponent) - 4 * fraction.length)
}

/** `CAST(x AS double)` of a text, by the rules of Java's `Double.parseDouble`. */
export function parseDouble(text: string): number {
  // Java takes white space and control characters from both ends.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Java's String.trim takes these
  const trimmed = text.replace(/^[\u0000-\u0020]+/, '').replace(/[\u0000-\u0020]+$/, '')
  const hexadecimal = hexPattern.exec(trimmed)
  if (hexadecimal) return ofHexadecimal(hexadecimal)
  if (trimmed.length > 1000 || !doublePattern.test(trimmed))
    throw new FunctionError('Cannot cast varchar to double')
  return Number(
    /[fFdD]$/.test(trimmed) && !/(?:Infinity|NaN)$/.test(trimmed) ? trimmed.slice(0, -1) : trimmed,
  )
}

/** Each digit of another script is in a run of ten that begins with its zero. */
function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    let code = digit.codePointAt(0) ?? 48
    const start = code
    while (/\p{Nd}/u.test(String.fromCodePoint(code - 1)) && start - code < 9) code--
    return String(start - code)
  })
}

const decimalPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** A text as a decimal of so many digits, halves away from zero, as text. Throws where it does not fit. */
export function parseDecimal(text: string, precision: number, scale: number): string {
  if (text.length > 1000 || !decimalPattern.test(text)) throw castFailure('varchar', precision, scale)
  const [number = '', exponentText = '0'] = text.toLowerCase().split('e')
  const exponent = Number(exponentText)
  if (Math.abs(exponent) > 1000) throw castFailure('varchar', precision, scale)
  const isNegative = number.startsWith('-')
  const [whole = '', fraction = ''] = number.replace(/^[+-]/, '').split('.')
  return scaled(
    BigInt(`${whole}${fraction}` || '0'),
    fraction.length - exponent,
    isNegative,
    precision,
    scale,
  )
}

const ten = (power: number) => 10n ** BigInt(power)

function scaled(digits: bigint, from: number, isNegative: boolean, precision: number, scale: number): string {
  const unscaled = from <= scale ? digits * ten(scale - from) : divideHalfUp(digits, ten(from - scale))
  if (unscaled >= ten(precision)) throw castFailure('value', precision, scale)
  const text = unscaled.toString().padStart(scale + 1, '0')
  const at = text.length - scale
  const sign = isNegative && unscaled !== 0n ? '-' : ''
  return `${sign}${text.slice(0, at)}${scale > 0 ? `.${text.slice(at)}` : ''}`
}

function divideHalfUp(a: bigint, b: bigint): bigint {
  return (a * 2n + b) / (b * 2n)
}

function castFailure(what: string, precision: number, scale: number): FunctionError {
  return new FunctionError(`Cannot cast ${what} to decimal(${precision},${scale})`)
}

/** The digits of a decimal without its point, and how many stand behind it. */
function unscale(text: string): { readonly digits: bigint; readonly scale: number } {
  const at = text.indexOf('.')
  return at < 0
    ? { digits: BigInt(text), scale: 0 }
    : { digits: BigInt(text.slice(0, at) + text.slice(at + 1)), scale: text.length - at - 1 }
}

const abs = (value: bigint) => (value < 0n ? -value : value)

/** Text of a decimal, which must have at most 38 digits. */
function decimalText(unscaled: bigint, scale: number): string {
  if (abs(unscaled) >= ten(38)) throw new FunctionError('Decimal overflow')
  return scaled(abs(unscaled), scale, unscaled < 0n, 38, scale)
}

/** Where an operator of decimals takes more digits than DuckDB's own does. */
export const decimalScalars = {
  divide: scalar('athena_decimal_divide', ['varchar', 'varchar', 'integer'], 'varchar', (a, b, scale) => {
    const left = unscale(a)
    const right = unscale(b)
    if (right.digits === 0n) throw new FunctionError('Division by zero')
    const shift = scale - left.scale + right.scale
    const quotient = divideHalfUp(
      abs(left.digits) * ten(Math.max(0, shift)),
      abs(right.digits) * ten(Math.max(0, -shift)),
    )
    return decimalText(left.digits < 0n !== right.digits < 0n ? -quotient : quotient, scale)
  }),
  remainder: scalar(
    'athena_decimal_remainder',
    ['varchar', 'varchar', 'integer'],
    'varchar',
    (a, b, scale) => {
      const left = unscale(a)
      const right = unscale(b)
      if (right.digits === 0n) throw new FunctionError('Division by zero')
      return decimalText(
        (left.digits * ten(scale - left.scale)) % (right.digits * ten(scale - right.scale)),
        scale,
      )
    },
  ),
  multiply: scalar('athena_decimal_multiply', ['varchar', 'varchar'], 'varchar', (a, b) => {
    const left = unscale(a)
    const right = unscale(b)
    return decimalText(left.digits * right.digits, left.scale + right.scale)
  }),
  add: scalar('athena_decimal_add', ['varchar', 'varchar'], 'varchar', (a, b) => {
    const left = unscale(a)
    const right = unscale(b)
    const scale = Math.max(left.scale, right.scale)
    return decimalText(left.digits * ten(scale - left.scale) + right.digits * ten(scale - right.scale), scale)
  }),
  /** A sum divided by a count. */
  average: scalar(
    'athena_decimal_average',
    ['varchar', 'bigint', 'integer'],
    'varchar',
    (sum, count, scale) => {
      const { digits, scale: from } = unscale(sum)
      const average = divideHalfUp(abs(digits) * ten(scale - from), count)
      return decimalText(digits < 0n ? -average : average, scale)
    },
  ),
}

export const numberScalars = {
  doubleText: scalar('athena_double_text', ['double'], 'varchar', doubleText),
  realText: scalar('athena_real_text', ['double'], 'varchar', realText),
  /** Digits of other scripts as those of ASCII, which Java reads as well. */
  asciiDigits: scalar('athena_ascii_digits', ['varchar'], 'varchar', asciiDigits),
  parseDouble: scalar('athena_parse_double', ['varchar'], 'double', parseDouble),
  parseReal: scalar('athena_parse_real', ['varchar'], 'double', (text) => Math.fround(parseDouble(text))),
  parseDecimal: scalar('athena_parse_decimal', ['varchar', 'integer', 'integer'], 'varchar', parseDecimal),
  /** Of a double, by its shortest text, as Java's `BigDecimal.valueOf`. */
  doubleDecimal: scalar(
    'athena_double_decimal',
    ['double', 'integer', 'integer'],
    'varchar',
    (value, precision, scale) => {
      if (!Number.isFinite(value)) throw castFailure('double', precision, scale)
      return parseDecimal(String(value), precision, scale)
    },
  ),
}
