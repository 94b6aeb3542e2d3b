import { CorruptBlock, type Cursor, longOf, readLength, readLongHalves } from '../codec/avro-cursor.ts'
import { type LeafColumn, push32, push64, pushByte, pushBytes, pushRaw } from './column.ts'

// One function for each kind of value: it reads one from the block and pushes it.

export function copyText(cursor: Cursor, column: LeafColumn): void {
  const size = readLength(cursor)
  const start = cursor.at
  const end = start + size
  if (size < 0 || end > cursor.bytes.length) throw new CorruptBlock(`${size} bytes are due beyond the end`)
  pushBytes(column, cursor, start, size)
  cursor.at = end
}

export function copyBoolean(cursor: Cursor, column: LeafColumn): void {
  pushByte(column, cursor.bytes[cursor.at] === 0 ? 0 : 1)
  cursor.at += 1
}

export function copyInt(cursor: Cursor, column: LeafColumn): void {
  readLongHalves(cursor)
  if (cursor.high !== cursor.low >> 31) throw new CorruptBlock('a number is beyond 32 bits')
  push32(column, cursor.low)
}

export function copyLong(cursor: Cursor, column: LeafColumn): void {
  readLongHalves(cursor)
  push64(column, cursor.low, cursor.high)
}

/** The milliseconds that a Date has; beyond them is DuckDB's own end. */
const instantMaxMs = 8.64e15

export function copyInstant(cursor: Cursor, column: LeafColumn): void {
  readLongHalves(cursor)
  if (Math.abs(longOf(cursor)) > instantMaxMs) throw new CorruptBlock('an instant is beyond the calendar')
  push64(column, cursor.low, cursor.high)
}

export function copyFloat(cursor: Cursor, column: LeafColumn): void {
  copyRaw(cursor, column, 4)
}

export function copyDouble(cursor: Cursor, column: LeafColumn): void {
  copyRaw(cursor, column, 8)
}

function copyRaw(cursor: Cursor, column: LeafColumn, size: number): void {
  if (cursor.at + size > cursor.bytes.length) throw new CorruptBlock(`${size} bytes are due beyond the end`)
  pushRaw(column, cursor.bytes, cursor.at, size)
  cursor.at += size
}

/** An enum's symbol, of which `symbols` are the texts, each in a cursor of its own. */
export function copySymbol(cursor: Cursor, column: LeafColumn, symbols: readonly Cursor[]): void {
  const symbol = symbols[readLength(cursor)]
  if (!symbol) throw new CorruptBlock('the enum has no such symbol')
  pushBytes(column, symbol, 0, symbol.bytes.length)
}

/** A map's keys start at these places. Parquet would take one twice, SQL's map has no place for it. */
export function checkKeys(cursor: Cursor, starts: readonly number[]): void {
  const seen = new Set<string>()
  const after = cursor.at
  for (const start of starts) {
    cursor.at = start
    const size = readLength(cursor)
    const key = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at, size).toString('latin1')
    if (seen.has(key)) throw new CorruptBlock('a map names a key twice')
    seen.add(key)
  }
  cursor.at = after
}
