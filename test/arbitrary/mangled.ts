import fc from 'fast-check'
import { isObject, type Json, type JsonObject } from '../../src/record/type.ts'

/** A JSON value with one of its places replaced, removed or renamed; which one is drawn by `pick`. */
export function mangle(value: Json, pick: number, replacement: Json): Json {
  const places = listPlaces(value)
  const place = places[pick % Math.max(places.length, 1)]
  return place ? replaceAt(value, place, replacement) : replacement
}

type Place = readonly (string | number)[]

function listPlaces(value: Json, before: Place = []): readonly Place[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: Json, index) => [[...before, index], ...listPlaces(item, [...before, index])])
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, item]) => [
    [...before, name],
    ...listPlaces(item, [...before, name]),
  ])
}

function replaceAt(value: Json, [step, ...rest]: Place, replacement: Json): Json {
  if (step === undefined) return replacement
  if (Array.isArray(value)) {
    return value.map((item: Json, index) => (index === step ? replaceAt(item, rest, replacement) : item))
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(
    ([name, item]) => [name, name === step ? replaceAt(item, rest, replacement) : item] as const,
  )
  return Object.fromEntries(entries) as JsonObject
}

/** Any JSON value; attribute values of DynamoDB among them. */
export const arbitraryJson: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc
    .tuple(
      fc.constantFrom('S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'),
      fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
    )
    .map(([tag, value]) => ({ [tag]: value })),
)

/** Bytes of a JSON text with a few of them changed, cut off or put in. */
export function arbitraryDamage(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const cut = fc.nat(bytes.length).map((end) => bytes.slice(0, end))
  const flip = fc
    .array(fc.tuple(fc.nat(Math.max(bytes.length - 1, 0)), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((flips) => {
      const damaged = Uint8Array.from(bytes)
      for (const [index, byte] of flips) damaged[index] = byte
      return damaged
    })
  const splice = fc
    .tuple(fc.nat(bytes.length), fc.uint8Array({ maxLength: 8 }))
    .map(([index, more]) => Uint8Array.from([...bytes.slice(0, index), ...more, ...bytes.slice(index)]))
  return fc.oneof(cut, flip, splice)
}
