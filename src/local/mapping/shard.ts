import { backoff } from '../../aws/retry.ts'
import { eventSizer } from '../../codec/lambda-event.ts'
import { PipelineError } from '../../record/error.ts'
import type { ChangeSource } from '../source.ts'
import type { Checkpoints } from './checkpoint.ts'
import { type DeliverParts, deliverUntilDone } from './deliver.ts'
import { slotOf } from './slot.ts'
import { createTrack, type ShardProgress, type TrackedBatch } from './track.ts'

/** What is told of a shard, and added up over all of them. */
export type ShardCounts = {
  records: number
  batches: number
  /** Calls of the function that failed. */
  failures: number
  /** Records in batches that were given up. */
  givenUp: number
  /** How often records were gone before they were read. */
  trimmed: number
  /** Records that had been in the stream before the mapping was started. */
  resumed: number
  lastDeliveryMs: number | undefined
  lastError: string | undefined
}

export type ShardRun = {
  /** Resolves when the shard has ended and is finished (true), or was drained or stopped (false). */
  readonly done: Promise<boolean>
  readonly status: () => ShardStatus
}

export type ShardStatus = {
  readonly shard: string
  /** Records that were read and are not finished. */
  readonly held: number
  /** How old the oldest change is that is not archived yet, in milliseconds; 0 where there is none. */
  readonly lagMs: number
  /** Failed calls of the batches under way. */
  readonly retries: number
  readonly lastError?: string
}

export type ShardParts = DeliverParts & {
  readonly source: ChangeSource
  readonly checkpoints: Checkpoints
  readonly counts: ShardCounts
  /** When the mapping was started, in milliseconds since 1970. */
  readonly startedMs: number
  /** True as soon as what is in the stream is to be delivered, and nothing waited for. */
  readonly isDraining: () => boolean
}

/** Reads a shard, cuts batches, delivers them and notes how far it is, until it ends, is drained or is stopped. */
export function runShard(shard: string, start: ShardProgress, parts: ShardParts): ShardRun {
  const { source, checkpoints, settings, waiter, counts } = parts
  const { clock, monotonic, random, log } = parts.runtime
  const { arn } = source
  const limits = { records: settings.batchRecords, bytes: settings.batchBytes, windowMs: settings.windowMs }
  const track = createTrack(start, limits, eventSizer(arn, shard), slotOf)
  const lanes = start.lanes.length
  // As much as all lanes can have under way, and once more in waiting.
  const heldMax = { records: 2 * lanes * limits.records, bytes: 2 * lanes * limits.bytes }

  let behindMs = 0
  let readAtMs = clock()
  let isTip = false
  let isReading = true
  let retries = 0
  let lastError: string | undefined
  let failure: unknown
  let writing: Promise<void> = Promise.resolve()
  let isWriteDue = false

  /** What is on the disk is at least as new as the state when this was called. */
  const save = (): Promise<void> => {
    if (isWriteDue) return writing
    isWriteDue = true
    writing = writing.then(async () => {
      for (let tries = 1; ; tries++) {
        isWriteDue = false
        try {
          return await checkpoints.write(shard, track.state())
        } catch (error) {
          note(error)
          log({ level: 'error', message: 'checkpoint not written', shard, code: codeOf(error), tries })
          await waiter.sleep(backoff(tries, settings.backoffMs, random))
          if (waiter.isStopped()) throw error
        }
      }
    })
    return writing
  }

  const note = (error: unknown) => {
    lastError = codeOf(error)
    counts.lastError = lastError
  }

  const read = async () => {
    const recordsMax = Math.max(1, Math.min(10_000, heldMax.records - track.held().records))
    const isDraining = parts.isDraining()
    const wait = isDraining ? {} : { waitMs: settings.pollMs }
    const found = await source.read(shard, track.position(), { recordsMax, ...wait, signal: waiter.signal })
    if (found.isTrimmed) {
      counts.trimmed += 1
      log({ level: 'error', message: 'records were gone before they were read', shard })
    }
    counts.resumed += found.records.filter(({ arrivedMs }) => arrivedMs < parts.startedMs).length
    track.take(found.records, found.next, found.isEnded, monotonic())
    behindMs = found.behindMs
    readAtMs = clock()
    // What a read before the drain did not see may have come since.
    isTip = isDraining && found.records.length === 0 && found.behindMs === 0
  }

  const keepReading = async () => {
    let failures = 0
    while (!waiter.isStopped() && failure === undefined) {
      const { records, bytes } = track.held()
      if (track.isRead() || isTip) break
      if (records >= heldMax.records || bytes >= heldMax.bytes) {
        await waiter.wait()
        continue
      }
      try {
        await read()
        failures = 0
        waiter.wake()
      } catch (error) {
        if (waiter.isStopped()) break
        if (!(error instanceof PipelineError)) throw error
        failures += 1
        note(error)
        log({ level: 'warn', message: 'stream not read', shard, code: error.code, tries: failures })
        await waiter.sleep(backoff(failures, settings.backoffMs, random))
      }
    }
    isReading = false
    waiter.wake()
  }

  const deliver = async ({ lane, records }: TrackedBatch) => {
    // The cut is on the disk before anything of it is in the archive: delivered again, it is cut the same.
    await save()
    let failed = 0
    const isDone = await deliverUntilDone({ arn, shard, records }, parts, ({ code, isGivenUp }) => {
      lastError = code
      counts.lastError = code
      if (isGivenUp) counts.givenUp += records.length
      else {
        counts.failures += 1
        failed += 1
        retries += 1
      }
    })
    retries -= failed
    if (!isDone) return
    track.finish(lane)
    counts.records += records.length
    counts.batches += 1
    counts.lastDeliveryMs = clock()
    lastError = undefined
    await save()
  }

  const loop = async (): Promise<boolean> => {
    const running = new Set<Promise<void>>()
    const start = (work: Promise<void>) => {
      const settled = work
        .catch((error: unknown) => {
          if (!waiter.isStopped()) failure ??= error
        })
        .finally(() => {
          running.delete(settled)
          waiter.wake()
        })
      running.add(settled)
    }
    start(keepReading())
    while (failure === undefined && !waiter.isStopped()) {
      const isFinal = !isReading && parts.isDraining()
      for (const batch of track.cut(monotonic(), isFinal)) start(deliver(batch))
      if (running.size === 0 && (track.isEnded() || (isFinal && track.held().records === 0))) break
      const dueMs = track.dueMs()
      await waiter.wait(dueMs === undefined ? undefined : Math.max(0, dueMs - monotonic()))
    }
    await Promise.all(running)
    if (failure !== undefined) throw failure
    if (!waiter.isStopped()) await save()
    return track.isEnded()
  }

  return {
    done: loop(),
    status: () => {
      const { records, oldestMs } = track.held()
      const unread = behindMs > 0 ? behindMs + Math.max(0, clock() - readAtMs) : 0
      const lagMs = Math.max(unread, oldestMs === undefined ? 0 : Math.max(0, clock() - oldestMs))
      return { shard, held: records, lagMs, retries, ...(lastError === undefined ? {} : { lastError }) }
    },
  }
}

function codeOf(error: unknown): string {
  return error instanceof PipelineError ? error.code : 'unknown'
}
