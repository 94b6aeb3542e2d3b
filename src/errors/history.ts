import * as z from 'zod'
import { nameUuid } from '../delivery/key.ts'
import { parseInstant, toBasicIso } from '../record/date.ts'
import type { Code, Stage } from '../record/error.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Edit } from './edit.ts'
import { errorsPrefix } from './read.ts'

/** Where it is kept what was replayed. */
export const replaysPrefix = 'replays/'
const runsPrefix = `${replaysPrefix}runs/`

/** An edit as it may be told: what it changes, and no value. */
export type EditSummary = Edit['summary']

/**
 * `replays/{timestamp}-{uuid}.json`, named as the error file is: what became of its records. It is written before the
 * objects are, by create-if-absent: of two replays with different edits, only one can write.
 */
export type Provenance = {
  readonly format: 1
  /** The error file that was replayed. */
  readonly error: string
  /** The replay that did it. */
  readonly replay: string
  readonly by: string
  /** ISO-8601 UTC. */
  readonly at: string
  readonly edit: EditSummary
  /** The objects that hold the records. */
  readonly objects: readonly string[]
  /** For a batch that was given up: the error files of those of its records that fail. */
  readonly errors?: readonly string[]
}

/** `replays/runs/{id}/selection.json`: what a replay set out to do, written before anything is done. */
export type Selection = {
  readonly format: 1
  readonly id: string
  readonly by: string
  /** ISO-8601 UTC. */
  readonly at: string
  /** What was asked for: a key, a fingerprint, or all. */
  readonly asked: string
  readonly edit: EditSummary
  readonly count: number
  /** Over the keys in order, each followed by a line feed. */
  readonly sha256: string
  /** The error files, in order. */
  readonly keys: readonly string[]
}

/**
 * What became of one error file:
 * - `written`: its records are in the data now;
 * - `there`: an earlier replay had written the very same;
 * - `refused`: it was replayed with another edit;
 * - `unpatched`: the edit cannot be applied to it;
 * - `foreign`: it is no error file;
 * - `fails`: its record fails again;
 * - `unwritten`: the archive could not be written; it stays open;
 * - `guarded`: it was tried so often that one more try needs to be asked for;
 * - `gone`: the error file is not there any more;
 * - `untried`: the replay was stopped before.
 */
export const outcomes = [
  'written',
  'there',
  'refused',
  'unpatched',
  'foreign',
  'fails',
  'unwritten',
  'guarded',
  'gone',
  'untried',
] as const
export type Outcome = (typeof outcomes)[number]

/** What became of one error file, and why. No part of it holds a value of a record. */
export type Result = {
  readonly error: string
  readonly outcome: Outcome
  readonly objects?: readonly string[]
  readonly errors?: readonly string[]
  readonly code?: Code
  readonly stage?: Stage
  readonly path?: string
  readonly message?: string
  /** `fails` as it is and for the very cause of the error file: nothing has changed, so that it is no try. */
  readonly unchanged?: true
}

/** `replays/runs/{id}/result.json`: what a replay did, written at its end. */
export type ReplayReport = {
  readonly format: 1
  readonly id: string
  /** ISO-8601 UTC. */
  readonly endedAt: string
  readonly counts: { readonly [outcome in Outcome]?: number }
  readonly results: readonly Result[]
}

/**
 * `replays/runs/{id}/left/{by}.json`: the error files of the replay `id` that are not known to be done, as the replay `by`
 * left them. `by` is the same replay, when it could not write everything, or a later one that finished a killed replay.
 *
 * Provenance cannot say this. It is written before the objects, so that a second edit is refused; after a kill between the
 * two it stands although its objects are missing, and it does not hold the edit, so that nobody can tell from it alone.
 * Therefore every file of a replay without a report stays open. Only a later replay of the same edit finds out that its
 * objects are there, and writes down what is left. Without that, the files of a killed replay would stay open for ever, or
 * each listing of errors would have to read the reports of all replays there ever were. With it, a listing reads files of
 * unfinished replays only. A report cannot be written for a replay by another one: it may still be running.
 */
export type Left = {
  readonly format: 1
  readonly id: string
  readonly by: string
  readonly keys: readonly string[]
}

/** What was replayed so far. */
export type History = {
  /** The keys in `replays/` of the error files that were replayed, or begun to be. */
  readonly replayed: ReadonlySet<string>
  /** The ids of all replays, in order, each with the error files that it may have left half done. */
  readonly runs: ReadonlyMap<string, ReadonlySet<string>>
  /** All of those. */
  readonly unfinished: ReadonlySet<string>
}

/** Reads which error files were replayed. Throws as the store does. */
export async function readHistory(store: ObjectStore): Promise<History> {
  const replayed = new Set<string>()
  const files = new Map<string, string[]>()
  for await (const page of store.keys(replaysPrefix))
    for (const key of page) {
      const [id] = key.startsWith(runsPrefix) ? key.slice(runsPrefix.length).split('/') : []
      const known = id === undefined ? undefined : files.get(id)
      if (id === undefined) replayed.add(key)
      else if (known) known.push(key)
      else files.set(id, [key])
    }
  const runs = new Map<string, ReadonlySet<string>>()
  for (const [id, keys] of files) runs.set(id, await readLeft(store, id, keys))
  return { replayed, runs, unfinished: new Set([...runs.values()].flatMap((left) => [...left])) }
}

async function readLeft(
  store: ObjectStore,
  id: string,
  files: readonly string[],
): Promise<ReadonlySet<string>> {
  const lists = files.filter((key) => key.startsWith(leftKey(id, '').replace('.json', '')))
  if (lists.length === 0)
    return new Set(files.includes(reportKey(id)) ? [] : (await readSelection(store, id))?.keys)
  let left: ReadonlySet<string> | undefined
  for (const key of lists) {
    const list = await readJson<Left>(store, key, shapes.left)
    if (list) left = new Set(list.keys.filter((error) => left?.has(error) ?? true))
  }
  return left ?? new Set()
}

/** True for an error file whose records may not be in the data. */
export function isOpen({ replayed, unfinished }: History, key: string): boolean {
  return replayed.size === 0 || !replayed.has(provenanceKey(key)) || unfinished.has(key)
}

/**
 * How often each error file was tried without success, by its key. A try that was begun counts; a replay without an edit that
 * came to the same failure does not.
 */
export async function readTries(store: ObjectStore, { runs }: History): Promise<ReadonlyMap<string, number>> {
  const tries = new Map<string, number>()
  const add = (key: string) => tries.set(key, (tries.get(key) ?? 0) + 1)
  for (const id of runs.keys()) {
    const report = await readReplayReport(store, id)
    for (const { error, outcome, unchanged } of report?.results ?? [])
      if (outcome === 'fails' && !unchanged) add(error)
    if (!report) for (const key of (await readSelection(store, id))?.keys ?? []) add(key)
  }
  return tries
}

/** The key in `replays/` of an error file: that of `errors/X.json` is `replays/X.json`. */
export function provenanceKey(error: string): string {
  if (error.startsWith(errorsPrefix)) return replaysPrefix + error.slice(errorsPrefix.length)
  // A batch that was given up: …/YYYY-MM-DDTHH.MM.SS-{uuid}
  const [, day, h, m, s] = /(\d{4}-\d\d-\d\d)T(\d\d)\.(\d\d)\.(\d\d)-[^/]+$/.exec(error) ?? []
  const timestampMs = day === undefined ? 0 : (parseInstant(`${day}T${h}:${m}:${s}Z`) ?? 0)
  return `${replaysPrefix}${toBasicIso(timestampMs)}-${nameUuid(['replay', error])}.json`
}

/** The keys of a replay's own files. */
export function selectionKey(id: string): string {
  return `${runsPrefix}${id}/selection.json`
}
export function reportKey(id: string): string {
  return `${runsPrefix}${id}/result.json`
}
export function leftKey(id: string, by: string): string {
  return `${runsPrefix}${id}/left/${by}.json`
}

const format = z.literal(1)
const texts = z.array(z.string())
const edit = z.object({
  kind: z.enum(['none', 'patch', 'replacement']),
  operations: z.array(z.object({ op: z.string(), path: z.string(), from: z.string().optional() })).optional(),
})
const shapes = {
  provenance: z.looseObject({
    ...{ format, error: z.string(), replay: z.string(), by: z.string(), at: z.string(), edit },
    ...{ objects: texts, errors: texts.optional() },
  }),
  selection: z.looseObject({
    ...{ format, id: z.string(), by: z.string(), at: z.string(), asked: z.string(), edit },
    ...{ count: z.number(), sha256: z.string(), keys: texts },
  }),
  report: z.looseObject({
    ...{ format, id: z.string(), endedAt: z.string(), counts: z.record(z.string(), z.number()) },
    results: z.array(
      z.looseObject({ error: z.string(), outcome: z.enum(outcomes), objects: texts.optional() }),
    ),
  }),
  left: z.looseObject({ format, keys: texts }),
}

/** What a replay set out to do; undefined where there is none of this id. Throws as the store does. */
export function readSelection(store: ObjectStore, id: string): Promise<Selection | undefined> {
  return readJson<Selection>(store, selectionKey(id), shapes.selection)
}

/** What a replay did; undefined while it runs, or where it was killed. Throws as the store does. */
export function readReplayReport(store: ObjectStore, id: string): Promise<ReplayReport | undefined> {
  return readJson<ReplayReport>(store, reportKey(id), shapes.report)
}

/** Who replayed an error file, and how; undefined where nobody did. Throws as the store does. */
export function readProvenance(store: ObjectStore, error: string): Promise<Provenance | undefined> {
  return readJson<Provenance>(store, provenanceKey(error), shapes.provenance)
}

/** A file of the history; undefined where there is none, or one of another shape: anybody may put files there. */
async function readJson<T>(store: ObjectStore, key: string, shape: z.ZodType): Promise<T | undefined> {
  const object = await store.get(key)
  if (!object) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(object.bytes).toString('utf8'))
    return shape.safeParse(value).success ? (value as T) : undefined
  } catch {
    return undefined
  }
}

/** The bytes of a file of the history. */
export function writeJson(value: Provenance | Selection | ReplayReport | Left): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8')
}
