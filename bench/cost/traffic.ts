import { createHash } from 'node:crypto'
import { toKinesisEvent } from '../../src/codec/lambda-event.ts'
import type { SourceRecord } from '../../src/local/source.ts'
import { countSimulation, type SimulationOptions, simulate } from '../../src/sample/simulator.ts'
import { itemBytes } from './itemsize.ts'
import type { TrafficFigures } from './measured.ts'

/** What is simulated. `steady` is a day of all record types, with more edits, notices and cancellations to a request. */
export const traffics = {
  surge: { fans: 50_000, minutes: 5, badPercent: 0 },
  steady: {
    fans: 20_000,
    minutes: 1_440,
    badPercent: 0,
    start: '2025-02-13T00:00:00Z',
    backgroundPercent: 100,
    notifyPercent: 50,
    cancelPercent: 10,
    otherEvents: 50,
    edits: 500,
  },
} as const satisfies { readonly [name: string]: Omit<SimulationOptions, 'seed'> }

const arn = 'arn:aws:kinesis:us-east-1:123456789012:stream/dmd-changes'
const shard = 'shardId-000000000000'
const kilobyte = 1_024

/** The change records of a traffic, in the order of the stream. */
export function toRecords(options: SimulationOptions): readonly SourceRecord[] {
  return [...simulate(options)].map(({ bytes, arrivedMs, item }, index) => ({
    bytes,
    sequence: String(index).padStart(56, '4'),
    partitionKey: createHash('md5').update(item).digest('hex').toUpperCase(),
    arrivedMs,
  }))
}

/** What is known of the records of a traffic without delivering them. */
export function sizesOf(
  records: readonly SourceRecord[],
  options: SimulationOptions,
): Omit<TrafficFigures, 'batches'> {
  const { requests, background } = countSimulation(options)
  const mean = (of: (record: SourceRecord) => number) =>
    records.reduce((sum, record) => sum + of(record), 0) / records.length
  const payload = ({ bytes }: SourceRecord) => bytes.length
  const units = (size: number, unit: number) => Math.ceil(size / unit)
  const items = new Map(records.map((record) => [record, imageBytes(record.bytes)]))
  const item = (record: SourceRecord) => items.get(record) ?? 0
  const bySecond = new Map<number, number>()
  for (const { arrivedMs } of records) {
    const second = Math.floor(arrivedMs / 1_000)
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1)
  }
  return {
    changes: records.length,
    requests: requests + background,
    payloadBytes: mean(payload),
    eventBytes: mean((record) => JSON.stringify(toEvent([record])).length),
    itemBytes: mean(item),
    itemUnits: mean((record) => units(item(record), kilobyte)),
    kinesisUnits: mean((record) => units(payload(record), kilobyte)),
    putUnits: mean((record) => units(payload(record), 25 * kilobyte)),
    firehoseUnits: mean((record) => units(payload(record), 5 * kilobyte)),
    peakChangesPerSecond: [...bySecond.values()].reduce((most, count) => Math.max(most, count), 0),
  }
}

function imageBytes(payload: Uint8Array): number {
  const { dynamodb } = JSON.parse(Buffer.from(payload).toString('utf8'))
  return Math.max(itemBytes(dynamodb.NewImage), itemBytes(dynamodb.OldImage))
}

/** Batches of so many records from all over the traffic, evenly spread, as Lambda's events. */
export function sampleEvents(records: readonly SourceRecord[], size: number, samplesMax: number): object[] {
  const whole = Math.floor(records.length / size)
  const samples = Math.min(whole, samplesMax)
  return Array.from({ length: samples }, (_, n) => {
    const start = Math.floor((n * whole) / samples) * size
    return toEvent(records.slice(start, start + size))
  })
}

function toEvent(records: readonly SourceRecord[]): object {
  return toKinesisEvent(records, arn, shard)
}
