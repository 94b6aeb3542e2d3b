import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openKinesisSource } from '../../src/local/kinesis.ts'
import { openEmbeddedTable } from '../../src/local/table/embedded.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { startKinesisServer } from '../local/kinesis/server.ts'
import { liveCases } from './cases.ts'
import { startPump } from './pump.ts'

liveCases('Kinesis by HTTP', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dmd-live-'))
  const server = await startKinesisServer()
  await server.createStream('changes', 2)
  const target = { stream: 'changes', region: 'us-east-1', endpoint: server.endpoint }
  const store = await openDirectoryStore(join(folder, 'archive'))
  const embedded = await openEmbeddedTable({ folder: join(folder, 'table'), runtime: systemRuntime() })
  const pump = await startPump(embedded.source, target)
  const source = await openKinesisSource(target, systemRuntime())
  return {
    ...{ table: embedded.table, source, store },
    async close() {
      await source.close()
      await pump.close()
      await embedded.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
