import { join } from 'node:path'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { openDirectoryStore } from '../../../src/store/directory.ts'
import type { ObjectStore } from '../../../src/store/store.ts'
import { start } from './run.ts'

// `child {table} {folder} {put} {moment}`: delivers a table's changes into a folder, and is killed at the nth put: before
// it, in the midst of it, or after it.
const [tableFolder = '', folder = '', put = '0', moment = ''] = process.argv.slice(2)
const killAt = Number(put)
const kill = () => process.kill(process.pid, 'SIGKILL')

let puts = 0
function killing(store: ObjectStore): ObjectStore {
  return {
    ...store,
    put: async (...args) => {
      puts += 1
      if (puts !== killAt) return store.put(...args)
      if (moment === 'before') kill()
      const stored = store.put(...args)
      if (moment === 'within') setTimeout(kill, 1)
      const outcome = await stored
      kill()
      return outcome
    },
  }
}

const opened = await openEmbeddedTable({ folder: tableFolder, runtime: systemRuntime() })
const store = killing(await openDirectoryStore(join(folder, 'archive')))
const mapping = await start(opened.source, folder, { store })
await mapping.drain()
process.stderr.write('not killed\n')
process.exitCode = 1
await opened.close()
