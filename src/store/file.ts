import type { BigIntStats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { unless } from './failure.ts'
import type { Archive } from './folder.ts'
import { fileSystemNow } from './scratch.ts'

/** A key leads to no object also where a folder has its name, or a file that of one of its folders. */
export const absentCodes: readonly string[] = ['ENOENT', 'ENOTDIR']

/** Longer than the coarsest time stamps in use, those of FAT. */
const ageWaitNsMax = 2_500_000_000n

/** The plain file at a path; undefined when there is none, or something else. */
export async function fileAt(path: string): Promise<BigIntStats | undefined> {
  const found = await unless(absentCodes, lstat(path, { bigint: true }))
  return found?.isFile() ? found : undefined
}

/**
 * An ETag is the file's inode, size and time of writing. An inode is used again as soon as its file is gone, so no
 * object goes before the file system's clock, often of 4 ms, has passed its time: whatever gets the inode next is
 * younger. Needless, and not waited for, when the time is far in the future: no new file will have it.
 */
export async function outlive({ scratch, sleep }: Archive, object: BigIntStats): Promise<void> {
  for (;;) {
    const now = await fileSystemNow(scratch)
    if (now > object.mtimeNs || object.mtimeNs - now > ageWaitNsMax) return
    await sleep(1)
  }
}

export function etagOf(found: BigIntStats): string {
  return `${found.ino.toString(36)}-${found.size}-${found.mtimeNs.toString(36)}`
}

export function isSameFile(found: BigIntStats | undefined, etag: string): boolean {
  return found !== undefined && etagOf(found) === etag
}
