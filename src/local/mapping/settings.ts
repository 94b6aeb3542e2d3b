import { batchRecords, batchWindowMs, parallelization, recordAgeMaxMs } from '../../defaults.ts'

/** How a stream is mapped to the function; the names and bounds are those of Lambda's event source mapping. */
export type MappingSettings = {
  /** Records in a batch, up to 10,000. */
  readonly batchRecords: number
  /** Bytes of an event, up to 6 MB. */
  readonly batchBytes: number
  /** How long the first record of a batch waits for more: up to 300 s, in milliseconds. */
  readonly windowMs: number
  /** Batches of a shard that are under way at once, 1 to 10; records of one partition key stay in order. */
  readonly parallelization: number
  /** A batch that fails is given up when its oldest record is so old, in milliseconds. */
  readonly recordAgeMaxMs: number
  /** How long a call of the function may take, in milliseconds. */
  readonly functionTimeoutMs: number
  /** How long to wait before a failed call is made again: at first, and at most, in milliseconds. */
  readonly backoffMs: readonly [first: number, most: number]
  /** How long a read waits for records at the end of the stream, in milliseconds. */
  readonly pollMs: number
}

export const mappingDefaults: MappingSettings = {
  batchRecords,
  batchBytes: 6 * 1000 * 1000,
  windowMs: batchWindowMs.local,
  parallelization,
  recordAgeMaxMs: recordAgeMaxMs.local,
  functionTimeoutMs: 60_000,
  backoffMs: [100, 30_000],
  pollMs: 1000,
}

const ranges: { readonly [name in Exclude<keyof MappingSettings, 'backoffMs'>]: readonly [number, number] } =
  {
    batchRecords: [1, 10_000],
    batchBytes: [1, 6 * 1000 * 1000],
    windowMs: [0, 300_000],
    parallelization: [1, 10],
    recordAgeMaxMs: [0, 7 * 86_400_000],
    functionTimeoutMs: [1, 900_000],
    pollMs: [1, 60_000],
  }

/** Fills in what is not given. @throws RangeError naming the setting and its range. */
export function toMappingSettings(given: Partial<MappingSettings>): MappingSettings {
  const settings = { ...mappingDefaults, ...given }
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = settings[name as keyof typeof ranges]
    if (!Number.isFinite(value) || value < least || value > most)
      throw new RangeError(`${name} is from ${least} to ${most}, and not ${value}`)
  }
  return settings
}
