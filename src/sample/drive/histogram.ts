/** Counts of durations, in memory that does not grow with them. */
export type Histogram = {
  add(ms: number): void
  /** The duration that a share of all does not pass, within 1%; undefined where there is none. */
  quantile(share: number): number | undefined
  readonly max: number
}

const growth = 1.01
const leastMs = 0.01
// Up to about an hour.
const buckets = 2_000

/** A histogram whose buckets grow with the duration. */
export function createHistogram(): Histogram {
  const counts = new Uint32Array(buckets)
  let total = 0
  let max = 0
  return {
    add(ms) {
      const at = Math.ceil(Math.log(Math.max(ms, leastMs) / leastMs) / Math.log(growth))
      counts[Math.min(at, buckets - 1)]! += 1
      total += 1
      max = Math.max(max, ms)
    },
    quantile(share) {
      if (total === 0) return undefined
      let left = Math.max(1, Math.ceil(share * total))
      for (let at = 0; at < buckets; at++) {
        left -= counts[at]!
        if (left <= 0) return Math.min(max, leastMs * growth ** at)
      }
      return max
    },
    get max() {
      return max
    },
  }
}
