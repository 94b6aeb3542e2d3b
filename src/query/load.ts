import { chmod, stat } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { quoteText } from '../dialect/sql.ts'
import { createShredder, type Shredder } from '../parquet/shred.ts'
import type { RecordSchema } from '../record/schema.ts'
import type { Cache, Pack } from './cache.ts'
import type { LoadProgress } from './engine.ts'
import type { ArchiveFile, ReadableStore, SkippedFile } from './files.ts'
import { buildPack, openBuilder } from './pack/build.ts'
import { hasThreads, openThread } from './pack/thread.ts'

/** The files of one pack have at most so many bytes in the archive: what is lost when one of them is replaced. */
const packSourceBytesMax = 64 * 1024 * 1024
const packFilesMax = 4096
/** A thread takes a while to start, so each gets at least so many bytes of files. */
const threadBytesMin = 4 * 1024 * 1024

/** When a type has more packs than this of about one size, they become one. */
const packsOfSizeMax = 16
/** A pack with more rows is left as it is. */
const mergeRowsMax = 1_000_000

/** What a query needs of a type: what lies in the archive, and the files whose rows it may want. */
export type Need = {
  readonly schema: RecordSchema
  readonly files: readonly ArchiveFile[]
  readonly skipped: readonly SkippedFile[]
  readonly wanted: readonly ArchiveFile[]
}

export type LoadOptions = {
  readonly signal?: AbortSignal
  readonly onLoad?: (progress: LoadProgress) => Promise<void>
  /** How many packs may be built at once, each by a thread of its own. */
  readonly threads: number
}

/**
 * Brings the cache up to what is needed and returns the packs of each type: together they hold every wanted file once,
 * perhaps others of the archive too, and none that is not there now.
 *
 * Throws as the store and `onLoad` do, FileMoved where the archive changed meanwhile, and CONTAINER_INVALID, naming the
 * file, for one that cannot be read. What was loaded by then stays loaded.
 */
export async function loadPacks(
  store: ReadableStore,
  cache: Cache,
  needs: readonly Need[],
  options: LoadOptions,
): Promise<ReadonlyMap<string, readonly Pack[]>> {
  const plans = await Promise.all(
    needs.map(async ({ schema, files, wanted }) => {
      const packs = [...(await cache.find(schema.type, files))]
      const held = new Set(packs.flatMap(({ members }) => members.map(({ key }) => key)))
      return { schema, packs, fresh: wanted.filter(({ key }) => !held.has(key)) }
    }),
  )
  const filesTotal = plans.reduce((sum, { fresh }) => sum + fresh.length, 0)
  let files = 0
  let rows = 0
  const onFile = async (count: number) => {
    files += 1
    rows += count
    options.signal?.throwIfAborted()
    await options.onLoad?.({ files, filesTotal, rows })
  }
  for (const { schema, fresh, packs } of plans) {
    const bytes = fresh.reduce((sum, { size }) => sum + size, 0)
    const threads = hasThreads ? Math.min(options.threads, Math.floor(bytes / threadBytesMin)) : 1
    const open = (path: string) =>
      threads > 1 ? openThread(path, schema, options.signal) : openBuilder(path, schema, shredderOf(schema))
    const packBytes = Math.min(packSourceBytesMax, threads > 1 ? Math.ceil(bytes / threads) : bytes)
    await eachOf(groups(fresh, packBytes), Math.max(1, threads), async (group) => {
      const build = (path: string) => buildPack(store, group, () => open(path), { ...options, onFile })
      packs.push(await cache.add(schema.type, group, build))
    })
  }
  const merged = new Map<string, readonly Pack[]>()
  for (const { schema, packs } of plans) merged.set(schema.type, await mergeSmall(cache, schema.type, packs))
  return merged
}

/** Compiling takes longer than using it once. */
const shredders = new WeakMap<RecordSchema, Shredder>()

function shredderOf(schema: RecordSchema): Shredder {
  const shredder = shredders.get(schema) ?? createShredder(schema.row)
  shredders.set(schema, shredder)
  return shredder
}

/** Works on all, so many at once. After the first failure no further one is begun. */
async function eachOf<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  let isFailed = false
  const run = async () => {
    for (const item of waiting) {
      if (isFailed) return
      await work(item).catch((error: unknown) => {
        isFailed = true
        throw error
      })
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, run))
  for (const result of ended) if (result.status === 'rejected') throw result.reason
}

function groups(files: readonly ArchiveFile[], packBytes: number): readonly (readonly ArchiveFile[])[] {
  const all: ArchiveFile[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const file of files) {
    const last = all.at(-1)
    if (last && last.length < packFilesMax && bytes + file.size <= packBytes) last.push(file)
    else {
      all.push([file])
      bytes = 0
    }
    bytes += file.size
  }
  return all
}

async function mergeSmall(cache: Cache, type: string, packs: readonly Pack[]): Promise<readonly Pack[]> {
  let merged = packs
  for (;;) {
    const many = [...groupBySize(merged).values()].find((group) => group.length > packsOfSizeMax)
    if (!many) return merged
    const members = many.flatMap((pack) => pack.members)
    const one = await cache.add(
      type,
      members.map((member) => ({ ...member, size: 0, partition: '' })),
      async (path) => ({
        bytes: await writeMerged(many, path),
        files: members.map(({ rows, skipped }) => (skipped === undefined ? { rows } : { rows, skipped })),
      }),
    )
    await cache.retire(many)
    merged = [...merged.filter((pack) => !many.includes(pack)), one]
  }
}

/** Of one size are packs whose numbers of rows are within a factor of sixteen. */
function groupBySize(packs: readonly Pack[]): ReadonlyMap<number, readonly Pack[]> {
  const sizes = new Map<number, Pack[]>()
  for (const pack of packs) {
    if (pack.rows > mergeRowsMax) continue
    const size = Math.floor(Math.log2(pack.rows + 1) / 4)
    const group = sizes.get(size)
    if (group) group.push(pack)
    else sizes.set(size, [pack])
  }
  return sizes
}

/** Copies packs into one, by a database of its own, which runs nothing else. */
async function writeMerged(packs: readonly Pack[], path: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: '', memory_limit: '1GB' })
  const connection = await instance.connect()
  try {
    const from = `read_parquet([${packs.map((pack) => quoteText(pack.path)).join(', ')}])`
    await connection.run(
      `COPY (SELECT * FROM ${from}) TO ${quoteText(path)} (FORMAT parquet, ROW_GROUP_SIZE 65536)`,
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
  await chmod(path, 0o600)
  return (await stat(path)).size
}
