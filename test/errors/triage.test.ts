import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { planBatch } from '../../src/delivery/plan.ts'
import { causeOf, fingerprintOf } from '../../src/errors/cause.ts'
import { frequenciesOf } from '../../src/errors/frequencies.ts'
import { readErrorIndex } from '../../src/errors/index-file.ts'
import { parseErrorFile } from '../../src/errors/read.ts'
import { addStatus, readStatuses, type StatusEntry, stateOf, statuses } from '../../src/errors/status.ts'
import { timelineParts, triage } from '../../src/errors/triage.ts'
import { badKinds } from '../../src/sample/simulator/bad.ts'
import { simulate } from '../../src/sample/simulator.ts'
import { change, demandItem, records } from '../changes.ts'
import {
  addSale,
  catalog,
  type ErrorArchive,
  openErrorArchive,
  replayAll,
  rules,
  withoutSale,
} from './archive.ts'

let archive: ErrorArchive
let folder: string
beforeEach(async () => {
  archive = openErrorArchive()
  folder = mkdtempSync(join(tmpdir(), 'dmd-index-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const some = (n: number) => Array.from({ length: n }, (_, index) => withoutSale(index))

describe('the index', () => {
  /** Counts what is read, by key. */
  const counted = () => {
    const reads: string[] = []
    const store = {
      ...archive.store,
      get: (key: string) => {
        reads.push(key)
        return archive.store.get(key)
      },
    }
    return { store, reads }
  }

  test('reads an error file once, and then only lists it', async () => {
    await archive.deliver([...some(20), Buffer.from('{'), Buffer.from([0xff])])
    const { store, reads } = counted()
    const file = join(folder, 'errors')
    const first = await readErrorIndex(store, catalog, { file })
    expect(reads).toHaveLength(22)
    const second = await readErrorIndex(store, catalog, { file })
    expect(reads).toHaveLength(22)
    expect(second).toEqual(first)
    expect(await readErrorIndex(archive.store, catalog)).toEqual(first)
    await archive.deliver([withoutSale(77)])
    for (const reading of [1, 0]) {
      expect((await readErrorIndex(store, catalog, { file })).entries).toHaveLength(23)
      expect(reads.splice(22)).toHaveLength(reading)
    }
  })

  test('an error file that went is dropped, one that came is read, and what is none is counted', async () => {
    await archive.deliver(some(5))
    const file = join(folder, 'errors')
    const before = await readErrorIndex(archive.store, catalog, { file })
    await archive.store.delete(before.entries[2]?.key ?? '')
    await archive.store.put('errors/readme.txt', Buffer.from('hello'))
    await archive.store.put(
      'errors/20250101T000000000Z-00000000-0000-5000-8000-000000000000.json',
      Buffer.from('{}'),
    )
    const { entries, foreign } = await readErrorIndex(archive.store, catalog, { file })
    expect(foreign).toBe(2)
    expect(entries).toEqual(before.entries.filter((_, index) => index !== 2))
  })

  test('a damaged file, one of another version, and one that cannot be written change no answer', async () => {
    await archive.deliver(some(5))
    const truth = await readErrorIndex(archive.store, catalog)
    const file = join(folder, 'errors')
    await readErrorIndex(archive.store, catalog, { file })
    const sound = readFileSync(file, 'utf8')
    const damaged = [
      '',
      'nonsense',
      sound.slice(0, sound.length / 2),
      sound.replace('"format":1', '"format":0'),
      sound.replaceAll('\t', ' '),
      sound.replace(/\t0\t/, '\t7\t'),
    ]
    for (const text of damaged) {
      writeFileSync(file, text)
      expect(
        await readErrorIndex(archive.store, catalog, { file }),
        JSON.stringify(text.slice(0, 30)),
      ).toEqual(truth)
    }
    writeFileSync(join(folder, 'file'), '')
    expect(await readErrorIndex(archive.store, catalog, { file: join(folder, 'file', 'errors') })).toEqual(
      truth,
    )
  })

  test('is for its owner alone, is left whole by an interruption, and several may write it at once', async () => {
    await archive.deliver(some(120))
    const file = join(folder, 'errors')
    const stop = new AbortController()
    const stopped = readErrorIndex(archive.store, catalog, {
      file,
      signal: stop.signal,
      onRead: async (done) => {
        if (done === 10) stop.abort()
      },
    })
    await expect(stopped).rejects.toThrow()
    const { store, reads } = counted()
    const rest = await Promise.all(
      ['a', 'b', 'c'].map((owner) => readErrorIndex(store, catalog, { file, owner })),
    )
    expect(reads.length).toBeLessThan(3 * 120)
    for (const { entries } of rest) expect(entries).toHaveLength(120)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['errors'])
  })

  test('another set of record types is another index', async () => {
    await archive.deliver(some(3))
    const file = join(folder, 'errors')
    await readErrorIndex(archive.store, catalog, { file })
    const fewer = new Map([...catalog].filter(([name]) => name !== 'demand'))
    const { entries } = await readErrorIndex(archive.store, fewer, { file })
    expect(entries.map(({ cause }) => cause.type)).toEqual(['-', '-', '-'])
  })
})

describe('a group', () => {
  test('is named by stage, code, type and path, and by nothing else', async () => {
    await archive.deliver([
      ...some(3),
      change({ item: { ...demandItem, saleId: '' } as never }),
      change({ item: { ...demandItem, fanId: '' } as never }),
      change({ item: { ...demandItem, email: { one: 1 } } as never }),
    ])
    const { groups } = await triage(archive.store, catalog)
    expect(groups.map(({ code, path, files }) => [code, path, files])).toEqual([
      ['FIELD_MISSING', '/saleId', 3],
      ...groups.slice(1).map(({ code, path, files }) => [code, path, files]),
    ])
    expect(new Set(groups.map(({ code, path }) => `${code} ${path}`))).toEqual(
      new Set(['FIELD_MISSING /saleId', 'FIELD_EMPTY /saleId', 'FIELD_EMPTY /fanId', 'FIELD_TYPE /email']),
    )
    for (const { fingerprint, stage, code, type, path } of groups)
      expect(fingerprintOf({ stage, code, type, path })).toBe(fingerprint)
  })

  test('numbers of list items and names that none would choose do not split it', () => {
    const file = (path: string) =>
      parseErrorFile(
        Buffer.from(
          JSON.stringify({
            timestamp: '2025-02-13T18:30:00.000Z',
            error: { code: 'FIELD_TYPE', stage: 'validate', message: 'm', path },
            events: ['{}'],
            encoding: 'utf8',
            source: { stream: 's', shard: '0', sequence: '1' },
            attempt: 0,
          }),
        ),
      )!
    expect(causeOf(file('/venues/3/name'), catalog).path).toBe('/venues/#/name')
    expect(causeOf(file('/note/ada@example.com'), catalog).path).toBe('/note/•••')
    expect(causeOf(file('/note/+1 202 555 0101/x'), catalog).path).toBe('/note/•••/x')
    expect(causeOf(file('/eventDate/start'), catalog).path).toBe('/eventDate/start')
  })

  test('each kind of bad record that the simulator knows has its own cause, told the same for each of its records', () => {
    const bad = { fans: 2_000, minutes: 5, badPercent: 5, seed: 'kinds', badCount: 3 * badKinds.length }
    const groups = new Map<string, Set<string>>()
    for (const { bytes, expect: told } of simulate(bad)) {
      if (told.ok) continue
      const { errors } = planBatch({ stream: 's', shard: '0', records: records([bytes]) }, rules)
      const cause = causeOf(parseErrorFile(errors[0]?.bytes ?? new Uint8Array())!, catalog)
      expect([cause.code, cause.stage], told.kind).toEqual([told.code, told.stage])
      groups.set(told.kind, (groups.get(told.kind) ?? new Set()).add(fingerprintOf(cause)))
    }
    expect(groups.size).toBe(badKinds.length)
    for (const [kind, fingerprints] of groups) expect(fingerprints.size, kind).toBe(1)
    expect(new Set([...groups.values()].flatMap((one) => [...one])).size).toBeGreaterThanOrEqual(15)
  })

  test('counts what is open, filters, and spreads its errors over the time of all that are shown', async () => {
    const at = (n: number) => `2025-02-13T18:${String(n).padStart(2, '0')}:00.000Z`
    const { saleId: _, ...noSale } = demandItem
    const { eventId: __, ...noEvent } = demandItem
    await archive.deliver([
      ...[0, 15, 15, 30].map((n) => change({ at: at(n), item: noSale as never })),
      change({ at: at(20), item: noEvent as never }),
      Buffer.from('no time at all'),
    ])
    const keys = await archive.keys('errors/')
    const all = await triage(archive.store, catalog)
    const sale = all.groups.find(({ path }) => path === '/saleId')!
    expect(sale).toMatchObject({
      files: 4,
      records: 4,
      open: 4,
      state: 'new',
      firstSeen: at(0),
      lastSeen: at(30),
    })
    expect(sale.timeline).toHaveLength(timelineParts)
    expect(sale.timeline.reduce((a, b) => a + b)).toBe(4)
    expect([sale.timeline[0], sale.timeline[7], sale.timeline[15]]).toEqual([1, 2, 1])
    expect(all.groups.find(({ code }) => code === 'NOT_JSON')?.timeline).toEqual(
      Array.from({ length: timelineParts }, () => 0),
    )
    await replayAll(archive.store, addSale(), { keys: keys.filter((key) => key.includes('T1815')) })
    expect((await triage(archive.store, catalog)).groups.find(({ path }) => path === '/saleId')?.open).toBe(2)
    const codesOf = async (filter: Parameters<typeof triage>[2]) =>
      (await triage(archive.store, catalog, filter)).groups
        .map(({ code, files }) => `${code} ${files}`)
        .sort()
    expect(await codesOf({ sinceMs: Date.parse(at(20)) })).toEqual(['FIELD_MISSING 1', 'FIELD_MISSING 1'])
    expect(await codesOf({ cause: 'NOT_JSON' })).toEqual(['NOT_JSON 1'])
    expect(await codesOf({ cause: sale.fingerprint })).toEqual(['FIELD_MISSING 4'])
    expect(await codesOf({ type: 'demand' })).toEqual(['FIELD_MISSING 1', 'FIELD_MISSING 4'])
    expect(await codesOf({ type: '-' })).toEqual(['NOT_JSON 1'])
    expect(await codesOf({ states: ['fixed'] })).toEqual([])
  })
})

describe('a status', () => {
  const fingerprint = '0123abcd'
  const covers = { files: 3, lastSeen: '2025-02-13T18:30:00.000Z' }
  const say = (known: readonly StatusEntry[], status: StatusEntry['status'], nowMs: number, by = 'ada') =>
    addStatus(archive.store, known, { fingerprint, status, by, covers }, nowMs)

  test('is appended to the log; the last word counts, whatever its clock says', async () => {
    const first = await say([], 'acknowledged', 2_000)
    const bytes = (await archive.store.get(first))?.bytes
    await say((await readStatuses(archive.store)).get(fingerprint) ?? [], 'fixed', 1_000, 'bob')
    const said = (await readStatuses(archive.store)).get(fingerprint) ?? []
    expect(said.map(({ status, by, revision }) => [status, by, revision])).toEqual([
      ['acknowledged', 'ada', 1],
      ['fixed', 'bob', 2],
    ])
    expect((await archive.store.get(first))?.bytes).toEqual(bytes)
    expect(stateOf(said, covers)).toBe('fixed')
    expect(await archive.keys('triage/')).toHaveLength(2)
  })

  test('writes over nothing', async () => {
    const key = await say([], 'acknowledged', 2_000)
    const other = Buffer.from('what somebody else put there')
    await archive.store.put(key, other)
    expect(await say([], 'acknowledged', 2_000)).toBe(key)
    expect(Buffer.from((await archive.store.get(key))!.bytes)).toEqual(other)
  })

  test('of two people who speak at once neither is lost, and every reader agrees on who counts', async () => {
    await Promise.all([
      say([], 'ignored', 5_000, 'ada'),
      say([], 'fixed', 5_000, 'bob'),
      say([], 'new', 4_000, 'eve'),
    ])
    const said = (await readStatuses(archive.store)).get(fingerprint) ?? []
    expect(said).toHaveLength(3)
    expect(said[0]).toMatchObject({ by: 'eve' })
    expect((await readStatuses(archive.store)).get(fingerprint)).toEqual(said)
  })

  test('a group that was said to be fixed is regressed by one error more, and by nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...statuses),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: -5, max: 5 }),
        (status, files, more, laterMs) => {
          const lastMs = Date.UTC(2025, 1, 13)
          const iso = (ms: number) => new Date(ms).toISOString()
          const entry: StatusEntry = {
            ...{ format: 1, fingerprint, status, at: iso(lastMs), by: 'ada', revision: 1 },
            covers: { files, lastSeen: iso(lastMs) },
          }
          const state = stateOf([entry], { files: files + more, lastSeen: iso(lastMs + laterMs) })
          expect(state).toBe(status === 'fixed' && (more > 0 || laterMs > 0) ? 'regressed' : status)
        },
      ),
    )
    expect(stateOf([], covers)).toBe('new')
  })

  test('what is no entry in triage/ is left out', async () => {
    await say([], 'fixed', 1_000)
    for (const [n, text] of [
      '',
      '{}',
      '[]',
      '{"format":1,"fingerprint":"0123abcd","status":"eaten"}',
    ].entries())
      await archive.store.put(`triage/${n}.json`, Buffer.from(text))
    expect((await readStatuses(archive.store)).get(fingerprint)).toHaveLength(1)
  })
})

describe('what records have in common', () => {
  test('is told for each attribute, personal values neither shown nor counted', async () => {
    const payloads = [
      change({ item: { ...demandItem, eventId: 'a', extraName: 'x' } as never }),
      change({ item: { ...demandItem, eventId: 'a' } as never }),
      change({ item: { ...demandItem, eventId: 'b', email: 'other@example.com' } as never }),
      Buffer.from('{'),
    ]
    const { records: seen, attributes } = frequenciesOf(payloads, catalog)
    const of = (path: string) => attributes.find((one) => one.path === path)
    expect(seen).toBe(3)
    expect(of('/eventId')).toEqual({
      path: '/eventId',
      present: 3,
      tags: ['S'],
      distinct: 2,
      top: { value: 'a', count: 2 },
    })
    expect(of('/email')).toEqual({ path: '/email', present: 3, tags: ['S'] })
    expect(of('/extraName')).toEqual({ path: '/extraName', present: 1, tags: ['S'] })
    expect(of('/date/requested')).toMatchObject({ present: 3, distinct: 1 })
    expect(JSON.stringify(attributes)).not.toContain('example.com')
  })

  test('is bounded, however many names the records have', () => {
    const wild = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`name${n}`, n]))
    const { attributes } = frequenciesOf([change({ item: { ...demandItem, ...wild } as never })], catalog)
    expect(attributes).toHaveLength(200)
  })
})
