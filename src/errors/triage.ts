import { toIso } from '../record/date.ts'
import type { Catalog } from '../record/schema.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Cause } from './cause.ts'
import { type History, isOpen, readHistory } from './history.ts'
import { type ErrorEntry, type IndexOptions, readErrorIndex } from './index-file.ts'
import { type GroupState, readStatuses, type StatusEntry, stateOf } from './status.ts'

/** Errors of one cause. No part of it holds a value of a record. */
export type ErrorGroup = Cause & {
  /** Names the cause: eight hexadecimal digits over stage, code, type and path. */
  readonly fingerprint: string
  readonly files: number
  readonly records: number
  /** Files whose records were not replayed. */
  readonly open: number
  /** ISO-8601 UTC; 1970 where the records tell no time. */
  readonly firstSeen: string
  readonly lastSeen: string
  /** Records in equal parts of the time from the first to the last error of all groups shown. */
  readonly timeline: readonly number[]
  readonly state: GroupState
  /** What people said of it, the latest last. */
  readonly said: readonly StatusEntry[]
  /** The key of the earliest file. */
  readonly sample: string
}

export type Triage = {
  /** Those with open errors first, the largest first. */
  readonly groups: readonly ErrorGroup[]
  /** Every error file, in the order of the keys. */
  readonly entries: readonly ErrorEntry[]
  readonly history: History
  /** What the timelines span, in milliseconds since 1970. */
  readonly from: number
  readonly to: number
  /** How many files lie among the error files and are none. */
  readonly foreign: number
}

/** Which groups are wanted; what is left out does not matter. */
export type TriageFilter = {
  /** Errors since then only, in milliseconds since 1970. */
  readonly sinceMs?: number
  readonly type?: string
  /** A code, or a fingerprint. */
  readonly cause?: string
  readonly states?: readonly GroupState[]
}

export const timelineParts = 16

/** Groups the error files of an archive by cause. Throws as the store does. */
export async function triage(
  store: ObjectStore,
  catalog: Catalog,
  filter: TriageFilter = {},
  options: IndexOptions = {},
): Promise<Triage> {
  const { entries, foreign } = await readErrorIndex(store, catalog, options)
  const [history, statuses] = await Promise.all([readHistory(store), readStatuses(store)])
  return { ...groupErrors(entries, history, statuses, filter), entries, history, foreign }
}

/** Groups errors by cause, with what people said of each. A pure function. */
export function groupErrors(
  entries: readonly ErrorEntry[],
  history: History,
  statuses: ReadonlyMap<string, readonly StatusEntry[]>,
  { sinceMs = Number.NEGATIVE_INFINITY, type, cause, states }: TriageFilter,
): Pick<Triage, 'groups' | 'from' | 'to'> {
  const causes = new Map<string, ErrorEntry[]>()
  for (const entry of entries) {
    const group = causes.get(entry.fingerprint)
    if (group) group.push(entry)
    else causes.set(entry.fingerprint, [entry])
  }
  const wanted = [...causes].flatMap(([fingerprint, all]) => {
    const [first] = all
    const recent = all.filter(({ timestampMs }) => timestampMs >= sinceMs)
    if (!first || recent.length === 0) return []
    if (type !== undefined && first.cause.type !== type) return []
    if (cause !== undefined && first.cause.code !== cause && fingerprint !== cause) return []
    const said = statuses.get(fingerprint) ?? []
    // By all of its errors, those before `sinceMs` too.
    const state = stateOf(said, { files: all.length, lastSeen: toIso(latest(all)) })
    return states && !states.includes(state) ? [] : [{ fingerprint, recent, said, state, cause: first.cause }]
  })
  const times = wanted.flatMap(({ recent }) => recent.map(({ timestampMs }) => timestampMs)).filter(Boolean)
  const from = times.reduce((a, b) => Math.min(a, b), times[0] ?? 0)
  const to = times.reduce((a, b) => Math.max(a, b), times[0] ?? 0)
  const groups = wanted.map(({ fingerprint, recent, said, state, cause }): ErrorGroup => {
    const earliest = recent.reduce((a, b) => (b.timestampMs < a.timestampMs ? b : a))
    return {
      fingerprint,
      ...cause,
      files: recent.length,
      records: recent.reduce((total, { records }) => total + records, 0),
      open: recent.filter(({ key }) => isOpen(history, key)).length,
      firstSeen: toIso(earliest.timestampMs),
      lastSeen: toIso(latest(recent)),
      timeline: timelineOf(recent, from, to),
      state,
      said,
      sample: earliest.key,
    }
  })
  return { groups: groups.sort(byUrgency), from, to }
}

function latest(entries: readonly ErrorEntry[]): number {
  return entries.reduce((latestMs, { timestampMs }) => Math.max(latestMs, timestampMs), 0)
}

function timelineOf(entries: readonly ErrorEntry[], from: number, to: number): readonly number[] {
  const parts = Array.from({ length: timelineParts }, () => 0)
  const width = (to - from + 1) / timelineParts
  for (const { timestampMs, records } of entries)
    if (timestampMs > 0) parts[Math.floor((timestampMs - from) / width)]! += records
  return parts
}

function byUrgency(a: ErrorGroup, b: ErrorGroup): number {
  return b.open - a.open || b.records - a.records || (a.fingerprint < b.fingerprint ? -1 : 1)
}
