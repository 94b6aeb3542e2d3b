import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedTable, openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { runtimeWith } from '../../support/runtime.ts'
import { createClock } from './folder.ts'

/** The files of a table as a kill would leave them, in memory. */
export type Image = { readonly database: Buffer | undefined; readonly wal: Buffer | undefined }

export function takeImage(folder: string): Image {
  const read = (name: string) => {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path) : undefined
  }
  return { database: read('table.db'), wal: read('table.db-wal') }
}

/** Opens the table of an image in a folder of its own, gives it to `look`, and closes it. @throws as the opening does. */
export async function openImage<T>(
  within: string,
  { database, wal }: Image,
  look: (opened: EmbeddedTable) => Promise<T>,
): Promise<T> {
  const folder = join(within, 'image')
  mkdirSync(folder)
  try {
    if (database) writeFileSync(join(folder, 'table.db'), database)
    if (wal) writeFileSync(join(folder, 'table.db-wal'), wal)
    const opened = await openEmbeddedTable({ folder, runtime: runtimeWith({ clock: createClock() }) })
    try {
      return await look(opened)
    } finally {
      await opened.close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
