import { eachBounded } from '../delivery/bounded.ts'
import { PipelineError } from '../record/error.ts'
import type { ObjectStore, ObjectTag } from '../store/store.ts'
import { errorsPrefix } from './read.ts'

const parallel = 16

/**
 * Tags error files, so that a lifecycle rule may remove them, or not. Returns how many could not be tagged: those only
 * stay longer. Batches that were given up are none of the worker's, and are left as they are.
 */
export async function tagErrors(
  { tag }: ObjectStore,
  keys: readonly string[],
  value: ObjectTag,
): Promise<number> {
  if (!tag) return 0
  let failed = 0
  const own = keys.filter((key) => key.startsWith(errorsPrefix))
  await eachBounded(own, parallel, async (key) => {
    try {
      await tag(key, value)
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error
      failed++
    }
  })
  return failed
}
