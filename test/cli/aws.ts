import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as it came: the service and the region that its signature holds for, and what it asks. */
export type AwsCall = {
  readonly service: string
  readonly region: string
  /** As `X-Amz-Target` names it, or `Action`; in S3 the part of the bucket; in Lambda the last part of the path. */
  readonly operation: string
  readonly path: string
  readonly body: { readonly [name: string]: unknown }
}

/** What a service says where it does not do what it is asked. */
export class AwsFault extends Error {
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

export type AwsServer = {
  readonly endpoint: string
  readonly calls: readonly AwsCall[]
  readonly close: () => void
}

/**
 * Speaks the protocols of AWS on loopback (JSON, REST with JSON, REST with XML, and Query), as one server for every service;
 * what is answered is the test's. An object is sent as JSON, a text as XML.
 */
export async function startAws(answer: (call: AwsCall) => object | string): Promise<AwsServer> {
  const calls: AwsCall[] = []
  const http = createServer(async (request, response) => {
    const call = await callOf(request)
    calls.push(call)
    const isXml = call.service === 's3' || call.service === 'sts'
    const send = (status: number, body: object | string) => {
      response.writeHead(status, { 'content-type': isXml ? 'application/xml' : 'application/x-amz-json-1.1' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    try {
      send(200, answer(call))
    } catch (error) {
      if (!(error instanceof AwsFault)) return void response.destroy(error as Error)
      const { code, message, status } = error
      const said = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
      if (!isXml) send(status, { __type: code, message })
      else send(status, call.service === 'sts' ? `<ErrorResponse>${said}</ErrorResponse>` : said)
    }
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    calls,
    close: () => {
      http.closeAllConnections()
      http.close()
    },
  }
}

async function callOf(request: IncomingMessage): Promise<AwsCall> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, region = '', service = ''] =
    /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? []
  const target = request.headers['x-amz-target']
  if (typeof target === 'string')
    return { service, region, operation: target.replace(/^.*\./, ''), path, body: JSON.parse(text) }
  const body = Object.fromEntries(new URLSearchParams(text))
  const [part] = service === 's3' ? searchParams.keys() : [body.Action ?? path.split('/').at(-1)]
  return { service, region, operation: part ?? '', path, body }
}
