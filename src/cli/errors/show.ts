import type { Explanation } from '../../errors/explain.ts'
import type { Frequency } from '../../errors/frequencies.ts'
import { describeGroup, findGroup, type GroupReport, nextStep, readOriginals } from '../../errors/group.ts'
import { isErrorKey } from '../../errors/read.ts'
import { triesMax } from '../../errors/replay.ts'
import { fitText } from '../../query/layout.ts'
import { codes } from '../../record/error.ts'
import type { Settings } from '../../settings.ts'
import { columns, fields, type LabelledField } from '../columns.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { archiveFlags, commandText } from '../commandline.ts'
import { allHarmless, asItIs, count, counted, harmless, type Io, outJson, style } from '../io.ts'
import { explanationLines } from './explanation.ts'
import { seenSpan, short } from './list.ts'
import { type ErrorFlags, type Opened, openErrors, readTriage } from './open.ts'

export type ShowFlags = ErrorFlags & { readonly raw?: boolean }

/** `dmd errors show`: one group, or one error file. */
export async function show(io: Io, name: string, flags: ShowFlags): Promise<ExitCode> {
  const opened = await openErrors(io, flags)
  const isKey = isErrorKey(name)
  if (isKey && flags.raw) return raw(io, opened, name)
  const triage = await readTriage(io, opened)
  const found = findGroup(triage, name)
  if (!found)
    throw new UsageError(
      isKey
        ? `there is no error file ${name}: dmd errors list names them`
        : `there is no error file and no group "${name}": dmd errors list names them`,
    )
  if (flags.raw) return raw(io, opened, found.key)
  const report = await describeGroup(opened.store, opened.catalog, triage, found)
  if (flags.json) await outJson(io, report)
  else await io.out(render(io, report, opened.settings))
  return exitCodes.ok
}

const newline = Buffer.from('\n')

/** One original stands alone, byte for byte; those of a whole object follow one another as lines. */
async function raw(io: Io, { store }: Opened, key: string): Promise<ExitCode> {
  const payloads = await readOriginals(store, key)
  if (!payloads) throw new UsageError(`there is no error file ${key}: dmd errors list names them`)
  const write = asItIs(io)
  for (const [index, payload] of payloads.entries())
    await write(index === 0 ? payload : Buffer.concat([newline, payload]))
  return exitCodes.ok
}

function render(io: Io, report: GroupReport, settings: Settings): string {
  // Who wrote the files of the archive is not known.
  const shown = allHarmless(report)
  const { fingerprint, stage, code, type, path, state, said, files, records, open, error } = shown
  const entry = Object.hasOwn(codes, code) ? codes[code as keyof typeof codes] : undefined
  const last = said.at(-1)
  const { explanation } = report.error
  const about: (LabelledField | undefined)[] = [
    ['cause', `${code} at stage ${stage}, group ${fingerprint}`],
    entry && ['meaning', entry.meaning],
    entry && ['fix', entry.fix],
    error.message === undefined ? undefined : ['message', error.message],
    [
      'status',
      `${state}${last ? `: ${last.by} said ${last.status} at ${short(last.at)}${last.note ? `, ${last.note}` : ''}` : ''}`,
    ],
    [
      'group',
      `${counted(records, 'record')} in ${counted(files, 'file')}, ${count(open)} not replayed; grouped by stage ${stage}, code ${code}, type ${type}${path === '' ? '' : `, path ${path}`}`,
    ],
    ['seen', seenSpan(shown)],
  ]
  const sample: (LabelledField | undefined)[] = [
    ['file', error.key],
    error.source && ['source', `${error.source.stream} ${error.source.shard} ${error.source.sequence}`],
    ['tries', `${error.tries} of ${triesMax} failed`],
    error.replayed && [
      'replayed',
      `by ${error.replayed.by} at ${short(error.replayed.at)}:`,
      commandText(io, ['replay', 'show', error.replayed.replay, '--archive', settings.archive]),
    ],
  ]
  const isGiven = (row: LabelledField | undefined) => row !== undefined
  const lines = [
    fields(io, about.filter(isGiven)),
    ...frequencyLines(io, shown),
    fields(io, sample.filter(isGiven)),
    ...(explanation ? [...explanationLines(io, explanation), ...suggested(io, explanation)] : []),
    '',
    ...keyLines(io, shown),
    ...(open === 0
      ? []
      : [
          style(
            io,
            'dim',
            `try it again:  ${commandText(io, ['replay', ...replayArguments(report), '--dry-run', ...archiveFlags(settings)])}`,
          ),
          '',
        ]),
  ]
  return lines.join('\n')
}

/** The arguments of `dmd replay` for the next step. */
function replayArguments(report: GroupReport): readonly string[] {
  const { fingerprint, error } = report
  switch (nextStep(report)) {
    case 'as-is':
      return [fingerprint]
    case 'replace':
      return [error.key, '--with', 'record.json']
    case 'edit':
      return [fingerprint, '--edit', 'fix.json']
  }
}

const keysShownMax = 10

/** The files of the group, open ones first, with how often each was tried in vain. */
function keyLines(io: Io, { keys, files }: GroupReport): readonly string[] {
  if (files < 2) return []
  const ordered = [...keys.filter(({ open }) => open), ...keys.filter(({ open }) => !open)]
  const rows = ordered
    .slice(0, keysShownMax)
    .map(({ key, tries, open }) => [key, open ? 'open' : 'replayed', String(tries)])
  const left = files - rows.length
  return [
    columns(io, ['files of the group', 'state', 'tries'], rows, {
      right: [2],
      whole: [0],
      spare: [2, 1],
    }).trimEnd(),
    ...(left > 0 ? [style(io, 'dim', `and ${count(left)} more: --json`)] : []),
    '',
  ]
}

function suggested(io: Io, { suggestion }: Explanation): readonly string[] {
  if (!suggestion) return []
  return [
    '',
    style(io, 'bold', 'an edit that would help, with the right value in it'),
    harmless(JSON.stringify(suggestion)),
  ]
}

const shownMax = 20

function frequencyLines(io: Io, { frequencies, sampledFiles, files }: GroupReport): readonly string[] {
  const { records, attributes } = frequencies
  if (records === 0) return []
  const rows = attributes
    .slice(0, shownMax)
    .map(({ path, present, tags, distinct, top }: Frequency) => [
      path,
      `${Math.round((present / records) * 100)}%`,
      tags.join(' '),
      distinct === undefined ? '' : count(distinct),
      top ? `${fitText(top.value, 40).shown} (${count(top.count)})` : '•••',
    ])
  const left = attributes.length - rows.length
  return [
    style(
      io,
      'bold',
      `what ${count(records)} of its records have${sampledFiles < files ? `, of ${count(sampledFiles)} files evenly spread` : ''}`,
    ),
    columns(io, ['attribute', 'in', 'as', 'values', 'most often'], rows, { right: [1, 3] }).trimEnd(),
    ...(left > 0 ? [style(io, 'dim', `and ${left} more: --json`)] : []),
    '',
  ]
}
