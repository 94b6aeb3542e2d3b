/**
 * The distinct values of a text or bytes column in a row group (Parquet's RLE_DICTIONARY encoding:
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/). The values stand in the column's own buffer, each
 * with its length in front; the dictionary holds where.
 */
export type Dictionary = {
  /** For every value of the column, the number of its distinct value. */
  indexes: Int32Array
  /** Where the distinct values start in the column's buffer. */
  readonly starts: number[]
  /** A hash table with open addressing: the number of a distinct value, plus one. */
  readonly table: Int32Array
  /** The free place of the table where the value that `find` did not find belongs. */
  place: number
  /** The distinct value that came last: values of a stream often repeat. */
  last: number
}

const tableSize = 65_536
/** A column with more distinct values is written out: looking them up would cost more than it saves. */
const distinctMax = 16_384
/** After so many values, at least every second one must have been in the dictionary. */
const trialCount = 2048

export function createDictionary(): Dictionary {
  return { indexes: new Int32Array(1024), starts: [], table: new Int32Array(tableSize), place: 0, last: -1 }
}

/** Empties the dictionary for the next row group. */
export function clearDictionary(dictionary: Dictionary): void {
  dictionary.starts.length = 0
  dictionary.last = -1
  dictionary.table.fill(0)
}

/**
 * Returns true when the value of `size` bytes at `head` of the column's buffer is in the dictionary, and notes it as value
 * number `count` of the column. Otherwise remembers the place where `keep` puts it.
 */
export function find(
  dictionary: Dictionary,
  view: DataView,
  head: number,
  size: number,
  count: number,
): boolean {
  const { starts, table } = dictionary
  let place = hashOf(view, head, size) & (tableSize - 1)
  for (;;) {
    const known = (table[place] as number) - 1
    if (known < 0) break
    if (isEqual(view, starts[known] as number, view, head, size)) {
      note(dictionary, count, known)
      return true
    }
    place = (place + 1) & (tableSize - 1)
  }
  dictionary.place = place
  return false
}

/**
 * Adds the value at `head`, which `find` did not find, as value number `count` of the column. Returns false when the
 * dictionary no longer saves space.
 */
export function keep(dictionary: Dictionary, head: number, count: number): boolean {
  const distinct = dictionary.starts.push(head)
  dictionary.table[dictionary.place] = distinct
  note(dictionary, count, distinct - 1)
  const isTried = count + 1 >= trialCount
  return distinct <= distinctMax && !(isTried && distinct > (count + 1) / 2)
}

/** Notes that value number `at` of the column is this distinct value. */
export function note(dictionary: Dictionary, at: number, distinct: number): void {
  if (at === dictionary.indexes.length) {
    const grown = new Int32Array(dictionary.indexes.length * 2)
    grown.set(dictionary.indexes)
    dictionary.indexes = grown
  }
  dictionary.indexes[at] = distinct
  dictionary.last = distinct
}

/** True when `size` bytes are the same in both places. */
export function isEqual(view: DataView, known: number, other: DataView, head: number, size: number): boolean {
  let at = 0
  for (; at + 4 <= size; at += 4) {
    if (view.getInt32(known + at, true) !== other.getInt32(head + at, true)) return false
  }
  for (; at < size; at++) if (view.getUint8(known + at) !== other.getUint8(head + at)) return false
  return true
}

/** The length in front of the bytes is part of what is hashed. */
function hashOf(view: DataView, start: number, size: number): number {
  let hash = 0
  let at = 0
  for (; at + 4 <= size; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(start + at, true), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < size; at++) hash = Math.imul(hash ^ view.getUint8(start + at), 0x01000193)
  return hash ^ (hash >>> 16)
}
