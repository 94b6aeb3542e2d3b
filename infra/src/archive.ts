import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { failedPrefix, lambdaFailedPrefix } from '../../src/codec/failed-batch.ts'
import { handled, unattributable } from '../../src/delivery/expiry.ts'
import type { ObjectTag } from '../../src/store/store.ts'
import type { Config } from './config.ts'

/** The folders of the archive, all of which are only ever added to. */
export const folders = ['data', 'errors', 'failed', 'triage', 'replays'] as const

/** The folder of the batches that Lambda discarded: at the root of the bucket. */
export const discarded = lambdaFailedPrefix.slice(0, -1)

export type Archive = {
  readonly bucket: IBucket
  readonly isNew: boolean
  readonly path: (key: string) => string
  /** `s3://bucket/prefix`, as every command takes it. */
  readonly url: string
}

/** The ARNs of all that is in some of its folders. */
export function objectsIn({ bucket, path }: Archive, names: readonly (typeof folders)[number][]): string[] {
  return names.map((folder) => bucket.arnForObjects(path(`${folder}/*`)))
}

/** The ARN of all batches that Lambda gave up. */
export function batchesIn({ bucket }: Archive): string {
  return bucket.arnForObjects(`${discarded}/*`)
}

/** The bucket of the access logs of the others. */
export function createAccessLogs(scope: Construct): Bucket {
  return secureBucket(scope, 'AccessLogs', undefined, [{ id: 'expire', expiration: Duration.days(90) }])
}

/** The bucket of the archive: encrypted, private, versioned, kept when the stack goes. */
export function createArchive(scope: Construct, config: Config, key: IKey, logs: IBucket): Archive {
  const { prefix } = config
  const path = (suffix: string) => (prefix === undefined ? suffix : `${prefix}/${suffix}`)
  const archiveOf = (bucket: IBucket, isNew: boolean): Archive => {
    const url = `s3://${bucket.bucketName}${prefix === undefined ? '' : `/${prefix}`}`
    return { bucket, isNew, path, url }
  }
  if (config.existingBucket !== undefined)
    return archiveOf(Bucket.fromBucketName(scope, 'Archive', config.existingBucket), false)
  const { noncurrentDays, handledErrorDays, unattributableErrorDays } = config.archive
  const expire = (id: string, prefix: string, { name, value }: ObjectTag, days: number): LifecycleRule => ({
    id,
    prefix,
    tagFilters: { [name]: value },
    expiration: Duration.days(days),
  })
  const rules = [
    {
      id: 'noncurrent-versions',
      noncurrentVersionExpiration: Duration.days(noncurrentDays),
      expiredObjectDeleteMarker: true,
    },
    expire('handled-errors', path('errors/'), handled, handledErrorDays),
    expire('handled-batches', path(failedPrefix), handled, handledErrorDays),
    expire('handled-batches-of-lambda', lambdaFailedPrefix, handled, handledErrorDays),
    expire('unattributable-errors', path('errors/'), unattributable, unattributableErrorDays),
  ]
  const bucket = secureBucket(scope, 'Archive', key, rules, {
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'archive/',
    versioned: true,
  })
  return archiveOf(bucket, true)
}

/** The bucket of query results, which expire. */
export function createResults(scope: Construct, config: Config, key: IKey, logs: IBucket): Bucket {
  const rules = [{ id: 'expire', expiration: Duration.days(config.athena.resultDays) }]
  return secureBucket(scope, 'Results', key, rules, {
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'results/',
  })
}

/** No public access, TLS only, owner-enforced, and no leftovers of uploads. */
function secureBucket(
  scope: Construct,
  id: string,
  key: IKey | undefined,
  rules: readonly LifecycleRule[],
  more: Pick<BucketProps, 'serverAccessLogsBucket' | 'serverAccessLogsPrefix' | 'versioned'> = {},
): Bucket {
  return new Bucket(scope, id, {
    ...(key
      ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED }),
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    lifecycleRules: [
      { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ...rules,
    ],
    ...more,
  })
}

/**
 * What is in the archive is created, never replaced: a put without `If-None-Match` is denied, but to the maintenance
 * role, which replaces what it has read (`If-Match`). Parts of a large upload create nothing yet and are let through.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
export function protectWrites(archive: Archive, maintenanceArn: string): void {
  if (!archive.isNew) return
  archive.bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'CreateOnly',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:PutObject'],
      resources: objectsIn(archive, folders),
      conditions: {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
        ArnNotEquals: { 'aws:PrincipalArn': maintenanceArn },
      },
    }),
  )
}
