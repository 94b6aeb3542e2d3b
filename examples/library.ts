/**
 * Delivers change records to an archive and asks the archive in SQL, as a library:
 *
 *     npx tsx examples/library.ts changes.jsonl ./archive
 *
 * The file has one change record a line, as Kinesis Data Streams for DynamoDB writes them; `npx dmd simulate` makes some.
 */
import { readFileSync } from 'node:fs'
import { deliverBatch, jsonLog, loadCatalog, openStore, readSettings, toRules } from 'dmd-pipeline'
import { openDuckDb } from 'dmd-pipeline/query'

const [file = 'changes.jsonl', archive = './archive'] = process.argv.slice(2)
const lines = readFileSync(file, 'utf8').trimEnd().split('\n')

const settings = readSettings({ env: process.env })
const catalog = loadCatalog()
const store = await openStore(archive)

// A batch that is delivered twice writes the same objects, so a failed call is safe to repeat.
const records = lines.map((line, n) => ({ payload: Buffer.from(line), sequence: String(n + 1) }))
const { delivered, errored } = await deliverBatch(
  { stream: 'changes', shard: 'shard-0', records },
  {
    store,
    rules: toRules(catalog, settings),
    log: jsonLog((line) => process.stderr.write(line)),
    clock: Date.now,
    putsParallel: settings.putsParallel,
    putTimeoutMs: settings.putTimeoutMs,
  },
)
console.log(`${records.length} records = ${delivered} delivered + ${errored} errored`)

const engine = await openDuckDb({ store, catalog })
try {
  const { rows } = await engine.query('SELECT COUNT(*) FROM demand_current')
  for await (const chunk of rows)
    for (const [count] of chunk) console.log(`${count} requests in demand_current`)
} finally {
  await engine.close()
}
