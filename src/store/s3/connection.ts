import type { S3Client } from '@aws-sdk/client-s3'
import { loadSdk } from '../../aws/sdk.ts'
import { PipelineError } from '../../record/error.ts'
import { type Runtime, systemRuntime } from '../../runtime.ts'
import { checkKey } from '../key.ts'
import { type Call, createCaller } from './call.ts'

export type S3Options = {
  readonly bucket: string
  /** Above `data/`; without slashes around it. */
  readonly prefix?: string
  /** Where the SDK finds none in the environment or a profile. */
  readonly region?: string
  /** Another than the service's own; the SDK also takes `AWS_ENDPOINT_URL_S3`. */
  readonly endpoint?: string
  /**
   * After how long an attempt counts as failed, in milliseconds: without an answer, or without another byte of one. An
   * attempt that sends an object has a second more for each million bytes.
   */
  readonly timeoutMs?: number
  readonly attemptsMax?: number
  /** The wait before the second attempt and the longest one, in milliseconds. */
  readonly backoffMs?: readonly [number, number]
  /** The one of this process unless given. */
  readonly runtime?: Runtime
}

type Sdk = typeof import('@aws-sdk/client-s3')

export type Bucket = {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly call: Call
  readonly name: string
  /** Ends with a slash, or is empty. */
  readonly prefix: string
}

const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const prefixBytesMax = 512
const keyBytesMax = 1024
/** As many as may be asked for at once by the settings: the SDK's own 50 would make the others wait and time out. */
const socketsMax = 256

/** Makes the client. Credentials come the SDK's usual ways. */
export async function connectToBucket(options: S3Options): Promise<Bucket> {
  const { bucket: name, timeoutMs = 15_000, attemptsMax = 5, backoffMs = [100, 5_000] } = options
  if (!bucketPattern.test(name))
    throw new PipelineError('SETTING_INVALID', `'${name}' is no name of a bucket: write s3://bucket/prefix.`)
  const prefix = (options.prefix ?? '').replace(/^\/+|\/+$/g, '')
  if (prefix.includes('//') || Buffer.byteLength(prefix) > prefixBytesMax)
    throw new PipelineError(
      'SETTING_INVALID',
      `the prefix of s3://${name} has an empty part, or more than ${prefixBytesMax} bytes.`,
    )
  const sdk = await loadSdk('STORE_UNAVAILABLE', '@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
  const client = createClient(sdk, options)
  await checkRegion(client, name)
  const place = `s3://${name}`
  return {
    sdk,
    client,
    call: createCaller({
      attemptsMax,
      backoffMs,
      timeoutMs,
      place,
      runtime: options.runtime ?? systemRuntime(),
    }),
    name,
    prefix: prefix === '' ? '' : `${prefix}/`,
  }
}

/**
 * Where an object of the archive lies.
 *
 * @throws PipelineError KEY_INVALID, also for a key that is too long only together with the prefix.
 */
export function at({ name, prefix }: Bucket, key: string): { Bucket: string; Key: string } {
  checkKey(key)
  const whole = `${prefix}${key}`
  if (Buffer.byteLength(whole) > keyBytesMax)
    throw new PipelineError(
      'KEY_INVALID',
      `the key ${JSON.stringify(`${key.slice(0, 100)}…`)} cannot be stored: with the archive's prefix it is longer than ${keyBytesMax} bytes. Shorten the prefix.`,
    )
  return { Bucket: name, Key: whole }
}

function createClient(sdk: Sdk, { region, endpoint }: S3Options): S3Client {
  const isOwn = endpoint !== undefined || process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL
  return new sdk.S3Client({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    // Other servers have no host name for each bucket.
    ...(isOwn && { forcePathStyle: true }),
    // The store tries again itself: it knows which attempt may have been the one that counted.
    maxAttempts: 1,
    requestHandler: { httpAgent: { maxSockets: socketsMax }, httpsAgent: { maxSockets: socketsMax } },
  })
}

async function checkRegion(client: S3Client, name: string): Promise<void> {
  try {
    await client.config.region()
  } catch {
    throw new PipelineError(
      'SETTING_INVALID',
      `the region of s3://${name} is not known. Name it by AWS_REGION or in a profile.`,
    )
  }
}
