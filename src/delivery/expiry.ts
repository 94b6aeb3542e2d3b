import type { RecordCode } from '../record/error.ts'
import type { ObjectTag } from '../store/store.ts'

// Error files go by themselves only where a lifecycle rule of the archive says so, which goes by these tags. A folder has
// none: there they stay until somebody removes them.

const name = 'dmd-handled'

/** Replayed, or of a cause that somebody said to ignore. */
export const handled: ObjectTag = { name, value: 'true' }
/** Of a cause that somebody took up again. */
export const unhandled: ObjectTag = { name, value: 'false' }
/** It names no item, so that nothing can find it when what an item held is to be erased: it must not stay for ever. */
export const unattributable: ObjectTag = { name, value: 'unattributable' }

/** What is rejected before the item is known. */
const withoutItem: ReadonlySet<string> = new Set<RecordCode>([
  'RECORD_TOO_LARGE',
  'NOT_UTF8',
  'NOT_JSON',
  'NOT_A_CHANGE',
  'KEYS_INVALID',
])

/** The tag that the error file of a record rejected so begins with. */
export function tagOf(code: string): ObjectTag | undefined {
  return withoutItem.has(code) ? unattributable : undefined
}
