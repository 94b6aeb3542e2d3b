import { type Definition, type Expr, scalar, type Tools } from '../registry.ts'
import { duckType, fieldNames, quoteText } from '../sql.ts'
import { bigint, boolean, type SqlType, varchar } from '../types.ts'

const item = (type: SqlType): SqlType => (type.kind === 'array' ? type.items : type)
const sqlOf = (value: Expr | undefined) => value?.sql ?? 'NULL'

/** `list` with its items in order, each with its place, for those that come first of their kind; in time n log n. */
function distinct(list: string, { fresh, bind, expr }: Tools): string {
  const [x, i, e] = [fresh(), fresh(), fresh()]
  const placed = `list_sort(list_transform(${list}, lambda ${x}, ${i}: struct_pack(x := ${x}, i := ${i})))`
  return bind([expr(placed, { kind: 'unknown' })], (sorted) => {
    const isFirst = `${i} = 1 OR struct_extract(${e}, 'x') IS DISTINCT FROM struct_extract(list_extract(${sorted}, ${i} - 1), 'x')`
    const first = `list_filter(${sorted}, lambda ${e}, ${i}: ${isFirst})`
    const inOrder = `list_sort(list_transform(${first}, lambda ${e}: struct_pack(i := struct_extract(${e}, 'i'), x := struct_extract(${e}, 'x'))))`
    return `list_transform(${inOrder}, lambda ${e}: struct_extract(${e}, 'x'))`
  })
}

const hasNull = (list: string) => `list_position(${list}, NULL) IS NOT NULL`

/** What is true of the items of a list by a lambda's results: `found`, where one of them is `value`, `else` where none is nor NULL. */
function match(value: boolean, found: boolean) {
  return ([list, lambda]: readonly Expr[], _: SqlType, tools: Tools): string => {
    const x = tools.fresh()
    const results = `list_transform(${sqlOf(list)}, lambda ${x}: ${lambda ? tools.apply(lambda, x) : 'NULL'})`
    return tools.bind(
      [tools.expr(results, { kind: 'array', items: boolean })],
      (r) =>
        `CASE WHEN list_contains(${r}, ${value}) THEN ${found} WHEN ${r} IS NULL OR ${hasNull(r)} THEN NULL ELSE ${!found} END`,
    )
  }
}

/** The most entries of a sequence or a repetition, in Athena too. */
const entriesMax = 10_000
const tooMany = `result of sequence function must not have more than ${entriesMax} entries`

function sequence(
  toStep: (step: Expr | undefined, tools: Tools) => string,
  count: (a: string, b: string, s: string) => string,
  at: (a: string, s: string, i: string) => string,
) {
  return ([from, to, step]: readonly Expr[], type: SqlType, tools: Tools): string => {
    const i = tools.fresh()
    if (!from || !to) return 'NULL'
    const stepExpr = tools.expr(toStep(step, tools), { kind: 'bigint' })
    return tools.bind([from, to, stepExpr], (a, b, s) => {
      const actual = step ? s : `CASE WHEN ${a} <= ${b} THEN ${s} ELSE -${s} END`
      return tools.bind([tools.expr(actual, { kind: 'bigint' })], (d) => {
        const length = count(a, b, d)
        const list = `list_transform(range(0, ${length}), lambda ${i}: ${at(a, d, i)})`
        return `CASE WHEN ${a} IS NULL OR ${b} IS NULL OR ${d} IS NULL THEN NULL WHEN ${d} = 0 THEN ${tools.fail('step must not be zero', type)} WHEN (${a} < ${b} AND ${d} < 0) OR (${a} > ${b} AND ${d} > 0) THEN ${tools.fail('sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start', type)} WHEN ${length} > ${entriesMax} THEN ${tools.fail(tooMany, type)} ELSE ${list} END`
      })
    })
  }
}

const numbers = sequence(
  (step) => step?.sql ?? 'CAST(1 AS BIGINT)',
  (a, b, s) => `CAST((CAST(${b} AS HUGEINT) - ${a}) // ${s} + 1 AS BIGINT)`,
  (a, s, i) => `CAST(${a} + ${i} * ${s} AS BIGINT)`,
)
const dates = sequence(
  (step, { bind, fail }) =>
    step
      ? bind(
          [step],
          (s) =>
            `CASE WHEN ${s} % 86400000 <> 0 THEN ${fail('sequence step must be a day interval if start and end values are dates', bigint)} ELSE CAST(${s} // 86400000 AS BIGINT) END`,
        )
      : 'CAST(1 AS BIGINT)',
  (a, b, s) => `CAST(${b} - ${a} AS BIGINT) // ${s} + 1`,
  (a, s, i) => `CAST(${a} + to_days(CAST(${i} * ${s} AS INTEGER)) AS DATE)`,
)
const monthsBetween = (a: string, b: string, s: string) => `date_diff('month', ${a}, ${b}) // ${s} + 2`
/** By months some last step may pass the end: it is left out. */
const byMonths =
  (cast: string) =>
  (args: readonly Expr[], type: SqlType, tools: Tools): string => {
    const [from, to, step] = args
    const x = tools.fresh()
    const i = tools.fresh()
    if (!from || !to || !step) return 'NULL'
    return tools.bind([from, to, step], (a, b, s) => {
      const length = monthsBetween(a, b, s)
      const all = `list_transform(range(0, ${length}), lambda ${i}: CAST(${a} + to_months(CAST(${i} * ${s} AS INTEGER)) AS ${cast}))`
      return `CASE WHEN ${s} = 0 THEN ${tools.fail('step must not be zero', type)} WHEN (${a} < ${b} AND ${s} < 0) OR (${a} > ${b} AND ${s} > 0) THEN ${tools.fail('sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start', type)} WHEN ${length} > ${entriesMax} THEN ${tools.fail(tooMany, type)} ELSE list_filter(${all}, lambda ${x}: CASE WHEN ${s} > 0 THEN ${x} <= ${b} ELSE ${x} >= ${b} END) END`
    })
  }
const timestamps = sequence(
  (step) => step?.sql ?? 'CAST(86400000 AS BIGINT)',
  (a, b, s) => `(epoch_ms(${b}) - epoch_ms(${a})) // ${s} + 1`,
  (a, s, i) => `(${a} + to_milliseconds(${i} * ${s}))`,
)

/** Keys must be neither NULL nor twice there. */
function checkedMap(keys: string, values: string, type: SqlType, tools: Tools): string {
  const list: SqlType = { kind: 'unknown' }
  return tools.bind(
    [tools.expr(keys, list), tools.expr(values, list)],
    (k, v) =>
      `CASE WHEN ${k} IS NULL OR ${v} IS NULL THEN NULL WHEN len(${k}) <> len(${v}) THEN ${tools.fail('Key and value arrays must be the same length', type)} WHEN ${hasNull(k)} THEN ${tools.fail('map key cannot be null', type)} WHEN len(list_distinct(${k})) < len(${k}) THEN ${tools.fail('Duplicate map keys are not allowed', type)} ELSE map(${k}, ${v}) END`,
  )
}

const entry = (e: string, field: 'key' | 'value') => `struct_extract(${e}, '${field}')`

function overEntries(
  map: Expr | undefined,
  lambda: Expr | undefined,
  tools: Tools,
  make: (entries: string, e: string, applied: string) => string,
): string {
  const e = tools.fresh()
  const applied = lambda ? tools.apply(lambda, entry(e, 'key'), entry(e, 'value')) : 'NULL'
  return make(`map_entries(${sqlOf(map)})`, e, applied)
}

function zip(args: readonly Expr[], type: SqlType, tools: Tools): string {
  const row = item(type)
  if (row.kind !== 'row') return 'NULL'
  const i = tools.fresh()
  return tools.bind(args, (...lists) => {
    const longest = `greatest(${lists.map((list) => `len(${list})`).join(', ')})`
    const fields = fieldNames(row).map((name, index) => `${name} := list_extract(${lists[index]}, ${i})`)
    return `CASE WHEN ${lists.map((list) => `${list} IS NOT NULL`).join(' AND ')} THEN list_transform(range(1, ${longest} + 1), lambda ${i}: struct_pack(${fields.join(', ')})) END`
  })
}

/** A comparison by a lambda: each item's place is the number of items before it. */
const sortItemsMax = 1000
function sortBy([list, lambda]: readonly Expr[], type: SqlType, tools: Tools): string {
  const [x, i, y, j, e] = [tools.fresh(), tools.fresh(), tools.fresh(), tools.fresh(), tools.fresh()]
  if (!list || !lambda) return 'NULL'
  return tools.bind([list], (l) => {
    const [before, after] = [tools.apply(lambda, y, x), tools.apply(lambda, x, y)]
    const contradicts = tools.fail(
      'The lambda of array_sort says of two items that each comes before the other',
      boolean,
    )
    const isBefore = `CASE WHEN ${j} = ${i} THEN false WHEN ${before} < 0 AND ${after} < 0 THEN ${contradicts} WHEN ${before} < 0 THEN true WHEN ${j} < ${i} THEN ${after} >= 0 ELSE false END`
    const place = `len(list_filter(${l}, lambda ${y}, ${j}: ${isBefore}))`
    const placed = `list_sort(list_transform(${l}, lambda ${x}, ${i}: struct_pack(p := ${place}, i := ${i}, x := ${x})))`
    return `CASE WHEN len(${l}) > ${sortItemsMax} THEN ${tools.fail(`array_sort by a lambda takes ${sortItemsMax} items here`, type)} ELSE list_transform(${placed}, lambda ${e}: struct_extract(${e}, 'x')) END`
  })
}

function reduce([list, initial, step, last]: readonly Expr[], _: SqlType, tools: Tools): string {
  if (!list || !initial || !step || !last || list.type.kind !== 'array') return 'NULL'
  const [x, a, b, s] = [tools.fresh(), tools.fresh(), tools.fresh(), tools.fresh()]
  const state = duckType(initial.type)
  const value = duckType(list.type.items)
  // DuckDB's states are of the items' type: so each is a pair of a state and an item.
  const items = `list_transform(${list.sql}, lambda ${x}: struct_pack(s := CAST(NULL AS ${state}), x := ${x}))`
  const next = tools.apply(step, `struct_extract(${a}, 's')`, `struct_extract(${b}, 'x')`)
  const first = `struct_pack(s := ${initial.sql}, x := CAST(NULL AS ${value}))`
  const reduced = `list_reduce(${items}, lambda ${a}, ${b}: struct_pack(s := ${next}, x := CAST(NULL AS ${value})), ${first})`
  const ended = `list_transform([struct_extract(${reduced}, 's')], lambda ${s}: ${tools.apply(last, s)})[1]`
  return `CASE WHEN ${list.sql} IS NOT NULL THEN ${ended} END`
}

/** DuckDB's own takes a separator that is a constant. */
const join = scalar('athena_array_join', ['varchar[]', 'varchar'], 'varchar', (items, separator) =>
  items.join(separator),
)

function joined(texts: string, separator: Expr | undefined): string {
  return typeof separator?.literal === 'string'
    ? `array_to_string(${texts}, ${separator.sql})`
    : `${join.scalar}(${texts}, ${sqlOf(separator)})`
}

export const collectionFunctions: readonly Definition[] = [
  { signature: 'cardinality(array(T)) -> bigint', make: 'len($1)' },
  { signature: 'cardinality(map(K,V)) -> bigint', make: 'CAST(cardinality($1) AS BIGINT)' },
  {
    signature: 'element_at(array(T), bigint) -> T',
    make: ([list, place], type, { bind, fail }) =>
      bind(
        list && place ? [place] : [],
        (i) =>
          `CASE WHEN ${i} = 0 THEN ${fail('SQL array indices start at 1', type)} ELSE list_extract(${sqlOf(list)}, ${i}) END`,
      ),
  },
  { signature: 'element_at(map(K,V), K) -> V', make: 'list_extract(map_extract($1, $2), 1)' },
  {
    signature: 'contains(array(T), T) -> boolean',
    make: `CASE WHEN list_contains($1, $2) THEN true WHEN $1 IS NULL OR $2 IS NULL OR ${hasNull('$1')} THEN NULL ELSE false END`,
  },
  {
    signature: 'array_position(array(T), T) -> bigint',
    make: 'CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN CAST(coalesce(list_position($1, $2), 0) AS BIGINT) END',
  },
  {
    signature: 'array_remove(array(T), T) -> array(T)',
    make: ([list, value], _, { fresh, bind }) => {
      const x = fresh()
      return bind(
        value ? [value] : [],
        (v) =>
          `CASE WHEN ${v} IS NOT NULL THEN list_filter(${sqlOf(list)}, lambda ${x}: ${x} IS NULL OR ${x} <> ${v}) END`,
      )
    },
  },
  {
    signature: 'array_distinct(array(T)) -> array(T)',
    make: ([list], _, tools) => distinct(sqlOf(list), tools),
  },
  {
    signature: 'array_union(array(T), array(T)) -> array(T)',
    make: ([a, b], _, tools) =>
      tools.bind(
        a && b ? [a, b] : [],
        (x, y) =>
          `CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN ${distinct(`list_concat(${x}, ${y})`, tools)} END`,
      ),
  },
  {
    signature: 'array_except(array(T), array(T)) -> array(T)',
    make: ([a, b], _, tools) => {
      const e = tools.fresh()
      return tools.bind(
        b ? [b] : [],
        (y) =>
          `CASE WHEN ${y} IS NOT NULL THEN list_filter(${distinct(sqlOf(a), tools)}, lambda ${e}: list_position(${y}, ${e}) IS NULL) END`,
      )
    },
  },
  {
    signature: 'array_intersect(array(T), array(T)) -> array(T)',
    make: ([a, b], _, tools) => {
      const e = tools.fresh()
      return tools.bind(
        b ? [b] : [],
        (y) =>
          `CASE WHEN ${y} IS NOT NULL THEN list_filter(${distinct(sqlOf(a), tools)}, lambda ${e}: list_position(${y}, ${e}) IS NOT NULL) END`,
      )
    },
  },
  {
    signature: 'arrays_overlap(array(T), array(T)) -> boolean',
    make: ([a, b], _, { fresh, bind }) => {
      const e = fresh()
      return bind(
        a && b ? [a, b] : [],
        (x, y) =>
          `CASE WHEN ${x} IS NULL OR ${y} IS NULL THEN NULL WHEN len(list_filter(${x}, lambda ${e}: ${e} IS NOT NULL AND list_contains(${y}, ${e}))) > 0 THEN true WHEN (len(${x}) > 0 AND len(${y}) > 0) AND (${hasNull(x)} OR ${hasNull(y)}) THEN NULL ELSE false END`,
      )
    },
  },
  { signature: 'array_max(array(O)) -> O', make: `CASE WHEN NOT (${hasNull('$1')}) THEN list_max($1) END` },
  { signature: 'array_min(array(O)) -> O', make: `CASE WHEN NOT (${hasNull('$1')}) THEN list_min($1) END` },
  { signature: 'array_sort(array(O)) -> array(O)', make: "list_sort($1, 'ASC', 'NULLS LAST')" },
  { signature: 'array_sort(array(T), function(T,T,integer)) -> array(T)', make: sortBy },
  {
    signature: 'array_join(array(T), varchar) -> varchar',
    uses: [join],
    make: ([list, separator], _, tools) => {
      const x = tools.fresh()
      const text = list && tools.cast(tools.expr(x, item(list.type), true), varchar)
      return joined(
        `list_filter(list_transform(${sqlOf(list)}, lambda ${x}: ${text}), lambda ${x}: ${x} IS NOT NULL)`,
        separator,
      )
    },
  },
  {
    signature: 'array_join(array(T), varchar, varchar) -> varchar',
    uses: [join],
    make: ([list, separator, missing], _, tools) => {
      const x = tools.fresh()
      const text = list && tools.cast(tools.expr(x, item(list.type), true), varchar)
      return joined(
        `list_transform(${sqlOf(list)}, lambda ${x}: coalesce(${text}, ${sqlOf(missing)}))`,
        separator,
      )
    },
  },
  {
    signature: 'slice(array(T), bigint, bigint) -> array(T)',
    make: ([list, start, length], type, { bind, fail }) =>
      bind(list && start && length ? [list, start, length] : [], (l, s, n) => {
        const from = `CASE WHEN ${s} > 0 THEN ${s} ELSE len(${l}) + ${s} + 1 END`
        return `CASE WHEN ${l} IS NULL OR ${s} IS NULL OR ${n} IS NULL THEN NULL WHEN ${s} = 0 THEN ${fail('SQL array indices start at 1', type)} WHEN ${n} < 0 THEN ${fail('length must be greater than or equal to 0', type)} WHEN ${n} = 0 OR ${from} < 1 OR ${from} > len(${l}) THEN list_slice(${l}, 1, 0) ELSE list_slice(${l}, ${from}, least(${from} + ${n} - 1, len(${l}))) END`
      }),
  },
  { signature: 'sequence(bigint, bigint) -> array(bigint)', make: numbers },
  { signature: 'sequence(bigint, bigint, bigint) -> array(bigint)', make: numbers },
  { signature: 'sequence(date, date) -> array(date)', make: dates },
  { signature: 'sequence(date, date, interval day to second) -> array(date)', make: dates },
  { signature: 'sequence(date, date, interval year to month) -> array(date)', make: byMonths('DATE') },
  {
    signature: 'sequence(timestamp(p), timestamp(p), interval day to second) -> array(timestamp(p))',
    make: timestamps,
  },
  {
    signature: 'sequence(timestamp(p), timestamp(p), interval year to month) -> array(timestamp(p))',
    make: byMonths('TIMESTAMP'),
  },
  {
    signature: 'repeat(T, bigint) -> array(T)',
    make: ([value, count], type, { bind, fail, fresh }) => {
      const i = fresh()
      return bind(
        value && count ? [value, count] : [],
        (v, n) =>
          `CASE WHEN ${n} < 0 THEN ${fail('count argument of repeat function must not be negative', type)} WHEN ${n} > ${entriesMax} THEN ${fail(`count argument of repeat function must be less than or equal to ${entriesMax}`, type)} ELSE list_transform(range(0, ${n}), lambda ${i}: ${v}) END`,
      )
    },
  },
  { signature: 'flatten(array(array(T))) -> array(T)', make: 'flatten($1)' },
  { signature: 'reverse(array(T)) -> array(T)', make: 'list_reverse($1)' },
  {
    signature: 'trim_array(array(T), bigint) -> array(T)',
    make: ([list, count], type, { bind, fail }) =>
      bind(
        list && count ? [list, count] : [],
        (l, n) =>
          `CASE WHEN ${n} < 0 THEN ${fail('size must not be negative', type)} WHEN ${n} > len(${l}) THEN ${fail('size must not exceed array cardinality', type)} ELSE list_slice(${l}, 1, len(${l}) - ${n}) END`,
      ),
  },
  {
    signature: 'ngrams(array(T), bigint) -> array(array(T))',
    make: ([list, count], type, { bind, fail, fresh }) => {
      const i = fresh()
      return bind(
        list && count ? [list, count] : [],
        (l, n) =>
          `CASE WHEN ${l} IS NULL OR ${n} IS NULL THEN NULL WHEN ${n} <= 0 THEN ${fail('N must be positive', type)} ELSE list_transform(range(1, greatest(len(${l}) - ${n} + 2, 2)), lambda ${i}: list_slice(${l}, ${i}, least(${i} + ${n} - 1, len(${l})))) END`,
      )
    },
  },
  { signature: 'zip(array(T), array(U)) -> array(row(T, U))', make: zip },
  { signature: 'zip(array(T), array(U), array(V)) -> array(row(T, U, V))', make: zip },
  { signature: 'zip(array(T), array(U), array(V), array(K)) -> array(row(T, U, V, K))', make: zip },
  {
    signature: 'zip_with(array(T), array(U), function(T,U,R)) -> array(R)',
    make: ([a, b, lambda], _, tools) => {
      const i = tools.fresh()
      return tools.bind(a && b ? [a, b] : [], (x, y) => {
        const made = lambda
          ? tools.apply(lambda, `list_extract(${x}, ${i})`, `list_extract(${y}, ${i})`)
          : 'NULL'
        return `CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN list_transform(range(1, greatest(len(${x}), len(${y})) + 1), lambda ${i}: ${made}) END`
      })
    },
  },
  {
    signature: 'transform(array(T), function(T,U)) -> array(U)',
    make: ([list, lambda], _, { fresh, apply }) => {
      const x = fresh()
      return `list_transform(${sqlOf(list)}, lambda ${x}: ${lambda ? apply(lambda, x) : 'NULL'})`
    },
  },
  {
    signature: 'filter(array(T), function(T,boolean)) -> array(T)',
    make: ([list, lambda], _, { fresh, apply }) => {
      const x = fresh()
      return `list_filter(${sqlOf(list)}, lambda ${x}: coalesce(${lambda ? apply(lambda, x) : 'NULL'}, false))`
    },
  },
  { signature: 'any_match(array(T), function(T,boolean)) -> boolean', make: match(true, true) },
  { signature: 'all_match(array(T), function(T,boolean)) -> boolean', make: match(false, false) },
  { signature: 'none_match(array(T), function(T,boolean)) -> boolean', make: match(true, false) },
  { signature: 'reduce(array(T), S, function(S,T,S), function(S,R)) -> R', make: reduce },
  { signature: 'map() -> map(unknown,unknown)', make: 'map(CAST([] AS INTEGER[]), CAST([] AS INTEGER[]))' },
  {
    signature: 'map(array(K), array(V)) -> map(K,V)',
    make: ([k, v], type, tools) => checkedMap(sqlOf(k), sqlOf(v), type, tools),
  },
  {
    signature: 'map_from_entries(array(row(K, V))) -> map(K,V)',
    make: ([list], type, tools) => {
      const e = tools.fresh()
      const row = list && item(list.type)
      if (!list || row?.kind !== 'row') return 'NULL'
      const [k = '', v = ''] = fieldNames(row)
      return tools.bind([list], (l) => {
        const each = (name: string) =>
          `list_transform(${l}, lambda ${e}: struct_extract(${e}, ${quoteText(name)}))`
        return `CASE WHEN ${hasNull(l)} THEN ${tools.fail('map entry cannot be null', type)} ELSE ${checkedMap(each(k), each(v), type, tools)} END`
      })
    },
  },
  {
    signature: 'map_entries(map(K,V)) -> array(row(K, V))',
    make: ([map], _, { fresh }) => {
      const e = fresh()
      return `list_transform(map_entries(${sqlOf(map)}), lambda ${e}: struct_pack(field0 := ${entry(e, 'key')}, field1 := ${entry(e, 'value')}))`
    },
  },
  { signature: 'map_keys(map(K,V)) -> array(K)', make: 'map_keys($1)' },
  { signature: 'map_values(map(K,V)) -> array(V)', make: 'map_values($1)' },
  {
    signature: 'map_concat(map(K,V), map(K,V)...) -> map(K,V)',
    make: ([...maps], _, { bind }) =>
      bind(
        maps,
        (...names) =>
          `CASE WHEN ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} THEN map_concat(${names.join(', ')}) END`,
      ),
  },
  {
    signature: 'map_filter(map(K,V), function(K,V,boolean)) -> map(K,V)',
    make: ([map, lambda], _, tools) =>
      overEntries(
        map,
        lambda,
        tools,
        (entries, e, applied) =>
          `map_from_entries(list_filter(${entries}, lambda ${e}: coalesce(${applied}, false)))`,
      ),
  },
  {
    signature: 'transform_values(map(K,V), function(K,V,U)) -> map(K,U)',
    make: ([map, lambda], _, tools) =>
      overEntries(
        map,
        lambda,
        tools,
        (entries, e, applied) =>
          `map_from_entries(list_transform(${entries}, lambda ${e}: struct_pack(k := ${entry(e, 'key')}, v := ${applied})))`,
      ),
  },
  {
    signature: 'transform_keys(map(K,V), function(K,V,U)) -> map(U,V)',
    make: ([map, lambda], type, tools) =>
      tools.bind(map ? [map] : [], (m) => {
        const e = tools.fresh()
        const keys = `list_transform(map_entries(${m}), lambda ${e}: ${lambda ? tools.apply(lambda, entry(e, 'key'), entry(e, 'value')) : 'NULL'})`
        return checkedMap(keys, `map_values(${m})`, type, tools)
      }),
  },
  {
    signature: 'map_zip_with(map(K,V), map(K,U), function(K,V,U,R)) -> map(K,R)',
    make: ([a, b, lambda], _, tools) =>
      tools.bind(a && b ? [a, b] : [], (x, y) => {
        const k = tools.fresh()
        const of = (map: string) => `list_extract(map_extract(${map}, ${k}), 1)`
        const keys = distinct(`list_concat(map_keys(${x}), map_keys(${y}))`, tools)
        return tools.bind(
          [tools.expr(keys, { kind: 'unknown' })],
          (all) =>
            `CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN map(${all}, list_transform(${all}, lambda ${k}: ${lambda ? tools.apply(lambda, k, of(x), of(y)) : 'NULL'})) END`,
        )
      }),
  },
]

export const refusedCollections: { readonly [name: string]: string } = {
  combinations: 'join the list with itself by UNNEST',
  array_histogram: 'use UNNEST and histogram',
  contains_sequence: 'use array_join and strpos, or any_match',
  uuid: 'use change.id, or to_hex(sha256(to_utf8(x)))',
  version: 'ask Athena itself',
  shuffle: 'use ORDER BY with a column',
  multimap_from_entries: 'use UNNEST and multimap_agg',
}
