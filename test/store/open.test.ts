import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { withRoot } from './process.ts'

test('a plain path, a relative one and file: URLs of both kinds lead to the same archive', async () => {
  await withRoot(async (root) => {
    const path = join(root, 'an archive ü')
    await mkdir(path)
    const here = relative(process.cwd(), path)
    const url = pathToFileURL(path).href
    const spellings = [
      path,
      here,
      url,
      `file:${here}`,
      `file:./${here}`,
      `file://localhost${path}`,
      `${url}/`,
    ]
    for (const spelling of spellings)
      expect((await openStore(spelling, { create: false })).url.replace(/\/$/, ''), spelling).toBe(url)
  })
})

test('a file: URL is made only if asked for', async () => {
  await withRoot(async (root) => {
    const url = pathToFileURL(join(root, 'new')).href
    await expect(openStore(url, { create: false })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect((await openStore(url)).url).toBe(url)
  })
})

test.each(['s3:', 's3:bucket', 's3://', 's3:///prefix', 's3://Bucket', 's3://b', 's3://bucket/a//b'])(
  'an archive on S3 needs the name of a bucket: %j',
  async (url) => {
    await expect(openStore(url)).rejects.toMatchObject({
      code: 'SETTING_INVALID',
      message: expect.stringMatching(/s3:\/\/b/),
    })
  },
)

test.each([
  '',
  ' ',
  'http://host/path',
  'gs://bucket',
  'file://host/path',
  'file:///a?b',
  'file:///a#b',
  'a\0b',
])('what leads to no archive is refused with the fix: %j', async (url) => {
  await expect(openStore(url)).rejects.toMatchObject({
    code: 'SETTING_INVALID',
    message: expect.stringMatching(/directory|Remove it/),
  })
})
