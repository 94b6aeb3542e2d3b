import type { Definition } from './registry.ts'
import {
  arrayOf,
  canCoerce,
  commonType,
  isOrderable,
  isSameType,
  mapOf,
  type SimpleKind,
  type SqlType,
  timestamp,
  varchar,
  zoned,
} from './types.ts'

/** A parameter's or a result's type in a signature; names such as `T` and `p` get their meaning from the arguments. */
export type TypePattern =
  /** A value of any type, which stays as it is. */
  | { readonly kind: 'any' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'simple'; readonly type: SqlType }
  /** `varchar(n)`, `decimal(p,s)`, `timestamp(p)`, `timestamp(p) with time zone`, `time(p)`, `char(n)`. */
  | { readonly kind: 'sized'; readonly name: string; readonly sizes: readonly string[] }
  | { readonly kind: 'array'; readonly items: TypePattern }
  | { readonly kind: 'map'; readonly key: TypePattern; readonly value: TypePattern }
  | {
      readonly kind: 'row'
      readonly fields: readonly { readonly name?: string; readonly type: TypePattern }[]
    }
  | { readonly kind: 'function'; readonly parameters: readonly TypePattern[]; readonly returns: TypePattern }

export type Signature = {
  readonly name: string
  readonly parameters: readonly TypePattern[]
  /** The last parameter stands for any number of arguments, one at least. */
  readonly isVariadic: boolean
  readonly returns: TypePattern
  readonly definition: Definition
}

const simpleKinds: readonly SimpleKind[] = [
  'unknown',
  'boolean',
  'tinyint',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double',
  'varbinary',
  'date',
  'json',
  'interval day to second',
  'interval year to month',
]

/** Reads a signature as `registry.ts` writes them. Throws an Error for one that it cannot read: a mistake in this project. */
export function parseSignature(definition: Definition): Signature {
  const text = definition.signature
  const reader = { text, at: 0 }
  const name = word(reader)
  const parameters: TypePattern[] = []
  let isVariadic = false
  expect(reader, '(')
  while (!accept(reader, ')')) {
    if (parameters.length > 0) expect(reader, ',')
    parameters.push(pattern(reader))
    isVariadic = accept(reader, '...')
  }
  expect(reader, '->')
  const returns = pattern(reader)
  skip(reader)
  if (reader.at < text.length) throw new Error(`signature: ${text}`)
  return { name, parameters, isVariadic, returns, definition }
}

type Reader = { readonly text: string; at: number }

function skip(reader: Reader): void {
  while (reader.text[reader.at] === ' ') reader.at++
}

function accept(reader: Reader, token: string): boolean {
  skip(reader)
  if (!reader.text.startsWith(token, reader.at)) return false
  reader.at += token.length
  return true
}

function expect(reader: Reader, token: string): void {
  if (!accept(reader, token)) throw new Error(`signature: ${reader.text} has no ${token} at ${reader.at}`)
}

function word(reader: Reader): string {
  skip(reader)
  const [found = ''] = /^\w+/.exec(reader.text.slice(reader.at)) ?? []
  if (found === '') throw new Error(`signature: ${reader.text} has no name at ${reader.at}`)
  reader.at += found.length
  return found
}

function pattern(reader: Reader): TypePattern {
  skip(reader)
  for (const kind of ['interval day to second', 'interval year to month'] as const)
    if (accept(reader, kind)) return { kind: 'simple', type: { kind } }
  const name = word(reader)
  if (name === 'any') return { kind: 'any' }
  if (name === 'array') return { kind: 'array', items: single(reader) }
  if (name === 'map') {
    expect(reader, '(')
    const key = pattern(reader)
    expect(reader, ',')
    const value = pattern(reader)
    expect(reader, ')')
    return { kind: 'map', key, value }
  }
  if (name === 'row') return { kind: 'row', fields: rowFields(reader) }
  if (name === 'function') {
    expect(reader, '(')
    const types = [pattern(reader)]
    while (accept(reader, ',')) types.push(pattern(reader))
    expect(reader, ')')
    return {
      kind: 'function',
      parameters: types.slice(0, -1),
      returns: types.at(-1) ?? { kind: 'simple', type: varchar },
    }
  }
  if (/^[A-Z]\d?$/.test(name)) return { kind: 'variable', name }
  const sizes: string[] = []
  if (accept(reader, '(')) {
    sizes.push(word(reader))
    while (accept(reader, ',')) sizes.push(word(reader))
    expect(reader, ')')
  }
  if (accept(reader, 'with time zone'))
    return { kind: 'sized', name: `${name} with time zone`, sizes: sizes.length > 0 ? sizes : ['3'] }
  if (name === 'varchar' && sizes.length === 0) return { kind: 'simple', type: varchar }
  if ((name === 'timestamp' || name === 'time') && sizes.length === 0)
    return { kind: 'sized', name, sizes: ['3'] }
  if (sizes.length > 0) return { kind: 'sized', name, sizes }
  const kind = simpleKinds.find((known) => known === name)
  if (!kind) throw new Error(`signature: ${reader.text} has the type ${name}, which nobody knows`)
  return { kind: 'simple', type: { kind } }
}

function single(reader: Reader): TypePattern {
  expect(reader, '(')
  const found = pattern(reader)
  expect(reader, ')')
  return found
}

function rowFields(reader: Reader): { readonly name?: string; readonly type: TypePattern }[] {
  const fields: { readonly name?: string; readonly type: TypePattern }[] = []
  expect(reader, '(')
  do {
    const start = reader.at
    const name = word(reader)
    skip(reader)
    const isNamed = /^[\w]/.test(reader.text.slice(reader.at))
    if (!isNamed) reader.at = start
    fields.push(isNamed ? { name, type: pattern(reader) } : { type: pattern(reader) })
  } while (accept(reader, ','))
  expect(reader, ')')
  return fields
}

// ---- matching

export type Bindings = { readonly types: Map<string, SqlType>; readonly sizes: Map<string, number> }

/** An argument of a call: its type, or undefined for a lambda, whose type follows from the parameter. */
export type ArgumentType = SqlType | undefined

/**
 * What the names of a signature stand for with these arguments, or undefined where they do not fit. `isExact`: without any
 * coercion but that of NULL.
 */
export function matchSignature(
  signature: Signature,
  types: readonly ArgumentType[],
  isExact: boolean,
): Bindings | undefined {
  const { parameters, isVariadic } = signature
  if (types.length < parameters.length || (!isVariadic && types.length > parameters.length)) return undefined
  const bindings: Bindings = { types: new Map(), sizes: new Map() }
  for (const [index, type] of types.entries()) {
    const parameter = parameterAt(signature, index)
    if (!parameter) return undefined
    if (type === undefined) {
      if (parameter.kind !== 'function') return undefined
    } else if (!unify(parameter, type, bindings, isExact)) return undefined
  }
  return bindings
}

export function parameterAt({ parameters, isVariadic }: Signature, index: number): TypePattern | undefined {
  return parameters[index] ?? (isVariadic ? parameters.at(-1) : undefined)
}

function unify(pattern: TypePattern, type: SqlType, bindings: Bindings, isExact: boolean): boolean {
  if (pattern.kind === 'function') return false
  if (pattern.kind === 'any') return true
  if (pattern.kind === 'variable') {
    const before = bindings.types.get(pattern.name)
    const both = before === undefined ? type : commonType(before, type)
    if (!both) return false
    if (
      isExact &&
      before !== undefined &&
      before.kind !== 'unknown' &&
      type.kind !== 'unknown' &&
      !isSameType(before, type)
    )
      return false
    // `O` stands for a type whose values have an order.
    if (pattern.name === 'O' && !isOrderable(both)) return false
    bindings.types.set(pattern.name, both)
    return true
  }
  if (type.kind === 'unknown') return true
  switch (pattern.kind) {
    case 'simple': {
      const to = pattern.type
      // Every text is a varchar, whatever its length.
      if (to.kind === 'varchar') return type.kind === 'varchar' || (!isExact && type.kind === 'char')
      return isSameType(type, to) || (!isExact && canCoerce(type, to))
    }
    case 'sized':
      return unifySized(pattern.name, pattern.sizes, type, bindings, isExact)
    case 'array':
      return type.kind === 'array' && unify(pattern.items, type.items, bindings, isExact)
    case 'map':
      return (
        type.kind === 'map' &&
        unify(pattern.key, type.key, bindings, isExact) &&
        unify(pattern.value, type.value, bindings, isExact)
      )
    case 'row':
      return (
        type.kind === 'row' &&
        type.fields.length === pattern.fields.length &&
        pattern.fields.every(({ type: of }, index) => {
          const field = type.fields[index]
          return field !== undefined && unify(of, field.type, bindings, isExact)
        })
      )
  }
}

function unifySized(
  name: string,
  sizes: readonly string[],
  type: SqlType,
  bindings: Bindings,
  isExact: boolean,
): boolean {
  const found = sizesOf(name, type, isExact)
  if (!found) return false
  for (const [index, size] of sizes.entries()) {
    const value = found[index]
    if (/^\d+$/.test(size)) {
      if (value !== undefined && value > Number(size) && name !== 'varchar') return false
      continue
    }
    const before = bindings.sizes.get(size)
    if (value !== undefined) bindings.sizes.set(size, Math.max(before ?? 0, value))
  }
  return true
}

/** The sizes that a value of a type has as one of another kind; an unbounded text has none. */
function sizesOf(name: string, type: SqlType, isExact: boolean): readonly (number | undefined)[] | undefined {
  if (type.kind === name) {
    if (type.kind === 'decimal') return [type.precision, type.scale]
    if (type.kind === 'varchar' || type.kind === 'char') return [type.length]
    if ('precision' in type) return [type.precision]
  }
  if (isExact) return undefined
  if (name === 'varchar' && type.kind === 'char') return [type.length]
  if (name === 'timestamp' && type.kind === 'date') return [0]
  if (name === 'timestamp with time zone' && type.kind === 'date') return [0]
  if (name === 'timestamp with time zone' && type.kind === 'timestamp') return [type.precision]
  if (name === 'decimal') {
    const digits = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 }
    if (type.kind in digits) return [digits[type.kind as keyof typeof digits], 0]
  }
  return undefined
}

/** The type that a pattern stands for; names without a meaning are NULL's type, or the widest size. */
export function instantiate(pattern: TypePattern, bindings: Bindings): SqlType {
  switch (pattern.kind) {
    case 'any':
      return { kind: 'unknown' }
    case 'variable':
      return bindings.types.get(pattern.name) ?? { kind: 'unknown' }
    case 'simple':
      return pattern.type
    case 'sized':
      return sizedType(
        pattern.name,
        pattern.sizes.map((size) => (/^\d+$/.test(size) ? Number(size) : bindings.sizes.get(size))),
      )
    case 'array':
      return arrayOf(instantiate(pattern.items, bindings))
    case 'map':
      return mapOf(instantiate(pattern.key, bindings), instantiate(pattern.value, bindings))
    case 'row':
      return {
        kind: 'row',
        fields: pattern.fields.map(({ name, type }) => ({
          ...(name === undefined ? {} : { name }),
          type: instantiate(type, bindings),
        })),
      }
    case 'function':
      return instantiate(pattern.returns, bindings)
  }
}

function sizedType(name: string, [first, second]: readonly (number | undefined)[]): SqlType {
  switch (name) {
    case 'varchar':
      return first === undefined ? varchar : { kind: 'varchar', length: first }
    case 'char':
      return { kind: 'char', length: first ?? 1 }
    case 'decimal':
      return { kind: 'decimal', precision: first ?? 1, scale: second ?? 0 }
    case 'timestamp':
      return timestamp(first ?? 3)
    case 'time':
      return { kind: 'time', precision: first ?? 3 }
    default:
      return zoned(first ?? 3)
  }
}

export type Choice = { readonly signature: Signature; readonly bindings: Bindings }

/** Of several signatures the first that takes the arguments as they are, else the first that takes them coerced. */
export function chooseSignature(
  signatures: readonly Signature[],
  types: readonly ArgumentType[],
): Choice | undefined {
  for (const isExact of [true, false])
    for (const signature of signatures) {
      const bindings = matchSignature(signature, types, isExact)
      if (bindings) return { signature, bindings }
    }
  return undefined
}
