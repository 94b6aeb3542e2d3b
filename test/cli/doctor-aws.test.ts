import { afterEach, describe, expect, test } from 'vitest'
import { checkDeployment } from '../../src/cli/doctor/aws.ts'
import type { DoctorFinding } from '../../src/cli/doctor/finding.ts'
import { readSettings } from '../../src/settings.ts'
import { type AwsCall, AwsFault, type AwsServer, startAws } from './aws.ts'
import {
  bucket,
  catalog,
  demand,
  destination,
  fn,
  mapping,
  options,
  stream,
  tableOf,
  views,
  workgroup,
} from './deployment.ts'
import { dmdStarted } from './process.ts'

// A deployment as AWS tells of it, over its protocols: what is there as it should be, and what a look at it may meet.

const account = '123456789012'
const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' }
Object.assign(process.env, env)
const EventSourceArn = `arn:aws:kinesis:eu-west-1:${account}:stream/my-own-changes`
const range = { ...options, from: '2021-01-01', yearsAhead: 5 }

const accessFlags = [
  'BlockPublicAcls',
  'BlockPublicPolicy',
  'IgnorePublicAcls',
  'RestrictPublicBuckets',
] as const
const xml = (name: string, inner: string) => `<${name}>${inner}</${name}>`
const accessBlock = (flags: readonly string[]) =>
  xml(
    'PublicAccessBlockConfiguration',
    accessFlags.map((flag) => xml(flag, String(flags.includes(flag)))).join(''),
  )

type Answers = { readonly [operation: string]: (call: AwsCall) => object | string }

const sound: Answers = {
  GetCallerIdentity: () =>
    xml(
      'GetCallerIdentityResponse',
      xml('GetCallerIdentityResult', xml('Arn', `arn:aws:sts::${account}:assumed-role/my-own-operations/me`)),
    ),
  configuration: () => ({
    ...fn,
    Environment: {
      Variables: {
        DMD_ARCHIVE: 's3://archive',
        DMD_PARTITION_FROM: range.from,
        DMD_PARTITION_YEARS_AHEAD: String(range.yearsAhead),
        OTHER: 'x',
      },
    },
  }),
  'event-source-mappings': () => ({ EventSourceMappings: [{ ...mapping, EventSourceArn }] }),
  DescribeStreamSummary: () => ({ StreamDescriptionSummary: { ...stream, StreamARN: EventSourceArn } }),
  DescribeKinesisStreamingDestination: () => ({
    KinesisDataStreamDestinations: [{ ...destination, StreamArn: EventSourceArn }],
  }),
  versioning: () => xml('VersioningConfiguration', xml('Status', 'Enabled')),
  encryption: () =>
    xml(
      'ServerSideEncryptionConfiguration',
      xml('Rule', xml('ApplyServerSideEncryptionByDefault', xml('SSEAlgorithm', 'aws:kms'))),
    ),
  publicAccessBlock: () => accessBlock(accessFlags),
  policy: () => bucket.policy,
  lifecycle: () =>
    xml(
      'LifecycleConfiguration',
      bucket.lifecycle.map(({ ID }) => xml('Rule', xml('ID', ID) + xml('Status', 'Enabled'))).join(''),
    ),
  GetTable: ({ body }) => ({ Table: tableOf(catalog.get(String(body.Name)) ?? demand, range) }),
  GetTables: ({ body }) => {
    const [names, NextToken] = body.NextToken === 'more' ? [views.slice(9)] : [views.slice(0, 9), 'more']
    return { TableList: names?.map((Name) => ({ Name })), NextToken }
  },
  GetWorkGroup: () => ({ WorkGroup: workgroup }),
}

const opened: AwsServer[] = []
afterEach(() => {
  for (const { close } of opened.splice(0)) close()
})

async function open(over: Answers = {}): Promise<AwsServer> {
  const answers = { ...sound, ...over }
  const server = await startAws((call) => {
    const answer = answers[call.operation]
    if (!answer) throw new AwsFault('UnknownOperationException', call.operation)
    return answer(call)
  })
  opened.push(server)
  return server
}

/** What is found of the deployment `my-own`, by what was looked at. */
async function look(over: Answers): Promise<ReadonlyMap<string, Omit<DoctorFinding, 'check'>>> {
  const { endpoint } = await open(over)
  process.env.AWS_ENDPOINT_URL = endpoint
  const settings = readSettings({ env: { DMD_DATABASE: 'my_own', DMD_WORKGROUP: 'my-own' } })
  const findings = await checkDeployment({ name: 'my-own' }, settings, catalog)
  expect(JSON.stringify(findings)).not.toContain(account)
  return new Map(findings.map(({ check, ...rest }) => [check, rest]))
}

const checks = [
  ...['credentials', 'function', 'mapping', 'stream', 'table my-own-items', 'bucket'],
  ...['demand', 'event', 'notification', 'sale'].map((type) => `Glue my_own.${type}`),
  ...['views', 'workgroup my-own'],
]

/** The checks of which that was found. */
const checksThat = (found: ReadonlyMap<string, Omit<DoctorFinding, 'check'>>, ok: boolean | null) =>
  checks.filter((check) => found.get(check)?.ok === ok)

test('a deployment as it should be is called well in each part, and no number of an account is shown', async () => {
  const { endpoint, calls } = await open()
  const ran = await dmdStarted(['doctor', '--aws', '--json', '--name', 'my-own'], {
    ...env,
    AWS_ENDPOINT_URL: endpoint,
  }).done
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out).not.toContain(account)
  const findings = JSON.parse(ran.out) as DoctorFinding[]
  const looked = findings.slice(4).filter(({ check }) => !check.startsWith('assumed: '))
  expect(looked.map(({ check, ok, fix }) => [check, ok, fix])).toEqual(
    checks.map((check) => [check, true, undefined]),
  )
  expect(looked[0]?.found).toBe('arn:aws:sts::…9012:assumed-role/my-own-operations/me')
  expect(new Set(calls.map(({ region }) => region))).toEqual(new Set(['eu-west-1']))
  const asked = (operation: string) => calls.find((call) => call.operation === operation)
  expect(asked('configuration')?.path).toBe('/2015-03-31/functions/my-own-deliveryWorker/configuration')
  expect(asked('DescribeStreamSummary')?.body.StreamARN).toBe(EventSourceArn)
  expect(asked('DescribeKinesisStreamingDestination')?.body).toEqual({ TableName: 'my-own-items' })
  expect(asked('versioning')?.path).toMatch(/^\/archive\/?$/)
  expect(asked('GetTable')?.body).toEqual({ DatabaseName: 'my_own', Name: 'demand' })
  expect(asked('GetWorkGroup')?.body).toEqual({ WorkGroup: 'my-own' })
})

describe('a bucket whose public access is not blocked wholly is told', () => {
  test.each([
    ...accessFlags.map((flag) => [`all but ${flag}`, accessFlags.filter((one) => one !== flag)] as const),
    ...accessFlags.map((flag) => [`only ${flag}`, [flag]] as const),
    ['none', []] as const,
  ])('%s', async (_, flags) => {
    const found = await look({ publicAccessBlock: () => accessBlock(flags) })
    expect(found.get('bucket')).toMatchObject({ ok: false, found: 'public access is not blocked' })
    expect(checksThat(found, false)).toEqual(['bucket'])
  })

  test('nothing set at all', async () => {
    const unset = (what: string) => () => {
      throw new AwsFault(what, 'it is not set', 404)
    }
    const found = await look({
      encryption: unset('ServerSideEncryptionConfigurationNotFoundError'),
      publicAccessBlock: unset('NoSuchPublicAccessBlockConfiguration'),
      policy: unset('NoSuchBucketPolicy'),
      lifecycle: unset('NoSuchLifecycleConfiguration'),
    })
    expect(found.get('bucket')?.ok).toBe(false)
    expect(found.get('bucket')?.found).toMatch(
      /^it is encrypted by nothing.*; public access is not blocked; .*replaced; .*without TLS; .*missing: unfinished-uploads/,
    )
  })
})

describe('what may not be looked at is told as that, and never as well', () => {
  const glue = checks.filter((check) => check.startsWith('Glue'))
  test.each([
    ['GetCallerIdentity', 'AccessDenied', ['credentials'], []],
    ['configuration', 'AccessDeniedException', ['function'], ['bucket', ...glue]],
    ['event-source-mappings', 'AccessDeniedException', ['mapping'], ['stream']],
    ['DescribeStreamSummary', 'AccessDeniedException', ['mapping', 'stream'], []],
    ['DescribeKinesisStreamingDestination', 'AccessDeniedException', ['table my-own-items'], []],
    ...['versioning', 'encryption', 'publicAccessBlock', 'policy', 'lifecycle'].map(
      (part) => [part, 'AccessDenied', ['bucket'], []] as const,
    ),
    ['GetTable', 'AccessDeniedException', glue, []],
    ['GetTables', 'AccessDeniedException', ['views'], []],
    ['GetWorkGroup', 'AccessDeniedException', ['workgroup my-own'], []],
  ] as const)('%s: %s', async (operation, code, denied, unknown) => {
    const message = `User: arn:aws:sts::${account}:assumed-role/x is not authorized to do that`
    const found = await look({
      [operation]: () => {
        throw new AwsFault(code, message, 403)
      },
    })
    for (const check of denied)
      expect(found.get(check)).toEqual({
        ok: null,
        found: 'may not be looked at: User: arn:aws:sts::…9012:assumed-role/x is not authorized to do that',
        fix: 'ask for the right to read it',
      })
    for (const check of unknown)
      expect(found.get(check)).toMatchObject({ ok: null, found: expect.stringContaining('is not known') })
    expect(checksThat(found, null)).toEqual(checks.filter((check) => [...denied, ...unknown].includes(check)))
    expect(checksThat(found, false)).toEqual([])
  })
})

test.each([
  ['configuration', 'ResourceNotFoundException', 'function', /^not there: Function not found: arn.*:…9012:/],
  ['DescribeStreamSummary', 'ResourceNotFoundException', 'stream', /^not there: .*:…9012:/],
  ['versioning', 'NoSuchBucket', 'bucket', /^not there: /],
  ['lifecycle', 'NoSuchBucket', 'bucket', /^not there: /],
  ['GetTable', 'EntityNotFoundException', 'Glue my_own.sale', /^not there: /],
  ['GetWorkGroup', 'InvalidRequestException', 'workgroup my-own', /^InvalidRequestException: .*:…9012:/],
])('what is not there, or cannot be told, is a fault: %s, %s', async (operation, code, check, message) => {
  const found = await look({
    [operation]: () => {
      throw new AwsFault(code, `Function not found: arn:aws:lambda:eu-west-1:${account}:function:x`, 404)
    },
  })
  expect(found.get(check)).toMatchObject({ ok: false, found: expect.stringMatching(message) })
})

test('where a table lies is told without the number of an account in its name', async () => {
  const elsewhere = { ...range, location: `s3://archive-${account}-x` }
  const found = await look({
    GetTable: ({ body }) => ({ Table: tableOf(catalog.get(String(body.Name)) ?? demand, elsewhere) }),
  })
  expect(found.get('Glue my_own.demand')?.found).toMatch(/it lies in s3:\/\/archive-…9012-x\//)
})
