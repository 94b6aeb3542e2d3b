/** Every kind of problem that the API answers with. `docs/capture.md` lists them, and a test says so. */
export const problems = {
  'body-not-json': { status: 400, title: 'The body is not JSON' },
  'body-invalid': { status: 400, title: 'The body is not a record that can be taken' },
  'path-invalid': { status: 400, title: 'An identifier in the path cannot be one' },
  'request-malformed': { status: 400, title: 'The request is not HTTP' },
  'origin-refused': { status: 403, title: 'Pages of other sites may not call this API' },
  'not-found': { status: 404, title: 'There is no such record' },
  'route-unknown': { status: 404, title: 'There is no such path' },
  'method-not-allowed': { status: 405, title: 'The path has no such method' },
  'request-slow': { status: 408, title: 'The request took too long to arrive' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'media-type-unsupported': { status: 415, title: 'The body must be application/json' },
  'expectation-unknown': { status: 417, title: 'The expectation cannot be met' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'The API met a defect of its own' },
  'table-unavailable': { status: 503, title: 'The table cannot be written or read' },
  'too-busy': { status: 503, title: 'Too many connections are open' },
  closing: { status: 503, title: 'The API is closing down' },
} as const satisfies { [name: string]: { status: number; title: string } }

export type ProblemName = keyof typeof problems

/** What is wrong with one field. It names the field and never its value. */
export type FieldError = {
  /** A JSON Pointer (RFC 6901) into the body. */
  readonly pointer: string
  readonly detail: string
}

/** Why a request was not done. */
export type Problem = {
  readonly problem: ProblemName
  readonly detail?: string
  readonly errors?: readonly FieldError[]
  readonly headers?: { readonly [name: string]: string }
}

export const problemType = 'application/problem+json'

/** A problem's members as RFC 9457 names them, and the request's own identifier. */
export function toProblemBody(problem: Problem, requestId?: string): { readonly [name: string]: unknown } {
  const { status, title } = problems[problem.problem]
  return {
    type: `urn:dmd:problem:${problem.problem}`,
    title,
    status,
    ...(problem.detail !== undefined && { detail: problem.detail }),
    ...(problem.errors && { errors: problem.errors }),
    ...(requestId !== undefined && { requestId }),
  }
}

/** Headers of a problem beside its content type. Who is told to come again is told when. */
export function problemHeaders({ problem, headers }: Problem): { readonly [name: string]: string } {
  const { status } = problems[problem]
  return {
    'content-type': problemType,
    'cache-control': 'no-store',
    ...(status === 503 && { 'retry-after': '1' }),
    ...headers,
  }
}
