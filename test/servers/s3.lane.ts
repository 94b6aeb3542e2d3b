import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { openS3Store } from '../../src/store/s3.ts'
import { storeContract } from '../contract/store.ts'

// Every S3 server that the lane has started: see scripts/servers.mjs.
const endpoints = JSON.parse(process.env.SERVERS_S3 ?? '{}') as { readonly [name: string]: string }

for (const [name, endpoint] of Object.entries(endpoints)) {
  storeContract(
    `S3, spoken by ${name},`,
    async () => {
      const bucket = `b-${randomUUID()}`
      const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      client.destroy()
      const another = () => openS3Store({ bucket, prefix: 'some/prefix', endpoint, region: 'us-east-1' })
      return { store: await another(), another }
    },
    // S3 itself deletes atomically, as moto does.
    { etagIsOf: 'bytes', isDeleteAtomic: name !== 'versitygw' },
  )
}
