import { isFailedKey } from '../codec/failed-batch.ts'
import { PipelineError } from '../record/error.ts'
import { eachBounded } from '../store/bounded.ts'
import type { ObjectStore, ObjectTag } from '../store/store.ts'
import { type History, isOpen } from './history.ts'

const parallel = 16

/** Tags error files, so that a lifecycle rule may remove them, or not. Returns how many could not be tagged: those only stay longer. */
export async function tagErrors(
  { tag }: ObjectStore,
  keys: readonly string[],
  value: ObjectTag,
): Promise<number> {
  if (!tag) return 0
  let failed = 0
  await eachBounded(keys, parallel, async (key) => {
    try {
      await tag(key, value)
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error
      failed++
    }
  })
  return failed
}

/**
 * Of the error files of a cause those that go when it is ignored, and stay when it is taken up again. What was replayed may
 * go whatever is said of its cause. A batch that was given up may not: its records may be sound, and are nowhere else.
 */
export function goneWhenIgnored(keys: readonly string[], history: History): readonly string[] {
  return keys.filter((key) => isOpen(history, key) && !isFailedKey(key))
}
