// What is sent to Athena: its own parser reads it, so here it is looked at as text.

/** What stands in the place of `[from, to)`. */
type Edit = { readonly from: number; readonly to: number; readonly text: string }

/**
 * A statement as Athena takes it. `UNIX_TIMESTAMP(x)`, whole seconds since 1970, is no function there; a cast alone would
 * round. What stands in quotes and comments stays as it is, as does everything else.
 */
export function toAthena(sql: string): string {
  const edits = calls(codeOf(sql), 'UNIX_TIMESTAMP').flatMap(({ from, open, close }): readonly Edit[] => [
    { from, to: open + 1, text: 'CAST(floor(to_unixtime(' },
    { from: close, to: close + 1, text: ')) AS bigint)' },
  ])
  return applyEdits(sql, edits)
}

/** A text with its edits made, none of which may overlap another. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => a.from - b.from)
  let at = 0
  let out = ''
  for (const edit of sorted) {
    out += text.slice(at, edit.from) + edit.text
    at = edit.to
  }
  return out + text.slice(at)
}

const quotedOrComment =
  /'[^']*(?:'|$)|"[^"]*(?:"|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g

/** A statement, as long as it was, without what stands in quotes and comments: spaces for these, `\u0001` for those. */
export function codeOf(sql: string): string {
  return sql.replace(quotedOrComment, (part) =>
    (part.startsWith('--') || part.startsWith('/*') ? ' ' : '\u0001').repeat(part.length),
  )
}

type Call = { readonly from: number; readonly open: number; readonly close: number }

/** Where a word stands with a pair of parentheses behind it. */
function calls(code: string, word: string): readonly Call[] {
  const pattern = new RegExp(`(?<![\\w."])${word}\\s*\\(`, 'gi')
  const starts = [...code.matchAll(pattern)]
  if (starts.length === 0) return []
  const closes = matchParentheses(code)
  return starts.flatMap(({ 0: all, index }) => {
    const open = index + all.length - 1
    const close = closes.get(open)
    return close === undefined ? [] : [{ from: index, open, close }]
  })
}

function matchParentheses(code: string): ReadonlyMap<number, number> {
  const closes = new Map<number, number>()
  const open: number[] = []
  for (let at = 0; at < code.length; at++) {
    if (code[at] === '(') open.push(at)
    const start = code[at] === ')' ? open.pop() : undefined
    if (start !== undefined) closes.set(start, at)
  }
  return closes
}
