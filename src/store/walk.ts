import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkSignal, unless } from './failure.ts'
import { compareKeys, keyProblem } from './key.ts'
import type { ObjectInfo } from './store.ts'

export type Walk = {
  readonly root: string
  readonly prefix: string
  readonly after: string | undefined
  readonly signal: AbortSignal | undefined
}

const statsAtOnceMax = 32

/** The objects whose keys `walkKeys` gives, with what `head` says of each. What vanishes meanwhile is left out. */
export async function* walk(
  walk: Walk,
  head: (key: string) => Promise<ObjectInfo | undefined>,
): AsyncGenerator<ObjectInfo> {
  for await (const keys of walkKeys(walk)) {
    for (let start = 0; start < keys.length; start += statsAtOnceMax) {
      checkSignal(walk.signal)
      const page = keys.slice(start, start + statsAtOnceMax)
      for (const info of await Promise.all(page.map(head))) if (info !== undefined) yield info
    }
  }
}

/**
 * The keys below `walk.root` with the prefix, in the order of their UTF-8 bytes, some at a time. Holds the names of one
 * folder per level, and no more. What is no object is left out: symbolic links and whatever they lead to, names that
 * are no keys, the store's own folder.
 */
export async function* walkKeys(walk: Walk): AsyncGenerator<readonly string[]> {
  const folder = walk.prefix.slice(0, walk.prefix.lastIndexOf('/') + 1)
  if (folder === '' || (await isPlain(walk.root, folder.slice(0, -1)))) yield* walkFolder(walk, folder)
}

/** True when the folder is in the archive, and no part of its path is a symbolic link or anything else. */
async function isPlain(root: string, folder: string): Promise<boolean> {
  if (keyProblem(folder) !== undefined) return false
  const parts = folder.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const stat = await unless(['ENOENT', 'ENOTDIR'], lstat(join(root, ...parts.slice(0, count))))
    if (!stat?.isDirectory()) return false
  }
  return true
}

async function* walkFolder(walk: Walk, folder: string): AsyncGenerator<readonly string[]> {
  let page: string[] = []
  for (const key of await keysIn(walk, folder)) {
    if (!key.endsWith('/')) {
      page.push(key)
      continue
    }
    if (page.length > 0) yield page
    page = []
    yield* walkFolder(walk, key)
  }
  if (page.length > 0) yield page
}

/** The keys in one folder, sorted; a folder's ends with '/', so that it sorts where its objects do. */
async function keysIn(walk: Walk, folder: string): Promise<string[]> {
  checkSignal(walk.signal)
  const keys: string[] = []
  const listing = readdir(join(walk.root, folder), { withFileTypes: true })
  for (const entry of (await unless(['ENOENT', 'ENOTDIR'], listing)) ?? []) {
    const key = folder + entry.name
    if (keyProblem(key) !== undefined) continue
    if (entry.isDirectory() && mayHold(walk, `${key}/`)) keys.push(`${key}/`)
    else if (entry.isFile() && key.startsWith(walk.prefix) && isAfter(walk, key)) keys.push(key)
  }
  // Names that are not UTF-8 all read as U+FFFD: only one of each such spelling can be a real key.
  return keys.sort(compareKeys).filter((key, index) => key !== keys[index - 1])
}

function mayHold(walk: Walk, folder: string): boolean {
  if (!folder.startsWith(walk.prefix) && !walk.prefix.startsWith(folder)) return false
  return isAfter(walk, folder) || walk.after?.startsWith(folder) === true
}

function isAfter(walk: Walk, key: string): boolean {
  return walk.after === undefined || compareKeys(key, walk.after) > 0
}
