-- Deleted requests by when they were made, cancelled and expired ones told apart. Earlier rows of them still hold personal data.
-- param from date=2020-01-01 made on this day or later
-- param until date=9999-12-31 made before this day
SELECT fanid, eventid, saleid, "date"."requested" AS requested, "date"."deleted" AS deleted,
  CASE WHEN change.actor IS NULL THEN 'cancelled' WHEN change.actor = 'ttl' THEN 'expired' ELSE change.actor END AS ended
FROM demand_changes
WHERE isdeleted = true AND partition_date >= :from AND partition_date < :until
ORDER BY "date"."requested", fanid, eventid, saleid, "date"."deleted"
