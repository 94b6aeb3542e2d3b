import fs from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { PipelineError } from '../record/error.ts'
import { type Runtime, systemRuntime } from '../runtime.ts'
import { checkSignal, orUnavailable, unavailable, unless } from './failure.ts'
import { absentCodes, etagOf, fileAt } from './file.ts'
import { type Archive, syncFolder } from './folder.ts'
import { checkKey, ownFolder } from './key.ts'
import { makeFolders } from './newfolder.ts'
import { sweep } from './scratch.ts'
import type { ObjectInfo, ObjectStore, StoredObject } from './store.ts'
import { walk, walkKeys } from './walk.ts'
import { putObject, removeObject } from './write.ts'

const busyWaitMsDefault = 10_000

/**
 * Opens the archive in a directory: the object `a/b.avro` is the file `a/b.avro` below it. The folder `.dmd` in it
 * is the store's own, and holds no file while nothing runs. Symbolic links below the directory are no part of the
 * archive. Folders stay when their last object is deleted.
 *
 * Any number of stores, processes and hosts may use one directory at once. Opening it clears away what killed
 * processes have left. The file system has to know hard links; where it ignores case, so do the keys.
 *
 * @param options.create Makes a missing directory; true unless given.
 * @param options.busyWaitMs How long a replacement or deletion waits while another process is at the same object.
 * @param options.runtime The one of this process unless given.
 * @throws PipelineError SETTING_INVALID when the path is no directory; STORE_UNAVAILABLE when it is missing and
 *   not to be created, or cannot be used. All calls of the store also throw STORE_BUSY after `busyWaitMs`.
 */
export async function openDirectoryStore(
  path: string,
  options: { readonly create?: boolean; readonly busyWaitMs?: number; readonly runtime?: Runtime } = {},
): Promise<ObjectStore> {
  const root = resolve(path)
  const scratch = { tmp: join(root, ownFolder, 'tmp'), locks: join(root, ownFolder, 'locks') }
  await orUnavailable(`open ${root}`, async () => {
    await openRoot(root, options.create ?? true)
    await sweep(scratch)
  })
  const busyWaitMs = options.busyWaitMs ?? busyWaitMsDefault
  const { sleep } = options.runtime ?? systemRuntime()
  const archive: Archive = { root, scratch, busyWaitMs, sleep, folders: new Map() }
  return {
    url: pathToFileURL(root).href,
    versions: undefined,
    put: (key, bytes, options) => putObject(archive, key, bytes, options ?? {}),
    get: (key, options) => read(archive, 'get', key, options?.signal, () => getObject(archive, key)),
    head: (key, options) => read(archive, 'head', key, options?.signal, () => headObject(archive, key)),
    list: (prefix, options) => list(archive, prefix, options ?? {}),
    keys: (prefix, options) => keys(archive, prefix, options ?? {}),
    delete: (key, options) => removeObject(archive, key, options ?? {}),
  }
}

async function openRoot(root: string, create: boolean): Promise<void> {
  const found = await unless(['ENOENT'], stat(root))
  if (found !== undefined && !found.isDirectory())
    throw new PipelineError('SETTING_INVALID', `${root} is no directory. Name the archive's directory.`)
  if (found !== undefined) return
  if (!create)
    throw new PipelineError(
      'STORE_UNAVAILABLE',
      `there is no archive at ${root} yet. Deliver records to it first, or correct the path.`,
      { isFixInMessage: true },
    )
  const first = await makeFolders(root)
  if (first === undefined) return
  for (let folder = root; folder !== dirname(first); folder = dirname(folder))
    await syncFolder(dirname(folder))
}

async function read<T>(
  archive: Archive,
  verb: string,
  key: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T | undefined>,
): Promise<T | undefined> {
  checkKey(key)
  checkSignal(signal)
  return orUnavailable(`${verb} ${key}`, async () => {
    const found = await work()
    // An archive that was removed or unmounted has not lost one object: it cannot say.
    if (found === undefined) await stat(archive.root)
    return found
  })
}

async function headObject(archive: Archive, key: string): Promise<ObjectInfo | undefined> {
  const found = await fileAt(join(archive.root, key))
  return found === undefined ? undefined : { key, size: Number(found.size), etag: etagOf(found) }
}

// By descriptor: a FileHandle costs three times as much, which counts where there are thousands of small objects.
const [openFile, statFile, readFile, closeFile] = [
  promisify(fs.open),
  promisify(fs.fstat),
  promisify(fs.read),
  promisify(fs.close),
]

async function getObject(archive: Archive, key: string): Promise<StoredObject | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
  const flags = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)
  const file = await unless([...absentCodes, 'ELOOP'], openFile(join(archive.root, key), flags))
  if (file === undefined) return undefined
  try {
    const found = await statFile(file, { bigint: true })
    if (!found.isFile()) return undefined
    const bytes = await readWhole(file, Number(found.size))
    if (bytes === undefined)
      throw unavailable(
        `get ${key}`,
        'it changed while it was read',
        'Keep other programs from writing to it',
      )
    return { key, size: bytes.length, etag: etagOf(found), bytes }
  } finally {
    await closeFile(file)
  }
}

/** The bytes of a file of this size, in one call for all but the largest; undefined when it is of another one. */
async function readWhole(file: number, size: number): Promise<Uint8Array | undefined> {
  // One byte more than there should be: a file that grew meanwhile is told by it.
  const bytes = Buffer.allocUnsafe(size + 1)
  let length = 0
  do {
    const asked = Math.min(size + 1 - length, readBytesMax)
    const { bytesRead } = await readFile(file, bytes, length, asked, length)
    if (bytesRead === 0) break
    length += bytesRead
  } while (length < size)
  return length === size ? bytes.subarray(0, size) : undefined
}

/** Systems read no more than 2 GB at once. */
const readBytesMax = 1 << 30

type ListOptions = { readonly after?: string; readonly signal?: AbortSignal }

async function* list(
  archive: Archive,
  prefix: string,
  { after, signal }: ListOptions,
): AsyncGenerator<ObjectInfo> {
  const head = (key: string) => headObject(archive, key)
  yield* listing(archive, prefix, walk({ root: archive.root, prefix, after, signal }, head))
}

function keys(
  archive: Archive,
  prefix: string,
  { after, signal }: ListOptions,
): AsyncGenerator<readonly string[]> {
  return listing(archive, prefix, walkKeys({ root: archive.root, prefix, after, signal }))
}

async function* listing<T>(archive: Archive, prefix: string, found: AsyncGenerator<T>): AsyncGenerator<T> {
  await orUnavailable(`list '${prefix}'`, () => stat(archive.root))
  for (;;) {
    const next = await orUnavailable(`list '${prefix}'`, () => found.next())
    if (next.done) return
    yield next.value
  }
}
