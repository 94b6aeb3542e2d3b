import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allScalars } from '../../../src/dialect/functions/index.ts'
import { createTranslator } from '../../../src/dialect/statement.ts'
import { type SqlType, typeName } from '../../../src/dialect/types.ts'
import { registerScalars } from '../../../src/query/scalars.ts'
import { type Example, examples, refusals } from './examples.ts'

const translate = createTranslator([])
let instance: DuckDBInstance
let connection: DuckDBConnection

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  registerScalars(connection, allScalars)
})
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

/** A value as Trino's protocol writes it to a client of three digits behind the second. */
function comparable(value: unknown, type: SqlType): unknown {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return Number(value)
    case 'real':
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value + 0 : String(value)
    case 'varbinary':
      return Buffer.from(String(value), 'latin1').toString('base64')
    case 'array':
      return Array.isArray(value) ? value.map((item) => comparable(item, type.items)) : value
    case 'map':
      return Array.isArray(value)
        ? Object.fromEntries(value.map(({ key, value: of }) => [key, comparable(of, type.value)]))
        : value
    case 'time':
    case 'timestamp':
      return String(value).replace(/(\.\d+)?$/, (digits) => (digits || '.').padEnd(4, '0').slice(0, 4))
    case 'timestamp with time zone':
      return String(value).replace(
        /^(\S+ [\d:]+)(\.\d+)?/,
        (_, time, digits) => time + (digits ?? '.').padEnd(4, '0').slice(0, 4),
      )
    default:
      return value
  }
}

const bare = (type: string) =>
  type
    .toLowerCase()
    .replace(/^(time(?:stamp)?)\(\d\)/, '$1')
    .replace(/varchar\(\d+\)/g, 'varchar')
    .replaceAll(', ', ',')

async function run(expressions: readonly string[]): Promise<readonly (readonly [unknown, string])[]> {
  const { sql, columns } = translate(`SELECT ${expressions.join(', ')}`)
  // Bytes are asked for as their digits.
  const items = columns.map(({ type }, index) =>
    type.kind === 'varbinary' ? `base64(c${index})` : `c${index}`,
  )
  const reader = await connection.runAndReadAll(`SELECT ${items.join(', ')} FROM (${sql})`)
  const [row = []] = reader.getRowsJson()
  return columns.map(({ type }, index) => [
    type.kind === 'varbinary' ? row[index] : comparable(row[index], type),
    bare(typeName(type)),
  ])
}

describe.each(Object.entries(examples))('functions: %s', (_, list: readonly Example[]) => {
  const answered = list.flatMap(([expression, value, type]) =>
    value === undefined || type === undefined ? [] : [{ expression, value, type }],
  )
  const failing = list.filter(([, value]) => value === undefined).map(([expression]) => expression)

  it('gives the values and types that Trino gives', async () => {
    for (let start = 0; start < answered.length; start += 40) {
      const part = answered.slice(start, start + 40)
      const made = await run(part.map(({ expression }) => expression))
      expect(
        part.map(({ expression }, index) => [expression, JSON.stringify(made[index]?.[0]), made[index]?.[1]]),
      ).toStrictEqual(part.map(({ expression, value, type }) => [expression, value, bare(type)]))
    }
  }, 60_000)

  it.each(failing)('fails where Trino fails: %s', async (expression) => {
    await expect(run([expression])).rejects.toThrow()
  })
})

it.each(refusals)('refuses what is not done as Trino does it: %s', async (expression) => {
  await expect(run([expression])).rejects.toThrow()
})
