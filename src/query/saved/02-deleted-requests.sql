-- Deleted requests by when they were deleted, cancelled and expired ones told apart. Earlier rows of them still hold personal data.
-- param from date=2020-01-01 deleted on this day or later
-- param until date=9999-12-31 deleted before this day
SELECT fanid, eventid, saleid, "date"."requested" AS requested, "date"."deleted" AS deleted,
  CASE WHEN change.actor IS NULL THEN 'cancelled' WHEN change.actor = 'ttl' THEN 'expired' ELSE change.actor END AS ended
FROM demand_changes
WHERE isdeleted = true AND "date"."deleted" >= TIMESTAMP :from AND "date"."deleted" < TIMESTAMP :until
ORDER BY "date"."deleted", fanid, eventid, saleid
