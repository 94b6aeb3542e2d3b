import { PipelineError } from '../record/error.ts'
import { checkSignal } from './failure.ts'
import { checkKey } from './key.ts'
import { createCaller } from './s3/call.ts'
import { connectToBucket, type S3Options } from './s3/connection.ts'
import type { ObjectInfo, ObjectStore, PutOutcome } from './store.ts'

export type { S3Options } from './s3/connection.ts'

/**
 * Opens the archive in a bucket, below a prefix: `s3://bucket/prefix`. Conditions are S3's own: `If-None-Match: *` and
 * `If-Match`, which S3 judges and not this process, so that any number of processes may use one archive.
 *
 * An ETag is S3's. Without KMS that is a digest of the bytes: an object that was replaced by the same bytes counts as
 * the same one. Where a bucket keeps versions, a replaced or deleted object stays as an earlier version.
 *
 * @throws PipelineError SETTING_INVALID when there is no such bucket; STORE_UNAVAILABLE when the SDK is not installed or
 *   S3 is out of reach or refuses. All calls of the store throw as `ObjectStore` says.
 */
export async function openS3Store(options: S3Options): Promise<ObjectStore> {
  const { sdk, client, bucket, prefix, attemptsMax, backoffMs, timeoutMs } = await connectToBucket(options)
  const call = createCaller({ attemptsMax, backoffMs, timeoutMs, place: `s3://${bucket}` })
  const url = `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`
  const at = (key: string) => ({ Bucket: bucket, Key: `${prefix}${key}` })
  await call(
    'open',
    undefined,
    (abort) => client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), abort),
    {
      NotFound: (cause) =>
        new PipelineError(
          'SETTING_INVALID',
          `there is no bucket ${bucket}. Create it, or correct its name.`,
          { cause },
        ),
    },
  )

  async function head(key: string, signal: AbortSignal | undefined): Promise<ObjectInfo | undefined> {
    checkKey(key)
    checkSignal(signal)
    const found = await call(`head ${key}`, signal, (abort) =>
      client.send(new sdk.HeadObjectCommand(at(key)), abort).catch(unlessGone),
    )
    return found && { key, size: found.ContentLength ?? 0, etag: found.ETag ?? '' }
  }

  async function put(
    key: string,
    bytes: Uint8Array,
    { condition, signal }: Parameters<ObjectStore['put']>[2] & object,
  ): Promise<PutOutcome> {
    checkKey(key)
    checkSignal(signal)
    const asked =
      condition === undefined
        ? {}
        : 'ifAbsent' in condition
          ? { IfNoneMatch: '*' }
          : { IfMatch: condition.ifMatch }
    const input = { ...at(key), Body: bytes, ContentLength: bytes.length, ...asked }
    let attempts = 0
    const outcome = await call(`put ${key}`, signal, async (abort): Promise<PutOutcome | 'unmet'> => {
      attempts += 1
      try {
        const { ETag: etag = '' } = await client.send(new sdk.PutObjectCommand(input), abort)
        return { outcome: 'stored', etag }
      } catch (error) {
        const isGone = isAnswer(error, 404) && condition !== undefined && 'ifMatch' in condition
        if (isAnswer(error, 412) || isGone) return 'unmet'
        throw error
      }
    })
    if (outcome !== 'unmet') return outcome
    // An attempt whose answer was lost may have been the one that met the condition.
    const mine = attempts > 1 ? await isMine(key, bytes, signal) : undefined
    if (mine !== undefined) return { outcome: 'stored', etag: mine }
    return { outcome: condition !== undefined && 'ifAbsent' in condition ? 'exists' : 'changed' }
  }

  /** The ETag of the object, where it has just these bytes. */
  async function isMine(
    key: string,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const found = await get(key, signal)
    return found && Buffer.compare(found.bytes, bytes) === 0 ? found.etag : undefined
  }

  async function get(key: string, signal: AbortSignal | undefined) {
    checkKey(key)
    checkSignal(signal)
    return call(`get ${key}`, signal, async (abort) => {
      const found = await client.send(new sdk.GetObjectCommand(at(key)), abort).catch(unlessGone)
      if (!found?.Body) return undefined
      const bytes = await found.Body.transformToByteArray()
      // A connection that ended early without an error has lost the rest.
      if (found.ContentLength !== undefined && bytes.length !== found.ContentLength)
        throw Object.assign(new Error('the answer was cut short'), { code: 'ECONNRESET' })
      return { key, size: bytes.length, etag: found.ETag ?? '', bytes }
    })
  }

  async function* list(
    start: string,
    { after, signal }: { readonly after?: string; readonly signal?: AbortSignal },
  ): AsyncGenerator<ObjectInfo> {
    let token: string | undefined
    do {
      checkSignal(signal)
      const from =
        token === undefined
          ? after
            ? { StartAfter: `${prefix}${after}` }
            : {}
          : { ContinuationToken: token }
      const input = { Bucket: bucket, Prefix: `${prefix}${start}`, ...from }
      const page = await call(`list '${start}'`, signal, (abort) =>
        client.send(new sdk.ListObjectsV2Command(input), abort),
      )
      for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? []) {
        const key = Key.slice(prefix.length)
        // Consoles make empty objects for folders, whose keys are none of ours.
        if (isKey(key)) yield { key, size: Size, etag: ETag }
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  /** S3 does not say whether there was an object: so it is looked at first, and that one deleted. */
  async function remove(
    key: string,
    ifMatch: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    for (;;) {
      const found = await head(key, signal)
      if (!found || (ifMatch !== undefined && found.etag !== ifMatch)) return false
      const isDeleted = await call(`delete ${key}`, signal, async (abort) => {
        try {
          await client.send(new sdk.DeleteObjectCommand({ ...at(key), IfMatch: found.etag }), abort)
          return true
        } catch (error) {
          if (isAnswer(error, 412) || isAnswer(error, 404)) return false
          throw error
        }
      })
      if (isDeleted || ifMatch !== undefined) return isDeleted
    }
  }

  return {
    url,
    put: (key, bytes, given) => put(key, bytes, given ?? {}),
    get: (key, given) => get(key, given?.signal),
    head: (key, given) => head(key, given?.signal),
    list: (start, given) => list(start, given ?? {}),
    delete: (key, given) => remove(key, given?.ifMatch, given?.signal),
  }
}

function isKey(key: string): boolean {
  try {
    checkKey(key)
    return true
  } catch {
    return false
  }
}

/** Whether S3 answered with this status. */
function isAnswer(error: unknown, status: number): boolean {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'httpStatusCode' in metadata &&
    metadata.httpStatusCode === status
  )
}

function unlessGone(error: unknown): undefined {
  if (isAnswer(error, 404) && !(error instanceof Error && error.name === 'NoSuchBucket')) return undefined
  throw error
}
