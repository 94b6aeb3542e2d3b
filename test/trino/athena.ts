import { openAthena } from '../../src/query/athena.ts'
import type { QueryEngine } from '../../src/query/engine.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { type Answer, startAthena } from '../query/athena/server.ts'
import { type TrinoType, trino } from './client.ts'

process.env.AWS_ACCESS_KEY_ID ??= 'lane'
process.env.AWS_SECRET_ACCESS_KEY ??= 'lane'

/** The engine for Athena, over Athena's protocol, with Trino behind it. */
export async function openTrinoAsAthena(): Promise<QueryEngine> {
  const server = await startAthena(async (sql) => {
    const { columns, rows } = await trino(sql)
    return {
      columns: columns.map(({ name, typeSignature }) => ({ name, ...typeOf(typeSignature) })),
      rows: rows.map((row) => row.map((value, at) => textOf(value, columns[at]?.typeSignature.rawType))),
      ...(/^\s*SHOW/i.test(sql) ? { statementType: 'UTILITY' as const } : {}),
    }
  })
  const engine = await openAthena({
    workgroup: 'dmd',
    database: 'dmd',
    region: 'us-east-1',
    endpoint: server.endpoint,
    runtime: systemRuntime(),
    pollMs: [10, 100],
  })
  return {
    ...engine,
    close: async () => {
      await engine.close()
      server.close()
    },
  }
}

function typeOf({ rawType, arguments: parts }: TrinoType): Omit<Answer['columns'][number], 'name'> {
  const [precision, scale] = parts.map(({ value }) => value)
  if (rawType !== 'decimal') return { type: rawType }
  return { type: rawType, precision: Number(precision), scale: Number(scale) }
}

/** Trino writes instants, dates and decimals as Athena does, bytes otherwise; what has parts is JSON here and not compared. */
function textOf(value: unknown, type: string | undefined): string | undefined {
  if (value === null) return undefined
  if (type === 'varbinary')
    return Buffer.from(String(value), 'base64')
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
