import { StatementError } from './failure.ts'
import type { Expr } from './registry.ts'
import type { Identifier } from './syntax.ts'
import type { SqlType } from './types.ts'

/** A column of a relation in FROM. */
export type ScopeField = {
  /** Absent for a column that nothing named. */
  readonly name?: string
  /** The relation's alias, or its name from the catalog down: `['awsdatacatalog', 'dmd', 'demand']`. */
  readonly qualifier: readonly string[]
  readonly type: SqlType
  readonly sql: string
  /** Left out of `*`, as `$path` is. */
  readonly isHidden?: true
  /** Called when the column is used. */
  readonly onUse?: () => void
}

/** The columns that an expression may name: those of its own FROM, then those of the query around it. */
export type Scope = { readonly fields: readonly ScopeField[]; readonly outer?: Scope }

export const emptyScope: Scope = { fields: [] }

/** The column of a scope by its name, with the parts before it where there are some; undefined where none fits. */
export function findField(
  scope: Scope,
  qualifier: readonly string[],
  name: Identifier,
): ScopeField | undefined {
  for (let at: Scope | undefined = scope; at; at = at.outer) {
    const found = at.fields.filter(
      (field) =>
        field.name?.toLowerCase() === name.name.toLowerCase() && isQualifiedBy(field.qualifier, qualifier),
    )
    if (found.length > 1)
      throw new StatementError(
        name.at,
        `Column '${[...qualifier, name.name].join('.')}' is ambiguous: several relations of FROM have it; write the relation before it, as in t.${name.name}`,
      )
    const [field] = found
    if (!field) continue
    field.onUse?.()
    return field
  }
  return undefined
}

function isQualifiedBy(of: readonly string[], qualifier: readonly string[]): boolean {
  if (qualifier.length > of.length) return false
  return qualifier.every(
    (part, index) => of[of.length - qualifier.length + index]?.toLowerCase() === part.toLowerCase(),
  )
}

export function toExpr(field: ScopeField): Expr {
  return { sql: field.sql, type: field.type, isCheap: true }
}

/** The error of a name that nothing has, with the names that may have been meant. */
export function unresolved(scope: Scope, qualifier: readonly string[], name: Identifier): StatementError {
  const written = [...qualifier, name.name].join('.')
  const names: string[] = []
  for (let at: Scope | undefined = scope; at; at = at.outer)
    for (const field of at.fields) {
      if (field.name === undefined || field.isHidden) continue
      names.push(field.name)
      if (field.type.kind === 'row')
        for (const inner of field.type.fields)
          if (inner.name !== undefined) names.push(`${field.name}.${inner.name}`)
    }
  const close = similar(written, names)
  const hint = close.length > 0 ? `; did you mean ${close.join(' or ')}?` : ''
  return new StatementError(name.at, `Column '${written}' cannot be resolved${hint}`)
}

/** Up to three of the names that are like a word, most like first. */
export function similar(word: string, names: Iterable<string>): readonly string[] {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const wanted = plain(word.slice(0, 60))
  const most = Math.max(1, Math.floor(wanted.length / 3))
  const scored = [...new Set(names)]
    .filter((name) => name.length <= 100)
    .map((name) => {
      const own = plain(name)
      const tail = plain(name.split('.').at(-1) ?? name)
      const isSame = own === wanted || tail === wanted
      return { name, distance: isSame ? 0 : Math.min(editDistance(wanted, own), editDistance(wanted, tail)) }
    })
  return scored
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

/** How many letters must change; of short words only. */
function editDistance(a: string, b: string): number {
  let row = [...Array(b.length + 1).keys()]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (next[j - 1] ?? 0) + 1,
          (row[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] ?? 0
}
