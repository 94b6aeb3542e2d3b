import { columns, fields, type LabelledField } from '../columns.ts'
import { UsageError } from '../command.ts'
import { style } from '../io.ts'
import { shownFormats } from '../result.ts'
import { listSaved, readSaved } from '../saved.ts'
import { readStatementFile } from '../statement.ts'
import { columnRows, findSchema, relationNames } from './columns.ts'
import { isBlankStatement, takeStatements } from './input.ts'
import { outputTo, runAll, runSql, type Session } from './session.ts'

/** A command of the shell's own. */
export type Command = {
  /** The first is the one that the help shows. */
  readonly names: readonly string[]
  readonly usage: string
  readonly text: string
  /** What its argument is one of, for completion. */
  readonly takes?: 'format' | 'saved' | 'table'
  /** Throws UsageError for an argument that it does not take. `.quit` has none: the shell ends by itself. */
  readonly run?: (session: Session, argument: string) => Promise<void>
}

export const commands: readonly Command[] = [
  {
    names: ['.tables'],
    usage: '',
    text: 'lists the tables and views',
    run: async ({ io, catalog }) => {
      const rows = [...catalog.values()].map((schema) => {
        const [table = '', ...views] = relationNames(schema)
        return [table, views.join(', '), schema.doc]
      })
      await io.out(columns(io, ['table', 'views', 'what it holds'], rows, { whole: [0, 1], spare: [2] }))
    },
  },
  {
    names: ['.columns'],
    usage: 'TABLE',
    text: 'lists the columns of a table or view, and which of them are personal',
    takes: 'table',
    run: async ({ io, catalog }, argument) => {
      const schema = findSchema(catalog, argument)
      const known = [...catalog.values()].flatMap(relationNames).join(', ')
      if (!schema) throw new UsageError(`there is no table "${argument}"; there are ${known}`)
      await io.out(
        columns(io, ['column', 'type', 'personal', 'what it holds'], columnRows(schema), {
          whole: [0, 1, 2],
        }),
      )
    },
  },
  {
    names: ['.saved'],
    usage: '[NAME]',
    text: 'lists the saved queries, or runs one; behind it may stand parameters: from=2025-02-01',
    takes: 'saved',
    run: async (session, argument) => {
      const { io } = session
      const [name = '', ...params] = argument.split(/\s+/)
      if (name === '') {
        await listSaved(io)
        return
      }
      const sql = readSaved(name, params)
      await io.out(`${style(io, 'dim', sql)}\n`)
      await runSql(session, sql)
    },
  },
  {
    names: ['.format', '.mode'],
    usage: 'NAME',
    text: `how results are shown: ${shownFormats.join(', ')}`,
    takes: 'format',
    run: async (session, argument) => {
      const format = shownFormats.find((known) => known === argument)
      if (!format)
        throw new UsageError(`there is no format "${argument}"; there are ${shownFormats.join(', ')}`)
      session.format = format
    },
  },
  {
    names: ['.limit'],
    usage: 'N|off',
    text: 'how many rows of a result are shown',
    run: async (session, argument) => {
      const isCount = /^[1-9]\d{0,8}$/.test(argument)
      if (!isCount && argument !== 'off')
        throw new UsageError(`"${argument}" is not a number of rows; write .limit 500, or .limit off`)
      session.rowsShownMax = isCount ? Number(argument) : undefined
    },
  },
  {
    names: ['.output'],
    usage: '[FILE]',
    text: 'writes the next result to a file, all of it; .csv, .json, .jsonl, .parquet choose the format',
    run: async (session, argument) => {
      if (argument === '') session.output = undefined
      else outputTo(session, argument)
    },
  },
  {
    names: ['.read'],
    usage: 'FILE',
    text: 'runs the statements of a file, until one fails',
    run: async (session, argument) => {
      if (argument === '') throw new UsageError('name a file with statements: .read report.sql')
      const { statements, rest } = takeStatements(readStatementFile(argument))
      await runAll(session, isBlankStatement(rest) ? statements : [...statements, rest.trim()])
    },
  },
  {
    names: ['.help'],
    usage: '',
    text: 'this',
    run: async ({ io }) => io.out(fields(io, help, { indent: '  ', paint: (name) => name })),
  },
  {
    names: ['.quit', '.exit', '.q'],
    usage: '',
    text: 'leaves, as does Ctrl-D',
  },
]

const help: readonly LabelledField[] = [
  ['SELECT …;', 'runs a statement; it may take several lines and ends with ;'],
  ...commands.map(({ names, usage, text }) => [`${names[0]} ${usage}`, text] as const),
  ['Ctrl-C', 'drops what is typed, or ends the statement that runs'],
  ['Tab', 'completes names of tables, columns, fields, functions and saved queries'],
]

/** What other programs call commands of this one. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['?', '.help'],
  ['help', '.help'],
  ['\\?', '.help'],
  ['\\h', '.help'],
  ['exit', '.quit'],
  ['quit', '.quit'],
  ['\\q', '.quit'],
])

/** A line that is a command, or looks like one. */
export type CommandLine = { readonly name: string; readonly argument: string; readonly command?: Command }

/**
 * Reads a line as a command: one of this shell's own, a word that other programs have for one, or, with no command,
 * something that no statement can begin with. Undefined for a line of SQL. In the middle of a statement only what
 * cannot be a part of it is a command.
 */
export function readCommand(line: string, isMiddle: boolean): CommandLine | undefined {
  const text = line.trim()
  const [, name = '', argument = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text) ?? []
  const word = text.replace(/[\s;]+$/, '').toLowerCase()
  const synonym = isMiddle && /^\w/.test(word) ? undefined : synonyms.get(word)
  const known = synonym ?? name
  const command = commands.find(({ names }) => names.includes(known))
  if (command) return { name: known, argument: synonym ? '' : argument, command }
  if (text.startsWith('\\') || (text.startsWith('.') && !isMiddle)) return { name, argument }
  return undefined
}
