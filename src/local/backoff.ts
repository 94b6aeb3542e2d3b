/** Twice as long each time, and spread so that many do not come at once. */
export function backoff(
  failures: number,
  [first, most]: readonly [number, number],
  random: () => number,
): number {
  const full = Math.min(most, first * 2 ** Math.min(failures - 1, 30))
  return full / 2 + (full / 2) * random()
}
