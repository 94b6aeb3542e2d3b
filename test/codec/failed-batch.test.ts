import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseFailedBatch } from '../../src/errors/failed.ts'

const recorded = (name: string) => readFileSync(new URL(`../events/${name}`, import.meta.url), 'utf8')

test('a batch that Lambda gave up is read, of Kinesis and of DynamoDB Streams alike', () => {
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
