import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/**
 * Names for a store's own files: `{host}-{pid}-{start}-{counter}`.
 *
 * `host` is the machine's name and, on Linux, its pid namespace, because a container may share the name and not
 * the processes. `start` is when the process began, in the system's own count, because pids are used again: in
 * containers, the same pid at every start. The counter belongs to the module: two stores in one process share it.
 */
const ownName = /^(.+)-(\d+)-([0-9a-z]+)-(\d+)$/

let counter = 0
let prefix: Promise<string> | undefined

/** A name that no living process uses or will use. Module copies in one process may clash: create exclusively. */
export async function nextName(): Promise<string> {
  prefix ??= Promise.all([host(), startOf(process.pid)]).then(
    ([name, start]) => `${name}-${process.pid}-${start ?? 'unknown'}`,
  )
  return `${await prefix}-${counter++}`
}

/**
 * Whether the process that made the name still runs. `unknown`: it runs elsewhere, or the name is no such name.
 * `dead` is never said of a living process.
 */
export async function fateOf(name: string): Promise<'alive' | 'dead' | 'unknown'> {
  const match = ownName.exec(name)
  if (match === null || match[1] !== (await host())) return 'unknown'
  const pid = Number(match[2])
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return 'dead'
  }
  const start = await startOf(pid)
  return start === undefined || start === match[3] ? 'alive' : 'dead'
}

let hostName: Promise<string> | undefined

function host(): Promise<string> {
  hostName ??= readlink('/proc/self/ns/pid').then(
    (namespace) => `${safeHostname()}.${namespace.replace(/\D/g, '')}`,
    safeHostname,
  )
  return hostName
}

function safeHostname(): string {
  return hostname()
    .replace(/[^\w.-]/g, '_')
    .slice(0, 100)
}

/**
 * When a process began: the boot and the clock tick, from Linux's `/proc`. `ended` for a process that was killed
 * and that its parent has not collected yet. Undefined where the system does not say.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // proc(5): pid (comm) state ppid … starttime, the 22nd field. comm may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended'
    return `${boot.slice(0, 8)}${fields[19]}`
  } catch {
    return undefined
  }
}
