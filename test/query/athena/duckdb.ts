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

/** A type as Athena's result says it: without its parameters, which a decimal has beside its name. */
function athenaType(type: string): { type: string; precision?: number; scale?: number } {
  const [, precision, scale] = /^decimal\((\d+), ?(\d+)\)$/.exec(type) ?? []
  if (precision !== undefined) return { type: 'decimal', precision: Number(precision), scale: Number(scale) }
  const name = type.toLowerCase().replace(/\(.*\)/s, '')
  return { type: name === 'unknown' ? 'varchar' : name === 'real' ? 'float' : name }
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
