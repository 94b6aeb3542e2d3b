import type { GetRecordsOutput } from '@aws-sdk/client-kinesis'
import { type Position, type SourceRead, type SourceRecord, sourceUnavailable } from '../source.ts'
import type { KinesisStream } from './connection.ts'
import { isAnswer } from './service.ts'

/**
 * A chain of iterators, each given with the records of the one before it
 * (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
 */
type Chain = {
  readonly iterator: string
  /** Whether it is known to go on where its reader stopped: the record at its position was seen. */
  readonly isSure: boolean
  readonly behindMs: number
  /** How many reads in a row gave nothing and came no nearer to the tip. */
  readonly stalls: number
}

/** Reads one shard. Reads at different positions may go on at once; those that follow one another need one call each. */
export type ShardReader = {
  /** Up to `recordsMax` records, without waiting for any. */
  read(position: Position, recordsMax: number, signal: AbortSignal | undefined): Promise<SourceRead>
}

// What GetRecords takes at most.
const limitMax = 10_000
const renewalsMax = 3
const stallsMax = 10

/** `gapMs`: the least time between two calls of GetRecords. */
export function createShardReader(stream: KinesisStream, shard: string, gapMs: number): ShardReader {
  const { sdk, client, target, service } = stream
  let kept: { readonly key: string; readonly chain: Chain } | undefined
  let calledMs = Number.NEGATIVE_INFINITY

  /**
   * Begins at the position's own record rather than behind it: when it does not come, it was dropped, and what followed
   * it may have been too. The service itself does not say so.
   */
  async function begin(position: Position, signal: AbortSignal | undefined): Promise<Chain> {
    if (position === 'oldest') return beginAtHorizon(position, signal)
    const from = { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: position.after } as const
    try {
      return { iterator: await iteratorFrom(from, signal), isSure: false, behindMs: 0, stalls: 0 }
    } catch (error) {
      if (!isAnswer(error, 'InvalidArgumentException')) throw error
      throw sourceUnavailable(
        `the position is none of the shard ${shard} of the stream ${stream.name}; read on from the oldest record`,
        error,
      )
    }
  }

  async function beginAtHorizon(position: Position, signal: AbortSignal | undefined): Promise<Chain> {
    const iterator = await iteratorFrom({ ShardIteratorType: 'TRIM_HORIZON' }, signal)
    return { iterator, isSure: position === 'oldest', behindMs: 0, stalls: 0 }
  }

  async function iteratorFrom(
    from: { ShardIteratorType: 'AT_SEQUENCE_NUMBER' | 'TRIM_HORIZON'; StartingSequenceNumber?: string },
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const input = { ...target, ShardId: shard, ...from }
    const { ShardIterator: iterator } = await service.call(
      { name: `find the position in the shard ${shard} of`, right: 'kinesis:GetShardIterator' },
      (abort) => client.send(new sdk.GetShardIteratorCommand(input), abort),
      signal,
    )
    if (!iterator) throw sourceUnavailable(`Kinesis gave no iterator for the shard ${shard}`)
    return iterator
  }

  async function getRecords(
    { iterator, isSure }: Chain,
    recordsMax: number,
    signal: AbortSignal | undefined,
  ): Promise<GetRecordsOutput> {
    const nowMs = service.runtime.monotonic()
    // Taken before the wait, so that of two reads at once the second waits for its own turn.
    calledMs = Math.max(nowMs, calledMs + gapMs)
    if (calledMs > nowMs) await service.pause(calledMs - nowMs, signal)
    const input = { ShardIterator: iterator, Limit: Math.min(limitMax, recordsMax + (isSure ? 0 : 1)) }
    return service.call(
      { name: `read the shard ${shard} of`, right: 'kinesis:GetRecords' },
      (abort) => client.send(new sdk.GetRecordsCommand(input), abort),
      signal,
    )
  }

  return {
    async read(position, recordsMax, signal) {
      // Kept until a read succeeds: one that failed may be made again from the same iterator.
      let chain = kept?.key === toKey(position) ? kept.chain : await begin(position, signal)
      if (chain.stalls >= stallsMax) chain = await beginAtHorizon(position, signal)
      for (let renewals = 0; ; renewals++) {
        try {
          const page = await getRecords(chain, recordsMax, signal)
          const { read, next } = toRead(page, position, chain, recordsMax)
          kept = next && { key: toKey(read.next), chain: next }
          return read
        } catch (error) {
          // An iterator lives five minutes.
          if (!isAnswer(error, 'ExpiredIteratorException') || renewals >= renewalsMax) throw error
          chain = await begin(position, signal)
        }
      }
    },
  }
}

function toKey(position: Position): string {
  return position === 'oldest' ? position : position.after
}

function toRead(
  page: GetRecordsOutput,
  position: Position,
  chain: Chain,
  recordsMax: number,
): { readonly read: SourceRead; readonly next: Chain | undefined } {
  const found = (page.Records ?? []).map(toRecord)
  const fresh =
    chain.isSure || position === 'oldest'
      ? found
      : found.filter(({ sequence }) => isAfter(sequence, position.after))
  const records = fresh.slice(0, recordsMax)
  const isCut = records.length < fresh.length
  const isSeen = chain.isSure || fresh.length < found.length
  const behindMs = isCut ? Math.max(1, page.MillisBehindLatest ?? 0) : (page.MillisBehindLatest ?? 0)
  const iterator = page.NextShardIterator
  const isEnded = !iterator && !isCut
  const isTrimmed = !isSeen && (records.length > 0 || behindMs === 0 || isEnded)
  const last = records.at(-1)
  const isStalled = found.length === 0 && behindMs > 0 && behindMs >= chain.behindMs
  return {
    read: { records, next: last ? { after: last.sequence } : position, isEnded, behindMs, isTrimmed },
    next:
      iterator && !isCut
        ? { iterator, isSure: isSeen || isTrimmed, behindMs, stalls: isStalled ? chain.stalls + 1 : 0 }
        : undefined,
  }
}

function isAfter(sequence: string, other: string): boolean {
  return BigInt(sequence) > BigInt(other)
}

function toRecord(record: NonNullable<GetRecordsOutput['Records']>[number]): SourceRecord {
  return {
    sequence: record.SequenceNumber ?? '',
    partitionKey: record.PartitionKey ?? '',
    bytes: record.Data ?? new Uint8Array(),
    arrivedMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  }
}
