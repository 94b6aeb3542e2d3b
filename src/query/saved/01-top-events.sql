-- The events with most requests that stand: each request once, cancelled and expired ones left out.
-- param from date=2025-01-01 requests of this day and later
-- param top number=10 how many events
SELECT eventid, COUNT(*) AS demand_count
FROM demand_current
WHERE partition_date >= :from
GROUP BY eventid
ORDER BY demand_count DESC, eventid
LIMIT :top
