import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { change, demandItem, eventItem } from '../changes.ts'
import { tree } from '../tree.ts'
import { dmd } from './io.ts'

const people = Array.from({ length: 200 }, (_, n) => `person${n}@canary.example`)
const { saleId: _, ...withoutSale } = demandItem

/** 300 sound requests, and 200 that an upstream fault wrote without saleId, mixed. */
function requests(): readonly Uint8Array[] {
  const sound = Array.from({ length: 300 }, (_, n) =>
    change({ item: { ...demandItem, PK: `FAN#${n}`, fanId: `fan-${n}` } as never, id: `sound-${n}` }),
  )
  const bad = people.map((email, n) =>
    change({
      item: {
        ...withoutSale,
        PK: `FAN#bad-${n}`,
        fanId: `bad-${n}`,
        email,
        phoneNumber: `+1 202 555 ${1000 + n}`,
      } as never,
      id: `bad-${n}`,
      at: `2025-02-13T18:${String(30 + Math.floor(n / 10)).padStart(2, '0')}:00Z`,
    }),
  )
  return sound.flatMap((line, n) => (n < bad.length ? [line, bad[n]!] : [line]))
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-replay-'))
  const lines = requests().flatMap((payload) => [payload, Buffer.from('\n')])
  writeFileSync(join(folder, 'changes.jsonl'), Buffer.concat(lines))
  for (const sale of ['sale-1', 'sale-2'])
    writeFileSync(
      join(folder, `${sale}.json`),
      JSON.stringify([{ op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: sale } }]),
    )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const edit = (sale: string) => ['--edit', join(folder, `${sale}.json`)]
let made = 0
let archive: string
let env: NodeJS.ProcessEnv
beforeEach(async () => {
  made += 1
  archive = join(folder, `archive-${made}`)
  env = { DMD_CACHE: join(folder, 'cache'), USER: 'ops' }
  expect((await dmd(['deliver', join(folder, 'changes.jsonl'), '--archive', archive])).code).toBe(0)
})

let now = Date.UTC(2025, 1, 13, 18, 30)
const clock = () => (now += 10)
const run = (...args: readonly string[]) => dmd([...args, '--archive', archive], { env, clock })
const json = async (...args: readonly string[]) => JSON.parse((await run(...args, '--json')).out)
const sql = async (text: string) => JSON.parse((await run('query', text, '--format', 'json')).out)
const rows = async (where: string) =>
  (
    await sql(`SELECT count(*) AS n, count(DISTINCT change.key) AS items FROM demand_changes WHERE ${where}`)
  )[0]

test('scenario 4: 200 records without saleId are one group, mended by one edit, replayed once', async () => {
  expect(await rows("eventid = 'event-1'")).toEqual({ n: 300, items: 300 })
  const originals = tree(join(archive, 'errors'))
  const [group, ...others] = await json('errors', 'list')
  expect(others).toEqual([])
  expect(group).toMatchObject({
    code: 'FIELD_MISSING',
    type: 'demand',
    path: '/saleId',
    records: 200,
    open: 200,
    state: 'new',
  })
  const { fingerprint } = group

  const shown = await run('errors', 'show', fingerprint)
  expect(shown.out).toContain('FIELD_MISSING at stage validate')
  expect(shown.out).toMatch(/\/fanId +100%/)
  expect(shown.out).not.toMatch(/\/saleId +\d+%/)
  expect((await run('errors', 'set', fingerprint, 'acknowledged', '--note', 'OPS-12')).out).toContain(
    'was new and is acknowledged',
  )

  // As they are they fail again, and nothing is written.
  const blunt = await run('replay', fingerprint, '--dry-run')
  expect(blunt.code).toBe(3)
  expect(blunt.out).toMatch(/✗ +200 +fail again/)
  expect(blunt.out).toContain('FIELD_MISSING')

  const before = tree(archive)
  const rehearsed = await run('replay', fingerprint, ...edit('sale-1'), '--dry-run')
  expect(rehearsed.code).toBe(0)
  expect(rehearsed.out).toMatch(/✓ +200 +would be delivered/)
  expect(rehearsed.out.match(/\+ {2}\/dynamodb\/NewImage\/saleId \{"S":"sale-1"\}/g)).toHaveLength(5)
  expect(rehearsed.err).toMatch(/200 error files\nSHA-256 +[0-9a-f]{64}/)
  expect(tree(archive)).toEqual(before)

  const replayed = await run('replay', fingerprint, ...edit('sale-1'), '--yes')
  expect(replayed.code).toBe(0)
  expect(replayed.out).toMatch(/✓ +200 +delivered/)
  expect(await rows("saleid = 'sale-1'")).toEqual({ n: 500, items: 500 })
  expect(await rows("fanid LIKE 'bad-%'")).toEqual({ n: 200, items: 200 })
  expect(tree(join(archive, 'errors'))).toEqual(originals)
  const ended = (await run('errors', 'show', fingerprint)).out
  expect(ended).not.toContain('try it again')
  expect(ended).toMatch(/replayed +by \S+ at .*:\n +dmd replay show \S+ --archive \S+/)
  expect((await json('errors', 'list'))[0]).toMatchObject({ records: 200, open: 0, state: 'acknowledged' })

  const again = await run('replay', fingerprint, ...edit('sale-1'), '--yes')
  expect(again.code).toBe(0)
  expect(again.out).toMatch(/✓ +200 +were delivered by the same edit before/)
  expect((await sql("SELECT count(*) AS n FROM demand WHERE fanid LIKE 'bad-%'"))[0]).toEqual({
    n: 200,
  })

  const other = await run('replay', fingerprint, ...edit('sale-2'), '--yes')
  expect(other.code).toBe(3)
  expect(other.out).toMatch(/✗ +200 +were replayed with another edit before: refused/)
  expect(await rows("fanid LIKE 'bad-%'")).toEqual({ n: 200, items: 200 })
  expect(await rows("saleid = 'sale-2'")).toEqual({ n: 0, items: 0 })

  // Mended at its source; then one more comes.
  expect((await run('errors', 'set', fingerprint, 'fixed', '--by', 'eve')).code).toBe(0)
  expect((await json('errors', 'list'))[0].state).toBe('fixed')
  const late = join(folder, `late-${made}.jsonl`)
  writeFileSync(late, change({ item: withoutSale as never, at: '2025-02-13T20:00:00Z' }))
  await run('deliver', late)
  expect((await json('errors', 'list'))[0]).toMatchObject({ state: 'regressed', files: 201, open: 1 })
  expect(await json('errors', 'list', '--status', 'regressed,new')).toHaveLength(1)
  expect(await json('errors', 'list', '--status', 'fixed')).toEqual([])

  const replays = await json('replay', 'list')
  expect(replays.map(({ counts }: { counts: object }) => counts)).toEqual([
    { written: 200 },
    { there: 200 },
    { refused: 200 },
  ])
  const first = await json('replay', 'show', replays[0].id)
  expect(first).toMatchObject({ by: 'ops', asked: fingerprint, count: 200, state: 'ended' })
  expect(first.results).toHaveLength(200)
  expect(new Set(first.results.flatMap(({ objects }: { objects: string[] }) => objects)).size).toBe(200)
  expect((await run('replay', 'show', replays[2].id)).out).toContain('refused')
  expect((await run('replay', 'list')).out).toContain('200 written')

  // No value of a person in what was printed, or in any file of triage/ and replays/.
  const told = [shown, blunt, rehearsed, replayed, again, other].map(({ out, err }) => out + err)
  for (const part of ['triage', 'replays'])
    for (const name of readdirSync(join(archive, part), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.json')) told.push(name + readFileSync(join(archive, part, name), 'utf8'))
  expect(told.length).toBeGreaterThan(200)
  for (const text of told) {
    expect(text).not.toContain('canary.example')
    expect(text).not.toMatch(/202 555 1\d\d\d/)
  }
})

test('an edit with personal values leaves none of them in what is printed or kept', async () => {
  const file = join(folder, 'personal.json')
  writeFileSync(
    file,
    JSON.stringify([
      { op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-1' } },
      { op: 'replace', path: '/dynamodb/NewImage/email', value: { S: 'edited@canary.example' } },
      { op: 'add', path: '/dynamodb/NewImage/edited@canary.example', value: { S: 'edited@canary.example' } },
    ]),
  )
  const [{ fingerprint }] = await json('errors', 'list')
  const told: string[] = []
  for (const how of ['--dry-run', '--yes'])
    for (const form of [[], ['--json']]) {
      const { code, out, err } = await run('replay', fingerprint, '--edit', file, '--max', '3', how, ...form)
      expect(code).toBe(0)
      told.push(out + err)
    }
  const [{ id }] = await json('replay', 'list')
  told.push((await run('replay', 'show', id)).out, (await run('replay', 'list')).out)
  for (const name of readdirSync(join(archive, 'replays'), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.json')) told.push(name + readFileSync(join(archive, 'replays', name), 'utf8'))
  expect(told.join('\n')).toContain('replace /dynamodb/NewImage/email')
  for (const text of told) expect(text).not.toContain('canary.example')
  const [row] = await sql("SELECT count(*) AS n FROM demand WHERE email = 'edited@canary.example'")
  expect(row).toEqual({ n: 6 })
})

test('one error by its key, a few at a time, slowly, and as a rehearsal in JSON', async () => {
  const [key] = readdirSync(join(archive, 'errors'))
    .sort()
    .map((name) => `errors/${name}`)
  const told = await json('replay', key!, ...edit('sale-1'), '--dry-run')
  expect(told).toMatchObject({ dryRun: true, selection: { count: 1, keys: [key] }, counts: { written: 1 } })
  expect(told.examples).toEqual([
    { error: key, differences: [{ path: '/dynamodb/NewImage/saleId', after: '{"S":"sale-1"}' }] },
  ])
  expect((await json('replay', key!, ...edit('sale-1'), '--yes')).counts).toEqual({ written: 1 })
  const [{ fingerprint }] = await json('errors', 'list')
  const some = await json('replay', fingerprint, ...edit('sale-1'), '--yes', '--max', '10')
  expect(some.counts).toEqual({ written: 10 })
  expect(some.selection.keys).not.toContain(key)
  const startedMs = performance.now()
  expect(
    (await json('replay', '--all', ...edit('sale-1'), '--yes', '--max', '8', '--rate', '20')).counts,
  ).toEqual({ written: 8 })
  // Eight at twenty a second are seven pauses; a bound from below needs no idle machine.
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(345)
  expect((await json('replay', '--all', ...edit('sale-1'), '--yes')).counts).toEqual({ written: 181 })
  const rest = await run('replay', '--all', '--yes')
  expect([rest.code, rest.err]).toEqual([0, expect.stringContaining('no errors to replay')])
})

test('on a terminal it shows what it would do, asks, and takes only yes for yes', async () => {
  const [{ fingerprint }] = await json('errors', 'list')
  const answer = async (text: string) => {
    const input = new PassThrough()
    const output = new PassThrough()
    let asked = ''
    output.on('data', (chunk: Buffer) => {
      asked += chunk.toString()
      if (asked.includes('[y/N]') && !input.writableEnded) input.end(text)
    })
    const terminal = { input, output } as never
    const args = ['replay', fingerprint, ...edit('sale-1'), '--max', '7', '--archive', archive]
    const ran = await dmd(args, { env, clock, terminal })
    expect(asked).toContain('Replay 7 error files? [y/N]')
    expect(ran.out).toMatch(/✓ +7 +would be delivered/)
    return ran
  }
  const before = tree(archive)
  for (const text of ['', '\n', 'n\n', 'yesterday\n', 'no\n']) expect((await answer(text)).code).toBe(130)
  expect(tree(archive)).toEqual(before)
  const ran = await answer('Y\n')
  expect(ran.code).toBe(0)
  expect(ran.out).toMatch(/✓ +7 +delivered/)
})

test('what is ignored is left alone by --all', async () => {
  const [{ fingerprint }] = await json('errors', 'list')
  await run('errors', 'set', fingerprint, 'ignored')
  expect((await json('replay', '--all', ...edit('sale-1'), '--yes')).counts).toEqual({})
  expect((await json('replay', fingerprint, ...edit('sale-1'), '--yes')).counts).toEqual({ written: 200 })
})

test('a record that is no JSON is replaced whole', async () => {
  const cut = join(folder, `cut-${made}.jsonl`)
  writeFileSync(cut, '{"cut\n')
  await run('deliver', cut)
  const group = (await json('errors', 'list', '--cause', 'NOT_JSON'))[0]
  const whole = join(folder, 'whole.json')
  writeFileSync(whole, change({ item: { ...demandItem, fanId: 'whole' } as never }))
  const { counts } = await json('replay', group.sample, '--with', whole, '--yes')
  expect(counts).toEqual({ written: 1 })
  expect(await rows("fanid = 'whole'")).toEqual({ n: 1, items: 1 })
  expect((await run('replay', group.sample, '--with', whole, '--dry-run')).out).toContain(
    'were delivered by the same edit before',
  )
})

describe('a mistake is told, with what helps, and changes nothing', () => {
  const bad = (content: string) => {
    const file = join(folder, 'bad.json')
    writeFileSync(file, content)
    return ['--edit', file]
  }
  test.each<[string, () => readonly string[], number, RegExp]>([
    ['nothing named', () => ['replay', '--yes'], 2, /name what to replay/],
    ['both a name and --all', () => ['replay', '0123abcd', '--all', '--yes'], 2, /name what to replay/],
    [
      'an unknown group',
      () => ['replay', '0123abcd', '--yes'],
      2,
      /no group "0123abcd"; groups are [0-9a-f]{8}/,
    ],
    [
      'an unknown key',
      () => ['replay', 'errors/none.json', '--yes'],
      2,
      /no error file "errors\/none\.json"/,
    ],
    ['neither --dry-run nor --yes', () => ['replay', '--all'], 2, /--dry-run.*--yes/],
    ['both of them', () => ['replay', '--all', '--yes', '--dry-run'], 2, /cannot be used with/],
    ['--with for many', () => ['replay', '--all', '--with', 'x', '--yes'], 2, /--with replaces one record/],
    [
      'an edit that is not there',
      () => ['replay', '--all', '--edit', 'none.json', '--yes'],
      1,
      /none\.json cannot be read \(ENOENT\)/,
    ],
    [
      'an edit that is no JSON',
      () => ['replay', '--all', ...bad('{'), '--yes'],
      1,
      /no JSON Patch.*not JSON/,
    ],
    ['an edit that is no list', () => ['replay', '--all', ...bad('{}'), '--yes'], 1, /a list of operations/],
    ['an edit without operations', () => ['replay', '--all', ...bad('[]'), '--yes'], 1, /no operation/],
    [
      'an unknown operation',
      () => ['replay', '--all', ...bad('[{"op":"put","path":"/a"}]'), '--yes'],
      1,
      /operation 1: "op" has to be one of add/,
    ],
    [
      'a path that is none',
      () => ['replay', '--all', ...bad('[{"op":"remove","path":"a"}]'), '--yes'],
      1,
      /operation 1: "path" has to be a JSON Pointer/,
    ],
    [
      'a missing value',
      () => ['replay', '--all', ...bad('[{"op":"add","path":"/a"}]'), '--yes'],
      1,
      /operation 1: "value" is missing/,
    ],
    [
      'a reach into objects',
      () => ['replay', '--all', ...bad('[{"op":"add","path":"/__proto__/x","value":1}]'), '--yes'],
      1,
      /JSON Pointer/,
    ],
    ['an unknown replay', () => ['replay', 'show', '../x'], 2, /no replay "\.\.\/x"/],
    [
      'a status that is none',
      () => ['errors', 'set', '0123abcd', 'done'],
      2,
      /Allowed choices are new, acknowledged, ignored, fixed/,
    ],
    ['a status of no group', () => ['errors', 'set', '0123abcd', 'fixed'], 2, /no group "0123abcd"/],
    [
      'a personal note',
      () => ['errors', 'set', '0123abcd', 'fixed', '--note', 'ask ada@example.com'],
      2,
      /leave personal data out/,
    ],
    [
      'a note with a number',
      () => ['errors', 'set', '0123abcd', 'fixed', '--note', 'call 202 555 0101'],
      2,
      /leave personal data out/,
    ],
    ['a long note', () => ['errors', 'set', '0123abcd', 'fixed', '--note', 'x'.repeat(201)], 2, /up to 200/],
    [
      'a name that is none',
      () => ['errors', 'set', '0123abcd', 'fixed', '--by', 'a\nb'],
      2,
      /--by takes a name/,
    ],
    ['a time that is none', () => ['errors', 'list', '--since', 'noon'], 2, /"noon" is no time/],
    [
      'a type that is none',
      () => ['errors', 'list', '--type', 'order'],
      2,
      /no record type "order"; there are/,
    ],
    ['a state that is none', () => ['errors', 'list', '--status', 'new,old'], 2, /no status "old"/],
  ])('%s', async (_, args, code, message) => {
    const before = tree(archive)
    const ran = await run(...args())
    expect(ran.code).toBe(code)
    expect(ran.err).toMatch(message)
    expect(tree(archive)).toEqual(before)
  })
})

test('the list can be cut to a time, by date or by how long ago', async () => {
  const at = async (since: string) => (await json('errors', 'list', '--since', since))[0]?.records ?? 0
  expect(await at('2025-02-13')).toBe(200)
  expect(await at('2025-02-13T18:40:00Z')).toBe(100)
  expect(await at('2025-02-14')).toBe(0)
  expect(await at('7d')).toBe(200)
  // The clock of these tests stands at 18:30 of that day.
  expect(await at('1m')).toBe(200)
  const table = await run('errors', 'list')
  expect(table.out).toMatch(/▁|▂|▃|▄|▅|▆|▇|█/)
  expect(table.out).toMatch(/"when" runs from 2025-02-13 18:30:00Z to 2025-02-13 18:49:00Z/)
})

test('a replay that was wrong is open again once its two files are removed, and then takes the right edit', async () => {
  const [key = ''] = readdirSync(join(archive, 'errors'))
  const wrong = await json('replay', `errors/${key}`, ...edit('sale-1'), '--yes')
  const [{ error, objects }] = wrong.results
  expect((await run('replay', error, ...edit('sale-2'), '--yes')).out).toMatch(/replayed with another edit/)
  rmSync(join(archive, error.replace('errors/', 'replays/')))
  rmSync(join(archive, objects[0]))
  expect((await json('replay', error, ...edit('sale-2'), '--yes')).counts).toEqual({ written: 1 })
  expect(await rows("fanid LIKE 'bad-%' AND saleid = 'sale-1'")).toEqual({ n: 0, items: 0 })
  expect(await rows("fanid LIKE 'bad-%' AND saleid = 'sale-2'")).toEqual({ n: 1, items: 1 })
})

test('an edit as dmd errors show prints it is refused until the value is filled in', async () => {
  const [{ fingerprint }] = await json('errors', 'list')
  const { out } = await run('errors', 'show', fingerprint)
  const printed = out.split('\n').find((line) => line.startsWith('[{"op"'))
  writeFileSync(join(folder, 'printed.json'), printed ?? '')
  const refused = await run('replay', fingerprint, '--edit', join(folder, 'printed.json'), '--yes')
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('write the right value in the place of "…"')
  expect(await rows("fanid LIKE 'bad-%'")).toEqual({ n: 0, items: 0 })
})

test('a selection can be narrowed by code, record type and time', async () => {
  const other = join(folder, 'narrow.jsonl')
  const lines = [
    change({ item: { ...demandItem, fanId: '' } as never, id: 'empty', at: '2025-02-13T20:00:00Z' }),
    change({ item: { ...eventItem, venues: 'x' } as never, id: 'venues', at: '2025-02-13T21:00:00Z' }),
  ]
  writeFileSync(other, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
  await run('deliver', other)
  const selected = async (...args: readonly string[]) => {
    const { selection } = await json('replay', ...args, '--dry-run')
    return selection.count
  }
  expect(await selected('--code', 'FIELD_EMPTY')).toBe(1)
  expect(await selected('--code', 'FIELD_MISSING', '--type', 'demand')).toBe(200)
  expect(await selected('--type', 'event')).toBe(1)
  expect(await selected('--all', '--type', 'event')).toBe(1)
  expect(await selected('--since', '2025-02-13T20:00Z')).toBe(2)
  expect(await selected('--since', '2025-02-13T20:00Z', '--type', 'demand')).toBe(1)
  const [{ fingerprint }] = await json('errors', 'list')
  expect(await selected(fingerprint, '--since', '2025-02-13T18:40Z')).toBe(100)
  expect(await selected('--code', 'PUT_FAILED')).toBe(0)
  const done = await json('replay', '--code', 'FIELD_EMPTY', '--since', '2025-02-13', '--yes')
  expect((await json('replay', 'show', done.id)).asked).toBe('code FIELD_EMPTY, since 2025-02-13')
  for (const [args, message] of [
    [['--code', 'FIELD_MISING'], /there is no error code "FIELD_MISING"/],
    [['--type', 'concert'], /there is no record type "concert"; there are demand/],
    [['--since', 'soon'], /is no time/],
  ] as const) {
    const refused = await run('replay', ...args, '--dry-run')
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(message)])
  }
})

test('scenario 4: each of 200 records gets a sale of its own, out of its key or out of a table', async () => {
  const take = (values: unknown) => {
    const file = join(folder, 'own-sales.json')
    const patch = [{ op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-${n}' } }]
    writeFileSync(file, JSON.stringify({ values: [values], patch }))
    return ['--edit', file]
  }
  const table = ['fan,n', ...people.slice(0, 150).map((_, n) => `bad-${n},${n}`)].join('\n')
  writeFileSync(join(folder, 'fans.csv'), table)
  const [{ fingerprint }] = await json('errors', 'list')
  const byTable = take({ from: '/dynamodb/NewImage/fanId/S', table: 'fans.csv', column: 'fan' })
  const first = await json('replay', fingerprint, ...byTable, '--yes')
  expect(first.counts).toEqual({ written: 150, unpatched: 50 })
  const byKey = take({ from: '/dynamodb/Keys/PK/S', match: '^FAN#bad-(?<n>\\d+)$' })
  expect((await json('replay', fingerprint, ...byKey, '--yes')).counts).toEqual({ written: 50 })
  expect(await rows("fanid LIKE 'bad-%' AND saleid = 'sale-' || substr(fanid, 5)")).toEqual({
    n: 200,
    items: 200,
  })
  expect((await run('replay', 'show', first.id)).out).toContain(
    'take n from /dynamodb/NewImage/fanId/S, add ',
  )
})

test('errors show lists the files of a group with their tries, and how they can be replayed', async () => {
  const [{ fingerprint, sample }] = await json('errors', 'list')
  const useless = join(folder, 'useless.json')
  writeFileSync(useless, '[{"op":"add","path":"/dynamodb/NewImage/note","value":{"S":"x"}}]')
  await run('replay', sample, '--edit', useless, '--yes')
  const page = (await run('errors', 'show', fingerprint)).out
  expect(page).toMatch(new RegExp(`${sample} +open +1\n`))
  expect(page).toMatch(/tries +1 of 5 failed/)
  expect(page).toContain('and 190 more: --json')
  expect(page).toContain(`dmd replay ${fingerprint} --edit fix.json --dry-run`)
  const { keys } = await json('errors', 'show', fingerprint)
  expect(keys).toHaveLength(200)
  expect(keys[0]).toEqual({ key: expect.stringMatching(/^errors\//), tries: expect.any(Number), open: true })

  writeFileSync(join(folder, 'broken.jsonl'), '{"cut\nnone\n')
  await run('deliver', join(folder, 'broken.jsonl'))
  const [broken] = await json('errors', 'list', '--cause', 'NOT_JSON')
  expect((await run('errors', 'show', broken.fingerprint)).out).toContain(
    `dmd replay ${broken.sample} --with record.json --dry-run`,
  )
})
