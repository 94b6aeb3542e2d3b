import { constants } from 'node:fs'
import { access, link, mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { orUnavailable, systemCode, unavailable, unless } from './failure.ts'
import { ownFolder } from './key.ts'
import { folderMode } from './mode.ts'
import { nextName } from './owner.ts'
import { discard, writeTemp } from './scratch.ts'

/** The folders of an archive that commands write to. */
const written = ['data', 'errors', 'failed', 'triage', 'replays']

/**
 * Whether the archive in a directory can be written: by the rights of its folders, and by a file of the store's own that
 * is written, linked and removed again. Nothing that was not there before is there afterwards.
 *
 * @returns False when there is no such directory, and the nearest folder above it lets one be made.
 * @throws PipelineError STORE_UNAVAILABLE when it cannot be written, or is no directory.
 */
export async function probeDirectory(path: string): Promise<boolean> {
  const root = resolve(path)
  return orUnavailable(`write to ${root}`, async () => {
    let above = root
    while ((await unless(['ENOENT'], stat(above))) === undefined) above = dirname(above)
    await checkFolder(above)
    if (above !== root) return false
    for (const name of written) await unless(['ENOENT'], checkFolder(join(root, name)))
    await writeAndRemove(root)
    return true
  })
}

async function checkFolder(path: string): Promise<void> {
  const { W_OK, X_OK } = constants
  // A file in the way of a folder fails with ENOTDIR, as a put would.
  await access(`${path}/`, W_OK | X_OK)
}

async function writeAndRemove(root: string): Promise<void> {
  const scratch = { tmp: join(root, ownFolder, 'tmp'), locks: join(root, ownFolder, 'locks') }
  const made: string[] = []
  for (const folder of [dirname(scratch.tmp), scratch.tmp]) if (await isMade(folder)) made.push(folder)
  try {
    const { path } = await writeTemp(scratch, Buffer.from('probe'))
    const second = join(scratch.tmp, await nextName())
    try {
      // Objects get their names by hard links, and a name that is taken must stay as it is.
      await link(path, second)
      if (await isLinked(path, second))
        throw unavailable(`write to ${root}`, 'a file that exists is overwritten', 'Use another file system')
    } finally {
      await discard(second)
      await discard(path)
    }
  } finally {
    for (const folder of made.reverse()) await unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], rmdir(folder))
  }
}

const isMade = (folder: string) => isNew(mkdir(folder, folderMode))
const isLinked = (path: string, name: string) => isNew(link(path, name))

/** False when there was one of that name before. */
async function isNew(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}
