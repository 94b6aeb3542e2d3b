import type { RecordCode } from '../record/error.ts'
import type { ObjectTag } from '../store/store.ts'

// A lifecycle rule of the archive's bucket deletes error files with these tags. A folder has no such rule: there they stay
// until somebody deletes them.

const name = 'dmd-handled'

/** The error was replayed, or its cause is set to be ignored. */
export const handled: ObjectTag = { name, value: 'true' }
/** The error's cause was ignored and is open again. */
export const unhandled: ObjectTag = { name, value: 'false' }
/** The error file has no item key, so an erasure could never find it. It therefore expires. */
export const unattributable: ObjectTag = { name, value: 'unattributable' }

/** The codes of rejections that come before the item's key is known. */
const withoutItem: ReadonlySet<string> = new Set<RecordCode>([
  'RECORD_TOO_LARGE',
  'NOT_UTF8',
  'NOT_JSON',
  'NOT_A_CHANGE',
  'KEYS_INVALID',
])

/** Returns the tag that the error file of a record with this code is written with, if any. */
export function tagOf(code: string): ObjectTag | undefined {
  return withoutItem.has(code) ? unattributable : undefined
}
