import { formNames, translateCall } from './call.ts'
import { callScalar, castTo } from './cast.ts'
import { emptyScope } from './context.ts'
import type { ColumnType, Environment, KnownRelation } from './environment.ts'
import { StatementError, toPipelineError } from './failure.ts'
import { allAggregates, allFunctions, allWindows, refusedFunctions } from './functions/index.ts'
import { parseStatement } from './parser.ts'
import { translateQuery } from './query.ts'
import type { Expr } from './registry.ts'
import { parseSignature, type Signature } from './signature.ts'
import { createNames, fieldNames, quoteName, quoteText } from './sql.ts'
import { temporalScalars } from './temporal.ts'
import { createTools } from './tools.ts'
import { type SqlType, varchar } from './types.ts'

/** A statement of Athena's as DuckDB runs it. */
export type Translation = {
  /** `EXPLAIN ` and its options, or nothing. */
  readonly explain: string
  readonly sql: string
  /** What the result's columns are called, and of which of Athena's types they are. */
  readonly columns: readonly ColumnType[]
}

export type Translator = (sql: string) => Translation

/**
 * Makes the function that turns a SELECT of Athena's into DuckDB's.
 *
 * The function throws QUERY_FAILED, with the place, for a statement that Athena refuses, and for what is not done here.
 */
export function createTranslator(relations: readonly KnownRelation[]): Translator {
  const known = new Map(relations.map((relation) => [relation.name, relation]))
  return (sql) => {
    try {
      const statement = parseStatement(sql)
      const environment: Environment = {
        relations: known,
        ...functionsByName,
        fresh: createNames('v'),
        translateCall,
        translateQuery: (query, outer, common) => translateQuery(query, outer, common, environment),
      }
      const made = environment.translateQuery(statement.query, emptyScope, new Map())
      const explain = statement.kind === 'explain' ? `EXPLAIN ${statement.isAnalyze ? 'ANALYZE ' : ''}` : ''
      return {
        explain,
        sql: explain === '' ? shown(made.sql, made.columns, environment.fresh) : made.sql,
        columns: made.columns,
      }
    } catch (error) {
      if (error instanceof StatementError) throw toPipelineError(error, sql)
      throw error
    }
  }
}

function byName(
  definitions: readonly { readonly signature: string }[],
): ReadonlyMap<string, readonly Signature[]> {
  const found = new Map<string, Signature[]>()
  for (const definition of definitions) {
    const signature = parseSignature(definition as never)
    found.set(signature.name, [...(found.get(signature.name) ?? []), signature])
  }
  return found
}

const functionsByName = {
  functions: byName(allFunctions),
  aggregates: byName(allAggregates),
  windows: byName(allWindows),
  refused: new Map(Object.entries(refusedFunctions)),
}

/** The names of all functions that a statement may call. */
export const functionNames: readonly string[] = [
  ...new Set([
    ...functionsByName.functions.keys(),
    ...functionsByName.aggregates.keys(),
    ...functionsByName.windows.keys(),
    ...formNames,
  ]),
].sort()

/** A result whose values have a form that people read: intervals and times with a zone as Athena writes them. */
function shown(sql: string, columns: readonly ColumnType[], fresh: () => string): string {
  if (!columns.some(({ type }) => isSpecial(type))) return sql
  const q = fresh()
  const items = columns.map(
    ({ type }, index) => `${show({ sql: `${q}.c${index}`, type, isCheap: true }, fresh)} AS c${index}`,
  )
  return `SELECT ${items.join(', ')} FROM (${sql}) AS ${q}`
}

function isSpecial(type: SqlType): boolean {
  switch (type.kind) {
    case 'interval day to second':
    case 'interval year to month':
    case 'timestamp with time zone':
    case 'time':
      return true
    case 'array':
      return isSpecial(type.items)
    case 'map':
      return isSpecial(type.key) || isSpecial(type.value)
    case 'row':
      return type.fields.some(({ type: of }) => isSpecial(of))
    default:
      return false
  }
}

function show(value: Expr, fresh: () => string): string {
  const { sql, type } = value
  if (!isSpecial(type)) return sql
  const x = fresh()
  const inner = (name: string, of: SqlType) => show({ sql: name, type: of, isCheap: true }, fresh)
  switch (type.kind) {
    case 'interval day to second':
      return callScalar(temporalScalars.dayIntervalText, sql)
    case 'interval year to month':
      return callScalar(temporalScalars.yearIntervalText, sql)
    case 'array':
      return `list_transform(${sql}, lambda ${x}: ${inner(x, type.items)})`
    case 'map':
      return `map_from_entries(list_transform(map_entries(${sql}), lambda ${x}: struct_pack(k := ${inner(`struct_extract(${x}, 'key')`, type.key)}, v := ${inner(`struct_extract(${x}, 'value')`, type.value)})))`
    case 'row': {
      const fields = fieldNames(type).map(
        (name, index) =>
          `${quoteName(name)} := ${inner(`struct_extract(${sql}, ${quoteText(name)})`, type.fields[index]?.type ?? varchar)}`,
      )
      return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
    }
    default:
      return castTo(value, varchar, { ...createTools(fresh), isTry: false }) ?? sql
  }
}
