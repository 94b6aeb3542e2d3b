import { beforeEach, describe, expect, test } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { diffPayloads } from '../../src/errors/diff.ts'
import { noEdit, replaceBy } from '../../src/errors/edit.ts'
import { goneWhenIgnored } from '../../src/errors/expiry.ts'
import {
  isOpen,
  provenanceKey,
  readHistory,
  readProvenance,
  readReplayReport,
} from '../../src/errors/history.ts'
import { freeze, rehearse, replay } from '../../src/errors/replay.ts'
import { triage } from '../../src/errors/triage.ts'
import { PipelineError } from '../../src/record/error.ts'
import type { ObjectStore, ObjectTag } from '../../src/store/store.ts'
import { change, demandItem, kinesisEvent } from '../changes.ts'
import {
  addSale,
  catalog,
  type ErrorArchive,
  failing,
  Killed,
  keysOf,
  mortal,
  openErrorArchive,
  patch,
  prepare,
  replayAll,
  rules,
  storeFailedBatch,
  withoutSale,
} from './archive.ts'

let archive: ErrorArchive
beforeEach(async () => {
  archive = openErrorArchive()
})

/** JSON that is read without a stack, and is not written without one. */
const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

const some = (n: number) => Array.from({ length: n }, (_, index) => withoutSale(index))

/** An error file that is whole but for its code. */
function hostile(code: string): string {
  const source = { stream: 's', shard: '0', sequence: '1' }
  const error = { code, stage: 'decode', message: 'm' }
  const timestamp = '2025-02-13T18:30:00.000Z'
  return JSON.stringify({ timestamp, error, events: ['{}'], encoding: 'utf8', source, attempt: 0 })
}

/** The rows of an object. */
async function rowsIn(key: string) {
  const object = await archive.store.get(key)
  const { rows, metadata } = readContainer(object!.bytes, key)
  return { rows: [...rows()], metadata }
}

describe('one record that was mended', () => {
  test('is tagged as one that may go, and what is not done is not; a tag that fails fails nothing', async () => {
    await archive.deliver([withoutSale(1), Buffer.from('{')])
    const tagged: string[] = []
    const tagging = (isRefused: boolean) => ({
      ...archive.store,
      tag: async (key: string, tag: { readonly value: string }) => {
        tagged.push(`${key} ${tag.value}`)
        if (isRefused) throw new PipelineError('STORE_UNAVAILABLE', 'no')
      },
    })
    const keys = await archive.keys('errors/')
    const report = await replayAll(tagging(true), addSale('sale-7'))
    expect(report.counts).toMatchObject({ written: 1 })
    const done = report.results.find(({ outcome }) => outcome === 'written')
    expect(tagged).toEqual([`${done?.error} true`])
    // The same replay again tags again.
    tagged.length = 0
    await replayAll(tagging(false), addSale('sale-7'), { keys })
    expect(tagged).toEqual([`${done?.error} true`])
  })

  test('becomes a row that keeps the time and the place in the stream of its change', async () => {
    await archive.deliver([change(), withoutSale(1)])
    const [error = ''] = await archive.keys('errors/')
    const report = await replayAll(archive.store, addSale('sale-7'))
    expect(report.counts).toEqual({ written: 1 })
    const [{ objects = [] } = {}] = report.results
    expect(objects).toHaveLength(1)
    const { rows, metadata } = await rowsIn(objects[0] ?? '')
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      fanId: 'fan-1',
      saleId: 'sale-7',
      change: {
        id: 'no-sale-1',
        micros: Date.UTC(2025, 1, 13, 18, 30) * 1000 + 250_000,
        sequence: '2'.padStart(60, '0'),
      },
    })
    expect(metadata.get('dmd.error')).toBe(error)
    expect(metadata.get('dmd.stream')).toBe('changes')
    expect(objects[0]).toMatch(/^data\/demand\/partition_date=2025-02-13\/20250213T183000250Z-/)
  })

  test('keeps its arrival, which names the object', async () => {
    const record = { payload: withoutSale(1), sequence: '7', arrivedMs: Date.UTC(2025, 1, 13, 18, 31, 5, 7) }
    const [error] = planBatch({ stream: 'changes', shard: 'shard-0', records: [record] }, rules).errors
    await archive.store.put(error!.key, error!.bytes)
    const report = await replayAll(archive.store, addSale())
    expect(report.results[0]?.objects).toEqual([expect.stringMatching(/\/20250213T183105007Z-/)])
  })

  test('leaves its error file as it is, and says in replays/ who made what of it', async () => {
    await archive.deliver([withoutSale(1)])
    const before = await archive.contents('errors/')
    const [error = ''] = await archive.keys('errors/')
    const report = await replayAll(archive.store, addSale())
    expect(await archive.contents('errors/')).toEqual(before)
    expect(provenanceKey(error)).toBe(error.replace('errors/', 'replays/'))
    expect(await readProvenance(archive.store, error)).toEqual({
      ...{ format: 1, error, replay: report.id, by: 'ops' },
      at: expect.stringMatching(/^2025-02-14T/),
      edit: { kind: 'patch', operations: [{ op: 'add', path: '/dynamodb/NewImage/saleId' }] },
      objects: report.results[0]?.objects,
    })
  })

  test('is written once, however often it is replayed, by key, by group, or by two at once', async () => {
    await archive.deliver(some(12))
    const keys = await archive.keys('errors/')
    expect((await replayAll(archive.store, addSale(), { keys: keys.slice(3, 5) })).counts).toEqual({
      written: 2,
    })
    const both = await Promise.all([
      replayAll(archive.store, addSale(), { keys }),
      replayAll(archive.store, addSale(), { keys }),
    ])
    for (const { counts } of both) expect((counts.written ?? 0) + (counts.there ?? 0)).toBe(12)
    expect(both.reduce((total, { counts }) => total + (counts.written ?? 0), 0)).toBe(10)
    expect((await replayAll(archive.store, addSale(), { keys })).counts).toEqual({ there: 12 })
    expect(await archive.keys('data/')).toHaveLength(12)
  })

  test('what is there under the name of its object stays as it is', async () => {
    await archive.deliver([withoutSale(1)])
    const keys = await archive.keys('errors/')
    await replayAll(archive.store, addSale(), { keys })
    const [object] = await archive.keys('data/')
    const older = Buffer.from('as an earlier version wrote it')
    await archive.store.put(object!, older)
    expect((await replayAll(archive.store, addSale(), { keys })).counts).toEqual({ there: 1 })
    expect(Buffer.from((await archive.store.get(object!))!.bytes)).toEqual(older)
  })

  test('another edit of a replayed error is refused, and of two at once only one is written', async () => {
    await archive.deliver(some(8))
    const keys = await archive.keys('errors/')
    const both = await Promise.all(
      ['sale-1', 'sale-2'].map((sale) => replayAll(archive.store, addSale(sale), { keys })),
    )
    const total = (name: 'written' | 'refused') =>
      both.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)
    expect([total('written'), total('refused')]).toEqual([8, 8])
    expect(await archive.keys('data/')).toHaveLength(8)
    const refused = (await replayAll(archive.store, addSale('sale-3'), { keys })).results
    expect(refused.map(({ outcome }) => outcome)).toEqual(Array(8).fill('refused'))
    expect(refused[0]?.message).toMatch(/^ops replayed it with another edit at 2025-02-14T.*dmd replay show/)
  })

  test('an edit that comes to the same record is the same edit', async () => {
    await archive.deliver([withoutSale(1)])
    const keys = await archive.keys('errors/')
    const roundabout = patch([
      { op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'other' } },
      { op: 'test', path: '/dynamodb/NewImage/saleId/S', value: 'other' },
      { op: 'replace', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-1' } },
    ])
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ written: 1 })
    expect((await replayAll(archive.store, roundabout, { keys })).counts).toEqual({ there: 1 })
  })

  test.each([
    ['remove', { op: 'remove', path: '/dynamodb/NewImage/phonenumber' }],
    ['replace', { op: 'replace', path: '/dynamodb/NewImage/contactMehtod', value: { S: 'EMAIL' } }],
    ['move', { op: 'move', from: '/dynamodb/NewImage/nope', path: '/dynamodb/NewImage/other' }],
    ['copy', { op: 'copy', from: '/dynamodb/NewImage/nope', path: '/dynamodb/NewImage/other' }],
    ['add', { op: 'add', path: '/dynamodb/NewImgae/email', value: { S: 'e' } }],
    ['test', { op: 'test', path: '/dynamodb/NewImage/nope', value: { S: 'e' } }],
  ])(
    'an edit that meets no such place in %s delivers nothing, and the right one is taken after it',
    async (op, typo) => {
      await archive.deliver([withoutSale(1)])
      const add = { op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-1' } }
      for (let tries = 0; tries < 6; tries++) {
        const { counts, results } = await replayAll(archive.store, patch([add, typo]))
        expect(counts).toEqual({ unpatched: 1 })
        expect(results[0]?.message).toMatch(
          new RegExp(`^operation 2, ${op} .*/dynamodb/New.*: the record has no`),
        )
      }
      expect(await archive.keys('data/')).toEqual([])
      expect((await replayAll(archive.store, patch([add]))).counts).toEqual({ written: 1 })
    },
  )

  test('bytes that are no JSON are replaced whole, and no patch is tried on them', async () => {
    await archive.deliver([Buffer.from('{"cut'), Buffer.from([0xff, 0xfe])])
    const keys = await archive.keys('errors/')
    const patched = await replayAll(archive.store, addSale())
    expect(patched.counts).toEqual({ unpatched: 2 })
    expect(patched.results.map(({ message }) => message).sort()).toEqual([
      'the record is not JSON: replace it whole, with --with',
      'the record is not UTF-8: replace it whole, with --with',
    ])
    const report = await replayAll(archive.store, replaceBy(change({ id: 'whole' })), { keys: [keys[0]!] })
    expect(report.counts).toEqual({ written: 1 })
    const { rows } = await rowsIn(report.results[0]?.objects?.[0] ?? '')
    expect(rows[0]).toMatchObject({ change: { id: 'whole', sequence: expect.stringMatching(/^0{59}[12]$/) } })
  })

  test('nested so deeply that it cannot be written again, is left as it is, and holds up no other', async () => {
    const deep = Buffer.from(withoutSale(1).toString().replace('"eventID"', `"deep":${nested},"eventID"`))
    await archive.deliver([withoutSale(2), deep])
    const { request, parts } = await prepare(archive.store, addSale())
    const rehearsed = await rehearse(request, parts, (_, { change: made }) =>
      diffPayloads(made!.before, made!.after, catalog),
    )
    const report = await replayAll(archive.store, addSale())
    expect(report.counts).toEqual({ written: 1, unpatched: 1 })
    expect(report.results.find(({ outcome }) => outcome === 'unpatched')?.message).toMatch(
      /nested too deeply/,
    )
    expect(rehearsed).toEqual(report.results)
  })

  test('is told as a whole where it is nested too deeply to be compared, and not at all where it is the same', () => {
    const deep = Buffer.from(`{"deep":${nested}}`)
    expect(diffPayloads(deep, Buffer.from('{}'), catalog)).toEqual([
      { path: '', before: `${deep.length} bytes`, after: '2 bytes' },
    ])
    expect(diffPayloads(deep, Buffer.from(deep), catalog)).toEqual([])
  })

  test('what fails again says why, stays open, and makes no further error file', async () => {
    await archive.deliver(some(2))
    const report = await replayAll(archive.store, noEdit)
    expect(report.counts).toEqual({ fails: 2 })
    expect(report.results[0]).toMatchObject({ code: 'FIELD_MISSING', stage: 'validate', path: '/saleId' })
    expect(await archive.keys('errors/')).toHaveLength(2)
    expect(await archive.keys('data/')).toEqual([])
    const history = await readHistory(archive.store)
    for (const key of await archive.keys('errors/')) expect(isOpen(history, key)).toBe(true)
  })

  test('after five tries one more has to be asked for', async () => {
    await archive.deliver([withoutSale(1)])
    const useless = patch([{ op: 'add', path: '/dynamodb/NewImage/note', value: { S: 'x' } }])
    for (let n = 0; n < 5; n++) expect((await replayAll(archive.store, useless)).counts).toEqual({ fails: 1 })
    const guarded = await replayAll(archive.store, addSale())
    expect(guarded.counts).toEqual({ guarded: 1 })
    expect(guarded.results[0]?.message).toMatch(/tried 5 times/)
    expect(await archive.keys('data/')).toEqual([])
    expect((await replayAll(archive.store, addSale(), { force: true })).counts).toEqual({ written: 1 })
  })

  test('as it is, it may be replayed any number of times: what comes to the same failure is no try', async () => {
    await archive.deliver([withoutSale(1)])
    for (let n = 0; n < 7; n++) {
      const { counts, results } = await replayAll(archive.store)
      expect(counts).toEqual({ fails: 1 })
      expect(results[0]?.unchanged).toBe(true)
    }
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ written: 1 })
  })

  test('a try that was killed counts, so that a record that kills its replay is not tried for ever', async () => {
    await archive.deliver([withoutSale(1)])
    for (let n = 0; n < 5; n++)
      await expect(replayAll(mortal(archive.store, 2), addSale())).rejects.toThrow(Killed)
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ guarded: 1 })
  })

  test('an error file that has gone meanwhile is told, and so is a file that is none', async () => {
    await archive.deliver([withoutSale(1)])
    const [key = ''] = await archive.keys('errors/')
    const { request, parts } = await prepare(archive.store, addSale())
    await archive.store.delete(key)
    expect((await replay(request, parts)).counts).toEqual({ gone: 1 })
    for (const text of [
      '',
      '{}',
      '{"timestamp":1}',
      'null',
      '{"error":{"code":"X"},"events":[]}',
      hostile('\u001b[2JX'),
      hostile('x'.repeat(99)),
    ]) {
      await archive.store.put('errors/other.json', Buffer.from(text))
      expect((await replayAll(archive.store, noEdit, { keys: ['errors/other.json'] })).counts, text).toEqual({
        foreign: 1,
      })
    }
  })
})

describe('a selection', () => {
  test('of an id that another replay has is refused, and nothing is delivered', async () => {
    await archive.deliver(some(2))
    const [first, second] = await archive.keys('errors/')
    const id = '20250214T000000000Z-taken'
    await replayAll(archive.store, addSale(), { id, keys: [first!] })
    await expect(replayAll(archive.store, addSale(), { id, keys: [second!] })).rejects.toMatchObject({
      code: 'STORE_BUSY',
      message: `there is a replay ${id} already`,
    })
    expect(await archive.keys('data/')).toHaveLength(1)
    expect(await readProvenance(archive.store, second!)).toBeUndefined()
  })

  test('is frozen: its digest is over its keys, and errors that come meanwhile are left out', async () => {
    await archive.deliver(some(3))
    const keys = await archive.keys('errors/')
    expect(freeze([...keys].reverse())).toEqual(freeze(keys))
    expect(freeze(keys.slice(1)).sha256).not.toBe(freeze(keys).sha256)
    // printf 'a\nb\n' | sha256sum
    expect(freeze(['b', 'a']).sha256).toBe('911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2')
    const { request, parts } = await prepare(archive.store, addSale())
    await archive.deliver([withoutSale(99)])
    expect((await replay(request, parts)).counts).toEqual({ written: 3 })
    expect(await archive.keys('data/')).toHaveLength(3)
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ written: 1 })
  })

  test('is written down before anything is done', async () => {
    await archive.deliver(some(3))
    const written: string[] = []
    const store = {
      ...archive.store,
      put: (...args: Parameters<typeof archive.store.put>) => {
        written.push(args[0])
        return archive.store.put(...args)
      },
    }
    const { id } = await replayAll(store, addSale())
    expect(written[0]).toBe(`replays/runs/${id}/selection.json`)
    expect(written.at(-1)).toBe(`replays/runs/${id}/result.json`)
    for (const key of await archive.keys('errors/')) {
      const claim = written.indexOf(provenanceKey(key))
      const provenance = await readProvenance(archive.store, key)
      expect(claim).toBeGreaterThan(0)
      expect(written.indexOf(provenance?.objects[0] ?? '')).toBeGreaterThan(claim)
    }
  })

  test('a replay that is stopped finishes what is under way, and the next one does the rest', async () => {
    await archive.deliver(some(30))
    const stop = new AbortController()
    let results = 0
    const report = await replayAll(archive.store, addSale(), {
      signal: stop.signal,
      onResult: async () => {
        results += 1
        if (results === 10) stop.abort()
      },
    })
    expect((report.counts.written ?? 0) + (report.counts.untried ?? 0)).toBe(30)
    expect(report.counts.untried).toBeGreaterThan(5)
    expect(await archive.keys('data/')).toHaveLength(report.counts.written ?? 0)
    const rest = await replayAll(archive.store, addSale())
    expect(rest.counts).toEqual({ written: report.counts.untried })
    expect(await archive.keys('data/')).toHaveLength(30)
  })

  test('a rehearsal writes nothing, and says what a replay would say', async () => {
    await archive.deliver([...some(4), Buffer.from('{')])
    const keys = await archive.keys('errors/')
    await replayAll(archive.store, addSale(), { keys: [keys[0]!] })
    const before = await archive.contents('')
    const { request, parts } = await prepare(archive.store, addSale(), { keys })
    const seen: string[] = []
    const rehearsed = await rehearse(request, parts, (key) => seen.push(key))
    expect(await archive.contents('')).toEqual(before)
    const done = await replayAll(archive.store, addSale(), { keys })
    expect(rehearsed).toEqual(done.results)
    expect(seen.length).toBeGreaterThan(0)
  })
})

describe('an object that could not be written', () => {
  test('becomes the very object that was planned', async () => {
    const payloads = Array.from({ length: 20 }, (_, n) => change({ id: `sound-${n}` }))
    const whole = openErrorArchive()
    await whole.deliver(payloads)
    await archive.deliver(
      payloads,
      failing(archive.store, (key) => key.startsWith('data/')),
    )
    expect(await archive.keys('data/')).toEqual([])
    expect(await archive.keys('errors/')).toHaveLength(1)
    expect((await replayAll(archive.store)).counts).toEqual({ written: 1 })
    expect(await archive.contents('data/')).toEqual(await whole.contents('data/'))
    // The stream may have delivered the batch again meanwhile: that is the same object.
    await archive.deliver(payloads)
    expect(await archive.contents('data/')).toEqual(await whole.contents('data/'))
  })

  test('its records are sound, so no edit is taken', async () => {
    await archive.deliver(
      [change()],
      failing(archive.store, (key) => key.startsWith('data/')),
    )
    const report = await replayAll(archive.store, addSale())
    expect(report.counts).toEqual({ unpatched: 1 })
    expect(await archive.keys('replays/2')).toEqual([])
  })

  test('a replay that cannot write either stays open, and is finished by the next', async () => {
    await archive.deliver(some(4))
    const report = await replayAll(
      failing(archive.store, (key) => key.startsWith('data/')),
      addSale(),
    )
    expect(report.counts).toEqual({ unwritten: 4 })
    expect(report.results[0]).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const history = await readHistory(archive.store)
    for (const key of await archive.keys('errors/')) expect(isOpen(history, key)).toBe(true)
    // The first one stands as the one who replays it: another edit is refused, the same one goes on.
    expect((await replayAll(archive.store, addSale('sale-2'))).counts).toEqual({ refused: 4 })
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ written: 4 })
    const after = await readHistory(archive.store)
    for (const key of await archive.keys('errors/')) expect(isOpen(after, key)).toBe(false)
  })
})

describe('a batch that was given up', () => {
  const arn = 'arn:aws:kinesis:eu-west-1:1234567890:stream/changes'
  const giveUp = (payloads: readonly Uint8Array[]) =>
    storeFailedBatch(archive.store, {
      arn,
      shard: 'shardId-000000000000',
      records: payloads.map((payload, index) => ({
        bytes: payload,
        partitionKey: String(index),
        sequence: String(1000 + index),
        arrivedMs: Date.UTC(2025, 1, 13, 18, 31, 5, 250),
      })),
      calls: 7,
      nowMs: Date.UTC(2025, 1, 14),
    })

  test('becomes what the worker would have made of it, errors and all', async () => {
    const payloads = [
      change(),
      withoutSale(1),
      change({ item: { ...demandItem, date: { requested: '2025-02-14T01:00Z' } } as never }),
    ]
    const key = await giveUp(payloads)
    const report = await replayAll(archive.store)
    expect(report.counts).toEqual({ written: 1 })
    expect(report.results[0]?.objects).toHaveLength(2)
    expect(report.results[0]?.errors).toEqual(await archive.keys('errors/'))
    expect(await archive.keys('data/')).toHaveLength(2)
    expect(provenanceKey(key)).toMatch(/^replays\/20250213T183105000Z-/)
    expect(await readProvenance(archive.store, key)).toMatchObject({
      objects: await archive.keys('data/'),
      errors: await archive.keys('errors/'),
    })
    // The record that fails is an error like any other now.
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ written: 1 })
    expect(await archive.keys('data/')).toHaveLength(3)
  })

  test('is found where Lambda puts it as well, whose destination is the bucket', async () => {
    const key = await giveUp([change({ id: 'lambda' })])
    const object = await archive.store.get(key)
    const root = key.replace('failed/', '')
    expect(root).toMatch(/^aws\/lambda\//)
    await archive.store.delete(key)
    await archive.store.put(root, object!.bytes)
    await archive.deliver(some(2))
    const { entries } = await triage(archive.store, catalog)
    expect(entries.map((entry) => entry.key)).toEqual([...(await archive.keys('errors/')), root])
    expect((await replayAll(archive.store, noEdit, { keys: [root] })).counts).toEqual({ written: 1 })
  })

  test.each([
    ['failed/', 'dmd up puts it'],
    ['aws/lambda/', 'Lambda puts it'],
  ])(
    'below %s, where %s, is tagged as one that may go once all of its records are kept elsewhere',
    async (place) => {
      const stored = await giveUp([change(), withoutSale(1)])
      const key = place === 'failed/' ? stored : stored.replace('failed/', '')
      const object = await archive.store.get(stored)
      await archive.store.delete(stored)
      await archive.store.put(key, object!.bytes)
      expect(key.startsWith(place)).toBe(true)
      const tagged: string[] = []
      const tagging = {
        ...archive.store,
        tag: async (name: string, { value }: ObjectTag) => void tagged.push(`${name} ${value}`),
      }
      const isErrorFile = (name: string) => name.startsWith('errors/')
      const report = await replayAll(failing(tagging, isErrorFile))
      expect([report.counts, tagged]).toEqual([{ unwritten: 1 }, []])
      expect((await replayAll(tagging)).counts).toEqual({ written: 1 })
      expect(tagged).toEqual([`${key} true`])
    },
  )

  test('makes error files that are tagged as the worker tags them', async () => {
    await giveUp([change(), Buffer.from('{'), withoutSale(1)])
    const tags = new Map<string, string | undefined>()
    const tagging: ObjectStore = {
      ...archive.store,
      put: async (key, bytes, options) => {
        if (key.startsWith('errors/')) tags.set(JSON.parse(bytes.toString()).error.code, options?.tag?.value)
        return archive.store.put(key, bytes, options)
      },
    }
    await replayAll(tagging)
    expect(tags).toEqual(
      new Map([
        ['NOT_JSON', 'unattributable'],
        ['FIELD_MISSING', undefined],
      ]),
    )
  })

  test('stays when it is ignored, since its records are nowhere else', async () => {
    const key = await giveUp([change()])
    await archive.deliver(some(2))
    const [first, second] = await archive.keys('errors/')
    await replayAll(archive.store, addSale(), { keys: [first!] })
    expect(goneWhenIgnored([first!, second!, key], await readHistory(archive.store))).toEqual([second])
  })

  test('writes nothing twice that the worker had written before it was given up', async () => {
    const payloads = [change({ id: 'a' }), change({ id: 'b' })]
    const key = await giveUp(payloads)
    await replayAll(archive.store)
    const before = await archive.contents('data/')
    expect((await replayAll(archive.store, noEdit, { keys: [key] })).counts).toEqual({ there: 1 })
    expect(await archive.contents('data/')).toEqual(before)
  })

  test('is none of ours where it is nested too deeply to be read, and holds up no other', async () => {
    const key = await giveUp([change()])
    const entry = `{"eventSource":"aws:kinesis","kinesis":{"data":${nested}}}`
    const payload = JSON.stringify(`{"Records":[${entry}]}`)
    const hostile = `{"KinesisBatchInfo":{},"payload":${payload}}`
    await archive.store.put(`${key}0`, Buffer.from(hostile))
    expect(await triage(archive.store, catalog)).toMatchObject({ entries: [{ key }], foreign: 1 })
    const report = await replayAll(archive.store, noEdit, { keys: [key, `${key}0`] })
    expect(report.counts).toEqual({ written: 1, foreign: 1 })
  })

  test('of several shards is replayed whole, each shard into objects of its own', async () => {
    const event = (shard: string, id: string) =>
      kinesisEvent([change({ id })], shard) as { Records: object[] }
    const Records = ['shard-a', 'shard-b', 'shard-c'].flatMap((shard) => event(shard, `in ${shard}`).Records)
    const key = 'failed/aws/lambda/m/shard-a/2025/02/13/2025-02-13T18.31.05-several'
    const info = { approximateArrivalOfFirstRecord: '2025-02-13T18:31:05.250Z' }
    const document = { KinesisBatchInfo: info, payload: JSON.stringify({ Records }) }
    await archive.store.put(key, Buffer.from(JSON.stringify(document)))
    const report = await replayAll(archive.store)
    expect(report.counts).toEqual({ written: 1 })
    const objects = await archive.keys('data/')
    expect(report.results[0]?.objects?.toSorted()).toEqual([...objects].sort())
    expect((await readProvenance(archive.store, key))?.objects.toSorted()).toEqual([...objects].sort())
    const rows = await Promise.all(objects.map(rowsIn))
    expect(
      rows.map(({ rows, metadata }) => [metadata.get('dmd.shard'), (rows[0]!.change as { id: string }).id]),
    ).toEqual(
      expect.arrayContaining(['a', 'b', 'c'].map((letter) => [`shard-${letter}`, `in shard-${letter}`])),
    )
    expect(objects).toHaveLength(3)
  })

  test('has a provenance of its own, though another was given up in the same second', async () => {
    const keys = [await giveUp([change({ id: 'one' })]), 'failed/aws/lambda/other/2025-02-13T18.31.05-x']
    const object = await archive.store.get(keys[0]!)
    await archive.store.put(keys[1]!, object!.bytes)
    const names = keys.map(provenanceKey)
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(name).toMatch(/^replays\/20250213T183105000Z-/)
  })

  test('tags the error files of those of its records that name no item', async () => {
    await giveUp([Buffer.from('{"cut'), withoutSale(1)])
    const tags = new Map<string, string | undefined>()
    const tagging: ObjectStore = {
      ...archive.store,
      put: (key, bytes, options) => {
        if (key.startsWith('errors/')) tags.set(Buffer.from(bytes).toString('utf8'), options?.tag?.value)
        return archive.store.put(key, bytes, options)
      },
    }
    await replayAll(tagging)
    const byCode = [...tags].map(([text, tag]) => [JSON.parse(text).error.code, tag])
    expect(Object.fromEntries(byCode)).toStrictEqual({
      NOT_JSON: 'unattributable',
      FIELD_MISSING: undefined,
    })
  })

  test('takes no edit', async () => {
    await giveUp([withoutSale(1)])
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ unpatched: 1 })
  })
})

describe('killed at any write and run again', () => {
  for (const when of ['before', 'after'] as const) {
    test(`right ${when} it takes effect, a replay comes to the same end`, async () => {
      const payloads = [...some(3), Buffer.from('{"cut')]
      const whole = openErrorArchive()
      await whole.deliver(payloads)
      const counting = mortal(whole.store)
      await replayAll(counting, addSale(), { putsParallel: 1 })
      expect(counting.puts()).toBe(1 + 3 * 2 + 1)
      for (let at = 1; at <= counting.puts(); at++) {
        const broken = openErrorArchive()
        await broken.deliver(payloads)
        const died = replayAll(mortal(broken.store, at, when), addSale(), { putsParallel: 1 })
        await expect(died, `put ${at}`).rejects.toThrow(Killed)
        await replayAll(broken.store, addSale())
        expect(await broken.contents('data/'), `put ${at}`).toEqual(await whole.contents('data/'))
        expect(await broken.contents('errors/')).toEqual(await whole.contents('errors/'))
        const names = async (store: typeof whole.store) =>
          (await keysOf(store, 'replays/')).filter((key) => !key.includes('/runs/'))
        expect(await names(broken.store)).toEqual(await names(whole.store))
        const history = await readHistory(broken.store)
        const open = (await broken.keys('errors/')).filter((key) => isOpen(history, key))
        expect(open, `put ${at}`).toHaveLength(1)
      }
    })
  }

  test('the work of a killed replay is finished by another, and then nothing of it is open', async () => {
    await archive.deliver(some(5))
    const { request, parts } = await prepare(archive.store, addSale())
    await expect(
      replay(request, { ...parts, store: mortal(archive.store, 4), putsParallel: 1 }),
    ).rejects.toThrow(Killed)
    expect(await readReplayReport(archive.store, request.id)).toBeUndefined()
    const between = await readHistory(archive.store)
    for (const key of await archive.keys('errors/')) expect(isOpen(between, key)).toBe(true)
    expect((await replayAll(archive.store, addSale())).counts).toEqual({ there: 1, written: 4 })
    const after = await readHistory(archive.store)
    for (const key of await archive.keys('errors/')) expect(isOpen(after, key)).toBe(false)
    expect(between.runs.get(request.id)?.size).toBe(5)
    expect(after.runs.get(request.id)?.size).toBe(0)
  })
})
