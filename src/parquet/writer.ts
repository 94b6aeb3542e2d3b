import { open } from 'node:fs/promises'
import { createCursor } from '../codec/avro-cursor.ts'
import { clearColumn, createColumn, pushTimes } from './column.ts'
import { magic, type RowGroup, type SchemaElement, writeFooter, writeRowGroup } from './file.ts'
import type { Shredder } from './shred.ts'

/** Rows in a row group, which is what DuckDB scans at once and what is held in memory here. */
const groupRowsMax = 65_536
const groupBytesMax = 48 * 1024 * 1024

/** The columns beside those of the schema: the date of a row's partition and the key of its file. */
export const fileColumns = ['partition_date', '$path'] as const

/** Writes a Parquet file, row group by row group. */
export type ParquetWriter = {
  /** Takes in a block of rows of the file that `begin` named; see `Shredder`. */
  readonly append: (block: Uint8Array, rows: number) => Promise<void>
  readonly begin: (file: { readonly key: string; readonly partition: string }) => void
  /** Writes what is held and the footer; returns the file's size in bytes. */
  readonly end: () => Promise<number>
  /** Closes the file as it is. */
  readonly close: () => Promise<void>
}

/**
 * Makes a new Parquet file at `path`, for its owner alone. One writer at a time may use the shredder. The content is
 * durable only once the system has written it.
 */
export async function createParquetWriter(path: string, shredder: Shredder): Promise<ParquetWriter> {
  const file = await open(path, 'wx', 0o600)
  const own = fileColumns.map((name) =>
    createColumn({ path: [name], kind: 'text', definitionMax: 0, repetitionMax: 0 }),
  )
  const columns = [...shredder.columns, ...own]
  const elements = [...shredder.elements, ...fileColumns.map(textElement)]
  const groups: RowGroup[] = []
  let offset = 0
  let rows = 0
  let key = ''
  let partition = ''
  let ownValues = own.map(() => createCursor(new Uint8Array(0)))
  let range: readonly [min: string, max: string] | undefined

  const write = async (parts: readonly Uint8Array[]) => {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const { bytesWritten } = await file.writev(parts)
    if (bytesWritten !== bytes)
      throw new Error(`only ${bytesWritten} of ${bytes} bytes of a Parquet file were written`)
    offset += bytes
  }
  const flush = async () => {
    const ranges = range ? new Map([[fileColumns[0], range]]) : new Map()
    const { group, parts } = writeRowGroup(columns, rows, offset, ranges)
    await write(parts)
    groups.push(group)
    for (const column of columns) clearColumn(column)
    rows = 0
    range = undefined
  }

  for (const column of columns) clearColumn(column)
  await write([magic])
  return {
    begin: (next) => {
      key = next.key
      partition = next.partition
      ownValues = [partition, key].map((text) => createCursor(Uint8Array.from(Buffer.from(text, 'utf8'))))
    },
    append: async (block, count) => {
      shredder.shred(block, count, key)
      for (const [index, column] of own.entries()) {
        const value = ownValues[index]
        if (value) pushTimes(column, value, value.bytes.length, count)
      }
      range = [
        range && range[0] < partition ? range[0] : partition,
        range && range[1] > partition ? range[1] : partition,
      ]
      rows += count
      const bytes = columns.reduce((sum, { length }) => sum + length, 0)
      if (rows >= groupRowsMax || bytes >= groupBytesMax) await flush()
    },
    end: async () => {
      if (rows > 0) await flush()
      await write(writeFooter(elements, groups, columns.length))
      return offset
    },
    close: () => file.close(),
  }
}

function textElement(name: string): SchemaElement {
  return { name, repetition: 'required', leaf: 'text', children: [] }
}
