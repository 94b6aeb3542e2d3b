import { type TableOrigin, writeEnvelope } from '../../codec/envelope.ts'
import type { Condition, Item, WriteOutcome } from '../table.ts'
import { expiryOf, isExpired, isSame, sizeOf } from './item.ts'

/** An item as the table keeps it. */
export type Stored = {
  /** JSON, beginning with the key members. */
  readonly text: string
  /** The time of its last change, in microseconds since 1970. */
  readonly micros: number
  /** After this time, in epoch seconds, it may be deleted. */
  readonly expirySeconds?: number
}

/** A write that is asked for. Its key is that of the item, as JSON members. */
export type Write = { readonly key: string } & (
  | { readonly kind: 'put'; readonly text: string; readonly item: Item; readonly condition?: Condition }
  | { readonly kind: 'delete'; readonly condition?: Condition }
  | { readonly kind: 'expire' }
)

/** What becomes of a write: its outcome, and the change that it makes, if it makes one. */
export type Decision = {
  readonly outcome: WriteOutcome
  readonly change?: { readonly micros: number; readonly after?: Stored; readonly envelope: string }
}

/** What a decision depends on, beside the write: the item as it is, and when it last changed, if that is known. */
export type Current = { readonly stored?: Stored; readonly micros?: number }

export type DecideRules = {
  readonly origin: TableOrigin
  readonly newId: () => string
  /** No item whose last change is not known has changed after this time. */
  readonly floorMicros: number
}

/** Decides a write, as DynamoDB would: a write that changes nothing makes no change. */
export function decide(write: Write, current: Current, nowMs: number, rules: DecideRules): Decision {
  const { stored } = current
  const before = stored && (JSON.parse(stored.text) as Item)
  const done = { outcome: 'done', ...(before && { before }) } as const
  if (write.kind !== 'expire' && !isMet(write.condition, before))
    return { outcome: { outcome: 'unmet', ...(before && { current: before }) } }
  if (write.kind === 'put') {
    if (stored && before && (stored.text === write.text || isSame(before, write.item)))
      return { outcome: done }
  } else if (stored === undefined) {
    return { outcome: done }
  }
  if (write.kind === 'expire' && !isExpired(stored?.expirySeconds, nowMs)) return { outcome: done }
  // An item's times rise strictly, whatever the clock does. Each item has its own, so that a clock that was wrong for a
  // while leaves its times in the items that were changed meanwhile and in no other.
  const micros = Math.max(Math.floor(nowMs * 1000), (current.micros ?? rules.floorMicros) + 1)
  const after = write.kind === 'put' ? toStored(write.text, write.item, micros) : undefined
  const envelope = writeEnvelope(
    {
      id: rules.newId(),
      operation: after === undefined ? 'REMOVE' : stored === undefined ? 'INSERT' : 'MODIFY',
      micros,
      keys: write.key,
      ...(stored && { before: stored.text }),
      ...(after && { after: after.text }),
      sizeBytes: streamSize(write, before),
      isExpiry: write.kind === 'expire',
    },
    rules.origin,
  )
  return { outcome: done, change: { micros, envelope, ...(after && { after }) } }
}

function isMet(condition: Condition | undefined, before: Item | undefined): boolean {
  if (condition === undefined) return true
  if ('ifAbsent' in condition) return before === undefined
  return before !== undefined && isSame(before, condition.ifUnchanged)
}

/** What DynamoDB counts of a stream record: keys and both images. */
function streamSize(write: Write, before: Item | undefined): number {
  const after = write.kind === 'put' ? write.item : undefined
  const { PK, SK } = (after ?? before ?? {}) as Item
  return sizeOf({ PK: PK ?? null, SK: SK ?? null }) + sizeOf(before ?? {}) + sizeOf(after ?? {})
}

function toStored(text: string, item: Item, micros: number): Stored {
  const expirySeconds = expiryOf(item)
  return { text, micros, ...(expirySeconds !== undefined && { expirySeconds }) }
}
