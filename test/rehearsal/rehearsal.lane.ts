import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DeleteTableCommand, GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue'
import { beforeAll, expect, test } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { openStore } from '../../src/store/open.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { attributes, demandItem, eventItem, saleItem } from '../changes.ts'
import { dmdProcess } from '../cli/process.ts'

// What `cdk deploy` would deploy, deployed to an emulator that takes CloudFormation and runs the worker's zip in Node:
// an item put into DynamoDB comes out of S3 as a row.

const { REHEARSAL_ENDPOINT: endpoint = '', REHEARSAL_PYTHON: python = '' } = process.env
const { REHEARSAL_APP: app = '', REHEARSAL_RELEASE: release = '' } = process.env

type Outputs = { readonly TableName: string; readonly ArchiveUrl: string; readonly FunctionName: string }
let outputs: Outputs
let store: ObjectStore
let table: DynamoDBClient
beforeAll(async () => {
  const ran = spawnSync(python, ['test/rehearsal/deploy.py', app, endpoint], { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`the stacks were not deployed: ${ran.stderr}`)
  process.stderr.write(ran.stderr)
  outputs = Object.assign({}, ...Object.values(JSON.parse(ran.stdout) as { [stack: string]: object }))
  Object.assign(process.env, {
    ...{
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  })
  store = await openStore(outputs.ArchiveUrl)
  table = new DynamoDBClient({ endpoint, region: 'us-east-1' })
}, 120_000)

const put = (item: object) =>
  table.send(new PutItemCommand({ TableName: outputs.TableName, Item: attributes(item) as never }))

async function rows(type: string) {
  const found = []
  for await (const { key } of store.list(`data/${type}/`)) {
    const object = await store.get(key)
    if (object) for (const row of readContainer(object.bytes, key).rows()) found.push({ key, row })
  }
  return found
}

async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  for (let n = 0; n < 240; n++) {
    const answer = await ask()
    if (isSo(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new Error('it has not come to be within a minute')
}

test('an item that is put into the table is a row in the archive, with the time of its change in microseconds', async () => {
  await put(demandItem)
  const [found] = await until(
    () => rows('demand'),
    (all) => all.length === 1,
  )
  expect(found?.key).toMatch(/^data\/demand\/partition_date=2025-02-13\/\d{8}T\d{9}Z-[0-9a-f-]{36}\.avro$/)
  expect(found?.row).toMatchObject({
    ...{ fanId: 'fan-1', isDeleted: false, email: 'ada@example.com' },
    change: { operation: 'INSERT', key: '{"PK":{"S":"FAN#fan-1"},"SK":{"S":"DEMAND#event-1#sale-1"}}' },
  })
})

test('a delete is a row without personal data, and other types have tables of their own', async () => {
  const { PK, SK } = demandItem
  await table.send(
    new DeleteItemCommand({ TableName: outputs.TableName, Key: attributes({ PK, SK }) as never }),
  )
  await put(eventItem)
  await put(saleItem)
  const all = await until(
    () => rows('demand'),
    (found) => found.length === 2,
  )
  const removed = all.find(({ row }) => row.isDeleted === true)
  expect(removed?.row).toMatchObject({
    email: '[redacted]',
    phoneNumber: '[redacted]',
    messageBody: '[redacted]',
  })
  for (const type of ['event', 'sale'])
    await until(
      () => rows(type),
      (found) => found.length === 1,
    )
})

test('a record that fails lies in errors/, and holds up nobody', async () => {
  const { saleId: _, ...item } = demandItem
  await put({ ...item, PK: 'FAN#bad' })
  await put({ ...demandItem, PK: 'FAN#good', fanId: 'good' })
  await until(
    () => rows('demand'),
    (found) => found.some(({ row }) => row.fanId === 'good'),
  )
  const errors: string[] = []
  for await (const page of store.keys('errors/')) errors.push(...page)
  expect(errors).toHaveLength(1)
})

test('the doctor finds the deployment as this version deploys it, and tells what was changed since', async () => {
  const doctor = () => {
    const ran = dmdProcess(['doctor', '--aws', '--json', '--name', 'dmd'])
    const findings = JSON.parse(ran.stdout) as { check: string; ok: boolean | null; found: string }[]
    return { code: ran.status, findings: new Map(findings.map((one) => [one.check, one])) }
  }
  const deployed = doctor()
  const faults = [...deployed.findings.values()].flatMap(({ check, ok, found }) =>
    ok ? [] : [`${check}: ${found}`],
  )
  // Views are made by `dmd deploy`, which this has not run; the rest is what the emulator does not keep.
  expect(faults).toEqual([
    'stream: it is not encrypted',
    expect.stringMatching(/^table dmd-items: times of changes are in MILLISECONDS/),
    'bucket: it is encrypted by AES256, not by a KMS key',
    expect.stringMatching(/^views: missing: demands, demand_changes, demand_current, /),
  ])
  expect(deployed.code).toBe(3)
  expect([...deployed.findings.keys()]).toEqual([
    ...['Node.js', 'settings', 'SQL engine', 'schemas', 'credentials', 'function', 'mapping', 'stream'],
    ...['table dmd-items', 'bucket', 'Glue dmd.demand', 'Glue dmd.event', 'Glue dmd.notification'],
    ...['Glue dmd.sale', 'views', 'workgroup dmd'],
  ])
  expect(deployed.findings.get('credentials')?.found).toContain('…0000')

  const glue = new GlueClient({})
  const place = { DatabaseName: 'dmd' }
  const { Table: event } = await glue.send(new GetTableCommand({ ...place, Name: 'event' }))
  await glue.send(
    new UpdateTableCommand({
      ...place,
      TableInput: {
        Name: 'event',
        TableType: 'EXTERNAL_TABLE',
        Parameters: { ...event?.Parameters, 'projection.partition_date.range': '2024-01-01,NOW' },
        PartitionKeys: event?.PartitionKeys,
        StorageDescriptor: {
          ...event?.StorageDescriptor,
          Columns: event?.StorageDescriptor?.Columns?.slice(1),
        },
      },
    }),
  )
  await glue.send(new DeleteTableCommand({ ...place, Name: 'sale' }))
  const changed = doctor().findings
  expect(changed.get('Glue dmd.demand')?.ok).toBe(true)
  expect(changed.get('Glue dmd.event')).toMatchObject({
    ok: false,
    found: expect.stringMatching(
      /columns differ from .*; its parameters differ: projection\.partition_date\.range$/,
    ),
  })
  expect(changed.get('Glue dmd.sale')).toMatchObject({
    ok: false,
    found: expect.stringMatching(/^not there: /),
  })
  glue.destroy()
})

test('the templates are written by the command too', () => {
  const ran = dmdProcess(['deploy', '--synth'])
  expect(ran.stderr).toContain('npm run synth')
  expect(ran.status).toBe(0)
})

test.each([
  ['of the CDK', () => app],
  ['for others to deploy', () => release],
])('cfn-lint finds nothing in the templates %s', (_, folder) => {
  const templates = readdirSync(folder()).filter((name) => name.endsWith('.template.json'))
  expect(templates).toHaveLength(2)
  // W3005: the CDK names what a function depends on, also where a reference says it already.
  const args = ['--ignore-checks', 'W3005', '--', ...templates.map((name) => join(folder(), name))]
  const ran = spawnSync(join(dirname(python), 'cfn-lint'), args, { encoding: 'utf8' })
  expect(ran.stdout + ran.stderr).toBe('')
  expect(ran.status).toBe(0)
})
