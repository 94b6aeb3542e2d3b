import type { Image } from '../record/change.ts'
import { parseEpoch, parseInstant, parseLocalDate } from '../record/date.ts'
import type { RecordCode, Rejection } from '../record/error.ts'
import { absentValue } from '../record/rules.ts'
import type { Catalog, RecordSchema } from '../record/schema.ts'
import {
  type Field,
  isObject,
  type Json,
  type JsonObject,
  type RecordType,
  type RecordValue,
  type Type,
  type Value,
} from '../record/type.ts'
import { isNull, type Tag, toList, untag } from './attribute.ts'
import { parseInteger, toJsonNumber } from './number.ts'

/** An image that is valid: every value has the type that its schema says. */
export type ReadImage = {
  readonly ok: true
  readonly schema: RecordSchema
  /** The fields that come from attributes. */
  readonly record: RecordValue
  /** What the schema does not model: JSON Pointer → JSON text. */
  readonly extra: ReadonlyMap<string, string>
  /** Texts that were no well-formed Unicode and arrived with U+FFFD in its place. */
  readonly repairedTexts: number
}

/** True for the name of a top-level attribute that is an index key, and so no data. */
export type IsKeyAttribute = (name: string) => boolean

// DynamoDB nests 32 levels deep at most.
export const depthMax = 32

/**
 * The most characters of `extra` that a row has: ten times an item of 400 kB. Every pointer holds the names on its way, so
 * that an item of one long name above many attributes would become thousands of times as large.
 */
const extraLengthMax = 4_000_000

type Walk = {
  readonly extra: Map<string, string>
  readonly extraRepeats: Repeats
  /** The names of the map entries that the walk is in: a path has `*` for each of them. */
  readonly mapNames: string[]
  /** Characters of `extra` so far. */
  extraLength: number
  repairedTexts: number
  /** The first error. The walk goes on after it, but its result is discarded. */
  rejection?: Rejection
}

/**
 * Turns an item's image (DynamoDB JSON: `{"fanId": {"S": "f1"}, "date": {"M": {…}}}`) into a record of its schema.
 *
 * Nothing is coerced but dates, a NULL is an absent attribute or item, and numbers keep their value or are rejected. What
 * the schema does not model goes to `extra`, except the item's own keys and index keys. Never throws; a rejection
 * names the path and the types, never a value, and leaves out names that the schema does not know.
 */
export function readImage(
  image: Image,
  catalog: Catalog,
  keyNames: readonly string[],
  isKeyAttribute: IsKeyAttribute,
): ReadImage | { readonly ok: false; readonly rejection: Rejection } {
  const type = Object.hasOwn(image, 'type') && isObject(image.type) ? image.type.S : undefined
  const schema = typeof type === 'string' ? catalog.get(type) : undefined
  if (!schema) {
    const message = `invalid record type: the attribute "type" is none of ${[...catalog.keys()].join(', ')}`
    return { ok: false, rejection: { code: 'TYPE_UNKNOWN', stage: 'validate', message, path: '/type' } }
  }
  const walk: Walk = {
    extra: new Map(),
    extraRepeats: new Map(),
    mapNames: [],
    extraLength: 0,
    repairedTexts: 0,
  }
  const keys = new Set(keyNames)
  const isNoData = (name: string) => keys.has(name) || isKeyAttribute(name)
  const record = readRecord(schema.own, image, '', walk, isNoData)
  if (walk.rejection) return { ok: false, rejection: walk.rejection }
  return { ok: true, schema, record, extra: walk.extra, repairedTexts: walk.repairedTexts }
}

function readRecord(
  type: RecordType,
  map: JsonObject,
  path: string,
  walk: Walk,
  isNoData?: IsKeyAttribute,
): RecordValue {
  const record: { [name: string]: Value } = {}
  for (const field of type.fields) {
    const attribute = !field.derive && Object.hasOwn(map, field.name) ? map[field.name] : undefined
    record[field.name] = readField(field, attribute, `${path}/${field.name}`, walk)
  }
  for (const name of Object.keys(map)) {
    if (!type.attributes.has(name) && !isNoData?.(name)) readExtra(name, map[name] ?? null, path, walk)
  }
  return record
}

function readField(field: Field, attribute: Json | undefined, path: string, walk: Walk): Value {
  if (field.derive) return absentValue(field.type)
  if (attribute === undefined || isNull(attribute)) {
    if (!field.hasDefault) reject(walk, 'FIELD_MISSING', path, 'a required field is missing')
    return absentValue(field.type)
  }
  const value = readValue(field.type, attribute, path, walk)
  if (value === '' && field.type.kind === 'string')
    reject(walk, 'FIELD_EMPTY', path, 'a required text is empty')
  return value
}

/** Returns an attribute value as a value of the type. After a rejection its result is not used. */
function readValue(type: Type, attribute: Json, path: string, walk: Walk): Value {
  const { tag, value } = untag(attribute)
  if (tag === undefined) return reject(walk, 'ATTRIBUTE_MALFORMED', path, 'no DynamoDB attribute value')
  switch (type.kind) {
    case 'optional':
      return tag === 'NULL' ? null : readValue(type.of, attribute, path, walk)
    case 'string':
      return tag === 'S' ? wellFormed(value as string, walk) : wrongType(walk, path, 'S', tag)
    case 'boolean':
      return tag === 'BOOL' ? (value as boolean) : wrongType(walk, path, 'BOOL', tag)
    case 'bytes':
      return tag === 'B' ? Buffer.from(value as string, 'base64') : wrongType(walk, path, 'B', tag)
    case 'enum':
      if (tag !== 'S') return wrongType(walk, path, 'S', tag)
      if (type.symbols.includes(value as string)) return value as string
      return reject(walk, 'SYMBOL_UNKNOWN', path, `none of ${type.symbols.join(', ')}`)
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return tag === 'N'
        ? readNumber(type.kind, value as string, path, walk)
        : wrongType(walk, path, 'N', tag)
    case 'instant':
    case 'date':
      return readDate(type.kind, tag, value as string, path, walk)
    case 'record':
      return tag === 'M' ? readRecord(type, value as JsonObject, path, walk) : wrongType(walk, path, 'M', tag)
    case 'map':
      return tag === 'M'
        ? readMap(type.values, value as JsonObject, path, walk)
        : wrongType(walk, path, 'M', tag)
    case 'array': {
      const items = toList(tag, value)
      if (!items) return wrongType(walk, path, 'L', tag)
      // A NULL is absence here too; the paths of the others count it, as the record itself does.
      return items.flatMap((item, index) =>
        isNull(item) ? [] : [readValue(type.items, item, `${path}/${index}`, walk)],
      )
    }
  }
}

function readMap(type: Type, map: JsonObject, path: string, walk: Walk): ReadonlyMap<string, Value> {
  const entries = new Map<string, Value>()
  const repeats: Repeats = new Map()
  for (const [given, item] of Object.entries(map)) {
    if (isNull(item)) continue
    const name = freeName(wellFormed(given, walk), entries, repeats)
    // The names of a map's entries are data, so the path stands for any of them.
    walk.mapNames.push(name)
    entries.set(name, readValue(type, item, `${path}/*`, walk))
    walk.mapNames.pop()
  }
  return entries
}

/** The names that occurred more than once, each with the number to try next: thousands may be equal. */
type Repeats = Map<string, number>

/** After so many equal names a number distinguishes them: one sign more for each would grow without bound. */
const repairSignsMax = 32

/** Two names may be equal after their repair. The second then gets one more U+FFFD, so that neither is lost. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>, repeats: Repeats): string {
  if (!taken.has(name)) return name
  for (let number = repeats.get(name) ?? 1; ; number++) {
    const free = `${name}${number <= repairSignsMax ? '\ufffd'.repeat(number) : `\ufffd${number}`}`
    if (taken.has(free)) continue
    repeats.set(name, number + 1)
    return free
  }
}

function readNumber(
  kind: 'int' | 'long' | 'float' | 'double',
  text: string,
  path: string,
  walk: Walk,
): Value {
  if (kind === 'float' || kind === 'double') {
    const number = kind === 'float' ? Math.fround(Number(text)) : Number(text)
    return Number.isFinite(number) ? number : reject(walk, 'NUMBER_INEXACT', path, `too large for a ${kind}`)
  }
  const integer = parseInteger(text)
  const bits = kind === 'int' ? 32 : 64
  if (integer === undefined)
    return reject(walk, 'NUMBER_INEXACT', path, `not a whole number that fits a ${kind}`)
  if (BigInt.asIntN(bits, integer) !== integer)
    return reject(walk, 'NUMBER_INEXACT', path, `out of range for ${kind}`)
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

function readDate(kind: 'instant' | 'date', tag: Tag, text: string, path: string, walk: Walk): Value {
  if (kind === 'date') {
    if (tag !== 'S') return wrongType(walk, path, 'S', tag)
    return parseLocalDate(text) ?? reject(walk, 'DATE_INVALID', path, 'no date of the form YYYY-MM-DD')
  }
  if (tag !== 'S' && tag !== 'N') return wrongType(walk, path, 'S or N', tag)
  const instant = tag === 'S' ? parseInstant(text) : parseEpoch(text)
  const expected =
    tag === 'S' ? 'no ISO-8601 date that exists' : 'neither 10 digits of seconds nor 13 of milliseconds'
  return instant ?? reject(walk, 'DATE_INVALID', path, expected)
}

/** Keeps an attribute that the schema does not model. */
function readExtra(name: string, attribute: Json, path: string, walk: Walk): void {
  if (walk.rejection || isNull(attribute)) return
  const text = toJsonText(attribute, 0, walk)
  if (text === undefined) {
    reject(
      walk,
      'ATTRIBUTE_MALFORMED',
      `${path}/*`,
      'an attribute outside the schema is no DynamoDB attribute value',
    )
    return
  }
  const pointer = `${toPointer(path, walk)}/${toStep(wellFormed(name, walk))}`
  walk.extraLength += pointer.length + text.length
  if (walk.extraLength > extraLengthMax) {
    reject(walk, 'EXTRA_TOO_LARGE', path, 'the attributes outside the schema and their paths are too large')
    return
  }
  walk.extra.set(freeName(pointer, walk.extra, walk.extraRepeats), text)
}

/** Returns a path as a JSON Pointer (RFC 6901), with the names of map entries instead of `*`. */
function toPointer(path: string, walk: Walk): string {
  let depth = 0
  return path.replace(/\/\*/g, () => `/${toStep(walk.mapNames[depth++] ?? '')}`)
}

function toStep(name: string): string {
  return name.replace(/~/g, '~0').replace(/\//g, '~1')
}

/** An attribute value as plain JSON text, numbers digit for digit; undefined when it is malformed. */
function toJsonText(attribute: Json, depth: number, walk: Walk): string | undefined {
  const { tag, value } = untag(attribute)
  if (tag === undefined || depth > depthMax) return undefined
  switch (tag) {
    case 'S':
    case 'B':
      return JSON.stringify(wellFormed(value as string, walk))
    case 'N':
      return toJsonNumber(value as string)
    case 'BOOL':
      return String(value)
    case 'NULL':
      return 'null'
    case 'M': {
      const parts = Object.entries(value as JsonObject).map(([name, item]) => {
        const text = toJsonText(item, depth + 1, walk)
        return text === undefined ? undefined : `${JSON.stringify(wellFormed(name, walk))}:${text}`
      })
      return parts.includes(undefined) ? undefined : `{${parts.join(',')}}`
    }
    default: {
      const parts = toList(tag, value)?.map((item) => toJsonText(item, depth + 1, walk)) ?? []
      return parts.includes(undefined) ? undefined : `[${parts.join(',')}]`
    }
  }
}

function wellFormed(text: string, walk: Walk): string {
  if (text.isWellFormed()) return text
  walk.repairedTexts += 1
  return text.toWellFormed()
}

function wrongType(walk: Walk, path: string, expected: string, found: Tag): null {
  return reject(walk, 'FIELD_TYPE', path, `the schema asks for ${expected}, the attribute is ${found}`)
}

function reject(walk: Walk, code: RecordCode, path: string, message: string): null {
  walk.rejection ??= { code, stage: 'validate', message: `${path}: ${message}`, path }
  return null
}
