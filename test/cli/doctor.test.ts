import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { assumptions } from '../../src/cli/doctor/assumptions.ts'
import {
  judgeBucket,
  judgeDestinations,
  judgeFunction,
  judgeMapping,
  judgeStream,
  judgeTable,
  judgeViews,
  judgeWorkgroup,
  lifecycleRules,
} from '../../src/cli/doctor/judge.ts'
import { avroSerde } from '../../src/derive/ddl.ts'
import {
  bucket,
  catalog,
  demand,
  destination,
  fn,
  mapping,
  options,
  stream,
  table,
  views,
  workgroup,
} from './deployment.ts'
import { dmd } from './io.ts'
import { dmdProcess } from './process.ts'

// Each part of a deployment as it should be, and each way in which it may be otherwise.

const storage = (over: object) => ({ ...table, StorageDescriptor: { ...table.StorageDescriptor, ...over } })
const setting = (over: object) => ({ ...workgroup, Configuration: { ...workgroup.Configuration, ...over } })

test('what is as this version deploys it is well', () => {
  const judged = [
    judgeFunction(fn),
    judgeMapping([mapping], 168),
    judgeStream(stream as never),
    judgeDestinations([destination], 'arn:stream'),
    judgeBucket(bucket),
    judgeTable(table, demand, options),
    judgeViews(new Set(['demand', ...views]), catalog),
    judgeWorkgroup(workgroup as never),
  ]
  expect(judged.map(({ ok, fix }) => [ok, fix])).toEqual(judged.map(() => [true, undefined]))
})

test('a connection that was off, and is on again, is well', () => {
  const off = (DestinationStatus: 'DISABLED' | 'DISABLING') => ({ ...destination, DestinationStatus })
  expect(judgeDestinations([off('DISABLED'), off('DISABLING'), destination], 'arn:stream').ok).toBe(true)
  const elsewhere = { ...destination, StreamArn: 'arn:other' }
  expect(judgeDestinations([elsewhere, off('DISABLED')], 'arn:stream').found).toBe('it is DISABLED')
})

test.each([
  ['a function that fails', judgeFunction({ ...fn, State: 'Failed' }), /it is Failed/],
  ['another runtime', judgeFunction({ ...fn, Runtime: 'nodejs18.x' }), /nodejs18\.x, and is tried on/],
  ['another handler', judgeFunction({ ...fn, Handler: 'index.handler' }), /its handler is index\.handler/],
  ['no mapping', judgeMapping([], 168), /reads no stream/],
  ['two mappings', judgeMapping([mapping, mapping], 168), /reads 2 streams/],
  ['a mapping that is off', judgeMapping([{ ...mapping, State: 'Disabled' }], 168), /it is Disabled/],
  [
    'batches in halves',
    judgeMapping([{ ...mapping, BisectBatchOnFunctionError: true }], 168),
    /doubles rows/,
  ],
  [
    'a filter',
    judgeMapping([{ ...mapping, FilterCriteria: { Filters: [{ Pattern: '{}' }] } }], 168),
    /loses those that are no JSON/,
  ],
  ['few tries', judgeMapping([{ ...mapping, MaximumRetryAttempts: 3 }], 168), /after 3 tries/],
  ['nowhere to go', judgeMapping([{ ...mapping, DestinationConfig: {} }], 168), /go nowhere/],
  [
    'partial answers',
    judgeMapping([{ ...mapping, FunctionResponseTypes: ['ReportBatchItemFailures'] }], 168),
    /partial answers/,
  ],
  ['no age', judgeMapping([{ ...mapping, MaximumRecordAgeInSeconds: -1 }], 168), /never become too old/],
  ['an age beyond the retention', judgeMapping([mapping], 72), /more than 75 % of the retention/],
  ['a stream that goes', judgeStream({ ...stream, StreamStatus: 'DELETING' } as never), /it is DELETING/],
  ['a stream that forgets', judgeStream({ ...stream, RetentionPeriodHours: 12 } as never), /for 12 hours/],
  ['a stream in the clear', judgeStream({ ...stream, EncryptionType: 'NONE' } as never), /not encrypted/],
  ['a table that is not connected', judgeDestinations([], 'arn:stream'), /does not send/],
  ['a table connected elsewhere', judgeDestinations([destination], 'arn:other'), /does not send/],
  [
    'a connection that is off',
    judgeDestinations([{ ...destination, DestinationStatus: 'DISABLED' }], 'arn:stream'),
    /it is DISABLED/,
  ],
  [
    'a connection that goes',
    judgeDestinations([{ ...destination, DestinationStatus: 'DISABLING' }], 'arn:stream'),
    /it is DISABLING/,
  ],
  [
    'milliseconds',
    judgeDestinations([{ ...destination, ApproximateCreationDateTimePrecision: undefined }], 'arn:stream'),
    /in MILLISECONDS/,
  ],
  ['no versions', judgeBucket({ ...bucket, versioning: undefined }), /no versions/],
  ['another key', judgeBucket({ ...bucket, encryption: 'AES256' }), /by AES256/],
  ['a public bucket', judgeBucket({ ...bucket, isPrivate: false }), /public access/],
  ['a bucket without policy', judgeBucket({ ...bucket, policy: undefined }), /be replaced; its policy takes/],
  ['nothing that goes by itself', judgeBucket({ ...bucket, lifecycle: [] }), /missing: unfinished-uploads, /],
  [
    'a rule that is off',
    judgeBucket({
      ...bucket,
      lifecycle: bucket.lifecycle.map((rule) =>
        rule.ID === 'handled-errors' ? { ...rule, Status: 'Disabled' as const } : rule,
      ),
    }),
    /lifecycle rules are off or missing: handled-errors$/,
  ],
  [
    'no masked views',
    judgeViews(new Set(views.filter((name) => !name.endsWith('_masked'))), catalog),
    /missing: demand_masked, event_masked, notification_masked, sale_masked$/,
  ],
  ['no table', judgeTable(undefined, demand, options), /no such table/],
  ['a managed table', judgeTable({ ...table, TableType: 'MANAGED' }, demand, options), /MSCK REPAIR/],
  [
    'fewer columns',
    judgeTable(storage({ Columns: table.StorageDescriptor.Columns.slice(0, -1) }), demand, options),
    /columns differ from "/,
  ],
  [
    'more columns',
    judgeTable(
      storage({ Columns: [...table.StorageDescriptor.Columns, { Name: 'x', Type: 'string' }] }),
      demand,
      options,
    ),
    /1 columns that the schema has not/,
  ],
  [
    'another range',
    judgeTable(table, demand, { ...options, from: '2021-01-01' }),
    /projection\.partition_date\.range/,
  ],
  [
    'no schema in the SerDe',
    judgeTable(storage({ SerdeInfo: { SerializationLibrary: avroSerde } }), demand, options),
    /camelCase read as null/,
  ],
  [
    'another place',
    judgeTable(storage({ Location: 's3://other/' }), demand, options),
    /it lies in s3:\/\/other\//,
  ],
  ['no partitions', judgeTable({ ...table, PartitionKeys: [] }, demand, options), /partitions differ/],
  ['a workgroup that is off', judgeWorkgroup({ ...workgroup, State: 'DISABLED' } as never), /it is DISABLED/],
  ['free clients', judgeWorkgroup(setting({ EnforceWorkGroupConfiguration: false }) as never), /clients may/],
  [
    'an older engine',
    judgeWorkgroup(
      setting({ EngineVersion: { EffectiveEngineVersion: 'Athena engine version 2' } }) as never,
    ),
    /version 2/,
  ],
  [
    'no bound',
    judgeWorkgroup(setting({ BytesScannedCutoffPerQuery: undefined }) as never),
    /scan everything/,
  ],
  ['results in the clear', judgeWorkgroup(setting({ ResultConfiguration: {} }) as never), /not encrypted/],
])('%s is told, with what to do', (_, judged, found) => {
  expect(judged).toMatchObject({ ok: false, found: expect.stringMatching(found) })
  expect(judged.fix).toMatch(/docs\/deploy\.md|aws dynamodb|dmd deploy --views/)
})

test('without an account each look says why, nothing is called well, and what hangs on it is not looked at', () => {
  const env = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
  const ran = dmdProcess(['doctor', '--aws', '--json', '--name', 'my-own'], { env })
  expect(ran.status).toBe(3)
  const all = JSON.parse(ran.stdout) as { check: string; ok: boolean | null; found: string; see?: string }[]
  const assumed = all.filter(({ check }) => check.startsWith('assumed: '))
  expect(assumed.map(({ ok, found, see }) => [ok, found, see])).toEqual(
    assumptions.map((one) => [null, one.assumed, `${one.test} → ${one.expect}`]),
  )
  const findings = all.slice(4).filter((one) => !assumed.includes(one))
  expect(findings.filter(({ ok }) => ok === true)).toEqual([])
  expect(findings.filter(({ ok }) => ok === null).map(({ check }) => check)).toEqual([
    ...['stream', 'bucket', 'Glue my_own.demand', 'Glue my_own.event', 'Glue my_own.notification'],
    'Glue my_own.sale',
  ])
  expect(findings.map(({ check }) => check)).toContain('table my-own-items')
})

test('what only an account can show is listed, with a test of each, in the docs too', async () => {
  const { out, code } = await dmd(['doctor', '--assumptions'])
  expect(code).toBe(0)
  expect(JSON.parse((await dmd(['doctor', '--assumptions', '--json'])).out)).toEqual(assumptions)
  const page = readFileSync('docs/deploy.md', 'utf8')
  expect(existsSync('docs/deploy.md')).toBe(true)
  for (const { name, assumed, test: run, expect: expected } of assumptions) {
    for (const text of [name, assumed, run, expected]) expect(text.length).toBeGreaterThan(0)
    expect(out).toContain(`${name}: ${assumed}\n    run     ${run}\n    expect  ${expected}\n`)
    expect(page).toContain(assumed)
  }
  expect(assumptions.length).toBeGreaterThan(5)
})

test('the lifecycle rules that are looked for are those that are deployed', () => {
  const source = readFileSync('infra/src/archive.ts', 'utf8')
  for (const id of lifecycleRules) expect(source).toContain(`'${id}'`)
})
