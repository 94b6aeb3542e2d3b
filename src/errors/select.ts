import { isOpen } from './history.ts'
import { isErrorKey } from './read.ts'
import type { Triage } from './triage.ts'

/** Which error files a replay is asked for. Without a name: all of them. */
export type SelectionRequest = {
  /** The key of an error file, or the fingerprint of a group. */
  readonly name?: string | undefined
  readonly code?: string | undefined
  readonly type?: string | undefined
  /** Errors since then only, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined
}

export type SelectedErrors = {
  /** In order. */
  readonly keys: readonly string[]
  /** How many of the files asked for were replayed before. */
  readonly replayedBefore: number
}

/**
 * Returns the error files that a replay takes: the open ones of those asked for. If a name is given and none of its files
 * is open, it returns those that were replayed before, so that a replay can be repeated. If no name is given, it leaves
 * out the groups that are ignored.
 *
 * Returns undefined when there is no error file and no group of the name.
 *
 * @example
 * selectErrors(await triage(store, catalog), { name: 'a1b2c3d4', type: 'demand' })
 */
export function selectErrors(
  { entries, groups, history }: Pick<Triage, 'entries' | 'groups' | 'history'>,
  { name, code, type, sinceMs = Number.NEGATIVE_INFINITY }: SelectionRequest,
): SelectedErrors | undefined {
  const ignored = new Set(
    groups.flatMap(({ state, fingerprint }) => (state === 'ignored' ? [fingerprint] : [])),
  )
  const named = entries.filter(({ key, fingerprint }) =>
    name === undefined ? !ignored.has(fingerprint) : isErrorKey(name) ? key === name : fingerprint === name,
  )
  if (named.length === 0 && name !== undefined) return undefined
  const asked = named.filter(
    ({ cause, timestampMs }) =>
      (code === undefined || cause.code === code) &&
      (type === undefined || cause.type === type) &&
      timestampMs >= sinceMs,
  )
  const open = asked.filter(({ key }) => isOpen(history, key))
  const selected = open.length > 0 || name === undefined ? open : asked
  return { keys: selected.map(({ key }) => key).sort(), replayedBefore: asked.length - open.length }
}

/**
 * Returns in words what was asked for, as the archive keeps it in the selection of a replay: `all`, `a1b2c3d4, type
 * demand`. It holds no value of a record. `since` is the time as the person wrote it.
 */
export function describeSelection({
  name,
  code,
  type,
  since,
}: {
  readonly name?: string | undefined
  readonly code?: string | undefined
  readonly type?: string | undefined
  readonly since?: string | undefined
}): string {
  const filters = Object.entries({ code, type, since }).flatMap(([filter, value]) =>
    value === undefined ? [] : [`${filter} ${value}`],
  )
  return [name ?? (filters.length > 0 ? [] : 'all'), ...filters].flat().join(', ')
}
