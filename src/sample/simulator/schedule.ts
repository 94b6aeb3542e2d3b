/** What happens later: a binary heap in order of time, and of arrival among those of one time. */
export type Schedule<T> = {
  add(dueMicros: number, what: T): void
  /** Takes the earliest out; undefined when none is left. */
  take(): Entry<T> | undefined
  readonly size: number
}

type Entry<T> = { readonly dueMicros: number; readonly order: number; readonly what: T }

/** An empty schedule. It grows with what is pending, not with what has passed. */
export function createSchedule<T>(): Schedule<T> {
  const heap: Entry<T>[] = []
  let added = 0
  return {
    add(dueMicros, what) {
      const entry = { dueMicros, order: added++, what }
      let index = heap.length
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (!isBefore(entry, heap[parent]!)) break
        heap[index] = heap[parent]!
        index = parent
      }
      heap[index] = entry
    },
    take() {
      const first = heap[0]
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) sink(heap, last)
      return first
    },
    get size() {
      return heap.length
    },
  }
}

/** Lets an entry sink from the root, which is free, to its place. */
function sink<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (isBefore(entry, heap[child]!)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = entry
}

function isBefore<T>(left: Entry<T>, right: Entry<T>): boolean {
  return left.dueMicros < right.dueMicros || (left.dueMicros === right.dueMicros && left.order < right.order)
}
