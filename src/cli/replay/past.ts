import { type Outcome, outcomes, readHistory, readReplayReport, readSelection } from '../../errors/history.ts'
import type { ObjectStore } from '../../store/store.ts'
import { columns, fields } from '../columns.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { archiveFlags, commandText } from '../commandline.ts'
import { short } from '../errors/list.ts'
import { type ErrorFlags, openErrors } from '../errors/open.ts'
import { allHarmless, count, type Io, outJson, style } from '../io.ts'
import { describeEdit, resultRows } from './tell.ts'

/** `dmd replay list`. */
export async function listReplays(io: Io, flags: ErrorFlags): Promise<ExitCode> {
  const { store, settings } = await openErrors(io, flags)
  const { runs } = await readHistory(store)
  const replays = []
  for (const id of [...runs.keys()].sort()) {
    const found = await readReplay(store, id)
    if (!found) continue
    const { results: _, ...about } = found
    replays.push({ ...about, left: runs.get(id)?.size ?? 0 })
  }
  if (flags.json) await outJson(io, replays)
  else if (replays.length === 0) await io.out('no replays\n')
  else {
    // Who wrote the files of the archive is not known.
    const shown = allHarmless(replays)
    const rows = shown.map(({ id, at, by, asked, count: files, edit, counts, state, left }) => [
      id,
      short(at),
      by,
      asked,
      count(files),
      edit.kind,
      left === 0 ? (state === 'ended' ? state : 'finished later') : `${count(left)} left`,
      describeCounts(counts),
    ])
    await io.out(
      columns(io, ['replay', 'when', 'who', 'what', 'files', 'edit', 'state', 'outcome'], rows, {
        right: [4],
        spare: [1, 5, 2, 4, 3],
        whole: [0],
      }),
    )
    await io.out(
      style(
        io,
        'dim',
        `\nmore about one:  ${commandText(io, ['replay', 'show', shown.at(-1)?.id ?? '', ...archiveFlags(settings)])}\n`,
      ),
    )
  }
  return exitCodes.ok
}

/** `dmd replay show ID`. */
export async function showReplay(io: Io, id: string, flags: ErrorFlags): Promise<ExitCode> {
  const { store } = await openErrors(io, flags)
  const found = /^[\w-]+$/.test(id) ? await readReplay(store, id) : undefined
  if (!found) throw new UsageError(`there is no replay "${id}": dmd replay list names them`)
  if (flags.json) {
    await outJson(io, found)
    return exitCodes.ok
  }
  // Who wrote the files of the archive is not known.
  const { at, by, asked, count: files, sha256, edit, counts, results, state } = allHarmless(found)
  await io.out(
    `${fields(io, [
      ['replay', id],
      ['who', `${by} at ${short(at)}`],
      ['what', `${asked}: ${count(files)} files`],
      ['SHA-256', sha256],
      ['edit', describeEdit(edit)],
      ['state', state],
      ['outcome', describeCounts(counts)],
    ])}\n${resultRows(io, results)}`,
  )
  return exitCodes.ok
}

/** `unfinished`: it runs, or was killed. */
type State = 'ended' | 'unfinished'

async function readReplay(store: ObjectStore, id: string) {
  const selection = await readSelection(store, id)
  if (!selection) return undefined
  const report = await readReplayReport(store, id)
  const state: State = report ? 'ended' : 'unfinished'
  const { keys, ...about } = selection
  const results = report?.results ?? keys.map((error) => ({ error, outcome: 'untried' as const }))
  return { ...about, state, endedAt: report?.endedAt, counts: report?.counts ?? {}, results }
}

function describeCounts(counts: { readonly [outcome in Outcome]?: number }): string {
  const told = outcomes.flatMap((outcome) =>
    counts[outcome] ? [`${count(counts[outcome])} ${outcome}`] : [],
  )
  return told.length === 0 ? '-' : told.join(', ')
}
