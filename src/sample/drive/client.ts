import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isObject } from '../../record/type.ts'
import type { Runtime } from '../../runtime.ts'

/** An answer. `problem` is its type, such as `body-invalid`, where the request was not done. */
export type Answer = { readonly status: number; readonly problem?: string }

export type Client = {
  /** Sends one request; undefined when no answer came, for whatever reason. Never throws. */
  send(method: string, path: string, body?: string): Promise<Answer | undefined>
  close(): void
}

const answerWaitMs = 15_000
const problemBytesMax = 64 * 1024

/** A client of one API, with connections that are kept and bounded in number. */
export function openClient(url: string, connections: number, runtime: Runtime): Client {
  const base = new URL(url)
  const isSecure = base.protocol === 'https:'
  const options = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections }
  const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options)
  const request = isSecure ? httpsRequest : httpRequest
  const prefix = base.pathname.replace(/\/$/, '')
  return {
    send: (method, path, body) =>
      new Promise((resolve) => {
        const headers = body === undefined ? {} : { 'content-type': 'application/json' }
        const signal = runtime.timeout(answerWaitMs)
        const outgoing = request(base, { method, path: prefix + path, agent, headers, signal })
        outgoing.on('error', () => resolve(undefined))
        outgoing.on('response', (incoming) => {
          readAnswer(incoming).then(resolve, () => resolve(undefined))
        })
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const status = incoming.statusCode ?? 0
  const isDone = status >= 200 && status < 300
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (!isDone && bytes <= problemBytesMax) chunks.push(chunk)
  }
  return isDone ? { status } : { status, problem: problemOf(Buffer.concat(chunks).toString('utf8'), status) }
}

/** The name of a problem (RFC 9457), else that of its status: `http-502`. */
function problemOf(text: string, status: number): string {
  try {
    const body: unknown = JSON.parse(text)
    const type = isObject(body) && typeof body.type === 'string' ? body.type : ''
    const name = type.slice(type.lastIndexOf(':') + 1)
    if (/^[a-z][a-z-]{0,40}$/.test(name)) return name
  } catch {
    // An answer of something else than the API, a proxy perhaps.
  }
  return `http-${status}`
}
