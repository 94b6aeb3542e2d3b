/**
 * Calls `work` for every item, at most `limit` at once, and waits for all. The first failure is thrown after
 * those under way have ended; no further ones are begun.
 */
export async function eachBounded<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0
  const failures: unknown[] = []
  const run = async () => {
    while (next < items.length && failures.length === 0) {
      const item = items[next++] as Item
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run))
  if (failures.length > 0) throw failures[0]
}
