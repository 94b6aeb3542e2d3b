import type { Probe } from './probe.ts'

/** Words that may or may not be names without quotes: of Trino's grammar, of DuckDB's, and of everyday columns. */
const words =
  'absent add admin after all alter analyze and anti any array as asc asof at attach authorization begin bernoulli between both by call cascade case cast catalogs check coalesce collate column columns comment commit committed conditional constraint copy count create cross cube current current_date current_role current_time current_timestamp current_user data database date day days deallocate default define definer delete deny desc describe descriptor detach distinct distributed do double drop else empty end error escape event except exclude excluding execute exists explain export extract false fetch filter final first following for foreign format freeze from full function functions generated glob grant granted grants graphviz group grouping groups having hour hours if ignore ilike in including initial inner input insert install intersect interval into invoker io is isnull isolation join json json_array json_exists json_object json_query json_table json_value keep key keys language last lateral leading leave left level like limit list listagg load local localtime localtimestamp logical macro map match match_recognize matched matches materialized merge minute minutes month months name natural next nfc nfd no none normalize not notnull null nullif nulls object of offset omit on one only option or order ordinality outer output over overflow overlaps overwrite partition partitions passing past path percent permute pivot placing position positional pragma preceding precision prepare primary privileges properties prune qualify quarter query quotes range read real recursive references refresh rename repeatable replace reset respect restrict returning revoke right role roles rollback rollup row rows running sample scalar schema schemas second seconds security seek select semi serializable session set sets show similar skip some source sql start state stats string struct subset substring summarize symmetric system table tables tablesample temporary text ties time timestamp to token top trailing transaction trim true truncate try try_cast type uescape unbounded uncommitted unconditional union unique unknown unmatched unnest unpivot until update use user using utf8 uuid validate value values variadic varchar verbose version view week weeks when where window with within without work wrapper write year years zone'.split(
    ' ',
  )

/** A word as alias with and without AS, of a relation and of a column, and as a name that stands for each. */
const form = (word: string) =>
  `SELECT ${word}, ${word}.${word} AS r, 2 ${word} FROM (VALUES 1) AS ${word}(${word})`

const others: readonly string[] = [
  'SELECT 1 AS "Mixed Case", 2 AS "quo""te", 3 AS "é", 4 AS "select"',
  'SELECT "X" FROM (VALUES 1) AS t(x)',
  'SELECT X FROM (VALUES 1) AS t("x")',
  'SELECT T.X FROM (VALUES 1) AS t(x)',
  'SELECT "T"."X" FROM (VALUES 1) AS t(x)',
  'SELECT x AS X FROM (VALUES 1) AS t(x)',
  'SELECT x "a b" FROM (VALUES 1) AS t(x)',
  "SELECT 1 AS 'a'",
  "SELECT 1 'a'",
  'SELECT 1 AS `a`',
  'SELECT `x` FROM (VALUES 1) AS t(x)',
  'SELECT 1 AS 1a',
  'SELECT 1 AS a1',
  'SELECT 1 AS _a',
  'SELECT 1 AS a$b',
  'SELECT 1 AS é',
  'SELECT 1 AS a@b',
  'SELECT 1 AS a:b',
  'SELECT 1 AS "a.b"',
  'SELECT 1 AS ""',
  'SELECT x, X FROM (VALUES 1) AS t(x)',
  'SELECT 1 AS a, 2 AS a',
  'SELECT * FROM (SELECT 1 AS a, 2 AS a)',
  'SELECT a FROM (SELECT 1 AS a, 2 AS a)',
  'SELECT *, x AS y FROM (VALUES 1) AS t(x)',
  'SELECT t.* FROM (VALUES (1, 2)) AS t(x, y)',
  'SELECT (ROW(1, 2)).* FROM (VALUES 1) AS t(x)',
  'SELECT CAST(ROW(1, 2) AS row(a integer, b integer)).*',
  'SELECT t.* AS (p, q) FROM (VALUES (1, 2)) AS t(x, y)',
  'SELECT * EXCEPT (x) FROM (VALUES (1, 2)) AS t(x, y)',
  "SELECT count(*), max(x), x + 1, x, upper('a') FROM (VALUES 1) AS t(x) GROUP BY x",
  "SELECT 1, 'a', x, t.x, (x), -x, CAST(x AS bigint), IF(true, x) FROM (VALUES 1) AS t(x)",
  'SELECT r.n, r FROM (SELECT CAST(ROW(1) AS row(n integer)) AS r)',
  'SELECT "R"."N" FROM (SELECT CAST(ROW(1) AS row(n integer)) AS r)',
  'SELECT t.r.n FROM (SELECT CAST(ROW(1) AS row(n integer)) AS r) AS t',
  'SELECT r[1] FROM (SELECT ROW(1) AS r)',
  'SELECT CAST(ROW(1) AS row("Big" integer)).big, CAST(ROW(1) AS row("Big" integer)) AS r',
  'SELECT 1 x, 2 y',
  'SELECT ALL x FROM (VALUES 1) AS t(x)',
  'SELECT x FROM (VALUES 1) t (x)',
  'SELECT x FROM (VALUES 1) AS "my t"(x) WHERE "my t".x = 1',
  'SELECT nope FROM (VALUES 1) AS t(x)',
  'SELECT t.nope FROM (VALUES 1) AS t(x)',
  'SELECT u.x FROM (VALUES 1) AS t(x)',
  'SELECT x FROM nope',
  'SELECT nope(x) FROM (VALUES 1) AS t(x)',
  'SELECT x FROM (VALUES 1) AS t(x, y)',
  'SELECT x FROM (VALUES 1) AS t(x);',
  'SELECT 1 AS r -- end',
  'SELECT /* in */ 1 AS r',
  'SELECT 1 /* open',
  'SELECT 1 AS r /* a /* nested */ b */',
  'SELECT 1 AS r # x',
  'select 1 as R',
  'SeLeCt CaSt(1 As BiGiNt) aS r',
  'SELECT\u00a01 AS r',
  'SELECT 1\u2003AS r',
  "SELECT 'a\u00a0b' AS r",
  'SELECT 1 = 1 AS r',
  'SELECT 1 == 1 AS r',
  'SELECT 1 != 2 AS r',
  'SELECT 1 <> 2 AS r',
  'SELECT NOT true AS r',
  'SELECT NOT 1 = 2 AS r',
  'SELECT 1 + 2 * 3 AS r',
  'SELECT -2 - -3 AS r',
  'SELECT 2 -- 3\n AS r',
  'SELECT 1 IS NULL AS r',
  'SELECT NULL IS NULL AS r',
  'SELECT 1 < 2 = true AS r',
  'SELECT true OR false AND false AS r',
  "SELECT 'a' || 'b' = 'ab' AS r",
  'SELECT 1 BETWEEN 0 AND 2 AND true AS r',
  'SELECT NOT NULL AS r',
  'SELECT - 1 AS r',
  "SELECT 1 AT TIME ZONE 'UTC' AS r",
  "SELECT 'x' AS r, 'X' = 'x' AS s, 'a' = 'a ' AS t",
]

/** Names and words as names, one by one. */
export function names(): readonly Probe[] {
  return [
    ...words.map((word): Probe => ({ group: 'word as name', sql: form(word) })),
    ...others.map((sql): Probe => ({ group: 'names', sql })),
  ]
}
