import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedOptions, openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { sourceContract } from '../../contract/source.ts'

function contract(name: string, options: Partial<EmbeddedOptions>): void {
  sourceContract(name, async (shards) => {
    const folder = await mkdtemp(join(tmpdir(), 'dmd-stream-'))
    const opened = await openEmbeddedTable({ folder, runtime: systemRuntime(), shards, ...options })
    return {
      source: opened.source,
      async put(key, n) {
        await opened.table.put({ PK: { S: key }, SK: { S: 'x' }, n: { N: String(n) } })
      },
      readBack(record) {
        const { Keys, NewImage } = JSON.parse(Buffer.from(record.bytes).toString('utf8')).dynamodb
        return { key: Keys.PK.S, n: Number(NewImage.n.N) }
      },
      split: (shard) => opened.reshard({ split: shard }),
      merge: (one, other) => opened.reshard({ merge: [one, other] }),
      async close() {
        await opened.close()
        await rm(folder, { recursive: true })
      },
    }
  })
}

contract('the embedded stream', {})
contract('the embedded stream, moved into its database at each write', { walBytesMax: 0 })
