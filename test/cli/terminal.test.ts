import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readStatements } from '../../src/cli/shell.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { change, demandItem } from '../changes.ts'
import { dmd, stdinOf, testIo } from './io.ts'

// Who may write the archive, or an item, decides what a terminal is shown.

/** Clears the screen, by a sequence of C0 and one of C1; a delete, a turn of direction, a return. */
const evil = 'x\u001b[2J\u009b2J\u007f\u202e\ry'
const acting = /[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/u

let folder: string
let archive: string
let env: NodeJS.ProcessEnv
let fingerprint: string
let errorKey: string
const write = (key: string, value: unknown) => {
  mkdirSync(dirname(join(archive, key)), { recursive: true })
  writeFileSync(join(archive, key), JSON.stringify(value))
}
const run = (args: readonly string[], over = {}) =>
  dmd([...args, '--archive', archive], { env, isShown: true, ...over })

const id = '20250213T183000000Z-evil'
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-terminal-'))
  archive = join(folder, 'archive')
  env = { DMD_CACHE: join(folder, 'cache'), USER: 'ops' }
  const { saleId: _, ...withoutSale } = demandItem
  const items = [
    demandItem,
    { ...withoutSale, artistName: evil },
    { ...demandItem, eventName: evil, SK: '2' },
  ]
  const lines = items
    .map((item) => change({ item: item as never }))
    .flatMap((line) => [line, Buffer.from('\n')])
  await run(['deliver', '-'], { stdin: stdinOf(Buffer.concat(lines), 4096) })
  const [group] = JSON.parse((await run(['errors', 'list', '--json'])).out)
  fingerprint = group.fingerprint
  errorKey = `errors/${readdirSync(join(archive, 'errors'))[0]}`
  const said = { format: 1, by: evil, at: '2025-02-13T18:30:00Z' }
  write('triage/20250213T183000000Z-evil.json', {
    ...{ ...said, fingerprint, status: 'acknowledged', note: evil, revision: 1 },
    covers: { files: 1, lastSeen: '2025-02-13T18:30:00Z' },
  })
  const edit = { kind: 'patch', operations: [{ op: evil, path: `/${evil}`, from: `/${evil}` }] }
  write(errorKey.replace('errors/', 'replays/'), {
    ...{ ...said, error: evil, replay: evil, edit, objects: [evil] },
  })
  write(`replays/runs/${id}/selection.json`, {
    ...{ ...said, id: evil, asked: evil, edit, count: 1, sha256: evil, keys: [errorKey] },
  })
  write(`replays/runs/${id}/result.json`, {
    ...{ format: 1, id: evil, endedAt: evil, counts: { written: evil } },
    results: [
      { error: evil, outcome: 'written', objects: [evil, evil] },
      { error: errorKey, outcome: 'fails', code: evil, path: evil, message: evil },
    ],
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const asked = () =>
  [
    ['errors', 'list'],
    ['errors', 'show', fingerprint],
    ['replay', 'list'],
    ['replay', 'show', id],
    ['replay', fingerprint, '--force', '--dry-run'],
    ['replay', fingerprint, '--force', '--dry-run', '--edit', join(folder, 'edit.json')],
  ] as const

test('nothing in triage/, replays/ or a record can act on a terminal', async () => {
  const value = { S: evil }
  writeFileSync(
    join(folder, 'edit.json'),
    JSON.stringify(
      ['saleId', 'artistName'].map((name) => ({ op: 'add', path: `/dynamodb/NewImage/${name}`, value })),
    ),
  )
  for (const args of asked())
    for (const form of [[], ['--json']]) {
      const { code, out, err } = await run([...args, ...form])
      expect([0, 3]).toContain(code)
      expect(out.length).toBeGreaterThan(0)
      expect([args, form, acting.exec(out + err)?.[0]]).toEqual([args, form, undefined])
    }
  const { out } = await run(['errors', 'show', fingerprint])
  expect(out).toContain('x\\u001b[2J\\u009b2J\\u007f\\u202e\\u000dy said acknowledged')
})

test('JSON on a terminal is the JSON of a pipe', async () => {
  for (const args of asked()) {
    const [shown, piped] = [
      await run([...args, '--json']),
      await run([...args, '--json'], { isShown: false }),
    ]
    expect(JSON.parse(shown.out)).toEqual(JSON.parse(piped.out))
  }
})

test('an original is shown harmlessly on a terminal, and comes byte for byte elsewhere', async () => {
  const shown = await run(['errors', 'show', errorKey, '--raw'])
  expect(acting.exec(shown.out)).toBeNull()
  expect(shown.out).toContain('\\u009b2J')
  const piped = await run(['errors', 'show', errorKey, '--raw'], { isShown: false })
  expect(JSON.parse(piped.out)).toEqual(JSON.parse(shown.out))
  expect(piped.out).toContain('\u009b2J')
})

const sql = 'SELECT eventname, messagebody FROM demand ORDER BY eventname NULLS LAST LIMIT 1'

test.each(['csv', 'json', 'jsonl', 'table'])(
  'a result as %s is shown harmlessly on a terminal',
  async (format) => {
    const shown = await run(['query', sql, '--format', format])
    expect(shown.out).toContain('\\u001b[2J')
    expect(acting.exec(shown.out.replaceAll('\r\n', '\n'))).toBeNull()
    const piped = await run(['query', sql, '--format', format], { isShown: false })
    if (format === 'csv') expect(piped.out).toContain(`"${evil}"`)
    if (format.startsWith('json')) expect(JSON.parse(shown.out)).toEqual(JSON.parse(piped.out))
    const file = join(folder, `result.${format}`)
    await run(['query', sql, '--format', format, '-o', file])
    expect(readFileSync(file, 'utf8')).toBe(piped.out)
  },
)

test('so is one of the shell', async () => {
  const catalog = loadCatalog()
  const engine = await openDuckDb({ store: await openDirectoryStore(archive), catalog })
  const { io, out } = testIo({ isShown: true })
  const lines = ['.format csv', `${sql};`, '.format jsonl', `${sql};`]
  await readStatements(io, engine, catalog, async () => lines.shift())
  await engine.close()
  expect(out().match(/\\u001b\[2J/g)).toHaveLength(2)
  expect(acting.exec(out().replaceAll('\r\n', '\n'))).toBeNull()
})
