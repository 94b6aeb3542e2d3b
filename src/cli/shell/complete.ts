import { functionNames } from '../../dialect/statement.ts'
import { loadSavedQueries } from '../../query/saved.ts'
import type { Catalog } from '../../record/schema.ts'
import { shownFormats } from '../result.ts'
import { fieldsAt, findSchema, relationNames } from './columns.ts'
import { commands } from './commands.ts'

const keywords = (
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT AS AND OR NOT IN BETWEEN LIKE IS NULL DISTINCT JOIN LEFT ON USING ' +
  'WITH CASE WHEN THEN ELSE END UNION ALL UNNEST CAST DESCRIBE EXPLAIN MSCK REPAIR TABLE SHOW PARTITIONS TABLES'
).split(' ')

/**
 * Completes the word at the end of a line: keywords, tables, views, columns and their fields, functions, the shell's
 * commands and what these take. Gives the candidates and the word, as readline's `completer` does.
 */
export function completer(catalog: Catalog): (line: string) => [string[], string] {
  const schemas = [...catalog.values()]
  const columns = schemas.flatMap(({ row }) => row.fields)
  const tables = schemas.flatMap(relationNames)
  const named = (fields: readonly { readonly name: string }[]) => fields.map(({ name }) => name.toLowerCase())
  const calls = functionNames.map((name) => `${name}(`)
  const words = [...keywords, ...tables, ...named(columns), 'partition_date', ...calls]
  const taken = { saved: loadSavedQueries().map(({ name }) => name), format: shownFormats, table: tables }

  /** What may stand behind `a.b.`: a table or an alias has columns, a column that is a record has fields. */
  const members = (path: readonly string[]): readonly string[] => {
    const [first = '', ...rest] = path
    const schema = findSchema(catalog, first)
    if (schema) return named(fieldsAt(schema.row.fields, rest))
    const isColumn = columns.some(({ name }) => name.toLowerCase() === first)
    return named(fieldsAt(columns, isColumn ? path : rest))
  }

  const candidates = (line: string, word: string): readonly string[] => {
    const [, name, before] = /^\s*(\.\w+)(\s+)[^\s]*$/.exec(line) ?? []
    const command = commands.find(({ names }) => name !== undefined && names.includes(name))
    if (before !== undefined) return command?.takes === undefined ? [] : taken[command.takes]
    if (/^\s*\.\w*$/.test(line)) return commands.flatMap(({ names }) => names)
    if (!word.includes('.')) return word === '' ? [] : words
    const path = word.toLowerCase().split('.').slice(0, -1)
    return members(path).map((member) => [...path, member].join('.'))
  }

  return (line) => {
    const isCommand = /^\s*\./.test(line)
    const word = (isCommand ? /\S*$/ : /[\w.]*$/).exec(line)?.[0] ?? ''
    const found = candidates(line, word).filter((text) => text.toLowerCase().startsWith(word.toLowerCase()))
    return [[...new Set(found)].sort(), word]
  }
}
