import { findField } from './context.ts'
import type { Context } from './environment.ts'
import { namesOf } from './expression.ts'
import type { Expression } from './syntax.ts'

/**
 * Makes the function by which an expression of the SELECT list is found again among those of GROUP BY: two expressions have one
 * fingerprint where they are written alike, but for places, case, and how a column is qualified. Each node is looked at once.
 */
export function createFingerprint(context: Context): (expression: Expression) => string {
  const known = new WeakMap<object, string>()
  const numbers = new Map<string, number>()
  const intern = (text: string) => {
    const number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    return `#${number}`
  }
  const ofColumn = (expression: Expression): string | undefined => {
    const names = namesOf(expression)
    const last = names?.at(-1)
    if (!names || !last) return undefined
    try {
      const field = findField(
        context.scope,
        names.slice(0, -1).map(({ name }) => name),
        last,
      )
      return field && `column ${field.sql}`
    } catch {
      return undefined
    }
  }
  const print = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
    const before = known.get(value)
    if (before !== undefined) return before
    const text = Array.isArray(value) ? `[${value.map(print).join()}]` : ofNode(value)
    const made = intern(text)
    known.set(value, made)
    return made
  }
  const ofNode = (node: object): string => {
    const column =
      'kind' in node && (node.kind === 'column' || node.kind === 'dereference')
        ? ofColumn(node as Expression)
        : undefined
    if (column !== undefined) return column
    return Object.entries(node)
      .filter(([name, value]) => name !== 'at' && value !== undefined)
      .map(
        ([name, value]) =>
          `${name}:${typeof value === 'string' && name === 'name' ? JSON.stringify(value.toLowerCase()) : print(value)}`,
      )
      .join()
  }
  return print
}
