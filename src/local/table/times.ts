/** The times of an item's changes: strictly rising for each item, whatever the clock does. */
export type Times = {
  /** The time of the next change of an item, in microseconds since 1970. `last` is that of its last one, while it exists. */
  next(key: string, last: number | undefined, nowMs: number): number
  /** Remembers when an item was deleted: it may be made anew. */
  buried(key: string, micros: number): void
  /** Forgets the deletes that were made before; what is made anew after that is later than each of them. */
  forget(beforeMicros: number): void
  readonly floor: number
  readonly tombstones: ReadonlyMap<string, number>
}

/**
 * Each item has a time line of its own, so that a clock that was wrong for a while leaves its times in the items that
 * were changed meanwhile and in no other. The deletes that are forgotten raise one floor under all of them.
 */
export function createTimes(floorMicros = 0, tombstones = new Map<string, number>()): Times {
  let floor = floorMicros
  return {
    next: (key, last, nowMs) =>
      Math.max(Math.floor(nowMs * 1000), (last ?? tombstones.get(key) ?? floor) + 1),
    buried: (key, micros) => {
      tombstones.set(key, micros)
    },
    forget: (beforeMicros) => {
      for (const [key, micros] of tombstones) {
        if (micros >= beforeMicros) continue
        tombstones.delete(key)
        floor = Math.max(floor, micros)
      }
    },
    get floor() {
      return floor
    },
    tombstones,
  }
}
