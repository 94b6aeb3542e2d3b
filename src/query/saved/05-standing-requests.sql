-- Requests that stand now, by event and sale.
SELECT eventid, saleid, COUNT(*) AS requests
FROM demand_current
GROUP BY eventid, saleid
ORDER BY requests DESC, eventid, saleid
