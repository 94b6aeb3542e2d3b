import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Every folder and file below a folder, files with the digest of their bytes: equal trees pass `diff -r`. */
export function tree(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return new Map(
    names.map((name) => {
      const path = join(folder, name)
      const isFile = statSync(path).isFile()
      return [name, isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder']
    }),
  )
}
