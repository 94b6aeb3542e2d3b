import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import {
  ApproximateCreationDateTimePrecision,
  AttributeType,
  BillingMode,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb'
import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { expiryAttribute } from '../../src/defaults.ts'
import type { Config } from './config.ts'

// Kept when its stack goes, here and in all of the data stack; not when its own creation is taken back, or the next try
// would find its names taken.
export type Source = { readonly stream: IStream; readonly tableName: string }

/** The table and the stream of its changes, each new unless one is named. */
export function createSource(scope: Construct, config: Config, key: IKey): Source {
  const { existingStream, existingTable, name } = config
  const { shards, retentionHours } = config.stream
  const stream = existingStream
    ? Stream.fromStreamArn(scope, 'Changes', existingStream)
    : new Stream(scope, 'Changes', {
        streamName: `${name}-changes`,
        streamMode: shards === undefined ? StreamMode.ON_DEMAND : StreamMode.PROVISIONED,
        ...(shards === undefined ? {} : { shardCount: shards }),
        retentionPeriod: Duration.hours(retentionHours),
        encryption: StreamEncryption.KMS,
        encryptionKey: key,
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      })
  if (existingTable !== undefined) return { stream, tableName: existingTable }
  const table = new Table(scope, 'Table', {
    tableName: `${name}-items`,
    partitionKey: { name: 'PK', type: AttributeType.STRING },
    sortKey: { name: 'SK', type: AttributeType.STRING },
    timeToLiveAttribute: expiryAttribute,
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    kinesisStream: stream,
    // Microseconds tell two changes of one millisecond apart; never left to a default.
    kinesisPrecisionTimestamp: ApproximateCreationDateTimePrecision.MICROSECOND,
  })
  return { stream, tableName: table.tableName }
}
