import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { toRules } from '../../delivery/rules.ts'
import { type Difference, diffPayloads } from '../../errors/diff.ts'
import { type Edit, noEdit, parsePatch, replaceBy } from '../../errors/edit.ts'
import type { Result } from '../../errors/history.ts'
import { isErrorKey } from '../../errors/read.ts'
import {
  countOf,
  type Frozen,
  freeze,
  isDone,
  type ReplayParts,
  type ReplayRequest,
  rehearse,
  replay,
} from '../../errors/replay.ts'
import {
  describeSelection,
  type SelectedErrors,
  type SelectionRequest,
  selectErrors,
} from '../../errors/select.ts'
import type { Triage } from '../../errors/triage.ts'
import { toBasicIso } from '../../record/date.ts'
import { codes, PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import { fields } from '../columns.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { commandText } from '../commandline.ts'
import { type ErrorFlags, type Opened, openErrors, operator, readTriage } from '../errors/open.ts'
import { count, counted, type Io, lineLog, outJson, style } from '../io.ts'
import { startProgress } from '../progress.ts'
import { momentBefore } from '../time.ts'
import { describeEdit, differenceLines, outcomeLines, resultRows } from './tell.ts'

export type ReplayFlags = ErrorFlags & {
  readonly all?: boolean
  readonly code?: string
  readonly type?: string
  readonly since?: string
  readonly edit?: string
  readonly with?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly rate?: number
  readonly max: number
  readonly force?: boolean
  readonly verbose?: boolean
}

/** `dmd replay`: select, freeze, rehearse, ask, do. */
export async function replayErrors(io: Io, what: string | undefined, flags: ReplayFlags): Promise<ExitCode> {
  const isFiltered = [flags.code, flags.type, flags.since].some((filter) => filter !== undefined)
  if (what !== undefined ? flags.all === true : flags.all !== true && !isFiltered)
    throw new UsageError(
      'name what to replay: the key of an error file, a fingerprint, --code, --type, --since, or --all',
    )
  const isKey = what !== undefined && isErrorKey(what)
  if (flags.with !== undefined && !isKey)
    throw new UsageError('--with replaces one record: name the key of its error file')
  const isAsked = flags.dryRun !== true && flags.yes !== true
  if (isAsked && (!io.terminal || flags.json))
    throw new UsageError('say --dry-run to see what it would do, or --yes to do it')
  const by = operator(io, flags)
  const edit = readEdit(flags)
  const opened = await openErrors(io, flags)
  const found = await readTriage(io, opened)
  const selected = selectErrors(found, { name: what, ...filterOf(io, flags, opened) })
  if (!selected) throw unknownName(found, what ?? '')
  const selection = freeze(selected.keys.slice(0, flags.max))
  const request: ReplayRequest = {
    id: `${toBasicIso(io.runtime.clock())}-${io.runtime.newId()}`,
    ...{ by, asked: describeSelection({ name: what, ...flags }), selection, edit, history: found.history },
    ...(flags.force ? { force: true } : {}),
  }
  await io.err(heading(io, selection, selected, edit, flags.max))
  if (selection.count === 0) {
    if (flags.json) await outJson(io, { selection, counts: {}, results: [] })
    return exitCodes.ok
  }
  const parts = partsFor(io, opened, flags)
  if (flags.dryRun || isAsked) {
    const results = await dryRun(io, request, parts, flags, opened)
    if (flags.dryRun) return isWell(results) ? exitCodes.ok : exitCodes.problems
    if (!(await confirm(io, results))) return exitCodes.interrupted
  }
  return run(io, request, parts, flags)
}

/** Checks --code, --type and --since. */
function filterOf(io: Io, { code, type, since }: ReplayFlags, { catalog }: Opened): SelectionRequest {
  if (code !== undefined && !Object.hasOwn(codes, code))
    throw new UsageError(`there is no error code "${code}": dmd errors list names those that came`)
  if (type !== undefined && type !== '-' && !catalog.has(type))
    throw new UsageError(`there is no record type "${type}"; there are ${[...catalog.keys()].join(', ')}`)
  return { code, type, sinceMs: since === undefined ? undefined : momentBefore(since, io.runtime.clock()) }
}

function unknownName({ groups }: Triage, name: string): UsageError {
  const known = groups.map(({ fingerprint }) => fingerprint).slice(0, 5)
  return new UsageError(
    `there is no ${isErrorKey(name) ? 'error file' : 'group'} "${name}"${known.length > 0 ? `; groups are ${known.join(', ')}` : ''}: dmd errors list names them`,
  )
}

function heading(
  io: Io,
  selection: Frozen,
  { keys, replayedBefore: done }: SelectedErrors,
  edit: Edit,
  max: number,
): string {
  if (selection.count === 0) return 'there are no errors to replay\n'
  const all =
    keys.length > selection.count
      ? `the first ${count(selection.count)} of ${count(keys.length)} error files, by --max ${count(max)}`
      : counted(selection.count, 'error file')
  const before =
    done === 0
      ? ''
      : keys.length === done
        ? '; all were replayed before'
        : `; ${count(done)} more were replayed before and are left out`
  return fields({ ...io, width: io.errWidth }, [
    ['selected', all + before],
    ['SHA-256', selection.sha256],
    ['edit', describeEdit(edit.summary)],
  ])
}

function readEdit(flags: ReplayFlags): Edit {
  const path = flags.edit ?? flags.with
  if (path === undefined) return noEdit
  const bytes = readBounded(path)
  if (flags.edit === undefined) return replaceBy(bytes)
  // A table stands beside the edit that names it.
  return parsePatch(bytes, path, (table) => readBounded(resolve(dirname(path), table)))
}

function readBounded(path: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new PipelineError('INPUT_INVALID', `${path} cannot be read (${code})`, { cause })
  }
  if (bytes.length <= editBytesMax) return bytes
  throw new PipelineError('INPUT_INVALID', `${path} is larger than ${count(editBytesMax)} bytes`)
}

/** More than Kinesis takes in a record. */
const editBytesMax = 10_485_760

function partsFor(io: Io, { store, catalog, settings }: Opened, flags: ReplayFlags): ReplayParts {
  return {
    store,
    rules: toRules(catalog, settings),
    clock: io.runtime.clock,
    putsParallel: settings.putsParallel,
    signal: io.interrupt,
    ...(flags.rate === undefined ? {} : { pace: pacer(flags.rate, io.runtime) }),
  }
}

/** Lets one through every `1 / rate` seconds. */
function pacer(rate: number, { monotonic, sleep }: Runtime): () => Promise<void> {
  let nextMs = monotonic()
  return async () => {
    const turnMs = Math.max(nextMs, monotonic())
    nextMs = turnMs + 1000 / rate
    const waitMs = turnMs - monotonic()
    if (waitMs > 0) await sleep(waitMs)
  }
}

const shownMax = 5

async function dryRun(
  io: Io,
  request: ReplayRequest,
  parts: ReplayParts,
  flags: ReplayFlags,
  { catalog }: Opened,
): Promise<readonly Result[]> {
  const examples: { error: string; differences: readonly Difference[] }[] = []
  const progress = startProgress(io, 'rehearsing', 'files')
  let done = 0
  const total = request.selection.count
  const onResult = () => progress.update({ done: ++done, total, items: done })
  const results = await rehearse(request, { ...parts, onResult }, (error, { change }) => {
    if (examples.length >= shownMax || !change) return
    examples.push({ error, differences: diffPayloads(change.before, change.after, catalog) })
  })
  await progress.end()
  const counts = countOf(results)
  if (flags.json) {
    const { asked, selection, edit } = request
    await outJson(io, { dryRun: true, asked, selection, edit: edit.summary, counts, examples, results })
    return results
  }
  for (const { error, differences } of examples) await io.out(differenceLines(io, error, differences))
  await io.out(outcomeLines(io, counts, true))
  await tellProblems(io, results)
  return results
}

function isWell(results: readonly Result[]): boolean {
  return results.every(isDone)
}

async function tellProblems(io: Io, results: readonly Result[]): Promise<void> {
  const bad = results.filter((result) => !isWell([result]))
  if (bad.length > 0) await io.out(`\n${resultRows(io, bad, 10)}`)
}

async function confirm(io: Io, results: readonly Result[]): Promise<boolean> {
  const reader = createInterface({ input: io.terminal!.input, output: io.terminal!.output })
  const files = countOf(results).written ?? 0
  try {
    const closed = new Promise<string>((resolve) => reader.once('close', () => resolve('')))
    const answer = reader.question(`Replay ${count(files)} error files? [y/N] `)
    return /^y(es)?$/i.test((await Promise.race([answer, closed])).trim())
  } finally {
    reader.close()
  }
}

async function run(
  io: Io,
  request: ReplayRequest,
  parts: ReplayParts,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const progress = startProgress(io, 'replaying', 'files')
  let done = 0
  const total = request.selection.count
  const log = flags.verbose ? lineLog(io) : () => {}
  const onResult = (result: Result) => {
    const { message: why, ...told } = result
    const level = isWell([result]) ? 'info' : 'warn'
    log({ level, message: 'error file', ...told, ...(why === undefined ? {} : { why }) })
    return progress.update({ done: ++done, total, items: done })
  }
  const report = await replay(request, { ...parts, onResult })
  await progress.end()
  const { id, counts, results } = report
  if (flags.json) await outJson(io, { ...report, selection: request.selection })
  else {
    await io.out(outcomeLines(io, counts, false))
    await tellProblems(io, results)
    const shown = flags.archive === undefined ? [] : ['--archive', flags.archive]
    await io.out(style(io, 'dim', `each of them:  ${commandText(io, ['replay', 'show', id, ...shown])}\n`))
    if (isWell(results) && !flags.all && request.asked.length === 8)
      await io.out(
        style(
          io,
          'dim',
          `mended at its source?  ${commandText(io, ['errors', 'set', request.asked, 'fixed', ...shown])}\n`,
        ),
      )
  }
  if (io.interrupt.aborted) return exitCodes.interrupted
  return isWell(results) ? exitCodes.ok : exitCodes.problems
}
