import { open } from 'node:fs/promises'
import { clearColumn } from './column.ts'
import { magic, type RowGroup, writeFooter, writeRowGroup } from './parquet.ts'
import type { Shredder } from './shred.ts'

/** Rows in a row group, which is what DuckDB scans at once and what is held in memory here. */
const groupRowsMax = 65_536
const groupBytesMax = 48 * 1024 * 1024

/** Writes a Parquet file, row group by row group. */
export type PackWriter = {
  /** Takes in a block of rows; see `Shredder`. */
  readonly take: (block: Uint8Array, rows: number, where: string) => Promise<void>
  /** Writes what is held and the footer; returns the file's size in bytes. */
  readonly end: () => Promise<number>
  /** Closes the file as it is. */
  readonly close: () => Promise<void>
}

/** Makes a new file at `path`, for its owner alone. Its content becomes durable only when the system writes it. */
export async function createPack(path: string, shredder: Shredder): Promise<PackWriter> {
  const file = await open(path, 'wx', 0o600)
  const { columns, steps } = shredder
  const groups: RowGroup[] = []
  let offset = 0
  let rows = 0
  const append = async (parts: readonly Uint8Array[]) => {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const { bytesWritten } = await file.writev(parts)
    if (bytesWritten !== bytes)
      throw new Error(`${path}: only ${bytesWritten} of ${bytes} bytes were written`)
    offset += bytes
  }
  const flush = async () => {
    const { group, parts } = writeRowGroup(columns, rows, offset, new Map())
    await append(parts)
    groups.push(group)
    for (const column of columns) clearColumn(column)
    rows = 0
  }
  for (const column of columns) clearColumn(column)
  await append([magic])
  return {
    take: async (block, count, where) => {
      shredder.take(block, count, where)
      rows += count
      if (rows >= groupRowsMax || columns.reduce((sum, { length }) => sum + length, 0) >= groupBytesMax)
        await flush()
    },
    end: async () => {
      if (rows > 0) await flush()
      await append(writeFooter(steps, groups))
      return offset
    },
    close: () => file.close(),
  }
}
