import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../record/error.ts'
import { sweep, withLock } from '../store/scratch.ts'

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
  const scratch = { tmp: join(folder, '.dmd/tmp'), locks: join(folder, '.dmd/locks') }
  for (const path of Object.values(scratch)) await mkdir(path, { recursive: true, mode: 0o700 })
  await sweep(scratch)
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let held: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    const lock = { name: 'folder', key: 'folder', waitMs: 0, signal: undefined }
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
