import type { Cell, QueryEngine } from '../../../src/query/engine.ts'
import { cellText } from '../../../src/query/text.ts'
import type { Answer } from './server.ts'

/** Runs a statement that came over Athena's protocol in DuckDB: its rows are real, as Athena writes them. */
export async function runInDuckDb(engine: QueryEngine, sql: string): Promise<Answer> {
  const { columns, rows } = await engine.query(sql)
  const all: (string | undefined)[][] = []
  for await (const some of rows)
    for (const row of some) all.push(row.map((cell) => (cell === null ? undefined : athenaText(cell))))
  const isTelling = /^\s*(?:SHOW|DESCRIBE|DESC|MSCK|ALTER)\b/i.test(sql)
  return {
    columns: columns.map(({ name, type }) => ({ name, ...athenaType(type) })),
    // As one text a row, as Athena gives what it tells of the catalog.
    rows: isTelling
      ? all.map((row) => [
          row.map((text) => (columns.length === 1 ? text : (text ?? '').padEnd(20))).join('\t'),
        ])
      : all,
    ...(isTelling ? { statementType: 'DDL' as const } : {}),
  }
}

const types: readonly (readonly [RegExp, string])[] = [
  [/^(?:HUGEINT|U?BIGINT)$/, 'bigint'],
  [/^TIMESTAMP WITH TIME ZONE$/, 'timestamp with time zone'],
  [/^TIMESTAMP/, 'timestamp'],
  [/\]$/, 'array'],
  [/^STRUCT/, 'row'],
  [/^MAP/, 'map'],
  [/^BLOB$/, 'varbinary'],
  [/^ENUM/, 'varchar'],
]

function athenaType(type: string): { type: string; precision?: number; scale?: number } {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? []
  if (precision !== undefined) return { type: 'decimal', precision: Number(precision), scale: Number(scale) }
  return { type: types.find(([pattern]) => pattern.test(type))?.[1] ?? type.toLowerCase() }
}

/** Texts in arrays, maps and rows are not quoted. */
function athenaText(cell: Cell): string {
  if (cell === null) return 'null'
  if (cell instanceof Uint8Array)
    return Buffer.from(cell)
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 ')
  if (typeof cell !== 'object') return String(cell)
  switch (cell.kind) {
    case 'instant':
      return cellText(cell).replace('T', ' ').replace('Z', '')
    case 'list':
      return `[${cell.items.map(athenaText).join(', ')}]`
    case 'struct':
      return `{${cell.entries.map(([name, item]) => `${name}=${athenaText(item)}`).join(', ')}}`
    case 'map':
      return `{${cell.entries.map(([name, item]) => `${athenaText(name)}=${athenaText(item)}`).join(', ')}}`
    default:
      return cellText(cell)
  }
}
