import type { LeafColumn, LeafKind } from './column.ts'
import { bitWidthOf, encodeHybrid } from './levels.ts'
import {
  bool,
  i32,
  i64,
  struct,
  type Thrift,
  type ThriftField,
  thriftList,
  thriftText,
  writeThrift,
} from './thrift.ts'

// The layout of a Parquet file (https://parquet.apache.org/docs/file-format/):
//
//     "PAR1" · row groups · footer · size of the footer, 4 bytes · "PAR1"
//     row group: for each column a chunk: the dictionary's page where there is one, a page of data
//     page: its header · (length · repetition levels) · (length · definition levels) · values

export const magic = Buffer.from('PAR1', 'latin1')

/** An element of the schema's tree: a leaf, or a group with its children. */
export type SchemaElement = {
  readonly name: string
  readonly repetition: 'required' | 'optional' | 'repeated'
  readonly leaf?: LeafKind
  readonly group?: 'record' | 'list' | 'map' | 'entries'
  readonly children: readonly SchemaElement[]
}

const physicalTypes = {
  boolean: 0,
  int: 1,
  date: 1,
  long: 2,
  instant: 2,
  float: 4,
  double: 5,
  text: 6,
  bytes: 6,
} as const satisfies Record<LeafKind, number>

const repetitions = { required: 0, optional: 1, repeated: 2 } as const
const converted = { text: 0, date: 6, map: 1, list: 3 } as const

const plain = 0
const rle = 3
const rleDictionary = 8
const dataPage = 0
const dictionaryPage = 2

/** A row group's place in the file, for the footer. */
export type RowGroup = { readonly rows: number; readonly chunks: readonly Chunk[] }
type Chunk = {
  readonly column: LeafColumn
  readonly entries: number
  readonly offset: number
  readonly dictionaryBytes: number
  readonly bytes: number
  readonly encodings: readonly number[]
  readonly range: readonly [min: string, max: string] | undefined
}

/**
 * The bytes of a row group that starts at `offset` of the file, and its place. `ranges` gives the least and the
 * greatest value of a column, by its name, where that is known.
 */
export function writeRowGroup(
  columns: readonly LeafColumn[],
  rows: number,
  offset: number,
  ranges: ReadonlyMap<string, readonly [min: string, max: string]>,
): { readonly group: RowGroup; readonly parts: readonly Uint8Array[] } {
  const parts: Uint8Array[] = []
  const chunks: Chunk[] = []
  let at = offset
  for (const column of columns) {
    const dictionaryPages = column.dictionary ? writeDictionary(column, column.dictionary.starts.length) : []
    const data = writeData(column)
    const dictionaryBytes = sizeOf(dictionaryPages)
    const bytes = dictionaryBytes + sizeOf(data)
    chunks.push({
      column,
      entries: column.entries,
      offset: at,
      dictionaryBytes,
      bytes,
      encodings: column.dictionary ? [plain, rle, rleDictionary] : [plain, rle],
      range: ranges.get(column.path.join('.')),
    })
    parts.push(...dictionaryPages, ...data)
    at += bytes
  }
  return { group: { rows, chunks }, parts }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

function writeDictionary(column: LeafColumn, distinct: number): readonly Uint8Array[] {
  const values = column.values.subarray(0, column.length)
  const header = pageHeader(dictionaryPage, values.length, [7, struct([1, i32(distinct)], [2, i32(plain)])])
  return [header, values]
}

function writeData(column: LeafColumn): readonly Uint8Array[] {
  const content = [
    ...writeLevels(column.repetitions, column.entries, column.repetitionMax),
    ...writeLevels(column.definitions, column.entries, column.definitionMax),
    ...writeValues(column),
  ]
  const encoding = column.dictionary ? rleDictionary : plain
  const header = pageHeader(dataPage, sizeOf(content), [
    5,
    struct([1, i32(column.entries)], [2, i32(encoding)], [3, i32(rle)], [4, i32(rle)]),
  ])
  return [header, ...content]
}

function pageHeader(type: number, bytes: number, detail: ThriftField): Uint8Array {
  return writeThrift(struct([1, i32(type)], [2, i32(bytes)], [3, i32(bytes)], detail))
}

function writeLevels(levels: Uint8Array, entries: number, max: number): readonly Uint8Array[] {
  if (max === 0) return []
  const encoded = encodeHybrid(levels, entries, bitWidthOf(max))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(encoded.length)
  return [size, encoded]
}

function writeValues(column: LeafColumn): readonly Uint8Array[] {
  if (column.dictionary) {
    const width = Math.max(1, bitWidthOf(column.dictionary.starts.length - 1))
    return [Uint8Array.of(width), encodeHybrid(column.dictionary.indexes, column.count, width)]
  }
  if (column.kind === 'boolean') return [packBits(column.values, column.count)]
  return [column.values.subarray(0, column.length)]
}

function packBits(bytes: Uint8Array, count: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8))
  for (let at = 0; at < count; at++)
    if (bytes[at] === 1) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
  return bits
}

/** What follows the row groups: the footer, its size and the magic. */
export function writeFooter(
  elements: readonly SchemaElement[],
  groups: readonly RowGroup[],
  columns: number,
): readonly Uint8Array[] {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  const footer = writeThrift(
    struct(
      [1, i32(1)],
      [2, thriftList('struct', [root(elements), ...elements.flatMap(schemaElements)])],
      [3, i64(rows)],
      [4, thriftList('struct', groups.map(rowGroup))],
      [6, thriftText('dmd-pipeline')],
      // What makes a text the least: its bytes, compared one by one.
      [
        7,
        thriftList(
          'struct',
          Array.from({ length: columns }, () => struct([1, struct()])),
        ),
      ],
    ),
  )
  const size = Buffer.alloc(4)
  size.writeUInt32LE(footer.length)
  return [footer, size, magic]
}

function root(elements: readonly SchemaElement[]): Thrift {
  return struct([4, thriftText('row')], [5, i32(elements.length)])
}

function schemaElements(element: SchemaElement): readonly Thrift[] {
  const meaning =
    element.leaf === 'text' || element.leaf === 'date'
      ? converted[element.leaf]
      : element.group === 'map' || element.group === 'list'
        ? converted[element.group]
        : undefined
  const written = struct(
    [1, element.leaf === undefined ? undefined : i32(physicalTypes[element.leaf])],
    [3, i32(repetitions[element.repetition])],
    [4, thriftText(element.name)],
    [5, element.leaf === undefined ? i32(element.children.length) : undefined],
    [6, meaning === undefined ? undefined : i32(meaning)],
    // TIMESTAMP, not adjusted to a zone, in milliseconds.
    [
      10,
      element.leaf === 'instant'
        ? struct([8, struct([1, bool(false)], [2, struct([1, struct()])])])
        : undefined,
    ],
  )
  return [written, ...element.children.flatMap(schemaElements)]
}

function rowGroup({ rows, chunks }: RowGroup): Thrift {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
  return struct([1, thriftList('struct', chunks.map(columnChunk))], [2, i64(bytes)], [3, i64(rows)])
}

function columnChunk(chunk: Chunk): Thrift {
  const { column, offset, bytes, dictionaryBytes, range } = chunk
  const meta = struct(
    [1, i32(physicalTypes[column.kind])],
    [2, thriftList('i32', chunk.encodings.map(i32))],
    [3, thriftList('text', column.path.map(thriftText))],
    [4, i32(0)],
    [5, i64(chunk.entries)],
    [6, i64(bytes)],
    [7, i64(bytes)],
    [9, i64(offset + dictionaryBytes)],
    [11, dictionaryBytes > 0 ? i64(offset) : undefined],
    [12, range ? struct([5, thriftText(range[1])], [6, thriftText(range[0])]) : undefined],
  )
  return struct([2, i64(offset)], [3, meta])
}
