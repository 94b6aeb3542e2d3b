import { defaults, lanes, shardsAtFirst } from './deployment.ts'
import { busy, measured, quiet } from './facts.ts'
import { count, page, size, table, whole } from './format.ts'
import { batchOf, durationMs, eventRecordsMax } from './model.ts'
import {
  inOrder,
  type Limit,
  limitsOf,
  multiples,
  type Passed,
  recordsPerCallSecond,
  stepOf,
} from './scale.ts'

const passed = inOrder(limitsOf(measured))

/** What breaks first as the surge grows, made from what was measured and from AWS's limits. */
export function scaleDocument(): string {
  return page([
    '<!-- Generated from `bench/cost/` by `npm run generate`: change that, not this file. -->',
    '# What breaks first',
    intro(),
    '## The surge, so many times over',
    stepTable(),
    stepNotes(),
    ...multiples.flatMap(stepSection),
    '## Every limit, in the order in which it is passed',
    limitTable(),
    limitNotes,
    '## What each asks for',
    ...passed.map(limitSection),
    '## What does not break',
    steady(),
    '## Many small files',
    files(),
    '## On one machine',
    local(),
  ])
}

function intro(): string {
  const { surge } = measured.traffic
  return `The surge is ${whole(surge.requests)} requests in five minutes, ${count(surge.requests / 300)} a second, which become ${count(surge.changes)} changes; in its busiest second
${count(surge.peakChangesPerSecond)} of them. Sizes and CPU times are measured (\`npm run bench:cost\`), the limits are AWS’s own, from the pages that are linked;
what Lambda and S3 do with them is estimated, as [What it costs](cost.md) says, and has not been tried in an account. The deployment is one with
the default options, new, and has never seen a surge: that is when limits are lowest.`
}

function stepTable(): string {
  const steps = multiples.map((times) => stepOf(measured, times))
  const row = (what: string, of: (step: (typeof steps)[number]) => string) => [what, ...steps.map(of)]
  return table(
    ['', ...multiples.map((times) => `${whole(times)} ×`)],
    [
      row('requests a second', ({ requestsPerSecond }) => count(requestsPerSecond)),
      row('changes in the busiest second', ({ peakChangesPerSecond }) => count(peakChangesPerSecond)),
      row('their bytes', ({ peakBytesPerSecond }) => size(peakBytesPerSecond)),
      row('shards that they need', ({ shards }) => count(shards)),
      row('changes in a batch', ({ batchRecords }) => count(batchRecords)),
      row('calls of the worker', ({ batches }) => count(batches)),
      row('calls at once, at the peak', ({ concurrency }) => count(Math.ceil(concurrency))),
      row('files', ({ files }) => count(files)),
      row('of which one query reads', ({ demandFiles }) => count(demandFiles)),
      row('bytes that it scans', ({ demandBytes }) => size(demandBytes)),
      row('bytes of log', ({ logBytes }) => size(logBytes)),
    ],
  )
}

function stepNotes(): string {
  return `A stream that has grown has more shards, and so more lanes, among which the changes are divided. Once batches are full, files
grow as the changes do. Bad records, and what lies in other partitions, come on top.`
}

/** What is passed on the way to a multiple of the surge from the one before, and what comes next. */
function stepSection(times: number, index: number): readonly string[] {
  const from = multiples[index - 1] ?? 0
  const reached = passed.filter(({ headroom }) => headroom > from && headroom <= times)
  const next = passed.find(({ headroom }) => headroom > times)
  const name = ({ limit, headroom }: Passed) => `${limit.what} (${count(headroom)} ×)`
  const [first, ...others] = reached
  return [
    `### ${whole(times)} ×`,
    first
      ? `First${from > 1 ? `, once what came before is seen to` : ''}: **${first.limit.what}**, at ${count(first.headroom)} ×. ${first.limit.symptom} ${toldBy(first.limit)} ${first.limit.change}`
      : 'No limit is passed.',
    ...(others.length > 0 ? [`Then: ${others.map(name).join('; ')}.`] : []),
    next ? `Next: ${name(next)}.` : 'No further limit is known.',
  ]
}

function toldBy({ alarms }: Limit): string {
  if (alarms.length === 0) return 'No alarm of the pipeline tells.'
  const names = alarms.map((alarm) => `\`${alarm}\``)
  return `${alarms.length === 1 ? 'The alarm' : 'The alarms'} ${names.join(', ')} ${alarms.length === 1 ? 'tells' : 'tell'}.`
}

function limitTable(): string {
  return table(
    ['passed at', 'what', 'limit', 'the surge', 'alarms'],
    passed.map(({ limit, headroom }) => [
      `${count(headroom)} ×`,
      `[${limit.what}](#${limit.id})`,
      amount(limit, limit.capacity),
      amount(limit, limit.load(1)),
      limit.alarms.map((alarm) => `\`${alarm}\``).join(', '),
    ]),
  )
}

function amount({ unit }: Limit, value: number): string {
  return unit.startsWith('bytes') ? `${size(value)}${unit.slice('bytes'.length)}` : `${count(value)} ${unit}`
}

const limitNotes = `«Passed at» is the multiple of the surge at which the load is as large as the limit. A limit of AWS’s that can be raised is
given as it is before anybody asks.`

function limitSection({ limit }: Passed): string {
  const { id, what, symptom, change, options, page: at } = limit
  return [
    `### ${id}`,
    `${what.charAt(0).toUpperCase()}${what.slice(1)}. ${symptom} ${toldBy(limit)}`,
    `${change} (${[...options.map((option) => `\`${option}\``), `[limit](${at})`].join(', ')})`,
  ].join('\n\n')
}

function steady(): string {
  const { surge, steady: even } = measured.traffic
  const perCall = recordsPerCallSecond(measured)
  const full = batchOf(surge, defaults.batchRecords)
  const largest = batchOf(even, 1_000)
  return `- **The worker.** A batch of ${whole(full.records)} takes ${count(full.cpuMs)} ms of CPU, so about ${count(durationMs(full, defaults))} ms in ${whole(defaults.memoryMb)} MB: a call gets through
  ${count(perCall)} records a second, where a shard takes 1,000. Where batches take longer than estimated, raise \`delivery.memoryMb\` to 1,769 for a
  whole processor, and \`delivery.parallelization\` to 10 at most.
- **Memory.** Batches of 1,000 held ${count(largest.rssMb)} MB; it is bounded by the batch, not by the stream.
- **The 6 MB of an event.** A change takes ${count(even.eventBytes)} bytes in it, so ${count(eventRecordsMax(even))} fit: a larger \`delivery.batchRecords\` changes nothing.
- **KMS.** The bucket’s key ([S3 Bucket Keys](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html)) stands for many objects, and Kinesis asks
  about every five minutes a shard: requests grow with shards, not with changes.
- **CloudWatch.** Metrics are lines of the log, and their number is fixed. The log grows with calls.
- **Reading the stream.** A shard gives 2 MB/s and takes 1 MB/s: a second reader beside the worker fits, a third does not; the alarm
  \`ReadThrottled\` tells.`
}

function files(): string {
  const daily = (name: string, changesPerSecond: number, waits: readonly number[]) =>
    waits.map((windowSeconds) => {
      const records = 1 + (changesPerSecond * windowSeconds) / lanes(defaults, shardsAtFirst)
      const batch = batchOf(measured.traffic.steady, Math.min(records, defaults.batchRecords))
      const batches = (changesPerSecond * 86_400) / batch.records
      return [
        name,
        `${windowSeconds} s`,
        count(batch.records),
        count(batches * batch.demandObjects),
        size(batch.demandBytes / batch.demandObjects),
        count(Math.ceil((batches * batch.demandObjects) / 1_000)),
      ]
    })
  return [
    'What a day leaves in one partition of `demand`, with the shards that a stream begins with:',
    table(
      ['changes', '`windowSeconds`', 'in a batch', 'files a day', 'bytes of one', 'calls to list them'],
      [
        ...daily('10,000 a day', quiet.changesPerSecond, [5, 30]),
        ...daily('100 million a month', busy.changesPerSecond, [5, 30]),
      ],
    ),
    `Athena lists a partition and opens each file: files of [128 MB](https://docs.aws.amazon.com/athena/latest/ug/performance-tuning-data-optimization-techniques.html) suit it, and these are a thousandth of that or less. In [somebody else’s
experiment](https://github.com/kine-dmd/athena-query-speed-experiment) 100 million rows were counted in 2.4 s from files of a million rows, in 20 s from files of a
thousand, and in 201 s from files of a hundred. What it costs is in [a query](cost.md#a-query). Until compaction exists, the window is what there is; \`dmd query\` reads each file once and keeps its rows.`,
  ].join('\n\n')
}

function local(): string {
  const { requests, requestsPerSecond, changes, objects, lagMostMs } = measured.local
  return `\`dmd up\` on the measuring machine (${measured.machine}, which did other work too) took ${whole(requests)} requests at ${count(requestsPerSecond)} a second, which
became ${count(changes)} changes in ${count(objects)} files, at most ${count(lagMostMs / 1_000)} s behind. That is API, table, stream and worker in one process with the disk’s sync before
each answer: it says that the code is not what limits the surge, and nothing about AWS. \`npm run bench:live\`, \`bench:delivery\` and \`bench:query\`
say more about one machine.`
}
