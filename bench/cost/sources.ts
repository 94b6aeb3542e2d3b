import { measured, prices } from './facts.ts'
import { count, size, table, whole } from './format.ts'
import type { Measured } from './measured.ts'

/** Sizes, and what they round up to. */
export function measuredTable(): string {
  const { surge: fast, steady } = measured.traffic
  const row = (what: string, of: (traffic: Measured['traffic']['surge']) => string) => [
    what,
    of(fast),
    of(steady),
  ]
  return table(
    ['traffic, and means over its changes', 'surge', 'steady'],
    [
      row('requests', ({ requests }) => whole(requests)),
      row('changes that follow from them', ({ changes }) => whole(changes)),
      row('bytes of the change record', ({ payloadBytes }) => count(payloadBytes)),
      row('1 KB units of the stream', ({ kinesisUnits }) => count(kinesisUnits)),
      row('25 KB units of a shard', ({ putUnits }) => count(putUnits)),
      row('5 KB units of Firehose', ({ firehoseUnits }) => count(firehoseUnits)),
      row('bytes of the item', ({ itemBytes }) => count(itemBytes)),
      row('1 KB units of the item', ({ itemUnits }) => count(itemUnits)),
      row('bytes in Lambda’s event', ({ eventBytes }) => count(eventBytes)),
    ],
  )
}

/** What a batch takes. */
export function batchTable(): string {
  const rows = Object.entries(measured.traffic).flatMap(([name, { batches }]) =>
    batches.map(({ records, objects, avroBytes, logBytes, cpuMs, rssMb }) => [
      name,
      count(records),
      count(objects),
      size(avroBytes),
      count(logBytes),
      count(cpuMs),
      count((1_000 * cpuMs) / records),
      count(rssMb),
    ]),
  )
  return table(
    [
      'traffic',
      'changes in a batch',
      'files',
      'their bytes',
      'bytes of log',
      'CPU, ms',
      'CPU a change, µs',
      'memory, MB',
    ],
    rows,
  )
}

export function howMeasured(): string {
  const { machine, node, date, rounds, seed, start } = measured
  return `On ${date}, Node ${node}, ${machine}, which did other work too; simulated traffic of the seed \`${seed}\`. The function as it is zipped, in a
process of its own, against a stand-in for S3 in another, over HTTP: signing, hashing and compression are in it, TLS is not. CPU time is
\`process.cpuUsage\`, the median of ${rounds} rounds after one that warms up; from run to run it moved by a tenth for full batches and by two fifths for single changes; the sizes do not move. A new process
takes ${count(start.loadCpuMs)} ms of CPU until the handler is there, and ${count(start.firstCpuMs)} ms for its first batch of 1,000. Memory is the most that the process held after
a batch. Lambda’s processors were taken to be as fast as this one, and Node 24, which runs there, as this one.`
}

export function priceTable(): string {
  return table(
    ['dollars', 'for', 'page', 'read in'],
    Object.values(prices).map(({ usd: dollars, per, unit, page: at, found, unverified }) => [
      String(dollars),
      `${per === 1 ? '' : `${per.toLocaleString('en-US')} `}${unit}`,
      `[${new URL(at).pathname.split('/').find((part) => part !== '')}](${at})`,
      `${unverified ? '**unverified**: ' : ''}${found}`,
    ]),
  )
}

export function priceNotes(): string {
  const unverified = Object.values(prices).filter((price) => price.unverified)
  return `AWS’s pages fill in their prices by script, so that they could not be read directly: each was read where the last column says, and
should be looked at again before it is relied on. ${unverified.length} are unverified. Lower tiers for larger amounts than the examples’ are not in it.`
}
