import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { handled, unattributable } from '../../src/delivery/expiry.ts'
import { optionNames, parseConfig } from '../src/config.ts'
import { ofType, type Properties, type Readable, readable, synthesise, writeFurtherType } from './app.ts'

const schemas = mkdtempSync(join(tmpdir(), 'dmd-further-'))
writeFurtherType(schemas)

const account = '210987654321'
const region = 'eu-central-1'
const role = (who: string) => `arn:aws:iam::${account}:role/${who}`
const options = {
  ...{ name: 'my-own', account, region, prefix: 'team/demand', schemas },
  vpc: { id: 'vpc-1', subnets: ['subnet-1', 'subnet-2'], zones: ['a', 'b'], securityGroup: 'sg-0123abcd' },
  assumedBy: {
    analyst: [role('bi')],
    operations: [role('lead'), role('on-call')],
    maintenance: [role('dpo')],
  },
  permissionsBoundary: `arn:aws:iam::${account}:policy/boundary`,
  ...{ partitionFrom: '2023-04-05', partitionYearsAhead: 2 },
  stream: { shards: 3, retentionHours: 200 },
  delivery: {
    ...{ batchRecords: 2_000, windowSeconds: 11, parallelization: 4, recordAgeMaxSeconds: 300_000 },
    ...{ memoryMb: 2_048, timeoutSeconds: 120, reservedConcurrency: 9, logDays: 90 },
  },
  // Three numbers, so that none can stand for another.
  archive: { noncurrentDays: 5, handledErrorDays: 40, unattributableErrorDays: 21 },
  athena: { scanBytesMax: 12_000_000, resultDays: 17 },
  alarms: {
    ...{ email: 'ops@example.com', errorsIn5Minutes: 7, lagSeconds: 45, staleMinutes: 25 },
    runbooks: 'https://wiki.example.com/ops',
  },
} as const
/** What is named instead of made has tests of its own, in `options.test.ts`. */
const elsewhere = ['existingTable', 'existingStream', 'existingStreamKey', 'existingBucket', 'existingKey']

const deployed = synthesise(options)
rmSync(schemas, { recursive: true })
const { data, pipeline } = readable(deployed)
const templates = [data, pipeline]
const archive = 's3://${Archive}/team/demand'
const types = ['demand', 'event', 'hold', 'notification', 'sale']

function propertiesOf({ Resources }: Readable, id: string): Properties {
  return Resources[id]!.Properties
}

function ofTypes(type: string): readonly (readonly [string, Properties])[] {
  return templates.flatMap((template) => ofType(template, type))
}

type Statement = { readonly Sid?: string; readonly Resource: string | readonly string[] }

/** What a statement of a policy is about. */
function resourcesOf(template: Readable, policy: string, sid: string): readonly string[] {
  const { PolicyDocument }: { PolicyDocument: { Statement: Statement[] } } = propertiesOf(
    template,
    policy,
  ) as never
  return PolicyDocument.Statement.filter(({ Sid }) => Sid === sid).flatMap(({ Resource }) => Resource)
}

test('every option is given here, and none as it is by default', () => {
  const flat = (config: object) =>
    new Map(
      optionNames.map((name) => {
        const [group, option] = name.split('.') as [string, string | undefined]
        const value: unknown = (config as { [name: string]: unknown })[group]
        return [name, option === undefined ? value : (value as { [name: string]: unknown })[option]]
      }),
    )
  const [given, defaults] = [flat(options), flat(parseConfig({}, 'test'))]
  for (const name of optionNames.filter((one) => !elsewhere.includes(one))) {
    expect(given.get(name), name).toBeDefined()
    expect(given.get(name), name).not.toEqual(defaults.get(name))
  }
})

describe('`name`', () => {
  test('is in the names of all that has one, with _ for - in the catalog', () => {
    const names = Object.entries({
      ...{ 'AWS::DynamoDB::Table': 'TableName', 'AWS::Kinesis::Stream': 'Name' },
      ...{ 'AWS::KMS::Alias': 'AliasName', 'AWS::Logs::LogGroup': 'LogGroupName' },
      ...{ 'AWS::Lambda::Function': 'FunctionName', 'AWS::SNS::Topic': 'TopicName' },
      ...{ 'AWS::Athena::WorkGroup': 'Name', 'AWS::CloudWatch::Dashboard': 'DashboardName' },
    }).map(([type, name]) => [type, ofTypes(type).map(([, properties]) => properties[name])])
    expect(Object.fromEntries(names)).toEqual({
      'AWS::DynamoDB::Table': ['my-own-items'],
      'AWS::Kinesis::Stream': ['my-own-changes'],
      'AWS::KMS::Alias': ['alias/my-own'],
      'AWS::Logs::LogGroup': ['/aws/lambda/my-own-deliveryWorker'],
      'AWS::Lambda::Function': ['my-own-deliveryWorker'],
      'AWS::SNS::Topic': ['my-own-alerts'],
      'AWS::Athena::WorkGroup': ['my-own'],
      'AWS::CloudWatch::Dashboard': ['my-own'],
    })
    expect(propertiesOf(data, 'Database')).toMatchObject({ DatabaseInput: { Name: 'my_own' } })
    for (const [id, table] of ofTypes('AWS::Glue::Table')) expect(table.DatabaseName, id).toBe('my_own')
    for (const [id, query] of ofTypes('AWS::Athena::NamedQuery'))
      expect(query, id).toMatchObject({ Database: 'my_own', WorkGroup: 'my-own' })
    for (const [id, { AlarmName }] of ofTypes('AWS::CloudWatch::Alarm'))
      expect(AlarmName, id).toBe(`my-own-${id.replace(/^Alarm/, '')}`)
    const roles = ofTypes('AWS::IAM::Role').map(([id, { RoleName }]) => [id, RoleName])
    expect(Object.fromEntries(roles)).toEqual({
      ...{ Analyst: `my-own-analyst-${region}`, Operations: `my-own-operations-${region}` },
      ...{ Maintenance: `my-own-maintenance-${region}`, WorkerRole: undefined },
    })
  })

  test('is in the rights that go by it', () => {
    const arn = (service: string, rest: string) =>
      `arn:\${AWS::Partition}:${service}:${region}:${account}:${rest}`
    expect(resourcesOf(pipeline, 'AnalystDefaultPolicy', 'Ask')).toEqual([arn('athena', 'workgroup/my-own')])
    expect(resourcesOf(pipeline, 'AnalystDefaultPolicy', 'Catalog')).toEqual([
      ...[arn('glue', 'catalog'), arn('glue', 'database/my_own'), arn('glue', 'table/my_own/*')],
    ])
    const ofOurAlarms = { ArnLike: { 'aws:SourceArn': arn('cloudwatch', 'alarm:my-own-*') } }
    expect(propertiesOf(pipeline, 'AlertsPolicy')).toMatchObject({
      PolicyDocument: { Statement: [{}, { Sid: 'Alarms', Condition: ofOurAlarms }] },
    })
    const log = arn('logs', 'log-group:/aws/lambda/my-own-deliveryWorker')
    expect(propertiesOf(data, 'Key')).toMatchObject({
      KeyPolicy: {
        Statement: [
          { Sid: 'Account' },
          {
            Sid: 'WorkerLog',
            Principal: { Service: `logs.${region}.amazonaws.com` },
            Condition: { ArnEquals: { 'kms:EncryptionContext:aws:logs:arn': log } },
          },
          { Sid: 'Alarms', Condition: ofOurAlarms },
        ],
      },
    })
  })

  test('is in the outputs that tell it', () => {
    expect(pipeline.Outputs).toMatchObject({
      WorkgroupName: { Value: 'my-own' },
      FunctionName: { Value: '${Worker}' },
    })
    expect(data.Outputs).toMatchObject({
      TableName: { Value: '${Table}' },
      StreamName: { Value: '${Changes}' },
    })
  })
})

test('`region` and `account` are those of both stacks, and nothing in them is left to whoever deploys', () => {
  const stacks = deployed.app.synth().stacksRecursively
  expect(stacks.map(({ stackName, environment }) => [stackName, environment])).toEqual([
    ['my-own-data', { account, region, name: `aws://${account}/${region}` }],
    ['my-own-pipeline', { account, region, name: `aws://${account}/${region}` }],
  ])
  const all = templates.flatMap(({ Resources }) => Object.entries(Resources))
  // The CDK's own widgets always say the region of the stack in that way.
  for (const [id, resource] of all.filter(([one]) => one !== 'Dashboard'))
    expect(JSON.stringify(resource).match(/\$\{AWS::(Region|AccountId)\}/g), id).toBeNull()
  expect(propertiesOf(data, 'Database').CatalogId).toBe(account)
})

describe('`prefix`', () => {
  const keys = (folders: readonly string[]) =>
    folders.map((folder) => `\${Archive.Arn}/team/demand/${folder}/*`).sort()
  test('is where the worker writes, and where people are told that it does', () => {
    expect(propertiesOf(pipeline, 'Worker')).toMatchObject({
      Environment: { Variables: { DMD_ARCHIVE: archive } },
    })
    expect(data.Outputs).toMatchObject({
      ArchiveUrl: { Value: archive },
      ArchiveBucket: { Value: '${Archive}' },
    })
  })
  test('is where the tables lie, and where their partitions are found', () => {
    const tables = ofTypes('AWS::Glue::Table').map(([, { TableInput }]) => {
      const { Name, Parameters, StorageDescriptor }: TableInput = TableInput!
      return [Name, StorageDescriptor.Location, Parameters['storage.location.template']]
    })
    expect(tables.sort()).toEqual(
      types.map((type) => {
        const location = `${archive}/data/${type}/`
        return [type, location, `${location}partition_date=\${partition_date}/`]
      }),
    )
  })
  test('is in what may be written once, and in what each role may touch', () => {
    const all = keys(['data', 'errors', 'failed', 'replays', 'triage'])
    expect(resourcesOf(data, 'ArchivePolicy', 'CreateOnly')).toEqual(all)
    expect(resourcesOf(data, 'MaintenanceDefaultPolicy', 'Rewrite')).toEqual(all)
    expect(resourcesOf(pipeline, 'WorkerRoleDefaultPolicy', 'Create')).toEqual(keys(['data', 'errors']))
    expect(resourcesOf(pipeline, 'WorkerRoleDefaultPolicy', 'Expiry')).toEqual(keys(['errors']))
    expect(resourcesOf(pipeline, 'AnalystDefaultPolicy', 'Read')).toEqual(keys(['data']))
    expect(resourcesOf(pipeline, 'OperationsDefaultPolicy', 'Add')).toEqual(
      keys(['data', 'errors', 'replays', 'triage']),
    )
  })
  test('is not where Lambda puts what was given up', () => {
    expect(resourcesOf(pipeline, 'WorkerRoleDefaultPolicy', 'GivenUp')).toEqual([
      '${Archive.Arn}/aws/lambda/*',
    ])
  })
})

type TableInput = {
  readonly Name: string
  readonly Parameters: { readonly [name: string]: string }
  readonly StorageDescriptor: { readonly Location: string }
}

test('`schemas` adds its types to the catalog, with their views', () => {
  const tables = ofTypes('AWS::Glue::Table').map(
    ([, { TableInput }]) => (TableInput as never as TableInput).Name,
  )
  expect(tables.sort()).toEqual(types)
  const queries = ofTypes('AWS::Athena::NamedQuery').map(([, { Name }]) => Name)
  expect(queries).toEqual(
    expect.arrayContaining(['view holds', 'view hold_changes', 'view hold_current', 'view hold_masked']),
  )
})

test('`partitionFrom` and `partitionYearsAhead` bound the tables and the worker alike', () => {
  for (const [id, table] of ofTypes('AWS::Glue::Table'))
    expect(table, id).toMatchObject({
      TableInput: { Parameters: { 'projection.partition_date.range': '2023-04-05,NOW+2YEARS' } },
    })
  expect(propertiesOf(pipeline, 'Worker')).toMatchObject({
    Environment: { Variables: { DMD_PARTITION_FROM: '2023-04-05', DMD_PARTITION_YEARS_AHEAD: '2' } },
  })
})

test('`assumedBy` names who takes on each role of people', () => {
  const trusts = ofTypes('AWS::IAM::Role').map(([id, { AssumeRolePolicyDocument }]) => {
    const { Statement }: { Statement: { Principal: object }[] } = AssumeRolePolicyDocument!
    return [id, Statement.map(({ Principal }) => Principal)]
  })
  expect(Object.fromEntries(trusts)).toEqual({
    WorkerRole: [{ Service: 'lambda.amazonaws.com' }],
    Analyst: [{ AWS: role('bi') }],
    Operations: [{ AWS: [role('lead'), role('on-call')] }],
    Maintenance: [{ AWS: role('dpo') }],
  })
})

test('`permissionsBoundary` bounds every role', () => {
  const boundaries = ofTypes('AWS::IAM::Role').map(([id, { PermissionsBoundary }]) => [
    id,
    PermissionsBoundary,
  ])
  expect(boundaries.map(([id]) => id).sort()).toEqual(['Analyst', 'Maintenance', 'Operations', 'WorkerRole'])
  for (const [id, boundary] of boundaries) expect(boundary, id).toBe(options.permissionsBoundary)
})

test('`stream` has its shards and keeps changes for its hours', () => {
  expect(propertiesOf(data, 'Changes')).toMatchObject({
    ...{ ShardCount: 3, RetentionPeriodHours: 200, StreamModeDetails: { StreamMode: 'PROVISIONED' } },
  })
})

test('`delivery` sizes the function, cuts its batches and keeps its log', () => {
  expect(propertiesOf(pipeline, 'Worker')).toMatchObject({
    ...{ MemorySize: 2_048, Timeout: 120, ReservedConcurrentExecutions: 9 },
  })
  expect(propertiesOf(pipeline, 'Mapping')).toMatchObject({
    ...{ BatchSize: 2_000, MaximumBatchingWindowInSeconds: 11, ParallelizationFactor: 4 },
    MaximumRecordAgeInSeconds: 300_000,
  })
  expect(propertiesOf(data, 'WorkerLog').RetentionInDays).toBe(90)
})

test('`vpc` is where the function runs', () => {
  expect(propertiesOf(pipeline, 'Worker')).toMatchObject({
    VpcConfig: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-0123abcd'] },
  })
})

/** The lifecycle rules of a bucket, but for that of unfinished uploads. */
function rulesOf(bucket: string): readonly object[] {
  const { LifecycleConfiguration }: { LifecycleConfiguration: { Rules: { Id: string }[] } } = propertiesOf(
    data,
    bucket,
  ) as never
  return LifecycleConfiguration.Rules.filter(({ Id }) => Id !== 'unfinished-uploads')
}

test('`archive` says in how many days what goes: by its folder below the prefix, and by its tag', () => {
  const expire = (Id: string, Prefix: string, days: number, { name, value }: typeof handled) => ({
    ...{ Id, Prefix, ExpirationInDays: days, TagFilters: [{ Key: name, Value: value }], Status: 'Enabled' },
  })
  // All of them, and no member more: a rule without its folder or its tag would let go of the archive itself.
  expect(rulesOf('Archive')).toEqual([
    {
      ...{ Id: 'noncurrent-versions', ExpiredObjectDeleteMarker: true, Status: 'Enabled' },
      NoncurrentVersionExpiration: { NoncurrentDays: 5 },
    },
    expire('handled-errors', 'team/demand/errors/', 40, handled),
    expire('handled-batches', 'team/demand/failed/', 40, handled),
    expire('handled-batches-of-lambda', 'aws/lambda/', 40, handled),
    expire('unattributable-errors', 'team/demand/errors/', 21, unattributable),
  ])
})

test('`athena` bounds what a query reads, and how long its result stays where the workgroup puts it', () => {
  expect(propertiesOf(pipeline, 'Workgroup')).toMatchObject({
    WorkGroupConfiguration: {
      ...{ BytesScannedCutoffPerQuery: 12_000_000, EnforceWorkGroupConfiguration: true },
      ResultConfiguration: {
        OutputLocation: 's3://${Results}/',
        EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: '${Key.Arn}' },
      },
    },
  })
  expect(rulesOf('Results')).toEqual([{ Id: 'expire', ExpirationInDays: 17, Status: 'Enabled' }])
})

test('`alarms` tells the address, counts in its numbers, and links to where the runbooks are', () => {
  expect(ofTypes('AWS::SNS::Subscription').map(([, properties]) => properties)).toMatchObject([
    { Protocol: 'email', Endpoint: 'ops@example.com', TopicArn: '${Alerts}' },
  ])
  const thresholds = ['ErrorSpike', 'Lag', 'IteratorAge', 'ReplicationAge', 'ReaderAge', 'Duration'].map(
    (id) => propertiesOf(pipeline, `Alarm${id}`).Threshold,
  )
  expect(thresholds).toEqual([7, 45_000, 45_000, 45_000, 1_500_000, 96_000])
  const { Metrics }: { Metrics: { MetricStat?: { Period: number } }[] } = propertiesOf(
    pipeline,
    'AlarmStale',
  ) as never
  expect(Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? [])).toEqual([1_500, 1_500])
  for (const [id, { AlarmDescription }] of ofTypes('AWS::CloudWatch::Alarm'))
    expect(AlarmDescription, id).toMatch(/What to do: https:\/\/wiki\.example\.com\/ops#[\w-]+$/)
})
