import { isFailedKey, parseFailedBatch } from '../codec/failed-batch.ts'
import type { Batch, StreamRecord } from '../codec/lambda-event.ts'
import type { ErrorFile } from '../delivery/error-file.ts'
import { tagOf } from '../delivery/expiry.ts'
import { type PlanRules, planBatch } from '../delivery/plan.ts'
import { parseInstant } from '../record/date.ts'
import type { ObjectTag } from '../store/store.ts'
import type { Edit } from './edit.ts'
import type { Result } from './history.ts'
import { parseErrorFile, payloadsOf } from './read.ts'

/** What an error file becomes: a function of the file, the edit and the rules, and of nothing else. */
export type ReplayPlan = {
  /** The keys of the objects that hold its records. */
  readonly objects: readonly string[]
  /** For a batch that was given up: the keys of the error files of those of its records that fail. */
  readonly errors: readonly string[]
  /** All that has to be written. */
  readonly puts: readonly Put[]
  /** The one record before and after the edit. */
  readonly change?: { readonly before: Uint8Array; readonly after: Uint8Array }
}

type Put = { readonly key: string; readonly bytes: Uint8Array; readonly tag?: ObjectTag | undefined }

export type Planned =
  | { readonly ok: true; readonly plan: ReplayPlan }
  | { readonly ok: false; readonly why: Omit<Result, 'error'> }

/**
 * Plans the replay of one error file, by the worker's own plan. The change keeps its time, its place in the stream and
 * its arrival. One record becomes an object of its own, named after the error file and what is delivered; a file of
 * stage `deliver` becomes the very object that was planned; a batch that was given up becomes what the worker would
 * have made of it.
 *
 * Never throws for any bytes and any edit.
 */
export function planReplay(key: string, bytes: Uint8Array, edit: Edit, rules: PlanRules): Planned {
  if (isFailedKey(key)) return planFailedBatch(bytes, edit, rules)
  const file = parseErrorFile(bytes)
  if (!file) return foreign('it is no error file')
  if (file.object) return planObject(file, file.object, edit, rules)
  const [payload] = payloadsOf(file)
  if (!payload || file.events.length !== 1) return foreign('it holds no record')
  const edited = edit.apply(payload)
  if (!edited.ok) return { ok: false, why: { outcome: 'unpatched', message: edited.message } }
  const { stream, shard, sequence, arrived } = file.source
  const record = toRecord(edited.payload, sequence, arrived)
  const planned = planWhole([{ stream, shard, records: [record], error: key }], rules)
  if (!planned.ok) return isUnchanged(planned.why, file, edit) ? withUnchanged(planned) : planned
  return { ok: true, plan: { ...planned.plan, change: { before: payload, after: edited.payload } } }
}

/** True when a record that was not edited fails for the very cause of its error file. */
function isUnchanged(why: Omit<Result, 'error'>, { error }: ErrorFile, edit: Edit): boolean {
  return (
    edit.summary.kind === 'none' &&
    why.code === error.code &&
    why.stage === error.stage &&
    (why.path ?? '') === (error.path ?? '')
  )
}

function withUnchanged({ why }: { readonly why: Omit<Result, 'error'> }): Planned {
  return { ok: false, why: { ...why, unchanged: true } }
}

function planObject(
  file: ErrorFile,
  { records }: NonNullable<ErrorFile['object']>,
  edit: Edit,
  rules: PlanRules,
): Planned {
  if (edit.summary.kind !== 'none') return unedited('its records are sound, the object could not be written')
  const payloads = payloadsOf(file)
  if (payloads.length === 0 || payloads.length !== records.length) return foreign('its records do not add up')
  const { stream, shard } = file.source
  return planWhole(
    [
      {
        ...{ stream, shard },
        records: records.map(({ sequence, arrived }, index) =>
          toRecord(payloads[index] as Uint8Array, sequence, arrived),
        ),
      },
    ],
    rules,
  )
}

/** What fails has been an error or a sound record before, so it may not become an error file again. */
function planWhole(batches: readonly Batch[], rules: PlanRules): Planned {
  const plans = batches.map((batch) => planBatch(batch, rules))
  const rejection = plans.flatMap(({ errors }) => errors)[0]?.rejection
  if (rejection) return { ok: false, why: { outcome: 'fails', ...rejection } }
  const puts = plans.flatMap(({ objects }) => objects)
  return { ok: true, plan: { objects: puts.map(({ key }) => key), errors: [], puts } }
}

function planFailedBatch(bytes: Uint8Array, edit: Edit, rules: PlanRules): Planned {
  const failed = parseFailedBatch(bytes)
  if (!failed) return foreign('it is no batch of an on-failure destination')
  if (edit.summary.kind !== 'none')
    return unedited('those of its records that fail become errors of their own')
  const plans = failed.batches.map((batch) => planBatch(batch, rules))
  const objects = plans.flatMap((plan) => plan.objects)
  const errors = plans.flatMap((plan) =>
    plan.errors.map(({ key, bytes, rejection }) => ({ key, bytes, tag: tagOf(rejection.code) })),
  )
  const keys = (puts: readonly { key: string }[]) => puts.map(({ key }) => key)
  return { ok: true, plan: { objects: keys(objects), errors: keys(errors), puts: [...objects, ...errors] } }
}

function foreign(message: string): Planned {
  return { ok: false, why: { outcome: 'foreign', message } }
}

function unedited(why: string): Planned {
  return { ok: false, why: { outcome: 'unpatched', message: `replay it without an edit: ${why}` } }
}

function toRecord(payload: Uint8Array, sequence: string, arrived: string | undefined): StreamRecord {
  const arrivedMs = arrived === undefined ? undefined : parseInstant(arrived)
  return { payload, sequence, ...(arrivedMs === undefined ? {} : { arrivedMs }) }
}
