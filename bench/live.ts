// The way of a request on one machine: `dmd up` in a process of its own, `dmd simulate --to` in another, SQL in this one.
//   latency  from when the API took a request (its date.requested) to the end of the first query that had its row:
//            200 requests a second for 60 s, a window of 1 s; the query is asked again 25 ms after its answer.
//            The aim: 99% within the window and half a second.
//   surge    50,000 requests as fast as the API takes them: the rate, the time until all are archived, the most memory;
//            every accepted request is in the archive, and once.
// `latency` or `surge` as an argument runs one of them; a number after it is the seconds, or the requests. Exits 1 when
// something is lost or doubled. Times depend on the machine and its disk.
import { loadCatalog } from '../src/catalog.ts'
import { openDuckDb } from '../src/query/duckdb.ts'
import type { Cell, QueryEngine } from '../src/query/engine.ts'
import { createHistogram } from '../src/sample/drive/histogram.ts'
import type { DriveReport } from '../src/sample/drive.ts'
import { openDirectoryStore } from '../src/store/directory.ts'
import { simulateTo, startMeasured } from './live/run.ts'

const [only, amount] = process.argv.slice(2)
const windowMs = 1_000
const rate = 200
// Asking without a pause would take a core from what is measured.
const pauseMs = 25

async function openEngine(archive: string): Promise<QueryEngine> {
  return openDuckDb({ store: await openDirectoryStore(archive), catalog: loadCatalog() })
}

async function rows(engine: QueryEngine, statement: string): Promise<readonly (readonly Cell[])[]> {
  const found: (readonly Cell[])[] = []
  for await (const chunk of (await engine.query(statement)).rows) found.push(...chunk)
  return found
}

/** What of the accepted requests the archive lacks or has twice, in words. */
async function compare(engine: QueryEngine, { accepted }: DriveReport): Promise<readonly string[]> {
  const [found = []] = await rows(
    engine,
    `SELECT (SELECT COUNT(*) FROM demand WHERE change.operation = 'INSERT'),
      (SELECT COUNT(DISTINCT fanid) FROM demand),
      (SELECT COUNT(*) FROM demand WHERE isdeleted),
      (SELECT COUNT(*) FROM notification),
      (SELECT COUNT(*) FROM demand) - (SELECT COUNT(*) FROM demand_changes)`,
  )
  const due: readonly (readonly [string, number])[] = [
    ['requests', accepted.demand],
    ['fans', accepted.demand],
    ['cancellations', accepted.cancellation],
    ['messages', accepted.notification],
    ['rows of one change', 0],
  ]
  return due.flatMap(([what, n], at) =>
    Number(found[at]) === n ? [] : [`${what}: ${String(found[at])} instead of ${n}`],
  )
}

async function latency(seconds: number): Promise<boolean> {
  const up = await startMeasured(['--window', `${windowMs}ms`])
  const engine = await openEngine(up.archive)
  try {
    const times = createHistogram()
    const seen = new Set<string>()
    let queries = 0
    let newest = 0
    let isSent = false
    const look = async () => {
      // Changes that were under way when the newest one was seen.
      const found = await rows(
        engine,
        `SELECT fanid, to_unixtime(date.requested) * 1000 FROM demand WHERE change.operation = 'INSERT'
          AND change.micros > ${newest - 10_000_000}`,
      )
      const nowMs = Date.now()
      queries += 1
      for (const [fan, requested] of found) {
        if (seen.has(String(fan))) continue
        seen.add(String(fan))
        times.add(nowMs - Number(requested))
        newest = Math.max(newest, Number(requested) * 1000)
      }
    }
    const sending = simulateTo(up.url, ['--rate', String(rate), '--for', `${seconds}s`]).finally(() => {
      isSent = true
    })
    while (!isSent) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    const report = await sending
    for (const endMs = Date.now() + 10 * windowMs; seen.size < report.accepted.demand && Date.now() < endMs; )
      await look()
    const { peakMb } = await up.end()
    const [p50, p99] = [times.quantile(0.5) ?? 0, times.quantile(0.99) ?? 0]
    const wrong = await compare(engine, report)
    console.log(
      `latency: ${report.rate.toFixed(0)} requests/s for ${seconds} s, window ${windowMs} ms, ${queries} queries\n` +
        `  API      p50 ${report.latencyMs.p50?.toFixed(1)} ms, p99 ${report.latencyMs.p99?.toFixed(1)} ms\n` +
        `  SQL row  p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, most ${times.max} ms, of ${seen.size} requests\n` +
        `  p99 within window + 500 ms: ${p99 <= windowMs + 500 ? 'yes' : 'no'}; peak memory of dmd up ${peakMb.toFixed(0)} MB`,
    )
    return verdict(wrong)
  } finally {
    await engine.close()
    up.remove()
  }
}

async function surge(requests: number): Promise<boolean> {
  const up = await startMeasured(['--window', `${windowMs}ms`])
  try {
    let lagMostMs = 0
    let isSent = false
    const watching = (async () => {
      while (!isSent) {
        lagMostMs = Math.max(lagMostMs, (await up.report()).delivery.lagMs)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    })()
    const report = await simulateTo(up.url, ['--rate', 'max', '--requests', String(requests)])
    isSent = true
    await watching
    const sentMs = performance.now()
    // Two in a row: the first may be older than the last request.
    for (let idle = 0; idle < 2; ) {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const { lagMs, held } = (await up.report()).delivery
      idle = lagMs === 0 && held === 0 ? idle + 1 : 0
      lagMostMs = Math.max(lagMostMs, lagMs)
    }
    const drainedMs = performance.now() - sentMs - 1_000
    const { peakMb, last } = await up.end()
    const engine = await openEngine(up.archive)
    const wrong = await compare(engine, report)
    await engine.close()
    const sum = Object.values(report.accepted).reduce((total, n) => total + n)
    console.log(
      `surge: ${sum.toLocaleString('en-US')} requests accepted in ${(report.tookMs / 1000).toFixed(1)} s, ${report.rate.toFixed(0)}/s, ` +
        `p50 ${report.latencyMs.p50?.toFixed(0)} ms, p99 ${report.latencyMs.p99?.toFixed(0)} ms\n` +
        `  refused ${JSON.stringify(report.refused)}, no answer ${report.unanswered}, sent again ${report.retries}\n` +
        `  ${last.delivery.delivered.toLocaleString('en-US')} changes in ${last.delivery.objects} files; lag at most ${(lagMostMs / 1000).toFixed(1)} s, zero ${(drainedMs / 1000).toFixed(1)} s after the last request\n` +
        `  peak memory of dmd up ${peakMb.toFixed(0)} MB`,
    )
    return verdict(wrong)
  } finally {
    up.remove()
  }
}

function verdict(wrong: readonly string[]): boolean {
  console.log(
    wrong.length === 0 ? '  every accepted request is archived, once' : `  WRONG: ${wrong.join('; ')}`,
  )
  return wrong.length === 0
}

const benches = { latency: () => latency(Number(amount ?? 60)), surge: () => surge(Number(amount ?? 50_000)) }
let isRight = true
for (const [name, run] of Object.entries(benches)) {
  if (only === undefined || only === name) isRight = (await run()) && isRight
}
process.exitCode = isRight ? 0 : 1
