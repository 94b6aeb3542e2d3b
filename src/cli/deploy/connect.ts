import type { KinesisDataStreamDestination } from '@aws-sdk/client-dynamodb'
import { loadSdk } from '../../aws/sdk.ts'
import { PipelineError } from '../../record/error.ts'
import type { Runtime } from '../../runtime.ts'
import { describeStream } from '../doctor/stream.ts'

/** What came of it: it was connected, is so now, or its times are finer now. */
export type Connected = 'was' | 'is' | 'sharpened'

const finest = { ApproximateCreationDateTimePrecision: 'MICROSECOND' } as const
const live: ReadonlySet<string> = new Set(['ENABLING', 'ACTIVE', 'UPDATING'])
const waitMs = 60_000
const pollMs = 500

/**
 * Has a table that was there before send its changes to the stream, in microseconds, and waits until it does. What it
 * sends to other streams stays. Throws DEPLOY_FAILED where DynamoDB refuses, or takes longer than a minute.
 */
export async function connectTable(
  table: string,
  stream: { readonly name: string; readonly arn?: string | undefined },
  {
    region,
    signal,
    runtime,
  }: { readonly region?: string | undefined; readonly signal: AbortSignal; readonly runtime: Runtime },
): Promise<Connected> {
  const sdk = await loadSdk(
    'DEPLOY_FAILED',
    '@aws-sdk/client-dynamodb',
    () => import('@aws-sdk/client-dynamodb'),
  )
  const client = new sdk.DynamoDBClient(region === undefined ? {} : { region })
  try {
    const StreamArn = stream.arn ?? (await describeStream({ StreamName: stream.name }, region)).StreamARN
    const place = { TableName: table, StreamArn }
    const look = async () => {
      const command = new sdk.DescribeKinesisStreamingDestinationCommand({ TableName: table })
      const { KinesisDataStreamDestinations: all = [] } = await client.send(command)
      // One that was disconnected, or could not be connected, is listed for a while.
      return all.find((one) => one.StreamArn === StreamArn && live.has(one.DestinationStatus ?? ''))
    }
    const enable = () =>
      new sdk.EnableKinesisStreamingDestinationCommand({
        ...place,
        EnableKinesisStreamingConfiguration: finest,
      })
    const sharpen = () =>
      new sdk.UpdateKinesisStreamingDestinationCommand({
        ...place,
        UpdateKinesisStreamingConfiguration: finest,
      })
    let outcome: Connected = 'was'
    for (let waitedMs = 0; waitedMs < waitMs; ) {
      const found = await look()
      if (isDone(found)) return outcome
      // DynamoDB refuses to change one that is being changed.
      if (outcome === 'was' && (found === undefined || found.DestinationStatus === 'ACTIVE')) {
        await client.send((found ? sharpen() : enable()) as Parameters<typeof client.send>[0])
        outcome = found ? 'sharpened' : 'is'
      } else {
        await runtime.sleep(pollMs, signal)
        waitedMs += pollMs
      }
    }
    throw new Error(`it is not connected after ${waitMs / 1_000} s`)
  } catch (error) {
    if (signal.aborted) throw error
    const says = error instanceof Error ? error.message : String(error)
    throw new PipelineError('DEPLOY_FAILED', `the table ${table} is not connected to the stream: ${says}`)
  } finally {
    client.destroy()
  }
}

function isDone(destination: KinesisDataStreamDestination | undefined): boolean {
  return (
    destination?.DestinationStatus === 'ACTIVE' &&
    destination.ApproximateCreationDateTimePrecision === finest.ApproximateCreationDateTimePrecision
  )
}
