-- The average time from request to notification, in seconds, each request once.
-- param from date=2025-01-01 requests of this day and later
SELECT AVG(UNIX_TIMESTAMP(notified) - UNIX_TIMESTAMP(requested)) AS avg_lag_seconds, COUNT(*) AS requests
FROM (
  SELECT "date"."requested" AS requested, MIN("date"."notified") AS notified
  FROM demand_changes
  WHERE "date"."notified" IS NOT NULL AND partition_date >= :from
  GROUP BY change."table", change.key, "date"."requested"
) AS notices
