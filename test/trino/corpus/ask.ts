import { toAthena } from '../../../src/dialect/athena.ts'
import { TrinoError, trino } from '../client.ts'
import { type Signature, toSignature } from './functions.ts'
import { columnNames, type OverRows, type Probe } from './probe.ts'

/** A statement and what Trino says to it: a line of the recording. Values are those of Trino's protocol. */
export type Recorded = {
  readonly group: string
  readonly sql: string
} & (
  | {
      readonly types: readonly string[]
      readonly names: readonly string[]
      readonly rows: readonly (readonly unknown[])[]
    }
  | { readonly error: string }
)

/** The schema that statements run in; nothing is in it but empty tables of our record types. */
export const schema = 'corpus'

export async function readSignatures(): Promise<readonly Signature[]> {
  return (await trino('SHOW FUNCTIONS', schema)).rows.map(toSignature)
}

/** Trino's answer to a statement; undefined where it is a failure of Trino's own, which says nothing of the statement. */
export async function record(group: string, sql: string): Promise<Recorded | undefined> {
  try {
    const { columns, rows } = await trino(toAthena(sql), schema)
    const types = columns.map(({ type }) => type)
    return {
      group,
      sql,
      types,
      names: columns.map(({ name }) => name),
      rows: rows.map((row) => row.map(negativeZero)),
    }
  } catch (error) {
    if (!(error instanceof TrinoError)) throw error
    return error.type === 'USER_ERROR' ? { group, sql, error: error.name } : undefined
  }
}

/** JSON writes −0 as 0. */
const negativeZero = (value: unknown): unknown => (Object.is(value, -0) ? '-0.0' : value)

const isError = (answer: Recorded | undefined) => answer === undefined || 'error' in answer

const literalsMax = 6
/** How many rows of an expression that do not give a value are asked by themselves. */
const suspectsMax = 2

/**
 * The statements of a probe with Trino's answers. Of expressions over rows: one statement for all expressions that fail
 * on no row, one for each of the others over the rows that they do not fail on, one for some rows that they do, and
 * one of literals alone.
 */
export async function askProbe(probe: Probe): Promise<readonly Recorded[]> {
  if ('sql' in probe) return present([await record(probe.group, probe.sql)])
  const { group, expressions, rows } = probe
  const whole = await record(group, overRows(expressions, rows))
  if (!isError(whole)) return present([whole, await literals(probe)])
  if (rows.length === 1 && expressions.length === 1) return present([whole])
  const tried = await record(
    group,
    overRows(
      expressions.map((expression) => `TRY(${expression})`),
      rows,
    ),
  )
  if (tried === undefined || 'error' in tried) {
    // What Trino refuses whatever the values are is recorded once.
    if (expressions.length === 1)
      return present([await record(group, overRows(expressions, rows.slice(0, 1)))])
    return askApart(probe)
  }
  // A statement over several rows gives each its number first.
  const first = rows.length === 1 ? 0 : 1
  const isSuspect = (at: number, column: number) => tried.rows[at]?.[column + first] === null
  const failing = expressions.filter((_, column) =>
    rows.some((row, at) => isSuspect(at, column) && !row.includes('NULL')),
  )
  const sound = expressions.filter((expression) => !failing.includes(expression))
  const all = sound.length === 0 ? [] : await askSound({ ...probe, expressions: sound })
  const each = await inOrder(
    failing.map((expression) => () => {
      const column = expressions.indexOf(expression)
      return askFailing({ ...probe, expressions: [expression] }, (at) => isSuspect(at, column))
    }),
  )
  return [...all, ...each.flat()]
}

/** The statements of expressions some of which Trino does not understand: those that it does stay together. */
async function askApart({ alone: _, ...probe }: OverRows): Promise<readonly Recorded[]> {
  const { group, expressions, rows } = probe
  const first = rows.slice(0, 1)
  const understood = await inOrder(
    expressions.map((one) => async () => !isError(await record(group, overRows([`TRY(${one})`], first)))),
  )
  const refused = expressions.filter((_, at) => !understood[at])
  const others = expressions.filter((_, at) => understood[at])
  const refusals = await inOrder(refused.map((one) => () => record(group, overRows([one], first))))
  // Where each is understood by itself, it is the rows of another that one of them does not fit.
  const rest =
    refused.length > 0
      ? others.length > 0
        ? [await askProbe({ ...probe, expressions: others })]
        : []
      : await inOrder(others.map((one) => () => askProbe({ ...probe, expressions: [one] })))
  return [...present(refusals), ...rest.flat()]
}

/** The statements of expressions that have a value on each row, but may fail on a row with NULL. */
async function askSound(probe: OverRows): Promise<readonly Recorded[]> {
  const { group, expressions, rows } = probe
  const answer = await record(group, overRows(expressions, rows))
  if (!isError(answer)) return present([answer, await literals(probe)])
  const filled = rows.filter((row) => !row.includes('NULL'))
  return present([await record(group, overRows(expressions, filled)), answer])
}

/** The statements of one expression that has no value on some rows: they fail, or are NULL. */
async function askFailing(probe: OverRows, isSuspect: (at: number) => boolean): Promise<readonly Recorded[]> {
  const { group, expressions, rows } = probe
  const one = (some: readonly (readonly string[])[]) => record(group, overRows(expressions, some))
  const suspects = rows.filter((row, at) => isSuspect(at) && !row.includes('NULL')).slice(0, suspectsMax)
  const asked = present(await inOrder(suspects.map((row) => () => one([row]))))
  const good = rows.filter((row, at) => !isSuspect(at) || row.includes('NULL'))
  const answer = good.length === 0 ? undefined : await one(good)
  if (!isError(answer)) return present([answer, await literals({ ...probe, rows: good }), ...asked])
  const filled = rows.filter((_, at) => !isSuspect(at))
  return present([filled.length === 0 ? undefined : await one(filled), ...asked])
}

const present = (answers: readonly (Recorded | undefined)[]) =>
  answers.filter((answer): answer is Recorded => answer !== undefined)

async function inOrder<T>(asks: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const answers: T[] = []
  for (const ask of asks) answers.push(await ask())
  return answers
}

/** Expressions over a relation of rows, which keep their order. */
function overRows(expressions: readonly string[], rows: readonly (readonly string[])[]): string {
  const list = expressions.map((expression, at) => `${expression} AS r${at + 1}`).join(', ')
  const names = (rows[0] ?? []).map((_, at) => columnNames[at]).join(', ')
  const values = rows.map((row, at) => `(${at + 1}, ${row.join(', ')})`).join(', ')
  const relation = `(VALUES ${values}) AS t(n, ${names})`
  return rows.length === 1
    ? `SELECT ${list} FROM ${relation}`
    : `SELECT n, ${list} FROM ${relation} ORDER BY n`
}

/** The first expression with each of some rows' literals in the place of its columns. */
async function literals({
  group,
  expressions: [first = ''],
  rows,
  alone,
}: OverRows): Promise<Recorded | undefined> {
  if (!alone) return undefined
  const calls = rows.slice(0, literalsMax).map((row) => substitute(first, row))
  if (calls.includes(undefined)) return undefined
  return record(group, `SELECT ${calls.map((call, at) => `${call} AS r${at + 1}`).join(', ')}`)
}

/** An expression with literals for its columns; undefined where a lambda or a field could have one's name. */
function substitute(expression: string, row: readonly string[]): string | undefined {
  if (/->|\ba\.|\(SELECT/.test(expression)) return undefined
  return expression.replace(
    /'(?:[^']|'')*'|"[^"]*"|\b[a-f]\b/g,
    (part) => row[columnNames.indexOf(part as 'a')] ?? part,
  )
}
