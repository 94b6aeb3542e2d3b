import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { eventSizer, readChangeEvent, toKinesisEvent } from '../../src/codec/lambda-event.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { readRow } from '../../src/delivery/row.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { readSettings } from '../../src/settings.ts'
import { arbitraryStream } from '../arbitrary/stream.ts'
import { change, kinesisEvent } from '../changes.ts'

const rules = toRules(loadCatalog(), readSettings({}))
const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../events/${name}`, import.meta.url), 'utf8'))

test('a recorded Kinesis event gives its stream, shard, sequences, arrivals and payloads', () => {
  const [batch] = readChangeEvent(recorded('kinesis-dynamodb-stream.json'))
  expect(batch).toMatchObject({
    stream: 'PowertoolsEventsStack-KinesisStream46752A3E-u0C9B3ZKjgG0',
    shard: 'shardId-000000000000',
  })
  expect(batch?.records.map(({ sequence, arrivedMs }) => [sequence, arrivedMs])).toEqual([
    ['49657828409187701520019995242508390119953358325192589314', 1_731_924_555_932],
    ['49657828409187701520019995242509599045772972954367295490', 1_731_924_555_935],
  ])
})

test('the recorded records name no type, so both are filed as errors with the originals intact', () => {
  const [batch] = readChangeEvent(recorded('kinesis-dynamodb-stream.json'))
  if (!batch) throw new Error('no batch')
  const plan = planBatch(batch, rules)
  expect(plan.objects).toEqual([])
  expect(plan.errors.map(({ rejection }) => rejection.code)).toEqual(['TYPE_UNKNOWN', 'TYPE_UNKNOWN'])
  const files = plan.errors.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')))
  expect(files.map(({ events }) => events[0])).toEqual(
    batch.records.map(({ payload }) => Buffer.from(payload).toString('utf8')),
  )
  expect(plan.errors[0]?.key).toMatch(/^errors\/20241118T100915932Z-/)
})

test('a recorded event of DynamoDB Streams gives the envelopes that Kinesis would carry, with their sequences', () => {
  // Each of the two names a stream of its own.
  const batches = readChangeEvent(recorded('dynamodb-streams.json'))
  expect(batches.map(({ records }) => records.map(({ sequence }) => sequence))).toEqual([['111'], ['222']])
  const [batch] = batches
  expect(JSON.parse(Buffer.from(batch?.records[0]?.payload ?? []).toString('utf8'))).toStrictEqual({
    awsRegion: 'us-west-2',
    eventID: '1',
    eventName: 'INSERT',
    userIdentity: null,
    recordFormat: 'application/json',
    tableName: 'eventsource_arn',
    dynamodb: {
      ApproximateCreationDateTime: 1_693_997_155_000,
      Keys: { Id: { N: '101' } },
      NewImage: { Message: { S: 'New item!' }, Id: { N: '101' } },
      SizeBytes: 26,
    },
    eventSource: 'aws:dynamodb',
  })
})

test('an event of DynamoDB Streams becomes rows: table, time to the millisecond, sequence and expiry', () => {
  const envelope = JSON.parse(Buffer.from(change({ operation: 'REMOVE', ttl: true })).toString('utf8'))
  const { recordFormat, tableName, dynamodb, ...members } = envelope
  const { ApproximateCreationDateTimePrecision, ...section } = dynamodb
  const record = {
    ...members,
    eventVersion: '1.1',
    dynamodb: {
      ...section,
      ApproximateCreationDateTime: 1_739_471_400.25,
      SequenceNumber: '4421584500000000017450439092',
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: 'arn:aws:dynamodb:eu-west-1:1234567890:table/fans/stream/2025-02-01T00:00:00.000',
  }
  const [batch] = readChangeEvent({ Records: [record] })
  expect(batch).toMatchObject({ stream: 'fans/stream/2025-02-01T00:00:00.000', shard: 'dynamodb-streams' })
  const [stream] = batch?.records ?? []
  const row = stream && readRow(stream, rules)
  expect(row?.ok && row.row.change).toMatchObject({
    operation: 'REMOVE',
    micros: 1_739_471_400_250_000,
    sequence: '4421584500000000017450439092'.padStart(60, '0'),
    actor: 'ttl',
  })
})

test('an entry of DynamoDB Streams whose time is no time of seconds is an error, never another date', () => {
  const envelope = JSON.parse(Buffer.from(change()).toString('utf8'))
  for (const time of [1_739_471_400_250, 1.5, '1739471400', -1]) {
    const dynamodb = { ...envelope.dynamodb, ApproximateCreationDateTime: time }
    delete dynamodb.ApproximateCreationDateTimePrecision
    const [batch] = readChangeEvent({ Records: [{ ...envelope, dynamodb }] })
    const plan = planBatch(batch ?? { stream: '', shard: '', records: [] }, rules)
    expect(plan.errors.map(({ rejection }) => rejection.code)).toEqual(['TIME_INVALID'])
  }
})

test('an event of another source is refused with the fix', () => {
  const other = { Records: [{ eventSource: 'aws:sqs' }] }
  for (const event of [null, [], {}, { Records: {} }, 'x', other])
    expect(() => readChangeEvent(event)).toThrow(/Kinesis stream or of DynamoDB Streams/)
})

test('an entry without a readable payload becomes a record that holds the entry, and so an error file', () => {
  const event = kinesisEvent([change(), change()]) as { Records: { kinesis: { data?: string } }[] }
  const [first, second] = event.Records
  if (first && second) {
    first.kinesis.data = 'no base64 ***'
    delete second.kinesis.data
  }
  const [batch] = readChangeEvent(event)
  const plan = planBatch(batch ?? { stream: '', shard: '', records: [] }, rules)
  expect(plan.errors.map(({ rejection }) => rejection.code)).toEqual(['NOT_A_CHANGE', 'NOT_A_CHANGE'])
  expect(Buffer.from(plan.errors[0]?.bytes ?? []).toString('utf8')).toContain('no base64 ***')
})

test('an entry of another source, or that is none, is a record of its own beside the good ones', () => {
  const good = (kinesisEvent([change(), change()]) as { Records: unknown[] }).Records
  const bad = [{ eventSource: 'aws:sqs', body: 'x' }, null, 'text', {}]
  const batches = readChangeEvent({ Records: [good[0], ...bad, good[1]] })
  const plans = batches.map((batch) => planBatch(batch, rules))
  expect(batches.map(({ shard, records }) => [shard, records.length])).toEqual([
    ['shardId-000000000000', 2],
    ['unknown', 4],
  ])
  expect(plans.map(({ objects, errors }) => [objects.length, errors.length])).toEqual([
    [1, 0],
    [0, 4],
  ])
  expect(batches[1]?.records.map(({ payload }) => JSON.parse(Buffer.from(payload).toString('utf8')))).toEqual(
    bad,
  )
})

test('an event of several shards is one batch for each', () => {
  const one = kinesisEvent([change()], 'shard-a') as { Records: unknown[] }
  const two = kinesisEvent([change(), change()], 'shard-b') as { Records: unknown[] }
  const batches = readChangeEvent({ Records: [...one.Records, ...two.Records] })
  expect(batches.map(({ shard, records }) => [shard, records.length])).toEqual([
    ['shard-a', 1],
    ['shard-b', 2],
  ])
})

test('an arrival that is no time is left out rather than trusted', () => {
  const event = kinesisEvent([change()]) as {
    Records: { kinesis: { approximateArrivalTimestamp: unknown } }[]
  }
  for (const arrival of ['1739471401', -1, 1e300, null]) {
    for (const record of event.Records) record.kinesis.approximateArrivalTimestamp = arrival
    expect(Object.keys(readChangeEvent(event)[0]!.records[0]!).sort()).toEqual(['payload', 'sequence'])
  }
})

test('an event of Kinesis that is written is read back, whatever its records', () => {
  fc.assert(
    fc.property(arbitraryStream, ({ arn, shard, records }) => {
      const event = JSON.parse(JSON.stringify(toKinesisEvent(records, arn, shard)))
      const read = records.map(({ bytes, sequence, arrivedMs }) => ({
        payload: Buffer.from(bytes),
        sequence,
        arrivedMs,
      }))
      const stream = arn.slice(arn.indexOf('/') + 1)
      expect(readChangeEvent(event)).toEqual(records.length === 0 ? [] : [{ stream, shard, records: read }])
    }),
  )
})

test('a record is never larger in its event than the sizer says, and not by much smaller', () => {
  fc.assert(
    fc.property(arbitraryStream, ({ arn, shard, records }) => {
      const sizeOf = eventSizer(arn, shard)
      for (const record of records) {
        const bytes = Buffer.byteLength(JSON.stringify(toKinesisEvent([record], arn, shard)))
        expect(sizeOf(record)).toBeGreaterThanOrEqual(bytes)
        expect(sizeOf(record)).toBeLessThan(bytes + 64)
      }
    }),
  )
})
