import { readFileSync } from 'node:fs'
import { eventually } from '../../eventually.ts'

/** What proc(5) says of a process in /proc/PID/stat, from the third field on; undefined where it is gone. */
function statOf(pid: number | undefined): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** False for a process that is gone, or that only waits for its parent to collect it. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Waits until a process has computed for a while, as it does that runs what it was asked for, or is gone. */
export async function untilBusy(pid: number | undefined): Promise<void> {
  // utime, in hundredths of a second, is the 14th field.
  const ticks = () => Number(statOf(pid)?.[11] ?? Number.POSITIVE_INFINITY)
  const before = ticks()
  await eventually(() => ticks() >= before + 20)
}
