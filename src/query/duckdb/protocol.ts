import { PipelineError, type RunCode } from '../../record/error.ts'
import type { RecordSchema } from '../../record/schema.ts'
import type { ObjectInfo, StoredObject } from '../../store/store.ts'
import type { Cell, Column, Dialect, LoadProgress, Scan } from '../engine.ts'

// What the process of the caller ("parent") and the one that runs statements ("child") say to each other, by Node's IPC
// with structured clones. One statement at a time:
//
//     parent → child   open                       once, first
//                      run                        a statement, under a number of its own
//                      more                       one more message of rows may come; `rowsAhead` may from the start
//                      loaded                     the progress was shown, the next one may come
//                      stop                       end the statement
//                      reply                      to a call of the archive
//                      close                      no statement comes any more
//     child → parent   opened | failed (n = 0)
//                      loading*, result, rows*, done | failed      of the statement n
//                      call                       asks the archive, which the parent alone reads
//
// So each side holds at most `rowsAhead` messages of rows, one progress, and the objects that were called for.

/** How many messages of rows may be on their way. */
export const rowsAhead = 2

/** A message of rows has about so many bytes, and one row at least. */
export const rowsBytes = 1 << 20

/** The largest row that crosses, in bytes. */
export const rowBytesMax = 64 * 1024 * 1024

/** How many objects a reply lists. */
export const pageMax = 1000

export type Opening = {
  readonly catalog: ReadonlyMap<string, RecordSchema>
  /** The archive's. */
  readonly url: string
  /** The cache. */
  readonly folder: string
  /** True where nobody needs the folder once the parent is gone. */
  readonly isTemporary: boolean
  readonly memoryMax: string
  readonly spillMax?: string
  readonly threads: number
}

export type SentStatement = {
  readonly sql: string
  readonly dialect?: Dialect
  readonly rowsMax?: number
  /** Whether progress is to be sent. */
  readonly isWatched: boolean
  /** The Parquet file that the result is written to, in the cache's folder; rows are sent where there is none. */
  readonly path?: string
}

/** A call of the archive. `list` names the listing that the next page is of. */
export type ArchiveCall =
  | { readonly kind: 'page'; readonly list: number; readonly prefix: string }
  | { readonly kind: 'get'; readonly key: string }

export type ListedPage = { readonly objects: readonly ObjectInfo[]; readonly isLast: boolean }

export type CallReply =
  | { readonly page: ListedPage }
  | { readonly object: StoredObject | undefined }
  | { readonly failed: SentError }

export type Request =
  | { readonly what: 'open'; readonly opening: Opening }
  | { readonly what: 'run'; readonly n: number; readonly statement: SentStatement }
  | { readonly what: 'more' | 'loaded' | 'stop'; readonly n: number }
  | { readonly what: 'reply'; readonly id: number; readonly reply: CallReply }
  | { readonly what: 'close' }

/** What a statement is answered with, in this order. */
export type ChildAnswer =
  | { readonly what: 'loading'; readonly n: number; readonly progress: LoadProgress }
  | { readonly what: 'result'; readonly n: number; readonly columns: readonly Column[]; readonly scan?: Scan }
  | { readonly what: 'rows'; readonly n: number; readonly rows: readonly (readonly Cell[])[] }
  | { readonly what: 'done'; readonly n: number; readonly rows: number; readonly scan?: Scan }
  | { readonly what: 'failed'; readonly n: number; readonly error: SentError }

export type FromChild =
  | ChildAnswer
  | { readonly what: 'opened' }
  | { readonly what: 'call'; readonly id: number; readonly call: ArchiveCall }

/** An error as it crosses: classes do not. */
export type SentError = {
  readonly message: string
  readonly code?: RunCode
  readonly isFixInMessage?: boolean
  /** Of an error of the system. */
  readonly system?: { readonly code?: string; readonly syscall?: string; readonly path?: string }
}

export function toSent(error: unknown): SentError {
  if (error instanceof PipelineError)
    return { message: error.message, code: error.code, isFixInMessage: error.fix === undefined }
  if (!(error instanceof Error)) return { message: String(error) }
  const { message } = error
  if (!('syscall' in error)) return { message }
  const { code, syscall, path } = error as NodeJS.ErrnoException
  return { message, system: { ...(code && { code }), ...(syscall && { syscall }), ...(path && { path }) } }
}

export function fromSent({ message, code, isFixInMessage = false, system }: SentError): Error {
  if (code !== undefined) return new PipelineError(code, message, { isFixInMessage })
  return Object.assign(new Error(message), system)
}
