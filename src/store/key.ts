import { PipelineError } from '../record/error.ts'

/** The folder inside a directory archive that the store keeps for itself. */
export const ownFolder = '.dmd'

const keyBytesMax = 1024
const partBytesMax = 255

/**
 * Refuses a key that not every store can hold, so that an archive can be copied from one store to another.
 *
 * @throws PipelineError KEY_INVALID, whose message names the key, what is wrong and the fix.
 */
export function checkKey(key: string): void {
  const problem = keyProblem(key)
  if (problem === undefined) return
  const shown = JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key)
  throw new PipelineError('KEY_INVALID', `the key ${shown} cannot be stored: ${problem}`)
}

/** ASCII parts that begin with a letter or a digit, as nearly all are: nothing can be wrong with them. */
const plain = /^(?:[A-Za-z0-9][\w.=-]*\/)*[A-Za-z0-9][\w.=-]*$/

/** What keeps a text from being a key, with the fix, or undefined. */
export function keyProblem(key: string): string | undefined {
  if (key.length < partBytesMax && plain.test(key)) return undefined
  if (key === '') return 'it is empty. Name the object.'
  if (!key.isWellFormed()) return 'it is not well-formed Unicode. Remove the lone surrogate.'
  if (/\p{Cc}/u.test(key)) return 'it holds a control character. Remove it.'
  if (key.includes('\\')) return "it holds a backslash. Separate the parts with '/'."
  if (Buffer.byteLength(key) > keyBytesMax) return `it is longer than ${keyBytesMax} bytes. Shorten it.`
  const parts = key.split('/')
  for (const part of parts) {
    if (part === '') return "it has an empty part. Use single '/' between parts, none first or last."
    if (part === '.' || part === '..') return `it has the part '${part}'. Write the path out.`
    if (Buffer.byteLength(part) > partBytesMax)
      return `one of its parts is longer than ${partBytesMax} bytes. Shorten it.`
  }
  // Whatever the case: some file systems take `.DMD` for the same folder.
  if (parts[0]!.toLowerCase() === ownFolder)
    return `the folder '${ownFolder}' belongs to the store. Use another.`
  return undefined
}

/**
 * Compares two texts by their UTF-8 bytes, the order in which every store lists keys. It differs from `<`, which
 * compares UTF-16 code units, only where a character above U+FFFF meets one of U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const one = a.charCodeAt(index)
    const other = b.charCodeAt(index)
    if (one !== other) return rank(one) - rank(other)
  }
  return a.length - b.length
}

/** Moves the surrogates, which stand for the highest characters, behind all other code units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
