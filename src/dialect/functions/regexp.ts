import { type Definition, FunctionError, scalar } from '../registry.ts'
import { type Match, matchesOf, type Pattern, patternOf } from './pattern.ts'
import { textLimit } from './text.ts'

function first(pattern: Pattern, text: string): Match | undefined {
  for (const match of matchesOf(pattern, text)) return match
  return undefined
}

function groupOf(match: Match, text: string, group: number): string | null {
  const begin = match[2 * group] ?? -1
  return begin < 0 ? null : text.slice(begin, match[2 * group + 1])
}

function checkGroup(pattern: Pattern, group: bigint): number {
  if (group < 0n) throw new FunctionError('Group cannot be negative')
  if (group > BigInt(pattern.groupCount))
    throw new FunctionError('The pattern has fewer groups than the number of the group asked for')
  return Number(group)
}

function extract(text: string, source: string, group = 0n): string | null {
  const pattern = patternOf(source)
  const index = checkGroup(pattern, group)
  const match = first(pattern, text)
  return match ? groupOf(match, text, index) : null
}

function extractAll(text: string, source: string, group = 0n): (string | null)[] {
  const pattern = patternOf(source)
  const index = checkGroup(pattern, group)
  return Array.from(matchesOf(pattern, text), (match) => groupOf(match, text, index))
}

function replace(text: string, source: string, replacement = ''): string {
  const pattern = patternOf(source)
  let pieces: readonly (string | number)[] | undefined
  let result = ''
  let end = 0
  for (const match of matchesOf(pattern, text)) {
    pieces ??= readReplacement(replacement, pattern)
    result += text.slice(end, match[0])
    for (const piece of pieces)
      result += typeof piece === 'string' ? piece : (groupOf(match, text, piece) ?? '')
    end = match[1] ?? 0
    if (result.length > textLimit)
      throw new FunctionError(
        `regexp_replace: the result is longer than ${textLimit} characters, the most that is done here`,
      )
  }
  return result + text.slice(end)
}

/** The texts and groups of a replacement: `$1`, `${name}`, and `\` before a character that stands for itself. */
function readReplacement(replacement: string, pattern: Pattern): readonly (string | number)[] {
  const pieces: (string | number)[] = []
  const illegal = () =>
    new FunctionError(
      'Illegal replacement sequence: write $1 or ${name} for a group that there is, \\$ and \\\\ for the characters',
    )
  for (let at = 0; at < replacement.length; at++) {
    const letter = replacement[at] ?? ''
    if (letter === '\\') {
      const next = replacement[++at]
      if (next === undefined) throw illegal()
      pieces.push(next)
    } else if (letter !== '$') pieces.push(letter)
    else if (replacement[at + 1] === '{') {
      const [whole = '', name = ''] = /^\$\{([^}]*)\}?/.exec(replacement.slice(at)) ?? []
      const group = pattern.names.get(name)
      if (group === undefined) throw illegal()
      pieces.push(group)
      at += whole.length - 1
    } else {
      let digits = /^\d+/.exec(replacement.slice(at + 1, at + 10))?.[0] ?? ''
      while (digits.length > 1 && Number(digits) > pattern.groupCount) digits = digits.slice(0, -1)
      if (digits === '' || Number(digits) > pattern.groupCount) throw illegal()
      pieces.push(Number(digits))
      at += digits.length
    }
  }
  return pieces
}

function split(text: string, source: string): string[] {
  const pieces: string[] = []
  let end = 0
  for (const match of matchesOf(patternOf(source), text)) {
    pieces.push(text.slice(end, match[0]))
    end = match[1] ?? 0
  }
  return [...pieces, text.slice(end)]
}

function count(text: string, source: string): bigint {
  let sum = 0n
  for (const _ of matchesOf(patternOf(source), text)) sum++
  return sum
}

function position(text: string, source: string, start = 1, occurrence = 1): number {
  if (start < 1) throw new FunctionError('start position cannot be smaller than 1')
  if (occurrence < 1) throw new FunctionError('occurrence cannot be smaller than 1')
  const pattern = patternOf(source)
  const letters = [...text]
  if (start > letters.length) return -1
  const from = letters.slice(0, start - 1).join('').length
  let left = occurrence
  for (const match of matchesOf(pattern, text, from))
    if (--left === 0) return [...text.slice(0, match[0])].length + 1
  return -1
}

/** Regular expressions, of Java's syntax. */
export const regexpFunctions: readonly Definition[] = [
  {
    signature: 'regexp_like(varchar, varchar) -> boolean',
    make: scalar(
      'athena_regexp_like',
      ['varchar', 'varchar'],
      'boolean',
      (text, source) => first(patternOf(source), text) !== undefined,
    ),
    note: 'Patterns are of Java’s syntax; one that takes millions of steps over a text fails.',
  },
  {
    signature: 'regexp_extract(varchar(n), varchar) -> varchar(n)',
    make: scalar('athena_regexp_extract', ['varchar', 'varchar'], 'varchar', (text, source) =>
      extract(text, source),
    ),
  },
  {
    signature: 'regexp_extract(varchar(n), varchar, bigint) -> varchar(n)',
    make: scalar('athena_regexp_extract_group', ['varchar', 'varchar', 'bigint'], 'varchar', extract),
  },
  {
    signature: 'regexp_extract_all(varchar(n), varchar) -> array(varchar(n))',
    make: scalar('athena_regexp_extract_all', ['varchar', 'varchar'], 'varchar[]', (text, source) =>
      extractAll(text, source),
    ),
  },
  {
    signature: 'regexp_extract_all(varchar(n), varchar, bigint) -> array(varchar(n))',
    make: scalar(
      'athena_regexp_extract_all_group',
      ['varchar', 'varchar', 'bigint'],
      'varchar[]',
      extractAll,
    ),
  },
  {
    signature: 'regexp_replace(varchar(n), varchar) -> varchar(n)',
    make: scalar('athena_regexp_remove', ['varchar', 'varchar'], 'varchar', (text, source) =>
      replace(text, source),
    ),
  },
  {
    signature: 'regexp_replace(varchar, varchar, varchar) -> varchar',
    make: scalar('athena_regexp_replace', ['varchar', 'varchar', 'varchar'], 'varchar', replace),
  },
  {
    signature: 'regexp_split(varchar(n), varchar) -> array(varchar(n))',
    make: scalar('athena_regexp_split', ['varchar', 'varchar'], 'varchar[]', split),
  },
  {
    signature: 'regexp_count(varchar, varchar) -> bigint',
    make: scalar('athena_regexp_count', ['varchar', 'varchar'], 'bigint', count),
  },
  {
    signature: 'regexp_position(varchar, varchar) -> integer',
    make: scalar('athena_regexp_position', ['varchar', 'varchar'], 'integer', (text, source) =>
      position(text, source),
    ),
  },
  {
    signature: 'regexp_position(varchar, varchar, integer) -> integer',
    make: scalar(
      'athena_regexp_position_from',
      ['varchar', 'varchar', 'integer'],
      'integer',
      (text, source, start) => position(text, source, start),
    ),
  },
  {
    signature: 'regexp_position(varchar, varchar, integer, integer) -> integer',
    make: scalar(
      'athena_regexp_position_nth',
      ['varchar', 'varchar', 'integer', 'integer'],
      'integer',
      position,
    ),
  },
]
