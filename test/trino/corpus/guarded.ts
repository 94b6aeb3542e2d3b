import { readFileSync } from 'node:fs'
import { trino } from '../client.ts'
import { schema } from './ask.ts'
import { pairs } from './probe.ts'

/** What a statement does in Trino: it makes a table, it only reads, or it fails. */
export type Guarded = { readonly sql: string; readonly does: 'acts' | 'reads' | 'fails' }

const made = 'made_by_a_comment'

/** Ends of lines and spaces, of which Trino's lexer takes some: `WS: [ \\r\\n\\t]+`, and a line comment ends at \\r or \\n. */
const gaps = [
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\n\r',
  '\f',
  '\v',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u2029',
  '\u3000',
  '\ufeff',
  '\u200b',
  '\u0001',
  '\u001c',
  '',
]
const comments = (gap: string): readonly string[] => [
  `--${gap}`,
  `/* x${gap} */`,
  `/* -- */${gap}`,
  `--${gap}--${gap}`,
  `-- /*${gap}`,
  `/* /* */${gap}`,
  `${gap}`,
]
const acting = `CREATE TABLE ${made} AS`
const shapes: readonly ((comment: string) => string)[] = [
  (comment) => `${comment}${acting}\nSELECT 1 AS x`,
  (comment) => `${comment}SELECT 1 AS x`,
  (comment) => `EXPLAIN ANALYZE ${comment}${acting}\nSELECT 1 AS x`,
]

/** Statements that begin otherwise than they seem to. */
const others: readonly string[] = [
  `SELECT 1 AS x --\r; ${acting} SELECT 1 AS x`,
  `SELECT 1 AS x; ${acting} SELECT 1 AS x`,
  `EXPLAIN --\r\n${acting} SELECT 1 AS x`,
  `EXPLAIN ANALYZE VERBOSE --\r${acting}\nSELECT 1 AS x`,
  `EXPLAIN (TYPE LOGICAL) --\r${acting}\nSELECT 1 AS x`,
  `(--\rSELECT 1 AS x)`,
  `"SELECT" --\r${acting}\nSELECT 1 AS x`,
  `$$ SELECT $$ ${acting} SELECT 1 AS x`,
  `--$$\r${acting} --$$\nSELECT 1 AS x`,
  `--'\r${acting} --'\nSELECT 1 AS x`,
  `--"\r${acting} --"\nSELECT 1 AS x`,
  `/*\r*/${acting}\nSELECT 1 AS x`,
  `-\r-${acting}\nSELECT 1 AS x`,
  `# x\r${acting}\nSELECT 1 AS x`,
  `\u017felect 1 AS x`,
  `W\u0131TH t AS (SELECT 1 AS x) SELECT x FROM t`,
  `cr\u0435ate TABLE ${made} AS SELECT 1 AS x`,
  `CREATE TABLE ${made} A\u017f SELECT 1 A\u017f x`,
  `EXPLA\u0131N ANALYZE ${acting} SELECT 1 AS x`,
  `WITH t AS (SELECT 1 AS x) ${acting} SELECT x FROM t`,
  `VALUES 1 --\r`,
  `SELECT '--\r' AS x`,
  `SELECT 'a\rb' AS x, "y\r" FROM (VALUES 1) AS t("y\r")`,
  `SELECT 1 AS x --\runknown`,
  `TABLE ${made}`,
]

/** What the guard of Athena must tell apart. */
function guarded(): readonly string[] {
  const made = pairs(shapes, gaps.flatMap(comments)).map(([shape, comment]) => shape(comment))
  return [...new Set([...made, ...others])].sort()
}

/** Runs a statement, and looks whether a table appeared: one of a name of its own, since Trino may not drop it here. */
async function tryGuarded(sql: string, place: number): Promise<Guarded> {
  const name = `${made}_${place}`
  const isDone = await succeeds(sql.replaceAll(made, name))
  const isMade = await succeeds(`TABLE ${name}`)
  return { sql, does: isMade ? 'acts' : isDone ? 'reads' : 'fails' }
}

export const guardedPath = new URL('../guarded.jsonl', import.meta.url)

/** Asks Trino about each, in a schema that was made anew. */
export async function recordGuarded(): Promise<readonly Guarded[]> {
  const found: Guarded[] = []
  for (const [place, sql] of guarded().entries()) found.push(await tryGuarded(sql, place))
  return found
}

export function readGuarded(): readonly Guarded[] {
  return readFileSync(guardedPath, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Guarded)
}

const succeeds = (sql: string) =>
  trino(sql, schema).then(
    () => true,
    () => false,
  )
