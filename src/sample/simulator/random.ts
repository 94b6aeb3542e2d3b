/**
 * The state of one sfc32 generator (Chris Doty-Humphrey's Small Fast Counting generator, as in PractRand):
 * 128 bits, a period of at least 2^32 and about 2^127 on average. Plain data, so that a million of them are cheap.
 */
export type Random = { a: number; b: number; c: number; counter: number }

/** 128 bits that all generators of one simulation derive from. */
export type Seed = readonly [number, number, number, number]

/** Spreads a seed given by a person over 128 bits (cyrb128). A number and its decimal text are one seed. */
export function toSeed(seed: number | string): Seed {
  const text = String(seed)
  let [h1, h2, h3, h4] = [1779033703, 3144134277, 1013904242, 2773480762]
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    h1 = h2 ^ Math.imul(h1 ^ unit, 597399067)
    h2 = h3 ^ Math.imul(h2 ^ unit, 2869860233)
    h3 = h4 ^ Math.imul(h3 ^ unit, 951274213)
    h4 = h1 ^ Math.imul(h4 ^ unit, 2716044179)
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067)
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233)
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213)
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179)
  const all = h1 ^ h2 ^ h3 ^ h4
  return [all >>> 0, (h2 ^ all) >>> 0, (h3 ^ all) >>> 0, (h4 ^ all) >>> 0]
}

/**
 * The generator number `index` of a named stream. Any of them can be made again at any time: that is how a fan
 * is recalled without being kept.
 */
export function createRandom(seed: Seed, stream: number, index = 0): Random {
  const random = { a: seed[0] ^ index, b: seed[1] ^ stream, c: seed[2] | 0, counter: seed[3] | 0 }
  // PractRand discards 15 outputs when three words are seeded: neighbours are unrelated after that.
  for (let round = 0; round < 15; round++) uint32(random)
  return random
}

/** The next 32 bits, as a whole number from 0 to 2^32 - 1. */
function uint32(random: Random): number {
  const result = (random.a + random.b + random.counter) | 0
  random.counter = (random.counter + 1) | 0
  random.a = random.b ^ (random.b >>> 9)
  random.b = (random.c + (random.c << 3)) | 0
  random.c = (((random.c << 21) | (random.c >>> 11)) + result) | 0
  return result >>> 0
}

/** A number from 0, included, to 1, excluded. */
export function unit(random: Random): number {
  return uint32(random) / 0x1_0000_0000
}

/** A whole number from 0 to `bound` - 1. */
export function below(random: Random, bound: number): number {
  return Math.floor(unit(random) * bound)
}

/** One of the list, each as likely; the list is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)] as T
}

/** True in `percent` of the cases. */
export function chance(random: Random, percent: number): boolean {
  return unit(random) * 100 < percent
}

/** An exponentially distributed number: what waiting times look like. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - unit(random))
}

const byteTexts = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Eight lower-case hexadecimal digits. */
function hexWord(word: number): string {
  const texts = byteTexts
  return `${texts[word >>> 24]}${texts[(word >>> 16) & 255]}${texts[(word >>> 8) & 255]}${texts[word & 255]}`
}

/** Lower-case hexadecimal digits, 8 at most. */
export function hex(random: Random, digits: number): string {
  return hexWord(uint32(random)).slice(0, digits)
}

/** A name of the shape of a random UUID (RFC 9562, version 4). */
export function uuid(random: Random): string {
  const time = hexWord((uint32(random) & 0xffff0fff) | 0x4000)
  const clock = hexWord((uint32(random) & 0x3fffffff) | 0x80000000)
  const [first, last] = [hexWord(uint32(random)), hexWord(uint32(random))]
  return `${first}-${time.slice(0, 4)}-${time.slice(4)}-${clock.slice(0, 4)}-${clock.slice(4)}${last}`
}

/**
 * Picks exactly `wanted` of `total` in one pass without a list (Knuth, The Art of Computer Programming 3.4.2,
 * algorithm S): called once for each of them, in order, it says whether this one is picked.
 */
export function createSelection(random: Random, wanted: number, total: number): () => boolean {
  let needed = wanted
  let left = total
  return () => {
    const picked = unit(random) * left < needed
    left--
    if (picked) needed--
    return picked
  }
}
