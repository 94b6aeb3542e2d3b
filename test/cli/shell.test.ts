import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readHistory, writeHistory } from '../../src/cli/history.ts'
import { completer, readStatements } from '../../src/cli/shell.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { change } from '../changes.ts'
import { dmd, stdinOf, testIo } from './io.ts'

let folder: string
let engine: QueryEngine
const catalog = loadCatalog()
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-shell-'))
  const archive = join(folder, 'archive')
  await dmd(['deliver', '-', '--archive', archive], { stdin: stdinOf(change()) })
  engine = await openDuckDb({ store: await openDirectoryStore(archive), catalog })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Types lines into the shell; what it printed, and the prompts it showed. */
async function type(lines: readonly string[], interrupts = new EventTarget()) {
  const { io, out, err } = testIo()
  const prompts: string[] = []
  const left = [...lines]
  const read = async (prompt: string) => {
    prompts.push(prompt)
    return left.shift()
  }
  await readStatements(io, engine, catalog, read, { interrupts, history: readHistory({ HOME: folder }) })
  return { out: out(), err: err(), prompts, left }
}

test('a statement may take several lines and ends with a semicolon', async () => {
  const { out, prompts } = await type(['SELECT fanid', 'FROM demand;', ''])
  expect(out).toMatch(/fanid\n─+\nfan-1\n1 row\n/)
  expect(prompts).toEqual(['dmd> ', '...> ', 'dmd> ', 'dmd> '])
})

test('a statement that fails is explained, and the shell goes on', async () => {
  const { out, err } = await type(['SELECT nothing;', 'DROP TABLE demand;', 'SELECT 1 AS one;'])
  expect(err).toMatch(/error: .*nothing/)
  expect(err).toMatch(/error: .*DROP/)
  expect(out).toContain('one')
})

test('its own commands list tables, columns and saved queries, and choose the format', async () => {
  const { out } = await type([
    '.tables',
    '.columns sale',
    '.saved',
    '.saved top-events',
    '.format json',
    'SELECT 2 AS two;',
    '.nonsense',
    '.help',
  ])
  for (const text of [
    'demand_current',
    'salestartdatetime',
    'notification-lag',
    'demand_count',
    '{"two":2}',
    'there is no .nonsense',
    '.quit',
  ]) {
    expect(out).toContain(text)
  }
})

test('.quit and the end of the input leave', async () => {
  expect((await type(['.quit', 'SELECT 1;'])).left).toEqual(['SELECT 1;'])
  expect((await type([])).out).toBe('')
})

test('an interrupt ends the statement under way and not the shell', async () => {
  const interrupts = new EventTarget()
  const timer = setInterval(() => interrupts.dispatchEvent(new Event('interrupt')), 50)
  const endless = 'SELECT COUNT(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1;'
  const { out, err } = await type([endless], interrupts).finally(() => clearInterval(timer))
  expect(err).toMatch(/error: .*(interrupt|abort|cancel|ended)/i)
  expect(out).toBe('')
  expect((await type(['SELECT 3 AS three;'])).out).toContain('three')
})

test('statements are remembered for their owner only, as one line each', async () => {
  await type(['SELECT 4', '  AS four;'])
  const path = join(folder, '.dmd_history')
  expect(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)).toBe('SELECT 4 AS four;')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readHistory({ HOME: folder }).lines[0]).toBe('SELECT 4 AS four;')
})

test('a history grows to a bound and no further', () => {
  const home = mkdtempSync(join(tmpdir(), 'dmd-history-'))
  try {
    for (let n = 0; n < 2100; n++) writeHistory(readHistory({ HOME: home }), `SELECT ${n};`)
    expect(readFileSync(join(home, '.dmd_history'), 'utf8').split('\n').length).toBeLessThan(2105)
    expect(readHistory({ HOME: home }).lines).toHaveLength(1000)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('words are completed from keywords, tables, columns and commands', () => {
  const complete = completer(catalog)
  expect(complete('SELECT fan')).toEqual([['fanid'], 'fan'])
  expect(complete('select * from demand_c')).toEqual([['demand_changes', 'demand_current'], 'demand_c'])
  expect(complete('.col')).toEqual([['.columns'], '.col'])
  expect(complete('SELECT ')).toEqual([[], ''])
})

test('without a terminal and without a statement, query says what to give', async () => {
  expect(await dmd(['query'])).toMatchObject({ code: 2, out: '' })
})
