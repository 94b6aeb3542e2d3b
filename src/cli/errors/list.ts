import { type GroupState, groupStates } from '../../errors/status.ts'
import type { ErrorGroup, TriageFilter } from '../../errors/triage.ts'
import { toIso } from '../../record/date.ts'
import type { Catalog } from '../../record/schema.ts'
import type { Settings } from '../../settings.ts'
import { columns } from '../columns.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { archiveFlags, commandText } from '../commandline.ts'
import { count, counted, type Io, outJson, style } from '../io.ts'
import { momentBefore } from '../time.ts'
import { type ErrorFlags, openErrors, readTriage } from './open.ts'

export type ListFlags = ErrorFlags & {
  readonly since?: string
  readonly type?: string
  readonly cause?: string
  readonly status?: string
}

/** `dmd errors list`: a line a cause. */
export async function listErrors(io: Io, flags: ListFlags): Promise<ExitCode> {
  const opened = await openErrors(io, flags)
  const filter = filterOf(io, flags, opened.catalog)
  const { groups, from, to } = await readTriage(io, opened, filter)
  const isFiltered = Object.keys(filter).length > 0
  if (flags.json) await outJson(io, groups)
  else if (groups.length === 0) await io.out(isFiltered ? 'no such errors\n' : 'no errors\n')
  else {
    await io.out(groupTable(io, groups))
    await io.out(style(io, 'dim', `\n${legend(io, groups, { from, to }, opened.settings)}`))
  }
  return exitCodes.ok
}

function groupTable(io: Io, groups: readonly ErrorGroup[]): string {
  const header = [
    'cause',
    'status',
    'open',
    'records',
    'code',
    'type',
    'path',
    'when',
    'first seen',
    'last seen',
  ]
  const rows = groups.map((group) => [
    group.fingerprint,
    group.state,
    count(group.open),
    count(group.records),
    group.code,
    group.type,
    group.path,
    sparkline(group.timeline),
    seen(group.firstSeen),
    seen(group.lastSeen),
  ])
  const column = (name: string) => header.indexOf(name)
  return columns(io, header, rows, {
    right: ['open', 'records'].map(column),
    spare: ['first seen', 'when', 'records', 'last seen', 'type', 'status'].map(column),
    whole: [column('cause')],
    paint: (text, row, index) =>
      index === column('status') && isAlarming(groups[row]) ? style(io, 'yellow', text) : text,
  })
}

function isAlarming(group: ErrorGroup | undefined): boolean {
  return group?.state === 'regressed' || (group?.state === 'new' && group.open > 0)
}

/** The totals, and how to read on; in lines that fit 80 columns unless the archive's name is long. */
function legend(
  io: Io,
  groups: readonly ErrorGroup[],
  { from, to }: { from: number; to: number },
  settings: Settings,
): string {
  const sum = (of: (group: ErrorGroup) => number) => groups.reduce((total, group) => total + of(group), 0)
  const [records, files, open] = [
    sum((group) => group.records),
    sum((group) => group.files),
    sum((group) => group.open),
  ]
  const lines = [
    `${counted(groups.length, 'cause')}: ${counted(records, 'record')} in ${counted(files, 'file')}, ${count(open)} open (not replayed)`,
    'errors of one cause share stage, code, type and path',
    ...(from === 0 ? [] : [`"when" runs from ${short(toIso(from))} to ${short(toIso(to))}`]),
    `more about one:  ${commandText(io, ['errors', 'show', groups[0]?.fingerprint ?? '', ...archiveFlags(settings)])}`,
  ]
  return `${lines.join('\n')}\n`
}

function filterOf(io: Io, { since, type, cause, status }: ListFlags, catalog: Catalog): TriageFilter {
  if (type !== undefined && type !== '-' && !catalog.has(type))
    throw new UsageError(
      `there is no record type "${type}"; there are ${[...catalog.keys()].join(', ')}, and - for none`,
    )
  const states = status?.split(',').map((name) => name.trim())
  const unknown = states?.find((name) => !groupStates.includes(name as GroupState))
  if (unknown !== undefined)
    throw new UsageError(`there is no status "${unknown}"; there are ${groupStates.join(', ')}`)
  return {
    ...(since === undefined ? {} : { sinceMs: momentBefore(since, io.runtime.clock()) }),
    ...(type === undefined ? {} : { type }),
    ...(cause === undefined ? {} : { cause }),
    ...(states === undefined ? {} : { states: states as GroupState[] }),
  }
}

const bars = '▁▂▃▄▅▆▇█'

/** Counts as a row of bars, the highest for the largest; a space for none. */
export function sparkline(counts: readonly number[]): string {
  const most = counts.reduce((a, b) => Math.max(a, b), 1)
  return counts
    .map((n) => (n === 0 ? ' ' : bars[Math.min(bars.length - 1, Math.floor((n / most) * (bars.length - 1)))]))
    .join('')
}

/** A record that tells no time is filed under 1970. */
function seen(timestamp: string): string {
  return timestamp.startsWith('1970-01-01T00:00:00') ? 'no time' : short(timestamp)
}

/** From the first to the last of a group's records, as far as they tell their time. */
export function seenSpan({ firstSeen, lastSeen }: Pick<ErrorGroup, 'firstSeen' | 'lastSeen'>): string {
  const [first, last] = [seen(firstSeen), seen(lastSeen)]
  return first === last ? first : `${first} to ${last}`
}

/** `2025-02-13 18:30:05Z`. */
export function short(timestamp: string): string {
  return `${timestamp.slice(0, 10)} ${timestamp.slice(11, 19)}Z`
}
