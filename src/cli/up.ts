import { Command, Option } from 'commander'
import { type Report, readReport } from '../local/stack/report.ts'
import type { Producer, ProducerParts, RunningStack } from '../local/stack.ts'
import { toIso } from '../record/date.ts'
import { type Settings, settingDefaults } from '../settings.ts'
import { systemCode } from '../store/failure.ts'
import { type Activity, createActivity } from './activity.ts'
import { type ExitCode, exitCodes, type Run, wholeNumber } from './command.ts'
import { archiveFlags, commandLines } from './commandline.ts'
import { type Io, lineLog, style } from './io.ts'
import { account, addLiveOptions, type LiveFlags, liveSettings, runLive, troubleLog } from './live.ts'
import { version } from './version.ts'

type Flags = LiveFlags & {
  readonly host?: string
  readonly port?: number
  readonly table?: string
  readonly bridge?: boolean
  readonly verbose?: boolean
}

export function upCommand(run: Run): Command {
  const command = new Command('up')
    .summary('run all of it: capture API, table, stream, worker')
    .description(
      'Starts the whole pipeline on this machine: requests come in over HTTP, are stored in a table, whose changes go ' +
        'through a stream and the worker into the archive, where SQL finds them a moment later.\n\n' +
        'Ctrl-C, or SIGTERM, takes no more requests, delivers all that was accepted and ends; a second one ends it at ' +
        'once. Either way nothing is lost, and the next start goes on.',
    )
  return addLiveOptions(command)
    .option('--host <address>', `where the capture API listens (default: ${settingDefaults.host})`)
    .addOption(
      new Option(
        '--port <n>',
        `the port of the capture API; 0 for any that is free (default: ${settingDefaults.port})`,
      ).argParser(wholeNumber(0, 65_535)),
    )
    .option('--table <name>', 'a table in DynamoDB instead of the embedded one; needs --stream')
    .option('--bridge', 'pump the table’s own stream into --stream, for a server that does not do it itself')
    .option('--verbose', 'print the log to standard error')
    .action((flags: Flags) => run((io) => up(io, flags)))
}

async function up(io: Io, flags: Flags): Promise<ExitCode> {
  const settings = liveSettings(io, flags)
  const before = await readReport(settings.state).catch(() => undefined)
  let activity: Activity | undefined
  const log = flags.verbose
    ? lineLog(io)
    : troubleLog({ ...io, err: (text) => (activity?.io ?? io).err(text) })
  const isQuiet = flags.json === true || flags.verbose === true
  try {
    return await runLive(
      io,
      { command: 'up', settings, drain: flags.drain, startProducer: (parts) => capture(settings, parts) },
      log,
      async (stack) => {
        if (!isQuiet) activity = createActivity(io, stack.report)
        await io.out(
          flags.json
            ? `${JSON.stringify(stack.report())}\n`
            : greeting(io, stack, settings) + earlierRun(before),
        )
      },
      async (stack, isDrained) => {
        await activity?.end()
        await io.out(flags.json ? `${JSON.stringify(stack.report())}\n` : account(io, stack, isDrained))
      },
      async () => activity?.tick(),
    )
  } catch (error) {
    await activity?.end()
    const why = addressProblem(error, settings)
    if (why === undefined) throw error
    await io.err(`${style(io, 'red', 'error:')} ${why}\n`)
    return exitCodes.failed
  }
}

async function capture({ host, port }: Settings, parts: ProducerParts): Promise<Producer> {
  // Loaded when it is needed: other commands start sooner.
  const { startCapture } = await import('../sample/capture.ts')
  return startCapture({ ...parts, host, port, version })
}

/** How the run before ended, where it was not stopped; what it left is told when it is read. */
function earlierRun(before: Report | undefined): string {
  if (before === undefined || before.state === 'stopped') return ''
  const at = `${toIso(before.reportedMs).slice(0, 19)}Z`
  return `The last run (process ${before.pid}) ended at ${at} without being stopped. This one goes on where it was.\n`
}

function addressProblem(error: unknown, { host, port }: Settings): string | undefined {
  // Only what listening met: a folder may be refused with the same codes.
  const isAddress =
    error instanceof Error && 'syscall' in error && /^(listen|getaddrinfo)$/.test(String(error.syscall))
  switch (isAddress ? systemCode(error) : undefined) {
    case 'EADDRINUSE':
      return `port ${port} is taken: stop what listens there, or name another with --port`
    case 'EACCES':
      return `this user may not listen on port ${port}: name another with --port`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine: name one with --host`
    default:
      return undefined
  }
}

const firstQuery = 'SELECT fanid, eventid, saleid, date.requested FROM demand'

function greeting(io: Io, { url = '', archive }: RunningStack, settings: Settings): string {
  const bold = (text: string) => style(io, 'bold', text)
  // JSON over two lines: between quotes, a shell takes them as they are.
  const sample = `{"fanId": "fan-1", "eventId": "event-1", "saleId": "sale-1",
        "email": "ada@example.com"}`
  return `${bold('The pipeline runs.')}
Requests go to ${bold(url)}, changes to ${archive}

Ask to be reminded:
  curl -i ${url}/demands -H 'content-type: application/json' \\
    -d '${sample}'
See it ${settings.batchWindowMs / 1000} s later:
${commandLines(io, ['query', firstQuery, ...archiveFlags(settings)])}
Send many:
${commandLines(io, ['simulate', '--to', url, '--rate', '100', '--for', '10s'])}
See how it does:
${commandLines(io, ['status', '--watch', '--state', settings.state])}

Ctrl-C delivers what was accepted, and ends.
`
}
