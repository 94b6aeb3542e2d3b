import { Argument, Command, Option } from 'commander'
import { archiveOption, jsonOption, type Run, schemasOption, wholeNumber } from './command.ts'
import type { ErrorFlags } from './errors/open.ts'
import { listReplays, showReplay } from './replay/past.ts'
import { type ReplayFlags, replayErrors } from './replay/run.ts'

export function replayCommand(run: Run): Command {
  const command = new Command('replay')
    .summary('deliver records that failed, mended')
    .description(
      'Delivers error files through the worker’s own plan: one, a group, or all, as they are or with an edit. Each record ' +
        'keeps its time and its place in the stream, and becomes one object, however often and by how many it is replayed. ' +
        'The error files stay as they are; replays/ says what became of them, by whom and when. A replay that was killed ' +
        'goes on when the same command is run again.',
    )
    .addArgument(
      new Argument(
        '[what]',
        'the key of an error file or of a file below failed/, or the fingerprint of a group',
      ),
    )
    .option('--all', 'everything that was not replayed')
    .option('--code <code>', 'errors of one code only, such as PUT_FAILED')
    .option('--type <name>', 'errors of one record type only')
    .option('--since <time>', 'errors since then only: 2025-02-13, 2025-02-13T18:00Z, 90m, 24h or 7d')
    .addOption(
      new Option(
        '--edit <file>',
        'a JSON Patch (RFC 6902) on the envelope of each record; docs/operations.md says how it takes values from each',
      ).conflicts('with'),
    )
    .option('--with <file>', 'the record in the place of the one error file’s, whatever that is')
    .addOption(
      new Option('--dry-run', 'only say what it would do, with five records before and after').conflicts(
        'yes',
      ),
    )
    .option('--yes', 'do it without asking')
    .addOption(new Option('--rate <n>', 'error files a second, at most').argParser(wholeNumber(1, 100_000)))
    .addOption(
      new Option('--max <n>', 'error files, at most: the first ones by name')
        .default(10_000)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .option('--force', 'also try what failed five times')
    .option('--verbose', 'print what became of each error file, to standard error, as it does')
    .option('--by <name>', 'who replays (default: the user of this machine)')
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code 0 means that all of it is in the data, 3 that something was refused or failed again.',
    )
    .action((what: string | undefined, flags: ReplayFlags) => run((io) => replayErrors(io, what, flags)))
  command
    .command('list')
    .description('Lists the replays of an archive, the latest last.')
    .addOption(archiveOption())
    .addOption(jsonOption())
    .action((_: unknown, self: Command) => run((io) => listReplays(io, self.optsWithGlobals<ErrorFlags>())))
  command
    .command('show')
    .description('Shows one replay: who, when, which edit, and what became of each error file.')
    .addArgument(new Argument('<id>', 'as dmd replay list names it'))
    .addOption(archiveOption())
    .addOption(jsonOption())
    .action((id: string, _: unknown, self: Command) =>
      run((io) => showReplay(io, id, self.optsWithGlobals<ErrorFlags>())),
    )
  return command
}
