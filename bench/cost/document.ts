import { type Deployment, defaults } from './deployment.ts'
import { busy, examples, full, lookedUp, measured, prices, quiet, region, surge } from './facts.ts'
import { count, page, size, table, usd, whole } from './format.ts'
import {
  assumptions,
  baseLines,
  batchOf,
  durationMs,
  gigabyte,
  hoursPerMonth,
  type Line,
  outcomeOf,
  type PriceName,
  queryLines,
  scannedBytes,
  storageLines,
  streamLines,
  total,
  type Workload,
  workerLines,
} from './model.ts'
import { peers, peerTable } from './peers.ts'
import { batchTable, howMeasured, measuredTable, priceNotes, priceTable } from './sources.ts'

const monthDays = hoursPerMonth / 24

/** The cost of a deployment, made from what was measured and from list prices. */
export function costDocument(): string {
  return page([
    '<!-- Generated from `bench/cost/` by `npm run generate`: change that, not this file. -->',
    '# What it costs',
    intro,
    '## The formula',
    formula,
    formulaTable(),
    estimate(),
    '## A month in which nothing happens',
    lineTable(baseLines(prices), 'a month'),
    `The table, its writes, its storage and its backups are not in it: they are there without the pipeline. One provisioned shard in place of the on-demand stream (\`stream.shards\`: 1) makes it ${usd(total(baseLines(prices, { ...defaults, shards: 1 })))}; with \`stream.retentionHours\`: 24, too, and \`delivery.recordAgeMaxSeconds\`: 64,800, ${usd(total(baseLines(prices, { ...defaults, shards: 1, retentionHours: 24 })))}, and then an outage of a day loses changes.`,
    '## A million changes',
    millionTable(),
    million(),
    '## What is stored',
    storedTable(),
    stored(),
    '## A query',
    queryTable(),
    query(),
    '## Three examples',
    exampleTable(),
    example(),
    '## What moves it',
    variantTable(),
    variants(),
    '## Beside other ways',
    peerTable(),
    peers(),
    '## What was measured',
    measuredTable(),
    batchTable(),
    howMeasured(),
    '## Prices',
    priceTable(),
    priceNotes(),
    '## What is not in it',
    notCounted,
  ])
}

const intro = `Dollars at list prices of ${region}, looked up on ${lookedUp}, without free tiers and taxes. Sizes and
CPU times are measured, by \`npm run bench:cost\`; nothing of this page has been billed by AWS yet. A GB is 2^30 bytes, a month
${hoursPerMonth} hours.`

const formula = `A change is paid for four times: DynamoDB sends it, the stream takes and keeps it, the worker runs for it, S3 takes the
file it is in. The first two go by its size, rounded up a record. The other two go by the batch, and hardly by what is in it: so what
decides is **how many changes share a batch**. The first change in a lane waits \`delivery.windowSeconds\` for others, and a stream has
shards × \`delivery.parallelization\` lanes:

    changes in a batch = 1 + changes per second × windowSeconds / (shards × parallelization), at most batchRecords

That is how [Lambda describes](https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html) window and lanes, for changes that come evenly.`

function formulaTable(): string {
  return table(
    ['what', 'units', 'price'],
    [
      ['DynamoDB sends the changes', 'changes × size of the item, in KB rounded up', priceOf('cdcUnits')],
      [
        'the stream takes them',
        'changes × size of the change record, in KB rounded up',
        priceOf('streamInGb'),
      ],
      ['the stream gives them', 'changes × size of the change record', priceOf('streamOutGb')],
      [
        'the stream keeps them',
        'what it took × (retentionHours − 24) / hours of a month',
        priceOf('streamKeptGbMonth'),
      ],
      ['the worker is called', 'changes / changes in a batch', priceOf('functionRequests')],
      ['the worker runs', 'calls × time of a batch × memoryMb', priceOf('functionGbSeconds')],
      ['it writes files', 'calls × record types and partition dates in a batch', priceOf('putRequests')],
      ['it writes its log', 'calls × bytes of log of a batch', priceOf('logGb')],
      ['files are stored', 'calls × bytes of the files of a batch', priceOf('storedGbMonth')],
    ],
  )
}

function priceOf(name: PriceName): string {
  const { usd: dollars, per, unit } = prices[name]
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 10 })} for ${per === 1 ? '' : `${per.toLocaleString('en-US')} `}${unit}`
}

function estimate(): string {
  const batch = batchOf(full.traffic, defaults.batchRecords)
  return `The time of a batch is an **estimate**, not a measurement on Lambda: CPU time on the measuring machine, divided by the share of a
processor that the memory buys (${whole(assumptions.processorMb)} MB are one), plus ${assumptions.putWaitMs} ms for each ${assumptions.putsParallel} puts, which is assumed. A batch of
${whole(batch.records)} takes ${count(batch.cpuMs)} ms of CPU and so ${count(durationMs(batch, defaults))} ms in ${whole(defaults.memoryMb)} MB.`
}

function lineTable(lines: readonly Line[], sumOf: string): string {
  return table(
    ['what', 'units', 'dollars'],
    [
      ...lines.map(({ what, price, units, dollars }) => [
        what,
        units === 1
          ? prices[price].unit.replace('months', '1 month')
          : `${count(units)} ${prices[price].unit}`,
        usd(dollars),
      ]),
      [`**${sumOf}**`, '', `**${usd(total(lines))}**`],
    ],
  )
}

/** The same lines of several workloads, side by side. */
function sideBySide(head: readonly string[], columns: readonly (readonly Line[])[]): string {
  const [first = []] = columns
  return table(
    ['what', ...head],
    [
      ...first.map(({ what }, row) => [
        what,
        ...columns.map((lines) => {
          const line = lines[row]
          return line ? usd(line.dollars) : ''
        }),
      ]),
      ['**sum**', ...columns.map((lines) => `**${usd(total(lines))}**`)],
    ],
  )
}

function deliveryLines(workload: Workload, deployment?: Deployment): readonly Line[] {
  return [...streamLines(prices, workload, deployment), ...workerLines(prices, workload, deployment)]
}

/** A million of the quiet table's changes, as slowly as they come. */
const slow: Workload = { ...quiet, changes: 1_000_000 }

function millionTable(): string {
  const batch = (workload: Workload) => count(outcomeOf(workload).batch.records)
  return sideBySide(
    [
      `${batch(full)} in a batch`,
      `${batch({ ...busy, changes: 1_000_000 })} in a batch`,
      `${batch(slow)} in a batch`,
    ],
    [full, { ...busy, changes: 1_000_000 }, slow].map((workload) => deliveryLines(workload)),
  )
}

function million(): string {
  const { fileBytes, logBytes } = measured.errors
  const put = prices.putRequests.usd / prices.putRequests.per
  const log = (logBytes / gigabyte) * prices.logGb.usd
  return `Full batches are what a backlog and a large surge have; the others are a table of 100 million and of 300,000 changes a month. A bad
record is a file of its own, ${size(fileBytes)}, and ${count(logBytes)} bytes of log: a million of them ${usd((put + log) * 1_000_000)} more.`
}

function storedTable(): string {
  return table(
    ['changes in a batch', 'bytes of its files', 'bytes a change', 'a million changes', 'stored for a month'],
    full.traffic.batches.map(({ records, avroBytes }) => {
      const bytes = (avroBytes / records) * 1_000_000
      return [
        count(records),
        size(avroBytes),
        count(avroBytes / records),
        size(bytes),
        usd(total(storageLines(prices, bytes))),
      ]
    }),
  )
}

function stored(): string {
  return `A GB is ${usd(prices.storedGbMonth.usd)} a month. Each file carries its schema, which a small batch pays alone: deflated, a change in a full
batch takes ${count((batchOf(full.traffic, 1_000).avroBytes / 1_000 / full.traffic.payloadBytes) * 100)} % of its size in the stream, and one alone ${count((batchOf(full.traffic, 1).avroBytes / full.traffic.payloadBytes) * 100)} %. Nothing compacts files yet.`
}

type Query = { readonly what: string; readonly workload: Workload; readonly days: number }

const queries: readonly Query[] = [
  { what: 'a day of the quiet table', workload: quiet, days: 1 },
  { what: 'a quarter of it', workload: quiet, days: 91 },
  { what: 'the day of the surge', workload: surge, days: monthDays },
  { what: 'a day of 100 million a month', workload: busy, days: 1 },
  { what: 'a quarter of it', workload: busy, days: 91 },
]

function queryTable(): string {
  return table(
    ['what is read', 'files', 'bytes of files', 'bytes billed', 'dollars a query'],
    queries.map(({ what, workload, days }) => {
      const { batch, batches } = outcomeOf(workload)
      const part = (batches * days) / monthDays
      const [files, bytes] = [part * batch.demandObjects, part * batch.demandBytes]
      return [
        what,
        count(files),
        size(bytes),
        size(scannedBytes(bytes)),
        usd(total(queryLines(prices, files, bytes))),
      ]
    }),
  )
}

function query(): string {
  return `Athena bills the bytes of every file of the table in the partitions that \`WHERE\` leaves, whichever columns are asked for: Avro
holds rows. It rounds up to a megabyte and to ten at least. So the count of the surge costs as much as a query over nothing, and what
a query costs is decided by its range of \`partition_date\`. The files here are those of \`demand\`. Where they are small, getting them costs
more than scanning them, and [takes long](scale.md#many-small-files). \`dmd query\` over S3 scans nothing: it gets each file once and keeps
its rows; from outside the region that is data transfer, which is not counted here.`
}

function exampleTable(): string {
  const columns = examples.map(([, workload]) => {
    const { avroBytes } = outcomeOf(workload)
    return [...deliveryLines(workload), ...storageLines(prices, avroBytes)]
  })
  return sideBySide(
    examples.map(([name]) => name),
    columns,
  )
}

function example(): string {
  const once = [...deliveryLines(surge), ...storageLines(prices, outcomeOf(surge).avroBytes)]
  const minutes = (total(once) / total(baseLines(prices))) * hoursPerMonth * 60
  const facts = examples.map(([name, workload]) => {
    const { batch, batches, objects, avroBytes } = outcomeOf(workload)
    return `- **${name}**: ${count(workload.changes)} changes, ${count(batch.records)} in a batch, ${count(batches)} calls, ${count(objects)} files of ${size(avroBytes / objects)}.`
  })
  return `${facts.join('\n')}

Each month adds the ${usd(total(baseLines(prices)))} of above. The surge is 50,000 requests in five minutes with what follows from them, stored for a
month: it costs as much as ${count(minutes)} minutes of waiting for it.`
}

const variantOptions: readonly (readonly [string, Partial<Deployment>])[] = [
  ['the defaults', {}],
  ['`parallelization` 2', { parallelization: 2 }],
  ['`windowSeconds` 30', { windowSeconds: 30 }],
  ['the same on one shard', { windowSeconds: 30, shards: 1 }],
]

function variantTable(): string {
  const rows = [quiet, busy].flatMap((workload) =>
    variantOptions.map(([name, options]) => {
      const deployment = { ...defaults, ...options }
      const { batch, objects, avroBytes } = outcomeOf(workload, deployment)
      return [
        workload === quiet ? '10,000 a day' : '100 million a month',
        name,
        count(batch.records),
        count(objects / monthDays),
        size(avroBytes),
        usd(total(workerLines(prices, workload, deployment))),
        usd(
          total([
            ...baseLines(prices, deployment),
            ...deliveryLines(workload, deployment),
            ...storageLines(prices, avroBytes),
          ]),
        ),
      ]
    }),
  )
  return table(
    ['changes', 'options', 'in a batch', 'files a day', 'stored a month', 'worker', 'all, the first month'],
    rows,
  )
}

function variants(): string {
  const { peakChangesPerSecond, payloadBytes } = surge.traffic
  return `A longer window is the cheapest change: fewer files, less to store, to scan and to list, for a row that comes later by as
much. Thirty seconds keep a change within the minute that the alarm \`Lag\` allows. More lanes a shard cut smaller batches, and help only where one cannot keep up: it delivers [several times](scale.md#what-does-not-break) what a shard takes. One shard takes 1,000 records and 1 MB a second; the surge’s busiest second has ${count(peakChangesPerSecond)} records of ${size(peakChangesPerSecond * payloadBytes)}, so
that one shard is enough for either of these tables and for no surge larger than that.`
}

const notCounted = `- The table: its writes, storage and backups.
- Cold starts, retries, and batches that fail.
- The access log of the archive’s bucket, SNS, and results of queries.
- Earlier versions of objects, which delivery does not make.
- Endpoints and NAT of a \`vpc\`.
- [On-demand Advantage](https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html) of Kinesis, which an account may choose: nothing for the hours of a stream, and less for its GB.
- People.`
