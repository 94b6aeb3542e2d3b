import { beforeEach, expect, test } from 'vitest'
import { describeGroup, findGroup, nextStep, readOriginals, sampledMax } from '../../src/errors/group.ts'
import { triage } from '../../src/errors/triage.ts'
import { change } from '../changes.ts'
import {
  addSale,
  catalog,
  type ErrorArchive,
  openErrorArchive,
  replayAll,
  storeFailedBatch,
  withoutSale,
} from './archive.ts'

let archive: ErrorArchive
beforeEach(async () => {
  archive = openErrorArchive()
})

async function describeNamed(name: string) {
  const found = await triage(archive.store, catalog)
  const named = findGroup(found, name)
  return named && describeGroup(archive.store, catalog, found, named)
}

const giveUp = (payloads: readonly Uint8Array[]) =>
  storeFailedBatch(archive.store, {
    arn: 'arn:aws:kinesis:eu-west-1:1234567890:stream/changes',
    shard: 'shardId-000000000000',
    records: payloads.map((bytes, index) => ({
      bytes,
      partitionKey: String(index),
      sequence: String(1000 + index),
      arrivedMs: Date.UTC(2025, 1, 13, 18, 31),
    })),
    calls: 7,
    nowMs: Date.UTC(2025, 1, 14),
  })

test('a group is found by its fingerprint, and by the key of any of its files', async () => {
  await archive.deliver([withoutSale(1), withoutSale(2), Buffer.from('{')])
  const found = await triage(archive.store, catalog)
  const group = found.groups.find(({ path }) => path === '/saleId')!
  const own = found.entries.flatMap(({ key, fingerprint }) =>
    fingerprint === group.fingerprint ? [key] : [],
  )
  expect(findGroup(found, group.fingerprint)).toEqual({ group, key: group.sample })
  for (const key of own) expect(findGroup(found, key)).toEqual({ group, key })
  expect(findGroup(found, '00000000')).toBeUndefined()
  expect(findGroup(found, 'errors/none.json')).toBeUndefined()
})

test('a group is described by all of its records, and by one of them, without a personal value', async () => {
  await archive.deliver(Array.from({ length: 7 }, (_, n) => withoutSale(n)))
  const [first] = await archive.keys('errors/')
  await replayAll(archive.store, addSale(), { keys: [first!] })
  const report = await describeNamed(first!)
  expect(report).toMatchObject({
    files: 7,
    open: 6,
    sampledFiles: 7,
    frequencies: { records: 7 },
    error: {
      key: first,
      code: 'FIELD_MISSING',
      path: '/saleId',
      tries: 0,
      records: 1,
      replayed: { by: 'ops' },
      explanation: { of: 'image' },
    },
  })
  expect(report?.keys).toHaveLength(7)
  expect(report?.keys.filter(({ open }) => !open)).toEqual([{ key: first, tries: 0, open: false }])
  expect(JSON.stringify(report)).not.toContain('canary')
  const { error: other } = (await describeNamed(report!.keys[1]!.key))!
  expect(other).toMatchObject({ key: report!.keys[1]!.key, code: 'FIELD_MISSING' })
  expect(other.replayed).toBeUndefined()
})

test('of a large group a sample of files is read, evenly spread', async () => {
  await archive.deliver([withoutSale(1)])
  const found = await triage(archive.store, catalog)
  const { groups, entries, history } = found
  const [group, entry] = [groups[0]!, entries[0]!]
  const many = Array.from({ length: sampledMax + 1 }, (_, n) => ({ ...entry, key: `errors/${n}.json` }))
  const reads: string[] = []
  const store = {
    ...archive.store,
    get: (key: string) => {
      if (/^errors\/\d+\.json$/.test(key)) reads.push(key)
      return archive.store.get(key)
    },
  }
  const named = { group, key: group.sample }
  const report = await describeGroup(store, catalog, { entries: many, history }, named)
  expect(reads).toEqual(many.map(({ key }) => key).filter((_, n) => n % 2 === 0))
  expect(report.sampledFiles).toBe(reads.length)
  expect(report.keys).toHaveLength(many.length)
})

test('the next step is an edit, a replacement of what cannot be read, or a replay of what is valid', async () => {
  const failed = await giveUp([change(), withoutSale(3)])
  await archive.deliver([withoutSale(1), Buffer.from('{')])
  const { groups } = await triage(archive.store, catalog)
  const steps = new Map<string, string>()
  for (const { code, sample } of groups) steps.set(code, nextStep((await describeNamed(sample))!))
  expect(Object.fromEntries(steps)).toEqual({
    FIELD_MISSING: 'edit',
    NOT_JSON: 'replace',
    BATCH_GIVEN_UP: 'as-is',
  })
  const report = (await describeNamed(failed))!
  expect(report.error).toMatchObject({ key: failed })
  expect(report.error.explanation).toBeUndefined()
  // A valid record whose object could not be written.
  expect(nextStep({ stage: 'deliver', error: { ...report.error, key: 'errors/x.json' } })).toBe('as-is')
})

test('originals are returned byte for byte, those of a whole batch too', async () => {
  const payloads = [change(), withoutSale(3)]
  const failed = await giveUp(payloads)
  await archive.deliver([Buffer.from([0xff, 0x00])])
  await archive.store.put('errors/readme.txt', Buffer.from('hello'))
  const [bad] = await archive.keys('errors/')
  const read = async (key: string) =>
    (await readOriginals(archive.store, key))?.map((one) => Buffer.from(one))
  expect(await read(failed)).toEqual(payloads.map((payload) => Buffer.from(payload)))
  expect(await read(bad!)).toEqual([Buffer.from([0xff, 0x00])])
  expect(await read('errors/readme.txt')).toEqual([Buffer.from('hello')])
  expect(await read('errors/none.json')).toBeUndefined()
})
