import { FunctionError } from './registry.ts'

/** A JSON value with its numbers as they are written. */
export type JsonNode =
  | null
  | boolean
  | string
  | { readonly number: string }
  | readonly JsonNode[]
  | ReadonlyMap<string, JsonNode>

/** How deep JSON may be nested. */
const depthMax = 1000

const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON texts have none
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(true|false|null)(?!\w)|$)/y

/**
 * Reads a JSON text (RFC 8259). Of members of one name the last counts. Each character is looked at once.
 *
 * Throws FunctionError for what is no JSON, and for what is nested more than 1,000 deep.
 */
export function readJson(text: string): JsonNode {
  const reader = { at: 0 }
  const next = (): RegExpExecArray => {
    token.lastIndex = reader.at
    const found = token.exec(text)
    if (!found) throw notJson()
    reader.at = token.lastIndex
    return found
  }
  const value = (found: RegExpExecArray, depth: number): JsonNode => {
    const [, mark, string, number, word] = found
    if (string !== undefined) return JSON.parse(string)
    if (number !== undefined) return { number }
    if (word !== undefined) return word === 'null' ? null : word === 'true'
    if (depth > depthMax) throw new FunctionError(`JSON is nested more than ${depthMax} deep`)
    if (mark === '[') return list(depth)
    if (mark === '{') return members(depth)
    throw notJson()
  }
  const list = (depth: number): JsonNode => {
    const items: JsonNode[] = []
    let found = next()
    if (found[1] === ']') return items
    for (;;) {
      items.push(value(found, depth + 1))
      found = next()
      if (found[1] === ']') return items
      if (found[1] !== ',') throw notJson()
      found = next()
    }
  }
  const members = (depth: number): JsonNode => {
    const found = new Map<string, JsonNode>()
    let name = next()
    if (name[1] === '}') return found
    for (;;) {
      if (name[2] === undefined || next()[1] !== ':') throw notJson()
      found.set(JSON.parse(name[2]), value(next(), depth + 1))
      const end = next()
      if (end[1] === '}') return found
      if (end[1] !== ',') throw notJson()
      name = next()
    }
  }
  const made = value(next(), 0)
  const end = next()
  if (reader.at < text.length || end[0].trim() !== '') throw notJson()
  return made
}

function notJson(): FunctionError {
  return new FunctionError('The text is no JSON')
}

/** True for an object, whose members are a map. */
export function isMembers(node: JsonNode): node is ReadonlyMap<string, JsonNode> {
  return node instanceof Map
}

/** True for a number. */
export function isJsonNumber(node: JsonNode): node is { readonly number: string } {
  return typeof node === 'object' && node !== null && 'number' in node
}
