import type { PutRecordsOutput } from '@aws-sdk/client-kinesis'
import { backoff } from '../../aws/retry.ts'
import { sourceUnavailable } from '../source.ts'
import type { KinesisStream } from './connection.ts'

/** A payload to be put, and the key that keeps it in order with others. */
export type NewRecord = { readonly partitionKey: string; readonly bytes: Uint8Array }

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
const recordsMax = 500
const requestBytesMax = 5 * 1024 * 1024
/** The largest payload that every stream takes, with its key. */
export const recordBytesMax = 1024 * 1024

export function recordBytes({ partitionKey, bytes }: NewRecord): number {
  return Buffer.byteLength(partitionKey) + bytes.length
}

const attemptsMax = 8
const backoffMs = [50, 2_000] as const

/**
 * Puts records into the stream; when it resolves they are all there. Those of one partition key keep their order: a
 * request holds one of each key at most, because the service may take any part of a request and keeps no order within.
 *
 * When it throws, some may be there; put again, they are there twice.
 *
 * @throws RangeError for a record that no request can hold, before anything is put; PipelineError SOURCE_UNAVAILABLE
 *   when Kinesis is out of reach, refuses, or has taken nothing for too long.
 */
export async function putChanges(
  stream: KinesisStream,
  records: readonly NewRecord[],
  signal?: AbortSignal,
): Promise<void> {
  const waiting = toQueues(records)
  for (let failures = 0; waiting.size > 0; ) {
    const round = nextRound(waiting)
    const { Records: answers = [] } = await putRound(stream, round, signal)
    const refused = round.filter((record, at) => {
      if (answers[at]?.SequenceNumber === undefined) return true
      advance(waiting, record.partitionKey)
      return false
    })
    if (refused.length === 0) {
      failures = 0
      continue
    }
    failures = refused.length < round.length ? 1 : failures + 1
    if (failures >= attemptsMax) throw refusal(stream, answers)
    await stream.service.pause(backoff(failures, backoffMs, stream.service.runtime.random), signal)
  }
}

type Queue = { readonly records: NewRecord[]; readonly at: number }

function toQueues(records: readonly NewRecord[]): Map<string, Queue> {
  const queues = new Map<string, Queue>()
  for (const record of records) {
    if (recordBytes(record) > recordBytesMax)
      throw new RangeError(`a record of ${recordBytes(record)} bytes is larger than ${recordBytesMax}`)
    const queue = queues.get(record.partitionKey)
    if (queue) queue.records.push(record)
    else queues.set(record.partitionKey, { records: [record], at: 0 })
  }
  return queues
}

/** The first of each key, as many as a request takes. */
function nextRound(waiting: ReadonlyMap<string, Queue>): readonly NewRecord[] {
  const round: NewRecord[] = []
  let bytes = 0
  for (const { records, at } of waiting.values()) {
    const record = records[at]!
    bytes += recordBytes(record)
    if (round.length >= recordsMax || bytes > requestBytesMax) break
    round.push(record)
  }
  return round
}

/** Its turn comes again after that of all others. */
function advance(waiting: Map<string, Queue>, key: string): void {
  const { records, at } = waiting.get(key)!
  waiting.delete(key)
  if (at + 1 < records.length) waiting.set(key, { records, at: at + 1 })
}

function putRound(
  { sdk, client, target, service }: KinesisStream,
  round: readonly NewRecord[],
  signal: AbortSignal | undefined,
): Promise<PutRecordsOutput> {
  const entries = round.map(({ partitionKey, bytes }) => ({ PartitionKey: partitionKey, Data: bytes }))
  return service.call(
    { name: 'write to', right: 'kinesis:PutRecords' },
    (abort) => client.send(new sdk.PutRecordsCommand({ ...target, Records: entries }), abort),
    signal,
  )
}

function refusal({ name }: KinesisStream, answers: NonNullable<PutRecordsOutput['Records']>) {
  const code = answers.find(({ ErrorCode }) => ErrorCode)?.ErrorCode ?? 'unknown'
  return sourceUnavailable(`Kinesis takes no records into the stream ${name} (${code}). Give it more shards`)
}
