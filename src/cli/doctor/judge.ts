import type { WorkGroup } from '@aws-sdk/client-athena'
import type { KinesisDataStreamDestination } from '@aws-sdk/client-dynamodb'
import type { Table } from '@aws-sdk/client-glue'
import type { StreamDescriptionSummary } from '@aws-sdk/client-kinesis'
import type { EventSourceMappingConfiguration, FunctionConfiguration } from '@aws-sdk/client-lambda'
import type { LifecycleRule } from '@aws-sdk/client-s3'
import { recordAgeShareMax } from '../../defaults.ts'
import {
  avroLiteral,
  avroSerde,
  hiveColumns,
  partitionColumn,
  type TableOptions,
  tableLocation,
  tableParameters,
} from '../../derive/ddl.ts'
import { athenaViews } from '../../query/athena/views.ts'
import type { Catalog, RecordSchema } from '../../record/schema.ts'
import { hideAccount, type Judged, judge } from './finding.ts'

// What AWS says of each part of a deployment, against what this version deploys. Pure: the looking is in aws.ts.

const deployAgain = 'deploy again; what was there before is set by hand (docs/deploy.md)'

type Fault = readonly [isFault: boolean, what: string]
const faultsOf = (all: readonly Fault[]) => all.flatMap(([isFault, what]) => (isFault ? [what] : []))

export function judgeFunction({
  State,
  Runtime,
  Handler,
  MemorySize,
  Timeout,
}: FunctionConfiguration): Judged {
  const faults = faultsOf([
    [State !== 'Active', `it is ${State}`],
    [!/^nodejs(?:22|24)\.x$/.test(Runtime ?? ''), `it runs on ${Runtime}, and is tried on Node 22 and 24`],
    [Handler !== 'lambda.handler', `its handler is ${Handler}`],
  ])
  return judge(`${Runtime}, ${MemorySize} MB, ${Timeout} s`, faults, deployAgain)
}

const hourSeconds = 3_600

/** The mappings of the function to Kinesis streams: exactly one, that drops nothing and cuts no batch anew. */
export function judgeMapping(
  mappings: readonly EventSourceMappingConfiguration[],
  retentionHours: number | undefined,
): Judged {
  const [mapping] = mappings
  if (!mapping || mappings.length > 1) {
    const found =
      mappings.length === 0 ? 'the function reads no stream' : `the function reads ${mappings.length} streams`
    return { ok: false, found, fix: `${deployAgain}, and remove mappings that are not of the deployment` }
  }
  const { State, BatchSize, MaximumBatchingWindowInSeconds: window, ParallelizationFactor: factor } = mapping
  const age = mapping.MaximumRecordAgeInSeconds ?? -1
  const ageMax = retentionHours === undefined ? undefined : retentionHours * hourSeconds * recordAgeShareMax
  const faults = faultsOf([
    [State !== 'Enabled', `it is ${State}`],
    [mapping.BisectBatchOnFunctionError === true, 'it cuts failed batches in two, which doubles rows'],
    [
      (mapping.FilterCriteria?.Filters ?? []).length > 0,
      'it filters records, which loses those that are no JSON',
    ],
    [
      (mapping.MaximumRetryAttempts ?? -1) !== -1,
      `it gives batches up after ${mapping.MaximumRetryAttempts} tries`,
    ],
    [mapping.DestinationConfig?.OnFailure?.Destination === undefined, 'batches that are given up go nowhere'],
    [
      (mapping.FunctionResponseTypes ?? []).length > 0,
      'it expects partial answers, which the worker does not give',
    ],
    [age < 0, 'records never become too old: one bad batch holds its shard up until the stream drops it'],
    [
      ageMax !== undefined && age > ageMax,
      `records are given up after ${age} s, more than 75 % of the retention`,
    ],
  ])
  return judge(
    `${BatchSize} records, ${window} s, ${factor} at once, given up after ${age} s`,
    faults,
    deployAgain,
  )
}

const retentionHoursMin = 24

export function judgeStream({
  StreamStatus,
  RetentionPeriodHours: hours = 0,
  EncryptionType,
  StreamModeDetails,
}: StreamDescriptionSummary): Judged {
  const faults = faultsOf([
    [StreamStatus !== 'ACTIVE' && StreamStatus !== 'UPDATING', `it is ${StreamStatus}`],
    [hours < retentionHoursMin, `it keeps changes for ${hours} hours`],
    [EncryptionType !== 'KMS', 'it is not encrypted'],
  ])
  return judge(
    `${StreamModeDetails?.StreamMode ?? 'PROVISIONED'}, ${hours} hours, encrypted`,
    faults,
    deployAgain,
  )
}

/** The destinations of a table's changes: the stream, in microseconds. */
export function judgeDestinations(
  destinations: readonly KinesisDataStreamDestination[],
  streamArn: string | undefined,
): Judged {
  const all = destinations.filter(({ StreamArn }) => streamArn === undefined || StreamArn === streamArn)
  // One that was disconnected is listed for a while, beside the one that is connected since.
  const own = all.find(({ DestinationStatus }) => DestinationStatus === 'ACTIVE') ?? all[0]
  const connect =
    'aws dynamodb enable-kinesis-streaming-destination … --enable-kinesis-streaming-configuration ApproximateCreationDateTimePrecision=MICROSECOND'
  const precision = own?.ApproximateCreationDateTimePrecision
  const faults = faultsOf([
    [!own, 'the table does not send its changes to the stream'],
    [own !== undefined && own.DestinationStatus !== 'ACTIVE', `it is ${own?.DestinationStatus}`],
    [
      own !== undefined && precision !== 'MICROSECOND',
      `times of changes are in ${precision ?? 'MILLISECOND'}S: two of one millisecond are told apart by their ids alone`,
    ],
  ])
  return judge('its changes go to the stream, in microseconds', faults, connect)
}

/** What a bucket is set to, as far as it may be looked at: undefined where it is not set. */
export type BucketSettings = {
  readonly versioning?: string | undefined
  readonly encryption?: string | undefined
  readonly isPrivate: boolean
  readonly policy?: string | undefined
  readonly lifecycle: readonly Pick<LifecycleRule, 'ID' | 'Status'>[]
}

/** By which the archive lets go what it need not keep: the rules of infra/src/archive.ts. */
export const lifecycleRules: readonly string[] = [
  'unfinished-uploads',
  'noncurrent-versions',
  'handled-errors',
  'handled-batches',
  'handled-batches-of-lambda',
  'unattributable-errors',
]

export function judgeBucket({
  versioning,
  encryption,
  isPrivate,
  policy,
  lifecycle,
}: BucketSettings): Judged {
  const isOn = (id: string) => lifecycle.some(({ ID, Status }) => ID === id && Status === 'Enabled')
  const off = lifecycleRules.filter((id) => !isOn(id))
  const faults = faultsOf([
    [versioning !== 'Enabled', 'it keeps no versions: what is replaced or removed by mistake is gone'],
    [encryption !== 'aws:kms', `it is encrypted by ${encryption ?? 'nothing'}, not by a KMS key`],
    [!isPrivate, 'public access is not blocked'],
    [!/s3:if-none-match/i.test(policy ?? ''), 'its policy lets archived files be replaced'],
    [!/aws:SecureTransport/i.test(policy ?? ''), 'its policy takes requests without TLS'],
    [off.length > 0, `lifecycle rules are off or missing: ${off.join(', ')}`],
  ])
  return judge('versions, KMS, private, TLS, create-only, lifecycle', faults, deployAgain)
}

/** A table in Glue, against the one that this version makes of the schema. */
export function judgeTable(table: Table | undefined, schema: RecordSchema, options: TableOptions): Judged {
  if (!table) return { ok: false, found: 'there is no such table', fix: deployAgain }
  const storage = table.StorageDescriptor
  const expected = tableParameters(schema, options)
  const columns = (list: readonly { Name?: string | undefined; Type?: string | undefined }[] = []) =>
    list.map(({ Name, Type }) => `${Name} ${Type}`)
  const ours = hiveColumns(schema).map(({ name, type }) => `${name} ${type}`)
  const found = columns(storage?.Columns)
  const at = ours.findIndex((column, index) => column !== found[index])
  const differing = Object.entries(expected).flatMap(([name, value]) =>
    table.Parameters?.[name] === value ? [] : [name],
  )
  const faults = faultsOf([
    [
      table.TableType !== 'EXTERNAL_TABLE',
      `its type is ${table.TableType}, which MSCK REPAIR TABLE does not take`,
    ],
    [at >= 0, `its columns differ from "${ours[at]?.slice(0, 60)}" on`],
    [found.length > ours.length, `it has ${found.length - ours.length} columns that the schema has not`],
    [differing.length > 0, `its parameters differ: ${differing.join(', ')}`],
    [
      storage?.SerdeInfo?.Parameters?.['avro.schema.literal'] !== avroLiteral(schema),
      'the schema in its SerDe differs: fields in camelCase read as null',
    ],
    [storage?.SerdeInfo?.SerializationLibrary !== avroSerde, 'its SerDe is not the one of Avro'],
    [
      storage?.Location?.replace(/\/*$/, '/') !== tableLocation(schema, options.location),
      `it lies in ${hideAccount(storage?.Location ?? 'no place')}`,
    ],
    [
      columns(table.PartitionKeys).join() !== `${partitionColumn.name} ${partitionColumn.type}`,
      'its partitions differ',
    ],
  ])
  return judge(`${found.length} columns, as the schema has them`, faults, deployAgain)
}

/** The tables and views of a database, against the views that this version makes; somebody has to run their statements once. */
export function judgeViews(names: ReadonlySet<string>, catalog: Catalog): Judged {
  const wanted = [...catalog.values()].flatMap(athenaViews)
  const missing = wanted.flatMap(({ name }) => (names.has(name) ? [] : [name]))
  return judge(
    `${wanted.length}, as the schemas have them`,
    missing.length > 0 ? [`missing: ${missing.join(', ')}`] : [],
    'dmd deploy --views, or run the named queries that begin with "view"',
  )
}

export function judgeWorkgroup({ State, Configuration }: WorkGroup): Judged {
  const version = Configuration?.EngineVersion
  const engine = version?.EffectiveEngineVersion ?? version?.SelectedEngineVersion ?? 'unknown'
  const cutoff = Configuration?.BytesScannedCutoffPerQuery
  const encryption = Configuration?.ResultConfiguration?.EncryptionConfiguration?.EncryptionOption
  const faults = faultsOf([
    [State !== 'ENABLED', `it is ${State}`],
    [Configuration?.EnforceWorkGroupConfiguration !== true, 'clients may set other results and bounds'],
    [!/3$/.test(engine), `its engine is ${engine}`],
    [cutoff === undefined, 'a query may scan everything'],
    [encryption === undefined, 'results are not encrypted'],
  ])
  return judge(`enforced, ${engine}, at most ${cutoff} bytes a query`, faults, deployAgain)
}
