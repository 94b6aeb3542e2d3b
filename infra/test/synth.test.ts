import { describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { lifecycleRules } from '../../src/cli/doctor/judge.ts'
import { avroLiteral, hiveColumns } from '../../src/derive/ddl.ts'
import { loadSavedQueries } from '../../src/query/saved.ts'
import { readSettings } from '../../src/settings.ts'
import { explained, findings, unexplained } from '../src/findings.ts'
import { readRunbooks } from '../src/runbooks.ts'
import { only, type Resource, resources, synthesise } from './app.ts'

const savedQueries = loadSavedQueries()

const { app, data, pipeline } = synthesise()

describe('the source', () => {
  test('a table streams its changes with microseconds, is encrypted, restorable and kept', () => {
    const [, table] = resources(data, 'AWS::DynamoDB::Table')[0]!
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KinesisStreamSpecification: { ApproximateCreationDateTimePrecision: 'MICROSECOND' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      DeletionProtectionEnabled: true,
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    })
    expect(table.DeletionPolicy).toBe('RetainExceptOnCreate')
  })
  test('the stream is encrypted by our key, keeps a week, and is on demand unless shards are given', () => {
    expect(only(data, 'AWS::Kinesis::Stream')).toMatchObject({
      RetentionPeriodHours: 168,
      StreamEncryption: { EncryptionType: 'KMS' },
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
    })
    const { data: provisioned } = synthesise({ stream: { shards: 4 } })
    expect(only(provisioned, 'AWS::Kinesis::Stream')).toMatchObject({
      ShardCount: 4,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    })
  })
})

describe('delivery', () => {
  test('the mapping cuts batches as they are delivered again: none bisected, none filtered, none answered in part', () => {
    const mapping = only(pipeline, 'AWS::Lambda::EventSourceMapping')
    expect(mapping).toMatchObject({
      ...{ BatchSize: 1_000, MaximumBatchingWindowInSeconds: 5, ParallelizationFactor: 1 },
      ...{ StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: 259_200 },
      BisectBatchOnFunctionError: false,
    })
    expect(mapping).not.toHaveProperty('FilterCriteria')
    expect(mapping).not.toHaveProperty('FunctionResponseTypes')
    const { RetentionPeriodHours } = only(data, 'AWS::Kinesis::Stream') as unknown as {
      RetentionPeriodHours: number
    }
    expect(
      (mapping as unknown as { MaximumRecordAgeInSeconds: number }).MaximumRecordAgeInSeconds,
    ).toBeLessThanOrEqual(RetentionPeriodHours * 3_600 * 0.75)
  })
  test('what is given up goes to the bucket of the archive', () => {
    const mapping = only(pipeline, 'AWS::Lambda::EventSourceMapping') as unknown as {
      DestinationConfig: unknown
    }
    expect(JSON.stringify(mapping.DestinationConfig)).toMatch(/Archive\w+Arn/)
  })
  test('the worker is the newest Node on ARM, and every DMD_ variable of it is a setting that it takes', () => {
    const fn = only(pipeline, 'AWS::Lambda::Function') as unknown as {
      Runtime: string
      Environment: { Variables: { [name: string]: string } }
    }
    expect(fn).toMatchObject({
      ...{
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'lambda.handler',
        MemorySize: 1_024,
        Timeout: 60,
      },
      KmsKeyArn: expect.anything(),
    })
    const { DMD_ARCHIVE, ...env } = fn.Environment.Variables
    expect(DMD_ARCHIVE).toBeDefined()
    const settings = readSettings({ env: { ...env, DMD_ARCHIVE: 's3://bucket' } })
    expect(settings).toMatchObject({ partitionFrom: '2020-01-01', partitionYearsAhead: 3 })
  })
  test('its log is kept for a time, encrypted', () => {
    expect(only(data, 'AWS::Logs::LogGroup')).toMatchObject({
      LogGroupName: '/aws/lambda/dmd-deliveryWorker',
      RetentionInDays: 30,
      KmsKeyId: expect.anything(),
    })
  })
})

describe('the archive', () => {
  const buckets = resources(data, 'AWS::S3::Bucket')
  test('every bucket is private, encrypted, for TLS only, swept of unfinished uploads, and kept', () => {
    expect(buckets.length).toBe(3)
    for (const [id, bucket] of buckets) {
      expect(bucket.DeletionPolicy, id).toBe('RetainExceptOnCreate')
      expect(bucket.Properties, id).toMatchObject({
        PublicAccessBlockConfiguration: {
          ...{
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
        },
        BucketEncryption: expect.anything(),
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      })
      expect(JSON.stringify(bucket.Properties)).toContain(
        '"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1}',
      )
      const policies = resources(data, 'AWS::S3::BucketPolicy').map(([, { Properties }]) =>
        JSON.stringify(Properties),
      )
      const policy = policies.find((text) => text.includes(`"Bucket":{"Ref":"${id}"}`)) ?? ''
      expect(policy, id).toContain('"aws:SecureTransport":"false"')
    }
  })
  test('it keeps versions for a while, and lets go of errors that were handled, and of no others', () => {
    const archive = buckets.find(([id]) => id.startsWith('Archive'))![1].Properties as unknown as {
      VersioningConfiguration: object
      LifecycleConfiguration: { Rules: { Id: string }[] }
    }
    expect(archive.VersioningConfiguration).toEqual({ Status: 'Enabled' })
    const rules = archive.LifecycleConfiguration.Rules
    expect(rules.map(({ Id }) => Id).sort()).toEqual([
      'handled-batches',
      'handled-batches-of-lambda',
      'handled-errors',
      'noncurrent-versions',
      'unattributable-errors',
      'unfinished-uploads',
    ])
    // Those that `dmd doctor --aws` looks for.
    expect(rules.map(({ Id }) => Id).sort()).toEqual([...lifecycleRules].sort())
    expect(rules.find(({ Id }) => Id === 'unattributable-errors')).toMatchObject({
      ...{ Prefix: 'errors/', ExpirationInDays: 30 },
      TagFilters: [{ Key: 'dmd-handled', Value: 'unattributable' }],
    })
    expect(rules.find(({ Id }) => Id === 'handled-errors')).toMatchObject({
      ...{ Prefix: 'errors/', ExpirationInDays: 30, TagFilters: [{ Key: 'dmd-handled', Value: 'true' }] },
    })
  })
  test('what is there is not replaced: a put without a condition is denied to all but maintenance', () => {
    const deny = resources(data, 'AWS::S3::BucketPolicy')
      .flatMap(
        ([, { Properties }]) =>
          (Properties as never as { PolicyDocument: { Statement: { Sid?: string }[] } }).PolicyDocument
            .Statement,
      )
      .find(({ Sid }) => Sid === 'CreateOnly')
    expect(deny).toMatchObject({
      ...{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:PutObject' },
      Condition: {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
        ArnNotEquals: {
          'aws:PrincipalArn': { 'Fn::GetAtt': [expect.stringMatching(/^Maintenance/), 'Arn'] },
        },
      },
    })
    for (const folder of ['data', 'errors', 'failed', 'triage', 'replays'])
      expect(JSON.stringify(deny)).toContain(`"/${folder}/*"`)
  })
})

describe('analytics', () => {
  test.each([...loadCatalog().values()])(
    'the table of $type is that of the schema, with its literal in both places',
    (schema) => {
      const [, table] = resources(data, 'AWS::Glue::Table').find(
        ([, { Properties }]) =>
          (Properties as never as { TableInput: { Name: string } }).TableInput.Name === schema.type,
      )!
      const literal = avroLiteral(schema)
      expect(table.Properties).toMatchObject({
        TableInput: {
          TableType: 'EXTERNAL_TABLE',
          PartitionKeys: [{ Name: 'partition_date', Type: 'string' }],
          Parameters: {
            ...{ EXTERNAL: 'TRUE', classification: 'avro', 'avro.schema.literal': literal },
            'projection.enabled': 'true',
            'projection.partition_date.range': '2020-01-01,NOW+3YEARS',
          },
          StorageDescriptor: {
            InputFormat: 'org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat',
            OutputFormat: 'org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat',
            SerdeInfo: { Parameters: { 'avro.schema.literal': literal } },
            Columns: hiveColumns(schema).map(({ name, type }) =>
              expect.objectContaining({ Name: name, Type: type }),
            ),
          },
        },
      })
    },
  )
  test('worker and catalog take one range of dates', () => {
    const config = { partitionFrom: '2024-06-01', partitionYearsAhead: 1 }
    const { data: other, pipeline: runs } = synthesise(config)
    for (const [, table] of resources(other, 'AWS::Glue::Table'))
      expect(JSON.stringify(table)).toContain('"projection.partition_date.range":"2024-06-01,NOW+1YEARS"')
    expect(JSON.stringify(only(runs, 'AWS::Lambda::Function'))).toContain(
      '"DMD_PARTITION_FROM":"2024-06-01","DMD_PARTITION_YEARS_AHEAD":"1"',
    )
  })
  test('the workgroup holds everybody to its settings', () => {
    expect(only(pipeline, 'AWS::Athena::WorkGroup')).toMatchObject({
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        PublishCloudWatchMetricsEnabled: true,
        BytesScannedCutoffPerQuery: 100_000_000_000,
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' } },
      },
    })
  })
  test('views, masked views and saved queries are there, in Athena’s words', () => {
    const queries = resources(pipeline, 'AWS::Athena::NamedQuery').map(
      ([, { Properties }]) => Properties as never as { Name: string; QueryString: string },
    )
    const types = [...loadCatalog().keys()]
    expect(queries.length).toBe(savedQueries.length + 4 * types.length)
    for (const { QueryString } of queries) {
      expect(QueryString).not.toMatch(/UNIX_TIMESTAMP/i)
      expect(Buffer.byteLength(QueryString)).toBeLessThan(262_144)
    }
    const lag = queries.find(({ Name }) => Name === 'notification-lag')
    expect(lag?.QueryString).toContain(
      'CAST(floor(to_unixtime(notified)) AS bigint) - CAST(floor(to_unixtime(requested)) AS bigint)',
    )
    const masked = queries.find(({ Name }) => Name === 'view demand_masked')?.QueryString ?? ''
    for (const column of ['phonenumber', 'email', 'messagebody']) {
      expect(masked).toContain(`CASE WHEN "${column}" IS NULL THEN NULL ELSE '•••' END AS "${column}"`)
      expect(masked).not.toMatch(new RegExp(`, "${column}"`))
    }
    expect(masked).toContain('"fanid"')
    expect(masked).not.toContain(', "extra",')
  })
})

describe('operations', () => {
  test('each alarm goes to the topic, both ways, and names its runbook', () => {
    const alarms = resources(pipeline, 'AWS::CloudWatch::Alarm')
    const watched = alarms.map(
      ([, { Properties }]) => (Properties as never as { MetricName: string }).MetricName,
    )
    for (const metric of [
      ...['IteratorAge', 'Errors', 'Throttles', 'Duration', 'GetRecords.IteratorAgeMilliseconds'],
      ...['ReadProvisionedThroughputExceeded'],
      ...['RecordsErrored', 'DeliveryLagMs', 'DestinationDeliveryFailures'],
      ...['OnFailureDestinationDeliveredEventCount', 'DroppedEventCount'],
    ])
      expect(watched).toContain(metric)
    const replication = alarms.filter(([id]) => /^Alarm(NotReplicated|ReplicationAge)/.test(id))
    expect(replication.map(([, { Properties }]) => JSON.stringify(Properties))).toEqual([
      expect.stringMatching(/"SELECT SUM\(FailedToReplicateRecordCount\) FROM .*","Period":300/),
      expect.stringMatching(/"SELECT MAX\(AgeOfOldestUnreplicatedRecord\) FROM .*","Period":300/),
    ])
    for (const [, { Properties }] of replication) expect(Properties).toMatchObject({ EvaluationPeriods: 1 })
    const given = alarms.find(([id]) => id.startsWith('AlarmGivenUp'))?.[1].Properties
    expect(given).toMatchObject({
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'EventSourceMappingUUID', Value: { Ref: expect.stringMatching(/^Mapping/) } }],
    })
    const stale = alarms.find(([id]) => id.startsWith('AlarmStale'))?.[1].Properties
    expect(stale).toMatchObject({
      ...{ EvaluationPeriods: 4, DatapointsToAlarm: 2 },
      Metrics: expect.arrayContaining([
        expect.objectContaining({ Expression: expect.stringContaining('incoming') }),
        expect.objectContaining({
          MetricStat: expect.objectContaining({
            Metric: expect.objectContaining({ MetricName: 'RecordsIn', Namespace: 'dmd-pipeline' }),
          }),
        }),
      ]),
    })
    for (const [id, { Properties }] of alarms) {
      const alarm = Properties as never as {
        AlarmDescription: object
        AlarmActions: []
        OKActions: []
        TreatMissingData: string
      }
      const description = JSON.stringify(alarm.AlarmDescription)
      const [, runbook = ''] = /What to do: \\"([\w-]+)\\" at https:/.exec(description) ?? []
      expect([...readRunbooks().keys()], id).toContain(runbook)
      expect(description).toContain('#dashboards/dashboard/dmd')
      expect([alarm.AlarmActions.length, alarm.OKActions.length]).toEqual([1, 1])
      expect(alarm.TreatMissingData).toBeDefined()
    }
    expect(only(pipeline, 'AWS::SNS::Topic')).toMatchObject({ KmsMasterKeyId: expect.anything() })
    expect(only(data, 'AWS::KMS::Key')).toMatchObject({ EnableKeyRotation: true })
  })
  test('the dashboard has every runbook, as the docs have it, and alarms link to it or to where it is published', () => {
    const runbooks = readRunbooks()
    expect([...runbooks.keys()]).toEqual([
      ...['error-spike', 'stale-delivery', 'lag', 'given-up', 'trimmed', 'skipped'],
    ])
    const { DashboardBody } = only(pipeline, 'AWS::CloudWatch::Dashboard') as unknown as {
      DashboardBody: { 'Fn::Join': [string, unknown[]] }
    }
    const [, parts] = DashboardBody['Fn::Join']
    const { widgets } = JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'X')).join('')) as {
      widgets: { type: string; properties: { markdown?: string } }[]
    }
    const shown = widgets.flatMap(({ properties: { markdown } }) => markdown ?? [])
    expect(shown).toEqual([...runbooks.values()])
    for (const markdown of shown) {
      for (const part of ['What it means', 'Look', 'Do', 'It is over'])
        expect(markdown).toContain(`**${part}`)
      expect(markdown).not.toMatch(/\]\((?!https:)/)
    }
    const { pipeline: published } = synthesise({ alarms: { runbooks: 'https://wiki.example.com/ops' } })
    for (const [, { Properties }] of resources(published, 'AWS::CloudWatch::Alarm'))
      expect((Properties as never as { AlarmDescription: string }).AlarmDescription).toMatch(
        /What to do: https:\/\/wiki\.example\.com\/ops#[\w-]+$/,
      )
  })
  test('alarms may publish to the encrypted topic, which takes nobody else’s word', () => {
    const { PolicyDocument } = only(pipeline, 'AWS::SNS::TopicPolicy') as unknown as {
      PolicyDocument: { Statement: { Effect: string; Condition: object }[] }
    }
    const allowed = PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow')
    expect(allowed).toMatchObject([
      {
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ])
    expect(JSON.stringify(allowed)).toContain(':alarm:dmd-*')
    const { KeyPolicy } = only(data, 'AWS::KMS::Key') as unknown as {
      KeyPolicy: { Statement: { Principal: object; Action: string[] }[] }
    }
    const ofService = (service: string) =>
      KeyPolicy.Statement.find(({ Principal }) => JSON.stringify(Principal).includes(service))
    expect(ofService('cloudwatch.amazonaws.com')?.Action).toEqual(['kms:Decrypt', 'kms:GenerateDataKey'])
    expect(ofService('logs.')).toMatchObject({
      Action: expect.arrayContaining(['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey']),
      Condition: {
        ArnEquals: {
          'kms:EncryptionContext:aws:logs:arn': {
            'Fn::Join': ['', expect.arrayContaining([':log-group:/aws/lambda/dmd-deliveryWorker'])],
          },
        },
      },
    })
  })
  test('an address is told, where one is given', () => {
    expect(resources(pipeline, 'AWS::SNS::Subscription')).toEqual([])
    const { pipeline: told } = synthesise({ alarms: { email: 'ops@example.com' } })
    expect(only(told, 'AWS::SNS::Subscription')).toMatchObject({
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    })
  })
})

const kept = [
  ...['AWS::DynamoDB::Table', 'AWS::Kinesis::Stream', 'AWS::S3::Bucket', 'AWS::KMS::Key'],
  'AWS::Logs::LogGroup',
]

test('what is kept is protected: it is not taken down with the stack', () => {
  for (const type of kept)
    for (const [id, resource] of resources(data, type)) {
      // But what a creation that failed had made goes with it, or its names would stand in the way of the next.
      expect(resource.DeletionPolicy, id).toBe('RetainExceptOnCreate')
      expect(resource.UpdateReplacePolicy, id).toBe('Retain')
    }
})

test('what runs can be taken down and made anew: nothing of it stays behind and has its name', () => {
  for (const type of [...kept, 'AWS::Glue::Table']) expect(resources(pipeline, type)).toEqual([])
  const all = Object.entries(pipeline.toJSON().Resources as { [id: string]: Resource })
  for (const [id, { DeletionPolicy }] of all) expect(DeletionPolicy ?? 'Delete', id).toBe('Delete')
  // Athena deletes no workgroup in which something was asked, unless it is told to.
  expect(only(pipeline, 'AWS::Athena::WorkGroup')).toMatchObject({ RecursiveDeleteOption: true })
})

test('the same configuration gives the same templates', () => {
  const again = synthesise()
  expect(again.data.toJSON()).toEqual(data.toJSON())
  expect(again.pipeline.toJSON()).toEqual(pipeline.toJSON())
})

test('the templates for others name no bootstrap, and take the zip by parameters', () => {
  const { data: a, pipeline: b } = synthesise({}, { isRelease: true })
  for (const template of [a, b])
    expect(JSON.stringify(template.toJSON())).not.toMatch(/cdk-bootstrap|hnb659fds/)
  expect(b.toJSON().Parameters).toMatchObject({
    WorkerBucket: { Type: 'String' },
    WorkerKey: { Default: 'delivery-worker.zip' },
  })
  expect(only(b, 'AWS::Lambda::Function')).toMatchObject({
    Code: { S3Bucket: { Ref: 'WorkerBucket' }, S3Key: { Ref: 'WorkerKey' } },
  })
})

test('cdk-nag finds nothing that is not explained, and each explanation is of something', () => {
  expect(unexplained(app)).toEqual([])
  const vpc = {
    id: 'vpc-0123456789abcdef0',
    subnets: ['subnet-0123456789abcdef0'],
    zones: ['a'],
    securityGroup: 'sg-0123456789abcdef0',
  }
  const inside = synthesise({ vpc })
  expect(unexplained(inside.app)).toEqual([])
  const all = [...findings(app), ...findings(inside.app)]
  for (const { path, rule, reason } of explained) {
    expect(
      all.some((one) => path.test(one.path) && rule.test(one.rule)),
      reason,
    ).toBe(true)
    expect(reason.length).toBeGreaterThan(30)
  }
}, 300_000)
