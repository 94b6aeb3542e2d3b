import type { QueryEngine } from '../query/engine.ts'
import type { Catalog } from '../record/schema.ts'
import { UsageError } from './command.ts'
import { readStatementHistory, writeHistory } from './history.ts'
import { type Io, style } from './io.ts'
import { type FileFormat, shownFormats } from './result.ts'
import { type CommandLine, readCommand } from './shell/commands.ts'
import { completer } from './shell/complete.ts'
import { isBlankStatement, isUnfinished, takeStatements } from './shell/input.ts'
import { explain, rowsShownMaxFirst, runAll, type Session } from './shell/session.ts'
import { droppedLine, idle, type LineReader, openTerminal } from './shell/terminal.ts'

/**
 * An interactive shell over an archive, with history and completion, for a person on a terminal. Ends at `.quit` or the
 * end of the input. A statement that fails is explained, and the shell goes on.
 */
export async function runShell(
  io: Io,
  engine: QueryEngine,
  catalog: Catalog,
  format: FileFormat = 'table',
): Promise<void> {
  if (!io.terminal) throw new Error('the shell needs a terminal')
  const history = readStatementHistory(io.env)
  await io.err(`${style(io, 'dim', 'SQL over the archive; .help for help, .quit to leave')}\n`)
  const terminal = openTerminal({
    terminal: io.terminal,
    env: io.env,
    history,
    complete: completer(catalog),
  })
  const remember = (entry: string) => {
    terminal.remember(entry)
    writeHistory(history, entry)
  }
  try {
    await readStatements(io, engine, catalog, terminal.next, {
      format,
      work: terminal.work,
      remember,
      beforeRun: terminal.clearLine,
    })
  } finally {
    terminal.close()
  }
}

export type ShellParts = {
  /** How results are shown at first; one that a terminal cannot show is a table. */
  readonly format?: FileFormat
  /** Aborts when Ctrl-C is pressed while something runs. */
  readonly work?: () => AbortSignal
  /** Keeps what was run. */
  readonly remember?: (entry: string) => void
  readonly beforeRun?: () => void
}

/** The shell without its terminal: reads lines until there are no more, and runs what they say. */
export async function readStatements(
  io: Io,
  engine: QueryEngine,
  catalog: Catalog,
  read: LineReader,
  parts: ShellParts = {},
): Promise<void> {
  const { remember = () => {}, beforeRun = () => {} } = parts
  const session: Session = {
    io,
    engine,
    catalog,
    work: parts.work ?? (() => new AbortController().signal),
    format: shownFormats.find((known) => known === parts.format) ?? 'table',
    rowsShownMax: rowsShownMaxFirst,
    output: undefined,
  }
  // What was typed since the last statement, and whether a statement is begun in it.
  let typed = ''
  let isMiddle = false
  for (;;) {
    const line = await read(isMiddle ? '...> ' : 'dmd> ')
    if (line === undefined) {
      if (isMiddle) await io.err('the last statement was not run: it does not end with ;\n')
      return
    }
    if (line === droppedLine || line === idle) {
      if (line === idle && !isMiddle) await io.err(`${style(io, 'dim', '.quit or Ctrl-D leaves')}\n`)
      typed = ''
      isMiddle = false
      continue
    }
    const command = readCommand(line, isMiddle)
    if (command && !isUnfinished(typed)) {
      if (command.command && !command.command.run) return
      if (!isMiddle) remember(line.trim())
      beforeRun()
      await runCommand(session, command)
      continue
    }
    if (isMiddle && /^\s*(?:help|exit|quit)\s*$/i.test(line)) {
      const hint = `"${line.trim()}" was taken for SQL; .quit leaves, Ctrl-C drops the statement`
      await io.err(`${style(io, 'dim', hint)}\n`)
    }
    typed += typed === '' ? line : `\n${line}`
    isMiddle = isMiddle || !isBlankStatement(typed)
    if (typed.trim() === '') typed = ''
    if (!line.includes(';')) continue
    const { statements, rest } = takeStatements(typed)
    isMiddle = !isBlankStatement(rest)
    const taken = isMiddle ? typed.slice(0, typed.length - rest.length) : typed
    // Comments behind a statement belong to it, those before one do not end it.
    typed = isMiddle || statements.length === 0 ? rest.trimStart() : ''
    if (statements.length === 0) continue
    remember(taken.trim())
    beforeRun()
    await runAll(session, statements)
  }
}

async function runCommand(session: Session, { name, argument, command }: CommandLine): Promise<void> {
  try {
    if (command?.run) return await command.run(session, argument)
    const tables = name.startsWith('\\') ? ', .tables the tables, .columns TABLE its columns' : ''
    throw new UsageError(`there is no ${name}; .help lists what there is${tables}`)
  } catch (error) {
    await explain(session.io, error)
  }
}
