import { fillIn, type Parameter, parseTemplate, type Template } from '../query/parameters.ts'
import { loadSavedQueries } from '../query/saved.ts'
import { columns } from './columns.ts'
import { type ExitCode, exitCodes, UsageError } from './command.ts'
import { type Io, outJson } from './io.ts'
import { readStatementFile } from './statement.ts'

/** `dmd query --saved` without a name: the saved queries, and the parameters that each takes. */
export async function listSaved(io: Io, isJson = false): Promise<ExitCode> {
  const savedQueries = loadSavedQueries()
  if (isJson) {
    await outJson(
      io,
      savedQueries.map(({ name, title, parameters, sql }) => ({ name, title, parameters, sql })),
    )
    return exitCodes.ok
  }
  const rows = savedQueries.map(({ name, title, parameters }) => [
    name,
    title,
    parameters.map(({ name: parameter, default: value }) => `${parameter}=${value}`).join(' '),
  ])
  await io.out(columns(io, ['name', 'what it asks', '--param'], rows, { whole: [0] }))
  return exitCodes.ok
}

/**
 * The statement of a saved query, by its name or by the file that holds it, with the parameters `NAME=VALUE` in it.
 * Throws UsageError where there is no such query or a parameter does not fit, INPUT_INVALID where a file cannot be read.
 */
export function readSaved(name: string, params: readonly string[]): string {
  const filled = fillIn(findTemplate(name), readParams(params))
  if (!filled.ok) throw new UsageError(filled.why)
  return filled.sql
}

function findTemplate(name: string): Template {
  const savedQueries = loadSavedQueries()
  const saved = savedQueries.find((candidate) => candidate.name === name)
  if (saved) return saved
  if (/\.sql$|[/\\]/.test(name)) return parseTemplate(readStatementFile(name), name)
  const names = savedQueries.map((known) => known.name).join(', ')
  throw new UsageError(
    `there is no saved query "${name}"; there are ${names}, or name a file that ends in .sql`,
  )
}

function readParams(params: readonly string[]): ReadonlyMap<Parameter['name'], string> {
  const values = new Map<string, string>()
  for (const param of params) {
    const [, name = '', value = ''] = /^([A-Za-z]\w*)=([\s\S]*)$/.exec(param) ?? []
    // What was given may be a value, so that it is not repeated.
    if (name === '') throw new UsageError('--param takes NAME=VALUE')
    if (values.has(name)) throw new UsageError(`--param ${name} is given twice`)
    values.set(name, value)
  }
  return values
}
