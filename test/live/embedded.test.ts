import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedTable } from '../../src/local/table/embedded.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { liveCases } from './cases.ts'

liveCases('the embedded table and stream, and a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dmd-live-'))
  const store = await openDirectoryStore(join(folder, 'archive'))
  const { table, source, close } = await openEmbeddedTable({
    folder: join(folder, 'table'),
    runtime: systemRuntime(),
  })
  return {
    ...{ table, source, store },
    async close() {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
