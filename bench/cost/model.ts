import { type Deployment, defaults, lanes, parts, shardsAtFirst } from './deployment.ts'
import type { BatchFigures, Measured, TrafficFigures } from './measured.ts'

/** A list price: so many dollars for so many units. */
export type Price = {
  readonly usd: number
  readonly per: number
  readonly unit: string
  /** AWS's own page. */
  readonly page: string
  /** Where the number was read. */
  readonly found: string
  /** That was not enough to be sure of it. */
  readonly unverified?: boolean
}

export type PriceName =
  | 'cdcUnits'
  | 'pitrGbMonth'
  | 'exportGb'
  | 'streamHour'
  | 'streamInGb'
  | 'streamOutGb'
  | 'streamKeptGbMonth'
  | 'shardHour'
  | 'putUnits'
  | 'shardKeptHour'
  | 'functionRequests'
  | 'functionGbSeconds'
  | 'putRequests'
  | 'getRequests'
  | 'storedGbMonth'
  | 'keyMonth'
  | 'keyRequests'
  | 'logGb'
  | 'alarmMetricMonth'
  | 'metricMonth'
  | 'dashboardMonth'
  | 'scannedTb'
  | 'firehoseGb'
  | 'firehoseConvertedGb'
  | 'firehosePartitionedGb'
  | 'firehosePartitionedObjects'
  | 'glueDpuHour'

export type Prices = { readonly [name in PriceName]: Price }

/** Changes that come evenly. */
export type Workload = {
  readonly changes: number
  readonly changesPerSecond: number
  readonly traffic: TrafficFigures
}

/** One line of a bill. */
export type Line = {
  readonly what: string
  readonly price: PriceName
  readonly units: number
  readonly dollars: number
}

/** Every figure that is neither measured nor a price. */
export const assumptions = {
  /** How long a put into an encrypted bucket is waited for. */
  putWaitMs: 50,
  /** How many puts of a batch are waited for at once: the setting `putsParallel`. */
  putsParallel: 16,
  /** How much memory buys one processor (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). */
  processorMb: 1_769,
  /** What Lambda itself writes of a call: START, END, REPORT. */
  callLogBytes: 300,
  /** Kinesis asks KMS about every five minutes, a shard; everything else is taken to ask as often again. */
  keyRequestsPerShardHour: 24,
  /** How often Athena asks for a file, at least. */
  getsPerFile: 1,
  /** Firehose writes an object when it has this much or has waited so long: its defaults. */
  firehoseBufferBytes: 5 * 2 ** 20,
  firehoseBufferSeconds: 300,
  /** The same where it converts, for which it needs 64 MB at least. */
  firehoseConvertedBufferBytes: 128 * 2 ** 20,
  /** The least that DynamoDB bills of an export. */
  exportBytesMin: 10 * 2 ** 20,
  refreshesPerHour: 1,
} as const

export const hoursPerMonth = 730
export const gigabyte = 2 ** 30
const kilobyte = 2 ** 10
const scannedBytesMin = 10 * 2 ** 20
const scannedBytesStep = 2 ** 20
const dayHours = 24

/**
 * How many records are in a batch: the first of a lane waits `windowSeconds` for others, and a batch is cut at
 * `batchRecords` and at the 6 MB that an event may have.
 */
export function batchSize(
  { changesPerSecond, traffic }: Workload,
  deployment: Deployment = defaults,
  shards: number = deployment.shards ?? shardsAtFirst,
): number {
  const waited = 1 + (changesPerSecond * deployment.windowSeconds) / lanes(deployment, shards)
  return Math.min(waited, deployment.batchRecords, eventRecordsMax(traffic))
}

/** How many records an event of 6 MB takes. */
export function eventRecordsMax({ eventBytes }: TrafficFigures): number {
  return Math.floor(6_000_000 / eventBytes)
}

/** What a batch of so many records takes: between two measured sizes on the line between them, beyond the largest in proportion. */
export function batchOf({ batches }: TrafficFigures, records: number): BatchFigures {
  const above = batches.findIndex((batch) => batch.records >= records)
  const last = batches.at(-1)
  if (!last) throw new Error('no batch was measured')
  if (above === -1) return scale(last, records)
  const [low, high] = [batches[Math.max(0, above - 1)] ?? last, batches[above] ?? last]
  const share = high === low ? 0 : (records - low.records) / (high.records - low.records)
  const between = (name: keyof BatchFigures) => low[name] + share * (high[name] - low[name])
  return { ...eachFigure(between), records }
}

/** Twice the records take twice the bytes and the CPU time, and no more objects. */
function scale(batch: BatchFigures, records: number): BatchFigures {
  const factor = records / batch.records
  return {
    ...batch,
    records,
    avroBytes: batch.avroBytes * factor,
    demandBytes: batch.demandBytes * factor,
    cpuMs: batch.cpuMs * factor,
  }
}

function eachFigure(of: (name: keyof BatchFigures) => number): BatchFigures {
  return {
    records: of('records'),
    objects: of('objects'),
    avroBytes: of('avroBytes'),
    demandObjects: of('demandObjects'),
    demandBytes: of('demandBytes'),
    logBytes: of('logBytes'),
    logLines: of('logLines'),
    cpuMs: of('cpuMs'),
    rssMb: of('rssMb'),
  }
}

/**
 * How long Lambda takes for a batch, in whole milliseconds: an estimate. The CPU time that was measured, at the share of a
 * processor that the memory buys, and the wait for S3, which was not.
 */
export function durationMs({ cpuMs, objects }: BatchFigures, { memoryMb }: Deployment): number {
  const processors = Math.min(1, memoryMb / assumptions.processorMb)
  const waits = Math.ceil(objects / assumptions.putsParallel)
  return Math.ceil(cpuMs / processors + waits * assumptions.putWaitMs)
}

/** What a workload becomes: batches, objects, bytes. */
export type Outcome = {
  readonly batch: BatchFigures
  readonly batches: number
  readonly objects: number
  readonly avroBytes: number
}

export function outcomeOf(workload: Workload, deployment: Deployment = defaults, shards?: number): Outcome {
  const batch = batchOf(workload.traffic, batchSize(workload, deployment, shards))
  const batches = workload.changes / batch.records
  return { batch, batches, objects: batches * batch.objects, avroBytes: batches * batch.avroBytes }
}

/** From the table into the stream and out of it: what every reader of the stream pays. */
export function streamLines(
  prices: Prices,
  { changes, traffic }: Workload,
  deployment: Deployment = defaults,
): readonly Line[] {
  const writtenGb = (changes * traffic.kinesisUnits * kilobyte) / gigabyte
  const keptMonths = Math.max(0, deployment.retentionHours - dayHours) / hoursPerMonth
  const captured = line(prices, 'DynamoDB sends the changes', 'cdcUnits', changes * traffic.itemUnits)
  if (deployment.shards !== undefined)
    return [captured, line(prices, 'the stream takes them', 'putUnits', changes * traffic.putUnits)]
  return [
    captured,
    line(prices, 'the stream takes them', 'streamInGb', writtenGb),
    line(prices, 'the stream gives them', 'streamOutGb', (changes * traffic.payloadBytes) / gigabyte),
    line(prices, 'the stream keeps them', 'streamKeptGbMonth', writtenGb * keptMonths),
  ]
}

/** What the worker adds. */
export function workerLines(
  prices: Prices,
  workload: Workload,
  deployment: Deployment = defaults,
): readonly Line[] {
  const { batch, batches, objects } = outcomeOf(workload, deployment)
  const seconds = (batches * durationMs(batch, deployment)) / 1_000
  const logBytes = batches * (batch.logBytes + assumptions.callLogBytes)
  return [
    line(prices, 'the worker is called', 'functionRequests', batches),
    line(prices, 'the worker runs (estimate)', 'functionGbSeconds', (seconds * deployment.memoryMb) / 1_024),
    line(prices, 'it writes files', 'putRequests', objects),
    line(prices, 'it writes its log', 'logGb', logBytes / gigabyte),
  ]
}

/** What a month costs in which nothing happens, beside the table and what is stored. */
export function baseLines(prices: Prices, deployment: Deployment = defaults): readonly Line[] {
  const shards = deployment.shards ?? shardsAtFirst
  const isKept = deployment.retentionHours > dayHours
  const stream =
    deployment.shards === undefined
      ? [line(prices, 'the stream', 'streamHour', hoursPerMonth)]
      : [
          line(prices, 'its shards', 'shardHour', deployment.shards * hoursPerMonth),
          ...(isKept
            ? [line(prices, 'its shards keep more than a day', 'shardKeptHour', shards * hoursPerMonth)]
            : []),
        ]
  const keyRequests = assumptions.keyRequestsPerShardHour * shards * hoursPerMonth
  return [
    ...stream,
    line(prices, 'the key', 'keyMonth', 1),
    line(prices, 'it is asked for (assumed)', 'keyRequests', keyRequests),
    line(prices, 'alarms', 'alarmMetricMonth', parts.alarmMetrics),
    line(prices, 'metrics of the worker', 'metricMonth', parts.metrics),
    line(prices, 'metrics of the mapping (assumed)', 'metricMonth', parts.mappingMetrics),
    line(prices, 'the dashboard', 'dashboardMonth', parts.dashboards),
  ]
}

/** What was written, for a month. */
export function storageLines(prices: Prices, bytes: number): readonly Line[] {
  return [line(prices, 'files are stored', 'storedGbMonth', bytes / gigabyte)]
}

/** What Athena bills a query for: whole megabytes, ten at least (https://aws.amazon.com/athena/pricing/). */
export function scannedBytes(bytes: number): number {
  return Math.max(scannedBytesMin, Math.ceil(bytes / scannedBytesStep) * scannedBytesStep)
}

/** A query that reads files of so many bytes. */
export function queryLines(prices: Prices, files: number, bytes: number): readonly Line[] {
  return [
    line(prices, 'Athena scans', 'scannedTb', scannedBytes(bytes) / 2 ** 40),
    line(prices, 'it lists files', 'putRequests', Math.ceil(files / 1_000)),
    line(prices, 'it gets them', 'getRequests', files * assumptions.getsPerFile),
  ]
}

export type FirehoseOptions = { readonly isConverted: boolean; readonly isPartitioned: boolean }

/** Amazon Data Firehose in the worker's place. The stream is the same. */
export function firehoseLines(
  prices: Prices,
  workload: Workload,
  { isConverted, isPartitioned }: FirehoseOptions,
): readonly Line[] {
  const { changes, changesPerSecond, traffic } = workload
  const billedGb = (changes * traffic.firehoseUnits * 5 * kilobyte) / gigabyte
  const bytes = changes * traffic.payloadBytes
  const buffer = isConverted ? assumptions.firehoseConvertedBufferBytes : assumptions.firehoseBufferBytes
  const seconds = changes / changesPerSecond
  const buffered = Math.max(bytes / buffer, Math.ceil(seconds / assumptions.firehoseBufferSeconds))
  const largest = traffic.batches.at(-1)?.records ?? 1
  const perBuffer = batchOf(traffic, Math.min(largest, Math.max(1, changes / buffered))).objects
  const objects = isPartitioned ? buffered * perBuffer : buffered
  return [
    line(prices, 'Firehose takes the changes', 'firehoseGb', billedGb),
    ...(isConverted ? [line(prices, 'it converts them', 'firehoseConvertedGb', billedGb)] : []),
    ...(isPartitioned
      ? [
          line(prices, 'it partitions them', 'firehosePartitionedGb', billedGb),
          line(prices, 'by object', 'firehosePartitionedObjects', objects),
        ]
      : []),
    line(prices, 'it writes files', 'putRequests', objects),
  ]
}

/** From how many changes in a batch the worker costs less than Firehose that writes JSON; never where it does not. */
export function breakEvenBatch(prices: Prices, { traffic }: Workload): number | undefined {
  const lane = lanes(defaults, shardsAtFirst) / defaults.windowSeconds
  for (let records = 1; records <= defaults.batchRecords; records++) {
    const workload = { changes: 1_000_000, changesPerSecond: (records - 1) * lane || 1e-9, traffic }
    const ours = total(workerLines(prices, workload))
    if (ours < (1_000_000 * prices.firehoseGb.usd * traffic.firehoseUnits * 5 * kilobyte) / gigabyte)
      return records
  }
  return undefined
}

/** AWS Glue zero-ETL in the place of stream and worker: what is known of it. Glue's compute is not in it. */
export function zeroEtlLines(
  prices: Prices,
  { changes, changesPerSecond, traffic }: Workload,
): readonly Line[] {
  const exports = Math.ceil((changes / changesPerSecond / 3_600) * assumptions.refreshesPerHour)
  const bytes = Math.max(changes * traffic.itemBytes, exports * assumptions.exportBytesMin)
  return [line(prices, 'DynamoDB exports the changes', 'exportGb', bytes / gigabyte)]
}

export function total(lines: readonly Line[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0)
}

function line(prices: Prices, what: string, name: PriceName, units: number): Line {
  const { usd, per } = prices[name]
  return { what, price: name, units, dollars: (units * usd) / per }
}

/** The workloads of the documents. */
export function workloads({ traffic: { steady, surge } }: Measured) {
  const monthSeconds = hoursPerMonth * 3_600
  const monthly = (changes: number): Workload => ({
    changes,
    changesPerSecond: changes / monthSeconds,
    traffic: steady,
  })
  return {
    quiet: monthly((10_000 * hoursPerMonth) / dayHours),
    surge: { changes: surge.changes, changesPerSecond: surge.changes / surgeSeconds, traffic: surge },
    busy: monthly(100_000_000),
    /** A million changes in batches that are full. */
    full: { changes: 1_000_000, changesPerSecond: 1_000_000, traffic: steady },
  } satisfies { readonly [name: string]: Workload }
}

export const surgeSeconds = 300
