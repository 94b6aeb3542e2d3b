import type { Runtime } from '../runtime.ts'
import { connectToStream, type KinesisOptions, type KinesisStream } from './kinesis/connection.ts'
import { createShardReader, type ShardReader } from './kinesis/shard.ts'
import { type ChangeSource, type Shard, sourceUnavailable } from './source.ts'

export type KinesisSourceOptions = KinesisOptions & {
  /**
   * The least time between two reads of a shard, in milliseconds. The service allows five a second, all readers of the
   * shard together.
   */
  readonly readGapMs?: number
}

const pagesMax = 1_000

/**
 * A Kinesis stream as a source of changes. A read at the tip that waits looks again every `readGapMs`: Kinesis has no
 * call that waits.
 *
 * Kinesis does not tell when it has dropped records. A read says `isTrimmed` when the record at its position is gone,
 * whether or not others had followed that one: rather one warning too many than a loss that nobody sees.
 *
 * @throws PipelineError SOURCE_UNAVAILABLE when the stream cannot be found; `listShards` and `read` when Kinesis is out
 *   of reach, refuses, or throttles for too long.
 */
export async function openKinesisSource(
  options: KinesisSourceOptions,
  runtime: Runtime,
): Promise<ChangeSource> {
  const { readGapMs = 220, ...connect } = options
  const stream = await connectToStream(connect, runtime)
  const readers = new Map<string, ShardReader>()

  function readerOf(shard: string): ShardReader {
    const reader = readers.get(shard) ?? createShardReader(stream, shard, readGapMs)
    readers.set(shard, reader)
    return reader
  }

  return {
    arn: stream.arn,
    async listShards({ signal } = {}) {
      const shards = await listAll(stream, signal)
      const ids = new Set(shards.map(({ id }) => id))
      for (const id of readers.keys()) if (!ids.has(id)) readers.delete(id)
      return shards.map(({ id, parents }) => ({ id, parents: parents.filter((parent) => ids.has(parent)) }))
    },
    async read(shard, position, { recordsMax, waitMs = 0, signal }) {
      const reader = readerOf(shard)
      const endMs = runtime.monotonic() + waitMs
      for (;;) {
        const read = await reader.read(position, recordsMax, signal)
        const leftMs = endMs - runtime.monotonic()
        const isAtTip = read.records.length === 0 && read.behindMs === 0 && !read.isEnded && !read.isTrimmed
        if (!isAtTip || leftMs <= 0) return read
        await stream.service.pause(Math.min(leftMs, readGapMs), signal)
      }
    },
    async close() {
      stream.close()
    },
  }
}

/** All pages (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html). */
async function listAll(
  { sdk, client, target, service }: KinesisStream,
  signal: AbortSignal | undefined,
): Promise<readonly Shard[]> {
  const shards: Shard[] = []
  let token: string | undefined
  for (let page = 0; page < pagesMax; page++) {
    const input = token ? { NextToken: token } : target
    const output = await service.call(
      { name: 'list the shards of', right: 'kinesis:ListShards' },
      (abort) => client.send(new sdk.ListShardsCommand(input), abort),
      signal,
    )
    for (const { ShardId: id = '', ParentShardId: parent, AdjacentParentShardId: other } of output.Shards ??
      [])
      shards.push({ id, parents: [parent, other].filter((name) => name !== undefined) })
    token = output.NextToken
    if (!token) return shards
  }
  throw sourceUnavailable(`Kinesis listed more than ${pagesMax} pages of shards`)
}
