import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { tableContract } from '../../contract/table.ts'

tableContract('the embedded table', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dmd-table-'))
  const opened = await openEmbeddedTable({ folder, runtime: systemRuntime() })
  return {
    table: opened.table,
    close: async () => {
      await opened.close()
      await rm(folder, { recursive: true })
    },
  }
})
