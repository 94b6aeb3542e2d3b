-- Changes of requests that the stream delivered more than once, by day of the request.
SELECT d.partition_date, d.delivered - c.changes AS delivered_again
FROM (SELECT partition_date, COUNT(*) AS delivered FROM demand GROUP BY partition_date) AS d
JOIN (SELECT partition_date, COUNT(*) AS changes FROM demand_changes GROUP BY partition_date) AS c
  ON c.partition_date = d.partition_date
ORDER BY d.partition_date
