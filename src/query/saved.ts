import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fillIn, parseTemplate, type Template } from './parameters.ts'

/** A question that is asked often, in SQL that both DuckDB and Athena take. */
export type SavedQuery = Template & {
  /** The statement with the defaults of its parameters. */
  readonly sql: string
}

/** The folder of the saved queries: it lies beside this module in `src/query/` and in `dist/` alike. */
const folder = fileURLToPath(new URL('./saved/', import.meta.url))

/**
 * Reads the saved queries, `saved/NN-name.sql`, in the order of their numbers: those of the use cases come first. A file has
 * the form of a user's own saved query, see `parseTemplate`.
 *
 * @example
 * for (const { name, title, sql } of loadSavedQueries()) console.log(name, title, sql)
 */
export function loadSavedQueries(): readonly SavedQuery[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const template = parseTemplate(readFileSync(`${folder}${file}`, 'utf8'), file.slice(3, -'.sql'.length))
      return withDefaults({ ...template, template: withoutHeader(template.template) })
    })
}

/** Comments say what a query is for; what is sent to an engine is the statement alone. */
function withoutHeader(text: string): string {
  return text.replace(/^(?:--[^\n]*\n)+/, '').trimEnd()
}

/** Every parameter of a saved query has a default, so that Athena's console and the shell can run it as it is. */
function withDefaults(template: Template): SavedQuery {
  const filled = fillIn(template, new Map())
  if (!filled.ok) throw new Error(filled.why)
  return { ...template, sql: filled.sql }
}
