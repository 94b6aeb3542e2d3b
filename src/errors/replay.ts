import { createHash } from 'node:crypto'
import { handled } from '../delivery/expiry.ts'
import type { PlanRules } from '../delivery/plan.ts'
import { toIso } from '../record/date.ts'
import { PipelineError } from '../record/error.ts'
import type { Clock } from '../runtime.ts'
import { eachBounded } from '../store/bounded.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Edit } from './edit.ts'
import { tagErrors } from './expiry.ts'
import {
  type History,
  type Left,
  leftKey,
  type Outcome,
  outcomes,
  type Provenance,
  provenanceKey,
  type ReplayReport,
  type Result,
  readProvenance,
  readTries,
  reportKey,
  type Selection,
  selectionKey,
  writeJson,
} from './history.ts'
import { planReplay, type ReplayPlan } from './replay-plan.ts'

/** How often a record is tried before one more try has to be asked for. */
export const triesMax = 5

/** The frozen selection of a replay: neither errors that come in meanwhile nor replays elsewhere change it. */
export type Frozen = Pick<Selection, 'keys' | 'count' | 'sha256'>

/** Freezes a selection of error files. */
export function freeze(keys: readonly string[]): Frozen {
  const sorted = [...new Set(keys)].sort()
  const hash = createHash('sha256')
  for (const key of sorted) hash.update(`${key}\n`)
  return { keys: sorted, count: sorted.length, sha256: hash.digest('hex') }
}

export type ReplayParts = {
  readonly store: ObjectStore
  /** The worker's own. */
  readonly rules: PlanRules
  readonly clock: Clock
  /** How many error files are replayed at once. */
  readonly putsParallel: number
  /** Resolves when the next record may be written; bounds the rate. */
  readonly pace?: () => Promise<void>
  /** Ends the replay after the records under way; the rest is `untried`. */
  readonly signal?: AbortSignal
  readonly onResult?: (result: Result) => Promise<void>
}

export type ReplayRequest = {
  /** `{timestamp}-{uuid}`, never used before. */
  readonly id: string
  readonly by: string
  /** What was asked for, in a word. */
  readonly asked: string
  readonly selection: Frozen
  readonly edit: Edit
  readonly history: History
  /** Tries what was tried too often as well. */
  readonly force?: boolean
}

/**
 * What a replay would do, with nothing written: its outcomes are `written` for what would be delivered, and otherwise
 * those of a real one. `onPlan` sees each record before and after. Throws as the store does.
 */
export async function rehearse(
  request: ReplayRequest,
  parts: ReplayParts,
  onPlan: (key: string, plan: ReplayPlan) => void = () => {},
): Promise<readonly Result[]> {
  const tries = await readTries(parts.store, request.history)
  return eachKey(request, parts, async (key) => {
    const decided = await decide(key, request, parts, tries)
    if ('result' in decided) return decided.result
    onPlan(key, decided.plan)
    const claimed = await readProvenance(parts.store, key)
    return claimed ? compare(key, decided.plan, claimed) : result(key, 'written', decided.plan)
  })
}

/**
 * Replays error files: the selection is written down first; then, for each, who replays it and into what; then the
 * objects, by the worker's own plan and create-if-absent. So it may be killed anywhere and run again, by anyone, at
 * once: the same edit comes to the same objects, and of two edits one is refused. Originals are never changed.
 *
 * Throws as the store does when the selection or the report cannot be written.
 */
export async function replay(request: ReplayRequest, parts: ReplayParts): Promise<ReplayReport> {
  const { id, by, asked, selection, edit, history } = request
  const { store, clock } = parts
  const tries = await readTries(store, history)
  const put = async (key: string, value: Parameters<typeof writeJson>[0]) =>
    (await store.put(key, writeJson(value), { condition: { ifAbsent: true } })).outcome
  const begun = await put(selectionKey(id), {
    ...{ format: 1, id, by, at: toIso(clock()), asked, edit: edit.summary },
    ...{ count: selection.count, sha256: selection.sha256, keys: selection.keys },
  })
  if (begun !== 'stored') throw new PipelineError('STORE_BUSY', `there is a replay ${id} already`)
  const results = await eachKey(request, parts, async (key) => {
    const decided = await decide(key, request, parts, tries)
    if ('result' in decided) return decided.result
    await parts.pace?.()
    return apply(key, decided.plan, request, parts)
  })
  // What is replayed may go, where the archive removes such files.
  await tagErrors(
    store,
    results.filter(isDone).map(({ error }) => error),
    handled,
  )
  const report: ReplayReport = { format: 1, id, endedAt: toIso(clock()), counts: countOf(results), results }
  const unwritten = results.filter(({ outcome }) => outcome === 'unwritten')
  // Of these it may stand written who replayed them: they are not done.
  if (unwritten.length > 0)
    await put(
      leftKey(id, id),
      leftBy(
        id,
        id,
        unwritten.map(({ error }) => error),
      ),
    )
  await put(reportKey(id), report)
  // What earlier ones left half done and is done now.
  const done = new Set(results.filter(isDone).map(({ error }) => error))
  for (const [earlier, before] of history.runs) {
    const left = [...before].filter((key) => !done.has(key))
    if (left.length < before.size) await put(leftKey(earlier, id), leftBy(earlier, id, left))
  }
  return report
}

function leftBy(id: string, by: string, keys: readonly string[]): Left {
  return { format: 1, id, by, keys }
}

/** True when the records of an error file are in the data. */
export function isDone({ outcome }: Result): boolean {
  return outcome === 'written' || outcome === 'there'
}

/** One error file after the other, some at once; results in the order of the keys. */
async function eachKey(
  { selection }: ReplayRequest,
  { putsParallel, signal, onResult }: ReplayParts,
  work: (key: string) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<string, Result>()
  await eachBounded(selection.keys, putsParallel, async (key) => {
    const done = signal?.aborted ? result(key, 'untried') : await work(key)
    results.set(key, done)
    await onResult?.(done)
  })
  return selection.keys.flatMap((key) => results.get(key) ?? [])
}

type Decided = { readonly result: Result } | { readonly plan: ReplayPlan }

/** What is to be written for an error file, or why nothing is. */
async function decide(
  key: string,
  { edit, force }: ReplayRequest,
  { store, rules }: ReplayParts,
  tries: ReadonlyMap<string, number>,
): Promise<Decided> {
  const tried = tries.get(key) ?? 0
  if (tried >= triesMax && !force) {
    const message = `it was tried ${tried} times: look at it, then try it with --force`
    return { result: { ...result(key, 'guarded'), message } }
  }
  const object = await store.get(key)
  if (!object) return { result: result(key, 'gone') }
  const planned = planReplay(key, object.bytes, edit, rules)
  return planned.ok ? planned : { result: { error: key, ...planned.why } }
}

async function apply(
  key: string,
  plan: ReplayPlan,
  { id, by, edit }: ReplayRequest,
  parts: ReplayParts,
): Promise<Result> {
  const { store, clock } = parts
  const claim: Provenance = {
    ...{ format: 1, error: key, replay: id, by, at: toIso(clock()), edit: edit.summary },
    objects: plan.objects,
    ...(plan.errors.length > 0 ? { errors: plan.errors } : {}),
  }
  try {
    const { outcome } = await store.put(provenanceKey(key), writeJson(claim), {
      condition: { ifAbsent: true },
    })
    if (outcome === 'exists') {
      const claimed = await readProvenance(store, key)
      const compared = claimed && compare(key, plan, claimed)
      if (compared?.outcome !== 'there') return compared ?? unreadable(key)
    }
    let isNew = false
    for (const { key: object, bytes, tag } of plan.puts) {
      const put = await store.put(object, bytes, { condition: { ifAbsent: true }, ...(tag && { tag }) })
      if (put.outcome === 'stored') isNew = true
    }
    return result(key, isNew ? 'written' : 'there', plan)
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    return { ...result(key, 'unwritten'), code: error.code, message: error.message }
  }
}

function unreadable(key: string): Result {
  const message = `${provenanceKey(key)} cannot be read: somebody changed it`
  return { ...result(key, 'refused'), message }
}

/** The same objects are the same edit: their names are made from what is in them. */
function compare(key: string, plan: ReplayPlan, claimed: Provenance): Result {
  if (JSON.stringify(claimed.objects) === JSON.stringify(plan.objects)) return result(key, 'there', plan)
  const message = `${claimed.by} replayed it with another edit at ${claimed.at}, see dmd replay show ${claimed.replay}`
  return { ...result(key, 'refused'), message }
}

function result(key: string, outcome: Outcome, plan?: ReplayPlan): Result {
  return {
    error: key,
    outcome,
    ...(plan ? { objects: plan.objects } : {}),
    ...(plan && plan.errors.length > 0 ? { errors: plan.errors } : {}),
  }
}

/** How many error files came to each outcome, in the order of `outcomes`. */
export function countOf(results: readonly Result[]): ReplayReport['counts'] {
  const counts: { [outcome in Outcome]?: number } = {}
  for (const outcome of outcomes) {
    const count = results.filter((one) => one.outcome === outcome).length
    if (count > 0) counts[outcome] = count
  }
  return counts
}
