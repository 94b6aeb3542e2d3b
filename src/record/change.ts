import type { JsonObject } from './type.ts'

/** What happened to an item; SNAPSHOT is a state that was read rather than streamed. In order of precedence. */
export const operations = ['SNAPSHOT', 'INSERT', 'MODIFY', 'REMOVE'] as const
export type Operation = (typeof operations)[number]

/** A DynamoDB attribute map, as JSON: `{"fanId": {"S": "f1"}}`. Its values are not checked yet. */
export type Image = JsonObject

/** One change of one item, taken out of its envelope. Its images are not checked yet. */
export type Change = {
  readonly id: string
  readonly operation: Operation
  /** When it happened, in microseconds since 1970; undefined when the envelope does not say. */
  readonly micros?: number
  /** The item's key attributes as canonical JSON. */
  readonly key: string
  /** The names of the key attributes. */
  readonly keyNames: readonly string[]
  /** The image that the row is made of: the new one, for a REMOVE the old one. */
  readonly image: Image
  /** For a MODIFY: the image before, where the table streams it. */
  readonly before?: Image
  /** `ttl` when DynamoDB's expiry deleted the item. */
  readonly actor?: string
}
