import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type EmbeddedOptions,
  type EmbeddedTable,
  openEmbeddedTable,
} from '../../../src/local/table/embedded.ts'
import type { Runtime } from '../../../src/runtime.ts'
import { runtimeWith } from '../../support/runtime.ts'

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
export async function openTable(
  options: Partial<EmbeddedOptions> & Partial<Pick<Runtime, 'clock' | 'newId'>> = {},
): Promise<EmbeddedTable> {
  const { folder = await makeFolder(), clock = createClock(), newId, ...more } = options
  const runtime = runtimeWith({ clock, ...(newId && { newId }) })
  const opened = await openEmbeddedTable({ runtime, ...more, folder })
  onTestFinished(() => opened.close())
  return opened
}
