import type { S3Client } from '@aws-sdk/client-s3'
import { PipelineError } from '../../record/error.ts'
import { unavailable } from '../failure.ts'

export type S3Options = {
  readonly bucket: string
  /** Above `data/`; without slashes around it. */
  readonly prefix?: string
  /** Where the SDK finds none in the environment or a profile. */
  readonly region?: string
  /** Another than the service's own; the SDK also takes `AWS_ENDPOINT_URL_S3`. */
  readonly endpoint?: string
  /** After how long an attempt counts as failed, in milliseconds. */
  readonly timeoutMs?: number
  readonly attemptsMax?: number
  /** The wait before the second attempt and the longest one, in milliseconds. */
  readonly backoffMs?: readonly [number, number]
}

type Sdk = typeof import('@aws-sdk/client-s3')

export type Bucket = {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly bucket: string
  /** Ends with a slash, or is empty. */
  readonly prefix: string
  readonly timeoutMs: number
  readonly attemptsMax: number
  readonly backoffMs: readonly [number, number]
}

const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const prefixBytesMax = 512

/** Makes the client. Credentials come the SDK's usual ways. */
export async function connectToBucket(options: S3Options): Promise<Bucket> {
  const { bucket, region, endpoint, timeoutMs = 15_000, attemptsMax = 5 } = options
  const prefix = (options.prefix ?? '').replace(/^\/+|\/+$/g, '')
  if (!bucketPattern.test(bucket))
    throw new PipelineError(
      'SETTING_INVALID',
      `'${bucket}' is no name of a bucket: write s3://bucket/prefix.`,
    )
  if (prefix.includes('//') || Buffer.byteLength(prefix) > prefixBytesMax)
    throw new PipelineError(
      'SETTING_INVALID',
      `the prefix of s3://${bucket} has an empty part, or more than ${prefixBytesMax} bytes.`,
    )
  const sdk = await loadSdk()
  const isOwn = endpoint !== undefined || process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL
  const client = new sdk.S3Client({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    // Other servers have no host name for each bucket.
    ...(isOwn && { forcePathStyle: true }),
    // The store tries again itself: it knows which attempt may have been the one that counted.
    maxAttempts: 1,
  })
  return {
    sdk,
    client,
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    timeoutMs,
    attemptsMax,
    backoffMs: options.backoffMs ?? [100, 5_000],
  }
}

/** Loaded when it is needed: who archives to a folder needs no SDK. */
async function loadSdk(): Promise<Sdk> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  try {
    return await import('@aws-sdk/client-s3')
  } catch (cause) {
    throw unavailable('open s3:', 'no SDK', 'Install the package @aws-sdk/client-s3', cause)
  }
}
