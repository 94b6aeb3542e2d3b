import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { batchRecords } from '../defaults.ts'
import { toRules } from '../delivery/rules.ts'
import { type Delivery, deliverBatch, type WorkerParts } from '../delivery/worker.ts'
import { PipelineError } from '../record/error.ts'
import type { Settings } from '../settings.ts'
import { openStore } from '../store/open.ts'
import { cutBatches, shardOf } from './batches.ts'
import {
  archiveOption,
  catalogFor,
  type ExitCode,
  exitCodes,
  jsonOption,
  type Run,
  schemasOption,
  settingsFor,
  UsageError,
  wholeNumber,
} from './command.ts'
import { archiveFlags, commandText } from './commandline.ts'
import { count, counted, duration, type Io, lineLog, size } from './io.ts'
import { type Input, openInput } from './lines.ts'
import { startProgress } from './progress.ts'

type Flags = {
  archive?: string
  schemas?: string
  stream: string
  shard?: string
  batch: number
  json?: boolean
  verbose?: boolean
}

export function deliverCommand(run: Run): Command {
  return new Command('deliver')
    .summary('put change records into an archive')
    .description(
      'Delivers change records to an archive, as the Lambda does.\n\n' +
        'Each FILE holds JSON documents, gzipped or not, a line each or printed over several lines: change records as Kinesis ' +
        'Data Streams for DynamoDB writes them, or whole Lambda events of a Kinesis stream or of DynamoDB Streams. ' +
        '"-" is standard input. What cannot be read as a change becomes an error file. Delivering the same input ' +
        'again changes nothing. An input that breaks off is delivered up to there, and the command fails.',
    )
    .argument('<files...>', 'files of change records, or - for standard input')
    .addOption(archiveOption())
    .addOption(schemasOption())
    .option('--stream <name>', 'the stream that plain lines came from', 'local')
    .option('--shard <id>', 'the shard that plain lines came from (default: the name of the file)')
    .addOption(
      new Option('--batch <records>', 'plain lines a batch')
        .default(batchRecords)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(jsonOption())
    .option('--verbose', "print the worker's log to standard error")
    .addHelpText(
      'after',
      '\nExit code 0 means that every record is stored, those in errors/ included; 3 that every single one went to errors/.',
    )
    .action((files: string[], flags: Flags) => run((io) => deliver(io, files, flags)))
}

async function deliver(io: Io, files: readonly string[], flags: Flags): Promise<ExitCode> {
  if (files.filter((file) => file === '-').length > 1) throw new UsageError('standard input can be read once')
  const settings = settingsFor(io, flags)
  const inputs = await openInputs(io, files)
  // Before the archive is made: what is wrong with the schemas leaves nothing behind, as does a missing input.
  const rules = toRules(catalogFor(settings), settings)
  const parts: WorkerParts = {
    store: await openStore(settings.archive),
    rules,
    runtime: flags.verbose ? { ...io.runtime, log: lineLog(io) } : io.runtime,
    putsParallel: settings.putsParallel,
    putTimeoutMs: settings.putTimeoutMs,
  }
  const startedMs = io.runtime.clock()
  const total: Total = { ...nothing, failures: [] }
  const reportTotal = () => report(io, total, settings, io.runtime.clock() - startedMs, flags.json === true)
  try {
    for (const { file, input } of inputs) {
      const { stream, batch: batchRecordsMax } = flags
      const shard = flags.shard ?? shardOf(file)
      await deliverInput(io, input, parts, { stream, shard, batchRecordsMax }, total)
    }
  } catch (error) {
    // What was delivered before the store failed stays delivered, and is told.
    await reportTotal()
    throw error
  }
  await reportTotal()
  if (total.failures.length > 0) throw new PipelineError('INPUT_INVALID', total.failures.join('\n'))
  if (io.interrupt.aborted) return exitCodes.interrupted
  // A single bad record is ordinary; a whole input of them is most likely the wrong file.
  return total.errored > 0 && total.delivered === 0 ? exitCodes.problems : exitCodes.ok
}

/** Opens every input before the first is read. Throws INPUT_INVALID, which names each that cannot be opened. */
async function openInputs(io: Io, files: readonly string[]) {
  const inputs: { readonly file: string; readonly input: Input }[] = []
  const problems: string[] = []
  for (const file of files) {
    try {
      inputs.push({ file, input: await openInput(file, io) })
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error
      problems.push(error.message)
    }
  }
  if (problems.length === 0) return inputs
  const of =
    inputs.length === 0
      ? ''
      : `: the ${counted(inputs.length, 'input')} that can be read will be delivered once all can`
  throw new PipelineError('INPUT_INVALID', `${problems.join('\n')}\nNothing was delivered${of}.`)
}

/** What was delivered so far, and for each input that could not be read to its end what of it was not. */
export type Total = { -readonly [name in keyof Delivery]: number } & { failures: string[] }

const nothing: Delivery = {
  records: 0,
  delivered: 0,
  errored: 0,
  objects: 0,
  bytes: 0,
  errorFiles: 0,
  found: 0,
}

/**
 * Delivers one input batch after batch and adds it to `total`; an interrupt ends it after the batch under way. An input
 * that cannot be read to its end is delivered up to there, and is a failure in the total.
 */
export async function deliverInput(
  io: Io,
  input: Input,
  parts: WorkerParts,
  options: Parameters<typeof cutBatches>[1],
  total: Total = { ...nothing, failures: [] },
): Promise<Total> {
  const before = { ...total }
  const progress = startProgress(io, `delivering ${basename(input.name)}`, 'records')
  try {
    for await (const batch of cutBatches(input, options)) {
      if (io.interrupt.aborted) break
      add(total, await deliverBatch(batch, parts))
      await progress.update({
        done: input.position(),
        ...(input.size === undefined ? {} : { total: input.size }),
        items: total.records - before.records,
      })
    }
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'INPUT_INVALID') throw error
    const [read, delivered, errored] = (['records', 'delivered', 'errored'] as const).map((name) =>
      count(total[name] - before[name]),
    )
    total.failures.push(
      `${error.message} Records of it: ${read} read, ${delivered} delivered, ${errored} errored.`,
    )
  } finally {
    await progress.end()
  }
  return total
}

function add(total: Total, part: Delivery): void {
  total.records += part.records
  total.delivered += part.delivered
  total.errored += part.errored
  total.objects += part.objects
  total.bytes += part.bytes
  total.errorFiles += part.errorFiles
  total.found += part.found
}

async function report(
  io: Io,
  total: Total,
  settings: Settings,
  tookMs: number,
  asJson: boolean,
): Promise<void> {
  if (asJson) return io.out(`${JSON.stringify(total)}\n`)
  const { records, delivered, errored, objects, bytes } = total
  const rate = Math.round(records / Math.max(0.001, tookMs / 1000))
  const list = commandText(io, ['errors', 'list', ...archiveFlags(settings)])
  const lines = [
    `${counted(records, 'record')} in ${duration(tookMs)} (${count(rate)}/s) to ${settings.archive}`,
    `  delivered ${count(delivered)} in ${counted(objects, 'object')}, ${size(bytes)}`,
    errored === 0 ? '  errored   0' : `  errored   ${count(errored)}: see them with  ${list}`,
    ...newsOf(total),
    ...(io.interrupt.aborted ? ['  interrupted: run the same command again to deliver the rest'] : []),
  ]
  await io.out(`${lines.join('\n')}\n`)
}

/** How much of it had been delivered before, if any. */
function newsOf({ objects, errorFiles, found }: Total): readonly string[] {
  const files = objects + errorFiles
  if (found === 0) return []
  if (found < files) return [`  ${count(found)} of ${counted(files, 'file')} had been delivered before`]
  return [
    `  nothing was new: ${files === 1 ? 'the file' : `all ${count(files)} files`} had been delivered before`,
  ]
}
