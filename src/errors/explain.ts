import { isAttributeValue, isNull } from '../codec/attribute.ts'
import { decodeUtf8 } from '../codec/envelope.ts'
import { depthMax } from '../codec/image.ts'
import type { ErrorFile } from '../delivery/error-file.ts'
import type { Catalog } from '../record/schema.ts'
import {
  type Field,
  isObject,
  type Json,
  type JsonObject,
  type RecordType,
  type Type,
} from '../record/type.ts'
import { maskPointer, placeholder } from './edit.ts'
import { maskEnvelope, masked } from './mask.ts'
import { envelopeOf, imagesOf, payloadsOf } from './read.ts'

/** One place of a record beside what is asked for there. No part of it holds a personal value. */
export type ExplainedLine = {
  /** A JSON Pointer without type tags, into the image, or into the envelope for stage `decode`. */
  readonly path: string
  /** What the schema asks for, in words; empty where it asks for nothing. */
  readonly asked: string
  /** What the record has, as DynamoDB's JSON, masked; empty where it has nothing. */
  readonly has: string
  readonly mark: 'bad' | 'ok' | 'absent' | 'extra'
}

export type Explanation = {
  /** `image`: beside the schema of its type. `envelope`: beside the form of a change. `bytes`: neither can be read. */
  readonly of: 'image' | 'envelope' | 'bytes'
  readonly lines: readonly ExplainedLine[]
  /** For `bytes`: how many there are, and at which one they stop being UTF-8 or JSON. */
  readonly bytes: number
  readonly brokenAt?: number
  /** An edit that would help, with `placeholder` where a value has to be filled in; undefined where none can be told. */
  readonly suggestion?: readonly Suggestion[]
}

/** An operation of a JSON Patch on the envelope. */
export type Suggestion = { readonly op: string; readonly path: string; readonly value?: Json }

const extrasMax = 20

/** Lays the first record of an error file beside what is asked of it, with the place marked that is at fault. */
export function explainRecord(file: ErrorFile, catalog: Catalog): Explanation {
  const [payload = new Uint8Array()] = payloadsOf(file)
  const { code, stage, path = '' } = file.error
  const bytes = payload.length
  const envelope = envelopeOf(payload)
  if (!envelope) {
    const brokenAt = brokenPlace(payload)
    return { of: 'bytes', lines: [], bytes, ...(brokenAt === undefined ? {} : { brokenAt }) }
  }
  const maskedEnvelope = maskEnvelope(envelope, catalog)
  const images = imagesOf(envelope)
  const name = images.has('NewImage') && envelope.eventName !== 'REMOVE' ? 'NewImage' : 'OldImage'
  const image = images.get(name)
  if (stage === 'decode' || !image) {
    const suggestion = suggestEnvelope(code, path, envelope)
    return {
      of: 'envelope',
      lines: envelopeLines(maskedEnvelope, path),
      bytes,
      ...(suggestion ? { suggestion } : {}),
    }
  }
  const shown = imagesOf(maskedEnvelope).get(name) ?? {}
  const type = isObject(image.type) && typeof image.type.S === 'string' ? image.type.S : ''
  const schema = catalog.get(type)
  const malformed = schema && malformedExtra(path, image, schema.own)
  const bad = malformed === undefined ? path : maskPointer(malformed)
  const lines = schema
    ? [
        ...fieldLines(schema.own, shown, '', bad),
        ...nestedExtra(bad, malformed),
        ...extraLines(schema.own, shown, bad),
      ]
    : [
        {
          path: '/type',
          asked: `one of ${[...catalog.keys()].join(', ')}`,
          has: told(shown.type),
          mark: 'bad' as const,
        },
      ]
  const root = `/dynamodb/${name}`
  const suggestion =
    malformed === bad && isTopLevel(bad)
      ? [{ op: 'replace', path: `${root}${bad}`, value: { S: placeholder } }]
      : suggestImage(code, path, image, root, schema?.own)
  return { of: 'image', lines, bytes, ...(suggestion ? { suggestion } : {}) }
}

/** At which byte a payload stops being UTF-8, else JSON; undefined where that cannot be told. */
function brokenPlace(payload: Uint8Array): number | undefined {
  const text = decodeUtf8(payload)
  if (text === undefined) {
    // A character has four bytes at most: of the prefixes that end in a sound one or within the next, the longest.
    const end = (length: number) =>
      [length, length - 1, length - 2, length - 3].find(
        (shorter) => shorter >= 0 && decodeUtf8(payload.subarray(0, shorter)) !== undefined,
      )
    let [low, high] = [0, payload.length]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (end(middle) === undefined) high = middle - 1
      else low = middle
    }
    return end(low)
  }
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    // The engine does not always say where.
    const message = error instanceof Error ? error.message : ''
    const [, position] = /at position (\d+)/.exec(message) ?? []
    if (position !== undefined) return Buffer.byteLength(text.slice(0, Number(position)))
    return message.includes('end of JSON') ? payload.length : undefined
  }
}

const members: readonly (readonly [path: string, asked: string])[] = [
  ['/eventID', 'text, required'],
  ['/eventName', 'INSERT, MODIFY or REMOVE'],
  ['/dynamodb', 'object, required'],
  ['/dynamodb/ApproximateCreationDateTime', 'number of 13 digits (milliseconds) or 16 (microseconds)'],
  ['/dynamodb/ApproximateCreationDateTimePrecision', 'MILLISECOND or MICROSECOND'],
  ['/dynamodb/Keys', 'the key attributes: S, N or B, required'],
  ['/dynamodb/NewImage', 'attributes, for INSERT and MODIFY'],
  ['/dynamodb/OldImage', 'attributes, for REMOVE'],
]

function envelopeLines(masked: JsonObject, bad: string): readonly ExplainedLine[] {
  return members.map(([path, asked]) => {
    const value = path
      .slice(1)
      .split('/')
      .reduce<Json | undefined>((inner, name) => (isObject(inner) ? inner[name] : undefined), masked)
    const count = isObject(value) ? Object.keys(value).length : 0
    const has = isObject(value) ? `{${count} ${count === 1 ? 'member' : 'members'}}` : told(value)
    return { path, asked, has, mark: path === bad ? 'bad' : value === undefined ? 'absent' : 'ok' }
  })
}

function fieldLines(
  record: RecordType,
  shown: JsonObject,
  at: string,
  bad: string,
): readonly ExplainedLine[] {
  return record.fields
    .filter(({ derive }) => !derive)
    .flatMap((field): readonly ExplainedLine[] => {
      const path = `${at}/${field.name}`
      const attribute = Object.hasOwn(shown, field.name) ? shown[field.name] : undefined
      const nested = field.type.kind === 'optional' ? field.type.of : field.type
      const inner = isObject(attribute) && isObject(attribute.M) ? attribute.M : undefined
      // A list's faulty item is told at the list: its number is in the message.
      const isHere = bad === path || (bad.startsWith(`${path}/`) && (nested.kind !== 'record' || !inner))
      if (nested.kind === 'record' && inner && !isHere) return fieldLines(nested, inner, path, bad)
      const has = inner ? `{${Object.keys(inner).length} members}` : told(attribute)
      return [
        {
          path,
          asked: askedOf(field),
          has,
          mark: isHere ? 'bad' : attribute === undefined ? 'absent' : 'ok',
        },
      ]
    })
}

function extraLines(record: RecordType, shown: JsonObject, bad: string): readonly ExplainedLine[] {
  const names = Object.keys(shown).filter((name) => !record.attributes.has(name))
  const isBad = (name: string) => `${bad}/`.startsWith(`/${name}/`)
  return [...names.filter(isBad), ...names.filter((name) => !isBad(name))]
    .slice(0, extrasMax)
    .map((name) => ({
      path: maskPointer(`/${name}`),
      asked: '',
      has: told(shown[name]),
      mark: isBad(name) ? 'bad' : 'extra',
    }))
}

/**
 * A rejection names an attribute outside the schema only as `/*`. This is the pointer to the first one there that is no
 * attribute value; undefined where the path is another, or there is none.
 */
function malformedExtra(path: string, image: JsonObject, record: RecordType): string | undefined {
  if (!path.endsWith('/*')) return undefined
  let type: Type | undefined = record
  let value: Json | undefined = { M: image }
  for (const name of path.slice(1, -1).split('/').filter(Boolean)) {
    const parts: Json | undefined = isObject(value) ? (value.M ?? value.L) : undefined
    type = type && innerType(type, name)
    value = Array.isArray(parts) ? parts[Number(name)] : isObject(parts) ? parts[name] : undefined
  }
  if (type?.kind === 'optional') type = type.of
  const map = isObject(value) ? value.M : undefined
  if (type?.kind !== 'record' || !isObject(map)) return undefined
  const { attributes } = type
  const found = Object.entries(map).find(
    ([name, attribute]) =>
      !attributes.has(name) && !isNull(attribute) && !isAttributeValue(attribute, depthMax),
  )
  return found && `${path.slice(0, -1)}${found[0].replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function isTopLevel(path: string): boolean {
  return path.lastIndexOf('/') === 0
}

/** An attribute outside the schema within a field: its place is told, its value is not. */
function nestedExtra(bad: string, malformed: string | undefined): readonly ExplainedLine[] {
  if (malformed === undefined || isTopLevel(bad)) return []
  return [{ path: bad, asked: '', has: masked, mark: 'bad' }]
}

const hasMax = 60

/** An attribute, short; nothing where there is none. */
function told(attribute: Json | undefined): string {
  if (attribute === undefined) return ''
  const text = JSON.stringify(attribute)
  return text.length > hasMax ? `${text.slice(0, hasMax - 1)}…` : text
}

function askedOf(field: Field): string {
  const isRequired = !field.hasDefault
  return [wordsFor(field.type), ...(isRequired ? ['required'] : []), ...(field.pii ? ['personal'] : [])].join(
    ', ',
  )
}

function wordsFor(type: Type): string {
  switch (type.kind) {
    case 'optional':
      return wordsFor(type.of)
    case 'string':
      return 'text (S)'
    case 'int':
    case 'long':
      return 'whole number (N)'
    case 'float':
    case 'double':
      return 'number (N)'
    case 'boolean':
      return 'true or false (BOOL)'
    case 'bytes':
      return 'bytes (B)'
    case 'instant':
      return 'time (S or N)'
    case 'date':
      return 'date (S or N)'
    case 'enum':
      return `one of ${type.symbols.join(', ')} (S)`
    case 'array':
      return `list (L) of ${wordsFor(type.items)}`
    case 'map':
      return `map (M) of ${wordsFor(type.values)}`
    case 'record':
      return 'record (M)'
  }
}

/** The tag that DynamoDB gives to a sound value of a type, and something to be filled in. */
function toFillIn(type: Type): Json {
  switch (type.kind) {
    case 'optional':
      return toFillIn(type.of)
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return { N: placeholder }
    case 'boolean':
      return { BOOL: placeholder }
    case 'bytes':
      return { B: placeholder }
    case 'array':
      return { L: [placeholder] }
    case 'map':
      return { M: { [placeholder]: placeholder } }
    case 'record':
      return {
        M: Object.fromEntries(
          type.fields
            .filter(({ hasDefault, derive }) => !hasDefault && !derive)
            .map((field) => [field.name, toFillIn(field.type)]),
        ),
      }
    default:
      return { S: placeholder }
  }
}

function suggestEnvelope(
  code: string,
  path: string,
  envelope: JsonObject,
): readonly Suggestion[] | undefined {
  const section = isObject(envelope.dynamodb) ? envelope.dynamodb : {}
  const at = '/dynamodb/ApproximateCreationDateTime'
  switch (code) {
    case 'OPERATION_UNKNOWN':
      return [{ op: 'add', path: '/eventName', value: placeholder }]
    case 'TIME_INVALID': {
      const digits = String(section.ApproximateCreationDateTime).length
      const precision = { 13: 'MILLISECOND', 16: 'MICROSECOND' }[digits]
      return precision === undefined
        ? [{ op: 'add', path: at, value: placeholder }]
        : [{ op: 'add', path: `${at}Precision`, value: precision }]
    }
    case 'TIME_MISSING':
      return [{ op: 'add', path: at, value: placeholder }]
    case 'KEYS_INVALID':
      return [
        { op: 'add', path: '/dynamodb/Keys', value: { PK: { S: placeholder }, SK: { S: placeholder } } },
      ]
    case 'NOT_A_CHANGE':
      return path === '/eventID' ? [{ op: 'add', path, value: placeholder }] : undefined
    case 'IMAGE_MISSING':
      return [{ op: 'add', path, value: { [placeholder]: placeholder } }]
    default:
      return undefined
  }
}

function suggestImage(
  code: string,
  path: string,
  image: JsonObject,
  root: string,
  record: RecordType | undefined,
): readonly Suggestion[] | undefined {
  if (code === 'TYPE_UNKNOWN') return [{ op: 'add', path: `${root}/type`, value: { S: placeholder } }]
  if (code === 'INTERNAL' || path === '' || !record) return undefined
  const names = path.slice(1).split('/')
  // A place that is not there yet: what is missing on the way has to come with it.
  const way: string[] = []
  let type: Type = record
  let value: Json | undefined = { M: image }
  for (const name of names) {
    const tag: Json | undefined = isObject(value) ? (value.M ?? value.L) : undefined
    if (!isObject(tag) && !Array.isArray(tag)) break
    const next = innerType(type, name)
    if (!next) return undefined
    way.push(way.length === 0 ? name : `${Array.isArray(tag) ? 'L' : 'M'}/${name}`)
    type = next
    value = Array.isArray(tag) ? tag[Number(name)] : (tag as JsonObject)[name]
  }
  if (way.length === 0) return undefined
  const isInList = way.at(-1)?.startsWith('L/') === true
  return [{ op: isInList ? 'replace' : 'add', path: `${root}/${way.join('/')}`, value: toFillIn(type) }]
}

/** The type of a field, an item or a value in a type. */
function innerType(type: Type, name: string): Type | undefined {
  switch (type.kind) {
    case 'optional':
      return innerType(type.of, name)
    case 'record':
      return type.fields.find((field) => field.name === name)?.type
    case 'array':
      return type.items
    case 'map':
      return type.values
    default:
      return undefined
  }
}
