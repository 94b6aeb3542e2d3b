import type { GetTablesCommandOutput } from '@aws-sdk/client-glue'
import { explainFailure } from '../../aws/failure.ts'
import { loadSdk, PackageMissing } from '../../aws/sdk.ts'
import type { PartitionRange } from '../../record/rules.ts'
import type { Catalog } from '../../record/schema.ts'
import { readSettings, type Settings } from '../../settings.ts'
import { type DoctorFinding, hideAccount, type Judged, sound } from './finding.ts'
import {
  type BucketSettings,
  judgeBucket,
  judgeDestinations,
  judgeFunction,
  judgeMapping,
  judgeStream,
  judgeTable,
  judgeViews,
  judgeWorkgroup,
} from './judge.ts'
import { describeStream } from './stream.ts'

export type Deployment = {
  /** What the stacks are named after. */
  readonly name: string
  /** The DynamoDB table, where it is not the deployment's own. */
  readonly table?: string | undefined
}

/** What else is known of a deployment once its function was looked at. */
type Found = {
  archive?: string
  range?: PartitionRange
  streamArn?: string | undefined
  retentionHours?: number | undefined
}

/**
 * Looks at a deployment in AWS and changes nothing: one finding for each part. What may not be looked at, or needs a
 * package that is not installed, is told as not looked at.
 */
export async function checkDeployment(
  { name, table = `${name}-items` }: Deployment,
  settings: Settings,
  catalog: Catalog,
): Promise<readonly DoctorFinding[]> {
  const found: Found = {}
  const findings: DoctorFinding[] = []
  const look = async (check: string, work: () => Promise<Judged>) =>
    void findings.push({ check, ...(await work().catch(notLookedAt)) })

  await look('credentials', checkCredentials)
  await look('function', () => checkFunction(`${name}-deliveryWorker`, found))
  await look('mapping', () => checkMapping(`${name}-deliveryWorker`, found))
  await look('stream', () => checkStream(found))
  await look(`table ${table}`, () => checkTable(table, found))
  await look('bucket', () => checkBucket(found))
  for (const schema of catalog.values())
    await look(`Glue ${settings.database}.${schema.type}`, async () => {
      const { archive: location, range } = found
      if (location === undefined || range === undefined) throw new Unknown('the archive')
      return judgeTable(await glueTable(settings.database, schema.type), schema, { ...range, location })
    })
  await look('views', () => checkViews(settings.database, catalog))
  await look(`workgroup ${settings.workgroup}`, () => checkWorkgroup(settings.workgroup))
  return findings
}

/** Something that an earlier look was to find. */
class Unknown extends Error {
  constructor(what: string) {
    super(`${what} is not known, since an earlier look failed`)
  }
}

function notLookedAt(error: unknown): Judged {
  if (error instanceof PackageMissing) {
    const { packageName: name } = error
    return { ok: null, found: `needs the package ${name}`, fix: `npm install ${name}` }
  }
  if (error instanceof Unknown) return { ok: null, found: error.message }
  const { kind, name, fix } = explainFailure(error, {
    service: 'AWS',
    rights: 'the right to read it',
    fixes: {
      denied: 'ask for the right to read it',
      missing: 'check --name and AWS_REGION, or deploy (docs/deploy.md)',
      region: 'name the region: AWS_REGION, or in a profile',
      other: 'check the credentials, AWS_REGION and the network',
    },
  })
  const says = hideAccount(error instanceof Error ? error.message : String(error))
  if (kind === 'denied') return { ok: null, found: `may not be looked at: ${says}`, fix }
  if (kind === 'region') return { ok: false, found: 'no region is given', fix }
  if (kind === 'missing') return { ok: false, found: `not there: ${says}`, fix }
  return { ok: false, found: `${name}: ${says}`, fix: `${fix.charAt(0).toLowerCase()}${fix.slice(1)}` }
}

/** Packages that a plain install is without, and some that it has. A missing one is no failure: nothing is looked at. */
const load = <Sdk>(name: string, work: () => Promise<Sdk>) => loadSdk('SETTING_INVALID', name, work)

async function checkCredentials(): Promise<Judged> {
  const { STSClient, GetCallerIdentityCommand } = await load(
    '@aws-sdk/client-sts',
    () => import('@aws-sdk/client-sts'),
  )
  const { Arn = '' } = await new STSClient().send(new GetCallerIdentityCommand())
  return sound(hideAccount(Arn))
}

async function checkFunction(name: string, found: Found): Promise<Judged> {
  const { LambdaClient, GetFunctionConfigurationCommand } = await loadLambda()
  const configuration = await new LambdaClient().send(
    new GetFunctionConfigurationCommand({ FunctionName: name }),
  )
  // Its settings are the deployment's.
  const variables = Object.entries(configuration.Environment?.Variables ?? {})
  const given = readSettings({
    env: Object.fromEntries(variables.filter(([name]) => name.startsWith('DMD_'))),
  })
  found.archive = given.archive
  found.range = { from: given.partitionFrom, yearsAhead: given.partitionYearsAhead }
  return judgeFunction(configuration)
}

async function checkMapping(name: string, found: Found): Promise<Judged> {
  const { LambdaClient, ListEventSourceMappingsCommand } = await loadLambda()
  const { EventSourceMappings: mappings = [] } = await new LambdaClient().send(
    new ListEventSourceMappingsCommand({ FunctionName: name }),
  )
  found.streamArn = mappings[0]?.EventSourceArn
  const summary = found.streamArn === undefined ? undefined : await describeStream(named(found.streamArn))
  found.retentionHours = summary?.RetentionPeriodHours
  return judgeMapping(mappings, found.retentionHours)
}

const loadLambda = () => load('@aws-sdk/client-lambda', () => import('@aws-sdk/client-lambda'))

async function checkStream({ streamArn }: Found): Promise<Judged> {
  if (streamArn === undefined) throw new Unknown('the stream')
  return judgeStream(await describeStream(named(streamArn)))
}

/** Emulators go by the name alone. */
function named(StreamARN: string) {
  return { StreamARN, StreamName: StreamARN.split('/').at(-1) ?? '' }
}

async function checkTable(name: string, { streamArn }: Found): Promise<Judged> {
  const { DynamoDBClient, DescribeKinesisStreamingDestinationCommand } = await load(
    '@aws-sdk/client-dynamodb',
    () => import('@aws-sdk/client-dynamodb'),
  )
  const { KinesisDataStreamDestinations: destinations = [] } = await new DynamoDBClient().send(
    new DescribeKinesisStreamingDestinationCommand({ TableName: name }),
  )
  return judgeDestinations(destinations, streamArn)
}

async function checkBucket({ archive }: Found): Promise<Judged> {
  const [, bucket] = /^s3:\/\/([^/]+)/.exec(archive ?? '') ?? []
  if (bucket === undefined) throw new Unknown('the archive')
  return judgeBucket(await bucketSettings(bucket))
}

async function bucketSettings(Bucket: string): Promise<BucketSettings> {
  const sdk = await load('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
  const client = new sdk.S3Client(process.env.AWS_ENDPOINT_URL ? { forcePathStyle: true } : {})
  /** S3 fails where something is not set at all. */
  const unlessUnset = <T>(asked: Promise<T>): Promise<T | undefined> =>
    asked.catch((error: Error) => {
      if (/NotFound|NoSuch(?!Bucket$)/.test(error.name)) return undefined
      throw error
    })
  const { Status } = await client.send(new sdk.GetBucketVersioningCommand({ Bucket }))
  const encryption = await unlessUnset(client.send(new sdk.GetBucketEncryptionCommand({ Bucket })))
  const access = await unlessUnset(client.send(new sdk.GetPublicAccessBlockCommand({ Bucket })))
  const policy = await unlessUnset(client.send(new sdk.GetBucketPolicyCommand({ Bucket })))
  const lifecycle = await unlessUnset(client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket })))
  const [rule] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? []
  const block = access?.PublicAccessBlockConfiguration
  return {
    versioning: Status,
    encryption: rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
    isPrivate: [
      block?.BlockPublicAcls,
      block?.BlockPublicPolicy,
      block?.IgnorePublicAcls,
      block?.RestrictPublicBuckets,
    ].every((isSet) => isSet === true),
    policy: policy?.Policy,
    lifecycle: lifecycle?.Rules ?? [],
  }
}

async function glueTable(database: string, table: string) {
  const { GlueClient, GetTableCommand } = await load(
    '@aws-sdk/client-glue',
    () => import('@aws-sdk/client-glue'),
  )
  const { Table } = await new GlueClient().send(new GetTableCommand({ DatabaseName: database, Name: table }))
  return Table
}

async function checkViews(database: string, catalog: Catalog): Promise<Judged> {
  const { GlueClient, GetTablesCommand } = await load(
    '@aws-sdk/client-glue',
    () => import('@aws-sdk/client-glue'),
  )
  const client = new GlueClient()
  const names = new Set<string>()
  let next: string | undefined
  do {
    const { TableList, NextToken }: GetTablesCommandOutput = await client.send(
      new GetTablesCommand({ DatabaseName: database, ...(next && { NextToken: next }) }),
    )
    for (const { Name } of TableList ?? []) names.add(Name ?? '')
    next = NextToken
  } while (next !== undefined)
  return judgeViews(names, catalog)
}

async function checkWorkgroup(name: string): Promise<Judged> {
  const { AthenaClient, GetWorkGroupCommand } = await load(
    '@aws-sdk/client-athena',
    () => import('@aws-sdk/client-athena'),
  )
  const { WorkGroup } = await new AthenaClient().send(new GetWorkGroupCommand({ WorkGroup: name }))
  if (!WorkGroup) throw new Unknown('the workgroup')
  return judgeWorkgroup(WorkGroup)
}
