import { FunctionError } from '../registry.ts'

// Regular expressions as Trino reads them: Joni with Java's syntax. JavaScript's own engine is not used, because groups
// inside a repetition forget there what they took, and because nothing ends it where a pattern backtracks without end:
// here each step counts, and a text on which there are too many of them fails.

/** The most steps that one call takes over a text. */
const stepLimit = 5_000_000
const patternLimit = 10_000
const repeatLimit = 100_000

type Set = (code: number) => boolean

type Node =
  | { readonly kind: 'set'; readonly test: Set }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  | {
      readonly kind: 'repeat'
      readonly item: Node
      readonly min: number
      readonly max: number
      readonly how: How
    }
  | { readonly kind: 'group'; readonly item: Node; readonly index: number }
  | { readonly kind: 'atomic'; readonly item: Node }
  | { readonly kind: 'look'; readonly item: Node; readonly isBehind: boolean; readonly isNegative: boolean }
  | { readonly kind: 'reference'; readonly index: number; readonly ignoresCase: boolean }
  | { readonly kind: 'assert'; readonly test: (state: State, at: number) => boolean }

type How = 'greedy' | 'lazy' | 'possessive'

type State = {
  readonly text: string
  /** Begin and end of each group, −1 where it took no part; the whole match is group 0. */
  readonly groups: Int32Array
  /** Where a group that is not closed yet began. */
  readonly opened: Int32Array
  readonly counts: Int32Array
  readonly starts: Int32Array
  /** Where the search began, for \G. */
  from: number
  steps: number
}

/** The end of a match that begins at a place, or −1. */
type Matcher = (state: State, at: number) => number

export type Pattern = {
  readonly groupCount: number
  /** The group of a name. */
  readonly names: ReadonlyMap<string, number>
  readonly match: Matcher
  readonly loopCount: number
  /** Some of it takes capitals and small letters as the same. */
  readonly ignoresCase: boolean
}

/** Where a match lies in the text, in UTF-16 code units: begin and end of each group in turn, −1 where it took no part. */
export type Match = Int32Array

const cache = new Map<string, Pattern>()

/** A pattern, kept for the next call. Fails where Trino fails, and where it has something that is not done here. */
export function patternOf(source: string): Pattern {
  const known = cache.get(source)
  if (known) return known
  const pattern = new Parser(source).pattern()
  if (cache.size >= 100) cache.clear()
  cache.set(source, pattern)
  return pattern
}

/** The matches in a text from a place on, each behind the one before; an empty one is followed by a step of one character. */
export function* matchesOf(pattern: Pattern, text: string, from = 0): Generator<Match> {
  if (pattern.ignoresCase && ligatures.test(text))
    throw new FunctionError(
      'a regular expression without regard to case does not take ligatures such as U+FB01 here',
    )
  const state: State = {
    text,
    groups: new Int32Array(2 * pattern.groupCount + 2).fill(-1),
    opened: new Int32Array(pattern.groupCount + 1),
    counts: new Int32Array(pattern.loopCount),
    starts: new Int32Array(pattern.loopCount),
    from,
    steps: 0,
  }
  let next = from
  while (next <= text.length) {
    const match = search(pattern, state, next)
    if (!match) return
    yield match
    const [begin = 0, end = 0] = match
    next = end > begin ? end : end + widthAt(text, end)
    state.from = next
  }
}

function search(pattern: Pattern, state: State, from: number): Match | undefined {
  for (let at = from; at <= state.text.length; at += widthAt(state.text, at)) {
    state.groups.fill(-1)
    step(state)
    const end = run(pattern, state, at)
    if (end < 0) continue
    const match = state.groups.slice()
    match[0] = at
    match[1] = end
    return match
  }
  return undefined
}

function run(pattern: Pattern, state: State, at: number): number {
  try {
    return pattern.match(state, at)
  } catch (error) {
    if (error instanceof RangeError) throw tooMuch()
    throw error
  }
}

/** Letters that count as several ones where case does not count; ß is done. */
const ligatures =
  /[\ufb00-\ufb06\ufb13-\ufb17\u0149\u01f0\u0390\u03b0\u0587\u1e96-\u1e9a\u1f50-\u1f56\u1f80-\u1ffc]/

const tooMuch = () =>
  new FunctionError(
    'a regular expression takes too many steps over a text; write it without nested repetitions',
  )

function step(state: State) {
  if (++state.steps > stepLimit) throw tooMuch()
}

const widthAt = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)

/** The code point before a place, −1 at the beginning. */
function codeBefore(text: string, at: number): number {
  if (at === 0) return -1
  const last = text.charCodeAt(at - 1)
  return last >= 0xdc00 && last <= 0xdfff ? (text.codePointAt(at - 2) ?? last) : last
}

// ---- sets of characters

const unicode = (source: string): Set => {
  const expression = new RegExp(`^${source}$`, 'u')
  const test = (code: number) => expression.test(String.fromCodePoint(code))
  const ascii = Uint8Array.from({ length: 128 }, (_, code) => (test(code) ? 1 : 0))
  return (code) => (code < 128 ? ascii[code] === 1 : test(code))
}
const not =
  (set: Set): Set =>
  (code) =>
    !set(code)
const anyOf =
  (sets: readonly Set[]): Set =>
  (code) =>
    sets.some((set) => set(code))
const range =
  (from: number, to: number): Set =>
  (code) =>
    code >= from && code <= to

const isDigit = range(48, 57)
const isSpace: Set = (code) => code === 32 || (code >= 9 && code <= 13)
const isAsciiWord: Set = (code) =>
  isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isWord = unicode('[\\p{L}\\p{M}\\p{N}\\p{Pc}]')
const isNewLine: Set = (code) => code === 10

const properties: ReadonlyMap<string, string> = new Map([
  ['alnum', '[\\p{Alphabetic}\\p{Nd}]'],
  ['alpha', '\\p{Alphabetic}'],
  ['ascii', '[\\0-\\x7f]'],
  ['blank', '[\\t\\p{Zs}]'],
  ['cntrl', '\\p{Cc}'],
  ['digit', '\\p{Nd}'],
  ['graph', '[^\\p{White_Space}\\p{Cc}\\p{Cs}\\p{Cn}]'],
  ['lower', '\\p{Lowercase}'],
  ['print', '[^\\p{Cc}\\p{Cs}\\p{Cn}]'],
  ['punct', '\\p{P}'],
  ['space', '\\p{White_Space}'],
  ['upper', '\\p{Uppercase}'],
  ['uppercase', '\\p{Uppercase}'],
  ['lowercase', '\\p{Lowercase}'],
  ['alphabetic', '\\p{Alphabetic}'],
  ['xdigit', '[0-9a-fA-F]'],
  ['word', '[\\p{L}\\p{M}\\p{N}\\p{Pc}]'],
  ['any', '[^]'],
])
const sets = new Map<string, Set>()

function propertySet(name: string): Set {
  const key = name.toLowerCase()
  const known = sets.get(key)
  if (known) return known
  const source = properties.get(key) ?? categoryOrScript(key)
  if (source === undefined)
    throw new FunctionError('a property of the regular expression, as in \\p{L}, is not known here')
  const set = unicode(source)
  sets.set(key, set)
  return set
}

function categoryOrScript(key: string): string | undefined {
  const category = key.charAt(0).toUpperCase() + key.slice(1)
  for (const source of key.length <= 2 ? [`\\p{${category}}`] : [`\\p{Script=${category}}`]) {
    try {
      new RegExp(source, 'u')
      return source
    } catch {
      // No such property.
    }
  }
  return undefined
}

/** A character as one without regard to case counts, by code points alone. */
function fold(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code
  if (code === 0x1e9e) return code
  return single(String.fromCodePoint(single(String.fromCodePoint(code), true)), false)
}

function single(letter: string, isUpper: boolean): number {
  const mapped = isUpper ? letter.toUpperCase() : letter.toLowerCase()
  const code = mapped.codePointAt(0) ?? 0
  return mapped.length === (code > 0xffff ? 2 : 1) ? code : (letter.codePointAt(0) ?? 0)
}

/** A set that takes the other cases of its characters too. */
function caseless(set: Set): Set {
  return (code) => {
    if (set(code)) return true
    const lower = fold(code)
    if (set(lower) || set(single(String.fromCodePoint(lower), true))) return true
    return (lower === 115 && set(0x17f)) || (lower === 107 && set(0x212a)) || (lower === 0x3c3 && set(0x3c2))
  }
}

const charSet = (code: number, ignoresCase: boolean): Set => {
  if (!ignoresCase) return (other) => other === code
  const folded = fold(code)
  return (other) => fold(other) === folded
}

// ---- the parser

type Flags = { readonly i: boolean; readonly m: boolean; readonly s: boolean; readonly x: boolean }

const empty: Node = { kind: 'sequence', items: [] }

class Parser {
  readonly #source: readonly string[]
  readonly #groupTotal: number
  readonly #names = new Map<string, number>()
  #at = 0
  #groups = 0
  #depth = 0
  #loops = 0
  #ignoresCase = false

  constructor(source: string) {
    if (source.length > patternLimit)
      throw new FunctionError(`a regular expression has ${patternLimit} characters at most here`)
    this.#source = [...source]
    this.#groupTotal = countGroups(source)
  }

  pattern(): Pattern {
    const node = this.#choice({ i: false, m: false, s: false, x: false })
    if (this.#at < this.#source.length)
      throw new FunctionError('regular expression: unmatched close parenthesis')
    const match = this.#compile(node, (_, at) => at)
    return {
      groupCount: this.#groups,
      names: this.#names,
      match,
      loopCount: this.#loops,
      ignoresCase: this.#ignoresCase,
    }
  }

  #peek(ahead = 0): string {
    return this.#source[this.#at + ahead] ?? ''
  }

  #take(text: string): boolean {
    for (let index = 0; index < text.length; index++) if (this.#peek(index) !== text[index]) return false
    this.#at += text.length
    return true
  }

  #choice(flags: Flags): Node {
    if (flags.i) this.#ignoresCase = true
    if (++this.#depth > 200)
      throw new FunctionError('regular expression: too many parentheses inside one another')
    const items = [this.#sequence(flags)]
    while (this.#take('|')) items.push(this.#sequence(flags))
    this.#depth--
    return items.length === 1 ? (items[0] ?? empty) : { kind: 'choice', items }
  }

  #sequence(given: Flags): Node {
    const items: Node[] = []
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (given.x && /\s/.test(this.#peek())) {
        this.#at++
        continue
      }
      if (given.x && this.#peek() === '#') {
        while (this.#at < this.#source.length && this.#peek() !== '\n') this.#at++
        continue
      }
      if (this.#take('(?#')) {
        while (this.#at < this.#source.length && this.#peek() !== ')') this.#at++
        if (!this.#take(')')) throw new FunctionError('regular expression: end pattern in group')
        continue
      }
      if (this.#take('\\Q')) {
        while (this.#at < this.#source.length && !this.#take('\\E')) items.push(this.#literal(given))
        continue
      }
      const flags = this.#options(given)
      // Options by themselves hold for all that follows in the group, its other alternatives too.
      if (flags) {
        items.push(this.#choice(flags))
        continue
      }
      const item = this.#atom(given)
      items.push(this.#repeats(item, given))
    }
    return items.length === 1 ? (items[0] ?? empty) : { kind: 'sequence', items }
  }

  #literal({ i }: Flags): Node {
    return { kind: 'set', test: charSet(this.#code(), i) }
  }

  #code(): number {
    return this.#source[this.#at++]?.codePointAt(0) ?? 0
  }

  /** The flags behind `(?i)`, which stands by itself. */
  #options(flags: Flags): Flags | undefined {
    const [text, on = '', off] =
      /^\(\?([a-z]*)(-[a-z]*)?\)/i.exec(this.#source.slice(this.#at, this.#at + 20).join('')) ?? []
    if (text === undefined) return undefined
    if (on === '' && off === undefined) throw new FunctionError('regular expression: undefined group option')
    this.#at += text.length
    return changed(flags, on, off ?? '')
  }

  #atom(flags: Flags): Node {
    const letter = this.#peek()
    switch (letter) {
      case '(':
        return this.#group(flags)
      case '[':
        return { kind: 'set', test: this.#set(flags) }
      case '.':
        this.#at++
        return { kind: 'set', test: flags.s ? () => true : not(isNewLine) }
      case '^':
        this.#at++
        return assertion(
          flags.m
            ? ({ text }, at) => at === 0 || (text[at - 1] === '\n' && at < text.length)
            : (_, at) => at === 0,
        )
      case '$':
        this.#at++
        return assertion(flags.m ? ({ text }, at) => at === text.length || text[at] === '\n' : isBeforeEnd)
      case '*':
      case '+':
      case '?':
        throw new FunctionError('regular expression: target of repeat operator is not specified')
      case '{':
        if (/^\{\d+(?:,\d*)?\}/.test(this.#source.slice(this.#at, this.#at + 20).join('')))
          throw new FunctionError('regular expression: target of repeat operator is not specified')
        return this.#literal(flags)
      case '\\':
        return this.#escape(flags)
    }
    if (flags.i) return this.#caselessLiteral(flags)
    return this.#literal(flags)
  }

  /** Without regard to case, `ß` and `ss` are the same. */
  #caselessLiteral(flags: Flags): Node {
    const letter = this.#peek().toLowerCase()
    if (
      letter === 'ß' ||
      (letter === 's' && this.#peek(1).toLowerCase() === 's' && !/[*+?{]/.test(this.#peek(2)))
    ) {
      this.#at += letter === 'ß' ? 1 : 2
      const s: Node = { kind: 'set', test: charSet(115, true) }
      const both: Node = { kind: 'sequence', items: [s, s] }
      return { kind: 'choice', items: [both, { kind: 'set', test: (code) => code === 0xdf }] }
    }
    return this.#literal(flags)
  }

  #group(flags: Flags): Node {
    this.#at++
    if (!this.#take('?')) return this.#captured(flags)
    if (this.#take(':')) return this.#closed(flags)
    if (this.#take('>')) return { kind: 'atomic', item: this.#closed(flags) }
    if (this.#take('='))
      return { kind: 'look', item: this.#closed(flags), isBehind: false, isNegative: false }
    if (this.#take('!')) return { kind: 'look', item: this.#closed(flags), isBehind: false, isNegative: true }
    if (this.#take('<='))
      return { kind: 'look', item: this.#closed(flags), isBehind: true, isNegative: false }
    if (this.#take('<!')) {
      const before = this.#groups
      const item = this.#closed(flags)
      if (this.#groups > before) throw new FunctionError('regular expression: invalid pattern in look-behind')
      return { kind: 'look', item, isBehind: true, isNegative: true }
    }
    if (this.#take('<')) {
      const name = this.#name('>')
      if (!/^[a-z_]\w*$/i.test(name)) throw new FunctionError('regular expression: invalid group name')
      if (this.#names.has(name)) throw new FunctionError('regular expression: a name is defined twice')
      this.#names.set(name, this.#groups + 1)
      return this.#captured(flags)
    }
    const [text, on = '', off = ''] =
      /^([a-z]*)(-[a-z]*)?:/i.exec(this.#source.slice(this.#at, this.#at + 20).join('')) ?? []
    if (text === undefined)
      throw new FunctionError(
        this.#at < this.#source.length
          ? 'regular expression: undefined group option'
          : 'regular expression: end pattern in group',
      )
    this.#at += text.length
    return this.#closed(changed(flags, on, off))
  }

  #captured(flags: Flags): Node {
    const index = ++this.#groups
    return { kind: 'group', index, item: this.#closed(flags) }
  }

  #closed(flags: Flags): Node {
    const item = this.#choice(flags)
    if (!this.#take(')'))
      throw new FunctionError('regular expression: end pattern with unmatched parenthesis')
    return item
  }

  #name(end: string): string {
    let name = ''
    while (this.#at < this.#source.length && this.#peek() !== end) name += this.#source[this.#at++]
    if (!this.#take(end)) throw new FunctionError('regular expression: invalid group name')
    return name
  }

  #repeats(given: Node, flags: Flags): Node {
    let item = given
    for (;;) {
      const letter = this.#peek()
      let min = letter === '+' ? 1 : 0
      let max = letter === '?' ? 1 : Number.POSITIVE_INFINITY
      if (letter === '{') {
        const [text, from = '', comma, to] =
          /^\{(\d+)(,)?(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 30).join('')) ?? []
        if (text === undefined) return item
        this.#at += text.length
        min = Number(from)
        max = comma === undefined ? min : to ? Number(to) : Number.POSITIVE_INFINITY
        if (min > repeatLimit || (max > repeatLimit && max !== Number.POSITIVE_INFINITY))
          throw new FunctionError('regular expression: too big number is specified for repeat range')
        if (max < min)
          throw new FunctionError('regular expression: upper is smaller than lower in repeat range')
      } else if (letter === '*' || letter === '+' || letter === '?') this.#at++
      else return item
      if (item.kind === 'repeat' && item.how === 'lazy')
        throw new FunctionError('regular expression: a repetition right behind a lazy one is not done here')
      const how: How = this.#take('?') ? 'lazy' : this.#take('+') ? 'possessive' : 'greedy'
      item =
        how === 'possessive'
          ? { kind: 'atomic', item: { kind: 'repeat', item, min, max, how: 'greedy' } }
          : { kind: 'repeat', item, min, max, how }
      if (flags.x) while (/\s/.test(this.#peek()) && this.#peek() !== '') this.#at++
    }
  }

  #escape(flags: Flags): Node {
    const letter = this.#peek(1)
    if (letter === '') throw new FunctionError('regular expression: end pattern at escape')
    const known = assertions.get(letter)
    if (known) {
      this.#at += 2
      return assertion(known)
    }
    const set = this.#classEscape()
    if (set) return { kind: 'set', test: set }
    if (letter === 'k' && (this.#peek(2) === '<' || this.#peek(2) === "'")) {
      this.#at += 3
      const name = this.#name(this.#peek(-1) === '<' ? '>' : "'")
      const index = this.#names.get(name) ?? Number(/^\d+$/.test(name) ? name : 0)
      if (index === 0 || index > this.#groupTotal)
        throw new FunctionError('regular expression: invalid backref number/name')
      return { kind: 'reference', index, ignoresCase: flags.i }
    }
    const digits = /^[1-9]\d{0,4}/.exec(this.#source.slice(this.#at + 1, this.#at + 6).join(''))?.[0]
    if (digits !== undefined && (digits.length === 1 || Number(digits) <= this.#groupTotal)) {
      this.#at += 1 + digits.length
      if (Number(digits) > this.#groupTotal)
        throw new FunctionError('regular expression: invalid backref number/name')
      return { kind: 'reference', index: Number(digits), ignoresCase: flags.i }
    }
    const code = this.#charEscape()
    return { kind: 'set', test: charSet(code, flags.i) }
  }

  /** `\d`, `\p{L}` and the like; undefined where there is none. */
  #classEscape(): Set | undefined {
    const letter = this.#peek(1)
    const set = classes.get(letter)
    if (set) {
      this.#at += 2
      return set
    }
    if (letter !== 'p' && letter !== 'P') return undefined
    this.#at += 2
    const name = this.#take('{') ? this.#name('}') : (this.#source[this.#at++] ?? '')
    const found = propertySet(name)
    return letter === 'P' ? not(found) : found
  }

  /** The code point that an escape stands for. */
  #charEscape(): number {
    this.#at++
    const letter = this.#source[this.#at++] ?? ''
    const control = controls.get(letter)
    if (control !== undefined) return control
    if (letter === 'x' && this.#take('{')) return this.#number(this.#name('}'), 16)
    const [length, base] =
      letter === 'x'
        ? [2, 16]
        : letter === 'u'
          ? [4, 16]
          : /[0-7]/.test(letter)
            ? [letter === '0' ? 2 : 3, 8]
            : [0, 0]
    if (length > 0) {
      const start = base === 8 && letter !== '0' ? letter : ''
      const digits = this.#digits(base === 16 ? /^[0-9a-fA-F]/ : /^[0-7]/, length - start.length, start)
      const code = this.#number(digits || '0', base)
      return code >= 0xd800 && code <= 0xdbff && this.#take('\\u')
        ? 0x10000 + (code - 0xd800) * 1024 + this.#number(this.#digits(/^[0-9a-fA-F]/, 4, ''), 16) - 0xdc00
        : code
    }
    if (letter === 'c') {
      if (this.#at >= this.#source.length)
        throw new FunctionError('regular expression: end pattern at control')
      return this.#code() & 0x1f
    }
    if (letter === '') throw new FunctionError('regular expression: end pattern at escape')
    return letter.codePointAt(0) ?? 0
  }

  #digits(kind: RegExp, most: number, start: string): string {
    let digits = start
    for (let left = most; left > 0 && kind.test(this.#peek()); left--) digits += this.#source[this.#at++]
    return digits
  }

  #number(digits: string, base: number): number {
    const code = /^[0-9a-fA-F]{1,8}$/.test(digits) ? Number.parseInt(digits, base) : Number.NaN
    if (!(code <= 0x10ffff)) throw new FunctionError('regular expression: invalid code point value')
    return code
  }

  /** `[…]`, with sets inside it and `&&`. */
  #set(flags: Flags): Set {
    if (++this.#depth > 200)
      throw new FunctionError('regular expression: too many brackets inside one another')
    this.#at++
    const isNegative = this.#take('^')
    let parts: Set[] = []
    const both: Set[] = []
    if (this.#peek() === ']') {
      if (!this.#source.includes(']', this.#at + 1))
        throw new FunctionError('regular expression: empty char-class')
      this.#at++
      parts.push((code) => code === 93)
    }
    while (!this.#take(']')) {
      if (this.#at >= this.#source.length)
        throw new FunctionError('regular expression: premature end of char-class')
      if (this.#take('&&')) {
        both.push(anyOf(parts))
        parts = []
        continue
      }
      parts.push(this.#setItem(flags))
    }
    this.#depth--
    const own =
      both.length === 0
        ? anyOf(parts)
        : this.#intersection(parts.length === 0 ? both : [...both, anyOf(parts)])
    const cased = flags.i ? caseless(own) : own
    return isNegative ? not(cased) : cased
  }

  #intersection(all: readonly Set[]): Set {
    return (code) => all.every((set) => set(code))
  }

  #setItem(flags: Flags): Set {
    if (this.#take('[:')) {
      const isNegative = this.#take('^')
      const name = this.#name(':')
      if (!this.#take(']') || !posix.has(name))
        throw new FunctionError('regular expression: invalid POSIX bracket type')
      const set = propertySet(name)
      return isNegative ? not(set) : set
    }
    if (this.#peek() === '[') return this.#set(flags)
    if (this.#take('\\Q')) {
      const quoted: Set[] = []
      while (this.#at < this.#source.length && !this.#take('\\E')) {
        const code = this.#code()
        quoted.push((other) => other === code)
      }
      return anyOf(quoted)
    }
    if (this.#peek() === '\\') {
      const set = this.#classEscape()
      if (set) return set
    }
    const from = this.#setChar()
    if (this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === '' || this.#peek(1) === '[')
      return (code) => code === from
    this.#at++
    if (this.#peek() === '\\' && (classes.has(this.#peek(1)) || /[pP]/.test(this.#peek(1))))
      throw new FunctionError('regular expression: char-class value at end of range')
    const to = this.#setChar()
    if (this.#peek() === '-' && this.#peek(1) !== ']')
      throw new FunctionError('regular expression: write \\- for a - behind a range in brackets')
    if (to < from) throw new FunctionError('regular expression: empty range in char class')
    return range(from, to)
  }

  #setChar(): number {
    if (this.#peek() !== '\\') return this.#code()
    if (this.#peek(1) === 'b') {
      this.#at += 2
      return 8
    }
    return this.#charEscape()
  }

  // ---- from the tree to a function

  #compile(node: Node, next: Matcher): Matcher {
    switch (node.kind) {
      case 'set': {
        const { test } = node
        return (state, at) => {
          const code = state.text.codePointAt(at)
          if (code === undefined || !test(code)) return -1
          return next(state, code > 0xffff ? at + 2 : at + 1)
        }
      }
      case 'sequence':
        return node.items.reduceRight((rest, item) => this.#compile(item, rest), next)
      case 'choice': {
        const ways = node.items.map((item) => this.#compile(item, next))
        return (state, at) => {
          for (const way of ways) {
            step(state)
            const end = way(state, at)
            if (end >= 0) return end
          }
          return -1
        }
      }
      case 'group':
        return this.#compileGroup(node.item, node.index, next)
      case 'repeat':
        return node.item.kind === 'set'
          ? repeatSet(node.item.test, node, next)
          : this.#compileLoop(node, next)
      case 'atomic': {
        const inner = this.#compile(node.item, (_, at) => at)
        return (state, at) => {
          const groups = state.groups.slice()
          const end = inner(state, at)
          const result = end < 0 ? -1 : next(state, end)
          if (result < 0) state.groups.set(groups)
          return result
        }
      }
      case 'look':
        return this.#compileLook(node, next)
      case 'reference':
        return (state, at) => {
          const begin = state.groups[2 * node.index] ?? -1
          if (begin < 0) return -1
          const taken = state.text.slice(begin, state.groups[2 * node.index + 1])
          const given = state.text.slice(at, at + taken.length)
          state.steps += taken.length >> 3
          step(state)
          const isSame = given === taken || (node.ignoresCase && folded(given) === folded(taken))
          return isSame ? next(state, at + taken.length) : -1
        }
      case 'assert': {
        const { test } = node
        return (state, at) => (test(state, at) ? next(state, at) : -1)
      }
    }
  }

  #compileGroup(item: Node, index: number, next: Matcher): Matcher {
    const inner = this.#compile(item, (state, at) => {
      const begin = state.groups[2 * index] ?? -1
      const end = state.groups[2 * index + 1] ?? -1
      state.groups[2 * index] = state.opened[index] ?? -1
      state.groups[2 * index + 1] = at
      const result = next(state, at)
      if (result < 0) {
        state.groups[2 * index] = begin
        state.groups[2 * index + 1] = end
      }
      return result
    })
    return (state, at) => {
      const before = state.opened[index] ?? -1
      state.opened[index] = at
      const result = inner(state, at)
      state.opened[index] = before
      return result
    }
  }

  #compileLoop(node: Node & { readonly kind: 'repeat' }, next: Matcher): Matcher {
    const { min, max, how } = node
    const loop = this.#loops++
    let body: Matcher = () => -1
    const again = (state: State, at: number, count: number, start: number): number => {
      state.counts[loop] = count + 1
      state.starts[loop] = at
      const end = body(state, at)
      if (end < 0) {
        state.counts[loop] = count
        state.starts[loop] = start
      }
      return end
    }
    const turn: Matcher = (state, at) => {
      step(state)
      const count = state.counts[loop] ?? 0
      const start = state.starts[loop] ?? -1
      if (count >= max || (count >= min && count > 0 && at === start)) return next(state, at)
      if (count < min) return again(state, at, count, start)
      if (how === 'lazy') {
        const end = next(state, at)
        return end >= 0 ? end : again(state, at, count, start)
      }
      const end = again(state, at, count, start)
      return end >= 0 ? end : next(state, at)
    }
    body = this.#compile(node.item, turn)
    return (state, at) => {
      const count = state.counts[loop] ?? 0
      const start = state.starts[loop] ?? -1
      state.counts[loop] = 0
      state.starts[loop] = -1
      const end = turn(state, at)
      state.counts[loop] = count
      state.starts[loop] = start
      return end
    }
  }

  #compileLook({ item, isBehind, isNegative }: Node & { readonly kind: 'look' }, next: Matcher): Matcher {
    const ways = isBehind ? alternativesOf(item) : [item]
    const looks = ways.map((way) => {
      const back = isBehind ? lengthOf(way) : 0
      const inner = this.#compile(way, (_, at) => at)
      return (state: State, at: number) => {
        const from = isBehind ? backFrom(state.text, at, back) : at
        return from >= 0 && inner(state, from) >= 0
      }
    })
    return (state, at) => {
      step(state)
      const groups = state.groups.slice()
      const isFound = looks.some((look) => look(state, at))
      if (isNegative) state.groups.set(groups)
      const end = isFound === isNegative ? -1 : next(state, at)
      if (end < 0) state.groups.set(groups)
      return end
    }
  }
}

const folded = (text: string) => Array.from(text, (letter) => fold(letter.codePointAt(0) ?? 0)).join()

function assertion(test: (state: State, at: number) => boolean): Node {
  return { kind: 'assert', test }
}

const isBeforeEnd = ({ text }: State, at: number) =>
  at === text.length || (at === text.length - 1 && text[at] === '\n')

const isBoundary = ({ text }: State, at: number) => {
  const before = codeBefore(text, at)
  const after = text.codePointAt(at)
  return (before >= 0 && isWord(before)) !== (after !== undefined && isWord(after))
}

const assertions: ReadonlyMap<string, (state: State, at: number) => boolean> = new Map([
  ['A', (_: State, at: number) => at === 0],
  ['z', ({ text }: State, at: number) => at === text.length],
  ['Z', isBeforeEnd],
  ['G', ({ from }: State, at: number) => at === from],
  ['b', isBoundary],
  ['B', (state: State, at: number) => !isBoundary(state, at)],
])

const classes: ReadonlyMap<string, Set> = new Map([
  ['d', isDigit],
  ['D', not(isDigit)],
  ['w', isAsciiWord],
  ['W', not(isAsciiWord)],
  ['s', isSpace],
  ['S', not(isSpace)],
])

const controls: ReadonlyMap<string, number> = new Map([
  ['t', 9],
  ['n', 10],
  ['r', 13],
  ['f', 12],
  ['a', 7],
  ['e', 27],
  ['v', 11],
])

const posix: ReadonlySet<string> = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper xdigit word'.split(' '),
)

function changed(flags: Flags, on: string, off: string): Flags {
  const result = { ...flags }
  for (const [letters, value] of [
    [on, true],
    [off.slice(1), false],
  ] as const)
    for (const letter of letters) {
      if (letter !== 'i' && letter !== 'm' && letter !== 's' && letter !== 'x')
        throw new FunctionError('regular expression: undefined group option')
      result[letter] = value
    }
  return result
}

/** How many groups that take something a pattern has. */
function countGroups(source: string): number {
  const code = source.replace(/\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, '')
  return (code.match(/\((?!\?)|\(\?<(?![=!])/g) ?? []).length
}

/** One character many times: without a step of the recursion for each. */
function repeatSet(test: Set, { min, max, how }: Node & { readonly kind: 'repeat' }, next: Matcher): Matcher {
  if (how === 'lazy')
    return (state, from) => {
      let at = from
      for (let count = 0; ; count++) {
        step(state)
        if (count >= min) {
          const end = next(state, at)
          if (end >= 0) return end
        }
        const code = state.text.codePointAt(at)
        if (count >= max || code === undefined || !test(code)) return -1
        at += code > 0xffff ? 2 : 1
      }
    }
  return (state, from) => {
    let at = from
    let count = 0
    while (count < max) {
      const code = state.text.codePointAt(at)
      if (code === undefined || !test(code)) break
      step(state)
      at += code > 0xffff ? 2 : 1
      count++
    }
    for (; count >= min; count--) {
      step(state)
      const end = next(state, at)
      if (end >= 0) return end
      at -= codeBefore(state.text, at) > 0xffff ? 2 : 1
    }
    return -1
  }
}

const alternativesOf = (node: Node): readonly Node[] => (node.kind === 'choice' ? node.items : [node])

/** The characters that a node takes, where it always takes as many. */
function lengthOf(node: Node): number {
  switch (node.kind) {
    case 'set':
      return 1
    case 'sequence':
      return node.items.reduce((sum, item) => sum + lengthOf(item), 0)
    case 'choice': {
      const lengths = node.items.map(lengthOf)
      if (lengths.some((length) => length !== lengths[0])) break
      return lengths[0] ?? 0
    }
    case 'repeat':
      if (node.min !== node.max) break
      return node.min * lengthOf(node.item)
    case 'atomic':
      return lengthOf(node.item)
    case 'assert':
      return 0
    case 'group':
      return lengthOf(node.item)
  }
  throw new FunctionError('regular expression: invalid pattern in look-behind')
}

function backFrom(text: string, from: number, count: number): number {
  let at = from
  for (let left = count; left > 0; left--) {
    if (at === 0) return -1
    at -= codeBefore(text, at) > 0xffff ? 2 : 1
  }
  return at
}
