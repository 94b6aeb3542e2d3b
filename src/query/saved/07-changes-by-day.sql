-- Changes of requests by day of the request and operation: an INSERT is a new request.
SELECT partition_date, change.operation AS operation, COUNT(*) AS changes
FROM demand_changes
GROUP BY 1, 2
ORDER BY 1, 2
