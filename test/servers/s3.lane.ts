import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { openS3Store } from '../../src/store/s3.ts'
import { storeContract } from '../contract/store.ts'

// Every S3 server that the lane has started: see scripts/servers.mjs.
const endpoints = JSON.parse(process.env.SERVERS_S3 ?? '{}') as { readonly [name: string]: string }
const prefix = 'some/prefix'

// In a condition versitygw takes the marker of a deletion for an object; S3 does not, and moto neither.
const cases = Object.entries(endpoints).flatMap(([name, endpoint]) =>
  (name === 'versitygw' ? [false] : [false, true]).map((isVersioned) => ({ name, endpoint, isVersioned })),
)
for (const { name, endpoint, isVersioned } of cases) {
  storeContract(
    `S3, spoken by ${name}, in a bucket ${isVersioned ? 'with' : 'without'} versions,`,
    async () => {
      const bucket = `b-${randomUUID()}`
      const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      if (isVersioned) {
        const VersioningConfiguration = { Status: 'Enabled' } as const
        await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }))
      }
      client.destroy()
      const another = () => openS3Store({ bucket, prefix, endpoint, region: 'us-east-1' })
      return { store: await another(), another }
    },
    // S3 itself deletes atomically, as moto does.
    {
      etagIsOf: 'bytes',
      isDeleteAtomic: name !== 'versitygw',
      keyBytesMax: 1023 - prefix.length,
      versions: isVersioned ? 'kept' : 'latest only',
    },
  )
}
