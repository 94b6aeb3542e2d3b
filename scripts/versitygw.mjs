// versitygw, an S3 server over a folder, written in Go. The lanes that need S3 share one installation of it.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lanes, runs, startServer } from './lane.mjs'

const version = 'v1.8.0'
const folder = join(lanes, 'servers', `versitygw-${version}`)

/** What its servers take, as the environment of the AWS SDK. */
export const credentials = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'testtest',
  AWS_REGION: 'us-east-1',
}

/** Builds it once; needs Go and its module proxy. False where that failed. */
export function installVersitygw() {
  if (existsSync(join(folder, 'versitygw'))) return true
  console.error('building versitygw, once: a minute or two')
  const module = `github.com/versity/versitygw/cmd/versitygw@${version}`
  return runs('go', ['install', module], { env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' } })
}

/** Starts it over two new folders in `parent`, one for the objects and one for their earlier versions. */
export async function startVersitygw(parent) {
  const objects = join(parent, 'objects')
  const versions = join(parent, 'versions')
  for (const path of [objects, versions]) mkdirSync(path)
  const toArgs = (port) => [
    '--port',
    `127.0.0.1:${port}`,
    '--quiet',
    'posix',
    '--versioning-dir',
    versions,
    objects,
  ]
  return await startServer('versitygw', join(folder, 'versitygw'), toArgs, {
    ROOT_ACCESS_KEY: credentials.AWS_ACCESS_KEY_ID,
    ROOT_SECRET_KEY: credentials.AWS_SECRET_ACCESS_KEY,
  })
}
