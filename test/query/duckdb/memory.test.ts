import { describe, expect, test } from 'vitest'
import { fromPs, parseBytes, readResidentBytes } from '../../../src/query/duckdb/memory.ts'
import { splitRows } from '../../../src/query/duckdb/rows.ts'
import type { Cell } from '../../../src/query/engine.ts'

test.each([
  ['2GB', 2e9],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['500mb', 5e8],
  ['64KiB', 65_536],
])('%s is as many bytes as DuckDB reads in it', (size, bytes) => {
  expect(parseBytes(size)).toBe(bytes)
})

test.each(['2', 'GB', '-1GB', '80%', '1e3MB'])('%s is no size', (size) => {
  expect(() => parseBytes(size)).toThrow(expect.objectContaining({ code: 'SETTING_INVALID' }))
})

test('the memory of a process is that which Node tells of itself, and of one that is gone there is none', async () => {
  const own = process.memoryUsage.rss()
  const found = (await readResidentBytes(process.pid)) ?? 0
  expect(found).toBeGreaterThan(own / 2)
  expect(found).toBeLessThan(own * 2)
  // A pid beyond the largest that Linux gives.
  expect(await readResidentBytes(2 ** 22 + 1)).toBeUndefined()
  expect(await fromPs(2 ** 22 + 1)).toBeUndefined()
})

describe('rows in parts', () => {
  const text = 'x'.repeat(300_000)
  const nested: Cell = {
    kind: 'list',
    items: [{ kind: 'map', entries: [[text, { kind: 'struct', entries: [['a', text]] }]] }],
  }
  test.each([
    ['small rows stay together', Array.from({ length: 2048 }, (_, n) => [n, null, true]), [2048]],
    ['large rows are parted', [[text], [text], [text]], [1, 1, 1]],
    ['what is nested counts too', [[nested], [1], [nested]], [1, 1, 1]],
    ['bytes count as they are', [[new Uint8Array(1 << 19)], [new Uint8Array(1 << 19)], [1]], [2, 1]],
    ['no rows are no part', [], []],
  ] as const)('%s', (_, rows, lengths) => {
    const parts = [...splitRows(rows)]
    expect(parts.map(({ length }) => length)).toEqual(lengths)
    expect(parts.flat()).toEqual(rows)
  })
})
