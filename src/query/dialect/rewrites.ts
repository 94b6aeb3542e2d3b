import { PipelineError } from '../../record/error.ts'
import { isObject, type Json, type JsonObject } from '../../record/type.ts'
import { textOf } from '../tree.ts'
import { specifiers } from './functions.ts'

/** A place where DuckDB reads Athena's SQL otherwise, and what is put there. */
export type Rewrite = {
  readonly name: string
  /** What Athena does. */
  readonly athena: string
  /** What DuckDB does with the statement as it is written. */
  readonly otherwise: string
  /** Queries, each with the rows that Athena gives, as JSON lists. */
  readonly examples: readonly (readonly [sql: string, rows: string])[]
  /** What takes the node's place in the parse tree, or undefined. Its children were rewritten before it. */
  readonly apply?: (node: JsonObject, context: RewriteContext) => JsonObject | undefined
}

export type RewriteContext = {
  /** What a column or field of this name is in the catalog's schemas: a list of records, a map, or something else. */
  readonly kindOf: (name: string) => 'records' | 'map' | 'other' | undefined
  /** The record types' table names, plural ones too, in lower case. */
  readonly tables: ReadonlySet<string>
  /** Those, and the views beside them. */
  readonly relations: ReadonlySet<string>
  /** A parse tree of a query that this project wrote. */
  readonly template: (name: TemplateName) => JsonObject
}

/** Queries whose parse trees are taken apart for their pieces. */
export const templates = {
  unnest: 'SELECT * FROM a CROSS JOIN LATERAL (SELECT unnest(v, max_depth := 2)) AS u',
  unnestMap: 'SELECT * FROM a CROSS JOIN LATERAL (SELECT unnest(map_entries(v), max_depth := 2)) AS u',
  ordinality: 'SELECT generate_subscripts(v, 1)',
  timestampWithZone: 'SELECT CAST(v AS TIMESTAMPTZ)',
  isTrue: 'SELECT CASE WHEN v THEN 1 END',
} as const
export type TemplateName = keyof typeof templates

const isFunction = (node: JsonObject, ...names: readonly string[]) =>
  node.class === 'FUNCTION' && names.includes(textOf(node.function_name).toLowerCase())

const childrenOf = (node: JsonObject): readonly JsonObject[] =>
  Array.isArray(node.children) ? node.children.filter(isObject) : []

/** A call of another function with the same arguments, in the usual form. */
function call(node: JsonObject, name: string, children: readonly Json[] = childrenOf(node)): JsonObject {
  return { ...node, function_name: name, children, is_operator: false }
}

/** A constant's value, undefined for any other expression. */
function constantOf(node: JsonObject | undefined): Json | undefined {
  const value = node?.class === 'CONSTANT' && isObject(node.value) ? node.value : undefined
  return value?.is_null === true ? undefined : value?.value
}

/** A number other than 0, in the form in which a tree has it: decimals as their digits. */
function isNonZero(node: JsonObject | undefined): boolean {
  const value = constantOf(node)
  return (
    (typeof value === 'number' || typeof value === 'string') && Number(value) !== 0 && textOf(value) !== ''
  )
}

const intervals = [
  'to_years',
  'to_months',
  'to_weeks',
  'to_days',
  'to_hours',
  'to_minutes',
  'to_seconds',
  'to_milliseconds',
]

/** The expression in a SELECT list of a template. */
function expressionOf(template: JsonObject): JsonObject {
  const [statement] = Array.isArray(template.statements) ? template.statements : []
  const node = isObject(statement) && isObject(statement.node) ? statement.node : {}
  const [expression] = Array.isArray(node.select_list) ? node.select_list : []
  return isObject(expression) ? expression : {}
}

function fromOf(template: JsonObject): JsonObject {
  const [statement] = Array.isArray(template.statements) ? template.statements : []
  const node = isObject(statement) && isObject(statement.node) ? statement.node : {}
  return isObject(node.from_table) ? node.from_table : {}
}

/** Puts an expression in the place of a column. */
function fill(tree: Json, value: JsonObject, name: string): Json {
  if (Array.isArray(tree)) return tree.map((item) => fill(item, value, name))
  if (!isObject(tree)) return tree
  if (tree.class === 'COLUMN_REF' && Array.isArray(tree.column_names) && tree.column_names.length === 1)
    return columnName(tree) === name ? value : tree
  return Object.fromEntries(Object.entries(tree).map(([field, item]) => [field, fill(item, value, name)]))
}

/** Puts an expression in the place of the column `v`, which templates have, or of another one. */
function filled(tree: JsonObject, value: JsonObject, name = 'v'): JsonObject {
  const result = fill(tree, value, name)
  return isObject(result) ? result : {}
}

export const rewrites: readonly Rewrite[] = [
  {
    name: 'division',
    athena:
      'Of integers the quotient is an integer, without its fraction; division of an integer or a decimal by zero fails.',
    otherwise: '`7 / 2` is 3.5, and division by zero gives infinity.',
    examples: [
      ['SELECT 7 / 2, -7 / 2, 7e0 / 2', '[[3,-3,3.5]]'],
      ['SELECT 1e0 / 0 > 1', '[[true]]'],
      ['SELECT COUNT(*) / 2 FROM (VALUES (1), (2), (3)) AS t(x)', '[[1]]'],
    ],
    apply: (node) => {
      if (!isFunction(node, '/') || node.is_operator !== true) return undefined
      const [left, right] = childrenOf(node)
      if (left && isFunction(left, ...intervals)) return undefined
      return isNonZero(right) ? { ...node, function_name: '//' } : call(node, 'athena_divide')
    },
  },
  {
    name: 'remainder',
    athena: 'The remainder of a division of an integer or a decimal by zero fails.',
    otherwise: 'It is NULL.',
    examples: [['SELECT 7 % 2, mod(-7, 2)', '[[1,-1]]']],
    apply: (node) => {
      if (!isFunction(node, '%', 'mod')) return undefined
      return isNonZero(childrenOf(node)[1]) ? undefined : call(node, 'athena_remainder')
    },
  },
  {
    name: 'column names',
    athena:
      'An expression without a name is called `_col0`, `_col1` and so on, by its place; a column keeps its name as it was typed.',
    otherwise: 'It is called after its text: `count_star()`.',
    examples: [],
  },
  {
    name: 'unnest',
    athena:
      'UNNEST of a list of records gives a column for each of their fields, of a map one for keys and one for values.',
    otherwise: 'It gives one column of records, and takes no map.',
    examples: [
      [
        "SELECT v.name, city FROM (SELECT ARRAY[CAST(ROW('Hall', 'Berlin') AS ROW(name VARCHAR, city VARCHAR))] AS venues) AS e CROSS JOIN UNNEST(e.venues) AS v",
        '[["Hall","Berlin"]]',
      ],
      [
        "SELECT path, value FROM (SELECT MAP(ARRAY['/a', '/b'], ARRAY['1', '2']) AS extra) AS e CROSS JOIN UNNEST(extra) AS x (path, value) ORDER BY path",
        '[["/a","1"],["/b","2"]]',
      ],
      ['SELECT x, n FROM UNNEST(ARRAY[5, 6]) WITH ORDINALITY AS t (x, n) ORDER BY n', '[[5,1],[6,2]]'],
    ],
    apply: (node, context) => {
      if (node.type !== 'JOIN' || !isObject(node.right)) return undefined
      const expanded = expandUnnest(node.right, context)
      return expanded && { ...node, right: expanded }
    },
  },
  {
    name: 'hidden column "$path"',
    athena: '`"$path"` is the address of the file that a row lies in; `SELECT *` leaves it out.',
    otherwise: 'There is no such column.',
    examples: [],
  },
  {
    name: 'date and interval',
    athena: 'A date and an interval give a date.',
    otherwise: 'They give a timestamp.',
    examples: [
      [
        "SELECT DATE '2025-02-13' - INTERVAL '7' DAY, INTERVAL '1' MONTH + DATE '2025-01-31'",
        '[["2025-02-06","2025-02-28"]]',
      ],
    ],
    apply: (node) => {
      if (!isFunction(node, '+', '-') || node.is_operator !== true) return undefined
      const [left, right] = childrenOf(node)
      if (!left || !right || isFunction(left, ...intervals) === isFunction(right, ...intervals))
        return undefined
      return call(node, 'cast_to_type', [node, isFunction(left, ...intervals) ? right : left])
    },
  },
  {
    name: 'date_parse',
    athena: '`date_parse(x, format)` reads a time, with the specifiers of `date_format`.',
    otherwise: 'DuckDB’s `strptime` has other specifiers.',
    examples: [["SELECT date_parse('13.2.2025 18:30', '%d.%c.%Y %H:%i')", '[["2025-02-13T18:30:00.000Z"]]']],
    apply: (node) => {
      if (!isFunction(node, 'date_parse')) return undefined
      const [text, format] = childrenOf(node)
      const given = constantOf(format)
      if (!text || !format || typeof given !== 'string' || !isObject(format.value)) return undefined
      const value = specifiers.reduce((told, [from, to]) => told.replaceAll(from, to), given)
      // Read as they are written, with and without a zero in front.
      const parsed = value.replaceAll('%-', '%')
      return call(node, 'strptime', [text, { ...format, value: { ...format.value, value: parsed } }])
    },
  },
  {
    name: 'day of the week',
    athena: '`EXTRACT(DOW FROM x)` is 1 on Monday and 7 on Sunday.',
    otherwise: 'Sunday is 0.',
    examples: [
      ["SELECT EXTRACT(DOW FROM DATE '2025-02-16'), EXTRACT(DAY_OF_WEEK FROM DATE '2025-02-10')", '[[7,1]]'],
    ],
    apply: (node) => {
      if (!isFunction(node, 'date_part')) return undefined
      const [part, ...rest] = childrenOf(node)
      const name = textOf(constantOf(part)).toLowerCase()
      if (!part || !isObject(part.value) || (name !== 'dow' && name !== 'day_of_week')) return undefined
      return call(node, 'date_part', [{ ...part, value: { ...part.value, value: 'isodow' } }, ...rest])
    },
  },
  {
    name: 'time zones',
    athena:
      'A timestamp without a zone counts as UTC in `x AT TIME ZONE z` and `at_timezone(x, z)`, whose hours are those of the zone.',
    otherwise: 'It counts as a time of the zone.',
    examples: [["SELECT hour(TIMESTAMP '2025-02-13 18:30:00' AT TIME ZONE 'America/New_York')", '[[13]]']],
    apply: (node, { template }) => {
      const children = childrenOf(node)
      const [zone, time] = isFunction(node, 'timezone')
        ? children
        : isFunction(node, 'at_timezone')
          ? [children[1], children[0]]
          : []
      if (!zone || !time) return undefined
      return call(node, 'timezone', [zone, filled(expressionOf(template('timestampWithZone')), time)])
    },
  },
  {
    name: 'approx_distinct',
    athena: '`approx_distinct(x)` estimates to 2.3%, or to the error that its second argument names.',
    otherwise: 'DuckDB’s own estimate may be further off, so the exact number is given.',
    examples: [
      ['SELECT approx_distinct(x), approx_distinct(x, 0.01) FROM (VALUES (1), (1), (2)) AS t(x)', '[[2,2]]'],
    ],
    apply: (node) => {
      if (textOf(node.function_name).toLowerCase() !== 'approx_distinct') return undefined
      return { ...node, function_name: 'count', distinct: true, children: childrenOf(node).slice(0, 1) }
    },
  },
  {
    name: 'count_if',
    athena: '`count_if` of nothing but NULL is 0.',
    otherwise: 'It is NULL.',
    examples: [
      ['SELECT count_if(x > 1), count_if(x IS NULL AND NULL) FROM (VALUES (1), (2)) AS t(x)', '[[1,0]]'],
    ],
    apply: (node, { template }) => {
      if (textOf(node.function_name).toLowerCase() !== 'count_if') return undefined
      const [condition] = childrenOf(node)
      return (
        condition && {
          ...node,
          function_name: 'count',
          children: [filled(expressionOf(template('isTrue')), condition)],
        }
      )
    },
  },
  {
    name: 'concat',
    athena: '`concat` with a NULL is NULL.',
    otherwise: 'It leaves the NULL out.',
    examples: [["SELECT concat('a', 'b', 'c'), concat('a', NULL)", '[["abc",null]]']],
    apply: (node) => {
      if (!isFunction(node, 'concat')) return undefined
      const [first, ...rest] = childrenOf(node)
      if (!first || rest.length === 0) return undefined
      return rest.reduce(
        (left, right) => ({ ...node, function_name: '||', is_operator: true, children: [left, right] }),
        first,
      )
    },
  },
  {
    name: 'element_at',
    athena:
      '`element_at(list, n)` counts from the end where n is negative; of a map it is the value, or NULL.',
    otherwise: 'It takes no list, and of a map it gives a list.',
    examples: [
      ['SELECT element_at(ARRAY[1, 2], -1), element_at(ARRAY[1], 9)', '[[2,null]]'],
      [
        "SELECT element_at(MAP(ARRAY['a'], ARRAY[1]), 'a'), element_at(MAP(ARRAY['a'], ARRAY[1]), 'b')",
        '[[1,null]]',
      ],
    ],
    apply: (node, { kindOf }) => {
      if (!isFunction(node, 'element_at')) return undefined
      const [whole, part] = childrenOf(node)
      const isMap =
        typeof constantOf(part) === 'string' || (whole !== undefined && kindOf(columnName(whole)) === 'map')
      return call(node, isMap ? 'athena_map_value' : 'list_extract')
    },
  },
  {
    name: 'lambdas',
    athena: '`transform`, `any_match`, `all_match`, `none_match` and `reduce` take a function as `x -> …`.',
    otherwise: 'They have other names, and `reduce` another order.',
    examples: [
      ['SELECT transform(ARRAY[1, 2], x -> x * 2), filter(ARRAY[1, 2], x -> x > 1)', '[[[2,4],[2]]]'],
      [
        'SELECT any_match(ARRAY[1, 2], x -> x > 1), all_match(ARRAY[1, 2], x -> x > 1), none_match(ARRAY[1, 2], x -> x > 2)',
        '[[true,false,true]]',
      ],
      ['SELECT reduce(ARRAY[1, 2, 3], 10, (s, x) -> s + x, s -> s * 10)', '[[160]]'],
    ],
    apply: (node) => {
      const [list, first, second, last] = childrenOf(node)
      if (!list || !first) return undefined
      if (isFunction(node, 'transform')) return call(node, 'list_transform')
      if (isFunction(node, 'reduce') && second) {
        const reduced = call(node, 'list_reduce', [list, second, first])
        if (!last) return reduced
        const ended = call(node, 'list_transform', [call(node, 'list_value', [reduced]), last])
        return call(node, 'list_extract', [ended, one])
      }
      const found = call(node, 'len', [call(node, 'list_filter')])
      const compare = (type: string, right: JsonObject): JsonObject => ({
        class: 'COMPARISON',
        type,
        left: found,
        right,
      })
      if (isFunction(node, 'any_match')) return compare('COMPARE_GREATERTHAN', zero)
      if (isFunction(node, 'none_match')) return compare('COMPARE_EQUAL', zero)
      if (isFunction(node, 'all_match')) return compare('COMPARE_EQUAL', call(node, 'len', [list]))
      return undefined
    },
  },
  {
    name: 'lambdas of two arguments',
    athena:
      '`map_filter`, `transform_keys`, `transform_values` and `zip_with` take a function as `(a, b) -> …`.',
    otherwise: 'There are no such functions.',
    examples: [
      [
        "SELECT map_filter(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1), transform_values(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> k || CAST(v AS varchar))",
        '[[{"b":2},{"a":"a1"}]]',
      ],
      ["SELECT transform_keys(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))", '[[{"A":1}]]'],
      ['SELECT zip_with(ARRAY[1, 2], ARRAY[3, 4], (a, b) -> a + b)', '[[[4,6]]]'],
    ],
    apply: (node) => {
      const mapped = mapLambdas.find((name) => isFunction(node, name))
      if (!mapped && !isFunction(node, 'zip_with')) return undefined
      const children = childrenOf(node)
      const lambda = children.at(-1)
      const names = lambda && isObject(lambda.lhs) ? childrenOf(lambda.lhs).map(columnName) : []
      const [key, value] = names
      if (!lambda || !isObject(lambda.expr) || !key || !value || names.length !== 2) return undefined
      const body = lambda.expr
      // The lambda of one argument whose body has the expressions given in place of the two.
      const over = (
        parameter: string,
        given: readonly (readonly [string, JsonObject])[],
        wrap = (result: JsonObject) => result,
      ) => ({
        ...lambda,
        lhs: column(parameter),
        expr: wrap(given.reduce<JsonObject>((tree, [from, by]) => filled(tree, by, from), body)),
      })
      const entry = (field: string) => column('one entry', field)
      if (mapped) {
        const given = [
          [key, entry('key')],
          [value, entry('value')],
        ] as const
        const all = call(node, 'map_entries', children.slice(0, 1))
        const pair = (left: JsonObject, right: JsonObject) => call(node, 'row', [left, right])
        const inner =
          mapped === 'map_filter'
            ? call(node, 'list_filter', [all, over('one entry', given)])
            : call(node, 'list_transform', [
                all,
                over('one entry', given, (result) =>
                  mapped === 'transform_keys' ? pair(result, entry('value')) : pair(entry('key'), result),
                ),
              ])
        return call(node, 'map_from_entries', [inner])
      }
      const [left, right] = children
      if (!left || !right) return undefined
      const place = column('one place')
      const at = (list: JsonObject) => call(node, 'list_extract', [list, place])
      const longest = call(node, 'greatest', [call(node, 'len', [left]), call(node, 'len', [right])])
      return call(node, 'list_transform', [
        call(node, 'generate_series', [one, longest]),
        over('one place', [
          [key, at(left)],
          [value, at(right)],
        ]),
      ])
    },
  },
  {
    name: 'format',
    athena: "`format('%s has %d', a, b)` has the patterns of Java.",
    otherwise: 'It has those of Python; `printf` has these, without thousands’ commas.',
    examples: [["SELECT format('%s has %d, %05.1f %%', 'x', 5, 2.25e0)", '[["x has 5, 002.2 %"]]']],
    apply: (node) => {
      if (!isFunction(node, 'format')) return undefined
      const pattern = constantOf(childrenOf(node)[0])
      if (typeof pattern === 'string' && printfPattern.test(pattern)) return call(node, 'printf')
      throw new PipelineError(
        'QUERY_FAILED',
        'format takes one text of %s, %d, %x, %e and %f with a width and digits, as in %5d and %.2f; put others together by || and lpad',
      )
    },
  },
  {
    name: 'json_value',
    athena: "`json_value(x, 'lax $.a')` is a text; `json_exists` says whether there is one.",
    otherwise: 'The path has no mode, and the value is JSON.',
    examples: [
      [
        `SELECT json_value('{"a": "x"}', 'lax $.a'), json_exists('{"a": 1}', 'strict $.a'), json_exists('{}', 'lax $.a')`,
        '[["x",true,false]]',
      ],
    ],
    apply: (node) => {
      if (!isFunction(node, 'json_value', 'json_exists')) return undefined
      const [json, path] = childrenOf(node)
      const given = constantOf(path)
      if (!json || !path || !isObject(path.value) || typeof given !== 'string') return undefined
      const bare = { ...path, value: { ...path.value, value: given.replace(/^\s*(?:lax|strict)\s+/i, '') } }
      return call(node, isFunction(node, 'json_value') ? 'json_extract_scalar' : 'json_exists', [json, bare])
    },
  },
  {
    name: 'rows',
    athena: "`ROW(1, 'a')` has fields without names, `field0` and `field1` in JSON.",
    otherwise: 'The last of them hides the others.',
    examples: [["SELECT ROW(1, 'a')", '[[{"field0":1,"field1":"a"}]]']],
    // Elsewhere its names are given by a CAST, or it is compared with another, or is what a lambda takes.
    apply: (node) => {
      if (node.type !== 'SELECT_NODE' || !Array.isArray(node.select_list)) return undefined
      const list = node.select_list.map((item: Json) =>
        isObject(item) && isFunction(item, 'row') && childrenOf(item).length > 0 ? packed(item) : item,
      )
      return list.some((item: Json, index) => item !== (node.select_list as readonly Json[])[index])
        ? { ...node, select_list: list }
        : undefined
    },
  },
  {
    name: 'database names',
    athena: 'A table may be named with its database, and that with its catalog: `dmd.demand`.',
    otherwise: 'There are no such databases.',
    examples: [],
    apply: (node, { relations }) => {
      if (node.type !== 'BASE_TABLE' || textOf(node.schema_name) === '') return undefined
      const isOurs = relations.has(textOf(node.table_name).toLowerCase())
      if (!isOurs || ownSchemas.has(textOf(node.schema_name).toLowerCase())) return undefined
      const { schema_name: _, catalog_name: __, ...table } = node
      return table
    },
  },
]

function packed(row: JsonObject): JsonObject {
  const children = childrenOf(row).map((child, index) => ({ ...child, alias: `field${index}` }))
  return call(row, 'struct_pack', children)
}

const ownSchemas: ReadonlySet<string> = new Set(['main', 'with_path', 'information_schema', 'pg_catalog'])

const integer = (value: number): JsonObject => ({
  class: 'CONSTANT',
  type: 'VALUE_CONSTANT',
  value: { type: { id: 'INTEGER' }, is_null: false, value },
})
const zero = integer(0)
const one = integer(1)

const column = (...names: readonly string[]): JsonObject => ({
  class: 'COLUMN_REF',
  type: 'COLUMN_REF',
  column_names: names,
})

const mapLambdas = ['map_filter', 'transform_keys', 'transform_values'] as const
const printfPattern = /^(?:[^%]|%%|%-?0?\d{0,4}(?:\.\d{1,3})?[sdxXeEf])*$/

/** The last name of a column or a field; empty for any other expression. */
function columnName(node: JsonObject): string {
  const names = node.class === 'COLUMN_REF' && Array.isArray(node.column_names) ? node.column_names : []
  return textOf(names.at(-1)).toLowerCase()
}

function expandUnnest(table: JsonObject, { kindOf, template }: RewriteContext): JsonObject | undefined {
  if (table.type !== 'TABLE_FUNCTION' || !isObject(table.function) || !isFunction(table.function, 'unnest'))
    return undefined
  const [value, ...more] = childrenOf(table.function)
  if (!value || more.length > 0) return undefined
  const kind = kindOf(columnName(value))
  if (kind !== 'records' && kind !== 'map') return undefined
  const join = fromOf(template(kind === 'map' ? 'unnestMap' : 'unnest'))
  const lateral = isObject(join.right) ? filled(join.right, value) : {}
  const { alias, column_name_alias: names } = table
  const named = {
    ...lateral,
    ...(alias === undefined ? {} : { alias }),
    ...(names === undefined ? {} : { column_name_alias: names }),
  }
  if (textOf(table.with_ordinality) !== 'WITH_ORDINALITY') return named
  return addColumn(named, filled(expressionOf(template('ordinality')), value))
}

/** Adds an expression to the SELECT list of a subquery in FROM. */
function addColumn(table: JsonObject, expression: JsonObject): JsonObject {
  const subquery = isObject(table.subquery) ? table.subquery : {}
  const node = isObject(subquery.node) ? subquery.node : {}
  const list = Array.isArray(node.select_list) ? node.select_list : []
  return { ...table, subquery: { ...subquery, node: { ...node, select_list: [...list, expression] } } }
}
