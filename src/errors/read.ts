import { isFailedKey } from '../codec/failed-batch.ts'
import type { ErrorFile } from '../delivery/error-file.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'

/** Where error files lie. */
export const errorsPrefix = 'errors/'

/** True for the key of an error file or of a discarded batch; false for the fingerprint of a group. */
export function isErrorKey(name: string): boolean {
  return name.startsWith(errorsPrefix) || isFailedKey(name)
}

/** The error file in these bytes, or undefined when they hold something else. */
export function parseErrorFile(bytes: Uint8Array): ErrorFile | undefined {
  try {
    const file: Json = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return isObject(file) && isErrorFile(file) ? (file as unknown as ErrorFile) : undefined
  } catch {
    return undefined
  }
}

function isErrorFile({ timestamp, error, source, events, encoding, object }: JsonObject): boolean {
  return (
    areTexts([timestamp]) &&
    isObject(error) &&
    areTexts([error.message, error.path ?? '']) &&
    // Shown as they are, in lists and groups.
    /^[A-Z][A-Z0-9_]{0,63}$/.test(String(error.code)) &&
    /^[a-z]{1,32}$/.test(String(error.stage)) &&
    isObject(source) &&
    areTexts([source.stream, source.shard, source.sequence, source.arrived ?? '']) &&
    Array.isArray(events) &&
    areTexts(events) &&
    (encoding === 'utf8' || encoding === 'base64') &&
    (object === undefined || isPlannedObject(object))
  )
}

function isPlannedObject(object: Json): boolean {
  return (
    isObject(object) &&
    areTexts([object.key]) &&
    Array.isArray(object.records) &&
    object.records.every(
      (record: Json) => isObject(record) && areTexts([record.sequence, record.arrived ?? '']),
    )
  )
}

function areTexts(values: readonly (Json | undefined)[]): boolean {
  return values.every((value) => typeof value === 'string')
}

/** The payloads of an error file, byte for byte as they came. */
export function payloadsOf(file: ErrorFile): readonly Uint8Array[] {
  return file.events.map((event) => Buffer.from(event, file.encoding))
}

/** The envelope in a payload, or undefined when it is no JSON object. */
export function envelopeOf(payload: Uint8Array): JsonObject | undefined {
  try {
    const envelope: Json = JSON.parse(Buffer.from(payload).toString('utf8'))
    return isObject(envelope) ? envelope : undefined
  } catch {
    return undefined
  }
}

/** The images of an envelope by name, where they are objects. */
export function imagesOf(envelope: JsonObject): ReadonlyMap<'NewImage' | 'OldImage', JsonObject> {
  const section = isObject(envelope.dynamodb) ? envelope.dynamodb : {}
  const names = ['NewImage', 'OldImage'] as const
  return new Map(names.flatMap((name) => (isObject(section[name]) ? [[name, section[name]] as const] : [])))
}
