import { codeOf, toAthena } from '../../dialect/athena.ts'
import { statementBytesMax } from '../../dialect/lexer.ts'
import { readCatalogStatement } from '../../dialect/statements.ts'
import { PipelineError } from '../../record/error.ts'

// In Athena's grammar a statement that begins with one of these reads and does nothing else: what inserts, deletes,
// unloads, prepares or calls a function of one's own begins with a word of its own. Rights are IAM's; this keeps a slip
// of the hand from reaching them.
const readingWords: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE'])
const tellingWords: ReadonlySet<string> = new Set(['SHOW', 'DESCRIBE', 'DESC'])

const allowed =
  'SELECT, EXPLAIN of a SELECT, DESCRIBE, SHOW, MSCK REPAIR TABLE, ALTER TABLE … ADD PARTITION without LOCATION'

const explained = /^[\s(]*EXPLAIN(?!\w)(?:\s+ANALYZE(?!\w)(?:\s+VERBOSE(?!\w))?)?\s*(?:\([^()]*\))?/i

/** What stands for each character in quotes, in what `codeOf` gives. */
const quoted = '\u0001'

// A connector's own table function may run any text in another database.
const tableFunctions: ReadonlySet<string> = new Set(['sequence', 'exclude_columns'])
const tableFunction = /(?<!\w)TABLE\s*\(\s*(?:[^\s.()]+\s*\.\s*)*([^\s.()]+)\s*\(/gi

/**
 * One statement that only reads, as it is sent to Athena: without a semicolon at its end.
 *
 * Throws QUERY_REFUSED, saying what is allowed, for every other one.
 */
export function readAthenaStatement(given: string): string {
  if (given.includes('\0')) throw refused('a NUL character is not allowed')
  const sql = withLineFeeds(given)
  const code = codeOf(sql)
  const end = endOfCode(code)
  if (code.slice(0, end).includes(';'))
    throw refused('there are more statements than one: one is run at a time')
  checkKind(sql.slice(0, end), code.slice(0, end))
  const statement = toAthena(sql.slice(0, end))
  const bytes = Buffer.byteLength(statement)
  if (bytes > statementBytesMax)
    throw refused(`a statement has at most ${statementBytesMax} bytes for Athena, and this one ${bytes}`)
  return statement
}

/** The place behind the last character that is neither white space nor a semicolon. A loop: a pattern would be quadratic. */
function endOfCode(code: string): number {
  let end = code.length
  while (end > 0 && /[\s;]/.test(code.charAt(end - 1))) end--
  return end
}

/**
 * The statement with a line feed for each carriage return outside of quotes. Athena's lexer ends a line comment at
 * either, and `codeOf` at a line feed alone.
 */
function withLineFeeds(sql: string): string {
  const code = codeOf(sql.replaceAll('\r', '\n'))
  return sql.replace(/\r/g, (character, at: number) => (code[at] === quoted ? character : '\n'))
}

function checkKind(sql: string, code: string): void {
  const catalog = readCatalogStatement(sql)
  if (catalog?.kind === 'repair') return
  if (catalog?.kind === 'add') {
    if (catalog.partitions.every(({ location }) => location === undefined)) return
    throw refused('a partition whose files lie elsewhere than the table says is not allowed')
  }
  if (tellingWords.has(firstWord(code))) return
  const read = readingWord(code)
  if (!readingWords.has(read)) throw refused(`${read === '' ? 'this statement' : read} is not allowed`)
  for (const [, name = ''] of code.matchAll(tableFunction))
    if (!tableFunctions.has(name.toLowerCase()))
      throw refused(`the table function ${name.includes(quoted) ? 'in quotes' : name} is not allowed`)
}

/** The first word, in capitals, of what a statement runs or explains; `code` is what `codeOf` gives. */
export function readingWord(code: string): string {
  const word = firstWord(code)
  return word === 'EXPLAIN' ? firstWord(code.replace(explained, '')) : word
}

/** The word that a statement begins with, in capitals, parentheses apart; quotes are none of a word in `code`. */
function firstWord(code: string): string {
  return /^[\s(]*(\w+)/.exec(code)?.[1]?.toUpperCase() ?? ''
}

function refused(what: string): PipelineError {
  return new PipelineError('QUERY_REFUSED', `${what}; a query only reads tables: ${allowed}`)
}
