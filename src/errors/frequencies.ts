import type { Catalog } from '../record/schema.ts'
import { isObject, type Json, type JsonObject } from '../record/type.ts'
import { maskEnvelope, masked } from './mask.ts'
import { envelopeOf, imagesOf } from './read.ts'

/** How often the records of a group have an attribute, and which value most. */
export type Frequency = {
  /** A JSON Pointer into the image, without type tags; the number of a list's item is written `#`. */
  readonly path: string
  /** How many records have it. */
  readonly present: number
  /** The DynamoDB type tags that it has, the most frequent first. */
  readonly tags: readonly string[]
  /** How many different values it has, at most `valuesMax`; undefined where values are not shown. */
  readonly distinct?: number
  readonly top?: { readonly value: string; readonly count: number }
}

const pathsMax = 200
export const valuesMax = 1_000

/** The attributes of records, the most frequent first. Personal values are not shown, nor counted. */
export function frequenciesOf(
  payloads: readonly Uint8Array[],
  catalog: Catalog,
): { readonly records: number; readonly attributes: readonly Frequency[] } {
  const paths = new Map<string, { present: number; tags: Map<string, number>; values: Map<string, number> }>()
  let records = 0
  for (const payload of payloads) {
    const envelope = envelopeOf(payload)
    const images = envelope && imagesOf(maskEnvelope(envelope, catalog))
    const image = images?.get('NewImage') ?? images?.get('OldImage')
    if (!image) continue
    records += 1
    const seen = new Set<string>()
    for (const { path, tag, value } of leavesOf(image, '')) {
      if (!paths.has(path) && paths.size >= pathsMax) continue
      const known = paths.get(path) ?? { present: 0, tags: new Map(), values: new Map() }
      paths.set(path, known)
      if (!seen.has(path)) known.present += 1
      seen.add(path)
      add(known.tags, tag)
      if (value !== masked && (known.values.has(value) || known.values.size < valuesMax))
        add(known.values, value)
    }
  }
  const attributes = [...paths].map(([path, { present, tags, values }]): Frequency => {
    const [top] = byCount(values)
    return {
      path,
      present,
      tags: byCount(tags).map(([tag]) => tag),
      ...(top ? { distinct: values.size, top: { value: top[0], count: top[1] } } : {}),
    }
  })
  return {
    records,
    attributes: attributes.sort((a, b) => b.present - a.present || (a.path < b.path ? -1 : 1)),
  }
}

type Leaf = { readonly path: string; readonly tag: string; readonly value: string }

function* leavesOf(image: JsonObject, path: string): Generator<Leaf> {
  for (const [name, attribute] of Object.entries(image)) yield* leavesIn(attribute, `${path}/${name}`)
}

function* leavesIn(attribute: Json, path: string): Generator<Leaf> {
  const [tag = '', value = null] = isObject(attribute)
    ? (Object.entries(attribute)[0] ?? [])
    : ['', attribute]
  if (tag === 'M' && isObject(value)) yield* leavesOf(value, path)
  else if (tag === 'L' && Array.isArray(value)) for (const item of value) yield* leavesIn(item, `${path}/#`)
  else yield { path, tag, value: typeof value === 'string' ? value : JSON.stringify(value) }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function byCount(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
}
