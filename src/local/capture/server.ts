import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { Bounds } from './bounds.ts'
import { type Problem, type ProblemName, problemHeaders, problems, toProblemBody } from './problem.ts'

export type ListenOptions = {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  readonly bounds: Bounds
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
  { host, port, bounds }: ListenOptions,
  serve: (refuse: Listening['refuse']) => Fetch,
): Promise<Listening> {
  const admitted = new WeakSet<Socket>()
  let connections = 0
  let isClosing = false
  const isLocal = host === '127.0.0.1' || host === '::1' || host === 'localhost'
  const refuse = ({ incoming }: HttpBindings): Problem | undefined => {
    const headers = { connection: 'close' }
    if (isClosing) return { problem: 'closing', headers }
    if (!admitted.has(incoming.socket)) return { problem: 'too-busy', headers }
    return isForeign(incoming, isLocal) ? { problem: 'origin-refused' } : undefined
  }
  const options = {
    headersTimeout: bounds.headersWaitMs,
    // The body has its own, shorter wait.
    requestTimeout: bounds.headersWaitMs + bounds.bodyWaitMs + 1_000,
    connectionsCheckingInterval: Math.min(500, bounds.headersWaitMs),
    keepAliveTimeout: bounds.idleWaitMs,
    maxHeaderSize: bounds.headerBytesMax,
  }
  const server = createServer(options, getRequestListener(serve(refuse), { overrideGlobalObjects: false }))
  server.maxConnections = bounds.connectionsMax + refusedMax
  server.on('connection', (socket) => {
    if (connections < bounds.connectionsMax) admitted.add(socket)
    connections += 1
    socket.once('close', () => {
      connections -= 1
    })
  })
  server.on('clientError', answerClientError)
  await start(server, host, port)
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    refuse,
    async close() {
      isClosing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), bounds.drainWaitMs)
      await closed
      clearTimeout(timer)
    },
  }
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
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const problem = { problem: clientErrors[error.code ?? ''] ?? ('request-malformed' as const) }
  const body = JSON.stringify(toProblemBody(problem))
  const { status } = problems[problem.problem]
  const headers = { ...problemHeaders(problem), 'content-length': String(body.length), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
}
