import { Stack } from 'aws-cdk-lib'
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena'
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue'
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { loadCatalog } from '../../src/catalog.ts'
import {
  avroLiteral,
  avroSerde,
  hiveColumns,
  partitionColumn,
  tableLocation,
  tableParameters,
} from '../../src/derive/ddl.ts'
import { toAthena } from '../../src/dialect/athena.ts'
import { athenaViews } from '../../src/query/athena/views.ts'
import { loadSavedQueries } from '../../src/query/saved.ts'
import type { RecordSchema } from '../../src/record/schema.ts'
import type { Archive } from './archive.ts'
import type { Config } from './config.ts'
import { assumedBy, roleName, useKeyByS3 } from './roles.ts'

/** Athena names databases and views with letters, digits and _. */
export function databaseName(config: Config): string {
  return config.name.replaceAll('-', '_')
}

/** The catalog: a database and a table for each record type, of the same range of dates as the worker. */
export function createCatalog(scope: Construct, config: Config, { url: location }: Archive): CfnDatabase {
  const { account } = Stack.of(scope)
  const database = new CfnDatabase(scope, 'Database', {
    catalogId: account,
    databaseInput: { name: databaseName(config), description: 'The archive of dmd-pipeline' },
  })
  const range = { from: config.partitionFrom, yearsAhead: config.partitionYearsAhead }
  for (const schema of schemasOf(config)) {
    const literal = avroLiteral(schema)
    const table = new CfnTable(scope, `Table-${schema.type}`, {
      catalogId: account,
      databaseName: databaseName(config),
      tableInput: {
        name: schema.type,
        description: schema.doc.slice(0, 2_000),
        // Without it MSCK REPAIR TABLE fails.
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [partitionColumn],
        parameters: { EXTERNAL: 'TRUE', ...tableParameters(schema, { ...range, location }) },
        storageDescriptor: {
          columns: [...hiveColumns(schema)],
          location: tableLocation(schema, location),
          inputFormat: 'org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat',
          serdeInfo: {
            serializationLibrary: avroSerde,
            // In both places: without it fields in camelCase read as null.
            parameters: { 'avro.schema.literal': literal },
          },
        },
      },
    })
    table.addResourceDependency(database)
  }
  return database
}

function schemasOf(config: Config): readonly RecordSchema[] {
  return [...loadCatalog(config.schemas).values()]
}

/** The workgroup: its settings hold whatever a client asks for. */
export function createWorkgroup(scope: Construct, config: Config, results: IBucket, key: IKey): CfnWorkGroup {
  return new CfnWorkGroup(scope, 'Workgroup', {
    name: config.name,
    description: 'SQL over the archive of dmd-pipeline',
    // One that was ever used can be deleted in no other way; results of queries stay in their bucket.
    recursiveDeleteOption: true,
    workGroupConfiguration: {
      enforceWorkGroupConfiguration: true,
      publishCloudWatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: config.athena.scanBytesMax,
      engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
      resultConfiguration: {
        outputLocation: `s3://${results.bucketName}/`,
        encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKey: key.keyArn },
      },
    },
  })
}

/** The views, to be run once after the tables are there, and the saved queries. */
export function createNamedQueries(scope: Construct, config: Config, workgroup: CfnWorkGroup): void {
  const database = databaseName(config)
  const add = (id: string, name: string, description: string, queryString: string) => {
    const query = new CfnNamedQuery(scope, id, {
      database,
      name,
      description,
      queryString,
      workGroup: workgroup.name,
    })
    query.addResourceDependency(workgroup)
  }
  for (const schema of schemasOf(config))
    for (const { name, what, statement } of athenaViews(schema))
      add(`View-${name}`, `view ${name}`, what, statement)
  for (const { name, title, sql } of loadSavedQueries()) add(`Saved-${name}`, name, title, toAthena(sql))
}

/** Who may ask: reads the tables' files and the catalog, runs queries in the workgroup, and no more. */
export function createAnalystRole(
  scope: Construct,
  config: Config,
  {
    archive,
    results,
    key,
    workgroup,
  }: { archive: Archive; results: IBucket; key: IKey; workgroup: CfnWorkGroup },
): Role {
  const stack = Stack.of(scope)
  const role = new Role(scope, 'Analyst', {
    roleName: roleName(scope, config, 'analyst'),
    assumedBy: assumedBy(config, 'analyst'),
    description: 'Queries the archive, and no more',
  })
  const glue = (path: string) => stack.formatArn({ service: 'glue', resource: path })
  const database = databaseName(config)
  const allow = (
    sid: string,
    actions: string[],
    resources: string[],
    conditions?: { [name: string]: object },
  ) =>
    role.addToPolicy(new PolicyStatement({ sid, actions, resources, ...(conditions ? { conditions } : {}) }))
  allow(
    'Ask',
    [
      'athena:StartQueryExecution',
      'athena:StopQueryExecution',
      'athena:GetQueryExecution',
      'athena:GetQueryResults',
      'athena:GetWorkGroup',
      'athena:ListNamedQueries',
      'athena:BatchGetNamedQuery',
      'athena:GetNamedQuery',
    ],
    [stack.formatArn({ service: 'athena', resource: 'workgroup', resourceName: workgroup.name })],
  )
  allow(
    'Catalog',
    [
      'glue:GetDatabase',
      'glue:GetTable',
      'glue:GetTables',
      'glue:GetPartition',
      'glue:GetPartitions',
      'glue:BatchGetPartition',
      // MSCK REPAIR TABLE asks for it. What it adds is never looked at: partitions are projected.
      'glue:BatchCreatePartition',
    ],
    [glue('catalog'), glue(`database/${database}`), glue(`table/${database}/*`)],
  )
  // Athena looks at the database that every catalog begins with, whatever a statement names.
  // https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
  allow('DefaultDatabase', ['glue:GetDatabase'], [glue('catalog'), glue('database/default')])
  const data = archive.path('data/')
  allow('Read', ['s3:GetObject'], [archive.bucket.arnForObjects(`${data}*`)])
  allow('List', ['s3:ListBucket'], [archive.bucket.bucketArn], {
    StringLike: { 's3:prefix': [data, `${data}*`] },
  })
  allow(
    'Results',
    ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
    [results.arnForObjects('*')],
  )
  allow(
    'ResultBucket',
    ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
    [results.bucketArn],
  )
  allow('ArchiveBucket', ['s3:GetBucketLocation'], [archive.bucket.bucketArn])
  useKeyByS3(role, key)
  return role
}
