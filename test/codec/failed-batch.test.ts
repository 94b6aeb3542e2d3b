import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  failedPrefix,
  isFailedKey,
  parseFailedBatch,
  writeFailedBatch,
} from '../../src/codec/failed-batch.ts'
import { arbitraryStream } from '../arbitrary/stream.ts'

const recorded = (name: string) => readFileSync(new URL(`../events/${name}`, import.meta.url), 'utf8')

test('a batch that Lambda discarded is read, of Kinesis and of DynamoDB Streams alike', () => {
  for (const [info, event] of [
    ['KinesisBatchInfo', 'kinesis-dynamodb-stream.json'],
    ['DDBStreamBatchInfo', 'dynamodb-streams.json'],
  ] as const) {
    const document = {
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      [info]: { approximateArrivalOfFirstRecord: '2025-02-13T18:30:00Z' },
      payload: recorded(event),
    }
    expect(parseFailedBatch(Buffer.from(JSON.stringify(document)))).toMatchObject({
      timestampMs: Date.UTC(2025, 1, 13, 18, 30),
      condition: 'RetryAttemptsExhausted',
      calls: 3,
      records: 2,
    })
  }
})

test('a batch that is written is read back, whatever its records, and has one key', () => {
  fc.assert(
    fc.property(arbitraryStream, fc.nat({ max: 1000 }), fc.nat(), ({ arn, shard, records }, calls, nowMs) => {
      const { key, bytes } = writeFailedBatch({ arn, shard, records, calls, nowMs })
      expect(key.startsWith(failedPrefix) && isFailedKey(key)).toBe(true)
      expect(writeFailedBatch({ arn, shard, records, calls: calls + 1, nowMs: nowMs + 1 }).key).toBe(key)
      const read = parseFailedBatch(bytes)
      expect(read).toMatchObject({
        timestampMs: records[0]?.arrivedMs ?? 0,
        condition: 'RecordAgeExceeded',
        calls,
        records: records.length,
      })
      const payloads = read?.batches.flatMap((batch) =>
        batch.records.map(({ payload }) => Buffer.from(payload)),
      )
      expect(payloads).toEqual(records.map((record) => Buffer.from(record.bytes)))
    }),
  )
})
