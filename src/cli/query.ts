import { createWriteStream, readFileSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { Argument, Command, Option } from 'commander'
import type { QueryEngine, QueryOptions } from '../query/engine.ts'
import type { Write } from '../query/format.ts'
import { savedQueries } from '../query/saved.ts'
import { PipelineError } from '../record/error.ts'
import { fileMode } from '../store/mode.ts'
import { openStore } from '../store/open.ts'
import { columns } from './columns.ts'
import {
  archiveOption,
  catalogFor,
  type ExitCode,
  exitCodes,
  schemasOption,
  settingsFor,
  UsageError,
  wholeNumber,
} from './command.ts'
import { type Cost, describeRun, openAthenaEngine, openEngine } from './engine.ts'
import { count, counted, type Io, style } from './io.ts'
import type { Run } from './program.ts'
import { type Progress, startProgress } from './progress.ts'
import { formatOf, runShell, type ShownFormat, shownFormats } from './shell.ts'

type Flags = {
  archive?: string
  schemas?: string
  file?: string
  saved?: string | true
  format: ShownFormat | 'parquet'
  output?: string
  raw?: boolean
  timeout?: number
  maxRows?: number
  cache?: string
  stats?: boolean
  engine?: string
  workgroup?: string
  database?: string
}

export function queryCommand(run: Run): Command {
  return new Command('query')
    .summary('ask the archive in SQL')
    .description(
      'Runs one SQL statement over the archive, or without one, on a terminal, a shell. For every record type there is its table with every row as delivered ' +
        '(demand), a view of its plural name (demands), one with each change once (demand_changes), and one with the ' +
        'latest state of each item that is not deleted (demand_current).',
    )
    .addArgument(new Argument('[sql]', 'the statement, or - to read it from standard input'))
    .option('-f, --file <file>', 'read the statement from a file')
    .option('--saved [name]', 'run a saved query; without a name, list them')
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(
      new Option('--format <name>', 'how the result is written')
        .choices([...shownFormats, 'parquet'])
        .default('table'),
    )
    .option('-o, --output <file>', 'write the result to a file; Parquet needs one')
    .option('--raw', 'CSV only: leave texts that a spreadsheet would take for formulas as they are')
    .option('--timeout <seconds>', 'how long it may take', wholeNumber(1, 86_400))
    .option('--max-rows <n>', 'how many rows the result may have', wholeNumber(1, 1_000_000_000))
    .option('--cache <folder>', 'where rows are kept in a form that is fast to read')
    .addOption(new Option('--engine <name>', 'what runs it').choices(['duckdb', 'athena']))
    .option('--workgroup <name>', 'with athena: the workgroup that it runs in')
    .option('--database <name>', 'with athena: the database of the tables')
    .option('--stats', 'say what was read and how long it took, on standard error; a terminal is always told')
    .action((sql: string | undefined, flags: Flags) => run((io) => query(io, sql, flags)))
}

async function query(io: Io, argument: string | undefined, flags: Flags): Promise<ExitCode> {
  if (flags.saved === true) return listSaved(io)
  const isShell =
    io.terminal !== undefined && [argument, flags.file, flags.saved].every((given) => given === undefined)
  const sql = isShell ? undefined : await readStatement(io, argument, flags)
  if (flags.format === 'parquet' && flags.output === undefined)
    throw new UsageError('--format parquet needs -o FILE')
  const settings = settingsFor(io, {
    ...flags,
    queryEngine: flags.engine,
    queryTimeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
    queryRowsMax: flags.maxRows,
  })
  const catalog = catalogFor(settings)
  const engine =
    settings.queryEngine === 'athena'
      ? await openAthenaEngine(settings)
      : await openEngine(io, {
          settings,
          catalog,
          store: await openStore(settings.archive, { create: false }),
        })
  try {
    if (sql === undefined) await runShell(io, engine, catalog)
    else await runOnce(io, engine, sql, flags)
    return exitCodes.ok
  } catch (error) {
    if (io.interrupt.aborted) return exitCodes.interrupted
    throw error
  } finally {
    await engine.close()
  }
}

async function runOnce(io: Io, engine: QueryEngine, sql: string, flags: Flags): Promise<void> {
  const progress = startProgress(io, 'loading', 'rows')
  const startedMs = io.clock()
  const options: QueryOptions = {
    signal: io.interrupt,
    onLoad: ({ files, filesTotal, rows }) => progress.update({ done: files, total: filesTotal, items: rows }),
  }
  try {
    const written = await write(io, engine, sql, flags, options, progress)
    const { rows } = written
    if (flags.output !== undefined) await io.err(`${counted(rows, 'row')} written to ${flags.output}\n`)
    if (flags.stats || io.isWatched)
      await io.err(`${style(io, 'dim', describeRun(written, rows, io.clock() - startedMs))}\n`)
  } finally {
    await progress.end()
  }
}

type Written = Cost & { readonly rows: number }

async function write(
  io: Io,
  engine: QueryEngine,
  sql: string,
  flags: Flags,
  options: QueryOptions,
  progress: Progress,
): Promise<Written> {
  if (flags.format === 'parquet') return engine.exportParquet(sql, flags.output ?? '', options)
  const result = await engine.query(sql, options)
  await progress.end()
  const { scan, charge } = result
  if (flags.output === undefined)
    return { rows: await formatOf(io, flags.format, flags)(result, io.out), scan, charge }
  const { writeText, end } = openOutput(flags.output)
  // A file has no colours and no width, and is no terminal.
  const { width: _, ...plain } = { ...io, isColored: false, isShown: false }
  const rows = await formatOf(plain, flags.format, flags)(result, writeText)
  await end()
  return { rows, scan, charge }
}

function openOutput(path: string): { readonly writeText: Write; readonly end: () => Promise<void> } {
  const file = createWriteStream(path, { mode: fileMode })
  // Before the first write, so that a file that cannot be made is reported and not thrown out of nowhere.
  const done = finished(file)
  done.catch(() => {})
  return {
    writeText: (text) =>
      new Promise((resolve, reject) =>
        file.write(text, (error) => (error ? reject(unwritable(path, error)) : resolve())),
      ),
    end: async () => {
      file.end()
      await done.catch((error: unknown) => Promise.reject(unwritable(path, error)))
    },
  }
}

function unwritable(path: string, cause: unknown): PipelineError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new PipelineError('OUTPUT_INVALID', `${path} cannot be written: ${why}`, { cause })
}

const statementBytesMax = 262_144

/** Athena takes no statement beyond 262,144 bytes, so neither does this. */
async function readStatement(io: Io, argument: string | undefined, { file, saved }: Flags): Promise<string> {
  if ([argument, file, saved].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError(
      'give one statement: as an argument, with -f FILE, with --saved NAME, or - for standard input',
    )
  }
  if (saved !== undefined) return findSaved(String(saved))
  const text =
    file !== undefined ? readFile(file) : argument === '-' ? await readAll(io.stdin) : (argument ?? '')
  if (Buffer.byteLength(text) > statementBytesMax)
    throw new UsageError(`a statement has at most ${count(statementBytesMax)} bytes`)
  return text
}

async function listSaved(io: Io): Promise<ExitCode> {
  await io.out(
    columns(
      io,
      ['name', 'what it asks'],
      savedQueries.map(({ name, title }) => [name, title]),
    ),
  )
  return exitCodes.ok
}

function findSaved(name: string): string {
  const saved = savedQueries.find((candidate) => candidate.name === name)
  if (!saved) {
    throw new UsageError(
      `there is no saved query "${name}"; there are ${savedQueries.map((known) => known.name).join(', ')}`,
    )
  }
  return saved.sql
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new PipelineError('INPUT_INVALID', `${file}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const held: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    held.push(chunk)
    bytes += chunk.length
    if (bytes > statementBytesMax) break
  }
  return Buffer.concat(held).toString('utf8')
}
