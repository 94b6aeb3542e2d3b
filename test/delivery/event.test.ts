import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { readKinesisEvent } from '../../src/delivery/event.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { readSettings } from '../../src/settings.ts'
import { change, kinesisEvent } from '../changes.ts'

const rules = toRules(loadCatalog(), readSettings({}))
const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../events/${name}`, import.meta.url), 'utf8'))

test('a recorded Kinesis event gives its stream, shard, sequences, arrivals and payloads', () => {
  const [batch] = readKinesisEvent(recorded('kinesis-dynamodb-stream.json'))
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
  const [batch] = readKinesisEvent(recorded('kinesis-dynamodb-stream.json'))
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

test('an event of DynamoDB Streams is refused with the fix', () => {
  expect(() => readKinesisEvent(recorded('dynamodb-streams.json'))).toThrow(
    /no Lambda event of a Kinesis stream/,
  )
  for (const event of [null, [], {}, { Records: {} }, 'x'])
    expect(() => readKinesisEvent(event)).toThrow(/Kinesis/)
})

test('an entry without a readable payload becomes a record that holds the entry, and so an error file', () => {
  const event = kinesisEvent([change(), change()]) as { Records: { kinesis: { data?: string } }[] }
  const [first, second] = event.Records
  if (first && second) {
    first.kinesis.data = 'no base64 ***'
    delete second.kinesis.data
  }
  const [batch] = readKinesisEvent(event)
  const plan = planBatch(batch ?? { stream: '', shard: '', records: [] }, rules)
  expect(plan.errors.map(({ rejection }) => rejection.code)).toEqual(['NOT_A_CHANGE', 'NOT_A_CHANGE'])
  expect(Buffer.from(plan.errors[0]?.bytes ?? []).toString('utf8')).toContain('no base64 ***')
})

test('an event of several shards is one batch for each', () => {
  const one = kinesisEvent([change()], 'shard-a') as { Records: unknown[] }
  const two = kinesisEvent([change(), change()], 'shard-b') as { Records: unknown[] }
  const batches = readKinesisEvent({ Records: [...one.Records, ...two.Records] })
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
    expect(readKinesisEvent(event)[0]?.records[0]).not.toHaveProperty('arrivedMs')
  }
})
