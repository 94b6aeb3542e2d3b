import { Command } from 'commander'
import type { ExitCode, Run } from './command.ts'
import { type Io, lineLog } from './io.ts'
import { addLiveOptions, type LiveFlags, liveSettings, runLive } from './live.ts'

export function workerCommand(run: Run): Command {
  const command = new Command('worker')
    .summary('archive the changes of a Kinesis stream')
    .description(
      'Reads a Kinesis stream and puts its change records into the archive, until it is stopped: for a container, ' +
        'where no Lambda does it. Its log goes to standard error, a line of JSON an entry.\n\n' +
        'SIGTERM, or Ctrl-C, delivers what is in the stream and ends it; a second one ends it at once. Either way ' +
        'nothing is lost: the next start in the same state folder goes on.',
    )
  return addLiveOptions(command).action((flags: LiveFlags) => run((io) => worker(io, flags)))
}

async function worker(io: Io, flags: LiveFlags): Promise<ExitCode> {
  const settings = liveSettings(io, flags)
  const log = lineLog(io)
  return runLive(
    io,
    { command: 'worker', settings, drain: flags.drain },
    log,
    async (stack) => {
      const { archive, stream } = stack.report()
      log({ level: 'info', message: 'worker started', archive, stream })
    },
    async (stack, isDrained) => {
      const { delivered, errored, objects, givenUp } = stack.report().delivery
      log({
        level: isDrained ? 'info' : 'warn',
        message: isDrained ? 'worker ended' : 'worker ended before all was delivered',
        ...{ delivered, errored, objects, givenUp },
      })
      if (flags.json) await io.out(`${JSON.stringify(stack.report())}\n`)
    },
  )
}
