import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { Runtime } from '../../runtime.ts'
import type { Bounds } from './bounds.ts'
import { type Problem, type ProblemName, problemHeaders, problems, toProblemBody } from './problem.ts'

export type ListenOptions = {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  readonly bounds: Bounds
  readonly runtime: Runtime
}

export type Listening = {
  readonly url: string
  /** Why the request must not be looked at, if so. */
  readonly refuse: (bindings: HttpBindings) => Problem | undefined
  /** Finishes the requests in flight, then refuses all others. */
  close(): Promise<void>
}

type Fetch = Parameters<typeof getRequestListener>[0]

// A connection above the bound is told so; one far above it is dropped.
const refusedMax = 1_000
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Serves HTTP with every wait and size bounded. `serve` is called with what it needs to ask of the server.
 *
 * @throws the error of the system when the address cannot be had.
 */
export async function listen(
  { host, port, bounds, runtime }: ListenOptions,
  serve: (refuse: Listening['refuse']) => Fetch,
): Promise<Listening> {
  const connections = createConnections(bounds.connectionsMax)
  let isClosing = false
  const isLocal = host === '127.0.0.1' || host === '::1' || host === 'localhost'
  const refuse = ({ incoming }: HttpBindings): Problem | undefined => {
    const headers = { connection: 'close' }
    if (isClosing) return { problem: 'closing', headers }
    if (!connections.isAdmitted(incoming.socket)) return { problem: 'too-busy', headers }
    return isForeign(incoming, isLocal) ? { problem: 'origin-refused' } : undefined
  }
  const options = {
    headersTimeout: bounds.headersWaitMs,
    // The body has its own, shorter wait.
    requestTimeout: bounds.headersWaitMs + bounds.bodyWaitMs + 1_000,
    connectionsCheckingInterval: Math.min(500, bounds.headersWaitMs),
    keepAliveTimeout: bounds.idleWaitMs,
    maxHeaderSize: bounds.headerBytesMax,
    // Answered below, as a problem.
    requireHostHeader: false,
  }
  const answer = getRequestListener(serve(refuse), { overrideGlobalObjects: false })
  const server = createServer(options, (request, response) => {
    const { socket } = request
    // What was in one chunk with the request that ended the connection.
    if (socket.destroyed) return
    if (connections.begin(request, response) > bounds.inFlightMax) {
      socket.destroy()
      return
    }
    const problem = targetProblem(request)
    if (problem) answerProblem(response, problem)
    else void answer(request, response)
  })
  server.maxConnections = bounds.connectionsMax + refusedMax
  // Whoever does not read the answers is not waited for.
  server.timeout = bounds.answerWaitMs
  server.on('connection', connections.open)
  server.on('checkExpectation', (_, response) => answerProblem(response, { problem: 'expectation-unknown' }))
  server.on('clientError', (error, socket) =>
    answerClientError(error, socket as Socket, bounds.lingerMs, runtime),
  )
  await start(server, host, port)
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    refuse,
    async close() {
      isClosing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const stop = runtime.timer(bounds.drainWaitMs, () => server.closeAllConnections())
      await closed
      stop()
    },
  }
}

/**
 * The open connections, in the order of their last answer. When there are as many as may be, a new one takes the place of
 * the one that has waited longest without a whole request, so that slow and idle clients never keep others out.
 */
function createConnections(max: number) {
  const admitted = new Map<Socket, Set<IncomingMessage>>()
  const isWaiting = (requests: ReadonlySet<IncomingMessage>) =>
    [...requests].every((request) => !request.complete)
  const makeRoom = () => {
    for (const [socket, requests] of admitted) {
      if (!isWaiting(requests)) continue
      admitted.delete(socket)
      socket.destroy()
      return
    }
  }
  return {
    isAdmitted: (socket: Socket) => admitted.has(socket),
    open(socket: Socket) {
      if (admitted.size >= max) makeRoom()
      if (admitted.size >= max) return
      admitted.set(socket, new Set())
      socket.once('close', () => admitted.delete(socket))
    },
    /** Counts a request of a connection until its answer is written: how many there are now. */
    begin(request: IncomingMessage, response: ServerResponse): number {
      const { socket } = request
      const requests = admitted.get(socket)
      if (!requests) return 1
      requests.add(request)
      response.once('close', () => {
        requests.delete(request)
        if (requests.size > 0 || !admitted.delete(socket)) return
        admitted.set(socket, requests)
      })
      return requests.size
    },
  }
}

/** Why the first line, or the lack of a host, makes a request that no route can be found for. */
function targetProblem({ url = '', headers, httpVersionMinor }: IncomingMessage): Problem | undefined {
  if (headers.host === undefined && httpVersionMinor > 0)
    return { problem: 'request-malformed', detail: 'HTTP/1.1 needs a Host header.' }
  if (url === '*')
    return { problem: 'method-not-allowed', headers: { allow: 'GET, HEAD, POST, PUT, DELETE' } }
  return URL.canParse(url, 'http://host') ? undefined : { problem: 'request-malformed' }
}

function answerProblem(response: ServerResponse, problem: Problem): void {
  const body = JSON.stringify(toProblemBody(problem))
  const { status } = problems[problem.problem]
  response
    .writeHead(status, { ...problemHeaders(problem), 'content-length': body.length, connection: 'close' })
    .end(body)
}

function start(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 2_048 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/**
 * Whether a page of another site calls, which a browser on this machine would let through: its Origin is another than
 * the host asked, or the host is a foreign name that somebody made lead to this machine.
 */
function isForeign({ headers }: IncomingMessage, isLocal: boolean): boolean {
  const { host = '', origin } = headers
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return (isLocal && !loopback.has(name)) || (origin !== undefined && origin !== `http://${host}`)
}

const clientErrors: { readonly [code: string]: ProblemName } = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-slow',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
}

/** Answers what is no request that could be handled, on the bare connection. */
function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  lingerMs: number,
  { timer }: Runtime,
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const problem = { problem: clientErrors[error.code ?? ''] ?? ('request-malformed' as const) }
  const body = JSON.stringify(toProblemBody(problem))
  const { status } = problems[problem.problem]
  const headers = { ...problemHeaders(problem), 'content-length': String(body.length), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  // Closing at once could discard the answer; not closing at all would leave the connection to the client.
  const stop = timer(lingerMs, () => socket.destroy())
  socket.once('close', stop)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
}
