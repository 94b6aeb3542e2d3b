import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { below, createRandom, toSeed } from '../../src/sample/simulator/random.ts'
import { tree } from '../tree.ts'
import { dmd } from './io.ts'
import { dmdKilled, dmdProcess } from './process.ts'

const kills = 20
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-kill-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('killed at 20 seeded points and delivered again, an archive equals that of an unbroken run', async () => {
  const changes = join(folder, 'changes.jsonl')
  expect(
    dmdProcess(['simulate', '--fans', '300', '--bad-percent', '5', '--seed', 'kill', '-o', changes]).status,
  ).toBe(0)
  const deliver = (archive: string) => [
    'deliver',
    changes,
    '--batch',
    '10',
    '--verbose',
    '--archive',
    archive,
  ]
  const whole = join(folder, 'whole')
  const unbroken = dmdProcess(deliver(whole))
  expect(unbroken.status).toBe(0)
  const logLines = unbroken.stderr.trimEnd().split('\n').length

  const random = createRandom(toSeed('kill points'), 0)
  let killed = 0
  for (let n = 0; n < kills; n++) {
    const archive = join(folder, `killed-${n}`)
    const atLine = 1 + below(random, logLines - 20)
    // Within the work on the next batch, not just after the last.
    if (dmdKilled(deliver(archive), atLine, below(random, 30))) killed += 1
    expect(tree(archive), `kill ${n}, log line ${atLine}`).not.toEqual(tree(whole))
    const again = await dmd(['deliver', changes, '--batch', '10', '--archive', archive, '--json'])
    expect(JSON.parse(again.out)).toMatchObject({ errored: 15 })
    expect(tree(archive), `kill ${n}, log line ${atLine}`).toEqual(tree(whole))
    rmSync(archive, { recursive: true })
  }
  expect(killed).toBe(kills)
})
