import { Readable } from 'node:stream'
import { nameOf, statusOf } from '../../aws/failure.ts'
import { checkSignal, unavailable } from '../failure.ts'
import { compareKeys, keyProblem } from '../key.ts'
import type { ObjectInfo, StoredObject } from '../store.ts'
import { at, type Bucket } from './connection.ts'

/** Without the right to list, S3 says AccessDenied of an object that is not there. */
const rightsToRead =
  's3:GetObject on the objects of the bucket, s3:ListBucket on the bucket, and kms:Decrypt on its KMS key'

export const rightsToList = 's3:ListBucket on the bucket'

export async function headObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo | undefined> {
  const place = at(bucket, key)
  checkSignal(signal)
  const command = new bucket.sdk.HeadObjectCommand(place)
  const found = await bucket.call({ name: `head ${key}`, rights: rightsToRead }, signal, ({ abortSignal }) =>
    bucket.client.send(command, { abortSignal }).catch(unlessGone),
  )
  return found && { key, size: found.ContentLength ?? 0, etag: found.ETag ?? '' }
}

export async function getObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  const place = at(bucket, key)
  checkSignal(signal)
  const command = new bucket.sdk.GetObjectCommand(place)
  return bucket.call({ name: `get ${key}`, rights: rightsToRead }, signal, async ({ abortSignal, alive }) => {
    const found = await bucket.client.send(command, { abortSignal }).catch(unlessGone)
    if (found === undefined) return undefined
    const bytes = await readBody(found.Body, alive)
    return { key, size: bytes.length, etag: found.ETag ?? '', bytes }
  })
}

/** @throws Error with the code ECONNRESET for a body that is cut, or is not the one that its checksum is of. */
async function readBody(body: unknown, alive: () => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    if (body instanceof Readable)
      for await (const chunk of body) {
        alive()
        chunks.push(chunk)
      }
  } catch (cause) {
    throw Object.assign(new Error('the answer was cut short', { cause }), { code: 'ECONNRESET' })
  }
  return Buffer.concat(chunks)
}

/** The objects below a prefix, a page of S3's at a time. */
export async function* listObjects(
  bucket: Bucket,
  start: string,
  { after, signal }: { readonly after?: string; readonly signal?: AbortSignal },
): AsyncGenerator<readonly ObjectInfo[]> {
  const { sdk, client, call, name, prefix } = bucket
  const action = { name: `list '${start}'`, rights: rightsToList }
  const range = { Bucket: name, Prefix: `${prefix}${start}` }
  let from: { StartAfter?: string; ContinuationToken?: string } = after
    ? { StartAfter: `${prefix}${after}` }
    : {}
  let last: string | undefined
  for (;;) {
    checkSignal(signal)
    const command = new sdk.ListObjectsV2Command({ ...range, ...from })
    const page = await call(action, signal, ({ abortSignal }) => client.send(command, { abortSignal }))
    const objects: ObjectInfo[] = []
    for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? []) {
      if (last !== undefined && compareKeys(Key, last) <= 0)
        throw unavailable(
          `${action.name} in s3://${name}`,
          'its keys come in no order',
          'Use a general purpose bucket',
        )
      last = Key
      const key = Key.slice(prefix.length)
      // Consoles make empty objects for folders, whose keys are none of ours.
      if (keyProblem(key) === undefined) objects.push({ key, size: Size, etag: ETag })
    }
    yield objects
    if (!page.IsTruncated) return
    if (page.NextContinuationToken === undefined)
      throw unavailable(
        `${action.name} in s3://${name}`,
        'a page says not where the next begins',
        'Use another server',
      )
    from = { ContinuationToken: page.NextContinuationToken }
  }
}

/** Whether S3 says that there is no such object, and not that there is no such bucket. */
export function isGone(error: unknown): boolean {
  return statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket'
}

function unlessGone(error: unknown): undefined {
  if (!isGone(error)) throw error
}
