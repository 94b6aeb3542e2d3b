import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { change, demandItem, kinesisEvent } from '../changes.ts'

const bundle = pathToFileURL(fileURLToPath(new URL('../../dist/lambda.mjs', import.meta.url))).href

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-lambda-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Starts the bundled function in a process of its own and calls it with each event, as Lambda does. */
function invoke(events: readonly unknown[], env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, 'events.json')
  const archive = join(folder, 'archive')
  writeFileSync(file, JSON.stringify(events))
  const script = `
    import { readFileSync } from 'node:fs'
    const { handler } = await import(${JSON.stringify(bundle)})
    const context = { getRemainingTimeInMillis: () => 60_000 }
    for (const event of JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8'))) {
      await handler(event, context).then(() => console.error('ok'), (error) => console.error(error.code))
    }`
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH, DMD_ARCHIVE: archive, ...env },
  })
  return {
    ...ran,
    archive,
    log: ran.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  }
}

async function keys(archive: string, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of (await openDirectoryStore(archive)).list(prefix)) found.push(key)
  return found
}

test('the bundled function delivers an event to the archive that its environment names', async () => {
  const event = kinesisEvent([change(), Buffer.from('bad'), change({ operation: 'REMOVE' })])
  const { stderr, archive, log } = invoke([event, event])
  expect(stderr).toBe('ok\nok\n')
  expect(await keys(archive, 'data/')).toHaveLength(1)
  expect(await keys(archive, 'errors/')).toHaveLength(1)
  expect(
    log
      .filter(({ message }) => message === 'batch delivered')
      .map(({ records, delivered, errored }) => [records, delivered, errored]),
  ).toEqual([
    [3, 2, 1],
    [3, 2, 1],
  ])
  expect(log.find(({ message }) => message === 'metrics')).toMatchObject({ RecordsIn: 3, RecordsErrored: 1 })
})

test('it takes ten thousand records, and six megabytes', async () => {
  const small = Array.from({ length: 10_000 }, (_, n) =>
    change({ id: `s${n}`, item: { ...demandItem, SK: `${n}` } }),
  )
  const large = Array.from({ length: 20 }, (_, n) =>
    change({ id: `l${n}`, item: { ...demandItem, SK: `${n}`, messageBody: 'x'.repeat(220_000) } }),
  )
  const { stderr, log } = invoke([kinesisEvent(small), kinesisEvent(large, 'shardId-000000000001')])
  expect(stderr).toBe('ok\nok\n')
  expect(
    log.filter(({ message }) => message === 'batch delivered').map(({ delivered }) => delivered),
  ).toEqual([10_000, 20])
})

test('an event of another source fails the call, so that nothing is acknowledged', () => {
  expect(invoke([{ Records: [{ eventSource: 'aws:dynamodb' }] }, {}]).stderr).toBe(
    'EVENT_INVALID\nEVENT_INVALID\n',
  )
})

test('an archive that cannot be written fails the call', () => {
  const archive = join(folder, 'archive')
  mkdirSync(archive)
  for (const name of ['data', 'errors']) writeFileSync(join(archive, name), 'a file where a folder must be')
  expect(invoke([kinesisEvent([change()])]).stderr).toBe('STORE_UNAVAILABLE\n')
})

test('a bad setting fails the start and names the variable', () => {
  const { status, stderr } = invoke([], { DMD_ARCHVE: 'x' })
  expect(status).not.toBe(0)
  expect(stderr).toContain('DMD_ARCHVE')
})
