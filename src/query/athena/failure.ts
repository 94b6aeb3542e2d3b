import type { QueryExecutionStatus } from '@aws-sdk/client-athena'
import { bare, explainFailure } from '../../aws/failure.ts'
import { PipelineError } from '../../record/error.ts'

// What Athena says of a statement that it could not read is told as it is: no row was read. What it says of one that
// failed on a row may quote the row, so of that only its own names and these words are told.

/** Names of errors that are found before a row is read. */
const aboutStatement = new Set([
  'SYNTAX_ERROR',
  'TYPE_MISMATCH',
  'TYPE_NOT_FOUND',
  'COLUMN_NOT_FOUND',
  'COLUMN_TYPE_UNKNOWN',
  'AMBIGUOUS_NAME',
  'TABLE_NOT_FOUND',
  'SCHEMA_NOT_FOUND',
  'CATALOG_NOT_FOUND',
  'FUNCTION_NOT_FOUND',
  'AMBIGUOUS_FUNCTION_CALL',
  'MISMATCHED_COLUMN_ALIASES',
  'DUPLICATE_COLUMN_NAME',
  'DUPLICATE_NAMED_QUERY',
  'EXPRESSION_NOT_AGGREGATE',
  'EXPRESSION_NOT_SCALAR',
  'EXPRESSION_NOT_CONSTANT',
  'EXPRESSION_NOT_IN_DISTINCT',
  'MISSING_GROUP_BY',
  'MISSING_ORDER_BY',
  'NESTED_AGGREGATION',
  'NESTED_WINDOW',
  'INVALID_COLUMN_REFERENCE',
  'INVALID_WINDOW_FRAME',
  'INVALID_VIEW',
  'VIEW_IS_STALE',
  'VIEW_IS_RECURSIVE',
  'NOT_SUPPORTED',
  'HIVE_METASTORE_ERROR',
  'HIVE_INVALID_METADATA',
  'HIVE_PARTITION_SCHEMA_MISMATCH',
  'HIVE_UNSUPPORTED_FORMAT',
])

/** What to do, by the name of the error that a query ended with. */
const fixes: { readonly [name: string]: string } = {
  TABLE_NOT_FOUND: 'Check --database; tables and views are made by the deployment (docs/deploy.md)',
  SCHEMA_NOT_FOUND: 'Check --database; it is made by the deployment (docs/deploy.md)',
  COLUMN_NOT_FOUND: 'DESCRIBE the table; a role may also be kept from a column',
  FUNCTION_NOT_FOUND: 'docs/sql.md lists what Athena and this machine share',
  INVALID_VIEW: 'Make the views again: run their named queries (docs/deploy.md)',
  VIEW_IS_STALE: 'Make the views again: run their named queries (docs/deploy.md)',
  DIVISION_BY_ZERO: 'NULLIF(x, 0) as the divisor gives NULL instead',
  INVALID_CAST_ARGUMENT: 'TRY_CAST gives NULL instead',
  INVALID_FUNCTION_ARGUMENT: 'TRY(…) gives NULL instead',
  NUMERIC_VALUE_OUT_OF_RANGE: 'CAST to a wider type, or TRY(…) for NULL',
  HIVE_PARTITION_SCHEMA_MISMATCH:
    'A partition was added with an older schema: drop it; with projection, as deployed, there are none',
  HIVE_INVALID_METADATA: 'The table is not as deployed: deploy again, or compare it with dmd schema ddl',
  HIVE_METASTORE_ERROR: 'The table is not as deployed: deploy again, or compare it with dmd schema ddl',
  HIVE_BAD_DATA: 'An object in the archive is no Avro of this schema: dmd errors and docs/operations.md',
  HIVE_CANNOT_OPEN_SPLIT:
    'An object cannot be read: the role needs s3:GetObject on data/ and the use of the archive’s KMS key',
  HIVE_CURSOR_ERROR: 'An object cannot be read to its end: see docs/operations.md',
  HIVE_FILESYSTEM_ERROR: 'The role needs s3:ListBucket and s3:GetObject on data/',
  PERMISSION_DENIED: 'The role needs what the analyst’s has (docs/deploy.md)',
}

/** What to do about a call that failed. An analyst only queries: the role's rights are those that the deployment gives. */
const tried = {
  service: 'Athena',
  rights: 'the rights that the analyst’s has (docs/deploy.md)',
  fixes: { throttled: 'The account asks more often than Athena allows: try again, or raise the quota' },
} as const

/** What to do, by what Athena's message says where its name says nothing. */
const saidFixes: readonly (readonly [pattern: RegExp, code: 'QUERY_FAILED' | 'QUERY_LIMIT', fix: string])[] =
  [
    [/workgroup .*not found/i, 'QUERY_FAILED', 'Check --workgroup and the region (AWS_REGION)'],
    [/workgroup .*disabled/i, 'QUERY_FAILED', 'Enable the workgroup, or name another by --workgroup'],
    [
      /output location/i,
      'QUERY_FAILED',
      'Give the workgroup a place for results, or use the one that the deployment makes',
    ],
    [
      /bytes scanned limit|cutoff/i,
      'QUERY_LIMIT',
      'Narrow it, by partition_date above all, or raise athena.scanBytesMax of the deployment',
    ],
    [
      /exhausted resources|MEMORY_LIMIT|time.?out|TIME_LIMIT/i,
      'QUERY_LIMIT',
      'Narrow it, by partition_date above all, or let it sort and group less',
    ],
  ]

/** What became of a query that Athena ended without a result. */
export function executionFailure({ State, StateChangeReason = '' }: QueryExecutionStatus): PipelineError {
  const [name] = /^[A-Z][A-Z_]{3,60}(?=: |$)/.exec(StateChangeReason) ?? []
  const [, code, fix] = saidFixes.find(([pattern]) => pattern.test(StateChangeReason.slice(0, 2_000))) ?? []
  if (name === undefined && code !== undefined) return told(code, StateChangeReason, fix)
  if (State === 'CANCELLED') return new PipelineError('QUERY_FAILED', 'the query was cancelled in Athena')
  if (name !== undefined && aboutStatement.has(name))
    return told(code ?? 'QUERY_FAILED', StateChangeReason, fixes[name] ?? fix)
  const rest = '(the rest is left out, since it may quote a row)'
  const what = `${name ?? 'the statement failed'} ${rest}`
  return told(code ?? 'QUERY_FAILED', what, (name && fixes[name]) ?? fix)
}

/** What a call that Athena, the SDK or the network refused comes to. No call has a row in it that has not succeeded. */
export function callFailure(error: unknown): unknown {
  if (error instanceof PipelineError || !(error instanceof Error)) return error
  // Athena's own words: of the statement, the workgroup, the role. The system's and the SDK's name no place.
  const { kind, name, fix } = explainFailure(error, tried)
  const says = `Athena: ${error.message.slice(0, 1_000) || name}`
  // Not by its words, of which a timeout is no bound of Athena's; the SDK's second line is for programmers.
  if (kind === 'network') return told('QUERY_FAILED', says.replace(/\n.*/s, ''), fix, error)
  const [, code, saidFix] = saidFixes.find(([pattern]) => pattern.test(error.message)) ?? []
  // Of a statement that Athena refuses, its own words say what is wrong.
  return told(code ?? 'QUERY_FAILED', says, saidFix ?? (kind === 'other' ? undefined : fix), error)
}

function told(
  code: 'QUERY_FAILED' | 'QUERY_LIMIT',
  what: string,
  fix: string | undefined,
  cause?: Error,
): PipelineError {
  const text = `${what.slice(0, 2_000)}${fix === undefined ? '' : `\n${fix}.`}`
  return new PipelineError(code, text, cause === undefined ? undefined : { cause: bare(cause.name) })
}
