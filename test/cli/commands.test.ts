import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import stringWidth from 'string-width'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allCommands } from '../../src/cli/command.ts'
import { examplesOf } from '../../src/cli/examples.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { loadSavedQueries } from '../../src/query/saved.ts'
import { change, demandItem, kinesisEvent } from '../changes.ts'
import { dmd, stdinOf } from './io.ts'
import { dmdProcess } from './process.ts'

const savedQueries = loadSavedQueries()

let folder: string
let archive: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-cli-'))
  archive = join(folder, 'archive')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const deliver = (lines: readonly Uint8Array[], ...args: string[]) =>
  dmd(['deliver', '-', '--archive', archive, ...args], {
    stdin: stdinOf(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])), 4096),
  })

test('deliver says what became of the records, for people and for scripts', async () => {
  const lines = [change({ id: 'one' }), Buffer.from('broken')]
  const told = await deliver(lines)
  expect(told.code).toBe(0)
  expect(told.out).toContain('2 records')
  expect(told.out).toContain('dmd errors list --archive')
  const json = await deliver(lines, '--json')
  expect(Object.keys(JSON.parse(json.out))).toEqual(
    expect.arrayContaining(['records', 'delivered', 'errored', 'objects', 'bytes']),
  )
})

test('each line of the log carries its time', async () => {
  const ran = await deliver([change({ id: 'timed' })], '--verbose')
  const lines = ran.err.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(JSON.parse(line).time).toMatch(/^2025-02-13T18:30:\d\d\.\d{3}Z$/)
})

test('errors list has a total, and fits a terminal of 80 columns', async () => {
  const target = join(folder, 'listed')
  const items = [
    { ...demandItem, saleId: { NULL: true } },
    { ...demandItem, type: { S: 'refund' } },
    { ...demandItem, date: { M: { requested: { S: 'soon' } } } },
  ]
  const lines = [...items.map((item, n) => change({ id: `e${n}`, item: item as never })), Buffer.from('{')]
  await dmd(['deliver', '-', '--archive', target], {
    stdin: stdinOf(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])), 4096),
  })
  const { out } = await dmd(['errors', 'list', '--archive', target], { width: 80 })
  const [head, ...rest] = out.trimEnd().split('\n')
  expect(head).toMatch(/^cause +status +open +.*code +type +path/)
  // The last line names the archive, which may be long.
  for (const line of rest.slice(0, -1)) expect(stringWidth(line)).toBeLessThanOrEqual(80)
  expect(out).toContain('\n4 causes: 4 records in 4 files, 4 open (not replayed)\n')
})

test('a second delivery of the same input says that nothing was new', async () => {
  const target = join(folder, 'again')
  const path = join(folder, 'again.jsonl')
  const lines = [change({ id: 'again' }), Buffer.from('broken')]
  writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
  const args = ['deliver', path, '--archive', target]
  expect((await dmd(args)).out).not.toContain('before')
  expect((await dmd(args)).out).toContain('nothing was new: all 2 files had been delivered before')
  expect(JSON.parse((await dmd([...args, '--json'])).out)).toMatchObject({
    objects: 1,
    errorFiles: 1,
    found: 2,
  })
  writeFileSync(
    path,
    Buffer.concat([...lines, change({ id: 'more' })].flatMap((line) => [line, Buffer.from('\n')])),
  )
  expect((await dmd(args)).out).toContain('1 of 2 files had been delivered before')
})

test('an input of which every record went to errors/ ends with 3', async () => {
  const target = join(folder, 'all-bad')
  const run = (text: string) =>
    dmd(['deliver', '-', '--archive', target], { stdin: stdinOf(Buffer.from(text), 4096) })
  expect((await run('bad\nworse\n')).code).toBe(3)
  expect((await run(`bad\n${change()}\n`)).code).toBe(0)
  expect((await run('')).code).toBe(0)
})

test('what is wrong with the call leaves no archive behind', async () => {
  const target = join(folder, 'never')
  for (const args of [[join(folder, 'nofile.jsonl')], ['-', '--schemas', join(folder, 'no-schemas')]])
    expect((await dmd(['deliver', ...args, '--archive', target])).code).not.toBe(0)
  expect(existsSync(target)).toBe(false)
})

test('printed commands quote the archive that they name', async () => {
  const target = join(folder, 'arch ive ß')
  const quotes = (out: string) => expect(out).toContain(` --archive "${target}"\n`)
  const bad = { stdin: stdinOf(Buffer.from('bad\n')) }
  quotes((await dmd(['deliver', '-', '--archive', target], bad)).out)
  const [group] = JSON.parse((await dmd(['errors', 'list', '--json', '--archive', target])).out)
  quotes((await dmd(['errors', 'list', '--archive', target])).out)
  quotes((await dmd(['errors', 'show', group.fingerprint, '--archive', target])).out)
  quotes((await dmd(['replay', '--all', '--yes', '--archive', target])).out)
  quotes((await dmd(['replay', 'list', '--archive', target])).out)
})

test('a record without a time is told to be so by list and show alike', async () => {
  const target = join(folder, 'timeless')
  await dmd(['deliver', '-', '--archive', target], { stdin: stdinOf(Buffer.from('bad\n')) })
  const [group] = JSON.parse((await dmd(['errors', 'list', '--json', '--archive', target])).out)
  const { out } = await dmd(['errors', 'show', group.fingerprint, '--archive', target])
  expect(out).toMatch(/^seen +no time$/m)
  expect(out).not.toContain('seen      1970')
})

test('what the system refuses is told by its path and without a stack', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  for (const args of [
    ['demo', '--directory', join(file, 'demo')],
    ['simulate', '--fans', '20000', '-o', join(file, 'x.jsonl')],
    ['simulate', '--fans', '1', '-o', join(folder, 'nowhere', 'x.jsonl')],
    ['up', '--state', join(file, 'state'), '--port', '0', '--archive', join(folder, 'up')],
  ]) {
    const { code, err } = await dmd(args)
    expect([args[0], code, err]).toEqual([
      args[0],
      1,
      expect.stringMatching(
        /^error: \S+: (a part of the path is a file, .* \(ENOTDIR\)|there is no such .* \(ENOENT\))\n$/,
      ),
    ])
  }
})

test('deliver reads several files, each with a shard of its own, so that equal lines stay apart', async () => {
  const target = join(folder, 'two')
  for (const name of ['a.jsonl', 'b.jsonl']) writeFileSync(join(folder, name), 'equal and bad\n')
  const ran = await dmd([
    'deliver',
    join(folder, 'a.jsonl'),
    join(folder, 'b.jsonl'),
    '--json',
    '--archive',
    target,
  ])
  expect(JSON.parse(ran.out)).toMatchObject({ records: 2, errored: 2 })
  const groups = JSON.parse((await dmd(['errors', 'list', '--json', '--archive', target])).out)
  expect(groups).toMatchObject([{ records: 2, code: 'NOT_JSON' }])
})

test('deliver delivers what is readable of each input, counts it, and says what it could not read', async () => {
  const target = join(folder, 'cut')
  const whole = gzipSync(
    Buffer.concat(Array.from({ length: 50 }, (_, n) => [change({ id: `z${n}` }), Buffer.from('\n')]).flat()),
  )
  writeFileSync(join(folder, 'cut.jsonl.gz'), whole.subarray(0, whole.length - 200))
  writeFileSync(
    join(folder, 'last.jsonl'),
    Buffer.concat([change(), Buffer.from('\n'), change().subarray(0, 100)]),
  )
  writeFileSync(join(folder, 'whole.jsonl'), change())
  const files = ['cut.jsonl.gz', 'last.jsonl', 'whole.jsonl'].map((name) => join(folder, name))
  const ran = await dmd(['deliver', ...files, '--json', '--archive', target])
  expect(ran.code).toBe(1)
  const total = JSON.parse(ran.out)
  const first = total.records - 2
  expect(first).toBeGreaterThan(10)
  expect(total).toMatchObject({ delivered: total.records, errored: 0 })
  expect(total.failures).toEqual([
    expect.stringMatching(
      new RegExp(
        `cut\\.jsonl\\.gz: unexpected end of file\\. Line ${first + 1} is .* Records of it: ${first} read, ${first} delivered, 0 errored\\.$`,
      ),
    ),
    expect.stringMatching(
      /last\.jsonl: the input ends inside a document\. Line 2 is .* Records of it: 1 read, 1 delivered, 0 errored\.$/,
    ),
  ])
  expect(ran.err).toContain(total.failures.join('\n'))
  const rows = await dmd([
    'query',
    'SELECT count(*) AS n FROM demand',
    '--format',
    'json',
    '--archive',
    target,
  ])
  expect(JSON.parse(rows.out)).toEqual([{ n: total.records }])
})

test('what is said of an input that breaks off tells the records delivered from those in errors, as the total does', async () => {
  const target = join(folder, 'cut-bad')
  const file = join(folder, 'cut-bad.jsonl')
  writeFileSync(
    file,
    Buffer.concat([change({ id: 'cut-1' }), Buffer.from('\nbad\n'), change(), Buffer.from('\n{"a":')]),
  )
  const { code, out, err } = await dmd(['deliver', file, '--archive', target])
  expect(code).toBe(1)
  expect(out).toMatch(/^3 records in [\s\S]*\n {2}delivered 2 in [^\n]*\n {2}errored {3}1: /)
  expect(err).toContain(
    'Line 4 is the first that was not read; nothing from it on was delivered. Records of it: 3 read, 2 delivered, 1 errored.\n',
  )
})

test('of several inputs none is delivered where one cannot be opened; all such are named, and that is said', async () => {
  const target = join(folder, 'half')
  const good = join(folder, 'half.jsonl')
  writeFileSync(good, change())
  const missing = ['none-1.jsonl', 'none-2.jsonl'].map((name) => join(folder, name))
  const { code, out, err } = await dmd(['deliver', good, ...missing, '--archive', target])
  expect([code, out, existsSync(target)]).toEqual([1, '', false])
  for (const path of missing) expect(err).toContain(`${path}: ENOENT`)
  expect(err).toContain(
    '\nNothing was delivered: the 1 input that can be read will be delivered once all can.\n',
  )
  const alone = await dmd(['deliver', missing[0] ?? '', '--archive', target])
  expect(alone.err).toContain('\nNothing was delivered.\n')
})

test('each record of a Lambda event is judged by itself: the good ones are rows, each bad one is an error file', async () => {
  const target = join(folder, 'mixed')
  const event = kinesisEvent([change({ id: 'mixed-1' }), change({ id: 'mixed-2' }), change()])
  const entries = (event as { Records: { kinesis: { data: string } }[] }).Records
  if (entries[2]) entries[2].kinesis.data = 'no base64 ***'
  const foreign = { messageId: 'm-1', eventSource: 'aws:sqs', body: 'a "text" ß' }
  const text = JSON.stringify({ Records: [entries[0], foreign, entries[2], entries[1]] })
  const ran = await dmd(['deliver', '-', '--json', '--archive', target], {
    stdin: stdinOf(Buffer.from(text)),
  })
  expect(ran.code).toBe(0)
  expect(JSON.parse(ran.out)).toMatchObject({ records: 4, delivered: 2, errored: 2, errorFiles: 2 })
  const originals = readdirSync(join(target, 'errors')).map(
    (name) => JSON.parse(readFileSync(join(target, 'errors', name), 'utf8')).events,
  )
  expect(originals).toHaveLength(2)
  expect(originals).toContainEqual([JSON.stringify(foreign)])
  expect(originals).toContainEqual([JSON.stringify(entries[2])])
})

test('an interrupt ends a delivery after the batch under way, with 130 and the way to go on', async () => {
  const stop = new AbortController()
  const target = join(folder, 'interrupted')
  const endless = (async function* () {
    for (let n = 0; ; n++) {
      if (n === 25) stop.abort()
      yield Buffer.concat([change({ id: `i${n}` }), Buffer.from('\n')])
    }
  })()
  const ran = await dmd(['deliver', '-', '--batch', '10', '--archive', target], {
    stdin: endless,
    interrupt: stop.signal,
  })
  expect(ran.code).toBe(130)
  expect(ran.out).toContain('20 records')
  expect(ran.out).toContain('run the same command again')
})

test('query writes tables, CSV and JSON to standard output and Parquet to a file', async () => {
  await deliver([change({ id: 'q', item: { ...demandItem, eventName: '=1+1', fanId: 'fan-q', SK: 'q' } })])
  const sql = "SELECT fanid, eventname, date.requested FROM demand WHERE fanid = 'fan-q'"
  const query = (...args: string[]) => dmd(['query', sql, '--archive', archive, ...args])
  expect((await query()).out).toMatch(
    /^fanid +eventname +requested\n─+ +─+ +─+\nfan-q +=1\+1 +2025-02-13T18:30:00\.000Z\n1 row\n$/,
  )
  expect((await query('--format', 'csv')).out).toBe(
    "fanid,eventname,requested\r\nfan-q,'=1+1,2025-02-13T18:30:00.000Z\r\n",
  )
  expect((await query('--format', 'csv', '--raw')).out).toContain('fan-q,=1+1,')
  expect(JSON.parse((await query('--format', 'json')).out)).toEqual([
    { fanid: 'fan-q', eventname: '=1+1', requested: '2025-02-13T18:30:00.000Z' },
  ])
  const parquet = join(folder, 'result.parquet')
  const written = await query('--format', 'parquet', '-o', parquet)
  expect(written).toMatchObject({ code: 0, out: '', err: `1 row written to ${parquet}\n` })
})

test('files that hold rows or records are for who made them alone; one that was there keeps its rights', async () => {
  await deliver([change({ id: 'mode' })])
  const mode = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8)
  const query = (format: string, name: string) =>
    dmd(['query', 'SELECT * FROM demand', '--archive', archive, '--format', format, '-o', join(folder, name)])
  for (const format of ['csv', 'json', 'table', 'parquet']) {
    expect((await query(format, `mode.${format}`)).code).toBe(0)
    expect([format, mode(`mode.${format}`)]).toEqual([format, '600'])
  }
  await dmd(['simulate', '--fans', '3', '-o', join(folder, 'mode.jsonl')])
  expect(mode('mode.jsonl')).toBe('600')
  chmodSync(join(folder, 'mode.csv'), 0o644)
  await query('csv', 'mode.csv')
  expect(mode('mode.csv')).toBe('644')
})

test('a query that fails on its way leaves the file of an earlier result as it was', async () => {
  await deliver([change({ id: 'first' }), change({ id: 'second' })])
  const path = join(folder, 'kept.csv')
  const query = (...args: string[]) =>
    dmd(['query', 'SELECT fanid FROM demand', '--archive', archive, '-o', path, ...args])
  expect((await query()).code).toBe(0)
  const before = readFileSync(path, 'utf8')
  expect((await query('--max-rows', '1')).code).not.toBe(0)
  expect(readFileSync(path, 'utf8')).toBe(before)
  expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept.csv'])
})

test('a statement may begin with a comment, and a mistyped option is still one', async () => {
  const query = (...args: string[]) => dmd(['query', ...args, '--archive', archive])
  for (const comment of ['-- top\n', '--top\n', '--format=csv\n', '-- --json\n'])
    expect(await query(`${comment}SELECT 5 AS n`, '--json')).toMatchObject({
      code: 0,
      out: '[\n{"n":5}\n]\n',
    })
  expect((await query('SELECT 1', '--formt', 'csv')).err).toContain("unknown option '--formt'")
  expect((await query('SELECT 1', '--formt=csv')).err).toContain("unknown option '--formt=csv'")
})

test('the ending of -o decides the format, and one that names none is refused', async () => {
  await deliver([change({ id: 'ending' })])
  const write = async (name: string, ...args: string[]) => {
    const path = join(folder, name)
    const { code, err } = await dmd(['query', 'SELECT 1 AS n', '-o', path, '--archive', archive, ...args])
    return { code, err, text: code === 0 ? readFileSync(path, 'latin1') : '' }
  }
  const json = '[\n{"n":1}\n]\n'
  expect((await write('x.csv')).text).toBe('n\r\n1\r\n')
  expect((await write('x.JSON')).text).toBe(json)
  expect((await write('x.jsonl')).text).toBe('{"n":1}\n')
  expect((await write('x.ndjson')).text).toBe('{"n":1}\n')
  expect((await write('x.txt')).text).toBe(
    'n\n─\n1\n1 row\n'.replace('─', Buffer.from('─').toString('latin1')),
  )
  expect((await write('x.parquet')).text).toMatch(/^PAR1[\s\S]*PAR1$/)
  expect((await write('x.foo', '--format', 'json')).text).toBe(json)
  expect((await write('x.csv', '--json')).text).toBe(json)
  for (const name of ['x.foo', 'x', 'x.csv.gz'])
    expect(await write(name)).toMatchObject({ code: 2, err: expect.stringContaining('.csv, .json, .jsonl') })
})

test('saved queries come as JSON too', async () => {
  expect(JSON.parse((await dmd(['query', '--saved', '--json'])).out)).toMatchObject(
    savedQueries.map(({ name, title, sql }) => ({ name, title, sql })),
  )
})

test('NaN and the infinities are told apart in every format that has them', async () => {
  await deliver([change({ id: 'nan' })])
  const sql = 'SELECT nan() AS a, infinity() AS b, -infinity() AS c, CAST(NULL AS double) AS d'
  const query = async (...args: string[]) => (await dmd(['query', sql, '--archive', archive, ...args])).out
  expect(await query()).toMatch(/\nNaN {2}Infinity {2}-Infinity *\n/)
  expect(await query('--format', 'line')).toContain('a  NaN\nb  Infinity\nc  -Infinity\nd\n')
  expect(await query('--format', 'csv')).toBe('a,b,c,d\r\nNaN,Infinity,-Infinity,\r\n')
  expect(await query('--format', 'jsonl')).toBe('{"a":null,"b":null,"c":null,"d":null}\n')
  const path = join(folder, 'nan.parquet')
  await query('-o', path)
  const reader = await (await DuckDBInstance.create()).connect()
  const rows = await reader.runAndReadAll(`SELECT a, b, c, d FROM '${path}'`)
  expect(rows.getRows()).toEqual([[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null]])
  reader.closeSync()
})

test('CSV says on standard error how many cells it changed', async () => {
  await deliver([change({ id: 'csv' })])
  const sql = "SELECT '+49170' AS phone, '-x' AS other UNION ALL SELECT 'a', 'b'"
  const query = (...args: string[]) => dmd(['query', sql, '--format', 'csv', '--archive', archive, ...args])
  expect((await query()).err).toBe(
    '2 cells look like a formula and got an apostrophe before it; --raw leaves such cells as they are\n',
  )
  expect((await query('--raw')).err).toBe('')
})

test('an error has a second line where that says more than the first', async () => {
  await deliver([change({ id: 'second' })])
  const query = async (...args: string[]) => (await dmd(['query', ...args, '--archive', archive])).err
  expect(await query('DROP TABLE demand')).toMatch(/^error: DROP is not allowed[^\n]*\n$/)
  expect(await query('SELECT 1 UNION ALL SELECT 2', '--max-rows', '1')).toBe(
    'error: the result has more than 1 row; narrow it, or allow more: --max-rows, or the setting queryRowsMax\n',
  )
  expect((await dmd(['query', 'SELECT 1', '--archive', join(folder, 'none')])).err).toMatch(
    /^error: there is no archive at [^\n]*Deliver records to it first, or correct the path\.\n$/,
  )
  expect(await query('SELECT 1', '-o', join(folder, 'no', 'x.csv'))).toMatch(
    /\nOUTPUT_INVALID: Name a file in/,
  )
})

test('query takes a statement from a file and from standard input', async () => {
  const file = join(folder, 'q.sql')
  writeFileSync(file, '-- how many\nSELECT 42 AS answer;\n')
  expect(
    JSON.parse((await dmd(['query', '-f', file, '--format', 'json', '--archive', archive])).out),
  ).toEqual([{ answer: 42 }])
  const piped = await dmd(['query', '-', '--format', 'json', '--archive', archive], {
    stdin: stdinOf(Buffer.from('SELECT 7 AS n')),
  })
  expect(JSON.parse(piped.out)).toEqual([{ n: 7 }])
})

test('saved queries are listed, shown in the docs, and each runs', async () => {
  const listed = await dmd(['query', '--saved'])
  const text = readFileSync(new URL('../../docs/analyst.md', import.meta.url), 'utf8')
  expect(savedQueries.length).toBeGreaterThanOrEqual(13)
  for (const { name, title } of savedQueries) {
    expect(listed.out).toContain(`${name} `)
    expect(text).toContain(`| \`${name}\` | ${title} |`)
    const ran = await dmd(['query', '--saved', name, '--format', 'json', '--archive', archive])
    expect([name, ran.err, ran.code]).toEqual([name, '', 0])
  }
  const unknown = await dmd(['query', '--saved', 'top', '--archive', archive])
  expect(unknown.err).toContain('there are top-events, deleted-requests')
})

test('a saved query may be a file, and takes parameters', async () => {
  const file = join(folder, 'saved.sql')
  writeFileSync(file, '-- Two numbers.\n-- param b number=2\nSELECT :a AS a, :b AS b')
  const ask = (...args: readonly string[]) =>
    dmd(['query', '--saved', ...args, '--format', 'json', '--archive', archive])
  expect(JSON.parse((await ask(file, '--param', "a=it's", '--param', 'b=3')).out)).toEqual([
    { a: "it's", b: 3 },
  ])
  for (const [args, message] of [
    [[file], /saved\.sql needs a value: --param a=VALUE/],
    [[file, '--param', 'a=1', '--param', 'a=2'], /--param a is given twice/],
    [[file, '--param', 'secret'], /--param takes NAME=VALUE/],
    [['top-events', '--param', 'day=1'], /top-events has no parameter "day": it takes from, top/],
    [['top-events', '--param', 'from=soon'], /the parameter from of top-events is a date such as/],
    [['top'], /there is no saved query "top"; there are top-events, .* a file that ends in \.sql/],
  ] as const) {
    const { code, err } = await ask(...args)
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
    expect(err).not.toContain('secret')
  }
  const missing = await ask('nowhere.sql')
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('nowhere.sql')])
  const alone = await dmd(['query', 'SELECT 1', '--param', 'a=1', '--archive', archive])
  expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('--param goes with --saved')])
})

test('mistakes in a call end with 2 and a message that helps', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['delver'], /Did you mean deliver\?/],
    [['deliver'], /missing required argument 'files'/],
    [['deliver', 'x', '--batch', '0'], /not a whole number from 1 to 10000/],
    [['deliver', 'x', '--bogus'], /unknown option '--bogus'/],
    [['query'], /give one statement/],
    [['query', 'SELECT 1', '--format', 'parquet', '--archive', '.'], /needs -o FILE/],
    [['query', 'SELECT 1', '--format', 'xml'], /Allowed choices are table, line, csv, json, jsonl, parquet/],
    [
      ['simulate', '--bad-percent', '101'],
      /'--bad-percent <p>' argument '101' .*not a percentage from 0 to 100/,
    ],
    [
      ['query', '--timeout', 'abc'],
      /'--timeout <seconds>' argument 'abc' is invalid. It is not a whole number from 1/,
    ],
    [
      ['simulate', '--for', '1y'],
      /'--for <time>' argument '1y' is invalid. It is not a time from 1ms to 24h: write/,
    ],
    [['schema', 'ddl', 'concert'], /there is no record type "concert"; there are demand, event/],
    [['errors', 'show', 'deadbeef', '--archive', archive], /no group "deadbeef"/],
    [['completion', 'powershell'], /Allowed choices are bash, zsh, fish/],
  ]
  for (const [args, message] of cases) {
    const ran = await dmd(args)
    expect([args, ran.code, ran.out]).toEqual([args, 2, ''])
    expect(ran.err).toMatch(message)
  }
})

test('failures end with 1, the place, the code and the fix', async () => {
  const missing = await dmd(['query', 'SELECT 1', '--archive', join(folder, 'none')])
  expect(missing.code).toBe(1)
  expect(missing.err).toContain('there is no archive at')
  const file = await dmd(['deliver', join(folder, 'none.jsonl'), '--archive', archive])
  expect(file).toMatchObject({ code: 1, out: '' })
  expect(file.err).toContain('none.jsonl')
  const unwritable = await dmd([
    'query',
    'SELECT 1',
    '--format',
    'csv',
    '-o',
    join(folder, 'no', 'x.csv'),
    '--archive',
    archive,
  ])
  expect(unwritable.code).toBe(1)
  expect(unwritable.err).toMatch(/x\.csv cannot be written[\s\S]*OUTPUT_INVALID/)
  expect((await dmd(['query', 'DROP TABLE demand', '--archive', archive])).err).toContain(
    'DROP is not allowed',
  )
})

test('settings come from flags, then variables, then defaults, and an unknown one is named', async () => {
  const env = { DMD_ARCHIVE: join(folder, 'by-variable') }
  const stdin = () => stdinOf(change())
  expect((await dmd(['deliver', '-'], { env, stdin: stdin() })).out).toContain('by-variable')
  expect((await dmd(['deliver', '-', '--archive', archive], { env, stdin: stdin() })).out).toContain(archive)
  const wrong = await dmd(['deliver', '-'], { env: { DMD_ARCIVE: 'x' }, stdin: stdin() })
  expect(wrong).toMatchObject({ code: 2, out: '' })
  expect(wrong.err).toMatch(/no variable DMD_ARCIVE; did you mean DMD_ARCHIVE\?/)
})

test('the configuration file is read where the command runs, and checked', () => {
  const place = mkdtempSync(join(tmpdir(), 'dmd-config-'))
  try {
    writeFileSync(join(place, 'dmd.config.json'), '{"archive": "from-file", "codec": "null"}')
    const ran = dmdProcess(['deliver', '-'], { input: change(), cwd: place })
    expect(ran.stdout).toContain('from-file')
    writeFileSync(join(place, 'dmd.config.json'), '{"archve": "x"}')
    const wrong = dmdProcess(['deliver', '-'], { input: change(), cwd: place })
    expect(wrong.status).toBe(2)
    expect(wrong.stderr).toMatch(/dmd\.config\.json: there is no setting "archve"; did you mean archive\?/)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})

test('every command helps, and the version is the package’s', async () => {
  const names = allCommands(buildProgram(async () => {})).map((command) => {
    const path: string[] = []
    for (let at: typeof command | null = command; at?.parent; at = at.parent) path.unshift(at.name())
    return path
  })
  for (const path of names) {
    const ran = await dmd([...path, '--help'])
    expect([path, ran.code, ran.err]).toEqual([path, 0, ''])
    expect(ran.out).toContain('Usage: dmd')
  }
  expect((await dmd(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('nothing is animated or coloured where nobody watches, and NO_COLOR is heeded', async () => {
  const esc = String.fromCharCode(27)
  const plain = await deliver([change()])
  expect(plain.out + plain.err).not.toContain(esc)
  const watched = await dmd(['errors', 'list', '--archive', archive], { isWatched: true, isColored: true })
  expect(watched.out).toContain(esc)
  const piped = dmdProcess(['errors', 'list', '--archive', archive], { env: { NO_COLOR: '1' } })
  expect(piped.stdout + piped.stderr).not.toContain(esc)
})

test('long work shows its progress to those who watch', async () => {
  const lines = Array.from({ length: 40 }, (_, n) => change({ id: `p${n}` }))
  const path = join(folder, 'progress.jsonl')
  writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
  const ran = await dmd(['deliver', path, '--batch', '2', '--archive', join(folder, 'progress')], {
    isWatched: true,
    errWidth: 120,
  })
  expect(ran.err).toMatch(/delivering .*progress\.jsonl .*% .* records .*\/s .* left/)
})

test('a reader that goes away ends the output and nothing else', () => {
  const script = `node ${JSON.stringify(new URL('../../dist/main.js', import.meta.url).pathname)} simulate --fans 20000 | head -n 1`
  const ran = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
  expect(ran.stderr).toBe('')
  expect(ran.stdout.trimEnd().split('\n')).toHaveLength(1)
})

test('doctor finds what is sound, and what is not, with the fix, and leaves nothing behind', async () => {
  const target = join(folder, 'examined')
  const fresh = await dmd(['doctor', '--archive', target])
  expect(fresh.code).toBe(0)
  expect(fresh.out.replace(/\s+/g, ' ')).toMatch(
    /ok archive there is none at .*examined yet: the first delivery makes it/,
  )
  expect(existsSync(target)).toBe(false)
  mkdirSync(join(target, 'data'), { recursive: true })
  const sound = await dmd(['doctor', '--archive', target])
  expect(sound.code).toBe(0)
  expect(sound.out).toMatch(/ok +Node\.js/)
  expect(sound.out).toMatch(/ok +SQL engine +DuckDB/)
  expect(sound.out.replace(/\s+/g, ' ')).toMatch(/ok archive .*examined can be written/)
  expect(readdirSync(target, { recursive: true })).toEqual(['data'])
  writeFileSync(join(target, 'errors'), '')
  const blocked = await dmd(['doctor', '--archive', target])
  expect([blocked.code, blocked.out]).toEqual([3, expect.stringMatching(/FAIL +archive [\s\S]*ENOTDIR/)])
  const broken = await dmd(['doctor', '--json', '--archive', join(folder, 'progress.jsonl')])
  expect(broken.code).toBe(3)
  expect(JSON.parse(broken.out).find(({ ok }: { ok: boolean }) => !ok)).toMatchObject({
    check: 'archive',
    fix: expect.any(String),
  })
})

test('a setting that cannot be used is named as it was given, with its value', async () => {
  const say = async (env: NodeJS.ProcessEnv, ...args: string[]) =>
    (await dmd(['errors', 'list', '--archive', archive, ...args], { env })).err
  expect(await say({ DMD_PORT: 'abc' })).toBe('error: environment: DMD_PORT is "abc": must be a number\n')
  expect(await say({ DMD_CODEC: 'zip' })).toMatch(/^error: environment: DMD_CODEC is "zip": Invalid option: /)
  expect(await say({ DMD_ARCHIV: 'x' })).toBe(
    'error: environment: there is no variable DMD_ARCHIV; did you mean DMD_ARCHIVE?\n',
  )
  expect(await say({ DMD_NONSENSE: 'x' })).toMatch(
    /no variable DMD_NONSENSE; there are DMD_ARCHIVE, DMD_SCHEMAS, /,
  )
  expect(await say({ DMD_ALERT_URL: 'ftp://token@host' })).toBe(
    'error: environment: DMD_ALERT_URL: must be an http: or https: URL\n',
  )
  const ran = await dmd(['query', 'SELECT 1', '--workgroup', 'a b'])
  expect(ran.err).toBe('error: flags: --workgroup is "a b": must be the name of a workgroup\n')
})

test('help of a command is what --help prints, and of an unknown one an error', async () => {
  for (const path of [[], ['query'], ['errors', 'show']])
    expect(await dmd(['help', ...path])).toEqual(await dmd([...path, '--help']))
  expect(await dmd(['help', 'qury'])).toMatchObject({
    ...{ code: 2, out: '' },
    err: 'error: there is no command "qury"; did you mean query?\n',
  })
  expect((await dmd(['help', 'errors', 'nonsense'])).err).toBe(
    'error: there is no command "errors nonsense"; there are list, show, set\n',
  )
})

/** The calls of dmd in a line of a shell, each as its words behind `dmd`. */
function callsOf(line: string): readonly (readonly string[])[] {
  const calls: string[][] = []
  let call: string[] | undefined
  for (const [text, quoted] of line.matchAll(/"([^"]*)"|[^\s"]+/g)) {
    const word = quoted ?? text.replace(/^<\(|\)$/g, '')
    if (quoted === undefined && /^[|>]$/.test(word)) call = undefined
    else if (call) call.push(word)
    else if (word === 'dmd') {
      call = []
      calls.push(call)
    }
  }
  return calls
}

test('every command has examples that its own options allow, and the help groups the commands', async () => {
  const called: (readonly string[])[] = []
  for (const command of allCommands(buildProgram(async () => {}))) {
    const examples = examplesOf(command)
    expect([command.name(), examples.length]).not.toEqual([command.name(), 0])
    for (const call of examples.flatMap(callsOf)) {
      const program = buildProgram(async () => void called.push(call))
      if (call[0] !== 'help') await program.parseAsync(call, { from: 'user' })
    }
  }
  expect(called.length).toBeGreaterThan(20)
  const { out } = await dmd(['--help'])
  const groups = [...out.matchAll(/^([A-Z][a-z ]+):$/gm)].map(([, name]) => name)
  expect(groups).toEqual([
    'Options',
    'Try it',
    'Run it',
    'Ask',
    'Repair',
    'Schemas',
    'Deploy',
    'Help',
    'Examples',
  ])
  expect((await dmd(['query', '--help'])).out).toMatch(/\nExamples:\n {2}dmd query "SELECT/)
})

test('completion knows the values of options and arguments, and files only where they are taken', () => {
  const script = dmdProcess(['completion', 'bash']).stdout
  const complete = (...words: string[]) => {
    const line = ['dmd', ...words].map((word) => `'${word}'`).join(' ')
    const probe = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _dmd; echo "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', probe], { encoding: 'utf8', cwd: folder }).stdout.trim().split(' ')
  }
  writeFileSync(join(folder, 'que-file'), '')
  expect(complete('que')).toEqual(['query'])
  expect(complete('query', '--format', 'js')).toEqual(['json', 'jsonl'])
  expect(complete('query', '--saved', 'top')).toEqual(['top-events'])
  expect(complete('query', '-o', 'que')).toEqual(['que-file'])
  expect(complete('deliver', 'que')).toEqual(['que-file'])
  expect(complete('errors', 'list', '--status', 'reg')).toEqual(['regressed'])
  expect(complete('errors', 'list', '--type', 'no')).toEqual(['notification'])
  expect(complete('replay', '--code', 'PUT')).toEqual(['PUT_FAILED'])
  expect(complete('errors', 'set', 'deadbeef', 'ack')).toEqual(['acknowledged'])
  expect(complete('schema', 'ddl', 'sal')).toEqual(['sale'])
  expect(complete('help', 'dep')).toEqual(['deploy'])
})

test('a table whose rows are in the archive without a schema is named', async () => {
  const target = join(folder, 'missing')
  mkdirSync(join(target, 'data/refund/partition_date=2025-02-13'), { recursive: true })
  writeFileSync(join(target, 'data/refund/partition_date=2025-02-13/x.avro'), '')
  const ask = async (sql: string, ...args: string[]) =>
    (await dmd(['query', sql, '--archive', target, ...args])).err
  const help =
    'The archive has data/refund/, but there is no schema for it: --schemas FOLDER names the folder with refund.avsc.\n'
  for (const sql of ['SELECT * FROM refunds', 'SELECT * FROM refund_current', 'DESCRIBE refund'])
    expect(await ask(sql)).toContain(help)
  expect(await ask('SELECT * FROM refunds', '-o', join(folder, 'x.parquet'))).toContain(help)
  expect(await ask('SELECT * FROM payments')).not.toContain('data/')
})

test('Athena without a region says how to name one', () => {
  const none = {
    AWS_DEFAULT_REGION: undefined,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const says = {
    undefined: 'Region is missing',
    '': 'Region not accepted: region="" is not a valid hostname component.',
  }
  for (const region of [undefined, '']) {
    const env = { ...none, AWS_REGION: region }
    const { stderr, status } = dmdProcess(['query', '--engine', 'athena', 'SELECT 1'], { env })
    const what = region === undefined ? says.undefined : says['']
    expect([status, stderr]).toEqual([
      1,
      `error: Athena: ${what}\nName the region, by AWS_REGION or in a profile.\n`,
    ])
  }
})

test('a worker without a region or a stream says so, and leaves no folders behind', () => {
  const cwd = mkdtempSync(join(folder, 'worker-'))
  const none = {
    ...{ AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined },
    ...{ AWS_CONFIG_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true' },
  }
  const region = dmdProcess(['worker', '--stream', 'changes'], { cwd, env: none })
  expect([region.status, region.stderr.split('\n')[0]]).toEqual([
    1,
    'error: Kinesis: Region is missing. Name the region, by AWS_REGION or in a profile.',
  ])
  expect(dmdProcess(['worker'], { cwd, env: none }).stderr).toContain('name it with --stream')
  expect(readdirSync(cwd)).toEqual([])
})

test('completion prints a script that bash can use', () => {
  const script = dmdProcess(['completion', 'bash']).stdout
  const probe = `${script}\nCOMP_WORDS=(dmd errors l); COMP_CWORD=2; _dmd; echo "\${COMPREPLY[0]}"`
  expect(spawnSync('bash', ['-c', probe], { encoding: 'utf8' }).stdout).toBe('list\n')
})
