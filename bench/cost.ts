// What delivering takes, for docs/cost.md and docs/scale.md: sizes of change records, files and logs, and the CPU time of
// the function as it is zipped, for batches of 1 to 1,000 records of two simulated traffics:
//   surge   50,000 requests in 5 minutes, and what follows from them
//   steady  a day of requests, notices, cancellations and edits
// The function runs in a process of its own against a stand-in for S3 in another, without TLS. CPU time, not time: this
// machine may be busy. Each figure is the median of the rounds after a first one, which warms up. It ends with a surge into
// `dmd up` on this machine. `--write` writes bench/cost/measured.json, from which `npm run generate` makes the documents.
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { loadCatalog } from '../src/catalog.ts'
import { readChangeEvent } from '../src/codec/lambda-event.ts'
import { planBatch } from '../src/delivery/plan.ts'
import { toRules } from '../src/delivery/rules.ts'
import type { SourceRecord } from '../src/local/source.ts'
import { readSettings } from '../src/settings.ts'
import { type Bench, median, openBench, type Run } from './cost/measure.ts'
import type { BatchFigures, ErrorFigures, LocalFigures, Measured, TrafficFigures } from './cost/measured.ts'
import { sampleEvents, sizesOf, toRecords, traffics } from './cost/traffic.ts'
import { simulateTo, startMeasured } from './live/run.ts'

const seed = 'cost'
const rounds = 7
/** How many batches of each size are delivered in a round, at most. */
const samples = [
  [1, 500],
  [10, 250],
  [100, 100],
  [1_000, 25],
] as const
const rules = toRules(loadCatalog(), readSettings({}))

type Objects = readonly { readonly type: string; readonly bytes: Uint8Array }[]

/** What the planning code makes of the events, in all. */
function plan(events: readonly object[]): Objects {
  return events.flatMap((event) => readChangeEvent(event).flatMap((batch) => planBatch(batch, rules).objects))
}

function bytesOf(objects: Objects): number {
  return objects.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

async function measureBatches(
  bench: Bench,
  records: readonly SourceRecord[],
): Promise<{ readonly batches: readonly BatchFigures[]; readonly last: Run }> {
  const batches: BatchFigures[] = []
  let last: Run | undefined
  for (const [size, samplesMax] of samples) {
    const events = sampleEvents(records, size, samplesMax)
    const planned = plan(events)
    const demand = planned.filter(({ type }) => type === 'demand')
    const run = await bench.run(events, rounds + 1)
    const due = plan(events.slice(0, 1)).length + (rounds + 1) * planned.length
    if (run.objects !== due) throw new Error(`S3 was given ${run.objects} objects instead of ${due}`)
    batches.push({
      records: size,
      objects: planned.length / events.length,
      avroBytes: bytesOf(planned) / events.length,
      demandObjects: demand.length / events.length,
      demandBytes: bytesOf(demand) / events.length,
      logBytes: run.logBytes,
      logLines: run.logLines,
      cpuMs: median(run.perBatchMs.slice(1)),
      rssMb: run.rssMb,
    })
    last = run
  }
  if (!last) throw new Error('nothing was measured')
  return { batches, last }
}

/** The same batches with bad records among them and without: the difference is theirs. */
async function measureErrors(bench: Bench): Promise<ErrorFigures> {
  const bad = sampleEvents(toRecords({ ...traffics.surge, fans: 5_000, badPercent: 2, seed }), 1_000, 5)
  const plans = bad.flatMap((event) => readChangeEvent(event).map((batch) => planBatch(batch, rules)))
  const errors = plans.flatMap((one) => one.errors)
  const withThem = await bench.run(bad, 1)
  const lines = errors.length / bad.length
  const good = sampleEvents(toRecords({ ...traffics.surge, fans: 5_000, seed }), 1_000, 5)
  const without = await bench.run(good, 1)
  return {
    fileBytes: errors.reduce((sum, { bytes }) => sum + bytes.length, 0) / errors.length,
    logBytes: (withThem.logBytes - without.logBytes) / lines,
  }
}

/** A surge into `dmd up`, as fast as it takes it. */
async function measureLocal(requests: number): Promise<LocalFigures> {
  const up = await startMeasured(['--window', '1s'])
  try {
    let lagMostMs = 0
    let isSent = false
    const watch = async () => {
      for (let idle = 0; idle < 2; ) {
        const { lagMs, held } = (await up.report()).delivery
        lagMostMs = Math.max(lagMostMs, lagMs)
        idle = isSent && lagMs === 0 && held === 0 ? idle + 1 : 0
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
    }
    const watching = watch()
    const { rate } = await simulateTo(up.url, ['--rate', 'max', '--requests', String(requests)])
    isSent = true
    await watching
    const { delivered, objects } = (await up.end()).last.delivery
    return { requests, requestsPerSecond: rate, changes: delivered, objects, lagMostMs }
  } finally {
    up.remove()
  }
}

function print(name: string, { batches, ...sizes }: TrafficFigures): void {
  console.log(`\n${name}`)
  for (const [what, value] of Object.entries(sizes)) console.log(`  ${what.padEnd(22)} ${value.toFixed(2)}`)
  console.table(batches.map((batch) => Object.fromEntries(Object.entries(batch).map(toShort))))
}

const toShort = ([name, value]: [string, number]) => [name, Number(value.toFixed(2))]

/** Four digits say more than these figures are sure of. */
function toRounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(value >= 1_000 ? 6 : 4)) : value
}

const bench = await openBench()
const found: { [name: string]: TrafficFigures } = {}
let start = { loadCpuMs: 0, firstCpuMs: 0 }
try {
  for (const [name, options] of Object.entries(traffics)) {
    const records = toRecords({ ...options, seed })
    const { batches, last } = await measureBatches(bench, records)
    found[name] = { ...sizesOf(records, { ...options, seed }), batches }
    if (name === 'surge') start = { loadCpuMs: last.loadCpuMs, firstCpuMs: last.firstCpuMs }
    print(name, found[name])
  }
  const errors = await measureErrors(bench)
  const local = await measureLocal(traffics.surge.fans)
  console.log('\na bad record', errors, '\na new process', start, '\ndmd up', local)
  const [{ model = 'unknown' } = {}, ...others] = cpus()
  const measured = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${1 + others.length} cores, ${model}`,
    seed,
    rounds,
    traffic: found as Measured['traffic'],
    errors,
    start,
    local,
  } satisfies Measured
  if (process.argv.includes('--write')) {
    const file = new URL('cost/measured.json', import.meta.url)
    writeFileSync(file, `${JSON.stringify(measured, toRounded, 2)}\n`)
    console.log('\nbench/cost/measured.json is written: run npm run generate')
  }
} finally {
  bench.close()
}
