import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { surgeTime } from '../../src/sample/simulator/surge.ts'
import {
  countSimulation,
  type SimulatedLine,
  type SimulationOptions,
  simulate,
} from '../../src/sample/simulator.ts'
import { foldLines, parseLine } from './fold.ts'

const small: SimulationOptions = { fans: 2_000, minutes: 5, badPercent: 5, seed: 'tour' }
const simple = { notifyPercent: 0, duplicatePercent: 0, edits: 0 }

function digest(options: SimulationOptions): string {
  const hash = createHash('sha256')
  for (const line of simulate(options)) hash.update(line.bytes).update('\n')
  return hash.digest('hex')
}

function* good(options: SimulationOptions): Generator<SimulatedLine & { expect: { ok: true } }> {
  for (const line of simulate(options)) {
    if (line.expect.ok) yield line as SimulatedLine & { expect: { ok: true } }
  }
}

describe('determinism', () => {
  test('the same options give the same bytes', () => {
    expect(digest(small)).toBe(digest({ ...small }))
  })

  test('the bytes are those of every earlier run and machine', () => {
    expect(digest({ fans: 100, minutes: 5, badPercent: 50, seed: 1 })).toMatchInlineSnapshot(
      `"5fda97a4a523073754f99e0a77ea96d300e8f35452edd290832709ecc8079c34"`,
    )
  })

  test('two simulations told at the same time do not disturb each other', () => {
    const [left, right] = [simulate(small), simulate({ ...small, seed: 'other' })]
    const hash = createHash('sha256')
    for (const line of left) {
      right.next()
      hash.update(line.bytes).update('\n')
    }
    expect(hash.digest('hex')).toBe(digest(small))
  })

  test('another seed gives other bytes, a number and its decimal text the same', () => {
    expect(digest({ ...small, seed: 8 })).not.toBe(digest({ ...small, seed: 9 }))
    expect(digest({ ...small, seed: 8 })).toBe(digest({ ...small, seed: '8' }))
  })
})

describe('counts', () => {
  test('the demo of scenario 1 holds exactly what it states', () => {
    const options = { ...small, ...simple, fans: 50_000, badCount: 200, eventId: 'evt-surprise' }
    const fold = foldLines(simulate(options))
    expect(fold.requests).toEqual({ 'evt-surprise': 50_000 })
    expect(fold.rows.demand).toEqual({ '2025-02-13': 51_000 })
    expect(fold.deletedRows).toEqual({ demand: 1_000 })
    expect(fold.current.demand).toBe(49_000)
    expect(Object.values(fold.bad).reduce((sum, lines) => sum + lines)).toBe(200)
    expect(Object.keys(fold.changes).sort()).toEqual(['demand', 'event', 'sale'])
  })

  test('fans ask for several events, some more than others, and some ask again after they cancelled', () => {
    const options = { ...small, ...simple, badPercent: 0, backgroundPercent: 50, otherEvents: 11 }
    const season = { ...options, repeatPercent: 60, returnPercent: 5 }
    const { requests } = foldLines(simulate(season))
    const counts = Object.values(requests).sort((a, b) => b - a)
    expect(counts).toHaveLength(12)
    expect(counts[0]).toBe(2_000)
    expect(new Set(counts.slice(0, 5)).size).toBe(5)
    expect(counts.reduce((sum, n) => sum + n)).toBe(2_000 + 1_000 + 50)
    const events = new Map<string, Set<string>>()
    for (const line of good(season)) {
      const { fanId, eventId } = parseLine(line).dynamodb.NewImage ?? {}
      if (line.expect.type !== 'demand' || !fanId?.S || !eventId?.S) continue
      events.set(fanId.S, (events.get(fanId.S) ?? new Set()).add(eventId.S))
    }
    const fansOf = (n: number) => [...events.values()].filter(({ size }) => size === n).length
    expect(fansOf(2)).toBeGreaterThan(fansOf(3))
    expect(fansOf(3)).toBeGreaterThan(fansOf(4))
    expect(fansOf(4)).toBeGreaterThan(0)
  })

  test('a single kind of bad record can be asked for', () => {
    const options = { ...small, badCount: 50, badKinds: ['missing-sale-id'] }
    const kinds = [...simulate(options)].flatMap(({ expect: e }) => (e.ok ? [] : [e.kind]))
    expect(kinds).toEqual(Array(50).fill('missing-sale-id'))
  })

  test('nobody asks, and the announcement is all there is', () => {
    const lines = [...simulate({ ...small, fans: 0, edits: 0, otherEvents: 0, duplicatePercent: 0 })]
    expect(lines.map(({ expect: e }) => e.ok && e.type)).toEqual(['event', 'sale', 'sale'])
  })

  test('whatever the options, every count holds', () => {
    const percent = fc.integer({ min: 0, max: 100 })
    const options = fc.record({
      fans: fc.integer({ min: 0, max: 150 }),
      minutes: fc.double({ min: 0.01, max: 2_000, noNaN: true }),
      seed: fc.oneof(fc.integer(), fc.string()),
      badPercent: percent,
      cancelPercent: percent,
      expiryPercent: percent,
      notifyPercent: percent,
      duplicatePercent: percent,
      backgroundPercent: percent,
      repeatPercent: percent,
      returnPercent: percent,
      otherEvents: fc.integer({ min: 1, max: 12 }),
      edits: fc.integer({ min: 0, max: 40 }),
    })
    fc.assert(
      fc.property(options, (chosen) => {
        expect(recount(chosen)).toEqual(countSimulation(chosen))
        expectOrder(chosen)
      }),
      { numRuns: 100 },
    )
  })

  test('options that cannot be are refused by name, at once', () => {
    for (const [name, value] of [
      ['fans', -1],
      ['fans', 1.5],
      ['minutes', 0],
      ['minutes', Number.NaN],
      ['badPercent', 101],
      ['badCount', -1],
      ['cancelPercent', -0.1],
      ['start', '2025-02-30'],
      ['start', '1999-01-01'],
      ['eventId', 'a#b'],
      ['badKinds', ['no-such-kind']],
      ['otherEvents', 5_000],
    ] as const) {
      const options = { ...small, [name]: value } as SimulationOptions
      expect(() => simulate(options), name).toThrow(new RegExp(`simulation's ${name} `))
    }
    expect(() => simulate({ ...small, otherEvents: 0, backgroundPercent: 1 })).toThrow(/needs otherEvents/)
  })
})

/** The counts as they come out, seen from the lines alone. */
function recount(options: SimulationOptions) {
  const event = parseLine(simulate(options).next().value as SimulatedLine).dynamodb.NewImage?.id?.S
  const counts = { ...countSimulation({ ...options, fans: 0, edits: 0 }) }
  const seen = { requests: 0, background: 0, edits: 0, cancels: 0, expiries: 0, notified: 0 }
  const others = { repeats: 0, returns: 0 }
  const announcedFans = new Set<string>()
  const otherFans: string[] = []
  const cancelled = new Set<string>()
  let [catalog, changes, duplicates, bad] = [0, 0, 0, 0]
  for (const line of simulate(options)) {
    if (!line.expect.ok) bad++
    else if (line.expect.isDuplicate) duplicates++
    else {
      changes++
      const { type, operation } = line.expect
      const { userIdentity, dynamodb } = parseLine(line)
      const isAnnounced = dynamodb.NewImage?.eventId?.S === event
      if (type === 'event' || type === 'sale') operation === 'INSERT' ? catalog++ : seen.edits++
      else if (type === 'notification') seen.notified += operation === 'INSERT' ? 1 : 0
      else if (operation === 'INSERT') {
        const fan = dynamodb.NewImage!.fanId!.S!
        if (isAnnounced) announcedFans.add(fan)
        else if (!cancelled.has(line.item)) otherFans.push(fan)
        if (isAnnounced) seen.requests++
        else if (cancelled.has(line.item)) others.returns++
        else seen.background++
      } else if (operation === 'REMOVE' && dynamodb.OldImage?.eventId?.S !== event) cancelled.add(line.item)
      else if (operation === 'REMOVE') {
        seen.cancels++
        if (userIdentity?.principalId === 'dynamodb.amazonaws.com') seen.expiries++
      }
    }
  }
  expect(catalog).toBe(counts.catalog)
  expect(cancelled.size).toBe(others.returns)
  others.repeats = otherFans.filter((fan) => announcedFans.has(fan)).length
  return { catalog, ...seen, ...others, changes, duplicates, bad, lines: changes + duplicates + bad }
}

/** Changes come in order of time, those of one item in the order of its life; none shares its time with another. */
function expectOrder(options: SimulationOptions): void {
  const items = new Map<string, { micros: number; operation: string; after: string }>()
  const ids = new Set<string>()
  const faults: string[] = []
  const check = (holds: boolean, fault: string) => holds || faults.push(fault)
  let [micros, arrivedMs] = [0, 0]
  for (const line of simulate(options)) {
    check(line.arrivedMs >= arrivedMs, 'a line came before the one ahead of it')
    arrivedMs = line.arrivedMs
    if (!line.expect.ok || line.expect.isDuplicate) continue
    const { operation } = line.expect
    check(line.expect.micros >= micros, 'a change came before the one ahead of it')
    micros = line.expect.micros
    check(micros <= arrivedMs * 1000, 'a change arrived before it was made')
    const { eventID, dynamodb } = parseLine(line)
    check(!ids.has(eventID), 'two changes have one identifier')
    ids.add(eventID)
    const before = items.get(line.item)
    check((operation === 'INSERT') === (before === undefined), `${operation} came out of turn`)
    if (before) {
      check(micros > before.micros, 'two changes of an item have one time')
      check(JSON.stringify(dynamodb.OldImage) === before.after, 'OldImage is not what the item was')
    }
    // An item may be made anew after its end.
    if (operation === 'REMOVE') items.delete(line.item)
    else items.set(line.item, { micros, operation, after: JSON.stringify(dynamodb.NewImage) })
  }
  expect(faults).toEqual([])
}

describe('the stream', () => {
  test('every good line is one line of JSON in the envelope of the service', () => {
    const keys = 'awsRegion,eventID,eventName,userIdentity,recordFormat,tableName,dynamodb,eventSource'
    for (const line of good({ ...small, fans: 500, backgroundPercent: 5, edits: 30 })) {
      const text = Buffer.from(line.bytes).toString('utf8')
      expect(Buffer.from(text).equals(line.bytes)).toBe(true)
      expect(text).not.toMatch(/NaN|undefined|Infinity|\[object|[\r\n]/)
      expect(text.isWellFormed()).toBe(true)
      const payload = parseLine(line)
      // A member written twice would be lost in parsing.
      expect(JSON.stringify(payload)).toBe(text)
      expect(Object.keys(payload).join()).toBe(keys)
      expect(payload).toMatchObject({
        awsRegion: 'us-east-1',
        eventID: expect.stringMatching(
          /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        ),
        eventName: line.expect.operation,
        recordFormat: 'application/json',
        eventSource: 'aws:dynamodb',
      })
      const { dynamodb } = payload
      expect(dynamodb).toMatchObject({
        ApproximateCreationDateTime: line.expect.micros,
        ApproximateCreationDateTimePrecision: 'MICROSECOND',
        SizeBytes: expect.any(Number),
      })
      expect('NewImage' in dynamodb).toBe(line.expect.operation !== 'REMOVE')
      expect('OldImage' in dynamodb).toBe(line.expect.operation !== 'INSERT')
      for (const image of [dynamodb.NewImage, dynamodb.OldImage]) {
        if (!image) continue
        expect(image).toMatchObject({ ...dynamodb.Keys, type: { S: line.expect.type } })
        expect(Object.keys(image).length).toBe(new Set(Object.keys(image)).size)
      }
    }
  })

  test('no date in a request lies after the change that tells of it', () => {
    for (const line of good({ ...small, notifyPercent: 50, cancelPercent: 50 })) {
      if (line.expect.type !== 'demand') continue
      const { NewImage, OldImage } = parseLine(line).dynamodb
      for (const { S, N } of Object.values((NewImage ?? OldImage)!.date!.M!)) {
        const ms = S === undefined ? Number(N!.padEnd(13, '0')) : Date.parse(S)
        expect(ms * 1000).toBeLessThanOrEqual(line.expect.micros)
      }
    }
  })

  test('the requests rise steeply, then ebb away', () => {
    const minutes = Array<number>(5).fill(0)
    for (const { expect: e } of good({ ...small, ...simple })) {
      if (e.type === 'demand' && e.operation === 'INSERT') {
        const since = e.micros / 1e6 - Date.parse('2025-02-13T18:30:02Z') / 1000
        minutes[Math.floor(since / 60)]! += 1
      }
    }
    expect(minutes).toEqual([...minutes].sort((a, b) => b - a))
    expect(minutes[0]).toBeGreaterThan(2 * minutes[2]!)
    expect(minutes[4]).toBeGreaterThan(0)
    expect([surgeTime(0), surgeTime(1)]).toEqual([0, 1])
  })

  test('a second delivery is byte for byte the first, a little later', () => {
    const first = new Map<string, SimulatedLine>()
    let duplicates = 0
    for (const line of good({ ...small, duplicatePercent: 10 })) {
      const id = parseLine(line).eventID
      if (line.expect.isDuplicate) {
        duplicates++
        const { bytes, arrivedMs, item } = first.get(id)!
        expect(Buffer.from(line.bytes).equals(bytes)).toBe(true)
        expect(line.item).toBe(item)
        expect(line.arrivedMs - arrivedMs).toBeGreaterThanOrEqual(200)
        expect(line.arrivedMs - arrivedMs).toBeLessThan(11_000)
      } else first.set(id, line)
    }
    expect(duplicates).toBe(countSimulation({ ...small, duplicatePercent: 10 }).duplicates)
  })

  test('fans are notified after 30 to 60 seconds on average', () => {
    const { lagMeanSeconds } = foldLines(simulate({ ...small, notifyPercent: 50 }))
    expect(lagMeanSeconds).toBeGreaterThan(30)
    expect(lagMeanSeconds).toBeLessThan(60)
  })

  test('an edit moves items to other partitions', () => {
    const { rows } = foldLines(simulate({ ...small, fans: 0, edits: 12, duplicatePercent: 0 }))
    const { rows: before } = foldLines(simulate({ ...small, fans: 0, edits: 0, duplicatePercent: 0 }))
    expect(Object.keys(rows.event!).length).toBeGreaterThan(Object.keys(before.event!).length)
    expect(Object.values(rows.sale!).reduce((a, b) => a + b)).toBe(
      Object.values(before.sale!).reduce((a, b) => a + b) + 4,
    )
  })

  test('ten million fans cost nothing before they come', () => {
    const before = process.cpuUsage()
    const lines = simulate({ ...small, fans: 10_000_000 })
    for (let n = 0; n < 10; n++) expect(lines.next().done).toBe(false)
    // The processor's time, not the clock's: other processes have no part in it.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000)
  })
})
