/** A question that is asked often, in SQL that both DuckDB and Athena take. */
export type SavedQuery = {
  readonly name: string
  readonly title: string
  readonly sql: string
}

/** The saved queries, in the order in which they are listed: the use cases' own first. */
export const savedQueries: readonly SavedQuery[] = [
  {
    name: 'top-events',
    title: 'The ten events with most requests since 2025.',
    sql: `SELECT eventid, COUNT(*) as demand_count
FROM demand
WHERE partition_date >= '2025-01-01' AND isdeleted = false
GROUP BY eventid
ORDER BY demand_count DESC
LIMIT 10`,
  },
  {
    name: 'deleted-requests',
    title:
      'Deleted requests of the last quarter of 2024, for an audit. Earlier rows of them still hold personal data.',
    sql: `SELECT fanid, eventid, date.requested, date.deleted
FROM demand
WHERE isdeleted = true AND partition_date >= '2024-10-01' AND partition_date < '2025-01-01'`,
  },
  {
    name: 'notification-lag',
    title: 'The average time from request to notification since 2025, in seconds.',
    sql: `SELECT AVG(UNIX_TIMESTAMP(date.notified) - UNIX_TIMESTAMP(date.requested)) as avg_lag_seconds
FROM demand
WHERE date.notified IS NOT NULL AND partition_date >= '2025-01-01'`,
  },
  {
    name: 'standing-requests',
    title: 'Requests that stand now, by event and sale.',
    sql: `SELECT eventid, saleid, COUNT(*) AS requests
FROM demand_current
GROUP BY eventid, saleid
ORDER BY requests DESC, eventid, saleid`,
  },
  {
    name: 'requests-by-minute',
    title: 'New requests by minute: the shape of a surge.',
    sql: `SELECT date_trunc('minute', "date"."requested") AS minute, COUNT(*) AS requests
FROM demand_changes
WHERE change.operation = 'INSERT'
GROUP BY 1
ORDER BY 1`,
  },
  {
    name: 'requests-by-day',
    title: 'Rows by day and operation.',
    sql: `SELECT partition_date, change.operation AS operation, COUNT(*) AS changes
FROM demand_changes
GROUP BY 1, 2
ORDER BY 1, 2`,
  },
  {
    name: 'cancel-rate',
    title: 'How many of the requests for an event were cancelled, in percent.',
    sql: `SELECT eventid,
  SUM(CASE WHEN change.operation = 'INSERT' THEN 1 ELSE 0 END) AS requested,
  SUM(CASE WHEN isdeleted THEN 1 ELSE 0 END) AS cancelled,
  1e2 * SUM(CASE WHEN isdeleted THEN 1 ELSE 0 END) / COUNT(DISTINCT change.key) AS cancelled_percent
FROM demand_changes
GROUP BY eventid
ORDER BY requested DESC, eventid`,
  },
  {
    name: 'event-history',
    title: 'Every name and start that an event had, and since when.',
    sql: `SELECT id, name, eventdate.start.datetime AS starts, change.timestamp AS since
FROM event_changes
ORDER BY id, change.micros`,
  },
  {
    name: 'requests-with-events',
    title: 'Standing requests beside the events that they are for.',
    sql: `SELECT d.eventid, e.name, COUNT(*) AS requests
FROM demand_current d
LEFT JOIN event_current e ON e.id = d.eventid
GROUP BY d.eventid, e.name
ORDER BY requests DESC, d.eventid`,
  },
  {
    name: 'coming-sales',
    title: 'Sales by when they begin.',
    sql: `SELECT saleid, eventid, starts
FROM (SELECT id AS saleid, eventid, salestartdatetime AS starts FROM sale_current) AS sales
ORDER BY starts, eventid, saleid`,
  },
  {
    name: 'message-states',
    title: 'Messages by their latest state and how they were sent.',
    sql: `SELECT status.id AS state, contactmethod, COUNT(*) AS messages
FROM notification_current
GROUP BY status.id, contactmethod
ORDER BY messages DESC, state, contactmethod`,
  },
  {
    name: 'expired-requests',
    title: 'Requests that DynamoDB’s expiry deleted, by day of the request.',
    sql: `SELECT partition_date, COUNT(*) AS expired
FROM demand_changes
WHERE isdeleted = true AND change.actor = 'ttl'
GROUP BY partition_date
ORDER BY partition_date`,
  },
  {
    name: 'second-deliveries',
    title: 'Changes that the stream delivered more than once, by day.',
    sql: `SELECT partition_date, delivered - changes AS delivered_again
FROM (
  SELECT partition_date, COUNT(*) AS delivered, COUNT(DISTINCT change.id) AS changes
  FROM demand
  GROUP BY partition_date
) AS days
ORDER BY partition_date`,
  },
]
