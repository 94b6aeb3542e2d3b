// One process's part of the benchmark: opens the engine over an archive and a cache, asks, and prints what it took as
// JSON. It is of the build, as it is shipped.
// `node ask.mjs ARCHIVE CACHE SQL TIMES [in]`: `in` runs statements in this process
import { loadCatalog, openDirectoryStore } from 'dmd-pipeline'
import { openDuckDb } from 'dmd-pipeline/query'

const [archive = '', cache = '', sql = '', times = '1', where = ''] = process.argv.slice(2)
const openedMs = performance.now()
const engine = await openDuckDb({
  store: await openDirectoryStore(archive),
  catalog: loadCatalog(),
  cache: { folder: cache },
  inProcess: where === 'in',
})
const openMs = performance.now() - openedMs
const tookMs: number[] = []
let rows = 0
let scan: unknown
for (let time = 0; time < Number(times); time++) {
  const startedMs = performance.now()
  const result = await engine.query(sql)
  rows = 0
  for await (const chunk of result.rows) rows += chunk.length
  scan = result.scan
  tookMs.push(performance.now() - startedMs)
}
await engine.close()
process.stdout.write(
  JSON.stringify({
    openMs,
    tookMs,
    rows,
    scan,
    cpuMs: process.cpuUsage().user / 1000,
    peakKb: process.resourceUsage().maxRSS,
  }),
)
