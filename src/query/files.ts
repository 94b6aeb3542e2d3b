import { parseLocalDate } from '../record/date.ts'
import type { ObjectStore } from '../store/store.ts'
import { partitionColumnName } from './tables.ts'

/** What a query needs of an archive: it lists and reads, and cannot do more. */
export type ReadableStore = Pick<ObjectStore, 'url' | 'list' | 'get'>

/** A file of a table. */
export type ArchiveFile = {
  readonly key: string
  readonly etag: string
  /** Size in bytes. */
  readonly size: number
  /** The date of its folder. */
  readonly partition: string
}

/** An object in the place of a table's files that gives the table no rows, and why not. */
export type SkippedFile = { readonly key: string; readonly why: string }

export type Listing = {
  /** The table's files, in ascending order of their keys. */
  readonly files: readonly ArchiveFile[]
  /** Objects among them whose names are none of a table's file. Those whose names start with . or _ are left out, as in Athena. */
  readonly skipped: readonly SkippedFile[]
}

const filePattern = new RegExp(`^data/[^/]+/${partitionColumnName}=(\\d{4}-\\d{2}-\\d{2})/[^/]+\\.avro$`)

const hiddenPattern = /\/[._][^/]*$/

/** The objects below the folder of a record type. */
export async function listFiles(
  store: ReadableStore,
  type: string,
  options: { signal?: AbortSignal } = {},
): Promise<Listing> {
  const files: ArchiveFile[] = []
  const skipped: SkippedFile[] = []
  for await (const { key, etag, size } of store.list(`data/${type}/`, options)) {
    if (hiddenPattern.test(key)) continue
    const partition = filePattern.exec(key)?.[1]
    if (partition !== undefined && parseLocalDate(partition) !== undefined)
      files.push({ key, etag, size, partition })
    else skipped.push({ key, why: partition === undefined ? notNamed : `there is no day ${partition}` })
  }
  return { files, skipped }
}

const notNamed = `its name is not ${partitionColumnName}=YYYY-MM-DD/….avro`
