import { fillIn, type Parameter, type Template } from './parameters.ts'

/** A question that is asked often, in SQL that both DuckDB and Athena take. */
export type SavedQuery = Template & {
  /** The statement with the defaults of its parameters. */
  readonly sql: string
}

const from = (day: string, about: string): Parameter => ({ name: 'from', kind: 'date', about, default: day })
const until = (about: string): Parameter => ({ name: 'until', kind: 'date', about, default: '9999-12-31' })

// A delete says who made it: nobody but the fan's service, DynamoDB's expiry, or a repair.
const howItEnded = `CASE WHEN change.actor IS NULL THEN 'cancelled' WHEN change.actor = 'ttl' THEN 'expired' ELSE change.actor END`

/** The saved queries, in the order in which they are listed: the use cases' own first. */
export const savedQueries: readonly SavedQuery[] = (
  [
    {
      name: 'top-events',
      title:
        'The events with most requests that stand: each request once, cancelled and expired ones left out.',
      parameters: [
        from('2025-01-01', 'requests of this day and later'),
        { name: 'top', kind: 'number', about: 'how many events', default: '10' },
      ],
      template: `SELECT eventid, COUNT(*) AS demand_count
FROM demand_current
WHERE partition_date >= :from
GROUP BY eventid
ORDER BY demand_count DESC, eventid
LIMIT :top`,
    },
    {
      name: 'deleted-requests',
      title:
        'Deleted requests by when they were deleted, cancelled and expired ones told apart. Earlier rows of them still hold personal data.',
      parameters: [from('2020-01-01', 'deleted on this day or later'), until('deleted before this day')],
      template: `SELECT fanid, eventid, saleid, "date"."requested" AS requested, "date"."deleted" AS deleted,
  ${howItEnded} AS ended
FROM demand_changes
WHERE isdeleted = true AND "date"."deleted" >= TIMESTAMP :from AND "date"."deleted" < TIMESTAMP :until
ORDER BY "date"."deleted", fanid, eventid, saleid`,
    },
    {
      name: 'deleted-requests-by-request',
      title:
        'Deleted requests by when they were made, cancelled and expired ones told apart. Earlier rows of them still hold personal data.',
      parameters: [from('2020-01-01', 'made on this day or later'), until('made before this day')],
      template: `SELECT fanid, eventid, saleid, "date"."requested" AS requested, "date"."deleted" AS deleted,
  ${howItEnded} AS ended
FROM demand_changes
WHERE isdeleted = true AND partition_date >= :from AND partition_date < :until
ORDER BY "date"."requested", fanid, eventid, saleid, "date"."deleted"`,
    },
    {
      name: 'notification-lag',
      title: 'The average time from request to notification, in seconds, each request once.',
      parameters: [from('2025-01-01', 'requests of this day and later')],
      template: `SELECT AVG(UNIX_TIMESTAMP(notified) - UNIX_TIMESTAMP(requested)) AS avg_lag_seconds, COUNT(*) AS requests
FROM (
  SELECT "date"."requested" AS requested, MIN("date"."notified") AS notified
  FROM demand_changes
  WHERE "date"."notified" IS NOT NULL AND partition_date >= :from
  GROUP BY change."table", change.key, "date"."requested"
) AS notices`,
    },
    {
      name: 'standing-requests',
      title: 'Requests that stand now, by event and sale.',
      parameters: [],
      template: `SELECT eventid, saleid, COUNT(*) AS requests
FROM demand_current
GROUP BY eventid, saleid
ORDER BY requests DESC, eventid, saleid`,
    },
    {
      name: 'requests-by-minute',
      title: 'New requests by minute: the shape of a surge.',
      parameters: [],
      template: `SELECT date_trunc('minute', "date"."requested") AS minute, COUNT(*) AS requests
FROM demand_changes
WHERE change.operation = 'INSERT'
GROUP BY 1
ORDER BY 1`,
    },
    {
      name: 'changes-by-day',
      title: 'Changes of requests by day of the request and operation: an INSERT is a new request.',
      parameters: [],
      template: `SELECT partition_date, change.operation AS operation, COUNT(*) AS changes
FROM demand_changes
GROUP BY 1, 2
ORDER BY 1, 2`,
    },
    {
      name: 'repeat-fans',
      title: 'How many fans made how many requests, and for how many events on average.',
      parameters: [],
      template: `SELECT requests, COUNT(*) AS fans, AVG(CAST(events AS double)) AS events_per_fan
FROM (
  SELECT fanid, COUNT(*) AS requests, COUNT(DISTINCT eventid) AS events
  FROM demand_changes
  WHERE change.operation = 'INSERT'
  GROUP BY fanid
) AS fans
GROUP BY requests
ORDER BY requests`,
    },
    {
      name: 'cancel-rate',
      title: 'How many requests for an event were made, cancelled by the fan, and expired.',
      parameters: [],
      template: `SELECT eventid, requested, cancelled, expired,
  1e2 * cancelled / NULLIF(requested, 0) AS cancelled_percent
FROM (
  SELECT eventid,
    SUM(CASE WHEN change.operation = 'INSERT' THEN 1 ELSE 0 END) AS requested,
    SUM(CASE WHEN isdeleted AND change.actor IS NULL THEN 1 ELSE 0 END) AS cancelled,
    SUM(CASE WHEN isdeleted AND change.actor = 'ttl' THEN 1 ELSE 0 END) AS expired
  FROM demand_changes
  GROUP BY eventid
) AS events
ORDER BY requested DESC, eventid`,
    },
    {
      name: 'event-history',
      title: 'Every name and start that an event had, and since when.',
      parameters: [],
      template: `SELECT id, name, eventdate.start.datetime AS starts, change.timestamp AS since
FROM event_changes
ORDER BY id, change.micros`,
    },
    {
      name: 'requests-with-events',
      title: 'Standing requests beside the events that they are for.',
      parameters: [],
      template: `SELECT d.eventid, e.name, COUNT(*) AS requests
FROM demand_current d
LEFT JOIN event_current e ON e.id = d.eventid
GROUP BY d.eventid, e.name
ORDER BY requests DESC, d.eventid`,
    },
    {
      name: 'sales-by-start',
      title: 'Sales by when they begin, past ones included.',
      parameters: [],
      template: `SELECT saleid, eventid, starts
FROM (SELECT id AS saleid, eventid, salestartdatetime AS starts FROM sale_current) AS sales
ORDER BY starts, eventid, saleid`,
    },
    {
      name: 'message-states',
      title: 'Messages by their latest state and how they were sent.',
      parameters: [],
      template: `SELECT status.id AS state, contactmethod, COUNT(*) AS messages
FROM notification_current
GROUP BY status.id, contactmethod
ORDER BY messages DESC, state, contactmethod`,
    },
    {
      name: 'expired-requests',
      title: 'Requests that DynamoDB’s expiry deleted, by day of the request.',
      parameters: [],
      template: `SELECT partition_date, COUNT(*) AS expired
FROM demand_changes
WHERE isdeleted = true AND change.actor = 'ttl'
GROUP BY partition_date
ORDER BY partition_date`,
    },
    {
      name: 'second-deliveries',
      title: 'Changes of requests that the stream delivered more than once, by day of the request.',
      parameters: [],
      template: `SELECT d.partition_date, d.delivered - c.changes AS delivered_again
FROM (SELECT partition_date, COUNT(*) AS delivered FROM demand GROUP BY partition_date) AS d
JOIN (SELECT partition_date, COUNT(*) AS changes FROM demand_changes GROUP BY partition_date) AS c
  ON c.partition_date = d.partition_date
ORDER BY d.partition_date`,
    },
  ] satisfies readonly Template[]
).map(withDefaults)

/** Every parameter of a saved query has a default, so that Athena's console and the shell can run it as it is. */
function withDefaults(template: Template): SavedQuery {
  const filled = fillIn(template, new Map())
  if (!filled.ok) throw new Error(filled.why)
  return { ...template, sql: filled.sql }
}
