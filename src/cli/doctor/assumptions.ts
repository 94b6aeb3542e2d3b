import type { DoctorFinding } from './finding.ts'

/** Something that could not be seen without an AWS account, and how to see it in one. */
export type Assumption = {
  readonly name: string
  readonly assumed: string
  /** What to run. */
  readonly test: string
  readonly expect: string
}

/** What this version takes for granted of AWS. docs/deploy.md is checked to list them all. */
export const assumptions: readonly Assumption[] = [
  {
    name: 'timestamp-millis',
    assumed: 'Athena reads `timestamp-millis` as `timestamp(3)`',
    test: `dmd query --engine athena "SELECT typeof(change.timestamp) AS t FROM demand LIMIT 1"`,
    expect: 'timestamp(3)',
  },
  {
    name: 'create-only',
    assumed: 'the bucket policy lets conditional puts and parts of uploads through, and denies others',
    test: 'aws s3 cp x s3://BUCKET/data/x',
    expect: 'AccessDenied, while the worker delivers',
  },
  {
    name: 'given-up',
    assumed:
      'Lambda’s on-failure destination writes below `aws/lambda/`, in the form that `dmd errors` reads',
    test: 'deploy with `delivery.recordAgeMaxSeconds` 60, make the function fail (a wrong DMD_ARCHIVE), put an item, wait; dmd errors list --cause BATCH_GIVEN_UP',
    expect: 'one group, with every record of the batch',
  },
  {
    name: 'precision',
    assumed: 'DynamoDB sends `ApproximateCreationDateTimePrecision` with every change',
    test: 'dmd errors list --cause TIME_INVALID',
    expect: 'no group',
  },
  {
    name: 'event id',
    assumed:
      'a change that is delivered twice may have another `eventID`: `_changes` goes by item, time and operation',
    test: `dmd query --engine athena "SELECT COUNT(*) AS n FROM (SELECT change.key AS k, change.micros AS m, change.operation AS o FROM demand GROUP BY 1, 2, 3 HAVING COUNT(DISTINCT change.id) > 1) AS twice"`,
    expect: '0 if ids stay; any number if they do not: rows of the views are the same',
  },
  {
    name: 'rows of DESCRIBE',
    assumed: 'what tells of the catalog comes from Athena as one text a row, with tabs between its parts',
    test: 'dmd query --engine athena "DESCRIBE demand"',
    expect: 'a table of three columns',
  },
  {
    name: 'views',
    assumed: 'the views’ statements make views in Athena as they do in Trino, of which Athena is made',
    test: 'run the named queries that begin with `view`, then dmd query --engine athena --saved standing-requests',
    expect: 'rows',
  },
  {
    name: 'event counts',
    assumed:
      'the mapping’s metric `OnFailureDestinationDeliveredEventCount` counts the records that were given up',
    test: 'as for `given-up`; then look at the alarm GivenUp',
    expect: 'ALARM',
  },
  {
    name: 'silence',
    assumed:
      'a metric that was never written counts as 0 in `FILL`, so that a worker that never ran raises Stale',
    test: 'disable the mapping of a new deployment, put an item a minute for three times `alarms.staleMinutes`; then look at the alarm Stale',
    expect: 'ALARM',
  },
  {
    name: 'skipped changes',
    assumed: 'an alarm may ask for DynamoDB’s metrics of replication by `TableName` alone',
    test: 'stop a stream of too few shards under load, or wait for a change of more than 1 MB; then look at the alarms ReplicationAge and NotReplicated',
    expect: 'ALARM',
  },
  {
    name: 'alarms arrive',
    assumed: 'CloudWatch publishes to the encrypted topic by the key’s statement `Alarms` and the topic’s',
    test: 'aws cloudwatch set-alarm-state --alarm-name dmd-ErrorSpike --state-value ALARM --state-reason test',
    expect: 'a mail at `alarms.email`',
  },
  {
    name: 'rights of the worker',
    assumed: 'the worker’s role may do all that Lambda, its mapping and the function do with it',
    test: 'dmd deploy, put an item, dmd query; then as for `given-up`',
    expect: 'a row; then a group',
  },
  {
    name: 'rights of analysts',
    assumed:
      'the analyst’s role may run MSCK REPAIR TABLE, DESCRIBE, queries of tables and views, and read the results',
    test: 'as that role: MSCK REPAIR TABLE demand, DESCRIBE demand, SELECT COUNT(*) FROM demand_current, each by dmd query --engine athena',
    expect: 'an answer to each',
  },
  {
    name: 'rights of operations',
    assumed: 'the role of operations may list, show, set and replay errors, and no more',
    test: 'as that role: dmd errors list, dmd errors set, dmd replay --all --yes; then aws s3 rm of an error file',
    expect: 'each does its work; the last is denied',
  },
  {
    name: 'rights of maintenance',
    assumed: 'the role of maintenance may replace what it has read, and remove versions',
    test: 'as that role: aws s3api put-object --if-match ETAG of an object below data/, then aws s3api delete-object --version-id',
    expect: 'both succeed',
  },
  {
    name: 'names in the key',
    assumed: 'the key’s named actions are all that the services and the account need of it',
    test: 'dmd deploy, then put an item and query it; the alarm Failures, and AccessDenied by KMS in CloudTrail',
    expect: 'a row; no alarm, none denied',
  },
]

/** The assumptions as findings of which nothing is known. */
export function assumedFindings(): readonly DoctorFinding[] {
  return assumptions.map(({ name, assumed, test, expect }) => ({
    check: `assumed: ${name}`,
    ok: null,
    found: assumed,
    see: `${test} → ${expect}`,
  }))
}
