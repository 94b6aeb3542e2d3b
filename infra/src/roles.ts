import { Stack } from 'aws-cdk-lib'
import {
  AccountRootPrincipal,
  ArnPrincipal,
  CompositePrincipal,
  type IPrincipal,
  PolicyStatement,
  Role,
} from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { type Archive, batchesIn, discarded, folders, objectsIn } from './archive.ts'
import type { Config } from './config.ts'

/** IAM is global: without the region a second one would find the name taken. */
export function roleName(scope: Construct, { name }: Config, role: string): string {
  return `${name}-${role}-${Stack.of(scope).region}`
}

/** Who may take on a role: the principals that the configuration names, else whomever the account lets. */
export function assumedBy(config: Config, role: keyof Config['assumedBy']): IPrincipal {
  const named = config.assumedBy[role]
  if (named === undefined) return new AccountRootPrincipal()
  return new CompositePrincipal(...named.map((arn) => new ArnPrincipal(arn)))
}

/** Listing the archive: all of a bucket of our own, or what is below the prefix in one that others use too. */
function listing({ bucket, path }: Archive, others: readonly string[] = []) {
  const prefix = path('')
  const prefixes = [prefix, `${prefix}*`, ...others.map((folder) => `${folder}/*`)]
  return new PolicyStatement({
    sid: 'List',
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    ...(prefix === '' ? {} : { conditions: { StringLike: { 's3:prefix': prefixes } } }),
  })
}

/** Who triages and replays: reads errors and batches that were given up, and adds. */
export function createOperationsRole(scope: Construct, config: Config, archive: Archive, key: IKey): Role {
  const role = new Role(scope, 'Operations', {
    roleName: roleName(scope, config, 'operations'),
    assumedBy: assumedBy(config, 'operations'),
    description: 'Triages and replays errors',
  })
  const batches = batchesIn(archive)
  const allow = (sid: string, actions: string[], resources: string[]) =>
    role.addToPolicy(new PolicyStatement({ sid, actions, resources }))
  allow('Read', ['s3:GetObject'], [...objectsIn(archive, folders), batches])
  allow('Add', ['s3:PutObject'], objectsIn(archive, ['triage', 'replays', 'data', 'errors']))
  allow('Handled', ['s3:PutObjectTagging'], [...objectsIn(archive, ['errors', 'failed']), batches])
  role.addToPolicy(listing(archive, [discarded]))
  useKeyByS3(role, key)
  return role
}

/** Who may replace and remove what is archived. Nothing uses it yet; `assumedBy` says who could. */
export function createMaintenanceRole(scope: Construct, config: Config, archive: Archive, key: IKey): Role {
  const role = new Role(scope, 'Maintenance', {
    roleName: roleName(scope, config, 'maintenance'),
    assumedBy: assumedBy(config, 'maintenance'),
    description: 'Replaces and removes archived files, versions included',
  })
  const objects = objectsIn(archive, folders)
  const removal = ['s3:GetObject', 's3:GetObjectVersion', 's3:DeleteObject', 's3:DeleteObjectVersion']
  role.addToPolicy(
    new PolicyStatement({ sid: 'Remove', actions: removal, resources: [...objects, batchesIn(archive)] }),
  )
  role.addToPolicy(new PolicyStatement({ sid: 'Rewrite', actions: ['s3:PutObject'], resources: objects }))
  const list = listing(archive, [discarded])
  list.addActions('s3:ListBucketVersions')
  role.addToPolicy(list)
  useKeyByS3(role, key)
  return role
}

/** For people: what the key encrypts is in S3, and through S3 alone they use it. */
export function useKeyByS3(role: Role, key: IKey): void {
  const { region } = Stack.of(role)
  const byS3 = { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } }
  role.addToPolicy(keyUse(key, byS3))
}

/** Reads and writes what the key encrypts: S3 makes a data key for each bucket and hour, and opens it. */
export function useKey(role: Role, key: IKey): void {
  role.addToPolicy(keyUse(key))
}

function keyUse({ keyArn }: IKey, conditions?: { [operator: string]: object }): PolicyStatement {
  const actions = ['kms:Decrypt', 'kms:GenerateDataKey']
  return new PolicyStatement({ sid: 'Key', actions, resources: [keyArn], ...(conditions && { conditions }) })
}
