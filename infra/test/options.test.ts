import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, findConfig, optionNames, parseConfig, readConfig } from '../src/config.ts'
import { unexplained } from '../src/findings.ts'
import { layOutWorker } from '../src/worker.ts'
import { only, resources, synthesise, writeFurtherType } from './app.ts'

describe('what is there already', () => {
  test.each([
    ['table', { existingTable: 'demand' }, 'AWS::DynamoDB::Table'],
    [
      'stream',
      { existingStream: 'arn:aws:kinesis:eu-west-1:123456789012:stream/changes' },
      'AWS::Kinesis::Stream',
    ],
    [
      'key',
      { existingKey: 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef' },
      'AWS::KMS::Key',
    ],
  ])('a %s is used, and none is made', (_, config, type) => {
    const { data: other } = synthesise(config)
    expect(resources(other, type)).toEqual([])
    expect(JSON.stringify(synthesise(config).data.toJSON())).toContain(
      Object.values(config)[0]!.split('/').at(-1),
    )
  })
  test('a bucket is used: the worker writes to it, and its settings are left alone', () => {
    const { data: other, pipeline: runs } = synthesise({ existingBucket: 'my-bucket', prefix: 'team/demand' })
    const own = resources(other, 'AWS::S3::Bucket').map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))
    expect(own.sort()).toEqual(['AccessLogs', 'Results'])
    expect(JSON.stringify(only(runs, 'AWS::Lambda::Function'))).toContain('s3://my-bucket/team/demand')
    expect(JSON.stringify(runs.toJSON())).toContain(':s3:::my-bucket/team/demand/data/*')
    expect(JSON.stringify(other.toJSON())).not.toContain('CreateOnly')
  })
  test('a bucket is used whatever its name is: cdk-nag finds nothing in it that is not explained', () => {
    expect(unexplained(synthesise({ existingBucket: 'team.shared-1', prefix: 'a/b.c' }).app)).toEqual([])
  })
  test('a table that is there is told how to be connected', () => {
    const { data: other } = synthesise({ existingTable: 'demand' })
    expect(JSON.stringify(other.toJSON().Outputs)).toContain(
      'enable-kinesis-streaming-destination --table-name demand',
    )
  })
  test('a VPC is used by the worker', () => {
    const vpc = {
      id: 'vpc-0123456789abcdef0',
      subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      zones: ['a', 'b'],
      securityGroup: 'sg-0123456789abcdef0',
    }
    const { pipeline: inside } = synthesise({ vpc })
    expect(only(inside, 'AWS::Lambda::Function')).toMatchObject({
      VpcConfig: {
        SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        SecurityGroupIds: ['sg-0123456789abcdef0'],
      },
    })
  })
  test('roles of people are taken on by those who are named, and by nobody else', () => {
    const of = (who: string) => `arn:aws:iam::123456789012:role/${who}`
    const { data: a, pipeline: b } = synthesise({
      assumedBy: { analyst: [of('bi'), of('data')], maintenance: [of('legal')] },
    })
    const trusts = new Map(
      [...resources(a, 'AWS::IAM::Role'), ...resources(b, 'AWS::IAM::Role')].map(([id, { Properties }]) => [
        id.replace(/[0-9A-F]{8}$/, ''),
        (
          Properties as never as { AssumeRolePolicyDocument: { Statement: { Principal: object }[] } }
        ).AssumeRolePolicyDocument.Statement.map(({ Principal }) => Principal),
      ]),
    )
    expect(trusts.get('Analyst')).toEqual([{ AWS: [of('bi'), of('data')] }])
    expect(trusts.get('Maintenance')).toEqual([{ AWS: of('legal') }])
    expect(JSON.stringify(trusts.get('Operations'))).toContain(':root')
    const { pipeline: below } = synthesise({ existingBucket: 'shared-bucket', prefix: 'team/demand' })
    const listed = resources(below, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
      (
        Properties as never as {
          PolicyDocument: { Statement: { Condition?: { StringLike?: { 's3:prefix'?: string[] } } }[] }
        }
      ).PolicyDocument.Statement.flatMap(({ Condition }) => Condition?.StringLike?.['s3:prefix'] ?? []),
    )
    expect(new Set(listed)).toEqual(
      new Set(['team/demand/', 'team/demand/*', 'team/demand/data/', 'team/demand/data/*', 'aws/lambda/*']),
    )
  })
  test('a permissions boundary is on every role', () => {
    const boundary = 'arn:aws:iam::123456789012:policy/boundary'
    const { data: a, pipeline: b } = synthesise({ permissionsBoundary: boundary })
    const roles = [...resources(a, 'AWS::IAM::Role'), ...resources(b, 'AWS::IAM::Role')]
    expect(roles.length).toBeGreaterThanOrEqual(4)
    for (const [id, role] of roles)
      expect(role.Properties, id).toMatchObject({ PermissionsBoundary: boundary })
  })
})

const aStream = 'arn:aws:kinesis:eu-west-1:123456789012:stream/changes'
const aKey = 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'

test.each<[object, RegExp]>([
  [{ nam: 'x' }, /nam: there is no such option/],
  [{ delivery: { batch: 1 } }, /delivery\.batch: there is no such option/],
  [{ name: 'Has Space' }, /name: must be lower-case/],
  [
    { stream: { retentionHours: 24 } },
    /delivery\.recordAgeMaxSeconds: must be at most 64800, 75 % of stream\.retentionHours/,
  ],
  [{ existingKey: 'alias/x' }, /existingKey: must be the ARN of a key, not of an alias/],
  [
    { existingKey: 'arn:aws:kms:eu-west-1:123456789012:alias/x' },
    /existingKey: must be the ARN of a key, not of an alias/,
  ],
  [
    { existingTable: 'arn:aws:dynamodb:eu-west-1:123456789012:table/x' },
    /existingTable: must be the name of/,
  ],
  [{ name: 'a-' }, /name: must be lower-case letters, digits and - between them/],
  [{ existingStream: aStream, stream: { shards: 2 } }, /stream\.shards: is of a new stream/],
  [
    { existingStream: aStream, region: 'us-east-1' },
    /existingStream: is in eu-west-1, and region is us-east-1/,
  ],
  [{ existingStreamKey: aKey }, /existingStreamKey: is the key of existingStream, which is not given/],
  [
    { vpc: { id: 'vpc-1', subnets: ['subnet-1', 'subnet-2'], zones: ['a'], securityGroup: 'sg-1' } },
    /vpc\.zones: must be one for each of vpc\.subnets/,
  ],
  [[], /file: the whole file: /],
  [{ partitionFrom: '2020-13-01' }, /partitionFrom/],
  [{ delivery: { parallelization: 11 } }, /delivery\.parallelization/],
])('the mistake %j is named', (config, message) => {
  expect(() => parseConfig(config, 'file')).toThrow(ConfigError)
  expect(() => parseConfig(config, 'file')).toThrow(message)
})

test('every option is in docs/deploy.md, with its default', () => {
  const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const documented = new Map(
    rows.flatMap((row) => {
      const [, names = '', defaults = ''] = row.split('|')
      const [first = '', ...others] = [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
      const [group] = first.split('.')
      // Defaults are in the order of the names; digits are grouped by commas without a space.
      const values = defaults.split(', ').map((value) => value.replace(/[`,]/g, '').trim())
      return [first, ...others.map((name) => (name.startsWith('.') ? `${group}${name}` : name))].map(
        (name, at) => [name, values[at]?.replace(' GB', '000000000')] as const,
      )
    }),
  )
  for (const name of optionNames) expect([...documented.keys()]).toContain(name)
  const { stream, delivery, archive, athena, alarms, assumedBy, ...rest } = parseConfig({}, 'test')
  const groups = { stream, delivery, archive, athena, alarms, assumedBy }
  const defaults = [
    ...Object.entries(rest),
    ...Object.entries(groups).flatMap(([group, options]) =>
      Object.entries(options).map(([name, value]) => [`${group}.${name}`, value] as const),
    ),
  ]
  expect(defaults.length).toBeGreaterThan(15)
  for (const [name, value] of defaults) expect(documented.get(name), name).toBe(String(value))
})

test('a folder of further record types reaches catalog and worker alike, from where the file is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-types-'))
  writeFurtherType(join(folder, 'types'))
  writeFileSync(join(folder, 'dmd.deploy.json'), '{"schemas":"types"}')
  const config = readConfig(join(folder, 'dmd.deploy.json'))
  expect(config.schemas).toBe(join(folder, 'types'))
  const worker = join(folder, 'worker')
  layOutWorker(worker, config.schemas)
  const known = readdirSync(join(worker, 'schemas')).filter((name) => !name.startsWith('_'))
  const { data: other } = synthesise(config)
  const tables = resources(other, 'AWS::Glue::Table').map(
    ([, { Properties }]) => (Properties as never as { TableInput: { Name: string } }).TableInput.Name,
  )
  expect(tables.map((name) => `${name}.avsc`).sort()).toEqual(known.sort())
  expect(tables).toContain('hold')
  expect(() => layOutWorker(worker, join(folder, 'nowhere'))).toThrow(/schemas: there is no folder/)
  rmSync(folder, { recursive: true })
})

test('options are found where the command was given, unless they are named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-options-'))
  expect(findConfig({ INIT_CWD: folder })).toBe('dmd.deploy.json')
  writeFileSync(join(folder, 'dmd.deploy.json'), '{')
  expect(findConfig({ INIT_CWD: folder })).toBe(join(folder, 'dmd.deploy.json'))
  const other = join(folder, 'other.json')
  expect(() => findConfig({ INIT_CWD: folder, DEPLOY_CONFIG: other })).toThrow(`there is no ${other}`)
  writeFileSync(other, '{}')
  expect(findConfig({ INIT_CWD: folder, DEPLOY_CONFIG: other })).toBe(other)
  expect(() => readConfig(join(folder, 'dmd.deploy.json'))).toThrow(ConfigError)
  expect(() => readConfig(join(folder, 'dmd.deploy.json'))).toThrow(/dmd\.deploy\.json: .*JSON/)
  rmSync(folder, { recursive: true })
})

test('a stream that is there is read by its own key too', () => {
  const { pipeline: runs } = synthesise({ existingStream: aStream, existingStreamKey: aKey })
  const statements = resources(runs, 'AWS::IAM::Policy').flatMap(
    ([, { Properties }]) =>
      (Properties as never as { PolicyDocument: { Statement: { Sid: string }[] } }).PolicyDocument.Statement,
  )
  expect(statements.find(({ Sid }) => Sid === 'StreamKey')).toMatchObject({
    Action: 'kms:Decrypt',
    Resource: aKey,
  })
})
