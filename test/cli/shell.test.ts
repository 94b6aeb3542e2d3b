import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readStatementHistory, writeHistory } from '../../src/cli/history.ts'
import { completer } from '../../src/cli/shell/complete.ts'
import { droppedLine, idle } from '../../src/cli/shell/terminal.ts'
import { readStatements } from '../../src/cli/shell.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { change } from '../changes.ts'
import { dmd, type Over, stdinOf, testIo } from './io.ts'

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

/** Types lines into the shell; what it printed, the prompts it showed, and what it kept. */
async function type(
  lines: readonly (string | typeof droppedLine | typeof idle)[],
  { work = new AbortController().signal, with: used = engine, ...over }: Over & Used = {},
) {
  const { io, out, err } = testIo(over)
  const prompts: string[] = []
  const kept: string[] = []
  const left = [...lines]
  const read = async (prompt: string) => {
    prompts.push(prompt)
    return left.shift()
  }
  const remember = (entry: string) => void kept.push(entry)
  await readStatements(io, used, catalog, read, { work: () => work, remember })
  return { out: out(), err: err(), prompts, left, kept }
}
type Used = { work?: AbortSignal; with?: QueryEngine }

/** Ten thousand rows: a product of several is a query without an end. */
const series = (alias: string) => `UNNEST(sequence(1, 10000)) AS ${alias}`

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
  const { out, err } = await type([
    '.tables',
    '.columns sale',
    '.saved',
    '.saved top-events top=3',
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
    'LIMIT 3\n',
    '{"two":2}',
    '.quit',
  ]) {
    expect(out).toContain(text)
  }
  expect(err).toContain('error: there is no .nonsense')
})

test('names that are typed again are whole on a narrow terminal', async () => {
  const { out } = await type(['.tables', '.saved', '.columns demand'], { width: 80 })
  for (const name of [
    'notification_changes, notification_current',
    'deleted-requests-by-request ',
    'change.previouspartition ',
  ])
    expect(out).toContain(name)
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test('a command that is given what it does not take says what there is', async () => {
  const { out, err } = await type([
    ...['.saved nope', '.columns nope', '.format xml', '.limit many', '.read', '.read nope.sql'],
  ])
  expect(out).toBe('')
  const told = err.split('\n').filter((line) => line.startsWith('error: '))
  expect(told).toEqual([
    expect.stringMatching(/^error: there is no saved query "nope"; there are top-events, /),
    expect.stringMatching(/^error: there is no table "nope"; there are demand, demands, demand_changes/),
    'error: there is no format "xml"; there are table, line, csv, json, jsonl',
    'error: "many" is not a number of rows; write .limit 500, or .limit off',
    'error: name a file with statements: .read report.sql',
    expect.stringMatching(/^error: nope\.sql: ENOENT/),
  ])
})

test('columns are listed with their fields, and personal ones are marked', async () => {
  const { out } = await type(['.columns dmd.demands'])
  expect(out).toMatch(/^column +type +personal +what it holds\n/)
  expect(out).toMatch(/\nemail +varchar +personal +/)
  expect(out).toMatch(/\nfanid +varchar {2,}The fan who asks\.\n/)
  expect(out).toMatch(/\ndate\.requested +timestamp\(3\) +/)
  expect(out).toMatch(/\nextra +map\(varchar, varchar\) +may be +/)
  expect(out).toMatch(/\npartition_date +varchar +/)
})

test('lines that other programs take for commands are answered and wait for nothing', async () => {
  for (const line of ['help', '?', '\\?', 'HELP;']) {
    const { out, prompts } = await type([line])
    expect(out).toContain('.tables')
    expect(prompts).toEqual(['dmd> ', 'dmd> '])
  }
  for (const line of ['exit', 'quit;', '\\q', '.exit', '.q'])
    expect((await type([line, 'SELECT 1;'])).left).toEqual(['SELECT 1;'])
  const { err, prompts } = await type(['\\d demand'])
  expect(err).toBe(
    'error: there is no \\d; .help lists what there is, .tables the tables, .columns TABLE its columns\n',
  )
  expect(prompts).toEqual(['dmd> ', 'dmd> '])
})

test('commands work in the middle of a statement, which goes on after them', async () => {
  expect((await type(['SELECT', '.quit', '1;'])).left).toEqual(['1;'])
  const { out, prompts } = await type(['SELECT 5', '.help', '?', 'AS five;'])
  expect(out).toContain('.tables')
  expect(out).toMatch(/five\n─+\n +5\n/)
  expect(prompts).toEqual(['dmd> ', '...> ', '...> ', '...> ', 'dmd> '])
  const taken = await type(['SELECT 6 AS', 'exit', ', 7 AS seven;'])
  expect(taken.err).toContain('"exit" was taken for SQL; .quit leaves, Ctrl-C drops the statement')
  expect(taken.out).toMatch(/exit +seven\n/)
})

test('what stands in quotes and comments is no command and ends no statement', async () => {
  const { out, kept } = await type([
    "SELECT 'a;",
    '.help',
    "' AS text; -- done; really",
    '/* ; */',
    'SELECT 8;',
  ])
  expect(out).toContain('a;\\n.help\\n')
  expect(out).not.toContain('.tables')
  expect(kept).toEqual(["SELECT 'a;\n.help\n' AS text; -- done; really", '/* ; */\nSELECT 8;'])
})

test('a comment behind a statement waits for nothing, and several statements may share a line', async () => {
  const { out, prompts, kept } = await type([
    'SELECT 1 AS a; -- note',
    'SELECT 2 AS b; SELECT 3 AS c; ;',
    ';',
  ])
  expect(out.match(/^[abc]$/gm)).toEqual(['a', 'b', 'c'])
  expect(prompts).toEqual(['dmd> ', 'dmd> ', 'dmd> ', 'dmd> '])
  expect(kept).toEqual(['SELECT 1 AS a; -- note', 'SELECT 2 AS b; SELECT 3 AS c; ;'])
  const begun = await type(['SELECT 4 AS d; SELECT', '5 AS e;'])
  expect(begun.out.match(/^[de]$/gm)).toEqual(['d', 'e'])
  expect(begun.prompts).toEqual(['dmd> ', '...> ', 'dmd> '])
  expect(begun.kept).toEqual(['SELECT 4 AS d;', 'SELECT\n5 AS e;'])
})

test('of several statements those after one that fails are not run, and the shell says so', async () => {
  const { out, err } = await type(['SELECT nothing; SELECT 1 AS one; SELECT 2 AS two;'])
  expect(out).toBe('')
  expect(err).toContain('2 of 3 statements were not run\n')
})

test('Ctrl-C drops what was typed, and a statement that is not ended is not run', async () => {
  const { out, prompts, err } = await type(['SELECT nothing', droppedLine, 'SELECT 9 AS nine;', 'SELECT'])
  expect(out).toMatch(/^nine\n/)
  expect(prompts).toEqual(['dmd> ', '...> ', 'dmd> ', 'dmd> ', '...> '])
  expect(err).toMatch(/the last statement was not run: it does not end with ;\n$/)
  expect((await type([droppedLine])).err).toBe('')
  expect((await type([idle])).err).toBe('.quit or Ctrl-D leaves\n')
})

test('a long result is shown up to the limit, and the query ends there', async () => {
  const endless = `SELECT 0 AS n FROM ${series('a (n)')}, ${series('b (m)')}, ${series('c (o)')};`
  const { out, err } = await type([
    '.limit 3',
    endless,
    'SELECT 1 AS a UNION ALL SELECT 1 UNION ALL SELECT 1;',
  ])
  expect(out).toBe('n\n─\n0\n0\n0\n3 rows\na\n─\n1\n1\n1\n3 rows\n')
  expect(err.match(/these are the first 3 rows; \.limit N or \.limit off shows more/g)).toHaveLength(1)
  const whole = await type([
    'SELECT n FROM UNNEST(sequence(0, 100)) AS t (n);',
    '.limit off',
    'SELECT n FROM UNNEST(sequence(0, 100)) AS t (n);',
  ])
  expect(whole.out).toContain('\n100 rows\n')
  expect(whole.out).toContain('\n101 rows\n')
})

test('a row is shown as lines of names and values, a field of a record by its path', async () => {
  const { out } = await type(['.mode line', 'SELECT fanid, email, "date" FROM demand;'])
  expect(out).toMatch(/^── row 1\nfanid {10,}fan-1\nemail/)
  expect(out).toMatch(/\ndate\.requested +2025-02-13T18:30:00\.000Z\n/)
  expect(out).toMatch(/\ndate\.deleted\n/)
  expect(out).toMatch(/\n1 row\n$/)
})

test('.output writes the next result to a file, whole and in the format of its ending', async () => {
  const file = join(folder, 'out.csv')
  const { out, err } = await type([
    ...[
      '.limit 2',
      `.output ${file}`,
      'SELECT nothing;',
      'SELECT n FROM UNNEST(sequence(0, 4)) AS t (n);',
      'SELECT 1 AS one;',
    ],
  ])
  expect(readFileSync(file, 'utf8')).toBe('n\r\n0\r\n1\r\n2\r\n3\r\n4\r\n')
  expect(err).toContain(`the next result still goes to ${file}; .output shows it here\n`)
  expect(err).toContain(`5 rows written to ${file}\n`)
  expect(out).toMatch(/^one\n/)
  const parquet = join(folder, 'with space.parquet')
  await type([`.output ${parquet}`, 'SELECT 1 AS n;'])
  expect(readFileSync(parquet).subarray(0, 4).toString()).toBe('PAR1')
  expect((await type([`.output ${file}`, '.output', 'SELECT 1 AS one;'])).out).toMatch(/^one\n/)
})

test('.read runs the statements of a file until one fails', async () => {
  const file = join(folder, 'report.sql')
  writeFileSync(file, '-- a report; of two\nSELECT 1 AS one;\nSELECT 2\n  AS two\n')
  expect((await type([`.read ${file}`])).out.match(/^(one|two)$/gm)).toEqual(['one', 'two'])
  writeFileSync(file, 'SELECT 1 AS one; SELECT nothing; SELECT 3 AS three;')
  const { out, err } = await type([`.read ${file}`])
  expect(out).not.toContain('three')
  expect(err).toContain('1 of 3 statements were not run\n')
})

test('a plan and DDL are shown as the texts that they are, line by line', async () => {
  const { out } = await type(['EXPLAIN SELECT COUNT(*) FROM demand;', 'SHOW CREATE TABLE demand;'], {
    width: 40,
  })
  expect(out).toMatch(/^┌─+┐\n/)
  expect(out).not.toContain('\\n')
  expect(out).toContain(
    "\nPARTITIONED BY (\n  `partition_date` string COMMENT 'The UTC day that the row is filed under",
  )
  expect(out).not.toContain('…')
})

test('a query that takes long gives a sign of life each second, and takes it away', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    let now = 0
    const slow: QueryEngine = {
      ...engine,
      query: async (sql, options) => {
        for (let second = 1; second <= 3; second++) {
          now += 1000
          vi.advanceTimersByTime(1000)
        }
        return engine.query(sql, options)
      },
    }
    const watched = await type(['SELECT 1 AS one;'], { with: slow, isWatched: true, clock: () => now })
    const clear = '\r\u001b[2K'
    expect(watched.err).toContain(
      [1, 2, 3].map((second) => `${clear}running for ${second} s; Ctrl-C ends it`).join('') + clear,
    )
    expect(vi.getTimerCount()).toBe(0)
    expect((await type(['SELECT 1;'], { with: slow })).err).not.toContain('running')
  } finally {
    vi.useRealTimers()
  }
})

test('.quit and the end of the input leave', async () => {
  expect((await type(['.quit', 'SELECT 1;'])).left).toEqual(['SELECT 1;'])
  expect((await type([])).out).toBe('')
})

test('an interrupt ends the statement under way and not the shell', async () => {
  const stop = new AbortController()
  const interrupted: QueryEngine = {
    ...engine,
    query: (sql, options) => {
      const result = engine.query(sql, options)
      stop.abort()
      return result
    },
  }
  const endless = `SELECT COUNT(*) FROM ${series('a (n)')}, ${series('b (m)')}, ${series('c (o)')} WHERE n + m + o = -1;`
  const { out, err } = await type([endless], { work: stop.signal, with: interrupted })
  expect(err).toMatch(/error: .*(interrupt|abort|cancel|ended)/i)
  expect(out).toBe('')
  expect((await type(['SELECT 3 AS three;'])).out).toContain('three')
})

test('an entry of the history keeps its line breaks, comments and spaces, for its owner only', () => {
  const home = mkdtempSync(join(tmpdir(), 'dmd-history-'))
  const path = join(home, '.dmd_history')
  const entries = ["SELECT 'a  b' AS a -- the first\n, 2 AS b;", 'SELECT\t3;']
  writeFileSync(path, 'SELECT 0 AS earlier;\n"not JSON\n')
  for (const entry of entries) writeHistory(readStatementHistory({ HOME: home }), entry)
  expect(readStatementHistory({ HOME: home }).entries).toEqual(
    [...entries].reverse().concat('"not JSON', 'SELECT 0 AS earlier;'),
  )
  rmSync(path)
  writeHistory(readStatementHistory({ HOME: home }), 'SELECT 4;')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  rmSync(home, { recursive: true, force: true })
})

test('a history grows to a bound and no further', () => {
  const home = mkdtempSync(join(tmpdir(), 'dmd-history-'))
  try {
    const path = join(home, '.dmd_history')
    writeFileSync(path, 'SELECT 0;\n'.repeat(1990))
    const lengths: number[] = []
    for (let n = 1; n <= 30; n++) {
      writeHistory(readStatementHistory({ HOME: home }), `SELECT ${n};`)
      lengths.push(readFileSync(path, 'utf8').split('\n').length - 1)
    }
    expect([Math.max(...lengths), lengths.at(-1)]).toEqual([2001, 1019])
    const { entries } = readStatementHistory({ HOME: home })
    expect([entries.length, entries[0], entries[29], entries[30]]).toEqual([
      1000,
      'SELECT 30;',
      'SELECT 1;',
      'SELECT 0;',
    ])
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('words are completed from keywords, tables, columns, functions and commands', () => {
  const complete = completer(catalog)
  expect(complete('SELECT fan')).toEqual([['fanid'], 'fan'])
  expect(complete('select * from demand_c')).toEqual([['demand_changes', 'demand_current'], 'demand_c'])
  expect(complete('SELECT COUNT(DISTINCT fan')).toEqual([['fanid'], 'fan'])
  expect(complete('SELECT from_unixtime_')[0]).toEqual(['from_unixtime_nanos('])
  expect(complete('.col')).toEqual([['.columns'], '.col'])
  expect(complete('SELECT ')).toEqual([[], ''])
})

test('fields of records are completed behind a dot, behind tables and aliases too', () => {
  const complete = completer(catalog)
  const dates = ['date.deleted', 'date.notified', 'date.requested', 'date.triggered']
  expect(complete('SELECT date.')[0]).toEqual(expect.arrayContaining(dates))
  expect(complete('SELECT d.date.req')).toEqual([['d.date.requested'], 'd.date.req'])
  expect(complete('SELECT demand.fan')).toEqual([['demand.fanid'], 'demand.fan'])
  expect(complete('SELECT demand_current.date.del')[0]).toEqual(['demand_current.date.deleted'])
  expect(complete('SELECT fanid.')[0]).toEqual([])
})

test('what a command takes is completed', () => {
  const complete = completer(catalog)
  expect(complete('.saved top')).toEqual([['top-events'], 'top'])
  expect(complete('.format js')).toEqual([['json', 'jsonl'], 'js'])
  expect(complete('.columns demand_cu')).toEqual([['demand_current'], 'demand_cu'])
  expect(complete('.limit o')).toEqual([[], 'o'])
})

test('without a terminal and without a statement, query says what to give', async () => {
  expect(await dmd(['query'])).toMatchObject({ code: 2, out: '' })
})
