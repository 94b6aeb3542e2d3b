/**
 * What Trino is to be asked, before its answer is known: a statement as it stands, or expressions over the columns
 * `a`, `b`, … of rows of literals. The recorder makes of the latter a statement over all rows, one of literals alone,
 * and one for each row that fails.
 */
export type Probe = { readonly group: string; readonly sql: string } | OverRows

export type OverRows = {
  readonly group: string
  readonly expressions: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Whether it is asked over literals too, where an engine knows more of the values before it runs. */
  readonly alone?: boolean
}

/** The names of the columns of a probe's rows. */
export const columnNames = ['a', 'b', 'c', 'd', 'e', 'f'] as const

/**
 * Rows that vary one column at a time, the others being ordinary, which each column's first value is; then the second
 * values of all columns together, the third ones and so on. At most `max` rows, none twice.
 */
export function vary(columns: readonly (readonly string[])[], max = 16): readonly (readonly string[])[] {
  const ordinary = columns.map(([first = 'NULL']) => first)
  const single = columns.flatMap((values, at) => values.map((value) => ordinary.with(at, value)))
  const depth = Math.max(...columns.map((values) => values.length), 0)
  const together = Array.from({ length: depth }, (_, place) =>
    columns.map((values) => values[place % values.length] ?? 'NULL'),
  )
  const all = [...single, ...together].map((row) => [row.join('\u0001'), row] as const)
  return [...new Map(all).values()].slice(0, max)
}

/** Every pair of an item of one list and an item of another. */
export function pairs<A, B>(some: readonly A[], others: readonly B[]): readonly (readonly [A, B])[] {
  return some.flatMap((one) => others.map((other) => [one, other] as const))
}
