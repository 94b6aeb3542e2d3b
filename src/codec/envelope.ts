import type { Change, Image, Operation } from '../record/change.ts'
import type { RecordCode, Rejection } from '../record/error.ts'
import { isObject, type JsonObject } from '../record/type.ts'
import { canonicalKey } from './attribute.ts'

// The envelope that Kinesis Data Streams for DynamoDB writes
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html), as JSON in UTF-8:
//
//     {"awsRegion", "eventID", "eventName": "INSERT|MODIFY|REMOVE", "userIdentity": null|{type, principalId},
//      "recordFormat": "application/json", "tableName",
//      "dynamodb": {"ApproximateCreationDateTime": n, "ApproximateCreationDateTimePrecision"?: "MILLISECOND|MICROSECOND",
//                   "Keys": {…}, "NewImage"?: {…}, "OldImage"?: {…}, "SizeBytes": n}, "eventSource": "aws:dynamodb"}
//
// Read by `decodeChange`, written by `writeEnvelope`.

export type Decoded =
  | { readonly ok: true; readonly change: Change }
  | { readonly ok: false; readonly rejection: Rejection; readonly micros?: number; readonly id?: string }

// ignoreBOM keeps a byte-order mark in the text, so that the text encodes to the same bytes.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the text of the bytes, undefined when they are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * The largest record of a Kinesis stream. An item has 400 kB at most, of which DynamoDB's JSON makes nine times as much at
 * worst: two images of it fit in here, so that no change of an item is larger.
 */
const payloadBytesMax = 10 * 1024 * 1024

/**
 * Returns the change in an envelope, or why it is rejected.
 *
 * Never throws. A rejection of stage `decode` carries the change's time and id where they could be read.
 */
export function decodeChange(payload: Uint8Array): Decoded {
  if (payload.length > payloadBytesMax)
    return reject('RECORD_TOO_LARGE', `the payload has more than ${payloadBytesMax} bytes`)
  const text = decodeUtf8(payload)
  if (text === undefined) return reject('NOT_UTF8', 'the payload is not valid UTF-8')
  let envelope: unknown
  try {
    envelope = JSON.parse(text)
  } catch {
    // The parser's own message quotes the payload, which may be personal.
    return reject('NOT_JSON', 'the payload is not JSON')
  }
  if (!isObject(envelope)) return reject('NOT_A_CHANGE', 'the payload is JSON, but no object')
  const { dynamodb, eventID } = envelope
  const id = typeof eventID === 'string' && eventID !== '' ? eventID.toWellFormed() : undefined
  const time = isObject(dynamodb) ? readTime(dynamodb) : undefined
  const micros = time?.ok ? time.micros : undefined
  const known = { ...(id === undefined ? {} : { id }), ...(micros === undefined ? {} : { micros }) }
  const rejected = (decoded: Decoded): Decoded => ({ ...decoded, ...known })
  if (!isObject(dynamodb) || !time)
    return rejected(reject('NOT_A_CHANGE', 'the section "dynamodb" is missing', '/dynamodb'))
  if (id === undefined) return rejected(reject('NOT_A_CHANGE', 'eventID is missing', '/eventID'))
  if (!time.ok) return rejected(time)
  return readChange(envelope, dynamodb, { ...known, id }, rejected)
}

function readChange(
  envelope: JsonObject,
  section: JsonObject,
  known: { id: string; micros?: number },
  rejected: (decoded: Decoded) => Decoded,
): Decoded {
  const operation = envelope.eventName
  if (operation !== 'INSERT' && operation !== 'MODIFY' && operation !== 'REMOVE') {
    return rejected(reject('OPERATION_UNKNOWN', 'eventName is none of INSERT, MODIFY, REMOVE', '/eventName'))
  }
  const key = canonicalKey(section.Keys)
  if (key === undefined) {
    return rejected(
      reject('KEYS_INVALID', 'Keys are missing or hold something else than S, N or B', '/dynamodb/Keys'),
    )
  }
  const name = imageName(operation)
  const image = section[name]
  if (!isObject(image)) {
    return rejected(reject('IMAGE_MISSING', `a ${operation} needs ${name}`, `/dynamodb/${name}`))
  }
  const before = operation === 'MODIFY' && isObject(section.OldImage) ? section.OldImage : undefined
  const actor = actorOf(envelope)
  const table = envelope.tableName
  return {
    ok: true,
    change: {
      ...known,
      ...(typeof table === 'string' && table !== '' ? { table: table.toWellFormed() } : {}),
      operation,
      key,
      keyNames: Object.keys(section.Keys as Image),
      image,
      ...(before ? { before } : {}),
      ...(actor ? { actor } : {}),
    },
  }
}

function imageName(operation: Operation): 'NewImage' | 'OldImage' {
  return operation === 'REMOVE' ? 'OldImage' : 'NewImage'
}

/** How many microseconds a unit of the precision has, and how many digits a time of our days has in it. */
const precisions: { readonly [name: string]: { readonly micros: number; readonly digits: number } } = {
  MILLISECOND: { micros: 1000, digits: 13 },
  MICROSECOND: { micros: 1, digits: 16 },
}

/**
 * The change's time in microseconds, undefined when the envelope names none. The precision decides the unit and
 * the number of digits must agree: a wrong unit would be a date in 1970 or in the year 50000.
 */
function readTime(section: JsonObject): { ok: true; micros?: number } | (Decoded & { ok: false }) {
  const path = '/dynamodb/ApproximateCreationDateTime'
  const name = section.ApproximateCreationDateTimePrecision ?? 'MILLISECOND'
  const precision = typeof name === 'string' && Object.hasOwn(precisions, name) ? precisions[name] : undefined
  if (!precision)
    return reject('TIME_INVALID', 'the precision is neither MILLISECOND nor MICROSECOND', `${path}Precision`)
  const value = section.ApproximateCreationDateTime
  if (value === undefined || value === null) return { ok: true }
  if (typeof value === 'number' && Number.isInteger(value) && String(value).length === precision.digits) {
    const micros = value * precision.micros
    if (value > 0 && Number.isSafeInteger(micros)) return { ok: true, micros }
  }
  return reject(
    'TIME_INVALID',
    `the time is no whole number of ${precision.digits} digits, as ${String(name)} asks`,
    path,
  )
}

/** The principal of a delete by DynamoDB's expiry: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
const expiryPrincipal = 'dynamodb.amazonaws.com'

function actorOf({ userIdentity }: JsonObject): string | undefined {
  return isObject(userIdentity) && userIdentity.principalId === expiryPrincipal ? 'ttl' : undefined
}

function reject(code: RecordCode, message: string, path?: string): Decoded & { ok: false } {
  return { ok: false, rejection: { code, stage: 'decode', message, ...(path ? { path } : {}) } }
}

/** The table that a change comes from. */
export type TableOrigin = { readonly tableName: string; readonly region: string }

/** A change of one item, to be written. Its keys and images are JSON text. */
export type EnvelopeChange = {
  readonly id: string
  /** INSERT, MODIFY or REMOVE. Another name is written too: the worker rejects it. */
  readonly operation: string
  readonly micros: number
  /** The key attributes as members of a JSON object, without its braces. */
  readonly keys: string
  /** The images as JSON objects, keys included. */
  readonly before?: string
  readonly after?: string
  /** What DynamoDB counts of keys and images. */
  readonly sizeBytes: number
  /** True when DynamoDB's expiry deletes the item. */
  readonly isExpiry?: boolean
}

const expiryIdentity = JSON.stringify({ type: 'Service', principalId: expiryPrincipal })

/** Returns the envelope of a change as JSON text, its members in the service's order. `decodeChange` reads it back. */
export function writeEnvelope(change: EnvelopeChange, { tableName, region }: TableOrigin): string {
  const { id, operation, micros, keys, before, after, sizeBytes, isExpiry } = change
  return (
    `{"awsRegion":${JSON.stringify(region)},"eventID":${JSON.stringify(id)},"eventName":${JSON.stringify(operation)},` +
    `"userIdentity":${isExpiry ? expiryIdentity : 'null'},"recordFormat":"application/json",` +
    `"tableName":${JSON.stringify(tableName)},"dynamodb":{"ApproximateCreationDateTime":${micros},` +
    `"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{${keys}},` +
    `${after === undefined ? '' : `"NewImage":${after},`}${before === undefined ? '' : `"OldImage":${before},`}` +
    `"SizeBytes":${sizeBytes}},"eventSource":"aws:dynamodb"}`
  )
}
