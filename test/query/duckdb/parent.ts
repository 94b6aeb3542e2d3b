// A process that asks: it opens DuckDB with the worker's script that it is given, runs a statement that hears nothing, as
// `dmd query` would, and prints the process that runs it.
import { systemIo } from '../../../src/cli/process.ts'
import { openIsolated } from '../../../src/query/duckdb/isolated.ts'
import { forkWorker } from '../../../src/query/duckdb/worker.ts'
import { openMemoryStore } from '../../../src/store/memory.ts'

const [script = '', folder = '', graceMs = '1000', sql = ''] = process.argv.slice(2)
const io = systemIo(process)
const pids: (number | undefined)[] = []
const fork = () => {
  const child = forkWorker(script)
  pids.push(child.pid)
  return child
}
const cache = folder === '' ? {} : { cache: { folder } }
const parts = { store: openMemoryStore(), catalog: new Map(), memoryMax: '60MB', ...cache }
const engine = await openIsolated(parts, { fork, graceMs: Number(graceMs) })
const asked = engine.query(sql, { dialect: 'duckdb', signal: io.interrupt })
await io.out(`${JSON.stringify(pids)}\n`)
await asked.catch((error: Error) => io.err(error.message))
await engine.close()
