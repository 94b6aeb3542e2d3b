import { codeOf } from './spelling.ts'

/** Something of Athena's that is not done here. */
export type Unsupported = {
  readonly feature: string
  readonly instead: string
  /** What a statement has that uses it. Only its code is looked at, unless the pattern is of something in quotes. */
  readonly pattern: RegExp
  readonly isQuoted?: true
  /** What DuckDB says of it, where the pattern alone could be in any statement. */
  readonly error?: RegExp
}

const parquet = 'write a result with `dmd query … --format parquet -o FILE`'
const reads = 'rows come by delivery alone; a query only reads'

export const unsupportedStatements: readonly Unsupported[] = [
  {
    feature: 'CREATE TABLE AS',
    instead: parquet,
    pattern: /^\s*CREATE\s+TABLE(?!\w)[\s\S]*?(?<!\w)AS(?!\w)/i,
  },
  { feature: 'UNLOAD', instead: parquet, pattern: /^\s*UNLOAD(?!\w)/i },
  { feature: 'INSERT INTO', instead: reads, pattern: /^\s*INSERT(?!\w)/i },
  {
    feature: 'UPDATE, DELETE and MERGE, which are for Iceberg tables',
    instead: reads,
    pattern: /^\s*(?:UPDATE|DELETE|MERGE)(?!\w)/i,
  },
  {
    feature: 'OPTIMIZE and VACUUM, which are for Iceberg tables',
    instead: 'the cache of queries keeps itself small',
    pattern: /^\s*(?:OPTIMIZE|VACUUM)(?!\w)/i,
  },
  {
    feature: 'CREATE VIEW',
    instead: 'use WITH, or the views that are there',
    pattern: /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:PROTECTED\s+(?:MULTI\s+DIALECT\s+)?)?VIEW(?!\w)/i,
  },
  {
    feature: 'DDL such as CREATE, ALTER and DROP',
    instead: 'tables follow from the schemas: `dmd schema ddl TYPE` writes the DDL for Athena',
    pattern: /^\s*(?:CREATE|ALTER|DROP|TRUNCATE|COMMENT|GRANT|REVOKE)(?!\w)/i,
  },
  {
    feature: 'PREPARE and EXECUTE',
    instead: 'write the values into the statement',
    pattern: /^\s*(?:PREPARE|EXECUTE|DEALLOCATE)(?!\w)/i,
  },
  {
    feature: 'functions in Lambda (USING EXTERNAL FUNCTION)',
    instead: 'use a function of docs/sql.md',
    pattern: /^\s*USING(?!\w)/i,
  },
  {
    feature: 'SHOW FUNCTIONS, SHOW STATS and the like',
    instead: 'docs/sql.md lists the functions',
    pattern: /^\s*SHOW\s+(?:FUNCTIONS|STATS|SESSION|CATALOGS|ROLES|GRANTS)(?!\w)/i,
  },
]

export const unsupportedExpressions: readonly Unsupported[] = [
  {
    feature: 'MATCH_RECOGNIZE',
    instead: 'use window functions, as in lag and lead',
    pattern: /(?<!\w)MATCH_RECOGNIZE(?!\w)/i,
  },
  {
    feature: 'geospatial functions (ST_…)',
    instead: 'compute with latitude and longitude',
    pattern: /(?<!\w)ST_\w+\s*\(/i,
  },
  {
    feature: 'hidden tables such as "demand$partitions"',
    instead: 'use SHOW PARTITIONS, or SELECT DISTINCT partition_date',
    pattern: /\$(?:partitions|history|snapshots|files|manifests|refs)\b/i,
    isQuoted: true,
  },
  {
    feature: 'time travel (FOR TIMESTAMP AS OF), which is for Iceberg tables',
    instead: 'compare change.timestamp: every earlier version is a row',
    pattern: /(?<!\w)FOR\s+(?:SYSTEM_TIME|TIMESTAMP|VERSION|SYSTEM_VERSION)\s+AS\s+OF(?!\w)/i,
  },
  {
    feature: 'FETCH FIRST … ROWS',
    instead: 'use LIMIT',
    pattern: /(?<!\w)FETCH\s+(?:FIRST|NEXT)(?!\w)/i,
  },
  {
    feature: 'patterns of Joda (format_datetime, parse_datetime)',
    instead: 'use date_format and date_parse',
    pattern: /(?<!\w)(?:format_datetime|parse_datetime)\s*\(/i,
  },
  {
    feature: 'sketches (approx_set, qdigest_agg, tdigest_agg)',
    instead: 'use approx_distinct and approx_percentile',
    pattern: /(?<!\w)(?:approx_set|empty_approx_set|qdigest_agg|tdigest_agg|numeric_histogram)\s*\(/i,
  },
  {
    feature: 'the JSON functions of the SQL standard (JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_TABLE)',
    instead: 'use json_extract and json_extract_scalar',
    pattern: /(?<!\w)JSON_(?:VALUE|QUERY|EXISTS|TABLE|OBJECT|ARRAY)\s*\(/i,
  },
  {
    feature: 'TRY around an aggregate',
    instead: 'use NULLIF for what is divided by',
    pattern: /(?<!\w)TRY\s*\(/i,
    error: /TRY expression/,
  },
  {
    feature: 'UNNEST of several lists side by side',
    instead: 'use WITH ORDINALITY and join by it',
    pattern: /(?<!\w)UNNEST\s*\(/i,
    error: /unnest\(.*,/i,
  },
  {
    feature: 'VALUES without parentheses',
    instead: 'write VALUES (1), (2)',
    pattern: /(?<!\w)VALUES\s+[^(\s]/i,
  },
  {
    feature: 'split with a limit',
    instead: 'use split(x, d) and slice',
    pattern: /(?<!\w)split\s*\(/i,
    error: /split\(/i,
  },
  {
    feature: 'reverse of a list',
    instead: 'use array_sort, or UNNEST WITH ORDINALITY',
    pattern: /(?<!\w)reverse\s*\(/i,
    error: /reverse\(/i,
  },
]

/**
 * What of Athena's a statement uses that was refused, or that failed with `error`, and what to do instead; empty where
 * there is no such thing in it.
 */
export function explainUnsupported(sql: string, list: readonly Unsupported[], error = ''): string {
  const code = codeOf(sql)
  const found = list.find(
    (known) =>
      known.pattern.test(known.isQuoted ? sql : code) &&
      (known.error === undefined || known.error.test(error)),
  )
  return found ? `Athena’s ${found.feature}: not done here; ${found.instead}.` : ''
}
