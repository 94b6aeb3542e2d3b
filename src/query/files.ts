import type { ObjectStore } from '../store/store.ts'
import { partitionColumn } from './tables.ts'

/** A file of a table. */
export type ArchiveFile = {
  readonly key: string
  readonly etag: string
  /** Size in bytes. */
  readonly size: number
  /** The date of its folder. */
  readonly partition: string
}

/** As for Athena, a file whose name starts with . or _ is none of the table's. */
const filePattern = new RegExp(`^data/[^/]+/${partitionColumn}=(\\d{4}-\\d{2}-\\d{2})/[^/._][^/]*\\.avro$`)

/** The files of a record type, in ascending order of their keys. */
export async function listFiles(
  store: ObjectStore,
  type: string,
  options: { signal?: AbortSignal } = {},
): Promise<readonly ArchiveFile[]> {
  const files: ArchiveFile[] = []
  for await (const { key, etag, size } of store.list(`data/${type}/`, options)) {
    const partition = filePattern.exec(key)?.[1]
    if (partition !== undefined) files.push({ key, etag, size, partition })
  }
  return files
}
