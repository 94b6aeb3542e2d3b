import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allScalars } from '../../src/dialect/functions/index.ts'
import { createTranslator } from '../../src/dialect/statement.ts'
import { bigint, mapOf, type SqlType, timestamp, typeName, varchar } from '../../src/dialect/types.ts'
import { registerScalars } from '../../src/query/scalars.ts'

const nested = (kind: SqlType) => ({ kind: 'array' as const, items: kind })
const translate = createTranslator([
  {
    name: 't',
    columns: [
      { name: 'n', type: bigint },
      { name: 's', type: varchar },
      { name: 'm', type: mapOf(varchar, bigint) },
      { name: 'a', type: nested(bigint) },
      { name: 'at', type: timestamp(3) },
    ],
    sql: 't',
  },
])

describe('a statement that Athena refuses, or that is not done as Athena does it, ends with the reason', () => {
  test.each([
    // No function of DuckDB's is reached by its name.
    ["SELECT getenv('HOME')", "Function 'getenv' is not known"],
    ["SELECT current_setting('threads')", "Function 'current_setting' is not known"],
    ["SELECT read_text('/etc/passwd')", "Function 'read_text' is not known"],
    ['SELECT list_transform(a, x -> x) FROM t', "Function 'list_transform' is not known"],
    ['SELECT epoch_us(at) FROM t', "Function 'epoch_us' is not known"],
    ["SELECT athena_parse_date('2025-01-01')", "Function 'athena_parse_date' is not known"],
    ["SELECT error('x')", "Function 'error' is not known"],
    ['SELECT abs(DISTINCT n) FROM t', 'abs is no aggregate: it takes no DISTINCT'],
    ['SELECT abs(n) FILTER (WHERE n > 1) FROM t', 'abs is no aggregate'],
    ['SELECT abs(*) FROM t', 'abs is no aggregate'],
    ['SELECT abs(n, n) FROM t', 'Unexpected parameters (bigint, bigint) for function abs'],
    ['SELECT abs() FROM t', 'Unexpected parameters () for function abs'],
    ['SELECT max(m) FROM t', 'Unexpected parameters (map(varchar, bigint)) for function max'],
    ['SELECT array_sort(ARRAY[m]) FROM t', 'Unexpected parameters'],
    ['SELECT sum(n) FILTER (WHERE n > 1) OVER () FROM t', 'takes no FILTER'],
    ['SELECT count(DISTINCT n) OVER () FROM t', 'takes no DISTINCT'],
    ['SELECT n FROM t WHERE count(*) > 1', 'count is an aggregate, which cannot be in WHERE'],
    ['SELECT n FROM t WHERE row_number() OVER () = 1', 'A window function cannot be in WHERE'],
    ['SELECT sum(count(n)) FROM t', 'count is an aggregate, which cannot be in the arguments of sum'],
    ['SELECT row_number() FROM t', 'row_number is a window function: it needs OVER'],
    [
      `SELECT ${'transform(ARRAY[1], x -> '.repeat(9)}1${')'.repeat(9)}`,
      'Lambdas may stand 8 deep within each other',
    ],
    ['SELECT transform(a, (x, y) -> x) FROM t', 'The lambda must have 1 parameters; it has 2'],
    ['SELECT transform(a, x -> (SELECT 1)) FROM t', 'A lambda cannot contain a subquery'],
    // Names and groups.
    ['SELECT n, count(*) FROM t', "'n' must be an aggregate expression or appear in GROUP BY clause"],
    ['SELECT s FROM t GROUP BY n', "'s' must be an aggregate expression"],
    ['SELECT * FROM t GROUP BY n', "'s', for which * stands, must be an aggregate expression"],
    ['SELECT n FROM t GROUP BY n HAVING s = 1', "'s' must be an aggregate expression"],
    ['SELECT count(*) FROM t GROUP BY m', 'map(varchar, bigint) cannot be in GROUP BY here'],
    ['SELECT n FROM t GROUP BY 2', 'GROUP BY position 2 is not in the select list'],
    ['SELECT n FROM t ORDER BY 2', 'ORDER BY position 2 is not in select list'],
    ['SELECT n FROM t x JOIN t y ON x.n = y.n', "Column 'n' is ambiguous"],
    ['SELECT n FROM t ORDER BY m', 'map(varchar, bigint) has no order'],
    ['SELECT DISTINCT n FROM t ORDER BY s', 'ORDER BY expressions must appear in select list'],
    // Types.
    ["SELECT DATE '2025-01-01' = '2025-01-01'", "Cannot apply operator: date = varchar(10); write DATE '"],
    ["SELECT n = '1' FROM t", 'Cannot apply operator: bigint = varchar(1); write the number without quotes'],
    ["SELECT n + '1' FROM t", 'Cannot apply operator: bigint + varchar(1)'],
    ['SELECT m < m FROM t', 'map(varchar, bigint) has no order: it can only be compared by = and <>'],
    ["SELECT CASE WHEN n = 1 THEN 1 ELSE 'x' END FROM t", 'All results of CASE must be of one type'],
    ["SELECT coalesce(n, 'x') FROM t", 'All arguments of coalesce must be of one type'],
    ["SELECT n IN (1, 'x') FROM t", 'IN compares bigint with varchar(1)'],
    ["SELECT n IN (SELECT 'x') FROM t", 'Cannot compare bigint with varchar(1), the type of the subquery'],
    ['SELECT n IN (SELECT 1, 2) FROM t', 'The subquery must have one column; it has 2'],
    ['SELECT n FROM t WHERE n', 'A condition in WHERE must be boolean, but is bigint'],
    ['SELECT CAST(a AS bigint) FROM t', 'Cannot cast array(bigint) to bigint'],
    ['SELECT CAST(ROW(1, 2) AS ROW(x bigint))', 'Cannot cast row(integer, integer) to row(x bigint)'],
    ['SELECT CAST(s AS timestamp(7)) FROM t', 'has at most 6 digits behind the second here; Athena takes 12'],
    ['SELECT CAST(n AS decimal(39, 0)) FROM t', 'DECIMAL(p, s) has 1 to 38 digits'],
    ['SELECT CAST(n AS decimal(3, 4)) FROM t', 'no more behind the point than in all'],
    [
      'SELECT CAST(ROW(1, 2) AS ROW(x bigint, X bigint))',
      'A row with two fields of one name is not done here',
    ],
    ['SELECT CAST(s AS string) FROM t', 'Unknown type: string; write varchar'],
    ['SELECT n UNION SELECT 1, 2', "Column 'n' cannot be resolved"],
    ['SELECT 1 UNION SELECT 1, 2', 'UNION query has different number of fields: 1, 2'],
    ["SELECT 1 UNION ALL SELECT 'x'", 'column 1 in UNION query has incompatible types: integer, varchar(1)'],
    ["VALUES (1), ('x')", 'Column 1 of VALUES is integer and varchar(1)'],
    ['VALUES (1, 2), (3, 4, 5)', 'The rows of VALUES must have as many columns: 2 and 3'],
    // Texts.
    ["SELECT s LIKE 'a#x' ESCAPE '#' FROM t", 'the escape character must be followed by'],
    ["SELECT s LIKE 'a' ESCAPE '##' FROM t", 'The escape of LIKE must be one character'],
    ["SELECT json_value(s, 'lax $.a' DEFAULT 'x' ON EMPTY) FROM t", 'DEFAULT is not supported here'],
    ["SELECT json_value(s, 'lax $.a' ERROR ON EMPTY) FROM t", 'is done here with its defaults alone'],
    ["SELECT json_query(s, 'lax $.a' WITH WRAPPER) FROM t", 'is done here with its defaults alone'],
    ["SELECT at AT TIME ZONE 'Mars/Olympus' FROM t", "'Mars/Olympus' is no time zone"],
    ['SELECT at_timezone(at, s) FROM t', 'A time zone that is no literal is not done here'],
    ["SELECT DATE '2025-02-30'", "'2025-02-30' is no date"],
    [
      "SELECT TIMESTAMP '2025-03-30 02:30:00 Europe/Berlin'",
      'is a time that clocks in Europe/Berlin never show',
    ],
    ['SELECT 9223372036854775808', 'this integer is too large for a bigint'],
  ])('%s', (sql, reason) => {
    expect(() => translate(sql)).toThrow(expect.objectContaining({ code: 'QUERY_FAILED' }))
    expect(() => translate(sql)).toThrow(reason)
  })
})

describe('a statement gives what Trino gives', () => {
  let instance: DuckDBInstance
  let connection: DuckDBConnection
  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:')
    connection = await instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    registerScalars(connection, allScalars)
  })
  afterAll(() => {
    connection.closeSync()
    instance.closeSync()
  })
  /** The rows, each value as JSON gives it, and whole numbers beyond a double as texts. */
  const answer = async (sql: string) => {
    const { sql: made, columns } = translate(sql)
    const reader = await connection.runAndReadAll(made)
    return { rows: reader.getRowsJson(), types: columns.map(({ type }) => typeName(type)) }
  }
  const evaluate = async (expression: string) => {
    const { rows, types } = await answer(`SELECT ${expression}`)
    return [rows[0]?.[0], types[0]]
  }

  // Each text is that of the value, so that a type is looked at too.
  test.each([
    // Casts to whole numbers round halves away from zero.
    ['CAST(2.5e0 AS bigint)', '3', 'bigint'],
    ['CAST(-2.5e0 AS bigint)', '-3', 'bigint'],
    ['CAST(1.7 AS integer)', 2, 'integer'],
    ['CAST(-1.5 AS integer)', -2, 'integer'],
    ["TRY_CAST('x' AS bigint)", null, 'bigint'],
    ["TRY_CAST('123456' AS decimal(4, 1))", null, 'decimal(4,1)'],
    ['TRY_CAST(12345 AS varchar(2))', null, 'varchar(2)'],
    ["CAST('abc' AS varchar(2))", 'ab', 'varchar(2)'],
    ["CAST('ab' AS char(4)) || 'c'", 'ab  c', 'char(5)'],
    ["CAST('1.25' AS decimal(3, 1))", '1.3', 'decimal(3,1)'],
    ["CAST('-1.25' AS decimal(3, 1))", '-1.3', 'decimal(3,1)'],
    ['CAST(true AS double)', 1, 'double'],
    ['CAST(0.1e0 AS varchar)', '1.0E-1', 'varchar'],
    ["CAST(CAST('0.1' AS real) AS varchar)", '1.0E-1', 'varchar'],
    ['CAST(-0e0 AS varchar)', '-0E0', 'varchar'],
    ["CAST(TIMESTAMP '2025-01-01 00:00:00.0006' AS timestamp(3))", '2025-01-01 00:00:00.001', 'timestamp(3)'],
    [
      "CAST(CAST('2025-01-01 00:00:00 +05:30' AS timestamp with time zone) AS timestamp)",
      '2025-01-01 00:00:00',
      'timestamp(3)',
    ],
    ["to_unixtime(CAST('1970-01-01 05:30:00 +05:30' AS timestamp(3) with time zone))", 0, 'double'],
    ["CAST(TIMESTAMP '2025-01-01 23:30:00 America/New_York' AS date)", '2025-01-01', 'date'],
    ["CAST('2025-01-01 00:00:00.0000005' AS timestamp(6))", '2025-01-01 00:00:00.000001', 'timestamp(6)'],
    ['CAST(CAST(NULL AS ROW(x integer)) AS ROW(y bigint)) IS NULL', true, 'boolean'],
    ["TRY_CAST('2025-02-30' AS date)", null, 'date'],
    ["TRY_CAST('2025-01-01 24:00:00' AS timestamp)", null, 'timestamp(3)'],
    [
      "TRY_CAST('2025-01-01 00:00:00 Mars/Olympus' AS timestamp with time zone)",
      null,
      'timestamp(3) with time zone',
    ],
    // Numbers.
    ['7 / -2', -3, 'integer'],
    ['-7 % 3', -1, 'integer'],
    ['CAST(NULL AS integer) / 0', null, 'integer'],
    ['x / y FROM (VALUES (CAST(NULL AS integer), 0)) AS v (x, y)', null, 'integer'],
    ['9.9 + 9.9', '19.8', 'decimal(3,1)'],
    ['1.0 / 3', '0.3', 'decimal(2,1)'],
    ['1.0 / -3.0', '-0.3', 'decimal(3,1)'],
    ['-1.0 / -3.0', '0.3', 'decimal(3,1)'],
    ['2.00 / 3', '0.67', 'decimal(3,2)'],
    ['5.5 % -2', '1.5', 'decimal(2,1)'],
    ['1.50 * 2.5', '3.750', 'decimal(5,3)'],
    ['avg(x) FROM (VALUES -1.0, -2.0, -2.0) AS v (x)', '-1.7', 'decimal(2,1)'],
    // NULL and NaN.
    ['nan() = nan()', false, 'boolean'],
    ['nan() <> nan()', true, 'boolean'],
    ['nan() > 1e0', false, 'boolean'],
    ['ARRAY[1, NULL] = ARRAY[1, NULL]', null, 'boolean'],
    ['ARRAY[1, NULL] = ARRAY[2, NULL]', false, 'boolean'],
    ['ARRAY[1] = ARRAY[1, NULL]', false, 'boolean'],
    [
      "MAP(ARRAY['a'], ARRAY[CAST(NULL AS integer)]) = MAP(ARRAY['a'], ARRAY[CAST(NULL AS integer)])",
      null,
      'boolean',
    ],
    ["ARRAY['a'] || CAST(NULL AS varchar)", null, 'array(varchar)'],
    ['ARRAY[1] || CAST(NULL AS array(integer))', null, 'array(integer)'],
    ['NULL IS DISTINCT FROM 1', true, 'boolean'],
    ['NULL IN (1, 2)', null, 'boolean'],
    ['1 IN (2, NULL)', null, 'boolean'],
    ['1 NOT IN (2, NULL)', null, 'boolean'],
    ['NOT CAST(NULL AS boolean)', null, 'boolean'],
    ['CASE CAST(NULL AS integer) WHEN NULL THEN 1 ELSE 2 END', 2, 'integer'],
    ["'a' || CAST(NULL AS varchar)", null, 'varchar'],
    // Times.
    ["TIMESTAMP '2025-01-01 12:00:00 UTC' = TIMESTAMP '2025-01-01 13:00:00 Europe/Berlin'", true, 'boolean'],
    [
      "TIMESTAMP '2025-01-01 12:00:00 UTC' IS DISTINCT FROM TIMESTAMP '2025-01-01 13:00:00 Europe/Berlin'",
      false,
      'boolean',
    ],
    ["DATE '2025-01-31' + INTERVAL '1' MONTH", '2025-02-28', 'date'],
    ["DATE '2025-01-01' + INTERVAL '48' HOUR", '2025-01-03', 'date'],
    ["DATE '2025-01-02' - DATE '2025-01-01'", '1 00:00:00.000', 'interval day to second'],
    // Places.
    ['element_at(ARRAY[1, 2], 3)', null, 'integer'],
    ["element_at(MAP(ARRAY['a'], ARRAY[1]), 'b')", null, 'integer'],
    ['ARRAY[1, 2][2]', 2, 'integer'],
  ])('%s is %s', async (expression, value, type) => {
    expect(await evaluate(expression)).toEqual([value, type])
  })

  test.each([
    ["CAST('x' AS bigint)", 'Cannot cast varchar to bigint'],
    ["CAST('123456' AS decimal(4, 1))", 'Cannot cast'],
    ['CAST(12345 AS varchar(2))', 'Cannot cast integer to varchar(2)'],
    ["CAST('2025-02-30' AS date)", 'Value cannot be cast to date'],
    ["CAST('2025-01-01 24:00:00' AS timestamp)", 'Value cannot be cast to timestamp'],
    ["CAST('2025-01-01 00:00:00 Mars/Olympus' AS timestamp with time zone)", 'its zone is not known'],
    ['1 / 0', 'Division by zero'],
    ['1 % 0', 'Division by zero'],
    ['x / y FROM (VALUES (1, 0)) AS v (x, y)', 'Division by zero'],
    ['1.0 / 0.0', 'Division by zero'],
    ['1.0 % 0.0', 'Division by zero'],
    [
      "DATE '2025-01-01' + x FROM (VALUES INTERVAL '1' HOUR) AS v (x)",
      'Cannot add hour, minutes or seconds to a date',
    ],
    ['ARRAY[1, 2][3]', 'Array subscript must be less than or equal to array length'],
    ['ARRAY[1, 2][0]', 'SQL array indices start at 1'],
    ['ARRAY[1, 2][-1]', 'Array subscript is negative'],
    ["MAP(ARRAY['a'], ARRAY[1])['b']", 'Key not present in map'],
    ['ARRAY[1, NULL] < ARRAY[1, NULL]', 'ARRAY comparison not supported for arrays with null elements'],
  ])('%s fails', async (expression, reason) => {
    await expect(evaluate(expression)).rejects.toThrow(reason)
  })

  const rowsOf = async (sql: string) => (await answer(sql)).rows

  test('NULLs come last in either direction, unless the statement says otherwise', async () => {
    const from = 'SELECT x FROM (VALUES 1, NULL, 2) AS v (x) ORDER BY x'
    expect(await rowsOf(from)).toEqual([[1], [2], [null]])
    expect(await rowsOf(`${from} DESC`)).toEqual([[2], [1], [null]])
    expect(await rowsOf(`${from} NULLS FIRST`)).toEqual([[null], [1], [2]])
    expect(await rowsOf(`${from} DESC NULLS FIRST`)).toEqual([[null], [2], [1]])
  })

  test('a join by USING has the keys of whichever side has a row', async () => {
    const from = (kind: string) =>
      `SELECT k, a, b FROM (VALUES (1, 'a'), (2, 'a')) AS x (k, a) ${kind} JOIN (VALUES (2, 'b'), (3, 'b')) AS y (k, b) USING (k) ORDER BY k`
    expect(await rowsOf(from(''))).toEqual([[2, 'a', 'b']])
    expect(await rowsOf(from('LEFT'))).toEqual([
      [1, 'a', null],
      [2, 'a', 'b'],
    ])
    expect(await rowsOf(from('RIGHT'))).toEqual([
      [2, 'a', 'b'],
      [3, null, 'b'],
    ])
    expect(await rowsOf(from('FULL'))).toEqual([
      [1, 'a', null],
      [2, 'a', 'b'],
      [3, null, 'b'],
    ])
  })

  test('UNNEST counts from 1, and shorter lists end in NULLs', async () => {
    expect(
      await rowsOf(
        "SELECT x, y, i FROM UNNEST(ARRAY['a', 'b'], ARRAY[7]) WITH ORDINALITY AS v (x, y, i) ORDER BY i",
      ),
    ).toEqual([
      ['a', 7, '1'],
      ['b', null, '2'],
    ])
  })

  test('no rows are one group where nothing is grouped by, and none where something is', async () => {
    const none = 'FROM (VALUES 1) AS v (x) WHERE x > 1'
    expect(await rowsOf(`SELECT count(*) ${none}`)).toEqual([['0']])
    expect(await rowsOf(`SELECT count(*) ${none} GROUP BY ()`)).toEqual([['0']])
    expect(await rowsOf(`SELECT count(*) ${none} GROUP BY x`)).toEqual([])
  })

  test('a recursion deeper than ten ends the query', async () => {
    const count = (most: number) =>
      `WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < ${most}) SELECT max(n) FROM r`
    expect(await rowsOf(count(10))).toEqual([[10]])
    await expect(answer(count(100))).rejects.toThrow('Recursion depth limit exceeded (10)')
  })
})
