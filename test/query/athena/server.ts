import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What an engine behind the server gives: values as the texts that Athena has for them. */
export type Answer = {
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly precision?: number
    readonly scale?: number
  }[]
  readonly rows: readonly (readonly (string | undefined)[])[]
  readonly statementType?: 'DDL' | 'DML' | 'UTILITY'
}

/** What Athena says of a query that failed, or was cancelled. */
export class Ended extends Error {
  readonly state: 'FAILED' | 'CANCELLED'
  constructor(reason: string, state: 'FAILED' | 'CANCELLED' = 'FAILED') {
    super(reason)
    this.state = state
  }
}

/**
 * What comes in place of the service's own answer to one call: an exception, an answer that is lost on its way, one that
 * never comes, or one that begins and never ends.
 */
export type Fault =
  | { readonly status: number; readonly type: string; readonly message: string }
  | 'lost'
  | 'silent'
  | 'unended'

/** What came: in the region that the request is signed for. */
export type AthenaRequest = { readonly call: string; readonly region: string; readonly body: Body }

type Execution = {
  readonly id: string
  readonly sql: string
  state: string
  reason?: string
  answer?: Answer
}

export type AthenaServer = {
  readonly endpoint: string
  readonly executions: readonly Execution[]
  /** The names of the calls that came, in their order. */
  readonly calls: readonly string[]
  readonly requests: readonly AthenaRequest[]
  /** Answers the next calls of that name with these, one after the other. */
  readonly fail: (call: string, ...faults: readonly Fault[]) => void
  /** How many rows a page has at most; Athena's own bound is 1,000. */
  pageRows: number
  /** The only one that it knows. */
  workgroup: string
  readonly close: () => void
}

/** Speaks Athena's protocol (AWS JSON 1.1) on loopback over an engine of the test's. It knows one workgroup. */
export async function startAthena(run: (sql: string) => Promise<Answer>): Promise<AthenaServer> {
  const executions: Execution[] = []
  const byToken = new Map<string, Execution>()
  const calls: string[] = []
  const requests: AthenaRequest[] = []
  const faults = new Map<string, Fault[]>()

  const start = (body: Body): object => {
    if (body.WorkGroup !== server.workgroup) throw invalid(`WorkGroup ${body.WorkGroup} is not found.`)
    const { ClientRequestToken: token = '', QueryString: sql = '' } = body
    if (token.length < 32 || token.length > 128) throw invalid('ClientRequestToken has a wrong length')
    if (body.QueryExecutionContext?.Database === undefined) throw invalid('no database')
    const known = byToken.get(token)
    const execution = known ?? { id: randomUUID(), sql, state: 'RUNNING' }
    if (!known) {
      byToken.set(token, execution)
      executions.push(execution)
      run(sql).then(
        (answer) => end(execution, 'SUCCEEDED', { answer }),
        (error) => end(execution, error.state ?? 'FAILED', { reason: error.message }),
      )
    }
    return { QueryExecutionId: execution.id }
  }
  const end = (execution: Execution, state: string, rest: Partial<Execution>) => {
    if (execution.state === 'RUNNING') Object.assign(execution, rest, { state })
  }
  const look = ({ state, reason, answer, sql }: Execution): object => ({
    QueryExecution: {
      Query: sql,
      StatementType: answer?.statementType ?? 'DML',
      SubstatementType: isExplain(sql) ? 'EXPLAIN' : 'SELECT',
      Status: { State: state, ...(reason === undefined ? {} : { StateChangeReason: reason }) },
      Statistics: {
        DataScannedInBytes: 123_456,
        QueryQueueTimeInMillis: 50,
        EngineExecutionTimeInMillis: 400,
      },
    },
  })
  const answers: { readonly [call: string]: (body: Body) => object } = {
    StartQueryExecution: start,
    GetQueryExecution: (body) => look(find(body)),
    StopQueryExecution: (body) => {
      end(find(body), 'CANCELLED', { reason: 'Query cancelled by user' })
      return {}
    },
    GetQueryResults: (body) => page(find(body), body, server.pageRows),
  }
  const find = ({ QueryExecutionId: id }: Body): Execution => {
    const execution = executions.find((one) => one.id === id)
    if (!execution) throw invalid(`QueryExecution ${id} was not found`)
    return execution
  }
  const http = createServer(async (request, response) => {
    const call = String(request.headers['x-amz-target']).replace('AmazonAthena.', '')
    calls.push(call)
    const body = JSON.parse(await read(request)) as Body
    requests.push({ call, region: regionOf(request), body })
    const fault = faults.get(call)?.shift()
    try {
      if (fault === 'silent') return
      if (fault === 'unended') return void response.writeHead(200, jsonType).write('{"QueryExecutionId"')
      if (fault === undefined) return send(response, 200, answers[call]?.(body) ?? {})
      // It was done, and nobody is told.
      if (fault === 'lost') answers[call]?.(body)
    } catch (error) {
      return send(response, 400, { __type: 'InvalidRequestException', message: (error as Error).message })
    }
    if (fault === 'lost') return void response.destroy()
    send(response, fault.status, { __type: fault.type, message: fault.message })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const server: AthenaServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    executions,
    calls,
    requests,
    fail: (call, ...added) => void faults.set(call, [...added]),
    pageRows: 1000,
    workgroup: 'dmd',
    close: () => {
      http.closeAllConnections()
      http.close()
    },
  }
  return server
}

export type Body = {
  readonly WorkGroup?: string
  readonly ClientRequestToken?: string
  readonly QueryString?: string
  readonly QueryExecutionContext?: { readonly Catalog?: string; readonly Database?: string }
  readonly QueryExecutionId?: string
  readonly MaxResults?: number
  readonly NextToken?: string
}

function page(
  { answer, state, sql }: Execution,
  { MaxResults = 1000, NextToken = '0' }: Body,
  pageRows: number,
) {
  if (!answer) throw invalid(`Query has not yet finished. Current state: ${state}`)
  const { columns, rows, statementType = 'DML' } = answer
  // A plan has its name above it, though EXPLAIN is a UTILITY.
  const all = statementType === 'DML' || isExplain(sql) ? [columns.map(({ name }) => name), ...rows] : rows
  const from = Number(NextToken)
  const to = from + Math.min(MaxResults, pageRows)
  return {
    ResultSet: {
      ResultSetMetadata: {
        ColumnInfo: columns.map(({ name, type, precision, scale }) => ({
          Name: name,
          Label: name,
          Type: type,
          Precision: precision ?? 0,
          Scale: scale ?? 0,
        })),
      },
      Rows: all
        .slice(from, to)
        .map((row) => ({ Data: row.map((text) => (text === undefined ? {} : { VarCharValue: text })) })),
    },
    ...(to < all.length ? { NextToken: String(to) } : {}),
  }
}

const isExplain = (sql: string) => /^\s*EXPLAIN/i.test(sql)

/** A signature holds for one region and one service. */
function regionOf({ headers }: IncomingMessage): string {
  return /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? ''
}

function invalid(message: string): Error {
  return new Error(message)
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const jsonType = { 'content-type': 'application/x-amz-json-1.1' }

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, jsonType)
  response.end(JSON.stringify(body))
}
