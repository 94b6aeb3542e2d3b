/** Functions of Athena that DuckDB lacks, each with what it is here. */
export const macros: { readonly [signature: string]: string } = {
  'unix_timestamp(t)': 'CAST(floor(epoch(CAST(t AS TIMESTAMP))) AS BIGINT)',
  'to_unixtime(t)': 'CAST(epoch(CAST(t AS TIMESTAMP)) AS DOUBLE)',
  'from_unixtime(s)': 'make_timestamp(CAST(round(s * 1000) AS BIGINT) * 1000)',
  'approx_distinct(x)': 'approx_count_distinct(x)',
  'approx_percentile(x, p)': 'approx_quantile(x, p)',
  'regexp_like(x, pattern)': 'regexp_matches(x, pattern)',
  'json_extract_scalar(x, path)': 'json_extract_string(x, path)',
  'day_of_week(t)': 'isodow(t)',
}

/** A statement that this project answers itself, because no engine on one machine knows it. */
export type CatalogStatement = {
  readonly kind: 'repair' | 'partitions'
  /** The table's name as it was written, without its quotes. */
  readonly table: string
}

const name = '(?:`([^`]+)`|"([^"]+)"|([\\w.]+))'
const statements: readonly (readonly [CatalogStatement['kind'], RegExp])[] = [
  [
    'repair',
    new RegExp(`^MSCK\\s+REPAIR\\s+TABLE\\s+${name}(?:\\s+(?:ADD|DROP|SYNC)\\s+PARTITIONS)?\\s*;?\\s*$`, 'i'),
  ],
  ['partitions', new RegExp(`^SHOW\\s+PARTITIONS\\s+${name}\\s*;?\\s*$`, 'i')],
]

/** Recognises `MSCK REPAIR TABLE t` and `SHOW PARTITIONS t`, or gives undefined for any other statement. */
export function readCatalogStatement(sql: string): CatalogStatement | undefined {
  const text = stripComments(sql)
  for (const [kind, pattern] of statements) {
    const match = pattern.exec(text)
    if (match) return { kind, table: match[1] ?? match[2] ?? match[3] ?? '' }
  }
  return undefined
}

/** A statement without the comments and the white space before it. */
export function stripComments(sql: string): string {
  return sql.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '')
}
