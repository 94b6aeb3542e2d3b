/** Where a statement runs in both, and its answer is not the same. */
export type Difference = {
  readonly expression: string
  /** What Athena gives, and what is given here, as JSON. */
  readonly athena: string
  readonly here: string
  readonly instead: string
}

/** Each is asked of Trino too: its lane of the tests fails when one of them is no longer so. */
export const differences: readonly Difference[] = [
  {
    expression: '1 / 3.0',
    athena: '0.3',
    here: '0.333333333333',
    instead: 'Of decimals the quotient has few digits in Athena: write `1 / 3e0` for a double.',
  },
  {
    expression: 'CAST(2.5e0 AS integer)',
    athena: '3',
    here: '2',
    instead:
      'Halves go away from zero in Athena, to the even number here: write `CAST(round(x) AS integer)`.',
  },
  {
    expression: 'CAST(1.5e0 AS varchar)',
    athena: '"1.5E0"',
    here: '"1.5"',
    instead: "Write `format('%.1f', x)`.",
  },
  {
    expression: "CAST(TIMESTAMP '2025-02-13 18:30:00.250' AS varchar)",
    athena: '"2025-02-13 18:30:00.250"',
    here: '"2025-02-13 18:30:00.25"',
    instead: "Write `date_format(x, '%Y-%m-%d %H:%i:%s')`.",
  },
  {
    expression: `json_extract_scalar('{"a":1.50}', '$.a')`,
    athena: '"1.50"',
    here: '"1.5"',
    instead: 'Compare such values as numbers.',
  },
  {
    expression: "upper('straße')",
    athena: '"STRAßE"',
    here: '"STRAẞE"',
    instead: 'Compare by `lower`.',
  },
  {
    expression: "substr('hello', 0, 2)",
    athena: '""',
    here: '"h"',
    instead: 'The first character is 1.',
  },
]

/** What is more than an expression. */
export const otherDifferences: readonly string[] = [
  'A place behind the end of a list (`venues[9]`) and a key that a map does not have are NULL here. Athena fails: use `element_at`, which is NULL in both.',
  'DuckDB takes more than Athena does: QUALIFY, GROUP BY ALL, an alias in WHERE, GROUP BY or HAVING, `* EXCLUDE (…)`, NATURAL JOIN, FROM first, lists as `[1, 2]`, OFFSET behind LIMIT. Such a query runs here and not there.',
  'Of two result columns of one name the second is called `name:1` here.',
  'A time with a zone is shown in UTC here, in its zone in Athena.',
  'A name that is a word of DuckDB’s grammar and not of Athena’s, such as `to`, `offset`, `show`, `column` or `window`, must be quoted here.',
  '`approx_distinct` is exact here; `approx_percentile` is an estimate in both, of different kinds.',
]
