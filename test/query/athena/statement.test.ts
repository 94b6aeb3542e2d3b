import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toAthena } from '../../../src/dialect/athena.ts'
import { readAthenaStatement } from '../../../src/query/athena/guard.ts'
import { loadSavedQueries } from '../../../src/query/saved.ts'

const savedQueries = loadSavedQueries()

const to = (inner: string) => `CAST(floor(to_unixtime(${inner})) AS bigint)`

describe('UNIX_TIMESTAMP is written as Athena takes it', () => {
  test.each([
    ['SELECT UNIX_TIMESTAMP(date.notified)', `SELECT ${to('date.notified')}`],
    ['SELECT unix_timestamp (  x )', `SELECT ${to('  x ')}`],
    ['SELECT UNIX_TIMESTAMP(a) - UNIX_TIMESTAMP(b)', `SELECT ${to('a')} - ${to('b')}`],
    ['SELECT avg(Unix_Timestamp(coalesce(a, f(b))))', `SELECT avg(${to('coalesce(a, f(b))')})`],
    ['SELECT unix_timestamp(from_unixtime(unix_timestamp(x)))', `SELECT ${to(`from_unixtime(${to('x')})`)}`],
    ["SELECT unix_timestamp(date_parse(')', '('))", `SELECT ${to("date_parse(')', '(')")}`],
    ['SELECT unix_timestamp(/* ) */ x)', `SELECT ${to('/* ) */ x')}`],
  ])('%s', (sql, athena) => {
    expect(toAthena(sql)).toBe(athena)
  })

  test.each([
    "SELECT 'UNIX_TIMESTAMP(x)'",
    'SELECT "unix_timestamp(x)" FROM t',
    'SELECT 1 -- unix_timestamp(x)',
    'SELECT 1 /* unix_timestamp(x) */',
    'SELECT my_unix_timestamp(x), unix_timestamps(x), unix_timestamp',
    'SELECT t.unix_timestamp(x)',
    "SELECT 'it''s UNIX_TIMESTAMP(x)'",
  ])('left as it is: %s', (sql) => {
    expect(toAthena(sql)).toBe(sql)
  })

  test('whatever stands around them, calls are rewritten, and nothing else is', () => {
    const other = fc.constantFrom(
      "'unix_timestamp(x)'",
      '"unix_timestamp(x)"',
      "'a''b('",
      '-- unix_timestamp(x)\n',
      '/* unix_timestamp(\n*/',
      ' x + 1 ',
      ' f(x, y) ',
      ' a.unix_timestamp ',
      ' é \u{1F600} ',
    )
    const call = fc.constant('unix_timestamp')
    const piece = fc.letrec<{ tree: readonly [string, string]; part: readonly [string, string] }>((tie) => ({
      tree: fc
        .tuple(call, tie('part'))
        .map(([name, [sql, athena]]) => [`${name}(${sql})`, to(athena)] as const),
      part: fc.oneof(
        { maxDepth: 4 },
        other.map((text) => [text, text] as const),
        fc
          .array(
            fc.oneof(
              tie('tree'),
              other.map((text) => [text, text] as const),
            ),
            { maxLength: 4 },
          )
          .map(
            (parts) =>
              [parts.map(([sql]) => sql).join(' '), parts.map(([, athena]) => athena).join(' ')] as const,
          ),
      ),
    })).part
    fc.assert(
      fc.property(piece, ([sql, athena]) => {
        expect(toAthena(sql)).toBe(athena)
      }),
    )
  })
})

describe('what is sent reads, and does nothing else', () => {
  test.each([
    'SELECT 1',
    '  -- a comment\n SELECT 1 ;; ',
    'WITH t AS (SELECT 1) SELECT * FROM t',
    '(SELECT 1) UNION (SELECT 2)',
    'VALUES (1, 2)',
    'TABLE demand',
    'EXPLAIN SELECT 1',
    'EXPLAIN ANALYZE SELECT 1',
    'EXPLAIN ANALYZE VERBOSE SELECT 1',
    'EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) SELECT 1',
    'SHOW TABLES',
    'SHOW CREATE TABLE demand',
    'DESCRIBE demand',
    'MSCK REPAIR TABLE demand',
    "ALTER TABLE demand ADD IF NOT EXISTS PARTITION (partition_date = '2025-01-01')",
    'SELECT \';\' FROM "a;b" -- ; DROP TABLE demand',
    'SELECT query FROM demand',
  ])('%s', (sql) => {
    expect(readAthenaStatement(sql)).toBe(sql.replace(/(?: -- ; .*|[ ;]+)$/, ''))
  })

  test.each([
    '',
    ';',
    '-- nothing',
    'INSERT INTO demand SELECT 1',
    'DELETE FROM demand',
    'UPDATE demand SET a = 1',
    'MERGE INTO demand USING x ON a = b WHEN MATCHED THEN DELETE',
    'DROP TABLE demand',
    'CREATE TABLE t AS SELECT 1',
    'CREATE OR REPLACE VIEW v AS SELECT 1',
    "UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'AVRO')",
    'ALTER TABLE demand DROP PARTITION (partition_date = 1)',
    "ALTER TABLE demand ADD PARTITION (partition_date = '2025-01-01') LOCATION 's3://elsewhere/'",
    'ALTER TABLE demand SET TBLPROPERTIES (a = 1)',
    'VACUUM demand',
    'OPTIMIZE demand REWRITE DATA USING BIN_PACK',
    'PREPARE p FROM SELECT 1',
    'EXECUTE p',
    'DEALLOCATE PREPARE p',
    "USING EXTERNAL FUNCTION f(x varchar) RETURNS varchar LAMBDA 'any' SELECT f('x')",
    'EXPLAIN INSERT INTO demand SELECT 1',
    'EXPLAIN ANALYZE INSERT INTO demand SELECT 1',
    'EXPLAIN ANALYZE VERBOSE DELETE FROM demand',
    'EXPLAIN (TYPE IO) DROP TABLE demand',
    'EXPLAIN',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE demand',
    '/* */ DROP TABLE demand',
    '"SELECT" DROP',
    'GRANT SELECT ON demand TO x',
    "SELECT * FROM TABLE(mysql.system.query(query => 'DELETE FROM x'))",
    'SELECT 1\0; DROP TABLE demand',
    "SELECT '\0'",
    '"x" SELECT 1',
    '; SELECT 1',
  ])('refused: %s', (sql) => {
    expect(() => readAthenaStatement(sql)).toThrow(expect.objectContaining({ code: 'QUERY_REFUSED' }))
  })

  test('a refusal says what is allowed, and a text that Athena would not take is not sent', () => {
    expect(() => readAthenaStatement('DROP TABLE demand')).toThrow(
      /^DROP is not allowed; a query only reads tables: SELECT, EXPLAIN of a SELECT/,
    )
    const long = (bytes: number) => `SELECT '${'x'.repeat(bytes - 9)}'`
    expect(readAthenaStatement(long(262_144))).toHaveLength(262_144)
    expect(() => readAthenaStatement(long(262_145))).toThrow(
      /at most 262144 bytes for Athena, and this one 262145/,
    )
    // What counts is what is sent: a call that is rewritten becomes longer.
    const call = 'SELECT unix_timestamp(x) '
    const rewritten = `${call}${' '.repeat(262_143 - call.length)}y`
    expect(rewritten).toHaveLength(262_144)
    expect(() => readAthenaStatement(rewritten)).toThrow(/and this one 2621\d\d/)
  })

  test('saved queries are sent, without a function that Athena lacks', () => {
    for (const { sql } of savedQueries) expect(readAthenaStatement(sql)).not.toMatch(/unix_timestamp/i)
    expect(savedQueries.length).toBeGreaterThan(5)
  })
})
