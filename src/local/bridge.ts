import { join } from 'node:path'
import type { Runtime } from '../runtime.ts'
import { openDirectoryStore } from '../store/directory.ts'
import { makeFolders } from '../store/newfolder.ts'
import { connectToTableStream, type DynamoDBStreamOptions } from './bridge/connection.ts'
import { createForwarder } from './bridge/forward.ts'
import { createTableSource } from './bridge/source.ts'
import { connectToStream, type KinesisOptions } from './kinesis/connection.ts'
import { type MappingStatus, startMapping } from './mapping.ts'

export type BridgeOptions = {
  /** Where changes come from: a table in DynamoDB, or a server that speaks its protocols. */
  readonly from: DynamoDBStreamOptions
  /** Where they go. */
  readonly to: KinesisOptions
  /** Where it is kept how far each shard is; for this bridge alone. */
  readonly folder: string
  readonly runtime: Runtime
  /** The least time between two reads of a shard at the tip, in milliseconds. */
  readonly readGapMs?: number
}

export type BridgeStatus = MappingStatus & {
  /** Changes that were too large for Kinesis. */
  readonly skipped: number
}

export type Bridge = {
  /** The ARNs of the table's stream and of the one in Kinesis. */
  readonly from: string
  readonly to: string
  readonly status: () => BridgeStatus
  /**
   * Puts all that is in the table's stream by now into Kinesis, and ends. An empty page counts as the end of an open
   * shard: so it is with servers on one machine, while DynamoDB itself may give one before that. What is left is read
   * by the next start.
   */
  readonly drain: () => Promise<void>
  /** Finishes what is under way and ends; the next start goes on. */
  readonly stop: () => Promise<void>
  /** Rejects when it cannot go on; resolves when it has ended. */
  readonly done: Promise<void>
}

/**
 * Pumps the stream of a table into Kinesis, for a DynamoDB server that cannot do so itself, in the envelope in which
 * DynamoDB does. At least once; the changes of an item in their order; a shard after its parents. A table that is
 * given another stream is read from that one's oldest change on, with a folder of its own.
 *
 * The changes' times are as fine as the server gives them: seconds from DynamoDB, minutes from DynamoDB Local.
 *
 * @throws PipelineError SOURCE_UNAVAILABLE when either stream cannot be used, CHECKPOINT_INVALID when the folder is in
 *   use or a file in it is damaged.
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { runtime, readGapMs = 200 } = options
  const table = await connectToTableStream(options.from, runtime)
  const closing: (() => unknown)[] = [() => table.close()]
  const close = async () => {
    for (const step of closing.reverse()) await step()
  }
  let skipped = 0
  try {
    const kinesis = await connectToStream(options.to, runtime)
    closing.push(() => kinesis.close())
    const folder = join(options.folder, encodeURIComponent(table.arn.split('/').slice(1).join('/')))
    const failed = join(folder, 'failed')
    await makeFolders(failed)
    const mapping = await startMapping({
      source: createTableSource(table, readGapMs),
      handler: createForwarder({
        kinesis,
        log: runtime.log,
        skipped: () => {
          skipped += 1
        },
      }),
      folder,
      failures: await openDirectoryStore(failed, { runtime }),
      // Later than any stream keeps it: a change is not given up while there is a way to read it again.
      settings: { windowMs: 0, recordAgeMaxMs: 7 * 86_400_000, functionTimeoutMs: 900_000 },
      runtime,
    })
    const done = mapping.done.finally(close)
    done.catch(() => {})
    return {
      from: table.arn,
      to: kinesis.arn,
      status: () => ({ ...mapping.status(), skipped }),
      drain: () => mapping.drain().then(() => done),
      stop: () => mapping.stop().then(() => done),
      done,
    }
  } catch (error) {
    await close()
    throw error
  }
}
