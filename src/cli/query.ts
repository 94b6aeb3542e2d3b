import { Argument, Command, Option } from 'commander'
import { statementBytesMax } from '../dialect/lexer.ts'
import type { Dialect, QueryEngine } from '../query/engine.ts'
import { openAthenaEngine, openEngine } from '../query/open.ts'
import { openStore } from '../store/open.ts'
import {
  archiveOption,
  catalogFor,
  type ExitCode,
  exitCodes,
  type Run,
  schemasOption,
  settingsFor,
  UsageError,
  wholeNumber,
} from './command.ts'
import { type Io, style } from './io.ts'
import {
  type FileFormat,
  fileFormats,
  formatByEnding,
  type Hints,
  knownEndings,
  runStatement,
} from './result.ts'
import { listSaved, readSaved } from './saved.ts'
import { runShell } from './shell.ts'
import { checkLength, readStatementFile } from './statement.ts'

type Flags = {
  archive?: string
  schemas?: string
  file?: string
  saved?: string | true
  param?: readonly string[]
  format?: FileFormat
  json?: boolean
  output?: string
  raw?: boolean
  timeout?: number
  maxRows?: number
  cache?: string
  stats?: boolean
  engine?: string
  dialect: Dialect
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
    .option(
      '--saved [name]',
      'run a saved query, by its name or from a file that ends in .sql; without a name, list them',
    )
    .addOption(
      new Option(
        '--param <name=value>',
        'with --saved: the value of a parameter; repeat it for further ones',
      ).argParser((value: string, before: readonly string[] = []) => [...before, value]),
    )
    .addOption(archiveOption())
    .addOption(schemasOption())
    .addOption(
      new Option(
        '--format <name>',
        'how the result is written: a table unless the ending of -o says otherwise',
      ).choices(fileFormats),
    )
    .option('--json', 'the same as --format json')
    .option('-o, --output <file>', `write the result to a file, in the format of its ending: ${knownEndings}`)
    .option('--raw', 'CSV only: leave texts that a spreadsheet would take for formulas as they are')
    .option('--timeout <seconds>', 'how long it may take', wholeNumber(1, 86_400))
    .option('--max-rows <n>', 'how many rows the result may have', wholeNumber(1, 1_000_000_000))
    .option('--cache <folder>', 'where rows are kept in a form that is fast to read')
    .addOption(new Option('--engine <name>', 'what runs it').choices(['duckdb', 'athena']))
    .addOption(
      new Option('--dialect <name>', 'whose SQL it is: Athena’s, or DuckDB’s own, which Athena does not take')
        .choices(['athena', 'duckdb'])
        .default('athena'),
    )
    .option('--workgroup <name>', 'with athena: the workgroup that it runs in')
    .option('--database <name>', 'with athena: the database of the tables')
    .option('--stats', 'say what was read and how long it took, on standard error; a terminal is always told')
    .action((sql: string | undefined, flags: Flags) => run((io) => query(io, sql, flags)))
}

async function query(io: Io, argument: string | undefined, flags: Flags): Promise<ExitCode> {
  const format = chooseFormat(flags)
  if (flags.saved === true) return listSaved(io, format === 'json')
  const isShell =
    io.terminal !== undefined && [argument, flags.file, flags.saved].every((given) => given === undefined)
  const sql = isShell ? undefined : await readStatement(io, argument, flags)
  if (isShell && flags.output !== undefined)
    throw new UsageError('-o takes the result of a statement: give one; in the shell .output FILE does it')
  const settings = settingsFor(io, {
    ...flags,
    queryEngine: flags.engine,
    queryTimeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
    queryRowsMax: flags.maxRows,
  })
  const catalog = catalogFor(settings)
  const isAthena = settings.queryEngine === 'athena'
  if (isAthena && flags.dialect === 'duckdb')
    throw new UsageError('--dialect duckdb goes with the engine duckdb: Athena takes its own SQL alone')
  const opened = isAthena
    ? await openAthenaEngine(settings, io.runtime)
    : await openEngine({
        settings,
        env: io.env,
        runtime: io.runtime,
        catalog,
        store: await openStore(settings.archive, { create: false }),
      })
  const engine = speaking(opened, flags.dialect)
  if (flags.dialect === 'duckdb' && io.isWatched)
    await io.err(`${style(io, 'dim', 'DuckDB’s own SQL: what you write may not run on Athena')}\n`)
  try {
    const { output: file, raw, stats } = flags
    if (sql !== undefined)
      await runStatement(io, engine, sql, { format, file, raw, stats, hints }, io.interrupt)
    else await runShell(io, engine, catalog, format)
    return exitCodes.ok
  } catch (error) {
    if (io.interrupt.aborted) return exitCodes.interrupted
    throw error
  } finally {
    await engine.close()
  }
}

/** An engine that is asked in one dialect. */
function speaking(engine: QueryEngine, dialect: Dialect): QueryEngine {
  return {
    query: (sql, options) => engine.query(sql, { ...options, dialect }),
    exportParquet: (sql, path, options) => engine.exportParquet(sql, path, { ...options, dialect }),
    close: () => engine.close(),
  }
}

/** The format that is asked for, by name or by the ending of the file that the result goes to. */
function chooseFormat({ format, json, output }: Flags): FileFormat {
  if (json && format !== undefined && format !== 'json')
    throw new UsageError(`--json and --format ${format} contradict each other: give one`)
  const named = json ? 'json' : format
  if (named === 'parquet' && output === undefined) throw new UsageError('--format parquet needs -o FILE')
  if (named !== undefined || output === undefined) return named ?? 'table'
  const byEnding = formatByEnding(output)
  if (byEnding === undefined)
    throw new UsageError(
      `the ending of ${output} names no format: give --format, or use one of ${knownEndings}`,
    )
  return byEnding
}

/**
 * A statement that begins with a comment, as an argument that is no option: commander takes what begins with `--` for
 * one. An option is a word, or a word with a value behind `=`, in one line.
 */
export function asOperand(argument: string): string {
  return argument.startsWith('--') && !/^--[\w-]*(?:=.*)?$/.test(argument) ? ` ${argument}` : argument
}

const hints: Hints = {
  whole: '--format line, json or csv shows them whole',
  raw: '--raw leaves such cells as they are',
  more: '',
}

async function readStatement(
  io: Io,
  argument: string | undefined,
  { file, saved, param = [] }: Flags,
): Promise<string> {
  if ([argument, file, saved].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError(
      'give one statement: as an argument, with -f FILE, with --saved NAME, or - for standard input',
    )
  }
  if (saved === undefined && param.length > 0) throw new UsageError('--param goes with --saved')
  const text =
    saved !== undefined
      ? readSaved(String(saved), param)
      : file !== undefined
        ? readStatementFile(file)
        : argument === '-'
          ? await readAll(io.stdin)
          : (argument ?? '')
  checkLength(text)
  return text
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
