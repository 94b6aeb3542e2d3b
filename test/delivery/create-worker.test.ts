import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createWorker } from '../../src/delivery/create-worker.ts'
import type { LogEntry } from '../../src/runtime.ts'
import { readSettings } from '../../src/settings.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { change, kinesisEvent, records } from '../changes.ts'
import { runtimeWith } from '../support/runtime.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-create-worker-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const batch = { stream: 'changes', shard: 'shard-0', records: records([change(), Buffer.from('{')]) }

test('a worker needs the name of an archive alone, and makes it', async () => {
  const worker = await createWorker({ archive: join(folder, 'archive') })
  expect(await worker.deliver(batch)).toMatchObject({ records: 2, delivered: 1, errored: 1, found: 0 })
  expect(await worker.deliver(batch)).toMatchObject({ delivered: 1, found: 2 })
  const keys: string[] = []
  for await (const { key } of worker.store.list('')) keys.push(key.split('/').slice(0, 2).join('/'))
  expect(keys.map((key) => key.replace(/[^/]*\.json$/, ''))).toEqual(['data/demand', 'errors/'])
  expect([...worker.catalog.keys()]).toEqual(['demand', 'event', 'notification', 'sale'])
})

test('a worker takes an open store, and delivers an event of Lambda by the settings, the log and the clock given', async () => {
  const entries: LogEntry[] = []
  const store = openMemoryStore()
  const settings = readSettings({ flags: { codec: 'null' } })
  const log = (entry: LogEntry) => entries.push(entry)
  const worker = await createWorker({
    archive: store,
    settings,
    runtime: runtimeWith({ log, clock: () => 7 }),
  })
  await worker.handler(kinesisEvent([change()]))
  expect(worker.store).toBe(store)
  expect(entries.map(({ message }) => message)).toEqual(['object written', 'batch delivered', 'metrics'])
  expect(entries[1]).toMatchObject({ delivered: 1, tookMs: 0 })
  for await (const { key } of store.list('data/')) {
    const object = await store.get(key)
    expect(Buffer.from(object?.bytes ?? []).toString('latin1')).toContain('ada@example.com')
  }
})

test('schemas that cannot be used leave no archive behind', async () => {
  writeFileSync(join(folder, 'broken.avsc'), '{')
  const archive = join(folder, 'archive')
  const settings = readSettings({ flags: { schemas: folder } })
  await expect(createWorker({ archive, settings })).rejects.toMatchObject({ code: 'SCHEMA_INVALID' })
  expect(existsSync(archive)).toBe(false)
})
