import { FunctionError } from '../registry.ts'

/** The widest field, and the most digits behind the point. */
const widthLimit = 1000

type Specifier = {
  readonly flags: string
  readonly width: number | undefined
  readonly precision: number | undefined
  /** In lower case. */
  readonly conversion: string
}

/**
 * `format` of Athena: the patterns of Java's `Formatter`. A value is a text behind a letter for its kind: s text, i integer,
 * d double, r real, n decimal, b boolean, t date; null is NULL.
 */
export function formatByPattern(pattern: string, values: readonly (string | null)[]): string {
  let next = 0
  let last = -1
  let result = ''
  let end = 0
  // The parts of a specifier as Java's own expression has them.
  for (const match of pattern.matchAll(/%(\d+\$)?([-#+ 0,(<]*)?(\d+)?(\.\d+)?([tT])?([a-zA-Z%])/g)) {
    const [text, place, flags = '', width, precision, time, conversion = ''] = match
    const between = pattern.slice(end, match.index)
    checkPlain(between)
    end = match.index + text.length
    if (/[DOFN]/.test(conversion)) checkPlain(text)
    if (time !== undefined) throw new FunctionError('format: %t is not done here; use date_format')
    const specifier = {
      flags: flags.replace('<', ''),
      width: numberOf(width),
      precision: numberOf(precision?.slice(1)),
      conversion: conversion.toLowerCase(),
    }
    result += between
    if (conversion === '%' || conversion === 'n') {
      result += conversion === 'n' ? '\n' : justify('%', specifier)
      continue
    }
    const index = flags.includes('<') ? last : place !== undefined ? Number(place.slice(0, -1)) - 1 : next++
    last = index
    const value = values[index]
    if (value === undefined)
      throw new FunctionError('format: the pattern has more conversions than there are values')
    const formatted = formatOne(specifier, value)
    result += conversion === specifier.conversion ? formatted : formatted.toUpperCase()
  }
  const rest = pattern.slice(end)
  checkPlain(rest)
  return result + rest
}

function checkPlain(text: string) {
  if (text.includes('%'))
    throw new FunctionError(
      'format: the pattern has a % that begins no conversion; write %% for a per cent sign',
    )
}

function numberOf(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined
  const number = Number(digits)
  if (number > widthLimit)
    throw new FunctionError(`format: a width or precision is ${widthLimit} at most here`)
  return number
}

function formatOne(specifier: Specifier, value: string | null): string {
  const { conversion, flags, precision } = specifier
  checkFlags(specifier)
  const kind = value?.[0]
  const body = value?.slice(1) ?? ''
  const mismatch = () =>
    new FunctionError('format: a conversion of the pattern does not take a value of its type')
  switch (conversion) {
    case 's':
    case 'b': {
      const text =
        conversion === 'b'
          ? String(kind === 'b' ? body === 'true' : value !== null)
          : value === null
            ? 'null'
            : textOf(kind, body)
      return justify(precision === undefined ? text : text.slice(0, precision), specifier)
    }
    case 'd':
    case 'x':
    case 'o': {
      if (precision !== undefined) throw new FunctionError('format: %d, %x and %o take no precision')
      if (value === null) return justify('null', specifier)
      if (kind !== 'i') throw mismatch()
      const number = BigInt(body)
      if (conversion === 'd') return signed(number < 0n, String(number < 0n ? -number : number), specifier)
      const digits = BigInt.asUintN(64, number).toString(conversion === 'x' ? 16 : 8)
      const prefix = flags.includes('#') ? (conversion === 'x' ? '0x' : '0') : ''
      const zeros = flags.includes('0') ? (specifier.width ?? 0) - digits.length - prefix.length : 0
      return justify(prefix + '0'.repeat(Math.max(0, zeros)) + digits, specifier)
    }
    case 'e':
    case 'f': {
      if (value === null) return justify('null', specifier)
      if (kind !== 'd' && kind !== 'r' && (kind !== 'n' || conversion === 'e')) throw mismatch()
      if (/nan/i.test(body)) return justify('NaN', specifier)
      const isNegative = body.startsWith('-')
      if (/inf/i.test(body)) {
        const sign = isNegative ? (flags.includes('(') ? '(' : '-') : flags.includes('+') ? '+' : ''
        return justify(`${sign}Infinity${sign === '(' ? ')' : ''}`, specifier)
      }
      const { digits, exponent } = digitsOf(body)
      const text =
        conversion === 'f'
          ? fixed(digits, exponent, precision ?? 6)
          : scientific(digits, exponent, precision ?? 6)
      return signed(isNegative, text, specifier)
    }
    default:
      throw new FunctionError(
        'format: the pattern has a conversion that is not done here; it takes %s, %d, %x, %o, %e, %f, %b, %n and %%',
      )
  }
}

function checkFlags({ flags, width, conversion }: Specifier) {
  const has = (flag: string) => flags.includes(flag)
  const allowed =
    { s: '-', b: '-', d: '-+ 0,(', x: '-#0', o: '-#0', e: '-#+ 0(', f: '-#+ 0,(' }[conversion] ?? '-'
  const isWrong =
    [...flags].some((flag) => !allowed.includes(flag)) ||
    new Set(flags).size < flags.length ||
    (has('-') && has('0')) ||
    (has('+') && has(' ')) ||
    ((has('-') || has('0')) && width === undefined) ||
    (has('#') && (conversion === 'e' || conversion === 'f'))
  if (isWrong)
    throw new FunctionError('format: the flags of a conversion do not fit it, or its width is missing')
}

function justify(text: string, { flags, width = 0 }: Specifier): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width)
}

function signed(isNegative: boolean, digits: string, specifier: Specifier): string {
  const { flags, width = 0 } = specifier
  const [whole = '', ...rest] = digits.split(/(?=[.e])/)
  const grouped = flags.includes(',') ? whole.replace(/\B(?=(?:\d{3})+$)/g, ',') : whole
  const before = isNegative
    ? flags.includes('(')
      ? '('
      : '-'
    : flags.includes('+')
      ? '+'
      : flags.includes(' ')
        ? ' '
        : ''
  const after = before === '(' ? ')' : ''
  const number = grouped + rest.join('')
  const zeros = flags.includes('0') ? Math.max(0, width - before.length - number.length - after.length) : 0
  return justify(before + '0'.repeat(zeros) + number + after, specifier)
}

/** The digits of a number without zeros around them, read as 0.d₁d₂d₃… × 10^exponent. */
function digitsOf(text: string): { readonly digits: string; readonly exponent: number } {
  const [, whole = '', fraction = '', power = '0'] = /^-?(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i.exec(text) ?? []
  const all = whole + fraction
  const first = all.search(/[1-9]/)
  if (first < 0) return { digits: '', exponent: 0 }
  let end = all.length
  while (all[end - 1] === '0') end--
  return { digits: all.slice(first, end), exponent: whole.length - first + Number(power) }
}

/** Digits cut to a count of them, halves up. */
function rounded(
  digits: string,
  exponent: number,
  count: number,
): { readonly digits: string; readonly exponent: number } {
  if (digits.length <= count) return { digits, exponent }
  if (count < 0) return { digits: '', exponent: 0 }
  const up = digits.charCodeAt(count) >= 53
  const kept = digits.slice(0, count)
  if (!up) return { digits: kept, exponent }
  const next = String(BigInt(kept === '' ? 0 : kept) + 1n)
  return { digits: next.padStart(count, '0'), exponent: next.length > count ? exponent + 1 : exponent }
}

function fixed(digits: string, exponent: number, precision: number): string {
  const cut = rounded(digits, exponent, exponent + precision)
  const point = cut.digits === '' ? 0 : cut.exponent
  const whole = point > 0 ? cut.digits.slice(0, point).padEnd(point, '0') : '0'
  const fraction = ('0'.repeat(Math.max(0, -point)) + cut.digits.slice(Math.max(0, point)))
    .padEnd(precision, '0')
    .slice(0, precision)
  return precision > 0 ? `${whole}.${fraction}` : whole
}

function scientific(digits: string, exponent: number, precision: number): string {
  const cut = rounded(digits, exponent, precision + 1)
  const power = cut.digits === '' ? 0 : cut.exponent - 1
  const fraction = cut.digits.slice(1, precision + 1).padEnd(precision, '0')
  const sign = power < 0 ? '-' : '+'
  return `${cut.digits[0] ?? '0'}${precision > 0 ? `.${fraction}` : ''}e${sign}${String(Math.abs(power)).padStart(2, '0')}`
}

/** How Java's `toString` writes a value. */
function textOf(kind: string | undefined, body: string): string {
  return kind === 'd' || kind === 'r' ? javaDouble(body) : kind === 'n' ? javaDecimal(body) : body
}

/** A double as Java writes it: `1.0E10`, `0.001`, `100.0`. */
export function javaDouble(text: string): string {
  if (/nan/i.test(text)) return 'NaN'
  const sign = text.startsWith('-') ? '-' : ''
  if (/inf/i.test(text)) return `${sign}Infinity`
  const { digits, exponent } = digitsOf(text)
  if (digits === '') return `${sign}0.0`
  if (exponent > 7 || exponent < -2) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent - 1}`
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`
  return `${sign}${digits.slice(0, exponent).padEnd(exponent, '0')}.${digits.slice(exponent) || '0'}`
}

/** A decimal as Java's BigDecimal writes it: with an exponent where it begins with more than six zeros. */
function javaDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d*)\.?(\d*)$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  const power = digits.length - fraction.length - 1
  if (fraction === '' || power >= -6) return text
  return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}E${power}`
}
