import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { isBad, judge, type Outcome } from '../trino/corpus/judge.ts'
import { readRecording } from '../trino/corpus/recording.ts'

let engine: QueryEngine
beforeAll(async () => {
  engine = await openDuckDb({ store: openMemoryStore(), catalog: loadCatalog() })
})
afterAll(() => engine.close())

/** Statements that are answered otherwise than Trino answers them. One that is mended must be taken out. */
const known: ReadonlySet<string> = new Set(
  JSON.parse(readFileSync(new URL('../trino/known.json', import.meta.url), 'utf8')) as string[],
)

test('each recorded statement gives what Trino gave, or fails, but for those that are known not to', async () => {
  const counts: { [outcome in Outcome]?: number } = {}
  const found: string[] = []
  const wrong: string[] = []
  for (const recorded of readRecording()) {
    const verdict = await judge(engine, recorded)
    counts[verdict.outcome] = (counts[verdict.outcome] ?? 0) + 1
    if (!isBad(verdict)) continue
    found.push(recorded.sql)
    if (known.has(recorded.sql)) continue
    wrong.push(`${verdict.outcome}: ${recorded.sql}\n  trino ${verdict.trino}\n  ours  ${verdict.ours}`)
  }
  process.stdout.write(`beside Trino: ${JSON.stringify(counts)}\n`)
  expect(wrong.slice(0, 20).join('\n')).toBe('')
  expect([...known].filter((sql) => !found.includes(sql))).toEqual([])
})

test('the recording has every kind of statement, and enough of them', () => {
  const recorded = readRecording()
  expect(recorded.length).toBeGreaterThan(5000)
  expect(new Set(recorded.map(({ sql }) => sql)).size).toBe(recorded.length)
  expect(recorded.some((one) => 'error' in one)).toBe(true)
})
