import type { Alias, Identifier, Join, Query, Relation, Unnest } from '../syntax.ts'
import { startsExpression } from './call.ts'
import {
  advance,
  expect,
  isName,
  mismatch,
  nested,
  peek,
  readExpression,
  readList,
  readName,
  readParenthesized,
  readQualifiedName,
  refuse,
  sees,
  seesName,
  seesOneOf,
  type TokenCursor,
  takeKeys,
} from './cursor.ts'
import { seesLimit, seesMoreOfQuery, seesQuery, withoutWith } from './group.ts'

/** A relation with its joins. */
export function readRelation(cursor: TokenCursor, first?: Relation): Relation {
  let left = readSampled(cursor, first)
  for (;;) {
    const { at } = left
    if (sees(cursor, 'NATURAL'))
      refuse(peek(cursor), 'NATURAL JOIN is not supported, in Athena either; write JOIN … USING (column)')
    if (takeKeys(cursor, 'CROSS')) {
      expect(cursor, 'JOIN')
      left = { kind: 'join', at, type: 'cross', left, right: readSampled(cursor) }
      continue
    }
    const type = readJoinType(cursor)
    if (!type) return left
    // The right side may have joins of its own before ON: `a JOIN b JOIN c ON … ON …`.
    const right = nested(cursor, () => readRelation(cursor))
    left = { kind: 'join', at, type, left, right, ...readCriteria(cursor) }
  }
}

const joinTypes: { readonly [key: string]: Join['type'] } = { LEFT: 'left', RIGHT: 'right', FULL: 'full' }

function readJoinType(cursor: TokenCursor): Join['type'] | undefined {
  if (takeKeys(cursor, 'JOIN')) return 'inner'
  const outer = joinTypes[peek(cursor).key]
  if (!outer && !sees(cursor, 'INNER')) return undefined
  advance(cursor)
  if (outer) takeKeys(cursor, 'OUTER')
  expect(cursor, 'JOIN')
  return outer ?? 'inner'
}

function readCriteria(cursor: TokenCursor): Pick<Join, 'on' | 'using'> {
  if (takeKeys(cursor, 'ON')) return { on: readExpression(cursor) }
  if (takeKeys(cursor, 'USING')) return { using: readColumnNames(cursor) }
  throw mismatch(cursor, 'ON', 'USING')
}

function readSampled(cursor: TokenCursor, first?: Relation): Relation {
  const relation = first ?? readPrimaryRelation(cursor)
  if (sees(cursor, 'FOR')) refuseTimeTravel(cursor)
  const alias = readTableAlias(cursor)
  const aliased = alias ? withAlias(relation, alias) : relation
  if (sees(cursor, 'MATCH_RECOGNIZE', '('))
    refuse(peek(cursor), 'MATCH_RECOGNIZE is not supported; use window functions such as lag and lead')
  if (!seesOneOf(cursor, ['TABLESAMPLE'])) return aliased
  const { at } = advance(cursor)
  const isBernoulli = takeKeys(cursor, 'BERNOULLI')
  if (!isBernoulli && !takeKeys(cursor, 'SYSTEM')) throw mismatch(cursor, 'BERNOULLI', 'SYSTEM')
  const percent = readParenthesized(cursor, readExpression)
  if (aliased.kind === 'join')
    refuse({ ...peek(cursor), at }, 'TABLESAMPLE of a join is not supported; sample each table')
  const sample = { method: isBernoulli ? 'bernoulli' : 'system', percent, at } as const
  return aliased.sample ? { ...everythingOf(aliased), sample } : { ...aliased, sample }
}

function refuseTimeTravel(cursor: TokenCursor): never {
  refuse(
    peek(cursor),
    'FOR TIMESTAMP AS OF and FOR VERSION AS OF are for Iceberg tables; here every earlier version is a row: compare change.timestamp',
  )
}

function readPrimaryRelation(cursor: TokenCursor): Relation {
  const token = peek(cursor)
  const { at } = token
  if (sees(cursor, '(')) return relationOf(readParenthesized(cursor, readRelationGroup), at)
  if (sees(cursor, 'UNNEST')) return readUnnest(cursor)
  if (takeKeys(cursor, 'LATERAL', '(')) {
    const query = cursor.queries.read(cursor)
    expect(cursor, ')')
    return { kind: 'lateral', at, query }
  }
  if (sees(cursor, 'JSON_TABLE'))
    refuse(token, 'JSON_TABLE is not supported; use json_extract, a CAST to ARRAY(JSON), and UNNEST')
  if (sees(cursor, 'TABLE', '('))
    refuse(
      token,
      'table functions are not supported; use UNNEST(sequence(…)) for a series of numbers or dates',
    )
  if (sees(cursor, 'TABLE') || sees(cursor, 'SELECT') || sees(cursor, 'VALUES'))
    refuse(token, `a query in FROM stands in parentheses: FROM (${token.key} …)`)
  if (!seesName(cursor)) throw mismatch(cursor, 'a name', "'('")
  const name = readQualifiedName(cursor)
  if (sees(cursor, '(') && name.length === 1)
    refuse(token, `a function in FROM is not supported; write FROM UNNEST(…) for the items of a list`)
  return { kind: 'table', at, name }
}

function readUnnest(cursor: TokenCursor): Unnest {
  const { at } = expect(cursor, 'UNNEST')
  const expressions = readParenthesized(cursor, () => readList(cursor, readExpression))
  const withOrdinality = takeKeys(cursor, 'WITH')
  if (withOrdinality) expect(cursor, 'ORDINALITY')
  return { kind: 'unnest', at, expressions, withOrdinality }
}

type RelationGroup = { readonly query: Query } | { readonly query?: undefined; readonly relation: Relation }

/** Behind `(`: a query, or a relation. As with expressions, only what follows an inner parenthesis tells which. */
function readRelationGroup(cursor: TokenCursor): RelationGroup {
  if (seesQuery(cursor) && !sees(cursor, 'TABLE', '(')) return { query: cursor.queries.read(cursor) }
  if (!sees(cursor, '(')) return { relation: nested(cursor, () => readRelation(cursor)) }
  const { at } = peek(cursor)
  const inner = nested(cursor, () => readParenthesized(cursor, readRelationGroup))
  if (inner.query && seesMoreOfQuery(cursor))
    return { query: cursor.queries.readOn(cursor, withoutWith(inner.query)) }
  if (inner.query && sees(cursor, ')')) return inner
  return { relation: readRelation(cursor, relationOf(inner, at)) }
}

const relationOf = (group: RelationGroup, at: number): Relation =>
  group.query ? { kind: 'subquery relation', at, query: group.query } : group.relation

/** `[AS] name` behind an expression, where the word is not the beginning of what follows. */
export function readAlias(cursor: TokenCursor): Identifier | undefined {
  if (takeKeys(cursor, 'AS')) return readName(cursor)
  return seesName(cursor) && !seesClause(cursor) ? readName(cursor) : undefined
}

function readTableAlias(cursor: TokenCursor): Alias | undefined {
  if (sees(cursor, 'LATERAL', 'VIEW'))
    refuse(peek(cursor), 'LATERAL VIEW is of Hive; write CROSS JOIN UNNEST(list) AS t(item)')
  const name = readAlias(cursor)
  return name && { name, columns: sees(cursor, '(') ? readColumnNames(cursor) : [] }
}

export function readColumnNames(cursor: TokenCursor): Identifier[] {
  return readParenthesized(cursor, () => readList(cursor, readName))
}

/** True where a word that could be a name begins a clause. */
function seesClause(cursor: TokenCursor): boolean {
  switch (peek(cursor).key) {
    case 'LIMIT':
    case 'OFFSET':
    case 'FETCH':
      return seesLimit(cursor)
    case 'WINDOW':
      return isName(peek(cursor, 1)) && peek(cursor, 2).key === 'AS' && peek(cursor, 3).key === '('
    case 'TABLESAMPLE':
      return seesOneOf(cursor, ['BERNOULLI', 'SYSTEM'], 1)
    case 'MATCH_RECOGNIZE':
      return peek(cursor, 1).key === '('
    // No clauses and operators of Trino's; taken as names they would make a message about what follows them.
    case 'QUALIFY':
    case 'ILIKE':
    case 'RLIKE':
    case 'REGEXP':
    case 'DIV':
      return startsExpression(peek(cursor, 1))
    default:
      return false
  }
}

/** A relation that has an alias already is put into a query of its own: `((t AS a) AS b)`. */
function withAlias(relation: Relation, alias: Alias): Relation {
  return relation.alias ? { ...everythingOf(relation), alias } : { ...relation, alias }
}

function everythingOf(relation: Relation): Extract<Relation, { kind: 'subquery relation' }> {
  const { at } = relation
  const items = [{ kind: 'all', at, aliases: [] }] as const
  const body = { kind: 'select', at, isDistinct: false, items, from: [relation], windows: [] } as const
  const query = {
    kind: 'query',
    at,
    with: [],
    isRecursive: false,
    body,
    orderBy: [],
    withTies: false,
  } as const
  return { kind: 'subquery relation', at, query }
}
