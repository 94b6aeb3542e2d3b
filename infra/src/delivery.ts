import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib'
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  Architecture,
  CfnEventSourceMapping,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { type Archive, batchesIn, objectsIn } from './archive.ts'
import type { Config } from './config.ts'
import { useKey } from './roles.ts'

export type DeliveryParts = {
  readonly config: Config
  readonly stream: IStream
  readonly archive: Archive
  readonly key: IKey
  readonly logGroup: ILogGroup
  readonly code: Code
}

export type Delivery = { readonly worker: LambdaFunction; readonly mapping: CfnEventSourceMapping }

/** Named, so that the key's policy can name it too. */
export function workerLogName({ name }: Config): string {
  return `/aws/lambda/${name}-deliveryWorker`
}

/** The worker's log is kept with the data: a log that outlived a stack by itself would stand in the way of the next one. */
export function createWorkerLog(scope: Construct, config: Config, key: IKey): LogGroup {
  return new LogGroup(scope, 'WorkerLog', {
    logGroupName: workerLogName(config),
    retention: config.delivery.logDays,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  })
}

/** The worker: its function and the mapping that calls it. */
export function createDelivery(scope: Construct, parts: DeliveryParts): Delivery {
  const { config, stream, archive, key, logGroup, code } = parts
  const { delivery, name } = config
  const role = new Role(scope, 'WorkerRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  const worker = new LambdaFunction(scope, 'Worker', {
    functionName: `${name}-deliveryWorker`,
    description: 'Archives the changes of a DynamoDB table as Avro files',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'lambda.handler',
    code,
    role,
    // The most that a batch held when measured (test/lambda/batch.lane.ts), with Node, was 321 MB: 10,000 records of 17 MB,
    // or 1,000 objects. Memory buys CPU, too: 1,769 MB are one processor, so that this one has more than half of one.
    memorySize: delivery.memoryMb,
    ephemeralStorageSize: Size.mebibytes(512),
    // The slowest took 2.8 s, a cold start 0.4 s. The rest is for an S3 that is slow: each put is given 30 s, and the worker
    // keeps back the time to write error files.
    timeout: Duration.seconds(delivery.timeoutSeconds),
    logGroup,
    // The worker writes JSON itself, its metrics among it.
    loggingFormat: LoggingFormat.TEXT,
    environmentEncryption: key,
    environment: {
      DMD_ARCHIVE: archive.url,
      DMD_PARTITION_FROM: config.partitionFrom,
      DMD_PARTITION_YEARS_AHEAD: String(config.partitionYearsAhead),
    },
    ...(delivery.reservedConcurrency === undefined
      ? {}
      : { reservedConcurrentExecutions: delivery.reservedConcurrency }),
    ...(config.vpc ? network(scope, config.vpc, role) : {}),
  })
  grantArchive(role, archive)
  useKey(role, key)
  readStream(role, stream, config.existingStreamKey)
  role.addToPolicy(
    new PolicyStatement({
      sid: 'GivenUp',
      actions: ['s3:PutObject'],
      resources: [batchesIn(archive)],
    }),
  )
  const mapping = new CfnEventSourceMapping(scope, 'Mapping', {
    functionName: worker.functionName,
    eventSourceArn: stream.streamArn,
    startingPosition: 'TRIM_HORIZON',
    batchSize: delivery.batchRecords,
    maximumBatchingWindowInSeconds: delivery.windowSeconds,
    parallelizationFactor: delivery.parallelization,
    // One bad batch may hold up its shard so long and no longer. No number of tries: the age decides.
    maximumRecordAgeInSeconds: delivery.recordAgeMaxSeconds,
    maximumRetryAttempts: -1,
    // A batch that is cut otherwise gets other names: it comes again as it was.
    bisectBatchOnFunctionError: false,
    // Whole batches, below aws/lambda/ in the archive's bucket, where `dmd errors` and `dmd replay` find them.
    // No FilterCriteria: a filter on data drops what is no JSON without a word.
    destinationConfig: { onFailure: { destination: archive.bucket.bucketArn } },
    // Without it nothing tells how many records were given up.
    metricsConfig: { metrics: ['EventCount'] },
  })
  mapping.node.addDependency(role)
  return { worker, mapping }
}

/** What the worker does to the archive: it creates in two folders, and lists to open it. */
function grantArchive(role: Role, archive: Archive): void {
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Create',
      actions: ['s3:PutObject'],
      resources: objectsIn(archive, ['data', 'errors']),
    }),
  )
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Expiry',
      actions: ['s3:PutObjectTagging'],
      resources: objectsIn(archive, ['errors']),
    }),
  )
  // All of it, a bucket that others use too: Lambda asks whether the bucket is there before it puts what was given up.
  role.addToPolicy(
    new PolicyStatement({ sid: 'List', actions: ['s3:ListBucket'], resources: [archive.bucket.bucketArn] }),
  )
}

/** What an event source mapping of a stream needs, and not the right to register consumers. */
function readStream(role: Role, stream: IStream, streamKey: string | undefined): void {
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Stream',
      actions: [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      resources: [stream.streamArn],
    }),
  )
  if (streamKey !== undefined)
    role.addToPolicy(
      new PolicyStatement({ sid: 'StreamKey', actions: ['kms:Decrypt'], resources: [streamKey] }),
    )
}

function network(scope: Construct, vpc: NonNullable<Config['vpc']>, role: Role) {
  // Lambda makes network interfaces, for which IAM knows no resource: explained in `wildcards`.
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Network',
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    }),
  )
  return {
    vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId: vpc.id, availabilityZones: vpc.zones }),
    vpcSubnets: { subnets: vpc.subnets.map((id, index) => Subnet.fromSubnetId(scope, `Subnet${index}`, id)) },
    securityGroups: [
      SecurityGroup.fromSecurityGroupId(scope, 'SecurityGroup', vpc.securityGroup, { mutable: false }),
    ],
  }
}
