import { type DriveOptions, type DriveReport, drive, isReachable } from '../sample/drive.ts'
import { type ExitCode, exitCodes, UsageError } from './command.ts'
import { commandText } from './commandline.ts'
import { count, counted, duration, type Io, style } from './io.ts'
import { startProgress } from './progress.ts'

export type DriveFlags = Pick<DriveOptions, 'connections'> & {
  readonly to: string
  readonly seed?: string
  readonly rate: number | 'max'
  readonly requests?: number
  /** In milliseconds. */
  readonly for?: number
  readonly json?: boolean
}

/** Sends a capture API simulated requests until there are enough of them, the time is over, or Ctrl-C. */
export async function runDrive(io: Io, flags: DriveFlags): Promise<ExitCode> {
  const { to, rate, requests, for: forMs, connections } = flags
  checkUrl(to)
  if (!(await isReachable(to, io.runtime))) {
    await io.err(
      `${style(io, 'red', 'error:')} nothing answers at ${to}: start it with  ${commandText(io, ['up'])}\n`,
    )
    return exitCodes.failed
  }
  const progress = startProgress(io, 'sending', 'requests')
  const report = await drive({
    url: to,
    // Other fans each time, so that each run is news.
    seed: flags.seed ?? io.runtime.clock().toString(36),
    ...(rate !== 'max' && { rate }),
    ...(requests !== undefined && { requests }),
    ...(forMs !== undefined && { forMs }),
    connections,
    runtime: io.runtime,
    signal: io.interrupt,
    onSent: (sent, elapsedMs) => {
      const share = Math.max(
        sent / (requests ?? Number.POSITIVE_INFINITY),
        elapsedMs / (forMs ?? Number.POSITIVE_INFINITY),
      )
      const isBounded = requests !== undefined || forMs !== undefined
      void progress.update({ done: share, ...(isBounded && { total: 1 }), items: sent })
    },
  })
  await progress.end()
  await io.out(flags.json ? `${JSON.stringify(report)}\n` : describe(report, rate))
  // Without an end of its own, Ctrl-C is how it ends.
  if (io.interrupt.aborted && (requests !== undefined || forMs !== undefined)) return exitCodes.interrupted
  return sum(report.refused) + report.unanswered > 0 ? exitCodes.problems : exitCodes.ok
}

function checkUrl(text: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new UsageError(`${JSON.stringify(text)} is not a URL such as http://127.0.0.1:8080`)
}

function describe(report: DriveReport, asked: number | 'max'): string {
  const { seed, sent, accepted, refused, unanswered, retries, tookMs, rate, latencyMs } = report
  const kinds = Object.entries(accepted).map(([kind, n]) => counted(n, kind))
  const problems = Object.entries(refused).map(([problem, n]) => `${count(n)} ${problem}`)
  const wanted = asked === 'max' ? '' : ` of ${count(asked)}/s asked for`
  const { p50, p99, max } = latencyMs
  const waits =
    p50 === undefined || p99 === undefined
      ? '-'
      : `p50 ${millis(p50)}, p99 ${millis(p99)}, most ${millis(max)}`
  return [
    `${counted(sent, 'request')} in ${duration(tookMs)}, ${rate.toFixed(1)}/s${wanted}, seed ${seed}`,
    `  accepted   ${count(sum(accepted))}: ${kinds.join(', ')}`,
    `  refused    ${count(sum(refused))}${problems.length > 0 ? `: ${problems.join(', ')}` : ''}`,
    `  no answer  ${count(unanswered)}, after ${count(retries)} further ${retries === 1 ? 'try' : 'tries'}`,
    `  latency    ${waits}`,
    '',
  ].join('\n')
}

function millis(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${count(Math.round(ms))} ms`
}

function sum(counts: { readonly [name: string]: number }): number {
  return Object.values(counts).reduce((total, n) => total + n, 0)
}
