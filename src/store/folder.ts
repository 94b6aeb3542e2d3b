import { lstat, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Runtime } from '../runtime.ts'
import { unavailable, unless } from './failure.ts'
import { folderMode } from './mode.ts'
import type { Scratch } from './scratch.ts'

/** An open directory archive. */
export type Archive = {
  readonly root: string
  readonly scratch: Scratch
  readonly busyWaitMs: number
  readonly sleep: Runtime['sleep']
  /** The folders whose entries in their parents this store knows to be durable. */
  readonly folders: Map<string, Promise<void>>
}

/** Makes the store's own folders: always both, so that archives with the same objects have the same folders. */
export async function makeScratch(archive: Archive): Promise<void> {
  await makeFolder(archive, archive.scratch.tmp)
  await makeFolder(archive, archive.scratch.locks)
}

/**
 * Makes the folder and those above it, up to the root, which is never made again: an archive that was unmounted
 * must not continue on the disk below. Syncs each parent also where the folder was there: whoever made it may not
 * have come this far, and what is stored in it must survive a power cut.
 */
export function makeFolder(archive: Archive, folder: string): Promise<void> {
  if (folder === archive.root) return Promise.resolve()
  let made = archive.folders.get(folder)
  if (made === undefined) {
    made = makeFolder(archive, dirname(folder)).then(async () => {
      await unless(['EEXIST'], mkdir(folder, folderMode))
      if (!(await lstat(folder)).isDirectory())
        throw unavailable(`use ${folder}`, 'it is a file or link', 'Move it away')
      await syncFolder(dirname(folder))
    })
    archive.folders.set(folder, made)
    made.catch(() => archive.folders.delete(folder))
  }
  return made
}

/** Makes a folder's entries durable, where the file system can: some network file systems say EINVAL. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await unless(['EINVAL', 'ENOTSUP'], handle.sync())
  } finally {
    await handle.close()
  }
}
