import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { loadSdk } from '../../aws/sdk.ts'
import type { Runtime } from '../../runtime.ts'
import { createService, type Service } from './service.ts'

export type KinesisOptions = {
  /** The stream's name, or its ARN. */
  readonly stream: string
  /** Needed for a name, unless the SDK finds one in the environment or a profile. */
  readonly region?: string
  /** Another than the service's own, such as that of a Kinesis server on this machine. */
  readonly endpoint?: string
  /** After how long an attempt counts as failed. */
  readonly timeoutMs?: number
  /** How often a call is made before it has failed, with throttling and network failures as reasons to go on. */
  readonly attemptsMax?: number
  /** The wait before the second attempt and the longest one, in milliseconds. */
  readonly backoffMs?: readonly [number, number]
}

type Sdk = typeof import('@aws-sdk/client-kinesis')

/** A stream of Kinesis, found and ready for calls. */
export type KinesisStream = {
  readonly arn: string
  readonly name: string
  readonly sdk: Sdk
  readonly client: KinesisClient
  /** How the stream is named in calls. */
  readonly target: { readonly StreamARN: string } | { readonly StreamName: string }
  readonly service: Service
  close(): void
}

/**
 * Finds the stream. Credentials come the SDK's usual ways.
 *
 * @throws PipelineError SOURCE_UNAVAILABLE when the SDK is not installed or the stream cannot be described.
 */
export async function connectToStream(options: KinesisOptions, runtime: Runtime): Promise<KinesisStream> {
  const { stream, endpoint, timeoutMs = 10_000 } = options
  // arn:aws:kinesis:{region}:{account}:stream/{name}
  const isArn = stream.startsWith('arn:')
  const name = isArn ? stream.slice(stream.indexOf('/') + 1) : stream
  const region = isArn ? stream.split(':')[3] : options.region
  const code = 'SOURCE_UNAVAILABLE'
  const [sdk, { NodeHttpHandler }] = await Promise.all([
    loadSdk(code, '@aws-sdk/client-kinesis', () => import('@aws-sdk/client-kinesis')),
    loadSdk(code, '@smithy/node-http-handler', () => import('@smithy/node-http-handler')),
  ])
  const client = new sdk.KinesisClient({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    // The service below tries again, and can be stopped while it waits.
    maxAttempts: 1,
    // HTTP/1.1: the SDK's own choice for Kinesis, HTTP/2, is not understood by servers on one machine.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    }),
  })
  const service = createService({
    service: 'Kinesis',
    place: `the stream ${name}${endpoint ? ` at ${endpoint}` : ''}`,
    attemptsMax: options.attemptsMax ?? 5,
    backoffMs: options.backoffMs ?? [100, 5_000],
    runtime,
  })
  const close = () => {
    service.close()
    client.destroy()
  }
  // Another account's stream has to be named by its ARN, which servers on one machine do not know.
  const target = isArn && !endpoint ? { StreamARN: stream } : { StreamName: name }
  try {
    const { StreamDescriptionSummary: found } = await service.call(
      { name: 'find', right: 'kinesis:DescribeStreamSummary' },
      (abort) => client.send(new sdk.DescribeStreamSummaryCommand(target), abort),
    )
    return { arn: found?.StreamARN ?? stream, name, sdk, client, target, service, close }
  } catch (error) {
    close()
    throw error
  }
}
