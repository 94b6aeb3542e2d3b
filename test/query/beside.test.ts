import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { asJson } from './archive.ts'

let engine: QueryEngine
beforeAll(async () => {
  engine = await openDuckDb({ store: openMemoryStore(), catalog: new Map() })
})
afterAll(() => engine.close())

const from = `FROM (VALUES (7, 2.50, 'a,b', DATE '2025-02-13', TIMESTAMP '2025-02-13 18:30:00.25', ARRAY[3, NULL, 1]))
  AS t (n, p, s, d, at, list)`

const pool: readonly string[] = [
  'n / 2',
  'n % 4',
  '-n / 2',
  'n / 2e0',
  'p / 3',
  'mod(n, 4)',
  'TRY(n / 0)',
  'TRY_CAST(s AS integer)',
  'CAST(p AS varchar)',
  'CAST(n AS double) / 2',
  'if(n > 3, n / 2)',
  'CASE n / 2 WHEN 3 THEN s ELSE CAST(n AS varchar) END',
  'CASE WHEN n BETWEEN 1 AND 9 THEN n / 2 END',
  'coalesce(TRY(n / 0), n / 4)',
  'nullif(n / 2, 3)',
  'greatest(n, 2) / 2',
  'n IN (1, 7, NULL)',
  "s LIKE 'a%'",
  "s || ':' || CAST(n / 2 AS varchar)",
  "split(s, ',')[2]",
  "split_part(s, ',', 1)",
  'substr(s, -1)',
  "regexp_replace(s, '(a)', '$1$1')",
  "regexp_extract_all(s, '[ab]')",
  "d + INTERVAL '1' DAY",
  "date_add('month', n / 2, d)",
  "date_trunc('month', at)",
  "date_diff('hour', at, TIMESTAMP '2025-02-14 18:30:00')",
  "date_format(at, '%Y-%m')",
  "at AT TIME ZONE 'Asia/Seoul'",
  'to_unixtime(at)',
  'EXTRACT(YEAR FROM d) / 2',
  'list[1] / 2',
  'element_at(list, -1)',
  'array_max(list)',
  'transform(list, x -> x / 2)',
  'reduce(list, 0, (a, x) -> a + coalesce(x, 0), a -> a / 2)',
  'filter(list, x -> x IS NOT NULL)',
  'MAP(ARRAY[s], ARRAY[n / 2])',
  'ROW(n, s)',
  'cardinality(list) / 2',
  "json_extract_scalar('{\"a\":[1,2]}', '$.a[1]')",
  "CAST(json_parse('[1,2]') AS ARRAY(integer))",
  "format('%05d', n)",
]

/** The values of expressions side by side, each as JSON. */
async function valuesOf(expressions: readonly string[], rest = from): Promise<readonly string[]> {
  const items = expressions.map((expression, index) => `${expression} AS v${index}`)
  const [row] = JSON.parse(await asJson(engine, `SELECT ${items.join(', ')} ${rest}`))
  return Object.values(row).map((value) => JSON.stringify(value))
}

test('an expression has the same value alone, beside others and behind others', async () => {
  const alone: string[] = []
  for (const expression of pool) alone.push(...(await valuesOf([expression])))
  expect(await valuesOf(pool)).toEqual(alone)
  expect(await valuesOf([...pool].reverse())).toEqual([...alone].reverse())
  for (const shift of [3, 8, 21]) {
    const order = pool.flatMap((_, index) => [index, (index + shift) % pool.length])
    const found = await valuesOf(order.map((index) => pool[index] ?? ''))
    expect(found, `${shift}`).toEqual(order.map((index) => alone[index]))
  }
})

test('an expression has the same value in a subquery, and beside a window', async () => {
  const alone = await valuesOf(pool)
  for (const [index, expression] of pool.entries()) {
    const around = [
      `SELECT * FROM (SELECT ${expression} AS v ${from}) AS q`,
      `SELECT v FROM (SELECT ${expression} AS v, count(*) OVER (PARTITION BY n / 2) AS c ${from}) AS q`,
    ]
    for (const sql of around) {
      const [row] = JSON.parse(await asJson(engine, sql))
      expect(JSON.stringify(row.v), sql).toBe(alone[index])
    }
  }
})
