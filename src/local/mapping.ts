import { resolve } from 'node:path'
import { backoff } from '../aws/retry.ts'
import type { Handler } from '../delivery/handler.ts'
import { PipelineError } from '../record/error.ts'
import type { Runtime } from '../runtime.ts'
import { makeFolders } from '../store/newfolder.ts'
import type { ObjectStore } from '../store/store.ts'
import { lockFolder } from './lock.ts'
import { openCheckpoints } from './mapping/checkpoint.ts'
import { type MappingSettings, toMappingSettings } from './mapping/settings.ts'
import { runShard, type ShardCounts, type ShardRun, type ShardStatus } from './mapping/shard.ts'
import { compareSequences, type ShardProgress } from './mapping/track.ts'
import { createWaiter } from './mapping/waiter.ts'
import type { ChangeSource, Shard } from './source.ts'

export type MappingOptions = {
  readonly source: ChangeSource
  /** The very function that Lambda calls. */
  readonly handler: Handler
  /** Where it is kept how far each shard is; for this mapping alone. */
  readonly folder: string
  /** Where batches go that are given up, below `failed/`. */
  readonly failures: ObjectStore
  readonly settings?: Partial<MappingSettings>
  /** Its clock tells ages; its monotonic time measures windows. */
  readonly runtime: Runtime
}

export type MappingStatus = {
  readonly stream: string
  readonly shards: readonly ShardStatus[]
  /** Delivered since it was started. */
  readonly records: number
  readonly batches: number
  /** Calls of the function that failed; their batches were, or are, called again. */
  readonly failures: number
  /** Records of batches that were given up: they lie below `failed/`. */
  readonly givenUp: number
  /** How often the stream had dropped records before they were read. */
  readonly trimmed: number
  /** Records that were read and had been in the stream before it was started. */
  readonly resumed: number
  /** Milliseconds since 1970. */
  readonly lastDeliveryMs?: number
  readonly lastError?: string
}

export type RunningMapping = {
  readonly status: () => MappingStatus
  /** Delivers all that is in the stream by now, without waiting for batches to fill, and ends. */
  readonly drain: () => Promise<void>
  /** Finishes the calls under way and ends; what they do not deliver is delivered by the next start. */
  readonly stop: () => Promise<void>
  /** Rejects when it cannot go on; resolves when it has ended. */
  readonly done: Promise<void>
}

/** How often it looks for shards that are new without a parent that ended, in milliseconds. */
const listEveryMs = 30_000

/**
 * Reads a stream and calls the function with batches of its records, as Lambda's event source mapping for Kinesis does
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html): at least once, in order for each
 * partition key, again until the call succeeds or the records are too old. A batch's cut is on the disk before the
 * call, so that after a kill at whatever point the same batch is delivered again, and nothing is written twice.
 *
 * @throws RangeError for a setting beyond its range; PipelineError CHECKPOINT_INVALID when the folder is in use or a
 *   file in it is damaged, SOURCE_UNAVAILABLE when the stream cannot be read at all.
 */
export async function startMapping(options: MappingOptions): Promise<RunningMapping> {
  const { source, handler, failures, runtime } = options
  const { log, random } = runtime
  const settings = toMappingSettings(options.settings ?? {})
  const folder = resolve(options.folder)
  await makeFolders(folder)
  const unlock = await lockFolder(
    folder,
    (cause) =>
      new PipelineError(
        'CHECKPOINT_INVALID',
        `${folder} is in use, here or in another process. Stop that one, or name another folder.`,
        { cause },
      ),
  )
  const checkpoints = openCheckpoints(folder, source.arn)
  const stopping = new AbortController()
  const startedMs = runtime.clock()
  const counts: ShardCounts = {
    records: 0,
    batches: 0,
    failures: 0,
    givenUp: 0,
    trimmed: 0,
    resumed: 0,
    lastDeliveryMs: undefined,
    lastError: undefined,
  }
  const runs = new Map<string, ShardRun>()
  const ended = new Set<string>()
  const main = createWaiter(stopping, runtime)
  const drained = new Set<string>()
  let isDraining = false
  let failure: unknown
  const waiters = new Set([main])

  const fresh = (): ShardProgress => ({
    position: 'oldest',
    lanes: Array.from({ length: settings.parallelization }, () => ({})),
  })

  /** Another number of lanes would send keys elsewhere: it is taken where nothing is half done. */
  const adapt = (shard: string, state: ShardProgress): ShardProgress => {
    if (state.lanes.length === settings.parallelization) return state
    const done = state.position === 'oldest' ? undefined : state.position.after
    const isWhole = state.lanes.every(
      (lane) => !lane.cut && (lane.done === undefined || isBehind(lane.done, done)),
    )
    if (isWhole) return { ...fresh(), position: state.position }
    log({ level: 'warn', message: 'parallelization kept until what is under way is done', shard })
    return state
  }

  /** Starts the shards that are there, whose parents were read to their end. */
  const startShards = async () => {
    const shards = await source.listShards({ signal: stopping.signal })
    const listed = new Set(shards.map(({ id }) => id))
    for (const id of ended) {
      if (listed.has(id)) continue
      ended.delete(id)
      await checkpoints.remove(id)
    }
    const isReady = ({ id, parents }: Shard) =>
      !runs.has(id) &&
      !ended.has(id) &&
      !drained.has(id) &&
      parents.every((parent) => ended.has(parent) || !listed.has(parent))
    for (let isAgain = true; isAgain; ) {
      isAgain = false
      for (const shard of shards.filter(isReady)) {
        const known = await checkpoints.read(shard.id)
        if (known?.isEnded) {
          ended.add(shard.id)
          isAgain = true
        } else start(shard.id, known ? adapt(shard.id, known) : fresh())
      }
    }
  }

  const start = (shard: string, state: ShardProgress) => {
    const waiter = createWaiter(stopping, runtime)
    waiters.add(waiter)
    const run = runShard(shard, state, {
      handler,
      failures,
      settings,
      runtime,
      waiter,
      startedMs,
      source,
      checkpoints,
      counts,
      isDraining: () => isDraining,
    })
    runs.set(shard, run)
    run.done
      .then((isEnded) => {
        runs.delete(shard)
        if (isEnded) ended.add(shard)
        else drained.add(shard)
      })
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => {
        waiters.delete(waiter)
        main.wake()
      })
  }
  const loop = async () => {
    let failures = 0
    while (!main.isStopped() && failure === undefined) {
      const endedBefore = ended.size
      try {
        await startShards()
        failures = 0
      } catch (error) {
        if (main.isStopped()) break
        if (!(error instanceof PipelineError) || error.code !== 'SOURCE_UNAVAILABLE') throw error
        failures += 1
        counts.lastError = error.code
        log({ level: 'warn', message: 'shards not listed', code: error.code, tries: failures })
        await main.sleep(backoff(failures, settings.backoffMs, random))
        continue
      }
      if (isDraining && runs.size === 0) break
      // A parent that ended meanwhile has children that wait for it.
      if (ended.size === endedBefore) await main.wait(listEveryMs)
    }
    if (failure !== undefined) stopping.abort()
    await Promise.allSettled([...runs.values()].map((run) => run.done))
    if (failure !== undefined) throw failure
  }

  try {
    await startShards()
  } catch (error) {
    stopping.abort()
    await Promise.allSettled([...runs.values()].map((run) => run.done))
    await unlock()
    throw error
  }
  const done = loop().finally(unlock)
  // Whoever does not ask is told by the log.
  done.catch((error: unknown) => {
    const code = error instanceof PipelineError ? error.code : 'unknown'
    log({ level: 'error', message: 'mapping ended', code })
  })

  return {
    done,
    status: () => {
      const { lastDeliveryMs, lastError, ...numbers } = counts
      return {
        stream: source.arn,
        shards: [...runs.values()].map((run) => run.status()),
        ...numbers,
        ...(lastDeliveryMs === undefined ? {} : { lastDeliveryMs }),
        ...(lastError === undefined ? {} : { lastError }),
      }
    },
    drain: () => {
      isDraining = true
      for (const waiter of waiters) waiter.wake()
      return done
    },
    stop: () => {
      stopping.abort()
      return done
    },
  }
}

function isBehind(sequence: string, position: string | undefined): boolean {
  return position !== undefined && compareSequences(sequence, position) <= 0
}
