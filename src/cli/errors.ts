import { Argument, Command, Option } from 'commander'
import { groupStates, type Status, statuses } from '../errors/status.ts'
import { archiveOption, jsonOption, type Run, schemasOption } from './command.ts'
import { type ListFlags, listErrors } from './errors/list.ts'
import { type SetFlags, setErrorStatus } from './errors/set.ts'
import { type ShowFlags, show } from './errors/show.ts'

export function errorsCommand(run: Run): Command {
  const command = new Command('errors')
    .summary('look at the records that failed')
    .description(
      'Records that could not be archived lie whole in errors/, grouped here by their cause: look at one, mend it, ' +
        'replay it with dmd replay, and say what holds of it.',
    )
  command
    .command('list')
    .description('Groups all error files by cause, those that are not replayed first.')
    .option('--since <time>', 'errors since then only: 2025-02-13, 2025-02-13T18:00Z, 90m, 24h or 7d')
    .option('--type <name>', 'errors of one record type only')
    .option('--cause <name>', 'one code or one fingerprint only')
    .option('--status <names>', `groups of these states only: ${groupStates.join(', ')}`)
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(jsonOption())
    .action((flags: ListFlags) => run((io) => listErrors(io, flags)))
  command
    .command('show')
    .description(
      'Explains a group, or one error: the cause, the fix, what its records have in common, and one of them beside its ' +
        'schema, with personal data masked.',
    )
    .addArgument(new Argument('<name>', 'the fingerprint of a group, or the key of an error file'))
    .addOption(archiveOption())
    .addOption(schemasOption())
    .option(
      '--raw',
      'print the original, personal data included: byte for byte, on a terminal with control characters as codes',
    )
    .addOption(jsonOption())
    .action((name: string, flags: ShowFlags) => run((io) => show(io, name, flags)))
  command
    .command('set')
    .description(
      'Says what holds of a group, for everybody who looks: a line more in the log in triage/. A group that was said to ' +
        'be fixed becomes regressed by itself when another error of it comes.',
    )
    .addArgument(new Argument('<fingerprint>', 'the group'))
    .addArgument(new Argument('<status>', 'what holds of it').choices(statuses))
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(new Option('--by <name>', 'who says so (default: the user of this machine)'))
    .option('--note <text>', 'a ticket or a reason in a few words, without personal data')
    .addOption(jsonOption())
    .action((fingerprint: string, status: Status, flags: SetFlags) =>
      run((io) => setErrorStatus(io, fingerprint, status, flags)),
    )
  return command
}
