import { join, resolve } from 'node:path'
import type { Runtime } from '../../runtime.ts'
import { makeFolders } from '../../store/newfolder.ts'
import { lockFolder } from '../lock.ts'
import type { ChangeSource } from '../source.ts'
import { type Log, openLog } from '../stream/log.ts'
import { CorruptLog } from '../stream/segment.ts'
import { createShards, type Reshard, reshard } from '../stream/shards.ts'
import { createStream, type Stream } from '../stream/source.ts'
import { createTail } from '../stream/tail.ts'
import type { Item, Table } from '../table.ts'
import { createCommitter } from './commit.ts'
import { orTableUnavailable, tableUnavailable } from './failure.ts'
import { checkItem, checkKey, itemText, keyMembers } from './item.ts'
import { replay } from './replay.ts'
import type { Stored } from './snapshot.ts'
import { readSnapshot } from './snapshot.ts'
import { type Swept, sweepTable } from './sweep.ts'
import { createTimes } from './times.ts'

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
  /** How much of the stream's end is held in memory. */
  readonly tailBytesMax?: number
  readonly segmentBytesMax?: number
  /** How much may be logged before the next sweep makes a snapshot, which is what a restart takes time for. */
  readonly snapshotAfterBytes?: number
}

/** A table and its stream of changes, in one folder. */
export type EmbeddedTable = {
  readonly table: Table
  readonly source: ChangeSource
  /**
   * Deletes the items that have expired, makes a snapshot where one is due, and drops what the stream need not keep
   * any longer. To be called every few seconds; the folder grows without bound where it is not.
   */
  sweep(): Promise<Swept>
  /** Splits or merges shards of the stream. @throws TypeError for shards that are not there or not fit for it. */
  reshard(change: Reshard): Promise<void>
  /** Finishes the writes under way, and gives the folder free. */
  close(): Promise<void>
}

const megabyte = 1024 * 1024

/**
 * Opens the table in a folder, or makes an empty one. Items are in memory; each write is appended to a log and synced
 * before it is acknowledged, and the log is the stream of changes. After a kill, at whatever point, all that was
 * acknowledged is there.
 *
 * @throws PipelineError TABLE_UNAVAILABLE when another process has the folder, or its files are damaged or unusable.
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
  const folders = { log: join(folder, 'log'), snapshot: join(folder, 'snapshot') }
  for (const path of Object.values(folders)) await makeFolders(path)
  const snapshot = await readSnapshot(folders.snapshot)
  const items = new Map<string, Stored>(snapshot?.items)
  const times = createTimes(snapshot?.floor, new Map(snapshot?.tombstones))
  const tail = createTail(options.tailBytesMax ?? 32 * megabyte)
  const replayed = replay(items, times, tail, snapshot)
  const nowMs = clock()
  const log = await openLog(folders.log, {
    // A table that is made anew goes on where one before it has stopped for sure.
    start: Math.floor(nowMs * 1000),
    ...(snapshot && { from: snapshot.index }),
    visit: replayed.visit,
    nowMs,
    segmentBytesMax: options.segmentBytesMax ?? 32 * megabyte,
  })
  try {
    checkWhole(log, snapshot?.index, replayed.state().shards.length > 0, folders.log)
  } catch (error) {
    await log.close()
    throw error
  }
  const stream = createStream(
    `arn:aws:kinesis:${region}:000000000000:stream/${name}`,
    log,
    tail,
    replayed.state(),
    runtime,
  )
  let unsnapshotted = replayed.bytes()
  const committer = createCommitter({
    items,
    rules: { origin: { tableName: name, region }, times, newId },
    clock,
    async append(fresh, atMs) {
      const entries = await log.append(fresh, atMs)
      for (const { bytes } of fresh) unsnapshotted += bytes.length
      stream.publish(entries)
    },
  })
  if (stream.state.shards.length === 0)
    await appendShards(log, stream, createShards(options.shards ?? 4, log.next), nowMs)
  const sweep = sweepTable({
    items,
    times,
    log,
    stream,
    committer,
    clock,
    retentionMs,
    folder: folders.snapshot,
    isSnapshotDue: () => unsnapshotted >= (options.snapshotAfterBytes ?? 16 * megabyte),
    snapshotted: (bytes) => {
      unsnapshotted -= bytes
    },
    unsnapshotted: () => unsnapshotted,
  })
  let closing: Promise<void> | undefined
  const close = async () => {
    await committer.close()
    await sweep.done()
    await stream.source.close()
    await log.close()
    await unlock()
  }
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  const table: Table = {
    name,
    async get(key) {
      checkKey(key)
      if (closing) throw tableUnavailable('the table is closed')
      const stored = items.get(keyMembers(key))
      return stored && (JSON.parse(stored.text) as Item)
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
      checkKey(key)
      return committer.write({ kind: 'delete', key: keyMembers(key), ...(condition && { condition }) })
    },
    close: closeOnce,
  }
  return {
    table,
    source: stream.source,
    sweep: () => orTableUnavailable('sweep', sweep.run),
    reshard: (change) =>
      committer.alone(() => {
        const shards = reshard(stream.state.shards, change, log.next)
        return orTableUnavailable('reshard', () => appendShards(log, stream, shards, clock()))
      }),
    close: closeOnce,
  }
}

async function appendShards(
  log: Log,
  stream: Stream,
  shards: ReturnType<typeof createShards>,
  nowMs: number,
): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(shards), 'utf8')
  const entries = await log.append([{ kind: 'shards', partitionKey: '', bytes }], nowMs)
  stream.state = { ...stream.state, shards }
  stream.publish(entries)
}

/** The log must begin no later than what the snapshot leaves to it, and go on at least that far. */
function checkWhole(log: Log, index: number | undefined, hasShards: boolean, folder: string): void {
  const isWhole =
    index === undefined ? hasShards || log.next === log.first : log.first <= index && index <= log.next
  if (!isWhole) throw new CorruptLog(folder, 'files of the log are missing')
}
