-- Sales by when they begin, past ones included.
SELECT saleid, eventid, starts
FROM (SELECT id AS saleid, eventid, salestartdatetime AS starts FROM sale_current) AS sales
ORDER BY starts, eventid, saleid
