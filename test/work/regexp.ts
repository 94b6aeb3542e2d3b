// A plain backtracking matcher, as V8's is, that counts its steps: by it a test sees how the work of a regular expression
// grows, where a clock would see the machine.

type Node =
  | { readonly kind: 'one'; readonly test: (char: string) => boolean }
  | { readonly kind: 'edge'; readonly at: (place: number, length: number) => boolean }
  | { readonly kind: 'look'; readonly inner: Node; readonly isWanted: boolean }
  | { readonly kind: 'all'; readonly parts: readonly Node[] }
  | { readonly kind: 'any'; readonly parts: readonly Node[] }
  | {
      readonly kind: 'repeat'
      readonly inner: Node
      readonly min: number
      readonly max: number
      readonly isLazy: boolean
    }

/** Throws for what a regular expression of this project does not hold yet. */
export function parsePattern({ source, flags }: RegExp): Node {
  let at = 0
  const single = flags.replace(/[gyd]/g, '')
  const one = (text: string): Node => {
    const pattern = new RegExp(`^(?:${text})$`, single)
    const known = new Map<string, boolean>()
    return {
      kind: 'one',
      test: (char) => {
        const found = known.get(char) ?? pattern.test(char)
        known.set(char, found)
        return found
      },
    }
  }
  const choice = (): Node => {
    const parts = [sequence()]
    while (source[at] === '|') {
      at += 1
      parts.push(sequence())
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'any', parts }
  }
  const sequence = (): Node => {
    const parts: Node[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(quantified())
    return { kind: 'all', parts }
  }
  const quantified = (): Node => {
    const inner = atom()
    const [text, low, comma, high] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})/.exec(source.slice(at)) ?? []
    if (text === undefined) return inner
    at += text.length
    const isLazy = source[at] === '?'
    if (isLazy) at += 1
    const min = low === undefined ? (text === '+' ? 1 : 0) : Number(low)
    const open = low === undefined ? (text === '?' ? 1 : Number.POSITIVE_INFINITY) : undefined
    const max = open ?? (comma === '' ? min : high ? Number(high) : Number.POSITIVE_INFINITY)
    return { kind: 'repeat', inner, min, max, isLazy }
  }
  const atom = (): Node => {
    const rest = source.slice(at)
    const [group] = /^\((?:\?(?:[:=!]|<[A-Za-z]\w*>))?/.exec(rest) ?? []
    if (group !== undefined) {
      at += group.length
      const inner = choice()
      at += 1
      if (group === '(?=' || group === '(?!') return { kind: 'look', inner, isWanted: group === '(?=' }
      return inner
    }
    if (rest[0] === '^' || rest[0] === '$') {
      at += 1
      return { kind: 'edge', at: (place, length) => place === (rest[0] === '^' ? 0 : length) }
    }
    const [text] =
      /^(?:\[(?:\\[\s\S]|[^\]\\])*\]|\\p\{\w+\}|\\u[0-9a-f]{4}|\\[^bB1-9k]|[^\\()[\]*+?{|])/i.exec(rest) ?? []
    if (text === undefined) throw new Error(`not understood: ${rest}`)
    at += text.length
    return one(text)
  }
  const parsed = choice()
  if (at !== source.length) throw new Error(`not understood: ${source.slice(at)}`)
  return parsed
}

/** How many steps `exec` takes on a text; at most `stepsMax`. */
export function stepsOf(pattern: Node, text: string, stepsMax: number): number {
  let steps = 0
  class Enough extends Error {}
  const match = (node: Node, place: number, then: (place: number) => boolean): boolean => {
    steps += 1
    if (steps > stepsMax) throw new Enough()
    switch (node.kind) {
      case 'one':
        return place < text.length && node.test(text[place] as string) && then(place + 1)
      case 'edge':
        return node.at(place, text.length) && then(place)
      case 'look':
        return match(node.inner, place, () => true) === node.isWanted && then(place)
      case 'any':
        return node.parts.some((part) => match(part, place, then))
      case 'all': {
        const from = (index: number, here: number): boolean => {
          const part = node.parts[index]
          return part ? match(part, here, (next) => from(index + 1, next)) : then(here)
        }
        return from(0, place)
      }
      case 'repeat': {
        const again = (count: number, here: number): boolean => {
          steps += 1
          const more = () =>
            count < node.max &&
            match(node.inner, here, (next) => (next > here || count < node.min) && again(count + 1, next))
          if (count < node.min) return more()
          return node.isLazy ? then(here) || more() : more() || then(here)
        }
        return again(0, place)
      }
    }
  }
  try {
    for (let start = 0; start <= text.length; start++) if (match(pattern, start, () => true)) break
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return steps
}
