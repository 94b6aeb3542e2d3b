import { handled, tagOf, unhandled } from '../delivery/expiry.ts'
import type { ObjectStore } from '../store/store.ts'
import { goneWhenIgnored, tagErrors } from './expiry.ts'
import { addStatus, type GroupState, type Status } from './status.ts'
import type { ErrorGroup, Triage } from './triage.ts'

/** The status that a person gives to a group. */
export type StatusRequest = {
  readonly status: Status
  readonly by: string
  readonly note?: string | undefined
}

export type StatusChange = {
  /** The key of the new entry in `triage/`. */
  readonly key: string
  readonly before: GroupState
  /** How many error files could not be tagged for expiry; the same call again tags them. */
  readonly untagged: number
}

/**
 * Adds a status of a group to the log. When the group is ignored, or is no longer ignored, its open error files are
 * tagged, so that a lifecycle rule removes them or keeps them. Throws as the store does.
 */
export async function setStatus(
  store: ObjectStore,
  { entries, history }: Pick<Triage, 'entries' | 'history'>,
  { fingerprint, files, lastSeen, said, state, code }: ErrorGroup,
  { status, by, note }: StatusRequest,
  nowMs: number,
): Promise<StatusChange> {
  const entry = {
    fingerprint,
    status,
    by,
    ...(note === undefined ? {} : { note }),
    covers: { files, lastSeen },
  }
  const key = await addStatus(store, said, entry, nowMs)
  if (status !== 'ignored' && state !== 'ignored') return { key, before: state, untagged: 0 }
  const own = entries.filter((other) => other.fingerprint === fingerprint).map((other) => other.key)
  const tag = status === 'ignored' ? handled : (tagOf(code) ?? unhandled)
  return { key, before: state, untagged: await tagErrors(store, goneWhenIgnored(own, history), tag) }
}

const noteMax = 200

/**
 * Returns what is wrong with a note; undefined when it can be kept. A note stays in the archive for ever, so it must hold
 * no personal data.
 */
export function noteProblem(note: string): string | undefined {
  if (note.length > noteMax || /\p{Cc}/u.test(note)) return `takes one line of up to ${noteMax} characters`
  if (/@|\d[\d ()/-]{5,}\d/.test(note))
    return 'looks like an address or a telephone number: leave personal data out of it'
  return undefined
}
