import fc from 'fast-check'
import type { Json, Type, Value } from '../../src/record/type.ts'
import { arbitraryText, personalText } from './attribute.ts'

/** An attribute value and what it must be read as. */
export type Sample = {
  readonly attribute: Json
  readonly value: Value
  /** The unmodelled attributes inside: JSON Pointer from here → JSON text. */
  readonly extra: readonly (readonly [string, string])[]
}

const dayMs = 86_400_000
/** All made-up instants lie in the partition range of all made-up changes. */
const instantRange = { min: Date.UTC(2020, 0, 2), max: Date.UTC(2026, 11, 31) }

export type Scalar = Exclude<Type['kind'], 'array' | 'map' | 'record' | 'optional' | 'enum'>

/** A value of a type that holds no other; `isPersonal` puts the canary into texts. */
export function arbitraryScalar(kind: Scalar, isPersonal: boolean): fc.Arbitrary<Sample> {
  switch (kind) {
    case 'string':
      return (isPersonal ? personalText : arbitraryText).map((text) => sample({ S: text }, text))
    case 'boolean':
      return fc.boolean().map((flag) => sample({ BOOL: flag }, flag))
    case 'bytes':
      return fc
        .uint8Array({ maxLength: 9 })
        .map((bytes) => sample({ B: Buffer.from(bytes).toString('base64') }, bytes))
    case 'int':
      return fc
        .tuple(fc.integer(), fc.constantFrom('', '.0', 'e0', '.00E+0'))
        .map(([number, tail]) => sample({ N: `${number}${tail}` }, number === 0 ? 0 : number))
    case 'long':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((long) => {
        const number = Number(long)
        return sample({ N: String(long) }, Number.isSafeInteger(number) ? number : long)
      })
    case 'float':
      return fc
        .float({ noNaN: true, noDefaultInfinity: true })
        .map((number) => sample({ N: String(number) }, Math.fround(Number(String(number)))))
    case 'double':
      return fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((number) => sample({ N: String(number) }, Number(String(number))))
    case 'date':
      return fc
        .integer({ min: -700_000, max: 2_900_000 })
        .map((days) => sample({ S: new Date(days * dayMs).toISOString().slice(0, 10) }, days))
    case 'instant':
      return arbitraryInstant
  }
}

export function sample(attribute: Json, value: Value): Sample {
  return { attribute, value, extra: [] }
}

/** An instant in each of the forms that are accepted. */
const arbitraryInstant: fc.Arbitrary<Sample> = fc
  .tuple(fc.integer(instantRange), fc.integer({ min: -839, max: 839 }), fc.nat(6))
  .map(([ms, offset, form]) => {
    const iso = (at: number) => new Date(at).toISOString().slice(0, -1)
    const second = Math.floor(ms / 1000) * 1000
    const day = Math.floor(ms / dayMs) * dayMs
    const pad = (number: number) => String(number).padStart(2, '0')
    const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`
    switch (form) {
      case 0:
        return sample({ N: String(ms) }, ms)
      case 1:
        return sample({ N: String(second / 1000) }, second)
      case 2:
        return sample({ S: iso(day).slice(0, 10) }, day)
      case 3:
        return sample({ S: iso(ms) }, ms)
      case 4:
        return sample({ S: `${iso(ms)}999Z` }, ms)
      case 5:
        return sample({ S: `${iso(ms + offset * 60_000)}${zone}` }, ms)
      default:
        return sample({ S: `${iso(second).slice(0, 19)}Z` }, second)
    }
  })
