/** A spelling of Athena's that DuckDB's parser does not take, and how it is put right in the text. */
export type Spelling = {
  readonly name: string
  readonly athena: string
  readonly otherwise: string
  /** Queries, each with the rows that Athena gives, as JSON lists. */
  readonly examples: readonly (readonly [sql: string, rows: string])[]
  /** Where to change a statement, of which only the code is given: see `codeOf`. */
  readonly edits: (code: string) => readonly Edit[]
}

/** What stands in the place of `[from, to)`. */
export type Edit = { readonly from: number; readonly to: number; readonly text: string }

export const spellings: readonly Spelling[] = [
  {
    name: 'IGNORE NULLS',
    athena: '`last_value(x) IGNORE NULLS OVER (…)`',
    otherwise: 'It stands within the parentheses.',
    examples: [
      [
        'SELECT last_value(x) IGNORE NULLS OVER (ORDER BY n) FROM (VALUES (1, 5), (2, NULL)) AS t(n, x) ORDER BY n',
        '[[5],[5]]',
      ],
    ],
    edits: (code) =>
      [...code.matchAll(/\)\s*(IGNORE|RESPECT)\s+NULLS(?!\w)/gi)].map(({ 0: all, 1: word, index }) => ({
        from: index,
        to: index + all.length,
        text: ` ${word} NULLS)`,
      })),
  },
  {
    name: 'array types',
    athena: '`CAST(x AS ARRAY(varchar))`',
    otherwise: 'The type is `varchar[]`.',
    examples: [
      ["SELECT CAST(json_parse('[1, 2]') AS ARRAY(integer))", '[[[1,2]]]'],
      ["SELECT CAST(json_parse('[[1], []]') AS ARRAY(ARRAY(bigint)))", '[[[[1],[]]]]'],
    ],
    edits: (code) =>
      calls(code, 'ARRAY').flatMap(({ from, open, close }) =>
        /^\s*(?:SELECT|WITH|FROM|VALUES|TABLE|\()/i.test(code.slice(open + 1))
          ? []
          : [
              { from, to: open + 1, text: '' },
              { from: close, to: close + 1, text: '[]' },
            ],
      ),
  },
  {
    name: 'IF of two arguments',
    athena: '`IF(condition, x)` is NULL where the condition does not hold.',
    otherwise: 'IF takes three.',
    examples: [["SELECT IF(1 > 2, 'a'), IF(2 > 1, concat('a', 'b'))", '[[null,"ab"]]']],
    edits: (code) =>
      calls(code, 'IF').flatMap(({ open, close }) =>
        commas(code.slice(open + 1, close)) === 1 ? [{ from: close, to: close, text: ', NULL' }] : [],
      ),
  },
  {
    name: 'listagg',
    athena: '`listagg(DISTINCT x, separator) WITHIN GROUP (ORDER BY x)`',
    otherwise: 'The order stands with the arguments where there is DISTINCT.',
    examples: [
      [
        "SELECT listagg(DISTINCT x, '+') WITHIN GROUP (ORDER BY x) FROM (VALUES ('b'), ('a'), ('b')) AS t(x)",
        '[["a+b"]]',
      ],
    ],
    edits: (code) =>
      calls(code, 'LISTAGG').flatMap(({ close }) => {
        const within = /^\)\s*WITHIN\s+GROUP\s*\(/i.exec(code.slice(close))
        return within ? [{ from: close, to: close + within[0].length, text: ' ' }] : []
      }),
  },
  {
    name: 'the name `at`',
    athena: 'A column or alias may be called `at`.',
    otherwise: 'The word is reserved.',
    examples: [['SELECT at, n FROM (VALUES (1, 2)) AS t(at, n)', '[[1,2]]']],
    edits: (code) =>
      [...code.matchAll(/(?<![\w"])at(?!\w|\s+TIME(?!\w))/gi)].map(({ 0: word, index }) => ({
        from: index,
        to: index + word.length,
        text: `"${word}"`,
      })),
  },
]

/** Puts Athena's spellings right. A statement that has none of them is given back as it is. */
export function respell(sql: string): string {
  // Each on the text that the one before left: what one of them moves may be within another.
  return spellings.reduce((text, { edits }) => applyEdits(text, edits(codeOf(text))), sql)
}

/** A text with its edits made, none of which may overlap another. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
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

export type Call = { readonly from: number; readonly open: number; readonly close: number }

/** Where a word stands with a pair of parentheses behind it. */
export function calls(code: string, word: string): readonly Call[] {
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

/** How many commas a list of arguments has, those within other parentheses left out. */
function commas(code: string): number {
  let depth = 0
  let found = 0
  for (const character of code) {
    if ('([{'.includes(character)) depth++
    if (')]}'.includes(character)) depth--
    if (character === ',' && depth === 0) found++
  }
  return found
}
