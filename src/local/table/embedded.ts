import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Runtime } from '../../runtime.ts'
import { makeFolders } from '../../store/newfolder.ts'
import { lockFolder } from '../lock.ts'
import type { ChangeSource } from '../source.ts'
import { createShards, type Reshard, reshard } from '../stream/shards.ts'
import { createStream } from '../stream/source.ts'
import type { Item, Table } from '../table.ts'
import { createCommitter } from './commit.ts'
import { openTableDatabase } from './database.ts'
import { orTableUnavailable, tableUnavailable } from './failure.ts'
import { checkItem, checkItemKey, itemText, keyMembers } from './item.ts'
import { type Swept, sweepTable } from './sweep.ts'

export type EmbeddedOptions = {
  /** It is made where it is missing, readable to this user alone. */
  readonly folder: string
  /** Its `newId` names changes. */
  readonly runtime: Runtime
  /** The table's name, in its changes. */
  readonly name?: string
  readonly region?: string
  /** How many shards a stream that is made now has. */
  readonly shards?: number
  /** How long the stream keeps a change; 24 hours, as Kinesis. */
  readonly retentionMs?: number
  /** A write-ahead log that is longer than this is moved into the database. */
  readonly walBytesMax?: number
}

/** A table and its stream of changes, in one folder. */
export type EmbeddedTable = {
  readonly table: Table
  readonly source: ChangeSource
  /**
   * Deletes the items that have expired, and drops what the stream need not keep any longer. To be called every few
   * seconds; the folder grows without bound where it is not.
   */
  sweep(): Promise<Swept>
  /** Splits or merges shards of the stream. @throws TypeError for shards that are not there or not fit for it. */
  reshard(change: Reshard): Promise<void>
  /** Finishes the writes under way, and gives the folder free. */
  close(): Promise<void>
}

/**
 * Opens the table in a folder, or makes an empty one. Items and the stream of their changes are in one SQLite database; a
 * write is one transaction, and is acknowledged once that is on the disk. After a kill, at whatever point, all that was
 * acknowledged is there.
 *
 * @throws PipelineError TABLE_UNAVAILABLE when another process has the folder, an earlier version wrote it, or its files
 *   are damaged or unusable.
 */
export async function openEmbeddedTable(options: EmbeddedOptions): Promise<EmbeddedTable> {
  const folder = resolve(options.folder)
  return orTableUnavailable(`open ${folder}`, async () => {
    await makeFolders(folder)
    const unlock = await lockFolder(folder, (cause) =>
      tableUnavailable(
        `the table in ${folder} is open already, here or in another process. Stop that one, or name another folder`,
        cause,
      ),
    )
    try {
      return await open(folder, options, unlock)
    } catch (error) {
      await unlock()
      throw error
    }
  })
}

async function open(
  folder: string,
  options: EmbeddedOptions,
  unlock: () => Promise<void>,
): Promise<EmbeddedTable> {
  const { runtime, name = 'demand-capture', region = 'us-east-1', retentionMs = 86_400_000 } = options
  const { clock, newId } = runtime
  await refuseEarlierFormat(folder)
  const database = await openTableDatabase(folder, {
    walBytesMax: options.walBytesMax ?? 4 * 1024 * 1024,
    initial() {
      const nowMs = clock()
      // A table that is made anew goes on where one before it has stopped for sure.
      const next = Math.floor(nowMs * 1000) + 1
      const shards = createShards(options.shards ?? 4, next - 1)
      return { first: next, next, newestMs: nowMs, floorMicros: 0, shards, trimmed: {} }
    },
  })
  const stream = createStream(`arn:aws:kinesis:${region}:000000000000:stream/${name}`, database, runtime)
  const committer = createCommitter({
    database,
    rules: { origin: { tableName: name, region }, newId },
    clock,
    onChanges: stream.wake,
  })
  const sweep = sweepTable({ database, committer, clock, retentionMs })
  let closing: Promise<void> | undefined
  const close = async () => {
    await committer.close()
    await sweep.done()
    await stream.source.close()
    await database.close()
    await unlock()
  }
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  const table: Table = {
    name,
    async get(key) {
      checkItemKey(key)
      if (closing) throw tableUnavailable('the table is closed')
      return orTableUnavailable('read', async () => {
        const { stored } = database.item(keyMembers(key))
        return stored && (JSON.parse(stored.text) as Item)
      })
    },
    async put(item, condition) {
      const key = keyMembers(checkItem(item))
      return committer.write({
        kind: 'put',
        key,
        item,
        text: itemText(item),
        ...(condition && { condition }),
      })
    },
    async delete(key, condition) {
      checkItemKey(key)
      return committer.write({ kind: 'delete', key: keyMembers(key), ...(condition && { condition }) })
    },
    close: closeOnce,
  }
  return {
    table,
    source: stream.source,
    sweep: () => orTableUnavailable('sweep', sweep.run),
    reshard: (change) =>
      committer.alone(() =>
        orTableUnavailable('reshard', async () => {
          const { state } = database
          // The position between the last change of a shard and the first of its children is that of no change.
          const shards = reshard(state.shards, change, state.next)
          await database.commit(() => ({ ...state, shards, next: state.next + 1 }))
          stream.wake()
        }),
      ),
    close: closeOnce,
  }
}

/** @throws PipelineError TABLE_UNAVAILABLE */
async function refuseEarlierFormat(folder: string): Promise<void> {
  const earlier = (await readdir(folder)).filter((name) => name === 'log' || name === 'snapshot')
  if (earlier.length === 0) return
  throw tableUnavailable(
    `the table in ${folder} was written by an earlier version of dmd-pipeline, which kept it in ${earlier.join(' and ')}. Let that version deliver what it holds; then move ${earlier.join(' and ')} away to begin with an empty table`,
  )
}
