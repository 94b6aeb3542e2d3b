import { Argument, Command } from 'commander'
import { maskEnvelope } from '../errors/mask.ts'
import { envelopeOf, errorsPrefix, payloadsOf, readErrorFile } from '../errors/read.ts'
import { fingerprintOf, groupErrors } from '../errors/triage.ts'
import { codes } from '../record/error.ts'
import type { Catalog } from '../record/schema.ts'
import { openStore } from '../store/open.ts'
import type { ObjectStore } from '../store/store.ts'
import { columns } from './columns.ts'
import {
  archiveOption,
  catalogFor,
  type ExitCode,
  exitCodes,
  jsonOption,
  schemasOption,
  settingsFor,
  UsageError,
} from './command.ts'
import { count, type Io, style } from './io.ts'
import type { Run } from './program.ts'
import { startProgress } from './progress.ts'

type Flags = { archive?: string; schemas?: string; json?: boolean; raw?: boolean }

export function errorsCommand(run: Run): Command {
  const command = new Command('errors')
    .summary('look at the records that failed')
    .description('Records that could not be archived lie whole in errors/, grouped here by their cause.')
  command
    .command('list')
    .description('Groups all error files by cause.')
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(jsonOption())
    .action((flags: Flags) => run((io) => list(io, flags)))
  command
    .command('show')
    .description('Explains one error: the cause, the fix, and the record with its personal data masked.')
    .addArgument(
      new Argument('<key>', 'the key of an error file, or the fingerprint of a group for its earliest'),
    )
    .addOption(archiveOption())
    .addOption(schemasOption())
    .option('--raw', 'print the original, byte for byte, personal data included')
    .addOption(jsonOption())
    .action((key: string, flags: Flags) => run((io) => show(io, key, flags)))
  return command
}

async function open(
  io: Io,
  flags: Flags,
): Promise<{ store: ObjectStore; catalog: Catalog; archive: string }> {
  const settings = settingsFor(io, flags)
  const store = await openStore(settings.archive, { create: false })
  return { store, catalog: catalogFor(settings), archive: settings.archive }
}

async function list(io: Io, flags: Flags): Promise<ExitCode> {
  const { store, catalog, archive } = await open(io, flags)
  const progress = startProgress(io, 'reading errors', 'files')
  const { groups, foreign } = await groupErrors(store, catalog, (files) =>
    progress.update({ done: files, items: files }),
  )
  await progress.end()
  if (foreign > 0)
    await io.err(`${count(foreign)} files in ${errorsPrefix} are no error files and are left out\n`)
  if (flags.json) await io.out(`${JSON.stringify(groups)}\n`)
  else if (groups.length === 0) await io.out('no errors\n')
  else {
    const rows = groups.map((group) => [
      group.fingerprint,
      count(group.records),
      group.code,
      group.type,
      group.path,
      seen(group.firstSeen),
      seen(group.lastSeen),
    ])
    await io.out(
      columns(io, ['cause', 'records', 'code', 'type', 'path', 'first seen', 'last seen'], rows, [1]),
    )
    await io.out(
      style(io, 'dim', `\nmore about one:  dmd errors show ${groups[0]?.fingerprint} --archive ${archive}\n`),
    )
  }
  return exitCodes.ok
}

const newline = Buffer.from('\n')

/** A record that tells no time is filed under 1970. */
function seen(timestamp: string): string {
  return timestamp.startsWith('1970-01-01T00:00:00') ? 'no time' : timestamp
}

async function show(io: Io, name: string, flags: Flags): Promise<ExitCode> {
  const { store, catalog } = await open(io, flags)
  const key = name.startsWith(errorsPrefix) ? name : await findSample(store, catalog, name)
  const file = await readErrorFile(store, key)
  if (!file) throw new UsageError(`there is no error file ${key}: dmd errors list names them`)
  const payloads = payloadsOf(file)
  const [payload = new Uint8Array()] = payloads
  if (flags.raw) {
    // One original stands alone, byte for byte; those of a whole object follow one another as lines.
    for (const [index, original] of payloads.entries())
      await io.out(index === 0 ? original : Buffer.concat([newline, original]))
    return exitCodes.ok
  }
  const envelope = envelopeOf(payload)
  const masked = envelope && maskEnvelope(envelope, catalog)
  if (flags.json) {
    const { timestamp, error, source, attempt } = file
    await io.out(
      `${JSON.stringify({ key, timestamp, error, source, attempt, records: file.events.length, masked })}\n`,
    )
    return exitCodes.ok
  }
  const entry = Object.hasOwn(codes, file.error.code) ? codes[file.error.code] : undefined
  const label = (text: string) => style(io, 'bold', text.padEnd(10))
  await io.out(
    [
      `${label('cause')}${file.error.code} at stage ${file.error.stage}, group ${fingerprintOf(file, catalog)}`,
      ...(entry ? [`${label('meaning')}${entry.meaning}`, `${label('fix')}${entry.fix}`] : []),
      `${label('message')}${file.error.message}`,
      `${label('seen')}${file.timestamp}`,
      `${label('source')}${file.source.stream} ${file.source.shard} ${file.source.sequence}`,
      `${label('records')}${count(file.events.length)}`,
      `${label('file')}${key}`,
      '',
      masked
        ? JSON.stringify(masked, null, 2)
        : `${count(payload.length)} bytes that are no JSON object; --raw prints them, personal data included`,
      '',
    ].join('\n'),
  )
  return exitCodes.ok
}

async function findSample(store: ObjectStore, catalog: Catalog, fingerprint: string): Promise<string> {
  const { groups } = await groupErrors(store, catalog)
  const group = groups.find((candidate) => candidate.fingerprint === fingerprint)
  if (!group)
    throw new UsageError(`there is no error file and no group "${fingerprint}": dmd errors list names them`)
  return group.sample
}
