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
    let calls = 0
    for (const event of JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8'))) {
      const context = { getRemainingTimeInMillis: () => 60_000, awsRequestId: 'request-' + calls++ }
      const outcome = await handler(event, context).then(() => 'ok', (error) => error.code)
      console.log(JSON.stringify({ outcome }))
    }`
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH, DMD_ARCHIVE: archive, ...env },
  })
  // Powertools writes what is a warning or worse to the other output.
  const lines = (output: string) => output.split('\n').filter((line) => line.startsWith('{'))
  const said = [...lines(ran.stdout), ...lines(ran.stderr)].map((line) => JSON.parse(line))
  return {
    ...ran,
    archive,
    outcomes: said.flatMap(({ outcome }) => outcome ?? []),
    log: said.filter(({ outcome }) => outcome === undefined),
  }
}

async function keys(archive: string, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of (await openDirectoryStore(archive)).list(prefix)) found.push(key)
  return found
}

test('the bundled function delivers an event to the archive that its environment names', async () => {
  const event = kinesisEvent([change(), Buffer.from('bad'), change({ operation: 'REMOVE' })])
  const { outcomes, archive, log } = invoke([event, event])
  expect(outcomes).toEqual(['ok', 'ok'])
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

test('each line of its log says which call it is of, and metrics are written at every level', () => {
  const events = [kinesisEvent([change(), Buffer.from('bad')]), kinesisEvent([change({ id: 'other' })])]
  const { log } = invoke(events)
  const lines = log.filter(({ message }) => message !== 'metrics')
  expect(lines.filter(({ level }) => level === 'WARN').map(({ code }) => code)).toEqual(['NOT_JSON'])
  for (const request of ['request-0', 'request-1'])
    expect(
      lines.find((line) => line.message === 'batch delivered' && line.function_request_id === request),
    ).toMatchObject({ level: 'INFO', service: 'deliveryWorker', timestamp: expect.any(String) })
  for (const { function_request_id } of lines) expect(function_request_id).toMatch(/^request-[01]$/)

  const { log: quiet } = invoke(events, { POWERTOOLS_LOG_LEVEL: 'ERROR' })
  expect(quiet.map(({ message }) => message)).toEqual(['metrics', 'metrics'])
  for (const { _aws } of quiet) expect(_aws.CloudWatchMetrics[0].Metrics.length).toBeGreaterThan(5)
})

test('it takes ten thousand records, and six megabytes', async () => {
  const small = Array.from({ length: 10_000 }, (_, n) =>
    change({ id: `s${n}`, item: { ...demandItem, SK: `${n}` } }),
  )
  const large = Array.from({ length: 20 }, (_, n) =>
    change({ id: `l${n}`, item: { ...demandItem, SK: `${n}`, messageBody: 'x'.repeat(220_000) } }),
  )
  const { outcomes, log } = invoke([kinesisEvent(small), kinesisEvent(large, 'shardId-000000000001')])
  expect(outcomes).toEqual(['ok', 'ok'])
  expect(
    log.filter(({ message }) => message === 'batch delivered').map(({ delivered }) => delivered),
  ).toEqual([10_000, 20])
})

test('an event of another source fails the call, so that nothing is acknowledged', () => {
  expect(invoke([{ Records: [{ eventSource: 'aws:sqs' }] }, {}]).outcomes).toEqual([
    'EVENT_INVALID',
    'EVENT_INVALID',
  ])
})

test('an archive that cannot be written fails the call', () => {
  const archive = join(folder, 'archive')
  mkdirSync(archive)
  for (const name of ['data', 'errors']) writeFileSync(join(archive, name), 'a file where a folder must be')
  expect(invoke([kinesisEvent([change()])]).outcomes).toEqual(['STORE_UNAVAILABLE'])
})

test('a bad setting fails the start and names the variable', () => {
  const { status, stderr } = invoke([], { DMD_ARCHVE: 'x' })
  expect(status).not.toBe(0)
  expect(stderr).toContain('DMD_ARCHVE')
})
