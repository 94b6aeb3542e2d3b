import type { Catalog, RecordSchema } from '../record/schema.ts'
import { isObject, type Json, type JsonObject, type RecordType, type Type } from '../record/type.ts'
import { imagesOf } from './read.ts'

/** What stands for a value that is not shown. */
const masked = '•••'

/**
 * A copy of an envelope in which people may look for the fault: the values of fields that a schema models and does
 * not call personal stand as they are, every other text, number and blob of the images is masked. The names of
 * attributes that no schema knows are kept, since they are what is looked for.
 */
export function maskEnvelope(envelope: JsonObject, catalog: Catalog): JsonObject {
  if (!isObject(envelope.dynamodb)) return mapObject(envelope, () => masked)
  const images = [...imagesOf(envelope)].map(
    ([name, image]) => [name, maskImage(image, schemaOf(image, catalog))] as const,
  )
  return { ...envelope, dynamodb: { ...envelope.dynamodb, ...Object.fromEntries(images) } }
}

function schemaOf(image: JsonObject, catalog: Catalog): RecordSchema | undefined {
  const name = isObject(image.type) ? image.type.S : undefined
  return typeof name === 'string' ? catalog.get(name) : undefined
}

function maskImage(image: JsonObject, schema: RecordSchema | undefined): JsonObject {
  return schema ? maskRecord(image, schema.own) : mapObject(image, (_, attribute) => hide(attribute))
}

function maskRecord(map: JsonObject, type: RecordType): JsonObject {
  return mapObject(map, (name, attribute) => {
    const field = type.fields.find((candidate) => candidate.name === name && !candidate.derive)
    return field && !field.pii ? maskAttribute(attribute, field.type) : hide(attribute)
  })
}

/** A value of another shape than the schema's may hold anything, so it is hidden whole. */
function maskAttribute(attribute: Json, type: Type): Json {
  if (type.kind === 'optional') return maskAttribute(attribute, type.of)
  if (!isObject(attribute)) return hide(attribute)
  return mapObject(attribute, (tag, value) => {
    if (type.kind === 'record') return tag === 'M' && isObject(value) ? maskRecord(value, type) : masked
    if (type.kind === 'array') {
      return tag === 'L' && Array.isArray(value)
        ? value.map((item: Json) => maskAttribute(item, type.items))
        : masked
    }
    return type.kind === 'map' || typeof value === 'object' ? masked : value
  })
}

/** Keeps the type tag of an attribute, which is often what is wrong with it, and hides its value. */
function hide(attribute: Json): Json {
  return isObject(attribute) ? mapObject(attribute, () => masked) : masked
}

function mapObject(object: JsonObject, change: (name: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(name, value)]))
}
