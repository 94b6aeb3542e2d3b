import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../src/catalog.ts'
import { openDuckDb } from '../src/query/duckdb.ts'
import type { QueryEngine } from '../src/query/engine.ts'
import { formatJson } from '../src/query/format.ts'
import { simulate } from '../src/sample/simulator.ts'
import { openDirectoryStore } from '../src/store/directory.ts'
import { dmdProcess } from './cli/process.ts'

import { foldLines } from './sample/fold.ts'
import { tree } from './tree.ts'

const lines = [
  ...simulate({
    fans: 50_000,
    minutes: 5,
    badPercent: 0,
    badCount: 200,
    cancelPercent: 2,
    notifyPercent: 2,
    duplicatePercent: 1,
    seed: 'surge',
  }),
]
const fold = foldLines(lines)

let folder: string
let archive: string
let engine: QueryEngine
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-surge-'))
  archive = join(folder, 'archive')
  writeFileSync(join(folder, 'surge.jsonl'), linesOf(lines))
})
afterAll(async () => {
  await engine?.close()
  rmSync(folder, { recursive: true, force: true })
})

const linesOf = (some: typeof lines) => Buffer.concat(some.flatMap(({ bytes }) => [bytes, Buffer.from('\n')]))
const deliver = (to: string, file = 'surge.jsonl') =>
  dmdProcess(['deliver', join(folder, file), '--archive', to, '--json'])
const query = async (sql: string): Promise<{ [column: string]: never }[]> => {
  let text = ''
  await formatJson(await engine.query(sql), async (part) => {
    text += part
  })
  return JSON.parse(text)
}
const toObject = (rows: { [column: string]: never }[]) =>
  Object.fromEntries(rows.map(({ name, n }) => [name, n]))
const types = ['demand', 'event', 'notification', 'sale']
const perType = async (select: (type: string) => string) =>
  toObject(await query(types.map(select).join(' UNION ALL ')))

test('fifty thousand requests and more are all delivered or filed as errors', () => {
  const ran = deliver(archive)
  expect(ran.status).toBe(0)
  expect(JSON.parse(ran.stdout)).toMatchObject({
    records: lines.length,
    delivered: lines.length - 200,
    errored: 200,
  })
  expect(lines.length).toBeGreaterThan(51_200)
})

test('the counts by SQL equal a plain fold over the simulated changes', async () => {
  engine = await openDuckDb({ store: await openDirectoryStore(archive), catalog: loadCatalog() })
  expect(
    await perType(
      (type) => `SELECT '${type}/' || partition_date AS name, COUNT(*) AS n FROM ${type} GROUP BY 1`,
    ),
  ).toEqual(
    Object.fromEntries(
      Object.entries(fold.rows).flatMap(([type, dates]) =>
        Object.entries(dates).map(([date, n]) => [`${type}/${date}`, n]),
      ),
    ),
  )
  expect(await perType((type) => `SELECT '${type}' AS name, COUNT(*) AS n FROM ${type}_changes`)).toEqual({
    ...none,
    ...fold.changes,
  })
  expect(await perType((type) => `SELECT '${type}' AS name, COUNT(*) AS n FROM ${type}_current`)).toEqual({
    ...none,
    ...fold.current,
  })
  expect(
    await perType((type) => `SELECT '${type}' AS name, COUNT(*) AS n FROM ${type} WHERE isdeleted`),
  ).toEqual({
    ...none,
    ...fold.deletedRows,
  })
  expect(
    toObject(
      await query(
        "SELECT eventid AS name, COUNT(*) AS n FROM demand_changes WHERE change.operation = 'INSERT' GROUP BY 1",
      ),
    ),
  ).toEqual(fold.requests)
})

const none = Object.fromEntries(types.map((type) => [type, 0]))

test('delivered again, the archive is what it was, and equals one delivered once elsewhere', () => {
  // A tenth of it has all that decides a key or a byte.
  writeFileSync(join(folder, 'some.jsonl'), linesOf(lines.slice(0, 5_000)))
  const twice = join(folder, 'twice')
  expect(deliver(twice, 'some.jsonl').status).toBe(0)
  const before = tree(twice)
  expect(deliver(twice, 'some.jsonl').status).toBe(0)
  expect(tree(twice)).toEqual(before)
  const other = join(folder, 'other')
  expect(deliver(other, 'some.jsonl').status).toBe(0)
  expect(tree(other)).toEqual(before)
})
