import { type TableOrigin, writeEnvelope } from '../../codec/envelope.ts'
import type { Operation } from '../../record/change.ts'
import type { Members } from './attribute.ts'
import { type Random, uuid } from './random.ts'

/** A change of one item: what it was before, what it is now, both without the keys. */
export type ItemChange = {
  /** The record type. */
  readonly type: string
  readonly operation: Exclude<Operation, 'SNAPSHOT'>
  readonly micros: number
  readonly keys: ItemKeys
  readonly before?: Members
  readonly after?: Members
  /** True when DynamoDB's expiry deletes the item. */
  readonly isExpiry?: boolean
}

/** The values of PK and SK; they need no escapes. */
export type ItemKeys = { readonly pk: string; readonly sk: string }

const origin: TableOrigin = { tableName: 'demand-capture', region: 'us-east-1' }

/** Returns the envelope of a change as JSON text. */
export function toEnvelope(change: ItemChange, ids: Random): string {
  const { operation, micros, isExpiry } = change
  const keys = `"PK":{"S":"${change.keys.pk}"},"SK":{"S":"${change.keys.sk}"}`
  const image = (members: Members | undefined) => (members === undefined ? undefined : `{${keys},${members}}`)
  const [before, after] = [image(change.before), image(change.after)]
  // About what DynamoDB counts, which is names and values without JSON's punctuation.
  const size = [before, after].reduce((total, text) => total + (text ? text.length + imageNameLength : 0), 0)
  return writeEnvelope(
    {
      id: uuid(ids),
      operation,
      micros,
      keys,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      sizeBytes: Math.round(size * 0.7),
      isExpiry: isExpiry === true,
    },
    origin,
  )
}

const imageNameLength = '"NewImage":,'.length

const chunkBytes = 65_536
let chunk = Buffer.allocUnsafeSlow(chunkBytes)
let used = 0

/**
 * The bytes of a text in UTF-8. They lie in chunks shared with their neighbours, each byte used once: measuring
 * and allocating every payload by itself costs as much as writing it.
 */
export function toBytes(text: string): Uint8Array {
  // A UTF-16 unit takes three bytes at most.
  const most = text.length * 3
  if (most > chunkBytes) return Buffer.from(text, 'utf8')
  if (used + most > chunkBytes) {
    chunk = Buffer.allocUnsafeSlow(chunkBytes)
    used = 0
  }
  const start = used
  used += chunk.write(text, start, 'utf8')
  return chunk.subarray(start, used)
}
