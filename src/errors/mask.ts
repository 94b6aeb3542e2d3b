import type { Catalog, RecordSchema } from '../record/schema.ts'
import { isObject, type Json, type JsonObject, type RecordType, type Type } from '../record/type.ts'
import { imagesOf } from './read.ts'

/** What stands for a value that is not shown. */
export const masked = '•••'

/**
 * A copy of an envelope in which people may look for the fault: the values of fields that a schema models and does
 * not call personal stand as they are, as do the envelope's own members where they have their form; every other value
 * is masked, and so is every name that does not look like one that a program chose.
 */
export function maskEnvelope(envelope: JsonObject, catalog: Catalog): JsonObject {
  const images = imagesOf(envelope)
  return mapObject(envelope, (name, value) => {
    if (name !== 'dynamodb' || !isObject(value)) return keep(name, value)
    return mapObject(value, (member, inner) => {
      const image = images.get(member as 'NewImage' | 'OldImage')
      if (image) return maskImage(image, schemaOf(image, catalog))
      return member === 'Keys' && isObject(inner)
        ? mapObject(inner, (_, key) => hide(key))
        : keep(member, inner)
    })
  })
}

const word = /^[A-Za-z][\w.:/-]{0,127}$/
const isNumber = (value: Json) => typeof value === 'number'
const isOneOf =
  (...values: readonly Json[]) =>
  (value: Json) =>
    values.includes(value)

/** The members of an envelope that say nothing of a person, and the form in which they are believed. */
const members: { readonly [name: string]: (value: Json) => boolean } = {
  awsRegion: (value) => typeof value === 'string' && /^[a-z]{2}(-[a-z]+)+-\d$/.test(value),
  eventID: (value) => typeof value === 'string' && /^[0-9a-f-]{1,64}$/i.test(value),
  eventName: isOneOf('INSERT', 'MODIFY', 'REMOVE'),
  recordFormat: isOneOf('application/json'),
  eventSource: isOneOf('aws:dynamodb', 'aws:kinesis'),
  tableName: (value) => typeof value === 'string' && word.test(value),
  ApproximateCreationDateTime: isNumber,
  ApproximateCreationDateTimePrecision: isOneOf('MILLISECOND', 'MICROSECOND'),
  SizeBytes: isNumber,
}

function keep(name: string, value: Json): Json {
  const isKept = value === null || (Object.hasOwn(members, name) && members[name]?.(value) === true)
  return isKept ? value : masked
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
    return isShown(type, value) ? value : masked
  })
}

/** A text of a text field, and elsewhere what looks like a number or a date: any other text is out of its place. */
function isShown(type: Type, value: Json): boolean {
  if (typeof value === 'string') return type.kind === 'string' || /^-?\d[\dTZtz:.+-]{0,39}$/.test(value)
  return typeof value === 'boolean' || typeof value === 'number'
}

/** Keeps the type tag of an attribute, which is often what is wrong with it, and hides its value. */
function hide(attribute: Json): Json {
  return isObject(attribute) ? mapObject(attribute, () => masked) : masked
}

/** A copy of an object; names that a program would not choose may themselves be personal. */
function mapObject(object: JsonObject, change: (name: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [word.test(name) ? name : masked, change(name, value)]),
  )
}
