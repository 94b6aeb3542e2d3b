import type { Entry } from './frame.ts'
import { hashKey } from './shards.ts'

/** An entry with the hash of its partition key; none where it is no change. */
export type Hashed = { readonly entry: Entry; readonly hash: string }

/** The newest entries of a log, in memory, so that readers who keep up never wait for the disk. */
export type Tail = {
  push(entry: Entry): void
  /** Entries from an index on; undefined when older ones than it holds are asked for. */
  from(index: number, countMax: number): readonly Hashed[] | undefined
  readonly newestMs: number
}

// What an entry costs beside its bytes, about.
const overheadBytes = 300

export function toHashed(entry: Entry): Hashed {
  return { entry, hash: entry.kind === 'change' ? hashKey(entry.partitionKey) : '' }
}

/** Holds at most about `bytesMax` bytes. */
export function createTail(bytesMax: number): Tail {
  let held: Hashed[] = []
  let start = 0
  let bytes = 0
  let newestMs = 0
  return {
    push(entry) {
      held.push(toHashed(entry))
      newestMs = entry.arrivedMs
      bytes += entry.bytes.length + overheadBytes
      while (bytes > bytesMax && start < held.length) {
        bytes -= held[start]!.entry.bytes.length + overheadBytes
        start += 1
      }
      // Seldom, so that dropping costs a constant on average.
      if (start > held.length / 2) {
        held = held.slice(start)
        start = 0
      }
    },
    from(index, countMax) {
      const first = held[start]?.entry.index
      if (first === undefined || index < first) return undefined
      const at = start + index - first
      return held.slice(at, at + countMax)
    },
    get newestMs() {
      return newestMs
    },
  }
}
