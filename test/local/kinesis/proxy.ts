import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = { readonly status: number; readonly body: unknown }

/** A call on its way: what it asks for, and how to ask the server itself. */
export type Call = {
  /** Such as `GetRecords`. */
  readonly action: string
  readonly input: { readonly [name: string]: unknown }
  forward(input?: { readonly [name: string]: unknown }): Promise<Answer>
}

/** What becomes of a call: an answer, its connection cut, or none at all until the client goes. */
export type Fate = Answer | 'cut' | 'hang'

export type FaultProxy = {
  readonly endpoint: string
  /** The actions that were asked for since it was started, and when, by performance.now(). */
  readonly calls: { readonly action: string; readonly atMs: number }[]
  /** Undefined: the call goes on to the server. */
  rule: (call: Call) => Fate | undefined | Promise<Fate | undefined>
  /** How many connections clients hold to it. */
  connections(): Promise<number>
  close(): Promise<void>
}

/** Stands before a server of the AWS JSON protocol and causes the faults that the server cannot. */
export async function startProxy(target: string): Promise<FaultProxy> {
  const proxy = {
    calls: [] as { action: string; atMs: number }[],
    rule: (() => undefined) as FaultProxy['rule'],
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const input = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    proxy.calls.push({ action, atMs: performance.now() })
    const forward = async (changed: unknown = input): Promise<Answer> => {
      const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
      const answer = await fetch(target, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: JSON.stringify(changed),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
    }
    const fate = (await proxy.rule({ action, input, forward })) ?? (await forward())
    if (fate === 'hang') return
    if (fate === 'cut') return void response.destroy()
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'none' }
    response.writeHead(fate.status, headers)
    response.end(fate.body === undefined ? '' : JSON.stringify(fate.body))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(proxy, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () =>
      new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

/** An error of the service, as its protocol has it. */
export function failure(name: string, status = 400): Answer {
  return { status, body: { __type: name, message: `secret ${name}` } }
}
