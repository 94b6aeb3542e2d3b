/** Why a call to AWS failed, as far as it decides what helps. */
export type FailureKind =
  | 'credentials'
  | 'expired'
  | 'signature'
  | 'denied'
  | 'key denied'
  | 'region'
  | 'endpoint'
  | 'missing'
  | 'throttled'
  | 'key throttled'
  | 'network'
  | 'server'
  | 'other'

export type Failure = {
  readonly kind: FailureKind
  /** The name that the service, the SDK or the system gave, such as `AccessDenied` or `ECONNRESET`. */
  readonly name: string
  /** A sentence without its full stop. */
  readonly fix: string
}

/** What was tried, for a fix that fits it. */
export type Tried = {
  /** Such as `S3`. */
  readonly service: string
  /** The rights that this call needs: `s3:PutObject on the bucket’s objects`. */
  readonly rights: string
  /** What helps with this service where the general sentence is too general. */
  readonly fixes?: { readonly [kind in FailureKind]?: string }
}

/** The names of each kind. S3 leaves out the `Exception` that other services put behind theirs. */
const names: { readonly [kind in FailureKind]?: readonly string[] } = {
  credentials: [
    'CredentialsProviderError',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'TokenProviderError',
    'UnrecognizedClient',
  ],
  expired: ['ExpiredToken', 'RequestExpired', 'TokenRefreshRequired'],
  signature: ['InvalidSignature', 'RequestTimeTooSkewed', 'SignatureDoesNotMatch'],
  denied: ['AccessDenied', 'Forbidden', 'NotAuthorized', 'UnauthorizedOperation'],
  'key denied': ['KMSAccessDenied', 'KMSDisabled', 'KMSInvalidState', 'KMSNotFound'],
  region: ['AuthorizationHeaderMalformed', 'IllegalLocationConstraint', 'PermanentRedirect'],
  endpoint: ['ERR_INVALID_URL'],
  missing: ['EntityNotFound', 'NoSuchBucket', 'NotFound', 'ResourceNotFound'],
  throttled: [
    'LimitExceeded',
    'ProvisionedThroughputExceeded',
    'RequestLimitExceeded',
    'SlowDown',
    'Throttling',
    'TooManyRequests',
  ],
  'key throttled': ['KMSThrottling'],
  network: ['AbortError', 'RequestTimeout', 'TimeoutError'],
}

const kinds: ReadonlyMap<string, FailureKind> = new Map(
  Object.entries(names).flatMap(([kind, some]) => some.map((name) => [name, kind as FailureKind] as const)),
)

/** An answer to HEAD has no body, and so no name but its status. */
const nameByStatus: { readonly [status: number]: string } = {
  301: 'PermanentRedirect',
  403: 'AccessDenied',
  429: 'TooManyRequests',
  503: 'SlowDown',
}

const fixes: { readonly [kind in Exclude<FailureKind, 'denied' | 'other'>]: string } = {
  credentials: 'Check the credentials that the SDK finds in the environment or a profile',
  expired: 'Renew the credentials; those of SSO by aws sso login',
  signature: 'Check the credentials, and that this machine’s clock is right',
  'key denied': 'Give this role the use of the KMS key, and check that the key is enabled',
  region: 'Name the region, by AWS_REGION or in a profile',
  endpoint: 'Correct the endpoint, to such as https://host:port',
  missing: 'Check the name, the region and the account',
  throttled: 'Ask less often, or ask for a higher limit of the account',
  'key throttled': 'Ask for a higher limit of KMS requests',
  network: 'Check the endpoint and the network',
  server: 'Try again later: the service itself failed',
}

/**
 * Why a call failed, and what helps.
 *
 * @example
 * const { name, fix } = explainFailure(error, { service: 'S3', rights: 's3:GetObject on the bucket’s objects' })
 * throw new PipelineError('STORE_UNAVAILABLE', `S3 could not be read (${name}). ${fix}.`, { cause: bare(name) })
 */
export function explainFailure(error: unknown, tried: Tried): Failure {
  const name = nameOf(error)
  const kind = kindOf(error, name)
  const own = tried.fixes?.[kind]
  if (own !== undefined) return { kind, name, fix: own }
  if (kind === 'denied') return { kind, name, fix: `Give this role ${tried.rights}` }
  if (kind === 'other') return { kind, name, fix: `See the documentation of ${tried.service}` }
  return { kind, name, fix: fixes[kind] }
}

function kindOf(error: unknown, name: string): FailureKind {
  const message = error instanceof Error ? error.message : ''
  // The SDK has no name for a region that is missing, nor for a session of SSO that has ended.
  if (/^region (?:is missing|not accepted)/i.test(message)) return 'region'
  const kind = kinds.get(name) ?? kinds.get(name.replace(/Exception$/, ''))
  if (kind === 'credentials' && /expired|sso session/i.test(message)) return 'expired'
  if (kind !== undefined) return kind
  if (systemCode(error) !== undefined) return 'network'
  const isOfServer = error instanceof Error && '$fault' in error && error.$fault === 'server'
  return isOfServer || statusOf(error) >= 500 ? 'server' : 'other'
}

/** Whether the same call may succeed a moment later. */
export function isRetryable(error: unknown): boolean {
  const name = nameOf(error)
  // The SDK corrects its clock by the answer.
  if (name === 'RequestTimeTooSkewed') return true
  // Whoever cancelled the call decides whether there is another one.
  if (name === 'AbortError') return false
  const kind = kindOf(error, name)
  const status = statusOf(error)
  if (['throttled', 'key throttled', 'network', 'server'].includes(kind)) return true
  return status >= 500 || status === 409 || status === 429
}

/** The name that the service, the SDK or the system gave. Messages are never used: one may quote what was sent. */
export function nameOf(error: unknown): string {
  const code = systemCode(error)
  if (code !== undefined) return code
  const name = error instanceof Error ? error.name : 'unknown'
  return /^unknown/i.test(name) ? (nameByStatus[statusOf(error)] ?? name) : name
}

/** The HTTP status of the answer, or 0 if there was none. */
export function statusOf(error: unknown): number {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined
  const isKnown = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
  return isKnown && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0
}

/** An error of that name and nothing else: the SDK's holds the whole answer, and the signed request. */
export function bare(name: string): Error {
  return Object.assign(new Error(name), { name })
}

/** Such as ECONNRESET. */
function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
