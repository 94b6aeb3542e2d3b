import { statusOf } from '../../aws/failure.ts'
import { PipelineError } from '../../record/error.ts'
import { checkSignal } from '../failure.ts'
import type { ObjectTag, PutCondition, PutOutcome } from '../store.ts'
import { at, type Bucket } from './connection.ts'
import { getObject, headObject, isGone } from './read.ts'

export async function putS3Object(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  {
    condition,
    signal,
    tag,
  }: { readonly condition?: PutCondition; readonly signal?: AbortSignal; readonly tag?: ObjectTag },
): Promise<PutOutcome> {
  const place = at(bucket, key)
  checkSignal(signal)
  const command = new bucket.sdk.PutObjectCommand({
    ...place,
    Body: bytes,
    ContentLength: bytes.length,
    ...headersOf(condition),
    ...(tag && { Tagging: `${tag.name}=${tag.value}` }),
  })
  const isReplacement = condition !== undefined && 'ifMatch' in condition
  const look = () =>
    getObject(bucket, key, signal).catch((error: unknown) => {
      // That the key is taken is known without a look, which takes a right to read that who only creates may not have.
      if (isReplacement || !(error instanceof PipelineError)) throw error
    })
  const send = async (number: number, abortSignal: AbortSignal): Promise<PutOutcome> => {
    try {
      const { ETag: etag = '' } = await bucket.client.send(command, { abortSignal })
      return { outcome: 'stored', etag }
    } catch (error) {
      const isUnmet = statusOf(error) === 412 || (isReplacement && isGone(error))
      if (!isUnmet) throw error
    }
    // An attempt whose answer was lost may have been the one that met the condition.
    const there = number > 1 ? await look() : undefined
    if (there !== undefined && Buffer.compare(there.bytes, bytes) === 0)
      return { outcome: 'stored', etag: there.etag }
    return { outcome: isReplacement ? 'changed' : 'exists' }
  }
  const action = {
    name: `put ${key}`,
    rights: `s3:PutObject${tag ? ' and s3:PutObjectTagging' : ''} on the objects of the bucket, and kms:GenerateDataKey on its KMS key`,
    sizeBytes: bytes.length,
  }
  return bucket.call(action, signal, ({ number, abortSignal }) => send(number, abortSignal))
}

function headersOf(condition: PutCondition | undefined): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === undefined) return {}
  return 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }
}

export async function tagObject(
  bucket: Bucket,
  key: string,
  { name, value }: ObjectTag,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = new bucket.sdk.PutObjectTaggingCommand({
    ...at(bucket, key),
    Tagging: { TagSet: [{ Key: name, Value: value }] },
  })
  const action = { name: `tag ${key}`, rights: 's3:PutObjectTagging on the objects of the bucket' }
  await bucket.call(action, signal, ({ abortSignal }) => bucket.client.send(command, { abortSignal }))
}

/** S3 does not say whether there was an object: so it is looked at first, and that one deleted. */
export async function removeS3Object(
  bucket: Bucket,
  key: string,
  { ifMatch, signal }: { readonly ifMatch?: string; readonly signal?: AbortSignal },
): Promise<boolean> {
  for (;;) {
    const found = await headObject(bucket, key, signal)
    if (!found || (ifMatch !== undefined && found.etag !== ifMatch)) return false
    const command = new bucket.sdk.DeleteObjectCommand({ ...at(bucket, key), IfMatch: found.etag })
    const action = { name: `delete ${key}`, rights: 's3:DeleteObject on the objects of the bucket' }
    const isDeleted = await bucket.call(action, signal, async ({ number, abortSignal }) => {
      try {
        await bucket.client.send(command, { abortSignal })
        return true
      } catch (error) {
        if (statusOf(error) !== 412 && !isGone(error)) throw error
        // An attempt whose answer was lost may have been the one that deleted it.
        return number > 1 && (await headObject(bucket, key, signal)) === undefined
      }
    })
    if (isDeleted || ifMatch !== undefined) return isDeleted
  }
}
