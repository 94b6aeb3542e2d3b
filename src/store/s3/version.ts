import { checkSignal, unavailable } from '../failure.ts'
import type { ObjectVersion } from '../store.ts'
import { at, type Bucket } from './connection.ts'
import { isGone } from './read.ts'

/**
 * `ObjectVersions.list`, by ListObjectVersions
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html). S3 can only be asked for a prefix, and
 * lists in the order of the keys: the key itself comes first, and reading ends where a longer key begins.
 */
export async function* listVersions(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectVersion> {
  const { Bucket: name, Key: whole } = at(bucket, key)
  const action = {
    name: `list the versions of ${key}`,
    rights: 's3:ListBucketVersions on the bucket',
  }
  let from: { KeyMarker?: string; VersionIdMarker?: string } = {}
  for (;;) {
    checkSignal(signal)
    const command = new bucket.sdk.ListObjectVersionsCommand({ Bucket: name, Prefix: whole, ...from })
    const page = await bucket.call(action, signal, ({ abortSignal }) =>
      bucket.client.send(command, { abortSignal }),
    )
    for (const { Key, VersionId: id = '', IsLatest = false, Size = 0, ETag = '' } of page.Versions ?? [])
      if (Key === whole) yield { key, id, isLatest: IsLatest, isDeleteMarker: false, size: Size, etag: ETag }
    for (const { Key, VersionId: id = '', IsLatest = false } of page.DeleteMarkers ?? [])
      if (Key === whole) yield { key, id, isLatest: IsLatest, isDeleteMarker: true, size: 0, etag: '' }
    if (!page.IsTruncated || (page.NextKeyMarker !== undefined && page.NextKeyMarker !== whole)) return
    const { NextKeyMarker: nextKey, NextVersionIdMarker: nextId } = page
    if (nextKey === undefined || nextId === undefined || nextId === from.VersionIdMarker)
      throw unavailable(
        `${action.name} in s3://${name}`,
        'a page does not say where the next begins',
        'Use another server',
      )
    from = { KeyMarker: nextKey, VersionIdMarker: nextId }
  }
}

/** `ObjectVersions.delete`. S3 also succeeds for a version that is not there. */
export async function deleteVersion(
  bucket: Bucket,
  key: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const place = at(bucket, key)
  checkSignal(signal)
  const command = new bucket.sdk.DeleteObjectCommand({ ...place, VersionId: id })
  const action = {
    name: `delete a version of ${key}`,
    rights: 's3:DeleteObjectVersion on the objects of the bucket; an object lock has to end first',
  }
  await bucket.call(action, signal, async ({ abortSignal }) => {
    try {
      await bucket.client.send(command, { abortSignal })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  })
}
