import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { athenaViews } from '../../src/query/athena/views.ts'
import { type AthenaServer, Ended, startAthena } from '../query/athena/server.ts'
import { type Clone, makeClone } from './clone.ts'
import { type Destination, startTable, streamArn } from './destinations.ts'
import { dmdProcess, dmdStarted } from './process.ts'

// What deploys is the CDK, by way of npm; here npm is a script that writes down what it is asked. The app itself is run in
// the lanes of the CDK and of the rehearsal. The command runs from a clone, so that nothing of a real deployment is touched.

const folder = mkdtempSync(join(tmpdir(), 'dmd-deploy-'))
const asked = join(folder, 'asked.txt')
const packages = () => join(clone.infra, 'node_modules')
const outputs = () => join(clone.infra, 'cdk.outputs.json')
const npmScript = `#!/bin/sh
echo "$* $DEPLOY_CONFIG" >> ${asked}
[ -e ${folder}/fails ] && exit 1
case "$*" in
  ci) mkdir node_modules ;;
  'run deploy'*) if [ -e ${folder}/outputs.json ]; then cp ${folder}/outputs.json cdk.outputs.json; fi ;;
esac
`
let clone: Clone
let server: AthenaServer
let isBroken = false
beforeAll(async () => {
  mkdirSync(join(folder, 'clone'))
  clone = makeClone(join(folder, 'clone'))
  mkdirSync(packages())
  writeFileSync(join(folder, 'npm'), npmScript)
  chmodSync(join(folder, 'npm'), 0o755)
  server = await startAthena(async () => {
    if (isBroken) throw new Ended('SYNTAX_ERROR: line 1:1: no')
    return { columns: [], rows: [], statementType: 'DDL' }
  })
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

async function deploy(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  writeFileSync(asked, '')
  const before = server.requests.length
  const ran = await dmdStarted(
    ['deploy', ...args],
    {
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      AWS_ENDPOINT_URL_ATHENA: server.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'eu-west-1',
      ...env,
    },
    folder,
    clone.main,
  ).done
  const calls = readFileSync(asked, 'utf8').split('\n').slice(0, -1)
  const requests = server.requests.slice(before)
  const starts = requests.filter(({ call }) => call === 'StartQueryExecution')
  return { ...ran, calls, requests, starts, made: starts.map(({ body }) => body.QueryString) }
}

/** Options of a deployment, in the folder that the command runs in. */
function configure(name: string, options: object): string {
  writeFileSync(join(folder, name), JSON.stringify(options))
  return name
}

const viewsOf = (schemas?: string) =>
  [...loadCatalog(schemas).values()].flatMap(athenaViews).map(({ statement }) => statement)
const views = viewsOf()

test('deploys, then makes every view, and says how to look at it', async () => {
  const ran = await deploy(['--yes'])
  expect(ran.code).toBe(0)
  expect(ran.calls).toEqual([
    // Without a file of options none is named.
    expect.stringMatching(/^run deploy -- --require-approval never\s*$/),
  ])
  expect(ran.made).toEqual(views)
  expect(views).toHaveLength(16)
  expect(ran.err).toContain('view 16 of 16')
  expect(ran.err).toContain('dmd doctor --aws --name dmd')
})

test('installs what the app needs, once', async () => {
  rmSync(packages(), { recursive: true })
  expect((await deploy(['--synth'])).calls).toEqual([
    expect.stringMatching(/^ci /),
    expect.stringMatching(/^run synth /),
  ])
  expect(existsSync(packages())).toBe(true)
  expect((await deploy(['--synth'])).calls).toEqual([expect.stringMatching(/^run synth /)])
})

test('shows what was deployed just now, and not what was before', async () => {
  const items = (TableName: string) => JSON.stringify({ 'dmd-data': { TableName }, 'dmd-pipeline': {} })
  writeFileSync(outputs(), items('old-items'))
  const silent = await deploy()
  expect(silent.code).toBe(0)
  expect(silent.err).toMatch(/^deployed\nlook at it: /m)
  expect(silent.err).not.toContain('old-items')
  writeFileSync(join(folder, 'outputs.json'), items('new-items'))
  const told = await deploy()
  rmSync(join(folder, 'outputs.json'))
  expect(told.err).toMatch(/^deployed\n {2}table {6}new-items\n {2}stream {5}—\n/m)
})

test('takes the configuration in this folder, and names after it', async () => {
  configure('dmd.deploy.json', { name: 'dmd' })
  expect((await deploy()).calls).toEqual([expect.stringContaining(join(folder, 'dmd.deploy.json'))])
  const ran = await deploy(['--views', '--config', configure('other.json', { name: 'other-one' })])
  expect(ran).toMatchObject({ code: 1 })
  expect(ran.starts).toHaveLength(1)
  expect(ran.err).toContain('WorkGroup other-one is not found')
  rmSync(join(folder, 'dmd.deploy.json'))
})

test('makes the views in the workgroup, the database and the region of the configuration', async () => {
  server.workgroup = 'my-own-one'
  const config = configure('named.json', { name: 'my-own-one', region: 'ap-south-1' })
  const { code, made, starts, requests } = await deploy(['--views', '--config', config])
  server.workgroup = 'dmd'
  expect(code).toBe(0)
  expect(made).toEqual(views)
  for (const { body } of starts)
    expect(body).toMatchObject({
      WorkGroup: 'my-own-one',
      QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'my_own_one' },
    })
  expect(new Set(requests.map(({ region }) => region))).toEqual(new Set(['ap-south-1']))
  const usual = await deploy(['--views', '--config', configure('usual.json', {})])
  expect(new Set(usual.requests.map(({ region }) => region))).toEqual(new Set(['eu-west-1']))
})

const hold = {
  type: 'record',
  name: 'hold',
  namespace: 'dmd',
  doc: 'Seats that are kept for a guest.',
  plural: 'holds',
  reference: '{venueId}_{id}',
  timestamp: ['heldAt'],
  partition: ['heldAt'],
  fields: [
    { name: 'type', type: 'string', doc: 'The record type: `hold`.' },
    { name: 'id', type: 'string', doc: 'The hold.' },
    { name: 'venueId', type: 'string', doc: 'The venue.' },
    { name: 'heldAt', type: { type: 'long', logicalType: 'timestamp-millis' }, doc: 'Since when.' },
  ],
}

test('makes the views of further record types; their folder is looked for beside the configuration', async () => {
  const beside = join(folder, 'beside')
  mkdirSync(join(beside, 'more'), { recursive: true })
  writeFileSync(join(beside, 'more', 'hold.avsc'), JSON.stringify(hold))
  const further = viewsOf(join(beside, 'more'))
  expect(further).toHaveLength(20)
  for (const schemas of [join(beside, 'more'), 'more']) {
    const config = configure(join('beside', 'dmd.deploy.json'), { schemas })
    expect(await deploy(['--views', '--config', config])).toMatchObject({ code: 0, made: further })
  }
})

test('connects a table that was there before to the stream that is named, then makes the views', async () => {
  const destinations: Destination[] = []
  const table = await startTable('dmd-changes', destinations)
  const env = { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint, AWS_ENDPOINT_URL_KINESIS: table.endpoint }
  const existingStream = streamArn('their-own', 'ap-south-1')
  const config = configure('their.json', { region: 'ap-south-1', existingTable: 'items', existingStream })
  const ran = await deploy(['--config', config], env)
  expect(ran).toMatchObject({ code: 0, calls: [expect.stringMatching(/^run deploy /)], made: views })
  expect(ran.err).toContain('items sends its changes to the stream now\n')
  expect(ran.err).toContain('look at it: AWS_REGION=ap-south-1 dmd doctor --aws --name dmd --table items\n')
  expect(destinations).toEqual([
    {
      StreamArn: existingStream,
      DestinationStatus: 'ACTIVE',
      ApproximateCreationDateTimePrecision: 'MICROSECOND',
    },
  ])
  const again = await deploy(['--connect', '--config', config], env)
  expect(again).toMatchObject({ code: 0, calls: [], made: [] })
  expect(again.err).toBe('items sends its changes to the stream, as before\n')
  expect(new Set(table.calls.map(({ service, region }) => `${service} ${region}`))).toEqual(
    new Set(['dynamodb ap-south-1']),
  )
  table.close()
})

test('connects it to the stream of the deployment’s name, in its region, where none is named', async () => {
  const StreamArn = streamArn('my-own-changes', 'ap-south-1')
  const destinations: Destination[] = [{ StreamArn, DestinationStatus: 'ACTIVE' }]
  const table = await startTable('my-own-changes', destinations)
  const env = { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint, AWS_ENDPOINT_URL_KINESIS: table.endpoint }
  const config = configure('my.json', { name: 'my-own', region: 'ap-south-1', existingTable: 'items' })
  const ran = await deploy(['--connect', '--config', config], env)
  table.close()
  expect(ran).toMatchObject({ code: 0, calls: [], made: [] })
  expect(ran.err).toBe('items sends its changes to the stream, in microseconds now\n')
  expect(destinations).toMatchObject([{ StreamArn, ApproximateCreationDateTimePrecision: 'MICROSECOND' }])
  expect(new Set(table.calls.map(({ service, region }) => `${service} ${region}`))).toEqual(
    new Set(['kinesis ap-south-1', 'dynamodb ap-south-1']),
  )
})

test('shows what would change, or writes the templates, and makes nothing', async () => {
  expect(await deploy(['--diff'])).toMatchObject({
    code: 0,
    made: [],
    calls: [expect.stringMatching(/^run diff /)],
  })
  expect(await deploy(['--synth'])).toMatchObject({
    code: 0,
    made: [],
    calls: [expect.stringMatching(/^run synth /)],
  })
  expect(await deploy(['--views'])).toMatchObject({ code: 0, made: views, calls: [] })
})

test('ends where a step fails', async () => {
  writeFileSync(join(folder, 'fails'), '')
  const failed = await deploy(['--yes'])
  rmSync(join(folder, 'fails'))
  expect(failed).toMatchObject({ code: 1, made: [] })
  expect(failed.err).toContain('DEPLOY_FAILED')
  isBroken = true
  const broken = await deploy(['--views'])
  isBroken = false
  expect(broken).toMatchObject({ code: 1, made: [views[0]] })
  expect(broken.err).toContain('SYNTAX_ERROR')
})

test('a wrong call is told', () => {
  expect(dmdProcess(['deploy', '--diff', '--synth'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('choose one of --diff and --synth'),
  })
  expect(dmdProcess(['deploy', '--connect'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('names no existingTable'),
  })
  expect(dmdProcess(['deploy', '--config', 'nowhere.json'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is no nowhere.json'),
  })
})
