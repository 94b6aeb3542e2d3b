import { isObject, type Json, type JsonObject } from '../record/type.ts'
import { isDecimal } from './number.ts'

// An attribute value of DynamoDB JSON is an object of one type tag and one value: {"S": "text"}
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).

export type Tag = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS'
const setTags: { readonly [tag in Tag]?: 'S' | 'N' | 'B' } = { SS: 'S', NS: 'N', BS: 'B' }
const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/

const isText = (value: unknown): value is string => typeof value === 'string'
const isBase64 = (value: unknown): boolean =>
  isText(value) && value.length % 4 === 0 && base64Pattern.test(value)
const isNumberText = (value: unknown): boolean => isText(value) && isDecimal(value)
const listOf = (check: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(check)

/** What each type tag of DynamoDB JSON holds. */
const tags: { readonly [tag in Tag]: (value: unknown) => boolean } = {
  S: isText,
  N: isNumberText,
  B: isBase64,
  BOOL: (value) => typeof value === 'boolean',
  NULL: (value) => value === true,
  M: isObject,
  L: Array.isArray,
  SS: listOf(isText),
  NS: listOf(isNumberText),
  BS: listOf(isBase64),
}

/** Returns the tag and the value of `{"S": "text"}`, neither when the attribute value is malformed. */
export function untag(attribute: Json): { readonly tag?: Tag; readonly value?: unknown } {
  if (!isObject(attribute)) return {}
  const [tag, ...more] = Object.keys(attribute)
  if (tag === undefined || more.length > 0 || !Object.hasOwn(tags, tag)) return {}
  const value: unknown = attribute[tag]
  return tags[tag as Tag](value) ? { tag: tag as Tag, value } : {}
}

/** Returns the items of a list, or those of a set as attribute values; undefined for any other tag. */
export function toList(tag: Tag, value: unknown): readonly Json[] | undefined {
  if (tag === 'L') return value as readonly Json[]
  const itemTag = setTags[tag]
  return itemTag ? (value as readonly string[]).map((item) => ({ [itemTag]: item })) : undefined
}

/** True for `{"NULL": true}`, which counts as absence. */
export function isNull(attribute: Json): boolean {
  return isObject(attribute) && attribute.NULL === true && Object.keys(attribute).length === 1
}

/** True for a well-formed attribute value whose parts are well-formed too, nested `depthMax` deep at most. */
export function isAttributeValue(attribute: Json, depthMax: number): boolean {
  const { tag, value } = untag(attribute)
  if (tag === undefined || depthMax < 0) return false
  const parts =
    tag === 'M' ? Object.values(value as JsonObject) : tag === 'L' ? (value as readonly Json[]) : []
  return parts.every((part) => isAttributeValue(part, depthMax - 1))
}

/**
 * Returns an item's key attributes as canonical JSON: names sorted by code unit, no spaces. Undefined when they cannot be the
 * key of an item.
 *
 * @example
 * canonicalKey({ SK: { S: 'b' }, PK: { S: 'a' } }) // '{"PK":{"S":"a"},"SK":{"S":"b"}}'
 */
export function canonicalKey(keys: unknown): string | undefined {
  if (!isObject(keys)) return undefined
  const names = Object.keys(keys).sort()
  const parts = names.map((name) => {
    const { tag, value } = untag(keys[name] ?? null)
    const isValid = (tag === 'S' || tag === 'N' || tag === 'B') && typeof value === 'string' && value !== ''
    return isValid
      ? `${JSON.stringify(name.toWellFormed())}:{"${tag}":${JSON.stringify(value.toWellFormed())}}`
      : undefined
  })
  return parts.length > 0 && !parts.includes(undefined) ? `{${parts.join(',')}}` : undefined
}
