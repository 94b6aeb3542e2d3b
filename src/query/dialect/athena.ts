import { applyEdits, calls, codeOf } from './spelling.ts'

/**
 * A statement as Athena takes it. `UNIX_TIMESTAMP(x)`, whole seconds since 1970, is no function there; a cast alone would
 * round. What stands in quotes and comments stays as it is, as does everything else.
 */
export function toAthena(sql: string): string {
  const edits = calls(codeOf(sql), 'UNIX_TIMESTAMP').flatMap(({ from, open, close }) => [
    { from, to: open + 1, text: 'CAST(floor(to_unixtime(' },
    { from: close, to: close + 1, text: ')) AS bigint)' },
  ])
  return applyEdits(sql, edits)
}
