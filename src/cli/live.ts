import { type Command, Option } from 'commander'
import type { RunningStack, StackOptions } from '../local/stack.ts'
import { type Code, codes, fixFor } from '../record/error.ts'
import type { Log } from '../runtime.ts'
import { readSettings, type Settings, settingDefaults } from '../settings.ts'
import {
  archiveOption,
  catalogFor,
  configFile,
  type ExitCode,
  exitCodes,
  jsonOption,
  schemasOption,
  wholeNumber,
} from './command.ts'
import { commandText } from './commandline.ts'
import { counted, duration, type Io, style } from './io.ts'
import { untilStopped } from './stop.ts'
import { timeSpan } from './time.ts'

/** What `dmd up` and `dmd worker` have in common: the options, the run until it is stopped, and its account. */
export type LiveFlags = {
  readonly archive?: string
  readonly state?: string
  readonly schemas?: string
  readonly stream?: string
  readonly window?: number
  readonly batch?: number
  readonly parallel?: number
  readonly alertUrl?: string
  readonly drain: number
  readonly json?: boolean
}

export const stateOption = () =>
  new Option('--state <folder>', `where it is kept how far the work is (default: ${settingDefaults.state})`)

export function addLiveOptions(command: Command): Command {
  return command
    .addOption(archiveOption())
    .addOption(stateOption())
    .addOption(schemasOption())
    .option('--stream <name>', 'a Kinesis stream, by name or ARN')
    .addOption(
      new Option(
        '--window <time>',
        `how long a batch waits for more records (default: ${settingDefaults.batchWindowMs / 1_000}s)`,
      ).argParser(timeSpan(0, 300_000)),
    )
    .addOption(
      new Option(
        '--batch <records>',
        `records a batch, at most (default: ${settingDefaults.batchRecords})`,
      ).argParser(wholeNumber(1, 10_000)),
    )
    .addOption(
      new Option(
        '--parallel <n>',
        `batches of a shard at once (default: ${settingDefaults.parallelization})`,
      ).argParser(wholeNumber(1, 10)),
    )
    .option('--alert-url <url>', 'where a notice is posted when something is wrong, and when it is over')
    .addOption(
      new Option('--drain <time>', 'how long the delivery of the rest may take at the end')
        .default(60_000, '60s')
        .argParser(timeSpan(0, 3_600_000)),
    )
    .addOption(jsonOption())
}

/** The settings of a live command: its flags, the environment, the configuration file. */
export function liveSettings(
  io: Io,
  flags: LiveFlags & {
    readonly host?: string
    readonly port?: number
    readonly table?: string
    readonly bridge?: boolean
  },
): Settings {
  const { archive, state, schemas, stream, host, port, table, bridge, alertUrl } = flags
  const { window: batchWindowMs, batch: batchRecords, parallel: parallelization } = flags
  return readSettings({
    flags: {
      ...{ archive, state, schemas, stream, host, port, table, bridge, alertUrl },
      ...{ batchWindowMs, batchRecords, parallelization },
    },
    env: io.env,
    file: configFile,
  })
}

export type LiveRun = Pick<StackOptions, 'command' | 'settings' | 'startProducer'> & {
  /** How long the delivery of the rest may take at the end, in milliseconds. */
  readonly drain: number
}

/** Starts the pipeline, shows it with `greet`, and drains it when it is told to stop. */
export async function runLive(
  io: Io,
  { command, settings, drain, startProducer }: LiveRun,
  log: Log,
  greet: (stack: RunningStack) => Promise<void>,
  leave: (stack: RunningStack, isDrained: boolean) => Promise<void>,
  /** Called every second while it runs. */
  watch?: (stack: RunningStack) => Promise<void>,
): Promise<ExitCode> {
  const stopped = untilStopped(io)
  // Loaded when it is needed: other commands start sooner.
  const { startStack } = await import('../local/stack.ts')
  const stack = await startStack({
    ...{ command, settings },
    ...(startProducer && { startProducer }),
    catalog: catalogFor(settings),
    runtime: { ...io.runtime, log },
    pid: process.pid,
  })
  await greet(stack)
  const stopWatching = io.runtime.every(lookMs, () => void watch?.(stack))
  let failure: unknown
  await Promise.race([
    stopped,
    stack.done.catch((error: unknown) => {
      failure = error
    }),
  ])
  const isDrained = await stack.drain(failure === undefined ? drain : 0)
  stopWatching()
  if (failure !== undefined) throw failure
  await leave(stack, isDrained)
  return isDrained ? exitCodes.ok : exitCodes.problems
}

const lookMs = 1_000
const againMs = 10_000
const shownMax = 100

/** What goes wrong, in a line for people, with what helps; the same again no sooner than after ten seconds. */
export function troubleLog(io: Io): Log {
  const shown = new Map<string, number>()
  return ({ level, message, code }) => {
    if (level !== 'error') return
    const text = `${message}${typeof code === 'string' ? ` (${code})` : ''}`
    const nowMs = io.runtime.clock()
    if (nowMs - (shown.get(text) ?? Number.NEGATIVE_INFINITY) < againMs) return
    if (shown.size >= shownMax) shown.clear()
    shown.set(text, nowMs)
    const help = typeof code === 'string' && isCode(code) ? fixFor(code) : undefined
    const fix = help === undefined ? '' : `\n${style(io, 'dim', help)}`
    void io.err(`${style(io, 'yellow', 'warning:')} ${text}${fix}\n`)
  }
}

function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text)
}

/** What was done since the start, in lines for people. */
export function account(io: Io, stack: RunningStack, isDrained: boolean): string {
  const { requests, delivery, archive, startedMs, reportedMs } = stack.report()
  const { delivered, errored, objects, givenUp, held } = delivery
  return [
    ...(requests
      ? [`took ${counted(requests.accepted, 'request')} in ${duration(reportedMs - startedMs)}`]
      : []),
    `delivered ${counted(delivered, 'change')} in ${counted(objects, 'file')} to ${archive}`,
    ...(errored > 0
      ? [
          `${counted(errored, 'record')} failed: see them with  ${commandText(io, ['errors', 'list', '--archive', archive])}`,
        ]
      : []),
    ...(givenUp > 0 ? [`${counted(givenUp, 'record')} given up: see below failed/ in ${archive}`] : []),
    isDrained
      ? 'nothing is left to deliver'
      : `not all is delivered, ${counted(held, 'change')} at least: the next start goes on with the rest`,
    '',
  ].join('\n')
}
