import { expect, test } from 'vitest'
import { decodeChange } from '../../../src/codec/envelope.ts'
import { fromSequence, toBridgeSequence, toSourceRecord } from '../../../src/local/bridge/change.ts'
import { openTable } from '../table/folder.ts'

const origin = { tableName: 'requests', region: 'eu-west-1' }
const keys = { PK: { S: 'FAN#f1' }, SK: { S: 'DEMAND#e1#s1' } }
const createdMs = 1_739_471_400_000
const nowMs = createdMs + 7

test('a change has the envelope of Kinesis Data Streams for DynamoDB, member by member', () => {
  const { bytes, ...record } = toSourceRecord(
    {
      eventID: 'c2bfe2e0',
      eventName: 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: new Date(createdMs),
        Keys: keys,
        OldImage: { ...keys, n: { N: '1.50' } },
        NewImage: { ...keys, text: { S: 'Æ "😀"' } },
        SequenceNumber: '000000000000000000012',
        SizeBytes: 38,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    },
    origin,
    nowMs,
  )
  expect(record).toEqual({
    sequence: '12',
    // The MD5 of `"PK":{"S":"FAN#f1"},"SK":{"S":"DEMAND#e1#s1"}`, that of the embedded table for this item.
    partitionKey: '3DCCB390B1592C2BEECC3EEBA9AF79FF',
    arrivedMs: nowMs,
  })
  expect(Buffer.from(bytes).toString('utf8')).toBe(
    '{"awsRegion":"us-east-1","eventID":"c2bfe2e0","eventName":"MODIFY","userIdentity":null,' +
      '"recordFormat":"application/json","tableName":"requests","dynamodb":{' +
      '"ApproximateCreationDateTime":1739471400000000,"ApproximateCreationDateTimePrecision":"MICROSECOND",' +
      '"Keys":{"PK":{"S":"FAN#f1"},"SK":{"S":"DEMAND#e1#s1"}},' +
      '"NewImage":{"PK":{"S":"FAN#f1"},"SK":{"S":"DEMAND#e1#s1"},"text":{"S":"Æ \\"😀\\""}},' +
      '"OldImage":{"PK":{"S":"FAN#f1"},"SK":{"S":"DEMAND#e1#s1"},"n":{"N":"1.50"}},' +
      '"SizeBytes":38},"eventSource":"aws:dynamodb"}',
  )
  expect(decodeChange(bytes)).toMatchObject({ ok: true, change: { micros: createdMs * 1000 } })
})

test('an item has one partition key, in whatever order its keys come', () => {
  const dynamodb = { ApproximateCreationDateTime: new Date(createdMs), NewImage: keys }
  const one = toSourceRecord({ eventName: 'INSERT', dynamodb: { ...dynamodb, Keys: keys } }, origin, nowMs)
  const other = toSourceRecord(
    { eventName: 'INSERT', dynamodb: { ...dynamodb, Keys: { SK: keys.SK, PK: keys.PK } } },
    origin,
    nowMs,
  )
  expect(other.partitionKey).toBe(one.partitionKey)
  expect(Buffer.from(other.bytes).toString('utf8')).toBe(Buffer.from(one.bytes).toString('utf8'))
})

test('the embedded table has the same payload and partition key for the same change', async () => {
  const { table, source } = await openTable({
    name: 'requests',
    region: 'eu-west-1',
    newId: () => 'id-1',
    shards: 1,
  })
  const item = { ...keys, n: { N: '1.50' }, bytes: { B: 'AAEC' } }
  await table.put(item)
  const [shard] = await source.listShards()
  const { records } = await source.read(shard!.id, 'oldest', { recordsMax: 1 })
  const { dynamodb } = JSON.parse(Buffer.from(records[0]!.bytes).toString('utf8'))
  const made = toSourceRecord(
    {
      eventID: 'id-1',
      eventName: 'INSERT',
      dynamodb: {
        ApproximateCreationDateTime: new Date(dynamodb.ApproximateCreationDateTime / 1000),
        Keys: { SK: keys.SK, PK: keys.PK },
        NewImage: { ...item, bytes: { B: new Uint8Array([0, 1, 2]) } },
        SizeBytes: dynamodb.SizeBytes,
      },
    },
    origin,
    nowMs,
  )
  expect(made.partitionKey).toBe(records[0]!.partitionKey)
  expect(Buffer.from(made.bytes).toString('utf8')).toBe(Buffer.from(records[0]!.bytes).toString('utf8'))
})

test('bytes are base64 wherever they are, and all other values are as they came', () => {
  const { bytes } = toSourceRecord(
    {
      eventName: 'INSERT',
      dynamodb: {
        ApproximateCreationDateTime: new Date(createdMs),
        Keys: keys,
        NewImage: {
          one: { B: new Uint8Array([0, 1, 2]) },
          buffer: { B: Buffer.from([3]) },
          set: { BS: [new Uint8Array([4]), Buffer.from([5])] },
          deep: {
            L: [{ M: { inner: { B: new Uint8Array([6]) } } }, { NULL: true }, { BOOL: false }, { L: [] }],
          },
          numbers: { NS: ['1', '2.0'] },
        },
      },
    },
    origin,
    nowMs,
  )
  expect(JSON.parse(Buffer.from(bytes).toString('utf8')).dynamodb.NewImage).toEqual({
    one: { B: 'AAEC' },
    buffer: { B: 'Aw==' },
    set: { BS: ['BA==', 'BQ=='] },
    deep: { L: [{ M: { inner: { B: 'Bg==' } } }, { NULL: true }, { BOOL: false }, { L: [] }] },
    numbers: { NS: ['1', '2.0'] },
  })
})

test('a delete by the expiry is told apart, and any other identity is none', () => {
  const dynamodb = { ApproximateCreationDateTime: new Date(createdMs), Keys: keys, OldImage: keys }
  const identityOf = (userIdentity: { Type: string; PrincipalId: string }) =>
    JSON.parse(
      Buffer.from(
        toSourceRecord({ eventName: 'REMOVE', dynamodb, userIdentity }, origin, nowMs).bytes,
      ).toString('utf8'),
    ).userIdentity
  expect(identityOf({ Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' })).toEqual({
    type: 'Service',
    principalId: 'dynamodb.amazonaws.com',
  })
  expect(identityOf({ Type: 'Service', PrincipalId: 'replication.dynamodb.amazonaws.com' })).toBeNull()
})

test('a record that lacks what it should have is left to the worker, which makes an error file of it', () => {
  for (const record of [{}, { eventID: 'x', eventName: 'PURGE' as 'INSERT', dynamodb: { Keys: keys } }]) {
    const decoded = decodeChange(toSourceRecord(record, origin, nowMs).bytes)
    expect(decoded.ok).toBe(false)
  }
})

test('a sequence number loses its zeros, and has them again for the service', () => {
  expect(toBridgeSequence('000000000000000000012')).toBe('12')
  expect(toBridgeSequence('000000000000000000000')).toBe('0')
  expect(toBridgeSequence('1100000000017454423009')).toBe('1100000000017454423009')
  expect(fromSequence('12')).toBe('000000000000000000012')
  expect(fromSequence('1100000000017454423009')).toBe('1100000000017454423009')
})
