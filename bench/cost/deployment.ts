import { batchRecords, batchWindowMs, parallelization } from '../../src/defaults.ts'

/** What of a deployment decides its cost and its limits. */
export type Deployment = {
  /** Provisioned shards; on demand where it is not given. */
  readonly shards?: number
  readonly retentionHours: number
  readonly batchRecords: number
  readonly windowSeconds: number
  readonly parallelization: number
  readonly memoryMb: number
  readonly scanBytesMax: number
}

/** The defaults of `dmd.deploy.json`; a test compares those written here with `infra/src/config.ts`. */
export const defaults: Deployment = {
  retentionHours: 168,
  batchRecords,
  windowSeconds: batchWindowMs.deployed / 1_000,
  parallelization,
  memoryMb: 1_024,
  scanBytesMax: 100_000_000_000,
}

/** What every deployment has, whatever its options; a test counts them in `infra/src` and `src/delivery`. */
export const parts = {
  /** Metrics that alarms look at: one each, and one more where an alarm compares two. */
  alarmMetrics: 15,
  /** The worker's own. */
  metrics: 8,
  /** Of the group `EventCount` of the event source mapping, for a stream. */
  mappingMetrics: 6,
  dashboards: 1,
} as const

/** With how many shards an on-demand stream begins: 4 MB/s, of 1 MB/s each. */
export const shardsAtFirst = 4

/** How many batches of a stream are under way at once, at most. */
export function lanes({ parallelization }: Deployment, shards: number): number {
  return shards * parallelization
}
