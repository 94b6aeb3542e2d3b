-- Every name and start that an event had, and since when.
SELECT id, name, eventdate.start.datetime AS starts, change.timestamp AS since
FROM event_changes
ORDER BY id, change.micros
