import { parseLocalDate } from '../record/date.ts'

/** A place in a statement, `:name`, that takes a value. */
export type Parameter = {
  /** Letters, digits and `_`. */
  readonly name: string
  /** `text` and `date` (`YYYY-MM-DD`) become a text of SQL, `number` stands as it is. */
  readonly kind: 'text' | 'number' | 'date'
  readonly about: string
  /** The value where none is given; without it one has to be given. */
  readonly default?: string
}

/** A statement with parameters in it. */
export type Template = {
  readonly name: string
  readonly title: string
  readonly template: string
  readonly parameters: readonly Parameter[]
}

export type Filled =
  | { readonly ok: true; readonly sql: string }
  /** The reason names parameters and holds no value. */
  | { readonly ok: false; readonly why: string }

const quotedOrComment = /'[^']*(?:'|$)|"[^"]*(?:"|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g
const place = /(?<![\w:]):([A-Za-z]\w*)/g
const declaration = /^--\s*param\s+([A-Za-z]\w*)\s+(text|number|date)(?:=(\S*))?\s*(.*)$/

/**
 * Reads a saved query out of a file: SQL with `:name` where a value belongs. Comment lines at its start may hold a title, and
 * declare parameters as `-- param NAME text|number|date[=DEFAULT] [what it is]`. A parameter that is not declared is a text
 * that has to be given.
 */
export function parseTemplate(template: string, name: string): Template {
  const comments =
    /^(?:\s*--[^\n]*(?:\n|$))*/
      .exec(template)?.[0]
      .trim()
      .split(/\s*\n\s*/) ?? []
  const declared = comments.flatMap((line): readonly Parameter[] => {
    const [, parameter, kind, value, about = ''] = declaration.exec(line) ?? []
    if (parameter === undefined) return []
    const shape = { name: parameter, kind: kind as Parameter['kind'], about }
    return [value === undefined ? shape : { ...shape, default: value }]
  })
  const title = comments.find((line) => !declaration.test(line))?.replace(/^--\s*/, '') ?? ''
  const others = new Set(placesIn(template).map((one) => one.name))
  for (const { name: known } of declared) others.delete(known)
  const undeclared = [...others].map((other): Parameter => ({ name: other, kind: 'text', about: '' }))
  return { name, title, template, parameters: [...declared, ...undeclared] }
}

/** The statement with a value in every place; the given ones win over defaults. Texts in quotes and comments stay. */
export function fillIn({ name, template, parameters }: Template, given: ReadonlyMap<string, string>): Filled {
  const known = parameters.map((parameter) => parameter.name)
  const unknown = [...given.keys()].find((one) => !known.includes(one))
  if (unknown !== undefined) {
    const takes = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
    return { ok: false, why: `${name} has no parameter "${unknown}": ${takes}` }
  }
  const literals = new Map<string, string>()
  for (const parameter of parameters) {
    const value = given.get(parameter.name) ?? parameter.default
    if (value === undefined)
      return { ok: false, why: `${name} needs a value: --param ${parameter.name}=VALUE` }
    const literal = literalOf(parameter, value)
    if (literal === undefined)
      return { ok: false, why: `the parameter ${parameter.name} of ${name} is a ${kinds[parameter.kind]}` }
    literals.set(parameter.name, literal)
  }
  let sql = ''
  let from = 0
  for (const { name: parameter, at, length } of placesIn(template)) {
    sql += template.slice(from, at) + (literals.get(parameter) ?? '')
    from = at + length
  }
  return { ok: true, sql: sql + template.slice(from) }
}

const kinds = { text: 'text', number: 'number such as 10 or 2.5', date: 'date such as 2025-02-13' } as const

/** A value as SQL, or undefined when it is none of its kind. Quotes are doubled, so that it stays one text. */
function literalOf({ kind }: Parameter, value: string): string | undefined {
  if (kind === 'number') return /^-?\d{1,30}(\.\d{1,30})?$/.test(value) ? value : undefined
  if (kind === 'date' && parseLocalDate(value) === undefined) return undefined
  return `'${value.replaceAll("'", "''")}'`
}

/** Where parameters stand, in order. */
function placesIn(
  template: string,
): readonly { readonly name: string; readonly at: number; readonly length: number }[] {
  const code = template.replace(quotedOrComment, (part) => ' '.repeat(part.length))
  return [...code.matchAll(place)].map(({ 0: whole, 1: name = '', index }) => ({
    name,
    at: index,
    length: whole.length,
  }))
}
