import { loadSavedQueries } from '../../../src/query/saved.ts'
import { analystQueries, approximateQueries, failingQueries, useCaseQueries } from '../queries.ts'
import type { Probe } from './probe.ts'

const others: readonly string[] = [
  'SELECT max_by(messagebody, change.micros) AS latest FROM demand_changes',
  "SELECT json_extract(extra['/x'], '$') AS r FROM demand",
  'SELECT t.city FROM (SELECT id, venues AS v FROM event) AS e CROSS JOIN UNNEST(v) AS t',
  "SELECT c.b FROM event CROSS JOIN UNNEST(filter(venues, v -> v.city = 'X')) AS c (a, b, c, d, e, f, g, h, i, j, k)",
  "SELECT table_name FROM information_schema.tables WHERE table_schema = 'nothing'",
  'SELECT id FROM event CROSS JOIN UNNEST(venues) AS v WHERE any_match(venues, w -> true)',
  'SELECT count(*) AS n FROM demand TABLESAMPLE BERNOULLI (10)',
  'SELECT d.date.requested FROM demand AS d',
  'SELECT date.requested AS r FROM demand WHERE date > 5',
  'SELECT DISTINCT eventid FROM demand ORDER BY change.micros',
  'SELECT d.nothing FROM demand AS d',
  'SELECT eventid FROM demand WHERE change.nothing = 1',
  "SELECT fanid FROM demand WHERE change.timestamp > '2025-01-01'",
  'SELECT fanid FROM demand WHERE partition_date > 20250101',
  'SELECT extra.x FROM demand',
  'SELECT venues.city FROM event',
  'SELECT venues[1].city AS city, cardinality(venues) AS n FROM event',
]

/** Statements over tables that have no row: whether they are understood, and what columns they give. */
export function tables(): readonly Probe[] {
  const named = [
    ...useCaseQueries,
    ...loadSavedQueries(),
    ...analystQueries,
    ...approximateQueries,
    ...failingQueries,
  ]
  // A star gives every column, so that each change of a schema would have to be recorded.
  const few = named.map(({ sql }) => sql).filter((sql) => !/(?:SELECT|\.|,)\s*\*/.test(sql))
  return [...few, ...others].map((sql): Probe => ({ group: 'tables', sql }))
}
