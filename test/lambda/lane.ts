import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll } from 'vitest'
import { openS3Store } from '../../src/store/s3.ts'
import type { ObjectStore } from '../../src/store/store.ts'

// What scripts/lambda.mjs tells.
export const zip = process.env.LAMBDA_ZIP ?? ''
export const endpoint = process.env.LAMBDA_S3_ENDPOINT ?? ''
/** The path of each Node, by its major version. */
export const nodes = Object.entries(
  JSON.parse(process.env.LAMBDA_NODES ?? '{}') as { readonly [major: string]: string },
)

/** The version of zlib that is in a Node: another one may compress to other bytes. */
export function zlibOf(node: string): string {
  return execFileSync(node, ['-p', 'process.versions.zlib'], { encoding: 'utf8' }).trim()
}

/** A folder that is gone after the tests of the file. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-lambda-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The zip, unpacked by another's code into a folder from which no package is in reach. */
export function unzip(): string {
  const taskRoot = join(makeFolder(), 'task')
  execFileSync('python3', ['-m', 'zipfile', '-e', zip, taskRoot])
  return taskRoot
}

/** An archive in a new bucket: its URL, and the store of it. */
export async function makeArchive(): Promise<{ url: string; bucket: string; store: ObjectStore }> {
  const bucket = `b-${randomUUID()}`
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  const store = await openS3Store({ bucket, prefix: 'an/archive', endpoint, region: 'us-east-1' })
  return { url: `s3://${bucket}/an/archive`, bucket, store }
}

/** Every object of a store with its bytes, by its key, in the order of the keys. */
export async function readObjects(store: ObjectStore): Promise<ReadonlyMap<string, Uint8Array>> {
  const keys: string[] = []
  for await (const page of store.keys('')) keys.push(...page)
  const objects = new Map<string, Uint8Array>()
  for (const key of keys.sort()) {
    const object = await store.get(key)
    if (object) objects.set(key, object.bytes)
  }
  return objects
}
