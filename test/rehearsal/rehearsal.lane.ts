import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  CreateTableCommand,
  DeleteItemCommand,
  DisableKinesisStreamingDestinationCommand,
  DynamoDBClient,
  EnableKinesisStreamingDestinationCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { DeleteTableCommand, GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue'
import { beforeAll, expect, test } from 'vitest'
import { assumptions } from '../../src/cli/doctor/assumptions.ts'
import { lifecycleRules } from '../../src/cli/doctor/judge.ts'
import { readContainer } from '../../src/codec/container.ts'
import { openStore } from '../../src/store/open.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { attributes, demandItem, eventItem, saleItem } from '../changes.ts'
import { dmdProcess } from '../cli/process.ts'

// The deployment, by its own command and the CDK's, into an emulator that takes CloudFormation and runs the worker's zip in
// Node: an item put into DynamoDB comes out of S3 as a row.

const { REHEARSAL_ENDPOINT: endpoint = '', REHEARSAL_PYTHON: python = '' } = process.env
const { REHEARSAL_APP: app = '', REHEARSAL_RELEASE: release = '' } = process.env
const region = 'us-east-1'
const account = '000000000000'

type Outputs = { readonly TableName: string; readonly ArchiveUrl: string; readonly FunctionName: string }

/** Does something to the emulator's region by a script, and gives the outputs of stacks. */
function act(region: string, script: string, what: string): Outputs {
  const args = [`test/rehearsal/${script}`, what, endpoint, region]
  const ran = spawnSync(python, args, { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${script} failed: ${ran.stderr}`)
  return Object.assign({}, ...Object.values(JSON.parse(ran.stdout) as { [stack: string]: object }))
}

let deployed: ReturnType<typeof dmdProcess>
let outputs: Outputs
let store: ObjectStore
let table: DynamoDBClient
beforeAll(async () => {
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: region },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  })
  const bootstrap = ['cdk', 'bootstrap', `aws://${account}/${region}`, '--app', 'npx tsx src/app.ts']
  const ran = spawnSync('npx', bootstrap, { cwd: 'infra', encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`the account was not bootstrapped: ${ran.stderr}`)
  deployed = dmdProcess(['deploy', '--yes'])
  if (deployed.status !== 0) throw new Error(`it was not deployed: ${deployed.stdout}${deployed.stderr}`)
  const told = JSON.parse(readFileSync('infra/cdk.outputs.json', 'utf8')) as { [stack: string]: object }
  outputs = Object.assign({}, ...Object.values(told))
  store = await openStore(outputs.ArchiveUrl)
  table = new DynamoDBClient({ endpoint, region })
}, 300_000)

const put = (item: object, TableName = outputs.TableName, into = table) =>
  into.send(new PutItemCommand({ TableName, Item: attributes(item) as never }))

async function rows(type: string, archive = store) {
  const found = []
  for await (const { key } of archive.list(`data/${type}/`)) {
    const object = await archive.get(key)
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

test('the command deploys both stacks and makes the views, says where all of it is, and has nothing to do again', () => {
  for (const [what, where] of [
    ['table', outputs.TableName],
    ['archive', outputs.ArchiveUrl],
    ['function', outputs.FunctionName],
  ] as const)
    expect(deployed.stderr).toMatch(new RegExp(`^  ${what} +${where}$`, 'm'))
  expect(deployed.stderr).toContain('view 16 of 16')
  const difference = dmdProcess(['deploy', '--diff'])
  expect(difference.status).toBe(0)
  expect(difference.stdout + difference.stderr).toContain('Number of stacks with differences: 0')
  const again = dmdProcess(['deploy', '--yes'])
  expect(again.status).toBe(0)
  // The CDK's command speaks to the other output where `CI` is set.
  const said = again.stdout + again.stderr
  expect(said.match(/dmd-(data|pipeline) \(no changes\)/g) ?? []).toHaveLength(2)
})

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

test('operations mend it and replay it once, and SQL has the row, by the commands and the archive’s URL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-rehearsal-'))
  const edit = join(folder, 'edit.json')
  const saleId = { op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-mended' } }
  writeFileSync(edit, JSON.stringify([saleId]))
  const dmd = (...args: readonly string[]) => {
    const env = { DMD_CACHE: join(folder, 'cache') }
    return dmdProcess([...args, '--archive', outputs.ArchiveUrl], { env }).stdout
  }
  const count = () =>
    dmd('query', '--format', 'csv', "SELECT COUNT(*) AS n FROM demand WHERE saleid = 'sale-mended'")
  const replay = () => JSON.parse(dmd('replay', '--all', '--edit', edit, '--yes', '--json')) as object
  expect(count()).toMatch(/^"?n"?\r?\n0/)
  expect(replay()).toMatchObject({ counts: { written: 1 } })
  expect(replay()).toMatchObject({ counts: {}, results: [] })
  expect(count()).toMatch(/^"?n"?\r?\n1/)
  rmSync(folder, { recursive: true })
})

test('the doctor finds the deployment as this version deploys it, and tells what was changed since', async () => {
  const doctor = () => {
    const ran = dmdProcess(['doctor', '--aws', '--json', '--name', 'dmd'])
    const findings = JSON.parse(ran.stdout) as { check: string; ok: boolean | null; found: string }[]
    return { code: ran.status, findings: new Map(findings.map((one) => [one.check, one])) }
  }
  const sound = doctor()
  const faults = [...sound.findings.values()].flatMap(({ check, ok, found }) =>
    ok === false ? [`${check}: ${found}`] : [],
  )
  // What the emulator does not keep.
  expect(faults).toEqual([
    'stream: it is not encrypted',
    `bucket: it is encrypted by AES256, not by a KMS key; lifecycle rules are off or missing: ${lifecycleRules.join(', ')}`,
  ])
  expect(sound.code).toBe(3)
  expect([...sound.findings.keys()]).toEqual([
    ...['Node.js', 'settings', 'SQL engine', 'schemas', 'credentials', 'function', 'mapping', 'stream'],
    ...['table dmd-items', 'bucket', 'Glue dmd.demand', 'Glue dmd.event', 'Glue dmd.notification'],
    ...['Glue dmd.sale', 'views', 'workgroup dmd'],
    ...assumptions.map(({ name }) => `assumed: ${name}`),
  ])
  expect(sound.findings.get('credentials')?.found).toContain('…0000')

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

test('a table that was there before is connected by the command, once, in microseconds, and its items are rows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-rehearsal-'))
  writeFileSync(join(folder, 'dmd.deploy.json'), '{"existingTable":"requests"}')
  const connect = () => dmdProcess(['deploy', '--connect'], { cwd: folder })
  expect(connect()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/the table requests is not connected to the stream: .*DEPLOY_FAILED/s),
  })
  await table.send(
    new CreateTableCommand({
      TableName: 'requests',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['PK', 'SK'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    }),
  )
  const StreamArn = `arn:aws:kinesis:${region}:${account}:stream/dmd-changes`
  await table.send(new EnableKinesisStreamingDestinationCommand({ TableName: 'requests', StreamArn }))
  expect(connect()).toMatchObject({ status: 0, stderr: expect.stringContaining('in microseconds now') })
  expect(connect()).toMatchObject({ status: 0, stderr: expect.stringContaining('as before') })
  await table.send(new DisableKinesisStreamingDestinationCommand({ TableName: 'requests', StreamArn }))
  expect(connect()).toMatchObject({ status: 0, stderr: expect.stringContaining('to the stream now') })
  rmSync(folder, { recursive: true })
  await put({ ...demandItem, PK: 'FAN#requests', fanId: 'requests' }, 'requests')
  await until(
    () => rows('demand'),
    (found) => found.some(({ row }) => row.fanId === 'requests'),
  )
})

test('the released files, deployed as the example for Terraform says, lose nothing when what runs is taken down and made anew', async () => {
  const elsewhere = 'eu-west-1'
  const { TableName, ArchiveUrl, FunctionName } = act(elsewhere, 'terraform.py', 'examples/terraform')
  expect([TableName, FunctionName]).toEqual(['dmd-items', 'dmd-deliveryWorker'])
  process.env.AWS_REGION = elsewhere
  const archive = await openStore(ArchiveUrl)
  process.env.AWS_REGION = region
  const client = new DynamoDBClient({ endpoint, region: elsewhere })
  const request = (fanId: string) => put({ ...demandItem, PK: `FAN#${fanId}`, fanId }, TableName, client)
  const archived = (fanId: string) =>
    until(
      () => rows('demand', archive),
      (all) => all.some(({ row }) => row.fanId === fanId && row.isDeleted === false),
    )
  await request('before')
  await archived('before')

  // What runs is taken down and made anew: what came meanwhile waits in the stream.
  act(elsewhere, 'takedown.py', 'dmd-pipeline')
  await request('meanwhile')
  act(elsewhere, 'terraform.py', 'examples/terraform')
  await request('after')
  await archived('meanwhile')
  const all = await archived('after')
  expect([...new Set(all.map(({ row }) => row.fanId))].sort()).toEqual(['after', 'before', 'meanwhile'])
  client.destroy()
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
