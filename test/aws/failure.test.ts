import { expect, test } from 'vitest'
import { explainFailure, isRetryable, nameOf } from '../../src/aws/failure.ts'

const tried = { service: 'S3', rights: 's3:GetObject on the objects of the bucket' }

/** An error as the SDK throws it. */
function answer(name: string, { status = 400, message = 'canary in a message', ...more } = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, ...more })
}
const system = (code: string) => Object.assign(new Error('canary'), { code })

test.each([
  ['credentials', 'CredentialsProviderError', /^Check the credentials/],
  ['credentials', 'InvalidAccessKeyId', /^Check the credentials/],
  ['credentials', 'UnrecognizedClientException', /^Check the credentials/],
  ['expired', 'ExpiredToken', /^Renew the credentials/],
  ['expired', 'ExpiredTokenException', /^Renew the credentials/],
  ['signature', 'SignatureDoesNotMatch', /clock is right$/],
  ['signature', 'InvalidSignatureException', /clock is right$/],
  ['denied', 'AccessDenied', /^Give this role s3:GetObject on the objects of the bucket$/],
  ['denied', 'AccessDeniedException', /^Give this role s3:GetObject on the objects of the bucket$/],
  ['key denied', 'KMSAccessDeniedException', /KMS key/],
  ['region', 'PermanentRedirect', /^Name the region/],
  ['region', 'AuthorizationHeaderMalformed', /^Name the region/],
  ['region', 'IllegalLocationConstraintException', /^Name the region/],
  ['missing', 'NoSuchBucket', /^Check the name/],
  ['missing', 'ResourceNotFoundException', /^Check the name/],
  ['missing', 'EntityNotFoundException', /^Check the name/],
  ['other', 'ValidationException', /^See the documentation of S3$/],
])('%s: %s has its fix, is not tried again, and its message is not quoted', (kind, name, fix) => {
  const failure = explainFailure(answer(name), tried)
  expect(failure).toEqual({ kind, name, fix: expect.stringMatching(fix) })
  expect(isRetryable(answer(name))).toBe(false)
})

test.each([
  ['throttled', answer('SlowDown', { status: 503 })],
  ['throttled', answer('ThrottlingException')],
  ['throttled', answer('TooManyRequestsException')],
  ['throttled', answer('ProvisionedThroughputExceededException')],
  ['throttled', answer('LimitExceededException')],
  ['throttled', answer('RequestLimitExceeded')],
  ['key throttled', answer('KMSThrottlingException')],
  ['network', answer('TimeoutError')],
  ['network', answer('RequestTimeout')],
  ['network', system('ECONNREFUSED')],
  ['network', system('ENOTFOUND')],
  ['server', answer('InternalError', { status: 500 })],
  ['server', answer('InternalFailure', { $fault: 'server' } as object)],
])('%s: %o may succeed a moment later', (kind, error) => {
  expect(explainFailure(error, tried).kind).toBe(kind)
  expect(isRetryable(error)).toBe(true)
})

test('a clock that is wrong is corrected by the answer: the call is made again, and the fix is the clock', () => {
  const skewed = answer('RequestTimeTooSkewed', { status: 403 })
  expect(isRetryable(skewed)).toBe(true)
  expect(explainFailure(skewed, tried).kind).toBe('signature')
})

test('a call that was cancelled is not made again; it counts as one that got no answer', () => {
  expect(isRetryable(answer('AbortError', { status: 0 }))).toBe(false)
  expect(explainFailure(answer('AbortError', { status: 0 }), tried).kind).toBe('network')
})

test('a conflict is tried again: somebody else was at the same object', () => {
  expect(isRetryable(answer('ConditionalRequestConflict', { status: 409 }))).toBe(true)
})

test('an endpoint that is none is no failure of the network', () => {
  expect(explainFailure(system('ERR_INVALID_URL'), tried).fix).toMatch(/^Correct the endpoint/)
  expect(isRetryable(system('ERR_INVALID_URL'))).toBe(false)
})

test('what the SDK has no name for is known by how its message begins', () => {
  for (const message of ['Region is missing', 'Region not accepted: region="x y" is not a valid hostname']) {
    const failure = explainFailure(new Error(message), tried)
    expect(failure).toMatchObject({ kind: 'region', fix: 'Name the region, by AWS_REGION or in a profile' })
  }
  const session = answer('CredentialsProviderError', { message: 'The SSO session token has expired.' })
  expect(explainFailure(session, tried).fix).toMatch(/aws sso login/)
})

test('an answer without a body is named by its status', () => {
  const byStatus = [301, 403, 429, 503].map((status) => nameOf(answer('UnknownError', { status })))
  expect(byStatus).toEqual(['PermanentRedirect', 'AccessDenied', 'TooManyRequests', 'SlowDown'])
  expect(nameOf(answer('Unknown', { status: 418 }))).toBe('Unknown')
  expect(nameOf('a text')).toBe('unknown')
})

test('a fix of the service itself goes before the general one', () => {
  const own = { ...tried, fixes: { missing: 'Create the bucket' } }
  expect(explainFailure(answer('NoSuchBucket'), own).fix).toBe('Create the bucket')
  expect(explainFailure(answer('ExpiredToken'), own).fix).toMatch(/^Renew/)
})

test('a role that may not do something is told the right for that, and no other', async () => {
  const fixOf = (rights: string) => explainFailure(answer('AccessDenied'), { service: 'S3', rights }).fix
  expect(fixOf('s3:GetObject on the objects of the bucket')).not.toMatch(/Delete|Put/)
  expect(fixOf('s3:ListBucket on the bucket')).toBe('Give this role s3:ListBucket on the bucket')
})
