import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readContainer } from '../../src/codec/container.ts'
import type { ErrorFile } from '../../src/delivery/error-file.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { deliverBatch } from '../../src/delivery/worker.ts'
import { badKinds } from '../../src/sample/simulator/bad.ts'
import { simulate } from '../../src/sample/simulator.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { records } from '../changes.ts'
import { runtimeWith } from '../support/runtime.ts'

const rules = toRules(loadCatalog(), readSettings({}))
const lines = [...simulate({ fans: 2000, minutes: 5, badPercent: 0, badCount: 200, seed: 'bad batch' })]
const good = lines.filter((line) => line.expect.ok).slice(0, 800)
const bad = lines.filter((line) => !line.expect.ok)
// Mixed, as they come: after every four good ones a bad one.
const mixed = bad.flatMap((line, n) => [...good.slice(n * 4, n * 4 + 4), line])

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-bad-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a batch of 1,000 with 200 bad records of every kind becomes 800 rows and 200 error files, byte for byte', async () => {
  expect([mixed.length, bad.length]).toEqual([1000, 200])
  const store = await openDirectoryStore(folder)
  const parts = {
    store,
    rules,
    runtime: runtimeWith({ clock: () => 0 }),
    putsParallel: 16,
    putTimeoutMs: 30_000,
  }
  const batch = { stream: 's', shard: '0', records: records(mixed.map(({ bytes }) => bytes)) }
  expect(await deliverBatch(batch, parts)).toMatchObject({
    records: 1000,
    delivered: 800,
    errored: 200,
    errorFiles: 200,
  })

  const files = readdirSync(join(folder, 'errors')).map(
    (name): ErrorFile => JSON.parse(readFileSync(join(folder, 'errors', name), 'utf8')),
  )
  const originals = files.map(({ events: [event = ''], encoding }) =>
    Buffer.from(event, encoding).toString('hex'),
  )
  expect(originals.sort()).toEqual(bad.map(({ bytes }) => Buffer.from(bytes).toString('hex')).sort())
  expect(new Set(files.map(({ encoding }) => encoding))).toEqual(new Set(['utf8', 'base64']))

  let rows = 0
  for await (const { key } of store.list('data/')) {
    rows += [...readContainer((await store.get(key))?.bytes ?? new Uint8Array(), key).rows()].length
  }
  expect(rows).toBe(800)
})

test('each kind of bad record fails at its stage with its code', () => {
  expect(badKinds.length).toBeGreaterThanOrEqual(15)
  const seen = new Set<string>()
  for (const line of bad) {
    const [error] = planBatch({ stream: 's', shard: '0', records: records([line.bytes]) }, rules).errors
    if (line.expect.ok) throw new Error('a good record among the bad')
    const { kind, code, stage } = line.expect
    expect({ kind, code: error?.rejection.code, stage: error?.rejection.stage }).toEqual({
      kind,
      code,
      stage,
    })
    seen.add(kind)
  }
  expect(seen.size).toBe(badKinds.length)
  expect(new Set(badKinds.map(({ stage }) => stage))).toEqual(new Set(['decode', 'validate', 'place']))
})
