/** What to do about an error of S3, of the SDK or of the network, by its name. */
const fixes: { readonly [name: string]: string } = {
  NoSuchBucket: 'Create the bucket, or correct its name',
  AccessDenied:
    'Give this role s3:ListBucket on the bucket, s3:GetObject, s3:PutObject and s3:DeleteObject on its objects, and the use of its KMS key',
  InvalidAccessKeyId: 'Check the credentials',
  SignatureDoesNotMatch: 'Check the credentials, and that this machine’s clock is right',
  CredentialsProviderError: 'Give the SDK credentials, by the environment or a profile',
  ExpiredToken: 'Renew the credentials',
  PermanentRedirect: 'Name the region of the bucket, by AWS_REGION',
  AuthorizationHeaderMalformed: 'Name the region of the bucket, by AWS_REGION',
  IllegalLocationConstraintException: 'Name the region of the bucket, by AWS_REGION',
  ERR_INVALID_URL: 'Correct the endpoint, to such as https://host:port',
  SlowDown: 'Write fewer objects at once',
}

/** An answer to HEAD has no body, and so no name but its status. */
const nameByStatus: { readonly [status: number]: string } = {
  301: 'PermanentRedirect',
  403: 'AccessDenied',
  503: 'SlowDown',
}

/** Worth another attempt, though the status says otherwise; the SDK sets its clock by the answer. */
const passing = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeTooSkewed'])

/** The name that S3, the SDK or the system gave. The message is never used: it may hold what was sent. */
export function nameOf(error: unknown): string {
  const code = systemCode(error)
  if (code !== undefined) return code
  const name = error instanceof Error ? error.name : 'unknown'
  return /^unknown/i.test(name) ? (nameByStatus[statusOf(error)] ?? name) : name
}

/** The status of S3's answer, or 0 where there was none. */
export function statusOf(error: unknown): number {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined
  const isKnown = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
  return isKnown && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0
}

export function isPassing(error: unknown, name: string): boolean {
  const status = statusOf(error)
  if (passing.has(name) || status >= 500 || status === 409 || status === 429) return true
  return systemCode(error) !== undefined && fixes[name] === undefined
}

export function fixOf(error: unknown, name: string): string {
  const isNetwork = name === 'TimeoutError' || systemCode(error) !== undefined
  return fixes[name] ?? (isNetwork ? 'Check the endpoint and the network' : 'See the documentation of S3')
}

/** An error of that name and nothing else: the SDK's has the whole answer with it, and the signed request. */
export function bare(name: string): Error {
  return Object.assign(new Error(name), { name })
}

/** Such as ECONNRESET. */
function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
