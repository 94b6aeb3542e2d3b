import { afterEach, describe, expect, test } from 'vitest'
import { connectTable } from '../../src/cli/deploy/connect.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { type Destination, startTable, streamArn } from './destinations.ts'

Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'eu-west-1',
})
const signal = new AbortController().signal

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

async function open(destinations: Destination[], looks?: number) {
  const server = await startTable('dmd-changes', destinations, looks)
  opened.push(server.close)
  process.env.AWS_ENDPOINT_URL = server.endpoint
  return server
}

const own = (DestinationStatus: string, precision?: string): Destination => ({
  StreamArn: streamArn('dmd-changes'),
  DestinationStatus,
  ...(precision && { ApproximateCreationDateTimePrecision: precision }),
})
const connected = own('ACTIVE', 'MICROSECOND')
const finest = { ApproximateCreationDateTimePrecision: 'MICROSECOND' }
const place = { TableName: 'items', StreamArn: streamArn('dmd-changes') }
const enable = {
  operation: 'EnableKinesisStreamingDestination',
  ...place,
  EnableKinesisStreamingConfiguration: finest,
}
const update = {
  operation: 'UpdateKinesisStreamingDestination',
  ...place,
  UpdateKinesisStreamingConfiguration: finest,
}

describe('a table sends its changes to the stream, in microseconds', () => {
  test.each<[string, Destination[], string, object[]]>([
    ['is connected', [], 'is', [enable]],
    ['stays connected', [own('ACTIVE', 'MICROSECOND')], 'was', []],
    ['is told to send finer times', [own('ACTIVE', 'MILLISECOND')], 'sharpened', [update]],
    ['is told so where it sends the usual ones', [own('ACTIVE')], 'sharpened', [update]],
    ['is connected again', [own('DISABLED', 'MICROSECOND')], 'is', [enable]],
    ['is connected while it is being disconnected', [own('DISABLING', 'MICROSECOND')], 'is', [enable]],
    ['is connected though it could not be', [own('ENABLE_FAILED', 'MICROSECOND')], 'is', [enable]],
    ['is waited for while it is being connected', [own('ENABLING', 'MICROSECOND')], 'was', []],
    ['is waited for, then told', [own('ENABLING', 'MILLISECOND')], 'sharpened', [update]],
    ['is waited for while it is being changed', [own('UPDATING', 'MICROSECOND')], 'was', []],
  ])('%s', async (_, destinations, outcome, orders) => {
    const { orders: given } = await open(destinations)
    expect(await connectTable('items', { name: 'dmd-changes' }, { signal, runtime: systemRuntime() })).toBe(
      outcome,
    )
    expect(given).toEqual(orders)
    expect(destinations.at(-1)).toEqual(connected)
  })

  test('what it sends elsewhere stays as it is', async () => {
    const other = { StreamArn: streamArn('other'), DestinationStatus: 'ACTIVE' }
    const destinations: Destination[] = [{ ...other }]
    await open(destinations)
    expect(await connectTable('items', { name: 'dmd-changes' }, { signal, runtime: systemRuntime() })).toBe(
      'is',
    )
    expect(destinations).toEqual([other, connected])
  })

  test('and not before it does so is it done', async () => {
    const destinations: Destination[] = []
    const { calls } = await open(destinations, 2)
    await connectTable('items', { name: 'dmd-changes' }, { signal, runtime: systemRuntime() })
    expect(destinations).toEqual([connected])
    expect(calls.filter(({ operation }) => operation === 'DescribeKinesisStreamingDestination')).toHaveLength(
      4,
    )
  })
})

test('a stream that is named by its ARN is not looked for, and is the one', async () => {
  const destinations = [{ ...connected }]
  const { calls } = await open(destinations)
  const stream = { name: 'dmd-changes', arn: streamArn('their-own') }
  expect(await connectTable('items', stream, { signal, runtime: systemRuntime() })).toBe('is')
  expect(destinations).toEqual([connected, { ...connected, StreamArn: streamArn('their-own') }])
  expect(calls.map(({ service }) => service)).not.toContain('kinesis')
})

test('everything is asked in the region that is named, else in that of the environment', async () => {
  const { calls } = await open([])
  await connectTable(
    'items',
    { name: 'dmd-changes' },
    { region: 'ap-south-1', signal, runtime: systemRuntime() },
  )
  expect(calls.map(({ service, region }) => `${service} ${region}`)).toEqual([
    'kinesis ap-south-1',
    ...Array.from({ length: 3 }, () => 'dynamodb ap-south-1'),
  ])
  const { calls: usual } = await open([{ ...connected }])
  await connectTable('items', { name: 'dmd-changes' }, { signal, runtime: systemRuntime() })
  expect(usual.map(({ region }) => region)).toEqual(['eu-west-1', 'eu-west-1'])
})

test('what is refused is told, and one that is given up is not', async () => {
  await open([])
  await expect(
    connectTable('none', { name: 'dmd-changes' }, { signal, runtime: systemRuntime() }),
  ).rejects.toMatchObject({
    code: 'DEPLOY_FAILED',
    message: 'the table none is not connected to the stream: there is no table',
  })
  await expect(
    connectTable('items', { name: 'none' }, { signal, runtime: systemRuntime() }),
  ).rejects.toMatchObject({
    code: 'DEPLOY_FAILED',
    message: 'the table items is not connected to the stream: there is no stream',
  })
  await open([], 1e9)
  const asked = connectTable(
    'items',
    { name: 'dmd-changes' },
    { signal: AbortSignal.timeout(50), runtime: systemRuntime() },
  )
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
})
