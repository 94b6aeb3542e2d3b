import { Command, CommanderError } from 'commander'
import { nearestName } from '../nearest.ts'
import { PipelineError } from '../record/error.ts'
import { allCommands, type ExitCode, exitCodes, type Run, UsageError } from './command.ts'
import { completionCommand } from './completion.ts'
import { deliverCommand } from './deliver.ts'
import { demoCommand } from './demo.ts'
import { deployCommand } from './deploy.ts'
import { doctorCommand } from './doctor.ts'
import { errorsCommand } from './errors.ts'
import { examplesOf } from './examples.ts'
import { failureText } from './failure.ts'
import { type Io, style } from './io.ts'
import { asOperand, queryCommand } from './query.ts'
import { replayCommand } from './replay.ts'
import { schemaCommand } from './schema.ts'
import { simulateCommand } from './simulate.ts'
import { statusCommand } from './status.ts'
import { upCommand } from './up.ts'
import { version } from './version.ts'
import { workerCommand } from './worker.ts'

/** The commands by what they are for, in the order of the help. */
const groups: readonly (readonly [string, readonly ((run: Run) => Command)[]])[] = [
  ['Try it', [demoCommand, simulateCommand, upCommand]],
  ['Run it', [deliverCommand, workerCommand, statusCommand]],
  ['Ask', [queryCommand]],
  ['Repair', [errorsCommand, replayCommand]],
  ['Schemas', [schemaCommand]],
  ['Deploy', [deployCommand, doctorCommand]],
]

/** `dmd help query` is `dmd query --help`. Of an unknown command it says that there is none. */
function helpCommand(program: Command): Command {
  return new Command('help')
    .summary('print the help of a command')
    .description('Prints the help of a command, as `--help` behind it does.')
    .argument('[command...]', 'the command: query, or errors show')
    .action((names: readonly string[]) => {
      let command = program
      for (const [index, name] of names.entries()) {
        const found = command.commands.find((child) => child.name() === name)
        if (!found) throw unknownCommand(command, names.slice(0, index + 1))
        command = found
      }
      command.help()
    })
}

function unknownCommand(above: Command, names: readonly string[]): UsageError {
  const known = above.commands.map((child) => child.name())
  const meant = nearestName(names.at(-1) ?? '', known)
  const help = meant === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${meant}?`
  return new UsageError(`there is no command "${names.join(' ')}"${help}`)
}

/** The whole command line as a tree of commands: it runs, prints its help and is the source of docs/cli.md. */
export function buildProgram(run: Run): Command {
  const program = new Command('dmd')
    .description(
      'Turns a stream of DynamoDB changes into a history that can be queried, trusted and audited.',
    )
    .version(version, '-V, --version', 'print the version')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(dmd COMMAND --help says more)')
    .enablePositionalOptions()
  for (const [group, makers] of groups)
    for (const make of makers) program.addCommand(make(run).helpGroup(`${group}:`))
  program.addCommand(completionCommand(run, program).helpGroup('Help:'))
  program.addCommand(helpCommand(program).helpGroup('Help:'))
  // Its own help command takes an unknown name for none.
  program.helpCommand(false)
  for (const command of allCommands(program)) {
    const lines = examplesOf(command).map((example) => `  ${example}`)
    if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
  }
  for (const command of allCommands(program)) command.exitOverride()
  return program
}

/** Runs the command line and returns its exit code. Never throws. */
export async function runProgram(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  const program = buildProgram(async (action) => {
    code = await action(io)
  })
  for (const command of allCommands(program)) {
    command.configureOutput({
      writeOut: (text) => void io.out(text),
      writeErr: (text) => void io.err(text),
      ...(io.width === undefined ? {} : { getOutHelpWidth: () => io.width ?? 80 }),
    })
  }
  try {
    await program.parseAsync(args[0] === 'query' ? args.map(asOperand) : args, { from: 'user' })
    return code
  } catch (error) {
    return explain(error, io)
  }
}

/** Says what went wrong and what helps, for people; a defect of this program shows where it happened. */
async function explain(error: unknown, io: Io): Promise<ExitCode> {
  // Commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const text = failureText(io, error)
  if (text !== undefined) {
    await io.err(text)
    const isUsage =
      error instanceof UsageError || (error instanceof PipelineError && error.code === 'SETTING_INVALID')
    return isUsage ? exitCodes.usage : exitCodes.failed
  }
  const label = style(io, 'red', 'error:')
  await io.err(`${label} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return exitCodes.failed
}
