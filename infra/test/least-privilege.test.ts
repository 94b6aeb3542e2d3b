import type { Template } from 'aws-cdk-lib/assertions'
import { expect, test } from 'vitest'
import { resources, synthesise } from './app.ts'

const vpc = {
  id: 'vpc-0123456789abcdef0',
  subnets: ['subnet-0123456789abcdef0'],
  zones: ['a'],
  securityGroup: 'sg-0123456789abcdef0',
}
const { data, pipeline } = synthesise()
const inside = synthesise({ vpc })

type Statement = {
  readonly Sid?: string
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
}
type Held = { readonly of: string; readonly statement: Statement }

/** Where a resource has statements: roles and users, what trusts whom, keys, buckets, topics. */
const documents = ['PolicyDocument', 'AssumeRolePolicyDocument', 'KeyPolicy'] as const

/** Every statement of a template, wherever it stands. */
function everyStatement(template: Template): readonly Held[] {
  return Object.entries(template.toJSON().Resources as { [id: string]: { Properties?: object } }).flatMap(
    ([of, { Properties = {} }]) =>
      documents.flatMap((name) => {
        const document = (Properties as { [name: string]: { Statement: Statement[] } | undefined })[name]
        return (document?.Statement ?? []).map((statement) => ({ of, statement }))
      }),
  )
}

/** Those of roles alone. */
function statements(template: Template): readonly Held[] {
  const policies = new Set(resources(template, 'AWS::IAM::Policy').map(([id]) => id))
  return everyStatement(template).filter(({ of }) => policies.has(of))
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])
const all = [...statements(data), ...statements(pipeline)]

/** The statements that name all resources, each with why. */
const wildcards = [
  {
    of: /^WorkerRole/,
    sid: 'Network',
    why: 'Only in a VPC: Lambda makes network interfaces, for which IAM knows no resource.',
  },
  ...['Account', 'WorkerLog', 'Alarms'].map((sid) => ({
    of: /^Key/,
    sid,
    why: 'In the policy of a key, all resources are that key.',
  })),
]

const everywhere = [data, pipeline, inside.data, inside.pipeline].flatMap(everyStatement)
const allowing = everywhere.filter(({ statement }) => statement.Effect === 'Allow')

test('no action that is allowed is a wildcard, whole or in part: of roles, keys, buckets, topics', () => {
  const kinds = new Set(allowing.map(({ of }) => /^[A-Z][a-z]+/.exec(of)?.[0]))
  for (const kind of ['Worker', 'Analyst', 'Operations', 'Maintenance', 'Key', 'Access', 'Alerts'])
    expect(kinds).toContain(kind)
  const actions = allowing.flatMap(({ statement }) => list(statement.Action))
  expect(actions.length).toBeGreaterThan(100)
  for (const action of actions) expect(action).not.toMatch(/\*/)
})

test('all resources are named, but for a list of at most five, each explained', () => {
  const unnamed = allowing.filter(({ statement }) => list(statement.Resource).includes('*'))
  for (const { of, statement } of unnamed)
    expect(
      wildcards.some((one) => one.of.test(of) && one.sid === statement.Sid),
      `${of} ${statement.Sid}`,
    ).toBe(true)
  expect(wildcards.length).toBeLessThanOrEqual(5)
  for (const one of wildcards)
    expect(
      unnamed.some(({ of, statement }) => one.of.test(of) && one.sid === statement.Sid),
      one.why,
    ).toBe(true)
})

/** Which folders of a bucket a role may do an action in. */
function folders(role: RegExp, action: string): readonly string[] {
  return all
    .filter(({ of, statement }) => role.test(of) && list(statement.Action).includes(action))
    .flatMap(({ statement }) => list(statement.Resource).map((resource) => JSON.stringify(resource)))
    .flatMap((text) => /"\/([\w/]+)\/\*"/.exec(text)?.[1] ?? [])
    .sort()
}

test('the worker creates in data/ and errors/, gives up below aws/lambda/, and reads and deletes nothing', () => {
  expect(folders(/^WorkerRole/, 's3:PutObject')).toEqual(['aws/lambda', 'data', 'errors'])
  const actions = all
    .filter(({ of }) => /^WorkerRole/.test(of))
    .flatMap(({ statement }) => list(statement.Action))
  expect([...new Set(actions)].sort()).toEqual([
    ...[
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
    ],
    ...[
      'kinesis:ListShards',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ],
    ...['s3:ListBucket', 's3:PutObject', 's3:PutObjectTagging'],
  ])
})

test('an analyst reads data/, and neither errors nor anything else of the archive', () => {
  expect(folders(/^Analyst/, 's3:GetObject')).toEqual(['data'])
  const actions = all
    .filter(({ of }) => /^Analyst/.test(of))
    .flatMap(({ statement }) => list(statement.Action))
  for (const action of actions) expect(action).toMatch(/^(athena|glue|s3|kms):/)
  // MSCK REPAIR TABLE, with which an analyst begins, asks for the first.
  for (const action of actions.filter((one) => String(one).startsWith('glue:')))
    expect(action).toMatch(/^glue:(BatchCreatePartition$|BatchGet|Get)/)
  expect(actions).not.toContain('s3:DeleteObject')
})

test('operations read what failed and add; they delete nothing', () => {
  expect(folders(/^Operations/, 's3:GetObject')).toEqual([
    'aws/lambda',
    'data',
    'errors',
    'failed',
    'replays',
    'triage',
  ])
  expect(folders(/^Operations/, 's3:PutObject')).toEqual(['data', 'errors', 'replays', 'triage'])
  expect(
    all
      .filter(({ of }) => /^Operations/.test(of))
      .flatMap(({ statement }) => list(statement.Action))
      .join(),
  ).not.toMatch(/Delete/)
})

test('only maintenance deletes', () => {
  for (const { of, statement } of all)
    if (/Delete/.test(list(statement.Action).join()) && !/^ec2/.test(String(list(statement.Action)[0])))
      expect(of).toMatch(/^Maintenance/)
})
