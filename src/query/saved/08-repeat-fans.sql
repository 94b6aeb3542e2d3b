-- How many fans made how many requests, and for how many events on average.
SELECT requests, COUNT(*) AS fans, AVG(CAST(events AS double)) AS events_per_fan
FROM (
  SELECT fanid, COUNT(*) AS requests, COUNT(DISTINCT eventid) AS events
  FROM demand_changes
  WHERE change.operation = 'INSERT'
  GROUP BY fanid
) AS fans
GROUP BY requests
ORDER BY requests
