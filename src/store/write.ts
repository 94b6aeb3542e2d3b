import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { link, lstat, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkSignal, orUnavailable, systemCode, unavailable, unless } from './failure.ts'
import { absentCodes, etagOf, fileAt, isSameFile, outlive } from './file.ts'
import { type Archive, makeFolder, makeScratch, syncFolder } from './folder.ts'
import { checkKey } from './key.ts'
import { discard, withLock, writeTemp } from './scratch.ts'
import type { PutCondition, PutOutcome } from './store.ts'

type PutOptions = { readonly condition?: PutCondition; readonly signal?: AbortSignal }
type DeleteOptions = { readonly ifMatch?: string; readonly signal?: AbortSignal }
type Temp = { readonly path: string; readonly stat: BigIntStats }

const exists = { outcome: 'exists' } as const

/** `ObjectStore.put`. When it throws after the file system has failed, the object may be there all the same. */
export async function putObject(
  archive: Archive,
  key: string,
  bytes: Uint8Array,
  options: PutOptions,
): Promise<PutOutcome> {
  return change(archive, 'put', key, () => put(archive, key, bytes, options))
}

/** `ObjectStore.delete`. */
export async function removeObject(archive: Archive, key: string, options: DeleteOptions): Promise<boolean> {
  return change(archive, 'delete', key, () => remove(archive, key, options))
}

async function change<T>(archive: Archive, verb: string, key: string, work: () => Promise<T>): Promise<T> {
  checkKey(key)
  return orUnavailable(`${verb} ${key}`, async () => {
    try {
      return await work()
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      // Somebody removed a folder that this store remembers. Nothing was stored: once more, with all of them made.
      archive.folders.clear()
      return await work()
    }
  })
}

async function put(
  archive: Archive,
  key: string,
  bytes: Uint8Array,
  options: PutOptions,
): Promise<PutOutcome> {
  const { condition, signal } = options
  checkSignal(signal)
  const path = join(archive.root, key)
  const ifAbsent = condition !== undefined && 'ifAbsent' in condition
  const ifMatch = condition !== undefined && 'ifMatch' in condition ? condition.ifMatch : undefined
  const before = await fileAt(path)
  if (ifMatch !== undefined && !isSameFile(before, ifMatch)) {
    await stat(archive.root)
    return { outcome: 'changed' }
  }
  await makeFolder(archive, dirname(path))
  const isTaken = ifAbsent && before !== undefined
  const outcome = isTaken ? exists : await publish(archive, key, bytes, { ifAbsent, ifMatch, signal })
  // Also for `exists`: its caller takes it for success, and whoever stored the object may not have come this far.
  if (outcome.outcome !== 'changed') await syncFolder(dirname(path))
  return outcome
}

/** Writes the object aside and gives it its name. */
async function publish(
  archive: Archive,
  key: string,
  bytes: Uint8Array,
  {
    ifAbsent,
    ifMatch,
    signal,
  }: { ifAbsent: boolean; ifMatch: string | undefined; signal: AbortSignal | undefined },
): Promise<PutOutcome> {
  await makeScratch(archive)
  checkSignal(signal)
  const path = join(archive.root, key)
  const temp = await writeTemp(archive.scratch, bytes)
  try {
    checkSignal(signal)
    const stored = { outcome: 'stored', etag: etagOf(temp.stat) } as const
    if (ifAbsent) return (await create(temp.path, path, key)) ? stored : exists
    const replaced = await locked(archive, key, signal, () => replace(archive, temp, path, key, ifMatch))
    return replaced ? stored : { outcome: 'changed' }
  } finally {
    await discard(temp.path)
  }
}

/** True when the object is now there, false when one was before. */
async function create(temp: string, path: string, key: string): Promise<boolean> {
  try {
    await link(temp, path)
    return true
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    const there = await unless(absentCodes, lstat(path))
    if (there === undefined || there.isFile()) return false
    throw unavailable(`put ${key}`, 'a folder or link has its name', 'Move it away', error)
  }
}

/** Under the key's lock: false when the object is not the one that `ifMatch` names. */
async function replace(
  archive: Archive,
  temp: Temp,
  path: string,
  key: string,
  ifMatch: string | undefined,
): Promise<boolean> {
  let current = await fileAt(path)
  if (ifMatch !== undefined && !isSameFile(current, ifMatch)) return false
  if (current === undefined) {
    // Only creations need no lock: when one comes in between, what it made stays until this lock is released.
    if (await create(temp.path, path, key)) return true
    current = await fileAt(path)
  }
  if (current !== undefined && temp.stat.mtimeNs <= current.mtimeNs) await outlive(archive, current)
  await rename(temp.path, path)
  return true
}

async function remove(archive: Archive, key: string, { ifMatch, signal }: DeleteOptions): Promise<boolean> {
  checkSignal(signal)
  const path = join(archive.root, key)
  const isMeant = (found: BigIntStats | undefined) =>
    found !== undefined && (ifMatch === undefined || isSameFile(found, ifMatch))
  if (!isMeant(await fileAt(path))) {
    await stat(archive.root)
    return false
  }
  await makeScratch(archive)
  return locked(archive, key, signal, async () => {
    const current = await fileAt(path)
    if (current === undefined || !isMeant(current)) return false
    await outlive(archive, current)
    await unlink(path)
    // The whole folder may have been removed by now: so much the better.
    await unless(['ENOENT'], syncFolder(dirname(path)))
    return true
  })
}

function locked<T>(
  archive: Archive,
  key: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const name = createHash('sha256').update(key).digest('hex')
  return withLock(
    archive.scratch,
    { name, key, waitMs: archive.busyWaitMs, sleep: archive.sleep, signal },
    work,
  )
}
