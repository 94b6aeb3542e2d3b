import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { PipelineError } from '../../record/error.ts'

/**
 * The memory that a process holds now (its resident set), in bytes: from Linux's /proc, elsewhere from `ps`. Undefined
 * where the process is gone, or the system has neither.
 */
export async function readResidentBytes(pid: number): Promise<number | undefined> {
  const kib = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid)
  return kib === undefined || !Number.isFinite(kib) ? undefined : kib * 1024
}

// proc(5), /proc/PID/status: `VmRSS:     1234 kB`
async function fromProc(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kib] = /^VmRSS:\s*(\d+) kB$/m.exec(status) ?? []
  return kib === undefined ? undefined : Number(kib)
}

/** As POSIX's `ps` gives it, in KiB. */
export async function fromPs(pid: number): Promise<number | undefined> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  const text = stdout.trim()
  return /^\d+$/.test(text) ? Number(text) : undefined
}

const units: { readonly [unit: string]: number } = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** What a size such as `2GB` or `512MiB` is in bytes, as DuckDB reads it. Throws SETTING_INVALID for any other text. */
export function parseBytes(size: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B)$/i.exec(size.trim()) ?? []
  const bytes = Number(number) * (units[unit.toUpperCase()] ?? Number.NaN)
  if (Number.isFinite(bytes)) return bytes
  throw new PipelineError('SETTING_INVALID', `memoryMax: "${size}" is not a size such as 2GB`, {
    isFixInMessage: true,
  })
}
