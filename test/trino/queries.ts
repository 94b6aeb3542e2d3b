/** A statement that a person would type, in Athena's dialect. */
export type AnalystQuery = { readonly name: string; readonly sql: string }

/** The statements of the use cases, as they stand there, with a name of an event put in. */
export const useCaseQueries: readonly AnalystQuery[] = [
  {
    name: 'the ten events with most demand',
    sql: "SELECT eventid, COUNT(*) as demand_count FROM demand WHERE partition_date >= '2025-01-01' AND isdeleted = false GROUP BY eventid ORDER BY demand_count DESC LIMIT 10",
  },
  {
    name: 'the requests of a surge',
    sql: "SELECT COUNT(*) FROM demand WHERE eventid='evt-085b1a001' AND partition_date='2025-02-13'",
  },
  {
    name: 'deleted requests of a quarter',
    sql: "SELECT fanid, eventid, date.requested, date.deleted FROM demand WHERE isdeleted = true AND partition_date >= '2024-10-01' AND partition_date < '2025-01-01'",
  },
  {
    name: 'the average time to a notification',
    sql: "SELECT AVG(UNIX_TIMESTAMP(date.notified) - UNIX_TIMESTAMP(date.requested)) as avg_lag_seconds FROM demand WHERE date.notified IS NOT NULL AND partition_date >= '2025-01-01'",
  },
  {
    name: 'the names that an event had, by the table of many',
    sql: 'SELECT id, name, change.timestamp FROM events ORDER BY id, change.timestamp',
  },
]

/** Asked of both engines, row by row. Where a statement orders its rows the order is whole, so that there is one answer. */
export const analystQueries: readonly AnalystQuery[] = [
  // Counting and grouping
  {
    name: 'rows of one day',
    sql: "SELECT COUNT(*) FROM demand WHERE partition_date = '2025-02-13' AND isdeleted = false",
  },
  { name: 'the days that sales begin on', sql: 'SELECT DISTINCT partition_date FROM sale ORDER BY 1' },
  {
    name: 'rows by day',
    sql: 'SELECT partition_date, COUNT(*) AS n FROM demand GROUP BY partition_date ORDER BY 1',
  },
  {
    name: 'requests by hour',
    sql: "SELECT date_trunc('hour', change.timestamp) AS hour, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1",
  },
  {
    name: 'average length of a name by contact method',
    sql: `SELECT contactmethod, COUNT(*) AS n, AVG(CAST(length(eventname) AS double)) AS a
FROM demand GROUP BY contactmethod ORDER BY 1 NULLS LAST`,
  },
  {
    name: 'requests by kind',
    sql: "SELECT COALESCE(demandtype, 'none') AS kind, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1",
  },
  {
    name: 'first and last request',
    sql: 'SELECT MAX(date.requested), MIN(date.requested), COUNT(DISTINCT fanid) FROM demand',
  },
  {
    name: 'live and deleted rows',
    sql: `SELECT CASE WHEN isdeleted THEN 'gone' ELSE 'live' END AS state, COUNT(*) AS n
FROM demand GROUP BY 1 HAVING COUNT(*) > 0 ORDER BY 1`,
  },
  {
    name: 'events with more than thirty requests',
    sql: `SELECT eventid, COUNT(DISTINCT fanid) AS fans
FROM demand_changes
WHERE change.operation = 'INSERT'
GROUP BY eventid
HAVING COUNT(*) > 30
ORDER BY fans DESC, eventid`,
  },
  {
    name: 'groups of groups: how many events have how many requests',
    sql: `SELECT requests, COUNT(*) AS events
FROM (SELECT eventid, COUNT(*) AS requests FROM demand_current GROUP BY eventid) AS by_event
GROUP BY requests
ORDER BY requests`,
  },
  {
    name: 'totals by event and contact method with ROLLUP',
    sql: `SELECT eventid, contactmethod, COUNT(*) AS n, GROUPING(eventid, contactmethod) AS level
FROM demand_current
GROUP BY ROLLUP (eventid, contactmethod)
ORDER BY level, eventid NULLS LAST, contactmethod NULLS LAST`,
  },
  {
    name: 'two groupings in one statement with GROUPING SETS',
    sql: `SELECT eventid, contactmethod, COUNT(*) AS n
FROM demand_current
GROUP BY GROUPING SETS ((eventid), (contactmethod), ())`,
  },
  {
    name: 'every combination with CUBE',
    sql: 'SELECT demandtype, contactmethod, COUNT(*) AS n FROM demand GROUP BY CUBE (demandtype, contactmethod)',
  },
  {
    name: 'conditional counts with FILTER and count_if',
    sql: `SELECT eventid, COUNT(*) FILTER (WHERE contactmethod = 'SMS') AS sms,
  count_if(contactmethod = 'EMAIL') AS mail, SUM(IF(contactmethod IS NULL, 1, 0)) AS neither
FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },

  // Windows
  {
    name: 'the place of each fan in the queue for a sale',
    sql: `SELECT fanid, row_number() OVER (PARTITION BY saleid ORDER BY "date"."requested", fanid) AS place
FROM demand_current ORDER BY saleid, place LIMIT 20`,
  },
  {
    name: 'what happened before each change',
    sql: `SELECT fanid, lag(change.operation) OVER (PARTITION BY change.key ORDER BY change.micros) AS before
FROM demand_changes ORDER BY change.key, change.micros LIMIT 50`,
  },
  {
    name: 'share of the requests by sale',
    sql: `SELECT saleid, 1e2 * COUNT(*) / SUM(COUNT(*)) OVER () AS share
FROM demand_current GROUP BY saleid ORDER BY saleid`,
  },
  {
    name: 'running total of requests by day',
    sql: `SELECT partition_date, n, SUM(n) OVER (ORDER BY partition_date ROWS UNBOUNDED PRECEDING) AS so_far
FROM (SELECT partition_date, COUNT(*) AS n FROM demand_changes WHERE change.operation = 'INSERT' GROUP BY 1) AS days
ORDER BY partition_date`,
  },
  {
    name: 'moving average over seven days of requests',
    sql: `WITH days AS (SELECT partition_date AS day, COUNT(*) AS n FROM demand GROUP BY partition_date)
SELECT day, AVG(n) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week
FROM days ORDER BY day`,
  },
  {
    name: 'events by rank of demand, ties and all',
    sql: `SELECT eventid, n, rank() OVER (ORDER BY n DESC) AS r, dense_rank() OVER (ORDER BY n DESC) AS d,
  ntile(3) OVER (ORDER BY n DESC, eventid) AS third, percent_rank() OVER (ORDER BY n) AS p
FROM (SELECT eventid, COUNT(*) AS n FROM demand_current GROUP BY eventid) AS t
ORDER BY eventid`,
  },
  {
    name: 'growth against the day before',
    sql: `WITH days AS (
  SELECT date_trunc('day', "date"."requested") AS day, COUNT(*) AS n FROM demand_current GROUP BY 1
)
SELECT day, n, n - lag(n, 1, 0) OVER (ORDER BY day) AS more, lead(day) OVER (ORDER BY day) AS next
FROM days ORDER BY day`,
  },
  {
    name: 'first and last contact of a fan by window',
    sql: `SELECT DISTINCT fanid,
  first_value(eventid) OVER w AS first_event,
  last_value(eventid) OVER w AS last_event
FROM demand_current
WINDOW w AS (PARTITION BY fanid ORDER BY "date"."requested", saleid
  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY fanid LIMIT 60`,
  },
  {
    name: 'requests in the hour before each request',
    sql: `SELECT fanid, change.timestamp AS at,
  COUNT(*) OVER (ORDER BY change.timestamp RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS recent
FROM demand_changes
WHERE change.operation = 'INSERT' AND partition_date < '2025-02-01'
ORDER BY at, fanid`,
  },

  // WITH
  {
    name: 'items and the first change of all',
    sql: `WITH firsts AS (SELECT change.key AS item, MIN(change.micros) AS first FROM demand_changes GROUP BY change.key)
SELECT COUNT(*) AS items, MIN(first) AS earliest FROM firsts`,
  },
  {
    name: 'a WITH that uses another, and a WITH within a subquery',
    sql: `WITH live AS (SELECT * FROM demand_current WHERE partition_date >= '2025-01-01'),
  by_fan AS (SELECT fanid, COUNT(*) AS n, COUNT(DISTINCT eventid) AS events FROM live GROUP BY fanid)
SELECT n, events, fans FROM (
  WITH counted AS (SELECT n, events, COUNT(*) AS fans FROM by_fan GROUP BY n, events)
  SELECT * FROM counted WHERE fans > 0
) AS t
ORDER BY n, events`,
  },
  {
    name: 'days without requests, by a recursive calendar',
    sql: `WITH RECURSIVE calendar (day) AS (
  SELECT DATE '2025-01-08'
  UNION ALL
  SELECT day + INTERVAL '1' DAY FROM calendar WHERE day < DATE '2025-01-16'
)
SELECT c.day, COUNT(d.fanid) AS n
FROM calendar c LEFT JOIN demand d ON d.partition_date = CAST(c.day AS varchar)
GROUP BY c.day ORDER BY c.day`,
  },
  {
    name: 'a calendar by sequence and UNNEST',
    sql: `SELECT day, COUNT(d.fanid) AS n
FROM UNNEST(sequence(DATE '2025-01-08', DATE '2025-01-21', INTERVAL '1' DAY)) AS t (day)
LEFT JOIN demand d ON CAST(d."date"."requested" AS date) = day
GROUP BY day ORDER BY day`,
  },

  // Joins, sets, subqueries
  {
    name: 'events beside their demand',
    sql: `SELECT e.name, d.n FROM event_current e
LEFT JOIN (SELECT eventid, COUNT(*) AS n FROM demand_current GROUP BY eventid) d ON d.eventid = e.id ORDER BY e.id`,
  },
  {
    name: 'events without demand and demand without an event, by FULL OUTER JOIN',
    sql: `SELECT e.id, d.eventid, d.n
FROM event_current e
FULL OUTER JOIN (SELECT eventid, COUNT(*) AS n FROM demand_current GROUP BY eventid) d ON d.eventid = e.id
WHERE e.id IS NULL OR d.eventid IS NULL`,
  },
  {
    name: 'fans of a suppressed event, by IN',
    sql: `SELECT fanid, eventid FROM demand_current
WHERE eventid IN (SELECT id FROM event_current WHERE issuppressed) ORDER BY fanid, eventid`,
  },
  {
    name: 'requests that no event answers, by NOT EXISTS',
    sql: `SELECT DISTINCT d.eventid FROM demand d
WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.id = d.eventid) ORDER BY d.eventid`,
  },
  {
    name: 'the latest request for each event, by a correlated subquery',
    sql: `SELECT d.eventid, d.fanid, d."date"."requested" AS requested
FROM demand_current d
WHERE d."date"."requested" = (SELECT MAX(x."date"."requested") FROM demand_current x WHERE x.eventid = d.eventid)
ORDER BY d.eventid, d.fanid`,
  },
  {
    name: 'a count for each sale, by a correlated scalar subquery',
    sql: `SELECT s.id, (SELECT COUNT(*) FROM demand_current d WHERE d.saleid = s.id) AS waiting
FROM sale_current s ORDER BY s.id`,
  },
  {
    name: 'fans who asked and were told, by INTERSECT',
    sql: 'SELECT fanid FROM demand INTERSECT SELECT fanid FROM notification',
  },
  {
    name: 'fans who asked and were never told, by EXCEPT',
    sql: 'SELECT fanid, eventid FROM demand_current EXCEPT SELECT fanid, eventid FROM notification',
  },
  {
    name: 'everything that happened to an event, by UNION ALL',
    sql: `SELECT 'demand' AS what, change.timestamp AS at, fanid AS who FROM demand_changes WHERE eventid = 'season-1'
UNION ALL
SELECT 'notification', change.timestamp, fanid FROM notification_changes WHERE eventid = 'season-1'
UNION ALL
SELECT 'sale', change.timestamp, NULL FROM sale_changes WHERE eventid = 'season-1'
ORDER BY at, what, who`,
  },
  {
    name: 'changes by operation, of a subquery',
    sql: `SELECT operation, n FROM (
  SELECT change.operation AS operation, COUNT(*) AS n FROM notification GROUP BY change.operation
) AS t WHERE n > 1 ORDER BY 1`,
  },
  {
    name: 'the second page of fans, by OFFSET and LIMIT',
    sql: 'SELECT DISTINCT fanid, artistname FROM demand_current ORDER BY fanid, artistname OFFSET 10 LIMIT 10',
  },
  {
    name: 'absent values last unless told otherwise',
    sql: 'SELECT id, name FROM sale_current ORDER BY name, id',
  },
  {
    name: 'absent values last in falling order too',
    sql: 'SELECT id, name, saleenddatetime FROM sale_current ORDER BY saleenddatetime DESC, name DESC, id',
  },
  {
    name: 'inline rows by VALUES',
    sql: `SELECT v.label, COUNT(d.fanid) AS n
FROM (VALUES ('SMS', 'text'), ('EMAIL', 'mail'), ('FAX', 'paper')) AS v (method, label)
LEFT JOIN demand_current d ON d.contactmethod = v.method
GROUP BY v.label ORDER BY v.label`,
  },

  // Nested data
  {
    name: 'attributes that the schema does not model',
    sql: "SELECT extra['/seatMap'] AS seats FROM demand WHERE reference.id = 'event-1_sale-1_fan-1' AND eventname IS NOT NULL",
  },
  {
    name: 'when events start and end',
    sql: `SELECT eventdate.start.localdate AS day, "eventdate"."end"."datetime" AS until
FROM event_current ORDER BY id`,
  },
  {
    name: 'sizes of lists and maps',
    sql: `SELECT cardinality(saletypes) AS n, cardinality(extra) AS e, COUNT(*) AS sales
FROM sale_current GROUP BY 1, 2 ORDER BY 1, 2`,
  },
  {
    name: 'events by venue, by CROSS JOIN UNNEST with the columns of a venue',
    sql: `SELECT e.id, v.name AS hall, v.city, v.latitude
FROM event_current e
CROSS JOIN UNNEST(e.venues) AS v (id, name, city, state, statecode, country, countrycode, postalcode, timezone, latitude, longitude)
ORDER BY e.id, v.id`,
  },
  {
    name: 'events by venue, by CROSS JOIN UNNEST with the names of the fields',
    sql: `SELECT event_current.id, v.city, v.countrycode
FROM event_current CROSS JOIN UNNEST(venues) AS v
ORDER BY event_current.id, v.id`,
  },
  {
    name: 'events with and without a venue, by LEFT JOIN UNNEST',
    sql: `SELECT e.id, v.city FROM event_current e
LEFT JOIN UNNEST(e.venues) AS v ON TRUE ORDER BY e.id, v.city`,
  },
  {
    name: 'genres of standing requests, by UNNEST in a join',
    sql: `SELECT c.genre.name AS genre, COUNT(*) AS requests
FROM demand_current d
JOIN event_current e ON e.id = d.eventid
CROSS JOIN UNNEST(e.classifications) AS c ("primary", segment, genre, subgenre)
GROUP BY c.genre.name ORDER BY requests DESC, genre`,
  },
  {
    name: 'sale types with their places, by UNNEST WITH ORDINALITY',
    sql: `SELECT s.id, t.kind, t.place FROM sale_current s
CROSS JOIN UNNEST(s.saletypes) WITH ORDINALITY AS t (kind, place) ORDER BY s.id, t.place`,
  },
  {
    name: 'every attribute outside the schema, by UNNEST of a map',
    sql: `SELECT path, COUNT(*) AS n, COUNT(DISTINCT value) AS variants
FROM demand CROSS JOIN UNNEST(extra) AS x (path, value) GROUP BY path ORDER BY path`,
  },
  {
    name: 'the first venue of an event, and a venue that is not there',
    sql: `SELECT id, element_at(venues, 1).city AS first, element_at(venues, -1).city AS last, element_at(venues, 9).city AS none
FROM event_current ORDER BY id`,
  },
  {
    name: 'the element of a list that surely is there',
    sql: 'SELECT id, saletypes[1] AS first FROM sale_current WHERE cardinality(saletypes) > 0 ORDER BY id',
  },
  {
    name: 'lists with lambdas',
    sql: `SELECT id, transform(venues, v -> upper(v.city)) AS cities, filter(saletypes, t -> t LIKE '%SALE') AS presales
FROM event_current JOIN (SELECT eventid, saletypes FROM sale_current) s ON s.eventid = event_current.id
ORDER BY id, presales`,
  },
  {
    name: 'whether a list holds a value',
    sql: `SELECT id, contains(saletypes, 'VIP') AS vip, any_match(saletypes, t -> t = 'GENERAL') AS general,
  reduce(saletypes, 0, (s, t) -> s + length(t), s -> s) AS letters, array_join(saletypes, '+') AS joined
FROM sale_current ORDER BY id`,
  },
  {
    name: 'lists made of rows, in order',
    sql: `SELECT eventid, array_agg(fanid ORDER BY "date"."requested", fanid) AS queue
FROM demand_current WHERE partition_date >= '2025-01-10' GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'lists sorted, without repeats, and cut',
    sql: `SELECT eventid, array_sort(array_distinct(array_agg(contactmethod))) AS methods,
  slice(array_agg(fanid ORDER BY fanid), 1, 2) AS two
FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'the fan of the latest and of the first request',
    sql: `SELECT eventid, max_by(fanid, change.micros) AS latest, min_by(fanid, change.micros) AS first
FROM demand_changes GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'counts by value as a map',
    sql: `SELECT eventid, histogram(contactmethod) AS methods FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'keys of a map, and a key that is not there',
    sql: `SELECT id, array_sort(map_keys(extra)) AS paths, element_at(extra, '/nothing') AS none
FROM event_current ORDER BY id`,
  },

  // JSON
  {
    name: 'a text, a number and a place within JSON',
    sql: `SELECT id, json_extract_scalar(extra['/seatMap'], '$.levels') AS levels,
  CAST(json_extract_scalar(extra['/seatMap'], '$.blocks[0].seats') AS integer) AS seats,
  json_extract_scalar(extra['/seatMap'], '$.note') AS note,
  json_extract_scalar(extra['/seatMap'], '$.accessible') AS accessible
FROM event_current WHERE element_at(extra, '/seatMap') IS NOT NULL ORDER BY id`,
  },
  {
    name: 'the sum of numbers in JSON',
    sql: `SELECT eventid, SUM(CAST(json_extract_scalar(extra['/basket'], '$.count') AS bigint)) AS tickets,
  SUM(CAST(json_extract_scalar(extra['/basket'], '$.price') AS double)) AS worth
FROM demand_current WHERE element_at(extra, '/basket') IS NOT NULL GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'JSON that has a part and JSON that is a list',
    sql: `SELECT fanid, json_array_length(json_extract(extra['/basket'], '$.tags')) AS tags,
  json_extract_scalar(extra['/basket'], '$["odd key"]') AS odd, json_extract_scalar(extra['/basket'], '$.tags') AS list
FROM demand_current WHERE element_at(extra, '/basket') IS NOT NULL ORDER BY change.key LIMIT 20`,
  },
  {
    name: 'a text outside the schema',
    sql: `SELECT json_extract_scalar(extra['/campaign'], '$') AS campaign, COUNT(*) AS n
FROM demand_current WHERE element_at(extra, '/campaign') IS NOT NULL GROUP BY 1 ORDER BY 1`,
  },

  // Dates
  {
    name: 'requests by weekday',
    sql: 'SELECT day_of_week(date.requested) AS weekday, COUNT(*) AS n FROM demand_current GROUP BY 1 ORDER BY 1',
  },
  {
    name: 'days between the first request and the event',
    sql: `SELECT e.id, date_diff('day', MIN(d."date"."requested"), MIN(e.eventdate.start.datetime)) AS days,
  date_diff('hour', MIN(d."date"."requested"), MAX(d."date"."requested")) AS hours,
  date_diff('week', MIN(d."date"."requested"), MAX(d."date"."requested")) AS weeks,
  date_diff('month', MIN(d."date"."requested"), MAX(d."date"."requested")) AS months
FROM event_current e JOIN demand_current d ON d.eventid = e.id GROUP BY e.id ORDER BY e.id`,
  },
  {
    name: 'seconds from request to notification',
    sql: `SELECT eventid, AVG(date_diff('second', "date"."requested", "date"."notified")) AS lag,
  MAX(to_unixtime("date"."notified") - to_unixtime("date"."requested")) AS longest
FROM demand_current WHERE "date"."notified" IS NOT NULL GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'dates as text',
    sql: `SELECT id, date_format(salestartdatetime, '%Y-%m-%d %H:%i:%s') AS at, date_format(salestartdatetime, '%W, %e %b %y') AS words,
  date_format(salestartdatetime, '%d.%m.%Y %h:%i %p, %a, day %j, .%f') AS more
FROM sale_current ORDER BY id`,
  },
  {
    name: 'text as dates',
    sql: `SELECT partition_date, date_parse(partition_date, '%Y-%m-%d') AS midnight,
  date(partition_date) AS day, from_iso8601_date(partition_date) AS iso, CAST(partition_date AS date) + INTERVAL '7' DAY AS later
FROM demand GROUP BY partition_date ORDER BY partition_date`,
  },
  {
    name: 'parts of a date',
    sql: `SELECT id, EXTRACT(YEAR FROM salestartdatetime) AS y, month(salestartdatetime) AS m, day(salestartdatetime) AS d,
  hour(salestartdatetime) AS h, minute(salestartdatetime) AS mi, week(salestartdatetime) AS w, quarter(salestartdatetime) AS q,
  day_of_year(salestartdatetime) AS doy, EXTRACT(DOW FROM salestartdatetime) AS dow
FROM sale_current ORDER BY id`,
  },
  {
    name: 'dates moved',
    sql: `SELECT id, date_add('day', -7, salestartdatetime) AS week_before, date_add('month', 1, salestartdatetime) AS month_after,
  date_add('hour', 36, salestartdatetime) AS later, salestartdatetime - INTERVAL '90' MINUTE AS doors,
  last_day_of_month(CAST(salestartdatetime AS date)) AS month_end
FROM sale_current ORDER BY id`,
  },
  {
    name: 'weeks, months and years cut',
    sql: `SELECT date_trunc('week', salestartdatetime) AS w, date_trunc('month', salestartdatetime) AS m,
  date_trunc('quarter', salestartdatetime) AS q, date_trunc('year', CAST(salestartdatetime AS date)) AS y
FROM sale_current ORDER BY salestartdatetime, id`,
  },
  {
    name: 'instants compared with literals',
    sql: `SELECT COUNT(*) FROM demand
WHERE "date"."requested" >= TIMESTAMP '2025-01-01 00:00:00' AND "date"."requested" < DATE '2025-02-01'
  AND "date"."requested" BETWEEN from_iso8601_timestamp('2025-01-02T00:00:00Z') AND TIMESTAMP '2025-01-30 23:59:59.999'`,
  },
  {
    name: 'an instant from a number of seconds, and back',
    sql: `SELECT change.micros / 1000000 AS seconds, to_unixtime(from_unixtime(change.micros / 1000000)) AS again
FROM sale ORDER BY 1`,
  },
  {
    name: 'time zones of the audience',
    sql: `SELECT id, date_format("date"."firstseen" AT TIME ZONE 'America/New_York', '%Y-%m-%d %H:%i') AS new_york
FROM event_current WHERE id LIKE 'season%' ORDER BY id`,
  },

  // Text
  {
    name: 'labels made of parts',
    sql: "SELECT id, COALESCE(name, '') || ' / ' || lower(id) AS label FROM sale ORDER BY change.key, change.micros",
  },
  {
    name: 'addresses at our domain',
    sql: "SELECT regexp_like(email, '@example') AS ours, COUNT(*) AS n FROM demand GROUP BY 1 ORDER BY 1 NULLS LAST",
  },
  {
    name: 'parts of an address',
    sql: `SELECT regexp_extract(email, '@(.+)$', 1) AS domain, regexp_extract(email, '[0-9]+') AS digits, split_part(email, '.', 1) AS head,
  strpos(email, '@') AS at, COUNT(*) AS n
FROM demand_current GROUP BY email ORDER BY email`,
  },
  {
    name: 'text changed by patterns',
    sql: `SELECT DISTINCT regexp_replace(eventid, '[0-9]', '#') AS masked, regexp_replace(eventid, '^(\\w+)-', '$1:') AS turned,
  replace(eventid, '-', '_') AS underscored, split(eventid, '-')[1] AS kind
FROM demand ORDER BY 1, 2`,
  },
  {
    name: 'text measured, cut and turned',
    sql: `SELECT DISTINCT name, length(name) AS n, substr(name, 3, 5) AS part, substring(name, -3) AS tail, upper(name) AS loud,
  reverse(name) AS back, lpad(id, 12, '.') AS padded, trim(concat('  ', id, ' ')) AS bare, position('№' IN name) AS place
FROM event_current ORDER BY name, padded`,
  },
  {
    name: 'text by LIKE, ESCAPE and ILIKE in lower case',
    sql: `SELECT COUNT(*) AS n FROM demand
WHERE eventname LIKE 'Season _' OR demandtype LIKE 'ON\\_SALE%' ESCAPE '\\' OR lower(artistname) LIKE '%orkestra%'`,
  },
  {
    name: 'texts put together from rows',
    sql: `SELECT eventid, listagg(DISTINCT contactmethod, ', ') WITHIN GROUP (ORDER BY contactmethod) AS methods
FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },

  // Numbers
  {
    name: 'a fraction of integers is an integer',
    sql: `SELECT eventid, COUNT(*) / 7 AS weeks, COUNT(*) % 7 AS rest, -COUNT(*) / 2 AS less, 100 * COUNT(*) / SUM(COUNT(*)) OVER () AS percent
FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'a mean of integers is a fraction',
    sql: 'SELECT AVG(sendattempts), SUM(sendattempts), AVG(CAST(sendattempts AS bigint)) FROM notification',
  },
  {
    name: 'numbers rounded',
    sql: `SELECT round(latitude, 1) AS r, floor(latitude) AS f, ceil(latitude) AS c, abs(longitude) AS a, truncate(longitude) AS t, sign(longitude) AS s
FROM event_current CROSS JOIN UNNEST(venues) AS v ORDER BY latitude, longitude`,
  },
  {
    name: 'a share that has nothing to divide by, by NULLIF and TRY',
    sql: `SELECT eventid, COUNT(*) / NULLIF(SUM(CASE WHEN contactmethod = 'SMS' THEN 1 END), 0) AS ratio,
  TRY(COUNT(*) / SUM(CASE WHEN contactmethod = 'FAX' THEN 1 ELSE 0 END)) AS none
FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'decimals with the scale that the digits give',
    sql: `SELECT eventid, CAST(COUNT(*) AS decimal(18, 2)) * 1.10 AS priced, round(COUNT(*) * 100.0 / SUM(COUNT(*)) OVER (), 2) AS percent
FROM demand_current GROUP BY eventid ORDER BY eventid`,
  },
  {
    name: 'spread of the time until a notice',
    sql: `SELECT stddev(date_diff('millisecond', "date"."requested", "date"."notified")) AS spread,
  variance(date_diff('second', "date"."requested", "date"."notified")) AS v,
  corr(to_unixtime("date"."requested"), to_unixtime("date"."notified")) AS c
FROM demand_current WHERE "date"."notified" IS NOT NULL`,
  },
  {
    name: 'the greatest and least of some columns',
    sql: `SELECT id, greatest(salestartdatetime, change.timestamp) AS later, least(length(id), 5) AS short, nullif(id, 'far') AS not_far
FROM sale_current ORDER BY id`,
  },
  {
    name: 'text that may be a number',
    sql: `SELECT DISTINCT TRY_CAST(split_part(eventid, '-', 2) AS integer) AS n, CAST(length(eventid) AS varchar) AS t
FROM demand ORDER BY n, t`,
  },

  // Forms of statements
  {
    name: 'two columns of one name',
    sql: 'SELECT a.id, b.id FROM sale_current a JOIN sale_current b ON a.eventid = b.eventid ORDER BY a.id, b.id',
  },
  {
    name: 'a join by USING, with the order by an aggregate',
    sql: `SELECT eventid, COUNT(*) AS n FROM demand_current
JOIN (SELECT eventid, id FROM sale_current) AS sales USING (eventid)
GROUP BY eventid ORDER BY COUNT(*) DESC, eventid`,
  },
  {
    name: 'a table after a comma that reads the one before it',
    sql: 'SELECT e.id, a.name FROM event_current e, UNNEST(e.attractions) AS a (id, name) ORDER BY e.id, a.name',
  },
  {
    name: 'every column of a venue',
    sql: 'SELECT v.* FROM event_current CROSS JOIN UNNEST(venues) AS v ORDER BY v.id, v.latitude',
  },
  {
    name: 'lists side by side',
    sql: `SELECT id, path, value
FROM event_current CROSS JOIN UNNEST(map_keys(extra), map_values(extra)) AS t (path, value) ORDER BY id, path`,
  },
  {
    name: 'places of the guests of an event',
    sql: `SELECT e.id, t.place, t.name
FROM event_current e CROSS JOIN UNNEST(e.attractions) WITH ORDINALITY AS t (id, name, place) ORDER BY e.id, t.place`,
  },
  {
    name: 'the last name that was known, by IGNORE NULLS',
    sql: 'SELECT id, lag(name) IGNORE NULLS OVER (ORDER BY id) AS before FROM sale_current ORDER BY id',
  },
  {
    name: 'a count beside each row, by LATERAL',
    sql: `SELECT e.id, x.n FROM event_current e
CROSS JOIN LATERAL (SELECT COUNT(*) AS n FROM demand_current d WHERE d.eventid = e.id) AS x ORDER BY e.id`,
  },
  {
    name: 'pairs that both tables have, by a row in IN',
    sql: 'SELECT COUNT(*) AS n FROM demand WHERE (fanid, eventid) IN (SELECT fanid, eventid FROM notification)',
  },
  {
    name: 'maps made of rows',
    sql: "SELECT eventid, map_agg(id, name) AS sales FROM sale_current WHERE eventid LIKE 'season%' GROUP BY eventid",
  },
  {
    name: 'percent of deletes, with a comment',
    sql: `SELECT 1e2 * count_if(isdeleted) / COUNT(*) AS percent -- of all rows
FROM demand /* as delivered */`,
  },

  // Names of columns, and where rows lie
  {
    name: 'columns without names',
    sql: `SELECT COUNT(*), eventid, MAX(date.requested), 1 + 1, upper(eventid), change.operation
FROM demand WHERE eventid = 'season-1' GROUP BY eventid, change.operation`,
  },
  {
    name: 'columns without names below a star',
    sql: 'SELECT * FROM (SELECT id, date.deleted, extra FROM sale) AS s',
  },
  {
    name: 'names are in lower case whatever is written',
    sql: 'SELECT eventId, FanID AS TheFan, DATE.Requested FROM Demand WHERE IsDeleted ORDER BY change.KEY, change.micros',
  },
  {
    name: 'a field by its quoted name',
    sql: 'SELECT "date"."requested", "change"."key" AS "The Item" FROM demand_current ORDER BY change.key LIMIT 10',
  },
  {
    name: 'files by number of rows',
    sql: `SELECT regexp_extract("$path", 'data/.*$') AS file, COUNT(*) AS n FROM demand GROUP BY "$path" ORDER BY 1`,
  },
]

/** Estimates: every column of every row agrees within five percent. */
export const approximateQueries: readonly AnalystQuery[] = [
  {
    name: 'fans and the middle of the requests',
    sql: 'SELECT approx_distinct(fanid) AS fans, approx_percentile(change.micros, 0.5) AS median FROM demand',
  },
  {
    name: 'quartiles of the time to a notice',
    sql: `SELECT approx_percentile(date_diff('millisecond', "date"."requested", "date"."notified"), 0.25) AS q1,
  approx_percentile(date_diff('millisecond', "date"."requested", "date"."notified"), 0.75) AS q3
FROM demand_current WHERE "date"."notified" IS NOT NULL`,
  },
  {
    name: 'several percentiles at once',
    sql: `SELECT approx_percentile(to_unixtime("date"."requested"), ARRAY[0.1, 0.5, 0.9]) AS deciles FROM demand_current`,
  },
  {
    name: 'fans by event',
    sql: 'SELECT eventid, approx_distinct(fanid, 0.01) AS fans FROM demand GROUP BY eventid ORDER BY eventid',
  },
]

/** Both engines refuse these while they run. */
export const failingQueries: readonly AnalystQuery[] = [
  { name: 'a division of an integer by zero', sql: 'SELECT COUNT(*) / 0 FROM demand' },
  {
    name: 'a remainder by zero',
    sql: "SELECT COUNT(*) % SUM(CASE WHEN contactmethod = 'FAX' THEN 1 ELSE 0 END) FROM demand",
  },
  { name: 'a text that is no number', sql: 'SELECT SUM(CAST(eventid AS integer)) FROM demand' },
  { name: 'a place past the end of a list', sql: 'SELECT saletypes[9] FROM sale' },
  { name: 'a key that a map does not have', sql: "SELECT extra['/nothing'] FROM demand" },
  { name: 'a text that is no date', sql: "SELECT date_parse(eventid, '%Y-%m-%d') FROM demand" },
  { name: 'two rows where one is asked for', sql: 'SELECT (SELECT id FROM sale) FROM demand' },
  {
    name: 'a column that is not grouped by',
    sql: 'SELECT eventid, fanid, COUNT(*) FROM demand GROUP BY eventid',
  },
  { name: 'an alias in WHERE', sql: 'SELECT length(eventid) AS n FROM demand WHERE n > 3' },
  { name: 'an alias in GROUP BY', sql: 'SELECT eventid AS e, COUNT(*) AS n FROM demand GROUP BY e' },
  {
    name: 'an alias in HAVING',
    sql: 'SELECT eventid, COUNT(*) AS n FROM demand GROUP BY eventid HAVING n > 3',
  },
  { name: 'GROUP BY ALL', sql: 'SELECT eventid, COUNT(*) AS n FROM demand GROUP BY ALL' },
  {
    name: 'QUALIFY',
    sql: 'SELECT id, row_number() OVER (ORDER BY id) AS r FROM sale_current QUALIFY r = 1',
  },
  { name: 'a star with EXCLUDE', sql: 'SELECT * EXCLUDE (extra) FROM sale_current' },
  { name: 'OFFSET behind LIMIT', sql: 'SELECT id FROM sale_current ORDER BY id LIMIT 3 OFFSET 1' },
  { name: 'a reserved word as a field', sql: 'SELECT eventdate.end.datetime FROM event_current ORDER BY id' },
  { name: 'NATURAL JOIN', sql: 'SELECT id FROM sale_current NATURAL JOIN (SELECT id FROM sale) AS s' },
  { name: 'UNNEST in SELECT', sql: 'SELECT UNNEST(saletypes) FROM sale_current' },
  { name: 'a text compared with a number', sql: 'SELECT COUNT(*) FROM demand WHERE fanid > 5' },
  {
    name: 'a text compared with a date',
    sql: "SELECT COUNT(*) FROM demand WHERE partition_date > DATE '2025-01-01'",
  },
]
