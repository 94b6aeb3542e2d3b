import { decimalScalars } from '../number.ts'
import type { AggregateDefinition, AggregateTools, Expr } from '../registry.ts'
import { duckType } from '../sql.ts'
import type { SqlType } from '../types.ts'

/** Key-value pairs by their keys, of which each counts once: the entry that comes first. NULL keys are left out. */
function mapOfPairs(pairs: string, tools: AggregateTools): string {
  const [e, i] = [tools.fresh(), tools.fresh()]
  return tools.bind([tools.expr(pairs, { kind: 'unknown' })], (list) => {
    const isFirst = `${i} = 1 OR struct_extract(${e}, 'k') <> struct_extract(list_extract(${list}, ${i} - 1), 'k')`
    return `CASE WHEN ${list} IS NOT NULL THEN map_from_entries(list_filter(${list}, lambda ${e}, ${i}: ${isFirst})) END`
  })
}

const mapAgg = ([k, v]: readonly Expr[], _: SqlType, tools: AggregateTools): string => {
  const [key, value] = [k?.sql ?? '', v?.sql ?? '']
  return mapOfPairs(
    tools.call('list', `struct_pack(k := ${key}, v := ${value})`, {
      where: `${key} IS NOT NULL`,
      order: key,
    }),
    tools,
  )
}

const multimapAgg = ([k, v]: readonly Expr[], _: SqlType, tools: AggregateTools): string => {
  const [key, value] = [k?.sql ?? '', v?.sql ?? '']
  const [e, i, f] = [tools.fresh(), tools.fresh(), tools.fresh()]
  const pairs = tools.call('list', `struct_pack(k := ${key}, v := ${value})`, {
    where: `${key} IS NOT NULL`,
    order: key,
  })
  return tools.bind([tools.expr(pairs, { kind: 'unknown' })], (list) => {
    const keys = `list_transform(list_filter(${list}, lambda ${e}, ${i}: ${i} = 1 OR struct_extract(${e}, 'k') <> struct_extract(list_extract(${list}, ${i} - 1), 'k')), lambda ${e}: struct_extract(${e}, 'k'))`
    const of = `list_transform(list_filter(${list}, lambda ${e}: struct_extract(${e}, 'k') = ${f}), lambda ${e}: struct_extract(${e}, 'v'))`
    return tools.bind(
      [tools.expr(keys, { kind: 'unknown' })],
      (names) =>
        `CASE WHEN ${list} IS NOT NULL THEN map(${names}, list_transform(${names}, lambda ${f}: ${of})) END`,
    )
  })
}

const nth =
  (direction: 'ASC' | 'DESC') =>
  ([x, y, n]: readonly Expr[], type: SqlType, tools: AggregateTools): string => {
    const found = `list_slice(${tools.call('list', x?.sql ?? '', { where: `${y?.sql} IS NOT NULL`, order: `${y?.sql} ${direction}` })}, 1, ${n?.sql})`
    if (direction === 'DESC') return found
    const nulls = tools.call('count', '*', { where: `${x?.sql} IS NULL AND ${y?.sql} IS NOT NULL` })
    return `CASE WHEN ${nulls} > 0 THEN ${tools.fail('min_by of several values takes no NULL here', type)} ELSE ${found} END`
  }

/** Athena's least and greatest number leave NaN out, where there is another. */
const besideNaN =
  (name: string) =>
  ([x]: readonly Expr[], _: SqlType, { call }: AggregateTools): string =>
    `coalesce(${call(name, x?.sql ?? '', { where: `NOT isnan(${x?.sql})` })}, ${call(name, x?.sql ?? '')})`

const decimalOf = (type: SqlType) => (type.kind === 'decimal' ? type.scale : 0)

/** A statistic of pairs that DuckDB computes too. */
const pairs = (name: string): readonly AggregateDefinition[] => [
  // An integer is nearer to a real than to a double. Where all values are one there is no line: NULL.
  {
    signature: `${name}(real, real) -> real`,
    make: `CAST(nullif(${name}{$1, $2}, CAST('NaN' AS DOUBLE)) AS FLOAT)`,
  },
  { signature: `${name}(double, double) -> double`, make: `nullif(${name}{$1, $2}, CAST('NaN' AS DOUBLE))` },
]
const single = (name: string, duck = name): AggregateDefinition => ({
  signature: `${name}(double) -> double`,
  make: `${duck}{$1}`,
})

/** Of zero it is minus infinity, where DuckDB's own fails. */
const logarithm =
  "CASE WHEN $1 > 0 THEN ln(CAST($1 AS DOUBLE)) WHEN $1 = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) END"

export const aggregateFunctions: readonly AggregateDefinition[] = [
  { signature: 'count(T) -> bigint', make: 'count{$1}' },
  { signature: 'count() -> bigint', make: 'count{*}' },
  { signature: 'count_if(boolean) -> bigint', make: 'count{CASE WHEN $1 THEN 1 END}' },
  { signature: 'sum(bigint) -> bigint', make: 'CAST(sum{$1} AS BIGINT)' },
  {
    signature: 'sum(decimal(p,s)) -> decimal(38,s)',
    make: ([x], type, { call }) => `CAST(${call('sum', x?.sql ?? '')} AS ${duckType(type)})`,
  },
  { signature: 'sum(real) -> real', make: 'CAST(sum{$1} AS FLOAT)' },
  { signature: 'sum(double) -> double', make: 'sum{$1}' },
  { signature: 'sum(interval day to second) -> interval day to second', make: 'CAST(sum{$1} AS BIGINT)' },
  { signature: 'sum(interval year to month) -> interval year to month', make: 'CAST(sum{$1} AS INTEGER)' },
  { signature: 'avg(bigint) -> double', make: 'avg{CAST($1 AS DOUBLE)}' },
  {
    signature: 'avg(decimal(p,s)) -> decimal(p,s)',
    make: ([x], type, { call, bind, expr }) => {
      const sum = `CAST(${call('sum', x?.sql ?? '')} AS VARCHAR)`
      return bind(
        [expr(sum, type), expr(call('count', x?.sql ?? ''), type)],
        (s, n) =>
          `CASE WHEN ${n} > 0 THEN CAST(${decimalScalars.average.scalar}(${s}, ${n}, ${decimalOf(type)}) AS ${duckType(type)}) END`,
      )
    },
  },
  { signature: 'avg(real) -> real', make: 'CAST(avg{$1} AS FLOAT)' },
  { signature: 'avg(double) -> double', make: 'avg{$1}' },
  {
    signature: 'avg(interval day to second) -> interval day to second',
    make: 'CAST(round(avg{$1}) AS BIGINT)',
  },
  {
    signature: 'avg(interval year to month) -> interval year to month',
    make: 'CAST(round(avg{$1}) AS INTEGER)',
  },
  ...['double', 'real'].flatMap((type): AggregateDefinition[] => [
    { signature: `min(${type}) -> ${type}`, make: besideNaN('min') },
    { signature: `max(${type}) -> ${type}`, make: besideNaN('max') },
  ]),
  { signature: 'min(O) -> O', make: 'min{$1}' },
  { signature: 'max(O) -> O', make: 'max{$1}' },
  { signature: 'min(O, bigint) -> array(O)', make: 'min{$1, $2}' },
  { signature: 'max(O, bigint) -> array(O)', make: 'max{$1, $2}' },
  { signature: 'max_by(T, O) -> T', make: 'arg_max_null{$1, $2}' },
  { signature: 'min_by(T, O) -> T', make: 'arg_min_null{$1, $2}' },
  { signature: 'max_by(T, O, bigint) -> array(T)', make: nth('DESC') },
  {
    signature: 'min_by(T, O, bigint) -> array(T)',
    make: nth('ASC'),
    note: 'Fails where one of the values is NULL: Athena’s answer then is not the one that its documents promise.',
  },
  { signature: 'arbitrary(T) -> T', make: 'any_value{$1}' },
  { signature: 'any_value(T) -> T', make: 'any_value{$1}' },
  { signature: 'array_agg(T) -> array(T)', make: 'list{$1}' },
  { signature: 'bool_and(boolean) -> boolean', make: 'bool_and{$1}' },
  { signature: 'every(boolean) -> boolean', make: 'bool_and{$1}' },
  { signature: 'bool_or(boolean) -> boolean', make: 'bool_or{$1}' },
  { signature: 'bitwise_and_agg(bigint) -> bigint', make: 'bit_and{$1}' },
  { signature: 'bitwise_or_agg(bigint) -> bigint', make: 'bit_or{$1}' },
  { signature: 'geometric_mean(bigint) -> double', make: `exp(avg{${logarithm}})` },
  { signature: 'geometric_mean(real) -> real', make: `CAST(exp(avg{${logarithm}}) AS FLOAT)` },
  { signature: 'geometric_mean(double) -> double', make: `exp(avg{${logarithm}})` },
  ...pairs('corr'),
  ...pairs('covar_pop'),
  ...pairs('covar_samp'),
  ...pairs('regr_intercept'),
  ...pairs('regr_slope'),
  single('stddev', 'stddev_samp'),
  single('stddev_pop'),
  single('stddev_samp'),
  single('variance', 'var_samp'),
  single('var_pop'),
  single('var_samp'),
  {
    signature: 'skewness(double) -> double',
    // DuckDB's is corrected for the size of the sample, Athena's is not.
    make: 'skewness{$1} * (count{$1} - 2) / sqrt(CAST(count{$1} AS DOUBLE) * (count{$1} - 1))',
  },
  single('kurtosis'),
  {
    signature: 'approx_distinct(T) -> bigint',
    make: ([x], _, { call }) => call('count', `DISTINCT ${x?.sql}`),
    note: 'The exact number; Athena estimates.',
  },
  {
    signature: 'approx_distinct(T, double) -> bigint',
    make: ([x], _, { call }) => call('count', `DISTINCT ${x?.sql}`),
    note: 'The exact number; Athena estimates to the error that is named.',
  },
  ...['bigint', 'real', 'double'].flatMap((type): AggregateDefinition[] => [
    {
      signature: `approx_percentile(${type}, double) -> ${type}`,
      make: 'quantile_disc{$1, $2}',
      note: 'The exact one; Athena estimates.',
    },
    {
      signature: `approx_percentile(${type}, array(double)) -> array(${type})`,
      make: 'quantile_disc{$1, $2}',
      note: 'The exact ones; Athena estimates.',
    },
  ]),
  {
    signature: 'histogram(T) -> map(T,bigint)',
    make: ([x], type, { call }) => `CAST(${call('histogram', x?.sql ?? '')} AS ${duckType(type)})`,
  },
  { signature: 'map_agg(K, V) -> map(K,V)', make: mapAgg },
  { signature: 'multimap_agg(K, V) -> map(K,array(V))', make: multimapAgg },
  {
    signature: 'map_union(map(K,V)) -> map(K,V)',
    make: ([m], _, tools) => {
      const [e] = [tools.fresh()]
      const all = `flatten(${tools.call('list', `map_entries(${m?.sql})`, { where: `${m?.sql} IS NOT NULL` })})`
      const pairsOf = `list_sort(list_transform(${all}, lambda ${e}: struct_pack(k := struct_extract(${e}, 'key'), v := struct_extract(${e}, 'value'))))`
      return mapOfPairs(pairsOf, tools)
    },
  },
  { signature: 'listagg(varchar, varchar) -> varchar', make: 'string_agg{$1, $2}' },
  { signature: 'listagg(varchar) -> varchar', make: "string_agg{$1, ''}" },
]

export const windowFunctions: readonly AggregateDefinition[] = [
  { signature: 'rank() -> bigint', make: 'rank{}' },
  { signature: 'dense_rank() -> bigint', make: 'dense_rank{}' },
  { signature: 'row_number() -> bigint', make: 'row_number{}' },
  { signature: 'percent_rank() -> double', make: 'percent_rank{}' },
  { signature: 'cume_dist() -> double', make: 'cume_dist{}' },
  { signature: 'ntile(bigint) -> bigint', make: 'ntile{$1}' },
  { signature: 'first_value(T) -> T', make: 'first_value{$1}' },
  { signature: 'last_value(T) -> T', make: 'last_value{$1}' },
  { signature: 'nth_value(T, bigint) -> T', make: 'nth_value{$1, $2}' },
  { signature: 'lag(T) -> T', make: 'lag{$1}' },
  { signature: 'lag(T, bigint) -> T', make: 'lag{$1, $2}' },
  { signature: 'lag(T, bigint, T) -> T', make: 'lag{$1, $2, $3}' },
  { signature: 'lead(T) -> T', make: 'lead{$1}' },
  { signature: 'lead(T, bigint) -> T', make: 'lead{$1, $2}' },
  { signature: 'lead(T, bigint, T) -> T', make: 'lead{$1, $2, $3}' },
]

export const refusedAggregates: { readonly [name: string]: string } = {
  approx_most_frequent: 'count by GROUP BY, ORDER BY and LIMIT',
  approx_set: 'use approx_distinct',
  checksum: 'compare counts and sums',
  empty_approx_set: 'use approx_distinct',
  merge: 'use approx_distinct or approx_percentile',
  numeric_histogram: 'use width_bucket and GROUP BY',
  qdigest_agg: 'use approx_percentile',
  reduce_agg: 'use array_agg and reduce',
  tdigest_agg: 'use approx_percentile',
}
