import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDirectoryStore } from '../../src/store/directory.ts'
import { storeContract } from '../contract/store.ts'

storeContract('the directory store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'dmd-'))
  return {
    store: await openDirectoryStore(root),
    another: () => openDirectoryStore(root),
    close: () => rm(root, { recursive: true }),
  }
})
