/**
 * Delivers change records to an archive and asks the archive in SQL, as a library:
 *
 *     npx tsx examples/library.ts changes.jsonl ./archive
 *
 * The file has one change record a line, as Kinesis Data Streams for DynamoDB writes them; `npx dmd simulate` makes some.
 */
import { readFileSync } from 'node:fs'
import { createWorker } from 'dmd-pipeline'
import { openDuckDb } from 'dmd-pipeline/query'

const [file = 'changes.jsonl', archive = './archive'] = process.argv.slice(2)
const lines = readFileSync(file, 'utf8').trimEnd().split('\n')

const worker = await createWorker({ archive })

// A batch that is delivered twice writes the same objects, so a failed call is safe to repeat.
const records = lines.map((line, n) => ({ payload: Buffer.from(line), sequence: String(n + 1) }))
const { delivered, errored } = await worker.deliver({ stream: 'changes', shard: 'shard-0', records })
console.log(`${records.length} records = ${delivered} delivered + ${errored} errored`)

const engine = await openDuckDb({ store: worker.store, catalog: worker.catalog })
try {
  const { rows } = await engine.query('SELECT COUNT(*) FROM demand_current')
  for await (const chunk of rows)
    for (const [count] of chunk) console.log(`${count} requests in demand_current`)
} finally {
  await engine.close()
}
