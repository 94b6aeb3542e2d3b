import type { Cell, QueryEngine } from '../../../src/query/engine.ts'
import { PipelineError } from '../../../src/record/error.ts'
import type { Recorded } from './ask.ts'
import { isSameType, readType, type Type } from './type.ts'

/**
 * What our engine makes of a statement, beside what Trino does: the same (`equal`); both fail (`both fail`); ours alone
 * fails, with QUERY_REFUSED (`refused`) or another error of ours (`failed`); it answers otherwise, or answers what
 * Trino refuses (`wrong`); or it fails with no error of ours (`crash`).
 */
export type Outcome = 'equal' | 'both fail' | 'refused' | 'failed' | 'wrong' | 'crash'
/** `trino` and `ours` say in what the two differ. */
export type Verdict = { readonly outcome: Outcome; readonly trino: string; readonly ours: string }

/** The outcomes that the suite lets none of pass. */
export const isBad = ({ outcome }: Verdict) => outcome === 'wrong' || outcome === 'crash'

type Answer = {
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Runs a recorded statement on our engine. */
export async function judge(engine: QueryEngine, recorded: Recorded): Promise<Verdict> {
  const ours = await answerOf(engine, recorded.sql)
  if (ours instanceof Error) {
    const said = ours.message.split('\n')[0] ?? ''
    if (!(ours instanceof PipelineError)) return { outcome: 'crash', trino: brief(recorded), ours: said }
    if ('error' in recorded) return { outcome: 'both fail', trino: recorded.error, ours: said }
    const outcome = ours.code === 'QUERY_REFUSED' ? 'refused' : 'failed'
    return { outcome, trino: brief(recorded), ours: `${ours.code} ${said}` }
  }
  const shown = `${ours.types.join(', ')}: ${JSON.stringify(ours.rows.slice(0, 3), showCell).slice(0, 300)}`
  if ('error' in recorded) return { outcome: 'wrong', trino: recorded.error, ours: shown }
  return compare(recorded, ours)
}

async function answerOf(engine: QueryEngine, sql: string): Promise<Answer | Error> {
  try {
    const { columns, rows } = await engine.query(sql)
    const found: (readonly Cell[])[] = []
    for await (const chunk of rows) found.push(...chunk)
    return { names: columns.map(({ name }) => name), types: columns.map(({ type }) => type), rows: found }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

type Recording = Extract<Recorded, { readonly rows: unknown }>

function compare(trino: Recording, ours: Answer): Verdict {
  const wrong = (what: string, theirs: unknown, own: unknown): Verdict => ({
    outcome: 'wrong',
    trino: `${what} ${show(theirs)}`,
    ours: `${what} ${show(own)}`,
  })
  if (String(trino.names) !== String(ours.names)) return wrong('names', trino.names, ours.names)
  const types = trino.types.map(readType)
  const isNear = approximate.test(trino.sql)
  const width = trino.types.length
  if (trino.rows.length !== ours.rows.length) return wrong('rows', trino.rows, ours.rows)
  for (const [place, row] of trino.rows.entries()) {
    for (let at = 0; at < width; at++) {
      const type = types[at] ?? readType('unknown')
      const theirs = comparable(row[at], type)
      const own = comparable(toProtocol(ours.rows[place]?.[at] ?? null, type), type)
      if (!isSame(theirs, own, isNear)) return wrong(`row ${place + 1}, ${trino.names[at]}`, theirs, own)
    }
  }
  const differs = types.findIndex((type, at) => !isTypeOf(type, trino.types[at] ?? '', ours.types[at] ?? ''))
  if (differs >= 0) return wrong(`type of ${trino.names[differs]}`, trino.types[differs], ours.types[differs])
  return { outcome: 'equal', trino: '', ours: '' }
}

const isTypeOf = (type: Type, trino: string, ours: string) =>
  trino === ours || isSameType(type, readType(ours))

/** Functions whose last digit is the library's: sums of doubles in any order, logarithms, angles. */
const approximate =
  /\b(?:avg|sum|stddev\w*|var\w*|corr|covar_\w+|regr_\w+|skewness|kurtosis|geometric_mean|a?(?:sin|cos|tan)h?|atan2|exp|ln|log\w*|pow\w*|cbrt|sqrt|degrees|radians|\w+_cdf|wilson_\w+|cosine_similarity|to_unixtime|beta_cdf)\s*\(/i
const nearness = 1e-12

function isSame(a: unknown, b: unknown, isNear: boolean): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Object.is(a, b) || (isNear && Math.abs(a - b) <= nearness * Math.max(Math.abs(a), Math.abs(b)))
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((item, at) => isSame(item, b[at], isNear))
}

/** A value of Trino's protocol in a form that is compared part by part: numbers of doubles, texts of all others, lists. */
function comparable(value: unknown, type: Type): unknown {
  if (value === null || value === undefined) return null
  if (type.kind === 'array')
    return Array.isArray(value) ? value.map((item) => comparable(item, type.item)) : show(value)
  if (type.kind === 'row')
    return Array.isArray(value)
      ? value.map((item, at) => comparable(item, type.fields[at]?.type ?? type))
      : show(value)
  if (type.kind === 'map') {
    if (typeof value !== 'object') return show(value)
    const entries = Object.entries(value).map(([key, item]) => [
      keyOf(key, type.key),
      comparable(item, type.value),
    ])
    return entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  }
  if (typeof value === 'object') return show(value)
  if (type.name === 'double') return Number(value)
  if (type.name === 'real') return Math.fround(Number(value))
  return type.name === 'boolean' ? value : String(value)
}

const keyOf = (key: string, type: Type) =>
  type.kind === 'scalar' && (type.name === 'double' || type.name === 'real') ? String(Number(key)) : key

/** A cell of ours as Trino's protocol would have it. */
function toProtocol(cell: Cell, type: Type): unknown {
  if (cell === null || typeof cell === 'string' || typeof cell === 'boolean') return cell
  if (typeof cell === 'bigint') return String(cell)
  if (typeof cell === 'number')
    return Object.is(cell, -0) ? '-0.0' : Number.isFinite(cell) ? cell : String(cell)
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  const scalar = type.kind === 'scalar' ? type : undefined
  switch (cell.kind) {
    case 'instant': {
      const zone = scalar?.name === 'timestamp with time zone' ? ' UTC' : ''
      return `${timeText(cell.micros, scalar?.digits[0] ?? 3)}${zone}`
    }
    case 'date':
      return dayText(cell.days)
    case 'decimal':
      return cell.text
    case 'list':
      return type.kind === 'array' ? cell.items.map((item) => toProtocol(item, type.item)) : show(cell)
    case 'struct':
      return type.kind === 'row'
        ? cell.entries.map(([, item], at) => toProtocol(item, type.fields[at]?.type ?? type))
        : show(cell)
    case 'map':
      return type.kind === 'map'
        ? Object.fromEntries(
            cell.entries.map(([key, item]) => [
              keyText(toProtocol(key, type.key)),
              toProtocol(item, type.value),
            ]),
          )
        : show(cell)
  }
}

/** A key of a map, which is a text in JSON. */
const keyText = (key: unknown): string =>
  Array.isArray(key) ? `[${key.map(keyText).join(', ')}]` : String(key)

/** "2025-02-13 18:30:05.250": microseconds since 1970 with some digits of a second. */
function timeText(micros: bigint, digits: number): string {
  const day = 86_400_000_000n
  const days = micros / day - (micros % day < 0n ? 1n : 0n)
  const rest = micros - days * day
  const seconds = Number(rest / 1_000_000n)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
  const fraction = String(rest % 1_000_000n)
    .padStart(6, '0')
    .padEnd(digits, '0')
  // A digit that Trino does not show must be a difference.
  const shown = /[1-9]/.test(fraction.slice(digits)) ? fraction : fraction.slice(0, digits)
  return `${dayText(Number(days))} ${clock}${shown === '' ? '' : `.${shown}`}`
}

/** "2025-02-13", of a year beyond four digits with its sign, as Java writes it. */
function dayText(days: number): string {
  const date = new Date(days * 86_400_000)
  if (Number.isNaN(date.getTime())) return `day ${days}`
  const text = date.toISOString().split('T')[0] ?? ''
  return text.replace(/^([+-])(\d{6})/, (_, sign: string, year: string) => {
    const digits = year.replace(/^0+(?=\d{4})/, '')
    return sign === '-' || digits.length > 4 ? `${sign}${digits}` : digits
  })
}

const show = (value: unknown): string => (JSON.stringify(value, showCell) ?? 'undefined').slice(0, 300)

const showCell = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

function brief(recorded: Recorded): string {
  return 'error' in recorded ? recorded.error : `${recorded.types.join(', ')}: ${show(recorded.rows)}`
}
