import fc from 'fast-check'
import type { KinesisRecord } from '../../src/codec/lambda-event.ts'

const arbitraryRecord: fc.Arbitrary<KinesisRecord> = fc.record({
  bytes: fc.uint8Array({ maxLength: 200 }),
  sequence: fc.bigInt({ min: 1n, max: 10n ** 56n }).map(String),
  partitionKey: fc.string({ minLength: 1, maxLength: 32, unit: 'binary' }),
  arrivedMs: fc.integer({ min: 1, max: Date.UTC(2200, 0) }),
})

/** Records of one shard of a Kinesis stream, which may be none. */
export const arbitraryStream = fc.record({
  arn: fc
    .stringMatching(/^[a-zA-Z0-9_.-]{1,32}$/)
    .map((name) => `arn:aws:kinesis:eu-west-1:123456789012:stream/${name}`),
  shard: fc.nat({ max: 999 }).map((n) => `shardId-${String(n).padStart(12, '0')}`),
  records: fc.array(arbitraryRecord, { maxLength: 8 }),
})
