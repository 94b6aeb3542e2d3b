const base = process.env.TRINO_URL ?? ''

export type TrinoType = {
  readonly rawType: string
  readonly arguments: readonly { readonly value: TrinoType | TrinoField | number }[]
}
/** A field of a row, which may have no name. */
export type TrinoField = { readonly fieldName?: { readonly name: string }; readonly typeSignature: TrinoType }
export type TrinoResult = {
  /** `type` is the type as Trino writes it, such as `decimal(5,2)`. */
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly typeSignature: TrinoType
  }[]
  readonly rows: readonly (readonly unknown[])[]
}

type Answer = {
  readonly columns?: TrinoResult['columns']
  readonly data?: TrinoResult['rows']
  readonly nextUri?: string
  readonly error?: { readonly message: string; readonly errorName: string; readonly errorType: string }
}

/** Trino refuses or fails a statement; `name` is what it calls such a failure, such as DIVISION_BY_ZERO. */
export class TrinoError extends Error {
  constructor(
    override readonly name: string,
    readonly type: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Runs a statement over Trino's protocol (https://trino.io/docs/current/develop/client-protocol.html). An integer of
 * more digits than a double holds is its text.
 *
 * Throws a TrinoError with what Trino says of a statement that fails.
 */
export async function trino(sql: string, schema = 'dmd'): Promise<TrinoResult> {
  const headers = {
    'X-Trino-User': 'lane',
    'X-Trino-Catalog': 'hive',
    'X-Trino-Schema': schema,
    'X-Trino-Time-Zone': 'UTC',
    // Without it, a time is rounded to milliseconds, and its type does not tell its digits.
    'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
    // One stage less for a few rows.
    'X-Trino-Session': 'distributed_sort=false,task_concurrency=1',
  }
  let answer = await ask(`${base}/v1/statement`, { method: 'POST', body: sql, headers })
  let columns: TrinoResult['columns'] = []
  const rows: (readonly unknown[])[] = []
  for (;;) {
    const { error } = answer
    if (error) throw new TrinoError(error.errorName, error.errorType, error.message)
    columns = answer.columns ?? columns
    rows.push(...(answer.data ?? []))
    if (!answer.nextUri) return { columns, rows }
    answer = await ask(answer.nextUri, {})
  }
}

const textOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g
const isLong = (token: string) => /^-?\d{16,}$/.test(token)

async function ask(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, request)
  const text = await response.text()
  if (!response.ok) throw new Error(`Trino answers ${response.status}: ${text}`)
  return JSON.parse(text.replace(textOrNumber, (token) => (isLong(token) ? `"${token}"` : token))) as Answer
}
