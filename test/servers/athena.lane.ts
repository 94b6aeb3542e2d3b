import { expect, test } from 'vitest'
import { openAthena } from '../../src/query/athena.ts'
import { systemRuntime } from '../../src/runtime.ts'

// moto speaks Athena's protocol and keeps its rules, but runs no SQL: it gives the rows that it was told.
const endpoint = process.env.SERVERS_S3_ENDPOINT ?? ''
const region = 'us-east-1'
const open = (workgroup: string) =>
  openAthena({ workgroup, database: 'dmd', region, endpoint, runtime: systemRuntime(), pollMs: [5, 20] })

const column = (Name: string, Type: string) => ({
  CatalogName: 'hive',
  SchemaName: '',
  TableName: '',
  Name,
  Label: Name,
  Type,
  Precision: 17,
  Scale: 0,
  Nullable: 'UNKNOWN',
  CaseSensitive: false,
})

test('a statement is started, waited for and read', async () => {
  const rows = [
    { Data: [{ VarCharValue: 'fanid' }, { VarCharValue: 'n' }] },
    { Data: [{ VarCharValue: 'fan-1' }, { VarCharValue: '9007199254740993' }] },
    { Data: [{}, { VarCharValue: '-1' }] },
  ]
  const told = await fetch(`${endpoint}/moto-api/static/athena/query-results`, {
    method: 'POST',
    body: JSON.stringify({
      account_id: '123456789012',
      region,
      results: [{ rows, column_info: [column('fanid', 'varchar'), column('n', 'bigint')] }],
    }),
  })
  expect(told.status).toBe(201)
  const engine = await open('primary')
  const result = await engine.query('SELECT fanid, COUNT(*) AS n FROM demand GROUP BY fanid')
  expect(result.columns).toEqual([
    { name: 'fanid', type: 'varchar', isNumeric: false },
    { name: 'n', type: 'bigint', isNumeric: true },
  ])
  const found = []
  for await (const some of result.rows) found.push(...some)
  expect(found).toEqual([
    ['fan-1', 9007199254740993n],
    [null, -1n],
  ])
  await engine.close()
})

test('a workgroup that is not there is told', async () => {
  const engine = await open('nowhere')
  await expect(engine.query('SELECT 1')).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/WorkGroup does not exist/),
  })
  await engine.close()
})
