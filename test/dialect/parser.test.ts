import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeOf, StatementError } from '../../src/dialect/failure.ts'
import { nestingMax } from '../../src/dialect/parser/cursor.ts'
import { parseStatement, treeDepthMax } from '../../src/dialect/parser.ts'
import { expressions } from '../trino/expressions.ts'
import { analystQueries, approximateQueries, useCaseQueries } from '../trino/queries.ts'
import { compact } from './compact.ts'
import { printStatement, withoutPlaces } from './print.ts'
import { queries } from './trees.ts'

/** The expression that a query selects alone. */
function parseExpression(sql: string) {
  const { body } = parseStatement(`SELECT ${sql}`).query
  const item = body.kind === 'select' ? body.items[0] : undefined
  if (item?.kind !== 'expression') throw new Error('no expression')
  return item.expression
}

/** What is said of a statement that is refused, with the place. */
function refusalOf(sql: string): string {
  try {
    parseStatement(sql)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    const { line, column } = placeOf(sql, error.at)
    return `${line}:${column}: ${error.message}`
  }
  return 'accepted'
}

// Each was read by Trino's own parser too, which groups the parts in the same way.
test.each([
  ['a OR b AND NOT c = d', 'or([column(a) and([column(b) not(comparison(=, column(c), column(d)))])])'],
  ['NOT NOT a OR b OR c', 'or([not(not(column(a))) column(b) column(c)])'],
  [
    "a + b * c - d % e || 'x' || f",
    'concat(concat(arithmetic(-, arithmetic(+, column(a), arithmetic(*, column(b), column(c))), arithmetic(%, column(d), column(e))), string(x)), column(f))',
  ],
  ['(a + b) * -c', 'arithmetic(*, arithmetic(+, column(a), column(b)), negate(column(c)))'],
  ['a - 1', 'arithmetic(-, column(a), integer(1))'],
  ['-1 - -2', 'arithmetic(-, integer(-1), integer(-2))'],
  ['- (1)', 'negate(integer(1))'],
  ['+a', 'negate(negate(column(a)))'],
  ["-a AT TIME ZONE 'UTC'", 'negate(at time zone(column(a), string(UTC)))'],
  [
    "a AT TIME ZONE INTERVAL '2' HOUR AT TIME ZONE 'UTC'",
    'at time zone(at time zone(column(a), interval(2, hour)), string(UTC))',
  ],
  [
    'a BETWEEN 1 AND 2 AND b NOT BETWEEN c + 1 AND d',
    'and([between(column(a), integer(1), integer(2)) between(isNot, column(b), arithmetic(+, column(c), integer(1)), column(d))])',
  ],
  [
    'a IN (1, 2) OR a NOT IN (SELECT 1)',
    'or([in list(column(a), [integer(1) integer(2)]) in query(isNot, column(a), query(select([expression(integer(1))])))])',
  ],
  ['a IN ((SELECT 1))', 'in list(column(a), [scalar query(query(select([expression(integer(1))])))])'],
  [
    'a IN ((SELECT 1) UNION SELECT 2)',
    'in query(column(a), query(union(query(select([expression(integer(1))])), select([expression(integer(2))]))))',
  ],
  [
    "a LIKE 'x%' ESCAPE '!' AND b NOT LIKE c || '%'",
    'and([like(column(a), string(x%), string(!)) like(isNot, column(b), concat(column(c), string(%)))])',
  ],
  ['a IS NULL AND b IS NOT NULL', 'and([is null(column(a)) is null(isNot, column(b))])'],
  [
    'a IS DISTINCT FROM b AND a IS NOT DISTINCT FROM c + 1',
    'and([is distinct(column(a), column(b)) is distinct(isNot, column(a), arithmetic(+, column(c), integer(1)))])',
  ],
  ['a != b', 'comparison(<>, column(a), column(b))'],
  [
    'a < ALL (VALUES 1) AND a = SOME (SELECT 1)',
    'and([quantified(<, all, column(a), query(values([integer(1)]))) quantified(=, any, column(a), query(select([expression(integer(1))])))])',
  ],
  ['a.b.c[1].d', 'dereference(subscript(dereference(dereference(column(a), b), c), integer(1)), d)'],
  ['a.b.f(x)[1]', 'subscript(call(a.b.f, [column(x)]), integer(1))'],
  ['"Mixed ""Case""".Plain', 'dereference(column(Mixed "Case"), plain)'],
  ['ARRAY[1, a[2]]', 'array([integer(1) subscript(column(a), integer(2))])'],
  ['ARRAY[]', 'array()'],
  ['ROW(1)', 'row([integer(1)])'],
  ["(1, 'x')", 'row([integer(1) string(x)])'],
  ['(1)', 'integer(1)'],
  ['()  -> 1', 'lambda(integer(1))'],
  ['x -> x + 1 AND y', 'lambda([x], and([arithmetic(+, column(x), integer(1)) column(y)]))'],
  ['(a, b) -> a + b', 'lambda([a b], arithmetic(+, column(a), column(b)))'],
  ['transform(c, (x) -> x)', 'call(transform, [column(c) lambda([x], column(x))])'],
  ['CASE WHEN a THEN 1 END', 'case([(column(a), integer(1))])'],
  [
    "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END",
    'case(column(a), [(integer(1), string(x)) (integer(2), string(y))], string(z))',
  ],
  ['CAST(a AS decimal(5, 2))', 'cast(column(a), name(decimal, [5 2]))'],
  [
    'TRY_CAST(a AS ARRAY(ROW(id varchar(3), double precision, timestamp timestamp(3) with time zone)))',
    'cast(isTry, column(a), array(row([(id, name(varchar, [3])) (name(double)) (timestamp, name(timestamp with time zone, [3]))])))',
  ],
  ['CAST(a AS MAP<varchar, bigint ARRAY>)', 'cast(column(a), map(name(varchar), array(name(bigint))))'],
  ['CAST(a AS interval day to second)', 'cast(column(a), name(interval day to second))'],
  ['CAST(a AS time without time zone)', 'cast(column(a), name(time))'],
  ['TRY(1 / a)', 'try(arithmetic(/, integer(1), column(a)))'],
  ["DATE '2025-02-13'", 'typed literal(name(date), 2025-02-13)'],
  ["DOUBLE PRECISION '1.5'", 'typed literal(name(double), 1.5)'],
  ['"json" \'{}\'', 'typed literal(name(json), {})'],
  ["INTERVAL '7' DAY", 'interval(7, day)'],
  ["INTERVAL -'1-2' YEAR TO MONTH", 'interval(1-2, isNegative, year, month)'],
  ['interval', 'column(interval)'],
  ["'it''s'", "string(it's)"],
  ["U&'\\0041\\\\ \\+01F600'", 'string(A\\ 😀)'],
  ["U&'d!0061t' UESCAPE '!'", 'string(dat)'],
  ["X'0a FF'", 'binary(0aff)'],
  ['0xFF', 'integer(255)'],
  ['0b1_01', 'integer(5)'],
  ['1_000', 'integer(1000)'],
  ['1_0.5_0', 'decimal(10.50)'],
  ['.5', 'decimal(.5)'],
  ['5.', 'decimal(5.)'],
  ['1.5E-3', 'double(1.5E-3)'],
  ['TRUE', 'boolean(value)'],
  ['count(*)', 'call(count, isStar)'],
  ['count(DISTINCT a) FILTER (WHERE b)', 'call(count, [column(a)], isDistinct, column(b))'],
  [
    'array_agg(a ORDER BY b DESC NULLS FIRST, c)',
    'call(array_agg, [column(a)], [(column(b), isDescending, first) (column(c))])',
  ],
  [
    'last_value(a) IGNORE NULLS OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)',
    'call(last_value, [column(a)], ignore, window([column(b)], [(column(c))], (rows, preceding(integer(1)), current row())))',
  ],
  ['sum(a) OVER w', 'call(sum, [column(a)], w)'],
  [
    'sum(a) OVER (w RANGE UNBOUNDED PRECEDING)',
    'call(sum, [column(a)], window(w, (range, unbounded preceding())))',
  ],
  ['sum(a) OVER (rows)', 'call(sum, [column(a)], window(rows))'],
  [
    "listagg(DISTINCT a, ', ' ON OVERFLOW TRUNCATE '…' WITH COUNT) WITHIN GROUP (ORDER BY a)",
    'call(listagg, [column(a) string(, )], isDistinct, [(column(a))], truncate)',
  ],
  ['IF(a, b)', 'call(if, [column(a) column(b)])'],
  ['current_timestamp(6)', 'special(current_timestamp, 6)'],
  ['CURRENT_DATE', 'special(current_date)'],
  ['TRIM(a)', 'call(trim, [column(a)])'],
  ['TRIM(LEADING FROM a)', 'trim(leading, column(a))'],
  ["TRIM('x' FROM a)", 'trim(both, string(x), column(a))'],
  ["TRIM(a, 'x')", 'trim(both, string(x), column(a))'],
  ['SUBSTRING(a FROM 2 FOR 3)', 'call(substring, [column(a) integer(2) integer(3)])'],
  ['SUBSTRING(a, 2)', 'call(substring, [column(a) integer(2)])'],
  ["POSITION('x' IN a)", 'call(strpos, [column(a) string(x)])'],
  ['position', 'column(position)'],
  ['NORMALIZE(a, NFC)', 'call(normalize, [column(a) string(NFC)])'],
  ['EXTRACT(YEAR FROM a)', 'extract(year, column(a))'],
  ['GROUPING(a, b.c)', 'grouping([column(a) dereference(column(b), c)])'],
  [
    "JSON_VALUE(a, 'lax $.b' RETURNING bigint NULL ON EMPTY ERROR ON ERROR)",
    'json function(json_value, column(a), lax $.b, name(bigint), [NULL ON EMPTY ERROR ON ERROR])',
  ],
  ['EXISTS (SELECT 1)', 'exists(query(select([expression(integer(1))])))'],
  ['(SELECT 1)', 'scalar query(query(select([expression(integer(1))])))'],
  ['((SELECT 1) + 1)', 'arithmetic(+, scalar query(query(select([expression(integer(1))]))), integer(1))'],
  [
    '((SELECT 1) UNION SELECT 2)',
    'scalar query(query(union(query(select([expression(integer(1))])), select([expression(integer(2))]))))',
  ],
  ['((SELECT 1), 2)', 'row([scalar query(query(select([expression(integer(1))]))) integer(2)])'],
])('%s is %s', (sql, tree) => {
  expect(compact(parseExpression(sql))).toBe(tree)
})

test.each([
  [
    "SELECT date_trunc('hour', a) hour, b at, c limit, count(*) over FROM t day LIMIT 5",
    'query(select([expression(call(date_trunc, [string(hour) column(a)]), hour) expression(column(b), at) expression(column(c), limit) expression(call(count, isStar), over)], [table([t], (day))]), integer(5))',
  ],
  [
    'SELECT ALL a, t.*, (b).* AS (x, y), * FROM t',
    'query(select([expression(column(a)) all(column(t)) all(column(b), [x y]) all()], [table([t])]))',
  ],
  ['SELECT all FROM all', 'query(select([expression(column(all))], [table([all])]))'],
  [
    'SELECT DISTINCT a FROM t WHERE b GROUP BY a HAVING c ORDER BY a NULLS LAST OFFSET 2 ROWS FETCH FIRST 3 ROWS WITH TIES',
    'query(select(isDistinct, [expression(column(a))], [table([t])], column(b), ([simple([column(a)])]), column(c)), [(column(a), last)], integer(2), integer(3), withTies)',
  ],
  ['SELECT 1 LIMIT ALL', 'query(select([expression(integer(1))]))'],
  ['SELECT 1 FETCH NEXT ROW ONLY', 'query(select([expression(integer(1))]), integer(1))'],
  [
    'SELECT 1 GROUP BY (), a, (a, b), ((a, b)), (a) + 1, ROW(a, b)',
    'query(select([expression(integer(1))], ([simple() simple([column(a)]) simple([column(a) column(b)]) simple([row([column(a) column(b)])]) simple([arithmetic(+, column(a), integer(1))]) simple([row([column(a) column(b)])])])))',
  ],
  [
    'SELECT 1 GROUP BY DISTINCT ROLLUP (a, b), CUBE (a), GROUPING SETS ((a, b), a, ())',
    'query(select([expression(integer(1))], (isDistinct, [rollup([[column(a)] [column(b)]]) cube([[column(a)]]) grouping sets([[column(a) column(b)] [column(a)] []])])))',
  ],
  [
    'SELECT 1 FROM t WINDOW w AS (PARTITION BY a), v AS (w ORDER BY b)',
    'query(select([expression(integer(1))], [table([t])], [(w, window([column(a)])) (v, window(w, [(column(b))]))]))',
  ],
  ['VALUES 1, 2', 'query(values([integer(1) integer(2)]))'],
  ["VALUES (1, 'a'), (2, 'b')", 'query(values([row([integer(1) string(a)]) row([integer(2) string(b)])]))'],
  ['TABLE a.b', 'query(table body([a b]))'],
  [
    'SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4',
    'query(except(isAll, union(select([expression(integer(1))]), intersect(select([expression(integer(2))]), select([expression(integer(3))]))), select([expression(integer(4))])))',
  ],
  [
    '(SELECT 1 LIMIT 2) UNION DISTINCT (TABLE t) ORDER BY 1',
    'query(union(query(select([expression(integer(1))]), integer(2)), query(table body([t]))), [(integer(1))])',
  ],
  [
    'WITH RECURSIVE a (n) AS (VALUES 1), b AS (SELECT 1) TABLE a',
    'query([(a, [n], query(values([integer(1)]))) (b, query(select([expression(integer(1))])))], isRecursive, table body([a]))',
  ],
  [
    'SELECT 1 FROM a, b AS c (d, e), x.y z',
    'query(select([expression(integer(1))], [table([a]) table([b], (c, [d e])) table([x y], (z))]))',
  ],
  [
    'SELECT 1 FROM a JOIN b ON c LEFT OUTER JOIN d USING (e, f) CROSS JOIN g',
    'query(select([expression(integer(1))], [join(cross, join(left, join(inner, table([a]), table([b]), column(c)), table([d]), [e f]), table([g]))]))',
  ],
  [
    'SELECT 1 FROM a JOIN b FULL JOIN c ON d ON e',
    'query(select([expression(integer(1))], [join(inner, table([a]), join(full, table([b]), table([c]), column(d)), column(e))]))',
  ],
  [
    'SELECT 1 FROM (a CROSS JOIN b) AS c',
    'query(select([expression(integer(1))], [join(cross, table([a]), table([b]), (c))]))',
  ],
  [
    'SELECT 1 FROM (SELECT 1) AS a, ((SELECT 2) UNION (SELECT 3)) b, ((SELECT 4) c JOIN d ON e)',
    'query(select([expression(integer(1))], [subquery relation(query(select([expression(integer(1))])), (a)) subquery relation(query(union(query(select([expression(integer(2))])), query(select([expression(integer(3))])))), (b)) join(inner, subquery relation(query(select([expression(integer(4))])), (c)), table([d]), column(e))]))',
  ],
  [
    'SELECT 1 FROM a CROSS JOIN UNNEST(b, c) WITH ORDINALITY AS d (e, f, n), LATERAL (SELECT 2)',
    'query(select([expression(integer(1))], [join(cross, table([a]), unnest([column(b) column(c)], withOrdinality, (d, [e f n]))) lateral(query(select([expression(integer(2))])))]))',
  ],
  [
    'SELECT 1 FROM a b TABLESAMPLE BERNOULLI (10)',
    'query(select([expression(integer(1))], [table([a], (b), (bernoulli, integer(10)))]))',
  ],
  ['EXPLAIN SELECT 1', 'explain((), query(select([expression(integer(1))])))'],
  ['EXPLAIN (TYPE IO, FORMAT JSON) SELECT 1', 'explain((io, json), query(select([expression(integer(1))])))'],
  [
    'EXPLAIN ANALYZE VERBOSE (SELECT 1)',
    'explain(isAnalyze, (isVerbose), query(query(select([expression(integer(1))]))))',
  ],
])('%s is %s', (sql, tree) => {
  const statement = parseStatement(sql)
  expect(compact(statement.kind === 'select' ? statement.query : statement)).toBe(tree)
})

test('words that are names and keywords are names wherever Trino takes them so', () => {
  const words = `absent add all analyze any array asc at begin call comment count current data date day desc double empty error
    explain fetch filter final first following format function groups hour if ignore interval json key keys lateral limit map
    month next no nulls object of offset only option over partition path percent position precision properties range refresh
    replace respect row rows schema second session set show some start substring system tables tablesample text time timestamp
    to type unique update use user value version view window work year zone`
  for (const word of words.split(/\s+/)) {
    const tree = `query(select([expression(column(${word})) expression(column(a), ${word}) expression(dereference(column(${word}), ${word}))], [table([${word}], (${word}))]))`
    const sql = `SELECT ${word}, a ${word}, ${word}.${word} FROM ${word} ${word}`
    expect(compact(parseStatement(sql).query)).toBe(tree)
  }
})

test.each([...useCaseQueries, ...analystQueries, ...approximateQueries])(
  'reads the query: $name',
  ({ sql }) => {
    expect(parseStatement(sql).kind).toBe('select')
  },
)

test.each(expressions)('reads the expression %s', (sql) => {
  expect(() => parseExpression(sql)).not.toThrow()
})

test.each([
  ['INSERT INTO t SELECT 1', '1:1: INSERT is not done here; rows come by delivery alone; a query only reads'],
  ['', '1:1: there is no statement; expected SELECT, WITH, VALUES, TABLE or EXPLAIN'],
  ['SELECT 1; SELECT 2', '1:11: one statement at a time: nothing may follow the semicolon'],
  ['SELECT 1;;', '1:10: one statement at a time: nothing may follow the semicolon'],
  [
    'SELECT a, FROM t',
    "1:11: mismatched input 'FROM'; expected an expression; there is a comma too many before it",
  ],
  [
    'SELECT a b c FROM t',
    "1:12: mismatched input 'c'; expected the end of the statement; a comma or an operator may be missing before it",
  ],
  [
    'SELECT a AS order FROM t',
    '1:13: mismatched input \'order\'; expected a name; order is a reserved word; to use it as a name, write "order"',
  ],
  [
    'SELECT * FROM t\nWHERE a =',
    '2:10: mismatched input at the end of the statement; expected an expression',
  ],
  ['SELECT a == b', "1:11: mismatched input '='; expected an expression; for equality write one ="],
  ['SELECT a => b', '1:10: mismatched input \'=>\'; expected an operator; for "at least" write >='],
  [
    'SELECT a::bigint',
    "1:9: mismatched input ':'; expected the end of the statement; instead of x::type write CAST(x AS type)",
  ],
  ['SELECT [1, 2]', "1:8: mismatched input '['; expected an expression; write a list as ARRAY[1, 2]"],
  [
    "SELECT MAP {'a': 1}",
    "1:12: mismatched input '{'; expected the end of the statement; write a map as MAP(ARRAY[keys], ARRAY[values]), a row as ROW(a, b)",
  ],
  [
    'SELECT a IS TRUE',
    "1:13: mismatched input 'TRUE'; expected NOT, NULL or DISTINCT FROM; for a boolean write x, NOT x or COALESCE(x, false)",
  ],
  [
    "SELECT a ILIKE 'x'",
    "1:10: mismatched input 'ILIKE'; expected the end of the statement; there is no ILIKE; write lower(x) LIKE lower(pattern)",
  ],
  [
    'SELECT a = b = c',
    "1:14: mismatched input '='; expected the end of the statement; a comparison cannot follow another one; use AND, or parentheses",
  ],
  ['SELECT a IS NULL IS NULL', "1:18: mismatched input 'IS'; expected the end of the statement"],
  ['SELECT a = NOT b', "1:12: mismatched input 'NOT'; expected an expression"],
  ['SELECT a[b = c]', "1:12: mismatched input '='; expected ]"],
  ['SELECT a + t.* FROM t', "1:13: mismatched input '.'; expected an operator"],
  ['SELECT INTERVAL 7 DAY', "1:17: the number of an interval stands in quotes: INTERVAL '7' DAY"],
  [
    "SELECT INTERVAL '7 days'",
    "1:25: an interval takes one of YEAR, MONTH, DAY, HOUR, MINUTE, SECOND behind its number: INTERVAL '7' DAY",
  ],
  ['SELECT `a`', '1:8: names in backquotes are not supported; put the name in double quotes'],
  ['SELECT 1a', '1:8: a name must not start with a digit; put it in double quotes'],
  ['SELECT ?', '1:8: parameters (?) are not supported; write the value into the statement'],
  [
    'SELECT 9223372036854775808',
    "1:8: this integer is too large for a bigint; write DECIMAL '…' for up to 38 digits",
  ],
  [
    'SELECT - (9223372036854775808)',
    "1:11: this integer is too large for a bigint; write DECIMAL '…' for up to 38 digits",
  ],
  ["SELECT X'0'", "1:8: X'…' has an odd number of hex digits; each byte takes two"],
  ["SELECT X'0g'", "1:8: X'…' may only have hex digits and spaces"],
  ["SELECT U&'\\D800'", '1:8: an escape names half a character (a surrogate); write + and six hex digits'],
  ["SELECT U&'\\00'", '1:8: after \\ four hex digits are needed, or + and six'],
  [
    "SELECT U&'a' UESCAPE '+'",
    '1:22: UESCAPE takes one character of ASCII that is no hex digit, no quote, no + and no space',
  ],
  ['SELECT ""', '1:8: a name in quotes has at least one character'],
  [
    'SELECT CAST(a AS bigint[])',
    "1:24: mismatched input '['; expected ); the type of a list is written ARRAY(bigint)",
  ],
  ['SELECT CAST(a AS struct<b:int>)', '1:18: a type of a record is written ROW(a integer, b varchar)'],
  ['SELECT f(DISTINCT)', "1:18: mismatched input ')'; expected an expression"],
  ['SELECT format(a)', '1:8: format takes at least 2 arguments, not 1'],
  ["SELECT X '00'", "1:8: there is no space between X and the quote of X'…'"],
  ['SELECT COALESCE(a)', '1:8: coalesce takes at least 2 arguments, not 1'],
  ['SELECT TRY(a, b)', '1:8: try takes 1 argument, not 2'],
  ['SELECT f(a) IGNORE NULLS FROM t', "1:26: mismatched input 'FROM'; expected OVER"],
  ["SELECT listagg(a, ',') FROM t", "1:24: mismatched input 'FROM'; expected WITHIN"],
  [
    'SELECT EXTRACT(EPOCH FROM a)',
    '1:16: EXTRACT takes one of year, quarter, month, week, day, day_of_month, day_of_week, dow, day_of_year, doy, year_of_week, yow, hour, minute, second, timezone_minute, timezone_hour',
  ],
  ["SELECT JSON_OBJECT('a': 1)", '1:8: JSON_OBJECT is not supported; use CAST(map or array AS JSON)'],
  [
    "SELECT JSON_VALUE(a, 'lax $.b' DEFAULT 0 ON EMPTY)",
    '1:32: DEFAULT is not supported here; use COALESCE around it',
  ],
  [
    'SELECT a OVER (ORDER BY b) FROM t',
    '1:10: OVER stands behind a function’s arguments; measures of windows are not supported',
  ],
  [
    'SELECT * EXCLUDE (a) FROM t',
    "1:10: mismatched input 'EXCLUDE'; expected the end of the statement; list the columns that you want",
  ],
  [
    'SELECT UNNEST(a) FROM t',
    "1:8: mismatched input 'UNNEST'; expected an expression; UNNEST stands in FROM: CROSS JOIN UNNEST(list) AS t(item)",
  ],
  ['SELECT TOP 5 a FROM t', '1:8: there is no TOP; write LIMIT n at the end'],
  ['SELECT a FROM t LIMIT 5, 5', '1:24: LIMIT takes one number; to leave rows out write OFFSET n LIMIT m'],
  ['SELECT a FROM t LIMIT 5 OFFSET 5', '1:25: OFFSET stands before LIMIT: OFFSET n LIMIT m'],
  ['SELECT a FROM t LIMIT n', "1:23: mismatched input 'n'; expected an integer"],
  [
    'SELECT a FROM t QUALIFY b = 1',
    "1:17: mismatched input 'QUALIFY'; expected the end of the statement; there is no QUALIFY; filter in a query around this one",
  ],
  [
    'SELECT a FROM t NATURAL JOIN u',
    '1:17: NATURAL JOIN is not supported, in Athena either; write JOIN … USING (column)',
  ],
  ['SELECT a FROM t JOIN u', '1:23: mismatched input at the end of the statement; expected ON or USING'],
  [
    'SELECT a FROM t FOR VERSION AS OF 3',
    '1:17: FOR TIMESTAMP AS OF and FOR VERSION AS OF are for Iceberg tables; here every earlier version is a row: compare change.timestamp',
  ],
  [
    'SELECT a FROM t MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS true)',
    '1:17: MATCH_RECOGNIZE is not supported; use window functions such as lag and lead',
  ],
  [
    'SELECT a FROM TABLE(sequence(1, 3))',
    '1:15: table functions are not supported; use UNNEST(sequence(…)) for a series of numbers or dates',
  ],
  [
    'SELECT a FROM range(3)',
    '1:15: a function in FROM is not supported; write FROM UNNEST(…) for the items of a list',
  ],
  [
    'SELECT a FROM t LATERAL VIEW explode(b) c',
    '1:17: LATERAL VIEW is of Hive; write CROSS JOIN UNNEST(list) AS t(item)',
  ],
  [
    "SELECT a FROM JSON_TABLE(a, 'lax $' COLUMNS (b bigint))",
    '1:15: JSON_TABLE is not supported; use json_extract, a CAST to ARRAY(JSON), and UNNEST',
  ],
  ['SELECT a FROM SELECT 1', '1:15: a query in FROM stands in parentheses: FROM (SELECT …)'],
  [
    '(WITH a AS (SELECT 1) SELECT 1) UNION SELECT 2',
    '1:2: WITH must stand before the whole query, not within parentheses that are part of it',
  ],
  [
    '(WITH a AS (SELECT 1) SELECT 1)',
    '1:2: WITH must stand before the whole query, not within parentheses that are part of it',
  ],
  [
    'WITH FUNCTION f() RETURNS bigint RETURN 1 SELECT f()',
    '1:6: functions of one’s own are not supported; write the expression, or use WITH name AS (…)',
  ],
  ['EXPLAIN DROP TABLE t', '1:9: DROP is not done here; tables follow from the schemas'],
  [
    'EXPLAIN (TYPE GRAPH) SELECT 1',
    "1:15: mismatched input 'GRAPH'; expected LOGICAL, DISTRIBUTED, VALIDATE or IO",
  ],
])('%j is refused: %s', (sql, refusal) => {
  expect(refusalOf(sql)).toBe(refusal)
})

test('names are compared in lower case, and know how they were written', () => {
  expect(parseExpression('FanId')).toEqual({
    kind: 'column',
    at: 7,
    name: { name: 'fanid', written: 'FanId', at: 7 },
  })
  expect(parseExpression('"FanId"')).toEqual({ kind: 'column', at: 7, name: { name: 'FanId', at: 7 } })
})

test('places count from the beginning of the statement', () => {
  const { query } = parseStatement('  SELECT a,\n  b + c FROM t')
  const { body } = query
  const items = body.kind === 'select' ? body.items : []
  const places = items.map((item) => (item.kind === 'expression' ? item.expression.at : item.at))
  expect([query.at, body.at, ...places]).toEqual([2, 2, 9, 14])
})

test('a tree written with as few parentheses as it needs is read as the same tree', () => {
  fc.assert(
    fc.property(queries(2), (query) => {
      const statement = { kind: 'select', at: 0, query } as const
      const sql = printStatement(statement)
      expect({ sql, tree: withoutPlaces(parseStatement(sql)) }).toStrictEqual({
        sql,
        tree: withoutPlaces(statement),
      })
    }),
    { numRuns: 250, seed: 435 },
  )
})

describe('what is nested', () => {
  const nest = (open: string, close: string, count: number) =>
    `SELECT ${open.repeat(count)}1${close.repeat(count)} FROM t`
  const shapes: readonly (readonly [string, string])[] = [
    ['(', ')'],
    ['f(', ')'],
    ['(1 + ', ')'],
    ['(a, ', ')'],
    ['((SELECT 1), ', ')'],
    ['(SELECT ', ')'],
    ['(VALUES ', ')'],
    ['EXISTS (SELECT ', ')'],
    ['a IN (', ')'],
    ['ARRAY[', ']'],
    ['a[', ']'],
    ['x -> ', ''],
    ['CASE WHEN a THEN ', ' END'],
    ['CAST(', ' AS bigint)'],
    ['SUBSTRING(', ' FROM 1)'],
    ['POSITION(', ' IN a)'],
    ['TRIM(', ')'],
    ['EXTRACT(YEAR FROM ', ')'],
    ['NORMALIZE(', ')'],
    ['JSON_VALUE(', ", 'lax $')"],
    ['listagg(', ') WITHIN GROUP (ORDER BY a)'],
    ['TRY(', ')'],
    ['a = ALL (SELECT ', ')'],
    ['a BETWEEN (', ') AND 1'],
    ['sum(a) OVER (ORDER BY ', ')'],
    ['f(a ORDER BY ', ')'],
  ]

  test.each(shapes)('%s…%s', (open, close) => {
    expect(refusalOf(nest(open, close, 60))).toBe('accepted')
    expect(refusalOf(nest(open, close, nestingMax + 1))).toContain('nested too deeply')
    expect(refusalOf(nest(open, close, 5000))).toContain('nested too deeply')
    expect(refusalOf(nest(open, '', 5000))).toContain('nested too deeply')
  })

  test.each([
    ['queries', `${'('.repeat(5000)}SELECT 1`],
    ['relations', `SELECT 1 FROM ${'('.repeat(5000)}t`],
    ['queries in FROM', `SELECT 1 FROM ${'(SELECT 1 FROM '.repeat(5000)}t`],
    ['joins', `SELECT 1 FROM t${' JOIN t'.repeat(5000)}`],
    ['types', `SELECT CAST(a AS ${'ARRAY('.repeat(5000)}`],
    ['types of rows', `SELECT CAST(a AS ${'ROW(a '.repeat(5000)}`],
    ['tables of WITH', `${'WITH a AS ('.repeat(5000)}`],
  ])('%s', (_, sql) => {
    expect(refusalOf(sql)).toContain('nested too deeply')
  })

  test.each([
    ['sums', `SELECT 1${' + 1'.repeat(4000)}`],
    ['concatenations', `SELECT ''${" || 'a'".repeat(4000)}`],
    ['fields', `SELECT a${'.a'.repeat(40_000)}`],
    ['subscripts', `SELECT a${'[1]'.repeat(4000)}`],
    ['zones', `SELECT a${" AT TIME ZONE 'UTC'".repeat(4000)}`],
    ['signs', `SELECT ${'- '.repeat(4000)}a`],
    ['negations', `SELECT ${'NOT '.repeat(4000)}a`],
    ['lists as types', `SELECT CAST(a AS bigint${' ARRAY'.repeat(4000)})`],
    ['unions', `SELECT 1${' UNION SELECT 1'.repeat(4000)}`],
    ['joins', `SELECT 1 FROM t${' CROSS JOIN t'.repeat(4000)}`],
  ])('chains: %s', (_, sql) => {
    expect(refusalOf(sql)).toContain(`more than ${treeDepthMax}`)
  })

  test.each([
    ['conditions', `SELECT a = 1${' OR a = 1 AND b = 2'.repeat(4000)}`],
    ['a list', `SELECT a IN (1${', 1'.repeat(20_000)})`],
    ['columns', `SELECT 1${', 1'.repeat(20_000)}`],
    ['rows', `VALUES 1${', 1'.repeat(20_000)}`],
    ['a chain that is not too long', `SELECT 1${' + 1'.repeat(900)}`],
  ])('what is only long is read: %s', (_, sql) => {
    expect(refusalOf(sql)).toBe('accepted')
  })
})

// Steps are characters and tokens that are looked at. Where an input of twice the length takes twice as many, time does too.
test.each([
  ['comments', (n: number) => `${'/* a */'.repeat(n)} SELECT 1`],
  ['comments before EXPLAIN', (n: number) => `EXPLAIN ${'/**/'.repeat(n)}`],
  ['comments to the line end', (n: number) => `${'--a\n'.repeat(n)} SELECT 1`],
  ['a comment that is not closed', (n: number) => `SELECT /*${'/*'.repeat(n)}`],
  ['texts', (n: number) => `SELECT ${"'a''b',".repeat(n)}1`],
  ['quotes', (n: number) => `SELECT ${"''".repeat(n)}`],
  ['a text that is not closed', (n: number) => `SELECT '${"''".repeat(n)}`],
  ['bytes that are not closed', (n: number) => `SELECT ${"X'0' ".repeat(n)}X'`],
  ['dots', (n: number) => `SELECT a${'.'.repeat(n)}`],
  ['names with dots', (n: number) => `SELECT a${'.a'.repeat(n)}`],
  ['names with dots and a call', (n: number) => `SELECT a${'.a'.repeat(n)}(1)`],
  ['numbers with dots', (n: number) => `SELECT 1${'.1'.repeat(n)}`],
  ['digits', (n: number) => `SELECT ${'1'.repeat(n)}`],
  ['digits in groups', (n: number) => `SELECT ${'1_'.repeat(n)}`],
  ['digits of a name', (n: number) => `SELECT ${'1'.repeat(n)}a`],
  ['parentheses', (n: number) => `SELECT ${'('.repeat(n)}`],
  ['parentheses closed', (n: number) => `SELECT ${'('.repeat(n)}1${')'.repeat(n)}`],
  ['brackets', (n: number) => `SELECT ${'a['.repeat(n)}`],
  ['names in parentheses', (n: number) => `SELECT (${'a, '.repeat(n)}a)`],
  ['names in parentheses, nested', (n: number) => `SELECT ${'(a, b, '.repeat(n)}1`],
  ['queries in parentheses', (n: number) => `SELECT ${'((SELECT 1), '.repeat(n)}1`],
  ['unions in parentheses', (n: number) => `${'(SELECT 1) UNION '.repeat(n)}SELECT 1`],
  ['positions', (n: number) => `SELECT ${'position('.repeat(n)}`],
  ['joins', (n: number) => `SELECT 1 FROM a${' JOIN b ON c'.repeat(n)}`],
  ['operators', (n: number) => `SELECT 1${' + 1 * 2 || 3'.repeat(n)}`],
  ['comparisons', (n: number) => `SELECT 1${' = 1'.repeat(n)}`],
  ['conditions', (n: number) => `SELECT a${' AND a OR b'.repeat(n)}`],
  ['signs', (n: number) => `SELECT ${'- '.repeat(n)}`],
  ['negations', (n: number) => `SELECT ${'NOT '.repeat(n)}`],
  ['cases', (n: number) => `SELECT ${'CASE '.repeat(n)}`],
  ['quantifiers', (n: number) => `SELECT ${'ALL '.repeat(n)}`],
  ['arrows', (n: number) => `SELECT ${'x -> '.repeat(n)}`],
  ['types', (n: number) => `SELECT CAST(a AS ROW(${'a array, '.repeat(n)}b))`],
  ['semicolons', (n: number) => `SELECT 1${';'.repeat(n)}`],
] as const)('reading %s takes steps in proportion', (_, shape) => {
  const steps = (sql: string) => {
    const meter = { steps: 0 }
    try {
      parseStatement(sql, meter)
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
    }
    return meter.steps
  }
  // Shorter than the bounds on nesting, and longer.
  for (const n of [40, 80, 400, 2000])
    expect(steps(shape(2 * n))).toBeLessThanOrEqual(2.1 * steps(shape(n)) + 100)
})
