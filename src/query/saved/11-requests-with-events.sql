-- Standing requests beside the events that they are for.
SELECT d.eventid, e.name, COUNT(*) AS requests
FROM demand_current d
LEFT JOIN event_current e ON e.id = d.eventid
GROUP BY d.eventid, e.name
ORDER BY requests DESC, d.eventid
