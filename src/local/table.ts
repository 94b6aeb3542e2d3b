import type { JsonObject } from '../record/type.ts'

/**
 * An item in DynamoDB's JSON, its key attributes PK and SK included:
 * `{"PK": {"S": "FAN#f1"}, "SK": {"S": "DEMAND#e1#s1"}, "type": {"S": "demand"}}`.
 */
export type Item = JsonObject

/** The values of the key attributes PK and SK, both texts. */
export type ItemKey = { readonly PK: string; readonly SK: string }

/** What must hold for a write to happen: no item has the key, or the item is still the one that was read. */
export type Condition = { readonly ifAbsent: true } | { readonly ifUnchanged: Item }

export type WriteOutcome =
  /** The item is as asked for, durably. `before` is what it was; nothing changed, and no change was emitted, where it was the same. */
  | { readonly outcome: 'done'; readonly before?: Item }
  /** The condition did not hold. `current` is the item that is there. */
  | { readonly outcome: 'unmet'; readonly current?: Item }

/**
 * The outside seam to the table of items: the embedded one on one machine, DynamoDB in AWS. Each write that changes
 * an item comes out of the table's stream once at least, with the image before and the image after.
 *
 * A write that resolved is durable; one that was rejected may have happened nevertheless, and doing it again is safe.
 * All calls throw TABLE_UNAVAILABLE, which is retryable, when the table cannot be used, and TypeError for an item
 * that no table takes.
 */
export interface Table {
  readonly name: string
  /** The item as the last write that was acknowledged left it. */
  get(key: ItemKey): Promise<Item | undefined>
  /** Replaces the whole item. */
  put(item: Item, condition?: Condition): Promise<WriteOutcome>
  /** Deleting what is not there is done already. */
  delete(key: ItemKey, condition?: Condition): Promise<WriteOutcome>
  close(): Promise<void>
}
