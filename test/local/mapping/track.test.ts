import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Cut,
  compareSequences,
  createTrack,
  type ShardProgress,
  type Track,
} from '../../../src/local/mapping/track.ts'
import type { SourceRecord } from '../../../src/local/source.ts'

const record = (n: number, key = `key-${n % 5}`): SourceRecord => ({
  sequence: String(n),
  partitionKey: key,
  bytes: new Uint8Array(n % 3 === 0 ? 40 : 10),
  arrivedMs: n,
})
const sizeOf = ({ bytes }: SourceRecord) => bytes.length
const laneOf = (key: string, lanes: number) => Number(key.slice(4)) % lanes
const limits = { records: 4, bytes: 100, windowMs: 50 }
const open = (state: ShardProgress) => createTrack(state, limits, sizeOf, laneOf)
const fresh = (lanes = 1): ShardProgress => ({
  position: 'oldest',
  lanes: Array.from({ length: lanes }, () => ({})),
})
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)
const sequences = (records: readonly SourceRecord[]) => records.map(({ sequence }) => Number(sequence))

describe('a batch', () => {
  test('is due when it is full, when its first record waited for the window, and at the end', () => {
    const track = open(fresh())
    track.take(
      [1, 2].map((n) => record(n)),
      { after: '2' },
      false,
      1000,
    )
    expect(track.cut(1049, false)).toEqual([])
    expect(track.dueMs()).toBe(1050)
    expect(track.cut(1050, false).map(({ records }) => sequences(records))).toEqual([[1, 2]])
    track.take(
      numbers(4, 12).map((n) => record(n)),
      { after: '11' },
      false,
      1060,
    )
    expect(track.cut(1061, false)).toEqual([])
    track.finish(0)
    expect(track.cut(1061, false).map(({ records }) => sequences(records))).toEqual([[4, 5, 6, 7]])
    track.finish(0)
    expect(track.cut(1061, false).map(({ records }) => sequences(records))).toEqual([[8, 9, 10, 11]])
    track.finish(0)
    track.take([record(13)], { after: '13' }, false, 1062)
    expect(track.cut(1062, true).map(({ records }) => sequences(records))).toEqual([[13]])
  })

  test('ends before the record that would pass its bytes, and one record alone may pass them', () => {
    const track = createTrack(fresh(), { ...limits, bytes: 50, records: 10 }, sizeOf, laneOf)
    const large = { ...record(1), bytes: new Uint8Array(80) }
    track.take([large, record(2), record(3), record(4)], { after: '4' }, false, 0)
    const cut = () => {
      const [batch] = track.cut(1_000, true)
      track.finish(0)
      return sequences(batch?.records ?? [])
    }
    expect([cut(), cut(), cut()]).toEqual([[1], [2, 3], [4]])
    expect(track.held()).toEqual({ records: 0, bytes: 0 })
  })

  test('of a shard that has ended waits for nothing', () => {
    const track = open(fresh())
    track.take([record(1)], { after: '1' }, true, 0)
    expect(track.isEnded()).toBe(false)
    expect(track.cut(0, false)).toHaveLength(1)
    track.finish(0)
    expect(track.isEnded()).toBe(true)
    expect(track.state()).toMatchObject({ isEnded: true })
  })
})

test('sequence numbers are compared as numbers, whatever their lengths', () => {
  expect(['9', '10', '496'.padEnd(56, '0'), '100', '9'].sort(compareSequences)).toEqual([
    ...['9', '9', '10', '100'],
    '496'.padEnd(56, '0'),
  ])
})

// A run over a stream that is there whole: reads, cuts, finishes and kills come in any order. What a kill leaves is what
// was saved, which happens before a batch is delivered, and perhaps later too.
type Step =
  | { readonly does: 'read'; readonly count: number }
  | { readonly does: 'tick'; readonly ms: number }
  | { readonly does: 'cut' }
  | { readonly does: 'finish'; readonly lane: number }
  | { readonly does: 'save' }
  | { readonly does: 'kill' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('read' as const), count: fc.integer({ min: 0, max: 7 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 4, arbitrary: fc.constant({ does: 'cut' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('finish' as const), lane: fc.integer({ min: 0, max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ does: 'save' as const }) },
  { weight: 1, arbitrary: fc.constant({ does: 'kill' as const }) },
)

test('whatever happens, every record is delivered, each key in order, and after a kill in the batches of before', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 150 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, keys, lanes) => {
        const stream = keys.map((key, n) => record(n + 1, `key-${key}`))
        let nowMs = 0
        let saved: ShardProgress = fresh(lanes)
        let track: Track = open(saved)
        const running = new Map<number, readonly SourceRecord[]>()
        const calls: (readonly number[])[] = []
        const finishedAll = new Set<number>()
        // A record that was delivered once lies in a batch that must never be cut otherwise.
        const batchOf = new Map<number, string>()

        const check = () => {
          const { position, lanes: states } = track.state()
          const to = position === 'oldest' ? 0 : Number(position.after)
          for (const { sequence, partitionKey } of stream) {
            if (Number(sequence) > to) continue
            // The position has passed it, so it is finished: in the batches of before a kill too.
            expect(finishedAll.has(Number(sequence)), `${sequence} of ${partitionKey} passed`).toBe(true)
          }
          expect(states).toHaveLength(lanes)
        }
        const cut = (isFinal: boolean) => {
          for (const { lane, records } of track.cut(nowMs, isFinal)) {
            expect(running.has(lane)).toBe(false)
            expect(records.length).toBeLessThanOrEqual(limits.records)
            saved = JSON.parse(JSON.stringify(track.state()))
            running.set(lane, records)
            const batch = sequences(records)
            calls.push(batch)
            for (const n of batch) {
              expect(batchOf.get(n) ?? batch.join()).toBe(batch.join())
              batchOf.set(n, batch.join())
            }
          }
        }
        const finish = (lane: number) => {
          const records = running.get(lane)
          if (!records) return
          running.delete(lane)
          for (const n of sequences(records)) finishedAll.add(n)
          track.finish(lane)
        }
        const read = (count: number) => {
          const position = track.position()
          const after = position === 'oldest' ? 0 : Number(position.after)
          const records = stream.slice(after, after + count)
          const next = records.at(-1)?.sequence ?? (after === 0 ? undefined : String(after))
          track.take(records, next === undefined ? 'oldest' : { after: next }, false, nowMs)
        }

        for (const action of steps) {
          if (action.does === 'read') read(action.count)
          if (action.does === 'tick') nowMs += action.ms
          if (action.does === 'cut') cut(false)
          if (action.does === 'finish') finish(action.lane)
          if (action.does === 'save') saved = JSON.parse(JSON.stringify(track.state()))
          if (action.does === 'kill') {
            running.clear()
            track = open(saved)
          }
          check()
        }
        for (let n = 0; n < 3 * stream.length + 3; n++) {
          read(7)
          const isAll =
            track.position() !== 'oldest' &&
            Number((track.position() as { after: string }).after) === stream.length
          cut(isAll)
          for (const lane of [...running.keys()]) finish(lane)
          check()
        }
        expect([...finishedAll].sort((a, b) => a - b)).toEqual(sequences(stream))
        expect(track.held()).toEqual({ records: 0, bytes: 0 })
        // The first time that each record is delivered, those of its key before it have been.
        const seen = new Set<number>()
        for (const batch of calls)
          for (const n of batch) {
            const key = stream[n - 1]?.partitionKey
            for (const { sequence, partitionKey } of stream.slice(0, n - 1))
              if (partitionKey === key) expect(seen.has(Number(sequence))).toBe(true)
            seen.add(n)
          }
      },
    ),
    { numRuns: 500 },
  )
})

test('what a lane has finished ahead of the position is read again and not delivered again', () => {
  // The first lane, of even keys, was quicker than the second.
  const track = open({ position: { after: '1' }, lanes: [{ done: '4' }, { done: '1' }] })
  track.take(
    [2, 3, 4, 5, 6].map((n) => record(n, `key-${n % 2}`)),
    { after: '6' },
    false,
    0,
  )
  expect(track.held().records).toBe(3)
  expect(track.cut(0, true).map(({ records }) => sequences(records))).toEqual([[6], [3, 5]])
})

test('what was cut and is not in the stream any more is left, and the rest goes on', () => {
  const cut: Cut = { first: '3', last: '5', records: 3 }
  const state: ShardProgress = { position: { after: '2' }, lanes: [{ done: '2', cut }] }
  const part = open(state)
  part.take([record(5), record(6)], { after: '6' }, false, 0)
  expect(part.cut(0, false).map(({ records }) => sequences(records))).toEqual([[5]])
  const none = open(state)
  none.take([record(6), record(7)], { after: '7' }, false, 0)
  expect(none.cut(49, false)).toEqual([])
  expect(none.cut(50, false).map(({ records }) => sequences(records))).toEqual([[6, 7]])
})
