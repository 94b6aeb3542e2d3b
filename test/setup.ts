import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string

/** Commands under test keep their caches in a folder of the run, and not in the user's. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'dmd-test-cache-'))
  process.env.XDG_CACHE_HOME = folder
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
