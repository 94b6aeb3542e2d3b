-- Messages by their latest state and how they were sent.
SELECT status.id AS state, contactmethod, COUNT(*) AS messages
FROM notification_current
GROUP BY status.id, contactmethod
ORDER BY messages DESC, state, contactmethod
