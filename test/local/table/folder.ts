import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type EmbeddedOptions,
  type EmbeddedTable,
  openEmbeddedTable,
} from '../../../src/local/table/embedded.ts'

/** 2025-02-13T18:30:00Z. */
export const startMs = 1_739_471_400_000

/** A clock that stands still until it is moved. */
export function createClock(nowMs = startMs) {
  const clock = () => clock.nowMs
  clock.nowMs = nowMs
  return clock
}

/** An empty folder, removed with the test. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dmd-table-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A table in a folder, closed with the test. */
export async function openTable(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedTable> {
  const folder = options.folder ?? (await makeFolder())
  const opened = await openEmbeddedTable({ clock: createClock(), ...options, folder })
  onTestFinished(() => opened.close())
  return opened
}
