import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dmd, stdinOf } from './io.ts'

let folder: string
let archive: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-history-'))
  archive = join(folder, 'archive')
  await dmd(['deliver', '-', '--archive', archive], { stdin: stdinOf(Buffer.from('bad\n')) })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (...args: readonly string[]) =>
  dmd([...args, '--archive', archive], { env: { DMD_CACHE: join(folder, 'cache') } })

test('who sets a status is known to the system where the shell has not said it', async () => {
  const [{ fingerprint }] = JSON.parse((await run('errors', 'list', '--json')).out)
  const said = JSON.parse((await run('errors', 'set', fingerprint, 'acknowledged', '--json')).out)
  expect(said.by).toBe(userInfo().username)
})

test('files of any shape in replays/ end no command', async () => {
  const shapes = [
    'null',
    '{"format": 1}',
    '{"format": 1, "keys": [null], "results": [null], "objects": [null], "edit": null}',
    '{"format": 1, "keys": [], "results": [{"error": 1, "outcome": "nonesuch"}], "objects": [], "counts": 7}',
    '['.repeat(100_000),
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ]
  const [file = ''] = readdirSync(join(archive, 'errors'))
  for (const [index, text] of shapes.entries()) {
    const id = `20250213T183000000Z-shape${index}`
    for (const name of ['selection.json', 'result.json', 'left/x.json']) {
      const path = join(archive, 'replays', 'runs', id, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    writeFileSync(join(archive, 'replays', file), text)
    for (const args of [
      ['errors', 'list'],
      ['errors', 'show', `errors/${file}`],
      ['replay', 'list'],
      ['replay', 'show', id],
      ['replay', '--all', '--dry-run'],
    ]) {
      const { code, err } = await run(...args)
      expect([0, 2, 3]).toContain(code)
      expect([args, err]).toEqual([args, expect.not.stringMatching(/TypeError|RangeError| at /)])
    }
  }
})
