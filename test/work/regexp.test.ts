import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parsePattern, stepsOf } from './regexp.ts'

const rooms = ['record', 'codec', 'delivery', 'errors', 'store', 'local']
const root = new URL('../../src/', import.meta.url)

/** Where a literal may stand: behind none of these is a slash a division. */
const literal =
  /(?<=[=(,:?!&|[{;]\s*|return\s+|^\s*)\/(?![/*])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([gimsuyd]*)/gm

type Found = { readonly where: string; readonly pattern: RegExp }

function findPatterns(): readonly Found[] {
  return rooms.flatMap((room) =>
    readdirSync(new URL(`${room}/`, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .flatMap((name) => {
        // Comments hold addresses, which are no patterns.
        const text = readFileSync(new URL(`${room}/${name}`, root), 'utf8').replace(
          /^\s*(?:\/\/|\*|\/\*).*$/gm,
          '',
        )
        return [...text.matchAll(literal)].map(([, source = '', flags]) => ({
          where: `${room}/${name}: /${source}/${flags}`,
          pattern: new RegExp(source, flags),
        }))
      }),
  )
}

/** Patterns whose text no stranger makes long, each with what bounds it. */
const bounded: readonly (readonly [where: string, why: string])[] = [
  ['store/s3/connection.ts: /^\\/+|\\/+$/g', 'the prefix of a setting'],
  ['store/owner.ts: ', 'names of files and of this machine, of 255 bytes at most'],
  [
    'errors/values.ts: /(?:"',
    'an operator’s own CSV file; the pattern begins at one place alone, and gives up once',
  ],
  ['errors/history.ts: /(\\d{4}-\\d\\d', 'a key, of 1,024 bytes at most'],
]

const patterns = findPatterns().filter(({ where }) => !bounded.some(([start]) => where.startsWith(start)))

/** Texts that make a pattern try again: what it may repeat, over and over, with an end that it does not take. */
function attacks(source: string, n: number): readonly string[] {
  const own = new Set([...'0a-./', ...source.replace(/\\[a-zA-Z]/g, ''), ...'~ A1'])
  const chars = [...own].slice(0, 14)
  const pairs = chars.slice(0, 7).flatMap((one) => chars.slice(0, 7).map((other) => one + other))
  return [...chars, ...pairs].flatMap((pump) => {
    const run = pump.repeat(n / pump.length)
    return [`${run}\u0001`, `a${run}x${run}`]
  })
}

test('the counter sees what is quadratic, and what is exponential', () => {
  const grows = (pattern: RegExp, text: (n: number) => string) =>
    stepsOf(parsePattern(pattern), text(128), 1e6) / stepsOf(parsePattern(pattern), text(64), 1e6)
  expect(grows(/0+$/, (n) => `${'0'.repeat(n)}x`)).toBeGreaterThan(3.5)
  expect(grows(/^(a|a)*$/, (n) => `${'a'.repeat(n / 8)}x`)).toBeGreaterThan(100)
  expect(grows(/^a+$/, (n) => `${'a'.repeat(n)}x`)).toBeLessThan(2.2)
})

test('there are patterns, and each that is excused is there', () => {
  expect(patterns.length).toBeGreaterThan(30)
  const all = findPatterns()
  for (const [start] of bounded) expect(all.some(({ where }) => where.startsWith(start))).toBe(true)
})

test.each(patterns.map(({ where, pattern }) => [where, pattern] as const))(
  'twice the text is twice the work for %s',
  (_, pattern) => {
    const parsed = parsePattern(pattern)
    const shorter = attacks(pattern.source, 32)
    for (const [index, text] of attacks(pattern.source, 64).entries()) {
      const before = stepsOf(parsed, shorter[index] ?? '', 200_000)
      expect(stepsOf(parsed, text, 200_000), JSON.stringify(text)).toBeLessThanOrEqual(2.5 * before + 500)
    }
  },
)
