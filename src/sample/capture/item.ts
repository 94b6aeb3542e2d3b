import { toList, untag } from '../../codec/attribute.ts'
import type { Item } from '../../local/table.ts'
import { parseEpoch, parseInstant, toIso } from '../../record/date.ts'
import type { Json, JsonObject, RecordType, Type } from '../../record/type.ts'

/** A body that its schema has accepted, as attributes of an item. Instants are written in UTC; null is absence. */
export function toAttributes({ fields }: RecordType, body: JsonObject): Item {
  const attributes: { [name: string]: Json } = {}
  for (const { name, type } of fields) {
    const attribute = Object.hasOwn(body, name) ? toAttribute(type, body[name] ?? null) : undefined
    if (attribute !== undefined) attributes[name] = attribute
  }
  return attributes
}

function toAttribute(type: Type, value: Json): JsonObject | undefined {
  if (value === null) return undefined
  switch (type.kind) {
    case 'optional':
      return toAttribute(type.of, value)
    case 'boolean':
      return { BOOL: value }
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return { N: String(value) }
    case 'instant':
      return { S: toIso(parseInstant(value as string)!) }
    case 'bytes':
      return { B: value }
    case 'array':
      return { L: (value as Json[]).map((item) => toAttribute(type.items, item) ?? { NULL: true }) }
    case 'map':
      return {
        M: Object.fromEntries(
          Object.entries(value as JsonObject).map(([name, item]) => [
            name,
            toAttribute(type.values, item) ?? { NULL: true },
          ]),
        ),
      }
    case 'record':
      return { M: toAttributes(type, value as JsonObject) }
    default:
      return { S: value }
  }
}

/** An item as the JSON that callers of the API see, without its keys. */
export function toPlain({ PK: _, SK: __, ...attributes }: Item): JsonObject {
  return plainMap(attributes)
}

function plainMap(map: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, plainValue(value)]))
}

function plainValue(attribute: Json): Json {
  const { tag, value } = untag(attribute)
  if (tag === undefined || tag === 'NULL') return null
  if (tag === 'N') return Number(value)
  if (tag === 'M') return plainMap(value as JsonObject)
  return toList(tag, value)?.map(plainValue) ?? (value as Json)
}

/** The text of an attribute of the item, or of one in its map `map`; undefined where it is none. */
export function textOf(item: Item, name: string, map?: string): string | undefined {
  const { tag, value } = untag(item[map ?? name] ?? null)
  if (map !== undefined) return tag === 'M' ? textOf(value as Item, name) : undefined
  return tag === 'S' ? (value as string) : undefined
}

/** The instant in an attribute, in milliseconds since 1970; undefined where it holds none. */
export function instantAttribute(attribute: Json | undefined): number | undefined {
  const { tag, value } = untag(attribute ?? null)
  if (tag === 'S') return parseInstant(value as string)
  return tag === 'N' ? parseEpoch(value as string) : undefined
}

/** The map `date` of an item. */
export function datesOf(item: Item | undefined): Item {
  const { tag, value } = untag(item?.date ?? null)
  return tag === 'M' ? (value as Item) : {}
}
