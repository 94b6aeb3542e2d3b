-- How many requests for an event were made, cancelled by the fan, and expired.
SELECT eventid, requested, cancelled, expired,
  1e2 * cancelled / NULLIF(requested, 0) AS cancelled_percent
FROM (
  SELECT eventid,
    SUM(CASE WHEN change.operation = 'INSERT' THEN 1 ELSE 0 END) AS requested,
    SUM(CASE WHEN isdeleted AND change.actor IS NULL THEN 1 ELSE 0 END) AS cancelled,
    SUM(CASE WHEN isdeleted AND change.actor = 'ttl' THEN 1 ELSE 0 END) AS expired
  FROM demand_changes
  GROUP BY eventid
) AS events
ORDER BY requested DESC, eventid
