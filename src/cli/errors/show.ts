import type { ErrorFile } from '../../delivery/error-file.ts'
import { type Explanation, explainRecord } from '../../errors/explain.ts'
import { isFailedKey, parseFailedBatch } from '../../errors/failed.ts'
import { type Frequency, frequenciesOf } from '../../errors/frequencies.ts'
import { isOpen, readProvenance, readTries } from '../../errors/history.ts'
import { maskEnvelope } from '../../errors/mask.ts'
import { envelopeOf, errorsPrefix, parseErrorFile, payloadsOf } from '../../errors/read.ts'
import { triesMax } from '../../errors/replay.ts'
import type { ErrorGroup, Triage } from '../../errors/triage.ts'
import { codes } from '../../record/error.ts'
import type { Settings } from '../../settings.ts'
import { columns } from '../columns.ts'
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
  const isKey = name.startsWith(errorsPrefix) || isFailedKey(name)
  if (isKey && flags.raw) return raw(io, opened, name)
  const found = await readTriage(io, opened)
  const fingerprint = isKey
    ? found.entries.find(({ key }) => key === name)?.fingerprint
    : found.groups.find((group) => group.fingerprint === name)?.fingerprint
  const group = found.groups.find((candidate) => candidate.fingerprint === fingerprint)
  if (!group)
    throw new UsageError(
      isKey
        ? `there is no error file ${name}: dmd errors list names them`
        : `there is no error file and no group "${name}": dmd errors list names them`,
    )
  const key = isKey ? name : group.sample
  if (flags.raw) return raw(io, opened, key)
  const told = await tell(opened, found, group, key)
  if (flags.json) await outJson(io, told)
  else await io.out(render(io, told, opened.settings))
  return exitCodes.ok
}

const newline = Buffer.from('\n')

/** One original stands alone, byte for byte; those of a whole object follow one another as lines. */
async function raw(io: Io, { store }: Opened, key: string): Promise<ExitCode> {
  const object = await store.get(key)
  if (!object) throw new UsageError(`there is no error file ${key}: dmd errors list names them`)
  const payloads = payloadsIn(key, object.bytes) ?? [object.bytes]
  const write = asItIs(io)
  for (const [index, payload] of payloads.entries())
    await write(index === 0 ? payload : Buffer.concat([newline, payload]))
  return exitCodes.ok
}

function payloadsIn(key: string, bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (!isFailedKey(key)) {
    const file = parseErrorFile(bytes)
    return file && payloadsOf(file)
  }
  const batch = parseFailedBatch(bytes)
  return batch?.batches.flatMap(({ records }) => records.map(({ payload }) => payload))
}

/** Of a large group, this many files are looked at, evenly spread. */
const sampledMax = 1_000

/** So many error files of a group are listed, as JSON; fewer on a page. */
const keysMax = 10_000

async function tell(
  { store, catalog }: Opened,
  { entries, history }: Triage,
  group: ErrorGroup,
  key: string,
) {
  const keys = entries
    .filter(({ fingerprint }) => fingerprint === group.fingerprint)
    .map((entry) => entry.key)
  const step = Math.max(1, Math.ceil(keys.length / sampledMax))
  const sampled = keys.filter((_, index) => index % step === 0)
  const payloads: Uint8Array[] = []
  for (const one of sampled) {
    const object = await store.get(one)
    payloads.push(...((object && payloadsIn(one, object.bytes)) ?? []))
  }
  const object = await store.get(key)
  const file = object && parseErrorFile(object.bytes)
  const [payload] = (object && payloadsIn(key, object.bytes)) ?? []
  const envelope = payload && envelopeOf(payload)
  const tries = await readTries(store, history)
  return {
    ...group,
    keys: keys
      .slice(0, keysMax)
      .map((one) => ({ key: one, tries: tries.get(one) ?? 0, open: isOpen(history, one) })),
    sampledFiles: sampled.length,
    frequencies: frequenciesOf(payloads, catalog),
    error: {
      key,
      bytes: payload?.length ?? 0,
      ...(file ? aboutFile(file) : {}),
      tries: tries.get(key) ?? 0,
      ...(envelope ? { masked: maskEnvelope(envelope, catalog) } : {}),
      ...(file ? { explanation: explainRecord(file, catalog) } : {}),
      replayed: await readProvenance(store, key),
    },
  }
}

function aboutFile({ timestamp, error, source, attempt, events }: ErrorFile) {
  return { timestamp, ...error, source, attempt, records: events.length }
}

type Told = Awaited<ReturnType<typeof tell>>

function render(io: Io, told: Told, settings: Settings): string {
  // Who wrote the files of the archive is not known.
  const shown = allHarmless(told)
  const { fingerprint, stage, code, type, path, state, said, files, records, open, error } = shown
  const entry = Object.hasOwn(codes, code) ? codes[code as keyof typeof codes] : undefined
  const label = (text: string) => style(io, 'bold', text.padEnd(10))
  const last = said.at(-1)
  const lines = [
    `${label('cause')}${code} at stage ${stage}, group ${fingerprint}`,
    ...(entry ? [`${label('meaning')}${entry.meaning}`, `${label('fix')}${entry.fix}`] : []),
    ...('message' in error ? [`${label('message')}${error.message ?? ''}`] : []),
    `${label('status')}${state}${last ? `: ${last.by} said ${last.status} at ${short(last.at)}${last.note ? `, ${last.note}` : ''}` : ''}`,
    `${label('group')}${counted(records, 'record')} in ${counted(files, 'file')}, ${count(open)} not replayed; grouped by stage ${stage}, code ${code}, type ${type}${path === '' ? '' : `, path ${path}`}`,
    `${label('seen')}${seenSpan(shown)}`,
    '',
    ...frequencyLines(io, shown),
    `${label('file')}${error.key}`,
    ...('source' in error
      ? [`${label('source')}${error.source.stream} ${error.source.shard} ${error.source.sequence}`]
      : []),
    `${label('tries')}${error.tries} of ${triesMax} failed`,
    ...(error.replayed
      ? [
          `${label('replayed')}by ${error.replayed.by} at ${short(error.replayed.at)}: ${commandText(io, ['replay', 'show', error.replayed.replay, '--archive', settings.archive])}`,
        ]
      : []),
    '',
    ...('explanation' in told.error
      ? [...explanationLines(io, told.error.explanation), ...suggested(io, told.error.explanation)]
      : []),
    '',
    ...keyLines(io, shown),
    ...(open === 0
      ? []
      : [
          style(
            io,
            'dim',
            `try it again:  ${commandText(io, ['replay', ...advice(told), '--dry-run', ...archiveFlags(settings)])}`,
          ),
          '',
        ]),
  ]
  return lines.join('\n')
}

/** What to replay, and how: what was sound as it is, what cannot be read whole, all else by an edit. */
function advice({ fingerprint, stage, error }: Told): readonly string[] {
  if (isFailedKey(error.key) || stage === 'deliver') return [fingerprint]
  const isBytes = 'explanation' in error && error.explanation.of === 'bytes'
  return isBytes ? [error.key, '--with', 'record.json'] : [fingerprint, '--edit', 'fix.json']
}

const keysShownMax = 10

/** The files of the group, open ones first, with how often each was tried in vain. */
function keyLines(io: Io, { keys, files }: Told): readonly string[] {
  if (files < 2) return []
  const ordered = [...keys.filter(({ open }) => open), ...keys.filter(({ open }) => !open)]
  const rows = ordered
    .slice(0, keysShownMax)
    .map(({ key, tries, open }) => [key, open ? 'open' : 'replayed', String(tries)])
  const left = files - rows.length
  return [
    columns(io, ['files of the group', 'state', 'tries'], rows, { right: [2] }).trimEnd(),
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

function frequencyLines(io: Io, { frequencies, sampledFiles, files }: Told): readonly string[] {
  const { records, attributes } = frequencies
  if (records === 0) return []
  const rows = attributes
    .slice(0, shownMax)
    .map(({ path, present, tags, distinct, top }: Frequency) => [
      path,
      `${Math.round((present / records) * 100)}%`,
      tags.join(' '),
      distinct === undefined ? '' : count(distinct),
      top ? `${top.value.slice(0, 40)} (${count(top.count)})` : '•••',
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
