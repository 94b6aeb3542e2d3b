import type { BigIntStats } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../record/error.ts'
import type { Runtime } from '../runtime.ts'
import { checkSignal, systemCode, unless } from './failure.ts'
import { fileMode, folderMode } from './mode.ts'
import { fateOf, nextName } from './owner.ts'

/**
 * The store's own folders, both empty whenever nothing runs.
 *
 * - `tmp/{owner}`: an object while it is written, a lock while it is made.
 * - `locks/{sha256 of the key}/{owner}`: a held lock.
 */
export type Scratch = { readonly tmp: string; readonly locks: string }

const foreignAgeNsMax = 24n * 3_600_000_000_000n
const pollMsMax = 20

/** Writes bytes to a new file in `tmp` and makes them durable. A failed write leaves no file behind. */
export async function writeTemp(
  scratch: Scratch,
  bytes: Uint8Array,
): Promise<{ path: string; stat: BigIntStats }> {
  const { path, made: handle } = await reserve(scratch, (free) => open(free, 'wx', fileMode))
  try {
    await handle.writeFile(bytes)
    await handle.sync()
    return { path, stat: await handle.stat({ bigint: true }) }
  } catch (error) {
    await discard(path)
    throw error
  } finally {
    await handle.close()
  }
}

/** Removes a temp file or folder. One that cannot be removed is left to the sweep of a later open. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined)
}

/** Now, as the file system stamps it, in nanoseconds: the only clock that object times can be compared with. */
export async function fileSystemNow(scratch: Scratch): Promise<bigint> {
  const { path, made: handle } = await reserve(scratch, (free) => open(free, 'wx', fileMode))
  try {
    return (await handle.stat({ bigint: true })).mtimeNs
  } finally {
    await handle.close()
    await discard(path)
  }
}

/**
 * Runs `work` while nobody else, in this process or another, holds the lock of that name.
 *
 * A lock is a folder that holds one file, named after its owner. The folder is made aside and renamed into place,
 * which succeeds only where there is none or an empty one: taking a lock is atomic, owner's name included. A lock
 * is broken by removing the file that its dead owner named. Nobody else's file has that name, so a slow breaker
 * can never remove the lock that a quick one has taken meanwhile.
 *
 * @throws PipelineError STORE_BUSY after `waitMs`, when the owner lives or may live on another machine.
 */
export async function withLock<T>(
  scratch: Scratch,
  lock: {
    readonly name: string
    readonly key: string
    readonly waitMs: number
    readonly sleep: Runtime['sleep']
    readonly signal: AbortSignal | undefined
  },
  work: () => Promise<T>,
): Promise<T> {
  const path = join(scratch.locks, lock.name)
  const claim = await reserve(scratch, (free) => mkdir(free, folderMode))
  try {
    await (await open(join(claim.path, claim.name), 'wx', fileMode)).close()
    let waitedMs = 0
    for (let pollMs = 1; !(await take(claim.path, path)); pollMs = Math.min(pollMs * 2, pollMsMax)) {
      checkSignal(lock.signal)
      const owner = await breakDead(path)
      if (owner === undefined) continue
      if (waitedMs >= lock.waitMs) throw busy(lock.key, owner, path)
      await lock.sleep(pollMs)
      waitedMs += pollMs
    }
  } catch (error) {
    await discard(claim.path)
    throw error
  }
  try {
    return await work()
  } finally {
    await unless(['ENOENT'], unlink(join(path, claim.name)))
    await removeEmpty(path)
  }
}

/**
 * Removes what dead processes of this host have left, and what unknown ones left more than 24 hours ago. Never
 * touches the files of a living process. Does nothing in an archive that can only be read.
 */
export async function sweep(scratch: Scratch): Promise<void> {
  await unless(['EACCES', 'EPERM', 'EROFS'], removeLeftovers(scratch))
}

async function removeLeftovers(scratch: Scratch): Promise<void> {
  for (const name of await namesIn(scratch.tmp))
    if (await isLeftover(scratch, name, join(scratch.tmp, name)))
      await rm(join(scratch.tmp, name), { recursive: true, force: true })
  for (const lock of await namesIn(scratch.locks)) {
    const path = join(scratch.locks, lock)
    for (const name of await namesIn(path))
      if (await isLeftover(scratch, name, join(path, name)))
        await unless(['ENOENT'], unlink(join(path, name)))
    await removeEmpty(path)
  }
}

async function isLeftover(scratch: Scratch, name: string, path: string): Promise<boolean> {
  const fate = await fateOf(name)
  if (fate !== 'unknown') return fate === 'dead'
  const stat = await unless(['ENOENT'], lstat(path, { bigint: true }))
  return stat !== undefined && (await fileSystemNow(scratch)) - stat.mtimeNs > foreignAgeNsMax
}

async function reserve<T>(scratch: Scratch, make: (path: string) => Promise<T>) {
  for (;;) {
    const name = await nextName()
    const path = join(scratch.tmp, name)
    try {
      return { name, path, made: await make(path) }
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
}

/** rename(2): onto a folder that is not empty it fails with ENOTEMPTY or EEXIST, by the file system. */
async function take(claim: string, path: string): Promise<boolean> {
  try {
    await rename(claim, path)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}

/** Breaks the lock when its owner is dead. The owner when it is not; undefined when the lock may be free now. */
async function breakDead(path: string): Promise<string | undefined> {
  for (const name of await namesIn(path)) {
    if ((await fateOf(name)) !== 'dead') return name
    await unless(['ENOENT'], unlink(join(path, name)))
  }
  return undefined
}

function busy(key: string, owner: string, path: string): PipelineError {
  return new PipelineError(
    'STORE_BUSY',
    `the object ${key} is locked by another process (${owner}). Run the same command again; ` +
      `if that process runs on another machine and is gone for good, remove ${path}.`,
  )
}

async function namesIn(folder: string): Promise<string[]> {
  return (await unless(['ENOENT', 'ENOTDIR'], readdir(folder))) ?? []
}

/** Somebody else may remove the folder first, or take the lock by renaming theirs onto it. */
async function removeEmpty(folder: string): Promise<void> {
  await unless(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'], rmdir(folder))
}
