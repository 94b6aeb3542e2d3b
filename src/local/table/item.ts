import { type Tag, toList, untag } from '../../codec/attribute.ts'
import { expiryAttribute } from '../../defaults.ts'
import { isObject, type Json, type JsonObject } from '../../record/type.ts'
import type { Item, ItemKey } from '../table.ts'

/** The largest item, names and values counted (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). */
const itemBytesMax = 400 * 1024
const partitionKeyBytesMax = 2048
const sortKeyBytesMax = 1024
const depthMax = 32

/** The item's key. @throws TypeError for what DynamoDB refuses too, naming no value. */
export function checkItem(item: Item): ItemKey {
  const key = { PK: keyValue(item, 'PK'), SK: keyValue(item, 'SK') }
  checkItemKey(key)
  if (sizeOf(item) > itemBytesMax) throw new TypeError(`the item is larger than ${itemBytesMax} bytes`)
  for (const [name, value] of Object.entries(item)) {
    if (!isSound(value, 1)) throw new TypeError(`the attribute ${name} is no DynamoDB attribute value`)
  }
  return key
}

/** @throws TypeError when no item can have the key. */
export function checkItemKey({ PK, SK }: ItemKey): void {
  const isSoundText = (text: string, bytesMax: number) =>
    typeof text === 'string' && text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= bytesMax
  if (!isSoundText(PK, partitionKeyBytesMax)) throw new TypeError('PK is no text that can be a key')
  if (!isSoundText(SK, sortKeyBytesMax)) throw new TypeError('SK is no text that can be a key')
}

function keyValue(item: Item, name: string): string {
  const { tag, value } = untag(item[name] ?? null)
  if (tag !== 'S') throw new TypeError(`the item's key attribute ${name} is no text`)
  return value as string
}

function isSound(attribute: Json, depth: number): boolean {
  const { tag, value } = untag(attribute)
  if (tag === undefined || depth > depthMax) return false
  if (tag === 'S') return (value as string).isWellFormed()
  if (tag === 'M') return Object.values(value as JsonObject).every((inner) => isSound(inner, depth + 1))
  const items = toList(tag, value)
  if (items === undefined) return true
  return (tag === 'L' || items.length > 0) && items.every((inner) => isSound(inner, depth + 1))
}

/**
 * The bytes that DynamoDB counts: names and texts in UTF-8, about a byte for two digits of a number, a byte for a
 * flag, and three for a list or map with one for each entry
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export function sizeOf(attributes: JsonObject): number {
  let bytes = 0
  for (const [name, value] of Object.entries(attributes)) bytes += Buffer.byteLength(name) + valueSize(value)
  return bytes
}

function valueSize(attribute: Json): number {
  const { tag, value } = untag(attribute)
  if (tag === undefined) return 0
  switch (tag) {
    case 'S':
      return Buffer.byteLength(value as string)
    case 'N':
      return 1 + Math.ceil((value as string).length / 2)
    case 'B':
      return Buffer.byteLength(value as string, 'base64')
    case 'BOOL':
    case 'NULL':
      return 1
    case 'M': {
      const map = value as JsonObject
      return 3 + Object.keys(map).length + sizeOf(map)
    }
    default: {
      const items = toList(tag, value) ?? []
      const overhead = tag === 'L' ? 3 + items.length : 0
      return items.reduce((sum: number, item) => sum + valueSize(item), overhead)
    }
  }
}

/** Whether two items are the same to DynamoDB: neither the order of names nor that of a set's members counts. */
export function isSame(left: Item, right: Item): boolean {
  return canonical(left) === canonical(right)
}

function canonical(value: Json, tag?: Tag): string {
  if (Array.isArray(value)) {
    const parts = value.map((item: Json) => canonical(item))
    return `[${(tag === undefined ? parts : parts.sort()).join(',')}]`
  }
  if (!isObject(value)) return JSON.stringify(value)
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null, setTag(value, name))}`).join(',')}}`
}

/** A name that is the tag of a set, where the map it is in can be an attribute value. */
function setTag(map: JsonObject, name: string): Tag | undefined {
  return (name === 'SS' || name === 'NS' || name === 'BS') && untag(map).tag === name ? name : undefined
}

/** DynamoDB leaves an item alone whose expiry lies further back: more likely a mistake than a wish. */
export const expiryAgeSecondsMax = 5 * 365 * 86_400

/** The time in epoch seconds after which the item may be deleted; undefined where it names none. */
export function expiryOf(item: Item): number | undefined {
  const { tag, value } = untag(item[expiryAttribute] ?? null)
  if (tag !== 'N') return undefined
  const seconds = Number(value)
  return Number.isFinite(seconds) ? seconds : undefined
}

/** Whether DynamoDB's expiry would delete an item with this expiry now. */
export function isExpired(expirySeconds: number | undefined, nowMs: number): boolean {
  if (expirySeconds === undefined) return false
  const nowSeconds = Math.floor(nowMs / 1000)
  return expirySeconds < nowSeconds && expirySeconds > nowSeconds - expiryAgeSecondsMax
}

/** An item's key attributes as members of JSON, always in this order; the item's name everywhere in the table. */
export function keyMembers({ PK, SK }: ItemKey): string {
  return `"PK":{"S":${JSON.stringify(PK)}},"SK":{"S":${JSON.stringify(SK)}}`
}

/** The item as JSON text that begins with its key members. */
export function itemText(item: Item): string {
  const { PK, SK, ...rest } = item
  return JSON.stringify({ PK, SK, ...rest })
}
