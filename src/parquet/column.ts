import { isUtf8 } from 'node:buffer'
import { viewOf } from '../codec/avro-cursor.ts'
import {
  clearDictionary,
  createDictionary,
  type Dictionary,
  find,
  isEqual,
  keep,
  note,
} from './dictionary.ts'

/** How Parquet stores a leaf of a row, and what it takes the bytes for. */
export type LeafKind = 'text' | 'bytes' | 'boolean' | 'int' | 'date' | 'long' | 'instant' | 'float' | 'double'

/** Where a leaf stands in a row: its path, and how many of the steps to it are optional or repeated. */
export type Leaf = {
  readonly path: readonly string[]
  readonly kind: LeafKind
  /** Steps that may be absent: optional ones and repeated ones. */
  readonly definitionMax: number
  /** Steps that repeat. */
  readonly repetitionMax: number
}

/**
 * The values of one leaf in a row group, in Parquet's own encoding but for the levels, which are a byte each.
 *
 * Distinct texts and byte strings are stored once in a dictionary while that saves space. Afterwards the dictionary is
 * dropped, and every value is written out.
 */
export type LeafColumn = Leaf & {
  definitions: Uint8Array
  repetitions: Uint8Array
  /** Values and absences. */
  entries: number
  /** Values. */
  count: number
  /** PLAIN encoding: of every value, or of each distinct one where there is a dictionary. */
  values: Uint8Array
  view: DataView
  /** Bytes of `values` that are in use. */
  length: number
  dictionary: Dictionary | undefined
}

export function createColumn(leaf: Leaf): LeafColumn {
  const hasDictionary = leaf.kind === 'text' || leaf.kind === 'bytes'
  const bytes = new ArrayBuffer(8192)
  // One literal, so that all columns are objects of one shape.
  return {
    path: leaf.path,
    kind: leaf.kind,
    definitionMax: leaf.definitionMax,
    repetitionMax: leaf.repetitionMax,
    definitions: new Uint8Array(1024),
    repetitions: new Uint8Array(leaf.repetitionMax > 0 ? 1024 : 0),
    entries: 0,
    count: 0,
    values: new Uint8Array(bytes),
    view: new DataView(bytes),
    length: 0,
    dictionary: hasDictionary ? createDictionary() : undefined,
  }
}

/** Empties the column for the next row group; a column whose dictionary was dropped stays without one. */
export function clearColumn(column: LeafColumn): void {
  column.entries = 0
  column.count = 0
  column.length = 0
  if (column.dictionary) clearDictionary(column.dictionary)
}

/** Says at which levels the next entry stands. */
export function pushLevels(column: LeafColumn, repetition: number, definition: number): void {
  if (column.entries === column.definitions.length) growLevels(column)
  column.definitions[column.entries] = definition
  if (column.repetitionMax > 0) column.repetitions[column.entries] = repetition
  column.entries += 1
}

function growLevels(column: LeafColumn): void {
  column.definitions = grownBytes(column.definitions)
  if (column.repetitionMax > 0) column.repetitions = grownBytes(column.repetitions)
}

function grownBytes(bytes: Uint8Array): Uint8Array {
  const grown = new Uint8Array(bytes.length * 2)
  grown.set(bytes)
  return grown
}

function reserve(column: LeafColumn, bytes: number): void {
  const needed = column.length + bytes
  if (needed <= column.values.length) return
  const buffer = new ArrayBuffer(Math.max(needed, column.values.length * 2))
  const values = new Uint8Array(buffer)
  values.set(column.values)
  column.values = values
  column.view = new DataView(buffer)
}

export function push32(column: LeafColumn, value: number): void {
  if (column.length + 4 > column.values.length) reserve(column, 4)
  column.view.setInt32(column.length, value, true)
  column.length += 4
  column.count += 1
}

/** A 64-bit integer in two halves. */
export function push64(column: LeafColumn, low: number, high: number): void {
  if (column.length + 8 > column.values.length) reserve(column, 8)
  column.view.setInt32(column.length, low, true)
  column.view.setInt32(column.length + 4, high, true)
  column.length += 8
  column.count += 1
}

/** A boolean, a byte each until the row group is written. */
export function pushByte(column: LeafColumn, value: number): void {
  if (column.length === column.values.length) reserve(column, 1)
  column.values[column.length++] = value
  column.count += 1
}

/** Copies `size` bytes as they are: a float or a double. */
export function pushRaw(column: LeafColumn, source: Uint8Array, start: number, size: number): void {
  if (column.length + size > column.values.length) reserve(column, size)
  for (let at = 0; at < size; at++) column.values[column.length + at] = source[start + at] as number
  column.length += size
  column.count += 1
}

/**
 * Text or bytes: `size` of them at `start`. Text that is no UTF-8 gets U+FFFD in the place of what is none, as every
 * decoder of text does it.
 */
export function pushBytes(column: LeafColumn, source: Source, start: number, size: number): void {
  if (isLast(column, source.view, start, size)) {
    pushAgain(column, 1)
    return
  }
  if (column.length + size + 4 > column.values.length) reserve(column, size + 4)
  const { view } = column
  const head = column.length
  view.setInt32(head, size, true)
  const seen = copy(source.view, start, view, head + 4, size)
  const { dictionary } = column
  if (dictionary && find(dictionary, view, head, size + 4, column.count)) {
    column.count += 1
    return
  }
  if ((seen & nonAscii) !== 0 && column.kind === 'text') {
    const written = column.values.subarray(head + 4, head + 4 + size)
    if (!isUtf8(written)) {
      const repaired = Uint8Array.from(Buffer.from(Buffer.from(written).toString('utf8'), 'utf8'))
      pushBytes(column, { view: viewOf(repaired) }, 0, repaired.length)
      return
    }
  }
  column.length = head + size + 4
  if (dictionary && !keep(dictionary, head, column.count)) writeOut(column, dictionary)
  column.count += 1
}

type Source = { readonly view: DataView }

/** Whether the value is the one that came last, as it is kept. */
function isLast({ dictionary, view }: LeafColumn, source: DataView, start: number, size: number): boolean {
  if (!dictionary || dictionary.last < 0) return false
  const known = dictionary.starts[dictionary.last] as number
  return view.getInt32(known, true) === size && isEqual(view, known + 4, source, start, size)
}

/** Pushes the last text or bytes so many times more, which must be in the dictionary. */
function pushAgain(column: LeafColumn, times: number): void {
  const { dictionary } = column
  if (!dictionary) return
  for (let time = 0; time < times; time++) note(dictionary, column.count + time, dictionary.last)
  column.count += times
}

/** Pushes one text of UTF-8, at the same levels, so many times. */
export function pushTimes(column: LeafColumn, source: Source, size: number, times: number): void {
  if (times === 0) return
  for (let time = 0; time < times; time++) pushLevels(column, 0, column.definitionMax)
  pushBytes(column, source, 0, size)
  if (column.dictionary) pushAgain(column, times - 1)
  else for (let time = 1; time < times; time++) pushBytes(column, source, 0, size)
}

const nonAscii = 0x80808080

/** Copies four bytes at a time; returns all of them joined by OR, to tell whether there is anything but ASCII. */
function copy(from: DataView, start: number, to: DataView, head: number, size: number): number {
  let seen = 0
  let at = 0
  for (; at + 4 <= size; at += 4) {
    const word = from.getInt32(start + at, true)
    to.setInt32(head + at, word, true)
    seen |= word
  }
  for (; at < size; at++) {
    const byte = from.getUint8(start + at)
    to.setUint8(head + at, byte)
    seen |= byte
  }
  return seen
}

/** Drops the dictionary: writes out the values so far, each as often as it came. */
function writeOut(column: LeafColumn, dictionary: Dictionary): void {
  const distinct = column.values.slice(0, column.length)
  const { starts } = dictionary
  column.dictionary = undefined
  column.length = 0
  for (let at = 0; at <= column.count; at++) {
    const known = dictionary.indexes[at] as number
    const end = starts[known + 1] ?? distinct.length
    const start = starts[known] as number
    reserve(column, end - start)
    column.values.set(distinct.subarray(start, end), column.length)
    column.length += end - start
  }
}
