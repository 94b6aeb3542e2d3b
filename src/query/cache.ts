import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject, type Json } from '../record/type.ts'
import { replaceFile } from '../store/atomic-file.ts'
import { makeFolders } from '../store/newfolder.ts'
import { fateOf, nextName } from '../store/owner.ts'
import type { ArchiveFile } from './files.ts'

/**
 * Packs on disk: Parquet files, each with the rows of some files of an archive, which is never changed once it is
 * there. Its name is a digest of what it holds, and a file of JSON beside it, written last, says that it is whole; so
 * any number of processes may use and fill a cache at once, with no lock. Whatever is in doubt is made anew.
 *
 *     {type}-{digest}.parquet    the rows
 *     {type}-{digest}.json       what they were made from
 *     {type}-{digest}.retired    instead of that: another pack has the rows now, and a query elsewhere may still read it
 *     new-{owner}                being written
 */
export type Cache = {
  readonly folder: string
  /** The packs of a type whose files are all among these, each file in one of them at most. Drops those that are not. */
  readonly find: (type: string, files: readonly ArchiveFile[]) => Promise<readonly Pack[]>
  /** Adds a pack that `write` makes at the path that it is given. */
  readonly add: (
    type: string,
    files: readonly ArchiveFile[],
    write: (path: string) => Promise<WrittenPack>,
  ) => Promise<Pack>
  /** Lets go of packs whose rows another one has. */
  readonly retire: (packs: readonly Pack[]) => Promise<void>
  /** The packs that a message of DuckDB names: they cannot be read. */
  readonly findLost: (message: string) => readonly Pack[]
  /** Deletes packs at once. */
  readonly drop: (packs: readonly Pack[]) => Promise<void>
}

export type Pack = {
  readonly name: string
  /** The Parquet file. */
  readonly path: string
  /** Its size in bytes. */
  readonly bytes: number
  readonly rows: number
  readonly members: readonly Member[]
}

/** A file whose rows a pack has. */
export type Member = {
  readonly key: string
  readonly etag: string
  readonly rows: number
  /** Why it has none, where it is no file of the table. */
  readonly skipped?: string
}

/** A pack as it was written: what it took of each file, in the order of the files. */
export type WrittenPack = {
  readonly bytes: number
  readonly files: readonly Pick<Member, 'rows' | 'skipped'>[]
}

/** Goes up when the form of a pack changes. */
const packVersion = 1

/** How long a pack that is no longer needed stays for those who began to read it. */
const retiredMs = 60 * 60 * 1000

/**
 * Opens the cache in `folder`, which is made for its owner alone. `layout` stands for all that decides on the form of
 * a type's packs: packs of another layout are left alone. `clock` gives milliseconds since 1970.
 */
export async function openCache(
  folder: string,
  layoutOf: (type: string) => string,
  clock: () => number,
): Promise<Cache> {
  await makeFolders(folder)
  const known = new Map<string, Known>()
  const pathOf = (name: string, ending: string) => join(folder, `${name}.${ending}`)

  const remove = async (name: string) => {
    known.delete(name)
    await rm(pathOf(name, 'json'), { force: true })
    await rm(pathOf(name, 'parquet'), { force: true })
  }
  const read = async (type: string, name: string): Promise<Known | 'broken' | 'gone'> => {
    const before = known.get(name)
    if (before) return before
    const found = await readPack(folder, name, digestOf(type, layoutOf(type)))
    if (typeof found === 'object') known.set(name, found)
    return found
  }

  await cleanCache(folder, clock())
  return {
    folder,
    find: async (type, files) => {
      const etags = new Map(files.map(({ key, etag }) => [key, etag]))
      const packs: Pack[] = []
      for (const entry of await readdir(folder)) {
        const name = /^(.+-[0-9a-f]{32})\.json$/.exec(entry)?.[1]
        if (name === undefined || name.slice(0, -33) !== type) continue
        const found = await read(type, name)
        if (found === 'gone') continue
        const isStale = found === 'broken' || found.members.some(({ key, etag }) => etags.get(key) !== etag)
        if (isStale) await remove(name)
        else if (!found.isForeign) packs.push(found)
      }
      return choose(packs)
    },
    add: async (type, files, write) => {
      const name = `${type}-${digestOf(type, layoutOf(type), ...files.flatMap(({ key, etag }) => [key, etag]))}`
      const path = join(folder, `new-${await nextName()}`)
      try {
        const { files: taken, bytes } = await write(path)
        await rename(path, pathOf(name, 'parquet'))
        const members = files.map(({ key, etag }, index) => ({ key, etag, ...(taken[index] ?? { rows: 0 }) }))
        const layout = digestOf(type, layoutOf(type))
        const text = JSON.stringify({ version: packVersion, layout, bytes, members })
        await replaceFile(pathOf(name, 'json'), text, { part: path })
        const pack = toPack(folder, name, bytes, members)
        known.set(name, { ...pack, isForeign: false })
        return pack
      } finally {
        await rm(path, { force: true })
      }
    },
    retire: async (packs) => {
      const now = new Date(clock())
      for (const { name } of packs) {
        known.delete(name)
        try {
          await rename(pathOf(name, 'json'), pathOf(name, 'retired'))
          await utimes(pathOf(name, 'retired'), now, now)
        } catch {
          // Somebody else was quicker.
        }
      }
    },
    findLost: (message) => [...known.values()].filter(({ path }) => message.includes(path)),
    drop: async (packs) => {
      for (const { name } of packs) await remove(name)
    },
  }
}

/** 128 bits of a digest that no two lists of texts share. */
function digestOf(...texts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([packVersion, ...texts]))
    .digest('hex')
    .slice(0, 32)
}

function toPack(folder: string, name: string, bytes: number, members: readonly Member[]): Pack {
  const rows = members.reduce((sum, member) => sum + member.rows, 0)
  return { name, path: join(folder, `${name}.parquet`), bytes, rows, members }
}

/** A pack, and whether another version or another schema made it, so that nobody here can read it. */
type Known = Pack & { readonly isForeign: boolean }

async function readPack(folder: string, name: string, layout: string): Promise<Known | 'broken' | 'gone'> {
  let text: string
  try {
    text = await readFile(join(folder, `${name}.json`), 'utf8')
  } catch {
    return 'gone'
  }
  try {
    const pack: Json = JSON.parse(text)
    if (!isObject(pack)) return 'broken'
    const { bytes, members } = pack
    if (!Array.isArray(members) || !members.every(isMember) || typeof bytes !== 'number') return 'broken'
    const { size } = await stat(join(folder, `${name}.parquet`))
    if (size !== bytes) return 'broken'
    const isForeign = pack.version !== packVersion || pack.layout !== layout
    return { ...toPack(folder, name, bytes, members), isForeign }
  } catch {
    return 'broken'
  }
}

function isMember(value: unknown): value is Member {
  return (
    isObject(value) &&
    typeof value.key === 'string' &&
    typeof value.etag === 'string' &&
    typeof value.rows === 'number' &&
    (value.skipped === undefined || typeof value.skipped === 'string')
  )
}

/** Of packs that have a file in common, one: the larger. */
function choose(packs: readonly Pack[]): readonly Pack[] {
  const taken = new Set<string>()
  const ordered = [...packs].sort((a, b) => b.members.length - a.members.length || (a.name < b.name ? -1 : 1))
  return ordered.filter(({ members }) => {
    if (members.some(({ key }) => taken.has(key))) return false
    for (const { key } of members) taken.add(key)
    return true
  })
}

/** Deletes what a process left that was killed, and what was retired long ago. */
export async function cleanCache(folder: string, nowMs: number): Promise<void> {
  const entries = await readdir(folder)
  const isOld = async (path: string) => {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: nowMs }))
    return nowMs - mtimeMs > retiredMs
  }
  for (const entry of entries) {
    const path = join(folder, entry)
    const [, owner] = /^new-(.+)$/.exec(entry) ?? []
    if (owner !== undefined && (await fateOf(owner)) === 'dead')
      await rm(path, { recursive: true, force: true })
    const [, retired] = /^(.+)\.retired$/.exec(entry) ?? []
    if (retired !== undefined && (await isOld(path))) {
      if (!entries.includes(`${retired}.json`)) await rm(join(folder, `${retired}.parquet`), { force: true })
      await rm(path, { force: true })
    }
    // A crash between the two files of a pack leaves the first alone.
    const [, whole] = /^(.+)\.parquet$/.exec(entry) ?? []
    const isAlone =
      whole !== undefined &&
      !entries.some((other) => other === `${whole}.json` || other === `${whole}.retired`)
    if (isAlone && (await isOld(path))) await rm(path, { force: true })
  }
}
