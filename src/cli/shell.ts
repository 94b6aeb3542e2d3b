import { createInterface } from 'node:readline/promises'
import type { QueryEngine } from '../query/engine.ts'
import { type Format, formatCsv, formatJson, formatJsonLines, formatTable } from '../query/format.ts'
import { savedQueries } from '../query/saved.ts'
import { PipelineError } from '../record/error.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import { columns } from './columns.ts'
import { describeRun } from './engine.ts'
import { type History, readHistory, writeHistory } from './history.ts'
import { harmlessLines, type Io, style } from './io.ts'

const help = `  SELECT …;            runs a statement; it may take several lines and ends with ;
  .tables              lists the tables and views
  .columns TABLE       lists the columns of a table
  .saved [NAME]        lists the saved queries, or runs one
  .format NAME         table, csv, json or jsonl
  .help                this
  .quit                leaves, as does Ctrl-D; Ctrl-C ends the statement under way`

/** What the shell remembers between lines. */
type Session = { format: ShownFormat; statement: string }

/** The formats that a terminal can show. */
export type ShownFormat = (typeof shownFormats)[number]
export const shownFormats = ['table', 'csv', 'json', 'jsonl'] as const

/** Lines as a person types them; `prompt` is shown before each. */
export type LineReader = (prompt: string) => Promise<string | undefined>

/**
 * An interactive shell over an archive, with history and completion, for a person on a terminal. Ends at `.quit` or the
 * end of the input. A statement that fails is explained, and the shell goes on.
 */
export async function runShell(io: Io, engine: QueryEngine, catalog: Catalog): Promise<void> {
  const { terminal } = io
  if (!terminal) throw new Error('the shell needs a terminal')
  const history = readHistory(io.env)
  const reader = createInterface({
    ...terminal,
    history: [...history.lines],
    historySize: history.linesMax,
    removeHistoryDuplicates: true,
    completer: completer(catalog),
  })
  await io.err(`${style(io, 'dim', 'SQL over the archive; .help for help, .quit to leave')}\n`)
  const ended = new Promise<undefined>((resolve) => reader.once('close', () => resolve(undefined)))
  const interrupts = new EventTarget()
  reader.on('SIGINT', () => interrupts.dispatchEvent(new Event('interrupt')))
  try {
    await readStatements(
      io,
      engine,
      catalog,
      (prompt) => Promise.race([reader.question(prompt).catch(() => undefined), ended]),
      {
        interrupts,
        history,
      },
    )
  } finally {
    reader.close()
  }
}

/** The shell without its terminal: reads lines until there are no more. */
export async function readStatements(
  io: Io,
  engine: QueryEngine,
  catalog: Catalog,
  read: LineReader,
  { interrupts = new EventTarget(), history }: { interrupts?: EventTarget; history?: History } = {},
): Promise<void> {
  const session: Session = { format: 'table', statement: '' }
  for (;;) {
    const line = await read(session.statement === '' ? 'dmd> ' : '...> ')
    if (line === undefined || (session.statement === '' && /^\s*\.q(uit)?\s*$/.test(line))) return
    if (session.statement === '' && line.trim().startsWith('.')) {
      await runDotCommand(io, engine, catalog, session, line.trim(), interrupts)
      continue
    }
    session.statement += session.statement === '' ? line : `\n${line}`
    if (session.statement.trim() === '') session.statement = ''
    if (!session.statement.trimEnd().endsWith(';')) continue
    const { statement } = session
    session.statement = ''
    if (history) writeHistory(history, statement)
    await runStatement(io, engine, session, statement, interrupts)
  }
}

async function runDotCommand(
  io: Io,
  engine: QueryEngine,
  catalog: Catalog,
  session: Session,
  line: string,
  interrupts: EventTarget,
): Promise<void> {
  const [name = '', argument = ''] = line.split(/\s+/)
  switch (name) {
    case '.help':
      return io.out(`${help}\n`)
    case '.tables':
      return io.out(columns(io, ['table', 'views', 'what it holds'], [...catalog.values()].map(tableRow)))
    case '.columns':
      return runStatement(io, engine, session, `DESCRIBE \`${argument.replaceAll('`', '')}\``, interrupts)
    case '.format': {
      const format = shownFormats.find((known) => known === argument)
      if (!format) return io.out(`formats: ${shownFormats.join(', ')}\n`)
      session.format = format
      return
    }
    case '.saved': {
      const saved = savedQueries.find((candidate) => candidate.name === argument)
      if (!saved)
        return io.out(
          columns(
            io,
            ['name', 'what it asks'],
            savedQueries.map(({ name: known, title }) => [known, title]),
          ),
        )
      await io.out(`${style(io, 'dim', saved.sql)}\n`)
      return runStatement(io, engine, session, saved.sql, interrupts)
    }
    default:
      return io.out(`there is no ${name}; .help lists what there is\n`)
  }
}

function tableRow({ type, plural, doc }: RecordSchema): readonly string[] {
  return [type, `${plural}, ${type}_changes, ${type}_current`, doc]
}

async function runStatement(
  io: Io,
  engine: QueryEngine,
  session: Session,
  sql: string,
  interrupts: EventTarget,
): Promise<void> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  interrupts.addEventListener('interrupt', stop)
  const startedMs = io.clock()
  try {
    const result = await engine.query(sql, { signal: abort.signal })
    const rows = await formatOf(io, session.format)(result, io.out)
    await io.err(`${style(io, 'dim', describeRun(result, rows, io.clock() - startedMs))}\n`)
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    await io.err(`${style(io, 'red', 'error:')} ${error.message}\n`)
  } finally {
    interrupts.removeEventListener('interrupt', stop)
  }
}

/** How a result is written where a person looks at it. */
export function formatOf(io: Io, name: ShownFormat, options: { readonly raw?: boolean } = {}): Format {
  if (name === 'table')
    return formatTable({
      ...(io.width === undefined ? {} : { width: io.width }),
      bold: (text) => style(io, 'bold', text),
      dim: (text) => style(io, 'dim', text),
    })
  const format = { json: formatJson, jsonl: formatJsonLines, csv: formatCsv({ raw: options.raw === true }) }[
    name
  ]
  return (result, write) => format(result, io.isShown ? (text) => write(harmlessLines(text)) : write)
}

const keywords =
  'SELECT FROM WHERE GROUP BY ORDER LIMIT COUNT(*) AS AND OR NOT IN BETWEEN LIKE IS NULL DISTINCT JOIN LEFT ON WITH CASE WHEN THEN ELSE END UNNEST DESCRIBE MSCK REPAIR TABLE SHOW PARTITIONS partition_date'.split(
    ' ',
  )

/** Completes the word at the end of the line: keywords, tables, views, columns and the shell's own commands. */
export function completer(catalog: Catalog): (line: string) => [string[], string] {
  const names = [...catalog.values()].flatMap(({ type, plural, row }) => [
    type,
    plural,
    `${type}_changes`,
    `${type}_current`,
    ...row.fields.map((field) => field.name.toLowerCase()),
  ])
  const words = [
    ...new Set([...keywords, ...names, ...['.tables', '.columns', '.saved', '.format', '.help', '.quit']]),
  ]
  return (line) => {
    const word = /[\w.*()]*$/.exec(line)?.[0] ?? ''
    const hits = words.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()))
    return [word === '' ? [] : hits.sort(), word]
  }
}
