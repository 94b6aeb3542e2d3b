import { describe, expect, test } from 'vitest'
import { ofType, type Readable, readable, synthesise } from './app.ts'

const deployed = synthesise()
const { data, pipeline } = readable(deployed)
const shared = readable(synthesise({ existingBucket: 'shared-bucket', prefix: 'team/demand' }))

type Statement = {
  readonly Sid?: string
  readonly Effect: string
  readonly Action: string
  readonly Resource?: string
  readonly Condition?: object
}

/** What is allowed in a template, wherever it stands: each statement by where it is and what it is called. */
function allowed({ Resources }: Readable): readonly (readonly [name: string, Statement])[] {
  return Object.entries(Resources).flatMap(([id, { Properties = {} }]) =>
    ['PolicyDocument', 'KeyPolicy'].flatMap((document) => {
      const { Statement = [] }: { Statement?: Statement[] } = (Properties as { [name: string]: object })[
        document
      ] ?? { Statement: [] }
      return Statement.filter(({ Effect }) => Effect === 'Allow').map(
        (statement) => [`${id} ${statement.Sid ?? statement.Resource}`, statement] as const,
      )
    }),
  )
}

/** The conditions of what is allowed, of those statements that have any. */
function conditionsOf(template: Readable): { readonly [name: string]: object } {
  return Object.fromEntries(
    allowed(template).flatMap(([name, { Condition }]) => (Condition ? [[name, Condition]] : [])),
  )
}

const ours = 'arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:dmd-*'
const ofOurAlarms = {
  StringEquals: { 'aws:SourceAccount': '${AWS::AccountId}' },
  ArnLike: { 'aws:SourceArn': ours },
}
const viaS3 = { StringEquals: { 'kms:ViaService': 's3.${AWS::Region}.amazonaws.com' } }
const logsOf = (bucket: string) => ({
  StringEquals: { 'aws:SourceAccount': '${AWS::AccountId}' },
  ArnLike: { 'aws:SourceArn': `\${${bucket}.Arn}` },
})
const below = (...prefixes: readonly string[]) => ({ StringLike: { 's3:prefix': prefixes } })

describe('what is allowed on a condition', () => {
  test('in the stack that is kept: services do it for this deployment, and people use the key through S3', () => {
    expect(conditionsOf(data)).toEqual({
      'Key WorkerLog': {
        ArnEquals: {
          'kms:EncryptionContext:aws:logs:arn':
            'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/dmd-deliveryWorker',
        },
      },
      'Key Alarms': ofOurAlarms,
      'AccessLogsPolicy ${AccessLogs.Arn}/archive/*': logsOf('Archive'),
      'AccessLogsPolicy ${AccessLogs.Arn}/results/*': logsOf('Results'),
      'MaintenanceDefaultPolicy Key': viaS3,
    })
  })

  test('in the stack that runs: analysts list data/ alone, people use the key through S3, alarms are ours', () => {
    expect(conditionsOf(pipeline)).toEqual({
      'AnalystDefaultPolicy List': below('data/', 'data/*'),
      'AnalystDefaultPolicy Key': viaS3,
      'OperationsDefaultPolicy Key': viaS3,
      'AlertsPolicy Alarms': ofOurAlarms,
    })
  })

  test('in a bucket that others use: people list what is below the prefix, and what was given up', () => {
    const list = below('team/demand/', 'team/demand/*', 'aws/lambda/*')
    expect(conditionsOf(shared.data)['MaintenanceDefaultPolicy List']).toEqual(list)
    expect(conditionsOf(shared.pipeline)['OperationsDefaultPolicy List']).toEqual(list)
    expect(conditionsOf(shared.pipeline)['AnalystDefaultPolicy List']).toEqual(
      below('team/demand/data/', 'team/demand/data/*'),
    )
  })

  test('is not what the worker does: Lambda itself uses its key, for the stream and the variables', () => {
    for (const { pipeline: runs } of [{ pipeline }, shared]) {
      const worker = allowed(runs).filter(([name]) => name.startsWith('WorkerRole'))
      expect(worker.map(([name]) => name)).toContain('WorkerRoleDefaultPolicy Key')
      for (const [name, { Condition }] of worker) expect(Condition, name).toBeUndefined()
    }
  })
})

test('the worker is Lambda’s to take on, and the roles of people are the account’s to give', () => {
  const trusts = [data, pipeline].flatMap((template) =>
    ofType(template, 'AWS::IAM::Role').map(([id, { AssumeRolePolicyDocument }]) => {
      const { Statement }: { Statement: object[] } = AssumeRolePolicyDocument!
      return [id, Statement] as const
    }),
  )
  const by = (Principal: object) => [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }]
  const account = by({ AWS: 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root' })
  expect(Object.fromEntries(trusts)).toEqual({
    WorkerRole: by({ Service: 'lambda.amazonaws.com' }),
    ...{ Analyst: account, Operations: account, Maintenance: account },
  })
})

test('archive and results are encrypted by our key, asked once for a bucket and not for each object', () => {
  const rules = (default_: object) => [{ ServerSideEncryptionConfiguration: [default_] }]
  const byKey = rules({
    BucketKeyEnabled: true,
    ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: '${Key.Arn}' },
  })
  const found = ofType(data, 'AWS::S3::Bucket').map(
    ([id, { BucketEncryption }]) => [id, [BucketEncryption]] as const,
  )
  expect(Object.fromEntries(found)).toEqual({
    ...{ Archive: byKey, Results: byKey },
    // S3 delivers access logs into no bucket of another key.
    AccessLogs: rules({ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }),
  })
})

test('every table is read as Avro containers', () => {
  const tables = ofType(data, 'AWS::Glue::Table')
  expect(tables.length).toBeGreaterThan(3)
  for (const [id, properties] of tables)
    expect(properties, id).toMatchObject({
      TableInput: {
        StorageDescriptor: {
          InputFormat: 'org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat',
          OutputFormat: 'org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat',
          SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.serde2.avro.AvroSerDe' },
        },
      },
    })
})

describe('what has to be there first', () => {
  const dependsOn = (template: Readable, id: string) => template.Resources[id]?.DependsOn
  test('of a table is its database, which it names in words', () => {
    const tables = ofType(data, 'AWS::Glue::Table')
    expect(tables.length).toBeGreaterThan(3)
    for (const [id] of tables) expect(dependsOn(data, id), id).toContain('Database')
  })
  test('of a saved query is its workgroup, which it names in words', () => {
    const queries = ofType(pipeline, 'AWS::Athena::NamedQuery')
    expect(queries.length).toBeGreaterThan(3)
    for (const [id] of queries) expect(dependsOn(pipeline, id), id).toContain('Workgroup')
  })
  test('of the mapping are the worker’s rights: Lambda tries them when it is made', () => {
    expect(dependsOn(pipeline, 'Mapping')).toContain('WorkerRoleDefaultPolicy')
  })
  test('of the stack that runs is the one that is kept', () => {
    const [kept, runs] = deployed.app.synth().stacksRecursively
    expect([kept?.stackName, runs?.stackName]).toEqual(['dmd-data', 'dmd-pipeline'])
    expect(runs?.dependencies.map(({ id }) => id)).toContain('dmd-data')
    expect(kept?.dependencies.map(({ id }) => id)).not.toContain('dmd-pipeline')
  })
})

test('the stack that is kept is protected from deletion, the one that runs is not', () => {
  const stacks = deployed.app.synth().stacksRecursively
  expect(
    stacks.map(({ stackName, terminationProtection = false }) => [stackName, terminationProtection]),
  ).toEqual([
    ['dmd-data', true],
    ['dmd-pipeline', false],
  ])
})

test('the worker’s lines reach its log as it writes them: JSON around them would hide its metrics', () => {
  expect(pipeline.Resources.Worker?.Properties).toMatchObject({
    LoggingConfig: { LogFormat: 'Text', LogGroup: '${WorkerLog}' },
  })
})
