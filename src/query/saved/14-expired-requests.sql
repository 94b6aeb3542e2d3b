-- Requests that DynamoDB’s expiry deleted, by day of the request.
SELECT partition_date, COUNT(*) AS expired
FROM demand_changes
WHERE isdeleted = true AND change.actor = 'ttl'
GROUP BY partition_date
ORDER BY partition_date
