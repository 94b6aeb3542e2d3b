import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../record/error.ts'
import { unless } from '../store/failure.ts'
import { makeFolders } from '../store/newfolder.ts'
import { fateOf } from '../store/owner.ts'
import { sweep, withLock } from '../store/scratch.ts'

const lockName = 'folder'

function scratchOf(folder: string) {
  return { tmp: join(folder, '.dmd/tmp'), locks: join(folder, '.dmd/locks') }
}

/**
 * Takes the folder for this process, until the function that it gives is called or the process ends. A folder whose
 * process was killed is free again.
 *
 * @throws what `busy` makes, when another process, or this one, has it.
 */
export async function lockFolder(
  folder: string,
  busy: (cause: PipelineError) => PipelineError,
): Promise<() => Promise<void>> {
  const scratch = scratchOf(folder)
  for (const path of Object.values(scratch)) await makeFolders(path)
  await sweep(scratch)
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let held: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    // Nobody is waited for.
    const sleep = () => Promise.resolve()
    const lock = { name: lockName, key: 'folder', waitMs: 0, sleep, signal: undefined }
    held = withLock(scratch, lock, () => {
      resolve()
      return released
    })
    held.catch(reject)
  }).catch((error: unknown) => {
    throw error instanceof PipelineError && error.code === 'STORE_BUSY' ? busy(error) : error
  })
  return async () => {
    release()
    await held
  }
}

/**
 * What has become of the process that took the folder: `unknown` when it runs on another machine, undefined when nobody
 * has it. Takes and changes nothing.
 */
export async function holderOf(folder: string): Promise<'alive' | 'dead' | 'unknown' | undefined> {
  const [name] = (await unless(['ENOENT', 'ENOTDIR'], readdir(join(scratchOf(folder).locks, lockName)))) ?? []
  return name === undefined ? undefined : fateOf(name)
}
