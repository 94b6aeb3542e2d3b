import { examples, full, prices } from './facts.ts'
import { count, table, usd } from './format.ts'
import {
  assumptions,
  breakEvenBatch,
  type FirehoseOptions,
  firehoseLines,
  hoursPerMonth,
  type Line,
  streamLines,
  total,
  type Workload,
  workerLines,
  zeroEtlLines,
} from './model.ts'

const firehoses: readonly (readonly [string, FirehoseOptions])[] = [
  ['Data Firehose, as JSON', { isConverted: false, isPartitioned: false }],
  ['Data Firehose, converted to Parquet', { isConverted: true, isPartitioned: false }],
  ['Data Firehose, converted and partitioned', { isConverted: true, isPartitioned: true }],
]

/** What other ways from the table to files cost. */
export function peerTable(): string {
  const columns = [full, ...examples.map(([, workload]) => workload)]
  const dollars = (of: (workload: Workload) => readonly Line[]) =>
    columns.map((workload) => usd(total(of(workload))))
  const hours = usd(prices.streamHour.usd * hoursPerMonth)
  return table(
    ['from the table to files', 'a million, full batches', ...examples.map(([name]) => name)],
    [
      ['the stream, for all but the last', ...dollars((workload) => streamLines(prices, workload))],
      ['+ this worker', ...dollars((workload) => workerLines(prices, workload))],
      ...firehoses.map(([name, options]) => [
        `+ ${name}`,
        ...dollars((workload) => firehoseLines(prices, workload, options)),
      ]),
      [
        `Glue zero-ETL, hourly: its exports alone, and no stream (nor its ${hours} a month)`,
        ...dollars((workload) => zeroEtlLines(prices, workload)),
      ],
    ],
  )
}

/** What they can and cannot do, and when each is the better one. */
export function peers(): string {
  const records = breakEvenBatch(prices, full)
  const cheaper =
    records === undefined
      ? 'It costs more than Firehose, whatever the batch.'
      : `From ${count(records)} changes in a batch it costs less than Firehose, too, which bills each record as 5 KB at least.`
  return `Lines that begin with + come on top of the first. Storage and queries are in none of them: what the others’ files weigh was not
measured. For zero-ETL, Glue’s compute comes on top: ${usd(prices.glueDpuHour.usd)} a DPU-hour, if it is billed as a job is; how many a refresh takes was not found. So its line is a lower bound,
with ${assumptions.exportBytesMin / 2 ** 20} MB an export as the least, which is assumed. The table needs point-in-time recovery for it, which the template’s has:
${usd(prices.pitrGbMonth.usd)} a GB-month.

| | this worker | Data Firehose | Glue zero-ETL |
| --- | --- | --- | --- |
| what is kept | every change | every change | [the table as it is](https://aws.amazon.com/blogs/big-data/improve-dynamodb-analytics-with-aws-glue-zero-etl-schema-and-partition-controls/), by [exports](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.HowItWorks.html) with one net change an item |
| format | Avro, its schema in each file | JSON, or [Parquet or ORC](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html); no Avro | Iceberg (Parquet) |
| how soon | \`windowSeconds\`, and the time of a batch | its [buffer](https://docs.aws.amazon.com/firehose/latest/dev/buffering.html): 5 minutes unless set otherwise, down to seconds where it does not partition | [15 minutes to six days](https://docs.aws.amazon.com/glue/latest/dg/zero-etl-configuring-integration.html) |
| what DynamoDB wrote as | typed fields; numbers keep every digit | \`{"S": …}\` as it came, unless a Lambda of yours turns it | columns; [a number becomes a double, a list a list of texts](https://docs.aws.amazon.com/glue/latest/dg/zero-etl-ddb-schema-unnesting.html) |
| a bad record | its own file, grouped, fixed, replayed | \`processing-failed\` or \`format-conversion-failed\`, to be replayed by you | was not looked into |
| a retry | the same names and bytes | [its own make no duplicates in S3](https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html); records that the stream repeats stay | the state stays the state |
| personal data of deletes | redacted in the row of the delete, kept in earlier rows | not without [a Lambda of yours](https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html) | the row goes; snapshots keep it until they expire |
| partitions | type and date of the record | by fields, [500 at once, 5,000 on request](https://docs.aws.amazon.com/firehose/latest/dev/buffering.html) | by fields, or a hash of the key |
| files | small, until something compacts them | as large as the buffer | can be compacted by [the catalog’s optimizers](https://docs.aws.amazon.com/glue/latest/dg/table-optimizers.html) |
| code to run | this | none, or a Lambda | none |

**Take Firehose** when raw JSON or Parquet of the change records will do, above all for a quiet table: with its own buffer it
writes a file every five minutes where this worker writes one for nearly every change. Parquet is also read by the column, so that a large
scan costs less.

**Take zero-ETL** when the question is what the table holds, not how it came to be: there is nothing to run, and a delete
reaches the copy.

**Take this** when every change must be checked, and be found once however often it came; when a bad one is to be fixed
and not lost; when deletes must be redacted on the way; when the files are to be Avro. ${cheaper}`
}
