import { AccountRootPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import type { Archive } from './archive.ts'
import type { Config } from './config.ts'

/** Who triages and replays: reads errors and batches that were given up, and adds. */
export function createOperationsRole(scope: Construct, config: Config, archive: Archive, key: IKey): Role {
  const role = new Role(scope, 'Operations', {
    roleName: `${config.name}-operations`,
    assumedBy: new AccountRootPrincipal(),
    description: 'Triages and replays errors',
  })
  const at = (folders: readonly string[]) =>
    folders.map((folder) => archive.bucket.arnForObjects(archive.path(`${folder}/*`)))
  const allow = (sid: string, actions: string[], resources: string[]) =>
    role.addToPolicy(new PolicyStatement({ sid, actions, resources }))
  allow('Read', ['s3:GetObject'], at(['errors', 'failed', 'triage', 'replays', 'data']))
  allow('GivenUp', ['s3:GetObject'], [archive.bucket.arnForObjects('aws/lambda/*')])
  allow('Add', ['s3:PutObject'], at(['triage', 'replays', 'data', 'errors']))
  allow('Handled', ['s3:PutObjectTagging'], at(['errors']))
  allow('List', ['s3:ListBucket'], [archive.bucket.bucketArn])
  useKey(role, key)
  return role
}

/** Who may replace and remove what is archived: no person and no service may, until maintenance runs as this role. */
export function createMaintenanceRole(scope: Construct, config: Config, archive: Archive, key: IKey): Role {
  const role = new Role(scope, 'Maintenance', {
    roleName: `${config.name}-maintenance`,
    assumedBy: new AccountRootPrincipal(),
    description: 'Replaces and removes archived files, versions included',
  })
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Rewrite',
      actions: [
        's3:GetObject',
        's3:GetObjectVersion',
        's3:PutObject',
        's3:DeleteObject',
        's3:DeleteObjectVersion',
      ],
      resources: ['data', 'errors', 'triage', 'replays', 'failed'].map((folder) =>
        archive.bucket.arnForObjects(archive.path(`${folder}/*`)),
      ),
    }),
  )
  role.addToPolicy(
    new PolicyStatement({
      sid: 'List',
      actions: ['s3:ListBucket', 's3:ListBucketVersions'],
      resources: [archive.bucket.bucketArn],
    }),
  )
  useKey(role, key)
  return role
}

/** Reads and writes what the key encrypts: S3 makes a data key for each bucket and hour, and opens it. */
export function useKey(role: Role, key: IKey): void {
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Key',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
    }),
  )
}
