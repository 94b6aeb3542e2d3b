import { type Deployment, defaults, shardsAtFirst } from './deployment.ts'
import type { Measured } from './measured.ts'
import { batchOf, durationMs, outcomeOf, surgeSeconds, type Workload, workloads } from './model.ts'

/** Something that is full at some multiple of the surge. */
export type Limit = {
  readonly id: string
  readonly what: string
  readonly unit: string
  readonly capacity: number
  /** What the surge, so many times over, asks of it. Never falls as `times` grows. */
  readonly load: (times: number) => number
  /** Where the capacity stands. */
  readonly page: string
  readonly symptom: string
  /** Which alarms of `infra/src/operations.ts` tell; none where only others can know. */
  readonly alarms: readonly string[]
  /** Options of `dmd.deploy.json` that move it. */
  readonly options: readonly string[]
  readonly change: string
}

/** A limit, and at how many times the surge it is passed. */
export type Passed = { readonly limit: Limit; readonly headroom: number }

/** What the surge is, so many times over. */
export type Step = {
  readonly times: number
  readonly requestsPerSecond: number
  readonly peakChangesPerSecond: number
  readonly peakBytesPerSecond: number
  /** How many shards the peak needs, where the stream was there before; four at least. */
  readonly shards: number
  readonly batchRecords: number
  readonly batches: number
  readonly files: number
  readonly fileBytes: number
  readonly demandFiles: number
  readonly demandBytes: number
  /** How many calls run at once at the peak, if their batches are full. */
  readonly concurrency: number
  readonly logBytes: number
}

const megabyte = 2 ** 20
const shardRecordsPerSecond = 1_000

export const multiples = [1, 10, 100, 1_000] as const

/** The surge, so many times over, with a stream that has grown to it. */
export function stepOf(measured: Measured, times: number, deployment: Deployment = defaults): Step {
  const { surge } = measured.traffic
  const peakChangesPerSecond = surge.peakChangesPerSecond * times
  const peakBytesPerSecond = peakChangesPerSecond * surge.payloadBytes
  const shards =
    deployment.shards ??
    Math.max(
      shardsAtFirst,
      Math.ceil(peakBytesPerSecond / megabyte),
      Math.ceil(peakChangesPerSecond / shardRecordsPerSecond),
    )
  const workload = timesOver(workloads(measured).surge, times)
  const { batch, batches, objects, avroBytes } = outcomeOf(workload, deployment, shards)
  return {
    times,
    requestsPerSecond: (surge.requests * times) / surgeSeconds,
    peakChangesPerSecond,
    peakBytesPerSecond,
    shards,
    batchRecords: batch.records,
    batches,
    files: objects,
    fileBytes: avroBytes / objects,
    demandFiles: batches * batch.demandObjects,
    demandBytes: batches * batch.demandBytes,
    concurrency: peakChangesPerSecond / recordsPerCallSecond(measured, deployment),
    logBytes: batches * batch.logBytes,
  }
}

function timesOver({ changes, changesPerSecond, traffic }: Workload, times: number): Workload {
  return { changes: changes * times, changesPerSecond: changesPerSecond * times, traffic }
}

/** How many records a second one call of the function gets through, in full batches: an estimate. */
export function recordsPerCallSecond(
  { traffic: { surge } }: Measured,
  deployment: Deployment = defaults,
): number {
  const batch = batchOf(surge, deployment.batchRecords)
  return (1_000 * batch.records) / durationMs(batch, deployment)
}

/** All limits that a surge comes near, of a deployment that has never seen one. */
export function limitsOf(measured: Measured, deployment: Deployment = defaults): readonly Limit[] {
  const { surge } = measured.traffic
  const at = (times: number) => stepOf(measured, times, deployment)
  const shards = deployment.shards ?? shardsAtFirst
  const writes = (times: number) => at(times).peakChangesPerSecond * surge.itemUnits
  const full = batchOf(surge, deployment.batchRecords)
  return [
    {
      id: 'stream-bytes',
      what: deployment.shards === undefined ? 'bytes into a new on-demand stream' : 'bytes into the shards',
      unit: 'bytes/s',
      capacity: shards * megabyte,
      load: (times) => at(times).peakBytesPerSecond,
      page: 'https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html',
      symptom: 'DynamoDB keeps its changes and sends them later.',
      alarms: ['ReplicationAge'],
      options: ['stream.shards'],
      change:
        'An on-demand stream grows by itself, to twice its highest minutes of the last 30 days; for an announced day provision shards with `stream.shards` beforehand, or warm the stream, which On-demand Advantage can.',
    },
    {
      id: 'stream-records',
      what:
        deployment.shards === undefined ? 'records into a new on-demand stream' : 'records into the shards',
      unit: 'records/s',
      capacity: shards * shardRecordsPerSecond,
      load: (times) => at(times).peakChangesPerSecond,
      page: 'https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html',
      symptom: 'The same.',
      alarms: ['ReplicationAge'],
      options: ['stream.shards'],
      change: 'The same.',
    },
    {
      id: 'table-new',
      what: 'writes to a new on-demand table',
      unit: 'write units/s',
      capacity: 4_000,
      load: writes,
      page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html',
      symptom: 'The writer is throttled, before anything is a change: whoever writes to the table sees it.',
      alarms: [],
      options: [],
      change:
        'A table carries twice its former peak; warm it beforehand ([warm throughput](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html)). One partition key takes 1,000 write units/s, whatever the table does.',
    },
    {
      id: 'file-gets',
      what: 'files that one query opens in a second',
      unit: 'files of a day',
      capacity: 5_500,
      load: (times) => at(times).demandFiles,
      page: 'https://docs.aws.amazon.com/athena/latest/ug/performance-tuning-s3-throttling-reduce-throttling-at-the-service-level.html',
      symptom: 'A query over that day waits for S3 a second for each so many files, or is told to slow down.',
      alarms: [],
      options: ['delivery.windowSeconds', 'delivery.parallelization'],
      change: 'A longer `delivery.windowSeconds` makes fewer and larger files, at the price of a later row.',
    },
    {
      id: 'table-quota',
      what: 'writes to a table, by the account’s quota',
      unit: 'write units/s',
      capacity: 40_000,
      load: writes,
      page: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html',
      symptom: 'As with a new table.',
      alarms: [],
      options: [],
      change: 'Ask for a higher quota in Service Quotas.',
    },
    {
      id: 'stream-most',
      what: 'bytes into an on-demand stream, in most regions',
      unit: 'bytes/s',
      capacity: 200 * megabyte,
      load: (times) => at(times).peakBytesPerSecond,
      page: 'https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html',
      symptom: 'DynamoDB keeps its changes and sends them later.',
      alarms: ['ReplicationAge'],
      options: ['stream.shards'],
      change:
        'us-east-1, us-west-2 and eu-west-1 let a stream grow to 10 GB/s; elsewhere ask for more, or provision shards.',
    },
    {
      id: 'concurrency',
      what: 'calls at once, by the account’s quota',
      unit: 'calls',
      capacity: 1_000,
      load: (times) => at(times).concurrency,
      page: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
      symptom: 'Calls are throttled and come again; changes wait in the stream.',
      alarms: ['Throttles', 'IteratorAge', 'Lag'],
      options: ['delivery.reservedConcurrency', 'delivery.batchRecords'],
      change:
        'Ask for a higher quota. `delivery.reservedConcurrency` keeps a part of it for the worker, and is itself a bound: not less than shards × `delivery.parallelization`. A new account begins with less.',
    },
    {
      id: 'puts',
      what: 'puts below one partition’s prefix',
      unit: 'puts/s',
      capacity: 3_500,
      load: (times) => (at(times).peakChangesPerSecond / full.records) * full.demandObjects,
      page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html',
      symptom:
        'S3 answers «slow down»; the worker tries again, and what cannot be written goes to `errors/`.',
      alarms: ['Duration', 'ErrorSpike', 'Failures'],
      options: ['delivery.windowSeconds', 'delivery.batchRecords'],
      change: 'S3 splits a prefix that stays busy. Larger batches put less.',
    },
    {
      id: 'scan',
      what: 'bytes that one query may scan: the surge’s partition',
      unit: 'bytes',
      capacity: deployment.scanBytesMax,
      load: (times) => at(times).demandBytes,
      page: 'https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html',
      symptom: 'Athena cancels the query.',
      alarms: [],
      options: ['athena.scanBytesMax'],
      change: 'Raise `athena.scanBytesMax`, in bytes: it is a bound on cost, not a capacity.',
    },
  ]
}

const timesMost = 1_000_000

/** At how many times the surge a limit is passed, to within a thousandth. */
export function headroomOf({ capacity, load }: Limit): number {
  let [low, high] = [0, timesMost]
  while (high - low > high / 1_000) {
    const middle = (low + high) / 2
    if (load(middle) <= capacity) low = middle
    else high = middle
  }
  return high
}

/** The limits in the order in which a growing surge passes them. */
export function inOrder(limits: readonly Limit[]): readonly Passed[] {
  return limits
    .map((limit) => ({ limit, headroom: headroomOf(limit) }))
    .toSorted((a, b) => a.headroom - b.headroom)
}
