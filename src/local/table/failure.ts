import { getSystemErrorName } from 'node:util'
import { PipelineError } from '../../record/error.ts'
import { systemCode } from '../../store/failure.ts'

const fullDisk = 'Free space on its disk; what was acknowledged is safe'
const rights = 'Give this user the right to read and write there'
const fixes: { readonly [code: string]: string } = {
  ENOSPC: fullDisk,
  EFBIG: fullDisk,
  EDQUOT: fullDisk,
  SQLITE_FULL: fullDisk,
  EACCES: rights,
  EPERM: rights,
  SQLITE_CANTOPEN: rights,
  EROFS: 'Mount its disk writable',
}

/** A file of the table is not as it was written. */
export class DamagedTable extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(what, options)
    this.name = 'DamagedTable'
  }
}

/** Runs `work` and turns errors of the file system, of SQLite and damage into TABLE_UNAVAILABLE with the fix. */
export async function orTableUnavailable<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw toTableError(action, cause)
  }
}

/** The error as TABLE_UNAVAILABLE where the file system, SQLite or damage is behind it; else as it is. */
export function toTableError(action: string, cause: unknown): unknown {
  const damage = damageOf(cause)
  if (damage !== undefined)
    return tableUnavailable(
      `the table could not ${action}: ${damage}. Restore its folder from a copy, or begin with an empty one`,
      cause,
    )
  const code = sqliteCode(cause)
  if (code === undefined) return cause
  return tableUnavailable(
    `the table could not ${action} (${code}). ${fixes[code] ?? 'Check its folder'}`,
    cause,
  )
}

export function tableUnavailable(what: string, cause?: unknown): PipelineError {
  return new PipelineError('TABLE_UNAVAILABLE', `${what}.`, { cause })
}

/** What is damaged, in words that quote no item; undefined for an error of any other kind. */
export function damageOf(cause: unknown): string | undefined {
  if (cause instanceof DamagedTable) return cause.message
  const name = sqliteName(cause)
  return name === 'SQLITE_CORRUPT' || name === 'SQLITE_NOTADB'
    ? `the database is damaged (${name})`
    : undefined
}

/** The system's code where the file system failed, such as `ENOSPC`; else SQLite's, such as `SQLITE_FULL`. */
export function sqliteCode(cause: unknown): string | undefined {
  const name = sqliteName(cause)
  if (name === undefined) return systemCode(cause)
  const { systemErrno } = cause as { systemErrno?: unknown }
  return name.startsWith('SQLITE_IOERR') && typeof systemErrno === 'number' && systemErrno > 0
    ? getSystemErrorName(-systemErrno)
    : name
}

function sqliteName(cause: unknown): string | undefined {
  return cause instanceof Error && 'sqliteCodeName' in cause ? String(cause.sqliteCodeName) : undefined
}
