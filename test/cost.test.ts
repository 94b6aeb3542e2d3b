import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaults, lanes, parts } from '../bench/cost/deployment.ts'
import { costDocument } from '../bench/cost/document.ts'
import { itemBytes } from '../bench/cost/itemsize.ts'
import measuredJson from '../bench/cost/measured.json' with { type: 'json' }
import type { BatchFigures, Measured, TrafficFigures } from '../bench/cost/measured.ts'
import {
  assumptions,
  baseLines,
  batchOf,
  batchSize,
  breakEvenBatch,
  durationMs,
  firehoseLines,
  type Line,
  outcomeOf,
  type Prices,
  queryLines,
  scannedBytes,
  storageLines,
  streamLines,
  total,
  type Workload,
  workerLines,
  workloads,
  zeroEtlLines,
} from '../bench/cost/model.ts'
import pricesJson from '../bench/cost/prices.json' with { type: 'json' }
import { headroomOf, inOrder, limitsOf, multiples, stepOf } from '../bench/cost/scale.ts'
import { scaleDocument } from '../bench/cost/scaledocument.ts'
import { sizesOf, traffics } from '../bench/cost/traffic.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const prices: Prices = pricesJson.prices
const measured: Measured = measuredJson

const batch = (records: number, objects: number, bytes: number, logBytes: number, cpuMs: number) =>
  ({
    ...{ records, objects, avroBytes: bytes, demandObjects: 1, demandBytes: bytes / 2 },
    ...{ logBytes, logLines: 3, cpuMs, rssMb: 100 },
  }) satisfies BatchFigures

/** Round numbers, so that the arithmetic of the tests can be followed. */
const traffic: TrafficFigures = {
  ...{ changes: 1_000, requests: 500, payloadBytes: 1_500, eventBytes: 2_000, itemBytes: 600, itemUnits: 1 },
  ...{ kinesisUnits: 2, putUnits: 1, firehoseUnits: 1, peakChangesPerSecond: 100 },
  batches: [
    batch(1, 1, 5_000, 1_700, 1),
    batch(101, 2, 25_000, 2_700, 11),
    batch(1_001, 6, 205_000, 3_700, 101),
  ],
}

/** Eight lanes and five seconds: 160 changes a second are 101 in a batch. */
const workload: Workload = { changes: 1_010_000, changesPerSecond: 80, traffic }

const dollarsOf = (lines: readonly Line[]) =>
  Object.fromEntries(lines.map(({ price, dollars }) => [price, dollars]))

describe('the cost of a workload', () => {
  it('has as many changes in a batch as come while the first one waits', () => {
    expect(batchSize(workload)).toBe(1 + (80 * 5) / 4)
    expect(batchSize({ ...workload, changesPerSecond: 0 })).toBe(1)
    expect(batchSize({ ...workload, changesPerSecond: 1e9 })).toBe(1_000)
    expect(batchSize({ ...workload, changesPerSecond: 1e9 }, { ...defaults, batchRecords: 10_000 })).toBe(
      3_000,
    )
    expect(batchSize(workload, { ...defaults, windowSeconds: 10, shards: 2 })).toBe(1 + 1_600 / 4)
  })

  it('takes what lies between two measured batches from the line between them', () => {
    expect(batchOf(traffic, 1)).toMatchObject({ records: 1, objects: 1, cpuMs: 1 })
    expect(batchOf(traffic, 51)).toMatchObject({ objects: 1.5, avroBytes: 15_000, logBytes: 2_200, cpuMs: 6 })
    expect(batchOf(traffic, 2_002)).toMatchObject({ objects: 6, avroBytes: 410_000, cpuMs: 202 })
  })

  it('counts the stream by the kilobyte', () => {
    const gb = 2 ** 30
    const written = (1_010_000 * 2 * 1_024) / gb
    expect(dollarsOf(streamLines(prices, workload))).toEqual({
      cdcUnits: expect.closeTo((1_010_000 * 0.1) / 1e6, 9),
      streamInGb: expect.closeTo(written * 0.08, 9),
      streamOutGb: expect.closeTo(((1_010_000 * 1_500) / gb) * 0.04, 9),
      streamKeptGbMonth: expect.closeTo(written * 0.1 * ((168 - 24) / 730), 9),
    })
  })

  it('counts provisioned shards by the hour and the 25 KB', () => {
    const deployment = { ...defaults, shards: 2 }
    expect(dollarsOf(streamLines(prices, workload, deployment))).toEqual({
      cdcUnits: expect.closeTo(0.101, 9),
      putUnits: expect.closeTo(1.01 * 0.014, 9),
    })
    expect(dollarsOf(baseLines(prices, deployment))).toMatchObject({
      shardHour: expect.closeTo(2 * 730 * 0.015, 9),
      shardKeptHour: expect.closeTo(2 * 730 * 0.02, 9),
    })
    expect(dollarsOf(baseLines(prices, { ...deployment, retentionHours: 24 }))).not.toHaveProperty(
      'shardKeptHour',
    )
  })

  it('counts the worker by the batch', () => {
    const batches = 10_000
    // 1,024 of 1,769 MB are 0.579 of a processor; one wait of 50 ms.
    const ms = Math.ceil(11 / (1_024 / 1_769) + 50)
    expect(ms).toBe(70)
    expect(dollarsOf(workerLines(prices, workload))).toEqual({
      functionRequests: expect.closeTo(batches * 0.2e-6, 9),
      functionGbSeconds: expect.closeTo(batches * 0.07 * 0.0000133334, 9),
      putRequests: expect.closeTo((batches * 2 * 0.005) / 1_000, 9),
      logGb: expect.closeTo(((batches * (2_700 + 300)) / 2 ** 30) * 0.5, 9),
    })
  })

  it('waits once for every 16 puts, and buys one processor at most', () => {
    expect(durationMs(batch(1, 17, 0, 0, 10), { ...defaults, memoryMb: 1_769 })).toBe(110)
    expect(durationMs(batch(1, 16, 0, 0, 10), { ...defaults, memoryMb: 10_240 })).toBe(60)
  })

  it('has a base that is there without a change', () => {
    expect(total(baseLines(prices))).toBeCloseTo(
      730 * 0.04 + 1 + (24 * 4 * 730 * 0.03) / 10_000 + 15 * 0.1 + (8 + 6) * 0.3 + 3,
      9,
    )
  })

  it('stores by the GB-month, and scans by the megabyte, ten at least', () => {
    const mb = 2 ** 20
    expect(total(storageLines(prices, 10 * 2 ** 30))).toBeCloseTo(0.23, 9)
    expect([0, 1, 10 * mb, 10 * mb + 1, 11 * mb].map(scannedBytes)).toEqual(
      [10, 10, 10, 11, 11].map((megabytes) => megabytes * mb),
    )
    expect(dollarsOf(queryLines(prices, 1_001, 2 ** 40))).toEqual({
      scannedTb: 5,
      putRequests: expect.closeTo(2 * 0.000_005, 12),
      getRequests: expect.closeTo(1_001 * 0.000_000_4, 12),
    })
  })

  it('of Firehose is by 5 KB a record, and by object where it partitions', () => {
    const gb = (1_010_000 * 5 * 1_024) / 2 ** 30
    const plain = dollarsOf(firehoseLines(prices, workload, { isConverted: false, isPartitioned: false }))
    // More by bytes than by time: 1,515,000,000 bytes in objects of 5 MB.
    const objects = 1_515_000_000 / (5 * 2 ** 20)
    expect(plain).toEqual({
      firehoseGb: expect.closeTo(gb * 0.029, 9),
      putRequests: expect.closeTo(objects * 0.000_005, 9),
    })
    const all = dollarsOf(firehoseLines(prices, workload, { isConverted: true, isPartitioned: true }))
    expect(all).toMatchObject({
      firehoseConvertedGb: expect.closeTo(gb * 0.018, 9),
      firehosePartitionedGb: expect.closeTo(gb * 0.02, 9),
    })
  })

  it('of zero-ETL is by what is exported, 10 MB an hour at least', () => {
    const hours = 1_010_000 / 80 / 3_600
    expect(Math.ceil(hours)).toBe(4)
    expect(total(zeroEtlLines(prices, workload))).toBeCloseTo(((1_010_000 * 600) / 2 ** 30) * 0.1, 9)
    expect(total(zeroEtlLines(prices, { ...workload, changes: 1 }))).toBeCloseTo((10 / 1_024) * 0.1, 9)
  })

  it('never falls with more changes, and a change never costs more in a larger batch', () => {
    const costOf = (changes: number, changesPerSecond: number) => {
      const asked = { changes, changesPerSecond, traffic: measured.traffic.steady }
      return total([...streamLines(prices, asked), ...workerLines(prices, asked)])
    }
    const rates = Array.from({ length: 60 }, (_, n) => 0.01 * 1.3 ** n)
    const byRate = rates.map((rate) => costOf(1_000_000, rate))
    const byChanges = rates.map((rate) => costOf(1_000_000 * rate, 1))
    // A millisecond that is begun counts whole.
    for (const [n, cost] of byRate.entries())
      expect(cost).toBeLessThanOrEqual((byRate[n - 1] ?? cost) * 1.001)
    for (const [n, cost] of byChanges.entries()) expect(cost).toBeGreaterThanOrEqual(byChanges[n - 1] ?? 0)
  })

  it('is below Firehose’s from the batch on that is said', () => {
    const { full } = workloads(measured)
    const records = breakEvenBatch(prices, full) ?? Number.NaN
    const ours = (size: number) =>
      total(workerLines(prices, { ...full, changesPerSecond: ((size - 1) * 4) / 5 }))
    const theirs = total(firehoseLines(prices, full, { isConverted: false, isPartitioned: false }))
    expect(ours(records)).toBeLessThan(theirs)
    expect(ours(records - 2)).toBeGreaterThan(theirs * 0.97)
  })
})

describe('what was measured', () => {
  it('has every figure that the model asks for', () => {
    const checked = strict(measured, 'measured')
    for (const asked of Object.values(workloads(checked))) {
      outcomeOf(asked)
      streamLines(prices, asked)
      workerLines(prices, asked)
      zeroEtlLines(prices, asked)
      firehoseLines(prices, asked, { isConverted: true, isPartitioned: true })
    }
    for (const limit of limitsOf(checked)) expect(limit.load(1)).toBeGreaterThan(0)
    for (const times of multiples) expect(Object.values(stepOf(checked, times))).not.toContain(Number.NaN)
    expect(() =>
      outcomeOf({ ...workload, traffic: strict({ ...traffic, batches: undefined }, 't') as never }),
    ).toThrow()
  })

  it('has batches by growing size, whose figures never shrink', () => {
    for (const { batches } of Object.values(measured.traffic))
      for (const [n, { records, objects, avroBytes, logBytes, cpuMs }] of batches.entries()) {
        const before = batches[n - 1]
        if (!before) continue
        expect(records).toBeGreaterThan(before.records)
        expect(objects).toBeGreaterThanOrEqual(before.objects)
        expect(avroBytes).toBeGreaterThan(before.avroBytes)
        expect(logBytes).toBeGreaterThan(before.logBytes)
        expect(cpuMs).toBeGreaterThan(before.cpuMs)
      }
  })

  it('rounds each record up before it takes the mean', () => {
    const record = (bytes: number) => ({
      bytes: Buffer.from(`{"dynamodb":{}}`.padEnd(bytes)),
      ...{ sequence: '1', partitionKey: 'k', arrivedMs: 0 },
    })
    const options = { ...traffics.surge, seed: 1 }
    const units = (bytes: number) => {
      const { kinesisUnits, firehoseUnits, putUnits } = sizesOf([record(bytes)], options)
      return [kinesisUnits, firehoseUnits, putUnits]
    }
    expect(units(1_024)).toEqual([1, 1, 1])
    expect(units(1_025)).toEqual([2, 1, 1])
    expect(units(5 * 1_024 + 1)).toEqual([6, 2, 1])
    expect(units(25 * 1_024 + 1)).toEqual([26, 6, 2])
    expect(sizesOf([record(1_024), record(1_025)], options).kinesisUnits).toBe(1.5)
  })

  it('counts an item as DynamoDB does', () => {
    expect(itemBytes(undefined)).toBe(0)
    expect(itemBytes({ name: { S: 'é' }, flag: { BOOL: true }, none: { NULL: true } })).toBe(
      4 + 2 + 4 + 1 + 4 + 1,
    )
    expect(itemBytes({ n: { N: '1234' } })).toBe(1 + 3)
    expect(itemBytes({ m: { M: { a: { S: 'xy' } } }, l: { L: [{ S: 'x' }] } })).toBe(
      1 + 3 + (1 + 2) + 1 + 1 + 3 + 2,
    )
    expect(itemBytes({ s: { SS: ['ab', 'c'] } })).toBe(1 + 3)
  })
})

describe('prices', () => {
  it('each have a unit, a page of AWS’s and the place where they were read', () => {
    for (const [name, { usd, per, unit, page, found }] of Object.entries(prices)) {
      expect(usd, name).toBeGreaterThan(0)
      expect(per, name).toBeGreaterThan(0)
      expect(unit, name).not.toBe('')
      expect(page, name).toMatch(/^https:\/\/aws\.amazon\.com\/[\w/-]+\/$/)
      expect(found.length, name).toBeGreaterThan(20)
    }
    expect(pricesJson.lookedUp).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  it('that are unverified are marked in the document', () => {
    const unverified = Object.values(prices).filter((price) => price.unverified)
    expect(costDocument().match(/\*\*unverified\*\*/g) ?? []).toHaveLength(unverified.length)
  })
})

describe('what breaks first', () => {
  const passed = inOrder(limitsOf(measured))

  it('is the limit of which the surge takes the largest part', () => {
    const linear = ['stream-bytes', 'stream-records', 'table-new', 'table-quota', 'concurrency', 'puts']
    for (const { limit, headroom } of passed)
      if (linear.includes(limit.id))
        expect(headroom / (limit.capacity / limit.load(1)), limit.id).toBeCloseTo(1, 2)
    const ratios = passed.map(({ limit }) => limit.capacity / limit.load(1))
    expect(passed[0]?.limit.capacity).toBeCloseTo((passed[0]?.limit.load(1) ?? 0) * Math.min(...ratios), 6)
    const headrooms = passed.map(({ headroom }) => headroom)
    expect(headrooms).toEqual(headrooms.toSorted((a, b) => a - b))
  })

  it('is passed where the load reaches the capacity', () => {
    for (const { limit, headroom } of passed) {
      expect(limit.load(headroom * 0.98), limit.id).toBeLessThan(limit.capacity)
      expect(limit.load(headroom * 1.02), limit.id).toBeGreaterThan(limit.capacity)
    }
    expect(
      headroomOf({ ...passed[0]?.limit, capacity: 50, load: (times: number) => 2 * times } as never),
    ).toBeCloseTo(25, 1)
  })

  it('is told by alarms and moved by options that there are', () => {
    const alarms = idsOf(read('infra/src/operations.ts'))
    const options = optionsOf(read('docs/deploy.md'))
    for (const { limit } of passed) {
      for (const alarm of limit.alarms) expect(alarms, limit.id).toContain(alarm)
      for (const option of limit.options) expect(options, limit.id).toContain(option)
    }
    const said = [...`${costDocument()}${scaleDocument()}`.matchAll(/`((?:stream|delivery|athena)\.\w+)`/g)]
    expect(said.length).toBeGreaterThan(10)
    for (const [, option] of said) expect(options).toContain(option)
  })

  it('is of a deployment with the default options', () => {
    const config = read('infra/src/config.ts')
    // The others are imported from the same place as the options' defaults.
    const shared = ['batchRecords', 'windowSeconds', 'parallelization']
    for (const name of shared) expect(config).toMatch(new RegExp(`${name}: [^:]*default\\([a-zA-Z]`))
    const written = (Object.keys(defaults) as (keyof typeof defaults)[]).filter(
      (name) => !shared.includes(name),
    )
    expect(written).toEqual(['retentionHours', 'memoryMb', 'scanBytesMax'])
    for (const name of written) {
      const [, found = ''] = new RegExp(`${name}: .*default\\(([\\d_]+)\\)`).exec(config) ?? []
      expect(Number(found.replaceAll('_', '')), name).toBe(defaults[name])
    }
    expect(lanes(defaults, 4)).toBe(4)
  })

  it('counts the alarms, metrics and dashboards that are deployed', () => {
    const operations = read('infra/src/operations.ts')
    // An alarm on two metrics is billed as two.
    const second = operations.match(/usingMetrics: \{ \w+: .*, \w+: /g) ?? []
    expect(second).toHaveLength(1)
    expect(idsOf(operations).length + second.length).toBe(parts.alarmMetrics)
    expect(operations.match(/new Dashboard\(/g)).toHaveLength(parts.dashboards)
    const [, units = ''] = /const units = \{(.*?)\}/s.exec(read('src/delivery/telemetry.ts')) ?? []
    expect(units.match(/^ {2}\w+:/gm)).toHaveLength(parts.metrics)
    expect(assumptions.putsParallel).toBe(16)
  })
})

function idsOf(operations: string): readonly string[] {
  return [...operations.matchAll(/^ {6}id: '(\w+)',$/gm)].map(([, id = '']) => id)
}

/** `delivery.batchRecords`, `.windowSeconds` in a row are two options of `delivery`. */
function optionsOf(page: string): readonly string[] {
  return page.split('\n').flatMap((line) => {
    const [, cell = ''] = /^\| (`.*?) \|/.exec(line) ?? []
    const names = [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name)
    const group = names[0]?.split('.')[0] ?? ''
    return names.map((name) => (name.startsWith('.') ? `${group}${name}` : name))
  })
}

/** An object whose every figure has to be there when it is asked for. */
function strict<T extends object>(value: T, path: string): T {
  return new Proxy(value, {
    get(target, name, receiver) {
      const found = Reflect.get(target, name, receiver)
      if (typeof name === 'symbol' || Array.isArray(target))
        return isData(found) ? strict(found, path) : found
      if (found === undefined) throw new Error(`${path}.${name} is missing`)
      return isData(found) ? strict(found, `${path}.${name}`) : found
    },
  })
}

function isData(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
