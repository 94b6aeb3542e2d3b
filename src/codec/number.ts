// DynamoDB's own form of a number, and what other writers make of it: sign, digits, fraction, exponent.
const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
const jsonPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** DynamoDB keeps 38 significant digits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html */
const digitsMax = 38
/** With the zeros of DynamoDB's exponents, −130 to 125, written out no number is longer. */
const charactersMax = 256

/** True for the text of a decimal number that DynamoDB can hold: at most 38 significant digits. */
export function isDecimal(text: string): boolean {
  if (text.length > charactersMax) return false
  const match = decimalPattern.exec(text)
  if (match === null || !(match[2] || match[3])) return false
  return withoutZeros(`${match[2]}${match[3] ?? ''}`).digits.length <= digitsMax
}

/** Digits without the zeros at both ends, and how many stood at the end. */
function withoutZeros(text: string): { readonly digits: string; readonly zerosAfter: number } {
  let start = 0
  let end = text.length
  while (start < end && text[start] === '0') start += 1
  while (end > start && text[end - 1] === '0') end -= 1
  return { digits: text.slice(start, end), zerosAfter: text.length - end }
}

/**
 * The integer that a decimal text gives exactly, or undefined when it gives none: `1e3` and `1.0` are integers,
 * `1.5` is not. A text that is no decimal of DynamoDB's, or would need more than 40 digits, gives none.
 */
export function parseInteger(text: string): bigint | undefined {
  const match = isDecimal(text) ? decimalPattern.exec(text) : null
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const { digits, zerosAfter } = withoutZeros(`${whole}${fraction}`)
  if (digits === '') return 0n
  const zeros = Number(exponent) - fraction.length + zerosAfter
  if (zeros < 0 || digits.length + zeros > 40) return undefined
  return BigInt(`${sign === '-' ? '-' : ''}${digits}${'0'.repeat(zeros)}`)
}

/** A decimal text as a JSON number, digit for digit; only what JSON forbids is put right (`+1`, `01`, `.5`, `1.`). */
export function toJsonNumber(text: string): string {
  if (jsonPattern.test(text)) return text
  const [, sign, whole = '', fraction = '', exponent] = decimalPattern.exec(text) ?? []
  const left = whole.replace(/^0+(?=\d)/, '') || '0'
  return `${sign === '-' ? '-' : ''}${left}${fraction ? `.${fraction}` : ''}${exponent ? `e${exponent}` : ''}`
}
