import { isObject, type Json, type JsonObject } from '../record/type.ts'

/** The operations of a JSON Patch (RFC 6902), and the member that each needs besides `path`. */
export const operands = {
  add: 'value',
  replace: 'value',
  test: 'value',
  remove: undefined,
  move: 'from',
  copy: 'from',
} as const

export type PatchOperation = {
  readonly op: keyof typeof operands
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

export type Patched =
  | { readonly ok: true; readonly document: Json }
  /** The reason holds no value of the document or of the operation. */
  | { readonly ok: false; readonly why: string }

/**
 * Applies one operation of a JSON Patch, as RFC 6902 section 4 has it: the place of `remove`, `replace` and `test`, the
 * `from` of `move` and `copy`, and the parent of every other place have to exist. The document itself stays as it is.
 * Never throws, however deep the document is nested.
 */
export function applyOperation(
  document: Json,
  { op, path, from = '', value = null }: PatchOperation,
): Patched {
  const places = tokensOf(path)
  const source = op === 'move' || op === 'copy' ? valueAt(document, tokensOf(from)) : undefined
  switch (op) {
    case 'add':
      return done(add(document, places, value), 'the record has no place above it')
    case 'replace':
      return done(replace(document, places, value), 'the record has no such place (use "add" to make it)')
    case 'remove':
      return places.length === 0
        ? refused('a record cannot be removed')
        : done(remove(document, places), 'the record has no such place')
    case 'test': {
      const found = valueAt(document, places)
      if (found === undefined) return refused('the record has no such place')
      return areEqual(found, value) ? { ok: true, document } : refused('the record has another value there')
    }
    case 'copy':
      if (source === undefined) return refused('the record has nothing at "from"')
      return done(add(document, places, source), 'the record has no place above it')
    case 'move': {
      if (source === undefined) return refused('the record has nothing at "from"')
      if (path === from) return { ok: true, document }
      if (path.startsWith(`${from}/`)) return refused('a value cannot be moved into itself')
      const without = remove(document, tokensOf(from))
      return done(without && add(without, places, source), 'the record has no place above it')
    }
  }
}

function done(document: Json | undefined, why: string): Patched {
  return document === undefined ? refused(why) : { ok: true, document }
}

function refused(why: string): Patched {
  return { ok: false, why }
}

/** The names on the way of a JSON Pointer (RFC 6901): none for the whole document. */
function tokensOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value at a JSON Pointer; undefined where the document has no such place. */
export function readPointer(document: Json, pointer: string): Json | undefined {
  return valueAt(document, tokensOf(pointer))
}

function valueAt(document: Json, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const token of tokens) {
    if (value === undefined) return undefined
    value = memberOf(value, token)
  }
  return value
}

function memberOf(parent: Json, token: string): Json | undefined {
  if (Array.isArray(parent)) return isIndex(token) ? parent[Number(token)] : undefined
  return isObject(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined
}

/** RFC 6901 section 4: digits without leading zeros. */
function isIndex(token: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(token)
}

function add(document: Json, tokens: readonly string[], value: Json): Json | undefined {
  return change(document, tokens, value, (parent, token) => {
    if (isObject(parent)) return { ...parent, [token]: value }
    if (!Array.isArray(parent)) return undefined
    const index = token === '-' ? parent.length : isIndex(token) ? Number(token) : Number.NaN
    return index <= parent.length ? parent.toSpliced(index, 0, value) : undefined
  })
}

function replace(document: Json, tokens: readonly string[], value: Json): Json | undefined {
  return change(document, tokens, value, (parent, token) =>
    memberOf(parent, token) === undefined ? undefined : withMember(parent, token, value),
  )
}

function remove(document: Json, tokens: readonly string[]): Json | undefined {
  return change(document, tokens, undefined, (parent, token) => {
    if (memberOf(parent, token) === undefined) return undefined
    if (Array.isArray(parent)) return parent.toSpliced(Number(token), 1)
    const { [token]: _, ...rest } = parent as JsonObject
    return rest
  })
}

function withMember(parent: Json, token: string, value: Json): Json {
  return Array.isArray(parent)
    ? parent.with(Number(token), value)
    : { ...(parent as JsonObject), [token]: value }
}

/**
 * A copy of a document in which the parent of a place was changed; `whole` where the place is the document. Undefined
 * where there is no such parent, or `changeParent` returns undefined. A loop: the place may be as deep as the document.
 */
function change(
  document: Json,
  tokens: readonly string[],
  whole: Json | undefined,
  changeParent: (parent: Json, token: string) => Json | undefined,
): Json | undefined {
  const last = tokens.at(-1)
  if (last === undefined) return whole
  const way: Json[] = []
  let parent: Json | undefined = document
  for (const token of tokens.slice(0, -1)) {
    way.push(parent)
    parent = memberOf(parent, token)
    if (parent === undefined) return undefined
  }
  let changed = changeParent(parent, last)
  for (let depth = way.length - 1; depth >= 0 && changed !== undefined; depth--)
    changed = withMember(way[depth] as Json, tokens[depth] as string, changed)
  return changed
}

/** RFC 6902 section 4.6: numbers by value, lists in order, objects whatever the order of their members. */
function areEqual(one: Json, other: Json): boolean {
  const pairs: (readonly [Json | undefined, Json | undefined])[] = [[one, other]]
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair
    if (a === b) continue
    if (Array.isArray(a) && Array.isArray(b) && a.length === b.length)
      for (const [index, item] of a.entries()) pairs.push([item, b[index]])
    else if (isObject(a) && isObject(b) && Object.keys(a).length === Object.keys(b).length)
      for (const [name, member] of Object.entries(a)) {
        if (!Object.hasOwn(b, name)) return false
        pairs.push([member, b[name]])
      }
    else return false
  }
  return true
}
