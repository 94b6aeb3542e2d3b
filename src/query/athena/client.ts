import type {
  AthenaClient,
  ColumnInfo,
  QueryExecutionStatistics,
  QueryExecutionStatus,
} from '@aws-sdk/client-athena'
import { loadSdk } from '../../aws/sdk.ts'
import { callFailure } from './failure.ts'

export type AthenaPlace = {
  readonly workgroup: string
  /** The database in the Glue catalog. */
  readonly database: string
  /** Where the SDK finds none in the environment or a profile. */
  readonly region?: string
  /** Another than the service's own; the SDK also takes `AWS_ENDPOINT_URL_ATHENA`. */
  readonly endpoint?: string
  /** After how long without an answer, or without another byte of it, a call counts as failed, in milliseconds. */
  readonly timeoutMs?: number
  readonly attemptsMax?: number
}

export type Execution = {
  readonly status: QueryExecutionStatus
  readonly statistics: QueryExecutionStatistics
  /** `DDL`, `DML` or `UTILITY`. */
  readonly statementType: string
  readonly isExplain: boolean
}

/** Some rows of a result, each value as Athena's text for it; undefined stands for null. */
export type Page = {
  readonly columns: readonly ColumnInfo[]
  readonly rows: readonly (readonly (string | undefined)[])[]
  /** What asks for the next page. */
  readonly next?: string
}

/** The calls of Athena that a query needs. All throw as `QueryEngine` says; those with a signal may be given up. */
export type AthenaCalls = {
  /** Starts a statement and gives its id. Called again with the same `token`, it gives the same one. */
  start(statement: string, token: string): Promise<string>
  look(id: string, signal: AbortSignal): Promise<Execution>
  stop(id: string): Promise<void>
  read(id: string, signal: AbortSignal, next?: string): Promise<Page>
  close(): void
}

const pageRows = 1000

/** Makes the client. Credentials come the SDK's usual ways; nothing is called yet. */
export async function connectToAthena(place: AthenaPlace): Promise<AthenaCalls> {
  const sdk = await loadSdk('QUERY_FAILED', '@aws-sdk/client-athena', () => import('@aws-sdk/client-athena'))
  const { region, endpoint, timeoutMs = 30_000, attemptsMax = 8 } = place
  const client = new sdk.AthenaClient({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    // Throttled calls are tried again by the SDK; one that starts a query carries the same token each time.
    maxAttempts: attemptsMax,
    // Not the SDK's bound on requests, which an answer that has begun is beyond.
    requestHandler: { connectionTimeout: timeoutMs, socketTimeout: timeoutMs },
  })
  return {
    start: async (statement, token) => {
      const command = new sdk.StartQueryExecutionCommand({
        QueryString: statement,
        ClientRequestToken: token,
        WorkGroup: place.workgroup,
        QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: place.database },
      })
      const { QueryExecutionId = '' } = await call(() => client.send(command))
      return QueryExecutionId
    },
    look: async (id, abortSignal) => {
      const command = new sdk.GetQueryExecutionCommand({ QueryExecutionId: id })
      const { QueryExecution: found } = await call(() => client.send(command, { abortSignal }))
      return {
        status: found?.Status ?? {},
        statistics: found?.Statistics ?? {},
        statementType: found?.StatementType ?? '',
        isExplain: found?.SubstatementType === 'EXPLAIN',
      }
    },
    stop: async (id) => {
      await call(() => client.send(new sdk.StopQueryExecutionCommand({ QueryExecutionId: id })))
    },
    read: async (id, signal, next) => readPage(sdk, client, id, signal, next),
    close: () => client.destroy(),
  }
}

async function readPage(
  sdk: Sdk,
  client: AthenaClient,
  id: string,
  abortSignal: AbortSignal,
  next: string | undefined,
): Promise<Page> {
  const command = new sdk.GetQueryResultsCommand({
    QueryExecutionId: id,
    MaxResults: pageRows,
    ...(next === undefined ? {} : { NextToken: next }),
  })
  const { ResultSet, NextToken } = await call(() => client.send(command, { abortSignal }))
  return {
    columns: ResultSet?.ResultSetMetadata?.ColumnInfo ?? [],
    rows: (ResultSet?.Rows ?? []).map(({ Data }) => (Data ?? []).map(({ VarCharValue }) => VarCharValue)),
    ...(NextToken === undefined ? {} : { next: NextToken }),
  }
}

async function call<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw callFailure(error)
  }
}

type Sdk = typeof import('@aws-sdk/client-athena')
