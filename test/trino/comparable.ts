import type { Cell, QueryResult } from '../../src/query/engine.ts'
import type { TrinoField, TrinoResult, TrinoType } from './client.ts'

/** A result in a form that both engines' answers are brought into: equal where an analyst sees the same. */
export type Comparable = {
  readonly names: readonly string[]
  /** What each column holds, in one word. */
  readonly kinds: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

export function fromTrino({ columns, rows }: TrinoResult): Comparable {
  const types = columns.map(({ typeSignature }) => typeSignature)
  return {
    names: columns.map(({ name }) => name),
    kinds: types.map(({ rawType }) => kindOf(rawType)),
    rows: rows.map((row) => row.map((value, index) => ofTrino(value, types[index]))),
  }
}

export async function fromDuckDb({ columns, rows }: QueryResult): Promise<Comparable> {
  const all: unknown[][] = []
  for await (const chunk of rows) for (const row of chunk) all.push(row.map(ofCell))
  return {
    names: columns.map(({ name }) => name),
    kinds: columns.map(({ type }) => (type.endsWith(']') ? 'array' : kindOf(type.toLowerCase()))),
    rows: all,
  }
}

/** Rows in an order of their own, for a statement that does not order them. */
export function sortRows({ rows, ...rest }: Comparable): Comparable {
  const texts = rows.map((row) => [JSON.stringify(row), row] as const)
  return { ...rest, rows: texts.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, row]) => row) }
}

/** What one engine says where the other says something else, in few words. */
export type Difference = { readonly athena: string; readonly here: string }

/**
 * What two answers differ in, and of their rows the first that differs; undefined where they are the same. Either may
 * be a refusal.
 */
export function differenceOf(athena: Comparable | Error, ours: Comparable | Error): Difference | undefined {
  if (athena instanceof Error || ours instanceof Error) {
    if (athena instanceof Error && ours instanceof Error) return undefined
    return { athena: summary(athena), here: summary(ours) }
  }
  const place = athena.rows.findIndex((row, index) => !isEqual(row, ours.rows[index]))
  const views: readonly ((answer: Comparable) => string)[] = [
    ({ names }) => `columns ${names.join(', ')}`,
    ({ kinds }) => `types ${kinds.join(', ')}`,
    ({ rows }) => `${rows.length} rows`,
    ({ rows }) => JSON.stringify(rows[place]),
  ]
  const differing = views.filter((view) => view(athena) !== view(ours))
  if (differing.length === 0) return undefined
  const say = (answer: Comparable) => differing.map((view) => view(answer)).join('; ')
  return { athena: say(athena), here: say(ours) }
}

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const summaryMax = 200

/** A refusal by its first line, an answer by its first row. */
function summary(answer: Comparable | Error): string {
  const text =
    answer instanceof Error
      ? // Which row is the first to fail is chance.
        `refused: ${answer.message.split('\n')[0]?.replace(/(length: \d+ >) \d+/, '$1 …')}`
      : `answered: ${JSON.stringify(answer.rows[0])}`
  return text.length > summaryMax ? `${text.slice(0, summaryMax)}…` : text
}

const kinds: readonly (readonly [string, RegExp])[] = [
  ['varchar', /^(?:var)?char/],
  ['integer', /^(?:tinyint|smallint|integer|bigint|hugeint|u\w+int)$/],
  ['double', /^(?:double|real|float)$/],
  ['instant', /^timestamp/],
  ['decimal', /^decimal/],
  ['bytes', /^(?:blob|varbinary)$/],
  ['row', /^(?:row|struct)/],
  ['map', /^map/],
  ['array', /^array/],
]

function kindOf(type: string): string {
  return kinds.find(([, pattern]) => pattern.test(type))?.[0] ?? type
}

function ofTrino(value: unknown, type: TrinoType | undefined): unknown {
  if (value === null || type === undefined) return null
  const part = (index: number) => type.arguments[index]?.value
  switch (kindOf(type.rawType)) {
    case 'integer':
    case 'decimal':
      return { number: String(value) }
    case 'double':
      return { number: doubleText(Number(value)) }
    case 'instant':
      // Of a time with a zone both give the text.
      return type.rawType.endsWith('zone') ? value : { instant: microsOf(String(value)) }
    case 'array':
      return (value as unknown[]).map((item) => ofTrino(item, part(0) as TrinoType))
    case 'row':
      return {
        row: (value as unknown[]).map((item, index) => {
          const { fieldName, typeSignature } = part(index) as TrinoField
          return [fieldName?.name, ofTrino(item, typeSignature)]
        }),
      }
    case 'map':
      return toMap(
        Object.entries(value as object).map(([key, item]) => [key, ofTrino(item, part(1) as TrinoType)]),
      )
    default:
      return value
  }
}

/** "2025-02-13 18:30:00.000 UTC" as microseconds since 1970; in any other zone it stays text, and differs. */
function microsOf(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: UTC)?$/.exec(text)
  if (!match) return text
  const [, day, time, fraction = ''] = match
  return String(BigInt(Date.parse(`${day}T${time}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0')))
}

function ofCell(cell: Cell): unknown {
  if (typeof cell === 'bigint') return { number: String(cell) }
  if (typeof cell === 'number') return { number: doubleText(cell) }
  if (cell === null || typeof cell !== 'object') return cell
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  switch (cell.kind) {
    case 'instant':
      return { instant: String(cell.micros) }
    case 'date':
      return new Date(cell.days * 86_400_000).toISOString().slice(0, 10)
    case 'decimal':
      return { number: cell.text }
    case 'list':
      return cell.items.map(ofCell)
    case 'struct':
      return { row: cell.entries.map(([name, item]) => [name, ofCell(item)]) }
    case 'map':
      return toMap(cell.entries.map(([key, item]) => [String(key), ofCell(item)]))
  }
}

/** To twelve digits: the last of a sum of doubles depends on the order of what is summed. */
function doubleText(value: number): string {
  return String(Number(value.toPrecision(12)))
}

function toMap(entries: readonly (readonly [string, unknown])[]): unknown {
  return { map: [...entries].sort(([a], [b]) => (a < b ? -1 : Number(a > b))) }
}
