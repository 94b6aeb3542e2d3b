import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a function says of its failure, by the Runtime API. */
export type FunctionError = {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace?: readonly string[]
}

/** What came of an invocation. */
export type Outcome =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly error: FunctionError }

type Invocation = {
  readonly id: string
  readonly body: string
  readonly deadlineMs: number
  readonly settle: (outcome: Outcome) => void
}

/** One function's side of Lambda's Runtime API. */
export type RuntimeApi = {
  /** `host:port`, as `AWS_LAMBDA_RUNTIME_API` has it. */
  readonly address: string
  /** Settles when the function asks for its first event, or says why it cannot. */
  readonly init: Promise<FunctionError | undefined>
  /** Hands the function an event, of which it is told that it may take until `deadlineMs`. */
  invoke(body: string, deadlineMs: number): Promise<Outcome>
  close(): void
}

const version = '/2018-06-01/runtime'

/** Serves the Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) on loopback. */
export async function serveRuntimeApi(functionArn: string): Promise<RuntimeApi> {
  const queue: Invocation[] = []
  const running = new Map<string, Invocation>()
  let asking: ServerResponse | undefined
  let settleInit: (error: FunctionError | undefined) => void = () => {}
  const init = new Promise<FunctionError | undefined>((resolve) => {
    settleInit = resolve
  })

  /** One event at a time, and the next only when the function asks for it. */
  function hand(): void {
    const [invocation] = queue
    if (!invocation || !asking) return
    queue.shift()
    running.set(invocation.id, invocation)
    asking.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadlineMs),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0',
    })
    asking.end(invocation.body)
    asking = undefined
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (request.method === 'GET' && path === `${version}/invocation/next`) {
      settleInit(undefined)
      asking = response
      hand()
      return
    }
    const body = await readText(request)
    if (path === `${version}/init/error`) settleInit(JSON.parse(body))
    else if (!settle(path, body)) return void response.writeHead(404).end()
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}')
  }

  function settle(path: string, body: string): boolean {
    const [, id = '', kind] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? []
    const invocation = running.get(id)
    if (!invocation) return false
    running.delete(id)
    invocation.settle(kind === 'response' ? { ok: true, body } : { ok: false, error: JSON.parse(body) })
    return true
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    init,
    invoke: (body, deadlineMs) =>
      new Promise((resolve) => {
        queue.push({ id: randomUUID(), body, deadlineMs, settle: resolve })
        hand()
      }),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
