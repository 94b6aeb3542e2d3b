import {
  App,
  CfnOutput,
  CfnParameter,
  DefaultStackSynthesizer,
  type Environment,
  PermissionsBoundary,
  Stack,
  type StackProps,
} from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Code } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { createAnalystRole, createCatalog, createNamedQueries, createWorkgroup } from './analytics.ts'
import { type Archive, createAccessLogs, createArchive, createResults, protectWrites } from './archive.ts'
import type { Config } from './config.ts'
import { createDelivery, createWorkerLog } from './delivery.ts'
import { createKey } from './key.ts'
import { createOperations } from './operations.ts'
import { createMaintenanceRole, createOperationsRole } from './roles.ts'
import { createSource, type Source } from './source.ts'

export type AppOptions = {
  readonly config: Config
  /** The folder of what goes into the worker's zip; where it is not given, the zip is named by parameters of the stack. */
  readonly worker?: string
  readonly outdir?: string
}

/** All of it: what is kept in one stack, what can be made anew in another. */
export function createApp({ config, worker, outdir }: AppOptions): App {
  const app = new App({
    ...(outdir === undefined ? {} : { outdir }),
    analyticsReporting: false,
    treeMetadata: false,
    // Ways of the library that older apps keep the old way of; this one is new.
    context: {
      '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
      '@aws-cdk/aws-iam:minimizePolicies': true,
      '@aws-cdk/core:target-partitions': ['aws'],
    },
  })
  const env: Environment = {
    ...(config.account === undefined ? {} : { account: config.account }),
    ...(config.region === undefined ? {} : { region: config.region }),
  }
  const props: StackProps = {
    env,
    ...(config.permissionsBoundary === undefined
      ? {}
      : { permissionsBoundary: PermissionsBoundary.fromArn(config.permissionsBoundary) }),
    // A template for others to deploy names no bootstrap.
    ...(worker === undefined
      ? { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) }
      : {}),
  }
  const data = new DataStack(app, `${config.name}-data`, config, {
    ...props,
    description: 'dmd-pipeline: what is kept: table, stream, archive, catalog',
    terminationProtection: true,
  })
  new PipelineStack(app, `${config.name}-pipeline`, config, data, worker, {
    ...props,
    description: 'dmd-pipeline: what runs: worker, workgroup, roles, alarms',
  })
  return app
}

/** What is kept when the stack goes. */
export class DataStack extends Stack {
  readonly key: IKey
  readonly source: Source
  readonly archive: Archive
  readonly results: Bucket
  readonly workerLog: ILogGroup

  constructor(app: App, id: string, config: Config, props: StackProps) {
    super(app, id, props)
    this.key = createKey(this, config)
    this.source = createSource(this, config, this.key)
    const logs = createAccessLogs(this)
    this.archive = createArchive(this, config, this.key, logs)
    this.results = createResults(this, config, this.key, logs)
    this.workerLog = createWorkerLog(this, config, this.key)
    createCatalog(this, config, this.archive)
    const maintenance = createMaintenanceRole(this, config, this.archive, this.key)
    protectWrites(this.archive, maintenance.roleArn)
    const output = (name: string, value: string) => new CfnOutput(this, name, { value })
    output('MaintenanceRole', maintenance.roleArn)
    output('TableName', this.source.tableName)
    output('StreamName', this.source.stream.streamName)
    output('ArchiveBucket', this.archive.bucket.bucketName)
    output('ArchiveUrl', this.archive.url)
    if (config.existingTable !== undefined)
      output(
        'ConnectTable',
        `aws dynamodb enable-kinesis-streaming-destination --table-name ${config.existingTable} --stream-arn ${this.source.stream.streamArn} --enable-kinesis-streaming-configuration ApproximateCreationDateTimePrecision=MICROSECOND`,
      )
  }
}

/** What can be made anew at any time. */
export class PipelineStack extends Stack {
  constructor(
    app: App,
    id: string,
    config: Config,
    data: DataStack,
    worker: string | undefined,
    props: StackProps,
  ) {
    super(app, id, props)
    const { key, source, archive, results, workerLog } = data
    const code = worker === undefined ? zipByParameters(this) : Code.fromAsset(worker)
    const delivery = createDelivery(this, {
      ...{ config, stream: source.stream, archive, key, code },
      logGroup: workerLog,
    })
    const workgroup = createWorkgroup(this, config, results, key)
    createNamedQueries(this, config, workgroup)
    const analyst = createAnalystRole(this, config, { archive, results, key, workgroup })
    const operations = createOperationsRole(this, config, archive, key)
    createOperations(this, {
      ...delivery,
      ...{ config, stream: source.stream, tableName: source.tableName, key },
    })
    new CfnOutput(this, 'FunctionName', { value: delivery.worker.functionName })
    new CfnOutput(this, 'WorkgroupName', { value: config.name })
    new CfnOutput(this, 'AnalystRole', { value: analyst.roleArn })
    new CfnOutput(this, 'OperationsRole', { value: operations.roleArn })
  }
}

/** For a template that is deployed by other means: where its zip lies. */
function zipByParameters(stack: Stack): Code {
  const bucket = new CfnParameter(stack, 'WorkerBucket', { description: 'The bucket of delivery-worker.zip' })
  const key = new CfnParameter(stack, 'WorkerKey', { description: 'Its key', default: 'delivery-worker.zip' })
  return Code.fromBucket(Bucket.fromBucketName(stack, 'WorkerZip', bucket.valueAsString), key.valueAsString)
}
