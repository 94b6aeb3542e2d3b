import type { Entry } from '../stream/frame.ts'
import type { ShardState } from '../stream/shards.ts'
import type { StreamState } from '../stream/source.ts'
import type { Tail } from '../stream/tail.ts'
import type { Item } from '../table.ts'
import { toStored } from './decide.ts'
import { checkItem, itemText, keyMembers } from './item.ts'
import type { Stored } from './snapshot.ts'
import type { Times } from './times.ts'

type Envelope = {
  readonly dynamodb: {
    readonly ApproximateCreationDateTime: number
    readonly Keys: Item
    readonly NewImage?: Item
  }
}

/** Brings items, times and tail up to date with the entries of a log that follow a snapshot. */
export function replay(
  items: Map<string, Stored>,
  times: Times,
  tail: Tail,
  snapshot: StreamState | undefined,
): {
  readonly visit: (entry: Entry) => void
  readonly state: () => StreamState
  /** How much was replayed. */
  readonly bytes: () => number
} {
  let shards: readonly ShardState[] = snapshot?.shards ?? []
  const trimmed = snapshot?.trimmed ?? {}
  let bytes = 0
  return {
    visit(entry) {
      tail.push(entry)
      bytes += entry.bytes.length
      const text = Buffer.from(entry.bytes.buffer, entry.bytes.byteOffset, entry.bytes.length).toString(
        'utf8',
      )
      if (entry.kind === 'shards') {
        shards = JSON.parse(text) as ShardState[]
        return
      }
      const { ApproximateCreationDateTime: micros, Keys, NewImage } = (JSON.parse(text) as Envelope).dynamodb
      const key = keyMembers(checkItem(Keys))
      if (NewImage) {
        items.set(key, toStored(itemText(NewImage), NewImage, micros))
      } else {
        items.delete(key)
        times.buried(key, micros)
      }
    },
    state: () => ({ shards, trimmed }),
    bytes: () => bytes,
  }
}
