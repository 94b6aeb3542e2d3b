import { connectToStream, type KinesisOptions } from '../../src/local/kinesis/connection.ts'
import { putChanges } from '../../src/local/kinesis/put.ts'
import type { ChangeSource, Position } from '../../src/local/source.ts'
import { systemRuntime } from '../../src/runtime.ts'

/** Puts what comes out of a source into a Kinesis stream, in the order of each shard, as the service does for a table. */
export async function startPump(
  source: ChangeSource,
  target: KinesisOptions,
): Promise<{ readonly close: () => Promise<void> }> {
  const stream = await connectToStream(target, systemRuntime())
  const stop = new AbortController()
  const pump = async (shard: string) => {
    let position: Position = 'oldest'
    while (!stop.signal.aborted) {
      const options = { recordsMax: 500, waitMs: 1_000, signal: stop.signal }
      const { records, next } = await source.read(shard, position, options)
      if (records.length > 0) await putChanges(stream, records)
      position = next
    }
  }
  const shards = await source.listShards()
  const running = shards.map(({ id }) =>
    pump(id).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error
    }),
  )
  return {
    async close() {
      stop.abort()
      await Promise.all(running)
      stream.close()
    },
  }
}
