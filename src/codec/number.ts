// DynamoDB's own form of a number, and what other writers make of it: sign, digits, fraction, exponent.
const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
const jsonPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** True for the text of a decimal number. */
export function isDecimal(text: string): boolean {
  const match = decimalPattern.exec(text)
  return match !== null && Boolean(match[2] || match[3])
}

/**
 * The integer that a decimal text gives exactly, or undefined when it gives none: `1e3` and `1.0` are integers,
 * `1.5` is not. Bounded: a text that would need more than 40 digits gives none.
 */
export function parseInteger(text: string): bigint | undefined {
  const match = decimalPattern.exec(text)
  if (!match || !isDecimal(text)) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  if (trimmed === '') return 0n
  const zeros = Number(exponent) - fraction.length + (digits.length - trimmed.length)
  if (zeros < 0 || trimmed.length + zeros > 40) return undefined
  return BigInt(`${sign === '-' ? '-' : ''}${trimmed}${'0'.repeat(zeros)}`)
}

/** A decimal text as a JSON number, digit for digit; only what JSON forbids is put right (`+1`, `01`, `.5`, `1.`). */
export function toJsonNumber(text: string): string {
  if (jsonPattern.test(text)) return text
  const [, sign, whole = '', fraction = '', exponent] = decimalPattern.exec(text) ?? []
  const left = whole.replace(/^0+(?=\d)/, '') || '0'
  return `${sign === '-' ? '-' : ''}${left}${fraction ? `.${fraction}` : ''}${exponent ? `e${exponent}` : ''}`
}
