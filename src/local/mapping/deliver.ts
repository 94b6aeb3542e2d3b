import { backoff } from '../../aws/retry.ts'
import { type DiscardedBatch, writeFailedBatch } from '../../codec/failed-batch.ts'
import { toKinesisEvent } from '../../codec/lambda-event.ts'
import type { Handler } from '../../delivery/handler.ts'
import { PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { SourceRecord } from '../source.ts'
import type { MappingSettings } from './settings.ts'
import type { Waiter } from './waiter.ts'

export type DeliverParts = {
  readonly handler: Handler
  /** Where batches go that are given up. */
  readonly failures: ObjectStore
  readonly settings: MappingSettings
  readonly runtime: Runtime
  readonly waiter: Waiter
}

/** Told of each call that failed, and of a batch that was given up. */
export type OnTrouble = (trouble: { readonly code: string; readonly isGivenUp: boolean }) => void

/**
 * Calls the function with a batch until it succeeds; gives the batch up, into the store of failures, when its oldest
 * record is too old and it has failed once more. Resolves to false where it was stopped before either.
 */
export async function deliverUntilDone(
  {
    arn,
    shard,
    records,
  }: { readonly arn: string; readonly shard: string; readonly records: readonly SourceRecord[] },
  parts: DeliverParts,
  onTrouble: OnTrouble,
): Promise<boolean> {
  const { settings, waiter } = parts
  const { clock, log, random } = parts.runtime
  const event = toKinesisEvent(records, arn, shard)
  const oldestMs = records.reduce(
    (oldest, { arrivedMs }) => Math.min(oldest, arrivedMs),
    Number.POSITIVE_INFINITY,
  )
  for (let calls = 1; ; calls++) {
    const code = await callOnce(event, parts)
    if (code === undefined) return true
    const isTooOld = clock() - oldestMs > settings.recordAgeMaxMs
    onTrouble({ code, isGivenUp: false })
    log({ level: 'error', message: 'batch failed', shard, records: records.length, code, calls })
    if (isTooOld && (await giveUp({ arn, shard, records, calls, nowMs: clock() }, parts))) {
      onTrouble({ code, isGivenUp: true })
      return true
    }
    await waiter.sleep(backoff(calls, settings.backoffMs, random))
    if (waiter.isStopped()) return false
  }
}

/** The code of the failure, or undefined. A call that takes too long counts as failed; what it may still do is done once. */
async function callOnce(
  event: unknown,
  { handler, settings, runtime }: DeliverParts,
): Promise<string | undefined> {
  const endMs = runtime.clock() + settings.functionTimeoutMs
  let stop = () => {}
  const timeout = new Promise<string>((resolve) => {
    stop = runtime.timer(settings.functionTimeoutMs, () => resolve('FUNCTION_TIMEOUT'))
  })
  const call = handler(event, { getRemainingTimeInMillis: () => endMs - runtime.clock() }).then(
    () => undefined,
    (error: unknown) => (error instanceof PipelineError ? error.code : 'unknown'),
  )
  const code = await Promise.race([call, timeout])
  stop()
  return code
}

async function giveUp(batch: DiscardedBatch, { failures, runtime: { log } }: DeliverParts): Promise<boolean> {
  const { shard, records } = batch
  try {
    const { key, bytes } = writeFailedBatch(batch)
    await failures.put(key, bytes, { condition: { ifAbsent: true } })
    log({ level: 'error', message: 'batch given up', shard, records: records.length, key })
    return true
  } catch (error) {
    const code = error instanceof PipelineError ? error.code : 'unknown'
    log({ level: 'error', message: 'batch not given up: it could not be stored', shard, code })
    return false
  }
}
