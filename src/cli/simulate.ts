import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { simulate } from '../sample/simulator.ts'
import { fileMode } from '../store/mode.ts'
import {
  type ExitCode,
  exitCodes,
  jsonOption,
  percentage,
  type Run,
  UsageError,
  wholeNumber,
} from './command.ts'
import { runDrive } from './drive.ts'
import { count, type Io } from './io.ts'
import { startProgress } from './progress.ts'
import { timeSpan } from './time.ts'

type Flags = {
  fans: number
  minutes: number
  badPercent: number
  seed: string
  output?: string
  to?: string
  rate: number | 'max'
  requests?: number
  for?: number
  connections: number
  json?: boolean
}

export function simulateCommand(run: Run): Command {
  return new Command('simulate')
    .summary('make a realistic stream of changes')
    .description(
      'Writes change records as JSON lines: an event is announced, fans ask to be reminded in a surge, some cancel, ' +
        'some are notified, some ask for other events too or ask again, events are edited, and some records are bad. The ' +
        'same seed gives the same bytes.\n\n' +
        'With --to it sends such requests to a capture API instead: events and sales first, then fans who ask, cancel and ' +
        'are notified, at a steady rate. What gets no answer is sent again. It ends after --requests, after --for, or ' +
        'with Ctrl-C, and says what was accepted.',
    )
    .addOption(
      new Option('--fans <n>', 'fans who ask for the announced event')
        .default(1000)
        .argParser(wholeNumber(0, 100_000_000)),
    )
    .addOption(
      new Option('--minutes <m>', 'minutes over which they come')
        .default(5)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(
      new Option('--bad-percent <p>', 'bad records, in percent of the requests')
        .default(1)
        .argParser(percentage),
    )
    .option('--seed <s>', 'the seed: any text; with --to another one each time unless given', '1')
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .option('--to <url>', 'send requests to the capture API there')
    .addOption(
      new Option('--rate <n>', 'with --to: requests a second, or max').default(100).argParser(requestRate),
    )
    .addOption(new Option('--requests <n>', 'with --to: how many').argParser(wholeNumber(1, 1_000_000_000)))
    .addOption(
      new Option('--for <time>', 'with --to: how long, such as 60s').argParser(timeSpan(1, 86_400_000)),
    )
    .addOption(
      new Option('--connections <n>', 'with --to: connections, and requests in flight, at most')
        .default(64)
        .argParser(wholeNumber(1, 1_000)),
    )
    .addOption(jsonOption())
    .action((flags: Flags, command: Command) =>
      run(async (io) => {
        const isGiven = (name: keyof Flags) => command.getOptionValueSource(name) === 'cli'
        const { to, seed, ...others } = flags
        refuse((to === undefined ? driving : writing).filter(isGiven), to === undefined)
        if (to === undefined) return runSimulate(io, flags)
        return runDrive(io, { ...others, to, ...(isGiven('seed') && { seed }) })
      }),
    )
}

const writing = ['fans', 'minutes', 'badPercent', 'output'] as const
const driving = ['rate', 'requests', 'for', 'connections', 'json'] as const

function refuse(names: readonly string[], isWriting: boolean): void {
  const [name] = names
  if (name === undefined) return
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  throw new UsageError(isWriting ? `${flag} needs --to` : `${flag} and --to do not go together`)
}

function requestRate(text: string): number | 'max' {
  return text === 'max' ? text : wholeNumber(1, 1_000_000)(text)
}

async function runSimulate(io: Io, flags: Flags): Promise<ExitCode> {
  const { fans, minutes, badPercent, seed, output } = flags
  const lines = await writeLines(io, simulate({ ...season, fans, minutes, badPercent, seed }), output)
  if (output !== undefined) await io.err(`${count(lines)} change records written to ${output}\n`)
  return io.interrupt.aborted ? exitCodes.interrupted : exitCodes.ok
}

/** Twelve events, so that there is a top ten; fans who ask for several, and some who cancel and ask again. */
export const season = { otherEvents: 11, backgroundPercent: 50, repeatPercent: 60, returnPercent: 5 } as const

const chunkBytes = 1 << 18

/** Writes lines to a file, or to standard output, in memory bounded by one chunk; returns how many. */
export async function writeLines(
  io: Io,
  lines: Iterable<{ readonly bytes: Uint8Array }>,
  output: string | undefined,
): Promise<number> {
  const file = output === undefined ? undefined : createWriteStream(output, { mode: fileMode })
  // Before the first write, so that a file that cannot be made is an error of this call.
  const done = file && finished(file)
  done?.catch(() => undefined)
  const write = async (bytes: Uint8Array) => {
    if (!file) return io.out(bytes)
    if (!file.write(bytes)) await Promise.race([once(file, 'drain'), done])
  }
  const progress = startProgress(io, 'simulating', 'records')
  const newline = Buffer.from('\n')
  let held: Uint8Array[] = []
  let heldBytes = 0
  let written = 0
  for (const { bytes } of lines) {
    if (io.interrupt.aborted) break
    held.push(bytes, newline)
    heldBytes += bytes.length + 1
    written += 1
    if (heldBytes < chunkBytes) continue
    await write(Buffer.concat(held))
    held = []
    heldBytes = 0
    await progress.update({ done: written, items: written })
  }
  await write(Buffer.concat(held))
  if (file) {
    file.end()
    await done
  }
  await progress.end()
  return written
}
