const base = process.env.TRINO_URL ?? ''

export type TrinoType = {
  readonly rawType: string
  readonly arguments: readonly { readonly value: TrinoType | TrinoField | number }[]
}
/** A field of a row, which may have no name. */
export type TrinoField = { readonly fieldName?: { readonly name: string }; readonly typeSignature: TrinoType }
export type TrinoResult = {
  readonly columns: readonly { readonly name: string; readonly typeSignature: TrinoType }[]
  readonly rows: readonly (readonly unknown[])[]
}

type Answer = {
  readonly columns?: TrinoResult['columns']
  readonly data?: TrinoResult['rows']
  readonly nextUri?: string
  readonly error?: { readonly message: string }
}

/** Runs a statement over Trino's protocol (https://trino.io/docs/current/develop/client-protocol.html). */
export async function trino(sql: string): Promise<TrinoResult> {
  const headers = {
    'X-Trino-User': 'lane',
    'X-Trino-Catalog': 'hive',
    'X-Trino-Schema': 'dmd',
    'X-Trino-Time-Zone': 'UTC',
  }
  let answer = await ask(`${base}/v1/statement`, { method: 'POST', body: sql, headers })
  let columns: TrinoResult['columns'] = []
  const rows: (readonly unknown[])[] = []
  for (;;) {
    if (answer.error) throw new Error(answer.error.message)
    columns = answer.columns ?? columns
    rows.push(...(answer.data ?? []))
    if (!answer.nextUri) return { columns, rows }
    answer = await ask(answer.nextUri, {})
  }
}

async function ask(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, request)
  if (!response.ok) throw new Error(`Trino answers ${response.status}: ${await response.text()}`)
  return (await response.json()) as Answer
}
