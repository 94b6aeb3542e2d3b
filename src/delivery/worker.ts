import type { Batch } from '../codec/lambda-event.ts'
import { PipelineError } from '../record/error.ts'
import type { Runtime } from '../runtime.ts'
import { eachBounded } from '../store/bounded.ts'
import type { ObjectStore, ObjectTag, PutOutcome } from '../store/store.ts'
import { tagOf } from './expiry.ts'
import { type Plan, type PlannedObject, type PlanRules, planBatch } from './plan.ts'
import { metricsEntry } from './telemetry.ts'

export type WorkerParts = {
  readonly store: ObjectStore
  readonly rules: PlanRules
  readonly runtime: Runtime
  /** How many objects are written at once. */
  readonly putsParallel: number
  /** After how long a write counts as failed. */
  readonly putTimeoutMs: number
}

/** The outcome of a batch. `records` is always `delivered` + `errored`. */
export type Delivery = {
  readonly records: number
  readonly delivered: number
  readonly errored: number
  /** Objects with data, written now or found written. */
  readonly objects: number
  /** Bytes of those objects. */
  readonly bytes: number
  readonly errorFiles: number
  /** Of the objects and error files, those that were found written: an earlier delivery had stored the same. */
  readonly found: number
}

export type DeliverOptions = {
  /** How much of the invocation's time is left, in milliseconds: no write is waited for beyond it. */
  readonly timeLeftMs?: () => number
}

// The time that is kept for the error files, should the data not be writable, and for the answer.
const reserveMs = 2_000
/** More rejections of one batch than this are counted in the log, not listed. */
const loggedRejectionsMax = 100

/**
 * Delivers one batch: data objects first, then an error file for each rejected record, and one for each object
 * that could not be written. When it returns, every record is stored durably; delivered again, the same batch
 * writes nothing new.
 *
 * Throws STORE_UNAVAILABLE when a record could be stored nowhere: the batch must be delivered again.
 *
 * @example
 * const { delivered, errored } = await deliverBatch(batch, parts) // createWorker makes the parts
 */
export async function deliverBatch(
  batch: Batch,
  parts: WorkerParts,
  options: DeliverOptions = {},
): Promise<Delivery> {
  const startedMs = parts.runtime.clock()
  const plan = planBatch(batch, parts.rules)
  let found = 0
  const put = async (key: string, bytes: Uint8Array, tag?: ObjectTag) => {
    const { outcome } = await putOnce(parts, key, bytes, options, tag)
    if (outcome === 'exists') found += 1
  }

  const failed: PlannedObject[] = []
  const written: PlannedObject[] = []
  await eachBounded(plan.objects, parts.putsParallel, async (object) => {
    try {
      await put(object.key, object.bytes)
      written.push(object)
    } catch (error) {
      failed.push(object)
      parts.runtime.log({
        level: 'error',
        message: 'object not written',
        key: object.key,
        code: codeOf(error),
      })
    }
  })
  await eachBounded(plan.errors, parts.putsParallel, ({ key, bytes, rejection }) =>
    put(key, bytes, tagOf(rejection.code)),
  )
  await eachBounded(failed, parts.putsParallel, ({ fallback }) => put(fallback.key, fallback.bytes()))

  const delivery: Delivery = {
    records: batch.records.length,
    delivered: sum(written.map(({ records }) => records.length)),
    errored: plan.errors.length + sum(failed.map(({ records }) => records.length)),
    objects: written.length,
    bytes: sum(written.map(({ bytes }) => bytes.length)),
    errorFiles: plan.errors.length + failed.length,
    found,
  }
  account(batch, delivery)
  report(batch, plan, written, delivery, parts, startedMs)
  return delivery
}

/** Creates the object unless it is there: a key stands for its bytes, so what is there is what was to be written. */
async function putOnce(
  parts: WorkerParts,
  key: string,
  bytes: Uint8Array,
  options: DeliverOptions,
  tag: ObjectTag | undefined,
): Promise<PutOutcome> {
  const leftMs = (options.timeLeftMs?.() ?? Number.POSITIVE_INFINITY) - reserveMs
  const signal = parts.runtime.timeout(Math.max(1, Math.min(parts.putTimeoutMs, leftMs)))
  return parts.store.put(key, bytes, { condition: { ifAbsent: true }, signal, ...(tag && { tag }) })
}

/** Stays on in production: a batch that does not add up is refused, and so delivered again, rather than trusted. */
function account(batch: Batch, { records, delivered, errored }: Delivery): void {
  if (records === delivered + errored) return
  const where = `${batch.stream} ${batch.shard}`
  throw new PipelineError(
    'ACCOUNTING',
    `${where}: ${records} records in, ${delivered} delivered, ${errored} errored`,
  )
}

function report(
  batch: Batch,
  plan: Plan,
  written: readonly PlannedObject[],
  delivery: Delivery,
  { runtime: { log, clock } }: WorkerParts,
  startedMs: number,
): void {
  for (const object of written) {
    const { key, type, records, deletes, bytes } = object
    log({
      level: 'info',
      message: 'object written',
      key,
      type,
      records: records.length,
      deletes,
      bytes: bytes.length,
    })
  }
  for (const { key, rejection, sequence } of plan.errors.slice(0, loggedRejectionsMax)) {
    const { code, stage, path } = rejection
    log({ level: 'warn', message: 'record rejected', code, stage, path, sequence, key })
  }
  const unlisted = plan.errors.length - loggedRejectionsMax
  if (unlisted > 0) log({ level: 'warn', message: 'more records rejected', records: unlisted })
  const nowMs = clock()
  const { stream, shard } = batch
  log({ level: 'info', message: 'batch delivered', stream, shard, ...delivery, tookMs: nowMs - startedMs })
  const arrivals = batch.records.flatMap(({ arrivedMs }) => (arrivedMs === undefined ? [] : [arrivedMs]))
  const metrics = {
    RecordsIn: delivery.records,
    RecordsDelivered: delivery.delivered,
    RecordsErrored: delivery.errored,
    ObjectsWritten: delivery.objects,
    BytesWritten: delivery.bytes,
    ExtraAttributes: plan.extraAttributes,
    RepairedTexts: plan.repairedTexts,
    ...(arrivals.length > 0 ? { DeliveryLagMs: nowMs - arrivals.reduce((a, b) => Math.min(a, b)) } : {}),
  }
  log(metricsEntry(stream, metrics, nowMs))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function codeOf(error: unknown): string {
  return error instanceof PipelineError ? error.code : 'unknown'
}
