/**
 * How long to wait after so many failures, in milliseconds: twice as long each time, from the first wait to the longest
 * one, and spread over its upper half so that many callers do not come back at once.
 *
 * @param random Gives a number from 0 to 1.
 */
export function backoff(
  failures: number,
  [first, most]: readonly [number, number],
  random: () => number,
): number {
  const full = Math.min(most, first * 2 ** Math.min(failures - 1, 30))
  return full / 2 + (full / 2) * random()
}
