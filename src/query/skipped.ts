import type { Catalog } from '../record/schema.ts'
import { eachBounded } from '../store/bounded.ts'
import type { ObjectStore } from '../store/store.ts'
import { listFiles, type SkippedFile } from './files.ts'
import { whyForeign } from './pack/build.ts'

export type SkippedFiles = {
  readonly skipped: readonly SkippedFile[]
  /** How many files were read, the newest of each table, and how many there are. */
  readonly read: number
  readonly files: number
}

const readsAtOnce = 16

/**
 * The objects below `data/` that no query has rows of: by their names all of them, by what they hold those among the last
 * `filesMax` files of each table. Throws as the store does.
 */
export async function findSkipped(
  store: ObjectStore,
  catalog: Catalog,
  filesMax: number,
): Promise<SkippedFiles> {
  const skipped: SkippedFile[] = []
  let read = 0
  let total = 0
  for (const schema of catalog.values()) {
    const { files, skipped: misnamed } = await listFiles(store, schema.type)
    skipped.push(...misnamed)
    total += files.length
    const newest = files.slice(-filesMax)
    const reasons = new Map<string, string>()
    await eachBounded(newest, readsAtOnce, async ({ key }) => {
      const object = await store.get(key)
      const why = object && whyForeign(object.bytes, schema)
      if (why !== undefined) reasons.set(key, why)
    })
    read += newest.length
    for (const { key } of newest) {
      const why = reasons.get(key)
      if (why !== undefined) skipped.push({ key, why })
    }
  }
  return { skipped, read, files: total }
}
