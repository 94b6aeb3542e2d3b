import { nameUuid } from '../delivery/key.ts'
import { parseInstant, toBasicIso, toIso } from '../record/date.ts'
import { isObject, type Json } from '../record/type.ts'
import type { ObjectStore } from '../store/store.ts'

/** What people say of a group: `new` takes back what was said. */
export const statuses = ['new', 'acknowledged', 'ignored', 'fixed'] as const
export type Status = (typeof statuses)[number]

/** What holds of a group: also `regressed`, when errors came after it was said to be fixed. */
export type GroupState = Status | 'regressed'
export const groupStates: readonly GroupState[] = ['new', 'regressed', 'acknowledged', 'fixed', 'ignored']

/** One word of one person on a group; the log of them is in `triage/`, and nothing in it is ever changed. */
export type StatusEntry = {
  readonly format: 1
  readonly fingerprint: string
  readonly status: Status
  /** ISO-8601 UTC. */
  readonly at: string
  readonly by: string
  readonly note?: string
  /** One more than the entry that was known: a later word counts even where its writer's clock is behind. */
  readonly revision: number
  /** How many files the group had, and when its latest was seen: more than that came afterwards. */
  readonly covers: { readonly files: number; readonly lastSeen: string }
}

export const triagePrefix = 'triage/'

/** Every entry of the log by group, the one that counts last. Throws as the store does. */
export async function readStatuses(store: ObjectStore): Promise<ReadonlyMap<string, readonly StatusEntry[]>> {
  const groups = new Map<string, { key: string; entry: StatusEntry }[]>()
  const keys: string[] = []
  for await (const page of store.keys(triagePrefix)) keys.push(...page)
  for (const key of keys) {
    const object = await store.get(key)
    const entry = object && parseEntry(object.bytes)
    if (!entry) continue
    const group = groups.get(entry.fingerprint) ?? []
    group.push({ key, entry })
    groups.set(entry.fingerprint, group)
  }
  return new Map([...groups].map(([name, group]) => [name, group.sort(byOrder).map(({ entry }) => entry)]))
}

/** By revision; two people who did not know of one another by time, then by name, so that all readers agree. */
function byOrder(a: { key: string; entry: StatusEntry }, b: { key: string; entry: StatusEntry }): number {
  if (a.entry.revision !== b.entry.revision) return a.entry.revision - b.entry.revision
  const [one, other] = [`${a.entry.at} ${a.key}`, `${b.entry.at} ${b.key}`]
  return one < other ? -1 : one > other ? 1 : 0
}

/**
 * Adds a word on a group to the log. Two people may do so at once: both stay in the log, and all readers agree on
 * which one counts. Returns the key. Throws as the store does.
 */
export async function addStatus(
  store: ObjectStore,
  known: readonly StatusEntry[],
  said: Pick<StatusEntry, 'fingerprint' | 'status' | 'by' | 'note' | 'covers'>,
  nowMs: number,
): Promise<string> {
  const revision = (known.at(-1)?.revision ?? 0) + 1
  const entry: StatusEntry = { format: 1, ...said, at: toIso(nowMs), revision }
  const text = `${JSON.stringify(entry, null, 2)}\n`
  const key = `${triagePrefix}${toBasicIso(nowMs)}-${nameUuid([text])}.json`
  await store.put(key, Buffer.from(text, 'utf8'), { condition: { ifAbsent: true } })
  return key
}

/** What holds of a group that has `files` files, the latest seen at `lastSeen`. */
export function stateOf(
  entries: readonly StatusEntry[],
  { files, lastSeen }: StatusEntry['covers'],
): GroupState {
  const last = entries.at(-1)
  if (last === undefined) return 'new'
  const isMore = files > last.covers.files || lastSeen > last.covers.lastSeen
  return last.status === 'fixed' && isMore ? 'regressed' : last.status
}

function parseEntry(bytes: Uint8Array): StatusEntry | undefined {
  try {
    const entry: Json = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const isSound =
      isObject(entry) &&
      entry.format === 1 &&
      typeof entry.fingerprint === 'string' &&
      statuses.includes(entry.status as Status) &&
      typeof entry.at === 'string' &&
      parseInstant(entry.at) !== undefined &&
      typeof entry.by === 'string' &&
      typeof entry.revision === 'number' &&
      isObject(entry.covers) &&
      typeof entry.covers.files === 'number' &&
      typeof entry.covers.lastSeen === 'string'
    return isSound ? (entry as unknown as StatusEntry) : undefined
  } catch {
    return undefined
  }
}
