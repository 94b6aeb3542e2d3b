/** A statement that this project answers itself, because no engine on one machine knows it. */
export type CatalogStatement = {
  readonly kind: 'repair' | 'partitions'
  /** The table's name as it was written, without its quotes. */
  readonly table: string
}

const name = '(?:\\s*`([^`]+)`|\\s*"([^"]+)"|\\s+([\\w.]+))'
const end = '\\s*(?:;\\s*)*$'
const statements: readonly (readonly [CatalogStatement['kind'], RegExp])[] = [
  [
    'repair',
    new RegExp(`^\\s*MSCK\\s+REPAIR\\s+TABLE${name}(?:\\s+(?:ADD|DROP|SYNC)\\s+PARTITIONS)?${end}`, 'i'),
  ],
  ['partitions', new RegExp(`^\\s*SHOW\\s+PARTITIONS${name}${end}`, 'i')],
]

/** Recognises `MSCK REPAIR TABLE t` and `SHOW PARTITIONS t`, or gives undefined for any other statement. */
export function readCatalogStatement(sql: string): CatalogStatement | undefined {
  const text = withoutComments(sql)
  for (const [kind, pattern] of statements) {
    const match = pattern.exec(text)
    if (match) return { kind, table: match[1] ?? match[2] ?? match[3] ?? '' }
  }
  return undefined
}

// Each alternative takes an unclosed end too, so that no place of the text is looked at twice.
const quotedOrComment = /('[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$))|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

function withoutComments(sql: string): string {
  return sql.replace(quotedOrComment, (_, quoted?: string) => quoted ?? ' ')
}

/** The first word of a statement, in capitals; empty where there is none. */
export function firstWord(sql: string): string {
  return /^\W*(\w+)/.exec(withoutComments(sql))?.[1]?.toUpperCase() ?? ''
}

const gap = '(?:\\s|--[^\\n]*(?:\\n|$)|/\\*[\\s\\S]*?\\*/)'
const option = '(?:ANALYZE|FORMAT\\s+\\w+)'
const explained = new RegExp(
  `^${gap}*(EXPLAIN)(?!\\w)(?:${gap}+(ANALYZE)(?!\\w)|${gap}*(\\(\\s*${option}(?:\\s*,\\s*${option})*\\s*\\)))?${gap}*`,
  'i',
)

/** Takes a statement apart into EXPLAIN, with its options and a space behind it, and what it explains. */
export function takeExplain(sql: string): { readonly explain: string; readonly select: string } {
  const match = explained.exec(sql)
  if (!match) return { explain: '', select: sql }
  const [all, ...words] = match
  return {
    explain: `${words.filter((word) => word !== undefined).join(' ')} `,
    select: sql.slice(all.length),
  }
}
