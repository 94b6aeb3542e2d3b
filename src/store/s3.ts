import { statusOf } from '../aws/failure.ts'
import { PipelineError } from '../record/error.ts'
import { type Bucket, connectToBucket, type S3Options } from './s3/connection.ts'
import { getObject, headObject, listObjects, rightsToList } from './s3/read.ts'
import { deleteVersion, listVersions } from './s3/version.ts'
import { putS3Object, removeS3Object, tagObject } from './s3/write.ts'
import type { ObjectStore } from './store.ts'

export type { S3Options } from './s3/connection.ts'

/**
 * Opens the archive in a bucket, below a prefix: `s3://bucket/prefix`. Conditions are S3's own: `If-None-Match: *` and
 * `If-Match`, which S3 judges and not this process, so that any number of processes may use one archive.
 *
 * An ETag is S3's. Without KMS that is a digest of the bytes: an object that was replaced by the same bytes counts as
 * the same one. Where a bucket keeps versions, a replaced or deleted object stays as an earlier version.
 *
 * A call whose answer is lost is made again. When it then finds its own work done, it says `stored`, or true for a
 * deletion; it cannot tell that from another's work that came to the same.
 *
 * @throws PipelineError SETTING_INVALID when there is no such bucket or its region is not known; STORE_UNAVAILABLE when
 *   the SDK is not installed or S3 is out of reach or refuses. All calls of the store throw as `ObjectStore` says.
 */
export async function openS3Store(options: S3Options): Promise<ObjectStore> {
  const bucket = await connectToBucket(options)
  await checkBucket(bucket)
  return {
    url: `s3://${bucket.name}/${bucket.prefix}`.replace(/\/$/, ''),
    versions: {
      list: (key, options) => listVersions(bucket, key, options?.signal),
      delete: (key, id, options) => deleteVersion(bucket, key, id, options?.signal),
    },
    put: (key, bytes, options) => putS3Object(bucket, key, bytes, options ?? {}),
    get: (key, options) => getObject(bucket, key, options?.signal),
    head: (key, options) => headObject(bucket, key, options?.signal),
    async *list(prefix, options) {
      for await (const page of listObjects(bucket, prefix, options ?? {})) yield* page
    },
    async *keys(prefix, options) {
      for await (const page of listObjects(bucket, prefix, options ?? {})) yield page.map(({ key }) => key)
    },
    tag: (key, tag, options) => tagObject(bucket, key, tag, options?.signal),
    delete: (key, options) => removeS3Object(bucket, key, options ?? {}),
  }
}

/** Asks for a page of one key: the answer to a HEAD would not say what is wrong. */
async function checkBucket({ sdk, client, call, name, prefix }: Bucket): Promise<void> {
  const command = new sdk.ListObjectsV2Command({ Bucket: name, Prefix: prefix, MaxKeys: 1 })
  await call({ name: 'open', rights: rightsToList }, undefined, async ({ abortSignal }) => {
    try {
      await client.send(command, { abortSignal })
    } catch (cause) {
      if (statusOf(cause) !== 404) throw cause
      throw new PipelineError(
        'SETTING_INVALID',
        `there is no bucket ${name}. Create it, or correct its name.`,
      )
    }
  })
}
