import { expect, test, vi } from 'vitest'
import { loadSdk, PackageMissing } from '../../src/aws/sdk.ts'

test('a package is loaded, and the SDK keeps its warnings of Node to itself', async () => {
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', undefined)
  const { S3Client } = await loadSdk(
    'STORE_UNAVAILABLE',
    '@aws-sdk/client-s3',
    () => import('@aws-sdk/client-s3'),
  )
  expect(S3Client).toBeTypeOf('function')
  expect(process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED).toBe('true')
  vi.unstubAllEnvs()
})

test('a package that is not installed is named, with the command that installs it', async () => {
  const name = '@aws-sdk/client-that-is-not-there'
  const error = await loadSdk('TABLE_UNAVAILABLE', name, () => import(name)).catch((caught) => caught)
  expect(error).toBeInstanceOf(PackageMissing)
  expect(error).toMatchObject({
    code: 'TABLE_UNAVAILABLE',
    packageName: name,
    message: `the package ${name} is not installed. Install it: npm install ${name}`,
    fix: undefined,
  })
})

test('a package that is there and cannot be loaded fails as it fails', async () => {
  const broken = new SyntaxError('unexpected token')
  await expect(loadSdk('QUERY_FAILED', 'x', () => Promise.reject(broken))).rejects.toBe(broken)
})
