import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { beforeAll, expect, test } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { openStore } from '../../src/store/open.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { attributes, demandItem, eventItem, saleItem } from '../changes.ts'

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
