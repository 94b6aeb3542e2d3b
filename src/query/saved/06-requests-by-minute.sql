-- New requests by minute: the shape of a surge.
SELECT date_trunc('minute', "date"."requested") AS minute, COUNT(*) AS requests
FROM demand_changes
WHERE change.operation = 'INSERT'
GROUP BY 1
ORDER BY 1
