import type { holderOf } from '../lock.ts'
import type { Report } from './report.ts'

/** A running process reports every second. One that has not reported for this long hangs, or was killed. */
export const staleMs = 5_000

/**
 * How `dmd up` or `dmd worker` is. `killed`: its process is gone and did not stop by itself. `silent`: it has not reported
 * for `staleMs`, so it hangs, or was killed on another machine. `none`: nothing has ever run there.
 */
export type Health = 'running' | 'draining' | 'stopped' | 'silent' | 'killed' | 'none'

/** Returns the health of the process behind a report. `holder` is what `holderOf` says of its state folder. */
export function healthOf(
  report: Report | undefined,
  holder: Awaited<ReturnType<typeof holderOf>>,
  nowMs: number,
): Health {
  if (report === undefined) return 'none'
  if (report.state === 'stopped') return 'stopped'
  if (holder === 'dead') return 'killed'
  return nowMs - report.reportedMs > staleMs ? 'silent' : report.state
}

/** True when the process runs and no alert fires. */
export function isHealthy(report: Report | undefined, health: Health): boolean {
  return health === 'running' && report?.alerts.length === 0
}
