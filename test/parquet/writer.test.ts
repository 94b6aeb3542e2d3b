import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWriter, encodeValue, writeValue, written } from '../../src/codec/avro.ts'
import { createShredder } from '../../src/parquet/shred.ts'
import { createParquetWriter } from '../../src/parquet/writer.ts'
import { compileSchema } from '../../src/record/schema.ts'
import type { RecordType, RecordValue } from '../../src/record/type.ts'
import { addedSchema } from '../arbitrary/schema.ts'

// Every way in which a column can be laid out, read back by the reader of Parquet that DuckDB has.

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-pack-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const schema = compileSchema(
  {
    ...{ type: 'record', name: 'thing', plural: 'things', reference: '{id}' },
    ...{ timestamp: ['change.timestamp'], partition: ['change.timestamp'] },
    fields: [
      { name: 'type', type: 'string' },
      { name: 'id', type: 'string' },
      { name: 'one', type: 'string' },
      { name: 'few', type: ['null', 'string'] },
      { name: 'many', type: 'string' },
      { name: 'yes', type: 'boolean' },
      { name: 'list', type: { type: 'array', items: 'string' } },
      { name: 'map', type: { type: 'map', values: 'long' } },
    ],
  },
  addedSchema,
  'thing.avsc',
)
const own: RecordType = { ...schema.own }

const total = 150_000
const rowAt = (n: number): RecordValue => ({
  type: 'thing',
  id: createHash('md5').update(String(n)).digest('hex'),
  // Changes once a row group and at its very edges.
  one: n < 65_535 ? 'a' : n < 65_537 ? 'ä' : n < 131_072 ? 'b' : '',
  few: n % 7 === 0 ? null : `few-${(n * 31) % 997}`,
  // Looks as if it repeated, and then does not: kept once each at first, and written out later.
  many: n < 10_000 ? `early-${n % 50}` : `late-${n % 40_000}`,
  yes: n % 3 === 0,
  list: Array.from({ length: n % 4 }, (_, item) => `${item % 2}`),
  map: new Map(n % 5 === 0 ? [['k', n]] : []),
})

async function write(path: string, blocks: Iterable<readonly [bytes: Uint8Array, rows: number]>) {
  const writer = await createParquetWriter(path, createShredder(own))
  try {
    writer.begin({ key: 'data/thing/partition_date=2025-02-13/ä.avro', partition: '2025-02-13' })
    for (const [bytes, rows] of blocks) await writer.append(bytes, rows)
    return await writer.end()
  } finally {
    await writer.close()
  }
}

function* blocksOf(rows: number, size: number): Generator<readonly [Uint8Array, number]> {
  for (let from = 0; from < rows; from += size) {
    const writer = createWriter()
    const count = Math.min(size, rows - from)
    for (let n = from; n < from + count; n++) writeValue(writer, own, rowAt(n))
    yield [written(writer), count]
  }
}

async function ask(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  return (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][]
}

describe('a pack of several row groups', () => {
  let path: string
  beforeAll(async () => {
    path = join(folder, 'large.parquet')
    await write(path, blocksOf(total, 997))
  })

  test('has every row, in order, in groups of a bounded size', async () => {
    const groups = await ask(
      `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata('${path}') ORDER BY 1`,
    )
    expect(groups.length).toBeGreaterThan(2)
    expect(groups.reduce((sum, [, rows]) => sum + Number(rows), 0)).toBe(total)
    for (const [, rows] of groups) expect(Number(rows)).toBeLessThan(65_536 + 997)
  })

  test('keeps repeated text once each, and writes out what does not repeat', async () => {
    const encodings = await ask(
      `SELECT path_in_schema, list(DISTINCT encodings LIKE '%DICTIONARY%') FROM parquet_metadata('${path}')
       WHERE path_in_schema IN ('one', 'few', 'id', 'partition_date') GROUP BY ALL ORDER BY ALL`,
    )
    expect(encodings).toEqual([
      ['few', [true]],
      ['id', [false]],
      ['one', [true]],
      ['partition_date', [true]],
    ])
    const many = await ask(
      `SELECT encodings FROM parquet_metadata('${path}') WHERE path_in_schema = 'many' ORDER BY row_group_id`,
    )
    expect(many.at(-1)?.[0]).not.toContain('DICTIONARY')
  })

  test('gives every value back', async () => {
    const found = await ask(
      `SELECT id, one, few, many, yes, list, map, partition_date, "$path" FROM '${path}'`,
    )
    expect(found).toHaveLength(total)
    for (const [n, row] of found.entries()) {
      const { id, one, few, many, yes, list, map } = rowAt(n)
      const pairs = [...(map as Map<string, number>)].map(([key, value]) => ({ key, value: String(value) }))
      const file = 'data/thing/partition_date=2025-02-13/ä.avro'
      // One assertion a row would take longer than everything else here.
      if (JSON.stringify(row) !== JSON.stringify([id, one, few, many, yes, list, pairs, '2025-02-13', file]))
        expect(row, `row ${n}`).toEqual([id, one, few, many, yes, list, pairs, '2025-02-13', file])
    }
  })
})

test('text that is no UTF-8 gets U+FFFD for what is none, however often it comes', async () => {
  const bad = [
    Uint8Array.of(0xff, 0x41),
    Uint8Array.of(0xff, 0x41),
    Uint8Array.of(0xc3),
    Uint8Array.of(0xff, 0x41),
  ]
  const blocks = bad.map((bytes): readonly [Uint8Array, number] => {
    const block = encodeValue(own, { ...rowAt(0), one: 'XYZ'.slice(0, bytes.length) })
    block.set(bytes, Buffer.from(block).indexOf('XYZ'.slice(0, bytes.length)))
    return [block, 1]
  })
  const path = join(folder, 'bad.parquet')
  await write(path, blocks)
  expect(await ask(`SELECT one FROM '${path}'`)).toEqual([['\ufffdA'], ['\ufffdA'], ['\ufffd'], ['\ufffdA']])
})

test('a map that names a key twice, a text beyond the end and a block cut short are refused', async () => {
  const whole = encodeValue(own, {
    ...rowAt(1),
    map: new Map([
      ['k1', 1],
      ['k2', 2],
    ]),
  })
  const twice = Uint8Array.from(whole)
  twice.set(Buffer.from('k1'), Buffer.from(twice).indexOf('k2'))
  const attempt = (block: Uint8Array, name: string) => write(join(folder, name), [[block, 1]])
  await expect(attempt(twice, 'twice')).rejects.toMatchObject({ code: 'CONTAINER_INVALID' })
  for (let length = 0; length < whole.length; length++)
    await expect(attempt(whole.subarray(0, length), `cut-${length}`), `${length}`).rejects.toMatchObject({
      code: 'CONTAINER_INVALID',
    })
  const longer = new Uint8Array(whole.length + 1)
  longer.set(whole)
  await expect(attempt(longer, 'longer')).rejects.toMatchObject({ code: 'CONTAINER_INVALID' })
  await attempt(whole, 'whole')
})
