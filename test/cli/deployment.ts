import { loadCatalog } from '../../src/catalog.ts'
import { lifecycleRules } from '../../src/cli/doctor/judge.ts'
import {
  avroLiteral,
  avroSerde,
  hiveColumns,
  partitionColumn,
  type TableOptions,
  tableLocation,
  tableParameters,
} from '../../src/derive/ddl.ts'
import { athenaViews } from '../../src/query/athena/views.ts'
import type { RecordSchema } from '../../src/record/schema.ts'

// The parts of a deployment as they should be, as AWS tells them.

export const fn = {
  State: 'Active',
  Runtime: 'nodejs24.x',
  Handler: 'lambda.handler',
  MemorySize: 1024,
  Timeout: 60,
} as const
export const mapping = {
  State: 'Enabled',
  BatchSize: 1000,
  MaximumBatchingWindowInSeconds: 5,
  ParallelizationFactor: 2,
  BisectBatchOnFunctionError: false,
  MaximumRetryAttempts: -1,
  MaximumRecordAgeInSeconds: 259_200,
  DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::archive' } },
}
export const stream = {
  StreamStatus: 'ACTIVE',
  RetentionPeriodHours: 168,
  EncryptionType: 'KMS',
  StreamModeDetails: { StreamMode: 'ON_DEMAND' },
} as const
export const destination = {
  StreamArn: 'arn:stream',
  DestinationStatus: 'ACTIVE',
  ApproximateCreationDateTimePrecision: 'MICROSECOND',
} as const
export const bucket = {
  versioning: 'Enabled',
  encryption: 'aws:kms',
  isPrivate: true,
  policy: '{"Null":{"s3:if-none-match":"true"},"Bool":{"aws:SecureTransport":"false"}}',
  lifecycle: lifecycleRules.map((id) => ({ ID: id, Status: 'Enabled' as const })),
}
export const workgroup = {
  Name: 'dmd',
  State: 'ENABLED',
  Configuration: {
    EnforceWorkGroupConfiguration: true,
    BytesScannedCutoffPerQuery: 100_000_000_000,
    EngineVersion: { EffectiveEngineVersion: 'Athena engine version 3' },
    ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' } },
  },
} as const
export const catalog = loadCatalog()
export const views = [...catalog.values()].flatMap(athenaViews).map(({ name }) => name)
export const demand = schemaOf('demand')
export const options: TableOptions = { from: '2020-01-01', yearsAhead: 3, location: 's3://archive' }
export const table = tableOf(demand, options)

function schemaOf(type: string): RecordSchema {
  const schema = catalog.get(type)
  if (!schema) throw new Error(`there is no ${type}`)
  return schema
}

export function tableOf(schema: RecordSchema, options: TableOptions) {
  return {
    Name: schema.type,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', ...tableParameters(schema, options) },
    PartitionKeys: [{ Name: partitionColumn.name, Type: partitionColumn.type }],
    StorageDescriptor: {
      Columns: hiveColumns(schema).map(({ name, type }) => ({ Name: name, Type: type })),
      Location: tableLocation(schema, options.location),
      SerdeInfo: {
        SerializationLibrary: avroSerde,
        Parameters: { 'avro.schema.literal': avroLiteral(schema) },
      },
    },
  }
}
