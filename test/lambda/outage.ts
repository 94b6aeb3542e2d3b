import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of a call to S3: `up` is S3's own answer, `cut` none, `hang` none either, but nobody says so. */
export type State = 'up' | 'cut' | 'hang'

export type Outage = {
  readonly endpoint: string
  /** What becomes of a call, by its method and its path. */
  rule: (method: string, path: string) => State
  close(): void
}

/** Stands before an S3 server and has the outages that S3 might have. */
export async function standBefore(target: string): Promise<Outage> {
  const outage: { rule: Outage['rule'] } = { rule: () => 'up' }
  const server = createServer((incoming, response) => {
    const { method = '', url = '' } = incoming
    const state = outage.rule(method, decodeURIComponent(url.split('?')[0] ?? ''))
    if (state === 'cut') incoming.socket.destroy()
    if (state === 'up') forward(target, incoming, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(outage, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
}

/** As it is, the host too: it is part of what was signed. */
function forward(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = incoming
  const { expect: _, ...sent } = headers
  const outgoing = request(`${target}${url}`, { method, headers: sent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => incoming.socket.destroy())
  incoming.pipe(outgoing)
}
