import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { loadSdk } from '../../aws/sdk.ts'
import type { Runtime } from '../../runtime.ts'
import { createService, type Service } from '../kinesis/service.ts'
import { sourceUnavailable } from '../source.ts'

export type DynamoDBStreamOptions = {
  /** The table's name, or the ARN of its stream. */
  readonly table: string
  /** Needed for a name, unless the SDK finds one in the environment or a profile. */
  readonly region?: string
  /** Another than the service's own, such as that of DynamoDB Local. */
  readonly endpoint?: string
  /** After how long an attempt counts as failed. */
  readonly timeoutMs?: number
  readonly attemptsMax?: number
  /** The wait before the second attempt and the longest one, in milliseconds. */
  readonly backoffMs?: readonly [number, number]
}

type Sdk = typeof import('@aws-sdk/client-dynamodb-streams')

/** The stream of a table, found and ready for calls. */
export type DynamoDBStream = {
  readonly arn: string
  readonly tableName: string
  readonly region: string
  readonly sdk: Sdk
  readonly client: DynamoDBStreamsClient
  readonly service: Service
  close(): void
}

const pagesMax = 100

/**
 * Finds the table's stream: the newest, where only the table is named. Credentials come the SDK's usual ways.
 *
 * @throws PipelineError SOURCE_UNAVAILABLE when the SDK is not installed, or the stream is not there or does not hold
 *   both images.
 */
export async function connectToTableStream(
  options: DynamoDBStreamOptions,
  runtime: Runtime,
): Promise<DynamoDBStream> {
  const { table, endpoint = ownEndpoint(), timeoutMs = 10_000 } = options
  // arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}
  const isArn = table.startsWith('arn:')
  const tableName = isArn ? (table.split('/')[1] ?? '') : table
  const region = options.region ?? (isArn ? table.split(':')[3] : undefined)
  const code = 'SOURCE_UNAVAILABLE'
  const [sdk, { NodeHttpHandler }] = await Promise.all([
    loadSdk(code, '@aws-sdk/client-dynamodb-streams', () => import('@aws-sdk/client-dynamodb-streams')),
    loadSdk(code, '@smithy/node-http-handler', () => import('@smithy/node-http-handler')),
  ])
  const client = new sdk.DynamoDBStreamsClient({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    }),
  })
  const service = createService({
    service: 'DynamoDB Streams',
    place: `the stream of the table ${tableName}${endpoint ? ` at ${endpoint}` : ''}`,
    attemptsMax: options.attemptsMax ?? 5,
    backoffMs: options.backoffMs ?? [100, 5_000],
    runtime,
  })
  const close = () => {
    service.close()
    client.destroy()
  }
  try {
    const found = { tableName, sdk, client, service, close }
    const arn = isArn ? table : await findNewest(found)
    await checkImages({ ...found, arn })
    return { ...found, arn, region: arn.split(':')[3] ?? '' }
  } catch (error) {
    close()
    throw error
  }
}

type Found = Pick<DynamoDBStream, 'tableName' | 'sdk' | 'client' | 'service'>

async function findNewest({ tableName, sdk, client, service }: Found): Promise<string> {
  let newest: { readonly arn: string; readonly label: string } | undefined
  let start: string | undefined
  for (let page = 0; page < pagesMax; page++) {
    const input = { TableName: tableName, ...(start && { ExclusiveStartStreamArn: start }) }
    const output = await service.call({ name: 'find', right: 'dynamodb:ListStreams' }, (abort) =>
      client.send(new sdk.ListStreamsCommand(input), abort),
    )
    // A label is the time at which the stream was begun, in ISO 8601.
    for (const { StreamArn: arn = '', StreamLabel: label = '' } of output.Streams ?? [])
      if (newest === undefined || label > newest.label) newest = { arn, label }
    start = output.LastEvaluatedStreamArn
    if (!start) break
  }
  if (newest === undefined)
    throw sourceUnavailable(
      `the table ${tableName} has no stream. Check its name and region, or enable DynamoDB Streams with NEW_AND_OLD_IMAGES`,
    )
  return newest.arn
}

async function checkImages({ arn, tableName, sdk, client, service }: Found & { arn: string }): Promise<void> {
  const { StreamDescription: found } = await service.call(
    { name: 'describe', right: 'dynamodb:DescribeStream' },
    (abort) => client.send(new sdk.DescribeStreamCommand({ StreamArn: arn, Limit: 1 }), abort),
  )
  if (found?.StreamViewType !== 'NEW_AND_OLD_IMAGES')
    throw sourceUnavailable(
      `the stream of the table ${tableName} has the view type ${found?.StreamViewType ?? 'unknown'}. Enable it anew with NEW_AND_OLD_IMAGES`,
    )
}

/** A server of one's own has tables and their streams at one address, of which the SDK looks for the first alone. */
function ownEndpoint(): string | undefined {
  const { AWS_ENDPOINT_URL_DYNAMODB_STREAMS: streams, AWS_ENDPOINT_URL_DYNAMODB: tables } = process.env
  return streams ?? tables
}
