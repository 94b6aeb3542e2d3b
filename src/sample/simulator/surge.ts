/** Where the peak lies, as a share of the whole time, and how fast the rush ebbs away after it. */
const peak = 0.06
const ebb = 0.24

const risen = peak / 2
const total = risen + ebb * (1 - Math.exp((peak - 1) / ebb))

/**
 * The shape of a surge: after which share of the time a share of the requests has come in. Their rate rises
 * steeply to a peak, then decays exponentially. Maps 0 to 0 and 1 to 1, and never falls.
 */
export function surgeTime(share: number): number {
  const area = share * total
  if (area < risen) return Math.sqrt(2 * peak * area)
  return Math.min(1, peak - ebb * Math.log(1 - (area - risen) / ebb))
}
